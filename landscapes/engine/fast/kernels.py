"""Take several steps of many runs per call: the state of a block of runs, its limits, and the uncompiled kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.fast.buffers import Addresses, Pieces
from landscapes.engine.fast.tracing import TracedFunction
from landscapes.engine.termination import Stop
from landscapes.objectives.decorators import Function
from landscapes.optimizers.arithmetic import pairwise_sum
from landscapes.optimizers.first_order.base import Coefs, FirstOrder, State
from landscapes.optimizers.first_order.run_coefs import RunCoefs
from landscapes.oracle import value_and_gradient

Evaluated = tuple[Pieces, Tensor]
"""Points, and the values (R,) there."""

CHUNK_STEPS = 8
"""Steps between two looks at the flags, and steps per call of an uncompiled kernel."""

EAGER_BLOCK = 2**15
"""Runs per block for two coordinates: the tensors of a step fit the caches."""

SMALLEST_SQUARE = {torch.float64: 1e-300, torch.float32: 1e-37}
"""A squared norm below this counts as zero."""


@dataclass(frozen=True, eq=False)
class BatchState:
    """The state of R runs between two calls.

    Attributes:
        points: the points, in pieces.
        optimizer_states: the optimizer's state of each piece.
        lowest: the lowest value so far, shape (R,).
        last: the points evaluated last, and the values there.
    """

    points: Pieces
    optimizer_states: Sequence[State]
    lowest: Tensor
    last: Evaluated

    @classmethod
    def start(cls, x: Tensor, optimizer: FirstOrder) -> BatchState:
        """Return the state of runs that begin at x (d, R), in one piece."""
        infinity = x.new_full(x.shape[1:], torch.inf)
        return cls([x], [optimizer.init(x)], infinity, ([x], infinity))

    def first(self, count: int) -> Tensor:
        """Return the points of the first runs in one piece."""
        if self.points[0].ndim == 2:
            return self.points[0][:, :count]
        return torch.stack([piece[:count] for piece in self.points])

    def select(self, runs: Tensor) -> BatchState:
        """Return the state of some runs, given by indices or a mask, in one piece."""
        points, loss = self.last
        index = runs.nonzero()[:, 0] if runs.dtype == torch.bool else runs
        if self.points[0].ndim == 2:
            state = tuple(part.index_select(-1, index) for part in self.optimizer_states[0])
        else:
            state = tuple(select_points(parts, index) for parts in zip(*self.optimizer_states, strict=True))
        last = [select_points(points, index)], loss[index]
        return BatchState([select_points(self.points, index)], [state], self.lowest[index], last)


@dataclass(frozen=True, eq=False)
class ChunkResult:
    """The result of several steps of R runs.

    An uncompiled kernel returns flags; a compiled one, which takes many chunks, says at which chunk a run was flagged.

    Attributes:
        state: the state after them.
        flag: zero for a run that stayed in the box, met only finite numbers and no tolerance; positive or NaN for a
            run that may have ended. Shape (R,).
        ended: the step from which to replay each run; -1 for a run that was not flagged. Shape (R,). None if none was.
        kept: the state at that step.
        above: the number of the last step, from 1, whose loss is above the target, 0 if there is none, shape (R,); and
            the same for the lowest loss so far. None without a target.
        kept_above: the same for the steps until the step in `ended`.
        recorded: points and values every few steps, beginning with the first.
    """

    state: BatchState
    flag: Tensor | None = None
    ended: Tensor | None = None
    kept: BatchState | None = None
    above: tuple[Tensor, Tensor] | None = None
    kept_above: tuple[Tensor, Tensor] | None = None
    recorded: Sequence[Evaluated] = field(default_factory=tuple)


@dataclass(frozen=True, eq=False)
class Limits:
    """The limits that a run must not cross unflagged, and the target.

    Attributes:
        center, half_width: the center of the box and half its width, in pieces.
        squared_gtol: squared gradient norm at which a run has converged, or None.
        squared_xtol: squared distance to a minimizer at which a run has converged, or None.
        minima: the minimizers, each in pieces.
        target: the loss to reach, 0-dimensional, or None.
        ftol: the tolerance of the gap to the minimum, or None.
    """

    center: Pieces
    half_width: Pieces
    squared_gtol: Tensor | None = None
    squared_xtol: Tensor | None = None
    minima: Sequence[Pieces] = ()
    target: Tensor | None = None
    ftol: float | None = None

    @classmethod
    def of(cls, box: Tensor, stop: Stop | None, function: Function, target: Tensor | None = None) -> Limits:
        """Return the limits for points in one piece, of the dtype of the box (d, 2)."""
        low, high = box.cpu().numpy().T  # for so few numbers, faster than torch, with the same rounding
        margin = 4 * torch.finfo(box.dtype).eps  # a run within rounding of a limit is flagged, too
        squares = {
            name: box.new_tensor(max(tolerance * tolerance * (1 + margin), SMALLEST_SQUARE[box.dtype]))
            for name in ("gtol", "xtol")
            if (tolerance := getattr(stop, name, None)) is not None
        }

        def as_column(numbers: NDArray[Any]) -> Tensor:
            return torch.from_numpy(numbers[:, None]).to(box.device)

        minima: Sequence[Tensor] = ()
        if "xtol" in squares:
            minima = torch.tensor(function.minima, dtype=box.dtype, device=box.device).reshape(-1, len(box)).unbind(0)
        return cls(
            [as_column((low + high) / 2)],
            [as_column((high - low) / 2 - margin * (np.abs(low) + np.abs(high)))],
            squares.get("gtol"),
            squares.get("xtol"),
            [[minimum[:, None]] for minimum in minima],
            target,
            getattr(stop, "ftol", None),
        )

    def by_coordinate(self) -> Limits:
        """Return the same limits for points with one piece per coordinate."""
        return Limits(
            self.center[0][:, 0].unbind(0),
            self.half_width[0][:, 0].unbind(0),
            self.squared_gtol,
            self.squared_xtol,
            [minimum[0][:, 0].unbind(0) for minimum in self.minima],
            self.target,
            self.ftol,
        )


Evaluate = Callable[[Pieces], tuple[Tensor, Pieces]]
"""Takes points; returns the values (R,) and the gradients, in pieces as the points."""


class EagerKernel:
    """An uncompiled kernel; its results equal those of `stepwise.StepwiseLoop` bit for bit."""

    multiple = 1

    def __init__(self, function: Function, limits: Limits, traced: TracedFunction | None, record_every: int) -> None:
        """Prepare a kernel.

        Args:
            function: the objective.
            limits: the limits, for points in one piece.
            traced: the traced function; it is used if it is exact.
            record_every: record points and values every so many steps; 0 for never.
        """
        retain_freed_memory()
        self.function, self.limits, self.record_every = function, limits, record_every
        self.block = block_size(function.dim)
        self.traced = traced if traced is not None and traced.exact else None

    def evaluate(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values (R,) and gradients (d, R) at points (d, R)."""
        if self.traced is None:
            return value_and_gradient(self.function, x)
        loss, *components = self.traced(*x.unbind(0))
        return loss, torch.stack(components)

    def value(self, x: Tensor) -> Tensor:
        """Return the values (R,) at points (d, R), the same as those of `evaluate`."""
        return self.evaluate(x)[0] if self.traced is None else self.traced.value(*x.unbind(0))

    def advance(
        self,
        state: BatchState,
        run_coefs: RunCoefs,
        t: int,
        steps: int,
        alive: Tensor | None = None,
        into: Addresses | None = None,
    ) -> tuple[ChunkResult, int]:
        """Take up to `CHUNK_STEPS` of the steps t + 1 … `steps`; return the result and how many were taken."""
        count = min(CHUNK_STEPS, steps - t)
        coefs = run_coefs.at_steps(range(t + 1, t + 1 + count))
        return take_steps(self._evaluate, run_coefs.optimizer, state, coefs, self.limits, self.record_every), count

    def _evaluate(self, points: Pieces) -> tuple[Tensor, Pieces]:
        loss, gradient = self.evaluate(points[0])
        return loss, [gradient]


