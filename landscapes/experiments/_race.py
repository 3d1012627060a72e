"""The race: several optimizers from one start on one function, as one batch."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.engine.recording import RecordSteps
from landscapes.engine.termination import Stop
from landscapes.engine.timing import measure_seconds
from landscapes.errors import InputError, suggests_arguments
from landscapes.experiments.checks import check_count, check_dtype, check_start
from landscapes.experiments.optimizer_specs import Optimizers, labels, parse_optimizers, with_tuned_lrs
from landscapes.experiments.outcomes import roaming_box, statuses, target_between
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function, Interval
from landscapes.objectives.minima import with_found_minima
from landscapes.objectives.validation import checked
from landscapes.record import Record, Surface, Trajectories
from landscapes.record.metadata import RaceMeta
from landscapes.versions import versions
from landscapes.views import Box, View, around, check_view, extent

DEFAULT_OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")


@suggests_arguments
def race(
    function: str | Function,
    optimizers: Optimizers | None = None,
    *,
    start: Sequence[float] | None = None,
    steps: int | None = None,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
    stop: Stop | None = None,
    record_steps: RecordSteps = "all",
    metrics: Sequence[str] = (),
    view: View | None = None,
    resolution: int = 257,
    progress: loop.Progress | None = None,
) -> Record:
    """Races optimizers over a landscape and returns all that a picture needs.

    Args:
        function: a name of the catalogue, or a landscape of one's own made with `@function`.
        optimizers: names ("adam", "adam(lr=0.05)"), optimizers, or a dict from labels to these; by default
            SGD, momentum, Nesterov, Adagrad, RMSprop and Adam. A name without a learning rate takes the
            one that a sweep found for this function (see `landscapes.experiments.stored_lrs`); an optimizer is taken as it is.
        start: the start point, d numbers; by default the function's own.
        steps: how many steps, at least 1; by default the function's own number.
        device: "cpu", "cuda", "cuda:1", …
        dtype: `torch.float64` or `torch.float32`.
        seed: of all random numbers, for optimizers and wrappers that draw some; the same noise meets every optimizer.
        stop: when a run has arrived and rests, such as `Stop(gtol=1e-8)`; by default it goes on to the end.
        record_steps: which steps to record: "all", "ends", a stride or a list; the first and the last always are.
        metrics: what to record beside points and values: "gradient_norm", "lr", "evaluations" (how many of each kind so far),
            and what optimizers record_steps, such as "momentum" and "second_moment". With "seconds" each optimizer is stepped by itself as
            well, several times, to measure its processor time up to each step on this machine, in seconds (see
            `landscapes.engine.timing`): that takes as long again several times over, points and values stay what they are,
            and no two measurements agree. On landscapes this cheap it is mostly what a call of torch takes, not arithmetic.
        view: which surface to record: "domain" for the function's whole domain, "race" for what holds all runs
            that did not fail, or a box ((x from, x to), (y from, y to)); by default the function's own view.
        resolution: points a side of the surface that is drawn beneath the paths; four times as many of a curve.
        progress: called with (steps done, steps in all).

    Raises:
        InputError: for anything above that cannot be used, before any work is done.

    >>> record = race("booth", ["sgd", "adam(lr=0.5)"], steps=200)
    >>> record.trajectories.x.shape
    (2, 201, 2)
    >>> record.trajectories.runs["label"].tolist()
    ['SGD', 'Adam']
    >>> race("booth", ["sgd", "lbfgs"], steps=20, metrics=["seconds"]).trajectories.metrics["seconds"].shape
    (2, 21)
    """
    landscape = as_function(function)
    place = loop.check_device(device)
    check_dtype(dtype)
    timed, metrics = "seconds" in list(metrics), [name for name in metrics if name != "seconds"]
    if timed and place.type != "cpu":
        raise InputError(
            f'"seconds" are those of the CPU, and {device!r} works beside it; use device="cpu" to metrics them'
        )
    wanted = None if view is None else _wanted(landscape, view)
    budget = check_count("steps", landscape.steps if steps is None else steps)
    point = check_start(landscape, landscape.start if start is None else start)
    landscape = checked(landscape, point)
    if wanted is None:
        landscape = _seeing(landscape, point)
    plain, landscape = landscape, with_found_minima(landscape)
    entries = parse_optimizers(DEFAULT_OPTIMIZERS if optimizers is None else optimizers)
    entries = with_tuned_lrs(entries, landscape, point, budget)
    racing = [entry.optimizer for entry in entries]
    starts = torch.tensor(point, dtype=dtype, device=place)[:, None].repeat(1, len(racing))
    paths = loop.run(
        landscape, racing, starts, budget, box=roaming_box(landscape), stop=stop, record_steps=record_steps, metrics=metrics,
        target=_known_target(landscape, point), seed=check_count("seed", seed, 0), progress=progress,
    )  # fmt: skip
    surface = _ground(landscape, resolution)
    if landscape is not plain and not _holds(landscape, point, surface, paths, dtype):
        landscape, surface = plain, _ground(plain, resolution)
    minimum, known = _minimum(landscape, surface, paths.lowest)
    target = _target(float(paths.loss[0, 0]), minimum, surface)
    recorded = dict(paths.metrics)
    if timed:
        ends = np.where(paths.stopped < 0, budget, paths.stopped)
        recorded["seconds"] = measure_seconds(landscape, racing, starts, budget, ends, seed)[:, paths.step]
    trajectories = Trajectories(
        x=paths.x,
        loss=paths.loss,
        step=paths.step,
        runs={
            "label": np.array(labels(entries)),
            "optimizer": np.array([optimizer.spec for optimizer in racing]),
            "lr": np.array([optimizer.learning_rate for optimizer in racing]),
            "lr_source": np.array(["tuned" if entry.left_open else "given" for entry in entries]),
            "status": statuses(paths.loss[:, -1], paths.reason, target, minimum),
            "stopped": paths.stopped,
            "reason": paths.reason,
            "reached": paths.reached if _known_target(landscape, point) is not None else _first(paths, target),
            **paths.evaluations,
        },
        metrics=recorded,
    )
    if surface is not None and wanted is not None:
        surface = _ground(_viewed(landscape, wanted, trajectories), resolution)
    meta = RaceMeta(
        function=landscape.name,
        title=landscape.title,
        latex=landscape.latex,
        domain=[list(side) for side in landscape.domain],
        start=list(point),
        steps=budget,
        seed=seed,
        minimum=minimum,
        minimum_is=("known" if landscape is plain else "found") if known else "the lowest value seen",
        target=target,
        device=str(place),
        dtype=str(dtype).removeprefix("torch."),
        versions=versions(),
    )
    return Record(trajectories, None, meta, surface) if landscape.dim == 1 else Record(trajectories, surface, meta)


def _wanted(function: Function, view: View) -> str | Box:
    """The view that was asked for, once it can be used."""
    wanted = check_view(view)
    if function.dim == 1 and not isinstance(wanted, str):
        raise InputError(f'{function.name} has one coordinate: its view is "domain" or "race", not a box')
    return wanted


def _ground(function: Function, resolution: int) -> Surface | None:
    """What is drawn beneath the runs: a surface, a curve over one coordinate, nothing where there are more than two."""
    if function.dim > 2:
        return None
    return function.surface(resolution) if function.dim == 2 else function.curve(4 * resolution - 3)


def _seeing(function: Function, start: Sequence[float]) -> Function:
    """The function with a view that holds the start, with a word where it had to widen."""
    if all(low <= c <= high for c, (low, high) in zip(start, function.view, strict=True)):
        return function
    wider: list[Interval] = []
    for c, (low, high) in zip(start, function.view, strict=True):
        margin = 0.05 * (max(high, c) - min(low, c))
        wider.append((low if c >= low else c - margin, high if c <= high else c + margin))
    shown = " × ".join(f"[{low:.4g}, {high:.4g}]" for low, high in wider)
    warnings.warn(f"the start lies outside the view of {function.name}; the view widens to {shown}", stacklevel=4)
    return function.with_view(wider)


def _viewed(function: Function, view: str | Box, trajectories: Trajectories) -> Function:
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


def _minimum(function: Function, surface: Surface | None, values: NDArray[np.float64]) -> tuple[float, bool]:
    """The lowest value there is, and whether it is a known fact or only the lowest that was seen."""
    if not math.isnan(function.minimum):
        return function.minimum, True
    seen = values if surface is None else np.concatenate([values.ravel(), surface.values.ravel()])
    return float(np.min(seen[np.isfinite(seen)])), False


def _holds(
    function: Function, start: Sequence[float], surface: Surface | None, paths: BatchResult, dtype: torch.dtype
) -> bool:
    """Whether nothing that was seen lies lower than the minimum that a search found, but for rounding."""
    rounding = float(torch.finfo(dtype).eps)
    slack = rounding**0.5 * abs(float(function(start)) - function.minimum) + 10 * rounding * abs(function.minimum)
    seen = paths.lowest if surface is None else np.concatenate([paths.lowest, surface.values.ravel()])
    return bool(np.min(seen, where=np.isfinite(seen), initial=math.inf) >= function.minimum - slack)


def _known_target(function: Function, start: Sequence[float]) -> float | None:
    """The target, where it is known before the race."""
    if not math.isfinite(function.minimum):
        return None
    return target_between(float(function(start)), function.minimum)


def _target(first: float, minimum: float, surface: Surface | None) -> float:
    """The value at which a run has arrived. Without a bottom: half way down to the lowest value in view."""
    if math.isfinite(minimum):
        return target_between(first, minimum)
    lowest = float(np.nanmin(surface.values)) if surface is not None else first - 1.0
    return first - 0.5 * max(first - lowest, 0.0)


def _first(paths: BatchResult, target: float) -> NDArray[np.int64]:
    """The first kept step at which each run is at or below the target, -1 where it never is."""
    hits = paths.loss <= target
    return np.where(hits.any(1), paths.step[hits.argmax(1)], -1)
