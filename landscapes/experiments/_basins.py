"""Which minimum an optimizer finds from everywhere in a box: `basins`."""

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
from landscapes.execution._execute import Executor, execute
from landscapes.execution.plan import GridColumn, Plan, RunSettings, Task
from landscapes.experiments.checks import check_count, check_dtype
from landscapes.experiments.optimizer_specs import labels, parse_optimizers, with_tuned_lrs
from landscapes.experiments.outcomes import ARRIVED, roaming_box
from landscapes.experiments.records import dtype_name, facts, outcome
from landscapes.functions import as_function
from landscapes.objectives.critical_points import descend
from landscapes.objectives.decorators import Function
from landscapes.objectives.validation import checked
from landscapes.optimizers import Optimizer
from landscapes.record import Record, Trajectories
from landscapes.record.metadata import BasinsMeta
from landscapes.views import Box, check_view

WITHIN = 1e-3
"""A run has arrived where it comes as near to a minimum as this, in shorter sides of the box."""

PILOT = 64
"""The side of the coarse map that finds the minima which nobody has told."""

FINEST = 2**14
"""So many pixels a side a map has at most."""

MOST = 256
"""So many minima are told apart at most, the lowest ones."""

PART = 2**16
"""How many points are looked at together: a map of a million should not need its memory twice."""

WAYS = 16
"""In how many directions a place must rise to be a minimum."""


