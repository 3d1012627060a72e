"""Write one traced step in C++.

Runs are in vectors of torch (`at::vec`), so transcendental functions round as in torch's own compiler. Multiplications
and additions are not fused. A tile is several vectors of runs. They advance together, because a step is a chain of
operations that wait for each other, and independent chains hide each other's latency. The statements of one vector
follow those of another: a compiler then keeps fewer numbers at once, and the processor still runs the chains together.

Example: one step of gradient descent on x², with a learning rate per run:

>>> from torch.fx.experimental.proxy_tensor import make_fx
>>> row = torch.zeros(3, dtype=torch.float64)
>>> graph = make_fx(lambda x, lr: [x - lr * (2 * x)])(row, row + 1)
>>> lines, outputs = write_step(graph, ["x", "lr"], [True, True], vectors=1)
>>> print("\\n".join(lines))
const V v2_0 = x_0 * V(static_cast<T>(2));
const V v3_0 = lr_0 * v2_0;
const V v4_0 = x_0 - v3_0;
>>> outputs
[['v4_0']]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, fx

MAX_VECTORS = 5
"""Vectors of runs per tile, for short steps. Some no longer fit the registers, which costs less than waiting."""

LONG_STEP = 100
"""Operations beyond which a tile is `LONG_STEP_VECTORS`: a longer step has more independent operations of its own."""

LONG_STEP_VECTORS = 3

FILLED = {"zeros_like": 0.0, "ones_like": 1.0, "empty_like": 0.0}
"""Operations that return a constant; what follows `empty_like` fills it."""

Names = list[str]
"""The variables that hold a quantity: one per vector of a tile, or one for all if it is the same for all runs."""


class UnknownOperationError(Exception):
    """A step has an operation that has no vector form here."""


def vectors_of(graph: fx.GraphModule) -> int:
    """Return how many vectors a tile of a step should have."""
    operations = sum(node.op == "call_function" for node in graph.graph.nodes)
    return MAX_VECTORS if operations <= LONG_STEP else LONG_STEP_VECTORS


def write_step(
    graph: fx.GraphModule, inputs: Sequence[str], varies: Sequence[bool], vectors: int
) -> tuple[list[str], list[Names]]:
    """Return the statements of one step, and the variables of its outputs.

    Args:
        graph: the step; all its tensors have the shape (R,) or are 0-dimensional.
        inputs: the name of each input. That of vector u is the name and "_u".
        varies: whether each input differs between runs.
        vectors: the number of vectors in a tile.
    """
    lines: list[list[str]] = [[] for _ in range(vectors)]
    known: dict[fx.Node, Names | Tensor] = {}
    left = iter(zip(inputs, varies, strict=True))
    for number, node in enumerate(graph.graph.nodes):
        if node.op == "placeholder":
            given, differs = next(left)
            known[node] = [f"{given}_{u}" for u in range(vectors)] if differs else [given]
        elif node.op == "get_attr":
            known[node] = getattr(graph, node.target)
        elif node.op == "output":
            return [line for own in lines for line in own], [_names(known[result]) for result in node.args[0]]
        else:
            args = fx.map_arg(node.args, lambda one: known[one])
            kwargs = fx.map_arg(node.kwargs, lambda one: known[one])
            if _is_constant(args):
                known[node] = node.target(*args, **kwargs)
            elif (name := node.target.overloadpacket._qualified_op_name[6:]) in ("full_like", *FILLED):
                fill = FILLED.get(name)
                known[node] = torch.tensor(args[1] if fill is None else fill, dtype=torch.float64)
            else:
                _check(node, known)
                name = "minimum_of_numbers" if node.meta.get("never_nan") else name.removesuffix("_")
                known[node] = _statements(lines, number, node.target, name, args, kwargs)
    raise AssertionError("a graph ends with its output")


def _check(node: fx.Node, known: dict[fx.Node, Names | Tensor]) -> None:
    """Raise `UnknownOperationError` where a tensor in use changes, or masks and numbers, or dtypes, are mixed."""
    target: Any = node.target
    first: Any = node.args[0]
    if target._schema.is_mutable and (first.op != "call_function" or len(first.users) > 1):
        raise UnknownOperationError(f"{target} of a tensor in use")
    masks = MASKED.get(target.overloadpacket.__name__.removesuffix("_"), ())
    dtypes = {node.meta["val"].dtype}
    for position, arg in enumerate(node.args):
        if isinstance(arg, fx.Node) and (value := arg.meta.get("val")) is not None:
            if (value.dtype == torch.bool) != (position in masks):
                raise UnknownOperationError(f"{target} of {value.dtype}")
            if arg.op != "get_attr" and not _chooses_constants(arg, known):
                dtypes.add(value.dtype)
    if len(dtypes - {torch.bool}) > 1:
        raise UnknownOperationError(f"{target} of {dtypes}")


def _chooses_constants(node: fx.Node, known: dict[fx.Node, Names | Tensor]) -> bool:
    """Return whether a tensor is `torch.where(mask, a, b)` of constants, which are exact in any wider dtype."""
    return node.target == torch.ops.aten.where.self and all(isinstance(known[part], Tensor) for part in node.args[1:])  # type: ignore[index]


def _is_constant(args: Any) -> bool:
    if isinstance(args, list) and args and all(isinstance(one, str) for one in args):
        return False  # the names of a variable
    return all(map(_is_constant, args)) if isinstance(args, list | tuple) else True


def _names(value: Names | Tensor) -> Names:
    return [_operand(value, 0)] if isinstance(value, Tensor) else value


def _statements(
    lines: Sequence[list[str]], number: int, target: Any, name: str, args: Sequence[Any], kwargs: Any
) -> Names:
    """Append the statements of an operation to the `lines` of each vector; return the variables of its result."""
    write = OPERATIONS.get(name)
    if write is None or not kwargs.keys() <= {"alpha", "value"} | ({"memory_format"} if name == "clone" else set()):
        raise UnknownOperationError(str(target))
    options = {key: value for key, value in kwargs.items() if key != "memory_format"}
    width = max(len(arg) for arg in args if isinstance(arg, list))
    found = [f"v{number}_{u}" for u in range(width)] if width > 1 else [f"v{number}_0"]
    for u, result in enumerate(found):
        try:
            expression = write(*(_operand(arg, u) for arg in args), **options)
        except TypeError:  # an optional argument that has no form here
            raise UnknownOperationError(str(target)) from None
        lines[u].append(f"const V {result} = {expression};")
    return found


class _Number(str):
    """A literal, with its value."""

    value: float


def _operand(arg: Any, u: int) -> Any:
    """Return an argument as C++: a variable of vector u, or a literal."""
    if isinstance(arg, list):
        return arg[u] if len(arg) > 1 else arg[0]
    if isinstance(arg, Tensor):
        if arg.numel() != 1:
            raise UnknownOperationError("a constant that is no number")
        if arg.dtype == torch.bool:  # a mask for all runs
            return f"({ONE} {'==' if arg.item() else '!='} {ONE})"
        arg = arg.item()
    if arg is None:
        return None
    if not isinstance(arg, bool | int | float):
        raise UnknownOperationError(f"argument {arg!r}")
    literal = _Number(f"V({_literal(float(arg))})")
    literal.value = float(arg)
    return literal


def _literal(value: float) -> str:
    if math.isfinite(value):
        return (
            f"static_cast<T>({value!r})"
            if value != int(value) or abs(value) > 2**53
            else f"static_cast<T>({int(value)})"
        )
    if math.isnan(value):
        return "std::numeric_limits<T>::quiet_NaN()"
    return f"{'-' if value < 0 else ''}std::numeric_limits<T>::infinity()"


def _scaled(alpha: float, b: str) -> str:
    return b if alpha == 1 else f"{b} * V({_literal(float(alpha))})"


def _times(value: float, product: str) -> str:
    return product if value == 1 else f"V({_literal(float(value))}) * ({product})"


def _power(a: str, b: str) -> str:
    """Return a power; a small whole exponent is a product, as in torch's compiler."""
    if isinstance(b, _Number) and b.value == 0.5:
        return f"{a}.sqrt()"
    if not isinstance(b, _Number) or b.value != int(b.value) or not -32 < b.value < 32:
        return f"V({a}).pow({b})"
    exponent = int(b.value)
    if exponent < 0:
        return _power(f"(V(static_cast<T>(1)) / {a})", _operand(-exponent, 0))
    if exponent < 2:
        return a if exponent else ONE
    half = f"({_power(a, _operand(exponent // 2, 0))})"
    return f"{half} * {half}" + (f" * {a}" if exponent % 2 else "")


