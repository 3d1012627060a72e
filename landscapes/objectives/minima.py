"""The minimum of a landscape of one's own: a quick search, for what is not known.

Many descents run as one batch, and need values and slopes alone: so it works for finite differences, too.
The catalogue's facts come from `landscapes.objectives.critical_points`, which is slower and exact.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import Function
from landscapes.objectives.derivatives import gradient, points

MOST_COORDINATES = 3
"""With more of them a quick search may miss the minimum."""

LONGEST = 0.005
"""Seconds that the slopes of all descents may take; slower landscapes are not searched."""

SCATTERED, DESCENTS, STEPS = 2048, 64, 60
"""Random points, descents from the best of them, and their steps."""

MOST_MINIMA = 12
"""More minimisers than these are a curve, or too many to mark."""

SAME = 1e-4
"""Points nearer to each other, in sides of the domain, are one."""


def with_found_minima(function: Function, seed: int = 0) -> Function:
    """The function with the minimum that a search of its domain finds; itself, where it finds none.

    A landscape is left alone when its minimum is known, it has more than three coordinates, its points are
    evaluated one by one or slowly, or it falls lower beyond its domain.

    Args:
        function: the landscape.
        seed: of the points from which the search begins.

    >>> from landscapes.builders._formula import formula
    >>> found = with_found_minima(formula("(x**2 - 1)**2 + (y - x)**2", (-2, 2)))
    >>> [tuple(round(c, 6) for c in point) for point in found.minima], round(found.minimum, 9)
    ([(-1.0, -1.0), (1.0, 1.0)], 0.0)
    """
    if not math.isnan(function.minimum) or function.minima:
        return function
    if function.dim > MOST_COORDINATES or function.mode == "looped":
        return function
    try:
        found = _search(function, seed)
    except (InputError, RuntimeError, ArithmeticError, ValueError, TypeError):  # some formulas end within the domain
        return function
    if found is None:
        return function
    lowest, minima = found
    return replace(function, minimum=lowest, minima=tuple(tuple(point) for point in minima.tolist()))


def _search(function: Function, seed: int) -> tuple[float, Tensor] | None:
    """The lowest value and its minimisers (k, d), none where they are too many; None where there is no minimum."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    width = high - low
    x = points(function, SCATTERED, seed)
    x = x[_values(function, x).argsort()]
    x = torch.cat([x[: DESCENTS // 2], x[DESCENTS // 2 :: SCATTERED // (DESCENTS // 2)]])[:DESCENTS]
    begin = time.perf_counter()
    gradient(function, x)
    if time.perf_counter() - begin > LONGEST:
        begin = time.perf_counter()  # the first call may load things
        gradient(function, x)
        if time.perf_counter() - begin > LONGEST:
            return None
    x = _descended(function, x, low, high)
    x = _settled(function, _distinct(x[_values(function, x).argsort()], width), low, high)
    rounded = torch.where(x.abs() < 1e-9 * width, 0.0, x)
    x = torch.where((_values(function, rounded) <= _values(function, x))[:, None], rounded, x)
    value = _values(function, x)
    if not bool(value.isfinite().any()):
        return None
    lowest = float(value.min())
    reach = float(_values(function, points(function, 256, seed)).nan_to_num(posinf=lowest).median()) - lowest
    x = x[(value <= lowest + 1e-9 * reach + 1e-12 * abs(lowest)).nonzero()[:, 0]]
    if _falls(function, x, low, high, lowest):
        return None
    x = _distinct(x, width)
    return lowest, x if len(x) <= MOST_MINIMA else x[:0]


def _distinct(x: Tensor, width: Tensor) -> Tensor:
    """The points (n, d) without those that are near one before them."""
    kept: list[Tensor] = []
    for place in x:
        if all(bool(((place - other).abs() > SAME * width).any()) for other in kept):
            kept.append(place)
    return torch.stack(kept)


def _descended(function: Function, x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Where descents by BFGS end that stay in the domain; of twelve lengths each step takes the best.

    Source: J. Nocedal and S. Wright, Numerical Optimization, 2006, chapter 6.
    """
    n, d = x.shape
    width = high - low
    lengths = 0.3 ** torch.arange(-1.0, 11.0, dtype=torch.float64)
    unit = torch.eye(d, dtype=torch.float64).expand(n, d, d)
    inverse = unit.clone()
    fresh = torch.ones(n, dtype=torch.bool)
    value, slope = _values(function, x), gradient(function, x).nan_to_num()
    for _ in range(STEPS):
        way = -(inverse @ slope[..., None])[..., 0]
        way = way * ~(((x <= low) & (way < 0)) | ((x >= high) & (way > 0)))
        longest = (way / width).abs().amax(1, keepdim=True).clamp(min=1e-300)
        way = torch.where(fresh[:, None], 0.1 * way / longest, way / (longest / 0.3).clamp(min=1))
        trials = torch.minimum(torch.maximum(x[:, None] + lengths[:, None] * way[:, None], low), high)
        ends, best = _values(function, trials).min(1)
        better = ends < value
        ahead = torch.where(better[:, None], trials[torch.arange(n), best], x)
        after = gradient(function, ahead).nan_to_num()
        s, y = ahead - x, after - slope
        sy = (s * y).sum(1)
        started = fresh
        curved = better & (sy > 1e-12 * s.norm(dim=1) * y.norm(dim=1))
        inverse = torch.where(curved[:, None, None], _bfgs(inverse, s, y, sy, fresh), unit)
        fresh = ~curved
        if not bool(better.any()) and bool(started.all()):
            break
        x, value, slope = ahead, torch.where(better, ends, value), after
    return x


def _bfgs(inverse: Tensor, s: Tensor, y: Tensor, sy: Tensor, fresh: Tensor) -> Tensor:
    """The inverse curvature (n, d, d) after a step s along which the slope changed by y."""
    unit = torch.eye(s.shape[1], dtype=torch.float64)
    sy = torch.where(sy > 0, sy, 1.0)[:, None, None]
    scale = (sy[:, 0, 0] / (y * y).sum(1).clamp(min=1e-300))[:, None, None]
    inverse = torch.where(fresh[:, None, None], scale * unit, inverse)
    s, y = s[..., None], y[..., None]
    left = unit - s @ y.transpose(1, 2) / sy
    return left @ inverse @ left.transpose(1, 2) + s @ s.transpose(1, 2) / sy


def _settled(function: Function, x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """The points after a search along the axes with ever shorter steps, which needs no slopes: for kinks."""
    d = x.shape[1]
    ways = torch.cat([torch.eye(d), -torch.eye(d)]).double() * (high - low)
    step = torch.full((len(x), 1, 1), 1e-3, dtype=torch.float64)
    value = _values(function, x)
    for _ in range(100):
        trials = torch.minimum(torch.maximum(x[:, None] + step * ways, low), high)
        ends, best = _values(function, trials).min(1)
        better = ends < value
        x = torch.where(better[:, None], trials[torch.arange(len(x)), best], x)
        value = torch.where(better, ends, value)
        step = torch.where(better[:, None, None], step, step / 2)
        if float(step.max()) < 1e-15:
            break
    return x


def _falls(function: Function, x: Tensor, low: Tensor, high: Tensor, lowest: float) -> bool:
    """Whether lower values lie right beyond the border on which a point lies."""
    width = high - low
    below, above = x - low < 1e-9 * width, high - x < 1e-9 * width
    if not bool((below | above).any()):
        return False
    beyond = torch.where(below, low - 1e-4 * width, torch.where(above, high + 1e-4 * width, x))
    return bool((_values(function, beyond) < lowest).any())


def _values(function: Function, x: Tensor) -> Tensor:
    """Values (...) at points (..., d); infinite where there are none."""
    with torch.no_grad():
        return function(x).nan_to_num(nan=math.inf, posinf=math.inf)
