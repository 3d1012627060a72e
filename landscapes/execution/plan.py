"""Describe an experiment of many runs without listing them, and cut it into blocks."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine import loop
from landscapes.engine.batch import Batch, BatchResult
from landscapes.engine.fast.compiling import MIN_COMPILED_RUN_STEPS
from landscapes.engine.loop import Progress
from landscapes.engine.recording import RecordSteps, count_recorded
from landscapes.engine.termination import Stop
from landscapes.errors import InputError
from landscapes.objectives._function import Function
from landscapes.optimizers.base import Optimizer

MAX_RUNS, MAX_RUN_STEPS, MAX_BYTES = 2**15, 2**28, 2**26
"""Upper bounds of a block: runs, run-steps, and bytes of temporary tensors and results."""

LEAST_RUNS, LEAST_RUN_STEPS = 64, 2**20
"""Blocks are not made smaller than this to give each worker one: a step of few runs takes as long as one of many."""


@dataclass(frozen=True, eq=False)
class GridColumn:
    """One number per run that repeats as the axis of a grid does: run i has `values[i // repeat % len(values)]`.

    Its size does not depend on the number of runs.

    Attributes:
        values: the values along the axis, shape (n,).
        repeat: the number of consecutive runs that share a value.

    >>> GridColumn(np.array([0.1, 0.2]), repeat=2)[1:7].tolist()
    [0.1, 0.2, 0.2, 0.1, 0.1, 0.2]
    """

    values: NDArray[Any]
    repeat: int = 1

    @classmethod
    def along(cls, values: NDArray[Any], lengths: Sequence[int], axis: int) -> GridColumn:
        """Return the column of one axis of a grid of the given lengths; the last axis varies fastest.

        >>> GridColumn.along(np.array([1.0, 2.0]), (3, 2, 2), axis=1)[:5].tolist()
        [1.0, 1.0, 2.0, 2.0, 1.0]
        """
        return cls(values, math.prod(lengths[axis + 1 :]))

    def __getitem__(self, runs: slice) -> NDArray[Any]:
        """Return the entries of runs begin:end."""
        entries: NDArray[Any] = self.values[np.arange(runs.start or 0, runs.stop) // self.repeat % len(self.values)]
        return entries


SAME_NOISE = GridColumn(np.zeros(1, dtype=np.int64))
"""The streams of runs that all share the same random numbers."""


@dataclass(frozen=True, eq=False)
class RunSettings:
    """The settings that all runs of a task share; see `loop.run`.

    Attributes:
        steps: the number of steps.
        box: bounds of the points, shape (d, 2); of runs that start outside the view, see `Block.boxes`.
        stop: convergence tolerances.
        record_steps: the steps to record.
        metrics: quantities to record besides points and losses.
        target: a value; the first step at or below it is recorded.
        seed: seed of the random numbers.
        dtype: "float64" or "float32".
        device: the name of the torch device.
        compiled: whether to compile the steps; None: if it pays.
    """

    steps: int
    box: NDArray[np.float64]
    stop: Stop | None = None
    record_steps: RecordSteps = "ends"
    metrics: tuple[str, ...] = ()
    target: float | None = None
    seed: int = 0
    dtype: str = "float64"
    device: str = "cpu"
    compiled: bool | None = None


@dataclass(frozen=True, eq=False)
class Block:
    """Some runs of a task: small, picklable, and complete, so that its results depend on nothing else.

    Attributes:
        function: the objective, in d dimensions.
        batch: the optimizer and hyper-parameters of the R runs.
        starts: start points, shape (R, d).
        streams: the stream of random numbers of each run, shape (R,), int64.
        settings: the settings that all runs share.
        sample_streams: the stream of samples of each run on a stochastic function, shape (R,); None: one for all.
    """

    function: Function
    batch: Batch
    starts: NDArray[np.float64]
    streams: NDArray[np.int64]
    settings: RunSettings
    sample_streams: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.batch)

    def boxes(self) -> Tensor:
        """Return the bounds of the points, shape (d, 2), or (d, 2, R) if a start lies outside the view.

        A run from there has a box of its own, which is as far around the view that has grown to the start. The boxes
        of the other runs do not depend on that start.
        """
        box = torch.from_numpy(self.settings.box)
        view, starts = torch.tensor(self.function.view, dtype=torch.float64), torch.from_numpy(self.starts.T)
        low, high = view[:, :1], view[:, 1:]
        below, above = (low - starts).clamp(min=0.0), (starts - high).clamp(min=0.0)
        if not bool((below + above).any()):
            return box
        grown = (below + above) / (high - low)
        own_low = box[:, :1] - below - (low - box[:, :1]) * grown
        own_high = box[:, 1:] + above + (box[:, 1:] - high) * grown
        return torch.stack([own_low, own_high], 1)

    def run(self, progress: Progress | None = None) -> BatchResult:
        """Take all steps and return the result, which depends on the block only.

        Raises `InputError` as `loop.run` does.
        """
        settings = self.settings
        starts = torch.from_numpy(np.ascontiguousarray(self.starts.T))
        return loop.run(
            self.function,
            self.batch,
            starts.to(settings.device, getattr(torch, settings.dtype)),
            settings.steps,
            box=self.boxes(),
            stop=settings.stop,
            record_steps=settings.record_steps,
            metrics=settings.metrics,
            target=settings.target,
            streams=torch.from_numpy(self.streams),
            seed=settings.seed,
            sample_streams=None if self.sample_streams is None else torch.from_numpy(self.sample_streams),
            compiled=settings.compiled,
            progress=progress,
        )


@dataclass(frozen=True, eq=False)
class Task:
    """R runs of one optimizer on one function, with the same settings.

    Attributes:
        function: the objective, in d dimensions.
        optimizer: the optimizer.
        size: R, the number of runs.
        starts: the start points, one column per coordinate.
        settings: the settings that all runs share.
        hyperparameters: hyper-parameters that differ between runs, by name.
        streams: the stream of random numbers of each run; by default all runs share one.
        sample_streams: the stream of samples of each run on a stochastic function; by default all runs share one.

    Raises `InputError` for no runs, and for starts with another number of coordinates.
    """

    function: Function
    optimizer: Optimizer
    size: int
    starts: Sequence[GridColumn]
    settings: RunSettings
    hyperparameters: Mapping[str, GridColumn] = field(default_factory=dict)
    streams: GridColumn = SAME_NOISE
    sample_streams: GridColumn = SAME_NOISE

    def __post_init__(self) -> None:
        if self.size < 1:
            raise InputError("an experiment must have at least one run; an axis without values leaves none")
        if len(self.starts) != self.function.dim:
            raise InputError(
                f"starts must have {self.function.dim} coordinates for {self.function.name}, got {len(self.starts)}"
            )

    @property
    def n_recorded(self) -> int:
        """Return T, the number of recorded steps per run."""
        return count_recorded(self.settings.record_steps, self.settings.steps)

    @property
    def result_bytes(self) -> int:
        """Return the size of the results of one run, in bytes."""
        columns = self.n_recorded * (self.function.dim + 1 + len(self.settings.metrics) * self.function.dim)
        return 8 * columns + 100  # for the columns without a step axis

    @property
    def compiled(self) -> bool:
        """Return whether to compile the steps: decided for the whole task, so that no bit depends on the blocks."""
        wanted = self.settings.compiled
        return self.size * self.settings.steps >= MIN_COMPILED_RUN_STEPS if wanted is None else wanted

    def metric_shapes(self, runs: int) -> dict[str, tuple[int, int]]:
        """Return the first two dimensions of each metric that a block of so many runs may return."""
        return dict.fromkeys(self.settings.metrics, (runs, self.n_recorded))

    def with_ends(self) -> Task:
        """Return the same task with only the first and the last step recorded."""
        return replace(self, settings=replace(self.settings, record_steps="ends"))

    def block(self, begin: int, end: int) -> Block:
        """Return the block of runs begin:end."""
        runs = slice(begin, end)
        return Block(
            self.function,
            Batch(self.optimizer, end - begin, {name: column[runs] for name, column in self.hyperparameters.items()}),
            np.stack([column[runs] for column in self.starts], 1).astype(np.float64),
            self.streams[runs].astype(np.int64),
            replace(self.settings, compiled=self.compiled),
            self.sample_streams[runs].astype(np.int64) if self.function.sample_takes_seed else None,
        )

    def default_block_size(self) -> int:
        """Return the runs per block: a power of two, so that a block fits the caches and takes seconds at most."""
        temporary = 8 * 20 * self.function.dim
        most = min(MAX_RUNS, MAX_RUN_STEPS // max(self.settings.steps, 1), MAX_BYTES // (self.result_bytes + temporary))
        return 1 << max(most, 1).bit_length() - 1


class Plan(Sequence[Block]):
    """The tasks of an experiment as a lazy sequence of blocks, task after task.

    Attributes:
        tasks: the tasks.
        runs: the total number of runs.

    >>> from landscapes import functions, optimizers
    >>> settings = RunSettings(steps=10, box=np.array([[-9.0, 9.0]] * 2))
    >>> x, y = GridColumn(np.linspace(-1, 1, 100), 100), GridColumn(np.linspace(-1, 1, 100))
    >>> plan = Plan([Task(functions.get("booth"), optimizers.Adam(), 10_000, [x, y], settings)], size=4096)
    >>> [len(block) for block in plan]
    [4096, 4096, 1808]
    """

    def __init__(self, tasks: Sequence[Task], size: int | None = None, workers: int = 1) -> None:
        """Cut tasks into blocks. Results do not depend on them.

        Args:
            tasks: at least one.
            size: the runs per block; by default `Task.default_block_size`, or fewer for the sake of the workers.
            workers: how many blocks may run at once; each worker gets one if there is enough work.

        Raises:
            InputError: without tasks, and for a size below 1.
        """
        if not tasks:
            raise InputError("nothing to run: give at least one optimizer and one function")
        if size is not None and size < 1:
            raise InputError(f"size must be >= 1 run per block, got {size}")
        self.tasks = tuple(tasks)
        share = sum(task.size * task.settings.steps for task in tasks) / workers
        self._sizes = [size or min(task.default_block_size(), _fair_size(task, share, workers)) for task in tasks]
        counts = [-(-task.size // width) for task, width in zip(tasks, self._sizes, strict=True)]
        self._first_block: list[int] = list(accumulate(counts, initial=0))
        self._first_run: list[int] = list(accumulate((task.size for task in tasks), initial=0))

    @property
    def runs(self) -> int:
        """Return the total number of runs."""
        return self._first_run[-1]

    def __len__(self) -> int:
        return self._first_block[-1]

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        task, begin, end = self.locate(i)
        return self.tasks[task].block(begin, end)

    def locate(self, i: int) -> tuple[int, int, int]:
        """Return the task of block i, and the range of its runs in the task: (task, begin, end).

        Raises `IndexError` for an unknown block.
        """
        if not 0 <= i < len(self):
            raise IndexError(i)
        task = bisect_right(self._first_block, i) - 1
        begin = (i - self._first_block[task]) * self._sizes[task]
        return task, begin, min(begin + self._sizes[task], self.tasks[task].size)

    def block_length(self, i: int) -> int:
        """Return the number of runs of block i."""
        _, begin, end = self.locate(i)
        return end - begin

    def block_size(self, task: int) -> int:
        """Return the runs per block of a task; its last block may have fewer."""
        return self._sizes[task]

    def blocks_of(self, task: int, begin: int, end: int) -> range:
        """Return the blocks that contain runs begin:end of a task."""
        first, size = self._first_block[task], self._sizes[task]
        return range(first + begin // size, first + -(-end // size))

    def run_range(self, task: int) -> tuple[int, int]:
        """Return the range of a task's runs among all runs: (begin, end)."""
        return self._first_run[task], self._first_run[task + 1]

    def run_steps(self, i: int) -> int:
        """Return the number of run-steps of block i."""
        return self.block_length(i) * self.tasks[self.locate(i)[0]].settings.steps


def _fair_size(task: Task, share: float, workers: int) -> int:
    """Return the runs per block at which no block of a task has more than a worker's share of all run-steps."""
    if workers == 1:
        return MAX_RUNS
    steps = max(task.settings.steps, 1)
    return max(math.ceil(share / steps), LEAST_RUNS, LEAST_RUN_STEPS // steps)
