"""The batched loop: every run of every optimizer advances together, one gradient evaluation a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.batch import Batch
from landscapes.engine.fast import runner
from landscapes.engine.fast.compiling import kernel_for
from landscapes.engine.fast.kernels import Limits
from landscapes.engine.fast.runner import Room, RunBuffers, Task
from landscapes.engine.fast.tracing import Traced, followed
from landscapes.engine.grouping import Group, grouped
from landscapes.engine.recording import Log, RecordSteps, recorded_steps
from landscapes.engine.termination import REASONS, RunStatus, Stop
from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.oracle import KINDS, Oracle, value, value_and_gradient

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""


@dataclass(frozen=True, eq=False)
class BatchResult:
    """What R runs did, as numpy arrays on the host; T points of each are kept.

    Attributes:
        x: points, shape (R, T, d); a stopped run stays at its last good point.
        loss: values, shape (R, T).
        step: which steps were kept, shape (T,).
        stopped: the step at which a run was stopped, shape (R,), -1 for one that went on to the end: for a failed
            run the step whose point was refused.
        reason: why it was stopped, shape (R,): one of `stopping.REASONS`, "" for a run that was not.
        reached: the first step at or below the target, shape (R,), -1 where there was none.
        lowest: the lowest value each run met, shape (R,).
        evaluations: how many of each kind a run used, shape (R,) each: `values`, `gradients`, `products`, `hessians`.
        observed: what else was to be recorded, by name: shape (R, T) or (R, T, d); NaN where an optimizer has no such thing.
    """

    x: NDArray[np.float64]
    loss: NDArray[np.float64]
    step: NDArray[np.int64]
    stopped: NDArray[np.int64]
    reason: NDArray[np.str_]
    reached: NDArray[np.int64]
    lowest: NDArray[np.float64]
    evaluations: Mapping[str, NDArray[np.int64]]
    metrics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def n_gradients(self) -> NDArray[np.int64]:
        """Gradient evaluations a run used, shape (R,)."""
        return self.evaluations["n_gradients"]


def run(
    function: Function,
    optimizers: Sequence[Optimizer] | Batch,
    starts: Tensor,
    steps: int,
    *,
    box: Tensor,
    stop: Stop | None = None,
    record_steps: RecordSteps = "all",
    metrics: Sequence[str] = (),
    target: float | None = None,
    streams: Tensor | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    compiled: bool | None = False,
    room: Room | None = None,
) -> BatchResult:
    """Runs one optimizer a column of `starts` for so many steps.

    Runs of one kind of optimizer are stepped together; the gradient is evaluated once a step for all that need it. A
    run whose next point leaves the `box`, or where point, value or gradient are not finite, is frozen at its
    last good point, and one that has arrived (see `Stop`) where it stands; neither is evaluated elsewhere any
    more, so it disturbs nobody. Nothing is copied from a GPU before the end. Of a stochastic function all
    runs see the same sample at the same step, and the values kept are the average's.

    Args:
        function: the landscape.
        optimizers: R optimizers, or a `Batch` of R runs.
        starts: start points, shape (d, R), on the device and in the precision to compute with.
        steps: how many steps to take.
        box: the region that runs may roam, shape (d, 2): lower and upper bounds.
        stop: when a run has arrived; by default none ever has.
        record_steps: which steps to record, "all", "ends", a stride or the steps themselves; the first and last always are.
        metrics: what to record beside points and values: "gradient_norm", "lr", "evaluations" (how many of each
            kind a run used so far, (R, T, 4) as in `oracle.KINDS`), and what optimizers record_steps ("momentum", "second_moment", …).
        target: the value whose first crossing is looked for.
        streams: which random numbers each run sees, shape (R,), int64; by default all the same ones, so that
            optimizers are compared under the same noise.
        seed: the seed of the random numbers.
        progress: told of the steps done.
        compiled: whether steps are compiled into loops, for first-order optimizers on functions of torch operations; where that
            cannot be, they are taken as they stand. None: where the work pays for compiling, see `compiling.pays`.
        room: makes the arrays of points, of shape (T, d, R), and values, (T, R), of which `BatchResult` has views, for many
            runs: `numpy.lib.format.open_memmap`, for instance, puts them into files. It is given "x" or "loss" and
            the shape; where it gives None for values, they are not kept, and are NaN.

    Raises:
        InputError: where optimizers, starts and streams do not fit together, an optimizer cannot work on the function, or steps
            to record_steps are none of the race.
    """
    _check_shapes(function, optimizers, starts, streams)
    large = None if function.sample is not None or metrics else grouped(optimizers)
    if large is not None:
        return _run_groups(
            function,
            large,
            starts,
            steps,
            box.to(starts),
            stop,
            recorded_steps(record_steps, steps),
            target,
            progress,
            compiled,
            room,
        )
    optimizers = optimizers.optimizers() if isinstance(optimizers, Batch) else optimizers
    for optimizer in dict.fromkeys(optimizers):
        optimizer.check(function)
    order, groups, guided = _grouped(optimizers)
    back = torch.empty_like(order)
    back[order] = torch.arange(len(optimizers))
    x = starts[:, order].contiguous()
    streams = torch.zeros(len(optimizers), dtype=torch.int64) if streams is None else streams[order].cpu()
    setup = RunSetup(steps, streams.to(x.device), seed)
    parts = [
        _Part(
            runs,
            type(optimizers[0]).stepper(optimizers, x[:, runs], setup.select(runs)),
            Oracle(function, len(optimizers), x.device),
            guided=optimizers[0].needs_gradient,
        )
        for runs, optimizers in groups
    ]
    steppers = [(part.runs, part.stepper) for part in parts]
    sizes = [len(optimizers) for _, optimizers in groups]
    kept = recorded_steps(record_steps, steps)
    log = Log(kept, metrics, x)
    arrived = None if stop is None else stop.on(function, x)
    # then every gradient is looked at, whoever needs it, and nobody pays for that
    looks_at_gradients = (stop is not None and stop.gtol is not None) or "gradient_norm" in metrics
    low, high = box.to(x).unbind(1)
    fates = RunStatus(len(optimizers), x.device)
    reached = fates.stopped.clone()
    lowest = x.new_full((len(optimizers),), torch.inf)
    last_x, last_value = x, lowest
    calm = x.device.type == "cpu"  # nothing has happened yet to anybody, and to look costs next to nothing
    traced = followed(function, x, steps)
    enders = [part for part in parts if type(part.stepper).terminated is not Stepper.terminated]
    counted = parts if log.counts else []
    floor, ceiling = low[:, None], high[:, None]
    for t in range(steps + 1):
        seen = function.at_step(t) if t < steps else function
        calm = calm and torch.equal(x.clamp(floor, ceiling), x)  # False for NaN too
        within = fates.alive if calm else ((x >= floor) & (x <= ceiling)).all(0)
        held = x if calm else torch.where(fates.alive & within, x, last_x)
        felt, gradient = _look(
            seen, held, len(optimizers) if looks_at_gradients else guided if t < steps else 0, traced
        )
        true = felt if seen is function else value(function, held)
        slopes = gradient[:, :guided] if t < steps else gradient[:, :0]
        calm = calm and math.isfinite(true.sum() + slopes.sum())
        if calm:
            last_x, last_value, lowest = held, true, torch.minimum(lowest, true)
        else:
            sound = true.isfinite()
            sound[: slopes.shape[1]] &= slopes.isfinite().all(0)
            finite = sound & x.isfinite().all(0)
            fates.end(~(within & sound), t, torch.where(finite, REASONS["bound"], REASONS["non-finite"]))
            last_x = torch.where(fates.alive, held, last_x)
            # the start's own value is always kept
            last_value = torch.where(fates.alive, true, last_value) if t else true
            lowest = torch.where(fates.alive, torch.minimum(lowest, true), lowest)
        if target is not None:
            reached = torch.where((reached < 0) & fates.alive & (true <= target), t, reached)
        if arrived is not None:
            why = arrived(held, true, gradient)
            fates.end(why > 0, t, why)
            calm = calm and not bool(why.any())
        for part in enders:
            ended = part.stepper.terminated()
            if ended is not None:
                fates.end(_among(ended, part.runs, len(optimizers)), t, REASONS["terminated"])
                calm = calm and not bool(ended.any())
        accounts = [(part.runs, {"evaluations": part.spent_until(t, fates.stopped)}) for part in counted]
        log.record(t, last_x, last_value, gradient, steppers, accounts)
        if t < steps:
            shares = [
                torch.split_with_sizes(whole, sizes, whole.ndim - 1) for whole in (last_x, felt, gradient, fates.alive)
            ]
            x = torch.cat([part.step(t + 1, seen, *share) for part, *share in zip(parts, *shares, strict=True)], 1)
        if progress is not None:
            progress(t, steps)
    spent = torch.cat([part.spent_until(steps, fates.stopped) for part in parts], 1)
    return BatchResult(
        x=_host(log.x[..., back].permute(2, 0, 1)),
        loss=_host(log.loss[:, back].T),
        step=kept,
        stopped=fates.stopped[back].cpu().numpy(),
        reason=np.array(["", *REASONS])[fates.reason[back].cpu().numpy()],
        reached=reached[back].cpu().numpy(),
        lowest=_host(lowest[back]),
        evaluations=dict(zip(KINDS, spent[:, back].cpu().numpy(), strict=True)),
        metrics={name: _host(seen[..., back].movedim(-1, 0)) for name, seen in log.metrics.items()},
    )


def _run_groups(
    function: Function, groups: Sequence[Group], starts: Tensor, steps: int, box: Tensor, stop: Stop | None,
    kept: NDArray[np.int64], target: float | None, progress: Progress | None, compiled: bool | None, room: Room | None,
) -> BatchResult:  # fmt: skip
    """Runs groups of many runs each, one group after another, several steps by one call."""
    for group in groups:
        group.optimizer.check(function)
    runs = starts.shape[1]
    arrived = None if stop is None else stop.on(function, starts)
    task = Task(function, steps, box, arrived, None if stop is None else stop.ftol, target, kept)
    book = RunBuffers(runs, function.dim, kept, room)
    limits = Limits.of(box, stop, function)
    done = 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done // runs, steps)

    with torch.no_grad():
        for group in groups:
            kernel = kernel_for(function, group, limits, steps, task.every, starts, compiled)
            runner.run(task, group, starts, book, kernel, tell)
    ends = np.where(book.stopped >= 0, book.stopped, steps)
    return BatchResult(
        x=book.x.transpose(2, 0, 1),
        loss=book.loss.T,
        step=kept,
        stopped=book.stopped,
        reason=np.array(["", *REASONS])[book.reason],
        reached=book.reached,
        lowest=book.lowest,
        evaluations={kind: ends if kind == "n_gradients" else np.zeros_like(ends) for kind in KINDS},
    )


def check_device(name: str) -> torch.device:
    """The device of a name such as "cpu" or "cuda:1".

    Raises `InputError` where the name is none, or this machine has no such device.
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device {name!r} is not to be had here ({reason}); use device='cpu'") from None
    return device


