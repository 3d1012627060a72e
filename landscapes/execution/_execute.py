"""Runs the blocks of a plan, here or wherever an executor takes them.

Any executor with the interface of `concurrent.futures` will do; only `submit` and `result` are needed. The
results are the same, bit for bit, whoever runs the blocks and in whatever order.

    with ProcessPoolExecutor(8, mp_context=get_context("spawn")) as executor:      # this machine
        execute(plan, executor=executor)
    with Client("tcp://scheduler:8786") as client:                                 # dask.distributed
        execute(plan, executor=client.get_executor(pure=False))
    with MPIPoolExecutor() as executor:                                            # mpi4py.futures
        execute(plan, executor=executor)

Machines that share a folder need no executor at all: start the same job on each, with `resume_dir=` this folder; machines that
share nothing run a shard each (see `landscapes.execution.results_dir`). `gallery/many_machines.md` has whole scripts, for Ray too.
"""

from __future__ import annotations

import os
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

from landscapes.engine.batch import BatchResult
from landscapes.engine.loop import Progress
from landscapes.errors import InputError
from landscapes.execution import memory
from landscapes.execution.plan import Block, Plan
from landscapes.execution.results import Memory, Results, Store
from landscapes.execution.results_dir import ResultsDir, Shard
from landscapes.execution.transport import in_short, outcome, packed, process, run_there, try_to_load

IN_FLIGHT = 2**30
"""Blocks are handed to an executor ahead of time as long as their results take no more bytes than this."""

PAUSE = 0.05
"""Seconds between looks at a folder whose last blocks somebody else is running."""


class Future(Protocol):
    """What an executor promises."""

    def result(self) -> Any:
        """Waits for the result, and returns it or raises."""
        ...


class Executor(Protocol):
    """Whoever runs functions elsewhere: `concurrent.futures.Executor`, and all that look like it."""

    def submit(self, task: Callable[..., Any], /, *arguments: Any) -> Future:
        """Has a function run with these arguments, soon."""
        ...


class UnfinishedError(OSError):
    """The system failed midway: an executor died, a disk is full. What was done before is not lost.

    Attributes:
        results: what is done.
    """

    def __init__(self, message: str, results: Results) -> None:
        super().__init__(message)
        self.results = results


