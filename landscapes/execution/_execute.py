"""Run the blocks of a plan, in this process or by an executor.

    with ProcessPoolExecutor(8, mp_context=get_context("spawn")) as executor:  # this machine
        execute(plan, executor=executor)
    with Client("tcp://scheduler:8786") as client:  # dask.distributed
        execute(plan, executor=client.get_executor(pure=False))
    with MPIPoolExecutor() as executor:  # mpi4py.futures
        execute(plan, executor=executor)

Machines that share a file system need no executor: start the same experiment on each, with the same `resume_dir=`.
Machines that share none run one shard each (see `landscapes.execution.results_dir`). `gallery/many_machines.md` has
complete scripts, also for Ray.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from landscapes.engine.batch import BatchResult
from landscapes.engine.loop import Progress
from landscapes.errors import InputError, warn
from landscapes.execution.block_dir import Shard
from landscapes.execution.memory import format_bytes
from landscapes.execution.plan import Block, Plan
from landscapes.execution.results import MemoryStore, Results, Store, check_block, to_arrays
from landscapes.execution.results_dir import ResultsDir
from landscapes.execution.running import Executor, check_executor, run_blocks
from landscapes.execution.transport import pack

SHARERS = 2
"""The number of processes for which experiments in a results directory are cut, however many run them."""


def count_workers(executor: Executor | None, resume_dir: object) -> int:
    """Return for how many workers a plan is cut.

    Blocks in a results directory must not depend on who computes them. There, few of them are the better choice: half
    of the runs take more than half of the time.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> count_workers(None, None), count_workers(ThreadPoolExecutor(4), None), count_workers(None, "folder")
    (1, 4, 2)
    """
    if resume_dir is not None:
        return SHARERS
    if executor is None:
        return 1
    known = getattr(executor, "_max_workers", None)
    return known if isinstance(known, int) and known > 0 else os.cpu_count() or 1


def execute(
    plan: Plan,
    *,
    executor: Executor | None = None,
    resume_dir: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Results:
    """Run all blocks of a plan.

    Ctrl-C ends the work with a warning. The results so far are returned, marked `interrupted`.

    Args:
        plan: the plan.
        executor: runs the blocks; by default they run in this process, one after another. It is not shut down.
        resume_dir: a directory for the results, which may then be larger than memory. Blocks that are done there are
            not run again, so an experiment that was killed is resumed. Experiments that run at the same time share
            the work. A `results_dir.Shard` stands for a part of the blocks.
        progress: called with (runs done, total runs).

    Returns:
        The results, in the order of the plan's runs. Those in `resume_dir` are read on demand.

    Raises:
        InputError: as `loop.run`; if the results fit neither into memory nor on the disk; if a function or an optimizer
            cannot be sent to the workers; for an invalid directory (see `results_dir.ResultsDir`).
        UnfinishedError: if the executor dies, or the disk is full.
    """
    check_executor(executor)
    wanted = resume_dir.blocks(len(plan)) if isinstance(resume_dir, Shard) else range(len(plan))
    store = MemoryStore(plan) if resume_dir is None else ResultsDir(plan, resume_dir)
    _check_space(plan, wanted, store)
    try:
        run_blocks(PlanBlocks(plan, store), store, wanted, executor, progress)
    except KeyboardInterrupt:
        results = Results(plan, store, interrupted=True)
        warn(f"interrupted: {_state(results)}")
        return results
    finally:
        store.close()
    return Results(plan, store)


@dataclass(frozen=True)
class PlanBlocks:
    """The blocks of a plan as `running.run_blocks` takes them."""

    plan: Plan
    store: Store

    hint = (
        "install the module that defines the function or optimizer on the workers, or give the name of a catalogue "
        "function or a formula"
    )

    @property
    def most_bytes(self) -> int:
        """The size of the results of the largest block."""
        return max(task.result_bytes * self.plan.block_size(k) for k, task in enumerate(self.plan.tasks))

    def block(self, i: int) -> Block:
        """Return block i."""
        found: Block = self.plan[i]
        return found

    def block_length(self, i: int) -> int:
        """Return the number of runs of block i."""
        return self.plan.block_length(i)

    def pack(self, i: int) -> bytes:
        """Return block i as bytes."""
        return pack(self.plan[i])

    def samples(self) -> list[bytes]:
        """Return one packed run of each function with each optimizer."""
        distinct = {(id(task.function), id(task.optimizer)): task for task in self.plan.tasks}
        return [pack(task.block(0, 1)) for task in distinct.values()]

    def check(self, i: int, result: Any) -> None:
        """Raise `TypeError` or `InputError` if a result is not that of block i."""
        if not isinstance(result, BatchResult):
            raise TypeError
        check_block(self.plan, i, to_arrays(result))

    def unfinished(self) -> tuple[str, Results]:
        """Return what is done so far in words, and the results."""
        results = Results(self.plan, self.store)
        return _state(results), results


def check_memory(plan: Plan) -> None:
    """Raise `InputError` if the results of a plan will not fit into memory."""
    _check_space(plan, range(0), MemoryStore(plan))


def _check_space(plan: Plan, wanted: range, store: Store) -> None:
    """Raise `InputError` before any work if the results will not fit."""
    free, where = store.free_space()
    if free is None or sum(task.size * task.result_bytes for task in plan.tasks) <= free:
        return
    need = ends = 0
    for task, size in enumerate(_runs_left(plan, wanted, store)):
        need += size * plan.tasks[task].result_bytes
        ends += size * plan.tasks[task].with_ends().result_bytes
    if need <= free:
        return
    fewer = (
        f"record fewer steps (record_steps='ends' requires {format_bytes(ends)})"
        if ends < need
        else "run fewer at once"
    )
    other = ", or give resume_dir= to write them to disk" if isinstance(store, MemoryStore) else ""
    raise InputError(
        f"the results of {plan.runs:,} runs require {format_bytes(need)}, {format_bytes(free)} are free {where}; "
        f"{fewer}{other}"
    )


def _runs_left(plan: Plan, wanted: range, store: Store) -> list[int]:
    """Return the number of runs of each task that are not stored yet."""
    if isinstance(store, MemoryStore):  # all; there may be too many blocks to iterate over
        return [task.size for task in plan.tasks]
    sizes = [0] * len(plan.tasks)
    for i in wanted:
        if not store.has(i):
            sizes[plan.locate(i)[0]] += plan.block_length(i)
    return sizes


def _state(results: Results) -> str:
    """Return how much is done, and how to resume."""
    done = results.done
    resume = "repeat the call to resume" if results.on_disk else "with resume_dir= an experiment can be resumed"
    return f"{done.sum()} of {len(done)} blocks are done; {resume}"
