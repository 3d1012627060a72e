"""The instances of the BBOB functions: where COCO puts the optimum, how it turns and how high it lifts each landscape.

An instance is a function's number, d and a seed k = 1, 2, …: everything else comes out of COCO's own generator of
random numbers, so that values equal those of its package (Hansen, Auger, Ros, Mersmann, Tušar and Brockhoff, COCO: a
platform for comparing continuous optimizers in a black-box setting, 2021). The transformations are those of Hansen,
Finck, Ros and Auger, Real-parameter black-box optimization benchmarking 2009, RR-6829, section 0.2.
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
from landscapes.objectives.provenance import recorded_call

Matrix: TypeAlias = list[list[float]]

SEEDS = {4: 3, 18: 17}
"""Functions that share the random numbers of another one."""

DIMS = Dims(least=2, most=40)
"""COCO's generator is asked for no more."""

# Random numbers


@cache
def uniform(count: int, seed: int) -> tuple[float, ...]:
    """Numbers of (0, 1): Park and Miller's generator (1988), shuffled through a table of 32 (Bays and Durham, 1976)."""

    def follow(state: int) -> int:
        high, low = divmod(state, 127773)
        state = 16807 * low - 2836 * high
        return state + 2147483647 if state < 0 else state

    state, table = max(abs(seed), 1), [0] * 32
    for i in reversed(range(40)):
        state = follow(state)
        if i < 32:
            table[i] = state
    drawn, numbers = table[0], []
    for _ in range(count):
        state = follow(state)
        slot = drawn // 67108865
        drawn, table[slot] = table[slot], state
        numbers.append(drawn / 2.147483647e9 or 1e-99)
    return tuple(numbers)


def normal(count: int, seed: int) -> list[float]:
    """Numbers of the normal distribution, by Box and Muller (1958)."""
    u = uniform(2 * count, seed)
    pairs = zip(u[:count], u[count:], strict=True)
    return [math.sqrt(-2 * math.log(a)) * math.cos(2 * math.pi * b) or 1e-99 for a, b in pairs]


@cache
def rotation(dim: int, seed: int) -> Tensor:
    """An orthogonal matrix (d, d): normal numbers, made orthonormal column after column (Gram and Schmidt)."""
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
    """The matrix (m, d) times each point (..., d), added up from first to last: the same bits in every batch."""
    return ordered_sum(matrix.to(x) * x[..., None, :])


def unit_ramp(x: Tensor) -> Tensor:
    """i / (d - 1) for i = 0 … d - 1."""
    d = x.shape[-1]
    return torch.arange(d, dtype=x.dtype, device=x.device) / (d - 1)


def oscillate(x: Tensor) -> Tensor:
    """T_osz: small waves on the identity, the denser the nearer to zero."""
    size = x.abs()
    t = 10 * torch.where(size > 0, size, 1.0).log()
    up = x > 0
    waves = torch.sin(torch.where(up, t, 0.55 * t)) + torch.sin(torch.where(up, 0.79 * t, 0.31 * t))
    return x * torch.exp(0.049 * waves)


def asymmetrize(x: Tensor, beta: float) -> Tensor:
    """T_asy: what is positive grows by a power above one, the later coordinates more."""
    up = torch.where(x > 0, x, 1.0)
    return x * torch.exp(beta * unit_ramp(x) * up.sqrt() * up.log())


def stretch(x: Tensor, condition: float) -> Tensor:
    """Λ: axes of lengths from 1 to √condition."""
    return torch.exp(0.5 * math.log(condition) * unit_ramp(x)) * x


def boundary_penalty(x: Tensor) -> Tensor:
    """The penalty: squared distances from the box [-5, 5]^d."""
    over = (x.abs() - 5).clamp(min=0)
    return ordered_sum(over * over)


# Instances


@dataclass(frozen=True)
class Instance:
    """What COCO draws for a function, a number of coordinates and an instance.

    Attributes:
        number: of the function, 1 to 24.
        dim: the number of coordinates, d.
        instance: 1, 2, …: the seed of everything.
        x: the optimum x_opt, shape (d,).
        f: its value f_opt.
        r, q: the rotations R and Q, shape (d, d).
    """

    number: int
    dim: int
    instance: int
    x: Tensor
    f: float
    r: Tensor
    q: Tensor

    @property
    def seed(self) -> int:
        return SEEDS.get(self.number, self.number) + 10000 * self.instance

    @property
    def signs(self) -> list[float]:
        """Those of the Schwefel function."""
        return [-1.0 if u < 0.5 else 1.0 for u in uniform(self.dim, self.seed)]

    def between(self, base: float) -> Tensor:
        """R Λ Q with Λ from 1 to `base`, shape (d, d)."""
        scale = torch.tensor([base ** (k / (self.dim - 1)) for k in range(self.dim)], dtype=torch.float64)
        return ordered_sum(self.r[:, None, :] * scale * self.q.T)