def block_size(dim: int) -> int:
    """Return how many runs of `dim` coordinates to step together."""
    return max(2 * EAGER_BLOCK // max(dim, 2), 1)


@cache
def retain_freed_memory() -> None:
    """Make the C library keep freed memory, which it would return to the system and request again at every step.

    glibc keeps blocks up to the size of the largest one freed so far, at most 32 MiB.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


def take_steps(
    evaluate: Evaluate,
    optimizer: FirstOrder,
    state: BatchState,
    coefs: Sequence[Coefs],
    limits: Limits,
    record_every: int,
) -> ChunkResult:
    """Take one step per entry of `coefs`. Each step evaluates the current points, checks them, and then moves on."""
    points, states, lowest, last = state.points, state.optimizer_states, state.lowest, state.last
    recorded: list[Evaluated] = []
    flag: Tensor | None = None
    above = None if limits.target is None else (torch.zeros_like(lowest), torch.zeros_like(lowest))
    for number, step_coefs in enumerate(coefs):
        loss, gradients = evaluate(points)
        last = points, loss
        if record_every and number % record_every == 0:
            recorded.append(last)
        lowest = torch.minimum(lowest, loss)
        if above is not None and limits.target is not None:
            above = last_above(number + 1, (loss, lowest), limits.target, above)
        step_flag = _flag(points, loss, gradients, limits)
        flag = step_flag if flag is None else flag + step_flag
        stepped = [optimizer.update(*piece, step_coefs) for piece in zip(points, gradients, states, strict=True)]
        points, states = [p for p, _ in stepped], [s for _, s in stepped]
    assert flag is not None
    return ChunkResult(BatchState(points, states, lowest, last), flag, above=above, recorded=recorded)


def select_points(points: Pieces, index: Tensor) -> Tensor:
    """Return the points of some runs in one piece, shape (d, r)."""
    if points[0].ndim == 2:
        return points[0].index_select(1, index)
    return torch.stack([piece.index_select(0, index) for piece in points])


def last_above(
    number: int | Tensor, losses: tuple[Tensor, Tensor], target: Tensor, above: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Return `ChunkResult.above` after another step, which has this number."""
    loss, lowest = (torch.where(value <= target, before, number) for value, before in zip(losses, above, strict=True))
    return loss, lowest


def _flag(points: Pieces, loss: Tensor, gradients: Pieces, limits: Limits) -> Tensor:
    """Return zero for runs that go on, else positive or NaN; a sum takes fewer instructions than boolean masks."""
    flag = _sum([loss, *map(_sum_coordinates, gradients)]) * 0  # NaN where anything is not finite
    for point, center, half_width in zip(points, limits.center, limits.half_width, strict=True):
        flag = flag + _sum_coordinates((point - center).abs_().sub_(half_width).relu_())
    if limits.squared_gtol is not None:
        squared_norm = _sum([_sum_coordinates(gradient * gradient) for gradient in gradients])
        flag = flag + torch.relu(limits.squared_gtol - squared_norm)
    if limits.squared_xtol is not None:
        for minimum in limits.minima:
            squares = [_sum_coordinates(torch.square(p - q)) for p, q in zip(points, minimum, strict=True)]
            flag = flag + torch.relu(limits.squared_xtol - _sum(squares))
    return flag


def _sum_coordinates(x: Tensor) -> Tensor:
    return pairwise_sum(x) if x.ndim == 2 else x


def _sum(parts: list[Tensor]) -> Tensor:
    result = parts[0]
    for part in parts[1:]:
        result = result + part
    return result
