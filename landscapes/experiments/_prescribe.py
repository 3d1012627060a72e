"""Try one change of a failing run at a time, with the same seeds: `prescribe`."""

from __future__ import annotations

import inspect
import itertools
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from landscapes.diagnosis import Verdict
from landscapes.diagnosis._diagnose import as_numbers, diagnose
from landscapes.diagnosis._log import Array
from landscapes.diagnosis._prescription import Prescription, Trial
from landscapes.engine.loop import Progress
from landscapes.errors import InputError, suggests_arguments, unknown, warn
from landscapes.experiments._race import race
from landscapes.experiments.checks import check_count
from landscapes.experiments.optimizer_changes import CHANGES, changed
from landscapes.experiments.optimizer_specs import OneOptimizer, parse_optimizers, with_tuned_lrs
from landscapes.experiments.starts import NEAR, Spread, starts_of
from landscapes.experiments.training_change import UNCHANGED, Change
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer
from landscapes.record import Record, labels_of

Training: TypeAlias = Callable[[Change, int], Any]
"""A training function: from a change and a seed to losses (T,), or to the record of `watch`."""

ON_FUNCTIONS, ON_TRAINING = 20, 5
"""The numbers of seeds by default."""

FOREIGN = re.compile(r"\b(Torch|Optax)\(")
"""Marks the text of an optimizer of torch or optax."""

FALL = 0.9
"""The share of the best fall of a seed at which the steps of a run are counted."""

END = 0.05
"""The share of a run whose median is the loss at its end."""


