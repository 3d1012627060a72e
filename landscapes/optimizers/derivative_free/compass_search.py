"""Compass search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.base import NON_NEGATIVE, POSITIVE, Optimizer
from landscapes.optimizers.derivative_free.base import DerivativeFree, DerivativeFreeStepper, evaluate, resolve_length
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper


@dataclass(frozen=True)
class Compass(DerivativeFree):
    """Compass search (Fermi & Metropolis, 1952; Kolda, Lewis & Torczon, 2003).

    Evaluates the 2d points x ± Δeᵢ. If the best of them is better than x, it becomes the next point; else Δ ← Δ/2.
    Neither the steps nor the termination need a derivative.

    Args:
        size: the first Δ, ≥ 0; 0 for a tenth of the shorter side of the function's view; default 0.
        xatol: a run ends once Δ is below this share of the first Δ, > 0; default 1e-8.

    >>> Compass(size=0.5).spec
    'compass(size=0.5)'
    """

    names: ClassVar[tuple[str, ...]] = ("compass",)

    size: float = field(default=0.0, metadata=NON_NEGATIVE)
    xatol: float = field(default=1e-8, metadata=POSITIVE)

    @property
    def label(self) -> str:
        return "Compass search"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _CompassStepper(optimizers, x, setup)


class _CompassStepper(DerivativeFreeStepper):
    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        axes = torch.eye(len(x), dtype=x.dtype, device=x.device)
        self.directions = torch.cat([axes, -axes], 1)[:, :, None]  # (d, 2d, 1)
        self.first = self.size = torch.full_like(x[0], torch.inf)

    def start_runs(self, context: StepContext, fresh: Tensor) -> None:
        self.first = torch.zeros_like(self.first) + resolve_length(self.settings.size, context)
        self.size = torch.where(fresh, self.first, self.size)

    def move(self, context: StepContext) -> Tensor:
        current = self.current_value(context)
        points = context.x[:, None] + self.size * self.directions  # (d, 2d, R)
        lowest, best = evaluate(context, points).min(0)
        better = lowest < current
        self.size = torch.where(better, self.size, self.size / 2)
        return torch.where(better, points.gather(1, best.expand(len(context.x), 1, -1))[:, 0], context.x)

    def terminated(self) -> Tensor | None:
        small: Tensor = self.size < self.settings.xatol * self.first
        return small

    def buffers(self) -> Mapping[str, Tensor]:
        return {"size": self.size}
