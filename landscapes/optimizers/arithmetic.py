"""Arithmetic that rounds as torch.optim does, for one run and for many alike.

Numbers that an optimizer derives from its hyper-parameters are computed in double precision, by Python for one
optimizer and by numpy for a column of them: both round +, −, × and ÷ alike, so a run does not depend on its
company. Only powers need care, and go through `power`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import repeat
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

Scalar = float | Tensor
"""A hyper-parameter or a step scalar: a number, or one number a run, shape (R,)."""


def absent(s: Scalar) -> bool:
    """Whether a term with this factor is left out, as torch.optim leaves it out (see `Optimizer.batch_key`)."""
    return not isinstance(s, Tensor) and s == 0


def each(function: Callable[..., float], *numbers: Scalar) -> Scalar:
    """The function of Python floats, taken for every optimizer where a number is a column of them."""
    if not any(isinstance(number, np.ndarray) for number in numbers):
        return function(*numbers)
    columns: list[Any] = [n.tolist() if isinstance(n, np.ndarray) else repeat(n) for n in numbers]
    return cast(Scalar, np.array(list(map(function, *columns))))


def power(base: Scalar, exponent: Scalar) -> Scalar:
    """base to the exponent as Python rounds it: numpy's and torch's own may differ in the last bit."""
    try:
        return each(pow, base, exponent)
    except OverflowError:
        return each(_large_power, base, exponent)


def _large_power(base: float, exponent: float) -> float:
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


# torch.optim's in-place kernels round as fused multiply-adds; with one number a run the same rounding
# comes from these forms (for a plain number, from the scalar overloads themselves).


def add_scaled(a: Tensor, s: Scalar, b: Tensor) -> Tensor:
    """a + s·b, rounded as `a.add_(b, alpha=s)`."""
    return torch.addcmul(a, b, s) if isinstance(s, Tensor) else torch.add(a, b, alpha=s)


def add_product(a: Tensor, s: Scalar, b: Tensor, c: Tensor) -> Tensor:
    """a + s·b·c, rounded as `a.addcmul_(b, c, value=s)`."""
    return torch.addcmul(a, s * b, c) if isinstance(s, Tensor) else torch.addcmul(a, b, c, value=s)


def add_quotient(a: Tensor, s: Scalar, b: Tensor, c: Tensor) -> Tensor:
    """a + s·b/c, rounded as `a.addcdiv_(b, c, value=s)`."""
    return torch.addcdiv(a, s * b, c) if isinstance(s, Tensor) else torch.addcdiv(a, b, c, value=s)


def penalised(g: Tensor, weight_decay: Scalar, p: Tensor) -> Tensor:
    """The gradient with that of the L2 penalty ½·weight_decay·‖p‖²."""
    return g if absent(weight_decay) else add_scaled(g, weight_decay, p)


def total(x: Tensor) -> Tensor:
    """The sum over the first dimension, halves upon halves, so that a run's sum is the same in any batch."""
    while len(x) > 1:
        half = len(x) // 2
        folded = x[:half] + x[half : 2 * half]
        x = torch.cat([folded, x[2 * half :]]) if len(x) % 2 else folded
    return x[0]


def norm(x: Tensor) -> Tensor:
    """Euclidean norms over the first dimension: shape (R,) for x of shape (d, R)."""
    return total(x * x).sqrt()


def length(x: Tensor) -> Tensor:
    """Euclidean norms over the first dimension, (R,) for (d, R), rounded on a CPU as torch rounds one run's norm."""
    return torch.linalg.vector_norm(x.T.contiguous(), dim=1) if x.device.type == "cpu" else norm(x)
