"""Project races in many coordinates onto a plane that can be drawn: `project`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.record import FAILED, Record
from landscapes.transforms import restricted
from landscapes.views import around

Points = NDArray[np.float64]


@suggests_arguments
@in_usual_modes
def project(
    record: Record, function: str | Function, *, along: str | Sequence[int] = "pca", resolution: int = 257
) -> Record:
    """Project a race in more than two coordinates onto a plane through the best run's last point.

    Runs are projected orthogonally. The surface is the function in the plane. The losses of runs stay the true ones, so
    off the plane they differ from the surface. `meta.plane["explained"]` is the share of the runs' movement within the
    plane (Li, Xu, Taylor, Studer & Goldstein, 2018, show how little random directions explain).

    Args:
        record: a race on the function.
        function: the function, or its name; its number of coordinates is that of the record.
        along: "pca" for the two directions in which runs that did not fail move most, or the numbers of two
            coordinates, such as (0, 1).
        resolution: points per side of the surface.

    Returns:
        A record of two coordinates, measured along the two directions from the best run's last point.

    Raises:
        InputError: for a record of one or two coordinates, another function, or unknown directions.

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
    objective = as_function(function)
    if objective.dim != dim:
        objective = objective.with_dim(dim)
    if record.meta.get("function") != objective.name:
        raise InputError(f"this record is of {record.meta.get('function')}, not of {objective.name}")
    x = record.trajectories.x
    origin = x[record.order[0], -1]
    directions, explained = _directions(record, origin, along)
    flat = (x - origin) @ directions.T
    kept = ~np.isin(record.trajectories.runs["status"], FAILED)
    points = flat[kept if kept.any() else slice(None)].reshape(-1, 2)
    points = points[np.isfinite(points).all(1)]
    extent = np.stack([points.min(0), points.max(0)], 1)
    box = around(extent, np.ones(2))
    plane = restricted(
        objective, origin.tolist(), directions.tolist(), domain=[(low, high) for low, high in box.tolist()]
    )
    meta = record.meta.replace(
        title=f"{record.meta.get('title', objective.title)}, {dim} coordinates: {100 * explained:.0f} % of the "
        "movement lies in this plane",
        start=flat[0, 0].tolist(),
        domain=box.tolist(),
        plane={
            "origin": origin.tolist(),
            "directions": directions.tolist(),
            "along": along if isinstance(along, str) else [int(number) for number in along],
            "explained": explained,
        },
    )
    return Record(replace(record.trajectories, x=flat), plane.surface(resolution), meta)


def _directions(record: Record, origin: Points, along: str | Sequence[int]) -> tuple[Points, float]:
    """Return two orthonormal directions, shape (2, d), and the share of the movement within them."""
    x = record.trajectories.x
    dim = len(origin)
    kept = ~np.isin(record.trajectories.runs["status"], FAILED)
    moves = (x[kept if kept.any() else slice(None)] - origin).reshape(-1, dim)
    moves = moves[np.isfinite(moves).all(1)]
    if isinstance(along, str):
        if along != "pca":
            raise InputError(f'along must be "pca" or the numbers of two coordinates, such as (0, 1); got {along!r}')
        _, _, found = np.linalg.svd(moves, full_matrices=True) if len(moves) < dim else _principal(moves)
        directions = found[:2]
        directions = (
            directions * np.where(directions[np.arange(2), np.abs(directions).argmax(1)] < 0, -1.0, 1.0)[:, None]
        )  # SVD leaves the sign open
    else:
        numbers = list(along)
        integers = all(isinstance(number, int | np.integer) and not isinstance(number, bool) for number in numbers)
        if (
            len(numbers) != 2
            or not integers
            or len(set(numbers)) < 2
            or not all(0 <= number < dim for number in numbers)
        ):
            raise InputError(f"along must be two different coordinates from 0 to {dim - 1}, or 'pca'; got {along!r}")
        directions = np.eye(dim)[numbers]
    total = float((moves**2).sum())
    return directions, float(((moves @ directions.T) ** 2).sum()) / total if total else 1.0


def _principal(moves: Points) -> tuple[Points, Points, Points]:
    """Return the principal directions of moves (n, d) as rows, the strongest first."""
    strength, columns = np.linalg.eigh(moves.T @ moves)
    return moves, strength[::-1], columns[:, ::-1].T
