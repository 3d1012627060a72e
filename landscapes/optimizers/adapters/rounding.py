"""Functions that torch rounds otherwise in large tensors than in small ones, such as powers and the sigmoid.

On the CPU, torch evaluates long tensors several elements at a time, by other code than a few elements. Sums, products,
quotients and square roots round alike in both. Transcendental functions need not: some differ in the last bit for one
argument in sixty, and which ones depends on how torch was built.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from landscapes.optimizers.adapters.torch_ops import ELEMENTWISE, TRANSCENDENTAL

EXACT_EXPONENTS = (-2, -1, -0.5, 0, 0.5, 1, 2, 3)
"""Exponents for which torch computes a power by products, quotients and square roots."""

EXACT = (ELEMENTWISE - TRANSCENDENTAL) | {"_to_copy", "alias", "lift_fresh", "logical_not", "threshold", "_conj"}
"""Element-wise operations of torch's core that round alike in any tensor."""

_separate = threading.local()
"""`_separate.active` is true while this thread computes for one run at a time."""


def rounds_by_size(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Return whether a function of torch may round otherwise in a tensor of many runs than in that of one run.

    >>> x = torch.ones(2)
    >>> [rounds_by_size("pow", (x, exponent), {}) for exponent in (2, 1.5)], rounds_by_size("sigmoid_", (x,), {})
    ([False, True], True)
    """
    base = name.removeprefix("special_").strip("_")
    if base not in TRANSCENDENTAL or any(isinstance(a, Tensor) and a.device.type != "cpu" for a in args):
        return False
    exponent = args[1] if len(args) > 1 else kwargs.get("exponent")
    return base not in ("pow", "ipow") or not isinstance(exponent, int | float) or exponent not in EXACT_EXPONENTS


def one_by_one(function: Callable[..., Tensor], arguments: Sequence[tuple[Sequence[Any], Mapping[str, Any]]]) -> Tensor:
    """Return the results of a function for the arguments of each run, stacked along a last dimension."""
    with _separately():
        return torch.stack([function(*args, **kwargs) for args, kwargs in arguments], -1)


@contextmanager
def _separately() -> Iterator[None]:
    _separate.active = True
    try:
        yield
    finally:
        _separate.active = False


class RoundingWatch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Record the operations that round by the size of a tensor, unless `one_by_one` computes them.

    Attributes:
        found: their names.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        base = name.removeprefix("special_").strip("_")
        known = base in EXACT or (base == "pow" and not rounds_by_size(name, args, kwargs))
        inexact = base in TRANSCENDENTAL or torch.Tag.pointwise in func.tags
        if inexact and not known and not getattr(_separate, "active", False):
            tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
            # a number that all runs share is that of one run
            if any(tensor.ndim and tensor.device.type == "cpu" for tensor in tensors):
                self.found.add(base)
        return func(*args, **kwargs)
