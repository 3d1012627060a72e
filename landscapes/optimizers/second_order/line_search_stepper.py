"""Base class of optimizers that choose a direction and search along it; they differ in the direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import Scalar, pairwise_sum
from landscapes.optimizers.base import OPEN_UNIT, POSITIVE, Optimizer
from landscapes.optimizers.first_order.base import State, stack_hyperparameters
from landscapes.optimizers.linalg import dot
from landscapes.optimizers.second_order.line_search import Trial, strong_wolfe
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper


@dataclass(frozen=True)
class LineSearchOptimizer(Optimizer):
    """An optimizer x ← x + t·p with its own direction p and a step length t that meets the strong Wolfe conditions.

    `init`, `direction`, `initial_step` and `update_state` are pure. Points, gradients and directions have shape (d, R),
    and R is the last dimension of every state tensor. If p does not descend, or no t is found, the state of a run is
    reset and p is −g.
    """

    lr: Scalar = field(default=1.0, metadata=POSITIVE)
    c1: Scalar = field(default=1e-4, metadata=OPEN_UNIT)
    c2: Scalar = field(default=0.9, metadata=OPEN_UNIT)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.c1 >= self.c2:
            raise InputError(f"{self.kind}: c1 must be < c2, got c1={self.c1} and c2={self.c2}")

    def init(self, x: Tensor) -> State:
        """Return the state before the first step, for points (d, R)."""
        raise NotImplementedError

    def direction(self, g: Tensor, s: State) -> Tensor:
        """Return the direction p (d, R) at gradients g (d, R)."""
        raise NotImplementedError

    def initial_step(self, slope: Tensor, s: State) -> Tensor:
        """Return the first step length to try, shape (R,), once the state was updated; slope is gᵀp, shape (R,)."""
        return torch.ones_like(slope)

    def update_state(self, s: State, step: Tensor, g: Tensor, change: Tensor, p: Tensor) -> State:
        """Return the state after a step (d, R) along p that changed the gradient g by `change`, both of one sample."""
        raise NotImplementedError

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return LineSearchStepper(cast(Sequence[LineSearchOptimizer], optimizers), x)


class LineSearchStepper(Stepper):
    """Runs of one line-search optimizer, each with its own bracket."""

    def __init__(self, optimizers: Sequence[LineSearchOptimizer], x: Tensor) -> None:
        self.optimizer = stack_hyperparameters(optimizers, x)
        self.state = self.optimizer.init(x)
        self.is_fresh = torch.ones_like(x[0], dtype=torch.bool)  # runs whose state was never updated
        self.p, self.t = torch.zeros_like(x), torch.zeros_like(x[0])

    def step(self, context: StepContext) -> Tensor:
        g = context.gradient
        p = self.optimizer.direction(g, self.state)
        slope = dot(g, p)
        lost = ~(slope < 0)
        self.reset(lost, context.x)
        p, slope = torch.where(lost, -g, p), torch.where(lost, -dot(g, g), slope)
        first = torch.where(
            self.is_fresh, (1 / pairwise_sum(g.abs())).clamp(max=1), self.optimizer.initial_step(slope, self.state)
        )
        # The gradient at the end of a search is the first one of the next step, and is counted there,
        # unless the next step has another sample.
        counts_first = torch.full_like(lost, context.t == 1 or context.oracle.function.sample is not None)
        start = Trial(torch.zeros_like(slope), context.value, slope, g)
        end = strong_wolfe(
            context, p, start, self.optimizer.lr * first, self.optimizer.c1, self.optimizer.c2, counts_first
        )
        step = end.t * p
        self.state, self.is_fresh = (
            self.optimizer.update_state(self.state, step, g, end.g - g, p),
            torch.zeros_like(self.is_fresh),
        )
        self.reset(end.t == 0, context.x)
        self.p, self.t = p, end.t
        return context.x + step

    def reset(self, runs: Tensor, x: Tensor) -> None:
        blank = self.optimizer.init(x)
        self.state = tuple(torch.where(runs, new, old) for new, old in zip(blank, self.state, strict=True))
        self.is_fresh = self.is_fresh | runs

    def buffers(self) -> Mapping[str, Tensor]:
        return {"direction": self.p, "step_length": self.t}
