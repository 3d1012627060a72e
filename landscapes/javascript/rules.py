"""How torch's operations with arithmetic are written as operations on numbers, in torch's order and rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor


class NotEmittedError(Exception):
    """There is no JavaScript for something; the message is the reason."""


@dataclass
class Cells:
    """The numbers that a tensor's entries have in a program, and the tensor's dtype."""

    ids: Tensor
    dtype: torch.dtype


class Apply(Protocol):
    """What adds operations to a program."""

    def __call__(self, operation: str, *operands: Any) -> Tensor:
        """Apply an operation to each entry, with broadcasting; return the numbers of the results."""

    def ids(self, value: Any) -> Tensor:
        """Return the numbers of a tensor's entries, or of one constant."""


Rule = Callable[..., Tensor | Cells]
"""Takes what the operation takes, with cells for tensors; returns the numbers of the results."""


def _fold(operation: str, start: float) -> Callable[..., Tensor]:
    """Return a reduction from first to last over some axes."""

    def reduce(o: Apply, x: Cells, dim: Any = None, keepdim: bool = False) -> Tensor:
        ids = x.ids
        axes = range(ids.ndim) if dim is None or dim == [] else [dim] if isinstance(dim, int) else dim
        axes = sorted(axis % max(ids.ndim, 1) for axis in axes)
        kept = [axis for axis in range(ids.ndim) if axis not in axes]
        rows = ids.permute([*axes, *kept]).reshape(-1, *(ids.shape[axis] for axis in kept))
        result = rows[0] if len(rows) else o.ids(start).expand(rows.shape[1:])
        for row in rows[1:]:
            result = o(operation, result, row)
        if keepdim:
            for axis in axes:
                result = result.unsqueeze(axis)
        return result

    return reduce


_sum = _fold("add", 0.0)


def _mean(o: Apply, x: Cells, dim: Any = None, keepdim: bool = False) -> Tensor:
    total = _sum(o, x, dim, keepdim)
    return o("div", total, x.ids.numel() / max(total.numel(), 1))


def _variance(o: Apply, x: Cells, dim: Any = None, correction: float | None = None, keepdim: bool = False) -> Tensor:
    deviation = o("sub", x, _mean(o, x, dim, keepdim=True))
    total = _sum(o, Cells(o("mul", deviation, deviation), x.dtype), dim, keepdim)
    count = x.ids.numel() / max(total.numel(), 1)
    return o("div", total, count - (1 if correction is None else correction))


def _cumulative(operation: str) -> Rule:
    def accumulate(o: Apply, x: Cells, dim: int) -> Tensor:
        rows = list(x.ids.movedim(dim, 0))
        for i in range(1, len(rows)):
            rows[i] = o(operation, rows[i - 1], rows[i])
        return torch.stack(rows).movedim(0, dim)

    return accumulate


def _scaled_sum(sign: float) -> Callable[..., Tensor]:
    """Return a ± alpha·b; torch rounds it once."""

    def add(o: Apply, a: Any, b: Any, alpha: float = 1) -> Tensor:
        if alpha == 1:
            both = isinstance(a, Cells) and isinstance(b, Cells) and a.dtype == b.dtype == torch.bool
            return o("or", a, b) if both and sign > 0 else o("add" if sign > 0 else "sub", a, b)
        return o("fma", sign * alpha, b, a)

    return add


def _reversed_difference(o: Apply, a: Any, b: Any, alpha: float = 1) -> Tensor:
    return _scaled_sum(-1.0)(o, b, a, alpha)


def _lerp(o: Apply, a: Any, b: Any, weight: Any) -> Tensor:
    """Return a + weight·(b - a) as torch rounds it: from the nearer end, and once."""
    near = o("lt", o("abs", weight), 0.5)
    factor = o("where", near, weight, o("sub", weight, 1.0))
    return o("fma", factor, o("sub", b, a), o("where", near, a, b))


def _addcmul(o: Apply, a: Any, b: Any, c: Any, value: float = 1) -> Tensor:
    return o("fma", o("mul", value, b), c, a)


def _addcdiv(o: Apply, a: Any, b: Any, c: Any, value: float = 1) -> Tensor:
    return o("add", a, o("div", o("mul", value, b), c))


def _pow(o: Apply, base: Any, exponent: Any) -> Tensor:
    """Return a power; torch takes small integer powers as products, and square roots."""
    if not isinstance(exponent, int | float):
        return o("pow", base, exponent)
    simple: dict[float, Callable[[], Tensor]] = {
        0.0: lambda: o.ids(1.0).expand(o.ids(base).shape),
        1.0: lambda: o.ids(base),
        2.0: lambda: o("mul", base, base),
        3.0: lambda: o("mul", o("mul", base, base), base),
        0.5: lambda: o("sqrt", base),
        -0.5: lambda: o("div", 1.0, o("sqrt", base)),
        -1.0: lambda: o("div", 1.0, base),
        -2.0: lambda: o("div", 1.0, o("mul", base, base)),
    }
    return simple[float(exponent)]() if exponent in simple else o("pow", base, exponent)


