"""Random search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import norm
from landscapes.optimizers.base import NON_NEGATIVE, Optimizer
from landscapes.optimizers.derivative_free.base import DerivativeFree, DerivativeFreeStepper, evaluate, resolve_length
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.random import normal, uniform

DIRECTION, DISTANCE = 20, 21
"""Purposes of the random numbers of a step."""


@dataclass(frozen=True)
class RandomSearch(DerivativeFree):
    """Random search (Rastrigin, 1963): a step in a random direction, accepted if it descends.

        y = x + r·u,  u uniform on the unit sphere or in the unit ball
        x ← y  if f(y) < f(x)

    Each step takes one value. With growth > 1, the radius adapts (Schumer & Steiglitz, 1968): r ← growth·r after an
    accepted step, r ← r/growth^¼ after a rejected one. It settles at one accepted step in five (Rechenberg, 1973).

    Args:
        radius: the first r, ≥ 0; 0 for a tenth of the shorter side of the function's view; default 0.
        growth: factor of the radius after an accepted step, ≥ 1; 1 keeps it constant; default 1.
        ball: whether u is uniform in the ball instead of on the sphere; default False.

    >>> RandomSearch(growth=1.5).label
    'Adaptive random search'
    """

    names: ClassVar[tuple[str, ...]] = ("random_search", "randomsearch")
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"adaptive_random_search": {"growth": 1.5}}

    radius: float = field(default=0.0, metadata=NON_NEGATIVE)
    growth: float = field(default=1.0, metadata={"low": 1.0})
    ball: bool = False

    @property
    def label(self) -> str:
        return "Adaptive random search" if self.growth > 1 else "Random search"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _RandomSearchStepper(optimizers, x, setup)


class _RandomSearchStepper(DerivativeFreeStepper):
    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.radius = torch.full_like(x[0], torch.nan)
        growth = [cast(RandomSearch, optimizer).growth for optimizer in optimizers]
        self.up, self.down = (x.new_tensor([g**power for g in growth]) for power in (1.0, -0.25))

    def start_runs(self, context: StepContext, fresh: Tensor) -> None:
        self.radius = torch.where(fresh, resolve_length(self.settings.radius, context), self.radius)

    def move(self, context: StepContext) -> Tensor:
        current = self.current_value(context)
        tried = context.x + self.radius * self._direction(context)
        better = evaluate(context, tried) < current
        self.radius = self.radius * torch.where(better, self.up, self.down)
        return torch.where(better, tried, context.x)

    def buffers(self) -> Mapping[str, Tensor]:
        return {"radius": self.radius}

    def _direction(self, context: StepContext) -> Tensor:
        setup, dim = self.setup, len(context.x)
        u = normal(setup.seed, setup.streams, context.t, DIRECTION, dim)
        u = u / norm(u)
        if self.settings.ball:
            share = uniform(setup.seed, setup.streams, context.t, DISTANCE, 1)
            u = u * torch.exp(torch.log(share) / dim)  # a general power may round differently in a batch
        return u.to(context.x.dtype)
