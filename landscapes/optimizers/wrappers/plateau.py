"""A learning rate that drops when a run stops making progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

import numpy as np
from torch import Tensor

from landscapes.optimizers.base import HALF_OPEN_UNIT, NON_NEGATIVE, NON_NEGATIVE_INT, Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.scheduled import Array, Scheduled, ScheduledStepper, Value


@dataclass(frozen=True)
class Plateau(Scheduled):
    """Reduce the learning rate when the loss stops falling (as in Krizhevsky, Sutskever & Hinton, 2012).

        lr ← max(γ·lr, lowest)  after more than `patience` steps in a row without a loss below (1 − threshold)·best

    Each run uses its own losses, those at the beginning of its steps. It reproduces
    `torch.optim.lr_scheduler.ReduceLROnPlateau` bitwise, with one object per run that gets the loss after each step.

    Args:
        optimizer: the wrapped optimizer; its learning rate is the first one.
        factor: γ, in [0, 1); default 0.1.
        patience: number of steps without progress that are tolerated, ≥ 0; default 10.
        threshold: smallest improvement that counts, ≥ 0, relative to the best loss or absolute; default 0.0001.
        absolute: whether the threshold is absolute; torch's `threshold_mode="abs"`; default False.
        cooldown: number of steps after a drop in which steps without progress are not counted, ≥ 0; default 0.
        lowest: smallest learning rate, ≥ 0; torch's `min_lr`; default 0.
        eps: smallest drop that is applied, ≥ 0; default 1e-8.

    >>> from landscapes import optimizers
    >>> optimizers.Plateau(optimizers.SGD(lr=0.1), patience=5).label
    'SGD · plateau'
    """

    names: ClassVar[tuple[str, ...]] = ("plateau",)

    factor: float = field(default=0.1, metadata=HALF_OPEN_UNIT)
    patience: int = field(default=10, metadata=NON_NEGATIVE_INT)
    threshold: float = field(default=1e-4, metadata=NON_NEGATIVE)
    absolute: bool = False
    cooldown: int = field(default=0, metadata=NON_NEGATIVE_INT)
    lowest: float = field(default=0.0, metadata=NON_NEGATIVE)
    eps: float = field(default=1e-8, metadata=NON_NEGATIVE)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _PlateauStepper(cast(Sequence[Plateau], optimizers), x, setup)


class _PlateauStepper(ScheduledStepper):
    """Decides on the host; the losses are copied there once per step."""

    batched: Plateau

    def __init__(self, optimizers: Sequence[Plateau], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.best = np.full(len(optimizers), np.inf)
        self.bad, self.cooling = (np.zeros(len(optimizers), dtype=np.int64) for _ in range(2))
        self.loss = self.best

    def step(self, context: StepContext) -> Tensor:
        moved = super().step(context)
        self.loss = context.value.cpu().numpy().astype(np.float64)
        return moved

    def next_lrs(self, t: Value) -> Array:
        own = self.batched
        better = self.loss < (self.best - own.threshold if own.absolute else self.best * (1.0 - own.threshold))
        self.best = np.where(better, self.loss, self.best)
        cooling = self.cooling > 0
        self.bad = np.where(better | cooling, 0, self.bad + 1)
        drops = self.bad > own.patience
        self.cooling = np.where(drops, own.cooldown, self.cooling - cooling)
        self.bad = np.where(drops, 0, self.bad)
        lower = np.maximum(self.lrs * own.factor, own.lowest)
        return np.where(drops & (self.lrs - lower > own.eps), lower, self.lrs)

    def reset(self, runs: Tensor, x: Tensor) -> None:
        super().reset(runs, x)
        mask = runs.cpu().numpy()
        self.best = np.where(mask, np.inf, self.best)
        self.bad, self.cooling = np.where(mask, 0, self.bad), np.where(mask, 0, self.cooling)
