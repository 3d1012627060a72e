"""Run many runs of one first-order optimizer: several steps per call, and a stepwise replay of runs that may end.

A kernel takes chunks of 8 steps, and flags the runs that may have ended on the way: an uncompiled kernel takes one
chunk per call, a compiled one many. Flagged runs are set aside with their state before the chunk.
Later they are replayed step by step, many at a time. The other runs never wait, and
the results equal those of the stepwise loop.

Example: two runs of gradient descent on f(x) = x² from x = 1, 3 steps, in the box [-3, 3]. With lr = 0.25 a step
halves x; with lr = 1.5 it doubles x and changes its sign.

>>> from landscapes import function, optimizers
>>> from landscapes.engine.fast.kernels import EagerKernel, Limits
>>> parabola = function((-3, 3), name="parabola")(lambda x: x * x)
>>> box, starts = torch.tensor([[-3.0, 3.0]]).double(), torch.ones(1, 2).double()
>>> group = Group(np.arange(2), optimizers.SGD(), {"lr": np.array([0.25, 1.5])})
>>> run_coefs = group.run_coefs(np.arange(2), starts)

One call evaluates the points of steps 0, 1 and 2, and returns the points after step 3. It flags the second run, whose
point at step 2 is 4 and lies outside the box. The kernel has taken its third step all the same.

>>> kernel = EagerKernel(parabola, Limits.of(box, None, parabola), None, record_every=1)
>>> chunk, taken = kernel.advance(BatchState.start(starts, run_coefs.optimizer), run_coefs, t=0, steps=3)
>>> taken, chunk.state.points[0].tolist(), (chunk.flag != 0).tolist()
(3, [[0.125, -8.0]], [False, True])

The second run is set aside with its state at step 0 and replayed: x = 1 and x = -2 are valid, x = 4 ends the run at
step 2 for the reason "bound", and it stays at -2. The first run has only its last point evaluated step by step.

>>> buffers = RunBuffers(runs=2, dim=1, recorded=np.arange(4))
>>> run_group(Problem(parabola, 3, box, None, None, None, np.arange(4)), group, starts, buffers, kernel)
>>> buffers.x[:, 0].T.tolist(), buffers.stopped.tolist()
([[1.0, 0.5, 0.25, 0.125], [1.0, -2.0, -2.0, -2.0]], [-1, 2])
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.arrivals import Arrivals
from landscapes.engine.fast.buffers import Addresses, RunBuffers
from landscapes.engine.fast.kernels import CHUNK_STEPS, BatchState, ChunkResult
from landscapes.engine.grouping import Group
from landscapes.engine.termination import REASON_CODES, RunStatus, StopTest, bounds
from landscapes.objectives.decorators import Function
from landscapes.optimizers.first_order.run_coefs import RunCoefs

MAX_FLAGGED = 2**15
"""How many flagged runs are collected before they are replayed."""


class Kernel(Protocol):
    """Take several steps of a block of runs.

    Attributes:
        block: the number of runs per block.
        multiple: the number of runs must be a multiple of this.
        record_every: record points and values every so many steps; 0 for never.
    """

    block: int
    multiple: int
    record_every: int

    def evaluate(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values (R,) and gradients (d, R) at points (d, R)."""

    def value(self, x: Tensor) -> Tensor:
        """Return the values (R,) at points (d, R)."""

    def advance(
        self, state: BatchState, run_coefs: RunCoefs, t: int, steps: int, alive: Tensor, into: Addresses
    ) -> tuple[ChunkResult, int]:
        """Take some of the steps t + 1 … `steps`; return the result and how many steps were taken.

        The kernel may write what it records to `into`, instead of returning it. It may skip runs that are not `alive`.
        """


