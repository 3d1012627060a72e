"""Arrays on the host that hold the results of many runs."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.fast.kernels import Evaluated, Pieces
from landscapes.errors import InputError

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

    def views(self, steps: range, runs: slice, dtype: torch.dtype) -> list[Evaluated] | None:
        """Return the buffers of some steps as tensors to write to; None if a step or the dtype does not allow it."""
        if not self.x.flags.c_contiguous or not self.x.flags.writeable:
            return None
        if torch.from_numpy(self.x[:0]).dtype != dtype or not steps or any(t not in self.row_of for t in steps):
            return None
        found: list[Evaluated] = []
        for row in (self.row_of[t] for t in steps):
            loss = self.loss[row][runs] if self.records_loss else np.empty(runs.stop - runs.start)
            found.append(([torch.from_numpy(coordinate[runs]) for coordinate in self.x[row]], torch.from_numpy(loss)))
        return found

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
