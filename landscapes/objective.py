"""What a landscape is: a formula on tensors, with the facts that stand beside it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Literal

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.record import Surface

Interval = tuple[float, float]
Scale = Literal["linear", "log", "rank"]
Mode = Literal["batched", "vmapped", "looped"]
Formula = Callable[..., Tensor]
Sample = Callable[[int], Formula]
"""The formula that step t = 0, 1, … sees, a mini-batch for instance: the same whenever it is asked for."""


@dataclass(frozen=True, eq=False)
class Function:
    """A loss landscape: a formula and its facts. Made by the decorator `function`.

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
        scale: how values become colours: "linear", "log" of the gap to the minimum, or "rank".
        title: the name as a picture shows it.
        latex: the formula in TeX, without dollar signs.
        reference: where it comes from (author, year).
        lesson: one sentence on what it teaches.
        tags: what kind of landscape it is.
        aliases: other names in use.
        sample: for a stochastic landscape, the formula as step t = 0, 1, … sees it; `formula` is their average.
            Optimizers get gradients of `sample(t)`, all of them of the same one at the same step; the
            surface and the recorded values are those of `formula`.
        mode: how a batch of points is evaluated: "batched" (the formula takes it whole), "vmapped" or
            "looped" (point by point); found out by `landscapes.checking.checked`.
    """

    name: str
    formula: Formula
    domain: tuple[Interval, ...]
    view: tuple[Interval, ...]
    start: tuple[float, ...]
    steps: int = 300
    minima: tuple[tuple[float, ...], ...] = ()
    minimum: float = math.nan
    scale: Scale = "log"
    title: str = ""
    latex: str = ""
    reference: str = ""
    lesson: str = ""
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    sample: Sample | None = None
    mode: Mode = "batched"

    def __post_init__(self) -> None:
        for box in (self.domain, self.view):
            for interval in box:
                _check_interval(self.name, interval)
        for point in (self.start, *self.minima, self.view):
            if len(point) != self.dim:
                raise InputError(f"function {self.name!r} has {self.dim} coordinates, but {point} has {len(point)}")
        if self.scale not in ("linear", "log", "rank"):
            raise InputError(f"function {self.name!r}: scale is 'linear', 'log' or 'rank', not {self.scale!r}")
        if not all(math.isfinite(c) for point in (self.start, *self.minima) for c in point):
            raise InputError(f"function {self.name!r}: its start and minima must be finite points")
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 1:
            raise InputError(f"function {self.name!r}: steps is a whole number, at least 1, not {self.steps!r}")
        if not (self.sample is None or callable(self.sample)):
            raise InputError(
                f"function {self.name!r}: sample takes a step and returns its formula; not {self.sample!r}"
            )
        _ = self.takes_vector  # a formula that cannot take the coordinates is refused here

    @property
    def dim(self) -> int:
        """The number of coordinates, d."""
        return len(self.domain)

    @cached_property
    def takes_vector(self) -> bool:
        """Whether the formula is written `f(x)` with x of shape (..., d) rather than `f(x, y, ...)`."""
        return _takes_vector(self.name, self.formula, self.dim)

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
        return self.columns(points.movedim(-1, 0))

    def columns(self, x: Tensor) -> Tensor:
        """The values (...) at points of shape (d, ...): the layout of the engine."""
        if x.ndim == 1:
            return self._formula(x)
        flat = x.flatten(1)  # a formula meets one point or a row of points, nothing else
        if self.mode == "batched":
            values = self._formula(flat)
        elif flat.shape[1] == 0:
            values = flat.sum(0)  # no values, still tied to x
        elif self.mode == "vmapped":
            values = torch.func.vmap(self._formula, in_dims=1)(flat)
        else:
            values = torch.stack([self._formula(point) for point in flat.unbind(1)])
        return values.reshape(x.shape[1:]) if x.ndim > 2 else values

    def _formula(self, x: Tensor) -> Tensor:
        return self.formula(x.movedim(0, -1)) if self.takes_vector else self.formula(*x.unbind(0))

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
        return replace(self, formula=formula, sample=None, name=f"{self.name} at step {t}")

    def with_view(self, view: Sequence[Interval]) -> Function:
        """The same function, shown in another box."""
        return replace(self, view=tuple(view))

    def surface(self, n: int = 257) -> Surface:
        """The values on a grid of n × n points over the view, for drawing.

        Raises `InputError` unless the function has two coordinates.
        """
        if self.dim != 2:
            raise InputError(f"{self.name} has {self.dim} coordinates; a surface needs two")
        x, y = (torch.linspace(lo, hi, n, dtype=torch.float64) for lo, hi in self.view)
        with torch.no_grad():
            values = self.columns(torch.stack(torch.meshgrid(x, y, indexing="xy"))).double()
        minima = torch.tensor(self.minima, dtype=torch.float64).reshape(-1, 2)
        return Surface(x.numpy(), y.numpy(), values.numpy(), minima.numpy(), self.minimum, self.scale)


def function(
    *domain: Interval,
    start: Sequence[float] | None = None,
    view: Sequence[Interval] | None = None,
    minima: Sequence[Sequence[float]] = (),
    minimum: float | None = None,
    steps: int = 300,
    scale: Scale = "log",
    name: str | None = None,
    title: str | None = None,
    latex: str = "",
    reference: str = "",
    tags: Sequence[str] = (),
    aliases: Sequence[str] = (),
    sample: Sample | None = None,
) -> Callable[[Formula], Function]:
    """Makes a landscape of a formula written with torch operations.

    Args:
        domain: one interval (low, high) a coordinate.
        start: where races begin; by default a point near the lower left corner of the view.
        view: the box to show; by default the domain.
        minima: known global minimisers.
        minimum: the lowest value; by default the value at the first of `minima`, else not known.
        steps: the length of a race.
        scale: how values become colours, "linear", "log" or "rank".
        name, title: by default made from the formula's own name.
        latex, reference, tags, aliases: facts for people; the docstring's first line is the lesson.
        sample: for a stochastic landscape, makes the formula that step t = 0, 1, … sees, with random numbers
            from a seed of that step alone: `torch.Generator().manual_seed(t)`. The decorated formula is the average.

    Raises:
        InputError: for facts that do not fit together, and for a formula that cannot take the coordinates.

    >>> @function((-3, 3), (-3, 3), start=(2.5, 2))
    ... def bowl(x, y):
    ...     "Round at the bottom, ten times steeper along y."
    ...     return x**2 + 10 * y**2
    >>> bowl([1.0, 1.0])
    tensor(11., dtype=torch.float64)

    The same, seen through noise: each step leans the bowl to a side of its own (Schneider et al., DeepOBS, 2019).

    >>> def leaning(t):
    ...     a, b = torch.randn(2, generator=torch.Generator().manual_seed(t))
    ...     return lambda x, y: bowl.formula(x, y) + a * x + b * y
    >>> noisy = function((-3, 3), (-3, 3), sample=leaning)(bowl.formula)
    >>> noisy.at_step(0)([0.0, 0.0]) == noisy([0.0, 0.0]), noisy.at_step(1).name
    (tensor(True), 'bowl at step 1')
    """
    if not domain or any(callable(pair) for pair in domain):
        raise InputError("a function needs its bounds, one (low, high) a coordinate: @function((-3, 3), (-3, 3))")

    def make(formula: Formula) -> Function:
        described = _described(formula)
        known_name = name or described.__name__.strip("<>")
        box = _box(known_name, domain)
        shown = box if view is None else _box(known_name, view)
        first = [lo + 0.2 * (hi - lo) for lo, hi in shown] if start is None else start
        known_minima = tuple(_point(known_name, point) for point in minima)
        made = Function(
            name=known_name,
            formula=formula,
            domain=box,
            view=shown,
            start=_point(known_name, first),
            steps=steps,
            minima=known_minima,
            minimum=math.nan if minimum is None else float(minimum),
            scale=scale,
            title=title or known_name.replace("_", " ").capitalize(),
            latex=latex,
            reference=reference,
            lesson=inspect.cleandoc(described.__doc__ or "").split("\n\n")[0].replace("\n", " "),
            tags=tuple(tags),
            aliases=tuple(aliases),
            sample=sample,
        )
        if minimum is None and known_minima:
            made = replace(made, minimum=_value(made, known_minima[0]))
        return made

    return make


def _described(formula: Formula) -> Any:
    """What bears the formula's name and docstring: for a partial its function, for an object its class."""
    if isinstance(formula, partial):
        return _described(formula.func)
    return formula if hasattr(formula, "__name__") else type(formula)


