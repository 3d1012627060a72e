"""Results of a plan, read by slices of runs, whether they are in memory or on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from landscapes.engine.batch import BatchResult
from landscapes.engine.recording import recorded_steps
from landscapes.errors import InputError
from landscapes.execution.block_dir import FlatArrays
from landscapes.execution.memory import available, format_bytes
from landscapes.execution.plan import Plan
from landscapes.oracle import KINDS

NOT_RUN = "not run"
"""The reason of runs that have not been executed."""


class Store(Protocol):
    """Where the results of blocks are stored."""

    def has(self, block: int) -> bool:
        """Return whether a block is done."""
        ...

    def claim(self, block: int) -> bool:
        """Claim a block to run; return False if another process has it."""
        ...

    def put(self, block: int, result: BatchResult) -> None:
        """Store the result of a block."""
        ...

    def rows(self, task: int, begin: int, end: int) -> BatchResult:
        """Return runs begin:end of a task; runs that were not executed are NaN."""
        ...

    def free_space(self) -> tuple[int | None, str]:
        """Return the free bytes, or None if unknown, and where they are."""
        ...

    def close(self) -> None:
        """Release all claims."""
        ...


class Results:
    """The results of a plan, in the order of its runs.

    Attributes:
        plan: the plan.
        interrupted: whether Ctrl-C ended the experiment.

    >>> from landscapes import functions, optimizers
    >>> from landscapes.execution.plan import GridColumn, RunSettings, Task
    >>> from landscapes.execution import execute
    >>> starts = [GridColumn(np.linspace(-1, 1, 100)), GridColumn(np.ones(1))]
    >>> settings = RunSettings(steps=10, box=np.array([[-9.0, 9.0]] * 2))
    >>> results = execute(Plan([Task(functions.get("booth"), optimizers.Adam(lr=0.1), 100, starts, settings)]))
    >>> len(results), results.complete, results[10:20].x.shape
    (100, True, (10, 2, 2))
    """

    def __init__(self, plan: Plan, store: Store, *, interrupted: bool = False) -> None:
        self.plan = plan
        self.interrupted = interrupted
        self._store = store

    def __len__(self) -> int:
        return self.plan.runs

    @property
    def on_disk(self) -> bool:
        """Return whether the results are in a results directory, from which the experiment can be resumed."""
        return not isinstance(self._store, MemoryStore)

    @property
    def done(self) -> NDArray[np.bool_]:
        """Return which blocks are done, one entry per block."""
        return np.array([self._store.has(i) for i in range(len(self.plan))])

    @property
    def complete(self) -> bool:
        """Return whether all blocks are done."""
        return bool(self.done.all())

    def __getitem__(self, runs: slice) -> BatchResult:
        """Return runs begin:end of all runs. Runs that were not executed are NaN, with the reason "not run".

        Raises `InputError` for a stride, for tasks with other steps or dimensions, and if memory does not suffice.
        """
        begin, end, stride = runs.indices(len(self))
        if stride != 1:
            raise InputError(f"results must be sliced as results[begin:end], got stride {stride}; slice the result")
        self._check_memory(begin, end)
        parts = []
        for task in range(len(self.plan.tasks)):
            first, last = self.plan.run_range(task)
            low, high = max(begin, first), min(end, last)
            if low < high:
                parts.append(self._store.rows(task, low - first, high - first))
        return concatenate(parts or [self._store.rows(0, 0, 0)])

    def all_runs(self) -> BatchResult:
        """Return all runs. If Ctrl-C ended the experiment, raise `KeyboardInterrupt`."""
        if self.interrupted:
            raise KeyboardInterrupt
        return self[:]

    def task(self, task: int) -> BatchResult:
        """Return all runs of a task."""
        begin, end = self.plan.run_range(task)
        return self[begin:end]

    def _check_memory(self, begin: int, end: int) -> None:
        """Raise `InputError` if runs begin:end on disk do not fit into memory."""
        need = (end - begin) * max(task.result_bytes for task in self.plan.tasks)
        free = available() if self.on_disk else None
        if free is not None and need > free:
            raise InputError(
                f"{end - begin:,} runs require {format_bytes(need)} of memory, {format_bytes(free)} are free; read "
                f"fewer at a time: results[0:{max(free * (end - begin) // (2 * need), 1)}], …"
            )


class MemoryStore:
    """Results in memory; the rows of a task are contiguous, so that a slice of them is a view."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._done: set[int] = set()
        self._tasks: dict[int, FlatArrays] = {}

    def has(self, block: int) -> bool:
        """Return whether a block is done."""
        return block in self._done

    def claim(self, block: int) -> bool:
        """Return True: no other process shares the memory."""
        return True

    def put(self, block: int, result: BatchResult) -> None:
        """Store the result of a block."""
        task, begin, end = self._plan.locate(block)
        given = to_arrays(result)
        if task not in self._tasks:
            size = self._plan.tasks[task].size
            self._tasks[task] = {
                name: values if name == "step" else np.empty((size, *values.shape[1:]), values.dtype)
                for name, values in given.items()
            }
        self._fill(task, begin, end, given)
        self._done.add(block)

    def rows(self, task: int, begin: int, end: int) -> BatchResult:
        """Return runs begin:end of a task; runs that were not executed are NaN."""
        if task not in self._tasks:
            return from_arrays(not_run(self._plan, task, end - begin))
        stored = self._tasks[task]
        for block in self._plan.blocks_of(task, begin, end):
            if not self.has(block):
                _, first, last = self._plan.locate(block)
                self._fill(task, first, last, not_run(self._plan, task, last - first, stored))
        return from_arrays(take_runs(stored, begin, end))

    def _fill(self, task: int, begin: int, end: int, given: FlatArrays) -> None:
        for name in given.keys() - {"step"}:
            self._tasks[task][name][begin:end] = given[name]

    def free_space(self) -> tuple[int | None, str]:
        """Return the free bytes, or None if unknown, and where they are."""
        return available(), "in memory"

    def close(self) -> None:
        """Do nothing: there are no claims."""