@dataclass(frozen=True, eq=False)
class Problem:
    """What all runs have in common.

    Attributes:
        function: the objective.
        steps: the number of steps.
        box: bounds of the points, shape (d, 2) or (d, 2, R), in the precision to compute with.
        stop_test: the convergence test, or None.
        ftol: the tolerance of the gap to the minimum, or None.
        target: the loss to reach, 0-dimensional, or None.
        recorded: the steps to record, ascending, shape (T,).
    """

    function: Function
    steps: int
    box: Tensor
    stop_test: StopTest | None
    ftol: float | None
    target: Tensor | None
    recorded: NDArray[np.int64]

    @property
    def record_every(self) -> int:
        """Return the interval at which a kernel records, so that it includes all recorded steps but the ends."""
        between = self.recorded[1:-1].tolist()
        return math.gcd(CHUNK_STEPS, *between) if between else 0


@dataclass(frozen=True, eq=False)
class Flagged:
    """Runs to replay step by step.

    Attributes:
        members: their indices in the group, shape (r,).
        begin: the step from which to replay each run, shape (r,).
        state: their state at `begin`, in one piece.
        arrivals: when they reach the target, as far as it is known at `begin`.
    """

    members: NDArray[np.int64]
    begin: NDArray[np.int64]
    state: BatchState
    arrivals: Arrivals

    @classmethod
    def at(cls, t: int, members: NDArray[np.int64], state: BatchState, arrivals: Arrivals) -> Flagged:
        """Return runs that are all replayed from step t."""
        return cls(members, np.full(len(members), t), state, arrivals)

    @classmethod
    def concatenate(cls, parts: list[Flagged]) -> Flagged:
        """Return all runs of several parts."""
        states = [part.state for part in parts]
        optimizer_states = zip(*(state.optimizer_states[0] for state in states), strict=True)
        return cls(
            np.concatenate([part.members for part in parts]),
            np.concatenate([part.begin for part in parts]),
            BatchState(
                [torch.cat([state.points[0] for state in states], 1)],
                [tuple(torch.cat(buffers, -1) for buffers in optimizer_states)],
                torch.cat([state.lowest for state in states]),
                (
                    [torch.cat([state.last[0][0] for state in states], 1)],
                    torch.cat([state.last[1] for state in states]),
                ),
            ),
            Arrivals(
                torch.cat([part.arrivals.reached for part in parts]),
                torch.cat([part.arrivals.first_reached for part in parts]),
            ),
        )


def run_group(
    problem: Problem, group: Group, starts: Tensor, buffers: RunBuffers, kernel: Kernel,
    progress: Callable[[int], None] = lambda run_steps: None,
) -> None:  # fmt: skip
    """Take all steps of a group, block by block, and write the results to `buffers`.

    Args:
        problem: what all runs have in common.
        group: the runs.
        starts: start points of all runs of the experiment, shape (d, R).
        buffers: of all runs of the experiment.
        kernel: takes the steps.
        progress: called with the number of run-steps since its last call.
    """
    flagged: list[Flagged] = []
    for begin in range(0, len(group.runs), kernel.block):
        members = np.arange(begin, min(begin + kernel.block, len(group.runs)))
        flagged += _run_block(problem, group, members, starts, buffers, kernel, progress)
        if sum(len(part.members) for part in flagged) >= MAX_FLAGGED:
            _replay(problem, group, Flagged.concatenate(flagged), buffers, kernel)
            flagged = []
    if flagged:
        _replay(problem, group, Flagged.concatenate(flagged), buffers, kernel)


