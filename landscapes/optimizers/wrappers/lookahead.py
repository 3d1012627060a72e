"""Lookahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.base import POSITIVE_INT, UNIT_INTERVAL, Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.base import Wrapper, WrapperStepper


@dataclass(frozen=True)
class Lookahead(Wrapper):
    """Lookahead: k steps forward, one step back (Zhang, Lucas, Hinton & Ba, 2019).

        after every k-th step: φ ← φ + α(x − φ),  x ← φ

    The slow point φ starts at the start of the run. The state of the wrapped optimizer is kept. The trajectory shows x;
    the slow point is the buffer "slow".

    Args:
        optimizer: the wrapped optimizer.
        k: number of steps between two updates of φ, ≥ 1; default 5.
        alpha: α, step of the slow point, in [0, 1]; default 0.5.

    >>> from landscapes import optimizers
    >>> optimizers.Lookahead(optimizers.SGD(lr=0.01)).label
    'SGD · lookahead 5'
    """

    names: ClassVar[tuple[str, ...]] = ("lookahead",)

    k: int = field(default=5, metadata=POSITIVE_INT)
    alpha: float = field(default=0.5, metadata=UNIT_INTERVAL)

    @property
    def label_suffix(self) -> str:
        return f"lookahead {self.k}"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _LookaheadStepper(optimizers, x, setup)


class _LookaheadStepper(WrapperStepper):
    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.every = torch.tensor(
            [optimizer.k for optimizer in optimizers if isinstance(optimizer, Lookahead)], device=x.device
        )
        self.slow = x
        self.steps_taken = torch.zeros_like(self.every)

    def step(self, context: StepContext) -> Tensor:
        fast = super().step(context)
        self.steps_taken = self.steps_taken + 1
        updates = self.steps_taken % self.every == 0
        self.slow = torch.where(updates, self.slow + self.settings.alpha * (fast - self.slow), self.slow)
        return torch.where(updates, self.slow, fast)

    def reset(self, runs: Tensor, x: Tensor) -> None:
        super().reset(runs, x)
        self.slow = torch.where(runs, x, self.slow)
        self.steps_taken = torch.where(runs, 0, self.steps_taken)

    def buffers(self) -> Mapping[str, Tensor]:
        return {**super().buffers(), "slow": self.slow}
