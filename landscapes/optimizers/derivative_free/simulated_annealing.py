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
"""What a step draws random numbers for."""

TRIALS = 10
ACCEPTED = 0.4
"""Where no temperature is set: how many moves are tried at the start, and the chance that one typical uphill move has."""

COLDEST = 1e-5
"""Where no cooling is set: the last temperature, as a share of the first."""


@dataclass(frozen=True)
class Annealing(DerivativeFree):
    """Simulated annealing (Kirkpatrick, Gelatt & Vecchi, 1983), with Gaussian moves in the plane.

    y = x + s·z with z standard normal;  x ← y if u < exp(−(f(y) − f(x))/T), u uniform in [0, 1): downhill always,
    uphill the more easily the hotter (Metropolis et al., 1953). T ← cooling·T. One value a step. The path shows the
    point the method stands at, not the best it has met.

    Args:
        scale: s, ≥ 0, the standard deviation of a move; at 0 a tenth of the shorter side of the function's view.
        temperature: the first T, ≥ 0. At 0 it is found from ten moves tried at the start, such that their mean
            change, taken uphill, is accepted with a chance of 0.4 (Johnson et al., 1989).
        cooling: in [0, 1]; at 0 it is chosen so that T falls to 10⁻⁵ of the first in the steps of the race.
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
        taken = u < torch.exp(-rise / self.temperature)  # not for a rise of NaN, from infinity to infinity
        self.temperature = self.temperature * self.cooling
        return torch.where(taken, tried, context.x)

    def buffers(self) -> Mapping[str, Tensor]:
        return {"temperature": self.temperature}

    def _initial_temperature(self, context: StepContext, fresh: Tensor) -> Tensor:
        """The temperature at which the typical change of a move is accepted with the chance `ACCEPTED`."""
        moves = self._normals(context, TRIAL, TRIALS).reshape(len(context.x), TRIALS, -1)
        tried = context.x[:, None] + resolve_length(self.settings.scale, context) * moves
        change = (evaluate(context, tried, fresh) - context.value).abs()
        counted = change.isfinite()
        mean = pairwise_sum(torch.where(counted, change, 0.0)) / counted.sum(0)  # NaN where nothing was finite: cold
        return mean.nan_to_num(0.0) / -math.log(ACCEPTED)

    def _normals(self, context: StepContext, purpose: int, times: int = 1) -> Tensor:
        setup = self.setup
        return normal(setup.seed, setup.streams, context.t, purpose, times * len(context.x)).to(context.x.dtype)
