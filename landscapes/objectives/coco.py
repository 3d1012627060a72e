"""Instances of the BBOB functions: optimum, rotations and offset, drawn by COCO's own random generator.

An instance is given by the number of the function, d and a seed k = 1, 2, …; values equal those of COCO's package
(N. Hansen, A. Auger, R. Ros, O. Mersmann, T. Tušar and D. Brockhoff, COCO: a platform for comparing continuous
optimizers in a black-box setting, 2021). The transformations are defined in N. Hansen, S. Finck, R. Ros and A. Auger,
Real-parameter black-box optimization benchmarking 2009, RR-6829, section 0.2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import Dims, Function, function
from landscapes.objectives.elementary import ordered_sum

Matrix: TypeAlias = list[list[float]]

SEEDS = {4: 3, 18: 17}
"""Functions that use the random numbers of another function."""

DIMS = Dims(least=2, most=40)
"""COCO defines the functions for 2 to 40 coordinates."""

# Random numbers


@cache
def uniform(count: int, seed: int) -> tuple[float, ...]:
    """Return random numbers in (0, 1): Park and Miller (1988), shuffled by a table of 32 (Bays and Durham, 1976)."""

    def following(state: int) -> int:
        high, low = divmod(state, 127773)
        state = 16807 * low - 2836 * high
        return state + 2147483647 if state < 0 else state

    state, table = max(abs(seed), 1), [0] * 32
    for i in reversed(range(40)):
        state = following(state)
        if i < 32:
            table[i] = state
    drawn, numbers = table[0], []
    for _ in range(count):
        state = following(state)
        slot = drawn // 67108865
        drawn, table[slot] = table[slot], state
        numbers.append(drawn / 2.147483647e9 or 1e-99)
    return tuple(numbers)


def normal(count: int, seed: int) -> list[float]:
    """Return standard normal random numbers by the method of Box and Muller (1958)."""
    u = uniform(2 * count, seed)
    pairs = zip(u[:count], u[count:], strict=True)
    return [math.sqrt(-2 * math.log(a)) * math.cos(2 * math.pi * b) or 1e-99 for a, b in pairs]


@cache
def rotation(dim: int, seed: int) -> Tensor:
    """Return a random orthogonal matrix (d, d): normal numbers, orthonormalized column by column (Gram-Schmidt)."""
    numbers = normal(dim * dim, seed)
    columns: Matrix = []
    for i in range(dim):
        column = numbers[i * dim : (i + 1) * dim]
        for other in columns:
            along = sum(a * b for a, b in zip(column, other, strict=True))
            column = [a - along * b for a, b in zip(column, other, strict=True)]
        length = math.sqrt(sum(a * a for a in column))
        columns.append([a / length for a in column])
    return torch.tensor(columns, dtype=torch.float64).T.contiguous()


# Transformations


def rotate(matrix: Tensor, x: Tensor) -> Tensor:
    """Return the matrix (m, d) times each point (..., d), with the same bits in every batch."""
    return ordered_sum(matrix.to(x) * x[..., None, :])


def unit_ramp(x: Tensor) -> Tensor:
    """Return i / (d - 1) for i = 0, …, d - 1."""
    d = x.shape[-1]
    return torch.arange(d, dtype=x.dtype, device=x.device) / (d - 1)


def oscillate(x: Tensor) -> Tensor:
    """Return T_osz(x): the identity with small oscillations that accumulate at zero."""
    size = x.abs()
    t = 10 * torch.where(size > 0, size, 1.0).log()
    up = x > 0
    waves = torch.sin(torch.where(up, t, 0.55 * t)) + torch.sin(torch.where(up, 0.79 * t, 0.31 * t))
    return x * torch.exp(0.049 * waves)


def asymmetrize(x: Tensor, beta: float) -> Tensor:
    """Return T_asy(x): positive coordinates to a power above one, which grows with the index."""
    up = torch.where(x > 0, x, 1.0)
    return x * torch.exp(beta * unit_ramp(x) * up.sqrt() * up.log())


def stretch(x: Tensor, condition: float) -> Tensor:
    """Return Λ x: coordinates scaled from 1 to √condition."""
    return torch.exp(0.5 * math.log(condition) * unit_ramp(x)) * x


def boundary_penalty(x: Tensor) -> Tensor:
    """Return the boundary penalty: the squared distance from the box [-5, 5]^d."""
    over = (x.abs() - 5).clamp(min=0)
    return ordered_sum(over * over)


# Instances


@dataclass(frozen=True)
class Instance:
    """The random parameters of a function, a number of coordinates and an instance.

    Attributes:
        number: number of the function, 1 to 24.
        dim: number of coordinates, d.
        instance: instance 1, 2, …, which seeds the generator.
        x_opt: minimizer, shape (d,).
        f_opt: minimum.
        r, q: rotations R and Q, shape (d, d).
    """

    number: int
    dim: int
    instance: int
    x_opt: Tensor
    f_opt: float
    r: Tensor
    q: Tensor

    @property
    def seed(self) -> int:
        return SEEDS.get(self.number, self.number) + 10000 * self.instance

    @property
    def schwefel_signs(self) -> list[float]:
        """The signs of the minimizer of the Schwefel function."""
        return [-1.0 if u < 0.5 else 1.0 for u in uniform(self.dim, self.seed)]

    def r_scale_q(self, base: float) -> Tensor:
        """Return R Λ Q with the diagonal of Λ from 1 to `base`, shape (d, d)."""
        scale = torch.tensor([base ** (k / (self.dim - 1)) for k in range(self.dim)], dtype=torch.float64)
        return ordered_sum(self.r[:, None, :] * scale * self.q.T)


@cache
def draw_instance(number: int, dim: int, instance: int) -> Instance:
    """Return the instance, drawn once per process."""
    seed = SEEDS.get(number, number) + 10000 * instance
    (a,), (b,) = normal(1, seed), normal(1, seed + 1)
    f = min(1000.0, max(-1000.0, math.floor(100 * 100 * a / b + 0.5) / 100))
    r, q = rotation(dim, seed + 1000000), rotation(dim, seed)
    x = torch.tensor(_optimum(number, dim, seed, q), dtype=torch.float64)
    return Instance(number, dim, instance, x, f, r, q)


def _optimum(number: int, dim: int, seed: int, q: Tensor) -> list[float]:
    u = uniform(dim, seed + 1000000 if number == 12 else seed)
    x = [8 * math.floor(1e4 * v) / 1e4 - 4 or -1e-5 for v in u]
    match number:
        case 4:
            return [abs(c) if i % 2 == 0 else c for i, c in enumerate(x)]
        case 5:
            return [math.copysign(5, c) for c in x]
        case 8:
            return [0.75 * c for c in x]
        case 9 | 19:
            return [sum(column) / (2 * max(1.0, math.sqrt(dim) / 8)) for column in q.T.tolist()]
        case 20:
            return [math.copysign(0.5 * 4.2096874637, v - 0.5) for v in u]
        case 21 | 22:
            width = 10 if number == 21 else 9.8
            return [0.8 * (width * v - width / 2) for v in u]
        case 24:
            return [math.copysign(1.25, g) for g in normal(dim, seed)]
    return x


@cache
def gallagher_peaks(number: int, dim: int, instance: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the peaks of Gallagher's functions, the highest first.

    Returns:
        The positions rotated by Q, shape (count, d); the scale of each axis, shape (count, d); and log(height / 10),
        shape (count,).
    """
    drawn = draw_instance(number, dim, instance)
    width, first = (10, math.sqrt(1000)) if count == 101 else (9.8, 1000.0)
    order = _argsort(uniform(count - 1, drawn.seed))
    conditions = [first, *(1000 ** (index / (count - 2)) for index in order)]
    scales = [
        [condition ** (index / (dim - 1) - 0.5) for index in _argsort(uniform(dim, drawn.seed + 1000 * i))]
        for i, condition in enumerate(conditions)
    ]
    heights = [10.0, *(i / (count - 2) * (9.1 - 1.1) + 1.1 for i in range(count - 1))]
    positions = (
        width * torch.tensor(uniform(dim * count, drawn.seed), dtype=torch.float64).reshape(count, dim) - width / 2
    )
    positions[0] = drawn.x_opt
    logs = [math.log(height / 10) for height in heights]
    return (
        rotate(drawn.q, positions),
        torch.tensor(scales, dtype=torch.float64),
        torch.tensor(logs, dtype=torch.float64),
    )


