"""Several steps of many runs by one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from landscapes.engine.fast.tracing import Traced
from landscapes.engine.termination import Stop
from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import pairwise_sum
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.first_order.run_coefs import RunCoefs
from landscapes.oracle import value_and_gradient

Pieces = Sequence[Tensor]
"""The points: all coordinates in one tensor (d, R), or one tensor (R,) for each."""

Seen = tuple[Pieces, Tensor]
"""Points, and the values (R,) there."""

TOGETHER = 8
"""Steps by one call: more save nothing, and take longer to compile."""

BLOCK = 2**15
"""Runs that are stepped together, of two coordinates: what a step needs of them fits the caches."""

TINY = {torch.float64: 1e-300, torch.float32: 1e-37}
"""Below this the square of a norm is as good as zero."""


@dataclass(frozen=True, eq=False)
class BatchState:
    """Where R runs are.

    Attributes:
        points: the points, in pieces.
        states: the optimizer's state, for each piece.
        lowest: the lowest value met before, shape (R,).
        last: the points looked at last, and the values there.
    """

    points: Pieces
    states: Sequence[State]
    lowest: Tensor
    last: Seen

    @classmethod
    def start(cls, x: Tensor, optimizer: FirstOrder) -> BatchState:
        """Runs that begin at x (d, R), in one piece."""
        never = x.new_full(x.shape[1:], torch.inf)
        return cls([x], [optimizer.init(x)], never, ([x], never))

    def of(self, runs: Tensor) -> BatchState:
        """Some of the runs, by their numbers or a mask, in one piece."""
        points, value = self.last
        place = runs.nonzero()[:, 0] if runs.dtype == torch.bool else runs
        if self.points[0].ndim == 2:
            state = tuple(part.index_select(-1, place) for part in self.states[0])
        else:
            state = tuple(chosen(parts, place) for parts in zip(*self.states, strict=True))
        last = [chosen(points, place)], value[place]
        return BatchState([chosen(self.points, place)], [state], self.lowest[place], last)


@dataclass(frozen=True, eq=False)
class ChunkResult:
    """What several steps lead to.

    Attributes:
        flight: where the runs are after them.
        trouble: zero for runs that met neither the bounds, nor what is not finite, nor a tolerance, shape (R,).
        kept: points and values at every so many of the steps, the first being one.
    """

    flight: BatchState
    trouble: Tensor
    kept: Sequence[Seen] = field(default_factory=tuple)


@dataclass(frozen=True, eq=False)
class Limits:
    """What no run may pass unnoticed.

    Attributes:
        centre, half: the middle of the box and half its width, for each piece of the points.
        gradient: the square of the norm at which a run has arrived, or None.
        distance: the square of the distance at which it has, or None.
        minima: the minimisers, each in pieces as the points are.
    """

    centre: Pieces
    half: Pieces
    gradient: Tensor | None = None
    distance: Tensor | None = None
    minima: Sequence[Pieces] = ()

    @classmethod
    def of(cls, box: Tensor, stop: Stop | None, function: Function) -> Limits:
        """The limits of a job, for points in one piece; the box (d, 2) has their precision."""
        low, high = box.unbind(1)
        margin = 4 * torch.finfo(box.dtype).eps  # what comes so close to a limit is looked at more closely
        square = {
            name: box.new_tensor(max(tolerance * tolerance * (1 + margin), TINY[box.dtype]))
            for name in ("gtol", "xtol")
            if (tolerance := getattr(stop, name, None)) is not None
        }
        minima = torch.tensor(function.minima, dtype=box.dtype, device=box.device).reshape(-1, len(box))
        return cls(
            [((low + high) / 2)[:, None]],
            [((high - low) / 2 - margin * (low.abs() + high.abs()))[:, None]],
            square.get("gtol"),
            square.get("xtol"),
            [[minimum[:, None]] for minimum in minima] if "xtol" in square else (),
        )

    def unbound(self) -> Limits:
        """The same for points with a piece for each coordinate."""
        return Limits(
            self.centre[0][:, 0].unbind(0), self.half[0][:, 0].unbind(0), self.gradient, self.distance,
            [minimum[0][:, 0].unbind(0) for minimum in self.minima],
        )  # fmt: skip


Look = Callable[[Pieces], tuple[Tensor, Pieces]]
"""Takes points; the values (R,) and the gradients, in pieces as the points are."""


class Eager:
    """Steps taken one operation after another, with the bits of `engine.run`'s own loop.

    Args:
        function: the landscape.
        limits: what is to be noticed, for points in one piece.
        traced: its value and gradient as a list of operations, if it is exact.
        every: how often points and values are kept on the way; 0 for never.
    """

    fixed = False

    def __init__(self, function: Function, limits: Limits, traced: Traced | None, every: int) -> None:
        keep_memory()
        self.function, self.limits, self.every = function, limits, every
        self.block = block_size(function.dim)
        self.traced = traced if traced is not None and traced.exact else None

    def look(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values (R,) and gradients (d, R) at points (d, R)."""
        if self.traced is None:
            return value_and_gradient(self.function, x)
        value, *gradient = self.traced(*x.unbind(0))
        return value, torch.stack(gradient)

    def take(
        self, flight: BatchState, scalars: RunCoefs, t: int, steps: int, into: Sequence[Seen] | None = None
    ) -> tuple[ChunkResult, int]:
        """As many steps as one call takes after step t, and how many these were."""
        taken = min(TOGETHER, steps - t)
        coefs = scalars.at_steps(range(t + 1, t + 1 + taken))
        return advance(self._look, scalars.optimizer, flight, coefs, self.limits, self.every), taken

    def _look(self, points: Pieces) -> tuple[Tensor, Pieces]:
        value, gradient = self.look(points[0])
        return value, [gradient]


