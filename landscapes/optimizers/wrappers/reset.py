"""Restarts: an optimizer forgets what it has gathered."""

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
    """An optimizer whose state is forgotten now and then, as in restarts of momentum (O'Donoghue & Candès, 2015).

    Momentum, second moments and step counts begin anew, and so does a schedule inside; a schedule around goes
    on. What is forgotten at step t is forgotten before the step t + 1 = 2, 3, … is taken.

    Args:
        optimizer: the optimizer inside.
        at: once, after so many steps; 0 for never.
        every: again and again, after so many steps each; 0 for never.
        patience: on a plateau: after so many steps in a row without a lower value than ever before (since the last
            time); 0 for never.

    Raises `InputError` where it would never happen, and where an optimizer has no state that can be forgotten.

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
