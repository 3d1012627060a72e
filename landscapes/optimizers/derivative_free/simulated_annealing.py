"""Simulated annealing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.arithmetic import pairwise_sum
from landscapes.optimizers.base import NON_NEGATIVE, UNIT_INTERVAL, Optimizer
from landscapes.optimizers.derivative_free.base import DerivativeFree, DerivativeFreeStepper, evaluate, resolve_length
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.random import normal, uniform

PROPOSAL, ACCEPTANCE, TRIAL = 22, 23, 24
"""Purposes of the random numbers of a step."""

TRIALS = 10
ACCEPTED = 0.4
"""Default temperature: number of trial moves, and probability with which a typical uphill move is accepted."""

COLDEST = 1e-5
"""Default cooling: the last temperature relative to the first."""


@dataclass(frozen=True)
class Annealing(DerivativeFree):
    """Simulated annealing with Gaussian moves (Kirkpatrick, Gelatt & Vecchi, 1983).

        y = x + s·z,  z standard normal
        x ← y  if u < exp(−(f(y) − f(x))/T),  u uniform in [0, 1)  (Metropolis et al., 1953)
        T ← cooling·T

    Each step takes one value. The trajectory shows the current point, not the best so far.

    Args:
        scale: s, standard deviation of a move, ≥ 0; 0 for a tenth of the shorter side of the function's view;
            default 0.
        temperature: the first T, ≥ 0; 0 to estimate it from ten trial moves at the start, such that an uphill move
            of their mean size is accepted with probability 0.4 (Johnson et al., 1989); default 0.
        cooling: factor of T per step, in [0, 1]; 0 for the factor with which T falls to 10⁻⁵ of the first T in the
            steps of the race; default 0.

    >>> Annealing(scale=0.5).spec
    'annealing(scale=0.5)'
    """

    names: ClassVar[tuple[str, ...]] = ("annealing",)

    scale: float = field(default=0.0, metadata=NON_NEGATIVE)
    temperature: float = field(default=0.0, metadata=NON_NEGATIVE)
    cooling: float = field(default=0.0, metadata=UNIT_INTERVAL)

    @property
    def label(self) -> str:
        return "Simulated annealing"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _AnnealingStepper(optimizers, x, setup)


class _AnnealingStepper(DerivativeFreeStepper):
    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.temperature = torch.full_like(x[0], torch.nan)
        cooling = self.settings.cooling
        given = isinstance(cooling, Tensor) or cooling > 0
        self.cooling = cooling if given else COLDEST ** (1 / max(setup.steps - 1, 1))

    def start_runs(self, context: StepContext, fresh: Tensor) -> None:
        given = self.settings.temperature
        first = given if isinstance(given, Tensor) or given else self._initial_temperature(context, fresh)
        self.temperature = torch.where(fresh, first, self.temperature)

    def move(self, context: StepContext) -> Tensor:
        current = self.current_value(context)
        tried = context.x + resolve_length(self.settings.scale, context) * self._normals(context, PROPOSAL)
        u = uniform(self.setup.seed, self.setup.streams, context.t, ACCEPTANCE, 1)[0]
        rise = evaluate(context, tried) - current
        taken = u < torch.exp(-rise / self.temperature)  # false for a rise of NaN, from infinity to infinity
        self.temperature = self.temperature * self.cooling
        return torch.where(taken, tried, context.x)

    def buffers(self) -> Mapping[str, Tensor]:
        return {"temperature": self.temperature}

    def _initial_temperature(self, context: StepContext, fresh: Tensor) -> Tensor:
        """Return the temperature at which a typical uphill move is accepted with the probability `ACCEPTED`."""
        moves = self._normals(context, TRIAL, TRIALS).reshape(len(context.x), TRIALS, -1)
        tried = context.x[:, None] + resolve_length(self.settings.scale, context) * moves
        change = (evaluate(context, tried, fresh) - context.value).abs()
        counted = change.isfinite()
        mean = pairwise_sum(torch.where(counted, change, 0.0)) / counted.sum(0)
        return mean.nan_to_num(0.0) / -math.log(ACCEPTED)  # if nothing is finite, the mean is NaN: temperature 0

    def _normals(self, context: StepContext, purpose: int, times: int = 1) -> Tensor:
        setup = self.setup
        return normal(setup.seed, setup.streams, context.t, purpose, times * len(context.x)).to(context.x.dtype)