def to_arrays(result: BatchResult) -> FlatArrays:
    """Return a result as flat arrays: "x", "evaluations/n_gradients", …; all but "step" have one row per run."""
    flat: FlatArrays = {}
    for field in fields(result):
        value = getattr(result, field.name)
        if isinstance(value, Mapping):
            flat |= {f"{field.name}/{name}": np.asarray(column) for name, column in value.items()}
        else:
            flat[field.name] = value
    return flat


def from_arrays(flat: FlatArrays) -> BatchResult:
    """Return the result that `to_arrays` flattened."""
    arguments: dict[str, Any] = {"metrics": {}}
    for name, values in flat.items():
        group, _, inner = name.partition("/")
        if inner:
            arguments.setdefault(group, {})[inner] = values
        else:
            arguments[name] = values
    return BatchResult(**arguments)


def take_runs(flat: FlatArrays, begin: int, end: int) -> FlatArrays:
    """Return the arrays of runs begin:end."""
    return {name: values if name == "step" else values[begin:end] for name, values in flat.items()}


def check_block(plan: Plan, block: int, given: FlatArrays) -> None:
    """Raise `InputError` if arrays are not the results of this block: names, shapes, types, steps and start points."""
    task, begin, end = plan.locate(block)
    part = plan.tasks[task]
    like = not_run(plan, task, end - begin)
    metrics = {f"metrics/{name}": shape for name, shape in part.metric_shapes(end - begin).items()}
    if given.keys() - metrics.keys() != like.keys():
        raise InputError(f"results have the arrays {', '.join(sorted(given))}; expected {', '.join(sorted(like))}")
    for name, values in given.items():
        kind, shape = (like[name].dtype.kind, like[name].shape) if name in like else ("f", metrics[name])
        lengths = values.shape[:2] if name in metrics else values.shape
        if values.dtype.kind != kind or lengths != shape:
            raise InputError(f"{name} has shape {values.shape} and type {values.dtype}; expected {shape}")
    if not np.array_equal(given["step"], like["step"]):
        raise InputError("its recorded steps differ")
    starts = np.stack([column[begin:end] for column in part.starts], 1).astype(part.settings.dtype).astype(float)
    if not np.array_equal(given["x"][:, 0], starts, equal_nan=True):
        raise InputError("its start points differ")


def concatenate(parts: Sequence[BatchResult]) -> BatchResult:
    """Concatenate results along the runs.

    Raises `InputError` if they have other recorded steps, metrics or dimensions.
    """
    flat = [to_arrays(part) for part in parts]
    first = flat[0]
    for other in flat[1:]:
        same = np.array_equal(other["step"], first["step"]) and other.keys() == first.keys()
        if not same or any(other[name].shape[1:] != first[name].shape[1:] for name in first):
            raise InputError(
                "tasks with other steps or dimensions do not fit one array; read them by results.task(0), …"
            )
    return from_arrays(concatenate_arrays(flat))


def concatenate_arrays(parts: Sequence[FlatArrays]) -> FlatArrays:
    """Concatenate arrays with the same steps along the runs; return a single part without a copy."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return {name: first[name] if name == "step" else np.concatenate([part[name] for part in parts]) for name in first}


def not_run(plan: Plan, task: int, size: int, like: FlatArrays | None = None) -> FlatArrays:
    """Return arrays for runs of a task that were not executed, with the shapes of `like`, other arrays of the task."""
    settings, dim = plan.tasks[task].settings, plan.tasks[task].function.dim
    if like is None:
        step = recorded_steps(settings.record_steps, settings.steps)
        like = {"x": np.empty((0, len(step), dim)), "loss": np.empty((0, len(step))), "step": step}
        like |= {name: np.empty(0, dtype=np.int64) for name in ("stopped", "reached", "first_reached")}
        like |= {"lowest": np.empty(0), "reason": np.empty(0, dtype="<U10")}
        like |= {f"evaluations/{kind}": np.empty(0, dtype=np.int64) for kind in KINDS}
    missing = {"f": np.nan, "i": -1, "U": NOT_RUN}
    return {
        name: values if name == "step" else np.full((size, *values.shape[1:]), missing[values.dtype.kind], values.dtype)
        for name, values in like.items()
    }
