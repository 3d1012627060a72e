"""What the runs of a plan did: by slices of runs, whether it lies in memory or on the disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from landscapes.engine.batch import BatchResult
from landscapes.engine.recording import recorded_steps
from landscapes.errors import InputError
from landscapes.execution.memory import available, shown
from landscapes.execution.plan import Plan
from landscapes.oracle import KINDS

NOT_RUN = "not run"
"""The reason of runs that a job has not come to."""

Arrays = dict[str, NDArray[Any]]
"""BatchResult as flat arrays: "x", "loss", …, "evaluations/n_gradients", …; all but "step" have a row a run."""


class Store(Protocol):
    """Where the results of blocks are kept."""

    def has(self, block: int) -> bool:
        """Whether a block is done."""
        ...

    def claim(self, block: int) -> bool:
        """Takes a block to run; False where somebody else has it."""
        ...

    def put(self, block: int, paths: BatchResult) -> None:
        """Keeps the results of a block."""
        ...

    def rows(self, task: int, begin: int, end: int) -> BatchResult:
        """Runs begin:end of a task; those not run are NaN."""
        ...

    def room(self) -> tuple[int | None, str]:
        """How many bytes are free, if that is known, and where."""
        ...

    def close(self) -> None:
        """Lets go of what was claimed."""
        ...


class Results:
    """The results of a plan, in the order of its runs.

    >>> from landscapes import functions, optimizers
    >>> from landscapes.execution.plan import GridColumn, Task, RunSettings
    >>> from landscapes.execution._execute import execute
    >>> ways = [GridColumn(np.linspace(-1, 1, 100)), GridColumn(np.ones(1))]
    >>> settings = RunSettings(steps=10, box=np.array([[-9.0, 9.0]] * 2))
    >>> results = execute(Plan([Task(functions.get("booth"), optimizers.Adam(lr=0.1), 100, ways, settings)]))
    >>> len(results), results.complete, results[10:20].x.shape
    (100, True, (10, 2, 2))

    Attributes:
        plan: what was to be run.
        interrupted: whether Ctrl-C ended the job.
    """

    def __init__(self, plan: Plan, store: Store, *, interrupted: bool = False) -> None:
        self.plan = plan
        self.interrupted = interrupted
        self._store = store

    def __len__(self) -> int:
        return self.plan.runs

    @property
    def on_disk(self) -> bool:
        """Whether they lie in a folder, so that the job can go on later."""
        return not isinstance(self._store, Memory)

    @property
    def done(self) -> NDArray[np.bool_]:
        """Which blocks are done."""
        return np.array([self._store.has(i) for i in range(len(self.plan))])

    @property
    def complete(self) -> bool:
        """Whether all blocks are done."""
        return bool(self.done.all())

    def __getitem__(self, runs: slice) -> BatchResult:
        """Runs begin:end of all runs. Those not run are NaN, with the reason "not run".

        Raises `InputError` for a stride, where tasks keep other steps or have other dimensions, and for more than fits
        into memory.
        """
        begin, end, stride = runs.indices(len(self))
        if stride != 1:
            raise InputError(f"results are read by runs begin:end, not by every {stride}th; take that of what comes")
        self._check_room(begin, end)
        parts = []
        for task in range(len(self.plan.tasks)):
            first, last = self.plan.span(task)
            low, high = max(begin, first), min(end, last)
            if low < high:
                parts.append(self._store.rows(task, low - first, high - first))
        return concatenate(parts or [self._store.rows(0, 0, 0)])

    def all_runs(self) -> BatchResult:
        """All runs, for a job that has no use for some of them: where Ctrl-C ended it, it is raised again."""
        if self.interrupted:
            raise KeyboardInterrupt
        return self[:]

    def task(self, task: int) -> BatchResult:
        """All runs of a task."""
        begin, end = self.plan.span(task)
        return self[begin:end]

    def _check_room(self, begin: int, end: int) -> None:
        """Refuses to read more from the disk than fits into memory."""
        need = (end - begin) * max(task.result_bytes for task in self.plan.tasks)
        free = available() if self.on_disk else None
        if free is not None and need > free:
            raise InputError(
                f"{end - begin:,} runs take {shown(need)}, but {shown(free)} are free in memory; read fewer at a time, "
                f"results[0:{max(free * (end - begin) // (2 * need), 1)}] and so on"
            )


class Memory:
    """Results kept in memory: the rows of a task lie together, so that a slice of them is no copy."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._done: set[int] = set()
        self._whole: dict[int, Arrays] = {}

    def has(self, block: int) -> bool:
        """Whether a block is done."""
        return block in self._done

    def claim(self, block: int) -> bool:
        """Nobody else is there."""
        return True

    def put(self, block: int, paths: BatchResult) -> None:
        """Keeps the results of a block."""
        task, begin, end = self._plan.place(block)
        given = arrays(paths)
        if task not in self._whole:
            size = self._plan.tasks[task].size
            self._whole[task] = {
                name: values if name == "step" else np.empty((size, *values.shape[1:]), values.dtype)
                for name, values in given.items()
            }
        self._fill(task, begin, end, given)
        self._done.add(block)

    def rows(self, task: int, begin: int, end: int) -> BatchResult:
        """Runs begin:end of a task; those not run are NaN."""
        if task not in self._whole:
            return paths(missing(self._plan, task, end - begin))
        whole = self._whole[task]
        for block in self._plan.blocks_of(task, begin, end):
            if not self.has(block):
                _, first, last = self._plan.place(block)
                self._fill(task, first, last, missing(self._plan, task, last - first, whole))
        return paths(rows(whole, begin, end))

    def _fill(self, task: int, begin: int, end: int, given: Arrays) -> None:
        for name in given.keys() - {"step"}:
            self._whole[task][name][begin:end] = given[name]

    def room(self) -> tuple[int | None, str]:
        """How many bytes are free, if that is known, and where."""
        return available(), "in memory"

    def close(self) -> None:
        """Nothing was claimed."""