def _run_block(
    problem: Problem, group: Group, members: NDArray[np.int64], starts: Tensor, buffers: RunBuffers, kernel: Kernel,
    progress: Callable[[int], None],
) -> list[Flagged]:  # fmt: skip
    """Take all steps of a block, and return the runs to replay. A block is padded with its first run."""
    flagged: list[Flagged] = []
    missing = -len(members) % kernel.multiple
    padded = np.concatenate([members, np.repeat(members[:1], missing)])
    alive = torch.ones(len(padded), dtype=torch.bool, device=starts.device)
    alive[len(members) :] = False
    run_coefs = group.run_coefs(padded, starts)
    x = starts[:, torch.from_numpy(group.runs[padded]).to(starts.device)]
    state = BatchState.start(x, run_coefs.optimizer)
    loss = kernel.value(x)
    runs = _as_slice(group.runs[members])
    buffers.record(0, runs, [x[:, : len(members)]], loss[: len(members)])
    arrivals = Arrivals.never(loss) if problem.target is None else Arrivals.start(loss)
    t, left = 0, len(members)
    while t < problem.steps and left:
        chunk, taken = kernel.advance(state, run_coefs, t, problem.steps, alive, buffers.addresses(runs))
        for number, (points, loss) in enumerate(chunk.recorded):
            pieces = [piece[..., : len(members)] for piece in points]
            buffers.record(t + number * kernel.record_every, runs, pieces, loss[: len(members)])
        ends = _ended(chunk, problem, alive)
        if ends is not None:
            flagged.append(_flagged(chunk, padded, ends, t, state, arrivals))
            alive = alive & ~ends
            left = int(alive.sum())
        if chunk.above is not None:
            arrivals = arrivals.after_call(t, chunk.above)
        state, t = chunk.state, t + taken
        progress(taken * len(members))
        if kernel.multiple == 1 and 0 < 2 * left < len(members):  # drop the runs that have been set aside
            arrivals = arrivals.select(alive)
            members = padded = members[alive.cpu().numpy()]
            runs = _as_slice(group.runs[members])
            state, run_coefs, alive = state.select(alive), group.run_coefs(members, starts), alive[alive]
    if left and not (left == len(members) and _finish(problem, group.runs[members], runs, state, buffers, kernel)):
        last = Flagged.at(t, padded[alive.cpu().numpy()], state.select(alive), arrivals.select(alive))
        _replay(problem, group, last, buffers, kernel)
    progress((problem.steps - t) * len(members))
    return flagged


def _ended(chunk: ChunkResult, problem: Problem, alive: Tensor) -> Tensor | None:
    """Return which runs may have ended in a kernel's steps, shape (R,); None if there are none."""
    if chunk.ended is not None:
        ends = (chunk.ended >= 0) & alive
        return ends if bool(ends.any()) else None
    if chunk.flag is None:
        return None
    flag = chunk.flag
    if problem.ftol is not None:
        flag = flag + (chunk.state.lowest - problem.function.minimum <= problem.ftol)
    if not float(flag.sum()):  # a sum is fast, and NaN is true
        return None
    ends = (flag != 0) & alive
    return ends if bool(ends.any()) else None


def _flagged(
    chunk: ChunkResult, padded: NDArray[np.int64], ends: Tensor, t: int, before: BatchState, arrivals: Arrivals
) -> Flagged:
    """Return the runs that end in a kernel's steps from step t on, with their state before."""
    members = padded[ends.cpu().numpy()]
    if chunk.ended is None or chunk.kept is None:
        return Flagged.at(t, members, before.select(ends), arrivals.select(ends))
    if chunk.kept_above is not None:
        arrivals = arrivals.after_call(t, chunk.kept_above)
    return Flagged(members, chunk.ended[ends].numpy(), chunk.kept.select(ends), arrivals.select(ends))


