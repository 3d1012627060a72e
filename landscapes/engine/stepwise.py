"""The batched loop: every run of every optimizer advances by one step per iteration."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.arrivals import Arrivals, target_tensor
from landscapes.engine.batch import BatchResult
from landscapes.engine.fast.tracing import TracedFunction, trace_if_worthwhile
from landscapes.engine.recording import Recorder
from landscapes.engine.termination import REASON_CODES, REASON_NAMES, RunStatus, Stop, bounds, is_inside
from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.objectives.samples import RunSamples, run_seeds, seen_by
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.oracle import KINDS, Oracle, value, value_and_gradient


class StepwiseLoop:
    """All runs of a batch, sorted by kind of optimizer, and their state between two steps.

    Each iteration evaluates the function, ends the runs that failed or converged, records, and takes a step.

    On the CPU, `none_ended` is True while all runs go on. Then the masks that keep ended runs in place are not needed.
    """

    __slots__ = (
        "arrivals", "count", "counted", "evaluated_at_end", "evaluated_gradients", "function", "groups", "high",
        "inverse_order", "last_loss", "last_x", "low", "lowest", "may_converge", "none_ended", "recorder",
        "samples", "self_ending", "sizes", "status", "steppers", "steps", "stop_test", "target", "traced",
        "with_gradient", "x",
    )  # fmt: skip

    def __init__(
        self,
        function: Function,
        optimizers: Sequence[Optimizer],
        starts: Tensor,
        steps: int,
        *,
        box: Tensor,
        stop: Stop | None,
        recorded: NDArray[np.int64],
        metrics: Sequence[str],
        target: float | None,
        streams: Tensor | None,
        seed: int,
        sample_streams: Tensor | None = None,
    ) -> None:
        """Take the arguments of `loop.run`; `recorded` are the steps to record, ascending."""
        runs = len(optimizers)
        order, groups, with_gradient = _sorted_by_kind(optimizers)
        self.inverse_order = torch.empty_like(order)
        self.inverse_order[order] = torch.arange(runs)
        self.function, self.steps, self.count = function, steps, runs
        self.x = x = starts[:, order].contiguous()
        self.target = None if target is None else target_tensor(target, x)
        setup = RunSetup(steps, _ordered(streams, order).to(x.device), seed)
        seeds = [] if function.sample is None else run_seeds(seed, _ordered(sample_streams, order))
        self.samples = RunSamples(function, seeds, x.device)
        self.groups = [
            _StepperGroup(
                members,
                type(listed[0]).stepper(listed, x[:, members], setup.select(members)),
                Oracle(function, len(listed), x.device, seeds[members]),
                needs_gradient=listed[0].needs_gradient,
            )
            for members, listed in groups
        ]
        self.sizes = [len(listed) for _, listed in groups]
        self.self_ending = [group for group in self.groups if type(group.stepper).terminated is not Stepper.terminated]
        self.steppers = [(group.runs, group.stepper) for group in self.groups]
        self.recorder = Recorder(recorded, metrics, x)
        self.counted = self.groups if self.recorder.records_evaluations else []
        self.stop_test = None if stop is None else stop.bind(function, x)
        self.may_converge = target is not None or stop is not None or bool(self.self_ending)
        self.with_gradient = with_gradient
        # a gradient norm is tested or recorded for all runs; it is not counted as an evaluation of theirs
        norm_needed = (stop is not None and stop.gtol is not None) or "gradient_norm" in metrics
        self.evaluated_gradients = runs if norm_needed else with_gradient
        self.evaluated_at_end = runs if norm_needed else 0
        self.low, self.high = bounds(box.to(x), order)
        self.status = RunStatus(runs, x.device)
        self.lowest = x.new_full((runs,), torch.inf)
        self.arrivals = Arrivals.never(self.lowest) if target is None else Arrivals.start(self.lowest)
        self.last_x, self.last_loss = x, self.lowest
        self.none_ended = x.device.type == "cpu"
        self.traced = trace_if_worthwhile(function, x, steps)

    def run(self, progress: Callable[[int, int], None] | None) -> BatchResult:
        """Take all steps and return the result; `progress` is called after each step."""
        function, steps = self.function, self.steps
        for t in range(steps + 1):
            sampled = self.samples.at_step(t) if t < steps else function
            points, inside, sampled_value, gradient = self._evaluate(t, sampled)
            loss = sampled_value if sampled is function else value(function, points)
            self._accept(t, points, inside, loss, gradient)
            if self.may_converge:
                self._end_converged(t, points, loss, gradient)
            self._record(t, gradient)
            if t < steps:
                self._step(t + 1, sampled, sampled_value, gradient)
            if progress is not None:
                progress(t, steps)
        return self._result()

    def _evaluate(self, t: int, sampled: Function) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Evaluate the function: points (d, R), whether the new points are in the box (R,), values (R,), gradients.

        A run that has ended or left the box is evaluated at its last valid point.
        """
        x = self.x
        self.none_ended = self.none_ended and is_inside(x, self.low, self.high)
        if self.none_ended:
            inside, points = self.status.alive, x
        else:
            inside = ((x >= self.low) & (x <= self.high)).all(0)
            points = torch.where(self.status.alive & inside, x, self.last_x)
        gradients = self.evaluated_gradients if t < self.steps else self.evaluated_at_end
        sampled_value, gradient = _values_and_gradients(sampled, points, gradients, self.traced)
        return points, inside, sampled_value, gradient

    def _accept(self, t: int, points: Tensor, inside: Tensor, loss: Tensor, gradient: Tensor) -> None:
        """End the runs that failed; store the points and losses of the others."""
        needed = gradient[:, : self.with_gradient] if t < self.steps else gradient[:, :0]
        self.none_ended = self.none_ended and math.isfinite(loss.sum() + needed.sum())
        if self.none_ended:
            self.last_x, self.last_loss, self.lowest = points, loss, torch.minimum(self.lowest, loss)
            return
        status = self.status
        finite = loss.isfinite()
        finite[: needed.shape[1]] &= needed.isfinite().all(0)
        out_of_bounds = finite & self.x.isfinite().all(0)
        codes = torch.where(out_of_bounds, REASON_CODES["bound"], REASON_CODES["non-finite"])
        status.end(~(inside & finite), t, codes)
        self.last_x = torch.where(status.alive, points, self.last_x)
        # the loss of the start is recorded even if it is not finite
        self.last_loss = torch.where(status.alive, loss, self.last_loss) if t else loss
        self.lowest = torch.where(status.alive, torch.minimum(self.lowest, loss), self.lowest)

    def _end_converged(self, t: int, points: Tensor, loss: Tensor, gradient: Tensor) -> None:
        """Note which runs are at the target; end those that meet a tolerance or terminate by themselves."""
        if self.target is not None:
            self.arrivals = self.arrivals.after_step(t, self.last_loss, self.lowest, self.target)
        if self.stop_test is not None:
            codes = self.stop_test(points, loss, gradient)
            self.status.end(codes > 0, t, codes)
            self.none_ended = self.none_ended and not bool(codes.any())
        for group in self.self_ending:
            ended = group.stepper.terminated()
            if ended is not None:
                self.status.end(_scattered(ended, group.runs, self.count), t, REASON_CODES["terminated"])
                self.none_ended = self.none_ended and not bool(ended.any())

    def _record(self, t: int, gradient: Tensor) -> None:
        evaluations = self._evaluations(t) if self.counted else ()
        self.recorder.record(t, self.last_x, self.last_loss, gradient, self.steppers, evaluations)

    def _evaluations(self, t: int) -> list[tuple[slice, dict[str, Tensor]]]:
        """Return the evaluations of each group in the first t steps."""
        stopped = self.status.stopped
        return [(group.runs, {"evaluations": group.evaluations_until(t, stopped)}) for group in self.counted]

    def _step(self, t: int, sampled: Function, sampled_value: Tensor, gradient: Tensor) -> None:
        """Take step t with every group of runs."""
        parts = [
            torch.split_with_sizes(whole, self.sizes, whole.ndim - 1)
            for whole in (self.last_x, sampled_value, gradient, self.status.alive)
        ]
        stepped = [group.step(t, sampled, *part) for group, *part in zip(self.groups, *parts, strict=True)]
        self.x = stepped[0] if len(stepped) == 1 else torch.cat(stepped, 1)
        self._end_raised(t)

    def _end_raised(self, t: int) -> None:
        """End the runs whose optimizer raised an error in step t. Raises `InputError` if all runs have ended so."""
        for group in self.groups:
            raised = group.stepper.failures()
            if len(raised) == group.n_failures:
                continue
            group.n_failures = len(raised)
            mask = torch.zeros(self.count, dtype=torch.bool, device=self.x.device)
            mask[[group.runs.start + run for run in raised]] = True
            self.status.end(mask, t, REASON_CODES["error"])
            self.none_ended = False
        if self.none_ended or any(group.n_failures < self.sizes[i] for i, group in enumerate(self.groups)):
            return
        raise InputError(next(iter(self.groups[0].stepper.failures().values())))

    def _errors(self) -> dict[int, str]:
        """Return the errors that optimizers have raised, by the original index of the run."""
        order = self.inverse_order.argsort().tolist()
        return {
            order[group.runs.start + run]: error
            for group in self.groups
            for run, error in group.stepper.failures().items()
        }

    def _result(self) -> BatchResult:
        """Return the result, with the runs in their original order."""
        inverse, status, recorder = self.inverse_order, self.status, self.recorder
        counts = torch.cat([group.evaluations_until(self.steps, status.stopped) for group in self.groups], 1)
        reached, first_reached = self.arrivals.within(
            self.steps, status.reason, unbounded=self.function.minimum == -math.inf
        )
        return BatchResult(
            x=_to_host(recorder.x[..., inverse].permute(2, 0, 1)),
            loss=_to_host(recorder.loss[:, inverse].T),
            step=recorder.steps,
            stopped=status.stopped[inverse].cpu().numpy(),
            reason=REASON_NAMES[status.reason[inverse].cpu().numpy()],
            reached=reached[inverse].cpu().numpy(),
            first_reached=first_reached[inverse].cpu().numpy(),
            lowest=_to_host(self.lowest[inverse]),
            evaluations=dict(zip(KINDS, counts[:, inverse].cpu().numpy(), strict=True)),
            errors=self._errors(),
            metrics={name: _to_host(rows[..., inverse].movedim(-1, 0)) for name, rows in recorder.metrics.items()},
        )


