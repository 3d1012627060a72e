"""What a race can be followed by besides its losses: each quantity is one small function of the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import Record, steps_or_inf

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Quantity:
    """A number that each run has at each step.

    Attributes:
        title: how it is called.
        log: whether it is told on a log scale.
        of: its values (R, T) in a record, NaN where there is none; raises `InputError` where the record lacks what it needs.
        span: the limits of its axis, where they are known beforehand.
    """

    title: str
    log: bool
    of: Callable[[Record], Numbers]
    span: tuple[float, float] | None = None


def observed(record: Record, name: str) -> Numbers:
    """What was observed under a name, (R, T) or (R, T, d). Raises `InputError` where it was not."""
    if name not in record.trajectories.metrics:
        raise InputError(f"this race did not record {name!r}; race again with metrics=[{name!r}]")
    return record.trajectories.metrics[name]


def evaluations(record: Record) -> Numbers:
    """How often each run had evaluated the function by each step, (R, T).

    Values, gradients and Hessian-vector products count one each, a Hessian as many as there are coordinates.
    """
    weights = np.array([1.0, 1.0, 1.0, record.trajectories.x.shape[-1]])
    return np.asarray(observed(record, "evaluations") @ weights)


def _value(record: Record) -> Numbers:
    return record.trajectories.loss


def _gap(record: Record) -> Numbers:
    minimum = float(record.meta["minimum"])
    if not np.isfinite(minimum):
        raise InputError('this landscape has no lowest value, so there is no gap to it; follow "value" instead')
    return record.trajectories.loss - minimum


def _gradient_norm(record: Record) -> Numbers:
    return observed(record, "gradient_norm")


def _distance(record: Record) -> Numbers:
    """To the nearest minimum that the record knows."""
    ground, dim = record.surface or record.curve, record.trajectories.x.shape[-1]
    if ground is None or not len(ground.minima) or dim > 2:
        raise InputError(
            'this record knows no minimum to measure from: races in one or two dimensions do, where the landscape has one; follow "gap"'
        )
    away = record.trajectories.x[:, :, None] - ground.minima[:, :dim]
    return np.asarray(np.linalg.norm(away, axis=-1).min(2))


def _moves(record: Record) -> Numbers:
    """From each step to the next, (R, T - 1, d); NaN where a run stood still after it was stopped."""
    trajectories = record.trajectories
    if (np.diff(trajectories.step) != 1).any():
        raise InputError('this record keeps only some steps; race again with record_steps="all"')
    moves = np.diff(trajectories.x, axis=1)
    stopped = steps_or_inf(trajectories.runs["stopped"])[:, None]
    return np.where((trajectories.step[1:] < stopped)[..., None], moves, np.nan)


def _step_length(record: Record) -> Numbers:
    return _late(np.linalg.norm(_moves(record), axis=-1), 1)


def _cosine(record: Record) -> Numbers:
    """Between a step and the one before; NaN where one of them has no length."""
    moves = _moves(record)
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = moves / np.abs(moves).max(-1, keepdims=True)  # squares of very short ones would be zero
        ways = moves / np.linalg.norm(moves, axis=-1, keepdims=True)
    return _late(np.clip((ways[:, 1:] * ways[:, :-1]).sum(-1), -1.0, 1.0), 2)


def _late(values: Numbers, late: int) -> Numbers:
    """Values that begin some steps after the race does."""
    return np.pad(values, ((0, 0), (late, 0)), constant_values=np.nan)


def _lr(record: Record) -> Numbers:
    return observed(record, "lr")


QUANTITIES = {
    "value": Quantity("value", False, _value),
    "gap": Quantity("gap to the minimum", True, _gap),
    "gradient_norm": Quantity("gradient norm", True, _gradient_norm),
    "distance": Quantity("distance to the minimum", True, _distance),
    "step_length": Quantity("step length", True, _step_length),
    "cosine": Quantity("cosine between steps", False, _cosine, (-1.08, 1.08)),
    "lr": Quantity("learning rate", True, _lr),
}
"""What `render.history` can draw, by name."""
