"""Run optimizers on a function: all runs of all optimizers advance together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.engine.arrivals import target_tensor
from landscapes.engine.batch import Batch, BatchResult
from landscapes.engine.fast.buffers import Allocate, RunBuffers
from landscapes.engine.fast.compiling import kernel_for
from landscapes.engine.fast.kernels import Limits
from landscapes.engine.fast.runner import Problem, run_group
from landscapes.engine.grouping import Group, group_runs
from landscapes.engine.recording import RecordSteps, recorded_steps
from landscapes.engine.stepwise import StepwiseLoop
from landscapes.engine.termination import REASON_NAMES, Stop, common_box
from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer
from landscapes.oracle import KINDS

Progress = Callable[[int, int], None]
"""Called with (steps done, total steps)."""


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
    sample_streams: Tensor | None = None,
    progress: Progress | None = None,
    compiled: bool | None = False,
    allocate: Allocate | None = None,
) -> BatchResult:
    """Run R optimizers from R starts for a number of steps.

    Runs of one kind of optimizer are stepped together. One gradient evaluation per step serves all runs that need it.
    A run fails where its next point leaves `box`, or where the point, the value or the gradient is not finite. It is
    then frozen at its last valid point. A run that meets a tolerance of `stop` is frozen where it is. No run changes
    another. Data on a GPU is copied to the host only at the end. For a stochastic function, the recorded values are
    those of the mean function.

    Args:
        function: the objective, in d dimensions.
        optimizers: R optimizers, or a `Batch` of R runs.
        starts: start points, shape (d, R), on the device and in the precision to compute with.
        steps: the number of steps.
        box: lower and upper bounds of the points, shape (d, 2), or (d, 2, R) with bounds for each run.
        stop: convergence tolerances; by default no run stops early.
        record_steps: the steps to record: "all", "ends", a stride, or a list of steps. The first and the last step are
            always recorded.
        metrics: quantities to record besides points and losses: "gradient_norm", "lr", "evaluations" (counts so far,
            (R, T, 4) as in `oracle.KINDS`), and buffers of the optimizers ("momentum", "second_moment", …).
        target: the loss to reach, see `BatchResult.reached`; it ends no run.
        streams: the stream of random numbers of each run, shape (R,), int64. By default all runs share one stream, so
            that optimizers are compared under the same noise.
        seed: seed of the random numbers.
        sample_streams: the stream of samples of each run on a stochastic function, shape (R,), int64. By default all
            runs share one, so that they use the same sample at the same step.
        progress: called after each step.
        compiled: whether to compile the steps, for first-order optimizers on functions of torch operations. What
            cannot be compiled runs uncompiled. None: compile if it pays, see `compiling.is_compiling_worthwhile`.
        allocate: creates the arrays of points, (T, d, R), and losses, (T, R), for batches on the fast path. It
            receives "x" or "loss" and the shape. `numpy.lib.format.open_memmap`, for instance, puts them into files.
            If it returns None for the losses, they are not recorded and are NaN.

    Returns:
        The trajectories; `x` and `loss` are views of the arrays of `allocate`.

    Raises:
        InputError: if optimizers, starts and streams do not fit together, if an optimizer cannot work on the function,
            or for invalid steps to record.
    """
    _check_shapes(function, optimizers, starts, {"streams": streams, "sample_streams": sample_streams})
    groups = None if function.sample is not None or metrics else group_runs(optimizers)
    if groups is not None:
        return _run_fast(
            function,
            groups,
            starts,
            steps,
            box.to(starts),
            stop,
            recorded_steps(record_steps, steps),
            target,
            progress,
            compiled,
            allocate,
        )
    listed = optimizers.optimizers() if isinstance(optimizers, Batch) else optimizers
    for optimizer in dict.fromkeys(listed):
        optimizer.check(function)
    loop = StepwiseLoop(
        function,
        listed,
        starts,
        steps,
        box=box,
        stop=stop,
        recorded=recorded_steps(record_steps, steps),
        metrics=metrics,
        target=target,
        streams=streams,
        seed=seed,
        sample_streams=sample_streams,
    )
    return loop.run(progress)


def _run_fast(
    function: Function,
    groups: Sequence[Group],
    starts: Tensor,
    steps: int,
    box: Tensor,
    stop: Stop | None,
    recorded: NDArray[np.int64],
    target: float | None,
    progress: Progress | None,
    compiled: bool | None,
    allocate: Allocate | None,
) -> BatchResult:
    """Run large groups one after another, with several steps per call."""
    for group in groups:
        group.optimizer.check(function)
    runs = starts.shape[1]
    stop_test = None if stop is None else stop.bind(function, starts)
    goal = None if target is None else target_tensor(target, starts)
    problem = Problem(function, steps, box, stop_test, None if stop is None else stop.ftol, goal, recorded)
    buffers = RunBuffers(runs, function.dim, recorded, allocate)
    limits = Limits.of(common_box(box), stop, function, goal)
    done = 0

    def report(run_steps: int) -> None:
        nonlocal done
        done += run_steps
        if progress is not None:
            progress(done // runs, steps)

    with torch.no_grad():
        for group in groups:
            kernel = kernel_for(function, group, limits, steps, problem.record_every, starts, compiled)
            run_group(problem, group, starts, buffers, kernel, report)
    taken = np.where(buffers.stopped >= 0, buffers.stopped, steps)
    return BatchResult(
        x=buffers.x.transpose(2, 0, 1),
        loss=buffers.loss.T,
        step=recorded,
        stopped=buffers.stopped,
        reason=REASON_NAMES[buffers.reason] if buffers.reason.any() else np.zeros(runs, dtype=REASON_NAMES.dtype),
        reached=buffers.reached,
        first_reached=buffers.first_reached,
        lowest=buffers.lowest,
        evaluations={kind: taken if kind == "n_gradients" else np.zeros_like(taken) for kind in KINDS},
    )


def check_device(name: str) -> torch.device:
    """Return the device of a name such as "cpu" or "cuda:1".

    Raises `InputError` for an unknown name, and for a device that this machine lacks.
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device {name!r} is not available here ({reason}); use device='cpu'") from None
    return device


def _check_shapes(
    function: Function,
    optimizers: Sequence[Optimizer] | Batch,
    starts: Tensor,
    numbers: Mapping[str, Tensor | None],
) -> None:
    runs = len(optimizers)
    if not starts.is_floating_point():
        raise InputError(f"starts must be a real floating-point tensor, got {starts.dtype}; use starts.double()")
    if starts.shape != (function.dim, runs) or not runs:
        raise InputError(
            f"starts must have shape (d, R) = ({function.dim}, {runs}) for {runs} optimizers on {function.name}, "
            f"got {tuple(starts.shape)}"
        )
    for name, streams in numbers.items():
        if streams is not None and streams.shape != (runs,):
            raise InputError(f"{name} must have shape ({runs},), one number per run, got {tuple(streams.shape)}")