@cache
def draw_instance(number: int, dim: int, instance: int) -> Instance:
    """The instance, drawn once."""
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
    """Gallagher's peaks, the highest first: where they are, turned by Q, (count, d); how steep along each axis,
    (count, d); and the logarithm of a tenth of how high, (count,)."""
    drawn = draw_instance(number, dim, instance)
    width, first = (10, math.sqrt(1000)) if count == 101 else (9.8, 1000.0)
    order = _ranks(uniform(count - 1, drawn.seed))
    conditions = [first, *(1000 ** (index / (count - 2)) for index in order)]
    scales = [
        [condition ** (index / (dim - 1) - 0.5) for index in _ranks(uniform(dim, drawn.seed + 1000 * i))]
        for i, condition in enumerate(conditions)
    ]
    heights = [10.0, *(i / (count - 2) * (9.1 - 1.1) + 1.1 for i in range(count - 1))]
    places = width * torch.tensor(uniform(dim * count, drawn.seed), dtype=torch.float64).reshape(count, dim) - width / 2
    places[0] = drawn.x
    logs = [math.log(height / 10) for height in heights]
    return rotate(drawn.q, places), torch.tensor(scales, dtype=torch.float64), torch.tensor(logs, dtype=torch.float64)


def _ranks(numbers: tuple[float, ...]) -> list[int]:
    """Which of the numbers is the smallest, the next, …"""
    return sorted(range(len(numbers)), key=numbers.__getitem__)


# Landscapes

PROBLEMS: dict[int, Callable[[int], Function]] = {}
"""For each number what makes the landscape of an instance."""

Where: TypeAlias = Callable[[Instance], list[float]]


def bbob_problem(number: int, *, at: Where | None = None, **facts: Any) -> Callable[[Callable[..., Tensor]], Function]:
    """Makes a BBOB function of its formula `f(x, instance)`, the height above f_opt.

    Args:
        number: 1 to 24.
        at: where the lowest point lies, if not where COCO says: its own x_opt may be rounded.
        facts: as for `landscapes.objectives.decorators.function`.
    """

    def make(height: Callable[..., Tensor]) -> Function:
        def of(instance: int) -> Function:
            def formula(x: Tensor) -> Tensor:
                drawn = draw_instance(number, x.shape[-1], instance)
                return height(x, drawn) + drawn.f

            formula.__name__, formula.__doc__, formula.__module__ = height.__name__, height.__doc__, height.__module__
            name, title = height.__name__, facts["title"]

            def lowest(dim: int) -> list[list[float]]:
                drawn = draw_instance(number, dim, instance)
                return [at(drawn) if at else drawn.x.tolist()]

            given: dict[str, Any] = {
                "dims": DIMS,
                "minima": lowest,
                "minimum": lambda dim: draw_instance(number, dim, instance).f,
                "reference": "N. Hansen et al., Real-parameter black-box optimization benchmarking, 2009",
                **facts,
                "name": name if instance == 1 else f"{name}_i{instance}",
                "title": title if instance == 1 else f"{title}, instance {instance}",
                "aliases": (*facts["aliases"], _plain(title)) if instance == 1 else (),
            }
            return function((-5.0, 5.0), **given)(formula)

        PROBLEMS[number] = of
        return of(1)

    return make


def _plain(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower())


@recorded_call
def bbob_instance(number: int, dim: int, instance: int) -> Function:
    """The landscape of a number and an instance, with d coordinates; see `landscapes.functions.bbob.bbob`."""
    if number not in PROBLEMS:
        raise InputError(f"BBOB has functions 1 to 24, not {number!r}")
    if isinstance(instance, bool) or not isinstance(instance, int) or instance < 1:
        raise InputError(f"an instance of BBOB is a whole number, at least 1, not {instance!r}")
    return PROBLEMS[number](instance).with_dim(dim)
