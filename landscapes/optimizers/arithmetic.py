"""Arithmetic that rounds as torch.optim does, for one run and for a batch of runs alike.

Numbers derived from hyper-parameters are computed in double precision: by Python for one optimizer, by numpy for a
column of them. Both round +, −, × and ÷ identically, so a run does not depend on its batch. Powers do not round
identically, and go through `power`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import repeat
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

Scalar = float | Tensor
"""A hyper-parameter or coefficient: a number, or one number per run, shape (R,)."""


def is_zero(s: Scalar) -> bool:
    """Return whether the term with this factor is omitted, as torch.optim omits it (see `Optimizer.batch_key`)."""
    return not isinstance(s, Tensor) and s == 0


def map_floats(function: Callable[..., float], *numbers: Scalar) -> Scalar:
    """Apply a function of Python floats; if some numbers are numpy columns, apply it per row."""
    if not any(isinstance(number, np.ndarray) for number in numbers):
        return function(*numbers)
    columns: list[Any] = [n.tolist() if isinstance(n, np.ndarray) else repeat(n) for n in numbers]
    return cast(Scalar, np.array(list(map(function, *columns))))


NativePower = Callable[[Any, float], Any]
"""Takes a column of bases ≥ 0 and an exponent > 0; returns powers as Python rounds them, infinity if they overflow."""

_NATIVE_POWER: ContextVar[NativePower | None] = ContextVar("native_power", default=None)


@contextmanager
def native_power(function: NativePower | None) -> Iterator[None]:
    """Let `power` raise columns by a compiled function, in this thread."""
    token = _NATIVE_POWER.set(function)
    try:
        yield
    finally:
        _NATIVE_POWER.reset(token)


def power(base: Scalar, exponent: Scalar) -> Scalar:
    """Return base**exponent as Python rounds it; numpy and torch may differ in the last bit."""
    native: Any = _NATIVE_POWER.get()
    column = isinstance(base, np.ndarray) and isinstance(exponent, int | float) and exponent > 0
    if native is not None and column and not (cast(Any, base) < 0).any():
        return cast(Scalar, native(base, exponent))
    try:
        return map_floats(pow, base, exponent)
    except OverflowError:
        return map_floats(_large_power, base, exponent)


def _large_power(base: float, exponent: float) -> float:
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


# The in-place kernels of torch.optim round as fused multiply-adds. With one number per run, the forms below round the
# same way; for a plain number, the scalar overloads themselves do.


def add_scaled(a: Tensor, s: Scalar, b: Tensor) -> Tensor:
    """Return a + s·b, rounded as `a.add_(b, alpha=s)`."""
    return torch.addcmul(a, b, s) if isinstance(s, Tensor) else torch.add(a, b, alpha=s)


def add_product(a: Tensor, s: Scalar, b: Tensor, c: Tensor) -> Tensor:
    """Return a + s·b·c, rounded as `a.addcmul_(b, c, value=s)`."""
    return torch.addcmul(a, s * b, c) if isinstance(s, Tensor) else torch.addcmul(a, b, c, value=s)


def add_quotient(a: Tensor, s: Scalar, b: Tensor, c: Tensor) -> Tensor:
    """Return a + s·b/c, rounded as `a.addcdiv_(b, c, value=s)`."""
    return torch.addcdiv(a, s * b, c) if isinstance(s, Tensor) else torch.addcdiv(a, b, c, value=s)


def add_weight_decay(g: Tensor, weight_decay: Scalar, p: Tensor) -> Tensor:
    """Return the gradient plus that of the L2 penalty ½·weight_decay·‖p‖²."""
    return g if is_zero(weight_decay) else add_scaled(g, weight_decay, p)


def pairwise_sum(x: Tensor) -> Tensor:
    """Return the sum over the first dimension, added in halves; a run's sum is the same in any batch."""
    while len(x) > 1:
        half = len(x) // 2
        folded = x[:half] + x[half : 2 * half]
        x = torch.cat([folded, x[2 * half :]]) if len(x) % 2 else folded
    return x[0]


def norm(x: Tensor) -> Tensor:
    """Return the Euclidean norms (R,) of vectors (d, R), independent of the batch."""
    return pairwise_sum(x * x).sqrt()


def torch_norm(x: Tensor) -> Tensor:
    """Return the Euclidean norms (R,) of vectors (d, R), rounded on the CPU as torch rounds the norm of one run."""
    return torch.linalg.vector_norm(x.T.contiguous(), dim=1) if x.device.type == "cpu" else norm(x)
