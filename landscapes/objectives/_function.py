"""What a landscape is: a formula on tensors, with the facts that stand beside it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.dimensions import Dims
from landscapes.objectives.provenance import reduced
from landscapes.objectives.transform_methods import TransformMethods
from landscapes.record import Surface

Interval = tuple[float, float]
Point = tuple[float, ...]
Scale = Literal["linear", "log", "rank"]
Outside = Literal["higher", "lower", "unbounded"]
Kind = Literal["minimum", "saddle", "maximum"]
Mode = Literal["batched", "vmapped", "looped"]
Formula = Callable[..., Tensor]
Sample = Callable[[int], Formula]
"""The formula that step t = 0, 1, … sees, a mini-batch for instance: the same whenever it is asked for."""


class Stationary(NamedTuple):
    """A point without slope: its kind, "minimum", "saddle" or "maximum", and where it lies."""

    kind: Kind
    point: Point


class Family(NamedTuple):
    """A landscape for several numbers of coordinates: which ones, and the function of each."""

    dims: Dims
    member: Callable[[int], Function]


BLOCK = 2**14
"""How many points of a surface are computed at a time."""


@dataclass(frozen=True, eq=False)
class Function(TransformMethods):
    """A loss landscape: a formula and its facts. Made by the decorator `landscapes.objectives.decorators.function`.

    Attributes:
        name: how it is called in scripts and on the command line.
        formula: `f(x, y, ...)`, one tensor a coordinate, or `f(x)` with x of shape (..., d); the values
            have the shape of a coordinate, (...).
        domain: the box in which the literature searches, one interval a coordinate.
        view: the box worth looking at, often smaller.
        start: a start point that makes a telling race.
        steps: how many steps tell the story.
        minima: all known global minimisers (none where the function is unbounded below).
        minimum: the lowest value: -inf where there is none, NaN where it is not known.
        minima_complete: whether `minima` lists all global minimizers; False where they form a curve or are too many.
        stationary: notable local minima, saddles and maxima; global minima are in `minima` alone.
        outside: what lies beyond the domain: "higher" for nothing below the minimum, "lower", or "unbounded"
            where the values fall without end.
        nonsmooth_where: where the gradient is undefined or jumps, in words; empty for a smooth function. The computed
            gradient is finite there too.
        scale: how values become colours: "linear", "log" of the gap to the minimum, or "rank".
        title: the name as a picture shows it.
        latex: the formula in TeX, without dollar signs.
        reference: where it comes from (author, year).
        description: one sentence on its shape, its difficulty and the consequence for optimizers.
        tags: what kind of landscape it is; those of the catalogue are listed in `landscapes.objectives.tags`.
        aliases: other names in use.
        variants: other definitions that go by this name, and how they differ: one sentence each.
        sample: for a stochastic landscape, the formula as step t = 0, 1, … sees it; `formula` is their average.
            Optimizers get gradients of `sample(t)`, all of them of the same one at the same step; the
            surface and the recorded values are those of `formula`.
        residuals: for a sum of squares, the vector r of shape (m, ...) with f = Σ r², asked as the formula is.
        family: for a formula that takes several numbers of coordinates, which ones; see `with_dim`.
        mode: how a batch of points is evaluated: "batched" (the formula takes it whole), "vmapped" or
            "looped" (point by point); found out by `landscapes.objectives.validation.checked`.
    """

    name: str
    formula: Formula
    domain: tuple[Interval, ...]
    view: tuple[Interval, ...]
    start: Point
    steps: int = 300
    minima: tuple[Point, ...] = ()
    minimum: float = math.nan
    minima_complete: bool = True
    stationary: tuple[Stationary, ...] = ()
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
    sample: Sample | None = None
    residuals: Formula | None = None
    family: Family | None = None
    mode: Mode = "batched"

    def __post_init__(self) -> None:
        for box in (self.domain, self.view):
            for interval in box:
                _check_interval(self.name, interval)
        special = (*self.minima, *(place.point for place in self.stationary))
        for point in (self.start, *special, self.view):
            if len(point) != self.dim:
                raise InputError(f"function {self.name!r} has {self.dim} coordinates, but {point} has {len(point)}")
        if not all(math.isfinite(c) for point in (self.start, *special) for c in point):
            raise InputError(f"function {self.name!r}: its start and minima must be finite points")
        kinds = [place.kind for place in self.stationary]
        for fact, given, allowed in (
            ("scale", [self.scale], ("linear", "log", "rank")),
            ("outside", [self.outside], ("higher", "lower", "unbounded")),
            ("a stationary point", kinds, ("minimum", "saddle", "maximum")),
        ):
            for value in given:
                if value not in allowed:
                    words = " or ".join(filter(None, [", ".join(map(repr, allowed[:-1])), repr(allowed[-1])]))
                    raise InputError(f"function {self.name!r}: {fact} is {words}, not {value!r}")
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 1:
            raise InputError(f"function {self.name!r}: steps is a whole number, at least 1, not {self.steps!r}")
        for fact, called, asks in (
            ("sample", self.sample, "takes a step and returns its formula"),
            ("residuals", self.residuals, "takes what the formula takes and returns (m, ...)"),
        ):
            if not (called is None or callable(called)):
                raise InputError(f"function {self.name!r}: {fact} {asks}; not {called!r}")
        _ = self.takes_vector  # a formula that cannot take the coordinates is refused here

    @property
    def dim(self) -> int:
        """The number of coordinates, d."""
        return len(self.domain)

    @cached_property
    def takes_vector(self) -> bool:
        """Whether the formula is written `f(x)` with x of shape (..., d) rather than `f(x, y, ...)`."""
        return _takes_vector(self.name, self.formula, self.dim, family=self.family is not None)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    def __call__(self, x: Tensor | Sequence[Any]) -> Tensor:
        """The values (...) at points of shape (..., d).

        Raises `InputError` for integer or complex points and for points of another length.

        >>> from landscapes.functions import get
        >>> get("booth")([1.0, 3.0])
        tensor(0., dtype=torch.float64)
        """
        points = x if isinstance(x, Tensor) else torch.as_tensor(x, dtype=torch.float64)
        if not points.is_floating_point():
            raise InputError(f"{self.name} takes floating-point tensors, not {points.dtype}; use x.double()")
        if points.ndim == 0 or points.shape[-1] != self.dim:
            raise InputError(f"{self.name} takes points of shape (..., {self.dim}), not {tuple(points.shape)}")
        return self.evaluate(points.movedim(-1, 0))

    def evaluate(self, x: Tensor) -> Tensor:
        """The values (...) at points of shape (d, ...): the layout of the engine."""
        if x.ndim == 1:
            return self._asked(self.formula, x)
        flat = x.flatten(1)  # a formula meets one point or a row of points, nothing else
        if self.mode == "batched":
            values = self._asked(self.formula, flat)
        elif flat.shape[1] == 0:
            values = flat.sum(0)  # no values, still tied to x
        elif self.mode == "vmapped":
            values = torch.func.vmap(lambda point: self._asked(self.formula, point), in_dims=1)(flat)
        else:
            values = torch.stack([self._asked(self.formula, point) for point in flat.unbind(1)])
        return values.reshape(x.shape[1:]) if x.ndim > 2 else values

    def evaluate_residuals(self, x: Tensor) -> Tensor:
        """The residuals (m, n) at points of shape (d, n), or (m,) at a point of shape (d,).

        Raises `InputError` for a function that is not known as a sum of squares.

        >>> from landscapes.functions import get
        >>> get("booth").evaluate_residuals(torch.tensor([0.0, 0.0]))
        tensor([-7., -5.])
        """
        if self.residuals is None:
            raise InputError(f"{self.name} has no residuals: it is not known as a sum of squares")
        return self._asked(self.residuals, x)

    def _asked(self, formula: Formula, x: Tensor) -> Tensor:
        return formula(x.movedim(0, -1)) if self.takes_vector else formula(*x.unbind(0))

    def at_step(self, t: int) -> Function:
        """The function as step t = 0, 1, … of a race sees it: itself, unless it has samples.

        Raises `InputError` where there is no sample of that step, or it is no formula.
        """
        if self.sample is None:
            return self
        try:
            formula: Any = self.sample(t)
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
        """The same facts, of a formula of one step: they were checked once, and a race asks at each step."""
        made = object.__new__(type(self))
        kept = {key: value for key, value in vars(self).items() if key != "takes_vector"}
        vars(made).update(kept | {"formula": formula, "sample": None, "residuals": None, "name": name})
        _ = made.takes_vector  # a formula that cannot take the coordinates is refused here
        return made

    def with_view(self, view: Sequence[Interval]) -> Function:
        """The same function, shown in another box."""
        return replace(self, view=tuple(view))

    def with_dim(self, dim: int) -> Function:
        """The function of d coordinates, with its own facts: domain, view, start, minima.

        Raises `InputError` where the formula does not take so many.

        >>> from landscapes.functions import get
        >>> get("rosenbrock").with_dim(5).minima
        ((1.0, 1.0, 1.0, 1.0, 1.0),)
        """
        if dim == self.dim:
            return self
        if self.family is None:
            raise InputError(f"{self.name} has {self.dim} coordinates and takes no other number, such as {dim!r}")
        if dim not in self.family.dims:
            raise InputError(f"{self.name} takes this number of coordinates: {self.family.dims}; not {dim!r}")
        return self.family.member(dim)

    def surface(self, n: int = 257) -> Surface:
        """The values on a grid of n × n points over the view, for drawing.

        Raises `InputError` unless the function has two coordinates.
        """
        if self.dim != 2:
            raise InputError(f"{self.name} has {self.dim} coordinates; a surface needs two")
        x, y = (torch.linspace(lo, hi, n, dtype=torch.float64) for lo, hi in self.view)
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy")).flatten(1)
        with torch.no_grad():  # by parts that fit the cache, and memory where a formula sums over data
            parts = [self.evaluate(grid[:, begin : begin + BLOCK]).double() for begin in range(0, n * n, BLOCK)]
        values = torch.cat(parts).reshape(n, n)
        minima = torch.tensor(self.minima, dtype=torch.float64).reshape(-1, 2)
        return Surface(x.numpy(), y.numpy(), values.numpy(), minima.numpy(), self.minimum, self.scale)

    def curve(self, n: int = 1025) -> Surface:
        """The values at n points over the view of one coordinate, as a surface of one row; raises `InputError` where there are more."""
        if self.dim != 1:
            raise InputError(f"{self.name} has {self.dim} coordinates; a curve needs one")
        x = torch.linspace(*self.view[0], n, dtype=torch.float64)
        with torch.no_grad():
            values = self.evaluate(x[None]).double().numpy()
        minima = torch.tensor([(*point, 0.0) for point in self.minima], dtype=torch.float64).reshape(-1, 2)
        return Surface(
            x.numpy(), torch.zeros(1).double().numpy(), values[None], minima.numpy(), self.minimum, self.scale
        )


def _check_interval(name: str, interval: Interval) -> None:
    low, high = interval
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"function {name!r}: an interval is (low, high), finite, low below high; not {interval}")


def _takes_vector(name: str, formula: Formula, dim: int, *, family: bool) -> bool:
    """Whether the formula asks for one argument where there are several coordinates; `*args` asks for all.

    A formula for any number of coordinates takes one vector always. Raises `InputError` where another number
    of arguments is asked for, or cannot be told.
    """
    try:
        # a module's own __call__ says nothing of its arguments
        signature = inspect.signature(formula.forward if isinstance(formula, torch.nn.Module) else formula)
    except (TypeError, ValueError):
        raise InputError(
            f"function {name!r}: cannot tell which arguments {formula!r} takes; wrap it: def {name}(x, y): ..."
        ) from None
    kinds = inspect.Parameter
    parameters = signature.parameters.values()
    positional = [p for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is kinds.empty for p in positional)
    endless = any(p.kind is kinds.VAR_POSITIONAL for p in parameters)
    if needed == 1 and not endless and (dim > 1 or family):
        return True
    if family:
        raise InputError(
            f"function {name!r} is for any number of coordinates, so write it as f(x) with x of shape (..., d)"
        )
    if needed > dim or (len(positional) < dim and not endless):
        raise InputError(
            f"function {name!r} has {dim} intervals as bounds, but its formula takes {len(positional)} arguments; "
            f"write it with one argument a coordinate, or as f(x) with x of shape (..., {dim})"
        )
    return False
