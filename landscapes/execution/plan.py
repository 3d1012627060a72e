"""A job of very many runs, told and not listed, and the blocks it is cut into."""

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

from landscapes.engine import loop
from landscapes.engine.batch import Batch, BatchResult
from landscapes.engine.fast.compiling import MIN_COMPILED_RUN_STEPS
from landscapes.engine.loop import Progress
from landscapes.engine.recording import RecordSteps, recorded_steps
from landscapes.engine.termination import Stop
from landscapes.errors import InputError
from landscapes.objectives._function import Function
from landscapes.optimizers.base import Optimizer

RUNS, WORK, ROOM = 2**15, 2**28, 2**26
"""What a block holds at most: so many runs, run-steps, and bytes of points on the way and of results."""


@dataclass(frozen=True, eq=False)
class GridColumn:
    """A number for each run, run after run: run i has `values[i // each % len(values)]`.

    So the axis of a grid is told by its own values, however many runs there are.

    Attributes:
        values: shape (n,).
        each: for how many runs in a row an entry stands.

    >>> GridColumn(np.array([0.1, 0.2]), each=2)[1:7].tolist()
    [0.1, 0.2, 0.2, 0.1, 0.1, 0.2]
    """

    values: NDArray[Any]
    each: int = 1

    @classmethod
    def along(cls, values: NDArray[Any], lengths: Sequence[int], axis: int) -> GridColumn:
        """The column of an axis of a grid of these lengths, the last axis running fastest.

        >>> GridColumn.along(np.array([1.0, 2.0]), (3, 2, 2), axis=1)[:5].tolist()
        [1.0, 1.0, 2.0, 2.0, 1.0]
        """
        return cls(values, math.prod(lengths[axis + 1 :]))

    def __getitem__(self, runs: slice) -> NDArray[Any]:
        """The entries of runs begin:end."""
        entries: NDArray[Any] = self.values[np.arange(runs.start or 0, runs.stop) // self.each % len(self.values)]
        return entries


SAME_NOISE = GridColumn(np.zeros(1, dtype=np.int64))
"""The streams of runs that all see the same random numbers."""


@dataclass(frozen=True, eq=False)
class RunSettings:
    """What all runs of a task have in common; see `loop.run`.

    Attributes:
        steps: how many steps to take.
        box: the region that runs may roam, shape (d, 2).
        stop: when a run has arrived.
        record_steps: which steps to record.
        metrics: what to record beside points and values.
        target: the value whose first crossing is looked for.
        seed: the seed of the random numbers.
        dtype: "float64" or "float32".
        device: where to compute, as torch names it.
        compiled: whether steps are compiled; None for where it pays.
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
    """Some runs, ready to go: small, picklable, and all that its results depend on.

    Attributes:
        function: the landscape.
        batch: the runs' optimizer and numbers.
        starts: start points, shape (R, d).
        streams: which random numbers each run sees, shape (R,), int64.
        settings: what they have in common.
    """

    function: Function
    batch: Batch
    starts: NDArray[np.float64]
    streams: NDArray[np.int64]
    settings: RunSettings

    def __len__(self) -> int:
        return len(self.batch)

    def run(self, progress: Progress | None = None) -> BatchResult:
        """What the runs do: a pure function of the block.

        Raises `InputError` as `loop.run` does.
        """
        settings = self.settings
        starts = torch.from_numpy(np.ascontiguousarray(self.starts.T))
        return loop.run(
            self.function, self.batch, starts.to(settings.device, getattr(torch, settings.dtype)), settings.steps,
            box=torch.from_numpy(settings.box), stop=settings.stop, record_steps=settings.record_steps, metrics=settings.metrics,
            target=settings.target, streams=torch.from_numpy(self.streams), seed=settings.seed,
            compiled=settings.compiled, progress=progress,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Task:
    """R runs of one optimizer on one landscape, with the same settings.

    Attributes:
        function: the landscape.
        optimizer: the optimizer.
        size: R, how many runs there are.
        starts: the start points, a column a coordinate.
        settings: what all runs have in common.
        numbers: hyper-parameters that differ from run to run.
        streams: which random numbers each run sees; by default all the same ones.

    Raises `InputError` for no runs, and for starts of another number of coordinates.
    """

    function: Function
    optimizer: Optimizer
    size: int
    starts: Sequence[GridColumn]
    settings: RunSettings
    numbers: Mapping[str, GridColumn] = field(default_factory=dict)
    streams: GridColumn = SAME_NOISE

    def __post_init__(self) -> None:
        if self.size < 1:
            raise InputError("a job has at least one run; an axis without values leaves none")
        if len(self.starts) != self.function.dim:
            raise InputError(f"{self.function.name} has {self.function.dim} coordinates, the starts {len(self.starts)}")

    @property
    def kept(self) -> int:
        """T, how many steps of each run are kept."""
        return len(recorded_steps(self.settings.record_steps, self.settings.steps))

    @property
    def result_bytes(self) -> int:
        """What the results of a run take, in bytes."""
        columns = self.kept * (self.function.dim + 1 + len(self.settings.metrics) * self.function.dim)
        return 8 * columns + 100  # and a row of facts

    @property
    def compiled(self) -> bool:
        """Whether steps are compiled: by the work of the whole task, so that no bit depends on the blocks."""
        wanted = self.settings.compiled
        return self.size * self.settings.steps >= MIN_COMPILED_RUN_STEPS if wanted is None else wanted

    def with_ends(self) -> Task:
        """The same, keeping the ends of each run alone."""
        return replace(self, settings=replace(self.settings, record_steps="ends"))

    def block(self, begin: int, end: int) -> Block:
        """Runs begin:end."""
        runs = slice(begin, end)
        return Block(
            self.function,
            Batch(self.optimizer, end - begin, {name: column[runs] for name, column in self.numbers.items()}),
            np.stack([column[runs] for column in self.starts], 1).astype(np.float64),
            self.streams[runs].astype(np.int64),
            replace(self.settings, compiled=self.compiled),
        )

    def usual_size(self) -> int:
        """How many runs a block holds: a power of two, for blocks that fit the caches and take seconds at most."""
        on_the_way = 8 * 20 * self.function.dim
        most = min(RUNS, WORK // max(self.settings.steps, 1), ROOM // (self.result_bytes + on_the_way))
        return 1 << max(most, 1).bit_length() - 1


class Plan(Sequence[Block]):
    """Tasks, as a lazy sequence of blocks: the runs of a task are one after another, and so are the tasks.

    Attributes:
        tasks: the tasks.
        runs: how many runs there are in all.

    >>> from landscapes import functions, optimizers
    >>> settings = RunSettings(steps=10, box=np.array([[-9.0, 9.0]] * 2))
    >>> x, y = GridColumn(np.linspace(-1, 1, 100), 100), GridColumn(np.linspace(-1, 1, 100))
    >>> plan = Plan([Task(functions.get("booth"), optimizers.Adam(), 10_000, [x, y], settings)], size=4096)
    >>> [len(block) for block in plan]
    [4096, 4096, 1808]
    """

    def __init__(self, tasks: Sequence[Task], size: int | None = None) -> None:
        """Cuts tasks into blocks.

        Args:
            tasks: at least one.
            size: how many runs a block holds; by default what suits each task. No result depends on it.

        Raises:
            InputError: where there is nothing to run, or a size below 1.
        """
        if not tasks:
            raise InputError("there is nothing to run: a job has at least one optimizer and one function")
        if size is not None and size < 1:
            raise InputError(f"a block holds at least one run, not {size}")
        self.tasks = tuple(tasks)
        self._sizes = [size or task.usual_size() for task in tasks]
        counts = [-(-task.size // width) for task, width in zip(tasks, self._sizes, strict=True)]
        self._first_block: list[int] = list(accumulate(counts, initial=0))
        self._first_run: list[int] = list(accumulate((task.size for task in tasks), initial=0))

    @property
    def runs(self) -> int:
        """How many runs there are in all."""
        return self._first_run[-1]

    def __len__(self) -> int:
        return self._first_block[-1]

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        task, begin, end = self.place(i)
        return self.tasks[task].block(begin, end)

    def place(self, i: int) -> tuple[int, int, int]:
        """Which task block i is of, and its runs there, begin and end."""
        if not 0 <= i < len(self):
            raise IndexError(i)
        task = bisect_right(self._first_block, i) - 1
        begin = (i - self._first_block[task]) * self._sizes[task]
        return task, begin, min(begin + self._sizes[task], self.tasks[task].size)

    def length(self, i: int) -> int:
        """How many runs block i has."""
        _, begin, end = self.place(i)
        return end - begin

    def size_of(self, task: int) -> int:
        """How many runs a block of a task holds, but for its last one."""
        return self._sizes[task]

    def blocks_of(self, task: int, begin: int, end: int) -> range:
        """The blocks that hold runs begin:end of a task."""
        first, size = self._first_block[task], self._sizes[task]
        return range(first + begin // size, first + -(-end // size))

    def span(self, task: int) -> tuple[int, int]:
        """The runs of a task among all runs, begin and end."""
        return self._first_run[task], self._first_run[task + 1]

    def weight(self, i: int) -> int:
        """The run-steps of block i."""
        return self.length(i) * self.tasks[self.place(i)[0]].settings.steps
