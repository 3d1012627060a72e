"""What the adapters need to know of a torch optimizer to race; `Torch` provides it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.optimizers.adapters.settings import SettingPath
from landscapes.optimizers.parameter_groups import ParameterGroups

StepRequirement = Literal["gradient", "closure", "graph", "sparse", "modes"]
"""What a step needs: a gradient, a closure, a gradient that can be differentiated again, or a sparse gradient; "modes"
is a gradient at the point of the training mode, for an optimizer that shows the point of its evaluation mode."""

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
    def learning_rate(self) -> float: ...

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
    def parameter_groups(self) -> ParameterGroups:
        """Settings of their own for some coordinates; with any, each group is a parameter of its own."""

    @property
    def step_requirement(self) -> StepRequirement: ...

    def lr_by_coordinate(self, dim: int) -> NDArray[np.float64] | None:
        """Return the learning rate of each of `dim` coordinates; None if all share one."""

    def create(self, parameters: Sequence[Tensor], hyper: Mapping[str, Any]) -> torch.optim.Optimizer:
        """Return an optimizer object of one parameter, or of one per parameter group."""

    def with_settings(self, values: Mapping[SettingPath, float]) -> TorchSpec:
        """Return the spec with other numbers at some paths, unchecked."""
