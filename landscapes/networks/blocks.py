"""Grids in blocks of points: on an executor, and kept in a directory from which a killed grid is resumed."""

from __future__ import annotations

import copy
import os
import pickle
import queue
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.execution.block_dir import BlockDir, FlatArrays, Shard, digest
from landscapes.execution.running import Executor, check_executor, run_blocks
from landscapes.execution.transport import one_line
from landscapes.networks.evaluation import Evaluator

BLOCK = 128
"""Points per block."""

BLOCKS_PER_WORKER = 4
"""Without a directory, blocks are so small that each worker gets at least so many, if there are enough points."""

LEAST = 16
"""Points per block at least."""

PROBES = 8
"""Random vectors by whose products directions are recognized."""

Points = NDArray[np.float64]
Progress = Callable[[int, int], None]


def in_blocks(
    evaluator: Evaluator,
    points: Points,
    *,
    executor: Executor | None = None,
    resume_dir: str | os.PathLike[str] | None = None,
    together: bool | None = None,
    progress: Progress | None = None,
) -> Points:
    """Return what `Evaluator.many` does, by blocks of points.

    Args:
        evaluator: evaluates the points.
        points: the points, shape (n, k).
        executor: runs the blocks; by default they run in this process.
        resume_dir: a directory for finished blocks; a killed grid is resumed there. Processes that share it share the
            work. A `Shard` stands for a part of the blocks, whose other points are NaN.
        together: as in `Evaluator.many`.
        progress: called with (points done, all points).

    Raises:
        InputError: for a directory of another grid: other weights, directions, points, or another loss; if the loss
            cannot be sent to the workers.
        UnfinishedError: if the executor dies, or the disk is full.
    """
    check_executor(executor)
    size = BLOCK
    if resume_dir is None:
        known = getattr(executor, "_max_workers", None)
        workers = known if isinstance(known, int) and known > 0 else os.cpu_count() or 1
        size = int(np.clip(-(-len(points) // (BLOCKS_PER_WORKER * workers)), LEAST, BLOCK))
    blocks = GridBlocks(evaluator, points, size, together)
    store = _Memory() if resume_dir is None else GridDir(resume_dir, _identity(evaluator, points, size))
    count = -(-len(points) // size)
    wanted = resume_dir.blocks(count) if isinstance(resume_dir, Shard) else range(count)
    if not wanted:
        raise InputError(f"the grid has {count} blocks of {size} points, so there is nothing for {resume_dir!r}")
    blocks.store = store
    try:
        run_blocks(blocks, store, wanted, executor, progress)
        return blocks.values()
    finally:
        store.close()


class _Memory:
    """Values of blocks in memory."""

    def __init__(self) -> None:
        self._found: dict[int, FlatArrays] = {}

    def has(self, block: int) -> bool:
        return block in self._found

    def claim(self, block: int) -> bool:
        return True

    def put(self, block: int, result: FlatArrays) -> None:
        self._found[block] = result

    def arrays(self, block: int) -> FlatArrays:
        return self._found[block]

    def close(self) -> None:
        """Do nothing: there are no claims."""


class GridDir(BlockDir):
    """Values of blocks in a directory."""

    def put(self, block: int, result: FlatArrays) -> None:
        """Write the values of a block."""
        self.put_arrays(block, result)


class GridBlocks:
    """The blocks of a grid as `running.run_blocks` takes them."""

    hint = "install the modules that define the network, the loss and the data on the workers"

    def __init__(self, evaluator: Evaluator, points: Points, size: int, together: bool | None) -> None:
        self._evaluator, self._points, self._size, self._together = evaluator, points, size, together
        self._copies = _Copies(evaluator)
        self._packed: bytes | None = None
        self.store: Any = None

    @property
    def most_bytes(self) -> int:
        """The size of a block sent to a worker or returned by it."""
        return len(self._payload()) + 8 * self._size * (1 + len(self._evaluator.loss.metrics))

    def block(self, i: int) -> GridBlock:
        """Return block i."""
        return GridBlock(self._copies, self._part(i), self._together)

    def block_length(self, i: int) -> int:
        """Return the number of points of block i."""
        return len(self._part(i))

    def pack(self, i: int) -> bytes:
        """Return block i as bytes."""
        return pickle.dumps(SentBlock(self._payload(), self._part(i), self._together))

    def samples(self) -> list[bytes]:
        """Return what all blocks share."""
        return [self._payload()]

    def check(self, i: int, result: Any) -> None:
        """Raise `TypeError` or `InputError` if a result is not that of block i."""
        if not isinstance(result, dict):
            raise TypeError
        shape = self.block_length(i), 1 + len(self._evaluator.loss.metrics)
        found = np.shape(result.get("values", ()))
        if found != shape:
            raise InputError(f"values must have shape {shape}, got {found}")

    def unfinished(self) -> tuple[str, Points]:
        """Return what is done so far in words, and the values, NaN where there are none."""
        count = -(-len(self._points) // self._size)
        done = sum(self.store.has(i) for i in range(count))
        resume = "repeat the call to resume" if isinstance(self.store, GridDir) else "resume_dir= keeps finished blocks"
        return f"{done} of {count} blocks are done; {resume}", self.values()

    def values(self) -> Points:
        """Return the losses and metrics at all points, shape (n, 1 + m), NaN where a block is missing."""
        found = np.full((len(self._points), 1 + len(self._evaluator.loss.metrics)), np.nan)
        for i in range(-(-len(self._points) // self._size)):
            if self.store.has(i):
                arrays = self.store.arrays(i)
                self.check(i, arrays)
                found[i * self._size : (i + 1) * self._size] = arrays["values"]
        return found

    def _part(self, i: int) -> Points:
        return self._points[i * self._size : (i + 1) * self._size]

    def _payload(self) -> bytes:
        """Return the evaluator as bytes."""
        if self._packed is None:
            try:
                self._packed = pickle.dumps(self._evaluator)
            except Exception as error:
                raise InputError(
                    "the model, the loss, the metrics and the data are sent to other processes, so they must be "
                    f"defined at the top of a module, not as a lambda: {one_line(error)}"
                ) from error
        return self._packed


class _Copies:
    """Copies of an evaluator, which moves its weights in place, for threads that run at the same time."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._first = evaluator
        self._free: queue.LifoQueue[Evaluator] = queue.LifoQueue()
        self._free.put(evaluator)
        self._lock = threading.Lock() if evaluator.loss.random else nullcontext()
        """Random losses seed the generators of the process."""
        self._copying = threading.Lock()

    def many(self, points: Points, together: bool | None, progress: Progress | None) -> Points:
        """Return the values at points, evaluated by a copy that no other thread uses."""
        with self._lock:
            try:
                evaluator = self._free.get_nowait()
            except queue.Empty:
                with self._copying:
                    evaluator = copy.deepcopy(self._first)
            try:
                return evaluator.many(points, together=together, progress=progress)
            finally:
                self._free.put(evaluator)


@dataclass(frozen=True, eq=False)
class GridBlock:
    """Some points of a grid, evaluated in this process."""

    copies: _Copies
    points: Points
    together: bool | None

    def run(self, progress: Progress | None = None, /) -> FlatArrays:
        """Return the values."""
        return {"values": self.copies.many(self.points, self.together, progress)}


@dataclass(frozen=True, eq=False)
class SentBlock:
    """Some points of a grid, evaluated by another process, which keeps the evaluator for the next block."""

    evaluator: bytes
    points: Points
    together: bool | None

    def run(self, progress: Progress | None = None, /) -> FlatArrays:
        """Return the values."""
        return {"values": _loaded(self.evaluator).many(self.points, self.together, progress)}


@lru_cache(maxsize=1)
def _loaded(evaluator: bytes) -> _Copies:
    return _Copies(pickle.loads(evaluator))


def _identity(evaluator: Evaluator, points: Points, size: int) -> dict[str, str]:
    """Return what the values of a grid depend on, by name.

    Directions and points are compared to three digits, because machines that compute them differ by rounding.
    """
    space, loss = evaluator.space, evaluator.loss
    random = np.random.default_rng(0)
    origin = space.origin.detach().cpu().double().numpy()
    probes = random.standard_normal((PROBES, len(origin)))
    products = [probes @ one.detach().cpu().double().numpy() for one in space.directions]
    lengths = [float(one.detach().double().norm()) for one in space.directions]
    ends = np.concatenate([points.min(0), points.max(0), points[len(points) // 3]])
    return {
        "weights": digest(np.ascontiguousarray(origin).tobytes()),
        "directions": digest([_short(found / length) for found, length in zip(products, lengths, strict=True)]),
        "lengths of the directions": " ".join(f"{length:.4g}" for length in lengths),
        "points": f"{len(points)} up to {np.abs(ends).max():.4g}, {digest(_short(ends))}",
        "loss": " ".join(f"{value:.6g}" for value in loss.values),
        "metrics": ", ".join(loss.metrics),
        "batchnorm": loss.batchnorm,
        "rows of the data": str(loss.batches.total),
        "points per block": str(size),
    }


def _short(values: NDArray[np.float64]) -> list[str]:
    """Return numbers as text, to three places relative to the largest."""
    relative = np.round(values / (np.abs(values).max(initial=0.0) or 1.0), 3) + 0.0  # no negative zero
    return [f"{value:.3f}" for value in relative.tolist()]
