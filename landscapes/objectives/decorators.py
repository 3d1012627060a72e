"""The decorators that make a landscape of a formula."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import (
    Family,
    Formula,
    Function,
    Interval,
    Kind,
    Mode,
    Outside,
    Point,
    Sample,
    Scale,
    Stationary,
)
from landscapes.objectives.dimensions import ANY, Dims, settled, tiled
from landscapes.objectives.elementary import ordered_sum

__all__ = ["ANY", "Dims", "Formula", "Function", "Interval", "Mode", "Sample", "Scale", "function", "least_squares"]

T = TypeVar("T")
Fact: TypeAlias = T | Callable[[int], T]
"""What is known: itself, or for any number of coordinates d an optimizer that makes it of d."""

Points = Sequence[Sequence[float]]


def function(
    *domain: Interval | Callable[[int], Sequence[Any]],
    dims: Dims | None = None,
    start: Fact[Sequence[float]] | None = None,
    view: Fact[Sequence[Interval]] | None = None,
    minima: Fact[Points] = (),
    minimum: Fact[float] | None = None,
    minima_complete: bool = True,
    stationary: Fact[Mapping[Kind, Points]] | None = None,
    outside: Outside = "higher",
    nonsmooth_where: str = "",
    steps: int = 300,
    scale: Scale = "log",
    name: str | None = None,
    title: str | None = None,
    latex: str = "",
    reference: str = "",
    tags: Sequence[str] = (),
    aliases: Sequence[str] = (),
    variants: Sequence[str] = (),
    sample: Sample | None = None,
    residuals: Formula | None = None,
) -> Callable[[Formula], Function]:
    """Makes a landscape of a formula written with torch operations.

    Args:
        domain: one interval (low, high) a coordinate; with `dims` one interval for all of them, or a function
            of d that returns it, or all d of them.
        dims: for a formula that takes any number of coordinates, `ANY`, or with limits `Dims(least=2)`. It is
            then written `f(x)` with x of shape (..., d). Start, view and minima are patterns that are repeated
            to d coordinates, and so hold for all d; stationary points are those with d coordinates. Each of them
            and `minimum` may be a function of d instead.
        start: where races begin; by default a point near the lower left corner of the view.
        view: the box to show; by default the domain.
        minima: known global minimisers.
        minimum: the lowest value; by default the value at the first of `minima`, else not known.
        minima_complete: whether `minima` lists all global minimizers.
        stationary: notable local minima, saddles and maxima: `{"saddle": [(0, 0)]}`.
        outside: what lies beyond the domain, "higher", "lower" or "unbounded"; see `Function`.
        nonsmooth_where: where the gradient is undefined or jumps, in words.
        steps: the length of a race.
        scale: how values become colours, "linear", "log" or "rank".
        name, title: by default made from the formula's own name.
        latex, reference, tags, aliases, variants: for display; the first paragraph of the docstring is the description.
        sample: for a stochastic landscape, makes the formula that step t = 0, 1, … sees, with random numbers
            from a seed of that step alone: `torch.Generator().manual_seed(t)`. The decorated formula is the average.
        residuals: for a sum of squares, the formula of the vector r, shape (m, ...), with f = Σ r²; where it
            gives f to full precision, `least_squares` needs no second formula.

    Raises:
        InputError: for facts that do not fit together, and for a formula that cannot take the coordinates.

    >>> @function((-3, 3), (-3, 3), start=(2.5, 2))
    ... def bowl(x, y):
    ...     "Round at the bottom, ten times steeper along y."
    ...     return x**2 + 10 * y**2
    >>> bowl([1.0, 1.0])
    tensor(11., dtype=torch.float64)

    The same, seen through noise: each step leans the bowl to a side of its own (Schneider et al., DeepOBS, 2019).

    >>> import torch
    >>> def leaning(t):
    ...     a, b = torch.randn(2, generator=torch.Generator().manual_seed(t))
    ...     return lambda x, y: bowl.formula(x, y) + a * x + b * y
    >>> noisy = function((-3, 3), (-3, 3), sample=leaning)(bowl.formula)
    >>> noisy.at_step(0)([0.0, 0.0]) == noisy([0.0, 0.0]), noisy.at_step(1).name
    (tensor(True), 'bowl at step 1')

    For any number of coordinates:

    >>> @function((-3, 3), dims=ANY, minima=[(0,)], start=(2, -1))
    ... def round_bowl(x):
    ...     return (x * x).sum(-1)
    >>> round_bowl.dim, round_bowl.with_dim(3).start
    (2, (2.0, -1.0, 2.0))
    """
    if not domain or (dims is None and any(callable(pair) for pair in domain)):
        raise InputError("a function needs its bounds, one (low, high) a coordinate: @function((-3, 3), (-3, 3))")
    if dims is not None and len(domain) != 1:
        raise InputError("a function of any number of coordinates has one interval for all of them: dims=ANY, (-3, 3)")

    def make(formula: Formula, dim: int | None = None) -> Function:
        """The function, or its member of d coordinates."""
        described = _described(formula)
        known_name = name or described.__name__.strip("<>")
        if dims is None:
            dim, box = len(domain), _box(known_name, domain)
            fit = _point
        else:
            dim = dims.usual if dim is None else dim
            box = _box_of(known_name, settled(domain[0], dim), dim)
            fit = functools.partial(_tiled_point, dim=dim)
        view_here, start_here, lowest = settled(view, dim), settled(start, dim), settled(minimum, dim)
        shown = box if view_here is None else _box(known_name, view_here)
        shown = shown if dims is None else tiled(shown, dim)
        first = [low + 0.2 * (high - low) for low, high in shown] if start_here is None else start_here
        known_minima = tuple(fit(known_name, point) for point in settled(minima, dim))
        places = {} if stationary is None else settled(stationary, dim)
        known = [Stationary(kind, _point(known_name, point)) for kind in places for point in places[kind]]
        made = Function(
            name=known_name,
            formula=formula,
            domain=box,
            view=shown,
            start=fit(known_name, first),
            steps=steps,
            minima=known_minima,
            minimum=math.nan if lowest is None else float(lowest),
            minima_complete=minima_complete,
            stationary=tuple(place for place in known if dims is None or len(place.point) == dim),
            outside=outside,
            nonsmooth_where=nonsmooth_where,
            scale=scale,
            title=title or known_name.replace("_", " ").capitalize(),
            latex=latex,
            reference=reference,
            description=inspect.cleandoc(described.__doc__ or "").split("\n\n")[0].replace("\n", " "),
            tags=tuple(tags),
            aliases=tuple(aliases),
            variants=tuple(variants),
            sample=sample,
            residuals=residuals,
            family=None if dims is None else Family(dims, functools.partial(make, formula)),
        )
        if lowest is None and known_minima:
            made = replace(made, minimum=_value(made, known_minima[0]))
        return made

    return make


def least_squares(*domain: Interval | Callable[[int], Sequence[Any]], **facts: Any) -> Callable[[Formula], Function]:
    """Makes a landscape of its residuals: the formula returns r of shape (m, ...), and f = Σ r².

    Args:
        domain, facts: as for `function`. Where the literature has a factor, as in ½ Σ r², the residuals have
            its root, so that f = Σ r² holds for every landscape.

    Raises:
        InputError: as `function` does.

    >>> import torch
    >>> @least_squares((-2, 2), (-2, 2), minima=[(1, 1)])
    ... def banana(x, y):
    ...     "Rosenbrock's valley."
    ...     return torch.stack([10 * (y - x * x), 1 - x])
    >>> float(banana([0.0, 0.0])), banana.evaluate_residuals(torch.zeros(2)).tolist()
    (1.0, [0.0, 1.0])
    """

    def make(residuals: Formula) -> Function:
        @functools.wraps(residuals)
        def formula(*coordinates: Tensor) -> Tensor:
            r = residuals(*coordinates)
            return ordered_sum(r * r, 0)

        return function(*domain, **facts, residuals=residuals)(formula)

    return make


def _described(formula: Formula) -> Any:
    """What bears the formula's name and docstring: for a partial its function, for an object its class."""
    if isinstance(formula, functools.partial):
        return _described(formula.func)
    return formula if hasattr(formula, "__name__") else type(formula)


def _value(function: Function, point: Point) -> float:
    try:
        return float(function(point).detach())
    except Exception as error:
        raise InputError(
            f"function {function.name!r} cannot be evaluated at its minimum {point}: {type(error).__name__}: {error}"
        ) from error


def _box(name: str, intervals: Sequence[Any]) -> tuple[Interval, ...]:
    try:
        return tuple((float(low), float(high)) for low, high in intervals)
    except (TypeError, ValueError):
        raise InputError(
            f"function {name!r}: bounds and view are one (low, high) a coordinate, as in (-3, 3), (-3, 3); "
            f"not {intervals!r}"
        ) from None


def _box_of(name: str, given: Sequence[Any], dim: int) -> tuple[Interval, ...]:
    """One interval for all d coordinates, or all d of them."""
    single = len(given) == 2 and all(isinstance(bound, int | float) for bound in given)
    return _box(name, [given] * dim if single else given)


def _point(name: str, point: Sequence[float]) -> Point:
    try:
        return tuple(float(c) for c in point)
    except (TypeError, ValueError):
        raise InputError(f"function {name!r}: a point is one number a coordinate, not {point!r}") from None


def _tiled_point(name: str, point: Sequence[float], dim: int) -> Point:
    return tiled(_point(name, point), dim)