def execute(
    plan: Plan,
    *,
    executor: Executor | None = None,
    resume_dir: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Results:
    """Runs all blocks of a plan.

    Ctrl-C ends the work, with a warning, and returns what is done, marked `interrupted`.

    Args:
        plan: what to run.
        executor: who runs the blocks; by default they run here, one after another. It stays open.
        resume_dir: a folder to keep the results in, which may then be larger than memory. What a job finds done there it does
            not do again, so one that was killed goes on where it was; and jobs that run at the same time
            share the work. A `shards.Shard` for a part of the blocks.
        progress: told of (runs done, runs in all).

    Returns:
        The results, in the order of the plan's runs; those of `resume_dir` are read as they are asked for.

    Raises:
        InputError: as `engine.run` does; where the results fit neither into memory nor on the disk; where a
            function or optimizer cannot be sent to the workers; for a folder that cannot be used (see `results_dir.ResultsDir`).
        UnfinishedError: where the executor dies, or the disk is full.
    """
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise InputError(
            f"executor is what has submit, as a concurrent.futures.ProcessPoolExecutor or Dask's client.get_executor(), "
            f"not {type(executor).__name__}"
        )
    wanted = resume_dir.blocks(len(plan)) if isinstance(resume_dir, Shard) else range(len(plan))
    store = Memory(plan) if resume_dir is None else ResultsDir(plan, resume_dir)
    _check_room(plan, wanted, store)
    work = _Work(plan, store, wanted, progress)
    try:
        if executor is None:
            _run_here(work)
        else:
            _run_elsewhere(work, executor)
    except KeyboardInterrupt:
        results = Results(plan, store, interrupted=True)
        warnings.warn(f"interrupted: {_share(results)}", UserWarning, stacklevel=2)
        return results
    finally:
        store.close()
    return Results(plan, store)


class _Work:
    """Which blocks are still to be run, and how far the job is."""

    def __init__(self, plan: Plan, store: Store, wanted: range, progress: Progress | None) -> None:
        self.plan = plan
        self.store = store
        self.progress = progress
        self.wanted = wanted
        self.total = sum(plan.length(i) for i in wanted)
        self.done = 0

    def open(self) -> Iterator[int | None]:
        """The blocks to run, once they are claimed; None where others are running all that are left."""
        left = list(self.wanted)
        while left:
            taken = []
            for i in left:
                if self.store.has(i):
                    self.tell(self.plan.length(i))
                elif self.store.claim(i):
                    yield i
                else:
                    taken.append(i)
            left = taken
            if left:
                yield None

    def keep(self, i: int, paths: BatchResult) -> None:
        """Keeps what a block gave.

        Raises `UnfinishedError` where it cannot be written.
        """
        try:
            self.store.put(i, paths)
        except OSError as error:
            raise self.unfinished(f"block {i} could not be written ({error.strerror or error}): make room") from error
        self.tell(self.plan.length(i))

    def unfinished(self, reason: str) -> UnfinishedError:
        """What to raise where the work cannot go on."""
        results = Results(self.plan, self.store)
        return UnfinishedError(f"{reason}; {_share(results)}", results)

    def tell(self, runs: int) -> None:
        """So many more runs are done."""
        self.done += runs
        if self.progress is not None:
            self.progress(self.done, self.total)

    def inner(self, i: int) -> Progress | None:
        """Tells of the runs of a block while it is on its way."""
        told = self.progress
        if told is None:
            return None
        runs = self.plan.length(i)
        return lambda step, steps: told(self.done + runs * step // (steps + 1), self.total)


def _run_here(work: _Work) -> None:
    for i in work.open():
        if i is None:
            time.sleep(PAUSE)
        else:
            work.keep(i, work.plan[i].run(work.inner(i)))


def _run_elsewhere(work: _Work, executor: Executor) -> None:
    """Keeps a bounded number of blocks in flight, and takes their results in order."""
    plan = work.plan
    send: Callable[[Block], Future] | None = None
    flying: deque[tuple[int, Future]] = deque()
    largest = max(task.result_bytes * plan.size_of(k) for k, task in enumerate(plan.tasks))
    most = min(max(IN_FLIGHT // largest, 8), 1024)
    try:
        for i in work.open():
            if i is not None:
                send = send or _sender(work, executor)
                flying.append((i, _asked(partial(send, plan[i]))))
            while flying and (i is None or len(flying) >= most):
                _land(work, flying)
            if i is None:
                time.sleep(PAUSE)
        while flying:
            _land(work, flying)
    except BaseException as error:
        _call_back(work, flying)
        if isinstance(error, _ExecutorError):
            raise work.unfinished(
                f"the executor failed ({error}); a worker may have been killed, for want of memory perhaps"
            ) from error.__cause__
        raise


def _land(work: _Work, flying: deque[tuple[int, Future]]) -> None:
    """Keeps the results of the block that was sent first."""
    i, future = flying.popleft()
    found = _asked(future.result)
    if isinstance(found, Exception):
        raise found
    work.keep(i, found)


class _ExecutorError(Exception):
    """What an executor raises by itself: what the blocks raise comes as a value."""


def _asked(ask: Callable[[], Any]) -> Any:
    """What the executor answers."""
    try:
        return ask()
    except InputError:
        raise
    except Exception as error:
        raise _ExecutorError(in_short(error)) from error


def _call_back(work: _Work, flying: deque[tuple[int, Future]]) -> None:
    """Withdraws what has not begun, and keeps what is done, as far as the executor lets us."""
    futures: list[tuple[int, Any]] = [(i, future) for i, future in flying]
    for _, future in futures:
        if hasattr(future, "cancel"):
            future.cancel()
    for i, future in futures:
        try:
            if future.done() and not future.cancelled() and isinstance(found := future.result(), BatchResult):
                work.store.put(i, found)
        except Exception:  # the first failure is the one to tell of
            continue


def _sender(work: _Work, executor: Executor) -> Callable[[Block], Future]:
    """What hands a block to the executor, once it is sure that the workers can load it."""
    if type(executor) is ThreadPoolExecutor:  # nothing has to be sent
        return lambda block: executor.submit(outcome, block)
    firsts = {(id(task.function), id(task.optimizer)): task for task in work.plan.tasks}
    samples = [packed(task.block(0, 1)) for task in firsts.values()]
    try:
        refused = executor.submit(try_to_load, samples).result()
    except Exception as error:
        raise work.unfinished(
            f"the executor failed before the work began ({in_short(error)}): its workers must be able to import this "
            'package, and where it starts processes the script needs `if __name__ == "__main__"`'
        ) from error
    if refused is not None:
        raise InputError(
            f"the workers cannot load what they are to run ({refused}); install the module that defines it where they "
            "run, or name a function of the catalogue or a formula"
        )
    here = process()
    return lambda block: executor.submit(run_there, packed(block), here)


def _check_room(plan: Plan, wanted: range, store: Store) -> None:
    """Refuses what will not fit, before any work."""
    free, where = store.room()
    if free is None or sum(task.size * task.result_bytes for task in plan.tasks) <= free:
        return
    need = ends = 0
    for task, size in enumerate(_missing(plan, wanted, store)):
        need += size * plan.tasks[task].result_bytes
        ends += size * plan.tasks[task].with_ends().result_bytes
    if need <= free:
        return
    fewer = (
        f"keep fewer steps (record_steps='ends' takes {memory.shown(ends)})" if ends < need else "run fewer at a time"
    )
    other = ", or give resume_dir=folder to keep them on the disk" if isinstance(store, Memory) else ""
    raise InputError(
        f"the results of {plan.runs:,} runs take {memory.shown(need)}, but {memory.shown(free)} are free {where}; {fewer}{other}"
    )


def _missing(plan: Plan, wanted: range, store: Store) -> list[int]:
    """How many runs of each task are still to be kept."""
    if isinstance(store, Memory):  # all of them, and there may be more blocks than anybody would count
        return [task.size for task in plan.tasks]
    sizes = [0] * len(plan.tasks)
    for i in wanted:
        if not store.has(i):
            sizes[plan.place(i)[0]] += plan.length(i)
    return sizes


def _share(results: Results) -> str:
    """How much is done, and what to do about the rest."""
    done = results.done
    again = "run the same again to go on" if results.on_disk else "with resume_dir=folder a job can go on where it was"
    return f"{done.sum()} of {len(done)} blocks are done; {again}"
