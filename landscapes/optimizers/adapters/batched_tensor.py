"""R runs in one tensor that foreign code takes for one run's: what it computes, it computes for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from landscapes.optimizers.adapters.per_run_number import PICKED, Column

ELEMENTWISE = frozenset(["abs", "absolute", "add", "sub", "subtract", "rsub", "__rsub__", "mul", "multiply", "div", "divide", "true_divide", "__rdiv__", "__rtruediv__", "neg", "negative", "pow", "__pow__", "__rpow__", "__ipow__", "sqrt", "rsqrt", "square", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sign", "sgn", "clamp", "clamp_min", "clamp_max", "clip", "lerp", "addcmul", "addcdiv", "maximum", "minimum", "fmax", "fmin", "where", "copysign", "sigmoid", "tanh", "sinh", "cosh", "sin", "cos", "tan", "asin", "acos", "atan", "arctan", "atan2", "arctan2", "asinh", "erf", "floor", "ceil", "round", "trunc", "frac", "reciprocal", "isnan", "isfinite", "isinf", "eq", "ne", "lt", "le", "gt", "ge", "greater", "less", "equal_", "logical_and", "logical_or", "logical_xor", "logical_not", "bitwise_and", "bitwise_or", "bitwise_not", "__and__", "__or__", "__xor__", "__invert__", "nan_to_num", "masked_fill", "fmod", "remainder", "__rmod__", "hypot", "heaviside", "relu", "softplus", "xlogy", "float_power", "copy", "fill", "zero", "clone", "detach", "zeros_like", "ones_like", "empty_like", "full_like", "to", "type", "type_as", "double", "float", "half", "bfloat16", "bool", "contiguous", "requires_grad"])  # fmt: skip
"""Operations whose result at a place depends on that place alone, so that they need not know of runs."""

ASKING = frozenset(
    [
        "is_complex",
        "is_floating_point",
        "is_same_size",
        "is_contiguous",
        "get_device",
        "element_size",
        "is_inference",
        "data_ptr",
    ]
)
"""Questions about a tensor, not about its numbers."""

MEASURES = ("numel", "nelement", "dim", "ndimension", "size", "stride")
"""Questions about a shape."""

VIEWS = frozenset(
    [
        "view",
        "reshape",
        "flatten",
        "ravel",
        "transpose",
        "t",
        "unsqueeze",
        "squeeze",
        "__getitem__",
        "view_as",
        "reshape_as",
        "permute",
        "movedim",
        "select",
        "narrow",
        "chunk",
        "split",
        "unbind",
        "diagonal",
        "expand",
        "expand_as",
        "swapaxes",
        "unflatten",
        "__get__",
    ]
)
"""Operations whose result may share memory with what they are given."""

ACCESS = ("__get__", "__set__", "__delete__")
"""What is done to attributes."""

TURNED = [getattr(Tensor, name).__get__ for name in ("T", "mT", "H", "mH")]

FILLING = ("fill_", "full_like", "masked_fill", "masked_fill_")

INPLACE = frozenset(f"{name}_" for name in ELEMENTWISE)


Lift = Literal["none", "shaped", "all"]
"""Which tensors that foreign code makes from nothing become one a run: none, those with a shape, all."""

LIFTS: tuple[Lift, ...] = "none", "shaped", "all"

FACTORIES = frozenset(
    ["tensor", "as_tensor", "zeros", "ones", "full", "empty", "eye", "scalar_tensor", "arange", "linspace"]
)


class UnbatchableError(TypeError):
    """Foreign code does what cannot be done for all runs at once."""


class Runs(Tensor):
    """A tensor of shape (…, R) that says it is of shape (…): each run's own, the runs side by side.

    Operations that go element by element take all runs at once. Others (norms, products, views) are mapped over
    the runs by `torch.func.vmap`, one operation at a time, over rows laid out as one run's would be, so that sums
    round alike. A number read from it is a `Column`; a yes or no must be the same for all runs.
    """

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return applied(function, args, kwargs or {})

    @property
    def shape(self) -> torch.Size:  # type: ignore[override]
        return plain(self).shape[:-1]

    @property
    def ndim(self) -> int:  # type: ignore[override]
        return plain(self).ndim - 1

    def dim(self) -> int:
        return plain(self).ndim - 1

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        return self.shape.numel()

    nelement = numel
    ndimension = dim

    def stride(self, dim: int | None = None) -> Any:
        strides = torch.empty(self.shape, device="meta").stride()
        return strides if dim is None else strides[dim]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def item(self) -> Any:
        if self.numel() != 1:
            raise RuntimeError(f"a Tensor with {self.numel()} elements cannot be converted to Scalar")
        return Column(plain(self).reshape(-1).detach().double().cpu().numpy())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return "runs"

    def __deepcopy__(self, memo: dict[Any, Any]) -> Runs:
        own = plain(self).detach()
        twin = own[..., torch.from_numpy(memo[PICKED]).to(own.device)] if PICKED in memo else own.clone()
        copy = cast(Runs, twin.as_subclass(Runs).requires_grad_(self.requires_grad))
        memo[id(self)] = copy
        return copy

    __hash__ = Tensor.__hash__


def _method(name: str) -> Callable[..., Any]:
    """A method without the detour by way of torch, which also would refuse a factor of one number a run."""
    function = getattr(Tensor, name)

    def method(self: Runs, *args: Any, **kwargs: Any) -> Any:
        return _elementwise(function, name, (self, *args), kwargs)

    return method


for _name in ["add", "sub", "mul", "div", "sqrt", "lerp", "addcmul", "addcdiv"]:
    setattr(Runs, _name, _method(_name))
    setattr(Runs, f"{_name}_", _method(f"{_name}_"))


class Lifting(TorchFunctionMode):
    """While it is on, tensors made from nothing are one a run, and numbers that differ may be made tensors."""

    def __init__(self, runs: int, shaped_only: bool) -> None:
        super().__init__()
        self.runs, self.shaped_only = runs, shaped_only

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(function, "__name__", "") not in FACTORIES:
            return function(*args, **kwargs)
        number = (
            args[0]
            if args and isinstance(args[0], Column | Runs)
            else args[1]
            if len(args) > 1
            else kwargs.get("fill_value")
        )
        if isinstance(number, Runs):
            return number.to(**kwargs) if kwargs else number
        if isinstance(number, Column):
            options = {key: option for key, option in kwargs.items() if key != "fill_value"}
            made = function(0.0, **options) if args[0] is number else function(args[0], 0.0, **options)
            return cast(Any, torch.add)(made.unsqueeze(-1).expand(*made.shape, self.runs).as_subclass(Runs), number)
        made = function(*args, **kwargs)
        if isinstance(made, Runs) or (made.ndim == 0 and self.shaped_only):
            return made
        return made.unsqueeze(-1).repeat(*[1] * made.ndim, self.runs).as_subclass(Runs)


def plain(tensor: Tensor) -> Tensor:
    """The tensor as torch sees it, the runs last."""
    with torch._C.DisableTorchFunctionSubclass():
        return tensor.as_subclass(Tensor)


def applied(function: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> Any:
    """A function of torch, for each run."""
    name = getattr(function, "__name__", "")
    if name in INPLACE:
        if type(args[0]) is not Runs:
            raise UnbatchableError(f"{name} of what belongs to no run")
        return _elementwise(function, name, args, kwargs)
    if name in ELEMENTWISE:
        return _elementwise(function, name, args, kwargs)
    if name in ACCESS:
        if function in TURNED:
            return _mapped(function, name, False, args, kwargs)
        with torch._C.DisableTorchFunctionSubclass():
            return _as_runs(function(*args, **kwargs))
    if name in MEASURES:
        return getattr(Runs, name)(*args, **kwargs)
    if name in ASKING:
        with torch._C.DisableTorchFunctionSubclass():
            return function(*args, **kwargs)
    if name == "__setitem__":
        return _set_item(*args)
    if name.startswith("_foreach_"):
        return _foreach(name.removeprefix("_foreach_"), args, kwargs)
    inplace = name.endswith("_") and not name.startswith("_")
    if inplace and type(args[0]) is not Runs:
        raise UnbatchableError(f"{name} of what belongs to no run")
    return _mapped(function, name, inplace, args, kwargs)


def _elementwise(function: Callable[..., Any], name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
    with torch._C.DisableTorchFunctionSubclass():
        if type(args[0]) is Runs:  # the most frequent case, first
            dtype = args[0].dtype
            alike = all(type(a) is float or (type(a) is Runs and a.dtype is dtype) for a in args)
            if alike and all(type(a) is float for a in kwargs.values()):
                result = function(*args, **kwargs)
                return result if type(result) is Runs else _as_runs(result)
        large = _largest(args)
        if name in FILLING:
            number = args[-1] if len(args) > 1 else kwargs.get("value", kwargs.get("fill_value"))
            if isinstance(number, Column | Runs):
                return _filled(name, args[0], number, large)
        if kwargs:
            factor = kwargs.get("alpha", kwargs.get("value"))
            if type(factor) is Column or type(factor) is Runs:
                return _as_runs(_scaled(name, args, factor, large))
            kwargs = {key: _sided(a, large) for key, a in kwargs.items()}
            if name.startswith("cl") and any(isinstance(a, Tensor) for a in kwargs.values()):
                kwargs = {key: _bound(a, large) for key, a in kwargs.items()}
        return _as_runs(function(*[_sided(a, large) for a in args], **kwargs))


def _largest(args: Any) -> Tensor:
    """The tensor that gives its precision to numbers and to tensors of one number a run."""
    tensors = [a for a in args if isinstance(a, Tensor)]
    if not tensors:
        raise UnbatchableError("numbers that differ from run to run, and no tensor")
    return next((a for a in tensors if type(a) is Runs and Tensor.dim(a) > 1), tensors[0])


def _sided(value: Any, large: Tensor) -> Any:
    """An argument of an element-wise operation, so that it lines up with the runs."""
    kind = type(value)
    if kind is Runs:
        alike = value.dtype == large.dtype or Tensor.dim(value) > 1 or Tensor.dim(large) == 1
        return (
            value if alike or not (value.is_floating_point() and large.is_floating_point()) else value.to(large.dtype)
        )
    if kind is Column:
        return value.tensor(large.dtype if large.is_floating_point() else torch.get_default_dtype(), large.device)
    if isinstance(value, Tensor) and value.ndim:
        return value.unsqueeze(-1)
    return value


def _scaled(name: str, args: Any, factor: Column | Runs, large: Tensor) -> Tensor:
    """`add(x, y, alpha=s)` and its kin with one factor a run, rounded as the kernels for a number round."""
    first, second, *more = [a if type(a) is Runs else _sided(a, large) for a in args]
    each = factor.tensor(first.dtype, first.device) if isinstance(factor, Column) else factor.to(first.dtype)
    base, operands = name.removesuffix("_"), cast(tuple[Any, ...], ())
    if base in ("add", "sub", "subtract"):
        base, operands = "addcmul", (second, each if base == "add" else -each)
    elif base in ("addcmul", "addcdiv"):
        operands = (each * second, *more)
    else:
        raise UnbatchableError(f"{name} with a factor a run")
    result: Tensor = getattr(Tensor, f"{base}_" if name in INPLACE else base)(first, *operands)
    return result


def _filled(name: str, first: Any, value: Column | Runs, large: Tensor) -> Any:
    """`fill_`, `full_like` and `masked_fill` with one number a run."""
    if name == "fill_":
        return first.copy_(_sided(value, large))
    if name == "full_like":
        return torch.empty_like(first.as_subclass(Tensor)).copy_(_sided(value, large)).as_subclass(Runs)
    raise UnbatchableError(f"{name} with a number a run")


def _set_item(target: Any, index: Any, value: Any) -> None:
    """`target[index] = value`; a mask chooses for each run what is replaced."""
    if type(target) is not Runs:
        raise UnbatchableError("an assignment to what belongs to no run")
    if type(index) is Runs and index.dtype == torch.bool and index.shape == target.shape:
        target.copy_(torch.where(index, value, target))
    else:
        view = target[index]
        cast(Any, view.copy_ if isinstance(value, Tensor | Column) else view.fill_)(value)


def _bound(value: Any, like: Tensor) -> Any:
    """A bound of `clamp`: tensors, where one of the two is a tensor."""
    return torch.as_tensor(value, dtype=like.dtype, device=like.device) if isinstance(value, int | float) else value


def _mapped(function: Callable[..., Any], name: str, inplace: bool, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """Any other function, mapped over the runs."""
    if isinstance(kwargs.get("out"), Runs):
        rest = {key: value for key, value in kwargs.items() if key != "out"}
        return kwargs["out"].copy_(_mapped(function, name, inplace, args, rest))
    leaves, shape = tree_flatten((args, dict(kwargs)), is_leaf=lambda leaf: isinstance(leaf, Runs))
    example = next((leaf for leaf in leaves if type(leaf) is Runs), None)
    if example is None:
        raise UnbatchableError(f"{name} of a setting that differs from run to run")
    with torch._C.DisableTorchFunctionSubclass():
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Runs | Column)]
        rows = []
        for i in places:
            leaf = leaves[i]
            if isinstance(leaf, Column):
                rows.append(leaf.tensor(example.dtype, example.device))
                continue
            row = leaf.as_subclass(Tensor).movedim(-1, 0)
            rows.append(row if name in VIEWS or (inplace and leaf is args[0]) else row.contiguous())

        def alone(*items: Tensor) -> Any:
            filled = list(leaves)
            for i, item in zip(places, items, strict=True):
                filled[i] = item
            inner_args, inner_kwargs = tree_unflatten(filled, shape)
            return function(*inner_args, **inner_kwargs)

        try:
            result = torch.func.vmap(alone)(*rows)
        except Exception as error:
            raise UnbatchableError(f"{name} is not to be mapped over runs: {' '.join(str(error).split())}") from error
        if inplace:
            return args[0]
        return tree_map(lambda out: out.movedim(0, -1).as_subclass(Runs) if isinstance(out, Tensor) else out, result)


def _foreach(name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """What torch does to a list of tensors, one after the other."""
    base, inplace = name.removesuffix("_"), name.endswith("_")
    count = max(len(a) for a in (*args, *kwargs.values()) if isinstance(a, Sequence))
    columns = [a if isinstance(a, Sequence) else [a] * count for a in args]
    named = {key: a if isinstance(a, Sequence) else [a] * count for key, a in kwargs.items()}
    results = [
        _one(base, inplace, [a[i] for a in columns], {key: a[i] for key, a in named.items()}) for i in range(count)
    ]
    return None if inplace else tuple(results)


def _one(base: str, inplace: bool, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if base in ("addcmul", "addcdiv"):
        factor = args.pop() if len(args) == 4 else kwargs.pop("scalars", None)
        kwargs |= {} if factor is None else {"value": factor}
    if base in ("maximum", "minimum") and not isinstance(args[1], Tensor):
        base = {"maximum": "clamp_min", "minimum": "clamp_max"}[base]
    if inplace and hasattr(Tensor, f"{base}_"):
        return applied(getattr(Tensor, f"{base}_"), args, kwargs)
    function = torch.linalg.vector_norm if base == "norm" else getattr(Tensor, base, None) or getattr(torch, base)
    result = applied(function, args, kwargs)
    return args[0].copy_(result) if inplace else result


def _as_runs(result: Any) -> Any:
    return result.as_subclass(Runs) if isinstance(result, Tensor) and type(result) is not Runs else result
