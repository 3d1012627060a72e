"""`from_numpy`: functions written with numpy, differentiated by finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from landscapes.builders.samples import wrapped_sample
from landscapes.errors import InputError, suggests_arguments, warn
from landscapes.objectives._function import Box
from landscapes.objectives.decorators import Function, Interval, function
from landscapes.objectives.validation import FINITE_DIFFERENCES, checked
from landscapes.silence import ignored_warnings

RESOLVED = 1e-14
"""Smallest step of a difference, relative to the coordinate, that floating point resolves well."""


@suggests_arguments
def from_numpy(
    formula: Callable[..., Any], domain: Sequence[Interval], *, grad: Callable[..., Any] | None = None, **facts: Any
) -> Function:
    """Make a `Function` of a formula written with numpy, or of any function of plain numbers.

    Without `grad`, gradients are central differences with 2d evaluations per point, for all runs in one call. Their
    error is about 1e-10 of the values, and the function gets the tag "finite differences". Steps are relative to the
    width of the domain, leave it only where values exist, and are longer for formulas that return float32. Hessians
    are differences of gradients.

    Args:
        formula: `f(x, y, ...)` with one array per coordinate, or `f(x)` with x of shape (..., d). It may change its
            arguments, which are copies. A formula that takes single points only works too, more slowly and with a
            warning.
        domain: search box, one (low, high) per coordinate.
        grad: the gradient, with the arguments of the formula: d arrays for `f(x, y, ...)`, shape (..., d) for `f(x)`.
            By default, finite differences.
        facts: further facts, as for `landscapes.function`: start, view, minima, steps, scale, title, … A `sample`
            must return numpy formulas.

    Raises:
        InputError: if the formula raises or does not return one real number per point, for facts that contradict
            each other, and without `grad` for a formula of integers, whose differences are 0.

    Warns:
        UserWarning: if the formula takes single points only.

    >>> import numpy as np
    >>> bowl = from_numpy(lambda x, y: np.square(x) + 4 * np.square(y), [(-3, 3), (-3, 3)], name="bowl")
    >>> bowl([1.0, 1.0])
    tensor(5., dtype=torch.float64)
    >>> exact = from_numpy(lambda x: np.sum(x**4, -1), [(-3, 3)] * 2, grad=lambda x: 4 * x**3, name="quartic")
    >>> "finite differences" in exact.tags
    False
    """
    if not callable(formula):
        raise InputError(f"from_numpy takes a function, got {formula!r:.80}")
    if refused := sorted({"dims", "residuals"} & set(facts)):
        raise InputError(
            f"from_numpy does not take {refused[0]}; write the formula with torch, for @landscapes.function"
        )
    if grad is not None and not callable(grad):
        raise InputError(f"grad must be a function that returns the gradient, got {grad!r:.80}")
    if grad is not None and facts.get("sample") is not None:
        raise InputError("from_numpy takes grad or sample, not both; the gradients of samples are finite differences")
    without_minima = {**facts, "minima": (), "minimum": None}  # so that the formula is not evaluated yet
    described = function(*domain, **without_minima)(formula)
    plain = NumpyFormula(formula, described.name, described.takes_vector, described.domain, grad)
    plain = plain.adapted(torch.tensor(described.start, dtype=torch.float64))
    if grad is None and (dtype := plain.integer_dtype(described.start)) is not None:
        raise InputError(
            f"function {described.name!r} returns {dtype}, so its finite differences are 0: remove the rounding, pass "
            "grad, or for a step function return .astype(float)"
        )

    def wrap(formula: Callable[..., Any]) -> NumpyFormula:
        return replace(plain, formula=formula)

    known = {"name": described.name, "tags": (*described.tags, *([FINITE_DIFFERENCES] if grad is None else []))}
    made = replace(function(*domain, **{**facts, **known})(plain), description=described.description)
    if described.sample is not None:
        made = replace(made, sample=wrapped_sample(described.sample, wrap))
    with ignored_warnings():  # replaced by the warning below
        valid = checked(made)
    if valid.mode != "batched":
        warn(
            f"function {made.name!r} takes one point at a time, so all points are evaluated in a Python loop; write it "
            "with numpy operations for arrays, as in np.where(x > 0, a, b) for if x > 0"
        )
    return valid


@dataclass(frozen=True)
class NumpyFormula:
    """A numpy formula as a differentiable formula on tensors.

    Attributes:
        formula: the numpy formula.
        name: name of the function, for errors.
        takes_vector: whether the formula takes x of shape (..., d) or one array per coordinate.
        domain: search box; differences at its points stay inside.
        grad: the gradient in numpy; None for central differences.
        takes_rows: whether a single point is passed as arrays with one row instead of numbers.
        epsilon: spacing of the values at one, which determines the steps of differences.
    """

    formula: Callable[..., Any]
    name: str
    takes_vector: bool
    domain: Box
    grad: Callable[..., Any] | None = None
    takes_rows: bool = False
    epsilon: float = float(np.finfo(np.float64).eps)

    def __call__(self, *columns: Tensor) -> Tensor:
        # some releases of torch leave `apply` untyped
        values: Tensor = cast(Any, _Values).apply(torch.stack(columns), self)
        return values

    @property
    def scale(self) -> tuple[float, ...]:
        """The length per coordinate to which difference steps are relative near zero."""
        return tuple(min(1.0, high - low) for low, high in self.domain)

    def adapted(self, start: Tensor) -> NumpyFormula:
        """Return this formula with the style of arguments and the precision that it shows at the start (d,).

        Code for arrays, such as `z[z > 10] = 10` or `len(x)`, refuses numbers.
        """
        made = self
        try:
            result = self._call(self.formula, start)
        except InputError:
            made = replace(self, takes_rows=True)
            try:
                result = made._call(self.formula, start)
            except InputError:
                return self  # evaluating it raises the error
        low_precision = result.dtype.kind == "f" and result.dtype.itemsize < 8
        return replace(made, epsilon=float(np.finfo(result.dtype).eps)) if low_precision else made

    def integer_dtype(self, start: Sequence[float]) -> str | None:
        """Return the type of the values if they are integers at the start and at points around it; otherwise None.

        A formula may return a literal 0 in some places and floats elsewhere, so several points are asked.
        """
        bounds = torch.tensor(self.domain, dtype=torch.float64)
        at = torch.tensor(start, dtype=torch.float64)
        found = ""
        for weight, end in ((0.0, 0), (0.31, 0), (0.31, 1), (0.83, 0), (0.83, 1)):
            try:
                dtype = self._call(self.formula, torch.lerp(at, bounds[:, end], weight)).dtype
            except InputError:  # raised again where the formula is checked
                return None
            if dtype.kind not in "iu":
                return None
            found = str(dtype)
        return found

    def values(self, x: Tensor) -> Tensor:
        """Return the values, shape (n,), at points of shape (d, n), or () at a point of shape (d,)."""
        result = self._call(self.formula, x)
        if result.dtype.kind not in "fiu":
            raise InputError(f"function {self.name!r} returns {result.dtype}, not real numbers")
        if (result.size == 1 and x.ndim == 1) or result.shape == (*x.shape[1:], 1):
            result = result.reshape(x.shape[1:])  # models and interpolators return one row, or one column
        return torch.from_numpy(np.array(result, dtype=np.float64)).to(x)

    def gradients(self, x: Tensor) -> Tensor:
        """Return gradients, shape (d, n), at points of shape (d, n), or (d,) at a point of shape (d,)."""
        return self._differences(x) if self.grad is None else self._exact_gradients(self.grad, x)

    def _call(self, formula: Callable[..., Any], x: Tensor) -> NDArray[Any]:
        """Return what the formula or its gradient returns; it gets copies, which it may change."""
        points = np.array(x.detach().to("cpu", torch.float64).numpy())
        points = points[:, None] if self.takes_rows and points.ndim == 1 else points
        args = [np.ascontiguousarray(np.moveaxis(points, 0, -1))] if self.takes_vector else list(points)
        try:
            return np.asarray(formula(*args))
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"function {self.name!r} raises {reason:.200}") from error

    def _exact_gradients(self, grad: Callable[..., Any], x: Tensor) -> Tensor:
        if not self.takes_vector:
            gradient = grad

            def grad(*columns: Any) -> Any:
                return np.stack(np.broadcast_arrays(*gradient(*columns)))

        result = self._call(grad, x)
        found = np.moveaxis(result, -1, 0) if self.takes_vector and result.ndim else result
        if found.size != x.numel() or len(found) != len(x) or found.dtype.kind not in "fiu":
            shape = (*x.shape[1:], len(x)) if self.takes_vector else tuple(x.shape)
            raise InputError(
                f"function {self.name!r}: grad must return real numbers of shape {shape} for points of that shape, "
                f"got {result.dtype} of shape {result.shape}"
            )
        return torch.from_numpy(np.array(found, dtype=np.float64)).reshape(x.shape).to(x)

    def _differences(self, x: Tensor) -> Tensor:
        """Return central differences, or one-sided ones on the border of a domain outside which there are no values."""
        at = x.detach().to("cpu", torch.float64)
        shape = (-1, *[1] * (at.ndim - 1))
        low, high = (bound.reshape(shape) for bound in torch.tensor(self.domain, dtype=torch.float64).unbind(1))
        scale = torch.tensor(self.scale, dtype=torch.float64).reshape(shape)
        length = torch.minimum(torch.maximum(at.abs(), scale), high - low)  # the width, also far from zero
        step = torch.maximum(self.epsilon ** (1 / 3) * length, RESOLVED * at.abs())
        above, below = at + step, at - step  # their difference is the step that floating point allows
        inside = (low <= at) & (at <= high)
        kept = torch.where(inside, above.minimum(high), above), torch.where(inside, below.maximum(low), below)
        if torch.equal(kept[0], above) and torch.equal(kept[1], below):
            return self._quotients(at, above, below).to(x)
        try:
            found = self._quotients(at, above, below)
        except InputError:  # such as a grid interpolator out of bounds
            return self._quotients(at, *kept).to(x)
        valid = found.isfinite()
        return (found if valid.all() else torch.where(valid, found, self._quotients(at, *kept))).to(x)

    def _quotients(self, at: Tensor, above: Tensor, below: Tensor) -> Tensor:
        """Return the slopes between the values at both ends of each coordinate."""
        pairs = [
            (torch.where(_row_mask(i, at), above, at), torch.where(_row_mask(i, at), below, at)) for i in range(len(at))
        ]
        if at.ndim == 1:
            ends = torch.stack([torch.stack([self.values(up), self.values(down)]) for up, down in pairs])
        else:
            batch = torch.cat([end for pair in pairs for end in pair], 1)
            ends = self.values(batch).reshape(len(at), 2, -1)
        return (ends[:, 0] - ends[:, 1]) / (above - below)


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
        step = ctx.formula.epsilon ** (1 / 4) * direction / length * x.norm(dim=0).clamp(min=min(ctx.formula.scale))
        difference = ctx.formula.gradients(x + step) - ctx.formula.gradients(x - step)
        return difference * length / (2 * step.norm(dim=0).clamp(min=tiny)), None


def _row_mask(index: int, x: Tensor) -> Tensor:
    """Return a mask for points (d, ...) that is true in one row."""
    return (torch.arange(len(x)) == index).reshape(-1, *[1] * (x.ndim - 1))
