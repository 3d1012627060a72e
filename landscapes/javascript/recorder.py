"""Translate operations on tensors into a program on numbers, while torch carries them out at one point.

A tensor is accompanied by a tensor of the numbers that its entries have in the program. Whatever only moves entries
(views, slices, stacks, and their gradients) is then done by torch itself on these integers, with torch's own semantics
of views and in-place changes. Only arithmetic needs rules.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from landscapes.javascript.program import Program
from landscapes.javascript.rules import RULES, Cells, NotEmittedError


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within `with recorder:`, add all operations on known tensors to a program.

    Args:
        program: the program to extend.

    >>> program = Program(["x"])
    >>> recorder = Recorder(program)
    >>> x = recorder.input(torch.tensor([2.0]).double(), ["x"])
    >>> with recorder:
    ...     y = (x * x).sum()
    >>> program.instructions[int(recorder.ids(y))]
    Instruction(operation='mul', operands=(1, 1))
    """

    def __init__(self, program: Program) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.program = program
        self._known: dict[int, tuple[Tensor, Cells]] = {}  # by identity; the tensors are kept so that it stays theirs

    def input(self, tensor: Tensor, names: Sequence[str]) -> Tensor:
        """Return the tensor; from now on, its entries stand for these inputs of the program."""
        numbers = [self.program.number(name) for name in names]
        return self._remember(tensor, Cells(torch.tensor(numbers).reshape(tensor.shape), tensor.dtype))

    def value(self, number: int) -> Tensor:
        """Return a tensor of shape (1,) that stands for a value of the program."""
        return self._remember(torch.ones(1, dtype=torch.float64), Cells(torch.tensor([number]), torch.float64))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func._schema.name.removeprefix("aten::")
        given = [self._cells(one) for one in _flat([args, list(kwargs.values())]) if isinstance(one, Tensor)]
        constant = all(self._is_constant(one) for one in given)
        if name in VALUES and not constant:
            raise NotEmittedError("it reads the point as a number, such as in an if")
        if torch.Tag.nondeterministic_seeded in func.tags:
            raise NotEmittedError(f"it draws random numbers ({name})")
        in_place = func._schema.is_mutable and name.endswith("_") and name != "copy_"
        base = name.removesuffix("_") if in_place else name
        if not constant and base not in RULES.keys() | MOVES | LIKE:
            return self._decomposed(func, name, args, kwargs)
        cells: Any = None
        if base in MOVES and given:
            cells = self._moved(func, args, kwargs)
        elif not constant and base in RULES:
            cells = self._computed(base, args, kwargs)
        result = func(*args, **kwargs)
        if in_place:
            self._cells(args[0]).ids.copy_(self.constants(result).ids if cells is None else cells.ids)
            return result
        if isinstance(result, list | tuple):
            for i, one in enumerate(result):
                self._remember(one, self.constants(one) if cells is None else cells[i])
        elif isinstance(result, Tensor):
            self._remember(result, self.constants(result) if cells is None else cells)
            if name == "copy_" or base not in MOVES | EXACT:
                self._check_precision(result)
        return result

    def _decomposed(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        """Carry out an operation without a rule as torch defines it in simpler ones."""
        missing = NotEmittedError(f"torch's {name} has no counterpart in JavaScript yet")
        if name.startswith("prims::") or func._schema.is_mutable:
            raise missing
        try:
            with self:
                result = _decompositions().get(func, func.decompose)(*args, **kwargs)
        except NotEmittedError as error:
            raise missing if "prims::" in str(error) else error from None
        if result is NotImplemented:
            raise missing
        return result

    def constants(self, tensor: Tensor) -> Cells:
        """Return the cells of a tensor of constants."""
        if tensor.is_complex():
            raise NotEmittedError("it has complex numbers")
        values = [0.0] * tensor.numel() if tensor._is_zerotensor() else tensor.detach().flatten().tolist()
        numbers = [self.program.constant(value) for value in values]
        return Cells(torch.tensor(numbers, dtype=torch.int64).reshape(tensor.shape), tensor.dtype)

    def _remember(self, tensor: Tensor, cells: Cells) -> Tensor:
        self._known[id(tensor)] = tensor, cells
        return tensor

    def _cells(self, tensor: Tensor) -> Cells:
        """Return the cells of a tensor; one from elsewhere is a constant."""
        if id(tensor) not in self._known:
            self._remember(tensor, self.constants(tensor))
        return self._known[id(tensor)][1]

    def _is_constant(self, cells: Cells) -> bool:
        return all(number in self.program.constants for number in cells.ids.flatten().tolist())

    def _check_precision(self, result: Tensor) -> None:
        """Refuse results of less than double precision that depend on the point."""
        if result.is_complex():
            raise NotEmittedError("it has complex numbers")
        narrow = result.is_floating_point() and result.dtype != torch.float64
        if narrow and not self._is_constant(self._cells(result)):
            raise NotEmittedError(f"it computes in {str(result.dtype).removeprefix('torch.')}")

    def _moved(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Do with the numbers of the entries what is to be done with the entries."""
        dtype = next(one for one in _flat(args) if isinstance(one, Tensor)).dtype
        indexing = func._schema.name.removeprefix("aten::") in INDEXED

        def numbers(one: Tensor) -> Tensor:
            if indexing and not one.is_floating_point() and one is not args[0]:
                if not self._is_constant(self._cells(one)):
                    raise NotEmittedError("an index depends on the point")
                return one
            return self._cells(one).ids

        moved = func(*_map(args, numbers), **kwargs)
        return [Cells(ids, dtype) for ids in moved] if isinstance(moved, list | tuple) else Cells(moved, dtype)

    def _computed(self, name: str, args: Any, kwargs: Any) -> Cells:
        named = {key: value for key, value in kwargs.items() if key not in IGNORED}
        try:
            inspect.signature(RULES[name]).bind(self, *args, **named)
        except TypeError:
            given = ", ".join(named) or "them"
            raise NotEmittedError(f"torch's {name} has no counterpart with these arguments ({given})") from None
        result = RULES[name](self, *_map(args, self._cells), **named)
        if isinstance(result, Cells):
            return result
        truth = result.numel() > 0 and all(self.program.is_truth(one) for one in result.flatten().tolist())
        return Cells(result, torch.bool if truth else torch.float64)

    def ids(self, value: Any) -> Tensor:
        """Return the numbers of a tensor's entries, or of one constant."""
        if isinstance(value, Cells):
            return value.ids
        if isinstance(value, Tensor):
            return self._known[id(value)][1].ids if id(value) in self._known else value
        if isinstance(value, bool | int | float):
            return torch.tensor(self.program.constant(value))
        raise NotEmittedError(f"an argument is of type {type(value).__name__}")

    def __call__(self, operation: str, *operands: Any) -> Tensor:
        """Apply an operation to each entry, with broadcasting; return the numbers of the results."""
        columns: Sequence[Tensor] = torch.broadcast_tensors(*map(self.ids, operands))  # type: ignore[no-untyped-call]
        rows = zip(*(column.flatten().tolist() for column in columns), strict=True)
        results = [self.program.apply(operation, *row) for row in rows]
        return torch.tensor(results, dtype=torch.int64).reshape(columns[0].shape)


def _flat(values: Sequence[Any]) -> list[Any]:
    return [one for value in values for one in (_flat(value) if isinstance(value, list | tuple) else [value])]


def _map(values: Sequence[Any], function: Callable[[Tensor], Any]) -> list[Any]:
    return [
        _map(value, function)
        if isinstance(value, list | tuple)
        else function(value)
        if isinstance(value, Tensor)
        else value
        for value in values
    ]


@cache
def _decompositions() -> dict[Any, Callable[..., Any]]:
    """Return torch's own definitions of operations in simpler ones."""
    import torch._refs  # noqa: F401 (adds to the table)
    from torch._decomp import decomposition_table

    return dict(decomposition_table)


VALUES = {"_local_scalar_dense", "is_nonzero", "equal", "nonzero", "masked_select"}
"""Operations that read numbers or shapes out of a tensor."""

EXACT = {"masked_fill", "where"}
"""Operations that round nothing."""

INDEXED = {"gather", "index", "index_select", "take"}
"""Moves with a tensor of indices."""

IGNORED = {"layout", "device", "pin_memory", "non_blocking", "memory_format"}
"""Arguments on which no number depends, as all numbers are double precision."""

LIKE = {
    "empty_like", "full_like", "new_empty", "new_empty_strided", "new_full", "new_ones", "new_zeros", "ones_like",
    "zeros_like",
}  # fmt: skip
"""Operations that need the shape of a tensor, not its entries."""

MOVES = {
    "alias", "as_strided", "cat", "clone", "constant_pad_nd", "copy_", "detach", "diagonal", "diagonal_backward",
    "expand", "expand_copy", "flip", "gather", "index", "index_select", "lift", "lift_fresh", "lift_fresh_copy",
    "narrow", "permute", "repeat", "reshape", "roll", "select", "select_backward", "select_scatter", "slice",
    "slice_backward", "slice_scatter", "split", "split_with_sizes", "squeeze", "stack", "t", "take", "transpose",
    "tril", "triu", "unbind", "unfold", "unsafe_split", "unsqueeze", "view", "_reshape_alias", "_unsafe_view",
}  # fmt: skip
"""Operations that move entries and fill with zeros, which torch does on the numbers of the entries."""
