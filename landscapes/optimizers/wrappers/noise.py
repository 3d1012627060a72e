"""Gradient noise, equal for every optimizer of a race."""

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
"""First purpose of the random numbers; each nested noise wrapper has its own."""

KINDS = ("normal", "student", "stable", "minibatch", "spikes")


@dataclass(frozen=True)
class Noise(Wrapper):
    """Gradient noise of several kinds, as from mini-batches.

        g ← g + σn

    Kinds of the noise n, with one number per coordinate:

    - "normal": standard normal.
    - "student": Student's t with `df` degrees of freedom (Bailey, 1994); fewer give heavier tails.
    - "stable": symmetric α-stable (Chambers, Mallows & Stuck, 1976), with infinite variance for α < 2; α = 2 is normal
      with variance 2. Simsekli, Sagun & Gürbüzbalaban (2019) observe it in networks.
    - "minibatch": g ← g ∘ (1 + σn) + τn′, noise proportional to each coordinate, and a part that does not vanish
      at the minimum.
    - "spikes": normal, but only at a share `probability` of the steps.

    The numbers depend on the seed, the run's stream and the step only. They are equal for every optimizer of a race, in
    any batch and order, and for all queries of one step. Values have no noise.

    Args:
        optimizer: the wrapped optimizer.
        sigma: σ, scale of the noise, ≥ 0; default 1.
        kind: "normal", "student", "stable", "minibatch" or "spikes"; default 'normal'.
        df: degrees of freedom of "student", > 0; default 3.
        alpha: α of "stable", in (0, 2]; default 1.5.
        additive: τ, scale of the additive part of "minibatch", ≥ 0; default 0.
        probability: probability of a spike per step, in [0, 1]; default 0.01.

    Raises:
        InputError: for an unknown kind.

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
        """Return the factor and the summand of the gradients in this step, each (d, R) or None."""
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
        """Return a setting in double precision, as the random numbers are."""
        return torch.as_tensor(setting, dtype=torch.float64, device=self.setup.streams.device)


def student(u: Tensor, df: Tensor) -> Tensor:
    """Return Student's t from two uniform numbers each, u (2d, R): √(ν(u₁^(−2/ν) − 1))·cos 2πu₂ (Bailey, 1994)."""
    first, second = u.chunk(2)
    return torch.sqrt(df * torch.expm1(-2 / df * _log(first))) * torch.cos(2 * math.pi * second)


def stable(u: Tensor, alpha: Tensor) -> Tensor:
    """Return symmetric α-stable numbers from two uniform numbers each, u (2d, R) (Chambers, Mallows & Stuck, 1976).

        sin αθ / (cos θ)^(1/α) · (cos((1−α)θ) / w)^((1−α)/α)

    θ is uniform in (−π/2, π/2) and w exponential. The characteristic function is exp(−|k|^α).
    """
    first, second = u.chunk(2)
    angle = math.pi * (second + 2.0**-54 - 0.5)
    wait = torch.log(-_log(first))
    stretch = (1 - alpha) / alpha * (torch.log(torch.cos((1 - alpha) * angle)) - wait)
    return torch.sin(alpha * angle) * torch.exp(stretch - torch.log(torch.cos(angle)) / alpha)


def _log(u: Tensor) -> Tensor:
    """Return the logarithm of uniform numbers, at the middle of their cells, so that none is log 0 or log 1."""
    return torch.log(u + 2.0**-54)


def _within(optimizer: Optimizer) -> int:
    """Return the number of noise wrappers inside an optimizer; each draws its own numbers."""
    inside = optimizer.optimizer if isinstance(optimizer, Wrapper) else None
    return 0 if inside is None else isinstance(inside, Noise) + _within(inside)
