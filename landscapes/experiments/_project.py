"""Races in many coordinates on a plane that can be drawn: `project`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.record import FAILED, Record
from landscapes.transforms import restricted
from landscapes.views import around

Points = NDArray[np.float64]


@suggests_arguments
def project(
    record: Record, function: str | Function, *, along: str | Sequence[int] = "pca", resolution: int = 257
) -> Record:
    """A race in more than two coordinates, on a plane through the best run's last point.

    The runs are projected onto the plane at right angles; the surface is the landscape in the plane. Off the plane it is another:
    the values of the runs stay the true ones, and `meta["plane"]["explained"]` says how much of the runs' movement
    lies in the plane (Li, Xu, Taylor, Studer & Goldstein, 2018, on how little random directions show).

    Args:
        record: a race on the function.
        function: the landscape, or its name; its number of coordinates is the record's.
        along: "pca" for the two directions in which the runs that did not fail move most, or the numbers of
            two coordinates, (0, 1) for the first two.
        resolution: points a side of the surface.

    Returns:
        A record of two coordinates, counted along the two directions from the best run's last point, to be drawn as any other.

    Raises:
        InputError: for a record in two coordinates or one, another function, or directions that there are not.

    >>> from landscapes import race
    >>> from landscapes.functions import get
    >>> function = get("sphere").with_dim(5)
    >>> flat = project(race(function, ["sgd(lr=0.1)"], steps=20), function, resolution=33)
    >>> flat.trajectories.x.shape, round(flat.meta["plane"]["explained"], 3)
    ((1, 21, 2), 1.0)
    """
    if not isinstance(record, Record):
        raise InputError(f"project takes a Record, as race() returns it, not {record!r:.80}")
    dim = record.trajectories.x.shape[-1]
    if dim < 3:
        raise InputError(f"this record has {dim} coordinate{'s' * (dim > 1)} already; more than two are projected")
    landscape = as_function(function)
    if landscape.dim != dim:
        landscape = landscape.with_dim(dim)
    if record.meta.get("function") != landscape.name:
        raise InputError(f"this record is of {record.meta.get('function')}, not of {landscape.name}")
    x = record.trajectories.x
    origin = x[record.order[0], -1]
    ways, explained = _directions(record, origin, along)
    flat = (x - origin) @ ways.T
    held = ~np.isin(record.trajectories.runs["status"], FAILED)
    seen = flat[held if held.any() else slice(None)].reshape(-1, 2)
    seen = seen[np.isfinite(seen).all(1)]
    extent = np.stack([seen.min(0), seen.max(0)], 1)
    box = around(extent, np.ones(2))
    plane = restricted(landscape, origin.tolist(), ways.tolist(), domain=[(low, high) for low, high in box.tolist()])
    meta = record.meta.replace(
        title=f"{record.meta.get('title', landscape.title)}, {dim} coordinates: {100 * explained:.0f} % of the "
        "movement lies in this plane",
        start=flat[0, 0].tolist(),
        domain=box.tolist(),
        plane={
            "origin": origin.tolist(),
            "directions": ways.tolist(),
            "along": along if isinstance(along, str) else [int(place) for place in along],
            "explained": explained,
        },
    )
    return Record(replace(record.trajectories, x=flat), plane.surface(resolution), meta)


def _directions(record: Record, origin: Points, along: str | Sequence[int]) -> tuple[Points, float]:
    """Two directions at right angles, of length 1, shape (2, d), and which share of the runs' movement lies in them."""
    x = record.trajectories.x
    dim = len(origin)
    held = ~np.isin(record.trajectories.runs["status"], FAILED)
    moves = (x[held if held.any() else slice(None)] - origin).reshape(-1, dim)
    moves = moves[np.isfinite(moves).all(1)]
    if isinstance(along, str):
        if along != "pca":
            raise InputError(f'along is "pca" or the numbers of two coordinates, such as (0, 1); not {along!r}')
        _, _, found = np.linalg.svd(moves, full_matrices=True) if len(moves) < dim else _principal(moves)
        ways = found[:2]
        ways = (
            ways * np.where(ways[np.arange(2), np.abs(ways).argmax(1)] < 0, -1.0, 1.0)[:, None]
        )  # SVD leaves the sign open
    else:
        places = list(along)
        whole = all(isinstance(place, int | np.integer) and not isinstance(place, bool) for place in places)
        if len(places) != 2 or not whole or len(set(places)) < 2 or not all(0 <= place < dim for place in places):
            raise InputError(f"along is two different coordinates from 0 to {dim - 1}, or 'pca'; not {along!r}")
        ways = np.eye(dim)[places]
    total = float((moves**2).sum())
    return ways, float(((moves @ ways.T) ** 2).sum()) / total if total else 1.0


def _principal(moves: Points) -> tuple[Points, Points, Points]:
    """The principal directions of moves (n, d), as rows, the strongest first."""
    strength, columns = np.linalg.eigh(moves.T @ moves)
    return moves, strength[::-1], columns[:, ::-1].T