@suggests_arguments
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
    """Maps which minimum an optimizer finds from each point of a box, and how soon: a pixel a start.

    The minima are those that the landscape knows, global ones first, then local ones, and after them those that
    a coarse map of 64 × 64 starts ends in, the lowest first: places where runs end and all sides rise. A run arrives
    with the step that brings it within a distance of one of them, where it rests.

    Args:
        function: a name of the catalogue, or a landscape of one's own, with two coordinates.
        optimizer: a name or an optimizer. A learning rate that a name leaves open is found by a sweep from the function's start.
        resolution: how many pixels a side, or (along x, along y); starts are the pixels' centres.
        box: what to map: the function's "view" or "domain", or ((x from, x to), (y from, y to)).
        steps: how many steps a run may take; by default the function's own number.
        stop: another test of arrival, such as `Stop(gtol=1e-8)`; a run then counts to the minimum near which it ends.
        tol: how near; by default a thousandth of the shorter side of the box.
        seed: of all random numbers; all runs meet the same noise.
        device: "cpu", "cuda", …
        dtype: `torch.float64` or `torch.float32`.
        compiled: whether steps are compiled; by default where it pays.
        executor: who runs the blocks, any `concurrent.futures.Executor`; see `landscapes.execution._execute`.
        resume_dir: a folder to keep finished blocks in, so that a job that was killed goes on where it was.
        progress: called with (runs done, runs in all).

    Returns:
        A record with the axes `y` and `x`, both ascending, and the columns `minimum` (its number in `meta["minima"]`, or -1),
        `arrived` (at which step, or -1), `status` ("converged" where it arrived), `stopped`, and what was
        evaluated. `meta["minima"]` are the points, `meta.minima_values` the values there, and `meta["minima_are"]` says of
        each "global", "local" or "found".

    Raises:
        InputError: for anything above that cannot be used, before any work is done.

    >>> record = basins("himmelblau", "sgd(lr=0.01)", resolution=8, steps=100)
    >>> record.grid("basin")[::-1]
    array([[1, 1, 1, 1, 0, 0, 0, 0],
           [1, 1, 1, 1, 0, 0, 0, 0],
           [1, 1, 1, 1, 0, 0, 0, 0],
           [1, 1, 1, 1, 0, 0, 0, 0],
           [3, 3, 3, 3, 2, 2, 2, 2],
           [3, 3, 3, 3, 2, 2, 2, 2],
           [3, 3, 3, 3, 2, 2, 2, 2],
           [3, 3, 3, 3, 2, 2, 2, 2]])
    """
    landscape = as_function(function)
    place = str(loop.check_device(device))
    check_dtype(dtype)
    if landscape.dim != 2:
        raise InputError(f"a map of basins is for two coordinates; {landscape.name} has {landscape.dim}")
    nx, ny = _check_resolution(resolution)
    sides = _check_box(landscape, box)
    near = _check_tol(tol, sides)
    budget, seed = check_count("steps", landscape.steps if steps is None else steps), check_count("seed", seed, 0)
    entries = parse_optimizers([optimizer] if isinstance(optimizer, str | Optimizer) else optimizer, "map")
    if len(entries) > 1:
        raise InputError(f"a map shows one optimizer, not {len(entries)}; make one for each")
    landscape = checked(landscape, landscape.start)
    entries = with_tuned_lrs(entries, landscape, landscape.start, budget)
    optimizer = entries[0].optimizer
    landscape = landscape.with_view([(low, high) for low, high in sides.tolist()])
    terms = RunSettings(
        budget, roaming_box(landscape).numpy(), None, "ends", (), None, seed, dtype_name(dtype), place, compiled
    )  # fmt: skip
    pilot = _task(landscape, optimizer, _centres(sides[0], min(nx, PILOT)), _centres(sides[1], min(ny, PILOT)), terms)
    rough = execute(Plan([pilot]), executor=executor).all_runs()
    known, kinds = _known(landscape)
    found = _rest(landscape, rough.x[~np.isin(rough.reason, ("bound", "non-finite")), -1], known, near)
    minima, kinds = np.concatenate([known, found]), [*kinds, *["found"] * len(found)]
    if stop is None and len(minima):
        stop = Stop(xtol=near)
    x, y = _centres(sides[0], nx), _centres(sides[1], ny)
    aimed = replace(landscape, minima=tuple(map(tuple, minima.tolist())))
    results = execute(
        Plan([_task(aimed, optimizer, x, y, replace(terms, stop=stop))]),
        executor=executor,
        resume_dir=resume_dir,
        progress=progress,
    )
    paths = results[:]
    ended = ~np.isin(paths.reason, ("bound", "non-finite"))
    runs = outcome(paths, None, math.nan)
    runs["basin"] = np.where(ended, nearest(paths.x[:, -1], minima, near), -1)
    runs["arrived"] = np.where(np.isin(paths.reason, ARRIVED) & (runs["basin"] >= 0), paths.stopped, -1)
    for name in ("final", "lowest", "reached", "reason"):  # a map has many runs, and these tell nothing more
        del runs[name]
    meta = BasinsMeta(
        **facts(landscape, results),
        axes={"y": y.tolist(), "x": x.tolist()},
        box=sides.tolist(),
        tol=near,
        label=labels(entries)[0],
        optimizer=optimizer.spec,
        minima=minima.tolist(),
        minima_values=_values(landscape, minima).tolist(),
        minima_are=kinds,
        target=None,
    )
    return Record(Trajectories(paths.x, paths.loss, paths.step, runs), landscape.surface(), meta)


def nearest(points: NDArray[np.float64], minima: NDArray[np.float64], within: float) -> NDArray[np.int64]:
    """The number of the minimum that each point is nearest to, shape (n,); -1 where none is as near as that.

    >>> nearest(np.array([[0.1, 0.0], [3.0, 3.0]]), np.array([[1.0, 0.0], [0.0, 0.0]]), within=0.5)
    array([ 1, -1])
    """
    found = [_nearest(points[i : i + PART], minima, within) for i in range(0, len(points), PART)]
    return np.concatenate([np.empty(0, dtype=np.int64), *found])


def _nearest(points: NDArray[np.float64], minima: NDArray[np.float64], within: float) -> NDArray[np.int64]:
    best, who = np.full(len(points), within), np.full(len(points), -1)
    for number, minimum in enumerate(minima):
        away = np.hypot(*(points - minimum).T)
        closer = (away < best) | ((away <= best) & (who < 0))
        best, who = np.where(closer, away, best), np.where(closer, number, who)
    return who


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


