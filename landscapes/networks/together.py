"""Train runs of one network together or one after another: `train_all`.

Whether that gives the bits of separate runs depends on the kernels that torch chooses for these shapes, and whether it
is faster on the machine. Both are measured on the first steps of the runs themselves.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from landscapes.errors import InputError
from landscapes.networks.data import load_batches
from landscapes.networks.training import (
    Training,
    TrainingJob,
    TrainingRun,
    seeded,
)
from landscapes.networks.training_rows import Rows
from landscapes.silence import ignored_warnings

LEAST_RUNS, MOST_RUNS = 4, 64
"""How many runs are trained together."""

MOST_WEIGHTS = 2**17
"""Networks of more weights are trained one after another: their steps take long enough."""

MOST_ACTIVATIONS = 2**15
"""Rows of a batch times outputs of the widest layer; beyond, one run alone keeps the processor busy."""

TRIED = 4
"""The steps that are taken in both ways. The first one prepares, and is not timed."""


def train_all(jobs: Sequence[TrainingJob], together: bool | None, report: Callable[[], None]) -> list[TrainingRun]:
    """Train jobs of one network on the same data, together if that gives the same bits in less time.

    Args:
        jobs: the jobs.
        together: True trains them together although losses may round differently, False never does.
        report: called after each run.

    Raises:
        InputError: if `together` is True and the runs cannot be trained together.
    """
    found: list[TrainingRun] = []
    for begin in range(0, len(jobs), MOST_RUNS):
        part = jobs[begin : begin + MOST_RUNS]
        reason = "together=False" if together is False else _why_not(part, together)
        if not reason:
            runs = _measured(part, together, report)
        else:
            if together and len(part) > 1:
                raise InputError(f"these runs cannot be trained together: {reason}")
            runs = [_alone(Training, one, reason, report) for one in part]
        found += runs
    return found


def _alone(start: Callable[[TrainingJob], Training], job: TrainingJob, reason: str, report: Any) -> TrainingRun:
    """Train a run to its end, from its start or from where it is."""
    with seeded(job.seed):
        training = start(job)
        training.advance(job.steps)
    training.found.trained = f"alone: {reason}"
    report()
    return training.finish()


def _why_not(jobs: Sequence[TrainingJob], together: bool | None) -> str:
    """Return why runs are trained one after another, as far as it is known before they begin; "" if nothing is."""
    first = jobs[0]
    layers = list(first.model.modules())
    if len(jobs) < (2 if together else LEAST_RUNS):
        return "few runs"
    if first.steps <= 2 * TRIED:
        return "few steps"
    for layer in layers:
        if isinstance(layer, _BatchNorm | nn.modules.instancenorm._InstanceNorm) and layer.track_running_stats:
            return "the statistics of normalization layers change in training"
        if isinstance(layer, nn.modules.dropout._DropoutNd) and layer.p:
            return "dropout draws random numbers"
    batches = load_batches(first.data, next(first.model.parameters()).device, None, whole=True)
    if batches.kept is None or len({*batches.rows}) > 1:
        return "batches of different sizes" if batches.kept is not None else "the loader is read at each pass"
    if together:
        return ""
    if any(isinstance(layer, nn.modules.conv._ConvNd | nn.RNNBase) for layer in layers):
        return "convolutions and recurrent layers are slower together"
    weights = sum(p.numel() for p in first.model.parameters())
    width = max((p.shape[0] for p in first.model.parameters() if p.ndim > 1), default=1)
    if weights > MOST_WEIGHTS or min(batches.rows[0], first.batch_size) * width > MOST_ACTIVATIONS:
        return "large layers"
    return ""


def _measured(jobs: Sequence[TrainingJob], together: bool | None, report: Any) -> list[TrainingRun]:
    """Take the first steps in both ways, and go on in the one that is faster, if its bits are those of the other."""
    trainings, alone, reason = [], 0.0, ""
    for job in jobs:
        with seeded(job.seed):
            before = _random_state()
            trainings.append(Training(job))
            trainings[-1].advance(1)
            begin = _clock()
            trainings[-1].advance(TRIED)
            alone += _clock() - begin
            if _random_state() != before:
                reason = "the loss, the network or the optimizer draws random numbers"
    rows: Rows | None = None
    if not reason:
        try:
            with ignored_warnings(), seeded(jobs[0].seed):
                rows = Rows(jobs)
                rows.advance(1)
                begin = _clock()
                rows.advance(TRIED)
                spent = _clock() - begin
            equal = rows.equals(trainings)
            if together:
                reason = "" if equal or rows.agrees() else "gradients differ by more than rounding"
            elif not equal:
                reason = "together, torch rounds these layers differently; together=True allows it"
            elif spent >= alone:
                reason = "it is as fast here"
        except Exception as error:  # whatever vmap cannot, loops can
            reason = f"torch.func.vmap cannot: {' '.join(str(error).split())[:160]}"
    if not reason and rows is not None:
        with ignored_warnings(), seeded(jobs[0].seed):
            rows.advance(jobs[0].steps)
        found = []
        for run in rows.finish("together" if equal else "together, with other rounding"):
            found.append(run)
            report()
        return found
    if together:
        raise InputError(f"these runs cannot be trained together: {reason}")
    known = {id(one.job): one for one in trainings}
    return [_alone(lambda job: known[id(job)], job, reason, report) for job in jobs]


def _random_state() -> tuple[Any, ...]:
    """Return the states of the global generators, to be compared."""
    numbers: Any = np.random.get_state()  # noqa: NPY002
    return torch.get_rng_state().numpy().tobytes(), random.getstate(), numbers[1].tobytes(), numbers[2]


def _clock() -> float:
    return time.thread_time() if torch.get_num_threads() == 1 else time.perf_counter()
