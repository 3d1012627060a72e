"""Make small races by hand, without torch, each with one property that pictures must handle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.record import Record, Surface, Trajectories
from landscapes.render.theme import OPTIMIZERS

Points = NDArray[np.float64]

VIEW = ((-2.0, 2.0), (-1.5, 1.5))
START = (-1.5, 1.0)
GOAL = (1.0, 0.25)


def bowl(x: Points, y: Points) -> Points:
    """Return the function: 0 at its minimum, `GOAL`."""
    with np.errstate(over="ignore"):
        return (x - GOAL[0]) ** 2 + 4 * (y - GOAL[1]) ** 2


def arc(steps: int, bend: float = 0.0) -> Points:
    """Return points from the start to the minimum in shrinking steps, bent sideways, shape (steps + 1, 2)."""
    done = -np.expm1(-8 * np.linspace(0, 1, steps + 1)) / -np.expm1(-8)
    ahead = np.subtract(GOAL, START)
    aside = np.array([-ahead[1], ahead[0]])
    return START + done[:, None] * ahead + (bend * np.sin(np.pi * done))[:, None] * aside


def record(
    arcs: Sequence[Points],
    *,
    labels: Sequence[str] | None = None,
    outcomes: Mapping[int, tuple[str, int]] | None = None,
    values: Points | None = None,
    surface: Surface | None = None,
    minimum: float = 0.0,
    **meta: Any,
) -> Record:
    """Return a race on the bowl.

    Args:
        ways: the points of each run, (steps + 1, d)
        labels: by default the known optimizers, then "run 15" and so on.
        fates: for some runs their status and the step whose point was rejected; they stay at the point before.
        values: (R, steps + 1), by default the bowl's.
        surface: by default the bowl's.
        minimum: of the function, -inf if unbounded below.
        meta: further metadata.
    """
    x = np.array(arcs, dtype=float)
    names = [*OPTIMIZERS, *(f"run {i}" for i in range(len(OPTIMIZERS), len(x)))]
    given = list(labels) if labels is not None else names[: len(x)]
    stopped = np.full(len(x), -1)
    status = np.full(len(x), "max_steps", dtype="U12")
    for run, (how, step) in (outcomes or {}).items():
        x[run, step:] = x[run, max(step - 1, 0)]
        stopped[run], status[run] = (step, how) if how != "unbounded" or step >= 0 else (-1, how)
    value = bowl(x[..., 0], x[..., 1]) if values is None else np.array(values, dtype=float)
    target = minimum + 1e-3 if np.isfinite(minimum) else None
    hit = value <= (0.5 if target is None else target)  # the level from which a run is unbounded
    for run, (how, step) in (outcomes or {}).items():
        hit[run, :step] &= how != "unbounded"
    status[(status == "max_steps") & hit[:, -1]] = "converged"
    runs = {
        "label": np.array(given),
        "optimizer": np.array([f"adam(lr={0.01 * (i + 1):g})" for i in range(len(x))]),
        "lr": 0.01 * np.arange(1, len(x) + 1),
        "lr_source": np.array(["given"] * len(x)),
        "status": status,
        "stopped": stopped,
        "reached": np.where(hit.any(1), hit.argmax(1), -1),
        "n_gradients": np.full(len(x), x.shape[1] - 1),
    }
    facts = {
        "function": "bowl",
        "title": "Bowl",
        "start": list(START) if x.shape[-1] == 2 else x[0, 0].tolist(),
        "steps": x.shape[1] - 1,
        "minimum": minimum,
        "minimum_is": "known",
        "target": target,
        "versions": {"numpy": np.__version__},
    }
    ground = scenery(minimum=minimum) if surface is None and x.shape[-1] == 2 else surface
    return Record(Trajectories(x, value, np.arange(x.shape[1]), runs), ground, facts | meta)


def scenery(scale: str = "log", minimum: float = 0.0, points: int = 61, values: Points | None = None) -> Surface:
    """Return the bowl in its view, or other values (ny, nx) in this view."""
    if values is not None:
        nx, ny = values.shape[1], values.shape[0]
    else:
        nx = ny = points
    x, y = (np.linspace(*side, n) for side, n in zip(VIEW, (nx, ny), strict=True))
    height = bowl(x[None, :], y[:, None]) if values is None else values
    minima = np.array([GOAL]) if np.isfinite(minimum) else np.zeros((0, 2))
    return Surface(x, y, height, minima, minimum, scale)


def converging(runs: int = 3, steps: int = 40, **options: Any) -> Record:
    """Return runs with separate trajectories to the minimum."""
    bends = np.linspace(-0.45, 0.35, runs) if runs > 1 else [0.2]
    return record([arc(steps, bend) for bend in bends], **options)


def coincident(runs: int = 4, steps: int = 40) -> Record:
    """Return runs with identical trajectories."""
    return record([arc(steps, 0.2)] * runs)


def diverging(steps: int = 40, at: int = 12) -> Record:
    """Return two runs that converge, and one whose steps grow until it is stopped far outside the view."""
    away = np.array(START) + np.array([0.02, 0.015]) * (1.8 ** np.arange(steps + 1) - 1)[:, None]
    return record([arc(steps, -0.3), arc(steps, 0.3), away], outcomes={2: ("diverged", at)})


def failing(steps: int = 40, at: int = 15) -> Record:
    """Return two runs that converge, and one that meets NaN within the view."""
    return record(
        [arc(steps, -0.3), arc(steps, 0.3), arc(4 * steps, 0.1)[: steps + 1]], outcomes={2: ("non-finite", at)}
    )


def leaving(steps: int = 40) -> Record:
    """Return a run that converges, and one that leaves the view to the left and continues there."""
    out = np.array(START) + np.linspace(0, 1, steps + 1)[:, None] * np.array([-3.0, -1.0])
    return record([arc(steps, -0.3), out])


def unbounded(steps: int = 40, at: int = 25) -> Record:
    """Return a race that is unbounded below: one run is stopped outside the view, one continues."""
    x, y = (np.linspace(*side, 61) for side in VIEW)
    ground = Surface(x, y, y[:, None] ** 2 - 3 * x[None, :], np.zeros((0, 2)), -np.inf, "linear")
    fast = np.array(START) + np.linspace(0, 1, steps + 1)[:, None] * np.array([8.0, -1.0])
    slow = np.array(START) + np.linspace(0, 1, steps + 1)[:, None] * np.array([2.0, -1.0])
    arcs = np.array([fast, slow])
    return record(
        arcs,
        outcomes={0: ("unbounded", at)},
        values=arcs[..., 1] ** 2 - 3 * arcs[..., 0],
        surface=ground,
        minimum=-np.inf,
    )


KINDS = {
    "converging": converging,
    "coincident": coincident,
    "diverging": diverging,
    "failing": failing,
    "leaving": leaving,
    "unbounded": unbounded,
    "one run": lambda: converging(1),
    "two runs": lambda: converging(2),
    "twelve runs": lambda: converging(12),
    "forty runs": lambda: converging(40, steps=12),
    "one step": lambda: converging(3, steps=1),
}
"""One function per property."""
