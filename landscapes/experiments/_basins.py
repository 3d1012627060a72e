"""Map basins of attraction: which minimum an optimizer finds from each point of a box: `basins`."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine import loop
from landscapes.engine.termination import Stop
from landscapes.errors import InputError, suggests_arguments
from landscapes.execution import Executor, count_workers, execute
from landscapes.execution.plan import GridColumn, Plan, RunSettings, Task
from landscapes.experiments.checks import check_count, check_dtype, check_stop
from landscapes.experiments.optimizer_specs import labels, parse_optimizers, with_tuned_lrs
from landscapes.experiments.outcomes import ARRIVED, roaming_box
from landscapes.experiments.records import common_meta, dtype_name, run_columns
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
from landscapes.objectives.critical_points import descend
from landscapes.objectives.decorators import Function
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer
from landscapes.record import Record, Trajectories
from landscapes.record.metadata import BasinsMeta
from landscapes.views import Box, check_view

RELATIVE_TOL = 1e-3
"""The default distance within which a run arrives, in shorter sides of the box."""

PILOT = 64
"""The side of the coarse map that finds unknown minima."""

MAX_RESOLUTION = 2**14
"""How many pixels per side a map has at most."""

MAX_MINIMA = 256
"""How many minima a map has at most, the lowest ones."""

CHUNK = 2**16
"""How many points are assigned to minima at once, to save memory."""

DIRECTIONS = 16
"""In how many directions the function must rise around a minimum."""


@suggests_arguments
@in_usual_modes
def basins(
    function: str | Function,
    optimizer: str | Optimizer,
    *,
    resolution: int | tuple[int, int] = 256,
    box: str | Sequence[Sequence[float]] = "view",
    steps: int | None = None,
    stop: Stop | None = None,
    tol: float | None = None,
    seed: int = 0,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    compiled: bool | None = None,
    executor: Executor | None = None,
    resume_dir: str | os.PathLike[str] | None = None,
    progress: loop.Progress | None = None,
) -> Record:
    """Map basins of attraction: which minimum an optimizer finds from each point of a box, and how soon.

    Each pixel is a start. The minima are those that the function knows, global ones first, then those that a coarse
    map of 64 × 64 starts finds, the lowest first: points where runs end and all directions rise. A run arrives when it
    first enters the ball of radius `tol` around a minimum, and stops there. So the map does not show whether it would
    stay; with `stop=Stop(gtol=1e-8)` a run counts for the minimum near which it ends.

    Args:
        function: a name of the catalogue, or a function of your own, with two coordinates.
        optimizer: a name or an optimizer. A name without a learning rate gets a tuned one, from the function's start.
        resolution: pixels per side, or (along x, along y). Starts are the centres of pixels.
        box: what to map: the function's "view" or "domain", or ((x low, x high), (y low, y high)).
        steps: how many steps a run may take; by default the function's own number.
        stop: another criterion of convergence, such as `Stop(gtol=1e-8)`. A run then counts for the minimum near which
            it ends.
        tol: the distance to a minimum within which a run has arrived; by default 1e-3 of the box's shorter side.
        seed: of all random numbers. All runs meet the same noise.
        device: "cpu", "cuda", …
        dtype: `torch.float64` or `torch.float32`.
        compiled: whether steps are compiled; by default if it pays. If True, and they cannot be, a warning says why.
        executor: runs the blocks, any `concurrent.futures.Executor`; see `landscapes.execution`.
        resume_dir: a folder for finished blocks, so that an interrupted map continues.
        progress: called with (runs done, runs in all); its method `phase` as in `race`, while learning rates are tuned.

    Returns:
        A record with the axes `y` and `x`, both ascending. Its columns are `basin` (index into `meta.minima`, masked if
        the run ends near none), `arrived` (the step at which it first enters, masked if it does not), `status`
        ("converged" if it arrived), `stopped` and evaluations. `meta.minima_values` are the values at the minima, and
        `meta.minima_are` says of each "global", "local" or "found".

    Raises:
        InputError: for invalid arguments, before any work is done.

    >>> record = basins("himmelblau", "sgd(lr=0.01)", resolution=8, steps=100)
    >>> for row in record.grid("basin")[::-1].tolist():
    ...     print(*row)
    1 1 1 1 0 0 0 0
    1 1 1 1 0 0 0 0
    1 1 1 1 0 0 0 0
    1 1 1 1 0 0 0 0
    3 3 3 3 2 2 2 2
    3 3 3 3 2 2 2 2
    3 3 3 3 2 2 2 2
    3 3 3 3 2 2 2 2
    """
    objective = as_function(function)
    place = str(loop.check_device(device))
    check_dtype(dtype)
    if objective.dim != 2:
        raise InputError(f"basins need a function of 2 coordinates; {objective.name} has {objective.dim}")
    stop = check_stop(stop)
    nx, ny = _check_resolution(resolution)
    sides = _check_box(objective, box)
    near = _check_tol(tol, sides)
    budget, seed = check_count("steps", objective.steps if steps is None else steps), check_count("seed", seed, 0)
    specs = parse_optimizers([optimizer] if isinstance(optimizer, str | Optimizer) else optimizer, "map")
    if len(specs) > 1:
        raise InputError(f"basins take one optimizer, got {len(specs)}; map each by itself")
    objective = checked(objective, objective.start)
    specs = with_tuned_lrs(specs, objective, objective.start, budget, progress=progress)
    optimizer = specs[0].optimizer
    objective = objective.with_view([(low, high) for low, high in sides.tolist()])
    terms = RunSettings(
        budget, roaming_box(objective).numpy(), None, "ends", (), None, seed, dtype_name(dtype), place, compiled
    )
    pilot = _task(objective, optimizer, _centres(sides[0], min(nx, PILOT)), _centres(sides[1], min(ny, PILOT)), terms)
    rough = execute(Plan([pilot], workers=count_workers(executor, None)), executor=executor).all_runs()
    known, kinds = _known_minima(objective)
    found = _unknown_minima(
        objective, rough.x[~np.isin(rough.reason, ("bound", "non-finite", "error")), -1], known, near
    )
    minima, kinds = np.concatenate([known, found]), [*kinds, *["found"] * len(found)]
    if stop is None and len(minima):
        stop = Stop(xtol=near)
    x, y = _centres(sides[0], nx), _centres(sides[1], ny)
    aimed = replace(objective, minima=tuple(map(tuple, minima.tolist())))
    results = execute(
        Plan([_task(aimed, optimizer, x, y, replace(terms, stop=stop))], workers=count_workers(executor, resume_dir)),
        executor=executor,
        resume_dir=resume_dir,
        progress=progress,
    )
    paths = results[:]
    ended = ~np.isin(paths.reason, ("bound", "non-finite", "error"))
    runs = run_columns(paths, None, math.nan)
    runs["basin"] = np.where(ended, nearest(paths.x[:, -1], minima, near), -1)
    runs["arrived"] = np.where(np.isin(paths.reason, ARRIVED) & (runs["basin"] >= 0), paths.stopped, -1)
    for name in ("final", "lowest", "reached", "first_reached", "reason"):  # not needed; a map has many runs
        del runs[name]
    meta = BasinsMeta(
        **common_meta(objective, results),
        axes={"y": y.tolist(), "x": x.tolist()},
        box=sides.tolist(),
        tol=near,
        label=labels(specs)[0],
        optimizer=optimizer.spec,
        minima=minima.tolist(),
        minima_values=_values(objective, minima).tolist(),
        minima_are=kinds,
        target=None,
    )
    return Record(Trajectories(paths.x, paths.loss, paths.step, runs), objective.surface(), meta)


def nearest(points: NDArray[np.float64], minima: NDArray[np.float64], tol: float) -> NDArray[np.int64]:
    """The number of the minimum that each point is nearest to, shape (n,); -1 where none is as near as that.

    >>> nearest(np.array([[0.1, 0.0], [3.0, 3.0]]), np.array([[1.0, 0.0], [0.0, 0.0]]), tol=0.5)
    array([ 1, -1])
    """
    found = [_nearest(points[i : i + CHUNK], minima, tol) for i in range(0, len(points), CHUNK)]
    return np.concatenate([np.empty(0, dtype=np.int64), *found])


def _nearest(points: NDArray[np.float64], minima: NDArray[np.float64], tol: float) -> NDArray[np.int64]:
    best, index = np.full(len(points), tol), np.full(len(points), -1)
    for number, minimum in enumerate(minima):
        away = np.hypot(*(points - minimum).T)
        closer = (away < best) | ((away <= best) & (index < 0))
        best, index = np.where(closer, away, best), np.where(closer, number, index)
    return index


def _task(
    function: Function, optimizer: Optimizer, x: NDArray[np.float64], y: NDArray[np.float64], terms: RunSettings
) -> Task:
    lengths = (len(y), len(x))
    return Task(
        function,
        optimizer,
        math.prod(lengths),
        [GridColumn.along(x, lengths, 1), GridColumn.along(y, lengths, 0)],
        terms,
    )


def _centres(side: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The middles of so many equal parts of a side."""
    return np.asarray(side[0] + (side[1] - side[0]) * (np.arange(count) + 0.5) / count)