def _as_slice(runs: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """Return consecutive runs as a slice, which is written as one piece; others as they are."""
    first, last = int(runs[0]), int(runs[-1])
    if last - first == len(runs) - 1 and bool((runs[1:] > runs[:-1]).all()):
        return slice(first, last + 1)
    return runs


def _finish(
    problem: Problem,
    runs: NDArray[np.int64],
    places: slice | NDArray[np.int64],
    state: BatchState,
    buffers: RunBuffers,
    kernel: Kernel,
) -> bool:
    """Write the last points of runs that have taken all steps, and their losses, as `_replay` does.

    Return whether this was done: not if a run may end at its last point, or if there is a target. `places` are the
    runs in the buffers.
    """
    if problem.target is not None:
        return False
    x = state.first(len(runs))
    low, high = bounds(problem.box, torch.from_numpy(runs))
    if not torch.equal(x.clamp(low, high), x):  # not with NaN either
        return False
    if problem.stop_test is None:
        loss = kernel.value(x)
    else:
        loss, gradient = kernel.evaluate(x)
        if bool((problem.stop_test(x, loss, gradient) > 0).any()):
            return False
    if not math.isfinite(float(loss.sum())):  # a sum is fast
        return False
    buffers.record(problem.steps, places, [x], loss)
    buffers.lowest[places] = torch.minimum(state.lowest[: len(runs)], loss).cpu().numpy()
    return True  # the buffers say of all other runs that they neither ended nor arrived


def _replay(problem: Problem, group: Group, flagged: Flagged, buffers: RunBuffers, kernel: Kernel) -> None:
    """Replay runs one step at a time, each from its own step, as the stepwise loop does; write the results."""
    state, begin, runs, arrivals = flagged.state, flagged.begin, group.runs[flagged.members], flagged.arrivals
    run_coefs: RunCoefs | None = None
    x, optimizer_state, lowest = state.points[0], state.optimizer_states[0], state.lowest
    last_x, last_loss = state.last[0][0], state.last[1]
    low, high = bounds(problem.box, torch.from_numpy(runs))
    device = x.device
    status = RunStatus(len(runs), device)
    if (begin == begin[0]).all():  # the usual case; sorting takes longer than a step
        first_steps, first_index = begin[:1], np.zeros(len(begin), dtype=np.int64)
    else:
        first_steps, first_index = np.unique(begin, return_inverse=True)
    begins = first_steps.tolist()
    places = _as_slice(runs)
    for count in range(problem.steps + 1):
        t = begin + count
        step = torch.from_numpy(t).to(device)
        active = status.alive & torch.from_numpy(t <= problem.steps).to(device)
        if not bool(active.any()):
            break
        inside = ((x >= low) & (x <= high)).all(0)
        points = torch.where(active & inside, x, last_x)
        loss, gradient = kernel.evaluate(points)
        finite = loss.isfinite() & (gradient.isfinite().all(0) | (step == problem.steps))
        out_of_bounds = finite & x.isfinite().all(0)
        codes = torch.where(out_of_bounds, REASON_CODES["bound"], REASON_CODES["non-finite"])
        status.end(active & ~(inside & finite), step, codes)
        active &= status.alive
        last_x = torch.where(active, points, last_x)
        last_loss = torch.where(active | (step == 0), loss, last_loss)
        lowest = torch.where(active, torch.minimum(lowest, loss), lowest)
        if problem.target is not None:
            arrivals = arrivals.after_step(step.clamp(max=problem.steps), last_loss, lowest, problem.target)
        if problem.stop_test is not None:
            codes = problem.stop_test(points, loss, gradient)
            status.end(active & (codes > 0), step, codes)
        for recorded in {first + count for first in begins} & buffers.row_of.keys():
            here = t == recorded
            if here.all():
                buffers.record(recorded, places, [last_x], last_loss)
            else:
                mask = torch.from_numpy(here)
                buffers.record(recorded, runs[here], [last_x[:, mask]], last_loss[mask])
        if bool((status.alive & (step < problem.steps)).any()):
            run_coefs = run_coefs or group.run_coefs(flagged.members, x)
            coefs = run_coefs.at_mixed_steps(
                np.minimum(first_steps + count + 1, problem.steps), first_index.reshape(-1)
            )
            x, optimizer_state = run_coefs.optimizer.update(last_x, gradient, optimizer_state, coefs)
    if problem.target is not None:  # a run that ended keeps its last loss
        arrivals = arrivals.after_step(problem.steps, last_loss, lowest, problem.target)
    stopped = status.stopped.cpu().numpy()
    buffers.stopped[places], buffers.reason[places] = stopped, status.reason.cpu().numpy()
    buffers.lowest[places] = lowest.cpu().numpy()
    reached, first_reached = arrivals.within(
        problem.steps, status.reason, unbounded=problem.function.minimum == -math.inf
    )
    buffers.reached[places], buffers.first_reached[places] = reached.cpu().numpy(), first_reached.cpu().numpy()
    for recorded in buffers.row_of if (stopped >= 0).any() else ():  # a run that ended stays at its last valid point
        ended = (stopped >= 0) & (stopped < recorded)
        if ended.any():
            mask = torch.from_numpy(ended)
            buffers.record(recorded, runs[ended], [last_x[:, mask]], last_loss[mask])
