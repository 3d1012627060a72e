"""Project races in many coordinates onto a plane that can be drawn: `project`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine.loop import Progress
from landscapes.errors import InputError, suggests_arguments, warn
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
from landscapes.objectives._function import Scale
from landscapes.objectives.decorators import Function
from landscapes.record import FAILED, Record, Surface
from landscapes.transforms import restricted
from landscapes.views import MARGIN, Box, around, check_view

Points = NDArray[np.float64]

MOST_MOVES = 2000
"""At most this many points choose the principal directions, evenly spaced among those recorded."""

FAINT = 1e-10
"""The share of the strongest direction's square below which a Gram matrix does not resolve the second."""

CHUNK_NUMBERS, CHUNK_POINTS = 2**22, 32
"""Points are evaluated together up to this many coordinates, or this many points of a network."""

OTHER_LOSS, ROUNDING, COMPARED = 0.05, 1e-6, 64
"""Losses that differ by a larger share are not those of the same function, unless the difference is below a share of
the largest; at how many points they are compared."""

MOST_WITH_MINIMA = 1000
"""The most coordinates for which minimizers in the plane are looked up."""

LARGEST_STORED = 10_000
"""Planes in more coordinates are not stored in the metadata."""


@suggests_arguments
@in_usual_modes
def project(
    record: Record,
    function: str | Function | Callable[[Points], Any] | None = None,
    *,
    along: str | Sequence[int] | Sequence[Sequence[float]] = "pca",
    origin: Sequence[float] | None = None,
    resolution: int = 257,
    view: Sequence[Sequence[float]] | None = None,
    margin: float = MARGIN,
    progress: Progress | None = None,
) -> Record:
    """Project a race in more than two coordinates onto a plane, by default through the best run's last point.

    Runs are projected orthogonally. The surface is the function in the plane. The losses of runs stay the true ones, so
    off the plane they differ from the surface. `meta.plane["explained"]` is the share of the runs' movement within the
    plane (Li, Xu, Taylor, Studer & Goldstein, 2018, show how little random directions explain).

    Args:
        record: a race on the function, or your own runs (`Record.from_checkpoints`).
        function: the function, or its name; its number of coordinates is that of the record. Or any callable that takes
            a point, an array of shape (d,), and returns its loss. `from_module` makes a much faster function of a
            network. None draws trajectories without a surface.
        along: "pca" for the two directions in which runs that did not fail move most; the numbers of two coordinates,
            such as (0, 1); or two directions, shape (2, d), which are made orthonormal.
        origin: the point of the plane from which its coordinates are measured, d numbers; by default the best run's
            last point.
        resolution: points per side of the surface.
        view: the part of the plane to show, ((x low, x high), (y low, y high)); by default a box around all runs that
            did not fail.
        margin: the margin of that box, as a share of its longer side.
        progress: called with (points evaluated, all points).

    Returns:
        A record of two coordinates, measured along the two directions from the origin.

    Raises:
        InputError: for a record of one or two coordinates, another function, unknown directions, or an origin that is
            not a point.

    Warns:
        UserWarning: if the function has other values at points of the runs than the losses recorded there, as with
            another batch of data, or with BatchNorm in another mode.

    >>> from landscapes import race
    >>> from landscapes.functions import get
    >>> function = get("sphere").with_dim(5)
    >>> flat = project(race(function, ["sgd(lr=0.1)"], steps=20), function, resolution=33)
    >>> flat.trajectories.x.shape, round(flat.meta["plane"]["explained"], 3)
    ((1, 21, 2), 1.0)
    """
    if not isinstance(record, Record):
        raise InputError(f"project takes the Record of race(), got {record!r:.80}")
    record = _with_points(record)
    dim = record.trajectories.x.shape[-1]
    if dim < 3:
        raise InputError(f"this record has {dim} coordinate{'s' * (dim > 1)} already; only more than two are projected")
    objective = None if function is None else _objective(record, function, dim)
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 <= margin < math.inf:
        raise InputError(f"margin must be a finite number >= 0, got {margin!r}")
    wanted = None if view is None else check_view(view)
    if isinstance(wanted, str):
        raise InputError(f"view must be a box in the plane ((x low, x high), (y low, y high)), got {view!r}")
    if isinstance(resolution, bool) or not isinstance(resolution, int) or resolution < 2:
        raise InputError(f"resolution must be an integer >= 2, got {resolution!r}")
    x = record.trajectories.x
    center = x[record.order[0], -1] if origin is None else _point(origin, dim)
    directions, explained = _directions(record, center, along)
    if objective is not None:
        _warn_of_other_losses(objective, record)
    flat = (x - center) @ directions.T
    kept = ~np.isin(record.trajectories.runs["status"], FAILED)
    points = flat[kept if kept.any() else slice(None)].reshape(-1, 2)
    points = points[np.isfinite(points).all(1)]
    extent = np.stack([points.min(0), points.max(0)], 1)
    box = around(extent, np.ones(2), margin) if wanted is None else wanted
    surface = None if objective is None else _surface(objective, center, directions, box, resolution, progress)
    title = record.meta.title or (objective.title if objective else "") or "Trajectories"
    stored = dim <= LARGEST_STORED
    meta = record.meta.replace(
        title=f"{title}, d = {dim}: {100 * explained:.0f} % of the movement in this plane",
        start=flat[0, 0].tolist(),
        domain=box.tolist(),
        plane={
            **({"origin": center.tolist(), "directions": directions.tolist()} if stored else {}),
            "along": along if isinstance(along, str) else np.asarray(along).tolist() if stored else "directions",
            "explained": explained,
        },
    )
    moving = {name: values for name, values in record.trajectories.metrics.items() if values.ndim == 2}
    return Record(replace(record.trajectories, x=flat, metrics=moving), surface, meta)


