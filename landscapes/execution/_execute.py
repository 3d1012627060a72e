"""Run the blocks of a plan, in this process or by an executor.

Any executor with the interface of `concurrent.futures` works; only `submit` and `result` are required. The results do
not depend on the executor or on the order of the blocks.

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
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

from landscapes.engine.batch import BatchResult
from landscapes.engine.loop import Progress
from landscapes.errors import InputError, warn
from landscapes.execution.memory import format_bytes
from landscapes.execution.plan import Plan
from landscapes.execution.results import MemoryStore, Results, Store, check_block, to_arrays
from landscapes.execution.results_dir import ResultsDir, Shard
from landscapes.execution.transport import current_process, one_line, pack, run_or_catch, run_packed, try_to_load

MAX_PENDING_BYTES = 2**30
"""Blocks are submitted ahead of time while their results take no more bytes than this."""

POLL_SECONDS = 0.05
"""Pause between looks at a results directory whose last blocks another process is running."""


class Future(Protocol):
    """The result of a submitted call."""

    def result(self) -> Any:
        """Wait for the call; return its result or raise its exception."""
        ...


class Executor(Protocol):
    """An object that runs functions elsewhere, such as a `concurrent.futures.Executor`."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future:
        """Schedule a call of `fn`."""
        ...


class UnfinishedError(OSError):
    """An executor died or a disk is full. The results so far are not lost.

    Attributes:
        results: the results so far.
    """

    def __init__(self, message: str, results: Results) -> None:
        super().__init__(message)
        self.results = results


SHARERS = 2
"""The number of processes for which experiments in a results directory are cut, however many run them."""


