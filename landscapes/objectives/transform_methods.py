"""The most common transforms as methods of `Function`: `get("beale").shifted((1, 0)).rotated(30)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

Self = TypeVar("Self", bound="TransformMethods")


class TransformMethods:
    """Methods that call the function of the same name in `landscapes.transforms`, which has further transforms."""

    def shifted(self: Self, by: float | Sequence[float]) -> Self:
        """Return the function shifted by d numbers, or by one number along every axis: g(u) = f(u − by).

        See `landscapes.transforms.shifted`.

        >>> from landscapes.functions import get
        >>> get("booth").shifted((1, -1)).minima
        ((2.0, 2.0),)
        """
        return _apply("shifted", self, by)

    def scaled(self: Self, factor: float | Sequence[float]) -> Self:
        """Return the function stretched about the origin: g(u) = f(u / factor).

        See `landscapes.transforms.scaled`.

        >>> from landscapes.functions import get
        >>> get("booth").scaled(2).minima
        ((2.0, 6.0),)
        """
        return _apply("scaled", self, factor)

    def rotated(self: Self, rotation: float | Any, about: Sequence[float] | None = None) -> Self:
        """Return the function rotated about a point, by degrees or by an orthogonal matrix of shape (d, d).

        See `landscapes.transforms.rotated`.

        >>> from landscapes.functions import get
        >>> get("booth").rotated(90, about=(1, 3)).minima
        ((1.0, 3.0),)
        """
        return _apply("rotated", self, rotation, about)

    def noisy(
        self: Self, sigma: float, kind: Literal["additive", "multiplicative"] = "additive", seed: int = 0
    ) -> Self:
        """Return the function with gradient noise that is the same for all runs of one seed at one step.

        See `landscapes.transforms.noisy`.

        >>> from landscapes.functions import get
        >>> "stochastic" in get("booth").noisy(0.5, seed=1).tags
        True
        """
        return _apply("noisy", self, sigma, kind, seed)


def _apply(name: str, function: Self, *arguments: object) -> Self:
    """Call a transform through the lazy package: transforms build functions, so they are a higher layer."""
    import landscapes

    made: Self = getattr(landscapes.transforms, name)(function, *arguments)
    return made