class _StepperGroup:
    """The runs of one kind of optimizer: their stepper, and the evaluations that they requested."""

    def __init__(self, runs: slice, stepper: Stepper, oracle: Oracle, *, needs_gradient: bool) -> None:
        self.runs = runs
        self.stepper = stepper
        self.oracle = oracle
        self.needs_gradient = needs_gradient
        self.n_failures = 0
        self.requested = oracle.counts.clone()

    def step(
        self, t: int, sampled: Function, x: Tensor, sampled_value: Tensor, gradient: Tensor, alive: Tensor
    ) -> Tensor:
        """Return the points after step t."""
        self.oracle.current = seen_by(sampled, self.runs)
        context = StepContext(t, x, sampled_value, gradient, self.oracle, alive)
        stepped = self.stepper.step(context)
        if self.oracle.was_called:
            self.requested = torch.where(context.active, self.oracle.counts, self.requested)
        return stepped

    def evaluations_until(self, t: int, stopped: Tensor) -> Tensor:
        """Return the evaluations in the first t steps, (4, r) as in `oracle.KINDS`; `stopped` is that of all runs."""
        if not self.needs_gradient:
            return self.requested
        stopped, counts = stopped[self.runs], self.requested.clone()
        counts[KINDS.index("n_gradients")] += torch.where(stopped >= 0, stopped, t)
        return counts


