"""A landscape's value and gradient as one short list of operations, one tensor a coordinate: no slices, no autograd.

The formula is followed once with a few points, and again with each coordinate by itself, so that `x[..., 1:]`, sums over
coordinates and stacks dissolve into the operations that compute something; these are differentiated, and what is
computed twice, or multiplied by one, falls away. Such a list costs a fraction of autograd's time, and it is what a
compiler can make one loop of.
"""

from __future__ import annotations

import copy
import operator
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx

from landscapes.objectives.decorators import Function
from landscapes.oracle import value_and_gradient

Cells = NDArray[Any]
"""A tensor in pieces: an object array of its shape, with 1 in place of the runs, of tensors (R,) and constants ()."""

POINTS = 1009
"""How many points a formula is followed with: a prime, so that this axis is not taken for another."""

KNOWN = 64
"""How many formulas are remembered."""

LONGEST = 400
"""Operations beyond which a list is no gain: a compiler takes minutes, and a loop over data is better left whole."""

ARITHMETIC = {
    "abs", "add", "cos", "div", "exp", "log", "maximum", "minimum", "mul", "neg", "pow", "rsub", "sigmoid", "sign", "sin", "sqrt",
    "sub", "tanh", "where",
}  # fmt: skip
"""Operations that torch has under the same name, with the same arguments."""


@dataclass(frozen=True, eq=False)
class Traced:
    """The value and the gradient as a list of operations.

    Attributes:
        graph: takes d coordinates (R,); returns the values (R,) and the d components of the gradient (R,).
        exact: whether its bits were those of autograd at all points tried.
    """

    graph: fx.GraphModule
    exact: bool

    def __call__(self, *x: Tensor) -> tuple[Tensor, ...]:
        return self._called(*x)

    @cached_property
    def _called(self) -> Callable[..., tuple[Tensor, ...]]:
        """The same operations under the names of torch's own functions, which cost half as much to call."""
        short = fx.GraphModule(self.graph, copy.deepcopy(self.graph.graph))
        for node in short.graph.nodes:
            name = getattr(getattr(node.target, "overloadpacket", None), "__name__", "")
            if name in ARITHMETIC and node.kwargs.keys() <= {"alpha"}:
                node.target = getattr(torch, name)
        short.recompile()
        return short.forward


WORTH = 3_000_000
"""Run-steps of a job from which following its formula pays."""

OFTEN = 4_000
"""Gradients of a formula in small jobs from which it pays as well: the next ones will be as many."""

_TRACED: dict[Any, tuple[Traced | None, Tensor]] = {}
_ASKED: dict[Any, int] = {}


def followed(function: Function, like: Tensor, steps: int) -> Traced | None:
    """What `trace` finds for a job of points like these (d, R), where it pays and has autograd's bits; else None."""
    key = function.formula, function.view
    if len(_ASKED) > 100 * KNOWN:
        _ASKED.clear()
    _ASKED[key] = asked = _ASKED.get(key, 0) + steps
    if like.numel() * steps < WORTH and asked <= OFTEN:
        return None
    traced = trace(function, like)
    return traced if traced is not None and traced.exact else None


