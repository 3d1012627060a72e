"""One step of a run in parts: gradient, momentum, scaling and the step itself, as vectors and formulas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import Record, Surface, steps_or_inf
from landscapes.render.plots.step_formulas import StepNumbers, step_formulas
from landscapes.render.theme import Theme

Vector = NDArray[np.float64]

SHARE, CELLS = 0.3, 12
"""The share of the panel that a step fills, and the least number of grid cells in view."""


@dataclass(frozen=True)
class StepParts:
    """One step: where it begins and ends, the vector and the formulas of each part, and the lengths 1/√v.

    Attributes:
        number: the number of the step.
        at, to: the points before and after it.
        vectors: the arrow of each part.
        lines: the formulas below each part.
        reach: 1/√v per coordinate, or None.
    """

    number: int
    at: Vector
    to: Vector
    vectors: dict[str, Vector]
    lines: dict[str, list[str]]
    reach: Vector | None


def step_parts(record: Record, number: int, run: int, look: Theme) -> StepParts:
    """Return one step of a run in parts."""
    trajectories, surface = record.trajectories, record.surface
    assert surface is not None
    label = str(trajectories.runs["label"][run])
    begin, end = (np.flatnonzero(trajectories.step == at) for at in (number - 1, number))
    if not len(begin) or not len(end):
        raise InputError(f"step must be from 1 on, and recorded together with the one before, got {number}")
    if steps_or_inf(trajectories.runs["stopped"])[run] <= number:
        raise InputError(f"{label} was stopped before the end of step {number}")
    at, to = trajectories.x[run, int(begin[0])], trajectories.x[run, int(end[0])]
    gradient = _slope(surface, at)
    vectors: dict[str, Vector] = {"gradient": -gradient}
    momentum, second = (_kept(record, name, run, int(end[0])) for name in ("momentum", "second_moment"))
    reach = None
    if momentum is not None:
        vectors["momentum"] = -momentum
    if second is not None and (second > 0).all():
        reach = second**-0.5
        vectors["scaling"] = reach * vectors.get("momentum", vectors["gradient"])
    vectors["step"] = to - at
    spec = str(trajectories.runs["optimizer"][run]) if "optimizer" in trajectories.runs else ""
    numbers = StepNumbers(number, float(trajectories.runs["lr"][run]), at, to - at, gradient, momentum, second)
    lines = step_formulas(spec, numbers, look.say("bias correction:"))
    local = {part: list(map(look.number, lines.get(part, []))) for part in vectors}
    return StepParts(number, at, to, vectors, local, reach)


def _kept(record: Record, name: str, run: int, place: int) -> Vector | None:
    """Return a recorded vector of a run at a step, or None."""
    values = record.trajectories.metrics.get(name)
    vector = None if values is None else values[run, place]
    return vector if vector is not None and vector.shape == (2,) and np.isfinite(vector).all() else None


def _slope(surface: Surface, at: Vector) -> Vector:
    """Return the gradient of a surface at a point, interpolated between the four grid points around it."""
    x, y = surface.x, surface.y
    if not (x[0] <= at[0] <= x[-1] and y[0] <= at[1] <= y[-1]):
        raise InputError(
            f"the step begins out of view, at ({at[0]:.4g}, {at[1]:.4g}); race again with a view that holds it"
        )
    column, row = (
        int(np.clip(np.searchsorted(grid, c) - 1, 0, len(grid) - 2)) for grid, c in zip((x, y), at, strict=True)
    )
    rows, columns = slice(max(row - 1, 0), row + 3), slice(max(column - 1, 0), column + 3)
    around = surface.values[rows, columns]
    huge = np.abs(around).max() > 1e290
    around = around / 2.0**30 if huge else around  # sums of larger values overflow
    parts = np.gradient(around, x[columns], axis=1), np.gradient(around, y[rows], axis=0)
    slope = [
        float(np.interp(at[1], y[rows], [np.interp(at[0], x[columns], line) for line in np.asarray(part)]))
        for part in parts
    ]
    if not np.isfinite(slope).all():
        raise InputError(f"the surface has a hole at ({at[0]:.4g}, {at[1]:.4g}), where the step begins")
    with np.errstate(over="ignore"):
        return np.nan_to_num(np.array(slope) * (2.0**30 if huge else 1.0))


def box_of_step(surface: Surface, at: Vector, to: Vector) -> Vector:
    """Return the part of the view around a step, with the view's proportions."""
    low, high = np.array([surface.x[0], surface.y[0]]), np.array([surface.x[-1], surface.y[-1]])
    cells = np.array([len(surface.x) - 1, len(surface.y) - 1])
    share = max(float((np.abs(to - at) / (high - low)).max()) / SHARE / 2, float((CELLS / cells).max()))
    half = min(share, 0.5) * (high - low)
    middle = np.clip((at + to) / 2, low + half, high - half)
    return np.stack([np.maximum(middle - half, low), np.minimum(middle + half, high)], 1)