@suggests_arguments
def prescribe(
    x: Record | str | Function | Training,
    optimizer: OneOptimizer | None = None,
    *,
    run: int | str | None = None,
    changes: Sequence[str] | None = None,
    seeds: int | None = None,
    start: Sequence[float] | None = None,
    spread: Spread = NEAR,
    steps: int | None = None,
    target: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Prescription:
    """Try what usually helps a failing run, one change at a time, with the same seeds.

    On a function, all changes and seeds are one race: seeds differ in start and noise. Learning rates are divided and
    multiplied by 10, and halved on plateaus; a warm-up takes a tenth of the steps, as does the time between resets,
    which clear the optimizer's momentum and averages; gradients are clipped to their median norm; ε grows by 10⁴,
    momentum is 0.9 or none, AdamW decays by 0.01.

    A training function gets a `Change` and a seed, as in the example. It applies the change to its optimizer, and
    returns its losses, or the record of `watch`, which shows more. It must get all randomness from the seed. A change
    with which it raises, for want of memory, say, is left out, with the error. After Ctrl-C, finished changes are kept.

    A seed counts if it fails without changes. It is cured if the verdict of `diagnose` is healthy and the loss ends no
    higher than without the change, or, with `target`, if the loss ends there or lower.

    Args:
        x: a record of `race` or `sweep` with a failing run, a function, or a training function.
        optimizer: the failing optimizer, if x is a function. A learning rate that is left open is tuned. With a record,
            only that of a run with an optimizer of torch or optax, of which a record has the text.
        run: label or index of the failing run of a record; by default its first run with a failure.
        changes: names of changes; by default all of `landscapes.experiments.optimizer_changes.CHANGES`.
        seeds: how many seeds; by default 20 on functions, 5 for training functions.
        start: the first start on a function; by default that of the record, or the function's own.
        spread: where other starts are drawn, as in `sweep`.
        steps: how many steps; by default as many as in the record, or the function's own number.
        target: the loss that counts as cured; by default the verdict decides.
        seed: of starts and noise; of a training function the first seed.
        progress: called with (steps done, steps in all) on functions, else with (runs done, runs in all).

    Returns:
        The trials, best first; `print` shows them as a table, `render.save(found, "cure.png")` as a picture.

    Raises:
        InputError: for invalid arguments, a record whose function is not in the catalogue, and a training function that
            returns something else than losses, or never calls the change.

    >>> found = prescribe("booth", "sgd(lr=0.2)", changes=["lower lr", "clipping"], seeds=5, steps=200)
    >>> found.verdict.kind, [(trial.name, trial.outcome) for trial in found.trials]
    ('diverged', [('lower lr', 'cures'), ('clipping', 'did not help')])

    A training function:

    >>> def train(change, seed):
    ...     rng = torch.Generator().manual_seed(seed)
    ...     w = torch.randn(3, generator=rng).requires_grad_(True)
    ...     optimizer = change(torch.optim.SGD([w], lr=3.0))
    ...     losses = []
    ...     for _ in range(60):
    ...         optimizer.zero_grad()
    ...         loss = w.square().sum()
    ...         loss.backward()
    ...         optimizer.step()
    ...         losses.append(loss.item())
    ...     return losses
    >>> prescribe(train, changes=["lower lr", "amsgrad"], seeds=3).best.name
    'lower lr'
    """
    names = _check_changes(changes)
    begin: list[float] | None = None
    length: int | None = None
    if target is not None and not (isinstance(target, int | float) and math.isfinite(target)):
        raise InputError(f"target must be a finite number, got {target!r:.60}")
    on_function = isinstance(x, Record | str | Function)
    failing: OneOptimizer
    count = check_count("seeds", (ON_FUNCTIONS if on_function else ON_TRAINING) if seeds is None else seeds)
    if isinstance(x, Record):
        function, failing, begin, length, dtype = _of_record(x, run, optimizer)
    elif isinstance(x, str | Function):
        if optimizer is None:
            raise InputError('prescribe(function, optimizer) needs the failing optimizer, such as "adam(lr=1.0)"')
        function, failing, dtype = as_function(x), optimizer, torch.float64
    elif callable(x):
        _refuse_race_arguments(optimizer=optimizer, run=run, start=start, steps=steps)
        return _trained(x, names, count, seed, target, progress)
    else:
        raise InputError(f"expected a record, a function or a training function, got {x!r:.80}")
    if not isinstance(x, Record) and run is not None:
        raise InputError("run chooses a run of a record: leave it out")
    chosen = begin if start is None else start
    points = starts_of(function, chosen, count, spread=spread, seed=seed).tolist()
    budget = check_count("steps", (length or function.steps) if steps is None else steps)
    specs = with_tuned_lrs(parse_optimizers(failing, "prescribe for"), function, points[0], budget, progress=progress)
    if len(specs) != 1:
        raise InputError(f"prescribe takes one failing optimizer, got {len(specs)}")
    return _raced(function, specs[0].optimizer, points, budget, names, target, seed, dtype, progress)


def _check_changes(changes: Sequence[str] | None) -> Sequence[str]:
    if changes is None:
        return CHANGES
    given = [changes] if isinstance(changes, str) else list(changes)
    if not given:
        raise InputError(f"no changes given; choose from {', '.join(CHANGES)}")
    for name in given:
        if name not in CHANGES:
            raise unknown("change", str(name), CHANGES)
    return list(dict.fromkeys(given))


def _refuse_race_arguments(**given: Any) -> None:
    for name, value in given.items():
        if value is not None:
            raise InputError(f"{name} is for functions and records: a training function has its own")


def _of_record(
    record: Record, run: int | str | None, given: OneOptimizer | None
) -> tuple[Function, Optimizer, list[float], int, torch.dtype]:
    """Return function, optimizer, start, steps and precision of the failing run of a record.

    An optimizer is given if the record cannot name it, as one of torch or optax.
    """
    t = record.trajectories
    if record.meta.experiment == "training":
        raise InputError("a training run cannot be repeated from its record: pass your training function to prescribe")
    if "optimizer" not in t.runs or "label" not in t.runs or not len(t):
        raise InputError("prescribe needs a record of race or sweep, whose runs can be repeated")
    labels = labels_of(record)
    if run is None:
        failed = [i for i, verdict in enumerate(diagnose(record)) if verdict.healthy is False]
        if not failed:
            raise InputError(f"no run of the record fails; name one with run=LABEL: {', '.join(labels):.200}")
        place = failed[0]
    elif isinstance(run, str):
        if run not in labels:
            raise unknown("run", run, labels)
        place = labels.index(run)
    else:
        if isinstance(run, bool) or not isinstance(run, int) or not -len(t) <= run < len(t):
            raise InputError(f"run must be a label, or an index from 0 to {len(t) - 1}, got {run!r:.80}")
        place = run
    try:
        function = as_function(record.meta.function)
    except InputError:
        raise InputError(
            f"the function {record.meta.function!r} of the record is not in the catalogue; pass it: "
            "prescribe(function, optimizer)"
        ) from None
    point = t.x[place, 0].tolist()
    if function.dim != len(point):
        function = function.with_dim(len(point))
    precision = torch.float32 if record.meta.dtype == "float32" else torch.float64
    failing = _optimizer_of(str(t.runs["optimizer"][place]), given)
    return function, failing, point, int(t.step[-1]), precision


def _optimizer_of(spec: str, given: OneOptimizer | None) -> Optimizer:
    """Return the optimizer of a run by its text, or the given one if the text names a class that a record lacks."""
    if not FOREIGN.search(spec):
        if given is not None:
            raise InputError("the optimizer is that of the record's run: leave out optimizer, or pass the function")
        return parse_optimizers(spec)[0].optimizer
    if given is None:
        raise InputError(
            f"a record has only the text of its run's optimizer, {spec}; pass the object too: "
            "prescribe(record, optimizers.Torch(MyOptimizer, lr=0.1))"
        )
    optimizer = parse_optimizers(given, "prescribe for")[0].optimizer
    if optimizer.spec != spec:
        raise InputError(f"the record's run has the optimizer {spec}, got {optimizer.spec}; choose another with run")
    return optimizer


def _raced(
    function: Function,
    failing: Optimizer,
    points: Sequence[Sequence[float]],
    steps: int,
    names: Sequence[str],
    target: float | None,
    seed: int,
    dtype: torch.dtype,
    progress: Progress | None,
) -> Prescription:
    """Race the failing optimizer and its changed forms from all starts."""

    def run(optimizers: Mapping[str, Optimizer], dtype: torch.dtype = dtype, bar: Progress | None = None) -> Record:
        return race(
            function,
            optimizers,
            start=points,
            steps=steps,
            seed=seed,
            dtype=dtype,
            metrics=["gradient_norm"],
            resolution=17,
            progress=bar,
        )

    first = run({UNCHANGED: failing})
    title = f"{failing.label} on {function.title}"
    found = _runs_of([first])
    if _all_healthy(found[UNCHANGED], target):
        return _judged(title, found, {UNCHANGED: failing.spec}, {}, target)
    norms = first.trajectories.metrics["gradient_norm"]
    usable = norms[np.isfinite(norms) & (norms > 0)]
    made, left_out = changed(failing, steps, float(np.median(usable)) if len(usable) else math.nan)
    made = {name: made[name] for name in names if name in made}
    records = [first]
    if made:
        records.append(run(made, bar=progress))
    details = {UNCHANGED: failing.spec, **{name: one.spec for name, one in made.items()}}
    if dtype == torch.float32 and "float64" in names:
        records.append(run({"float64": failing}, torch.float64))
        details["float64"] = failing.spec
    found |= _runs_of(records[1:])
    asked = {name: why for name, why in left_out.items() if name in names and name not in found}
    return _judged(title, found, details, asked, target)


def _all_healthy(runs: tuple[list[Array], list[Verdict], float], target: float | None) -> bool:
    """Return whether no run fails."""
    return not any(_fails(loss, verdict, target) for loss, verdict in zip(*runs[:2], strict=True))


def _fails(loss: Array, verdict: Verdict, target: float | None) -> bool:
    return verdict.healthy is False if target is None else not _end(loss) <= target


def _runs_of(records: Sequence[Record]) -> dict[str, tuple[list[Array], list[Verdict], float]]:
    """Return the losses and the verdicts of each optimizer, in the order of the starts."""
    runs: dict[str, tuple[list[Array], list[Verdict], float]] = {}
    for record in records:
        t = record.trajectories
        which = t.runs["name"] if "name" in t.runs else t.runs["label"]
        masked = np.ma.getmaskarray(t.runs["stopped"])
        for i, verdict in enumerate(diagnose(record)):
            losses, verdicts, _ = runs.setdefault(str(which[i]), ([], [], math.nan))
            end = len(t.step) if masked[i] else int(np.searchsorted(t.step, int(t.runs["stopped"][i])))
            failed = not masked[i] and str(t.runs["status"][i]) in ("diverged", "non-finite")
            losses.append(np.append(t.loss[i, :end], np.nan) if failed else t.loss[i, :end])
            verdicts.append(verdict)
    return runs


def _trained(
    train: Training, names: Sequence[str], seeds: int, first: int, target: float | None, progress: Progress | None
) -> Prescription:
    """Call a training function with each change and seed. A change with which it raises is left out."""
    _check_takes_two(train)
    found: dict[str, tuple[list[Array], list[Verdict], float]] = {}
    left_out: dict[str, str] = {}
    try:
        _try_changes(train, names, seeds, first, target, progress, found, left_out)
    except KeyboardInterrupt:
        if len(found) < 2:
            raise
        missing = {name: "interrupted" for name in names if name not in found and name not in left_out}
        warn(f"interrupted: {len(missing)} of {len(names)} changes were not tried")
        left_out |= missing
    return _judged(getattr(train, "__name__", "training"), found, {}, left_out, target)


def _try_changes(
    train: Training,
    names: Sequence[str],
    seeds: int,
    first: int,
    target: float | None,
    progress: Progress | None,
    found: dict[str, tuple[list[Array], list[Verdict], float]],
    left_out: dict[str, str],
) -> None:
    """Add the runs of each change to `found`, or to `left_out` why there are none."""
    steps, total, done = [0] * seeds, seeds * (1 + len(names)), itertools.count(1)
    for name in (UNCHANGED, *names):
        losses, verdicts, seconds = [], [], []
        for i in range(seeds):
            change = Change(name, first + i, steps[i])
            began = time.perf_counter()
            try:
                given = train(change, first + i)
            except InputError:
                raise
            except Exception as error:
                if name == UNCHANGED:
                    raise
                left_out[name] = f"with it, the function raises {type(error).__name__}: {error}".splitlines()[0]
                break
            seconds.append(time.perf_counter() - began)
            if name == UNCHANGED and not change._called:
                raise InputError(
                    "the training function never calls its change: write optimizer = change(optimizer) after the "
                    "optimizer is made"
                )
            if why := change.missing():
                left_out[name] = why
                break
            loss, verdict = _read(given)
            losses.append(loss)
            verdicts.append(verdict)
            if name == UNCHANGED:
                steps[i] = len(loss)
            if progress is not None:
                progress(next(done), total)
        else:
            found[name] = losses, verdicts, float(np.median(seconds))
            if name == UNCHANGED and _all_healthy(found[name], target):
                break


def _check_takes_two(train: Training) -> None:
    """Raise `InputError` for a training function that cannot be called with a change and a seed."""
    try:
        signature = inspect.signature(train)
    except (TypeError, ValueError):  # of a function that is not written in Python
        return
    try:
        signature.bind(None, 0)
    except TypeError:
        raise InputError(
            f"a training function takes a change and a seed, as in def train(change, seed); this one takes {signature}"
        ) from None


def _read(given: Any) -> tuple[Array, Verdict]:
    """Return the losses and the verdict of what a training function returned."""
    if isinstance(given, Record):
        if len(given.trajectories) != 1:
            raise InputError(f"a training function returns the record of one run, got {len(given.trajectories)}")
        return given.trajectories.loss[0], diagnose(given)[0]
    try:
        found = diagnose(given)
        losses = as_numbers("losses", given)
    except InputError as error:
        raise InputError(f"a training function must return its losses or the record of watch: {error}") from None
    if losses.ndim != 1 or not len(losses):
        raise InputError(f"a training function must return losses (T,), got the shape {losses.shape}")
    return losses, found[0]


def _judged(
    title: str,
    found: Mapping[str, tuple[list[Array], list[Verdict], float]],
    details: Mapping[str, str],
    left_out: Mapping[str, str],
    target: float | None,
) -> Prescription:
    """Compare the runs of each change with those without, seed by seed."""
    plain, plain_verdicts, _ = found[UNCHANGED]
    ends = {name: np.array([_end(loss) for loss in losses]) for name, (losses, _, _) in found.items()}
    fails = [_fails(loss, verdict, target) for loss, verdict in zip(plain, plain_verdicts, strict=True)]
    first = np.array([loss[0] for loss in plain])
    best = np.min(list(ends.values()), axis=0)
    goals = first - FALL * (first - best)
    trials = []
    for name, (losses, verdicts, seconds) in found.items():
        cured: list[bool | None] = []
        for i, (end, verdict) in enumerate(zip(ends[name], verdicts, strict=True)):
            if target is None:
                good = verdict.healthy is True and bool(end <= ends[UNCHANGED][i])
            else:
                good = bool(end <= target)
            cured.append(good and name != UNCHANGED if fails[i] else None)
        cost = np.array([_reached(loss, goal) for loss, goal in zip(losses, goals, strict=True)])
        kinds = tuple(verdict.kind for verdict in verdicts)
        trials.append(Trial(name, details.get(name, ""), kinds, tuple(cured), ends[name], cost, tuple(losses), seconds))
    unchanged, *rest = trials
    rest.sort(key=lambda trial: (-trial.count, float(np.median(trial.cost)), float(np.median(trial.end))))
    common = Counter(
        verdict.kind for verdict, fail in zip(plain_verdicts, fails, strict=True) if fail or not any(fails)
    ).most_common(1)[0][0]
    verdict = next(one for one in plain_verdicts if one.kind == common)
    return Prescription(title, verdict, unchanged, tuple(rest), left_out, target)


def _end(loss: Array) -> float:
    """Return the loss at the end of a run, infinite if it failed."""
    tail = loss[-max(1, round(END * len(loss))) :]
    return float(np.median(tail)) if np.isfinite(tail).all() else math.inf


def _reached(loss: Array, goal: float) -> float:
    """Return the first step with this loss or less; infinite if there is none, or if nothing can be gained."""
    if not math.isfinite(goal) or goal >= loss[0]:
        return math.inf
    places = np.flatnonzero(loss <= goal)
    return float(places[0]) if len(places) else math.inf
