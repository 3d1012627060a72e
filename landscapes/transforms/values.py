"""Landscapes with other values at the same points."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import Function, StationaryKind, StationaryPoint
from landscapes.objectives.derivatives import random_points
from landscapes.objectives.provenance import recorded_call
from landscapes.transforms.base import Landscape, landscape, remade, single, still

KEPT = frozenset(
    {"multimodal", "unimodal", "infimum not attained", "basins", "curved", "deceptive", "funnel", "needle", "oscillating",
     "periodic", "ring", "rotated", "saddle", "spiral", "illustrative", "valley", "discontinuous"}
)  # fmt: skip
"""Tags that hold for whatever rises with the values: they tell of the shape of the level lines."""

NEGATED: dict[StationaryKind, StationaryKind] = {"minimum": "maximum", "saddle": "saddle", "maximum": "minimum"}


@recorded_call
def value_transformed(f: Landscape, transform: Callable[[Tensor], Tensor]) -> Function:
    """The landscape with other values: g(u) = T(f(u)), T increasing, so that all minima stay where they are.

    Args:
        f: the landscape, or its name in the catalogue; not a stochastic one, for the average of T is not T of
            the average: `noisy(value_transformed(f, T))` works.
        transform: T, elementwise, of torch operations, such as `torch.sqrt` or `lambda v: 3 * v + 1`.

    Raises:
        InputError: where T does not increase, or gives no tensor of the same shape; for a stochastic landscape.

    >>> import torch
    >>> value_transformed("booth", torch.sqrt).minimum
    0.0
    """
    f = landscape(f, "value_transformed")
    lowest = f.minimum if math.isnan(f.minimum) else float(_transformed(f, transform, [f.minimum])[0])
    _check_increasing(f, transform)
    return _revalued(f, transform, lowest, suffix="transformed", words="with other values")


@recorded_call
def log_values(f: Landscape, offset: float = 1.0, lowest: float | None = None) -> Function:
    """The landscape on a logarithmic scale: g(u) = log(f(u) − lowest + offset).

    Args:
        f: the landscape, or its name in the catalogue; not a stochastic one.
        offset: above 0; the smaller, the deeper the minima.
        lowest: the value to measure from; by default the minimum.

    Raises:
        InputError: where the minimum is not known or not finite and `lowest` is not given.

    >>> log_values("beale").minimum
    0.0
    """
    f = landscape(f, "log_values")
    if isinstance(offset, bool) or not isinstance(offset, int | float) or not 0 < offset < math.inf:
        raise InputError(f"the offset of a logarithm is a number above 0, not {offset!r}")
    base = f.minimum if lowest is None else float(lowest)
    if not math.isfinite(base):
        raise InputError(f"the minimum of {f.name} is {f.minimum}; say from where to measure: log_values(…, lowest=0)")
    bottom = f.minimum - base + offset
    minimum = math.log(bottom) if bottom > 0 else math.nan
    kept = {"smooth", "nonsmooth", "degenerate", "ill-conditioned"} if bottom > 0 else set[str]()
    return _revalued(
        f, lambda v: torch.log(v - base + offset), minimum, suffix="log", words="on a log scale", also=kept,
        scale="linear", latex=(rf"\log\left({f.latex} {offset - base:+.15g}\right)") if single(f.latex) else "",
    )  # fmt: skip


@recorded_call
def negated(f: Landscape) -> Function:
    """The landscape upside down: g(u) = −f(u). Its minima are not known; f's become maxima.

    >>> [place.kind for place in negated("booth").stationary]
    ['maximum']
    """
    f = landscape(f, "negated")
    turned = [StationaryPoint(NEGATED[place.kind], place.point) for place in f.stationary]
    turned += [StationaryPoint("maximum", point) for point in still(f)]
    return remade(
        f,
        lambda inner: lambda u: -inner.evaluate(u),
        suffix="negated",
        words="upside down",
        kept={
            "smooth",
            "nonsmooth",
            "discontinuous",
            "quadratic",
            "separable",
            "stochastic",
            "degenerate",
            "periodic",
            "rotated",
        },
        minima=(),
        minimum=math.nan,
        minima_complete=True,
        stationary=tuple(turned),
        outside="higher",
        latex=(rf"-\left({f.latex}\right)") if single(f.latex) else "",
        scale="linear",
    )


def _revalued(
    f: Function, transform: Callable[[Tensor], Tensor], minimum: float, *, suffix: str, words: str,
    also: set[str] | None = None, **facts: Any,
) -> Function:  # fmt: skip
    if f.sample is not None:
        raise InputError(
            f"{f.name} is stochastic, and the average of transformed values is not the transformed average; "
            "transform first, and add noise then: noisy(…)"
        )
    places = [place for place in f.stationary if _rises(f, transform, place.point)]
    return remade(
        f,
        lambda inner: lambda u: transform(inner.evaluate(u)),
        suffix=suffix,
        words=words,
        kept=KEPT | (also or set()),
        minimum=minimum,
        stationary=tuple(places),
        **facts,
    )


def _transformed(f: Function, transform: Callable[[Tensor], Tensor], values: Any) -> Tensor:
    given = torch.as_tensor(values, dtype=torch.float64)
    try:
        made: Any = transform(given)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"the transform of {f.name}'s values raises {reason:.200}") from error
    if not isinstance(made, Tensor) or made.shape != given.shape:
        raise InputError(f"the transform of {f.name}'s values must return a tensor of the shape it is given")
    return made


def _check_increasing(f: Function, transform: Callable[[Tensor], Tensor]) -> None:
    """Over the values that the landscape has in its domain; NaN, as of the logarithm below 0, is left alone."""
    with torch.no_grad():
        values = f(torch.cat([random_points(f, 2000), torch.tensor([f.start, *f.minima], dtype=torch.float64)]))
        values = values[values.isfinite()].sort().values
        made = _transformed(f, transform, values)
    made = made[~made.isnan()]
    if bool((made.diff() < 0).any()) or (len(made) > 1 and made[0] == made[-1]):
        raise InputError(f"the transform of {f.name}'s values must increase with them, so that minima stay minima")


def _rises(f: Function, transform: Callable[[Tensor], Tensor], point: tuple[float, ...]) -> bool:
    """Whether the transform has a slope above 0 at a point's value: then the kind of the point stays."""
    value = f(point).detach().requires_grad_()
    (slope,) = torch.autograd.grad(transform(value), value, allow_unused=True)
    return slope is not None and 0 < float(slope) < math.inf
