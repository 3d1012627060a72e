"""What of a job is kept: which steps, and what beside points and values."""

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
"""Which steps to record_steps: all; the first and the last; every k-th; or these. The first and last always are."""

Parts = Sequence[tuple[slice, Stepper]]
Accounts = Sequence[tuple[slice, Mapping[str, Tensor]]]


def recorded_steps(record_steps: RecordSteps, steps: int) -> NDArray[np.int64]:
    """The steps to record_steps of a job of so many, ascending.

    Raises `InputError` for what is no choice of steps.

    >>> recorded_steps(100, 250).tolist()
    [0, 100, 200, 250]
    >>> recorded_steps([7, 5], 250).tolist()
    [0, 5, 7, 250]
    """
    advice = 'record_steps is "all", "ends", a stride such as 10, or steps such as [0, 10, 100]'
    if record_steps == "all" or record_steps == "ends":
        chosen = np.arange(steps + 1) if record_steps == "all" else np.array([0, steps])
    elif isinstance(record_steps, int | np.integer) and not isinstance(record_steps, bool):
        if record_steps < 1:
            raise InputError(f"{advice}; a stride is at least 1, not {record_steps}")
        chosen = np.arange(0, steps + 1, int(record_steps))
    else:
        try:
            listed = [None] if isinstance(record_steps, str) else list(cast(Sequence[int], record_steps))
            whole = all(isinstance(step, int | np.integer) and not isinstance(step, bool) for step in listed)
        except TypeError:
            whole = False
        if not whole:
            raise InputError(f"{advice}; not {record_steps!r}")
        if not all(0 <= step <= steps for step in listed):
            raise InputError(f"steps to record lie between 0 and {steps}, not {listed}")
        chosen = np.array(listed, dtype=np.int64)
    return np.union1d(chosen, [0, steps]).astype(np.int64)


class Log:
    """Room for T kept steps of R runs, filled step by step on the device."""

    def __init__(self, kept: NDArray[np.int64], metrics: Sequence[str], like: Tensor) -> None:
        self.place = {int(step): i for i, step in enumerate(kept)}
        self.x = like.new_empty((len(kept), *like.shape))
        self.loss = like.new_empty((len(kept), like.shape[1]))
        self.names = tuple(dict.fromkeys(metrics))
        self.metrics: dict[str, Tensor] = {}

    @property
    def counts(self) -> bool:
        """Whether evaluations are to be recorded step by step."""
        return "evaluations" in self.names

    def record(self, t: int, x: Tensor, value: Tensor, gradient: Tensor, parts: Parts, accounts: Accounts = ()) -> None:
        """Keeps the points (d, R), values (R,) and what is observed, if step t is to be kept.

        Raises `InputError` after the first step where something is to be observed that no optimizer keeps.
        """
        if t in self.place:
            self.x[self.place[t]], self.loss[self.place[t]] = x, value
        if self.names and (t in self.place or t == 1):
            self._record_metrics(t, gradient, parts, accounts)

    def _record_metrics(self, t: int, gradient: Tensor, parts: Parts, accounts: Accounts) -> None:
        whole = slice(0, gradient.shape[1])
        sources: list[tuple[slice, Mapping[str, Tensor]]] = [(whole, {"gradient_norm": norm(gradient)}), *accounts]
        sources += [(part, stepper.buffers()) for part, stepper in parts]
        for name in self.names:
            for part, buffers in sources:
                if name in buffers:
                    room = self._room(name, buffers[name])
                    if t in self.place:
                        room[self.place[t], ..., part] = buffers[name].detach()
        missing = [name for name in self.names if name not in self.metrics]
        if missing and t > 0:
            known = sorted(set(chain.from_iterable(buffers for _, buffers in sources)))
            raise InputError(f"no optimizer of this race keeps {missing[0]!r}; there is {', '.join(known)}")

    def _room(self, name: str, example: Tensor) -> Tensor:
        if name not in self.metrics:
            shape = (*self.loss.shape[:1], *example.shape[:-1], self.loss.shape[1])
            self.metrics[name] = torch.full(shape, torch.nan, dtype=self.x.dtype, device=self.x.device)
        return self.metrics[name]
