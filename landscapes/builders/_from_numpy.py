"""Landscapes of formulas that know numpy alone: their slopes are finite differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from landscapes.errors import InputError
from landscapes.objectives.decorators import Function, Interval, Sampler, function
from landscapes.objectives.validation import FINITE_DIFFERENCES, checked

FIRST, SECOND = np.finfo(np.float64).eps ** (1 / 3), np.finfo(np.float64).eps ** (1 / 4)
"""Steps for slopes and curvatures, where rounding and bending of the formula weigh about the same."""


def from_numpy(formula: Callable[..., Any], domain: Sequence[Interval], **facts: Any) -> Function:
    """Makes a landscape of a formula written with numpy, or of any function of plain numbers.

    It is differentiated by central differences in float64, with two evaluations a coordinate, all runs at
    once; second derivatives are differences of these. Slopes are good to about 1e-10 of the values, and the tag
    "finite differences" tells of it.

    Args:
        formula: `f(x, y, ...)`, one array a coordinate, or `f(x)` with x of shape (..., d). One that takes a
            single point alone works too, more slowly and with a warning.
        domain: the box to search, one (low, high) a coordinate.
        facts: what else is known, as for `landscapes.function`: start, view, minima, steps, scale, title, …; a
            sample gives numpy formulas.

    Raises:
        InputError: where the formula raises or does not return one real number a point, and for facts that do
            not fit.

    >>> import numpy as np
    >>> bowl = from_numpy(lambda x, y: np.square(x) + 4 * np.square(y), [(-3, 3), (-3, 3)], name="bowl")
    >>> bowl([1.0, 1.0])
    tensor(5., dtype=torch.float64)
    """
    if not callable(formula):
        raise InputError(f"from_numpy takes a function, not {formula!r:.80}")
    if refused := sorted({"dims", "residuals"} & set(facts)):
        raise InputError(
            f"from_numpy does not take {refused[0]}; write the formula with torch, for @landscapes.function"
        )
    told = function(*domain, **{**facts, "minima": (), "minimum": None})(
        formula
    )  # the facts, without asking the formula
    width = tuple(min(1.0, high - low) for low, high in told.domain)

    def asked(formula: Callable[..., Any]) -> NumpyFormula:
        return NumpyFormula(formula, told.name, told.takes_vector, width)

    known = {"name": told.name, "tags": (*told.tags, FINITE_DIFFERENCES)}
    made = replace(function(*domain, **{**facts, **known})(asked(formula)), description=told.description)
    if told.sample is not None:
        made = replace(made, sample=_asking(told.sample, asked))
    with warnings.catch_warnings(action="ignore"):  # what is to be said is said below
        fitting = checked(made)
    if fitting.mode != "batched":
        warnings.warn(
            f"function {made.name!r} takes one point at a time, so all points are evaluated in a Python loop; write it "
            "with numpy operations for arrays, as in np.where(x > 0, a, b) for if x > 0",
            UserWarning,
            stacklevel=2,
        )
    return fitting


def _asking(sample: Sampler, asked: Callable[[Any], NumpyFormula]) -> Sampler:
    """The samples as formulas that take tensors; what is no formula is left for the function to refuse."""

    def made(t: int) -> Any:
        formula: Any = sample(t)
        return asked(formula) if callable(formula) else formula

    return made


@dataclass(frozen=True)
class NumpyFormula:
    """A numpy formula that takes and gives tensors.

    Attributes:
        formula: the formula.
        name: what errors call it.
        takes_vector: whether it takes x of shape (..., d), or each coordinate for itself.
        width: the length, one a coordinate, that steps are shares of.
    """

    formula: Callable[..., Any]
    name: str
    takes_vector: bool
    width: tuple[float, ...]

    def __call__(self, *columns: Tensor) -> Tensor:
        values: Tensor = Differenced.apply(torch.stack(columns), self)
        return values

    def values(self, x: Tensor) -> Tensor:
        """The values (n,) at points (d, n), or () at a point (d,)."""
        points = x.detach().to("cpu", torch.float64).numpy()
        given = [np.ascontiguousarray(np.moveaxis(points, 0, -1))] if self.takes_vector else list(points)
        try:
            result = np.asarray(self.formula(*given))
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"function {self.name!r} raises {reason:.200}") from error
        if result.dtype.kind not in "fiu":
            raise InputError(f"function {self.name!r} returns {result.dtype}, not real numbers")
        return torch.from_numpy(np.array(result, dtype=np.float64)).to(x)

    def slopes(self, x: Tensor) -> Tensor:
        """The gradients (d, n) at points (d, n), or (d,) at a point, by central differences."""
        at = x.detach().to("cpu", torch.float64)
        scale = torch.tensor(self.width, dtype=torch.float64).reshape(-1, *[1] * (at.ndim - 1))
        wanted = FIRST * torch.maximum(at.abs(), scale)
        above, below = at + wanted, at - wanted  # as they are in floating point
        moves = [(torch.where(_row(i, at), above, at), torch.where(_row(i, at), below, at)) for i in range(len(at))]
        if at.ndim == 1:
            ends = torch.stack([torch.stack([self.values(up), self.values(down)]) for up, down in moves])
        else:
            both = torch.cat([end for pair in moves for end in pair], 1)
            ends = self.values(both).reshape(len(at), 2, -1)
        return ((ends[:, 0] - ends[:, 1]) / (above - below)).to(x)


class Differenced(torch.autograd.Function):
    """Values whose gradient is `Slopes`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, formula: NumpyFormula) -> Tensor:
        ctx.save_for_backward(x)
        ctx.formula = formula
        return formula.values(x)

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return above[0] * Slopes.apply(x, ctx.formula), None


class Slopes(torch.autograd.Function):
    """Slopes whose gradient along a way is their difference along it: the curvature is symmetric."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, formula: NumpyFormula) -> Tensor:
        ctx.save_for_backward(x)
        ctx.formula = formula
        return formula.slopes(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        way = above[0]
        length = way.norm(dim=0).clamp(min=torch.finfo(way.dtype).tiny)
        step = SECOND * way / length * x.norm(dim=0).clamp(min=min(ctx.formula.width))
        apart = ctx.formula.slopes(x + step) - ctx.formula.slopes(x - step)
        return apart * length / (2 * step.norm(dim=0).clamp(min=torch.finfo(way.dtype).tiny)), None


def _row(index: int, x: Tensor) -> Tensor:
    """True in one row of points (d, ...)."""
    return (torch.arange(len(x)) == index).reshape(-1, *[1] * (x.ndim - 1))
