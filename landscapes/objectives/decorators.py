"""The decorators `function` and `least_squares`, which make a `Function` of a formula."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import (
    BatchMode,
    Box,
    Family,
    Formula,
    Function,
    Interval,
    Outside,
    Point,
    Sampler,
    Scale,
    StationaryKind,
    StationaryPoint,
)
from landscapes.objectives.dimensions import ANY, Dims, PerDim, at_dim, tile
from landscapes.objectives.elementary import ordered_sum

__all__ = [
    "ANY",
    "BatchMode",
    "Dims",
    "Formula",
    "Function",
    "Interval",
    "Sampler",
    "Scale",
    "function",
    "least_squares",
]

Points = Sequence[Sequence[float]]


def function(
    *domain: Interval | Callable[[int], Sequence[Any]],
    dims: Dims | None = None,
    start: PerDim[Sequence[float]] | None = None,
    view: PerDim[Sequence[Interval]] | None = None,
    minima: PerDim[Points] = (),
    minimum: PerDim[float] | None = None,
    lower_bound: float = math.nan,
    minima_complete: PerDim[bool] = True,
    stationary: PerDim[Mapping[StationaryKind, Points]] | None = None,
    outside: Outside = "higher",
    nonsmooth_where: str = "",
    steps: int = 300,
    scale: Scale = "log",
    name: str | None = None,
    title: str | None = None,
    latex: str = "",
    reference: str = "",
    tags: PerDim[Sequence[str]] = (),
    aliases: Sequence[str] = (),
    variants: Sequence[str] = (),
    sample: Sampler | None = None,
    residuals: Formula | None = None,
    check_gradients: bool = True,
) -> Callable[[Formula], Function]:
    """Make a `Function` of a formula written with torch operations.

    Args:
        domain: one interval (low, high) per coordinate. With `dims`, one interval for all coordinates, or a
            function of d that returns one interval or d of them.
        dims: for a formula that supports several numbers of coordinates: `ANY`, or with limits `Dims(least=2)`. The
            formula must be written `f(x)` with x of shape (..., d). `start`, `view` and `minima` are then patterns
            that are repeated to d coordinates; `stationary` keeps the points with d coordinates. Each of these,
            `minimum` and `tags` may also be a function of d.
        start: default start point of races; by default 20 % into the view from its lower corner.
        view: box to draw; by default the domain.
        minima: known global minimizers.
        minimum: global minimum; by default the value at the first of `minima`, or NaN (unknown) without minima.
        lower_bound: a bound that no value passes, such as 0 for a loss; races aim at it while the minimum is unknown.
        minima_complete: whether `minima` lists all global minimizers.
        stationary: notable local minima, saddles and maxima: `{"saddle": [(0, 0)]}`.
        outside: values outside the domain: "higher", "lower" or "unbounded"; see `Function`.
        nonsmooth_where: where the gradient is undefined or discontinuous, in words.
        steps: default number of steps of a race.
        scale: color scale of the values: "linear", "log" or "rank".
        name, title: by default derived from the name of the formula.
        latex, reference, tags, aliases, variants: for display; the first paragraph of the docstring is the description.
        sample: for a stochastic function, returns the formula of step t = 0, 1, …; the decorated formula is the
            average. Draw random numbers from a seed of that step: `torch.Generator().manual_seed(t)`. With two
            arguments, `sample(t, seed)`, it also gets the seed of the run, so that runs of other seeds differ.
        residuals: for a sum of squares f = Σ r², the formula of r, with values of shape (m, ...). Prefer
            `least_squares` if Σ r² gives f to full precision.
        check_gradients: whether experiments compare gradients with finite differences before they begin, and refuse
            the function if they disagree. False accepts gradients of your own, such as straight-through estimators.

    Returns:
        A decorator that turns the formula into a `Function`.

    Raises:
        InputError: for facts that contradict each other, and for a formula that cannot take d coordinates.

    >>> @function((-3, 3), (-3, 3), start=(2.5, 2))
    ... def bowl(x, y):
    ...     "A quadratic bowl, ten times steeper along y."
    ...     return x**2 + 10 * y**2
    >>> bowl([1.0, 1.0])
    tensor(11., dtype=torch.float64)

    A stochastic function whose gradient has additive noise at each step (Schneider et al., DeepOBS, 2019):

    >>> import torch
    >>> def tilted(t):
    ...     a, b = torch.randn(2, generator=torch.Generator().manual_seed(t))
    ...     return lambda x, y: bowl.formula(x, y) + a * x + b * y
    >>> noisy = function((-3, 3), (-3, 3), sample=tilted)(bowl.formula)
    >>> noisy.at_step(0)([0.0, 0.0]) == noisy([0.0, 0.0]), noisy.at_step(1).name
    (tensor(True), 'bowl at step 1')

    A function of any number of coordinates:

    >>> @function((-3, 3), dims=ANY, minima=[(0,)], start=(2, -1))
    ... def round_bowl(x):
    ...     return (x * x).sum(-1)
    >>> round_bowl.dim, round_bowl.with_dim(3).start
    (2, (2.0, -1.0, 2.0))
    """
    if not domain or (dims is None and any(callable(pair) for pair in domain)):
        raise InputError("a function needs bounds, one (low, high) per coordinate: @function((-3, 3), (-3, 3))")
    if dims is not None and len(domain) != 1:
        raise InputError("with dims, give one interval for all coordinates: @function((-3, 3), dims=ANY)")

    def make(formula: Formula, dim: int | None = None) -> Function:
        """Return the function of d coordinates, by default of the default number."""
        documented = _documented(formula)
        known_name = name or documented.__name__.strip("<>")
        if dims is None:
            dim, box = len(domain), _box(known_name, domain)
            fit = _point
        else:
            dim = dims.default if dim is None else dim
            box = _box_of_dim(known_name, at_dim(domain[0], dim), dim)
            fit = functools.partial(_tiled_point, dim=dim)
        view_here, start_here, minimum_here = at_dim(view, dim), at_dim(start, dim), at_dim(minimum, dim)
        drawn = box if view_here is None else _box(known_name, view_here)
        drawn = drawn if dims is None else tile(drawn, dim)
        first = [low + 0.2 * (high - low) for low, high in drawn] if start_here is None else start_here
        known_minima = tuple(fit(known_name, point) for point in at_dim(minima, dim))
        by_kind = {} if stationary is None else at_dim(stationary, dim)
        known = [StationaryPoint(kind, _point(known_name, point)) for kind in by_kind for point in by_kind[kind]]
        made = Function(
            name=known_name,
            formula=formula,
            domain=box,
            view=drawn,
            start=fit(known_name, first),
            steps=steps,
            minima=known_minima,
            minimum=math.nan if minimum_here is None else _number(known_name, minimum_here),
            lower_bound=lower_bound,
            minima_complete=at_dim(minima_complete, dim),
            stationary=tuple(point for point in known if dims is None or len(point.point) == dim),
            outside=outside,
            nonsmooth_where=nonsmooth_where,
            scale=scale,
            title=title or known_name.replace("_", " ").capitalize(),
            latex=latex,
            reference=reference,
            description=inspect.cleandoc(documented.__doc__ or "").split("\n\n")[0].replace("\n", " "),
            tags=tuple(at_dim(tags, dim)),
            aliases=tuple(aliases),
            variants=tuple(variants),
            sample=sample,
            residuals=residuals,
            check_gradients=check_gradients,
            family=None if dims is None else Family(dims, functools.partial(make, formula)),
        )
        if minimum_here is None and known_minima:
            made = replace(made, minimum=_value(made, known_minima[0]))
        return made

    return make


def least_squares(*domain: Interval | Callable[[int], Sequence[Any]], **facts: Any) -> Callable[[Formula], Function]:
    """Make a `Function` of its residuals: the formula returns r of shape (m, ...), and f = Σ r².

    Args:
        domain, facts: as for `function`. If the source has a factor, as in ½ Σ r², multiply the residuals by its
            square root.

    Returns:
        A decorator that turns the formula of the residuals into a `Function`.

    Raises:
        InputError: as `function` does.

    >>> import torch
    >>> @least_squares((-2, 2), (-2, 2), minima=[(1, 1)])
    ... def banana(x, y):
    ...     "Rosenbrock's function."
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


