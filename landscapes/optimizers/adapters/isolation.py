"""Running third-party code without side effects: random state, default dtype, output, warnings and errors.

Torch's default dtype, the global random generators and `sys.stdout` belong to the whole process. They are changed under
one lock, so that threads that race do not disturb each other, and restored before it is released. Output and warnings
of other threads pass through.
"""

from __future__ import annotations

import hashlib
import random
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch

from landscapes.errors import InputError
from landscapes.optimizers.adapters.per_run_arithmetic import RunsDisagreeError
from landscapes.silence import ignored_warnings

_lock = threading.RLock()


def seed_all(seed: int, stream: int, step: int) -> None:
    """Seed the global generators of torch, numpy and Python from a seed, a stream and a step."""
    key = hashlib.blake2b(struct.pack("<QqQ", seed % 2**64, stream, step % 2**64), digest_size=8).digest()
    number = int.from_bytes(key, "little")
    for generator in _torch_generators():
        generator.manual_seed(number % 2**63)
    random.seed(number)
    np.random.seed(number % 2**32)  # noqa: NPY002


def _torch_generators() -> list[torch.Generator]:
    """Return the CPU generator, and those of GPUs if GPUs are in use."""
    return [torch.default_generator, *(torch.cuda.default_generators if cast(Any, torch.cuda).is_initialized() else ())]


@contextmanager
def preserve_rng_state() -> Iterator[None]:
    """Hold the lock, and restore the global generators on exit."""
    with _lock:
        torches = _torch_generators()
        state = [g.get_state() for g in torches], random.getstate(), np.random.get_state()  # noqa: NPY002
        try:
            yield
        finally:
            for generator, own in zip(torches, state[0], strict=True):
                generator.set_state(own)
            random.setstate(state[1])
            np.random.set_state(state[2])  # noqa: NPY002


class _Muted:
    """A stream that drops what one thread writes and passes on everything else."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.thread = stream, threading.get_ident()

    def write(self, text: str) -> int:
        return len(text) if threading.get_ident() == self.thread else self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def silenced() -> Iterator[None]:
    """Suppress output and warnings of this thread, and restore the global generators on exit."""
    with preserve_rng_state(), _muted("stdout"), _muted("stderr"), ignored_warnings():
        yield


@contextmanager
def _muted(name: str) -> Iterator[None]:
    stream = getattr(sys, name)
    if stream is None:
        yield
        return
    muted = _Muted(stream)
    setattr(sys, name, muted)
    try:
        yield
    finally:
        muted.thread = -1  # another thread may keep the stream
        if getattr(sys, name) is muted:
            setattr(sys, name, stream)


@contextmanager
def third_party_code(failure: str, dtype: torch.dtype) -> Iterator[None]:
    """Set the default dtype (torch's NAdam stores numbers in it), and report any error in one line after `failure`.

    Raises:
        InputError: for whatever the code raises, except for `RunsDisagreeError`, which passes through.
    """
    with _lock:
        before = torch.get_default_dtype()
        if before is not dtype:
            torch.set_default_dtype(dtype)
        try:
            yield
        except (InputError, RunsDisagreeError):
            raise
        except Exception as error:
            raise InputError(f"{failure}: {type(error).__name__}: {' '.join(str(error).split())}"[:300]) from error
        finally:
            if before is not dtype:
                torch.set_default_dtype(before)
