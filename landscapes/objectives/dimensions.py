"""How many coordinates a landscape may have, and facts that hold for any number of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from landscapes.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True)
class Dims:
    """The numbers of coordinates d that a formula takes.

    Attributes:
        least: the fewest.
        multiple: d is a multiple of it; 2 for an even number.
        most: the most; None for no limit.

    >>> 3 in Dims(least=2), 3 in Dims(multiple=2)
    (True, False)
    >>> str(Dims(least=2, multiple=2))
    'any, at least 2, a multiple of 2'
    """

    least: int = 1
    multiple: int = 1
    most: int | None = None

    def __post_init__(self) -> None:
        if self.least < 1 or self.multiple < 1 or not self.first(1):
            raise InputError(f"no number of coordinates is one of {self!r}; least and multiple are 1 or more")

    def __contains__(self, dim: object) -> bool:
        return (
            isinstance(dim, int)
            and not isinstance(dim, bool)
            and dim >= self.least
            and dim % self.multiple == 0
            and (self.most is None or dim <= self.most)
        )

    def __str__(self) -> str:
        limits = [f"at least {self.least}"] if self.least > 1 else []
        limits += [f"at most {self.most}"] if self.most is not None else []
        limits += [f"a multiple of {self.multiple}"] if self.multiple > 1 else []
        return ", ".join(["any", *limits])

    def first(self, wanted: int) -> int:
        """The smallest that is at least as large as wanted; 0 where there is none."""
        found = -(-max(wanted, self.least) // self.multiple) * self.multiple
        return found if self.most is None or found <= self.most else 0

    @property
    def usual(self) -> int:
        """Two, or the number nearest to it: what can be drawn."""
        return self.first(2) or self.first(1)


ANY = Dims()
"""Any number of coordinates, from one on."""


def settled(fact: T | Callable[[int], T], dim: int) -> T:
    """The fact for d coordinates: itself, or what its optimizer says."""
    return fact(dim) if callable(fact) else fact


def tiled(pattern: Sequence[T], dim: int) -> tuple[T, ...]:
    """The pattern, repeated or cut to d coordinates.

    >>> tiled((-1.2, 1.0), 5)
    (-1.2, 1.0, -1.2, 1.0, -1.2)
    """
    return tuple(pattern[i % len(pattern)] for i in range(dim)) if len(pattern) else ()
