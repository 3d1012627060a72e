"""Trace a function's value and gradient into one short list of operations on tensors (R,), one per coordinate.

The formula is traced once on a batch of points, and then again with each coordinate in a tensor of its own. Slices
such as `x[..., 1:]`, sums over coordinates and stacks then dissolve into arithmetic. The arithmetic is differentiated;
common subexpressions and multiplications by one are removed. The list costs a fraction of autograd's time, and a
compiler can turn it into one loop.
"""

from __future__ import annotations

import copy
import hashlib
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, reduce
from types import FunctionType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx

from landscapes.caching import Cache
from landscapes.errors import warn
from landscapes.objectives.decorators import Function
from landscapes.oracle import value_and_gradient
from landscapes.silence import ignored_warnings

Cells = NDArray[Any]
"""A tensor in pieces: an object array of its shape, but of length 1 along the runs. Its entries are tensors, (R,) or,
for constants, ()."""

POINTS = 1009
"""The number of points a formula is traced with: a prime, so that the axis of runs is not mistaken for another."""

MAX_OPERATIONS = 400
"""Operations beyond which tracing does not pay: a compiler takes minutes, and a loop over data is better left whole."""

ARITHMETIC = {
    "abs", "add", "cos", "div", "exp", "log", "maximum", "minimum", "mul", "neg", "pow", "rsub", "sigmoid", "sign",
    "sin", "sqrt", "sub", "tanh", "where",
}  # fmt: skip
"""Operations that torch has under the same name, with the same arguments."""

POINTWISE = {
    "elu", "full_like", "hardshrink", "hardsigmoid", "hardtanh", "leaky_relu", "mish", "ones_like", "softplus",
    "softshrink", "zeros_like",
}  # fmt: skip
"""Operations on each entry that torch 2.4 does not mark as such."""

DEFINED = ("_log_softmax", "_softmax", "hardswish", "huber_loss", "smooth_l1_loss")
"""Operations that are traced by torch's definition of them; gradients then agree to rounding."""


@dataclass(frozen=True, eq=False)
class TracedFunction:
    """Value and gradient of a function as a list of operations.

    Calling it with d coordinates (R,) returns the values (R,) and the d components of the gradient (R,).

    Attributes:
        graph: the operations.
        exact: whether the results equal those of autograd bit for bit at all points tried.
    """

    graph: fx.GraphModule
    exact: bool

    def __call__(self, *x: Tensor) -> tuple[Tensor, ...]:
        return self._forward(*x)

    def value(self, *x: Tensor) -> Tensor:
        """Return the values (R,) at d coordinates (R,), without the operations of the gradient."""
        return self._value_forward(*x)[0]

    @cached_property
    def _forward(self) -> Callable[..., tuple[Tensor, ...]]:
        return self._shortened(1 + sum(node.op == "placeholder" for node in self.graph.graph.nodes))

    @cached_property
    def _value_forward(self) -> Callable[..., tuple[Tensor, ...]]:
        return self._shortened(1)

    def _shortened(self, results: int) -> Callable[..., tuple[Tensor, ...]]:
        """Return the operations of the first results, by torch's own functions, which cost half as much to call."""
        short = fx.GraphModule(self.graph, copy.deepcopy(self.graph.graph))
        output = next(node for node in short.graph.nodes if node.op == "output")
        output.args = (tuple(output.args[0])[:results],)
        short.graph.eliminate_dead_code()
        for node in short.graph.nodes:
            name = getattr(getattr(node.target, "overloadpacket", None), "__name__", "")
            if name in ARITHMETIC and node.kwargs.keys() <= {"alpha"}:
                node.target = getattr(torch, name)
        short.recompile()
        return short.forward


@dataclass
class _Demand:
    """The number of gradients of a formula requested so far by small batches."""

    gradients: int = 0


MIN_RUN_STEPS = 3_000_000
"""Run-steps of a batch from which tracing its formula pays."""

MIN_GRADIENTS = 4_000
"""Gradients of a formula in small batches from which tracing pays, too, because as many are likely to follow."""

_TRACED: Cache[Any, TracedFunction | None] = Cache(capacity=64)
"""Traced functions, for the whole process; None for a formula that cannot be traced.

Key: formula, view, dtype, device and a digest of values and gradients at fixed points. The digest changes when a
formula changes with a variable that it reads, and the formula is then traced again. Formulas of the catalogue do not
change, and have no digest. The least recently used of more than 64 is dropped. Threads share the cache; two that need
the same new key may both trace it.
"""

