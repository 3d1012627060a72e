"""Newton's method and Gauss–Newton, which step to the minimum of a quadratic model."""

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
    """What Newton and Gauss–Newton share: everything but the model."""

    lr: Scalar = field(default=1.0, metadata=POSITIVE)
    damping: Scalar = field(default=1e-8, metadata=NON_NEGATIVE)

    @property
    def label(self) -> str:
        return self.title if self.damping else f"{self.title} (undamped)"

    title: ClassVar[str] = ""

    def model(self, context: StepContext) -> QuadraticModel:
        """Return the models around the points of a step."""
        raise NotImplementedError

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _ModelMinimizerStepper(cast(Sequence[_ModelMinimizer], optimizers), x)


class _ModelMinimizerStepper(Stepper):
    """Runs that step to the minimum of their models; they have no state."""

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
        """Do nothing: there is no state."""

    def buffers(self) -> Mapping[str, Tensor]:
        return {"direction": self.p, "step_length": self.t}


@dataclass(frozen=True)
class Newton(_ModelMinimizer):
    """Newton's method (Newton, 1669; Simpson, 1740), with damping that makes it descend.

        x ← x − t·H̃⁻¹g

    H̃ is the Hessian with its eigenvalues c replaced by max(|c|, damping·max|c|) (Greenstadt, 1967), so that saddles
    repel. t is the first of lr, lr/2, lr/4, … with a ten-thousandth of the predicted decrease (Armijo, 1966; Nocedal &
    Wright, 2006, algorithm 3.2). If the Hessian is zero or not finite, H̃ is the identity.

    With damping = 0, the step is Newton's own, x ← x − lr·H⁻¹g. It approaches saddles and maxima as well as minima.

    Args:
        lr: factor of the first trial step, > 0; default 1.
        damping: smallest eigenvalue of H̃, relative to the largest, ≥ 0; 0 takes the Hessian as it is, without a
            line search; default 1e-8.

    Raises:
        InputError: from `check`, if the function cannot be differentiated twice.

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
    """Gauss–Newton for sums of squares f = Σ r² (Gauss, 1809; Björck, 1996).

        x ← x − t·(JᵀJ)⁻¹Jᵀr

    J is the Jacobian of the residuals r. This is Newton's step with the Hessian 2JᵀJ, which omits the curvature of the
    residuals and needs no second derivatives. Damping and t are as in `Newton`. Björck's book is "Numerical methods for
    least squares problems".

    Args:
        lr: factor of the first trial step, > 0; default 1.
        damping: smallest eigenvalue of the damped Hessian, relative to the largest, ≥ 0; 0 takes JᵀJ as it is,
            without a line search; default 1e-8.

    Raises:
        InputError: from `check`, if the function is not a sum of squares.

    >>> GaussNewton().label
    'Gauss–Newton'
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
    """Return the Gauss–Newton models of f = Σ r² at points (d, R): gradient 2Jᵀr and Hessian 2JᵀJ."""
    r, jacobian = oracle.residuals(x, mask)
    gradient = 2 * pairwise_sum(jacobian * r[:, None])
    return QuadraticModel.of(
        pairwise_sum(r * r), gradient, 2 * pairwise_sum(jacobian[:, :, None] * jacobian[:, None, :])
    )
