"""Search for the minima of a custom function whose minimum is unknown.

Many BFGS descents run as one batch and use values and gradients only, so the search also works with finite
differences. The budget is a fixed number of evaluations: results never depend on the speed of the function or the
machine. The facts of the catalogue come from `landscapes.objectives.critical_points`, which is slower and needs exact
Hessians.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import Function
from landscapes.objectives.derivatives import gradient, random_points

MAX_DIM = 3
"""In more dimensions, a search with this budget would often miss the global minimum."""

CANDIDATES, DESCENTS, STEPS, POLLS = 2048, 64, 60, 100
"""Random points, descents from the best and from every 64th of them, steps per descent, and pattern-search steps."""

MAX_EVALUATIONS = 100_000
"""Upper bound on the values and gradients that one search computes; `CANDIDATES, DESCENTS, STEPS, POLLS` imply it."""

MAX_MINIMA = 12
"""More minimizers than these form a curve, or are too many to mark."""

DECADES = torch.arange(3, 13)
"""Distances from the lowest point, as powers of a tenth of the domain, at which values tell a pole from a minimum."""

SAME_POINT = 1e-4
"""Points whose distance in every coordinate is below this share of the domain are one minimizer."""


def with_found_minima(function: Function, seed: int = 0) -> Function:
    """Return the function with the minimum and the minimizers that a search of its domain finds.

    The minimum is -inf, without minimizers, if values decrease without bound inside the domain, as at a pole.

    The function is returned unchanged if its minimum is known, if it has more than three coordinates, or if it is
    evaluated point by point. It is also returned unchanged if the search finds no minimum: after an error, without
    finite values, or with lower values outside the domain.

    Args:
        function: the function.
        seed: seed of the random points from which the search starts.

    >>> from landscapes.objectives.decorators import function
    >>> @function((-2, 2), (-2, 2))
    ... def double_well(x, y):
    ...     return (x**2 - 1)**2 + (y - x)**2
    >>> found = with_found_minima(double_well)
    >>> [tuple(round(c, 6) for c in point) for point in found.minima], round(found.minimum, 9)
    ([(-1.0, -1.0), (1.0, 1.0)], 0.0)
    """
    if not math.isnan(function.minimum) or function.minima:
        return function
    if function.dim > MAX_DIM or function.mode == "looped":
        return function
    try:
        found = _search(function, seed)
    except (InputError, RuntimeError, ArithmeticError, ValueError, TypeError):  # the formula may be partly undefined
        return function
    if found is None:
        return function
    minimum, minima = found
    return replace(function, minimum=minimum, minima=tuple(tuple(point) for point in minima.tolist()))


def _search(function: Function, seed: int) -> tuple[float, Tensor] | None:
    """Return the minimum and its minimizers (k, d), none if they are too many; None if there is no minimum."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    width = high - low
    x = random_points(function, CANDIDATES, seed)
    x = x[_values(function, x).argsort()]
    x = torch.cat([x[: DESCENTS // 2], x[DESCENTS // 2 :: CANDIDATES // (DESCENTS // 2)]])[:DESCENTS]
    x = _bfgs_descents(function, x, low, high)
    x = _pattern_search(function, _distinct(x[_values(function, x).argsort()], width), low, high)
    rounded = torch.where(x.abs() < 1e-9 * width, 0.0, x)
    x = torch.where((_values(function, rounded) <= _values(function, x))[:, None], rounded, x)
    values = _values(function, x)
    minimum = float(values.min())
    if minimum == math.inf:
        return None
    if minimum == -math.inf or _is_pole(function, x[values.argmin()], low, high):
        return -math.inf, x[:0]
    typical = _values(function, random_points(function, 256, seed)).nan_to_num(posinf=minimum).median()
    tolerance = 1e-9 * (float(typical) - minimum) + 1e-12 * abs(minimum)
    x = x[(values <= minimum + tolerance).nonzero()[:, 0]]
    if _decreases_outside(function, x, low, high, minimum):
        return None
    x = _distinct(x, width)
    return minimum, x if len(x) <= MAX_MINIMA else x[:0]


def _distinct(x: Tensor, width: Tensor) -> Tensor:
    """Return the points (n, d) without those close to an earlier one."""
    kept: list[Tensor] = []
    for point in x:
        if all(bool(((point - other).abs() > SAME_POINT * width).any()) for other in kept):
            kept.append(point)
    return torch.stack(kept)


def _bfgs_descents(function: Function, x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return the ends (n, d) of BFGS descents inside the domain; each step takes the best of twelve step lengths.

    Source: J. Nocedal and S. Wright, Numerical Optimization, 2006, chapter 6.
    """
    n, d = x.shape
    width = high - low
    lengths = 0.3 ** torch.arange(-1.0, 11.0, dtype=torch.float64)
    identity = torch.eye(d, dtype=torch.float64).expand(n, d, d)
    inverse = identity.clone()
    restarted = torch.ones(n, dtype=torch.bool)  # the next step follows the negative gradient
    value, grad = _values(function, x), gradient(function, x).nan_to_num()
    for _ in range(STEPS):
        direction = -(inverse @ grad[..., None])[..., 0]
        direction = direction * ~(((x <= low) & (direction < 0)) | ((x >= high) & (direction > 0)))
        longest = (direction / width).abs().amax(1, keepdim=True).clamp(min=1e-300)
        direction = torch.where(restarted[:, None], 0.1 * direction / longest, direction / (longest / 0.3).clamp(min=1))
        trials = torch.minimum(torch.maximum(x[:, None] + lengths[:, None] * direction[:, None], low), high)
        trial_values, best = _values(function, trials).min(1)
        better = trial_values < value
        new_x = torch.where(better[:, None], trials[torch.arange(n), best], x)
        new_grad = gradient(function, new_x).nan_to_num()
        s, y = new_x - x, new_grad - grad
        sy = (s * y).sum(1)
        was_restarted = restarted
        curved = better & (sy > 1e-12 * s.norm(dim=1) * y.norm(dim=1))
        inverse = torch.where(curved[:, None, None], _bfgs_update(inverse, s, y, sy, restarted), identity)
        restarted = ~curved
        if not bool(better.any()) and bool(was_restarted.all()):
            break
        x, value, grad = new_x, torch.where(better, trial_values, value), new_grad
    return x


def _bfgs_update(inverse: Tensor, s: Tensor, y: Tensor, sy: Tensor, restarted: Tensor) -> Tensor:
    """Return the inverse Hessian approximations (n, d, d) after steps s that changed the gradients by y."""
    identity = torch.eye(s.shape[1], dtype=torch.float64)
    sy = torch.where(sy > 0, sy, 1.0)[:, None, None]
    scale = (sy[:, 0, 0] / (y * y).sum(1).clamp(min=1e-300))[:, None, None]
    inverse = torch.where(restarted[:, None, None], scale * identity, inverse)
    s, y = s[..., None], y[..., None]
    left = identity - s @ y.transpose(1, 2) / sy
    return left @ inverse @ left.transpose(1, 2) + s @ s.transpose(1, 2) / sy


def _pattern_search(function: Function, x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return the points after a pattern search along the axes, which needs no gradients: for nonsmooth functions."""
    d = x.shape[1]
    directions = torch.cat([torch.eye(d), -torch.eye(d)]).double() * (high - low)
    step = torch.full((len(x), 1, 1), 1e-3, dtype=torch.float64)
    value = _values(function, x)
    for _ in range(POLLS):
        trials = torch.minimum(torch.maximum(x[:, None] + step * directions, low), high)
        trial_values, best = _values(function, trials).min(1)
        better = trial_values < value
        x = torch.where(better[:, None], trials[torch.arange(len(x)), best], x)
        value = torch.where(better, trial_values, value)
        step = torch.where(better[:, None, None], step, step / 2)
        if float(step.max()) < 1e-15:
            break
    return x


def _decreases_outside(function: Function, x: Tensor, low: Tensor, high: Tensor, minimum: float) -> bool:
    """Return whether a minimizer lies on the border of the domain and values right outside are lower."""
    width = high - low
    at_low, at_high = x - low < 1e-9 * width, high - x < 1e-9 * width
    if not bool((at_low | at_high).any()):
        return False
    outside = torch.where(at_low, low - 1e-4 * width, torch.where(at_high, high + 1e-4 * width, x))
    return bool((_values(function, outside) < minimum).any())


def _is_pole(function: Function, x: Tensor, low: Tensor, high: Tensor) -> bool:
    """Return whether values decrease without bound towards x (d,): each tenth of the distance lowers them as much.

    At a minimum, the decrease per decade shrinks to nothing; at a logarithmic pole it stays, at others it grows.
    """
    d = len(x)
    directions = torch.cat([torch.eye(d), -torch.eye(d), torch.ones(1, d), -torch.ones(1, d)]).double() * (high - low)
    around = x + 10.0 ** -DECADES[:, None, None] * directions
    values = _values(function, torch.minimum(torch.maximum(around, low), high))
    drops = values[:-1] - values[1:]
    return bool(((drops > 0).all(0) & (drops[-3:].amin(0) > 0.5 * drops[:3].amax(0))).any())


def _values(function: Function, x: Tensor) -> Tensor:
    """Return the values (...) at points (..., d), inf where they are undefined."""
    with torch.no_grad():
        return function(x).nan_to_num(nan=math.inf, posinf=math.inf, neginf=-math.inf)
