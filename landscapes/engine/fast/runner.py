"""Very many runs of one first-order optimizer: several steps by one call, and a closer look at those that something happens to.

A kernel takes some steps at once and says which runs may have met an end on the way. These are set aside with all that
they had before, and go the same way again step by step, many of them at a time; so nobody waits for them, and what is
told of them is what the engine's own loop tells.
"""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.fast.kernels import TOGETHER, BatchState, ChunkResult, Pieces, Seen
from landscapes.engine.grouping import Group
from landscapes.engine.termination import REASONS, Arrived, RunStatus
from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers.first_order.run_coefs import RunCoefs

ASIDE = 2**15
"""How many runs are set aside before they are looked at."""

Room = Callable[[str, tuple[int, ...]], NDArray[np.float64] | None]
"""Takes "x" or "loss" and a shape; the array that points or values are written to, or None if these are not kept."""


class Kernel(Protocol):
    """What takes several steps of a block of runs.

    Attributes:
        block: how many runs it takes best.
        fixed: whether it takes so many, no more and no fewer.
        every: how often points and values are kept on the way; 0 for never.
    """

    block: int
    fixed: bool
    every: int

    def look(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values (R,) and gradients (d, R) at points (d, R)."""

    def take(
        self, flight: BatchState, scalars: RunCoefs, t: int, steps: int, into: Sequence[Seen] | None = None
    ) -> tuple[ChunkResult, int]:
        """As many steps as one call takes after step t, and how many these were.

        What is kept on the way may be written to what is given for it, which the leg then has as its own `kept`.
        """


@dataclass(frozen=True, eq=False)
class Task:
    """What all runs have in common.

    Attributes:
        function: the landscape.
        steps: how many steps are taken.
        box: the region that runs may roam, shape (d, 2), in the precision to compute with.
        arrived: the test of arrival, or None.
        gap: how far above the function's minimum a run has arrived by its value, or None.
        target: the value whose first crossing is looked for, or None.
        kept: which steps are recorded, ascending.
    """

    function: Function
    steps: int
    box: Tensor
    arrived: Arrived | None
    gap: float | None
    target: float | None
    kept: NDArray[np.int64]

    @property
    def every(self) -> int:
        """How often a kernel is to keep points, so that it keeps all that are wanted between the first and the last."""
        between = self.kept[1:-1].tolist()
        return math.gcd(TOGETHER, *between) if between else 0


class RunBuffers:
    """What R runs did, on the host."""

    def __init__(self, runs: int, dim: int, kept: NDArray[np.int64], room: Room | None = None) -> None:
        make = room or (lambda _, shape: np.empty(shape))
        self.kept = kept
        self.x = _array(make, "x", (len(kept), dim, runs))
        self.loss = _array(make, "loss", (len(kept), runs))
        self.keeps_values = self.loss.flags.writeable
        self.stopped = np.full(runs, -1)
        self.reason = np.zeros(runs, dtype=np.int64)
        self.reached = np.full(runs, -1)
        self.lowest = np.full(runs, np.inf)
        self.place = {int(step): i for i, step in enumerate(kept)}

    def rows(self, steps: range, runs: slice, dtype: torch.dtype) -> list[Seen] | None:
        """Where the points and values of these steps go, as tensors to write to; None if there are none such for all."""
        sound = self.x.flags.c_contiguous and self.x.flags.writeable and torch.from_numpy(self.x[:0]).dtype == dtype
        if not sound or not steps or any(t not in self.place for t in steps):
            return None
        found: list[Seen] = []
        for place in (self.place[t] for t in steps):
            value = self.loss[place][runs] if self.keeps_values else np.empty(runs.stop - runs.start)
            found.append(([torch.from_numpy(row[runs]) for row in self.x[place]], torch.from_numpy(value)))
        return found

    def keep(self, t: int, runs: slice | NDArray[np.int64], points: Pieces, value: Tensor) -> None:
        """Points, in pieces, and values (r,) of some runs, if step t is to be kept."""
        place = self.place.get(t)
        if place is None:
            return
        rows = self.x[place] if points[0].ndim == 1 else [self.x[place]]
        for row, piece in zip(rows, points, strict=True):
            row[..., runs] = piece.cpu().numpy()
        if self.keeps_values:
            self.loss[place][runs] = value.cpu().numpy()


def _array(make: Room, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    made = make(name, shape)
    if made is None:
        return np.broadcast_to(np.nan, shape)
    if isinstance(made, np.memmap):
        _reserve(made)
    return np.asarray(made)  # pieces of a memmap are slow to make


def _reserve(array: np.memmap[Any, Any]) -> None:
    """Has the system find room for a whole file at once: it is written faster, and a full disk is told of, not died of."""
    if array.filename is None or not hasattr(os, "posix_fallocate"):
        return
    with open(array.filename, "r+b") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise InputError(
                    f"{array.filename} takes {size / 2**20:,.0f} MiB, for which there is no room; "
                    "make some, keep fewer steps, or put the file elsewhere"
                ) from error


@dataclass(frozen=True, eq=False)
class Flagged:
    """Runs to be looked at step by step: by their number in the group, from which step on, and whether that may end them."""

    own: NDArray[np.int64]
    begin: NDArray[np.int64]
    ends: NDArray[np.bool_]
    flight: BatchState

    @classmethod
    def at(cls, t: int, own: NDArray[np.int64], flight: BatchState, *, ends: bool = True) -> Flagged:
        return cls(own, np.full(len(own), t), np.full(len(own), ends), flight)

    @classmethod
    def all(cls, parts: list[Flagged]) -> Flagged:
        flights = [part.flight for part in parts]
        states = zip(*(flight.states[0] for flight in flights), strict=True)
        return cls(
            np.concatenate([part.own for part in parts]),
            np.concatenate([part.begin for part in parts]),
            np.concatenate([part.ends for part in parts]),
            BatchState(
                [torch.cat([flight.points[0] for flight in flights], 1)],
                [tuple(torch.cat(each, -1) for each in states)],
                torch.cat([flight.lowest for flight in flights]),
                ([torch.cat([f.last[0][0] for f in flights], 1)], torch.cat([f.last[1] for f in flights])),
            ),
        )


def run(
    task: Task, group: Group, starts: Tensor, book: RunBuffers, kernel: Kernel, progress: Callable[[int], None] = lambda done: None
) -> None:  # fmt: skip
    """Steps the runs of a group, in blocks of so many, and writes into the book what they did.

    Args:
        task: what all runs have in common.
        group: the runs.
        starts: start points of all runs of the job, shape (d, R).
        book: of all runs of the job.
        kernel: takes the steps.
        progress: told of the run-steps done since it was told last.
    """
    aside: list[Flagged] = []
    for begin in range(0, len(group.runs), kernel.block):
        own = np.arange(begin, min(begin + kernel.block, len(group.runs)))
        aside += _run_block(task, group, own, starts, book, kernel, progress)
        if sum(len(some.own) for some in aside) >= ASIDE:
            _follow(task, group, Flagged.all(aside), book, kernel)
            aside = []
    if aside:
        _follow(task, group, Flagged.all(aside), book, kernel)


def _run_block(
    task: Task, group: Group, own: NDArray[np.int64], starts: Tensor, book: RunBuffers, kernel: Kernel,
    progress: Callable[[int], None],
) -> list[Flagged]:  # fmt: skip
    aside: list[Flagged] = []
    alive = torch.ones(kernel.block if kernel.fixed else len(own), dtype=torch.bool, device=starts.device)
    alive[len(own) :] = False
    padded = np.concatenate([own, np.repeat(own[:1], len(alive) - len(own))])
    scalars = group.scalars(padded, starts)
    x = starts[:, torch.from_numpy(group.runs[padded]).to(starts.device)]
    flight = BatchState.start(x, scalars.optimizer)
    value, _ = kernel.look(x)
    where = _where(group.runs[own])
    book.keep(0, where, [x[:, : len(own)]], value[: len(own)])
    goal = None if task.target is None else torch.full_like(value, task.target)
    t, left = 0, len(own)
    while t < task.steps and left:
        ahead = range(t, t + TOGETHER, kernel.every) if kernel.every else range(0)
        into = book.rows(ahead, where, x.dtype) if len(own) == len(alive) and isinstance(where, slice) else None
        leg, taken = kernel.take(flight, scalars, t, task.steps, into)
        for number, (points, value) in enumerate(leg.kept if leg.kept is not into else ()):
            book.keep(t + number * kernel.every, where, [piece[..., : len(own)] for piece in points], value[: len(own)])
        ends = (
            leg.trouble if task.gap is None else leg.trouble + (leg.flight.lowest - task.function.minimum <= task.gap)
        )
        if bool(ends.any()) and bool((ends := (ends != 0) & alive).any()):
            aside.append(Flagged.at(t, padded[ends.cpu().numpy()], flight.of(ends)))
            alive = alive & ~ends
            left = int(alive.sum())
        if goal is not None:
            hits = (leg.flight.lowest <= goal) & alive
            if bool(hits.any()):
                aside.append(Flagged.at(t, padded[hits.cpu().numpy()], flight.of(hits), ends=False))
                goal = goal.masked_fill(hits, -torch.inf)
        flight, t = leg.flight, t + taken
        progress(taken * len(own))
        if not kernel.fixed and 0 < 2 * left < len(own):  # the others rest
            goal = None if goal is None else goal[alive]
            own = padded = own[alive.cpu().numpy()]
            where = _where(group.runs[own])
            flight, scalars, alive = flight.of(alive), group.scalars(own, starts), alive[alive]
    if left:
        _follow(task, group, Flagged.at(t, padded[alive.cpu().numpy()], flight.of(alive)), book, kernel)
    progress((task.steps - t) * len(own))
    return aside


def _where(runs: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """Which runs these are; neighbours as a slice, which is written as one piece."""
    return slice(int(runs[0]), int(runs[-1]) + 1) if bool((np.diff(runs) == 1).all()) else runs


def _follow(task: Task, group: Group, those: Flagged, book: RunBuffers, kernel: Kernel) -> None:
    """Steps runs one step at a time, as `engine.run` does, each from its own step on, and writes what became of them.

    Runs that nothing ends are followed for as long as a kernel's call, to see when they first reached the target.
    """
    flight, begin, runs = those.flight, those.begin, group.runs[those.own]
    scalars: RunCoefs | None = None
    x, state, lowest = flight.points[0], flight.states[0], flight.lowest
    last_x, last_value = flight.last[0][0], flight.last[1]
    low, high = task.box.unbind(1)
    device = x.device
    fates = RunStatus(len(runs), device)
    reached = fates.stopped.clone()
    best, best_at = torch.full_like(lowest, torch.inf), torch.zeros_like(reached)
    until = np.where(those.ends, task.steps, np.minimum(begin + TOGETHER - 1, task.steps))
    present = np.unique(begin[those.ends]).tolist()
    firsts, place = np.unique(begin, return_inverse=True)
    for count in range(task.steps + 1):
        t = begin + count
        here = torch.from_numpy(t).to(device)
        going = fates.alive & torch.from_numpy(t <= until).to(device)
        if not bool(going.any()):
            break
        within = ((x >= low[:, None]) & (x <= high[:, None])).all(0)
        held = torch.where(going & within, x, last_x)
        value, gradient = kernel.look(held)
        sound = value.isfinite() & (gradient.isfinite().all(0) | (here == task.steps))
        finite = sound & x.isfinite().all(0)
        fates.end(going & ~(within & sound), here, torch.where(finite, REASONS["bound"], REASONS["non-finite"]))
        going &= fates.alive
        last_x = torch.where(going, held, last_x)
        last_value = torch.where(going | (here == 0), value, last_value)
        lowest = torch.where(going, torch.minimum(lowest, value), lowest)
        if task.target is not None:
            best_at = torch.where(going & (value < best), here, best_at)
            best = torch.where(going, torch.minimum(best, value), best)
            reached = torch.where((reached < 0) & going & (value <= task.target), here, reached)
        if task.arrived is not None:
            why = task.arrived(held, value, gradient)
            fates.end(going & (why > 0), here, why)
        for step in {step + count for step in present} & book.place.keys():
            some = those.ends & (t == step)
            book.keep(step, runs[some], [last_x[:, torch.from_numpy(some)]], last_value[torch.from_numpy(some)])
        if bool((fates.alive & (here < task.steps)).any()):
            scalars = scalars or group.scalars(those.own, x)
            coefs = scalars.at_mixed_steps(np.minimum(firsts + count + 1, task.steps), place.reshape(-1))
            x, state = scalars.optimizer.update(last_x, gradient, state, coefs)
    _write(book, those, runs, fates, lowest, torch.where(reached < 0, best_at, reached), last_x, last_value, reached)


def _write(
    book: RunBuffers, those: Flagged, runs: NDArray[np.int64], fates: RunStatus, lowest: Tensor, likely: Tensor, x: Tensor,
    value: Tensor, reached: Tensor,
) -> None:  # fmt: skip
    """Writes what became of runs that were followed; a stopped one stays where it was last good."""
    ends, ended = those.ends, runs[those.ends]
    stopped, met = fates.stopped.cpu().numpy(), reached.cpu().numpy()
    book.stopped[ended], book.reason[ended] = stopped[ends], fates.reason.cpu().numpy()[ends]
    book.lowest[ended] = lowest.cpu().numpy()[ends]
    book.reached[ended] = np.where(book.reached[ended] < 0, met[ends], book.reached[ended])
    # who reached the target by a hair in a compiled step may not do so here: it did at its lowest, then
    book.reached[runs[~ends]] = likely.cpu().numpy()[~ends]
    for step in book.place:
        some = ends & (stopped >= 0) & (stopped < step)
        if some.any():
            book.keep(step, runs[some], [x[:, torch.from_numpy(some)]], value[torch.from_numpy(some)])
