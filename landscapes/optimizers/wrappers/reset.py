"""Restarts that discard the state of an optimizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.base import NON_NEGATIVE_INT, Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.base import Wrapper, WrapperStepper, unwrap


@dataclass(frozen=True)
class Reset(Wrapper):
    """An optimizer whose state is discarded at times, as in restarts of momentum (O'Donoghue & Candès, 2015).

    Momentum, second moments and step counts start again, and so does a schedule inside; a schedule outside continues. A
    reset at step t takes effect before step t + 1 = 2, 3, …

    Args:
        optimizer: the wrapped optimizer.
        at: number of steps until a single reset, ≥ 0; 0 for never; default 0.
        every: number of steps between repeated resets, ≥ 0; 0 for never; default 0.
        patience: number of steps in a row without a new lowest value, after which to reset, ≥ 0; 0 for never;
            default 0.

    Raises:
        InputError: if all three are 0; once a race begins, if the optimizer has no state to reset.

    >>> from landscapes import optimizers
    >>> optimizers.Reset(optimizers.Adam(lr=0.05), every=50).label
    'Adam · reset every 50'
    """

    names: ClassVar[tuple[str, ...]] = ("reset",)

    at: int = field(default=0, metadata=NON_NEGATIVE_INT)
    every: int = field(default=0, metadata=NON_NEGATIVE_INT)
    patience: int = field(default=0, metadata=NON_NEGATIVE_INT)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.at or self.every or self.patience):
            raise InputError("Reset: set at=100 (once), every=50 (repeatedly) or patience=10 (on a plateau)")

    @property
    def label_suffix(self) -> str:
        said = {"at": self.at, "every": self.every, "on plateau": self.patience}
        return "reset " + ", ".join(f"{word} {number}" for word, number in said.items() if number)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _ResetStepper(optimizers, x, setup)


class _ResetStepper(WrapperStepper):
    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        if not _forgets(self.inner):
            raise InputError(f"Reset: {unwrap(optimizers[0]).label} has no state to reset")
        self.at, self.every, self.patience = (
            np.array([getattr(optimizer, name) for optimizer in optimizers]) for name in ("at", "every", "patience")
        )
        self.age = np.zeros(len(optimizers), dtype=np.int64)
        self.lowest = torch.full_like(x[0], torch.inf)
        self.waited = torch.zeros_like(x[0], dtype=torch.int64)

    def step(self, context: StepContext) -> Tensor:
        due = (self.age > 0) & ((self.age == self.at) | (self.age % np.maximum(self.every, 1) == 0) & (self.every > 0))
        forgets = torch.as_tensor(due, device=context.x.device)
        if self.patience.any():
            lower = context.value < self.lowest
            self.lowest = torch.where(lower, context.value, self.lowest)
            self.waited = torch.where(lower, 0, self.waited + 1)
            patience = torch.as_tensor(self.patience, device=context.x.device)
            forgets = forgets | ((patience > 0) & (self.waited >= patience))
            self.waited = torch.where(forgets, 0, self.waited)
        if due.any() or (self.patience.any() and bool(forgets.any())):
            self.inner.reset(forgets, context.x)
        self.age += 1
        return super().step(context)

    def reset(self, runs: Tensor, x: Tensor) -> None:
        super().reset(runs, x)
        self.age = np.where(runs.cpu().numpy(), 0, self.age)
        self.lowest = torch.where(runs, torch.inf, self.lowest)
        self.waited = torch.where(runs, 0, self.waited)


def _forgets(stepper: Stepper) -> bool:
    while isinstance(stepper, WrapperStepper):
        stepper = stepper.inner
    return type(stepper).reset is not Stepper.reset