def _clamp(o: Apply, x: Any, low: Any = None, high: Any = None, **named: Any) -> Tensor:
    low, high = named.get("min", low), named.get("max", high)
    result = o.ids(x)
    result = result if low is None else o("maximum", result, low)
    return result if high is None else o("minimum", result, high)


def _divide(o: Apply, a: Any, b: Any, rounding_mode: str | None = None) -> Tensor:
    quotient = o("div", a, b)
    return quotient if rounding_mode is None else o(rounding_mode, quotient)


def _matrix_product(o: Apply, a: Any, b: Any) -> Tensor:
    """Return the product of matrices (…, m, k) and (…, k, n)."""
    return _sum(o, Cells(o("mul", o.ids(a)[..., :, :, None], o.ids(b)[..., None, :, :]), torch.float64), -2)


def _vector_product(o: Apply, a: Any, b: Any) -> Tensor:
    return _sum(o, Cells(o("mul", a, b), torch.float64), -1)


def _plus_product(o: Apply, base: Any, a: Any, b: Any, beta: float = 1, alpha: float = 1) -> Tensor:
    scaled = o("mul", _matrix_product(o, a, b), alpha)
    return o("add", o("mul", base, beta), scaled)


def _copied(o: Apply, x: Cells, **named: Any) -> Cells:
    dtype = named.get("dtype") or x.dtype
    if dtype.is_complex:
        raise NotEmittedError("it has complex numbers")
    if not dtype.is_floating_point and x.dtype.is_floating_point:
        return Cells(o("ne", x, 0.0) if dtype == torch.bool else o("trunc", x), dtype)
    return Cells(x.ids.clone(), dtype)


def _same(operation: str) -> Rule:
    return lambda o, *operands: o(operation, *operands)


SAME = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "cos", "cosh", "eq", "erf",
    "exp", "expm1", "floor", "fmod", "ge", "gt", "hypot", "le", "log", "log10", "log1p", "log2", "lt",
    "maximum", "minimum", "mul", "ne", "neg", "remainder", "round", "sign", "sin", "sinh", "sqrt", "tan",
    "tanh", "trunc", "where",
)  # fmt: skip
"""Operations of torch that programs have under the same name."""

RULES: dict[str, Rule] = {
    **{name: _same(name) for name in SAME},
    "add": _scaled_sum(1.0),
    "addcdiv": _addcdiv,
    "addcmul": _addcmul,
    "addmm": _plus_product,
    "all": _fold("and", 1.0),
    "amax": _fold("maximum", 0.0),
    "amin": _fold("minimum", 0.0),
    "any": _fold("or", 0.0),
    "baddbmm": _plus_product,
    "bitwise_and": _same("and"),
    "bitwise_not": _same("not"),
    "bitwise_or": _same("or"),
    "bitwise_xor": _same("ne"),
    "bmm": _matrix_product,
    "clamp": _clamp,
    "clamp_max": lambda o, x, high: o("minimum", x, high),
    "clamp_min": lambda o, x, low: o("maximum", x, low),
    "cumprod": _cumulative("mul"),
    "cumsum": _cumulative("add"),
    "div": _divide,
    "dot": _vector_product,
    "exp2": lambda o, x: o("pow", 2.0, x),
    "fill": lambda o, x, value: o.ids(value).expand(o.ids(x).shape),
    "frac": lambda o, x: o("sub", x, o("trunc", x)),
    "isinf": lambda o, x: o("eq", o("abs", x), float("inf")),
    "isnan": lambda o, x: o("ne", x, x),
    "lerp": _lerp,
    "logical_and": _same("and"),
    "logical_not": _same("not"),
    "logical_or": _same("or"),
    "logical_xor": lambda o, a, b: o("ne", o("not", a), o("not", b)),
    "masked_fill": lambda o, x, mask, value: o("where", mask, value, x),
    "mean": _mean,
    "mm": _matrix_product,
    "mv": _vector_product,
    "pow": _pow,
    "prod": _fold("mul", 1.0),
    "reciprocal": lambda o, x: o("div", 1.0, x),
    "relu": lambda o, x: o("maximum", x, 0.0),
    "rsqrt": lambda o, x: o("div", 1.0, o("sqrt", x)),
    "rsub": _reversed_difference,
    "sgn": _same("sign"),
    "sigmoid": lambda o, x: o("div", 1.0, o("add", 1.0, o("exp", o("neg", x)))),
    "sigmoid_backward": lambda o, g, y: o("mul", o("mul", g, o("sub", 1.0, y)), y),
    "sub": _scaled_sum(-1.0),
    "sum": _sum,
    "tanh_backward": lambda o, g, y: o("mul", g, o("fma", o("neg", y), y, 1.0)),
    "threshold_backward": lambda o, g, x, threshold: o("where", o("le", x, threshold), 0.0, g),
    "var": _variance,
    "_to_copy": _copied,
    "zero": lambda o, x: torch.zeros_like(o.ids(x)),
}
"""The operations with arithmetic, by the name that torch gives them."""
