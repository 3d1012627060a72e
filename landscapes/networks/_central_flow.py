"""The smooth line around which gradient descent oscillates at the edge of stability: `central_flow`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.objectives.decorators import Function
from landscapes.optimizers import SGD, parse
from landscapes.record import Record

MOST_SUBSTEPS = 1000
"""A step of gradient descent is cut into at most so many Runge–Kutta steps."""

STABLE = 0.5
"""The largest product of curvature and length of a Runge–Kutta step; such a step is stable up to 2."""

PARTS = 4
"""Points of the flow per recorded step."""

FLOW_STEPS = 200
"""Flows of more steps are computed with fewer substeps."""


def central_flow(
    function: str | Function, start: Sequence[float], lr: float, steps: int, *, substeps: int = 20
) -> NDArray[np.float64]:
    """Return the central flow of gradient descent on a function of two coordinates, shape (steps + 1, 2).

    It is the smooth line around which gradient descent oscillates at the edge of stability (Cohen et al., 2025):
    gradient flow, dw/dt = −lr ∇L, as long as the sharpness S, the largest eigenvalue of the Hessian, is below 2/lr. On
    S = 2/lr, the oscillation pushes along −∇S just so far that S does not rise: dw/dt = −lr (∇L − ν ∇S) with
    ν = ⟨∇L, ∇S⟩/‖∇S‖² if that is negative.

    Args:
        function: the function, or its name.
        start: the first point.
        lr: learning rate of gradient descent.
        steps: number of steps.
        substeps: Runge–Kutta steps per step; more are taken where the curvature is large.

    Raises:
        InputError: for a function of another number of coordinates, and for numbers that are not positive.

    >>> flow = central_flow("booth", (0.0, 0.0), lr=0.05, steps=100)
    >>> flow[-1].round(3).tolist()
    [1.0, 3.0]
    """
    objective = as_function(function)
    if objective.dim != 2:
        raise InputError(
            f"the central flow is drawn on functions of 2 coordinates, {objective.name} has {objective.dim}"
        )
    if isinstance(lr, bool) or not isinstance(lr, int | float) or not 0 < lr < math.inf:
        raise InputError(f"lr must be a finite number > 0, got {lr!r}")
    for name, value in (("steps", steps), ("substeps", substeps)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(f"{name} must be an integer >= 1, got {value!r}")
    point = torch.tensor(list(map(float, start)), dtype=torch.float64)
    if point.shape != (2,):
        raise InputError(f"start must be 2 numbers, got {start!r:.60}")
    return _flow(objective, point, float(lr), steps, substeps, 1)


def _flow(objective: Function, point: Tensor, lr: float, steps: int, substeps: int, parts: int) -> NDArray[np.float64]:
    """Return the points of the flow, shape (steps · parts + 1, 2): `parts` per step."""
    bound = 2 / lr

    def flow(w: Tensor) -> tuple[Tensor, float]:
        """Return the direction of the flow and the sharpness."""
        w = w.detach().requires_grad_()
        (slope,) = torch.autograd.grad(objective(w), w, create_graph=True)
        rows = [torch.autograd.grad(part, w, create_graph=True)[0] for part in slope]
        top = torch.linalg.eigvalsh(torch.stack(rows))[-1]
        slope, height = slope.detach(), top.item()
        if height < bound:
            return -slope, height
        (rise,) = torch.autograd.grad(top, w) if top.requires_grad else (torch.zeros_like(w),)
        along, size = float(slope @ rise), float(rise @ rise)
        held = slope - min(along, 0.0) / size * rise if size else slope
        # what rounding and finite steps leave above the bound is taken back
        return -held - (min(height - bound, bound) / size * height * rise if size else 0.0), height

    points = [point]
    for _ in range(parts * steps):
        left = lr / parts
        while left > 1e-9 * lr:
            slope, height = flow(point)
            h = min(left, lr / substeps, max(STABLE / max(height, 1e-300), lr / MOST_SUBSTEPS))
            point = (point + h * flow(point + 0.5 * h * slope)[0]).detach()
            left -= h
        points.append(point)
    return torch.stack(points).numpy()


def flows_of(
    record: Record, of: Any, optimizer: Any, sharpness: NDArray[np.float64], picked: Sequence[int]
) -> dict[str, NDArray[np.float64]]:
    """Return "central_flow" (R, T, 2 · PARTS) from the steps picked on, for the runs of plain gradient descent.

    Others have NaN, and so have runs that do not oscillate: their sharpness stays below 1/lr. Empty if that are all.
    """
    t = record.trajectories
    name = of if of is not None else record.meta.function
    if t.x.shape[2] != 2 or isinstance(name, tuple) or t.step[0] != 0:
        return {}
    objective, steps = as_function(name), t.step[list(picked)]
    ends = np.append(steps[1:], steps[-1])
    at = np.rint(PARTS * steps[:, None] + (ends - steps)[:, None] * np.arange(PARTS)).astype(int)
    found = np.full((len(t), len(picked), 2 * PARTS), np.nan)
    for run, label in enumerate(t.runs["label"]):
        given = optimizer[str(label)] if isinstance(optimizer, Mapping) else optimizer
        text = given if given is not None else str(t.runs["optimizer"][run])
        made: Any = parse(text)[0] if isinstance(text, str) else text
        highest = np.nanmax(sharpness[run], initial=-np.inf)
        if made != SGD(lr=made.lr) or not highest > 1 / made.lr:
            continue
        start, substeps = torch.from_numpy(t.x[run, 0].copy()), 10 if steps[-1] <= FLOW_STEPS else PARTS
        flow = _flow(objective, start.double(), float(made.lr), int(steps[-1]), substeps, PARTS)
        found[run] = flow[at].reshape(len(picked), -1)
    return {"central_flow": found} if np.isfinite(found).any() else {}
