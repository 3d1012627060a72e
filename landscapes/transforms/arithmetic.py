"""Sums and products of landscapes."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import Function, Point
from landscapes.objectives.provenance import recorded_call
from landscapes.objectives.validation import FINITE_DIFFERENCES
from landscapes.transforms.base import OUTSIDE, Box, Composed, Landscape, inside, landscape, remade, single

SAME = 1e-12
"""Minimisers nearer to each other, in sides of the domain, are one."""


@recorded_call
def added(*landscapes: Landscape) -> Function:
    """The sum of landscapes, in the box that all have in common.

    Where the known minimisers of all coincide, they are the sum's; else its minima are not known.

    Raises:
        InputError: for fewer than two, for other numbers of coordinates, and for boxes without common ground.

    >>> added("booth", "booth").minima, added("booth", "himmelblau").minimum
    (((1.0, 3.0),), nan)
    """
    parts = _parts(landscapes, "added")
    common = [point for point in parts[0].minima if all(_has(part, point) for part in parts[1:])]
    kept = [{"smooth", "convex", "separable"}.intersection(*(part.tags for part in parts))]
    if "convex" in kept[0] and all("quadratic" in part.tags for part in parts):
        kept.append({"quadratic"})
    return _joined(
        parts,
        operator.add,
        " + ",
        minima=tuple(common),
        minimum=sum(part.minimum for part in parts) if common else math.nan,
        kept=set().union(*kept),
        latex=" + ".join(part.latex for part in parts),
        residuals=_stacked(parts) if all(part.residuals for part in parts) else None,
    )


@recorded_call
def multiplied(*landscapes: Landscape) -> Function:
    """The product of landscapes, in the box that all have in common.

    Where none is negative and one of them reaches 0, the product's minima are all those zeros; else they are
    not known.

    Raises:
        InputError: as `added` does, and for more than one stochastic landscape, whose noise would not average out.

    >>> multiplied("booth", "rosenbrock").minima
    ((1.0, 3.0), (1.0, 1.0))
    """
    parts = _parts(landscapes, "multiplied")
    if sum(part.sample is not None for part in parts) > 1:
        raise InputError("a product of two stochastic landscapes is not the average of its samples; multiply first")
    zeros: list[Point] = []
    box = _common(parts, "domain")
    if all(part.minimum >= 0 for part in parts):
        zeros = [p for part in parts if part.minimum == 0 for p in part.minima if box and inside(p, box)]
    return _joined(
        parts,
        operator.mul,
        " × ",
        minima=tuple(dict.fromkeys(zeros)),
        minimum=0.0 if zeros else math.nan,
        kept={"smooth"}.intersection(*(part.tags for part in parts)),
        latex=r" \, ".join(rf"\left({part.latex}\right)" for part in parts),
    )


def _parts(given: Sequence[Landscape], what: str) -> list[Function]:
    parts = [landscape(one, what) for one in given]
    if len(parts) < 2:
        raise InputError(f"{what} takes two landscapes or more, not {len(parts)}")
    if len({part.dim for part in parts}) > 1:
        listed = ", ".join(f"{part.name} {part.dim}" for part in parts)
        raise InputError(f"{what} takes landscapes of one number of coordinates; they have: {listed}")
    return parts


def _joined(
    parts: list[Function],
    combine: Callable[[Tensor, Tensor], Tensor],
    sign: str,
    *,
    kept: set[str],
    latex: str,
    **facts: Any,
) -> Function:
    domain = _common(parts, "domain")
    if domain is None:
        raise InputError(f"the domains of {' and '.join(part.name for part in parts)} have nothing in common")
    view = _common(parts, "view") or domain
    starts = [part.start for part in parts if inside(part.start, view)]
    middle = tuple(low + 0.2 * (high - low) for low, high in view)

    def values(at: Sequence[Function]) -> Callable[[Tensor], Tensor]:
        return lambda x: functools.reduce(combine, [part.evaluate(x) for part in at])

    stochastic = any(part.sample is not None for part in parts)
    tags = [tag for tag in parts[0].tags if tag in kept]
    tags += [FINITE_DIFFERENCES] if any(FINITE_DIFFERENCES in part.tags for part in parts) else []
    worst = max((part.outside for part in parts), key=OUTSIDE.index)
    return remade(
        parts[0],
        lambda _: values(parts),
        suffix="",
        words="",
        kept=(),
        **{
            "name": sign.strip().join(part.name for part in parts),
            "title": sign.join(part.title for part in parts),
            "domain": domain,
            "view": view,
            "start": starts[0] if starts else middle,
            "steps": max(part.steps for part in parts),
            "minima_complete": all(part.minima_complete for part in parts),
            "stationary": (),
            "outside": worst if facts["minima"] else "higher",
            "nonsmooth_where": "; ".join(
                f"of {part.name}: {part.nonsmooth_where}" for part in parts if part.nonsmooth_where
            ),
            "scale": parts[0].scale if len({part.scale for part in parts}) == 1 else "log",
            "latex": latex if all(single(part.latex) for part in parts) else "",
            "reference": "; ".join(dict.fromkeys(part.reference for part in parts if part.reference)),
            "tags": (*tags, *(["stochastic"] if stochastic else [])),
            "sample": (lambda t: Composed(values([part.at_step(t) for part in parts]))) if stochastic else None,
            **facts,
        },
    )


def _common(parts: Sequence[Function], name: str) -> Box | None:
    """The box that all have in common; None where there is none."""
    boxes = [getattr(part, name) for part in parts]
    box = tuple((max(low for low, _ in sides), min(high for _, high in sides)) for sides in zip(*boxes, strict=True))
    return box if all(low < high for low, high in box) else None


def _has(f: Function, point: Point) -> bool:
    """Whether a point is one of f's minimisers."""
    sides = [high - low for low, high in f.domain]
    return any(all(abs(a - b) <= SAME * side for a, b, side in zip(point, own, sides, strict=True)) for own in f.minima)


def _stacked(parts: Sequence[Function]) -> Callable[..., Tensor]:
    """The residuals of all, one below the other."""
    return lambda *x: torch.cat([part.evaluate_residuals(torch.stack(x)) for part in parts])