def _check_shapes(
    function: Function, optimizers: Sequence[Optimizer] | Batch, starts: Tensor, streams: Tensor | None
) -> None:
    if not starts.is_floating_point():
        raise InputError(f"starts are real floating-point tensors, not {starts.dtype}; use starts.double()")
    if starts.shape != (function.dim, len(optimizers)) or not len(optimizers):
        raise InputError(
            f"starts have shape (d, R), here ({function.dim}, {len(optimizers)}) for {len(optimizers)} optimizers on {function.name}, "
            f"not {tuple(starts.shape)}"
        )
    if streams is not None and streams.shape != (len(optimizers),):
        raise InputError(f"streams are one number a run, shape ({len(optimizers)},), not {tuple(streams.shape)}")


class _Part:
    """The runs of one kind of optimizer: what advances them, and what they asked for while they went on."""

    def __init__(self, runs: slice, stepper: Stepper, oracle: Oracle, *, guided: bool) -> None:
        self.runs = runs
        self.stepper = stepper
        self.oracle = oracle
        self.guided = guided
        self.spent = oracle.counts.clone()

    def step(self, t: int, seen: Function, x: Tensor, felt: Tensor, gradient: Tensor, alive: Tensor) -> Tensor:
        """The points of these runs after step t, from what they see."""
        self.oracle.current = seen
        now = StepContext(t, x, felt, gradient, self.oracle, alive)
        moved = self.stepper.step(now)
        if self.oracle.was_called:
            self.spent = torch.where(now.active, self.oracle.counts, self.spent)
        return moved

    def spent_until(self, t: int, stopped: Tensor) -> Tensor:
        """What these runs evaluated in their first t steps, shape (4, R) as in `KINDS`; `stopped` is that of all runs."""
        if not self.guided:
            return self.spent
        stopped, spent = stopped[self.runs], self.spent.clone()
        spent[KINDS.index("n_gradients")] += torch.where(stopped >= 0, stopped, t)
        return spent