def _lerp(start: str, end: str, weight: str) -> str:
    if isinstance(weight, _Number):
        if abs(weight.value) >= 0.5:
            return f"{end} + ({end} - {start}) * V({_literal(-(1.0 - weight.value))})"
        return f"{start} + ({end} - {start}) * {weight}"
    far = f"{weight}.abs() >= V(static_cast<T>(0.5))"
    factor = _where(far, f"({ONE} - {weight}).neg()", weight)
    return f"{_where(far, end, start)} + {factor} * ({end} - {start})"


def _where(mask: str, a: str, b: str) -> str:
    return f"V::blendv({b}, {a}, {mask})"


def _clamp(x: str, low: str | None = None, high: str | None = None) -> str:
    bounded = x if low is None else f"at::vec::maximum({x}, {low})"
    return bounded if high is None else f"at::vec::minimum({bounded}, {high})"


def _shrink_backward(grad: str, x: str, limit: str) -> str:
    inside = f"({x} >= {ZERO} - {limit}) & ({x} <= {limit})"
    return _where(inside, ZERO, grad)


def _hard_sigmoid_backward(grad: str, x: str) -> str:
    sixth = "V(static_cast<T>(0.1666666716337204))"  # torch's 1 / 6 has single precision
    inside = f"({x} > V(static_cast<T>(-3))) & ({x} < V(static_cast<T>(3)))"
    return _where(inside, f"{grad} * {sixth}", ZERO)