def _known_minima(function: Function) -> tuple[NDArray[np.float64], list[str]]:
    """The minima that the objective states, shape (k, 2), and whether each is global or local."""
    local = [place.point for place in function.stationary if place.kind == "minimum"]
    points = np.array([*function.minima, *local], dtype=np.float64).reshape(-1, 2)
    return points, ["global"] * len(function.minima) + ["local"] * len(local)


def _unknown_minima(
    function: Function, ends: NDArray[np.float64], known: NDArray[np.float64], tol: float
) -> NDArray[np.float64]:
    """Return the unknown minima among end points (n, 2), shape (k, 2), the lowest first.

    The lowest of nearby end points represents them. It is near a minimum if a descent from it stays close and ends
    lower than a circle around it. Points still on their way along a valley are therefore none.
    """
    ends = ends[np.isfinite(ends).all(1)]
    apart = _thinned(function, ends[nearest(ends, known, 2 * tol) < 0], tol)
    found = _thinned(function, _descents(function, apart, tol), tol)
    found = found[nearest(found, known, 2 * tol) < 0]
    angle = np.arange(DIRECTIONS) * 2 * math.pi / DIRECTIONS
    circle = tol * np.stack([np.cos(angle), np.sin(angle)], 1)
    rises = (_values(function, found[:, None] + circle) > _values(function, found)[:, None]).all(1)
    return np.asarray(found[rises])


