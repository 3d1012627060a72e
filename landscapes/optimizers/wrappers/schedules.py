"""Learning rates that go by the step: decays, warm-ups, cosines."""

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
    """A rate that drops by a factor every so many steps (as in He, Zhang, Ren & Sun, 2016).

    lr ← γ·lr after every k steps: `torch.optim.lr_scheduler.StepLR`, bit for bit.

    Args:
        optimizer: the optimizer inside; its learning rate is the first one.
        every: k, ≥ 1; torch's `step_size`.
        gamma: γ, the factor, ≥ 0.

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
    """A rate that drops by a factor after given steps (as in He, Zhang, Ren & Sun, 2016).

    lr ← γ·lr after each of them: `torch.optim.lr_scheduler.MultiStepLR`, bit for bit.

    Args:
        optimizer: the optimizer inside; its learning rate is the first one.
        at: after which steps, such as (50, 100); torch's `milestones`.
        gamma: γ, the factor, ≥ 0.

    Raises `InputError` where `at` is no list of steps.
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
    """A rate that is smaller for the first steps (He, Zhang, Ren & Sun, 2016, on CIFAR-10).

    lr ← s·lr until step k, then lr: `torch.optim.lr_scheduler.ConstantLR`, bit for bit.

    Args:
        optimizer: the optimizer inside; its learning rate is the later one.
        start: s, the share at first, in (0, 1]; torch's `factor`.
        over: k, for how many steps, ≥ 1; torch's `total_iters`.
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
    """A rate that goes in a straight line from one share to another.

    lrₜ = lr·(a + (b − a)·min(t, T)/T): `torch.optim.lr_scheduler.LinearLR`, bit for bit. To fall to nothing by the
    last step is what Defazio, Cutkosky, Mehta & Mishchenko (2023) find best of all.

    Args:
        optimizer: the optimizer inside; its learning rate is that of share 1.
        start: a, in (0, 1]; torch's `start_factor`.
        end: b, in [0, 1]; torch's `end_factor`.
        steps: T; 0 for those of the race; torch's `total_iters`.
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
    """A rate that rises in a straight line over the first steps (Goyal and others, 2017).

    lrₜ = lr·(a + (b − a)·min(t, T)/T): `torch.optim.lr_scheduler.LinearLR` with its defaults, bit for bit.

    Args:
        optimizer: the optimizer inside; its learning rate is the one it rises to.
        start: a, in (0, 1]; torch's `start_factor`.
        end: b, in [0, 1]; torch's `end_factor`.
        steps: T, over how many steps; 0 for those of the race; torch's `total_iters`.

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
    """A rate that shrinks by the same factor each step (Li & Arora, 2020, say what comes of it).

    lr ← γ·lr: `torch.optim.lr_scheduler.ExponentialLR`, bit for bit.

    Args:
        optimizer: the optimizer inside; its learning rate is the first one.
        gamma: γ, ≥ 0.
    """

    names: ClassVar[tuple[str, ...]] = ("exponential",)

    gamma: float = field(default=0.99, metadata=NON_NEGATIVE)

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        return rate * self.gamma


@dataclass(frozen=True)
class InverseTime(Scheduled):
    """A rate that falls as a power of time, as convergence under noise asks for (Robbins & Monro, 1951).

    lrₜ = lr / (1 + δt)^p after t steps. With p in (½, 1] the rates' sum is infinite and that of their squares is not.

    Args:
        optimizer: the optimizer inside; its learning rate is the first one.
        decay: δ, ≥ 0.
        power: p, ≥ 0.
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
    """A rate that falls to nothing as a power of the time that is left (Liu, Rabinovich & Berg, 2015).

    lrₜ = lr·(1 − min(t, T)/T)^p: `torch.optim.lr_scheduler.PolynomialLR`, bit for bit.

    Args:
        optimizer: the optimizer inside; its learning rate is the first one.
        power: p, ≥ 0.
        steps: T; 0 for those of the race; torch's `total_iters`.
    """

    names: ClassVar[tuple[str, ...]] = ("polynomial",)

    power: float = field(default=1.0, metadata=NON_NEGATIVE)
    steps: int = field(default=0, metadata=NON_NEGATIVE_INT)

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        left = (1.0 - np.minimum(t, last) / last) / np.float64(1.0 - (np.minimum(t, last) - 1) / last)
        return np.where(np.asarray(t) > last, rate, rate * power(_plain(left), self.power))


@dataclass(frozen=True)
class Cosine(Scheduled):
    """A rate that falls along half a cosine (Loshchilov & Hutter, 2017).

    lrₜ = e + (lr − e)·(1 + cos(πt/T))/2: `torch.optim.lr_scheduler.CosineAnnealingLR`, bit for bit; after T steps
    it rises again.

    Args:
        optimizer: the optimizer inside; its learning rate is the first one.
        steps: T; 0 for those of the race; torch's `T_max`.
        lowest: e, the last rate, ≥ 0; torch's `eta_min`.

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
    """A rate that falls along half a cosine, over and over, each fall longer than the last (SGDR: Loshchilov & Hutter, 2017).

    lrₜ = e + (lr − e)·(1 + cos(πt/T))/2, t counted since the last restart:
    `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`, bit for bit.

    Args:
        optimizer: the optimizer inside; its learning rate is the first one.
        period: T of the first fall, ≥ 1; torch's `T_0`.
        growth: by what each fall is longer than the last, ≥ 1; torch's `T_mult`.
        lowest: e, ≥ 0; torch's `eta_min`.
    """

    names: ClassVar[tuple[str, ...]] = ("warm_restarts",)

    period: int = field(default=50, metadata=POSITIVE_INT)
    growth: int = field(default=1, metadata=POSITIVE_INT)
    lowest: float = field(default=0.0, metadata=NON_NEGATIVE)

    @property
    def label_suffix(self) -> str:
        return f"restarts {self.period}"

    def first_lr(self, base: Array, last: Value) -> Value:
        return self.next_lr(base, base, 0, last)  # to the last bit, too

    def next_lr(self, rate: Array, base: Array, t: Value, last: Value) -> Value:
        angle = map_floats(_fall, t, self.period, self.growth)
        return self.lowest + (base - self.lowest) * (1 + map_floats(math.cos, angle)) / 2


def _fall(t: float, period: float, growth: float) -> float:
    """πt/T, where t and T are those of the present fall."""
    while growth > 1 and t >= period:
        t, period = t - period, period * growth
    return math.pi * (t % period) / period


def _plain(value: Any) -> Any:
    """A number as Python has it; columns stay columns."""
    return value if np.ndim(value) else float(value)