def _log_add_exp(a: str, b: str) -> str:
    larger = f"at::vec::maximum({a}, {b})"
    found = f"{larger} + ({a} - {b}).abs().neg().exp().log1p()"
    return _where(f"({a} == {b}) & (V({a}).abs() == {INFINITY})", a, found)


def _log_add_exp2(a: str, b: str) -> str:
    larger = f"at::vec::maximum({a}, {b})"
    found = f"{larger} + (({a} - {b}).abs().neg().exp2() + {ONE}).log2()"
    return _where(f"({a} == {b}) & (V({a}).abs() == {INFINITY})", a, found)


def _ignoring_nan(of: str) -> Callable[[str, str], str]:
    """Return the minimum or maximum of two numbers, or the other one where one is NaN."""
    return lambda a, b: _where(f"{a} != {a}", b, _where(f"{b} != {b}", a, f"at::vec::{of}({a}, {b})"))


INFINITY = "V(std::numeric_limits<T>::infinity())"
ZERO, ONE = "V(static_cast<T>(0))", "V(static_cast<T>(1))"


def _remainder(rest: str, divisor: str) -> str:
    """Return a remainder with the sign of the divisor, from one with the sign of the dividend."""
    turned = f"({rest} != {ZERO}) & (({divisor} < {ZERO}) ^ ({rest} < {ZERO}))"
    return _where(turned, f"{rest} + {divisor}", rest)


def _infix(sign: str) -> Callable[..., str]:
    return lambda a, b: f"{a} {sign} {b}"


def _method(name: str) -> Callable[..., str]:
    return lambda a, *b: f"V({a}).{name}({', '.join(b)})"


