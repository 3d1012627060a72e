"""Emit the function and the optimizers of a race as JavaScript, for a page that repeats it: `emit_race`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import torch

from landscapes.errors import InputError, suggests_arguments
from landscapes.experiments.function_code import Code, code_of
from landscapes.experiments.page_scripts import emit_optimizers, function_facts, joined
from landscapes.functions import as_function, get
from landscapes.javascript import emit_function
from landscapes.live import RaceScript
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer, parse
from landscapes.record import Record, labels_of
from landscapes.record.metadata import RaceMeta

COMPARED = 200
"""Recorded points of each run at which the function is compared with the recorded losses."""

TOLERANCE = 1e-9
"""The largest difference between them, relative to the loss, or to the median loss."""

REPLAY = "; the replay page needs no JavaScript of it: leave out live"


@suggests_arguments
def emit_race(
    record: Record, function: str | Function | None = None, optimizers: Sequence[Optimizer] | None = None
) -> RaceScript:
    """Return what a page needs to repeat a race: `render.save(record, "race.html", live=emit_race(record))`.

    Args:
        record: a race on a function of two coordinates, from one start, in double precision.
        function: the function that was raced; by default the function of the catalogue that the record names.
        optimizers: the optimizers of the runs, in order; by default those that the record names.

    Raises:
        InputError: for another record, a function that does not give the recorded losses, and for a function or an
            optimizer that has no JavaScript, with the reason.

    >>> from landscapes import race
    >>> script = emit_race(race("booth", ["sgd(lr=0.05)", "sgd(lr=0.02)"], steps=20))
    >>> script.facts["optimizers"][1]["label"], script.facts["functions"][0]["values"][1]
    ('SGD lr=0.02', [0.02, 0.0, 0.0, 0.0])
    """
    _checked(record)
    objective = raced_function(record, function)
    raced = _optimizers(record, optimizers)
    try:
        written = emit_function(objective)
        emitted = emit_optimizers(raced, labels_of(record), list(map(str, record.trajectories.runs["optimizer"])))
    except InputError as error:
        raise InputError(f"{error}{REPLAY}") from None
    code = code_of(function) if function is not None else Code(json.dumps(objective.name))
    facts = function_facts(record, objective, written, code, raced, emitted)
    return joined([written], [facts], emitted, int(record.meta.seed))


def _checked(record: Record) -> RaceMeta:
    """Return the metadata; raise `InputError` for a record that no page can repeat."""
    meta = record.meta
    if not isinstance(meta, RaceMeta):
        raise InputError(f"a live page repeats a race, got a record of {meta.experiment!r}")
    if len(meta.starts) > 1:
        raise InputError(f"a live page has one start, this race has {len(meta.starts)}; race from one{REPLAY}")
    if record.surface is None or record.trajectories.x.shape[2] != 2 or meta.plane is not None:
        raise InputError(f"a live page needs a function of 2 coordinates{REPLAY}")
    if meta.dtype != "float64":
        raise InputError(f"a live page computes in double precision, this race in {meta.dtype}{REPLAY}")
    if "optimizer" not in record.trajectories.runs or not meta.start:
        raise InputError(f"this record does not say what was raced: it is no result of race{REPLAY}")
    return meta


def raced_function(record: Record, given: str | Function | None, emitter: str = "emit_race") -> Function:
    """Return the function of a race or a sweep; raise `InputError` if it is unknown or another one."""
    name = record.meta.function
    advice = f"pass it: live=landscapes.{emitter}(record, function)"
    if given is not None:
        objective = as_function(given)
    else:
        try:
            objective = get(name, 2)
        except InputError:
            raise InputError(f"the record's function {name!r:.60} is not in the catalogue; {advice}") from None
    if objective.dim != 2:
        raise InputError(f"a live page needs a function of 2 coordinates, {objective.name} has {objective.dim}")
    if objective.sample is not None:
        raise InputError(f"{objective.name} cannot be written as JavaScript: it is stochastic{REPLAY}")
    paths = record.trajectories
    some = np.unique(np.linspace(0, len(paths.step) - 1, COMPARED).astype(int))
    x, loss = paths.x[:, some].reshape(-1, 2), paths.loss[:, some].ravel()
    known = np.isfinite(x).all(1) & np.isfinite(loss)
    found = objective(torch.from_numpy(x[known])).detach().numpy()
    size = np.maximum(np.abs(loss[known]), np.median(np.abs(loss[known])) if known.any() else 0.0)
    wrong = np.flatnonzero(~(np.abs(found - loss[known]) <= TOLERANCE * size))
    if len(wrong):
        i = wrong[0]
        place = ", ".join(f"{part:g}" for part in x[known][i])
        raise InputError(
            f"{objective.name} is {found[i]:g} at ({place}), where the record has {loss[known][i]:g}: another function "
            f"was raced; {advice}"
        )
    return objective


def _optimizers(record: Record, given: Sequence[Optimizer] | None) -> list[Optimizer]:
    """Return one optimizer per run."""
    texts = [str(text) for text in record.trajectories.runs["optimizer"]]
    if given is not None:
        if len(given) != len(texts) or not all(isinstance(one, Optimizer) for one in given):
            raise InputError(f"optimizers must be {len(texts)} optimizers, one per run, got {given!r:.80}")
        return list(given)
    found = []
    for label, text in zip(labels_of(record), texts, strict=True):
        try:
            found.append(parse(text)[0])
        except InputError:
            raise InputError(
                f"{label:.60} cannot be written as JavaScript: {text!r:.80} names no optimizer of this package; pass "
                f"live=landscapes.emit_race(record, optimizers=[...]), one per run{REPLAY}"
            ) from None
    return found
