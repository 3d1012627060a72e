"""Check that gradients by automatic differentiation belong to the values: compare them with finite differences.

A formula that leaves torch, as in `math.sin(x)` or `x.detach()`, has correct values and wrong gradients: no error says
so, and an optimizer never moves along x.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import Function

SCALES = (1e-5, 1e-2, 1e-3, 1e-4, 1e-6, 1e-7, 1e-8)
"""Steps of the differences, as shares of the view; all but the first are for points where that one disagrees."""

RELATIVE_TOLERANCE = 1e-3
"""Relative difference of two slopes that agree."""

ROUNDING = 64.0
"""Rounding errors of a value, in units of its last place, that a difference tolerates."""

MAX_COORDINATES = 8
"""With more coordinates, slopes are compared along this many directions, each a block of coordinates."""

MAX_EVALUATIONS = 128
"""Values per comparison at one step, so that the check of a function of many coordinates is cheap."""

MAX_SUSPECTS = 8
"""Slopes that are compared at all steps, those with the largest error first."""

CAUSES = (  # of formulas that state no `gradient_advice` of their own
    "use torch.sin for math.sin, and remove .item(), .detach(), .data and torch.no_grad(), or mend your "
    "own backward or grad=; check_gradients=False accepts other gradients, such as surrogates"
)


@dataclass(frozen=True)
class _Slopes:
    """Directions (d, k), the points (d, k) they start from, and the values (k,) and slopes (k,) by autograd there."""

    direction: Tensor
    point: Tensor
    value: Tensor
    slope: Tensor

    def __getitem__(self, index: Tensor) -> _Slopes:
        return _Slopes(self.direction[:, index], self.point[:, index], self.value[index], self.slope[index])


def check_gradients(function: Function, points: Tensor, values: Tensor, gradients: Tensor) -> None:
    """Raise `InputError` where a gradient by automatic differentiation contradicts the values around it.

    Central differences over several steps are compared with the slope along each coordinate. A slope is refused only
    where differences are trustworthy: to both sides, and at two steps, they agree with each other and not with the
    slope. Kinks, jumps, rounding and fine waves are therefore never refused.

    Args:
        function: the function, in the mode in which it is evaluated.
        points: shape (d, n).
        values, gradients: by automatic differentiation at these points, (n,) and (d, n).
    """
    slopes = _slopes_to_compare(function, points, values, gradients)
    forward, backward = _differences(function, slopes, SCALES[0])
    central = (forward + backward) / 2
    error = (central - slopes.slope).abs()
    suspect = error > _tolerance(slopes, central, SCALES[0])  # false for NaN: the formula is undefined nearby
    if not bool(suspect.any()):
        return
    # differences next to a kink are off too: the large errors, relative to the slope, decide
    relative = (100 * error / (central.abs() + slopes.slope.abs()))[suspect].round()
    slopes = slopes[suspect.nonzero()[:, 0][relative.argsort(descending=True, stable=True)[:MAX_SUSPECTS]]]
    found = _contradictions(function, slopes)
    if found is None:
        return
    place, difference = found
    _refuse(function, slopes[torch.tensor([place])], difference)


def _slopes_to_compare(function: Function, points: Tensor, values: Tensor, gradients: Tensor) -> _Slopes:
    """Return the slopes at points with finite gradients along all coordinates, or along blocks of many."""
    low, high = torch.tensor(function.view, dtype=torch.float64).unbind(1)
    directions = (high - low)[:, None] * _blocks(len(points))
    k = directions.shape[1]
    usable = (values.isfinite() & gradients.isfinite().all(0)).nonzero()[:, 0]
    limit = max(2, min(MAX_EVALUATIONS // (2 * k), MAX_EVALUATIONS * MAX_COORDINATES // (2 * len(points))))
    usable = usable[: 5 if function.mode == "looped" else limit]
    gradient = gradients[:, usable].double()
    return _Slopes(
        direction=directions.repeat(1, len(usable)),
        point=points[:, usable].repeat_interleave(k, 1),
        value=values[usable].repeat_interleave(k),
        slope=(directions.T @ gradient).T.flatten(),
    )


def _blocks(dim: int) -> Tensor:
    """Return the unit vectors (d, d), or at most `MAX_COORDINATES` blocks of coordinates with random signs (d, k)."""
    if dim <= MAX_COORDINATES:
        return torch.eye(dim, dtype=torch.float64)
    signs = 2.0 * torch.randint(2, (dim,), generator=torch.Generator().manual_seed(0)) - 1
    block = torch.arange(dim) * MAX_COORDINATES // dim
    size = torch.bincount(block, minlength=MAX_COORDINATES)[block]
    made = torch.zeros(dim, MAX_COORDINATES, dtype=torch.float64)
    made[torch.arange(dim), block] = signs.double() / size.sqrt()
    return made


def _differences(function: Function, slopes: _Slopes, scale: float) -> tuple[Tensor, Tensor]:
    """Return forward and backward differences, shape (k,) each; NaN where a step leaves the domain or is rounded."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    step = scale * slopes.direction
    wanted = torch.cat([slopes.point + step, slopes.point - step], 1)
    outer = slopes.point.repeat(1, 2)  # a start outside the domain is evaluated there anyway
    ends = torch.minimum(torch.maximum(wanted, outer.minimum(low[:, None])), outer.maximum(high[:, None]))
    chunk = max(16, 2**16 // len(ends))
    with torch.no_grad():
        values = torch.cat([function.evaluate(part).double() for part in torch.split(ends, chunk, 1)])
    steps = torch.cat([step, -step], 1)
    exact = ((wanted - outer - steps).abs() <= RELATIVE_TOLERANCE / 10 * steps.abs()).all(0)
    above, below = values.where((ends == wanted).all(0) & exact, torch.nan).chunk(2)
    value = slopes.value.double()
    return (above - value) / scale, (value - below) / scale


def _tolerance(slopes: _Slopes, difference: Tensor, scale: float) -> Tensor:
    """Return the difference of two slopes that rounding and curvature explain, shape (k,)."""
    return RELATIVE_TOLERANCE * torch.maximum(slopes.slope.abs(), difference.abs()) + _rounding(slopes, scale)


def _rounding(slopes: _Slopes, scale: float) -> Tensor:
    """Return the rounding error of differences, shape (k,)."""
    size = slopes.value.abs().double().clamp(min=torch.finfo(torch.float64).tiny)
    return ROUNDING * torch.finfo(slopes.value.dtype).eps * size / scale


def _contradictions(function: Function, slopes: _Slopes) -> tuple[int, float] | None:
    """Return the index of a slope that trustworthy differences contradict, and their value; None if there is none."""
    agrees = torch.zeros(len(slopes.slope), dtype=torch.bool)
    trusted, central = [], []
    for scale in sorted(SCALES, reverse=True):
        forward, backward = _differences(function, slopes, scale)
        middle = (forward + backward) / 2
        tolerance = _tolerance(slopes, middle, scale)
        agrees |= (middle - slopes.slope).abs() <= tolerance
        exact = torch.minimum((middle - slopes.slope).abs(), middle.abs())
        trusted.append((forward - backward).abs() <= 0.1 * exact + _rounding(slopes, scale))
        central.append(middle)
    refused = torch.zeros_like(agrees)
    value = torch.zeros_like(slopes.slope)
    for i, (one, other) in enumerate(itertools.pairwise(central)):
        exact = torch.minimum((other - slopes.slope).abs(), other.abs())
        both = trusted[i] & trusted[i + 1] & ((one - other).abs() <= 10 * RELATIVE_TOLERANCE * exact)
        refused, value = refused | both, torch.where(both & ~refused, other, value)
    refused &= ~agrees
    if not bool(refused.any()):
        return None
    index = int(refused.nonzero()[0, 0])
    return index, float(value[index])


def _refuse(function: Function, slopes: _Slopes, difference: float) -> None:
    """Raise the error for one slope; along a block of coordinates, name the coordinate with the largest error."""
    point = slopes.point[:, 0]
    x = point.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(function.evaluate(x), x)
    touched = slopes.direction[:, 0].nonzero()[:, 0]
    if len(touched) == 1:
        coordinate = int(touched[0])
        difference /= float(slopes.direction[coordinate, 0])
    else:
        coordinate, difference = _worst_coordinate(function, slopes, touched[:MAX_EVALUATIONS], gradient)
    shown = ", ".join(f"{c:.6g}" for c in point[:6].tolist()) + (", …" if len(point) > 6 else "")
    raise InputError(
        f"the gradient of function {function.name!r} disagrees with its values at ({shown}): coordinate {coordinate} "
        f"of 0 to {len(point) - 1} has {float(gradient[coordinate]) + 0.0:.4g} by autograd and {difference:.4g} by "
        f"central differences; {getattr(function.formula, 'gradient_advice', CAUSES)}"
    )


def _worst_coordinate(function: Function, slopes: _Slopes, touched: Tensor, gradient: Tensor) -> tuple[int, float]:
    """Return the coordinate with the largest error, and its central difference."""
    k = len(touched)
    step = slopes.direction[:, 0].abs()
    axes = torch.zeros(len(step), k, dtype=torch.float64)
    axes[touched, torch.arange(k)] = step[touched]
    along = _Slopes(axes, slopes.point.expand(-1, k), slopes.value.expand(k), gradient[touched].double())
    forward, backward = _differences(function, along, SCALES[0])
    central = (forward + backward) / 2 / step[touched]
    worst = int((central - along.slope).abs().nan_to_num().argmax())
    return int(touched[worst]), float(central[worst])
