"""What the adapters need to know of a torch optimizer to race; `Torch` provides it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from landscapes.optimizers.adapters.settings import SettingPath

StepRequirement = Literal["gradient", "closure", "graph", "sparse"]
"""What a step needs: a gradient, a closure, a gradient that can be differentiated again, or a sparse gradient."""

STEP_REQUIREMENTS: tuple[StepRequirement, ...] = ("gradient", "closure", "graph", "sparse")


class TorchSpec(Protocol):
    """A class of torch optimizer with its settings."""

    @property
    def cls(self) -> type[torch.optim.Optimizer]: ...

    @property
    def kind(self) -> str: ...

    @property
    def spec(self) -> str: ...

    @property
    def lr(self) -> float: ...

    @property
    def hyper(self) -> dict[str, Any]:
        """Keyword arguments of the class."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the parameter; () for (d,)."""

    @property
    def group(self) -> tuple[tuple[str, Any], ...]:
        """Options of the parameter group, beyond the keyword arguments."""

    @property
    def step_requirement(self) -> StepRequirement: ...

    def create(self, parameter: Tensor, hyper: Mapping[str, Any]) -> torch.optim.Optimizer:
        """Return an optimizer object of one parameter."""

    def with_settings(self, values: Mapping[SettingPath, float]) -> TorchSpec:
        """Return the spec with other numbers at some paths, unchecked."""
