"""Running third-party code without side effects: random state, default dtype, output, warnings and errors."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, cast

import numpy as np
import torch

from landscapes.errors import InputError
from landscapes.optimizers.adapters.per_run_arithmetic import RunsDisagreeError


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
    """Restore the global generators on exit."""
    torches = _torch_generators()
    state = [g.get_state() for g in torches], random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        for generator, own in zip(torches, state[0], strict=True):
            generator.set_state(own)
        random.setstate(state[1])
        np.random.set_state(state[2])  # noqa: NPY002


@contextmanager
def silenced() -> Iterator[None]:
    """Suppress output and warnings, and restore the global generators on exit."""
    with (
        preserve_rng_state(),
        warnings.catch_warnings(action="ignore"),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        yield


@contextmanager
def third_party_code(failure: str, dtype: torch.dtype) -> Iterator[None]:
    """Set the default dtype (torch's NAdam stores numbers in it), and report any error in one line after `failure`.

    Raises:
        InputError: for whatever the code raises, except for `RunsDisagreeError`, which passes through.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    except (InputError, RunsDisagreeError):
        raise
    except Exception as error:
        raise InputError(f"{failure}: {type(error).__name__}: {' '.join(str(error).split())}"[:300]) from error
    finally:
        torch.set_default_dtype(before)
