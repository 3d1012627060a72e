"""The Levenberg–Marquardt method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

import torch
from torch import Tensor

from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import Scalar
from landscapes.optimizers.base import POSITIVE, Optimizer
from landscapes.optimizers.first_order.base import stack_hyperparameters
from landscapes.optimizers.second_order.derivatives import check_sum_of_squares
from landscapes.optimizers.second_order.newton import gauss_newton_model
from landscapes.optimizers.second_order.quadratic_model import gain_ratio
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper

TRIALS = 15
"""Largest number of trials per step."""


@dataclass(frozen=True)
class LevenbergMarquardt(Optimizer):
    """Levenberg–Marquardt for sums of squares f = Σ r² (Levenberg, 1944; Marquardt, 1963).

        x ← x − (JᵀJ + μI)⁻¹Jᵀr

    J is the Jacobian of the residuals r. The damping μ follows Nielsen (1999; Madsen, Nielsen & Tingleff, 2004,
    algorithm 3.16). With the gain ratio ρ, the actual decrease over the predicted one, a step that descends sets μ ←
    μ·max(⅓, 1 − (2ρ−1)³). A step that does not is repeated with μ doubled, then times 4, 8, …, so that every step of a
    race descends.

    Args:
        damping: the first μ, relative to the largest diagonal entry of JᵀJ, > 0; default 0.001.

    Raises:
        InputError: from `check`, if the function is not a sum of squares.

    >>> LevenbergMarquardt(damping=0.01).spec
    'levenberg_marquardt(damping=0.01)'
    """

    names: ClassVar[tuple[str, ...]] = ("levenberg_marquardt", "lm")

    damping: Scalar = field(default=1e-3, metadata=POSITIVE)

    @property
    def label(self) -> str:
        return "Levenberg–Marquardt"

    @property
    def needs_gradient(self) -> bool:
        return False

    def check(self, function: Function) -> None:
        check_sum_of_squares(self.kind, function)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _LevenbergMarquardtStepper(cast(Sequence[LevenbergMarquardt], optimizers), x)


class _LevenbergMarquardtStepper(Stepper):
    """Runs with one damping each."""

    def __init__(self, optimizers: Sequence[LevenbergMarquardt], x: Tensor) -> None:
        self.optimizer = stack_hyperparameters(optimizers, x)
        self.mu = torch.full_like(x[0], torch.nan)  # not known yet

    def step(self, context: StepContext) -> Tensor:
        model = gauss_newton_model(context.oracle, context.x)
        largest = model.diagonal.amax(0) / 2  # of JᵀJ; the model has 2JᵀJ
        mu = torch.where(self.mu.isnan(), self.optimizer.damping * largest, self.mu)
        self.mu = mu = torch.maximum(mu, torch.finfo(mu.dtype).eps * largest)
        growth, x, waiting = torch.full_like(mu, 2.0), context.x, context.active
        for _ in range(TRIALS):
            stiff = model.curvature + 2 * mu
            p = torch.where(stiff > 0, -model.gradient / stiff, 0.0)
            there = context.x + model.to_coordinates(p)
            waiting = waiting & (there != context.x).any(0)
            if not waiting.any():
                break
            rho = gain_ratio(model.value, -model.change(p), context.oracle.value(there, waiting))
            descends = rho > 0
            shrink = 1 - (2 * rho - 1) * (2 * rho - 1) * (2 * rho - 1)
            mu = mu * torch.where(descends, shrink.clamp(min=1 / 3), growth)
            growth = 2 * growth
            x = torch.where(waiting & descends, there, x)
            self.mu = torch.where(waiting & descends, mu, self.mu)  # unchanged if no trial descends
            waiting = waiting & ~descends
        return x

    def reset(self, runs: Tensor, x: Tensor) -> None:
        self.mu = torch.where(runs, torch.nan, self.mu)

    def buffers(self) -> Mapping[str, Tensor]:
        return {"damping": self.mu}
