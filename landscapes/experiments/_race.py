"""Race several optimizers from one start on one function, as one batch: `race`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.analysis import race_table
from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.engine.recording import RecordSteps, count_recorded
from landscapes.engine.termination import Stop
from landscapes.engine.timing import measure_seconds
from landscapes.errors import InputError, suggests_arguments, warn
from landscapes.experiments.checks import check_count, check_dtype, check_memory, check_metrics, check_stop
from landscapes.experiments.optimizer_specs import Optimizers, labels, parse_optimizers, unique_labels, with_tuned_lrs
from landscapes.experiments.outcomes import FAILED_REASONS, race_target, roaming_box, statuses
from landscapes.experiments.race_starts import check_starts, joined
from landscapes.experiments.target_hits import arrival_steps
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
from landscapes.objectives._function import check_resolution
from landscapes.objectives.decorators import Function, Interval
from landscapes.objectives.minima import with_found_minima
from landscapes.objectives.validation import checked
from landscapes.record import Record, Surface, Trajectories, rounding_slack
from landscapes.record.metadata import RaceMeta
from landscapes.versions import versions
from landscapes.views import Box, View, around, check_view, extent

CPU = torch.device("cpu")

EXACT = 1e-12
"""A run ends at the minimum if at most this share of the initial gap remains."""

APART, RIDGE, RIDGE_POINTS = 0.05, 1e-6, 33
"""Minimizers differ if they lie this share of the domain apart, with a ridge of this share of the initial gap between
them at one of these points of the segment."""

DEFAULT_OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")


@suggests_arguments
@in_usual_modes
def race(
    function: str | Function,
    optimizers: Optimizers | None = None,
    *,
    start: Sequence[float] | Sequence[Sequence[float]] | None = None,
    steps: int | None = None,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
    stop: Stop | None = None,
    record_steps: RecordSteps = "all",
    metrics: Sequence[str] = (),
    view: View | None = None,
    resolution: int = 257,
    calm: bool = False,
    progress: loop.Progress | None = None,
) -> Record:
    """Race optimizers on a function, as one batch.

    Args:
        function: a name of the catalogue, or a function of your own, made with `@function`.
        optimizers: names ("adam", "adam(lr=0.05)"), optimizers, or a dict from labels to these; by default SGD,
            momentum, Nesterov, Adagrad, RMSprop and Adam. A name without a learning rate gets a tuned one: of 64
            rates from 1e-8 to 320, the one with which the run reaches the target in the fewest steps and stays there
            for four times the steps, on average over the start and three starts close by. Ties, and rates with which
            no run reaches the target, are ranked by final loss (see `landscapes.experiments.stored_lrs`). So does an
            `optimizers.Torch` or `optimizers.Optax` without one. Other optimizer objects are used as they are.
        start: the start point, d numbers, or several: every optimizer then runs from each, with the numbers of a race
            from that start alone. A learning rate is tuned from the first. By default the function's own.
        steps: how many steps, >= 1; by default the function's own number.
        device: "cpu", "cuda", "cuda:1", …
        dtype: `torch.float64` or `torch.float32`.
        seed: of all random numbers. All optimizers meet the same noise, and the same mini-batches of the function.
        stop: when a run has converged and stops, such as `Stop(gtol=1e-8)`; by default runs use all steps.
        record_steps: the steps to record: "all", "ends", a stride or a list. The first and the last always are.
        metrics: what to record besides points and losses: "gradient_norm", "lr", "evaluations" (of each kind so far),
            and quantities of optimizers such as "momentum" and "second_moment". "seconds" is the processor time up to
            each step on this machine. It steps each optimizer by itself several times, so the race takes several
            times as long, and no two measurements agree (see `landscapes.engine.timing`). Points and losses do not
            change. On functions this cheap it measures mostly the overhead of torch calls.
        view: the surface to record: "domain", "race" (a box around all runs that did not fail), or a box
            ((x low, x high), (y low, y high)); by default the function's own view.
        resolution: points per side of the surface; four times as many for a curve.
        calm: tune to rates that the eye can follow: no step is longer than 12 % of the view's sides, and no run leaves
            the view. Such rates are often slower than the best ones, so they do not rank optimizers. Functions that
            are unbounded below always get them: there a larger leap would end lower.
        progress: called with (steps done, steps in all). If learning rates are tuned and it has a method `phase`, that
            is called with "tuning learning rates on …" before, and with "" after, and the steps between are those of
            the tuning.

    Returns:
        A record with one run per optimizer and start. From several starts, the column `name` has the optimizer's label,
        `start` the index in `meta.starts`, and each start has its own target, `meta.targets`.

        A run reaches the target when 1e-4 of the gap between the start and the minimum remains, or the lower bound if
        only that is known. Without either, `meta.target` is None. If values lie below a declared minimum, it warns,
        `meta.minimum_is` is "contradicted" and there is no target. A function that is unbounded below has none either:
        a run is "unbounded", and `reached` is the step, once its loss stays below the level halfway from the first loss
        to the lowest value of the surface.

    Raises:
        InputError: for invalid arguments, before any work is done.

    >>> record = race("booth", ["sgd", "adam(lr=0.5)"], steps=200)
    >>> record.trajectories.x.shape
    (2, 201, 2)
    >>> record.trajectories.runs["label"].tolist()
    ['SGD', 'Adam']
    >>> race("booth", ["sgd", "lbfgs"], steps=20, metrics=["seconds"]).trajectories.metrics["seconds"].shape
    (2, 21)
    """
    objective = as_function(function)
    place = loop.check_device(device)
    check_resolution(resolution)
    check_dtype(dtype)
    stop, metrics = check_stop(stop), check_metrics(metrics)
    if "seconds" in metrics and place.type != "cpu":
        raise InputError(f'metrics=["seconds"] needs device="cpu", got {device!r}')
    wanted = None if view is None else _check_view(objective, view)
    budget = check_count("steps", objective.steps if steps is None else steps)
    points = check_starts(objective, start)
    for point in points:
        objective = checked(objective, point)
    views = [objective.view if wanted is not None else _view_with_start(objective.view, point) for point in points]
    for point in points if wanted is None else ():
        objective = _widened(objective, point)
    return race_searched(
        objective,
        with_found_minima(objective),
        points,
        optimizers,
        budget,
        views=views,
        place=place,
        dtype=dtype,
        seed=seed,
        stop=stop,
        record_steps=record_steps,
        metrics=metrics,
        wanted=wanted,
        resolution=resolution,
        calm=calm,
        progress=progress,
    )


def race_searched(
    given: Function,
    objective: Function,
    points: Sequence[Sequence[float]],
    optimizers: Optimizers | None,
    budget: int,
    *,
    views: Sequence[Sequence[Interval]] | None = None,
    place: torch.device = CPU,
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
    stop: Stop | None = None,
    record_steps: RecordSteps = "all",
    metrics: Sequence[str] = (),
    wanted: str | Box | None = None,
    resolution: int = 257,
    calm: bool = False,
    progress: loop.Progress | None = None,
) -> Record:
    """Return the race on a checked function, given also with the minima that a search found (or unchanged).

    The runs from each start have the view of a race from there alone: step lengths, the box outside which they diverge,
    and tuned learning rates depend on it. `views` are those of the starts, by default the function's own.
    """
    timed, metrics = "seconds" in list(metrics), [name for name in metrics if name != "seconds"]
    specs = parse_optimizers(DEFAULT_OPTIMIZERS if optimizers is None else optimizers)
    several, count = len(points) > 1, len(points) * len(specs)
    n_recorded = count_recorded(record_steps, budget)
    check_memory(  # the buffers, and the record made of them
        2 * 8 * n_recorded * (count * (objective.dim + 1 + len(metrics)) + 1),
        f"recording {n_recorded:,} steps of {count} run{'s' * (count > 1)}",
        "record fewer, such as record_steps=1000, or lower steps",
    )
    calm = calm or objective.minimum == -math.inf  # where the largest leap would count as the best
    alone = [_viewed(objective, view) for view in ([objective.view] * len(points) if views is None else views)]
    specs = with_tuned_lrs(specs, alone[0], points[0], budget, calm=calm, progress=progress)
    raced = [spec.optimizer for spec in specs]
    seed = check_count("seed", seed, 0)
    starts = [torch.tensor(point, dtype=dtype, device=place)[:, None].repeat(1, len(raced)) for point in points]
    firsts = [float(objective(point)) for point in points]
    surface = _surface(objective, resolution)
    same = objective.minimum != -math.inf  # else the target depends on the surface
    surfaces = [surface if same or one is objective else _surface(one, resolution) for one in alone]
    aims = [race_target(objective, *from_there) for from_there in zip(firsts, surfaces, strict=True)]
    parts = [
        loop.run(
            alone[i],
            raced,
            starts[i],
            budget,
            box=roaming_box(alone[i]),
            stop=stop,
            record_steps=record_steps,
            metrics=metrics,
            target=aim,
            seed=seed,
            progress=progress and partial(_advance, progress, i, len(points)),
        )
        for i, aim in enumerate(aims)
    ]
    paths = joined(parts)
    names = labels(specs)
    shown = [f"{name} from {race_table.place(point, 4)}" for point in points for name in names] if several else names
    shown = unique_labels(shown)
    for run, error in paths.errors.items():
        warn(f"{shown[run]} is marked as failed: {error}")
    minimum_is = "unknown" if math.isnan(objective.minimum) else "known" if objective is given else "found"
    if not _is_lowest(objective, max(firsts), surface, paths, dtype):
        if minimum_is == "found":
            objective, surface, minimum_is = given, _surface(given, resolution), "unknown"
        elif objective.outside == "higher":
            minimum_is = "contradicted"
            warn(
                f"{objective.name} has lower values than its declared minimum of {objective.minimum:.6g}, so this race "
                "has no target; correct minimum= or minima=, or leave them out"
            )
    if float(np.min(paths.lowest)) < objective.lower_bound:
        objective = replace(objective, lower_bound=math.nan)
    targets = [
        None if minimum_is == "contradicted" else race_target(objective, *from_there)
        for from_there in zip(firsts, surfaces, strict=True)
    ]
    arrivals = [
        (part.first_reached, part.reached) if target == aim else _recorded_arrivals(part, target)
        for part, aim, target in zip(parts, aims, targets, strict=True)
    ]
    first_reached, reached = (np.concatenate(columns) for columns in zip(*arrivals, strict=True))
    levels = np.repeat([math.nan if target is None else target for target in targets], len(raced))
    recorded = dict(paths.metrics)
    if timed:
        ends = np.where(paths.stopped < 0, budget, paths.stopped)
        seconds = measure_seconds(objective, raced * len(points), torch.cat(starts, 1), budget, ends, seed)
        recorded["seconds"] = seconds[:, paths.step]
    origins = {"name": np.array(names * len(points)), "start": np.arange(count) // len(raced)}
    trajectories = Trajectories(
        x=paths.x,
        loss=paths.loss,
        step=paths.step,
        runs={
            "label": np.array(shown),
            **(origins if several else {}),
            "optimizer": np.array([optimizer.spec for optimizer in raced] * len(points)),
            "lr": np.array([optimizer.learning_rate for optimizer in raced] * len(points)),
            "lr_source": np.array([spec.lr_source for spec in specs] * len(points)),
            "status": statuses(paths.loss[:, -1], paths.reason, levels, objective.minimum),
            "stopped": paths.stopped,
            "reason": paths.reason,
            "reached": reached,
            "first_reached": first_reached,
            "lowest": paths.lowest,
            **({"error": np.array([paths.errors.get(run, "") for run in range(count)])} if paths.errors else {}),
            **paths.evaluations,
        },
        metrics=recorded,
    )
    if objective.minimum == -math.inf:
        targets = [None] * len(points)
    if surface is not None and wanted is not None:
        surface = _surface(_with_view(objective, wanted, trajectories), resolution)
    meta = RaceMeta(
        function=objective.name,
        title=objective.title,
        latex=objective.latex,
        domain=[list(side) for side in objective.domain],
        start=list(points[0]),
        starts=[list(point) for point in points] if several else [],
        steps=budget,
        seed=seed,
        minimum=objective.minimum,
        lower_bound=objective.lower_bound if math.isfinite(objective.lower_bound) else None,
        minimum_is=minimum_is,
        unlisted_minima=_unlisted_minima(objective, max(firsts), paths),
        target=targets[0] if len(set(targets)) == 1 else None,
        targets=targets if several else [],
        device=str(place),
        dtype=str(dtype).removeprefix("torch."),
        versions=versions(),
    )
    if stop is not None:
        meta = meta.replace(stop={name: given for name, given in asdict(stop).items() if given is not None})
    return Record(trajectories, None, meta, surface) if objective.dim == 1 else Record(trajectories, surface, meta)


def _advance(progress: loop.Progress, part: int, parts: int, done: int, total: int) -> None:
    """Report the steps of one of several equal parts."""
    progress(part * total + done, parts * total)


def _check_view(function: Function, view: View) -> str | Box:
    """The view that was asked for, once it can be used."""
    wanted = check_view(view)
    if function.dim == 1 and not isinstance(wanted, str):
        raise InputError(f'{function.name} has one coordinate; its view must be "domain" or "race", not a box')
    return wanted


def _surface(function: Function, resolution: int) -> Surface | None:
    """What is drawn beneath the runs: a surface, a curve over one coordinate, nothing where there are more than two."""
    if function.dim > 2:
        return None
    return function.surface(resolution) if function.dim == 2 else function.curve(4 * resolution - 3)


def _view_with_start(view: Sequence[Interval], start: Sequence[float]) -> tuple[Interval, ...]:
    """Return the view, widened on each side that the start lies beyond."""
    wider: list[Interval] = []
    for c, (low, high) in zip(start, view, strict=True):
        margin = 0.05 * (max(high, c) - min(low, c))
        wider.append((low if c >= low else c - margin, high if c <= high else c + margin))
    return tuple(wider)


def _widened(function: Function, start: Sequence[float]) -> Function:
    """Return the function with a view that contains the start, with a warning where it had to widen."""
    wider = _view_with_start(function.view, start)
    if wider == function.view:
        return function
    shown = " × ".join(f"[{low:.4g}, {high:.4g}]" for low, high in wider)
    warn(f"the start lies outside the view of {function.name}; the view widens to {shown}")
    return function.with_view(wider)


def _viewed(function: Function, view: Sequence[Interval]) -> Function:
    """Return the function with a view, itself if that is its own."""
    return function if tuple(view) == function.view else function.with_view(view)


def _with_view(function: Function, view: str | Box, trajectories: Trajectories) -> Function:
    """The function with the view that was asked for."""
    if not isinstance(view, str):
        return function.with_view([(low, high) for low, high in view.tolist()])
    if view == "domain":
        return function.with_view(function.domain)
    runs = extent(trajectories)
    if runs is None:
        return function
    units = np.array([high - low for low, high in function.view])
    return function.with_view([(low, high) for low, high in around(runs, units).tolist()])


def _is_lowest(
    function: Function, first: float, surface: Surface | None, paths: BatchResult, dtype: torch.dtype
) -> bool:
    """Return whether no value of the surface or of a run that did not fail is below the minimum, except by rounding."""
    if not math.isfinite(function.minimum):
        return True
    seen = paths.lowest[~np.isin(paths.reason, ("bound", "non-finite", "error"))]
    seen = seen if surface is None else np.concatenate([seen, surface.values.ravel()])
    slack = rounding_slack(np.array(first), function.minimum, str(dtype).removeprefix("torch."))
    return bool(np.min(seen, where=np.isfinite(seen), initial=math.inf) >= function.minimum - slack)


def _unlisted_minima(function: Function, first: float, paths: BatchResult) -> list[list[float]]:
    """Return where runs end at the minimum away from all listed minimizers, if the list is said to be complete.

    A ridge between such a point and the nearest listed minimizer tells it from a flat bottom around that one.
    """
    if not function.minima or not function.minima_complete:
        return []
    minima, domain = np.array(function.minima), np.array(function.domain)
    gap = first - function.minimum
    found: list[list[float]] = []
    for x, loss in zip(paths.x[:, -1], paths.loss[:, -1], strict=True):
        if not loss <= function.minimum + EXACT * gap or ((x < domain[:, 0]) | (x > domain[:, 1])).any():
            continue
        others = np.concatenate([minima, np.array(found).reshape(-1, len(x))])
        share = (np.abs(others - x) / (domain[:, 1] - domain[:, 0])).max(1)
        between = np.linspace(x, others[int(share.argmin())], RIDGE_POINTS)
        ridge = function(torch.from_numpy(between)).detach().numpy().max() - function.minimum
        if share.min() > APART and ridge > RIDGE * gap:
            found.append(x.tolist())
    return found


def _recorded_arrivals(paths: BatchResult, target: float | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return `first_reached` and `reached` by the recorded steps, for a target that is known only after the race."""
    if target is None:
        never = np.full(len(paths.loss), -1)
        return never, never
    first, stays = arrival_steps(paths.loss, np.full((len(paths.loss), 1), target))
    stays[np.isin(paths.reason, FAILED_REASONS)] = -1
    at_first, to_stay = (np.where(rows >= 0, paths.step[rows], -1)[:, 0] for rows in (first, stays))
    return at_first, to_stay
