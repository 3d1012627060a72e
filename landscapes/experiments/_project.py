"""Project races in many coordinates onto a plane that can be drawn: `project`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine.loop import Progress
from landscapes.errors import InputError, suggests_arguments, warn
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
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

OTHER_LOSS = 0.05
"""Losses that differ by a larger share are not those of the same network."""

MOST_WITH_MINIMA = 1000
"""The most coordinates for which minimizers in the plane are looked up."""

LARGEST_STORED = 10_000
"""Planes in more coordinates are not stored in the metadata."""


@suggests_arguments
@in_usual_modes
def project(
    record: Record,
    function: str | Function | None = None,
    *,
    along: str | Sequence[int] | Sequence[Sequence[float]] = "pca",
    resolution: int = 257,
    view: Sequence[Sequence[float]] | None = None,
    margin: float = MARGIN,
    progress: Progress | None = None,
) -> Record:
    """Project a race in more than two coordinates onto a plane through the best run's last point.

    Runs are projected orthogonally. The surface is the function in the plane. The losses of runs stay the true ones, so
    off the plane they differ from the surface. `meta.plane["explained"]` is the share of the runs' movement within the
    plane (Li, Xu, Taylor, Studer & Goldstein, 2018, show how little random directions explain).

    Args:
        record: a race on the function, or your own runs (`Record.from_checkpoints`).
        function: the function, or its name; its number of coordinates is that of the record. None draws trajectories
            without a surface.
        along: "pca" for the two directions in which runs that did not fail move most; the numbers of two coordinates,
            such as (0, 1); or two directions, shape (2, d), which are made orthonormal.
        resolution: points per side of the surface.
        view: the part of the plane to show, ((x low, x high), (y low, y high)); by default a box around all runs that
            did not fail.
        margin: the margin of that box, as a share of its longer side.
        progress: called with (points evaluated, all points).

    Returns:
        A record of two coordinates, measured along the two directions from the best run's last point.

    Raises:
        InputError: for a record of one or two coordinates, another function, or unknown directions.

    Warns:
        UserWarning: if a network with frozen statistics of BatchNorm (`from_module`) has another loss at the best run's
            last point than the record.

    >>> from landscapes import race
    >>> from landscapes.functions import get
    >>> function = get("sphere").with_dim(5)
    >>> flat = project(race(function, ["sgd(lr=0.1)"], steps=20), function, resolution=33)
    >>> flat.trajectories.x.shape, round(flat.meta["plane"]["explained"], 3)
    ((1, 21, 2), 1.0)
    """
    if not isinstance(record, Record):
        raise InputError(f"project takes the Record of race(), got {record!r:.80}")
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
    origin = x[record.order[0], -1]
    directions, explained = _directions(record, origin, along)
    if objective is not None:
        _warn_of_statistics(objective, origin, float(record.trajectories.loss[record.order[0], -1]))
    flat = (x - origin) @ directions.T
    kept = ~np.isin(record.trajectories.runs["status"], FAILED)
    points = flat[kept if kept.any() else slice(None)].reshape(-1, 2)
    points = points[np.isfinite(points).all(1)]
    extent = np.stack([points.min(0), points.max(0)], 1)
    box = around(extent, np.ones(2), margin) if wanted is None else wanted
    surface = None if objective is None else _surface(objective, origin, directions, box, resolution, progress)
    title = record.meta.title or (objective.title if objective else "") or "Trajectories"
    stored = dim <= LARGEST_STORED
    meta = record.meta.replace(
        title=f"{title}, {dim} coordinates: {100 * explained:.0f} % of the movement lies in this plane",
        start=flat[0, 0].tolist(),
        domain=box.tolist(),
        plane={
            **({"origin": origin.tolist(), "directions": directions.tolist()} if stored else {}),
            "along": along if isinstance(along, str) else np.asarray(along).tolist() if stored else "directions",
            "explained": explained,
        },
    )
    moving = {name: values for name, values in record.trajectories.metrics.items() if values.ndim == 2}
    return Record(replace(record.trajectories, x=flat, metrics=moving), surface, meta)


def _objective(record: Record, function: str | Function, dim: int) -> Function:
    """Return the function of a record. Raises `InputError` if it is another one."""
    objective = as_function(function)
    if objective.dim != dim:
        objective = objective.with_dim(dim)
    if record.meta.function not in ("", objective.name):
        raise InputError(f"this record is of {record.meta.function}, not of {objective.name}")
    return objective


def _warn_of_statistics(function: Function, point: Points, loss: float) -> None:
    """Warn if a network with frozen statistics of BatchNorm has another loss at a point than the one recorded."""
    if not getattr(function.formula, "statistics", None):
        return
    with torch.no_grad():
        value = float(function.evaluate(torch.from_numpy(point.copy())[:, None]))
    if math.isfinite(value) and abs(value - loss) > OTHER_LOSS * max(abs(value), abs(loss)):
        warn(
            f"the best run ends with loss {loss:.4g}, but the network given has {value:.4g} there: it uses its own "
            'running statistics of BatchNorm at all points; use from_module(..., batchnorm="batch"), or load the last '
            "checkpoint of that run into the network first"
        )


def _surface(
    function: Function, origin: Points, directions: Points, box: Box, resolution: int, progress: Progress | None
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
    if len(origin) <= MOST_WITH_MINIMA:
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
