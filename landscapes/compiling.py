"""Which kernel takes the steps of a group of runs."""

from __future__ import annotations

from torch import Tensor

from landscapes.fused import Kernel
from landscapes.grouping import Group
from landscapes.kernels import Eager, Limits
from landscapes.objective import Function
from landscapes.tracing import trace


def kernel_for(
    function: Function, group: Group, limits: Limits, steps: int, every: int, like: Tensor, compiled: bool | None
) -> Kernel:
    work = len(group.runs) * steps
    traced = trace(function, like) if work > 3e6 else None
    return Eager(function, limits, traced, every)
