"""Counter-based random numbers, which depend only on seed, stream, step and purpose.

A run draws the same numbers in any batch, order, chunking and device. Runs that share a stream share the noise. The
generator is Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011),
implemented with integer tensor operations.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

MASK = 0xFFFFFFFF
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
WEYL = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10

Words = tuple[Tensor, Tensor, Tensor, Tensor]


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """Return four random 32-bit words per counter by Philox4x32-10, all in int64 tensors.

    >>> [hex(int(word)) for word in philox((torch.zeros(1, dtype=torch.int64),) * 4, (0, 0))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    a, b, c, d = counter
    first, second = key
    for _ in range(ROUNDS):
        left, right = a * MULTIPLIERS[0], c * MULTIPLIERS[1]  # int64 wraps, and all 64 bits are correct
        a, b, c, d = ((right >> 32) & MASK) ^ b ^ first, right & MASK, ((left >> 32) & MASK) ^ d ^ second, left & MASK
        first, second = (first + WEYL[0]) & MASK, (second + WEYL[1]) & MASK
    return a, b, c, d


def uniform(seed: int, streams: Tensor, step: int, purpose: int, count: int) -> Tensor:
    """Return uniform numbers in [0, 1), float64, shape (count, R); each is a multiple of 2⁻⁵³.

    Args:
        seed: the seed.
        streams: the stream of each run, shape (R,).
        step: the step.
        purpose: distinguishes the uses of random numbers within a step, 0 … 65,535.
        count: numbers per run, below 131,072.
    """
    return torch.cat(_pairs(seed, streams, step, purpose, (count + 1) // 2))[:count] * 2.0**-53


def normal(seed: int, streams: Tensor, step: int, purpose: int, count: int) -> Tensor:
    """Return standard normal numbers, float64, shape (count, R), by Box & Muller (1958); arguments as in `uniform`.

    >>> single = normal(7, torch.tensor([5]), step=3, purpose=0, count=2)
    >>> batch = normal(7, torch.arange(9), step=3, purpose=0, count=2)
    >>> torch.equal(single[:, 0], batch[:, 5])
    True
    """
    first, second = _pairs(seed, streams, step, purpose, (count + 1) // 2)
    radius = torch.sqrt(-2 * torch.log((first + 0.5) * 2.0**-53))
    angle = second * (2.0**-53 * 2 * math.pi)
    return torch.cat([radius * torch.cos(angle), radius * torch.sin(angle)])[:count]


def _pairs(seed: int, streams: Tensor, step: int, purpose: int, count: int) -> tuple[Tensor, Tensor]:
    """Return two float64 tensors (count, R) of integers below 2⁵³."""
    index = torch.arange(count, dtype=torch.int64, device=streams.device)[:, None]
    stream = streams.to(torch.int64)[None, :].expand(count, -1)
    fixed = torch.zeros_like(stream)
    # the 128 bits of a counter: 64 of the stream, 32 of the step, 32 of the purpose and the index within it
    counter = stream & MASK, (stream >> 32) & MASK, fixed + step, fixed + (purpose << 16) + index
    a, b, c, d = philox(counter, (seed & MASK, (seed >> 32) & MASK))
    return ((a << 21) ^ (b >> 11)).double(), ((c << 21) ^ (d >> 11)).double()
