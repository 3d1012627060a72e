"""Measure the processor time of the steps of each optimizer on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.objectives.decorators import Function
from landscapes.objectives.samples import run_seeds
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext
from landscapes.oracle import Oracle, value, value_and_gradient

ROUNDS = 5
"""How often each step is measured. The minimum counts: it has the least interference from other processes."""

WARMUP_STEPS = 20
"""Steps taken before the first measurement."""

CLOCK = time.perf_counter if os.name == "nt" else time.process_time
"""Processor time of all threads. On Windows it has a resolution of 1/64 s, so wall time is measured there."""


def measure_seconds(
    function: Function, optimizers: Sequence[Optimizer], starts: Tensor, steps: int, ends: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    """Return the cumulative time of R runs, shape (R, steps + 1), in seconds; 0 at the start, never decreasing.

    Each run is stepped alone, as optimizers are used, and not in the batch of a race. A step includes the value,
    the gradient if the optimizer needs one (by autograd), all other evaluations that the optimizer requests, and the
    optimizer's own work. It excludes recording, checks and setup. The time of a step is the minimum over `ROUNDS`
    rounds, in which the runs alternate.

    Args:
        function: the objective, in d dimensions.
        optimizers: R optimizers.
        starts: start points, shape (d, R), on the CPU.
        steps: the number of steps.
        ends: the last step of each run, shape (R,); its time is constant afterwards.
        seed: seed of the random numbers, which all runs share.

    >>> from landscapes.functions import get
    >>> from landscapes.optimizers import Adam
    >>> seconds = measure_seconds(get("booth"), [Adam()], torch.ones(2, 1), 30, np.array([20]), 0)
    >>> seconds.shape, bool(seconds[0, 0] == 0 < seconds[0, 1] <= seconds[0, 20] == seconds[0, 30])
    ((1, 31), True)
    """
    measured = np.zeros((ROUNDS, len(optimizers), steps))
    for round_ in range(-1, ROUNDS):
        for run, optimizer in enumerate(optimizers):
            count = int(ends[run]) if round_ >= 0 else min(int(ends[run]), WARMUP_STEPS)
            setup = RunSetup(steps, torch.zeros(1).long(), seed)
            times, _ = time_steps(function, optimizer, starts[:, run : run + 1], count, setup)
            if round_ >= 0:
                measured[round_, run, :count] = np.diff(times)
    return np.pad(measured.min(0).cumsum(1), ((0, 0), (1, 0)))


def time_steps(
    function: Function, optimizer: Optimizer, x: Tensor, count: int, setup: RunSetup
) -> tuple[NDArray[np.float64], Tensor]:
    """Take `count` steps from x (d, 1); return the clock before and after each, (count + 1,), and the last point."""
    stepper = type(optimizer).stepper([optimizer], x, setup)
    oracle = Oracle(function, 1, x.device, run_seeds(setup.seed, torch.zeros(1).long()))
    alive = torch.ones(1, dtype=torch.bool)
    no_gradient = torch.full_like(x, torch.nan)
    times = np.empty(count + 1)
    times[0] = CLOCK()
    for t in range(count):
        sampled = oracle.set_step(t)
        loss, gradient = (
            value_and_gradient(sampled, x) if optimizer.needs_gradient else (value(sampled, x), no_gradient)
        )
        x = stepper.step(StepContext(t + 1, x, loss, gradient, oracle, alive))
        times[t + 1] = CLOCK()
    return times, x