def _point(given: Sequence[float], dim: int) -> Points:
    """Return a point as an array (d,). Raises `InputError` if it is none."""
    try:
        point = np.array(given, dtype=float)
    except (TypeError, ValueError):
        point = np.zeros(0)
    if point.shape != (dim,) or not np.isfinite(point).all():
        raise InputError(f"origin must be a point of {dim} finite numbers, got {given!r:.80}")
    return point


def _with_points(record: Record) -> Record:
    """Return a record without the steps at which no run has a point, such as those that `watch` did not measure."""
    t = record.trajectories
    there = np.isfinite(t.x).all(2).any(0)
    if there.all() or not there.any():
        return record
    metrics = {name: values[:, there] for name, values in t.metrics.items()}
    return replace(
        record, trajectories=replace(t, x=t.x[:, there], loss=t.loss[:, there], step=t.step[there], metrics=metrics)
    )


@dataclass(frozen=True)
class PointFunction:
    """A callable of one point (d,), with what `project` needs of a `Function`."""

    formula: Callable[[Points], Any]
    title: str = ""
    scale: Scale = "log"
    mode: str = "looped"

    def evaluate(self, points: torch.Tensor) -> torch.Tensor:
        """Return the values, shape (n,), at points of shape (d, n)."""
        return torch.tensor([self._at(point) for point in points.T.contiguous().numpy()], dtype=torch.float64)

    def _at(self, point: Points) -> float:
        value = self.formula(point)
        try:
            return float(value)
        except (TypeError, ValueError, RuntimeError):
            raise InputError(f"the function must return one number per point, got {value!r:.60}") from None


def _objective(
    record: Record, function: str | Function | Callable[[Points], Any], dim: int
) -> Function | PointFunction:
    """Return the function of a record. Raises `InputError` if it is another one."""
    if isinstance(function, torch.nn.Module):
        raise InputError("a network is not a function of its weights: give from_module(network, loss, inputs, targets)")
    if callable(function) and not isinstance(function, Function):
        return PointFunction(function)
    objective = as_function(function)
    if objective.dim != dim:
        objective = objective.with_dim(dim)
    if record.meta.function not in ("", objective.name):
        raise InputError(f"this record is of {record.meta.function}, not of {objective.name}")
    return objective


