"""Projection onto a box after every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.base import Wrapper, WrapperStepper


@dataclass(frozen=True)
class Projected(Wrapper):
    """Projected steps (Goldstein, 1964; Levitin & Polyak, 1966).

        x ← the nearest point of the box [low, high]ᵈ, after the step

    The state of the wrapped optimizer, such as its momentum, ignores the projection.

    Args:
        optimizer: the wrapped optimizer.
        low: lower bound of every coordinate; default -1.
        high: upper bound of every coordinate, > low; default 1.

    Raises:
        InputError: if low ≥ high.

    >>> from landscapes import optimizers
    >>> optimizers.Projected(optimizers.SGD(lr=0.01), low=-1, high=1).label
    'SGD · in [-1, 1]'
    """

    names: ClassVar[tuple[str, ...]] = ("projected",)

    low: float = field(default=-1.0)
    high: float = field(default=1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.low < self.high:
            raise InputError(f"Projected: low must be < high, got low={self.low:g} and high={self.high:g}")

    @property
    def label_suffix(self) -> str:
        return f"in [{self.low:g}, {self.high:g}]"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _ProjectedStepper(optimizers, x, setup)


class _ProjectedStepper(WrapperStepper):
    settings: Projected

    def step(self, context: StepContext) -> Tensor:
        low, high = (
            torch.as_tensor(bound, dtype=context.x.dtype, device=context.x.device)
            for bound in (self.settings.low, self.settings.high)
        )
        return torch.minimum(torch.maximum(self.inner.step(context), low), high)
