"""Tensors that third-party code creates while it holds many runs in one tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

import torch
from torch.overrides import TorchFunctionMode

from landscapes.optimizers.adapters.batched_tensor import BatchedTensor, PerRunNumber
from landscapes.optimizers.adapters.torch_ops import FACTORIES

FactoryMode = Literal["none", "shaped", "all"]
"""Which newly created tensors get a copy per run: none, those with at least one dimension, or all."""

FACTORY_MODES: tuple[FactoryMode, ...] = "none", "shaped", "all"


class BatchedFactories(TorchFunctionMode):
    """While active, newly created tensors have one copy per run, and numbers that differ may become tensors.

    Args:
        runs: number of runs.
        shaped_only: whether tensors without dimensions stay shared by all runs.
    """

    def __init__(self, runs: int, shaped_only: bool) -> None:
        super().__init__()
        self.runs, self.shaped_only = runs, shaped_only

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(function, "__name__", "") not in FACTORIES:
            return function(*args, **kwargs)
        if args and isinstance(args[0], PerRunNumber | BatchedTensor):
            number: Any = args[0]
        else:
            number = args[1] if len(args) > 1 else kwargs.get("fill_value")
        if isinstance(number, BatchedTensor):
            return number.to(**kwargs) if kwargs else number
        if isinstance(number, PerRunNumber):
            options = {key: option for key, option in kwargs.items() if key != "fill_value"}
            made = function(0.0, **options) if args[0] is number else function(args[0], 0.0, **options)
            zeros = made.unsqueeze(-1).expand(*made.shape, self.runs).as_subclass(BatchedTensor)
            return cast(Any, torch.add)(zeros, number)
        made = function(*args, **kwargs)
        if isinstance(made, BatchedTensor) or (made.ndim == 0 and self.shaped_only):
            return made
        return made.unsqueeze(-1).repeat(*[1] * made.ndim, self.runs).as_subclass(BatchedTensor)
