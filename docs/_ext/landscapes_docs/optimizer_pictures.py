"""Draw the pictures of an optimizer: a race against gradient descent, and its first step for every direction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from landscapes import function, optimizers, race, render
from landscapes_docs.function_pictures import THEMES, _save

FUNCTION = "beale"
STEPS = 120
SIZE = 600, 480
STEP_SIZE = 420, 420
DIRECTIONS = 72


@function((-2, 2), (-2, 2), minima=[(0, 0)], start=(1, 0))
def bowl(x, y):  # type: ignore[no-untyped-def]
    """A round bowl: the gradient is the point itself."""
    return (x * x + y * y) / 2


def kinds(name: str) -> list[str]:
    """Return the kinds of pictures of an optimizer."""
    cls = optimizers.names()[name][0]
    if issubclass(cls, optimizers.Wrapper) or name == "scipy":
        return []
    return ["race"] + ["steps"] * issubclass(cls, optimizers.FirstOrder)


def names(name: str) -> list[str]:
    """Return the names of the files of an optimizer."""
    return [f"{name}-{theme}-{kind}.webp" for kind in kinds(name) for theme in THEMES]


def draw(name: str, folder: Path, *, full: bool) -> None:
    """Draw the pictures of an optimizer."""
    raced = [name] if name == "sgd" else ["sgd", name]
    record = race(FUNCTION, raced, steps=STEPS)
    steps = first_steps(name) if "steps" in kinds(name) else None
    for theme in THEMES:
        figure = render.figure(record, theme=theme, figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100)
        _save(figure, folder / f"{name}-{theme}-race.webp", 78)
        if steps is not None:
            _save(_first_steps(steps, theme), folder / f"{name}-{theme}-steps.webp", 78)


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
