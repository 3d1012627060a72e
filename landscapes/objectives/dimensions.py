"""The numbers of coordinates that a function supports, and facts that depend on the number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from landscapes.errors import InputError

T = TypeVar("T")

PerDim: TypeAlias = T | Callable[[int], T]
"""A fact, or a function of d that returns it."""


@dataclass(frozen=True)
class Dims:
    """The numbers of coordinates d that a formula supports.

    Attributes:
        least: smallest d.
        multiple: d must be a multiple of it; 2 for even numbers.
        most: largest d; None for no limit.

    Raises:
        InputError: for limits that no number satisfies.

    >>> 3 in Dims(least=2), 3 in Dims(multiple=2)
    (True, False)
    >>> str(Dims(least=2, multiple=2))
    'any, at least 2, a multiple of 2'
    """

    least: int = 1
    multiple: int = 1
    most: int | None = None

    def __post_init__(self) -> None:
        if self.least < 1 or self.multiple < 1 or not self.smallest(1):
            raise InputError(f"least and multiple must be >= 1 and allow some number of coordinates, got {self!r}")

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

    def smallest(self, bound: int) -> int:
        """Return the smallest supported number >= bound; 0 if there is none."""
        found = -(-max(bound, self.least) // self.multiple) * self.multiple
        return found if self.most is None or found <= self.most else 0

    @property
    def default(self) -> int:
        """Two, which can be drawn, or the next supported number."""
        return self.smallest(2) or self.smallest(1)


MAX_DIM = 10**6
"""Most coordinates of a function; its facts are Python tuples."""

ANY = Dims()
"""Any number of coordinates >= 1."""


def at_dim(fact: PerDim[T], dim: int) -> T:
    """Return the fact for d coordinates: itself, or the value of the function of d."""
    return fact(dim) if callable(fact) else fact


def tile(pattern: Sequence[T], dim: int) -> tuple[T, ...]:
    """Return the pattern, repeated or cut to d entries.

    >>> tile((-1.2, 1.0), 5)
    (-1.2, 1.0, -1.2, 1.0, -1.2)
    """
    return tuple(pattern[i % len(pattern)] for i in range(dim)) if len(pattern) else ()
