"""What the steps of each optimizer take on this machine, in seconds of its processor."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext
from landscapes.oracle import Oracle, value, value_and_gradient

ROUNDS = 5
"""How often each step is measured; the least counts, which is what it takes where nothing else is in the way."""

WARM = 20
"""Steps that are taken beforehand and not measured."""

CLOCK = time.perf_counter if os.name == "nt" else time.process_time
"""Counts what all threads of this process work. That of Windows ticks 64 times a second: there it is the time that passes."""


def measure_seconds(
    function: Function, optimizers: Sequence[Optimizer], starts: Tensor, steps: int, ends: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    """How long R runs take to come to each of their points, (R, steps + 1), in seconds; 0 at the start, never falling.

    Each run is stepped by itself, which is how optimizers are used, and not in the batch that a race is. A step is the value,
    the gradient where the optimizer needs one (by autograd), all else that the optimizer asks of the function, and the optimizer's own work.
    What a race keeps, checks and sets up is left out. Each step counts with the least of `ROUNDS`, in which the runs take turns.

    Args:
        function: the landscape.
        optimizers: R optimizers.
        starts: start points (d, R), on the CPU.
        steps: how many steps there are.
        ends: after how many each run ends, (R,); from there on its time stands still.
        seed: of the random numbers, the same ones for all runs.

    >>> from landscapes.functions import get
    >>> from landscapes.optimizers import Adam
    >>> took = measure_seconds(get("booth"), [Adam()], torch.ones(2, 1), 30, np.array([20]), 0)
    >>> took.shape, bool(took[0, 0] == 0 < took[0, 1] <= took[0, 20] == took[0, 30])
    ((1, 31), True)
    """
    taken = np.zeros((ROUNDS, len(optimizers), steps))
    for round_ in range(-1, ROUNDS):
        for run, optimizer in enumerate(optimizers):
            count = int(ends[run]) if round_ >= 0 else min(int(ends[run]), WARM)
            marks, _ = time_steps(
                function, optimizer, starts[:, run : run + 1], count, RunSetup(steps, torch.zeros(1).long(), seed)
            )
            if round_ >= 0:
                taken[round_, run, :count] = np.diff(marks)
    return np.pad(taken.min(0).cumsum(1), ((0, 0), (1, 0)))


def time_steps(
    function: Function, optimizer: Optimizer, x: Tensor, count: int, setup: RunSetup
) -> tuple[NDArray[np.float64], Tensor]:
    """What the clock says before and after each of so many steps, (count + 1,), and the last point (d, 1)."""
    stepper = type(optimizer).stepper([optimizer], x, setup)
    oracle = Oracle(function, 1, x.device)
    alive = torch.ones(1, dtype=torch.bool)
    unguided = torch.full_like(x, torch.nan)
    marks = np.empty(count + 1)
    marks[0] = CLOCK()
    for t in range(count):
        seen = oracle.set_step(t)
        felt, gradient = value_and_gradient(seen, x) if optimizer.needs_gradient else (value(seen, x), unguided)
        x = stepper.step(StepContext(t + 1, x, felt, gradient, oracle, alive))
        marks[t + 1] = CLOCK()
    return marks, x
