"""Sharpness-aware minimization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import torch_norm
from landscapes.optimizers.base import NON_NEGATIVE, Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.base import GradientTransformStepper, Wrapper

MAX_SAMS = 4
"""Largest number of nested SAMs, of 16 gradients per step."""


@dataclass(frozen=True)
class SAM(Wrapper):
    """Sharpness-aware minimization (Foret, Kleiner, Mobahi & Neyshabur, 2021).

        g ← ∇f(x + ρ·g / (‖g‖ + 10⁻¹²))

    The optimizer gets the gradient at a point slightly uphill, so it avoids sharp minima. Each step costs a second
    gradient, which is counted. SAM around SAM costs four.

    Args:
        optimizer: the wrapped optimizer.
        rho: ρ, distance uphill, ≥ 0; default 0.05.

    Raises:
        InputError: for more than 4 nested ones.

    >>> from landscapes import optimizers
    >>> optimizers.SAM(optimizers.SGD(lr=0.01), rho=0.1).label
    'SGD · SAM 0.1'
    """

    names: ClassVar[tuple[str, ...]] = ("sam",)

    rho: float = field(default=0.05, metadata=NON_NEGATIVE)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depth(SAM) > MAX_SAMS:
            raise InputError(f"SAM must nest at most {MAX_SAMS} deep, because each doubles the gradients of a step")

    @property
    def label_suffix(self) -> str:
        return f"SAM {self.rho:g}"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _SAMStepper(optimizers, x, setup)


class _SAMStepper(GradientTransformStepper):
    def transform(self, context: StepContext, x: Tensor, gradient: Tensor, mask: Tensor | None) -> Tensor:
        uphill = gradient * ((torch_norm(gradient) + 1e-12).reciprocal() * self.settings.rho)
        return context.oracle.value_and_gradient(x + uphill, mask)[1]
