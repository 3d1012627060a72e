"""Choose start points: given ones, or one and others drawn around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.experiments.checks import check_count, check_start
from landscapes.objectives.decorators import Function

Spread = Literal["view", "domain"] | float
"""Where starts are drawn: in the view, in the domain, or within this many sides of the view around the given one."""

NEAR = 0.02
"""How far from the given start others are drawn by default, in sides of the view."""

MOST = 2**24
"""How many points are drawn at most."""


def sobol(dim: int, count: int, seed: int) -> torch.Tensor:
    """Return points of the unit cube from a scrambled Sobol sequence (1967), shape (count, dim).

    Raises `InputError` for more points than `MOST`.
    """
    if count > MOST:
        raise InputError(f"at most {MOST:,} points can be drawn, got {count:,}")
    engine = torch.quasirandom.SobolEngine(dim, scramble=True, seed=seed)  # type: ignore[no-untyped-call]
    first = engine.quasi.double() / 2**engine.MAXBIT  # torch rounds the first point to its default dtype
    points = engine.draw(count, dtype=torch.float64)
    points[0] = first.float()
    return points


def starts_of(
    function: Function,
    start: Sequence[float] | None = None,
    starts: int | Sequence[Sequence[float]] | None = None,
    *,
    spread: Spread = NEAR,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return the start points of an experiment, shape (S, d).

    Args:
        function: the function.
        start: the first start; by default the function's own.
        starts: the points, shape (S, d), or how many: the first start, and others from a scrambled Sobol sequence
            where value and gradient are finite; by default one.
        spread: where they are drawn: "view", "domain", or within this many sides of the view around the first start.
        seed: of the Sobol sequence.

    Raises:
        InputError: for invalid arguments, or if the function is finite at too few points.

    >>> from landscapes.functions import get
    >>> starts_of(get("booth"), starts=[(0, 1), (2, 3)])
    array([[0., 1.],
           [2., 3.]])
    """
    if starts is not None and not isinstance(starts, int | np.integer):
        return _given(function, start, starts)
    count = 1 if starts is None else check_count("starts", starts)
    first = np.array(check_start(function, function.start if start is None else start))
    low, side = _box(function, first, spread)
    drawn = (
        _finite_only(function, low + side * sobol(function.dim, count - 1, seed).numpy()) if count > 1 else first[:0]
    )
    ahead = count - 1
    while len(drawn) < count - 1:
        ahead *= 2
        if ahead > 1024 * count:
            raise InputError(
                f"{function.name} and its gradient are finite at too few points to draw {count} starts; draw fewer, or "
                "with another spread"
            )
        drawn = _finite_only(function, low + side * sobol(function.dim, ahead, seed).numpy())
    return np.concatenate([first[None], drawn.reshape(-1, function.dim)[: count - 1]])


def _given(function: Function, start: Any, starts: Any) -> NDArray[np.float64]:
    if start is not None:
        raise InputError("give either start=… or starts=[…], not both; start=… goes with a number of starts")
    try:
        listed = list(starts)
    except TypeError:
        raise InputError(f"starts must be a number, or points such as [(0, 1), (2, 3)]; got {starts!r:.80}") from None
    if not listed:
        raise InputError("starts is empty; give at least one point, or a number of starts")
    points = np.array([check_start(function, point) for point in listed])
    if len(_finite_only(function, points)) < len(points):
        values = function(torch.from_numpy(points)).detach().numpy()
        bad = next((p for p, v in zip(points.tolist(), values, strict=True) if not math.isfinite(v)), None)
        raise InputError(
            f"{function.name} or its gradient is not finite at "
            f"{'a start' if bad is None else f'the start {bad}'}; leave it out"
        )
    return points


def _box(
    function: Function, first: NDArray[np.float64], spread: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower corner and the sides of the box in which starts are drawn, shape (d,) each."""
    if isinstance(spread, str) and spread in ("view", "domain"):
        low, high = np.array(function.view if spread == "view" else function.domain).T
        return low, high - low
    number = isinstance(spread, int | float) and not isinstance(spread, bool)
    if not number or not 0 < spread < math.inf:
        raise InputError(f'spread must be "view", "domain" or a number > 0, got {spread!r}')
    side = spread * np.diff(np.array(function.view), axis=1)[:, 0]
    return first - side, 2 * side


def _finite_only(function: Function, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return those of the points (n, d) where value and gradient are finite."""
    x = torch.from_numpy(points).T.contiguous().requires_grad_()
    value = function.evaluate(x)
    (slope,) = torch.autograd.grad(value.sum(), x)
    finite: NDArray[np.bool_] = (value.isfinite() & slope.isfinite().all(0)).numpy()
    return np.asarray(points[finite])
