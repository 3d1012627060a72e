"""Learning-rate schedules: decays, warm-up and cosines."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import map_floats, power
from landscapes.optimizers.base import NON_NEGATIVE, NON_NEGATIVE_INT, POSITIVE_INT, POSITIVE_UNIT, UNIT_INTERVAL, short
from landscapes.optimizers.wrappers.scheduled import Array, Scheduled, Value


@dataclass(frozen=True)
class StepDecay(Scheduled):
    """Multiply the learning rate by a factor every k steps (as in He, Zhang, Ren & Sun, 2016).

        lr ← γ·lr  after every k steps

    It reproduces `torch.optim.lr_scheduler.StepLR` bitwise.

    Args:
        optimizer: the wrapped optimizer; its learning rate is the first one.
        every: k, ≥ 1; torch's `step_size`; default 30.
        gamma: γ, ≥ 0; default 0.1.

    >>> from landscapes import optimizers
    >>> optimizers.StepDecay(optimizers.SGD(lr=0.1), every=50).label
    'SGD · step decay'
    """

    names: ClassVar[tuple[str, ...]] = ("step_decay",)

    every: int = field(default=30, metadata=POSITIVE_INT)
    gamma: float = field(default=0.1, metadata=NON_NEGATIVE)

    @property
    def label_suffix(self) -> str:
        return "step decay"

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        return np.where(np.asarray(t) % self.every == 0, rate * self.gamma, rate)


@dataclass(frozen=True)
class MultiStep(Scheduled):
    """Multiply the learning rate by a factor after given steps (as in He, Zhang, Ren & Sun, 2016).

        lr ← γ·lr  after each of the steps

    It reproduces `torch.optim.lr_scheduler.MultiStepLR` bitwise.

    Args:
        optimizer: the wrapped optimizer; its learning rate is the first one.
        at: steps after which lr drops, such as (50, 100), required; torch's `milestones`; no default.
        gamma: γ, ≥ 0; default 0.1.

    Raises:
        InputError: if `at` is not a sequence of positive integers.

    >>> from landscapes import optimizers
    >>> optimizers.MultiStep(optimizers.SGD(lr=0.1), at=(50, 100)).label
    'SGD · steps'
    """

    names: ClassVar[tuple[str, ...]] = ("multi_step",)

    at: tuple[int, ...] = ()
    gamma: float = field(default=0.1, metadata=NON_NEGATIVE)

    def __post_init__(self) -> None:
        super().__post_init__()
        steps = tuple(self.at) if isinstance(self.at, tuple | list) else (self.at,)
        if not steps or not all(isinstance(step, int) and not isinstance(step, bool) and step > 0 for step in steps):
            raise InputError(f"MultiStep: at must be step numbers such as (50, 100), got {short(self.at)}")
        object.__setattr__(self, "at", tuple(sorted(steps)))

    @property
    def label_suffix(self) -> str:
        return "steps"

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        for step in sorted(set(self.at)):
            rate = np.where(np.asarray(t) == step, rate * power(self.gamma, self.at.count(step)), rate)
        return rate


@dataclass(frozen=True)
class Constant(Scheduled):
    """A smaller constant learning rate for the first steps (He, Zhang, Ren & Sun, 2016, on CIFAR-10).

        lrₜ = s·lr until step k, then lr

    It reproduces `torch.optim.lr_scheduler.ConstantLR` bitwise.

    Args:
        optimizer: the wrapped optimizer; its learning rate is the later one.
        start: s, in (0, 1]; torch's `factor`; default 1/3.
        over: k, number of steps with the smaller learning rate, ≥ 1; torch's `total_iters`; default 5.

    >>> from landscapes import optimizers
    >>> optimizers.Constant(optimizers.SGD(lr=0.1), over=10).spec
    'constant(sgd(lr=0.1), over=10)'
    """

    names: ClassVar[tuple[str, ...]] = ("constant",)

    start: float = field(default=1 / 3, metadata=POSITIVE_UNIT)
    over: int = field(default=5, metadata=POSITIVE_INT)

    def first_lr(self, base: Array, last: Value) -> Value:
        return base * self.start

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        return np.where(np.asarray(t) == self.over, rate * (1.0 / self.start), rate)


@dataclass(frozen=True)
class Linear(Scheduled):
    """A learning rate that changes linearly.

        lrₜ = lr·(a + (b − a)·min(t, T)/T)

    It reproduces `torch.optim.lr_scheduler.LinearLR` bitwise. Defazio, Cutkosky, Mehta & Mishchenko (2023) find a
    linear decay to zero the best schedule.

    Args:
        optimizer: the wrapped optimizer; its learning rate is lr.
        start: a, in (0, 1]; torch's `start_factor`; default 1.
        end: b, in [0, 1]; torch's `end_factor`; default 0.
        steps: T, ≥ 0; 0 for the steps of the race; torch's `total_iters`; default 0.

    >>> from landscapes import optimizers
    >>> optimizers.Linear(optimizers.SGD(lr=0.1)).label
    'SGD · linear'
    """

    names: ClassVar[tuple[str, ...]] = ("linear",)

    start: float = field(default=1.0, metadata=POSITIVE_UNIT)
    end: float = field(default=0.0, metadata=UNIT_INTERVAL)
    steps: int = field(default=0, metadata=NON_NEGATIVE_INT)

    def first_lr(self, base: Array, last: Value) -> Value:
        return base * self.start

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        rise = self.end - self.start
        ahead = rate * (1.0 + rise / np.float64(last * self.start + (t - 1) * rise))
        return np.where(np.asarray(t) > last, rate, ahead)


@dataclass(frozen=True)
class WarmUp(Linear):
    """A learning rate that rises linearly over the first steps (Goyal and others, 2017).

        lrₜ = lr·(a + (b − a)·min(t, T)/T)

    It reproduces `torch.optim.lr_scheduler.LinearLR` with its defaults bitwise.

    Args:
        optimizer: the wrapped optimizer; its learning rate is lr.
        start: a, in (0, 1]; torch's `start_factor`; default 1/3.
        end: b, in [0, 1]; torch's `end_factor`; default 1.
        steps: T, ≥ 0; 0 for the steps of the race; torch's `total_iters`; default 5.

    >>> from landscapes import optimizers
    >>> optimizers.WarmUp(optimizers.Adam(lr=0.1), steps=20).label
    'Adam · warm-up 20'
    """

    names: ClassVar[tuple[str, ...]] = ("warm_up",)

    start: float = field(default=1 / 3, metadata=POSITIVE_UNIT)
    end: float = field(default=1.0, metadata=UNIT_INTERVAL)
    steps: int = field(default=5, metadata=NON_NEGATIVE_INT)

    @property
    def label_suffix(self) -> str:
        return f"warm-up {self.steps}" if self.steps else "warm-up"


@dataclass(frozen=True)
class Exponential(Scheduled):
    """A learning rate that decays exponentially (see Li & Arora, 2020).

        lr ← γ·lr  after every step

    It reproduces `torch.optim.lr_scheduler.ExponentialLR` bitwise.

    Args:
        optimizer: the wrapped optimizer; its learning rate is the first one.
        gamma: γ, ≥ 0; default 0.99.

    >>> from landscapes import optimizers
    >>> optimizers.Exponential(optimizers.SGD(lr=0.1), gamma=0.9).label
    'SGD · exponential'
    """

    names: ClassVar[tuple[str, ...]] = ("exponential",)

    gamma: float = field(default=0.99, metadata=NON_NEGATIVE)

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        return rate * self.gamma


@dataclass(frozen=True)
class InverseTime(Scheduled):
    """A learning rate that decays as a power of time, as convergence under noise requires (Robbins & Monro, 1951).

        lrₜ = lr / (1 + δt)^p  after t steps

    For p in (½, 1], the sum of the learning rates is infinite and that of their squares is finite.

    Args:
        optimizer: the wrapped optimizer; its learning rate is the first one.
        decay: δ, ≥ 0; default 0.01.
        power: p, ≥ 0; default 1.

    >>> from landscapes import optimizers
    >>> optimizers.InverseTime(optimizers.SGD(lr=0.1), power=0.6).label
    'SGD · inverse time'
    """

    names: ClassVar[tuple[str, ...]] = ("inverse_time",)

    decay: float = field(default=0.01, metadata=NON_NEGATIVE)
    power: float = field(default=1.0, metadata=NON_NEGATIVE)

    @property
    def label_suffix(self) -> str:
        return "inverse time"

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        return base / power(1 + self.decay * t, self.power)


@dataclass(frozen=True)
class Polynomial(Scheduled):
    """A learning rate that decays to zero as a power of the remaining time (Liu, Rabinovich & Berg, 2015).

        lrₜ = lr·(1 − min(t, T)/T)^p

    It reproduces `torch.optim.lr_scheduler.PolynomialLR` bitwise.

    Args:
        optimizer: the wrapped optimizer; its learning rate is the first one.
        power: p, ≥ 0; default 1.
        steps: T, ≥ 0; 0 for the steps of the race; torch's `total_iters`; default 0.

    >>> from landscapes import optimizers
    >>> optimizers.Polynomial(optimizers.SGD(lr=0.1), power=2).label
    'SGD · polynomial'
    """

    names: ClassVar[tuple[str, ...]] = ("polynomial",)

    power: float = field(default=1.0, metadata=NON_NEGATIVE)
    steps: int = field(default=0, metadata=NON_NEGATIVE_INT)

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        left = (1.0 - np.minimum(t, last) / last) / np.float64(1.0 - (np.minimum(t, last) - 1) / last)
        return np.where(np.asarray(t) > last, rate, rate * power(_plain(left), self.power))


@dataclass(frozen=True)
class Cosine(Scheduled):
    """Cosine annealing of the learning rate (Loshchilov & Hutter, 2017).

        lrₜ = e + (lr − e)·(1 + cos(πt/T))/2

    It reproduces `torch.optim.lr_scheduler.CosineAnnealingLR` bitwise. After T steps, the learning rate rises again.

    Args:
        optimizer: the wrapped optimizer; its learning rate is the first one.
        steps: T, ≥ 0; 0 for the steps of the race; torch's `T_max`; default 0.
        lowest: e, the last learning rate, ≥ 0; torch's `eta_min`; default 0.

    >>> from landscapes import optimizers
    >>> optimizers.Cosine(optimizers.Adam(lr=0.1)).spec
    'cosine(adam(lr=0.1))'
    """

    names: ClassVar[tuple[str, ...]] = ("cosine",)

    steps: int = field(default=0, metadata=NON_NEGATIVE_INT)
    lowest: float = field(default=0.0, metadata=NON_NEGATIVE)

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        rising = rate + (base - self.lowest) * (1 - map_floats(math.cos, math.pi / last)) / 2
        before = np.float64(1 + map_floats(math.cos, math.pi * (t - 1) / last))
        ahead = (1 + map_floats(math.cos, math.pi * t / last)) / before * (rate - self.lowest) + self.lowest
        return np.where((t - 1 - last) % (2 * last) == 0, rising, ahead)


@dataclass(frozen=True)
class WarmRestarts(Scheduled):
    """Cosine annealing with warm restarts (SGDR: Loshchilov & Hutter, 2017).

        lrₜ = e + (lr − e)·(1 + cos(πt/T))/2,  t counted since the last restart

    It reproduces `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts` bitwise.

    Args:
        optimizer: the wrapped optimizer; its learning rate is the first one.
        period: T of the first period, ≥ 1; torch's `T_0`; default 50.
        growth: ratio of each period to the previous one, ≥ 1; torch's `T_mult`; default 1.
        lowest: e, ≥ 0; torch's `eta_min`; default 0.

    >>> from landscapes import optimizers
    >>> optimizers.WarmRestarts(optimizers.SGD(lr=0.1), period=20).label
    'SGD · restarts 20'
    """

    names: ClassVar[tuple[str, ...]] = ("warm_restarts",)

    period: int = field(default=50, metadata=POSITIVE_INT)
    growth: int = field(default=1, metadata=POSITIVE_INT)
    lowest: float = field(default=0.0, metadata=NON_NEGATIVE)

    @property
    def label_suffix(self) -> str:
        return f"restarts {self.period}"

    def first_lr(self, base: Array, last: Value) -> Value:
        return self.next_lr(base, base, 0, last)  # the same rounding as for later steps

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        angle = map_floats(_fall, t, self.period, self.growth)
        return self.lowest + (base - self.lowest) * (1 + map_floats(math.cos, angle)) / 2


def _fall(t: float, period: float, growth: float) -> float:
    """Return πt/T, with t and T those of the current period."""
    while growth > 1 and t >= period:
        t, period = t - period, period * growth
    return math.pi * (t % period) / period


def _plain(value: Any) -> Any:
    """Return a number as a Python float; columns stay columns."""
    return value if np.ndim(value) else float(value)
