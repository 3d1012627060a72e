"""Gradient clipping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import torch_norm
from landscapes.optimizers.base import POSITIVE, Optimizer, check_hyperparameter
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.wrappers.base import GradientTransformStepper, Wrapper


@dataclass(frozen=True)
class Clip(Wrapper):
    """Gradient clipping by norm, by value or both (Pascanu, Mikolov & Bengio, 2013).

        by value: gᵢ ← min(max(gᵢ, −v), v)
        by norm: g ← g · min(1, n / (‖g‖ + 10⁻⁶))

    With both, clipping by value comes first. Each run has its own norm. It reproduces `torch.nn.utils.clip_grad_norm_`
    and `clip_grad_value_`, called per run, bitwise on the CPU.

    Args:
        optimizer: the wrapped optimizer.
        norm: n, the largest Euclidean norm, > 0; default None, no limit.
        value: v, the largest absolute value of a coordinate, > 0; default None, no limit.

    Raises:
        InputError: if neither is given.

    >>> from landscapes import optimizers
    >>> optimizers.Clip(optimizers.Adam(lr=0.05), norm=1).label
    'Adam · clip 1'
    """

    names: ClassVar[tuple[str, ...]] = ("clip",)

    norm: float | None = None
    value: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("norm", "value"):
            limit = getattr(self, name)
            if limit is not None:
                object.__setattr__(self, name, check_hyperparameter("Clip", name, limit, POSITIVE))
        if self.norm is None and self.value is None:
            raise InputError("Clip: set norm=… to limit the norm of the gradient, or value=… to limit each coordinate")

    @property
    def label_suffix(self) -> str:
        values = [] if self.value is None else [f"clip values {self.value:g}"]
        norms = [] if self.norm is None else [f"clip {self.norm:g}"]
        return " · ".join([*values, *norms])

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _ClipStepper(optimizers, x, setup)


class _ClipStepper(GradientTransformStepper):
    def transform(self, context: StepContext, x: Tensor, gradient: Tensor, mask: Tensor | None) -> Tensor:
        value, longest = self.settings.value, self.settings.norm
        if value is not None:
            gradient = torch.maximum(torch.minimum(gradient, _like(value, x)), -_like(value, x))
        if longest is not None:
            # torch computes number / tensor as reciprocal times number
            gradient = gradient * ((torch_norm(gradient) + 1e-6).reciprocal() * longest).clamp(max=1.0)
        return gradient


def _like(value: float | Tensor, x: Tensor) -> Tensor:
    return torch.as_tensor(value, dtype=x.dtype, device=x.device)
