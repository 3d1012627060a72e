"""Optimizers that choose a direction and search along it: what they share is the step, what they differ in is the direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import Scalar, total
from landscapes.optimizers.base import POSITIVE, Optimizer
from landscapes.optimizers.first_order.base import State, stacked
from landscapes.optimizers.second_order.linalg import dot
from landscapes.optimizers.second_order.line_search import Trial, strong_wolfe
from landscapes.optimizers.stepper import Job, StepContext, Stepper

INSIDE = {"low": 0.0, "high": 1.0, "open_low": True, "open_high": True}


@dataclass(frozen=True)
class Searching(Optimizer):
    """An optimizer that goes x ← x + t·p, with a direction p of its own and a t that meets the strong Wolfe conditions.

    `init`, `direction`, `first` and `learn` are pure; points, gradients and directions are (d, R), and every tensor of the
    state ends in R. Where p does not descend, or no t is found, a run forgets what it learned and p is −g.
    """

    lr: Scalar = field(default=1.0, metadata=POSITIVE)
    c1: Scalar = field(default=1e-4, metadata=INSIDE)
    c2: Scalar = field(default=0.9, metadata=INSIDE)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.c1 >= self.c2:
            raise InputError(f"{self.kind}: c1 must be smaller than c2, not c1={self.c1} and c2={self.c2}")

    def init(self, x: Tensor) -> State:
        """What is known before the first step, for points (d, R)."""
        raise NotImplementedError

    def direction(self, g: Tensor, s: State) -> Tensor:
        """The direction p (d, R) at gradients g (d, R)."""
        raise NotImplementedError

    def first(self, slope: Tensor, s: State) -> Tensor:
        """The step length to try first, shape (R,), where something was learned; slope is gᵀp, shape (R,)."""
        return torch.ones_like(slope)

    def learn(self, s: State, step: Tensor, g: Tensor, change: Tensor, p: Tensor) -> State:
        """The state after a step (d, R) along p, which changed the gradient g by `change`, both of one sample."""
        raise NotImplementedError

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, job: Job) -> Stepper:
        return SearchStepper(cast(Sequence[Searching], optimizers), x)


class SearchStepper(Stepper):
    """Runs of one kind of search, each with its own bracket."""

    def __init__(self, optimizers: Sequence[Searching], x: Tensor) -> None:
        self.optimizer = stacked(optimizers, x)
        self.state = self.optimizer.init(x)
        self.fresh = torch.ones_like(x[0], dtype=torch.bool)  # who has learned nothing yet
        self.p, self.t = torch.zeros_like(x), torch.zeros_like(x[0])

    def step(self, now: StepContext) -> Tensor:
        g = now.gradient
        p = self.optimizer.direction(g, self.state)
        slope = dot(g, p)
        lost = ~(slope < 0)
        self.reset(lost, now.x)
        p, slope = torch.where(lost, -g, p), torch.where(lost, -dot(g, g), slope)
        first = torch.where(self.fresh, (1 / total(g.abs())).clamp(max=1), self.optimizer.first(slope, self.state))
        # the gradient at the end of the search is the one that the next step begins with, and is counted there,
        # unless that step sees another sample
        counts_first = torch.full_like(lost, now.t == 1 or now.oracle.function.sample is not None)
        start = Trial(torch.zeros_like(slope), now.value, slope, g)
        end = strong_wolfe(now, p, start, self.optimizer.lr * first, self.optimizer.c1, self.optimizer.c2, counts_first)
        step = end.t * p
        self.state, self.fresh = self.optimizer.learn(self.state, step, g, end.g - g, p), torch.zeros_like(self.fresh)
        self.reset(end.t == 0, now.x)
        self.p, self.t = p, end.t
        return now.x + step

    def reset(self, runs: Tensor, x: Tensor) -> None:
        blank = self.optimizer.init(x)
        self.state = tuple(torch.where(runs, new, old) for new, old in zip(blank, self.state, strict=True))
        self.fresh = self.fresh | runs

    def buffers(self) -> Mapping[str, Tensor]:
        return {"direction": self.p, "step_length": self.t}
