"""One tensor that holds R runs and that third-party code takes for the tensor of one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from landscapes.optimizers.adapters.per_run_arithmetic import SELECTED_RUNS, PerRunArithmetic
from landscapes.optimizers.adapters.rounding import one_by_one, rounds_by_size
from landscapes.optimizers.adapters.torch_ops import (
    ATTRIBUTE_ACCESS,
    ELEMENTWISE,
    FILLING,
    INPLACE,
    METADATA,
    SHAPE_QUERIES,
    TRANSPOSES,
    VIEWS,
)


class UnbatchableError(TypeError):
    """Third-party code does something that is not possible for all runs at once."""


class PerRunNumber(PerRunArithmetic):
    """A number per run that may be combined with tensors."""

    __slots__ = ()

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return apply_per_run(function, args, kwargs or {})


class BatchedTensor(Tensor):
    """A tensor of shape (…, R) that reports the shape (…) of one run; the last dimension holds the runs.

    Element-wise operations take all runs at once. Others (norms, products, views) are mapped over the runs by
    `torch.func.vmap`, one operation at a time. Their rows are laid out as those of one run, so that sums round alike. A
    number read from the tensor is a `PerRunNumber`; a truth value must be the same for all runs.
    """

    @classmethod
    def __torch_function__(
        cls, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return apply_per_run(function, args, kwargs or {})

    @property
    def shape(self) -> torch.Size:  # type: ignore[override]
        return unwrap_tensor(self).shape[:-1]

    @property
    def ndim(self) -> int:  # type: ignore[override]
        return unwrap_tensor(self).ndim - 1

    def dim(self) -> int:
        return unwrap_tensor(self).ndim - 1

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
        return PerRunNumber(unwrap_tensor(self).reshape(-1).detach().double().cpu().numpy())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return "batched tensor"

    def __deepcopy__(self, memo: dict[Any, Any]) -> BatchedTensor:
        own = unwrap_tensor(self).detach()
        data = own[..., torch.from_numpy(memo[SELECTED_RUNS]).to(own.device)] if SELECTED_RUNS in memo else own.clone()
        copy = cast(BatchedTensor, data.as_subclass(BatchedTensor).requires_grad_(self.requires_grad))
        memo[id(self)] = copy
        return copy

    __hash__ = Tensor.__hash__


def _method(name: str) -> Callable[..., Any]:
    """Return a method that bypasses torch's dispatch, which would refuse one factor per run."""
    function = getattr(Tensor, name)

    def method(self: BatchedTensor, *args: Any, **kwargs: Any) -> Any:
        return _elementwise(function, name, (self, *args), kwargs)

    return method


for _name in ["add", "sub", "mul", "div", "sqrt", "lerp", "addcmul", "addcdiv"]:
    setattr(BatchedTensor, _name, _method(_name))
    setattr(BatchedTensor, f"{_name}_", _method(f"{_name}_"))


def unwrap_tensor(tensor: Tensor) -> Tensor:
    """Return the plain tensor (…, R)."""
    with torch._C.DisableTorchFunctionSubclass():
        return tensor.as_subclass(Tensor)