OPERATIONS: dict[str, Callable[..., str]] = {
    "add": lambda a, b, alpha=1: f"{a} + {_scaled(alpha, b)}",
    "sub": lambda a, b, alpha=1: f"{a} - {_scaled(alpha, b)}",
    "rsub": lambda a, b, alpha=1: f"{b} - {_scaled(alpha, a)}",
    "mul": _infix("*"),
    "div": _infix("/"),
    "reciprocal": lambda a: f"{ONE} / {a}",
    "square": lambda a: f"{a} * {a}",
    "pow": _power,
    "lerp": _lerp,
    "addcmul": lambda a, b, c, value=1: f"{a} + {_times(value, f'{b} * {c}')}",
    "addcdiv": lambda a, b, c, value=1: f"{a} + {_times(value, f'{b} / {c}')}",
    "minimum": lambda a, b: f"at::vec::minimum({a}, {b})",
    "minimum_of_numbers": lambda a, b: f"at::vec::clamp_max({b}, {a})",  # one instruction, for what is never NaN
    "maximum": lambda a, b: f"at::vec::maximum({a}, {b})",
    "clamp": _clamp,
    "clamp_min": lambda a, b: _clamp(a, b),
    "clamp_max": lambda a, b: _clamp(a, None, b),
    "relu": lambda a: f"at::vec::clamp_min({a}, {ZERO})",
    "where": _where,
    "masked_fill": lambda a, mask, b: _where(mask, b, a),
    "threshold_backward": lambda grad, a, threshold: _where(f"{a} <= {threshold}", ZERO, grad),
    "tanh_backward": lambda grad, y: f"{grad} * ({ONE} - {y} * {y})",
    "sigmoid_backward": lambda grad, y: f"{grad} * ({y} * ({ONE} - {y}))",
    "sigmoid": lambda a: f"{ONE} / ({ONE} + {a}.neg().exp())",
    "sign": lambda a: f"V::blendv({ZERO}, {ONE}, {ZERO} < {a}) - V::blendv({ZERO}, {ONE}, {a} < {ZERO})",
    "remainder": lambda a, b: _remainder(f"V({a}).fmod({b})", b),
    "hardsigmoid_backward": _hard_sigmoid_backward,
    "softshrink_backward": _shrink_backward,
    "hardshrink_backward": _shrink_backward,
    "logaddexp": _log_add_exp,
    "logaddexp2": _log_add_exp2,
    "fmin": _ignoring_nan("minimum"),
    "fmax": _ignoring_nan("maximum"),
    "isnan": lambda a: f"{a} != {a}",
    "isinf": lambda a: f"V({a}).abs() == {INFINITY}",
    "eq": _infix("=="), "ne": _infix("!="), "lt": _infix("<"),
    "le": _infix("<="), "gt": _infix(">"), "ge": _infix(">="),
    "logical_and": _infix("&"), "bitwise_and": _infix("&"), "logical_or": _infix("|"), "bitwise_or": _infix("|"),
    "clone": lambda a: a, "alias": lambda a: a, "detach": lambda a: a,
    "atan2": _method("atan2"), "copysign": _method("copysign"),
    **{
        name: _method(name)
        for name in (
            "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "digamma", "erf", "erfc",
            "erfinv", "exp", "exp2", "expm1", "floor", "fmod", "frac", "hypot", "lgamma", "log", "log10", "log1p",
            "log2", "neg", "round", "rsqrt", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
        )
    },
}  # fmt: skip
"""How operations on tensors are written; arguments are variables or literals."""
OPERATIONS["sgn"] = OPERATIONS["sign"]

MASKED: dict[str, tuple[int, ...]] = {
    "where": (0,), "masked_fill": (1,), "clone": (), "logical_and": (0, 1), "bitwise_and": (0, 1), "logical_or": (0, 1),
    "bitwise_or": (0, 1),
}  # fmt: skip
"""The positions of arguments that are masks; other operations take none."""
