"""Random search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import norm
from landscapes.optimizers.base import NON_NEGATIVE, Optimizer
from landscapes.optimizers.derivative_free.base import Direct, DirectStepper, length, worth
from landscapes.optimizers.stepper import Job, StepContext, Stepper
from landscapes.random import normal, uniform

DIRECTION, DISTANCE = 20, 21
"""What a step draws random numbers for."""


@dataclass(frozen=True)
class RandomSearch(Direct):
    """Random search (Rastrigin, 1963): a step in a random direction, taken if it leads down.

    y = x + r·u with u uniform on the unit sphere, or within it;  x ← y if f(y) < f(x). One value a step. With
    growth above 1 the radius follows success (Schumer & Steiglitz, 1968): r ← growth·r after a step that was
    taken, r ← r/growth^¼ after one that was not, so that one in five is (Rechenberg, 1973).

    Args:
        radius: r, ≥ 0, at first; at 0 a tenth of the shorter side of the function's view.
        growth: how the radius follows success, ≥ 1; at 1 it stays what it is.
        ball: whether the directions lie within the sphere, evenly, and not on it.
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
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, job: Job) -> Stepper:
        return _Searches(optimizers, x, job)


class _Searches(DirectStepper):
    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, job: Job) -> None:
        super().__init__(optimizers, x, job)
        self.radius = torch.full_like(x[0], torch.nan)
        growth = [cast(RandomSearch, optimizer).growth for optimizer in optimizers]
        self.up, self.down = (x.new_tensor([g**power for g in growth]) for power in (1.0, -0.25))

    def begin(self, now: StepContext, fresh: Tensor) -> None:
        self.radius = torch.where(fresh, length(self.settings.radius, now), self.radius)

    def move(self, now: StepContext) -> Tensor:
        held = self.held(now)
        tried = now.x + self.radius * self._direction(now)
        better = worth(now, tried) < held
        self.radius = self.radius * torch.where(better, self.up, self.down)
        return torch.where(better, tried, now.x)

    def buffers(self) -> Mapping[str, Tensor]:
        return {"radius": self.radius}

    def _direction(self, now: StepContext) -> Tensor:
        job, dim = self.job, len(now.x)
        u = normal(job.seed, job.streams, now.t, DIRECTION, dim)
        u = u / norm(u)
        if self.settings.ball:
            share = uniform(job.seed, job.streams, now.t, DISTANCE, 1)
            u = u * torch.exp(torch.log(share) / dim)  # a general power would round differently in a batch
        return u.to(now.x.dtype)
