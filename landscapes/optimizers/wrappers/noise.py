"""Gradient noise of several kinds, the same for every optimizer of a race."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.errors import unknown
from landscapes.optimizers.base import NON_NEGATIVE, POSITIVE, UNIT_INTERVAL, Optimizer, short
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.base import GradientTransformStepper, Wrapper
from landscapes.random import normal, uniform

PURPOSE = 0x4000
"""What the random numbers are for: the first of the noise wrappers' own purposes, one for each that nests."""

KINDS = ("normal", "student", "stable", "minibatch", "spikes")


@dataclass(frozen=True)
class Noise(Wrapper):
    """Gradients with noise, as mini-batches would give them.

    g ← g + σn, where n has one number a coordinate:

    - "normal": standard normal numbers.
    - "student": Student's t with `df` degrees of freedom, by Bailey (1994); fewer have heavier tails.
    - "stable": symmetric α-stable numbers, by Chambers, Mallows & Stuck (1976), whose variance is infinite for
      α < 2 (2 is the normal distribution, of variance 2); what Simsekli, Sagun & Gürbüzbalaban (2019) see in networks.
    - "minibatch": g ← g ∘ (1 + σn) + τn′: noise in proportion to each coordinate, and a part that stays at the minimum.
    - "spikes": normal numbers, but only at a share `probability` of the steps.

    The numbers hang on the race's seed, the run's stream and the step alone: they are the same for every
    optimizer of a race, in any batch and order, and for whatever is asked within one step. Values have no noise.

    Args:
        optimizer: the optimizer inside.
        sigma: σ, the size of the noise, ≥ 0.
        kind: "normal", "student", "stable", "minibatch" or "spikes".
        df: degrees of freedom of "student", > 0.
        alpha: α of "stable", in (0, 2].
        additive: τ, the additive part of "minibatch", ≥ 0.
        probability: how often "spikes" strike, in [0, 1].

    >>> from landscapes import optimizers
    >>> optimizers.Noise(optimizers.SGD(lr=0.01), 0.5, kind="stable").label
    'SGD · stable noise 0.5'
    """

    names: ClassVar[tuple[str, ...]] = ("noise",)

    sigma: float = field(default=1.0, metadata=NON_NEGATIVE)
    kind: str = "normal"  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]
    df: float = field(default=3.0, metadata=POSITIVE)
    alpha: float = field(default=1.5, metadata={"low": 0.0, "open_low": True, "high": 2.0})
    additive: float = field(default=0.0, metadata=NON_NEGATIVE)
    probability: float = field(default=0.01, metadata=UNIT_INTERVAL)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind not in KINDS:
            raise unknown("kind of noise", self.kind if isinstance(self.kind, str) else short(self.kind), KINDS)

    @property
    def label_suffix(self) -> str:
        return f"{'' if self.kind == 'normal' else f'{self.kind} '}noise {self.sigma:g}"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _NoiseStepper(optimizers, x, setup)


class _NoiseStepper(GradientTransformStepper):
    settings: Noise

    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.purpose = PURPOSE + _within(optimizers[0])

    def step(self, context: StepContext) -> Tensor:
        self.factor, self.added = self._drawn(context)
        return super().step(context)

    def transform(self, context: StepContext, x: Tensor, gradient: Tensor, mask: Tensor | None) -> Tensor:
        if self.factor is not None:
            gradient = gradient * self.factor
        return gradient if self.added is None else gradient + self.added

    def _drawn(self, context: StepContext) -> tuple[Tensor | None, Tensor | None]:
        """What gradients are multiplied by and what is added to them in this step, each (d, R) or nothing."""
        setup, own, dim = self.setup, self.settings, len(context.x)
        which = setup.seed, setup.streams, context.t, self.purpose
        sigma = self._double(own.sigma)
        if own.kind == "normal":
            return None, (sigma * normal(*which, dim)).to(context.x)
        if own.kind == "student":
            return None, (sigma * student(uniform(*which, 2 * dim), self._double(own.df))).to(context.x)
        if own.kind == "stable":
            return None, (sigma * stable(uniform(*which, 2 * dim), self._double(own.alpha))).to(context.x)
        if own.kind == "minibatch":
            both = normal(*which, 2 * dim)
            return (1 + sigma * both[:dim]).to(context.x), (self._double(own.additive) * both[dim:]).to(context.x)
        struck = uniform(*which, 2 * dim + 2)[-1] < self._double(own.probability)
        return None, (struck * sigma * normal(*which, dim)).to(context.x)

    def _double(self, setting: float | Tensor) -> Tensor:
        """A setting in double precision, as the random numbers are; one number or many, the arithmetic is the same."""
        return torch.as_tensor(setting, dtype=torch.float64, device=self.setup.streams.device)


def student(u: Tensor, df: Tensor) -> Tensor:
    """Student's t of two uniform numbers each, u (2d, R): √(ν(u₁^(−2/ν) − 1))·cos 2πu₂ (Bailey, 1994)."""
    first, second = u.chunk(2)
    return torch.sqrt(df * torch.expm1(-2 / df * _log(first))) * torch.cos(2 * math.pi * second)


def stable(u: Tensor, alpha: Tensor) -> Tensor:
    """Symmetric α-stable numbers of two uniform numbers each, u (2d, R) (Chambers, Mallows & Stuck, 1976).

    sin αθ / (cos θ)^(1/α) · (cos((1−α)θ) / w)^((1−α)/α), with θ uniform in (−π/2, π/2) and w exponential; its
    characteristic function is exp(−|k|^α).
    """
    first, second = u.chunk(2)
    angle = math.pi * (second + 2.0**-54 - 0.5)
    wait = torch.log(-_log(first))
    stretch = (1 - alpha) / alpha * (torch.log(torch.cos((1 - alpha) * angle)) - wait)
    return torch.sin(alpha * angle) * torch.exp(stretch - torch.log(torch.cos(angle)) / alpha)


def _log(u: Tensor) -> Tensor:
    """The logarithm of uniform numbers, taken in the middle of their cells, so that none is 0 or 1."""
    return torch.log(u + 2.0**-54)


def _within(optimizer: Optimizer) -> int:
    """How many further noise wrappers are within one: each draws numbers of its own."""
    inside = optimizer.optimizer if isinstance(optimizer, Wrapper) else None
    return 0 if inside is None else isinstance(inside, Noise) + _within(inside)
