"""Emit the function and the optimizers of a sweep as JavaScript, for a page that repeats its runs: `emit_sweep`."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from landscapes.errors import InputError, suggests_arguments
from landscapes.experiments._emit_race import raced_function
from landscapes.experiments.outcomes import ARRIVED, ROAM, ROAM_UNBOUNDED
from landscapes.experiments.page_scripts import MOST_FOR_SURFACE
from landscapes.javascript import OptimizerScript, emit_function, emit_optimizer, library
from landscapes.live import RaceScript
from landscapes.networks import stability_bound
from landscapes.objectives.decorators import Function
from landscapes.objectives.derivatives import gradient_and_hessian
from landscapes.optimizers import Optimizer, parse
from landscapes.record import Record
from landscapes.record.metadata import SweepMeta

MOST_STARTS = 12
"""The largest number of starts whose runs a page draws."""

FLAT = 1e-6
"""A minimizer counts as stationary if its gradient is at most this share of its largest curvature."""

FORMULAS = {
    "SGD": "2/λ", "Momentum": "2(1 + β)/λ", "Heavy ball": "2(1 + β)/λ", "Averaged momentum": "2(1 + β)/((1 − β)λ)",
    "Nesterov": "2(1 + β)/((1 + 2β)λ)",
}  # fmt: skip
"""The largest stable learning rate on a quadratic function, by `Optimizer.plain_label`; see `stability_bound`."""

PICTURE = "; save the sweep as a picture, .png, which needs no JavaScript of it"


@suggests_arguments
def emit_sweep(
    record: Record, function: str | Function | None = None, optimizers: Mapping[str, Optimizer] | None = None
) -> RaceScript:
    """Return what a page needs to repeat any run of a sweep: `render.save(record, "sweep.html", live=emit_sweep(…))`.

    Where theory knows it, the largest stable learning rate is among the facts: 2/λ for gradient descent, 2(1+β)/λ with
    momentum, for the largest curvature λ at the flattest minimizer (Polyak, 1964; Cohen et al., 2021).

    Args:
        record: a sweep over a grid, on a function of two coordinates, in double precision.
        function: the function that was swept; by default the function of the catalogue that the record names.
        optimizers: label → optimizer; by default those that the record names.

    Raises:
        InputError: for another record, a function that does not give the recorded losses, and for a function or an
            optimizer that has no JavaScript, with the reason.

    >>> from landscapes import sweep
    >>> script = emit_sweep(sweep("booth", "momentum", lr=[0.01, 0.1], momentum=[0.0, 0.5, 0.9], steps=50))
    >>> found = script.facts["optimizers"][0]["stable"]  # λ = 18
    >>> found["formula"], [round(lr, 3) for lr in found["lr"]]
    ('2(1 + β)/λ', [0.111, 0.167, 0.211])
    """
    meta = _checked(record)
    objective = raced_function(record, function, "emit_sweep")
    swept = _optimizers(meta, optimizers)
    varied = [name for name in meta.axes if name not in ("optimizer", "start", "seed")]
    try:
        written = emit_function(objective)
        variants = {label: _variants(optimizer, meta, varied) for label, optimizer in swept.items()}
    except InputError as error:
        raise InputError(f"{error}{PICTURE}") from None
    scripts = [script for each in variants.values() for _, script in each.values()]
    kinds = list(dict.fromkeys(script.kind for script in scripts))
    lines = [library([written, *scripts]), f"const emitted={{f:{written.source},kinds:[{','.join(kinds)}]}};"]
    source = re.sub(r"<(?=[!/])", "< ", "\n".join(filter(None, lines)))  # the text must not end its element
    unbounded = meta.minimum == -math.inf
    roam = ROAM_UNBOUNDED if unbounded else ROAM
    surface = record.surface
    assert surface is not None
    runs: list[dict[str, Any]] = []
    facts: list[dict[str, Any]] = []
    curvature = _curvature(objective, surface.minima)
    for label, optimizer in swept.items():
        places = {}
        for zeros, (setting, script) in variants[label].items():
            places[zeros] = len(runs)
            runs.append(
                {
                    "kind": kinds.index(script.kind),
                    "gradient": optimizer.with_hyperparameters(setting).needs_gradient,
                    "names": list(script.hyperparameters),
                    "values": list(script.hyperparameters.values()),
                }
            )
        stable = _stable(optimizer, meta, varied, curvature)
        facts.append({"label": label, "runs": places, "text": optimizer.spec, "stable": stable})
    return RaceScript(
        source,
        {
            "function": json.dumps(objective.name) if function is None else objective.name,
            "starts": meta.starts[:MOST_STARTS] or [meta.start],
            "steps": meta.steps,
            "box": [[low - roam * (high - low), high + roam * (high - low)] for low, high in meta.view],
            "target": meta.target,
            "unbounded": unbounded,
            "minimum": meta.minimum if math.isfinite(meta.minimum) else None,
            "minima": surface.minima[np.isfinite(surface.minima).all(1)].tolist(),
            "stop": dict(meta.stop),
            "origin": record.gap_origin if math.isfinite(record.gap_origin) else None,
            "computes_surface": len(written.source) <= MOST_FOR_SURFACE,
            "varied": varied,
            "optimizers": facts,
            "runs": runs,
        },
    )


def _checked(record: Record) -> SweepMeta:
    """Return the metadata; raise `InputError` for a record that no page can repeat."""
    meta = record.meta if isinstance(record, Record) else None
    if not isinstance(meta, SweepMeta):
        raise InputError(f"emit_sweep takes the record of a sweep, got {meta.experiment if meta else record!r:.60}")
    if "trial" in meta.axes:
        raise InputError(f"the settings of this sweep were drawn, and a map needs a grid{PICTURE}")
    if meta.functions:
        raise InputError(f"the page of a sweep has one function, this sweep {len(meta.functions)}{PICTURE}")
    for name in meta.axes:
        if meta.scales.get(name) == "categorical" or "." in name:
            kind = "a setting of a wrapper" if "." in name else "no number"
            raise InputError(f"the page of a sweep varies numbers of its optimizers; {name} is {kind}{PICTURE}")
    if record.surface is None or record.trajectories.x.shape[2] != 2:
        raise InputError(f"the page of a sweep needs a function of 2 coordinates{PICTURE}")
    if meta.dtype != "float64":
        raise InputError(f"a page computes in double precision, this sweep in {meta.dtype}{PICTURE}")
    if not meta.complete:
        raise InputError(f"this sweep was interrupted; run it to its end{PICTURE}")
    if not meta.stop and np.isin(record.trajectories.runs["reason"], ARRIVED).any():
        raise InputError(f"this record does not say at which tolerances its runs stopped; sweep again{PICTURE}")
    return meta


def _optimizers(meta: SweepMeta, given: Mapping[str, Optimizer] | None) -> dict[str, Optimizer]:
    """Return the optimizer of each label."""
    if given is not None:
        if set(given) != set(meta.optimizers) or not all(isinstance(one, Optimizer) for one in given.values()):
            raise InputError(f"optimizers must be a mapping of {', '.join(meta.optimizers)} to optimizers, got {given}")
        return {label: given[label] for label in meta.optimizers}
    found = {}
    for label, text in meta.optimizers.items():
        try:
            found[label] = parse(text)[0]
        except InputError:
            raise InputError(
                f"{label:.60} cannot be written as JavaScript: {text!r:.80} names no optimizer of this package; pass "
                f"live=landscapes.emit_sweep(record, optimizers={{...}}){PICTURE}"
            ) from None
    return found


def _variants(
    optimizer: Optimizer, meta: SweepMeta, varied: Sequence[str]
) -> dict[str, tuple[dict[str, float], OptimizerScript]]:
    """Return one setting and script for each set of hyper-parameters that are zero: terms at zero are not emitted.

    The key has "0" or "1" for each varied hyper-parameter, in order.
    """
    kinds = [{str(int(value != 0)): value for value in meta.axes[name]} for name in varied]
    found = {}
    for row in itertools.product(*(kind.items() for kind in kinds)):
        setting = {name: float(value) for name, (_, value) in zip(varied, row, strict=True)}
        script = emit_optimizer(optimizer.with_hyperparameters(setting))
        for name, value in setting.items():
            if value and name not in script.hyperparameters:
                raise InputError(f"{optimizer.kind} cannot be written as JavaScript: {name} shapes its state")
        found["".join(key for key, _ in row)] = (setting, script)
    return found


def _curvature(function: Function, minima: np.ndarray[Any, Any]) -> tuple[float, list[float]] | None:
    """Return the largest curvature at the flattest minimizer, and the minimizer; None if no curvature is known."""
    points = minima[np.isfinite(minima).all(1)]
    if not len(points) or "nonsmooth" in function.tags or "discontinuous" in function.tags:
        return None
    slope, matrix = gradient_and_hessian(function, torch.tensor(points, dtype=torch.float64))
    if not bool(matrix.isfinite().all()):
        return None
    largest = torch.linalg.eigvalsh(matrix)[:, -1].numpy()
    settled = slope.norm(dim=1).numpy() <= FLAT * (1 + largest)
    if not settled.all() or not (largest > 0).all():
        return None
    at = int(largest.argmin())
    return float(largest[at]), points[at].tolist()


def _stable(
    optimizer: Optimizer, meta: SweepMeta, varied: Sequence[str], curvature: tuple[float, list[float]] | None
) -> dict[str, Any] | None:
    """Return the largest stable learning rates, one for each value of "by", or None where theory knows none."""
    settings: Any = optimizer
    decays = [getattr(settings, name, 0) or name in varied for name in ("weight_decay", "dampening")]
    if curvature is None or "lr" not in varied or any(decays):
        return None
    by = "momentum" if "momentum" in varied else None
    rates, formula = [], ""
    for value in meta.axes[by] if by else [None]:
        one = optimizer.with_hyperparameters({"lr": 1.0} | ({} if value is None else {"momentum": float(value)}))
        try:
            bound = stability_bound(one)
        except InputError:
            return None
        if bound.beta2 is not None:  # its scaling changes along the run, and so does its bound
            return None
        known = float(getattr(one, "momentum", 0.0)) < 1
        rates.append(bound.value / curvature[0] if known else None)
        formula = max(formula, FORMULAS.get(getattr(one, "plain_label", ""), ""), key=len)
    return {"formula": formula, "by": by, "lr": rates, "curvature": curvature[0], "at": curvature[1]}