def block_size(dim: int) -> int:
    """How many runs of so many coordinates are stepped together."""
    return max(2 * BLOCK // max(dim, 2), 1)


def keep_memory() -> None:
    """Has the C library keep what is freed: else it gives it back to the system, and takes it anew, at every step.

    It learns what to keep from the largest piece, up to 32 MiB, that was freed before.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


def advance(
    look: Look, optimizer: FirstOrder, flight: BatchState, scalars: Sequence[Coefs], limits: Limits, every: int
) -> ChunkResult:
    """As many steps as there are scalars, from points that are looked at first."""
    points, states, lowest, last = flight.points, flight.states, flight.lowest, flight.last
    kept: list[Seen] = []
    trouble: Tensor | None = None
    for number, coefs in enumerate(scalars):
        value, slopes = look(points)
        last = points, value
        if every and number % every == 0:
            kept.append(last)
        lowest = torch.minimum(lowest, value)
        met = _trouble(points, value, slopes, limits)
        trouble = met if trouble is None else trouble + met
        stepped = [optimizer.update(*each, coefs) for each in zip(points, slopes, states, strict=True)]
        points, states = [p for p, _ in stepped], [s for _, s in stepped]
    assert trouble is not None
    return ChunkResult(BatchState(points, states, lowest, last), trouble, kept)


def chosen(points: Pieces, place: Tensor) -> Tensor:
    """The points of some runs in one piece, (d, r)."""
    if points[0].ndim == 2:
        return points[0].index_select(1, place)
    return torch.stack([piece.index_select(0, place) for piece in points])


def _trouble(points: Pieces, value: Tensor, slopes: Pieces, limits: Limits) -> Tensor:
    """Zero for runs that nothing ends, else positive or NaN: a sum takes fewer instructions than answers yes or no."""
    met = _sum([value, *map(_added, slopes)]) * 0
    for point, centre, half in zip(points, limits.centre, limits.half, strict=True):
        met = met + _added((point - centre).abs_().sub_(half).relu_())
    if limits.gradient is not None:
        met = met + torch.relu(limits.gradient - _sum([_added(slope * slope) for slope in slopes]))
    if limits.distance is not None:
        for minimum in limits.minima:
            apart = [_added(torch.square(point - place)) for point, place in zip(points, minimum, strict=True)]
            met = met + torch.relu(limits.distance - _sum(apart))
    return met


def _added(x: Tensor) -> Tensor:
    return pairwise_sum(x) if x.ndim == 2 else x


def _sum(parts: list[Tensor]) -> Tensor:
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result
