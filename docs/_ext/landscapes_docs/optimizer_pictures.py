"""Draw the pictures of an optimizer: a race against gradient descent, its first step, and the ball of its norm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import Record, function, optimizers, project, race, render
from landscapes.functions.matrices import matrix_ravine, singular_plane
from landscapes.render.plots._norm_balls import NORMS, SECOND
from landscapes_docs.function_pictures import THEMES, _save

FUNCTION = "beale"
STEPS = 120
SIZE = 600, 480
STEP_SIZE = 420, 420
DIRECTIONS = 72
KAPPA, BALL_START, BALL_STEP = 3.0, (1.0, 0.8), 0.45
BALL_VIEW = (-0.15, 1.85), (-0.4, 1.6)


@function((-2, 2), (-2, 2), minima=[(0, 0)], start=(1, 0))
def bowl(x, y):  # type: ignore[no-untyped-def]
    """A round bowl: the gradient is the point itself."""
    return (x * x + y * y) / 2


@function(*BALL_VIEW, minima=[(0, 0)], start=BALL_START)
def ravine(x, y):  # type: ignore[no-untyped-def]
    """An ellipse three times as steep along x, as is the plane of singular values of `matrix_ravine`."""
    return (KAPPA * x * x + y * y) / 2


def kinds(name: str) -> list[str]:
    """Return the kinds of pictures of an optimizer."""
    cls = optimizers.names()[name][0]
    if issubclass(cls, optimizers.Wrapper) or name == "scipy":
        return []
    return ["race"] + ["steps"] * issubclass(cls, optimizers.FirstOrder) + ["ball"] * (name in NORMS)


def names(name: str) -> list[str]:
    """Return the names of the files of an optimizer."""
    return [f"{name}-{theme}-{kind}.webp" for kind in kinds(name) for theme in THEMES]


def draw(name: str, folder: Path, *, full: bool) -> None:
    """Draw the pictures of an optimizer."""
    raced = [name] if name == "sgd" else ["sgd", name]
    record = race(FUNCTION, raced, steps=STEPS)
    steps = first_steps(name) if "steps" in kinds(name) else None
    ball = first_ball(name) if "ball" in kinds(name) else None
    for theme in THEMES:
        figure = render.figure(record, theme=theme, figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100)
        _save(figure, folder / f"{name}-{theme}-race.webp", 68)
        if steps is not None:
            _save(_first_steps(steps, theme), folder / f"{name}-{theme}-steps.webp", 68)
        if ball is not None:
            _save(_ball(ball, theme), folder / f"{name}-{theme}-ball.webp", 68)


def first_steps(name: str) -> np.ndarray:
    """Return the first step, in learning rates, for gradients of length 1 in all directions, shape (n, 2).

    >>> bool(np.allclose(np.hypot(*first_steps("sgd").T), 1))
    True
    """
    cls, preset = optimizers.names()[name]
    lr = 0.1 if cls.tunable == "lr" else 1.0
    optimizer = cls(**{**preset, "lr": lr}) if cls.tunable == "lr" else cls(**preset)
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    starts = np.column_stack([np.cos(angles), np.sin(angles)])
    record = race(bowl, {name: optimizer}, start=starts.tolist(), steps=1)
    points = record.trajectories.x
    return np.asarray((points[:, 1] - points[:, 0]) / lr)


def _first_steps(steps: np.ndarray, theme: str) -> Figure:
    look = render.THEMES[theme]
    with look.context():
        figure = Figure(figsize=(STEP_SIZE[0] / 100, STEP_SIZE[1] / 100), dpi=100, layout="constrained")
        ax = figure.subplots()
        size = 1.15 * max(float(np.nanmax(np.abs(steps))), 1e-12)
        around = np.linspace(0, 2 * np.pi, 200)
        length = float(np.nanmax(np.hypot(*steps.T)))
        ax.plot(length * np.cos(around), length * np.sin(around), color=look.muted, linewidth=0.8, linestyle=":")
        for step in steps:
            ax.plot([0, step[0]], [0, step[1]], color=look.colors[0], linewidth=0.6, alpha=0.5)
        ax.plot(*steps.T, "o", color=look.colors[0], markersize=4)
        ax.plot(0, 0, "+", color=look.foreground, markersize=9)
        ax.set(xlim=(-size, size), ylim=(-size, size), xlabel="step along x, in learning rates", aspect="equal")
        ax.set_ylabel("along y")
    return figure


def first_ball(name: str) -> Record:
    """Return a race of one step of length `BALL_STEP` on `ravine`; of an optimizer of matrices on two singular values.

    >>> points = first_ball("lion").trajectories.x[0]
    >>> bool(np.allclose(np.diff(points, axis=0), -BALL_STEP / 2**0.5))
    True
    """
    cls, preset = optimizers.names()[name]
    settings = dict(preset)
    if hasattr(cls, "weight_decay"):  # no part of a norm
        settings["weight_decay"] = 0.0
    if name == "muon":
        settings |= {"rows": 2, "exact": True}
    where = matrix_ravine(KAPPA) if name == "muon" else ravine
    metrics = ["second_moment"] if NORMS[name] == SECOND else []

    def step(lr: float) -> Record:
        return race(where, {name: cls(**settings, lr=lr)}, steps=1, metrics=metrics)

    length = float(np.linalg.norm(np.diff(step(1.0).trajectories.x[0], axis=0)))
    record = step(BALL_STEP / length)  # the first step is proportional to the learning rate
    if name == "muon":
        plane = singular_plane(30, -20)
        record = project(record, where, along=plane, origin=(0, 0, 0, 0), view=BALL_VIEW, resolution=129)
    return record


def _ball(record: Record, theme: str) -> Figure:
    look = render.THEMES[theme]
    start, head = record.trajectories.x[0]
    across = np.array([-start[1], KAPPA * start[0]])  # along the level line of the linear loss
    with look.context():
        figure = Figure(figsize=(STEP_SIZE[0] / 100, STEP_SIZE[1] / 100), dpi=100, layout="constrained")
        ax = figure.subplots()
        render.contour(record, ax, theme=theme)
        ax.plot(*(head + np.outer([-9, 9], across)).T, color=look.foreground, linewidth=1, linestyle="--", zorder=4)
        render.trajectories(record, ax, theme=theme)
        render.norm_balls(record, ax, theme=theme)
        ax.set(xlim=BALL_VIEW[0], ylim=BALL_VIEW[1], aspect="equal")
        if record.meta.plane is not None:
            ax.set(xlabel="first singular value", ylabel="second singular value")
    return figure