def trace(function: Function, like: Tensor) -> Traced | None:
    """The function in the precision and on the device of `like`, or None where its formula cannot be followed.

    >>> from landscapes.functions import get
    >>> bowl = trace(get("sphere"), torch.zeros((), dtype=torch.float64))
    >>> [float(y) for y in bowl(torch.ones(1), torch.full((1,), 2.0))]
    [5.0, 2.0, 4.0]
    """
    if function.mode != "batched" or function.sample is not None or function.dim > LONGEST:
        return None  # a gradient of so many components alone is too long a list
    low, high = torch.tensor(function.view, dtype=torch.float64).unbind(1)
    share = torch.rand(function.dim, POINTS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    points = (low[:, None] + share * (high - low)[:, None]).to(like)
    value, gradient = value_and_gradient(function, points)
    told = torch.stack([value, *gradient]).nan_to_num()
    key = function.formula, function.view, like.dtype, like.device
    if key not in _TRACED or not torch.equal(_TRACED[key][1], told):  # a formula may change with what it looks up
        _TRACED.pop(next(iter(_TRACED)), None) if len(_TRACED) >= KNOWN else None
        _TRACED[key] = _traced(function, points, told), told
    return _TRACED[key][0]


def _traced(function: Function, points: Tensor, told: Tensor) -> Traced | None:
    """The list of operations, if it gives what was told of the points."""
    from torch.fx.experimental.proxy_tensor import make_fx  # takes seconds to import

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = make_fx(lambda x: function.evaluate(x))(points)
            pieces = make_fx(_differentiated(_InPieces(whole)))(*points.unbind(0))
        _simplify(pieces.graph)
        pieces.recompile()
        found = torch.stack(pieces(*points.unbind(0))).nan_to_num()
    except Exception:  # whatever a formula does that has no place in a list: it is evaluated as it stands
        return None
    if not torch.allclose(found, told, rtol=1e-4, atol=1e-4):
        return None
    return Traced(pieces, torch.equal(found, told))


def _differentiated(formula: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, ...]]:
    """Value and gradient of a formula of d tensors (R,)."""

    def evaluate(*x: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            x = tuple(coordinate.detach().requires_grad_() for coordinate in x)
            value = formula(*x)
            gradient = torch.autograd.grad(value, x, torch.ones_like(value), allow_unused=True)
        zero = torch.zeros_like(value)
        return value.detach(), *(zero if part is None else part for part in gradient)

    return evaluate


class _Unfit(Exception):  # noqa: N818
    """A formula does what cannot be told run by run."""


class _InPieces(fx.Interpreter):
    """Follows a formula's operations with tensors in pieces."""

    count = 0

    def __call__(self, *x: Tensor) -> Tensor:
        value = self.run(_cells(x, (len(x), 1)))
        if not isinstance(value, np.ndarray) or value.shape != (1,) or value[0].ndim != 1:
            raise _Unfit
        return value[0]  # type: ignore[no-any-return]

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if target is operator.getitem:
            return args[0][args[1]]
        if torch.Tag.nondeterministic_seeded in target.tags or target._schema.is_mutable:
            raise _Unfit
        if not any(isinstance(one, np.ndarray) for arg in args for one in (arg if isinstance(arg, list) else [arg])):
            return target(*args, **kwargs)  # constants among themselves
        name = target.overloadpacket._qualified_op_name.removeprefix("aten::")
        if torch.Tag.pointwise in target.tags or name in ("zeros_like", "ones_like", "full_like"):
            cells = _pointwise(target, args, kwargs)
            self.count += cells.size
            if self.count > LONGEST:
                raise _Unfit
            return cells
        handled = STRUCTURE.get(name)
        if handled is None:
            raise _Unfit
        return handled(*args, **{name: value for name, value in kwargs.items() if name in ("dim", "keepdim")})


def _cells(pieces: Sequence[Tensor], shape: tuple[int, ...]) -> Cells:
    cells = np.empty(len(pieces), dtype=object)
    for i, piece in enumerate(pieces):
        cells[i] = piece
    return cells.reshape(shape)


def _in_cells(value: Any) -> Cells:
    """A constant in cells; along the runs, where it is one for each, all must be the same."""
    if isinstance(value, np.ndarray):
        return value
    for axis, size in enumerate(value.shape):
        if size == POINTS:
            first = value.narrow(axis, 0, 1)
            if not bool((value == first).all()):
                raise _Unfit
            value = first
    return _cells(value.flatten().unbind(0), tuple(value.shape))


def _pointwise(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Cells:
    places = [i for i, arg in enumerate(args) if isinstance(arg, np.ndarray | Tensor)]

    def one(*pieces: Tensor) -> Any:
        filled = list(args)
        for place, piece in zip(places, pieces, strict=True):
            filled[place] = piece
        return target(*filled, **kwargs)

    return np.frompyfunc(one, len(places), 1)(*(_in_cells(args[place]) for place in places))  # type: ignore[no-any-return]


def _folded(fold: Callable[[Any, Any], Any]) -> Callable[..., Cells]:
    """A reduction over axes other than that of the runs, from first to last."""

    def reduced(x: Cells, dim: Any = None, keepdim: bool = False) -> Cells:
        axes = [dim] if isinstance(dim, int) else dim
        if axes is None or len(axes) != 1 or x.shape[axes[0]] < 2:  # of length 1: perhaps the runs
            raise _Unfit
        parts = list(np.moveaxis(x, axes[0], 0))
        folded = reduce(np.frompyfunc(fold, 2, 1), parts)
        return np.expand_dims(folded, axes[0]) if keepdim else folded

    return reduced


def _select(x: Cells, dim: int, index: int) -> Cells:
    return np.take(x, _other(x, dim, [index]), axis=dim).reshape(np.delete(x.shape, dim))


def _slice(x: Cells, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Cells:
    if x.shape[dim] == 1 and (start or (end is not None and end < 1)):
        raise _Unfit
    return x[(slice(None),) * (dim % x.ndim) + (slice(start, end, step),)]


def _other(x: Cells, dim: int, index: list[int]) -> list[int]:
    """The index, if it is along an axis that is not the runs'."""
    if x.shape[dim] == 1 and any(i not in (0, -1) for i in index):
        raise _Unfit
    return index


def _sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    if any(size % POINTS == 0 and size > POINTS for size in sizes):
        raise _Unfit
    return tuple(1 if size == POINTS else size for size in sizes)


def _expand(x: Cells, sizes: Sequence[int]) -> Cells:
    sizes = _sizes(sizes)
    kept = (1,) * (len(sizes) - x.ndim) + x.shape
    return np.broadcast_to(x, [old if new == -1 else new for new, old in zip(sizes, kept, strict=True)])


def _stack(parts: list[Any], dim: int = 0) -> Cells:
    return np.stack([_in_cells(part) for part in parts], dim)


def _cat(parts: list[Any], dim: int = 0) -> Cells:
    return np.concatenate([_in_cells(part) for part in parts], dim)


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
    "squeeze": lambda x, dim: np.squeeze(x, dim),
    "view": lambda x, sizes: x.reshape(_sizes(sizes)),
    "_unsafe_view": lambda x, sizes: x.reshape(_sizes(sizes)),
    "expand": _expand,
    "sum": _folded(torch.add),
    "prod": _folded(torch.mul),
    "amax": _folded(torch.maximum),
    "amin": _folded(torch.minimum),
}
"""What only moves pieces about, or folds them."""


def _simplify(graph: fx.Graph) -> None:
    """Takes out what changes no bit: ×1, aliases, what was computed before, and what nobody needs."""
    aten = torch.ops.aten
    known: dict[Any, fx.Node] = {}
    ones: set[fx.Node] = set()
    for node in list(graph.nodes):
        if node.op != "call_function":
            continue
        if any(POINTS in arg for arg in node.args if isinstance(arg, list | tuple)):
            raise _Unfit
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