def _argsort(numbers: tuple[float, ...]) -> list[int]:
    """Return the indices that sort the numbers."""
    return sorted(range(len(numbers)), key=numbers.__getitem__)


# Functions

PROBLEMS: dict[int, Callable[[int], Function]] = {}
"""For each number, the function that makes an instance."""

Minimizer: TypeAlias = Callable[[Instance], list[float]]


def bbob_problem(
    number: int, *, minimizer: Minimizer | None = None, **facts: Any
) -> Callable[[Callable[..., Tensor]], Function]:
    """Make a BBOB function of its formula `f(x, instance)`, the value above f_opt.

    Args:
        number: number of the function, 1 to 24.
        minimizer: returns the exact minimizer of an instance, if COCO's x_opt is rounded.
        facts: as for `landscapes.function`.
    """

    def make(height: Callable[..., Tensor]) -> Function:
        def make_instance(instance: int) -> Function:
            def formula(x: Tensor) -> Tensor:
                drawn = draw_instance(number, x.shape[-1], instance)
                return height(x, drawn) + drawn.f_opt

            formula.__name__, formula.__doc__, formula.__module__ = height.__name__, height.__doc__, height.__module__
            name, title = height.__name__, facts["title"]

            def minima(dim: int) -> list[list[float]]:
                drawn = draw_instance(number, dim, instance)
                return [minimizer(drawn) if minimizer else drawn.x_opt.tolist()]

            given: dict[str, Any] = {
                "dims": DIMS,
                "minima": minima,
                "minimum": lambda dim: draw_instance(number, dim, instance).f_opt,
                "reference": "N. Hansen et al., Real-parameter black-box optimization benchmarking, 2009",
                **facts,
                "name": name if instance == 1 else f"{name}_i{instance}",
                "title": title if instance == 1 else f"{title}, instance {instance}",
                "aliases": (*facts["aliases"], _plain(title)) if instance == 1 else (),
            }
            return function((-5.0, 5.0), **given)(formula)

        PROBLEMS[number] = make_instance
        return make_instance(1)

    return make


def _plain(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower())


def bbob_instance(number: int, dim: int, instance: int) -> Function:
    """Return the function of this number and instance with d coordinates; see `landscapes.functions.bbob.bbob`."""
    if number not in PROBLEMS:
        raise InputError(f"number must be one of the BBOB functions 1 to 24, got {number!r}")
    if isinstance(instance, bool) or not isinstance(instance, int) or instance < 1:
        raise InputError(f"instance must be an integer >= 1, got {instance!r}")
    return PROBLEMS[number](instance).with_dim(dim)
