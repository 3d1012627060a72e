"""Record steps: which ones, and what besides points and losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import norm
from landscapes.optimizers.stepper import Stepper

RecordSteps = Literal["all", "ends"] | int | Sequence[int]
"""The steps to record: all; the first and the last; every k-th; or a list. The first and the last always are."""

Steppers = Sequence[tuple[slice, Stepper]]
"""Steppers with their runs."""

Buffers = Mapping[str, Tensor]
"""Recordable tensors by name, shape (R,) or (d, R)."""


def count_recorded(record_steps: RecordSteps, steps: int) -> int:
    """Return T, the number of recorded steps, without listing them.

    Raises `InputError` for an invalid choice.

    >>> count_recorded("all", 10**12), count_recorded(100, 250), count_recorded([7, 5], 250)
    (1000000000001, 4, 4)
    """
    if record_steps == "all":
        return steps + 1
    if isinstance(record_steps, int | np.integer) and not isinstance(record_steps, bool) and record_steps > 0:
        return steps // int(record_steps) + 1 + (steps % int(record_steps) > 0)
    return len(recorded_steps(record_steps, steps))


def recorded_steps(record_steps: RecordSteps, steps: int) -> NDArray[np.int64]:
    """Return the steps to record out of 0 … `steps`, ascending, shape (T,).

    Raises `InputError` for an invalid choice.

    >>> recorded_steps(100, 250).tolist()
    [0, 100, 200, 250]
    >>> recorded_steps([7, 5], 250).tolist()
    [0, 5, 7, 250]
    """
    allowed = 'record_steps must be "all", "ends", a stride such as 10, or steps such as [0, 10, 100]'
    if record_steps == "all" or record_steps == "ends":
        return np.arange(steps + 1) if record_steps == "all" or steps < 1 else np.array([0, steps])
    elif isinstance(record_steps, int | np.integer) and not isinstance(record_steps, bool):
        if record_steps < 1:
            raise InputError(f"{allowed}; a stride must be >= 1, got {record_steps}")
        chosen = np.arange(0, steps + 1, int(record_steps))
    else:
        try:
            listed = [None] if isinstance(record_steps, str) else list(cast(Sequence[int], record_steps))
            integers = all(isinstance(step, int | np.integer) and not isinstance(step, bool) for step in listed)
        except TypeError:
            integers = False
        if not integers:
            raise InputError(f"{allowed}; got {record_steps!r}")
        if not all(0 <= step <= steps for step in listed):
            raise InputError(f"record_steps must lie between 0 and {steps}, got {listed}")
        chosen = np.array(listed, dtype=np.int64)
    return np.union1d(chosen, [0, steps]).astype(np.int64)


class Recorder:
    """Buffers for T recorded steps of R runs, filled step by step on the device.

    Attributes:
        steps: the recorded steps, shape (T,).
        x: points, shape (T, d, R).
        loss: losses, shape (T, R).
        metrics: further quantities by name, shape (T, R) or (T, d, R); NaN for runs that lack one.
    """

    def __init__(self, steps: NDArray[np.int64], metrics: Sequence[str], like: Tensor) -> None:
        """Allocate buffers for points such as `like`, shape (d, R)."""
        self.steps = steps
        self.row_of = {int(step): i for i, step in enumerate(steps)}
        self.x = like.new_empty((len(steps), *like.shape))
        self.loss = like.new_empty((len(steps), like.shape[1]))
        self.names = tuple(dict.fromkeys(metrics))
        self.metrics: dict[str, Tensor] = {}

    @property
    def records_evaluations(self) -> bool:
        """Return whether the evaluations are recorded at each step."""
        return "evaluations" in self.names

    def record(
        self,
        t: int,
        x: Tensor,
        loss: Tensor,
        gradient: Tensor,
        steppers: Steppers,
        evaluations: Sequence[tuple[slice, Buffers]] = (),
    ) -> None:
        """Store the points (d, R), losses (R,) and metrics of step t, if it is to be recorded.

        Raises `InputError` after the first step if no optimizer has one of the metrics.
        """
        row = self.row_of.get(t)
        if row is not None:
            self.x[row], self.loss[row] = x, loss
        if self.names and (row is not None or t == 1):
            self._record_metrics(t, gradient, steppers, evaluations)

    def _record_metrics(
        self, t: int, gradient: Tensor, steppers: Steppers, evaluations: Sequence[tuple[slice, Buffers]]
    ) -> None:
        all_runs = slice(0, gradient.shape[1])
        sources: list[tuple[slice, Buffers]] = [(all_runs, {"gradient_norm": norm(gradient)}), *evaluations]
        sources += [(runs, stepper.buffers()) for runs, stepper in steppers]
        for name in self.names:
            for runs, buffers in sources:
                if name in buffers:
                    rows = self._rows(name, buffers[name])
                    if t in self.row_of:
                        rows[self.row_of[t], ..., runs] = buffers[name].detach()
        missing = [name for name in self.names if name not in self.metrics]
        if missing and t > 0:
            known = sorted(set(chain.from_iterable(buffers for _, buffers in sources)))
            raise InputError(f"no optimizer of this race records {missing[0]!r}; available: {', '.join(known)}")

    def _rows(self, name: str, example: Tensor) -> Tensor:
        """Return the buffer of a metric; allocate it on first use, and extend it for the first one per coordinate."""
        if name not in self.metrics:
            shape = (*self.loss.shape[:1], *example.shape[:-1], self.loss.shape[1])
            self.metrics[name] = torch.full(shape, torch.nan, dtype=self.x.dtype, device=self.x.device)
        elif self.metrics[name].ndim == example.ndim:  # the lr of a run with parameter groups, after others
            self.metrics[name] = self.metrics[name][:, None].repeat(1, len(example), 1)
        return self.metrics[name]