def arrays(paths: BatchResult) -> Arrays:
    """BatchResult as flat arrays."""
    flat: Arrays = {}
    for field in fields(paths):
        value = getattr(paths, field.name)
        if isinstance(value, Mapping):
            flat |= {f"{field.name}/{name}": np.asarray(column) for name, column in value.items()}
        else:
            flat[field.name] = value
    return flat


def paths(flat: Arrays) -> BatchResult:
    """The paths that flat arrays were made of."""
    made: dict[str, Any] = {"metrics": {}}
    for name, values in flat.items():
        group, _, inner = name.partition("/")
        if inner:
            made.setdefault(group, {})[inner] = values
        else:
            made[name] = values
    return BatchResult(**made)


def rows(flat: Arrays, begin: int, end: int) -> Arrays:
    """The same arrays, of runs begin:end alone."""
    return {name: values if name == "step" else values[begin:end] for name, values in flat.items()}


def concatenate(parts: Sequence[BatchResult]) -> BatchResult:
    """BatchResult one after another.

    Raises `InputError` where they keep other steps, or have other dimensions.
    """
    flat = [arrays(part) for part in parts]
    first = flat[0]
    for other in flat[1:]:
        same = np.array_equal(other["step"], first["step"]) and other.keys() == first.keys()
        if not same or any(other[name].shape[1:] != first[name].shape[1:] for name in first):
            raise InputError("these runs do not fit into one array: read them task by task, by results.task(0), …")
    return paths(stacked(flat))


def stacked(parts: Sequence[Arrays]) -> Arrays:
    """Arrays of more runs; they keep the same steps. One part is returned as it is."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return {name: first[name] if name == "step" else np.concatenate([part[name] for part in parts]) for name in first}


def missing(plan: Plan, task: int, size: int, like: Arrays | None = None) -> Arrays:
    """Arrays for so many runs of a task that were not run; `like` others of that task, or as far as it is known."""
    settings, dim = plan.tasks[task].settings, plan.tasks[task].function.dim
    if like is None:
        step = recorded_steps(settings.record_steps, settings.steps)
        like = {"x": np.empty((0, len(step), dim)), "loss": np.empty((0, len(step))), "step": step}
        like |= {name: np.empty(0, dtype=np.int64) for name in ("stopped", "reached")}
        like |= {"lowest": np.empty(0), "reason": np.empty(0, dtype="<U10")}
        like |= {f"evaluations/{kind}": np.empty(0, dtype=np.int64) for kind in KINDS}
    nothing = {"f": np.nan, "i": -1, "U": NOT_RUN}
    return {
        name: values if name == "step" else np.full((size, *values.shape[1:]), nothing[values.dtype.kind], values.dtype)
        for name, values in like.items()
    }