def apply_per_run(function: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> Any:
    """Apply a function of torch to each run."""
    name = getattr(function, "__name__", "")
    if rounds_by_size(name, args, kwargs):
        return _separately(function, name, args, kwargs)
    if name in INPLACE:
        if type(args[0]) is not BatchedTensor:
            raise UnbatchableError(f"{name} on a tensor shared by all runs")
        return _elementwise(function, name, args, kwargs)
    if name in ELEMENTWISE:
        return _elementwise(function, name, args, kwargs)
    if name in ATTRIBUTE_ACCESS:
        if function in TRANSPOSES:
            return _vmapped(function, name, False, args, kwargs)
        with torch._C.DisableTorchFunctionSubclass():
            return _as_batched(function(*args, **kwargs))
    if name in SHAPE_QUERIES:
        return getattr(BatchedTensor, name)(*args, **kwargs)
    if name in METADATA:
        with torch._C.DisableTorchFunctionSubclass():
            return function(*args, **kwargs)
    if name == "__setitem__":
        return _set_item(*args)
    if name.startswith("_foreach_"):
        return _foreach(name.removeprefix("_foreach_"), args, kwargs)
    inplace = name.endswith("_") and not name.startswith("_")
    if inplace and type(args[0]) is not BatchedTensor:
        raise UnbatchableError(f"{name} on a tensor shared by all runs")
    return _vmapped(function, name, inplace, args, kwargs)


def _elementwise(function: Callable[..., Any], name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
    with torch._C.DisableTorchFunctionSubclass():
        if type(args[0]) is BatchedTensor:  # the most frequent case first
            dtype = args[0].dtype
            alike = all(type(a) is float or (type(a) is BatchedTensor and a.dtype is dtype) for a in args)
            if alike and all(type(a) is float for a in kwargs.values()):
                result = function(*args, **kwargs)
                return result if type(result) is BatchedTensor else _as_batched(result)
        reference = _reference(args)
        if name in FILLING:
            number = args[-1] if len(args) > 1 else kwargs.get("value", kwargs.get("fill_value"))
            if isinstance(number, PerRunNumber | BatchedTensor):
                return _fill(name, args[0], number, reference)
        if kwargs:
            factor = kwargs.get("alpha", kwargs.get("value"))
            if type(factor) is PerRunNumber or type(factor) is BatchedTensor:
                return _as_batched(_with_factor(name, args, factor, reference))
            kwargs = {key: _aligned(a, reference) for key, a in kwargs.items()}
            if name.startswith("cl") and any(isinstance(a, Tensor) for a in kwargs.values()):
                kwargs = {key: _bound(a, reference) for key, a in kwargs.items()}
        return _as_batched(function(*[_aligned(a, reference) for a in args], **kwargs))


def _reference(args: Any) -> Tensor:
    """Return the tensor whose dtype applies to numbers and to tensors of one number per run."""
    tensors = [a for a in args if isinstance(a, Tensor)]
    if not tensors:
        raise UnbatchableError("numbers that differ between runs, without a tensor")
    return next((a for a in tensors if type(a) is BatchedTensor and Tensor.dim(a) > 1), tensors[0])


def _aligned(value: Any, reference: Tensor) -> Any:
    """Return an argument of an element-wise operation, aligned with the dimension of the runs."""
    kind = type(value)
    if kind is BatchedTensor:
        alike = value.dtype == reference.dtype or Tensor.dim(value) > 1 or Tensor.dim(reference) == 1
        return (
            value
            if alike or not (value.is_floating_point() and reference.is_floating_point())
            else value.to(reference.dtype)
        )
    if kind is PerRunNumber:
        return value.tensor(
            reference.dtype if reference.is_floating_point() else torch.get_default_dtype(), reference.device
        )
    if isinstance(value, Tensor) and value.ndim:
        return value.unsqueeze(-1)
    return value


def _with_factor(name: str, args: Any, factor: PerRunNumber | BatchedTensor, reference: Tensor) -> Tensor:
    """Compute `add(x, y, alpha=s)` and similar with one factor per run, rounded as the kernels for one number round."""
    first, second, *more = [a if type(a) is BatchedTensor else _aligned(a, reference) for a in args]
    each = factor.tensor(first.dtype, first.device) if isinstance(factor, PerRunNumber) else factor.to(first.dtype)
    base, operands = name.removesuffix("_"), cast(tuple[Any, ...], ())
    if base in ("add", "sub", "subtract"):
        base, operands = "addcmul", (second, each if base == "add" else -each)
    elif base in ("addcmul", "addcdiv"):
        operands = (each * second, *more)
    else:
        raise UnbatchableError(f"{name} with one factor per run")
    result: Tensor = getattr(Tensor, f"{base}_" if name in INPLACE else base)(first, *operands)
    return result


def _fill(name: str, first: Any, value: PerRunNumber | BatchedTensor, reference: Tensor) -> Any:
    """Compute `fill_` and `full_like` with one number per run."""
    if name == "fill_":
        return first.copy_(_aligned(value, reference))
    if name == "full_like":
        return torch.empty_like(first.as_subclass(Tensor)).copy_(_aligned(value, reference)).as_subclass(BatchedTensor)
    raise UnbatchableError(f"{name} with one number per run")


def _set_item(target: Any, index: Any, value: Any) -> None:
    """Assign `target[index] = value`; a mask selects elements per run."""
    if type(target) is not BatchedTensor:
        raise UnbatchableError("assignment to a tensor shared by all runs")
    if type(index) is BatchedTensor and index.dtype == torch.bool and index.shape == target.shape:
        target.copy_(torch.where(index, value, target))
    else:
        view = target[index]
        cast(Any, view.copy_ if isinstance(value, Tensor | PerRunNumber) else view.fill_)(value)


def _bound(value: Any, like: Tensor) -> Any:
    """Return a bound of `clamp` as a tensor, which it must be if the other bound is one."""
    return torch.as_tensor(value, dtype=like.dtype, device=like.device) if isinstance(value, int | float) else value


def _vmapped(function: Callable[..., Any], name: str, inplace: bool, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """Map any other function over the runs."""
    if isinstance(kwargs.get("out"), BatchedTensor):
        rest = {key: value for key, value in kwargs.items() if key != "out"}
        return kwargs["out"].copy_(_vmapped(function, name, inplace, args, rest))
    leaves, shape = tree_flatten((args, dict(kwargs)), is_leaf=lambda leaf: isinstance(leaf, BatchedTensor))
    example = next((leaf for leaf in leaves if type(leaf) is BatchedTensor), None)
    if example is None:
        raise UnbatchableError(f"{name} of a setting that differs between runs")
    with torch._C.DisableTorchFunctionSubclass():
        batched = [i for i, leaf in enumerate(leaves) if isinstance(leaf, BatchedTensor | PerRunNumber)]
        rows = []
        for i in batched:
            leaf = leaves[i]
            if isinstance(leaf, PerRunNumber):
                rows.append(leaf.tensor(example.dtype, example.device))
                continue
            row = leaf.as_subclass(Tensor).movedim(-1, 0)
            rows.append(row if name in VIEWS or (inplace and leaf is args[0]) else row.contiguous())

        def one_run(*items: Tensor) -> Any:
            filled = list(leaves)
            for i, item in zip(batched, items, strict=True):
                filled[i] = item
            inner_args, inner_kwargs = tree_unflatten(filled, shape)
            return function(*inner_args, **inner_kwargs)

        try:
            result = torch.func.vmap(one_run)(*rows)
        except Exception as error:
            raise UnbatchableError(f"{name} cannot be mapped over runs: {' '.join(str(error).split())}") from error
        if inplace:
            return args[0]
        return tree_map(
            lambda out: out.movedim(0, -1).as_subclass(BatchedTensor) if isinstance(out, Tensor) else out, result
        )


def _separately(function: Callable[..., Any], name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """Apply a function to one run after the other, because it rounds otherwise for many runs at once."""
    if isinstance(kwargs.get("out"), BatchedTensor):
        rest = {key: value for key, value in kwargs.items() if key != "out"}
        return kwargs["out"].copy_(_separately(function, name, args, rest))
    inplace = name == "__ipow__" or (name.endswith("_") and not name.startswith("_"))
    if inplace and type(args[0]) is not BatchedTensor:
        raise UnbatchableError(f"{name} on a tensor shared by all runs")
    leaves, shape = tree_flatten((args, dict(kwargs)), is_leaf=lambda leaf: isinstance(leaf, BatchedTensor))
    with torch._C.DisableTorchFunctionSubclass():
        columns: list[Any] = []
        for leaf in leaves:
            if type(leaf) is BatchedTensor:
                columns.append(leaf.as_subclass(Tensor).movedim(-1, 0).contiguous())
            else:
                columns.append(leaf.values.tolist() if isinstance(leaf, PerRunNumber) else leaf)
        batched = [i for i, leaf in enumerate(leaves) if isinstance(leaf, BatchedTensor | PerRunNumber)]
        each = []
        for values in zip(*(columns[i] for i in batched), strict=True):
            filled = list(columns)
            for i, value in zip(batched, values, strict=True):
                filled[i] = value
            each.append(tree_unflatten(filled, shape))
        result = one_by_one(function, each).as_subclass(BatchedTensor)
        return args[0].copy_(result) if inplace else result


def _foreach(name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """Apply a `torch._foreach_*` operation to a list of tensors, one after the other."""
    base, inplace = name.removesuffix("_"), name.endswith("_")
    count = max(len(a) for a in (*args, *kwargs.values()) if isinstance(a, Sequence))
    columns = [a if isinstance(a, Sequence) else [a] * count for a in args]
    named = {key: a if isinstance(a, Sequence) else [a] * count for key, a in kwargs.items()}
    results = [
        _foreach_item(base, inplace, [a[i] for a in columns], {key: a[i] for key, a in named.items()})
        for i in range(count)
    ]
    return None if inplace else tuple(results)


def _foreach_item(base: str, inplace: bool, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if base in ("addcmul", "addcdiv"):
        factor = args.pop() if len(args) == 4 else kwargs.pop("scalars", None)
        kwargs |= {} if factor is None else {"value": factor}
    if base in ("maximum", "minimum") and not isinstance(args[1], Tensor):
        base = {"maximum": "clamp_min", "minimum": "clamp_max"}[base]
    if inplace and hasattr(Tensor, f"{base}_"):
        return apply_per_run(getattr(Tensor, f"{base}_"), args, kwargs)
    function = torch.linalg.vector_norm if base == "norm" else getattr(Tensor, base, None) or getattr(torch, base)
    result = apply_per_run(function, args, kwargs)
    return args[0].copy_(result) if inplace else result


def _as_batched(result: Any) -> Any:
    return (
        result.as_subclass(BatchedTensor)
        if isinstance(result, Tensor) and type(result) is not BatchedTensor
        else result
    )
