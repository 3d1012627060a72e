"""How an optimizer is asked to step: what it sees at a step, what it may know of the job, what it answers."""

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
class Job:
    """What an optimizer may know of the job it works in.

    Attributes:
        steps: how many steps there will be.
        streams: which random numbers each run gets, shape (R,), int64: equal ones, equal numbers.
        seed: the seed of all of them.
    """

    steps: int
    streams: Tensor
    seed: int = 0

    @classmethod
    def plain(cls, runs: int, steps: int = 1000) -> Job:
        """A job in which every run has random numbers of its own."""
        return cls(steps, torch.arange(runs))

    def part(self, runs: slice | list[int]) -> Job:
        """The job of some of the runs."""
        return replace(self, streams=self.streams[runs])


@dataclass(slots=True, eq=False)  # not frozen, since one is made each step
class StepContext:
    """What R runs see as they take a step.

    Attributes:
        t: the step being taken, 1, 2, …
        x: the points it starts from, shape (d, R).
        value: the values there, shape (R,), as this step sees them: the engine knows them, whatever the optimizer needs.
        gradient: the gradients there, shape (d, R); NaN where the optimizer needs none.
        oracle: answers whatever else is asked of the function, at this step.
        alive: which runs still go on, shape (R,); what becomes of the others is not looked at.
    """

    t: int
    x: Tensor
    value: Tensor
    gradient: Tensor
    oracle: Oracle
    alive: Tensor


class Stepper(ABC):
    """Several runs of one kind of optimizer, advancing together. No run may change another."""

    @abstractmethod
    def step(self, now: StepContext) -> Tensor:
        """The points (d, R) after the step."""

    def turn(self, t: int) -> None:  # noqa: B027
        """Gets ready for step t: sets the hyper-parameters that change with it. `step` does so by itself."""

    def adjust(self, name: str, values: NDArray[np.float64]) -> None:
        """Changes a hyper-parameter for the steps to come, one number a run, shape (R,)."""
        raise NotImplementedError(f"{type(self).__name__} has no hyper-parameter that changes from step to step")

    def reset(self, runs: Tensor, x: Tensor) -> None:
        """Forgets the state of some runs, a mask (R,): they go on from x (d, R) as if their next step were the first."""
        raise NotImplementedError(f"{type(self).__name__} has no state that can be forgotten")

    def buffers(self) -> Mapping[str, Tensor]:
        """What the optimizer keeps, by its usual name ("momentum", "second_moment", …): shapes (d, R) or (R,)."""
        return {}

    def finished(self) -> Tensor | None:
        """Which runs have ended by themselves, a mask (R,); None where an optimizer never does."""
        return None
