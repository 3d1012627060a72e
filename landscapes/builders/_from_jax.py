"""`from_jax`: functions written with JAX, with its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from landscapes.builders.samples import wrapped_sample
from landscapes.caching import Cache
from landscapes.errors import InputError, suggests_arguments
from landscapes.jax_blocks import by_blocks, loaded, local_settings, reason_of
from landscapes.objectives.decorators import Function, Interval, function
from landscapes.objectives.validation import checked

HINTS = (
    ("TracerBoolConversionError", "write jnp.where(x > 0, a, b) for if x > 0"),
    ("ConcretizationTypeError", "write jnp functions for float(), int() and range() of a coordinate"),
    ("TracerArrayConversionError", "write jnp.sin for np.sin, or keep numpy and use landscapes.from_numpy"),
)
"""Errors of JAX, and what to write instead."""


@suggests_arguments
def from_jax(formula: Callable[..., Any], domain: Sequence[Interval], **facts: Any) -> Function:
    """Make a `Function` of a formula written with JAX.

    Values, gradients and curvature are JAX's own, `jax.value_and_grad` and `jax.jvp`, compiled and mapped over the runs
    by `jax.vmap`. They are computed on the CPU, in double precision for a race in double precision; the setting is that
    of this thread alone. A run has the same bits in any batch.

    Args:
        formula: the value at one point, `f(x, y, ...)` with one number per coordinate, or `f(x)` with x of shape (d,).
            It must consist of operations that JAX can trace, and return one real number, shape ().
        domain: search box, one (low, high) per coordinate.
        facts: further facts, as for `landscapes.function`: start, view, minima, steps, scale, title, … A `sample`
            must return formulas of JAX; these are mapped over the runs, and compiled only if they are so already.

    Raises:
        InputError: if JAX is not installed, if the formula cannot be traced or does not return one real number, and for
            facts that contradict each other.

    `docs/how-to/functions-and-optimizers.md` has an example.
    """
    if not callable(formula):
        raise InputError(f"from_jax takes a function, got {formula!r:.80}")
    if refused := sorted({"dims", "residuals"} & set(facts)):
        raise InputError(f"from_jax does not take {refused[0]}; write the formula with torch, for @landscapes.function")
    loaded("from_jax", "jax")
    described = function(*domain, **{**facts, "minima": (), "minimum": None})(formula)  # without evaluating it
    plain = JaxFormula(formula, described.name, described.takes_vector)
    plain.check(described.dim)
    made = function(*domain, **{**facts, "name": described.name})(plain)
    made = replace(made, description=described.description)
    if described.sample is not None:
        uncompiled = replace(plain, compiled=False)
        made = replace(made, sample=wrapped_sample(described.sample, lambda own: replace(uncompiled, formula=own)))
    return checked(made)


@dataclass(frozen=True)
class JaxFormula:
    """A JAX formula as a differentiable formula on tensors.

    Attributes:
        formula: the formula of one point.
        name: name of the function, for errors.
        takes_vector: whether the formula takes x of shape (d,) or one number per coordinate.
        compiled: whether it is compiled; that takes longer than the few evaluations of a sample.
    """

    formula: Callable[..., Any]
    name: str
    takes_vector: bool
    compiled: bool = True

    gradient_advice: ClassVar[str] = (
        "remove jax.lax.stop_gradient, write jnp.where so that no branch is NaN, or mend your own jax.custom_vjp or "
        "jax.custom_jvp; check_gradients=False accepts other gradients, such as surrogates"
    )
    """What to do where a gradient contradicts the values."""

    def __call__(self, *columns: Tensor) -> Tensor:
        # some releases of torch leave `apply` untyped
        values: Tensor = cast(Any, _Values).apply(torch.stack(columns), self)
        return values

    def check(self, dim: int) -> None:
        """Raise `InputError` unless JAX can trace the formula and its value is one real number."""
        jax, jnp = loaded("from_jax", "jax", "jax.numpy")
        with local_settings(torch.float64):
            try:
                made = jax.eval_shape(_Compiled(self.formula, self.takes_vector).at, jnp.zeros(dim))
            except Exception as error:
                raise self._untraceable(error) from error
        name = f"function {self.name!r}"
        if not hasattr(made, "shape"):
            raise InputError(f"{name} returns {type(made).__name__} for one point, not one number, shape ()")
        if made.shape != ():
            raise InputError(
                f"{name} returns shape {made.shape} for one point, not one number, shape (); "
                "sum over the coordinates, as in jnp.sum(x**2)"
            )
        if not jnp.issubdtype(made.dtype, jnp.floating):
            raise InputError(f"{name} returns {made.dtype}, not real floating-point numbers")

    def compute(self, what: str, *given: Tensor) -> list[Tensor]:
        """Return what compiled functions return for points (d, n), or (d,), and other tensors of that shape."""
        key = self.formula, self.takes_vector, self.compiled
        compiled = _compiled.get_or_make(key, lambda: _Compiled(*key))
        like, single = given[0], given[0].ndim == 1
        arrays: list[NDArray[Any]] = [tensor.detach().cpu().numpy() for tensor in given]
        with local_settings(like.dtype):
            try:
                found = by_blocks(compiled.mapped(what), *(a[:, None] if single else a for a in arrays))
            except Exception as error:
                raise self._untraceable(error) from error
        return [torch.from_numpy(np.array(a[..., 0] if single else a)).to(like) for a in found]

    def _untraceable(self, error: Exception) -> InputError:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        hint = next((f"; {hint}" for kind, hint in HINTS if kind in kinds), "")
        return InputError(f"function {self.name!r} cannot be traced by JAX: {reason_of(error)}{hint}")


class _Compiled:
    """The value, gradient and curvature of a formula, each mapped over points (d, n), and compiled if that pays."""

    def __init__(self, formula: Callable[..., Any], takes_vector: bool, compiled: bool = True) -> None:
        self.formula, self.takes_vector, self.compiled = formula, takes_vector, compiled
        self.made: dict[str, Callable[..., Any]] = {}

    def at(self, point: Any) -> Any:
        """Return the value at one point (d,)."""
        return self.formula(point) if self.takes_vector else self.formula(*point)

    def mapped(self, what: str) -> Callable[..., Any]:
        """Return the function "value", "gradient" (with the value) or "curvature" (of a direction)."""
        if what not in self.made:
            jax = loaded("from_jax", "jax")[0]
            gradient = jax.grad(self.at)
            one = {
                "value": lambda x: (self.at(x),),
                "gradient": jax.value_and_grad(self.at),
                "curvature": lambda x, v: jax.jvp(gradient, (x,), (v,)),
            }[what]
            mapped = jax.vmap(one, in_axes=-1, out_axes=-1)
            self.made[what] = jax.jit(mapped) if self.compiled else mapped
        return self.made[what]


_compiled: Cache[Any, _Compiled] = Cache(capacity=64)
"""Compiled formulas; the least recently used of more than 64 is dropped."""


class _Values(torch.autograd.Function):
    """The values of a `JaxFormula`. The gradient is computed with them, and the backward pass uses it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, formula: JaxFormula) -> Tensor:
        ctx.formula = formula
        if not ctx.needs_input_grad[0]:
            return formula.compute("value", x)[0]
        values, gradient = formula.compute("gradient", x)
        ctx.save_for_backward(x, gradient)
        return values

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None]:
        x, gradient = ctx.saved_tensors
        return grad_outputs[0] * cast(Any, _Gradients).apply(x, gradient, ctx.formula), None


class _Gradients(torch.autograd.Function):
    """The gradients of a `JaxFormula`, known; the backward pass is a Hessian-vector product."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, gradient: Tensor, formula: JaxFormula) -> Tensor:
        ctx.save_for_backward(x)
        ctx.formula = formula
        return gradient.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        return ctx.formula.compute("curvature", x, grad_outputs[0])[1], None, None
