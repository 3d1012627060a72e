"""Transforms of the values: increasing maps, logarithms and negation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.objectives._function import Function, Point, StationaryKind, StationaryPoint
from landscapes.objectives.derivatives import random_points
from landscapes.objectives.provenance import recorded_call
from landscapes.transforms.base import FunctionOrName, derived, is_single_expression, stationary_minima

KEPT = frozenset(
    {"multimodal", "unimodal", "infimum not attained", "basins", "curved", "deceptive", "funnel", "needle",
     "oscillating", "periodic", "ring", "rotated", "saddle", "spiral", "illustrative", "valley", "discontinuous"}
)  # fmt: skip
"""Tags that an increasing map preserves: they describe the level sets."""

KEPT_BY_NEGATION = frozenset(
    {
        "smooth",
        "nonsmooth",
        "discontinuous",
        "quadratic",
        "separable",
        "stochastic",
        "degenerate",
        "periodic",
        "rotated",
    }
)

NEGATED_KIND: dict[StationaryKind, StationaryKind] = {"minimum": "maximum", "saddle": "saddle", "maximum": "minimum"}


@recorded_call
def value_transformed(f: FunctionOrName, transform: Callable[[Tensor], Tensor]) -> Function:
    """Return g(u) = T(f(u)) for an increasing T, which preserves all minimizers.

    Args:
        f: the function, or its name in the catalogue. It must not be stochastic, because the average of T is not T of
            the average: use `noisy(value_transformed(f, T))`.
        transform: T, elementwise, of torch operations, such as `torch.sqrt` or `lambda v: 3 * v + 1`.

    Raises:
        InputError: if T does not increase or returns another shape, and for a stochastic function.

    >>> import torch
    >>> value_transformed("booth", torch.sqrt).minimum
    0.0
    """
    f = as_function(f)
    minimum = f.minimum if math.isnan(f.minimum) else float(_apply(f, transform, [f.minimum])[0])
    _check_increasing(f, transform)
    return _with_values(f, transform, minimum, suffix="transformed", words="transformed values")


@recorded_call
def log_values(f: FunctionOrName, offset: float = 1.0, lowest: float | None = None) -> Function:
    """Return the logarithm of the function, g(u) = log(f(u) − lowest + offset).

    Args:
        f: the function, or its name in the catalogue; it must not be stochastic.
        offset: number > 0; a smaller offset makes the minima deeper.
        lowest: value to subtract; by default the minimum.

    Raises:
        InputError: if the minimum is unknown or infinite and `lowest` is not given, and for a stochastic function.

    >>> log_values("beale").minimum
    0.0
    """
    f = as_function(f)
    if isinstance(offset, bool) or not isinstance(offset, int | float) or not 0 < offset < math.inf:
        raise InputError(f"offset must be a finite number > 0, got {offset!r}")
    base = f.minimum if lowest is None else float(lowest)
    if not math.isfinite(base):
        raise InputError(f"the minimum of {f.name} is {f.minimum}; give the value to subtract: log_values(…, lowest=0)")
    bottom = f.minimum - base + offset
    minimum = math.log(bottom) if bottom > 0 else math.nan
    kept_tags = {"smooth", "nonsmooth", "degenerate", "ill-conditioned"} if bottom > 0 else set[str]()
    latex = rf"\log\left({f.latex} {offset - base:+.15g}\right)" if is_single_expression(f.latex) else ""
    return _with_values(
        f,
        lambda v: torch.log(v - base + offset),
        minimum,
        suffix="log",
        words="on a log scale",
        kept_tags=kept_tags,
        scale="linear",
        latex=latex,
    )


@recorded_call
def negated(f: FunctionOrName) -> Function:
    """Return g(u) = −f(u). Its minima are unknown; the minima of f become maxima.

    >>> [point.kind for point in negated("booth").stationary]
    ['maximum']
    """
    f = as_function(f)
    stationary = [StationaryPoint(NEGATED_KIND[point.kind], point.point) for point in f.stationary]
    stationary += [StationaryPoint("maximum", point) for point in stationary_minima(f)]
    return derived(
        f,
        lambda inner: lambda u: -inner.evaluate(u),
        suffix="negated",
        words="negated",
        kept_tags=KEPT_BY_NEGATION,
        minima=(),
        minimum=math.nan,
        minima_complete=True,
        stationary=tuple(stationary),
        outside="higher",
        latex=(rf"-\left({f.latex}\right)") if is_single_expression(f.latex) else "",
        scale="linear",
    )


def _with_values(
    f: Function,
    transform: Callable[[Tensor], Tensor],
    minimum: float,
    *,
    suffix: str,
    words: str,
    kept_tags: set[str] | None = None,
    **facts: Any,
) -> Function:
    if f.sample is not None:
        raise InputError(
            f"{f.name} is stochastic, and the average of transformed values is not the transformed average; "
            "transform first, then add noise: noisy(…)"
        )
    return derived(
        f,
        lambda inner: lambda u: transform(inner.evaluate(u)),
        suffix=suffix,
        words=words,
        kept_tags=KEPT | (kept_tags or set()),
        minimum=minimum,
        stationary=tuple(point for point in f.stationary if _preserves_kind(f, transform, point.point)),
        **facts,
    )


def _apply(f: Function, transform: Callable[[Tensor], Tensor], values: Any) -> Tensor:
    """Return the transformed values; refuse a transform that raises or returns another shape."""
    given = torch.as_tensor(values, dtype=torch.float64)
    try:
        made: Any = transform(given)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"the transform of the values of {f.name} raises {reason:.200}") from error
    if not isinstance(made, Tensor) or made.shape != given.shape:
        raise InputError(f"the transform of the values of {f.name} must return a tensor of the same shape")
    return made


def _check_increasing(f: Function, transform: Callable[[Tensor], Tensor]) -> None:
    """Refuse a transform that decreases, or is constant, over the values in the domain; NaN is ignored."""
    with torch.no_grad():
        values = f(torch.cat([random_points(f, 2000), torch.tensor([f.start, *f.minima], dtype=torch.float64)]))
        values = values[values.isfinite()].sort().values
        made = _apply(f, transform, values)
    made = made[~made.isnan()]
    if bool((made.diff() < 0).any()) or (len(made) > 1 and made[0] == made[-1]):
        raise InputError(f"the transform of the values of {f.name} must increase with them")


def _preserves_kind(f: Function, transform: Callable[[Tensor], Tensor], point: Point) -> bool:
    """Return whether the transform has a positive finite slope at the value of a point, so that its kind stays."""
    value = f(point).detach().requires_grad_()
    (slope,) = torch.autograd.grad(transform(value), value, allow_unused=True)
    return slope is not None and 0 < float(slope) < math.inf
