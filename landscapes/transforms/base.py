"""What all transforms share: a landscape made of others, with the facts that stay true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.objectives._function import Function, Interval, Outside, Point, StationaryPoint
from landscapes.objectives.validation import FINITE_DIFFERENCES

Landscape = str | Function
"""A name of the catalogue, or a landscape of one's own."""

Box = tuple[Interval, ...]
Columns = Callable[[Tensor], Tensor]
"""Values (...) at points of shape (d, ...)."""

OUTSIDE: tuple[Outside, ...] = ("higher", "lower", "unbounded")
"""What lies beyond a domain, from the safest on."""


@dataclass(frozen=True, eq=False)
class Composed:
    """A formula made of others."""

    evaluate: Columns

    def __call__(self, *x: Tensor) -> Tensor:
        return self.evaluate(torch.stack(x))


def remade(
    f: Function, made: Callable[[Function], Columns], *, suffix: str, words: str, kept: Iterable[str], **facts: Any
) -> Function:
    """A landscape made of f, whose facts are f's but for those given.

    Args:
        f: what it is made of.
        made: makes the values of those of a landscape: of f, and of each of its samples.
        suffix: what is added to the name.
        words: what was done, as a title says it.
        kept: which of f's tags still hold.
        facts: all that is no longer what it was.
    """
    kept = {*kept, FINITE_DIFFERENCES}
    sample = None if f.sample is None else lambda t: Composed(made(f.at_step(t)))
    known: dict[str, Any] = {
        "name": f"{f.name}_{suffix}",
        "title": f"{f.title}, {words}",
        "description": "",
        "latex": "",
        "tags": tuple(tag for tag in f.tags if tag in kept),
        "aliases": (),
        "variants": (),
        "family": None,
        "residuals": None,
        "sample": sample,
        "mode": "batched",
    }
    return replace(f, formula=Composed(made(f)), **{**known, **facts})


def landscape(given: object, what: str) -> Function:
    """The landscape itself, or the one of the catalogue that a name means."""
    if isinstance(given, str | Function):
        return as_function(given)
    raise InputError(f"{what} takes a landscape or its name in the catalogue, not {shown(given)}")


def shown(given: object) -> str:
    """What was given, in one short line."""
    text = " ".join(repr(given).split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def vector(given: object, dim: int, what: str, *, single: bool = False) -> Point:
    """A point of d finite numbers; with `single`, one number stands for all of them."""
    try:
        values = torch.as_tensor(given, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        values = torch.zeros(0)
    if single and values.ndim == 0:
        values = values.expand(dim)
    allowed = f"one number or {dim}" if single else f"{dim} numbers"
    if values.shape != (dim,):
        raise InputError(f"{what} is {allowed}, not {shown(given)}")
    if not values.isfinite().all():
        raise InputError(f"{what} must be finite, not {shown(given)}")
    return tuple(values.tolist())


def column(values: Sequence[float], like: Tensor) -> Tensor:
    """The values, one a coordinate, in a shape that goes with points (d, ...)."""
    return _constant(tuple(values), like.dtype, like.device).reshape(-1, *[1] * (like.ndim - 1))


@lru_cache(maxsize=512)
def _constant(values: Point, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Kept, because a copy to a GPU at every step would hold up all others."""
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=dtype, device=device)


def moved_points(there: Columns, points: Sequence[Point]) -> tuple[Point, ...]:
    """Where points come to lie."""
    if not points:
        return ()
    moved = there(torch.tensor(points, dtype=torch.float64).T)
    return tuple(tuple(point) for point in moved.T.tolist())


def moved_stationary(there: Columns, places: Sequence[StationaryPoint]) -> tuple[StationaryPoint, ...]:
    """Where points without slope come to lie; their kind stays."""
    points = moved_points(there, [place.point for place in places])
    return tuple(StationaryPoint(place.kind, point) for place, point in zip(places, points, strict=True))


def inside(point: Sequence[float], box: Box, margin: float = 0.0) -> bool:
    """Whether a point lies in a box, that much of its sides away from the border."""
    return all(
        low + margin * (high - low) <= c <= high - margin * (high - low)
        for c, (low, high) in zip(point, box, strict=True)
    )


def single(latex: str) -> bool:
    """Whether this TeX is one expression, that may stand within others: no definitions follow it."""
    return bool(latex) and r"\quad" not in latex and "=" not in latex


def still(f: Function) -> tuple[Point, ...]:
    """The global minimisers that are points without slope: those within the domain, of a smooth landscape."""
    return () if f.nonsmooth_where else tuple(point for point in f.minima if inside(point, f.domain, 1e-9))
