"""`from_numpy`: functions written with numpy, differentiated by finite differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from landscapes.errors import InputError, suggests_arguments, warn
from landscapes.objectives.decorators import Function, Interval, Sampler, function
from landscapes.objectives.validation import FINITE_DIFFERENCES, checked

GRADIENT_STEP, HESSIAN_STEP = np.finfo(np.float64).eps ** (1 / 3), np.finfo(np.float64).eps ** (1 / 4)
"""Relative step sizes that balance rounding and truncation errors of first and second derivatives."""


@suggests_arguments
def from_numpy(formula: Callable[..., Any], domain: Sequence[Interval], **facts: Any) -> Function:
    """Make a `Function` of a formula written with numpy, or of any function of plain numbers.

    Gradients are central differences in float64, with 2d evaluations per point, for all runs in one call. Hessians are
    differences of gradients. The error of gradients is about 1e-10 of the values, and the function gets the tag "finite
    differences".

    Args:
        formula: `f(x, y, ...)` with one array per coordinate, or `f(x)` with x of shape (..., d). A formula that takes
            single points only works too, more slowly and with a warning.
        domain: search box, one (low, high) per coordinate.
        facts: further facts, as for `landscapes.function`: start, view, minima, steps, scale, title, … A `sample`
            must return numpy formulas.

    Raises:
        InputError: if the formula raises or does not return one real number per point, and for facts that contradict
            each other.

    Warns:
        UserWarning: if the formula takes single points only.

    >>> import numpy as np
    >>> bowl = from_numpy(lambda x, y: np.square(x) + 4 * np.square(y), [(-3, 3), (-3, 3)], name="bowl")
    >>> bowl([1.0, 1.0])
    tensor(5., dtype=torch.float64)
    """
    if not callable(formula):
        raise InputError(f"from_numpy takes a function, got {formula!r:.80}")
    if refused := sorted({"dims", "residuals"} & set(facts)):
        raise InputError(
            f"from_numpy does not take {refused[0]}; write the formula with torch, for @landscapes.function"
        )
    without_minima = {**facts, "minima": (), "minimum": None}  # so that the formula is not evaluated yet
    described = function(*domain, **without_minima)(formula)
    scale = tuple(min(1.0, high - low) for low, high in described.domain)

    def wrap(formula: Callable[..., Any]) -> NumpyFormula:
        return NumpyFormula(formula, described.name, described.takes_vector, scale)

    known = {"name": described.name, "tags": (*described.tags, FINITE_DIFFERENCES)}
    made = replace(function(*domain, **{**facts, **known})(wrap(formula)), description=described.description)
    if described.sample is not None:
        made = replace(made, sample=_wrapped_sample(described.sample, wrap))
    with warnings.catch_warnings(action="ignore"):  # replaced by the warning below
        valid = checked(made)
    if valid.mode != "batched":
        warn(
            f"function {made.name!r} takes one point at a time, so all points are evaluated in a Python loop; write it "
            "with numpy operations for arrays, as in np.where(x > 0, a, b) for if x > 0"
        )
    return valid


def _wrapped_sample(sample: Sampler, wrap: Callable[[Any], NumpyFormula]) -> Sampler:
    """Return a sampler of formulas on tensors; `Function.at_step` refuses what is not a formula."""

    def wrapped(t: int) -> Any:
        formula: Any = sample(t)
        return wrap(formula) if callable(formula) else formula

    return wrapped


@dataclass(frozen=True)
class NumpyFormula:
    """A numpy formula as a differentiable formula on tensors.

    Attributes:
        formula: the numpy formula.
        name: name of the function, for errors.
        takes_vector: whether the formula takes x of shape (..., d) or one array per coordinate.
        scale: length per coordinate to which difference steps are relative.
    """

    formula: Callable[..., Any]
    name: str
    takes_vector: bool
    scale: tuple[float, ...]

    def __call__(self, *columns: Tensor) -> Tensor:
        # some releases of torch leave `apply` untyped
        values: Tensor = cast(Any, _Values).apply(torch.stack(columns), self)
        return values

    def values(self, x: Tensor) -> Tensor:
        """Return the values, shape (n,), at points of shape (d, n), or () at a point of shape (d,)."""
        points = x.detach().to("cpu", torch.float64).numpy()
        args = [np.ascontiguousarray(np.moveaxis(points, 0, -1))] if self.takes_vector else list(points)
        try:
            result = np.asarray(self.formula(*args))
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"function {self.name!r} raises {reason:.200}") from error
        if result.dtype.kind not in "fiu":
            raise InputError(f"function {self.name!r} returns {result.dtype}, not real numbers")
        return torch.from_numpy(np.array(result, dtype=np.float64)).to(x)

    def gradients(self, x: Tensor) -> Tensor:
        """Return central differences, shape (d, n), at points of shape (d, n), or (d,) at a point of shape (d,)."""
        at = x.detach().to("cpu", torch.float64)
        scale = torch.tensor(self.scale, dtype=torch.float64).reshape(-1, *[1] * (at.ndim - 1))
        step = GRADIENT_STEP * torch.maximum(at.abs(), scale)
        above, below = at + step, at - step  # their difference is the step that floating point allows
        pairs = [
            (torch.where(_row_mask(i, at), above, at), torch.where(_row_mask(i, at), below, at)) for i in range(len(at))
        ]
        if at.ndim == 1:
            ends = torch.stack([torch.stack([self.values(up), self.values(down)]) for up, down in pairs])
        else:
            batch = torch.cat([end for pair in pairs for end in pair], 1)
            ends = self.values(batch).reshape(len(at), 2, -1)
        return ((ends[:, 0] - ends[:, 1]) / (above - below)).to(x)


class _Values(torch.autograd.Function):
    """The values of a `NumpyFormula`; the backward pass uses `_Gradients`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, formula: NumpyFormula) -> Tensor:
        ctx.save_for_backward(x)
        ctx.formula = formula
        return formula.values(x)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return grad_outputs[0] * cast(Any, _Gradients).apply(x, ctx.formula), None


class _Gradients(torch.autograd.Function):
    """The gradients of a `NumpyFormula`; the backward pass is a Hessian-vector product by central differences."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, formula: NumpyFormula) -> Tensor:
        ctx.save_for_backward(x)
        ctx.formula = formula
        return formula.gradients(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        direction = grad_outputs[0]
        tiny = torch.finfo(direction.dtype).tiny
        length = direction.norm(dim=0).clamp(min=tiny)
        step = HESSIAN_STEP * direction / length * x.norm(dim=0).clamp(min=min(ctx.formula.scale))
        difference = ctx.formula.gradients(x + step) - ctx.formula.gradients(x - step)
        return difference * length / (2 * step.norm(dim=0).clamp(min=tiny)), None


def _row_mask(index: int, x: Tensor) -> Tensor:
    """Return a mask for points (d, ...) that is true in one row."""
    return (torch.arange(len(x)) == index).reshape(-1, *[1] * (x.ndim - 1))
