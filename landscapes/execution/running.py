"""Run blocks of work, in this process or by an executor, and store their results.

Any executor with the interface of `concurrent.futures` works; only `submit` and `result` are required. The results do
not depend on the executor or on the order of the blocks.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

from landscapes.errors import InputError
from landscapes.execution.transport import Runnable, current_process, one_line, run_or_catch, run_packed, try_to_load

Progress = Callable[[int, int], None]

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

    def __init__(self, message: str, results: Any) -> None:
        super().__init__(message)
        self.results = results


class Blocks(Protocol):
    """Blocks of work, by number.

    Attributes:
        hint: what to do if workers cannot load the blocks.
        most_bytes: the size of the largest result of a block.
    """

    @property
    def hint(self) -> str: ...

    @property
    def most_bytes(self) -> int: ...

    def block(self, i: int) -> Runnable:
        """Return block i, to run it in this process."""
        ...

    def block_length(self, i: int) -> int:
        """Return the number of runs, or points, of block i."""
        ...

    def pack(self, i: int) -> bytes:
        """Return block i as bytes. Raises `InputError` if it cannot be pickled."""
        ...

    def samples(self) -> list[bytes]:
        """Return packed blocks that workers can load only if they can load all."""
        ...

    def check(self, i: int, result: Any) -> None:
        """Raise an exception if a result is not that of block i."""
        ...

    def unfinished(self) -> tuple[str, Any]:
        """Return what is done so far in words, and the results."""
        ...


class BlockStore(Protocol):
    """Where the results of blocks are stored."""

    def has(self, block: int) -> bool:
        """Return whether a block is done."""
        ...

    def claim(self, block: int) -> bool:
        """Claim a block to run; return False if another process has it."""
        ...

    def put(self, block: int, result: Any) -> None:
        """Store the result of a block."""
        ...


def check_executor(executor: Any) -> None:
    """Raise `InputError` for an object without `submit`, and for the executor whose worker this thread is."""
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


def run_blocks(
    blocks: Blocks, store: BlockStore, wanted: range, executor: Executor | None, progress: Progress | None
) -> None:
    """Run the wanted blocks that are not in the store yet, and put their results there.

    Raises:
        InputError: if the blocks cannot be sent to the workers, and what a block raises.
        UnfinishedError: if the executor dies, or the disk is full.
    """
    work = _Work(blocks, store, wanted, progress)
    if executor is None:
        _run_here(work)
    else:
        _run_elsewhere(work, executor)


class _Work:
    """The blocks to run, and the progress so far."""

    def __init__(self, blocks: Blocks, store: BlockStore, wanted: range, progress: Progress | None) -> None:
        self.blocks = blocks
        self.store = store
        self.progress = progress
        self.wanted = wanted
        self.total = sum(blocks.block_length(i) for i in wanted)
        self.done = 0

    def claimed_blocks(self) -> Iterator[int | None]:
        """Claim and yield the blocks to run; yield None while other processes run all that are left."""
        left = list(self.wanted)
        while left:
            taken = []
            for i in left:
                if self.store.has(i):
                    self.report(self.blocks.block_length(i))
                elif self.store.claim(i):
                    yield i
                else:
                    taken.append(i)
            left = taken
            if left:
                yield None

    def put(self, i: int, result: Any) -> None:
        """Store the result of a block.

        Raises `UnfinishedError` if it cannot be written.
        """
        try:
            self.store.put(i, result)
        except OSError as error:
            raise self.unfinished(
                f"block {i} could not be written ({error.strerror or error}): free some space"
            ) from error
        self.report(self.blocks.block_length(i))

    def unfinished(self, reason: str) -> UnfinishedError:
        """Return the error to raise if the work cannot go on."""
        state, results = self.blocks.unfinished()
        return UnfinishedError(f"{reason}; {state}", results)

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
        runs = self.blocks.block_length(i)
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
            work.put(i, work.blocks.block(i).run(work.block_progress(i)))


def _run_elsewhere(work: _Work, executor: Executor) -> None:
    """Submit blocks ahead of time, up to a bound, and take their results in order."""
    send: Callable[[int], Future] | None = None
    pending: deque[tuple[int, Future]] = deque()
    most = min(max(MAX_PENDING_BYTES // work.blocks.most_bytes, 8), 1024)
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
    found = _result_of(work.blocks, i, _call_executor(future.result))
    if isinstance(found, Exception):
        raise found
    work.put(i, found)


def _result_of(blocks: Blocks, i: int, answer: Any) -> Any:
    """Return the result of block i in what the executor returned. Raises `InputError` if it is not one."""
    number, found = answer if isinstance(answer, tuple) and len(answer) == 2 else (None, answer)
    if number is not None and number != i:
        raise InputError(f"the executor returned the result of block {number!r:.20} for block {i}; use another one")
    if number is None:
        raise _no_result(found, i)
    if isinstance(found, Exception):
        return found
    try:
        blocks.check(i, found)
    except TypeError:
        raise _no_result(found, i) from None
    except (InputError, AttributeError, IndexError) as error:
        raise InputError(f"the executor returned other results than those of block {i}: {error}") from None
    return found


def _no_result(found: Any, i: int) -> InputError:
    return InputError(
        f"the executor returned {type(found).__name__} for block {i}; its futures must return the result of the "
        "submitted call"
    )


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
                found = _result_of(work.blocks, i, future.result())
                if not isinstance(found, Exception):
                    work.store.put(i, found)
        except Exception:  # only the first failure is reported
            continue


def _sender(work: _Work, executor: Executor) -> Callable[[int], Future]:
    """Return a function that submits the block of a number, after checking that the workers can load the blocks."""
    if type(executor) is ThreadPoolExecutor:  # threads need no pickling
        return lambda i: executor.submit(run_or_catch, work.blocks.block(i), i)
    samples = work.blocks.samples()
    try:
        reason = executor.submit(try_to_load, samples).result()
    except Exception as error:
        raise work.unfinished(
            f"the executor failed before the work began ({one_line(error)}): its workers must be able to import this "
            'package, and if it starts processes, the script needs `if __name__ == "__main__"`'
        ) from error
    if reason is not None:
        raise InputError(f"the workers cannot load the blocks ({reason}); {work.blocks.hint}")
    sender = current_process()
    return lambda i: executor.submit(run_packed, work.blocks.pack(i), sender, i)
