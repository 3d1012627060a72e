"""The two bends of the BBOB test bed, which make regular landscapes irregular.

Source: N. Hansen, S. Finck, R. Ros and A. Auger, Real-parameter black-box optimization benchmarking 2009:
noiseless functions definitions, section 0.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import Function
from landscapes.objectives.provenance import recorded_call
from landscapes.transforms.base import Box, Columns, Landscape, column, landscape, vector
from landscapes.transforms.coordinates import LOST_BENDING, Move, moved

STEEPEST = 7.0
"""From e² on, the asymmetric bend turns back."""


def oscillation(x: Tensor) -> Tensor:
    """T_osz, elementwise: wobbles about the identity, ever faster towards 0; increasing, and 0 at 0.

    T(x) = sign(x) exp(t + 0.049 (sin(c₁ t) + sin(c₂ t))) with t = log|x|, and c₁, c₂ = 10, 7.9 for x > 0,
    else 5.5, 3.1. The gradient has no limit at 0; there it is taken as 1.

    >>> oscillation(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-1.,  0.,  1.])
    """
    t = torch.where(x == 0, 1.0, x.abs()).log()
    positive = x > 0
    wobble = torch.sin(torch.where(positive, 10.0 * t, 5.5 * t)) + torch.sin(torch.where(positive, 7.9 * t, 3.1 * t))
    return x * torch.exp(0.049 * wobble)


def asymmetry(x: Tensor, beta: float) -> Tensor:
    """T_asy with strength β, points (d, ...): positive x_i grow to x_i^(1 + β (i−1)/(d−1) √x_i), others stay.

    >>> asymmetry(torch.tensor([4.0, 4.0, -4.0]), 0.5)
    tensor([ 4., 8., -4.])
    """
    weight = column([beta * i / (len(x) - 1) for i in range(len(x))], x)
    positive = x > 0
    base = torch.where(positive, x, 1.0)
    return torch.where(positive, base * torch.exp(weight * base.sqrt() * base.log()), x)


@recorded_call
def oscillated(f: Landscape, about: Sequence[float] | None = None) -> Function:
    """The landscape with wobbling coordinates: g(u) = f(about + T_osz(u − about)); see `oscillation`.

    Args:
        f: the landscape, or its name in the catalogue.
        about: the point that stays, in BBOB the minimiser; by default the origin.

    Raises:
        InputError: where `about` is no point of d numbers.

    >>> oscillated("booth", about=(1, 3)).minima
    ((1.0, 3.0),)
    """
    f = landscape(f, "oscillated")
    move = _bend(f, about, oscillation, lambda y: (0.9 * y, 1.11 * y))
    center = (0.0,) * f.dim if about is None else about
    where = f"the gradient has no limit where a coordinate is that of {tuple(map(float, center))}"
    where += f"; in the coordinates of {f.name}: {f.nonsmooth_where}" if f.nonsmooth_where else ""
    return moved(
        f, move, suffix="oscillated", words="oscillated", lost=LOST_BENDING | {"smooth"}, nonsmooth_where=where
    )


@recorded_call
def asymmetric(f: Landscape, beta: float = 0.2, about: Sequence[float] | None = None) -> Function:
    """The landscape squeezed on the positive side: g(u) = f(about + T_asy(u − about)); see `asymmetry`.

    Args:
        f: the landscape of at least two coordinates, or its name in the catalogue.
        beta: the strength, from 0 to 7; 0.2 and 0.5 in BBOB.
        about: the point that stays, in BBOB the minimiser; by default the origin.

    Raises:
        InputError: for one coordinate, another strength, or where `about` is no point of d numbers.

    >>> asymmetric("booth", 0.5, about=(1, 3)).minima
    ((1.0, 3.0),)
    """
    f = landscape(f, "asymmetric")
    if f.dim < 2:
        raise InputError(f"{f.name} has one coordinate; the asymmetric bend takes at least two")
    if isinstance(beta, bool) or not isinstance(beta, int | float) or not 0 <= beta <= STEEPEST:
        raise InputError(f"beta is a number from 0 to {STEEPEST:g}, not {beta!r}")
    move = _bend(f, about, lambda x: asymmetry(x, beta), lambda y: (y.clamp(max=1), y.clamp(min=1)))
    return moved(f, move, suffix="asymmetric", words=f"asymmetric, β = {beta:g}", lost=LOST_BENDING)


def _bend(
    f: Function,
    about: Sequence[float] | None,
    bend: Columns,
    around: Callable[[Tensor], tuple[Tensor, Tensor]],
) -> Move:
    """The move of a bend that increases in each coordinate; `around` gives two points around its inverse."""
    center = (0.0,) * f.dim if about is None else vector(about, f.dim, "the point that stays")

    def there(x: Tensor) -> Tensor:
        """The inverse, by halving the interval it must lie in until it has no inside."""
        middle = column(center, x)
        y = x - middle
        first, second = around(y)
        low, high = torch.minimum(first, second), torch.maximum(first, second)
        for _ in range(200):
            u = (low + high) / 2
            below = bend(u) < y
            low, high = torch.where(below, u, low), torch.where(below, high, u)
        found = torch.where(bend(low) < y, high, low)
        return middle + torch.where(y == 0, 0.0, found)

    def box(old: Box) -> Box:
        low, high = there(torch.tensor(old, dtype=torch.float64)).unbind(1)
        return tuple(zip(low.tolist(), high.tolist(), strict=True))

    def back(u: Tensor) -> Tensor:
        middle = column(center, u)
        return middle + bend(u - middle)

    return Move(back, there, box)
