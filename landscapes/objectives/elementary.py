"""What formulas are made of: sums, products, roots and powers with the same bits in every batch and finite gradients.

`x.sum(-1)` adds in an order that depends on the layout of the batch, `x ** p` rounds differently at the end of a
batch, and the gradients of roots are infinite at zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor

ROOM = 2**16
"""How many numbers of a step of a formula the processor's cache holds besides its other ones."""


def one_to_d(x: Tensor) -> Tensor:
    """1, 2, …, d for points (..., d), in their precision: the weights i of many formulas.

    >>> ordinals(torch.zeros(2, 3))
    tensor([1., 2., 3.])
    """
    return torch.arange(1, x.shape[-1] + 1, dtype=x.dtype, device=x.device)


def ordered_sum(x: Tensor, dim: int = -1) -> Tensor:
    """The sum over a dimension, from first to last; zero where it is empty.

    >>> total(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    tensor([ 6., 15.])
    """
    return reduce(torch.add, x.unbind(dim)) if x.shape[dim] else x.sum(dim)


def mean(x: Tensor, dim: int = -1) -> Tensor:
    """The mean over a dimension.

    >>> mean(torch.tensor([1.0, 2.0, 6.0]))
    tensor(3.)
    """
    return ordered_sum(x, dim) / x.shape[dim]


def product(x: Tensor, dim: int = -1) -> Tensor:
    """The product over a dimension, from first to last; one where it is empty.

    >>> product(torch.tensor([1.0, 2.0, 6.0]))
    tensor(12.)
    """
    return reduce(torch.mul, x.unbind(dim)) if x.shape[dim] else x.prod(dim)


def root(x: Tensor) -> Tensor:
    """The square root, with a gradient of zero at zero; zero below.

    >>> x = torch.tensor([4.0, 0.0], requires_grad=True)
    >>> torch.autograd.grad(root(x).sum(), x)
    (tensor([0.2500, 0.0000]),)
    """
    positive = x > 0
    return torch.where(positive, torch.where(positive, x, 1.0).sqrt(), 0.0 * x)


def norm(x: Tensor, dim: int = -1) -> Tensor:
    """The Euclidean length along a dimension, with a gradient of zero at the origin.

    >>> norm(torch.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return root(ordered_sum(x * x, dim))


def power(x: Tensor, exponent: float | Tensor) -> Tensor:
    """|x| to a positive power, with a gradient of zero at zero; write whole powers as products.

    >>> power(torch.tensor([-8.0, 0.0]), 1 / 3)
    tensor([2., 0.])
    """
    size = x.abs()
    away = size > 0
    return torch.where(away, torch.exp(exponent * torch.where(away, size, 1.0).log()), 0.0 * x)


def weierstrass_series(x: Tensor, count: int) -> Tensor:
    """Waves with waves a third as long and half as high upon them, and so on: Σ 2⁻ᵏ (1 - cos 2π 3ᵏ x), k below count.

    Source: K. Weierstrass, 1872.

    >>> waves_within(torch.tensor([0.0, 0.5]), 3)
    tensor([0.0000, 3.5000])
    """
    waves = wave = torch.zeros_like(x)
    for k in range(count):
        if k % 3 == 0:  # anew, before errors grow
            turns = 3.0**k * x
            wave = torch.sin(math.pi * (turns - turns.round()))  # sines of large numbers take long
            wave = wave * wave
        else:  # sin² 3a = sin² a (3 - 4 sin² a)²
            part = 3 - 4 * wave
            wave = wave * part * part
        waves = torch.add(waves, wave, alpha=2 * 0.5**k)
    return waves


def stack_copies(x: Tensor, count: int) -> Tensor:
    """A tensor (...) several times, (count, ...): a broadcast whose gradients are added up alike in every batch.

    >>> copies(torch.tensor([1.0, 2.0]), 2)
    tensor([[1., 2.],
            [1., 2.]])
    """
    return torch.stack([x] * count) if x.requires_grad else x.expand(count, *x.shape)


def in_chunks(formula: Callable[..., Tensor], *columns: Tensor, width: int) -> Tensor:
    """What a formula gives that makes `width` numbers of each point: by parts of the points that fit the cache.

    Args:
        formula: takes a row (n,) for each coordinate, returns the values (n,); meets all points alike.
        columns: the coordinates, of the same shape (...).
        width: how many numbers it holds for a point at a time, a sum over data for instance.

    >>> data = torch.tensor([[1.0], [3.0]])
    >>> by_parts(lambda x: total((x - data) ** 2, dim=0), torch.tensor([0.0, 2.0]), width=2)
    tensor([10.,  2.])
    """
    shape, size = columns[0].shape, max(1, ROOM // width)
    parts = zip(*(torch.split(column.reshape(-1), size) for column in columns), strict=True)
    return torch.cat([formula(*part) for part in parts]).reshape(shape)
