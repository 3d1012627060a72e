"""Arrays on the host that hold the results of many runs."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError

Pieces = Sequence[Tensor]
"""Vectors of R runs: one piece (d, R), or d pieces (R,), one per coordinate."""

MAX_STEPS = 2**10
"""Steps that compiled code takes per call: milliseconds, after which progress is reported and Ctrl+C is heard."""

MAX_COPIED = 2**22
"""Numbers that compiled code writes to a copy at once: 32 MiB."""

Allocate = Callable[[str, tuple[int, ...]], NDArray[np.float64] | None]
"""Takes "x" or "loss" and a shape; returns the array to write to, or None if the quantity is not to be recorded."""


class RunBuffers:
    """The results of R runs with T recorded steps, on the host.

    Attributes:
        x: points, shape (T, d, R).
        loss: losses, shape (T, R); NaN if they are not recorded.
        stopped, reason: when and why each run ended, shape (R,) each, as in `termination.RunStatus`.
        reached, first_reached: when each run reaches the target, shape (R,) each, as in `batch.BatchResult`.
        lowest: the lowest value of each run, shape (R,).
        row_of: the row of each recorded step.
    """

    def __init__(self, runs: int, dim: int, recorded: NDArray[np.int64], allocate: Allocate | None = None) -> None:
        """Allocate buffers for the steps in `recorded`, by default in memory."""
        allocate = allocate or (lambda _, shape: np.empty(shape))
        self.x = _allocated(allocate, "x", (len(recorded), dim, runs))
        self.loss = _allocated(allocate, "loss", (len(recorded), runs))
        self.records_loss = self.loss.flags.writeable
        self.stopped = np.full(runs, -1)
        self.reason = np.zeros(runs, dtype=np.int64)
        self.reached = np.full(runs, -1)
        self.first_reached = np.full(runs, -1)
        self.lowest = np.full(runs, np.inf)
        self.row_of = {int(step): i for i, step in enumerate(recorded)}

    def addresses(self, runs: slice | NDArray[np.int64]) -> Addresses:
        """Return where compiled code writes the points and losses of some runs."""
        return Addresses(self, runs)

    def record(self, t: int, runs: slice | NDArray[np.int64], points: Pieces, loss: Tensor) -> None:
        """Store points, in pieces, and losses (r,) of some runs, if step t is to be recorded."""
        row = self.row_of.get(t)
        if row is None:
            return
        targets = self.x[row] if points[0].ndim == 1 else [self.x[row]]
        for target, piece in zip(targets, points, strict=True):
            target[..., runs] = piece.cpu().numpy()
        if self.records_loss:
            self.loss[row][runs] = loss.cpu().numpy()


class Addresses:
    """Where compiled code writes the points and losses of some runs: the buffers, or a copy of what they cannot take.

    Attributes:
        runs: how many runs.
        most_steps: how many steps may be written at once.
    """

    def __init__(self, buffers: RunBuffers, runs: slice | NDArray[np.int64]) -> None:
        self.buffers, self.chosen = buffers, runs
        self.runs = runs.stop - runs.start if isinstance(runs, slice) else len(runs)
        self.is_direct = isinstance(runs, slice) and all(
            array.dtype == np.float64 and array.strides[-1] == 8 and array.flags.aligned
            for array in (buffers.x, *([buffers.loss] if buffers.records_loss else []))
        )
        self.most_steps = MAX_STEPS if self.is_direct else max(MAX_COPIED // (self.runs * (buffers.x.shape[1] + 1)), 1)
        self.copied: dict[int, NDArray[np.float64]] = {}

    def of_steps(self, begin: int, end: int, every: int) -> NDArray[np.int64]:
        """Return the addresses of steps begin, begin + every, … < end, shape (n, d + 1); 0 where nothing is written."""
        buffers, dim = self.buffers, self.buffers.x.shape[1]
        if not every:
            return np.zeros((1, dim + 1), dtype=np.int64)
        steps = np.arange(begin, end, every)
        found = np.zeros((max(len(steps), 1), dim + 1), dtype=np.int64)
        rows = np.array([buffers.row_of.get(int(step), -1) for step in steps], dtype=np.int64)
        here = np.flatnonzero(rows >= 0)
        if isinstance(self.chosen, slice) and self.is_direct:
            for array, column in ((buffers.x, slice(dim)), (buffers.loss, slice(dim, None))):
                if array is buffers.loss and not buffers.records_loss:
                    continue
                first = array.ctypes.data + self.chosen.start * 8 + rows[here, None] * array.strides[0]
                found[here, column] = first + np.arange(dim) * array.strides[1] if array.ndim == 3 else first
            return found
        self.copied = {int(steps[i]): np.empty((dim + 1, self.runs)) for i in here}
        for i in here:
            copy = self.copied[int(steps[i])]
            found[i] = copy.ctypes.data + np.arange(dim + 1) * copy.strides[0]
        return found

    def finish(self) -> None:
        """Write to the buffers what was copied."""
        for step, copy in self.copied.items():
            *points, loss = torch.from_numpy(copy)
            self.buffers.record(step, self.chosen, points, loss)
        self.copied = {}


def _allocated(allocate: Allocate, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    array = allocate(name, shape)
    if array is None:
        return np.broadcast_to(np.nan, shape)
    if isinstance(array, np.memmap):
        _preallocate(array)
    return np.asarray(array)  # slices of a memmap are slow to create


def _preallocate(array: np.memmap[Any, Any]) -> None:
    """Preallocate the file of a memmap: writing is faster, and a full disk raises instead of crashing.

    Raises `InputError` if the disk is full.
    """
    if array.filename is None or not hasattr(os, "posix_fallocate"):
        return
    with open(array.filename, "r+b") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise InputError(
                    f"{array.filename} requires {size / 2**20:,.0f} MiB, more than is free on its disk; free some "
                    "space, record fewer steps, or choose another disk"
                ) from error