def _values_and_gradients(
    function: Function, x: Tensor, gradients: int, traced: TracedFunction | None
) -> tuple[Tensor, Tensor]:
    """Return the values (R,) and gradients (d, R) at points (d, R); NaN gradients beyond the first `gradients` runs."""
    if gradients == x.shape[1]:
        if traced is None:
            return value_and_gradient(function, x)
        values, *components = traced(*x.unbind(0))
        return values, torch.stack(components)
    gradient = torch.full_like(x, torch.nan)
    if gradients == 0:
        return value(function, x), gradient
    with_gradient, without = slice(gradients), slice(gradients, None)
    first, gradient[:, with_gradient] = value_and_gradient(seen_by(function, with_gradient), x[:, with_gradient])
    return torch.cat([first, value(seen_by(function, without), x[:, without])]), gradient


def _ordered(streams: Tensor | None, order: Tensor) -> Tensor:
    """Return the streams of the runs in an order, on the host; zeros if none are given."""
    return torch.zeros_like(order) if streams is None else streams.cpu()[order]


def _scattered(mask: Tensor, runs: slice, count: int) -> Tensor:
    """Return a mask of some runs as a mask of all."""
    scattered = torch.zeros(count, dtype=torch.bool, device=mask.device)
    scattered[runs] = mask
    return scattered


def _sorted_by_kind(optimizers: Sequence[Optimizer]) -> tuple[Tensor, list[tuple[slice, list[Optimizer]]], int]:
    """Return an order of the runs by kind of optimizer, the runs of each kind in it, and how many need gradients.

    Those that need gradients come first, so that one evaluation of a slice serves them all.
    """
    first, count = optimizers[0].batch_key, len(optimizers)
    if all(optimizer.batch_key == first for optimizer in optimizers):  # faster than hashing thousands of keys
        return torch.arange(count), [(slice(0, count), list(optimizers))], count * optimizers[0].needs_gradient
    by_key: dict[Hashable, list[int]] = {}
    for index, optimizer in enumerate(optimizers):
        by_key.setdefault(optimizer.batch_key, []).append(index)
    kinds = sorted(by_key.values(), key=lambda members: not optimizers[members[0]].needs_gradient)
    groups, begin, with_gradient = [], 0, 0
    for members in kinds:
        end = begin + len(members)
        groups.append((slice(begin, end), [optimizers[index] for index in members]))
        begin, with_gradient = end, end if optimizers[members[0]].needs_gradient else with_gradient
    return torch.tensor([index for members in kinds for index in members]), groups, with_gradient


def _to_host(values: Tensor) -> NDArray[np.float64]:
    return np.ascontiguousarray(values.cpu().numpy().astype(np.float64))