def _value(function: Function, point: tuple[float, ...]) -> float:
    try:
        return float(function(point).detach())
    except Exception as error:
        raise InputError(
            f"function {function.name!r} cannot be evaluated at its minimum {point}: {type(error).__name__}: {error}"
        ) from error


def _box(name: str, intervals: Sequence[Interval]) -> tuple[Interval, ...]:
    try:
        return tuple((float(low), float(high)) for low, high in intervals)
    except (TypeError, ValueError):
        raise InputError(
            f"function {name!r}: bounds and view are one (low, high) a coordinate, as in (-3, 3), (-3, 3); "
            f"not {intervals!r}"
        ) from None


def _point(name: str, point: Sequence[float]) -> tuple[float, ...]:
    try:
        return tuple(float(c) for c in point)
    except (TypeError, ValueError):
        raise InputError(f"function {name!r}: a point is one number a coordinate, not {point!r}") from None


def _check_interval(name: str, interval: Interval) -> None:
    low, high = interval
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"function {name!r}: an interval is (low, high), finite, low below high; not {interval}")


def _takes_vector(name: str, formula: Formula, dim: int) -> bool:
    """Whether the formula asks for one argument where there are several coordinates; `*args` asks for all.

    Raises `InputError` where it asks for another number of arguments, or cannot be asked.
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
    if dim > 1 and needed == 1 and not endless:
        return True
    if needed > dim or (len(positional) < dim and not endless):
        raise InputError(
            f"function {name!r} has {dim} intervals as bounds, but its formula takes {len(positional)} arguments; "
            f"write it with one argument a coordinate, or as f(x) with x of shape (..., {dim})"
        )
    return False