def _documented(formula: Formula) -> Any:
    """Return the object with the formula's name and docstring: the function of a partial, the class of an object."""
    if isinstance(formula, functools.partial):
        return _documented(formula.func)
    return formula if hasattr(formula, "__name__") else type(formula)


def _value(function: Function, point: Point) -> float:
    try:
        return float(function(point).detach())
    except Exception as error:
        raise InputError(
            f"function {function.name!r} cannot be evaluated at its minimum {point}: {type(error).__name__}: {error}"
        ) from error


def _box(name: str, intervals: Sequence[Any]) -> Box:
    try:
        return tuple((float(low), float(high)) for low, high in intervals)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"function {name!r}: bounds and view must be one (low, high) per coordinate, as in (-3, 3), (-3, 3); "
            f"got {intervals!r:.80}"
        ) from None


def _box_of_dim(name: str, given: Sequence[Any], dim: int) -> Box:
    """Return the box of one interval for all d coordinates, or of d intervals."""
    single = len(given) == 2 and all(isinstance(bound, int | float) for bound in given)
    return _box(name, [given] * dim if single else given)


def _point(name: str, point: Sequence[float]) -> Point:
    try:
        return tuple(float(c) for c in point)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"function {name!r}: a point must be one number per coordinate, got {point!r:.80}") from None


def _number(name: str, value: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"function {name!r}: minimum must be a floating-point number, got {value!r:.80}") from None


def _tiled_point(name: str, point: Sequence[float], dim: int) -> Point:
    return tile(_point(name, point), dim)
