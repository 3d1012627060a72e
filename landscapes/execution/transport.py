"""Send blocks to workers as bytes, and run them there, so that no worker fails to load what it receives."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import platform
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Protocol

import torch

from landscapes.errors import InputError, ended_by
from landscapes.execution.plan import Block

ProcessId = tuple[str, int]
"""A process: the name of its machine, and its number."""


Answer = tuple[int, Any]
"""What a worker returns: the number of the block, and its result or the exception that it raised."""


class Runnable(Protocol):
    """A block of work."""

    def run(self, progress: Callable[[int, int], None] | None = None, /) -> Any:
        """Return the result, which depends on the block only."""
        ...


def current_process() -> ProcessId:
    """Return the calling process."""
    return platform.node(), os.getpid()


def pack(block: Block) -> bytes:
    """Return a block as bytes.

    Raises `InputError` if its function or its optimizer cannot be pickled.
    """
    optimizer, function = block.batch.optimizer, block.function
    if (reason := _pickling_error(optimizer)) is not None:
        raise InputError(
            f"the optimizer {optimizer.label} cannot be sent to other processes ({reason}); define its class at the "
            "top level of a module"
        )
    try:
        return pickle.dumps(block)
    except Exception as error:
        raise InputError(
            f"the function {function.name!r} cannot be sent to other processes ({one_line(error)}); define it with "
            "@function at the top level of a module, or give the name of a catalogue function or a formula"
        ) from None


def try_to_load(payloads: Sequence[bytes]) -> str | None:
    """Return why a worker cannot load blocks, or None. Runs in the worker."""
    for payload in payloads:
        try:
            pickle.loads(payload)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return one_line(error) if isinstance(error, Exception) else ended_by(error)
    return None


def run_packed(payload: bytes, sender: ProcessId, number: int) -> Answer:
    """Return the number and the result of a block. Runs in a worker, with one thread, for one worker per core."""
    if current_process() != sender:
        torch.set_num_threads(1)
        _exit_with(sender)
    return run_or_catch(pickle.loads(payload), number)


@cache
def _exit_with(sender: ProcessId) -> None:
    """Make a worker that the sender started exit with it. A killed pool would otherwise leave its workers waiting."""
    parent = multiprocessing.parent_process()
    if parent is None or (platform.node(), parent.pid) != sender:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def run_or_catch(block: Runnable, number: int) -> Answer:
    """Return the number of a block with its result, or with its exception, which thus is not one of the executor."""
    try:
        return number, block.run()
    except Exception as error:
        return number, RuntimeError(one_line(error)) if _pickling_error(error) else error
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # an executor would raise it in the process that waits, and end that as well
        return number, InputError(f"a worker was ended: {ended_by(error)}")


def one_line(error: BaseException) -> str:
    """Return an exception as one line of text."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text:.200}" if text else type(error).__name__


def _pickling_error(value: object) -> str | None:
    """Return why a value cannot be pickled, or None."""
    try:
        pickle.loads(pickle.dumps(value))
    except Exception as error:
        return one_line(error)
    return None
