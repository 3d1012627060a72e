"""The interface between the engine and an optimizer: run setup, step context and stepper."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.oracle import Oracle


@dataclass(frozen=True, eq=False)
class RunSetup:
    """What a stepper knows about its runs before the first step.

    Attributes:
        steps: number of steps that the experiment takes.
        streams: random stream of each run, shape (R,), int64. Runs with equal streams draw equal numbers.
        seed: seed shared by all streams.
    """

    steps: int
    streams: Tensor
    seed: int = 0

    @classmethod
    def default(cls, runs: int, steps: int = 1000) -> RunSetup:
        """Return a setup in which every run has its own random stream."""
        return cls(steps, torch.arange(runs))

    def select(self, runs: slice | list[int]) -> RunSetup:
        """Return the setup of some of the runs."""
        return replace(self, streams=self.streams[runs])


@dataclass(slots=True, eq=False)  # not frozen, because one is made per step
class StepContext:
    """What R runs see at one step.

    Attributes:
        t: number of the step: 1, 2, …
        x: points before the step, shape (d, R).
        value: function values at x, shape (R,), under the sample of this step. The engine always provides them.
        gradient: gradients at x, shape (d, R); NaN if the optimizer needs none.
        oracle: answers every other query about the function at this step.
        active: mask (R,) of the runs that have not ended. The results of the others are discarded.
    """

    t: int
    x: Tensor
    value: Tensor
    gradient: Tensor
    oracle: Oracle
    active: Tensor


class Stepper(ABC):
    """Advances a batch of runs of one kind of optimizer. No run may influence another."""

    @abstractmethod
    def step(self, context: StepContext) -> Tensor:
        """Return the points after the step, shape (d, R)."""

    def prepare(self, t: int) -> None:  # noqa: B027
        """Set the hyper-parameters that change with the step to their values at step t. `step` calls it itself."""

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        """Set a hyper-parameter for the steps to come, one value per run, shape (R,).

        Raises:
            NotImplementedError: if the stepper has no hyper-parameter that may change between steps.
        """
        raise NotImplementedError(f"{type(self).__name__} has no hyper-parameter that can change between steps")

    def reset(self, runs: Tensor, x: Tensor) -> None:
        """Discard the state of the runs in the mask `runs`, shape (R,).

        These runs continue from x, shape (d, R), as if their next step were their first.

        Raises:
            NotImplementedError: if the stepper has no state to discard.
        """
        raise NotImplementedError(f"{type(self).__name__} has no state to reset")

    def buffers(self) -> Mapping[str, Tensor]:
        """Return the optimizer state by its usual name ("momentum", "second_moment", …), shapes (d, R) or (R,)."""
        return {}

    def failures(self) -> Mapping[int, str]:
        """Return the error of each run, by its index, whose optimizer has raised one; such a run stays where it is."""
        return {}

    def terminated(self) -> Tensor | None:
        """Return a mask (R,) of the runs that the optimizer itself has ended; None if it never ends a run."""
        return None
