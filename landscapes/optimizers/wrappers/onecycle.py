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
    """A rate that rises to the optimizer's own and falls to next to nothing, while momentum goes the other way (Smith & Topin, 2018).

    From lr/div the rate rises to lr by step ρT − 1, then falls to lr/div/final_div by step T − 1; momentum (beta1
    where the optimizer has one) falls from `high` to `low` and rises again. In three phases it falls as long as it
    rose, to where it began, and then to the end. Equal to `torch.optim.lr_scheduler.OneCycleLR` bit for bit.

    Args:
        optimizer: the optimizer inside; its learning rate is the peak, torch's `max_lr`.
        steps: T, not below those of the race; 0 for those of the race; torch's `total_steps`.
        rise: ρ, the share of steps that it rises, in [0, 1]; torch's `pct_start`.
        div: by what the first rate is below the peak, > 0; torch's `div_factor`.
        final_div: by what the last rate is below the first, > 0; torch's `final_div_factor`.
        straight: whether it goes in straight lines rather than along cosines; torch's `anneal_strategy`.
        three_phase: whether it comes back to the first rate before it falls further.
        cycle_momentum: whether momentum moves too, where the optimizer has any.
        low: the least momentum, in [0, 1]; torch's `base_momentum`.
        high: the largest momentum, in [0, 1]; torch's `max_momentum`.

    Raises `InputError` (once a race begins) where the race has more steps than the cycle.

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
        """The first rate, the highest and the last."""
        first = base / self.div
        return first, base, first / self.final_div

    def _at(self, t: Value, last: Value, first: Value, peak: Value, end: Value) -> Value:
        """What goes from `first` to `peak` and to `end`, after t steps of `last`."""
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
                    f"OneCycle: steps must be >= {setup.steps}, the steps of the race, got {optimizer.steps}; or omit steps"
                )
        return super().stepper([_moving(optimizer) for optimizer in cycles], x, setup)


def _moving(optimizer: OneCycle) -> OneCycle:
    return (
        dataclasses.replace(optimizer, optimizer=with_momentum(optimizer.optimizer, optimizer.high))
        if optimizer.cycle_momentum
        else optimizer
    )


def _share(t: float, begin: float, end: float) -> float:
    """How much of the way from one step to another is done."""
    return (t - begin) / (end - begin) if end != begin else 1.0