def _warn_of_other_losses(function: Function | PointFunction, record: Record) -> None:
    """Warn if the function has other values at some points of the runs than the losses recorded there."""
    x, loss = record.trajectories.x, record.trajectories.loss
    runs = np.flatnonzero(~np.isin(record.trajectories.runs["status"], FAILED))[:COMPARED]
    at = np.unique(np.linspace(0, x.shape[1] - 1, max(COMPARED // max(len(runs), 1), 2)).astype(int))
    run, at = (side.ravel() for side in np.meshgrid(runs, at, indexing="ij"))
    known = np.isfinite(loss[run, at])
    run, at = run[known], at[known]
    with torch.no_grad():
        values = [float(function.evaluate(torch.from_numpy(point.copy())[:, None])[0]) for point in x[run, at]]
    if not values:
        return
    given, found = loss[run, at], np.array(values)
    apart = np.where(np.isfinite(found), np.abs(found - given), np.inf)
    scale = np.maximum(np.abs(given), np.where(np.isfinite(found), np.abs(found), 0.0))
    worst = int(np.argmax(apart))
    if not (apart > np.maximum(OTHER_LOSS * scale, ROUNDING * scale.max())).any():
        return
    frozen = getattr(function.formula, "statistics", None)
    advice = (
        'it uses its own running statistics of BatchNorm at all points; use from_module(..., batchnorm="batch"), or '
        "load the last checkpoint of that run into the network first"
        if frozen
        else "give the loss on the data, and in the mode (training or evaluation), of the losses recorded; those of "
        "mini-batches always differ"
    )
    warn(
        f"the surface is not that of the losses recorded: at step {record.trajectories.step[at[worst]]} of "
        f"{str(record.trajectories.runs['label'][run[worst]])!r} the loss is {given[worst]:.4g}, and the function has "
        f"{found[worst]:.4g} there, the largest difference at {len(found)} points; {advice}"
    )


def _surface(
    function: Function | PointFunction,
    origin: Points,
    directions: Points,
    box: Box,
    resolution: int,
    progress: Progress | None,
) -> Surface:
    """Return the function in the plane, evaluated in chunks that fit the caches."""
    x, y = (np.linspace(low, high, resolution) for low, high in box.tolist())
    grid = torch.from_numpy(np.stack([np.tile(x, resolution), np.repeat(y, resolution)]))
    base, along = torch.from_numpy(origin.copy())[:, None], torch.from_numpy(directions.copy())
    size = max(CHUNK_NUMBERS // len(origin), 1)
    if function.mode != "batched":
        size = min(size, CHUNK_POINTS)
    values = []
    with torch.no_grad():
        for begin in range(0, grid.shape[1], size):
            u, v = grid[:, begin : begin + size]
            values.append(function.evaluate(base + (along[0][:, None] * u + along[1][:, None] * v)).double())
            if progress is not None:
                progress(min(begin + size, grid.shape[1]), grid.shape[1])
    minima, minimum = np.zeros((0, 2)), math.nan
    if len(origin) <= MOST_WITH_MINIMA and isinstance(function, Function):
        sides = [(low, high) for low, high in box.tolist()]
        plane = restricted(function, origin.tolist(), directions.tolist(), domain=sides)
        minima, minimum = np.array(plane.minima, dtype=float).reshape(-1, 2), plane.minimum
    return Surface(x, y, torch.cat(values).reshape(resolution, resolution).numpy(), minima, minimum, function.scale)


def _directions(
    record: Record, origin: Points, along: str | Sequence[int] | Sequence[Sequence[float]]
) -> tuple[Points, float]:
    """Return two orthonormal directions, shape (2, d), and the share of the movement within them."""
    x = record.trajectories.x
    dim = len(origin)
    kept = ~np.isin(record.trajectories.runs["status"], FAILED)
    moves = (x[kept if kept.any() else slice(None)] - origin).reshape(-1, dim)
    finite = np.isfinite(moves).all(1)
    moves = moves if finite.all() else moves[finite]
    if isinstance(along, str):
        if along != "pca":
            raise InputError(f'along must be "pca" or the numbers of two coordinates, such as (0, 1); got {along!r}')
        directions = _principal(moves)
    elif np.ndim(along) == 2:
        directions = _orthonormal(np.asarray(along, dtype=float), dim)
    else:
        numbers: list[Any] = list(along)
        integers = all(isinstance(number, int | np.integer) and not isinstance(number, bool) for number in numbers)
        if (
            len(numbers) != 2
            or not integers
            or len(set(numbers)) < 2
            or not all(0 <= number < dim for number in numbers)
        ):
            raise InputError(f"along must be two different coordinates from 0 to {dim - 1}, or 'pca'; got {along!r}")
        directions = np.eye(dim)[numbers]
    total = float(np.einsum("ij,ij->", moves, moves))
    return directions, float(((moves @ directions.T) ** 2).sum()) / total if total else 1.0


def _orthonormal(given: Points, dim: int) -> Points:
    """Return two directions made orthonormal, shape (2, d). Raises `InputError` if they span no plane."""
    if given.shape != (2, dim) or not np.isfinite(given).all():
        raise InputError(f"along must be two finite directions of shape (2, {dim}), got shape {given.shape}")
    q, r = np.linalg.qr(given.T)
    if np.abs(np.diag(r)).min() <= 1e-12 * np.abs(r).max():
        raise InputError("along must be two directions that are not parallel")
    return np.asarray((q * np.sign(np.diag(r))).T)


def _principal(moves: Points) -> Points:
    """Return the two principal directions of moves (n, d) as rows, the strongest first.

    They come from the smaller of the two Gram matrices, so time and memory are linear in d for few moves. A Gram
    matrix squares the ratio of the two strengths. If the second is lost in rounding, the first is removed before.
    """
    if min(moves.shape) > MOST_MOVES:
        moves = moves[:: -(-len(moves) // MOST_MOVES)]
    wide = moves.shape[0] < moves.shape[1]
    strength, columns = np.linalg.eigh(moves @ moves.T if wide else moves.T @ moves)
    if len(strength) > 1 and strength[-2] > FAINT * strength[-1] > 0:
        pair = columns[:, [-1, -2]].T
        first, second = pair @ moves if wide else pair
    else:
        first = _strongest(moves)
        first = np.eye(1, moves.shape[1])[0] if first is None else first
        found = _strongest(moves - np.outer(moves @ first, first))
        second = np.zeros_like(first) if found is None else found
        if found is None:  # all moves are on one line
            second[np.abs(first).argmin()] = 1.0
    first = first / np.linalg.norm(first)
    for _ in range(2):  # once leaves the rounding errors of a weak direction
        second = second - (second @ first) * first
        second /= np.linalg.norm(second)
    directions = np.stack([first, second])
    signs = np.where(directions[np.arange(2), np.abs(directions).argmax(1)] < 0, -1.0, 1.0)  # left open by the PCA
    return directions * signs[:, None]


def _strongest(moves: Points) -> Points | None:
    """Return the unit direction in which moves (n, d) extend most; None if there is no movement."""
    if not moves.any():
        return None
    wide = moves.shape[0] < moves.shape[1]
    _, columns = np.linalg.eigh(moves @ moves.T if wide else moves.T @ moves)
    found = columns[:, -1] @ moves if wide else columns[:, -1]
    length = float(np.linalg.norm(found))
    return found / length if length else None
