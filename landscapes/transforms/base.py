"""Common parts of all transforms: make a function of others and keep the facts that still hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import Box, Function, Outside, Point, Sampler, StationaryPoint
from landscapes.objectives.validation import FINITE_DIFFERENCES

FunctionOrName = str | Function
"""A function, or the name of one in the catalogue."""

ColumnMap = Callable[[Tensor], Tensor]
"""Maps points of shape (d, ...), to values of shape (...) or to points."""

OUTSIDE: tuple[Outside, ...] = ("higher", "lower", "unbounded")
"""Kinds of values outside a domain, from the weakest to the strongest statement about lower values."""


@dataclass(frozen=True, eq=False)
class ColumnFormula:
    """A formula `f(x, y, ...)` that evaluates points of shape (d, ...)."""

    evaluate: ColumnMap

    def __call__(self, *x: Tensor) -> Tensor:
        return self.evaluate(torch.stack(x))


def derived(
    f: Function,
    make: Callable[[Function], ColumnMap],
    *,
    suffix: str,
    words: str,
    kept_tags: Iterable[str],
    **facts: Any,
) -> Function:
    """Return a function made of f, with the facts of f except those given.

    Args:
        f: the original function.
        make: returns the new values for a given function: f itself, or one of its samples.
        suffix: appended to the name.
        words: appended to the title.
        kept_tags: tags of f that still hold.
        facts: facts that differ.
    """
    kept_tags = {*kept_tags, FINITE_DIFFERENCES}
    sample = combined_sample([f], lambda parts: make(parts[0]))
    known: dict[str, Any] = {
        "name": f"{f.name}_{suffix}",
        "title": f"{f.title}, {words}",
        "description": "",
        "latex": "",
        "tags": tuple(tag for tag in f.tags if tag in kept_tags),
        "aliases": (),
        "variants": (),
        "family": None,
        "residuals": None,
        "lower_bound": math.nan,
        "sample": sample,
        "mode": "batched",
    }
    return replace(f, formula=ColumnFormula(make(f)), **{**known, **facts})


def combined_sample(operands: Sequence[Function], make: Callable[[Sequence[Function]], ColumnMap]) -> Sampler | None:
    """Return the sampler of a function made of others; None if none of them is stochastic.

    It takes the seed of the run if one of theirs does.
    """
    if any(f.sample_takes_seed for f in operands):
        return lambda t, seed=0: ColumnFormula(make([f.at_step(t, seed) for f in operands]))
    if any(f.sample is not None for f in operands):
        return lambda t: ColumnFormula(make([f.at_step(t) for f in operands]))
    return None


def short_repr(value: object) -> str:
    """Return repr(value) as one line of at most 80 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def as_point(value: object, dim: int, what: str, *, broadcast: bool = False) -> Point:
    """Return d finite numbers; with `broadcast`, one number is repeated d times."""
    try:
        numbers = torch.as_tensor(value, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError):
        numbers = torch.zeros(0)
    if broadcast and numbers.ndim == 0:
        numbers = numbers.expand(dim)
    allowed = f"one number or {dim}" if broadcast else f"{dim} numbers"
    if numbers.shape != (dim,):
        raise InputError(f"{what} must be {allowed}, got {short_repr(value)}")
    if not numbers.isfinite().all():
        raise InputError(f"{what} must be finite, got {short_repr(value)}")
    return tuple(numbers.tolist())


def column(values: Sequence[float], like: Tensor) -> Tensor:
    """Return one value per coordinate, in a shape that broadcasts with points of shape (d, ...)."""
    return _constant(tuple(values), like.dtype, like.device).reshape(-1, *[1] * (like.ndim - 1))


@lru_cache(maxsize=512)
def _constant(values: Point, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a cached tensor: a copy to a GPU at every step would synchronize."""
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=dtype, device=device)


def map_points(forward: ColumnMap, points: Sequence[Point]) -> tuple[Point, ...]:
    """Return the images of points."""
    if not points:
        return ()
    images = forward(torch.tensor(points, dtype=torch.float64).T)
    return tuple(tuple(point) for point in images.T.tolist())


def map_stationary(forward: ColumnMap, stationary: Sequence[StationaryPoint]) -> tuple[StationaryPoint, ...]:
    """Return the images of stationary points, with the same kinds."""
    images = map_points(forward, [point.point for point in stationary])
    return tuple(StationaryPoint(old.kind, point) for old, point in zip(stationary, images, strict=True))


def inside(point: Sequence[float], box: Box, margin: float = 0.0) -> bool:
    """Return whether a point lies in a box, at least `margin` of the box's width away from the border."""
    return all(
        low + margin * (high - low) <= c <= high - margin * (high - low)
        for c, (low, high) in zip(point, box, strict=True)
    )


def is_single_expression(latex: str) -> bool:
    """Return whether this TeX is one expression that may be part of another: no definitions follow it."""
    return bool(latex) and r"\quad" not in latex and "=" not in latex


def stationary_minima(f: Function) -> tuple[Point, ...]:
    """Return the global minimizers with zero gradient: those in the interior of the domain of a smooth function."""
    return () if f.nonsmooth_where else tuple(point for point in f.minima if inside(point, f.domain, 1e-9))
