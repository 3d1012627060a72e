"""Newton's method and Gauss–Newton: steps to where a quadratic model is lowest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

import torch
from torch import Tensor

from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import Scalar, is_zero, pairwise_sum
from landscapes.optimizers.base import NON_NEGATIVE, POSITIVE, Optimizer
from landscapes.optimizers.first_order.base import stack_hyperparameters
from landscapes.optimizers.second_order.derivatives import check_sum_of_squares, check_twice_differentiable
from landscapes.optimizers.second_order.line_search import backtrack
from landscapes.optimizers.second_order.quadratic_model import QuadraticModel
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.oracle import Oracle


@dataclass(frozen=True)
class _ModelMinimizer(Optimizer):
    """What Newton and Gauss–Newton share: all but where the model comes from."""

    lr: Scalar = field(default=1.0, metadata=POSITIVE)
    damping: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)

    @property
    def label(self) -> str:
        return self.title if self.damping else f"{self.title} (undamped)"

    title: ClassVar[str] = ""

    def model(self, context: StepContext) -> QuadraticModel:
        """The models around the points of a step."""
        raise NotImplementedError

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _ModelMinimizerStepper(cast(Sequence[_ModelMinimizer], optimizers), x)


class _ModelMinimizerStepper(Stepper):
    """Runs that go where their models are lowest; they remember nothing."""

    def __init__(self, optimizers: Sequence[_ModelMinimizer], x: Tensor) -> None:
        self.optimizer = stack_hyperparameters(optimizers, x)
        self.p, self.t = torch.zeros_like(x), torch.zeros_like(x[0])

    def step(self, context: StepContext) -> Tensor:
        model, damping = self.optimizer.model(context), self.optimizer.damping
        curvature, t = model.curvature, self.optimizer.lr * torch.ones_like(model.value)
        if not is_zero(damping):
            least = damping * curvature.abs().amax(0)
            curvature = torch.where(least > 0, torch.maximum(curvature.abs(), least), 1.0)
        along = torch.where(model.gradient == 0, 0.0, -model.gradient / curvature)
        self.p = model.to_coordinates(along)
        self.t = (
            t if is_zero(damping) else backtrack(context, self.p, pairwise_sum(along * model.gradient), model.value, t)
        )
        return context.x + self.t * self.p

    def reset(self, runs: Tensor, x: Tensor) -> None:
        """There is nothing to forget."""

    def buffers(self) -> Mapping[str, Tensor]:
        return {"direction": self.p, "step_length": self.t}


@dataclass(frozen=True)
class Newton(_ModelMinimizer):
    """Newton's method (Newton, 1669; Simpson, 1740) that descends, or, undamped, as it was.

    x ← x − t·H̃⁻¹g, where H̃ is the Hessian with curvatures c replaced by max(|c|, damping·max|c|) (Greenstadt, 1967), so
    that a saddle repels, and t is the first of lr, lr/2, lr/4, … that brings a ten-thousandth of the promised decrease
    (Armijo, 1966; Nocedal & Wright, 2006, algorithm 3.2). Where there is no curvature at all, or the Hessian is not finite,
    H̃ is the identity.

    With damping = 0 it is x ← x − lr·H⁻¹g: Newton's own step, which goes to a saddle or a maximum as gladly as to a minimum.

    Args:
        lr: the length of the first step tried, as a share of the whole one, > 0.
        damping: the least curvature along any direction, as a share of the largest, ≥ 0; 0 takes the Hessian as it is
            and the step without mask where it leads.

    >>> Newton().label, Newton(damping=0).label
    ('Newton', 'Newton (undamped)')
    """

    names: ClassVar[tuple[str, ...]] = ("newton",)
    title: ClassVar[str] = "Newton"

    def check(self, function: Function) -> None:
        check_twice_differentiable(self.kind, function)

    def model(self, context: StepContext) -> QuadraticModel:
        return QuadraticModel.of(context.value, context.gradient, context.oracle.hessian(context.x))


@dataclass(frozen=True)
class GaussNewton(_ModelMinimizer):
    """Gauss–Newton (Gauss, 1809; Björck, Numerical methods for least squares problems, 1996), for sums of squares f = Σ r².

    x ← x − t·(JᵀJ)⁻¹Jᵀr with the Jacobian J of the residuals r: Newton's step with the Hessian 2JᵀJ, which leaves out the
    curvature of the residuals and needs no second derivatives. Damping and t are as for `Newton`.

    Args:
        lr: the length of the first step tried, as a share of the whole one, > 0.
        damping: the least curvature along any direction, as a share of the largest, ≥ 0; 0 takes JᵀJ as it is
            and the step without mask where it leads.
    """

    names: ClassVar[tuple[str, ...]] = ("gauss_newton",)
    title: ClassVar[str] = "Gauss–Newton"

    @property
    def needs_gradient(self) -> bool:
        return False

    def check(self, function: Function) -> None:
        check_sum_of_squares(self.kind, function)

    def model(self, context: StepContext) -> QuadraticModel:
        return gauss_newton_model(context.oracle, context.x)


def gauss_newton_model(oracle: Oracle, x: Tensor, mask: Tensor | None = None) -> QuadraticModel:
    """Gauss and Newton's models of f = Σ r² at points (d, R): gradient 2Jᵀr and Hessian 2JᵀJ."""
    r, jacobian = oracle.residuals(x, mask)
    gradient = 2 * pairwise_sum(jacobian * r[:, None])
    return QuadraticModel.of(
        pairwise_sum(r * r), gradient, 2 * pairwise_sum(jacobian[:, :, None] * jacobian[:, None, :])
    )