_DEMAND: Cache[Any, _Demand] = Cache(capacity=6_400)
"""The demand per formula and view, for the whole process; the least recently used of more than 6,400 is forgotten.

Threads may lose a few counts to each other. Then a formula is traced a little later, and no result changes.
"""


def trace_if_worthwhile(function: Function, like: Tensor, steps: int) -> TracedFunction | None:
    """Return the traced function for a batch of points `like` (d, R), if tracing pays and is exact; else None."""
    demand = _DEMAND.get_or_make((function.formula, function.view), _Demand)
    demand.gradients += steps
    if like.numel() * steps < MIN_RUN_STEPS and demand.gradients <= MIN_GRADIENTS:
        return None
    traced = trace(function, like)
    return traced if traced is not None and traced.exact else None


def trace(function: Function, like: Tensor) -> TracedFunction | None:
    """Return the traced function in the dtype and on the device of `like`; None if it cannot be traced.

    >>> from landscapes.functions import get
    >>> sphere = trace(get("sphere"), torch.zeros((), dtype=torch.float64))
    >>> [float(y) for y in sphere(torch.ones(1), torch.full((1,), 2.0))]
    [5.0, 2.0, 4.0]
    """
    if function.mode != "batched" or function.sample is not None or function.dim > MAX_OPERATIONS:
        return None  # the gradient alone has more components than a list may have operations
    key = function.formula, function.view, like.dtype, like.device
    if _never_changes(function.formula):
        constants = function.takes_vector, torch.get_default_dtype()  # a formula may make constants in this dtype
        return _TRACED.get_or_make((*key, constants), lambda: _trace(function, *_evaluated(function, like)))
    points, expected = _evaluated(function, like)
    digest = hashlib.sha256(expected.view(torch.uint8).cpu().numpy().tobytes()).digest()
    return _TRACED.get_or_make((*key, digest), lambda: _trace(function, points, expected))


def _never_changes(formula: Any) -> bool:
    """Return whether a formula is of the catalogue, and reads nothing from outside but such formulas."""
    if not isinstance(formula, FunctionType) or not (formula.__module__ or "").startswith("landscapes.functions."):
        return False
    return all(_never_changes(cell.cell_contents) for cell in formula.__closure__ or ())


