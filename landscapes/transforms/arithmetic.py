"""Sums and products of functions."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.objectives._function import Box, Function, Point
from landscapes.objectives.provenance import recorded_call
from landscapes.objectives.validation import FINITE_DIFFERENCES
from landscapes.transforms.base import OUTSIDE, FunctionOrName, combined_sample, derived, inside, is_single_expression

SAME_POINT = 1e-12
"""Minimizers whose distance is below this share of the domain are equal."""


@recorded_call
def added(*functions: FunctionOrName) -> Function:
    """Return the sum of functions, with the intersection of their domains.

    If all functions share a known minimizer, it is a minimizer of the sum. Otherwise the minima are unknown.

    Raises:
        InputError: for fewer than two functions, for different numbers of coordinates, and for disjoint domains.

    >>> added("booth", "booth").minima, added("booth", "himmelblau").minimum
    (((1.0, 3.0),), nan)
    """
    terms = _operands(functions, "added")
    common = [point for point in terms[0].minima if all(_is_minimizer(term, point) for term in terms[1:])]
    kept_tags = {"smooth", "convex", "separable"}.intersection(*(term.tags for term in terms))
    if "convex" in kept_tags and all("quadratic" in term.tags for term in terms):
        kept_tags.add("quadratic")
    return _combined(
        terms,
        operator.add,
        " + ",
        minima=tuple(common),
        minimum=sum(term.minimum for term in terms) if common else math.nan,
        kept_tags=kept_tags,
        latex=" + ".join(term.latex for term in terms),
        residuals=_stacked_residuals(terms) if all(term.residuals for term in terms) else None,
    )


@recorded_call
def multiplied(*functions: FunctionOrName) -> Function:
    """Return the product of functions, with the intersection of their domains.

    If no function is negative, the known zeros of the functions are the minimizers of the product. Otherwise, the
    minima are unknown.

    Raises:
        InputError: as `added` does, and for more than one stochastic function: the product of samples is not an
            unbiased sample of the product.

    >>> multiplied("booth", "rosenbrock").minima
    ((1.0, 3.0), (1.0, 1.0))
    """
    factors = _operands(functions, "multiplied")
    if sum(factor.sample is not None for factor in factors) > 1:
        raise InputError(
            "a product of two stochastic functions is not the average of its samples; multiply first, then add noise"
        )
    zeros: list[Point] = []
    box = _intersection(factors, "domain")
    if all(factor.minimum >= 0 for factor in factors):
        zeros = [p for factor in factors if factor.minimum == 0 for p in factor.minima if box and inside(p, box)]
    return _combined(
        factors,
        operator.mul,
        " × ",
        minima=tuple(dict.fromkeys(zeros)),
        minimum=0.0 if zeros else math.nan,
        kept_tags={"smooth"}.intersection(*(factor.tags for factor in factors)),
        latex=r" \, ".join(rf"\left({factor.latex}\right)" for factor in factors),
    )


def _operands(functions: Sequence[FunctionOrName], what: str) -> list[Function]:
    operands = [as_function(function) for function in functions]
    if len(operands) < 2:
        raise InputError(f"{what} takes at least two functions, got {len(operands)}")
    if len({operand.dim for operand in operands}) > 1:
        listed = ", ".join(f"{operand.name} {operand.dim}" for operand in operands)
        raise InputError(f"{what} takes functions with the same number of coordinates, got: {listed}")
    return operands


def _combined(
    operands: list[Function],
    combine: Callable[[Tensor, Tensor], Tensor],
    sign: str,
    *,
    kept_tags: set[str],
    latex: str,
    **facts: Any,
) -> Function:
    domain = _intersection(operands, "domain")
    if domain is None:
        raise InputError(f"the domains of {' and '.join(f.name for f in operands)} have nothing in common")
    view = _intersection(operands, "view") or domain
    starts = [f.start for f in operands if inside(f.start, view)]
    default_start = tuple(low + 0.2 * (high - low) for low, high in view)

    def values(functions: Sequence[Function]) -> Callable[[Tensor], Tensor]:
        return lambda x: functools.reduce(combine, [f.evaluate(x) for f in functions])

    stochastic = any(f.sample is not None for f in operands)
    tags = [tag for tag in operands[0].tags if tag in kept_tags]
    tags += [FINITE_DIFFERENCES] if any(FINITE_DIFFERENCES in f.tags for f in operands) else []
    strongest = max((f.outside for f in operands), key=OUTSIDE.index)
    return derived(
        operands[0],
        lambda _: values(operands),
        suffix="",
        words="",
        kept_tags=(),
        **{
            "name": sign.strip().join(f.name for f in operands),
            "title": sign.join(f.title for f in operands),
            "domain": domain,
            "view": view,
            "start": starts[0] if starts else default_start,
            "steps": max(f.steps for f in operands),
            "check_gradients": all(f.check_gradients for f in operands),
            "minima_complete": all(f.minima_complete for f in operands),
            "stationary": (),
            "outside": strongest if facts["minima"] else "higher",
            "nonsmooth_where": "; ".join(f"of {f.name}: {f.nonsmooth_where}" for f in operands if f.nonsmooth_where),
            "scale": operands[0].scale if len({f.scale for f in operands}) == 1 else "log",
            "latex": latex if all(is_single_expression(f.latex) for f in operands) else "",
            "reference": "; ".join(dict.fromkeys(f.reference for f in operands if f.reference)),
            "tags": (*tags, *(["stochastic"] if stochastic else [])),
            "sample": combined_sample(operands, values),
            **facts,
        },
    )


def _intersection(functions: Sequence[Function], name: str) -> Box | None:
    """Return the intersection of the domains or views; None if it is empty."""
    boxes = [getattr(f, name) for f in functions]
    box = tuple(
        (max(low for low, _ in intervals), min(high for _, high in intervals)) for intervals in zip(*boxes, strict=True)
    )
    return box if all(low < high for low, high in box) else None


def _is_minimizer(f: Function, point: Point) -> bool:
    """Return whether a point is one of the listed minimizers of f."""
    widths = [high - low for low, high in f.domain]
    return any(
        all(abs(a - b) <= SAME_POINT * width for a, b, width in zip(point, known, widths, strict=True))
        for known in f.minima
    )


def _stacked_residuals(functions: Sequence[Function]) -> Callable[..., Tensor]:
    """Return the formula of the concatenated residuals."""
    return lambda *x: torch.cat([f.evaluate_residuals(torch.stack(x)) for f in functions])