def _thinned(function: Function, points: NDArray[np.float64], tol: float) -> NDArray[np.float64]:
    """Return the lowest of the points (n, 2), shape (k, 2), the lowest first, no two within 2 `tol`."""
    value = _values(function, points)
    points = points[np.lexsort((points[:, 1], points[:, 0], value))]
    kept: list[NDArray[np.float64]] = []
    while len(points) and len(kept) < MAX_MINIMA:
        kept.append(points[0])
        points = points[np.hypot(*(points - points[0]).T) > 2 * tol]
    return np.array(kept).reshape(-1, 2)


def _descents(function: Function, points: NDArray[np.float64], tol: float) -> NDArray[np.float64]:
    """Return where descents from the points (n, 2) end, of those that stay close."""
    if not len(points):
        return points
    sides = np.concatenate([points, np.array(function.domain).T])
    hull = replace(function, domain=tuple(zip(sides.min(0).tolist(), sides.max(0).tolist(), strict=True)))
    try:
        ended = descend(hull, torch.from_numpy(points), 60).numpy()
    except RuntimeError:  # no second derivative
        return points
    return np.asarray(ended[np.hypot(*(ended - points).T) <= 2 * tol])


def _values(function: Function, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values (...) at points (..., 2)."""
    with torch.no_grad():
        return np.asarray(function(torch.from_numpy(points)).double().numpy())


def _check_resolution(resolution: Any) -> tuple[int, int]:
    """Return the pixels along x and along y."""
    pair = resolution if isinstance(resolution, tuple | list) else (resolution, resolution)
    if len(pair) != 2:
        raise InputError(f"resolution must be a number of pixels, or (along x, along y); got {resolution!r}")
    nx, ny = check_count("resolution", pair[0]), check_count("resolution", pair[1])
    if max(nx, ny) > MAX_RESOLUTION:
        raise InputError(
            f"a map has at most {MAX_RESOLUTION} × {MAX_RESOLUTION} pixels, got {nx} × {ny}; map a smaller box"
        )
    return nx, ny


def _check_box(function: Function, box: Any) -> Box:
    if isinstance(box, str) and box in ("view", "domain"):
        return np.array(function.view if box == "view" else function.domain, dtype=np.float64)
    try:
        sides = check_view(box)
    except InputError:
        sides = ""
    if isinstance(sides, str):
        raise InputError(
            f'box must be "view", "domain" or ((x low, x high), (y low, y high)), finite and ascending; got {box!r:.80}'
        )
    return sides


def _check_tol(tol: Any, sides: Box) -> float:
    if tol is None:
        return float(RELATIVE_TOL * (sides[:, 1] - sides[:, 0]).min())
    number = isinstance(tol, int | float) and not isinstance(tol, bool)
    if not number or not 0 < tol < math.inf:
        raise InputError(f"tol must be a distance > 0, got {tol!r}")
    return float(tol)
