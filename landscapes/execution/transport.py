"""Blocks on their way to workers and back: as bytes, made and read here, so that no worker dies of what it cannot load."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import platform
import threading
from collections.abc import Sequence
from functools import cache

import torch

from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError
from landscapes.execution.plan import Block

Process = tuple[str, int]
"""A process by its machine and number."""


def process() -> Process:
    """The process that asks."""
    return platform.node(), os.getpid()


def packed(block: Block) -> bytes:
    """The block as bytes.

    Raises `InputError` where its function or its optimizer cannot be sent, and says what to do.
    """
    optimizer, function = block.batch.optimizer, block.function
    if (reason := _fault(optimizer)) is not None:
        raise InputError(
            f"the optimizer {optimizer.label} cannot be sent to other processes ({reason}); define its class at the top level "
            "of a module"
        )
    try:
        return pickle.dumps(block)
    except Exception as error:
        raise InputError(
            f"the function {function.name!r} cannot be sent to other processes ({in_short(error)}); define it by @function "
            "at the top level of a module, or name one of the catalogue or a formula"
        ) from None


def try_to_load(payloads: Sequence[bytes]) -> str | None:
    """Run where the work will be done: why blocks cannot be loaded there, or None."""
    for payload in payloads:
        try:
            pickle.loads(payload)
        except Exception as error:
            return in_short(error)
    return None


def run_there(payload: bytes, sender: Process) -> BatchResult | Exception:
    """Run where the work is done: what the block gives, with one thread, since there is a worker a core."""
    if process() != sender:
        torch.set_num_threads(1)
        _end_with(sender)
    return outcome(pickle.loads(payload))


@cache
def _end_with(sender: Process) -> None:
    """Lets a worker that the sender started end with it: when a job is killed, its pool's workers would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is None or (platform.node(), parent.pid) != sender:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def outcome(block: Block) -> BatchResult | Exception:
    """What the block gives, or what it raises, as a value: it is no fault of the executor's."""
    try:
        return block.run()
    except Exception as error:
        return RuntimeError(in_short(error)) if _fault(error) else error


def in_short(error: BaseException) -> str:
    """The exception in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text:.200}" if text else type(error).__name__


def _fault(thing: object) -> str | None:
    """Why something cannot be sent, or None."""
    try:
        pickle.loads(pickle.dumps(thing))
    except Exception as error:
        return in_short(error)
    return None
