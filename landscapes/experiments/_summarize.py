"""Summarize a function: values and gradients on grids, and facts in words: `summarize`."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.experiments.torch_modes import in_usual_modes
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.objectives.derivatives import gradient
from landscapes.objectives.facts import rows
from landscapes.summary import FunctionSummary
from landscapes.transforms import restricted

FACTS = ("coordinates", "domain", "start", "minima", "minimum", "outside", "nonsmooth", "tags", "reference")
"""The facts that a summary has in words; the others are drawn."""

BEFORE, BEYOND = 0.6, 1.4
"""The plane extends from −0.6 to 1.4 times the way from the minimum to the start."""


@suggests_arguments
@in_usual_modes
def summarize(
    function: str | Function, dim: int | None = None, *, points: int = 257, arrows: int = 21
) -> FunctionSummary:
    """Return what a fact sheet shows of a function.

    For d = 1 this is a curve. For d > 2 it is the plane through the minimum, the start, and the gradient at the start.

    Args:
        function: a name of the catalogue, or a function of your own.
        dim: the number of coordinates; by default the function's own.
        points: points per side of the surface; four times as many for a curve.
        arrows: points per side of the gradient field; more along a curve.

    Raises:
        InputError: for an unknown name, a number of coordinates that the function does not take, or fewer than two
            points or arrows.

    >>> summary = summarize("beale", points=65)
    >>> summary.surface.values.shape, sorted(summary.marks), summary.facts["domain"]
    ((65, 65), ['saddle', 'start'], '[-4.5, 4.5] × [-4.5, 4.5]')
    """
    for name, count in (("points", points), ("arrows", arrows)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 2:
            raise InputError(f"{name} must be an integer >= 2, got {count!r}")
    objective = as_function(function)
    if dim is not None:
        objective = objective.with_dim(dim)
    plane = _plane(objective) if objective.dim > 2 else objective
    facts: dict[str, str] = {}
    for name, text in rows(objective, digits=5):
        facts.setdefault(name, text)  # the minimum comes before further minima
    facts["minima"] = facts.get("minima", "none").replace("  ", "; ")
    if objective.family is not None:
        facts["coordinates"] = f"{objective.dim}; {facts['coordinates']}"
    marks: dict[str, list[tuple[float, ...]]] = defaultdict(list, start=[plane.start])
    for point in plane.stationary:
        marks[point.kind].append(point.point)
    at = _grid(plane, arrows if plane.dim == 2 else 4 * points)
    slope = gradient(plane, torch.from_numpy(at)).numpy()
    return FunctionSummary(
        title=objective.title,
        surface=plane.surface(points) if plane.dim == 2 else plane.curve(4 * points + 1),
        at=_flat(at),
        slope=_flat(slope),
        marks={kind: _flat(np.array(found)) for kind, found in marks.items()},
        axes=("from the minimum to the start", "across") if objective.dim > 2 else ("x", "y"),
        description=objective.description,
        latex=objective.latex,
        facts={name: facts[name] for name in FACTS if name in facts},
    )


def _grid(function: Function, n: int) -> NDArray[np.float64]:
    """Return the centres of n parts per side of the view, shape (n^d, d)."""
    middles = (np.arange(n) + 0.5) / n
    sides = [low + (high - low) * middles for low, high in function.view]
    return np.stack(np.meshgrid(*sides, indexing="xy"), -1).reshape(-1, function.dim)


def _flat(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (k, d) with two coordinates; the second is 0 on a line."""
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))


def _plane(function: Function) -> Function:
    """Return the plane through the nearest minimum, the start and the direction of the gradient there."""
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
    slope = gradient(function, torch.from_numpy(start)).numpy() * sides
    across = next(
        rest / np.linalg.norm(rest)
        for direction in (slope, *np.eye(function.dim))
        for rest in [_orthogonal_part(direction, along)]
        if math.isfinite(size := float(np.linalg.norm(rest)))
        and size > 1e-6 * max(float(np.linalg.norm(direction)), 1e-300)
    )
    return restricted(
        function,
        origin.tolist(),
        [(along * sides).tolist(), (length * across * sides).tolist()],
        domain=[(-BEFORE, BEYOND), (-1.0, 1.0)],
        start=(1.0, 0.0),
    )


def _orthogonal_part(direction: NDArray[np.float64], along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the part of a direction that is orthogonal to another."""
    return direction - (direction @ along) / (along @ along) * along
