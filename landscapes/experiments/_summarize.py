"""Makes the summary of a landscape: its values and slopes on grids, and its facts in words."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.derivatives import gradient
from landscapes.objectives.facts import rows
from landscapes.summary import FunctionSummary
from landscapes.transforms import restricted

TOLD = ("coordinates", "domain", "start", "minima", "minimum", "outside", "nonsmooth", "tags", "reference")
"""The facts that are told in words; the others are seen."""

BEHIND, BEFORE = 0.6, 1.4
"""How far a plane goes beyond the minimum, and beyond the start, in distances of the two."""


@suggests_arguments
def summarize(
    function: str | Function, dim: int | None = None, *, points: int = 257, arrows: int = 21
) -> FunctionSummary:
    """What a fact sheet shows of a landscape.

    With one coordinate that is a curve, with more than two the plane through the minimum and the start that the
    gradient at the start points along.

    Args:
        function: a name of the catalogue, or a landscape of one's own.
        dim: the number of coordinates; by default the landscape's own.
        points: of the surface, a side; four times as many of a curve.
        arrows: places where the slope is asked, a side; along a curve there are more.

    Raises:
        InputError: for an unknown name, a number of coordinates that the landscape cannot have, fewer than two
            points or arrows.

    >>> summary = summarize("beale", points=65)
    >>> summary.surface.values.shape, sorted(summary.marks), summary.facts["domain"]
    ((65, 65), ['saddle', 'start'], '[-4.5, 4.5] × [-4.5, 4.5]')
    """
    for name, count in (("points", points), ("arrows", arrows)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 2:
            raise InputError(f"{name} is a whole number, at least 2, not {count!r}")
    landscape = as_function(function)
    if dim is not None:
        landscape = landscape.with_dim(dim)
    shown = _plane(landscape) if landscape.dim > 2 else landscape
    told = dict(rows(landscape, digits=5))
    told["minima"] = told.get("minima", "none").replace("  ", "; ")
    if landscape.family is not None:
        told["coordinates"] = f"{landscape.dim}; {told['coordinates']}"
    marks: dict[str, list[tuple[float, ...]]] = defaultdict(list, start=[shown.start])
    for place in shown.stationary:
        marks[place.kind].append(place.point)
    at = _grid(shown, arrows if shown.dim == 2 else 4 * points)
    slope = gradient(shown, torch.from_numpy(at)).numpy()
    return FunctionSummary(
        title=landscape.title,
        surface=shown.surface(points) if shown.dim == 2 else shown.curve(4 * points + 1),
        at=_flat(at),
        slope=_flat(slope),
        marks={kind: _flat(np.array(found)) for kind, found in marks.items()},
        axes=("from the minimum to the start", "across") if landscape.dim > 2 else ("x", "y"),
        description=landscape.description,
        latex=landscape.latex,
        facts={name: told[name] for name in TOLD if name in told},
    )


def _grid(function: Function, n: int) -> NDArray[np.float64]:
    """The middles of n parts a side of the view, shape (n^d, d)."""
    middles = (np.arange(n) + 0.5) / n
    sides = [low + (high - low) * middles for low, high in function.view]
    return np.stack(np.meshgrid(*sides, indexing="xy"), -1).reshape(-1, function.dim)


def _flat(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (k, d) in the plane: those on a line get a zero."""
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))


def _plane(function: Function) -> Function:
    """The plane through the minimum nearest to the start, the start, and what the gradient at the start points to."""
    sides = np.array([high - low for low, high in function.domain])
    start = np.array(function.start)
    minima = np.array(function.minima).reshape(-1, function.dim)
    away = np.linalg.norm((minima - start) / sides, axis=1)
    origin = minima[away.argmin()] if len(minima) and away.min() > 0 else np.mean(function.domain, axis=1)
    along = (start - origin) / sides
    length = float(np.linalg.norm(along))
    if length == 0:
        along = np.eye(function.dim)[0]
        length = 1.0
    downhill = gradient(function, torch.from_numpy(start)).numpy() * sides
    across = next(
        rest / np.linalg.norm(rest)
        for way in (downhill, *np.eye(function.dim))
        for rest in [_beside(way, along)]
        if math.isfinite(size := float(np.linalg.norm(rest))) and size > 1e-6 * max(float(np.linalg.norm(way)), 1e-300)
    )
    return restricted(
        function,
        origin.tolist(),
        [(along * sides).tolist(), (length * across * sides).tolist()],
        domain=[(-BEHIND, BEFORE), (-1.0, 1.0)],
        start=(1.0, 0.0),
    )


def _beside(way: NDArray[np.float64], along: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is left of a direction without its share along another."""
    return way - (way @ along) / (along @ along) * along