def _evaluated(function: Function, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return points (d, POINTS), and the values and gradients there, (d + 1, POINTS), without NaN."""
    points = _fixed_points(function.view, like.dtype, like.device).clone()  # a formula may change what it is given
    value, gradient = value_and_gradient(function, points)
    return points, torch.stack([value, *gradient]).nan_to_num()


@lru_cache(maxsize=8)
def _fixed_points(view: tuple[tuple[float, float], ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return points in a view, shape (d, POINTS)."""
    low, high = torch.tensor(view, dtype=torch.float64).unbind(1)
    share = torch.rand(len(view), POINTS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return (low[:, None] + share * (high - low)[:, None]).to(device, dtype)


def _trace(function: Function, points: Tensor, expected: Tensor) -> TracedFunction | None:
    """Trace a function; return None if that fails, or if the result differs from the expected values and gradients.

    Operations that do not act on each run separately, as far as is known, are then replaced by torch's definitions.
    """
    for table in (None, _definitions()):
        graph = _graph(function, points, table)
        if graph is None:
            continue
        found = torch.stack(graph(*points.unbind(0))).nan_to_num()
        if not torch.allclose(found, expected, rtol=1e-4, atol=1e-4):
            return None
        return TracedFunction(graph, table is None and torch.equal(found, expected))
    return None


def _graph(function: Function, points: Tensor, table: Mapping[Any, Callable[..., Any]] | None) -> fx.GraphModule | None:
    """Return value and gradient as operations on coordinates (R,); None if that fails. `table` redefines operations."""
    from torch.fx.experimental.proxy_tensor import make_fx  # takes seconds to import

    try:
        with ignored_warnings():
            batched = make_fx(lambda x: function.evaluate(x), table)(points)
            graph = make_fx(_differentiated(_CellInterpreter(batched)))(*points.unbind(0))
            _simplify(graph.graph)
            graph.recompile()
            graph(*points.unbind(0))
    except OSError as error:  # torch makes the folder of its cache when it is first needed
        warn(f"formulas cannot be traced, so that many runs take much longer: {error}")
        return None
    except Exception:  # a formula may do anything; one that cannot be traced is evaluated as it is
        return None
    return graph


@cache
def _definitions() -> dict[Any, Callable[..., Any]]:
    """Return torch's definitions of the operations `DEFINED`, by simpler ones."""
    from torch._decomp import get_decompositions

    aten = torch.ops.aten
    own: dict[Any, Callable[..., Any]] = {
        aten.log_sigmoid_forward.default: _log_sigmoid,
        aten.logsumexp.default: _log_sum_exp,
    }
    return {**get_decompositions([getattr(aten, name) for name in DEFINED]), **own}


def _log_sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    return torch.logaddexp(torch.zeros_like(x), -x).neg(), x  # the second one is a buffer


def _log_sum_exp(x: Tensor, dim: list[int], keepdim: bool = False) -> Tensor:
    largest = x.amax(dim, keepdim=True)  # one that is infinite gives NaN, and then the run is replayed
    total = (x - largest).exp().sum(dim, keepdim=True).log() + largest
    return total if keepdim else total.squeeze(tuple(dim))


def _differentiated(formula: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, ...]]:
    """Return the value and gradient of a formula of d tensors (R,)."""

    def evaluate(*x: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            x = tuple(coordinate.detach().requires_grad_() for coordinate in x)
            value = formula(*x)
            gradient = torch.autograd.grad(value, x, torch.ones_like(value), allow_unused=True)
        zero = torch.zeros_like(value)
        return value.detach(), *(zero if part is None else part for part in gradient)

    return evaluate


class _NotTraceableError(Exception):
    """A formula has an operation that does not act on each run separately."""


class _CellInterpreter(fx.Interpreter):
    """Interpret a formula's operations on cells."""

    count = 0

    def __call__(self, *x: Tensor) -> Tensor:
        value = self.run(_cells(x, (len(x), 1)))
        if not isinstance(value, np.ndarray) or value.shape != (1,) or value[0].ndim != 1:
            raise _NotTraceableError
        return value[0]  # type: ignore[no-any-return]

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if target is operator.getitem:
            return args[0][args[1]]
        if torch.Tag.nondeterministic_seeded in target.tags or target._schema.is_mutable:
            raise _NotTraceableError
        if not any(isinstance(one, np.ndarray) for arg in args for one in (arg if isinstance(arg, list) else [arg])):
            return target(*args, **kwargs)  # constants among themselves
        name = target.overloadpacket._qualified_op_name.removeprefix("aten::")
        if torch.Tag.pointwise in target.tags or name in POINTWISE:
            cells = _pointwise(target, args, kwargs)
            self.count += cells.size
            if self.count > MAX_OPERATIONS:
                raise _NotTraceableError
            return cells
        handled = STRUCTURE.get(name)
        if handled is None:
            raise _NotTraceableError
        return handled(*args, **{name: value for name, value in kwargs.items() if name in ("dim", "keepdim")})


def _cells(pieces: Sequence[Tensor], shape: tuple[int, ...]) -> Cells:
    cells = np.empty(len(pieces), dtype=object)
    for i, piece in enumerate(pieces):
        cells[i] = piece
    return cells.reshape(shape)


def _as_cells(value: Any) -> Cells:
    """Return a constant as cells; along the axis of runs its entries must be equal."""
    if isinstance(value, np.ndarray):
        return value
    for axis, size in enumerate(value.shape):
        if size == POINTS:
            first = value.narrow(axis, 0, 1)
            if not bool((value == first).all()):
                raise _NotTraceableError
            value = first
    return _cells(value.flatten().unbind(0), tuple(value.shape))


def _pointwise(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Cells:
    positions = [i for i, arg in enumerate(args) if isinstance(arg, np.ndarray | Tensor)]

    def one(*pieces: Tensor) -> Any:
        filled = list(args)
        for position, piece in zip(positions, pieces, strict=True):
            filled[position] = piece
        return target(*filled, **kwargs)

    cells = [_as_cells(args[i]) for i in positions]
    return np.frompyfunc(one, len(positions), 1)(*cells)  # type: ignore[no-any-return]


def _folded(fold: Callable[[Any, Any], Any]) -> Callable[..., Cells]:
    """Return a reduction over one axis other than that of the runs, from first to last."""

    def reduced(x: Cells, dim: Any = None, keepdim: bool = False) -> Cells:
        axes = [dim] if isinstance(dim, int) else dim
        if axes is None or len(axes) != 1 or x.shape[axes[0]] < 2:  # an axis of length 1 may be that of the runs
            raise _NotTraceableError
        parts = list(np.moveaxis(x, axes[0], 0))
        folded = reduce(np.frompyfunc(fold, 2, 1), parts)
        return np.expand_dims(folded, axes[0]) if keepdim else folded

    return reduced


def _select(x: Cells, dim: int, index: int) -> Cells:
    return np.take(x, _checked_index(x, dim, [index]), axis=dim).reshape(np.delete(x.shape, dim))


def _slice(x: Cells, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Cells:
    if x.shape[dim] == 1 and (start or (end is not None and end < 1)):
        raise _NotTraceableError
    return x[(slice(None),) * (dim % x.ndim) + (slice(start, end, step),)]


def _checked_index(x: Cells, dim: int, index: list[int]) -> list[int]:
    """Return the index if its axis is not that of the runs."""
    if x.shape[dim] == 1 and any(i not in (0, -1) for i in index):
        raise _NotTraceableError
    return index


def _cell_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    if any(size % POINTS == 0 and size > POINTS for size in sizes):
        raise _NotTraceableError
    return tuple(1 if size == POINTS else size for size in sizes)


def _expand(x: Cells, sizes: Sequence[int]) -> Cells:
    sizes = _cell_sizes(sizes)
    kept = (1,) * (len(sizes) - x.ndim) + x.shape
    return np.broadcast_to(x, [old if new == -1 else new for new, old in zip(sizes, kept, strict=True)])


def _stack(parts: list[Any], dim: int = 0) -> Cells:
    return np.stack([_as_cells(part) for part in parts], dim)


def _cat(parts: list[Any], dim: int = 0) -> Cells:
    return np.concatenate([_as_cells(part) for part in parts], dim)


STRUCTURE: dict[str, Callable[..., Any]] = {
    "alias": lambda x: x,
    "detach": lambda x: x,
    "clone": lambda x: x,
    "permute": lambda x, dims: x.transpose(dims),
    "transpose": lambda x, a, b: np.swapaxes(x, a, b),
    "t": lambda x: x.T,
    "select": _select,
    "slice": _slice,
    "unbind": lambda x, dim=0: list(np.moveaxis(x, dim, 0)),
    "stack": _stack,
    "cat": _cat,
    "unsqueeze": lambda x, dim: np.expand_dims(x, dim),
    "squeeze": lambda x, dim: np.squeeze(x, dim if isinstance(dim, int) else tuple(dim)),
    "view": lambda x, sizes: x.reshape(_cell_sizes(sizes)),
    "_unsafe_view": lambda x, sizes: x.reshape(_cell_sizes(sizes)),
    "expand": _expand,
    "sum": _folded(torch.add),
    "prod": _folded(torch.mul),
    "amax": _folded(torch.maximum),
    "amin": _folded(torch.minimum),
}
"""Operations that move or reduce cells."""


def _simplify(graph: fx.Graph) -> None:
    """Remove operations without changing a bit: ×1, aliases, repeated and unused ones."""
    aten = torch.ops.aten
    known: dict[Any, fx.Node] = {}
    ones: set[fx.Node] = set()
    for node in list(graph.nodes):
        if node.op != "call_function":
            continue
        if any(POINTS in arg for arg in node.args if isinstance(arg, list | tuple)):
            raise _NotTraceableError
        same = None
        if node.target in (aten.alias.default, aten.detach.default, aten.lift_fresh_copy.default):
            same = node.args[0]
        elif node.target == aten.mul.Tensor and ones.intersection(node.args):
            left, right = node.args
            same = right if left in ones else left
            if not isinstance(same, fx.Node) or same.meta["val"].shape != node.meta["val"].shape:
                same = None
        if node.target == aten.ones_like.default:
            ones.add(node)
        key = node.target, repr(node.args), repr(sorted(node.kwargs.items()))
        same = same if same is not None else known.get(key)
        if isinstance(same, fx.Node):
            node.replace_all_uses_with(same)
            graph.erase_node(node)
        else:
            known[key] = node
    graph.eliminate_dead_code()
