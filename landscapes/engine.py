"""The batched loop: every run of every optimizer advances together, one gradient evaluation a step."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objective import Function
from landscapes.oracle import Oracle
from landscapes.rules.base import Rule

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""


@dataclass(frozen=True, eq=False)
class Paths:
    """What R runs did in T = steps + 1 points, as numpy arrays on the host.

    Attributes:
        x: points, shape (R, T, d); a stopped run stays at its last good point.
        value: values, shape (R, T).
        stopped: the step whose point was refused, shape (R,), -1 for a run that was not stopped.
        finite: whether the refused point was too far rather than NaN or infinite, shape (R,).
        gradients: gradient evaluations a run used, shape (R,): one a step, and what a rule asks beyond.
    """

    x: NDArray[np.float64]
    value: NDArray[np.float64]
    stopped: NDArray[np.int64]
    finite: NDArray[np.bool_]
    gradients: NDArray[np.int64]


def run(
    function: Function,
    rules: Sequence[Rule],
    starts: Tensor,
    steps: int,
    *,
    box: Tensor,
    progress: Progress | None = None,
) -> Paths:
    """Runs one rule a column of `starts` for so many steps.

    Runs of one kind of rule are stepped together; the gradient is evaluated once a step for all. A run
    whose next point leaves the `box`, or where point, value or gradient are not finite, is frozen at its
    last good point and no longer evaluated elsewhere, so it disturbs nobody. Nothing is copied from the
    device before the end. Of a stochastic function all runs see the same sample at the same step, and the
    values kept are the average's.

    Args:
        function: the landscape.
        rules: R rules.
        starts: start points, shape (d, R), on the device and in the precision to compute with.
        steps: how many steps to take.
        box: the region that runs may roam, shape (d, 2): lower and upper bounds.
        progress: told of the steps done.
    """
    order, groups = _grouped(rules)
    x = starts[:, order].contiguous()
    steppers = [(part, type(rules[0]).stepper(rules, x[:, part])) for part, rules in groups]
    oracle = Oracle(function)
    low, high = box.to(x).unbind(1)
    dim, count = x.shape
    kept_x = torch.empty((steps + 1, dim, count), dtype=x.dtype, device=x.device)
    kept_value = torch.empty((steps + 1, count), dtype=x.dtype, device=x.device)
    alive = torch.ones(count, dtype=torch.bool, device=x.device)
    stopped = torch.full((count,), -1, device=x.device)
    finite = torch.ones(count, dtype=torch.bool, device=x.device)
    asking = [(part, stepper) for part, stepper in steppers if hasattr(stepper, "gradients")]
    asked = np.zeros((steps + 1, count), dtype=np.int64)  # gradients that closures took, after each step
    last_x, last_value = x, torch.full((count,), torch.nan, dtype=x.dtype, device=x.device)
    for t in range(steps + 1):
        within = ((x >= low[:, None]) & (x <= high[:, None])).all(0)  # False for NaN too
        held = torch.where(alive & within, x, last_x)
        value, gradient = oracle.begin(t, held) if t < steps else (oracle.truth(held), None)
        sound = value.isfinite() if gradient is None else value.isfinite() & gradient.isfinite().all(0)
        stops = alive & ~(within & sound)
        stopped = torch.where(stops, t, stopped)
        finite = torch.where(stops, sound & x.isfinite().all(0), finite)
        alive = alive & ~stops
        last_x = torch.where(alive, held, last_x)
        last_value = torch.where(alive, value, last_value) if t else value  # the start's own value is always kept
        kept_x[t], kept_value[t] = last_x, last_value
        if gradient is not None:
            moved = [stepper.step(t + 1, last_x[:, part], gradient[:, part], oracle) for part, stepper in steppers]
            x = torch.cat(moved, 1) if len(moved) > 1 else moved[0]
            for part, stepper in asking:
                asked[t + 1, part] = getattr(stepper, "gradients")  # noqa: B009
        if progress is not None:
            progress(t, steps)
    back = torch.empty_like(order)
    back[order] = torch.arange(count, device=order.device)
    spent = torch.where(stopped >= 0, stopped, steps).cpu().numpy()
    spent = spent + asked[spent, np.arange(count)]
    return Paths(
        x=_host(kept_x[:, :, back].permute(2, 0, 1)),
        value=_host(kept_value[:, back].T),
        stopped=stopped[back].cpu().numpy(),
        finite=finite[back].cpu().numpy(),
        gradients=spent[back.cpu().numpy()],
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


def _grouped(rules: Sequence[Rule]) -> tuple[Tensor, list[tuple[slice, list[Rule]]]]:
    """The order that puts rules of one kind side by side, and each kind's place in it."""
    groups: dict[Hashable, list[int]] = {}
    for index, rule in enumerate(rules):
        groups.setdefault(rule.batch_key, []).append(index)
    parts, begin = [], 0
    for members in groups.values():
        parts.append((slice(begin, begin + len(members)), [rules[index] for index in members]))
        begin += len(members)
    return torch.tensor([index for members in groups.values() for index in members]), parts


def _host(values: Tensor) -> NDArray[np.float64]:
    return np.ascontiguousarray(values.cpu().numpy().astype(np.float64))
