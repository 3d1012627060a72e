"""`Function`: an objective function on tensors and its known facts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.dimensions import MAX_DIM, Dims
from landscapes.objectives.provenance import reduce_function
from landscapes.objectives.signatures import takes_vector
from landscapes.objectives.transform_methods import TransformMethods
from landscapes.record import Surface
from landscapes.views import FINEST, too_narrow

Interval = tuple[float, float]
"""The bounds (low, high) of one coordinate."""

Box = tuple[Interval, ...]
"""One interval per coordinate."""

Point = tuple[float, ...]
Scale = Literal["linear", "log", "rank"]
Outside = Literal["higher", "lower", "unbounded"]
StationaryKind = Literal["minimum", "saddle", "maximum"]
BatchMode = Literal["batched", "vmapped", "looped"]
Formula = Callable[..., Tensor]
Sampler = Callable[..., Formula]
"""Returns the formula of step t = 0, 1, …, such as the loss of a mini-batch; the same t gives the same formula.

`sample(t, seed)`, with an argument of that name, has random numbers of each run's own: see `Function.sample`.
"""

MAX_POINTS = 4097
"""Most points per side of a surface: above the pixels of a 4K picture."""

SURFACE_CHUNK = 2**14
"""Points of a surface that are evaluated at a time, so that temporaries fit the cache."""


class StationaryPoint(NamedTuple):
    """A point with zero gradient, and its kind: "minimum", "saddle" or "maximum"."""

    kind: StationaryKind
    point: Point


class Family(NamedTuple):
    """A function for several numbers of coordinates: the supported numbers, and the function of each."""

    dims: Dims
    member: Callable[[int], Function]


@dataclass(frozen=True, eq=False)
class Function(TransformMethods):
    """An objective function: a formula and its known facts. Make one with the decorator `landscapes.function`.

    Attributes:
        name: identifier in scripts and on the command line.
        formula: `f(x, y, ...)` with one tensor per coordinate, or `f(x)` with x of shape (..., d). The values have
            the shape of one coordinate, (...).
        domain: search box of the literature, one interval per coordinate.
        view: box to draw, often smaller than the domain.
        start: default start point of races.
        steps: default number of steps of a race.
        minima: known global minimizers; empty if there are none or they are unknown.
        minimum: global minimum; -inf if unbounded below, NaN if unknown.
        lower_bound: a bound that no value passes, used while the minimum is unknown; NaN if there is none.
        minima_complete: whether `minima` lists all global minimizers; False if they form a curve or are too many.
        stationary: notable local minima, saddles and maxima, without the global minimizers.
        outside: values outside the domain: "higher" (never below the minimum), "lower" or "unbounded" (below).
        nonsmooth_where: where the gradient is undefined or discontinuous, in words; empty for a smooth function. The
            computed gradient is finite there too.
        scale: color scale of the values: "linear", "log" (of the gap to the minimum) or "rank".
        title: name in figures.
        latex: formula in TeX, without dollar signs.
        reference: source (author, year).
        description: one sentence on its shape, its difficulty and the consequence for optimizers.
        tags: properties; `landscapes.objectives.tags` lists those of the catalogue.
        aliases: other names in use.
        variants: other definitions under the same name, and how they differ: one sentence each.
        sample: for a stochastic function, returns the formula of step t = 0, 1, …; `formula` is their average.
            Optimizers get gradients of `sample(t)`, the same for all runs; or of `sample(t, seed)`, where `seed` is the
            run's: 0 for the first seed of an experiment with seed 0. Surfaces and recorded losses use `formula`.
        residuals: for a sum of squares f = Σ r², the formula of r, with values of shape (m, ...).
        family: for a formula with a variable number of coordinates, the supported numbers; see `with_dim`.
        mode: how a batch of points is evaluated: "batched" (one call), "vmapped" (`torch.func.vmap`) or "looped"
            (one call per point). `landscapes.objectives.validation.checked` determines it.
        check_gradients: whether experiments compare gradients with finite differences before they begin.

    Raises:
        InputError: for facts that contradict each other, and for a formula that cannot take d coordinates.
    """

    name: str
    formula: Formula
    domain: Box
    view: Box
    start: Point
    steps: int = 300
    minima: tuple[Point, ...] = ()
    minimum: float = math.nan
    lower_bound: float = math.nan
    minima_complete: bool = True
    stationary: tuple[StationaryPoint, ...] = ()
    outside: Outside = "higher"
    nonsmooth_where: str = ""
    scale: Scale = "log"
    title: str = ""
    latex: str = ""
    reference: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    sample: Sampler | None = None
    residuals: Formula | None = None
    family: Family | None = None
    mode: BatchMode = "batched"
    check_gradients: bool = True

    def __post_init__(self) -> None:
        _check_points(self)
        _check_choices(self)
        _ = self.takes_vector  # refuses a formula that cannot take d coordinates

    @property
    def dim(self) -> int:
        """The number of coordinates, d."""
        return len(self.domain)

    @cached_property
    def takes_vector(self) -> bool:
        """Whether the formula is written `f(x)` with x of shape (..., d) rather than `f(x, y, ...)`."""
        return takes_vector(self.name, self.formula, self.dim, any_dim=self.family is not None)

    @cached_property
    def sample_takes_seed(self) -> bool:
        """Whether samples depend on the seed of the run: `sample(t, seed)`, in contrast to `sample(t)`."""
        return self.sample is not None and takes_seed(self.sample)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduce_function(self)

    def __call__(self, x: Tensor | Sequence[Any]) -> Tensor:
        """Return the values, shape (...), at points of shape (..., d).

        Raises:
            InputError: for integer or complex points, and for points with another number of coordinates.

        >>> from landscapes.functions import get
        >>> get("booth")([1.0, 3.0])
        tensor(0., dtype=torch.float64)
        """
        try:
            points = x if isinstance(x, Tensor) else torch.as_tensor(x, dtype=torch.float64)
        except OverflowError:
            raise InputError(f"{self.name} takes floating-point numbers, up to 1.8e308 in size") from None
        if not points.is_floating_point():
            raise InputError(f"{self.name} takes floating-point tensors, got {points.dtype}; use x.double()")
        if points.ndim == 0 or points.shape[-1] != self.dim:
            raise InputError(f"{self.name} takes points of shape (..., {self.dim}), got {tuple(points.shape)}")
        return self.evaluate(points.movedim(-1, 0))

    def evaluate(self, x: Tensor) -> Tensor:
        """Return the values, shape (...), at points x of shape (d, ...), the layout of the engine.

        >>> from landscapes.functions import get
        >>> get("booth").evaluate(torch.tensor([[1.0, 0.0], [3.0, 0.0]], dtype=torch.float64))
        tensor([ 0., 74.], dtype=torch.float64)
        """
        if x.ndim == 1:
            return self._call_formula(self.formula, x)
        flat = x.flatten(1)  # a formula only ever gets one point or a row of points
        if self.mode == "batched":
            values = self._call_formula(self.formula, flat)
        elif flat.shape[1] == 0:
            values = flat.sum(0)  # empty, but part of the autograd graph of x
        elif self.mode == "vmapped":
            values = torch.func.vmap(lambda point: self._call_formula(self.formula, point), in_dims=1)(flat)
        else:
            values = torch.stack([self._call_formula(self.formula, point) for point in flat.unbind(1)])
        return values.reshape(x.shape[1:]) if x.ndim > 2 else values

    def evaluate_residuals(self, x: Tensor) -> Tensor:
        """Return the residuals, shape (m, n), at points x of shape (d, n), or (m,) at a point of shape (d,).

        Raises:
            InputError: for a function that is not defined as a sum of squares.

        >>> from landscapes.functions import get
        >>> get("booth").evaluate_residuals(torch.tensor([0.0, 0.0]))
        tensor([-7., -5.])
        """
        if self.residuals is None:
            raise InputError(f"{self.name} has no residuals: it is not defined as a sum of squares")
        return self._call_formula(self.residuals, x)

    def _call_formula(self, formula: Formula, x: Tensor) -> Tensor:
        return formula(x.movedim(0, -1)) if self.takes_vector else formula(*x.unbind(0))

    def at_step(self, t: int, seed: int = 0) -> Function:
        """Return the function whose gradients step t = 0, 1, … gets: this one, unless it is stochastic.

        Args:
            t: the step.
            seed: the seed of the run, for a sampler that takes one.

        Raises:
            InputError: if the sample of that step raises or is not a formula.

        >>> from landscapes.functions import get
        >>> noisy = get("booth").noisy(sigma=0.1)
        >>> noisy.at_step(0).name, noisy.at_step(1).sample is None
        ('booth_noisy at step 0', True)
        """
        if self.sample is None:
            return self
        try:
            formula: Any = self.sample(t, seed=seed) if self.sample_takes_seed else self.sample(t)
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            raise InputError(f"function {self.name!r}: its sample of step {t} raises {reason}") from error
        if not callable(formula):
            raise InputError(
                f"function {self.name!r}: its sample of step {t} is not a formula but {type(formula).__name__}; "
                "return a function of the coordinates: def sample(t): ...; return lambda x, y: ..."
            )
        return self._with_formula(formula, f"{self.name} at step {t}")

    def _with_formula(self, formula: Formula, name: str) -> Function:
        """Return the function of one step, without repeating the checks of `__post_init__`."""
        made = object.__new__(type(self))
        facts = {key: value for key, value in vars(self).items() if key not in ("takes_vector", "sample_takes_seed")}
        vars(made).update(facts | {"formula": formula, "sample": None, "residuals": None, "name": name})
        _ = made.takes_vector  # refuses a formula that cannot take d coordinates
        return made

    def with_view(self, view: Sequence[Interval]) -> Function:
        """Return the same function with another box to draw.

        >>> from landscapes.functions import get
        >>> get("beale").with_view([(0, 4), (-1, 1)]).view
        ((0, 4), (-1, 1))
        """
        return replace(self, view=tuple(view))

    def with_dim(self, dim: int) -> Function:
        """Return the function of d coordinates, with the domain, view, start and minima that belong to it.

        Args:
            dim: number of coordinates d, one that the function supports.

        Raises:
            InputError: if the formula does not support this number of coordinates.

        >>> from landscapes.functions import get
        >>> get("rosenbrock").with_dim(5).minima
        ((1.0, 1.0, 1.0, 1.0, 1.0),)
        """
        if dim == self.dim:
            return self
        if isinstance(dim, int) and dim > MAX_DIM:
            raise InputError(f"a function has at most {MAX_DIM} coordinates, got {dim!r:.20}")
        if self.family is None:
            raise InputError(f"{self.name} has {self.dim} coordinates and supports no other number, got {dim!r}")
        if dim not in self.family.dims:
            raise InputError(f"{self.name} supports these numbers of coordinates: {self.family.dims}; got {dim!r}")
        return self.family.member(dim)

    def surface(self, n: int = 257) -> Surface:
        """Return the values on a grid of n × n points of the view, for drawing.

        Raises:
            InputError: unless the function has two coordinates and n is an integer from 2 to 4097.

        >>> from landscapes.functions import get
        >>> get("beale").surface(65).values.shape
        (65, 65)
        """
        check_resolution(n)
        if self.dim != 2:
            raise InputError(f"a surface needs a function of 2 coordinates, {self.name} has {self.dim}")
        x, y = (torch.linspace(low, high, n, dtype=torch.float64) for low, high in self.view)
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy")).flatten(1)
        with torch.no_grad():
            chunks = [
                self.evaluate(grid[:, begin : begin + SURFACE_CHUNK]).double()
                for begin in range(0, n * n, SURFACE_CHUNK)
            ]
        values = torch.cat(chunks).reshape(n, n)
        minima = torch.tensor(self.minima, dtype=torch.float64).reshape(-1, 2)
        return Surface(x.numpy(), y.numpy(), values.numpy(), minima.numpy(), self.minimum, self.scale)

    def curve(self, n: int = 1025) -> Surface:
        """Return the values at n points of the view of a function of one coordinate, as a surface with one row.

        Raises:
            InputError: unless the function has one coordinate and n is an integer from 2 to 16388.

        >>> from landscapes.functions import get
        >>> get("forrester").curve(65).values.shape
        (1, 65)
        """
        check_resolution(n, 4 * MAX_POINTS)
        if self.dim != 1:
            raise InputError(f"a curve needs a function of 1 coordinate, {self.name} has {self.dim}")
        x = torch.linspace(*self.view[0], n, dtype=torch.float64)
        with torch.no_grad():
            values = self.evaluate(x[None]).double().numpy()
        minima = torch.tensor([(*point, 0.0) for point in self.minima], dtype=torch.float64).reshape(-1, 2)
        return Surface(
            x.numpy(), torch.zeros(1).double().numpy(), values[None], minima.numpy(), self.minimum, self.scale
        )


def takes_seed(sample: Sampler) -> bool:
    """Return whether a sampler has an argument named `seed`."""
    try:
        return "seed" in inspect.signature(sample).parameters
    except (TypeError, ValueError):  # written in C
        return False


def check_resolution(n: object, most: int = MAX_POINTS) -> None:
    """Raise `InputError` unless n is an integer number of points per side from 2 to `most`."""
    if isinstance(n, bool) or not isinstance(n, int) or not 2 <= n <= most:
        raise InputError(f"the resolution must be an integer from 2 to {most} points per side, got {n!r:.40}")


def _check_points(function: Function) -> None:
    """Refuse boxes and points that are not finite or have another number of coordinates than the domain."""
    name, dim = function.name, function.dim
    for box in (function.domain, function.view):
        for low, high in box:
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise InputError(
                    f"function {name!r}: an interval must be (low, high), both finite and low < high, got {(low, high)}"
                )
        narrow = too_narrow(np.array(box)).tolist()
        if any(narrow):
            low, high = box[narrow.index(True)]
            raise InputError(
                f"function {name!r}: the interval {(low, high)} is too narrow for float64: numbers there are "
                f"{math.ulp(max(abs(low), abs(high))):.2g} apart, and an interval needs {FINEST:,} of them; shift the "
                "function, as in lambda x: f(x + offset)"
            )
    known = (*function.minima, *(stationary.point for stationary in function.stationary))
    for point in (function.start, *known, function.view):
        if len(point) != dim:
            raise InputError(f"function {name!r} has {dim} coordinates, but {point} has {len(point)}")
    if not all(math.isfinite(c) for point in (function.start, *known) for c in point):
        raise InputError(f"function {name!r}: start, minima and stationary points must be finite")


def _check_choices(function: Function) -> None:
    """Refuse unknown words, and values of the wrong type."""
    name = function.name
    for fact, given, allowed in (
        ("scale", [function.scale], ("linear", "log", "rank")),
        ("outside", [function.outside], ("higher", "lower", "unbounded")),
        (
            "a stationary point",
            [stationary.kind for stationary in function.stationary],
            ("minimum", "saddle", "maximum"),
        ),
    ):
        for value in given:
            if value not in allowed:
                words = f"{', '.join(map(repr, allowed[:-1]))} or {allowed[-1]!r}"
                raise InputError(f"function {name!r}: {fact} must be {words}, got {value!r}")
    bound = function.lower_bound
    if isinstance(bound, bool) or not isinstance(bound, int | float) or bound > function.minimum:
        limit = "" if math.isnan(function.minimum) else f" <= the minimum, {function.minimum:g}"
        raise InputError(f"function {name!r}: lower_bound must be a number{limit}, got {bound!r}")
    steps = function.steps
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise InputError(f"function {name!r}: steps must be an integer >= 1, got {steps!r}")
    for fact, formula, requirement in (
        ("sample", function.sample, "must take a step and return the formula of that step"),
        ("residuals", function.residuals, "must take the arguments of the formula and return shape (m, ...)"),
    ):
        if not (formula is None or callable(formula)):
            raise InputError(f"function {name!r}: {fact} {requirement}, got {formula!r}")
