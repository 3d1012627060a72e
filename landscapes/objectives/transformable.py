"""The most used transforms as methods, for `get("beale").shifted((1, 0)).rotated(30)`."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

Own = TypeVar("Own", bound="Transformable")


class Transformable:
    """What the methods of a `Function` say that `landscapes.transforms` can do with it; there are more of them there."""

    def shifted(self: Own, by: float | Sequence[float]) -> Own:
        """Moved by d numbers, or by one along each axis: g(u) = f(u − by); see `landscapes.transforms.shifted`.

        >>> from landscapes.functions import get
        >>> get("booth").shifted((1, -1)).minima
        ((2.0, 2.0),)
        """
        return _transform("shifted", self, by)

    def scaled(self: Own, factor: float | Sequence[float]) -> Own:
        """Stretched away from the origin: g(u) = f(u / factor); see `landscapes.transforms.scaled`.

        >>> from landscapes.functions import get
        >>> get("booth").scaled(2).minima
        ((2.0, 6.0),)
        """
        return _transform("scaled", self, factor)

    def rotated(self: Own, turn: float | Any, about: Sequence[float] | None = None) -> Own:
        """Turned, by degrees or by an orthogonal matrix (d, d), about a point; see `landscapes.transforms.rotated`.

        >>> from landscapes.functions import get
        >>> get("booth").rotated(90, about=(1, 3)).minima
        ((1.0, 3.0),)
        """
        return _transform("rotated", self, turn, about)

    def noisy(self: Own, sigma: float, kind: Literal["additive", "multiplicative"] = "additive", seed: int = 0) -> Own:
        """With noise in its gradients, the same for all runs at one step; see `landscapes.transforms.noisy`.

        >>> from landscapes.functions import get
        >>> "stochastic" in get("booth").noisy(0.5, seed=1).tags
        True
        """
        return _transform("noisy", self, sigma, kind, seed)


def _transform(name: str, f: Own, *given: object) -> Own:
    """By name, and only when it is asked for: transforms are made of landscapes, and not the other way round."""
    made: Own = getattr(importlib.import_module("landscapes.transforms"), name)(f, *given)
    return made