def _known(function: Function) -> tuple[NDArray[np.float64], list[str]]:
    """The minima that the landscape tells, shape (k, 2), and whether each is global or local."""
    local = [place.point for place in function.stationary if place.kind == "minimum"]
    points = np.array([*function.minima, *local], dtype=np.float64).reshape(-1, 2)
    return points, ["global"] * len(function.minima) + ["local"] * len(local)


def _rest(
    function: Function, ends: NDArray[np.float64], known: NDArray[np.float64], within: float
) -> NDArray[np.float64]:
    """The minima among end points (n, 2) that are not known, shape (k, 2), the lowest first.

    Of end points that lie together the lowest stands for all. It is near a minimum where a descent from it stays close
    by, and where that ends lower than a circle around it; so points on their way along a valley are none.
    """
    ends = ends[np.isfinite(ends).all(1)]
    apart = _thinned(function, ends[nearest(ends, known, 2 * within) < 0], within)
    found = _thinned(function, _descended(function, apart, within), within)
    found = found[nearest(found, known, 2 * within) < 0]
    angle = np.arange(WAYS) * 2 * math.pi / WAYS
    circle = within * np.stack([np.cos(angle), np.sin(angle)], 1)
    rises = (_values(function, found[:, None] + circle) > _values(function, found)[:, None]).all(1)
    return np.asarray(found[rises])


def _thinned(function: Function, points: NDArray[np.float64], within: float) -> NDArray[np.float64]:
    """The lowest points (k, 2) of those (n, 2), the lowest first; no two lie together."""
    value = _values(function, points)
    points = points[np.lexsort((points[:, 1], points[:, 0], value))]
    kept: list[NDArray[np.float64]] = []
    while len(points) and len(kept) < MOST:
        kept.append(points[0])
        points = points[np.hypot(*(points - points[0]).T) > 2 * within]
    return np.array(kept).reshape(-1, 2)


def _descended(function: Function, points: NDArray[np.float64], within: float) -> NDArray[np.float64]:
    """Where descents from the points (n, 2) end, of those that stay close by."""
    if not len(points):
        return points
    sides = np.concatenate([points, np.array(function.domain).T])
    hull = replace(function, domain=tuple(zip(sides.min(0).tolist(), sides.max(0).tolist(), strict=True)))
    try:
        ended = descend(hull, torch.from_numpy(points), 60).numpy()
    except RuntimeError:  # no second derivative
        return points
    return np.asarray(ended[np.hypot(*(ended - points).T) <= 2 * within])


def _values(function: Function, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values (...) at points (..., 2)."""
    with torch.no_grad():
        return np.asarray(function(torch.from_numpy(points)).double().numpy())


def _check_resolution(resolution: Any) -> tuple[int, int]:
    """Pixels along x and along y."""
    pair = resolution if isinstance(resolution, tuple | list) else (resolution, resolution)
    if len(pair) != 2:
        raise InputError(f"resolution is a number of pixels, or (along x, along y); not {resolution!r}")
    nx, ny = check_count("resolution", pair[0]), check_count("resolution", pair[1])
    if max(nx, ny) > FINEST:
        raise InputError(f"a map has at most {FINEST} × {FINEST} pixels, not {nx} × {ny}; map a smaller box")
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
            f'box is "view", "domain" or ((x from, x to), (y from, y to)), finite, ascending; not {box!r:.80}'
        )
    return sides


def _check_tol(tol: Any, sides: Box) -> float:
    if tol is None:
        return float(WITHIN * (sides[:, 1] - sides[:, 0]).min())
    number = isinstance(tol, int | float) and not isinstance(tol, bool)
    if not number or not 0 < tol < math.inf:
        raise InputError(f"tol must be a distance > 0, got {tol!r}")
    return float(tol)
