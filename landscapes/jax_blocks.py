"""JAX in blocks of runs, without a change to the process: `loaded`, `local_settings`, `by_blocks`.

JAX compiles a function for each shape. Runs are therefore padded to one of few sizes, and many runs are cut into
blocks.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.errors import InputError

SIZES = (8, 64, 512, 4096)
"""The numbers of runs for which functions are compiled. On a block of any size a run has the same bits."""

LENGTH = 200
"""Characters of an error of JAX that are shown; the rest lists its frames."""

Array = NDArray[Any]


def loaded(what: str, *names: str) -> list[Any]:
    """Return modules of JAX and optax.

    Args:
        what: what needs them, for the error.
        names: the modules.

    Raises:
        InputError: if one is not installed.

    >>> loaded("the example", "math")[0].pi > 3
    True
    >>> loaded("the example", "no_such_module")
    Traceback (most recent call last):
    ...
    landscapes.errors.InputError: the example requires no_such_module; pip install "torch-landscapes[jax]"
    """
    found = []
    for name in names:
        try:
            found.append(importlib.import_module(name))
        except ImportError:
            package = name.partition(".")[0]
            raise InputError(f'{what} requires {package}; pip install "torch-landscapes[jax]"') from None
    return found


@contextmanager
def local_settings(dtype: torch.dtype) -> Iterator[None]:
    """Set JAX to the precision of a race within the block: double precision if `dtype` is float64, else single.

    All settings are those of this thread: the precision, the CPU as the device of new arrays, and no error for NaN,
    which a run that diverges may have.
    """
    jax = loaded("JAX", "jax")[0]
    holder = jax if hasattr(jax, "enable_x64") else loaded("JAX", "jax.experimental")[0]  # before JAX 0.8
    with ExitStack() as stack:
        stack.enter_context(holder.enable_x64(dtype == torch.float64))
        stack.enter_context(jax.default_device(jax.local_devices(backend="cpu")[0]))
        stack.enter_context(jax.debug_nans(False))
        yield


def blocks_of(count: int) -> list[tuple[slice, int]]:
    """Return the blocks of `count` runs, each with the number of runs to which it is padded.

    >>> blocks_of(5000)
    [(slice(0, 4096, None), 4096), (slice(4096, 5000, None), 4096)]
    >>> blocks_of(3)
    [(slice(0, 3, None), 8)]
    """
    ends = [min(begin + SIZES[-1], count) for begin in range(0, count, SIZES[-1])]
    parts = [slice(max(end - 1, 0) // SIZES[-1] * SIZES[-1], end) for end in ends]
    return [(part, next(size for size in SIZES if size >= part.stop - part.start)) for part in parts]


def padded(values: Array, size: int) -> Array:
    """Return an array (…, n) as a contiguous one (…, size) whose further runs are copies of the last."""
    made = np.empty((*values.shape[:-1], size), values.dtype)
    count = values.shape[-1]
    made[..., :count] = values
    made[..., count:] = values[..., -1:]
    return made


def by_blocks(function: Callable[..., Any], *given: Array) -> list[Array]:
    """Return the arrays (…, n) that a compiled function returns for arrays (…, n), computed in blocks of runs."""
    parts = []
    for part, size in blocks_of(given[0].shape[-1]):
        count = part.stop - part.start
        found = function(*(padded(values[..., part], size) for values in given))
        parts.append([np.asarray(values)[..., :count] for values in found])
    return [np.concatenate(columns, -1) for columns in zip(*parts, strict=True)]


def reason_of(error: BaseException) -> str:
    """Return the first line of an error.

    >>> reason_of(ValueError("too large"))
    'ValueError: too large'
    """
    text = " ".join(str(error).strip().partition("\n")[0].split())
    text = f"{text[: LENGTH - 1]}…" if len(text) > LENGTH else text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
