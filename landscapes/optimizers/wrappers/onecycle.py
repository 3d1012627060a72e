"""The one-cycle policy."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

import numpy as np
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import map_floats
from landscapes.optimizers.base import NON_NEGATIVE_INT, POSITIVE, UNIT_INTERVAL, Optimizer
from landscapes.optimizers.stepper import RunSetup, Stepper
from landscapes.optimizers.wrappers.scheduled import Array, Scheduled, Value, with_momentum


@dataclass(frozen=True)
class OneCycle(Scheduled):
    """The one-cycle policy (Smith & Topin, 2018).

    lr rises from lr/div to lr by step ρT − 1, then falls to lr/div/final_div by step T − 1. Momentum (beta1 if the
    optimizer has one) falls from `high` to `low` and rises again. With three phases, lr falls to its first value as
    fast as it rose, and then to the end. It reproduces `torch.optim.lr_scheduler.OneCycleLR` bitwise.

    Args:
        optimizer: the wrapped optimizer; its learning rate is the peak, torch's `max_lr`.
        steps: T, at least the steps of the race; 0 for the steps of the race; torch's `total_steps`; default 0.
        rise: ρ, share of the steps in which lr rises, in [0, 1]; torch's `pct_start`; default 0.3.
        div: ratio of the peak to the first learning rate, > 0; torch's `div_factor`; default 25.
        final_div: ratio of the first to the last learning rate, > 0; torch's `final_div_factor`; default 10000.
        straight: whether lr changes linearly instead of along a cosine; torch's `anneal_strategy`; default False.
        three_phase: whether lr returns to its first value before it falls further; default False.
        cycle_momentum: whether momentum changes too, if the optimizer has any; default True.
        low: smallest momentum, in [0, 1]; torch's `base_momentum`; default 0.85.
        high: largest momentum, in [0, 1]; torch's `max_momentum`; default 0.95.

    Raises:
        InputError: once a race begins, if it has more steps than the cycle.

    >>> from landscapes import optimizers
    >>> optimizers.OneCycle(optimizers.SGD(lr=0.1, momentum=0.9)).label
    'Momentum · one cycle'
    """

    names: ClassVar[tuple[str, ...]] = ("one_cycle",)

    steps: int = field(default=0, metadata=NON_NEGATIVE_INT)
    rise: float = field(default=0.3, metadata=UNIT_INTERVAL)
    div: float = field(default=25.0, metadata=POSITIVE)
    final_div: float = field(default=1e4, metadata=POSITIVE)
    straight: bool = False
    three_phase: bool = False
    cycle_momentum: bool = True
    low: float = field(default=0.85, metadata=UNIT_INTERVAL)
    high: float = field(default=0.95, metadata=UNIT_INTERVAL)

    @property
    def label_suffix(self) -> str:
        return "one cycle"

    def first_lr(self, base: Array, last: Value) -> Value:
        return self._at(0, last, *self._rates(base))

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        return self._at(t, last, *self._rates(base))

    def momentum(self, t: Value, last: Value) -> Value | None:
        return self._at(t, last, self.high, self.low, self.high) if self.cycle_momentum else None

    def _rates(self, base: Array) -> tuple[Value, Value, Value]:
        """Return the first, the highest and the last learning rate."""
        first = base / self.div
        return first, base, first / self.final_div

    def _at(self, t: Value, last: Value, first: Value, peak: Value, end: Value) -> Value:
        """Interpolate from `first` to `peak` to `end`, after t of `last` steps."""
        turn, end_step = self.rise * last - 1, last - 1
        rising = self._between(first, peak, map_floats(_share, t, 0.0, turn))
        if not self.three_phase:
            return np.where(t <= turn, rising, self._between(peak, end, map_floats(_share, t, turn, end_step)))
        back = 2 * self.rise * last - 2
        falling = self._between(peak, first, map_floats(_share, t, turn, back))
        resting = self._between(first, end, map_floats(_share, t, back, end_step))
        return np.where(t <= turn, rising, np.where(t <= back, falling, resting))

    def _between(self, start: Value, end: Value, share: Value) -> Value:
        if self.straight:
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (map_floats(math.cos, math.pi * share) + 1)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        cycles = cast(Sequence[OneCycle], optimizers)
        for optimizer in dict.fromkeys(cycles):
            if 0 < optimizer.steps < setup.steps:
                raise InputError(
                    f"OneCycle: steps must be >= {setup.steps}, the steps of the race, "
                    f"got {optimizer.steps}; or omit steps"
                )
        return super().stepper([_moving(optimizer) for optimizer in cycles], x, setup)


def _moving(optimizer: OneCycle) -> OneCycle:
    return (
        dataclasses.replace(optimizer, optimizer=with_momentum(optimizer.optimizer, optimizer.high))
        if optimizer.cycle_momentum
        else optimizer
    )


def _share(t: float, begin: float, end: float) -> float:
    """Return the completed share of the way between two steps."""
    return (t - begin) / (end - begin) if end != begin else 1.0