def _look(seen: Function, x: Tensor, guided: int, traced: Traced | None) -> tuple[Tensor, Tensor]:
    """The values (R,) and gradients (d, R) at points (d, R): gradients for the first runs only, NaN elsewhere."""
    if guided == x.shape[1]:
        if traced is None:
            return value_and_gradient(seen, x)
        felt, *slopes = traced(*x.unbind(0))
        return felt, torch.stack(slopes)
    gradient = torch.full_like(x, torch.nan)
    if guided == 0:
        return value(seen, x), gradient
    with_slope, gradient[:, :guided] = value_and_gradient(seen, x[:, :guided])
    return torch.cat([with_slope, value(seen, x[:, guided:])]), gradient


def _among(some: Tensor, runs: slice, count: int) -> Tensor:
    """A mask of some runs as a mask of all."""
    mask = torch.zeros(count, dtype=torch.bool, device=some.device)
    mask[runs] = some
    return mask


def _grouped(optimizers: Sequence[Optimizer]) -> tuple[Tensor, list[tuple[slice, list[Optimizer]]], int]:
    """The order that puts optimizers of one kind side by side, each kind's place in it, and how many need gradients.

    Those that do stand first, so that one evaluation serves them.
    """
    groups: dict[Hashable, list[int]] = {}
    for index, optimizer in enumerate(optimizers):
        groups.setdefault(optimizer.batch_key, []).append(index)
    kinds = sorted(groups.values(), key=lambda members: not optimizers[members[0]].needs_gradient)
    parts, begin, guided = [], 0, 0
    for members in kinds:
        end = begin + len(members)
        parts.append((slice(begin, end), [optimizers[index] for index in members]))
        begin, guided = end, end if optimizers[members[0]].needs_gradient else guided
    return torch.tensor([index for members in kinds for index in members]), parts, guided


def _host(values: Tensor) -> NDArray[np.float64]:
    return np.ascontiguousarray(values.cpu().numpy().astype(np.float64))