def count_workers(executor: Executor | None, resume_dir: object) -> int:
    """Return for how many workers a plan is cut.

    Blocks in a results directory must not depend on who computes them. There, few of them are the better choice: half
    of the runs take more than half of the time.

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
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise InputError(
            f"executor must have a method submit, got {type(executor).__name__}; give a "
            "concurrent.futures.ProcessPoolExecutor, or Dask's client.get_executor()"
        )
    if _is_own_worker(executor):
        raise InputError(
            "this experiment runs in a worker of the executor that it is given, and may wait for itself forever; give "
            "it another executor, or none"
        )
    wanted = resume_dir.blocks(len(plan)) if isinstance(resume_dir, Shard) else range(len(plan))
    store = MemoryStore(plan) if resume_dir is None else ResultsDir(plan, resume_dir)
    _check_space(plan, wanted, store)
    work = _Work(plan, store, wanted, progress)
    try:
        if executor is None:
            _run_here(work)
        else:
            _run_elsewhere(work, executor)
    except KeyboardInterrupt:
        results = Results(plan, store, interrupted=True)
        warn(f"interrupted: {_state(results)}")
        return results
    finally:
        store.close()
    return Results(plan, store)


class _Work:
    """The blocks to run, and the progress so far."""

    def __init__(self, plan: Plan, store: Store, wanted: range, progress: Progress | None) -> None:
        self.plan = plan
        self.store = store
        self.progress = progress
        self.wanted = wanted
        self.total = sum(plan.block_length(i) for i in wanted)
        self.done = 0

    def claimed_blocks(self) -> Iterator[int | None]:
        """Claim and yield the blocks to run; yield None while other processes run all that are left."""
        left = list(self.wanted)
        while left:
            taken = []
            for i in left:
                if self.store.has(i):
                    self.report(self.plan.block_length(i))
                elif self.store.claim(i):
                    yield i
                else:
                    taken.append(i)
            left = taken
            if left:
                yield None

    def put(self, i: int, result: BatchResult) -> None:
        """Store the result of a block.

        Raises `UnfinishedError` if it cannot be written.
        """
        try:
            self.store.put(i, result)
        except OSError as error:
            raise self.unfinished(
                f"block {i} could not be written ({error.strerror or error}): free some space"
            ) from error
        self.report(self.plan.block_length(i))

    def unfinished(self, reason: str) -> UnfinishedError:
        """Return the error to raise if the work cannot go on."""
        results = Results(self.plan, self.store)
        return UnfinishedError(f"{reason}; {_state(results)}", results)

    def report(self, runs: int) -> None:
        """Report that `runs` more runs are done."""
        self.done += runs
        if self.progress is not None:
            self.progress(self.done, self.total)

    def block_progress(self, i: int) -> Progress | None:
        """Return a callback that reports the progress within a block."""
        report = self.progress
        if report is None:
            return None
        runs = self.plan.block_length(i)
        return lambda step, steps: report(self.done + runs * step // (steps + 1), self.total)


def _is_own_worker(executor: Any) -> bool:
    """Return whether the current thread is a worker of this `ThreadPoolExecutor`.

    A pool starts a worker before it lists it. Its unique default name is known from the beginning.
    """
    thread = threading.current_thread()
    pool = str(getattr(executor, "_thread_name_prefix", ""))
    named = pool.startswith("ThreadPoolExecutor-") and thread.name.rpartition("_")[0] == pool
    return named or thread in getattr(executor, "_threads", ())


def _run_here(work: _Work) -> None:
    for i in work.claimed_blocks():
        if i is None:
            time.sleep(POLL_SECONDS)
        else:
            work.put(i, work.plan[i].run(work.block_progress(i)))


def _run_elsewhere(work: _Work, executor: Executor) -> None:
    """Submit blocks ahead of time, up to a bound, and take their results in order."""
    plan = work.plan
    send: Callable[[int], Future] | None = None
    pending: deque[tuple[int, Future]] = deque()
    largest = max(task.result_bytes * plan.block_size(k) for k, task in enumerate(plan.tasks))
    most = min(max(MAX_PENDING_BYTES // largest, 8), 1024)
    try:
        for i in work.claimed_blocks():
            if i is not None:
                send = send or _sender(work, executor)
                pending.append((i, _call_executor(partial(send, i))))
            while pending and (i is None or len(pending) >= most):
                _take_first(work, pending)
            if i is None:
                time.sleep(POLL_SECONDS)
        while pending:
            _take_first(work, pending)
    except BaseException as error:
        _cancel(work, pending)
        if isinstance(error, _ExecutorError):
            raise work.unfinished(
                f"the executor failed ({error}); a worker may have been killed, possibly out of memory"
            ) from error.__cause__
        raise


def _take_first(work: _Work, pending: deque[tuple[int, Future]]) -> None:
    """Wait for the block that was submitted first, and store its result."""
    i, future = pending.popleft()
    found = _result_of(work.plan, i, _call_executor(future.result))
    if isinstance(found, Exception):
        raise found
    work.put(i, found)


def _result_of(plan: Plan, i: int, answer: Any) -> BatchResult | Exception:
    """Return the result of block i in what the executor returned. Raises `InputError` if it is not one."""
    number, found = answer if isinstance(answer, tuple) and len(answer) == 2 else (None, answer)
    if number is not None and number != i:
        raise InputError(f"the executor returned the result of block {number!r:.20} for block {i}; use another one")
    if number is None or not isinstance(found, BatchResult | Exception):
        raise InputError(
            f"the executor returned {type(found).__name__} for block {i}; its futures must return the result of the "
            "submitted call"
        )
    if isinstance(found, BatchResult):
        try:
            check_block(plan, i, to_arrays(found))
        except (InputError, AttributeError, IndexError) as error:
            raise InputError(f"the executor returned other results than those of block {i}: {error}") from None
    return found


class _ExecutorError(Exception):
    """An exception of the executor itself; exceptions of blocks are returned as values."""


def _call_executor(call: Callable[[], Any]) -> Any:
    """Return the result of a call of the executor; raise `_ExecutorError` for its exceptions."""
    try:
        return call()
    except InputError:
        raise
    except Exception as error:
        raise _ExecutorError(one_line(error)) from error


def _cancel(work: _Work, pending: deque[tuple[int, Future]]) -> None:
    """Cancel blocks that have not begun, and store those that are done, as far as the executor allows."""
    futures: list[tuple[int, Any]] = [(i, future) for i, future in pending]
    for _, future in futures:
        if hasattr(future, "cancel"):
            future.cancel()
    for i, future in futures:
        try:
            if future.done() and not future.cancelled():
                found = _result_of(work.plan, i, future.result())
                if isinstance(found, BatchResult):
                    work.store.put(i, found)
        except Exception:  # only the first failure is reported
            continue


def _sender(work: _Work, executor: Executor) -> Callable[[int], Future]:
    """Return a function that submits the block of a number, after checking that the workers can load the blocks."""
    if type(executor) is ThreadPoolExecutor:  # threads need no pickling
        return lambda i: executor.submit(run_or_catch, work.plan[i], i)
    distinct = {(id(task.function), id(task.optimizer)): task for task in work.plan.tasks}
    samples = [pack(task.block(0, 1)) for task in distinct.values()]
    try:
        reason = executor.submit(try_to_load, samples).result()
    except Exception as error:
        raise work.unfinished(
            f"the executor failed before the work began ({one_line(error)}): its workers must be able to import this "
            'package, and if it starts processes, the script needs `if __name__ == "__main__"`'
        ) from error
    if reason is not None:
        raise InputError(
            f"the workers cannot load the blocks ({reason}); install the module that defines the function or optimizer "
            "on the workers, or give the name of a catalogue function or a formula"
        )
    sender = current_process()
    return lambda i: executor.submit(run_packed, pack(work.plan[i]), sender, i)


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
