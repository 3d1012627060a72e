"""Building blocks of formulas: reductions with the same bits in every batch, roots and powers with finite gradients.

torch's own operations have neither property. `x.sum(-1)` adds in an order that depends on the layout of the batch.
`x ** p` rounds differently at the end of a batch. The gradient of a square root is infinite at zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor

CACHE_NUMBERS = 2**16
"""Numbers per intermediate result of a formula that fit the processor's cache."""


def one_to_d(x: Tensor) -> Tensor:
    """Return 1, 2, …, d for points of shape (..., d), in their dtype: the index i in many formulas.

    >>> one_to_d(torch.zeros(2, 3))
    tensor([1., 2., 3.])
    """
    return torch.arange(1, x.shape[-1] + 1, dtype=x.dtype, device=x.device)


def ordered_sum(x: Tensor, dim: int = -1) -> Tensor:
    """Return the sum over a dimension, added from first to last; zero for an empty dimension.

    >>> ordered_sum(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    tensor([ 6., 15.])
    """
    return reduce(torch.add, x.unbind(dim)) if x.shape[dim] else x.sum(dim)


def mean(x: Tensor, dim: int = -1) -> Tensor:
    """Return the mean over a dimension, added from first to last.

    >>> mean(torch.tensor([1.0, 2.0, 6.0]))
    tensor(3.)
    """
    return ordered_sum(x, dim) / x.shape[dim]


def product(x: Tensor, dim: int = -1) -> Tensor:
    """Return the product over a dimension, multiplied from first to last; one for an empty dimension.

    >>> product(torch.tensor([1.0, 2.0, 6.0]))
    tensor(12.)
    """
    return reduce(torch.mul, x.unbind(dim)) if x.shape[dim] else x.prod(dim)


def root(x: Tensor) -> Tensor:
    """Return the square root with gradient zero at zero; zero for negative numbers.

    >>> x = torch.tensor([4.0, 0.0], requires_grad=True)
    >>> torch.autograd.grad(root(x).sum(), x)
    (tensor([0.2500, 0.0000]),)
    """
    positive = x > 0
    return torch.where(positive, torch.where(positive, x, 1.0).sqrt(), 0.0 * x)


def norm(x: Tensor, dim: int = -1) -> Tensor:
    """Return the Euclidean norm over a dimension, with gradient zero at the origin.

    >>> norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return root(ordered_sum(x * x, dim))


def power(x: Tensor, exponent: float | Tensor) -> Tensor:
    """Return |x| to a positive power, with gradient zero at zero. Write integer powers as products instead.

    >>> power(torch.tensor([-8.0, 0.0]), 1 / 3)
    tensor([2., 0.])
    """
    size = x.abs()
    nonzero = size > 0
    return torch.where(nonzero, torch.exp(exponent * torch.where(nonzero, size, 1.0).log()), 0.0 * x)


def weierstrass_series(x: Tensor, count: int) -> Tensor:
    """Return Σ 2⁻ᵏ (1 - cos 2π 3ᵏ x) for k = 0, …, count - 1: each wave is a third as long and half as high.

    Source: K. Weierstrass, 1872.

    >>> weierstrass_series(torch.tensor([0.0, 0.5]), 3)
    tensor([0.0000, 3.5000])
    """
    waves = wave = torch.zeros_like(x)
    for k in range(count):
        if k % 3 == 0:  # computed directly, which limits the rounding error of the recurrence
            turns = 3.0**k * x
            wave = torch.sin(math.pi * (turns - turns.round()))  # sines of large numbers are slow
            wave = wave * wave
        else:  # sin² 3a = sin² a (3 - 4 sin² a)²
            part = 3 - 4 * wave
            wave = wave * part * part
        waves = torch.add(waves, wave, alpha=2 * 0.5**k)
    return waves


def stack_copies(x: Tensor, count: int) -> Tensor:
    """Return `count` copies of x, shape (count, ...): a broadcast whose gradient has the same bits in every batch.

    >>> stack_copies(torch.tensor([1.0, 2.0]), 2)
    tensor([[1., 2.],
            [1., 2.]])
    """
    return torch.stack([x] * count) if x.requires_grad else x.expand(count, *x.shape)


def in_chunks(formula: Callable[..., Tensor], *columns: Tensor, width: int) -> Tensor:
    """Evaluate a formula with large intermediate results in chunks of points that fit the processor's cache.

    Args:
        formula: takes a row (n,) per coordinate and returns the values (n,), each point independent of the others.
        columns: the coordinates, all of the same shape (...).
        width: numbers per point in the largest intermediate result, for example the size of a data set.

    Returns:
        The values, shape (...).

    >>> data = torch.tensor([[1.0], [3.0]])
    >>> in_chunks(lambda x: ordered_sum((x - data) ** 2, dim=0), torch.tensor([0.0, 2.0]), width=2)
    tensor([10.,  2.])
    """
    shape, size = columns[0].shape, max(1, CACHE_NUMBERS // width)
    chunks = zip(*(torch.split(column.reshape(-1), size) for column in columns), strict=True)
    return torch.cat([formula(*chunk) for chunk in chunks]).reshape(shape)
