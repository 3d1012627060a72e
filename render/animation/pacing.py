"""What an animation's timeline changes in its figure: leaderboards, cameras, sentences at pauses, and the pace."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.artists.legend import StepCounter
from landscapes.render.artists.notes import PaceNote, PauseNotes
from landscapes.render.artists.standings import Standings
from landscapes.render.artists.text_fit import Ruler, text_renderer
from landscapes.render.figures._figure_3d import TurningBlock
from landscapes.render.plots.inputs import filled_forward
from landscapes.render.theme import Theme
from landscapes.render.writers.timeline import Timeline

BEAT = 0.6
"""The least time between two changes of a leaderboard's order, or of the pace that is shown, in seconds."""

DIGITS_REST = 0.24
"""The time for which the digits of a loss rest on a leaderboard, in seconds."""

PARTS = 20_000
"""The largest number of parts of a race in which movement is measured."""

LEAP = 0.05
"""A longer movement in one step counts as this share of the view, so that one leap does not take the time of many."""

SMOOTH = 1 / 40
"""The share of a race over which movement is averaged, so that the pace does not flicker."""

PACES = [part * 10**power for power in range(6) for part in (1, 2, 3, 5)]
"""The numbers of steps per frame that a note states."""

NOTE = 8.0
"""Font size of the pace in points."""


def head_travel(record: Record) -> NDArray[np.float64] | None:
    """Return how far the fastest head moves in equal parts of a race, in shares of the view; None without a plot."""
    ground = record.surface or record.curve
    x, steps = record.trajectories.x, record.trajectories.step
    if ground is None or x.shape[2] > 2 or len(steps) < 2:
        return None
    sides = [ground.x, ground.y][: x.shape[2]]
    low, high = np.array([side[0] for side in sides]), np.array([side[-1] for side in sides])
    with np.errstate(all="ignore"):
        seen = ((filled_forward(x) - low) / (high - low)).clip(0, 1)
    moved = np.minimum(np.hypot.reduce(np.nan_to_num(np.diff(seen, axis=1)), axis=2).max(0), LEAP)
    last = int(steps[-1])
    edges = np.linspace(0, last, min(last, PARTS) + 1)
    parts = np.diff(np.interp(edges, steps, np.concatenate([[0.0], np.cumsum(moved)])))
    width = max(round(SMOOTH * len(parts)), 1)
    padded = np.concatenate([np.full(width, parts[0]), parts, np.full(width, parts[-1])])
    kernel = np.full(2 * width + 1, 1 / (2 * width + 1))
    return np.asarray(np.convolve(padded, kernel, mode="valid"))


def check_recorded(record: Record, stops: Iterable[int]) -> None:
    """Raise `InputError` for a pause at a step of which the record has no points."""
    steps = record.trajectories.step
    for step in stops:
        at = int(np.searchsorted(steps, step))
        if at < len(steps) and int(steps[at]) != step:
            raise InputError(
                f"pause at step {step}: this step was not recorded; "
                f"the nearest ones are {steps[at - 1]} and {steps[at]}"
            )


def follow_timeline(figure: Figure, schedule: Timeline, record: Record, theme: Theme, stops: Iterable[int]) -> None:
    """Prepare the artists of a figure for a timeline.

    Rows of leaderboards change place smoothly, at most once per beat; at pauses they are exact and rest. Cameras follow
    the time. Sentences and a changing pace are added.
    """
    beat, rest = (max(round(seconds * schedule.fps), 1) for seconds in (BEAT, DIGITS_REST))
    steps = schedule.steps
    exact = {0, int(steps[-1]), *(int(step) for step in stops)}
    for board in figure.findobj(Standings):
        assert isinstance(board, Standings)
        board.settle(sorted({*exact, *steps[::beat].tolist()}), sorted(exact), steps[::rest].tolist())
    shares = np.linspace(0, 1, len(steps))
    for block in figure.findobj(TurningBlock):
        assert isinstance(block, TurningBlock)
        block.clock = steps, shares
    if schedule.notes:
        _add_notes(figure, schedule, record, theme)
    if not schedule.even:
        _add_pace(figure, schedule, theme, beat)


def _add_notes(figure: Figure, schedule: Timeline, record: Record, theme: Theme) -> None:
    """Add the sentences to the first axes that show the race, unless an earlier animation of the figure has."""
    for old in figure.findobj(PauseNotes):
        old.remove()
    ax = figure.axes[0]
    ground = record.surface
    ax.add_artist(
        PauseNotes(schedule.notes, theme, np.zeros((0, 2)) if ground is None else ground.minima.reshape(-1, 2))
    )


def _add_pace(figure: Figure, schedule: Timeline, theme: Theme, beat: int) -> None:
    """Add the pace to the left of the step counter; on the axes below where there is no room."""
    for old in figure.findobj(PaceNote):
        old.remove()
    counters = figure.findobj(StepCounter)
    since, texts = pace_texts(schedule, theme, beat)
    if not counters or len(set(texts)) < 2:
        return
    counter: Any = counters[0]
    measure, unit = text_renderer(figure.dpi), figure.dpi / 72
    size = NOTE * theme.text_scale
    place = counter.get_window_extent(measure)
    wide = max(Ruler(figure.dpi).width(text, size) for text in texts) * unit
    right = place.x0 - 0.9 * size * unit
    titles = [ax._left_title for ax in figure.axes] + list(figure.texts)  # type: ignore[attr-defined]
    taken = [
        box.x1
        for text in titles
        if isinstance(text, Text) and text.get_text() and not isinstance(text, StepCounter)
        for box in [text.get_window_extent(measure)]
        if box.y0 < place.y1 and box.y1 > place.y0 and box.x0 < place.x0
    ]
    style: dict[str, Any] = {
        "fontsize": size, "color": theme.foreground, "alpha": 0.65, "fontfamily": theme.families, "ha": "right",
        "transform": figure.transFigure,
    }  # fmt: skip
    base = counter.get_transform().transform(counter.get_position())
    if right - wide < max([0.0, *taken]) + size * unit:
        right, style["alpha"] = place.x1 - 0.5 * size * unit, 1.0
        base = base[0], figure.axes[0].bbox.y1 - 1.4 * size * unit
        style |= {"path_effects": [withStroke(linewidth=2.5, foreground=theme.halo)], "zorder": 19}
    x, y = figure.transFigure.inverted().transform((right, base[1]))
    figure.add_artist(PaceNote(float(x), float(y), since, texts, **style))


def pace_texts(schedule: Timeline, theme: Theme, beat: int) -> tuple[list[int], list[str]]:
    """Return the steps from which the pace has another round number, and the texts."""
    steps = schedule.steps
    at = np.arange(len(steps))
    low, high = np.maximum(at - beat, 0), np.minimum(at + beat, len(steps) - 1)
    rate = (steps[high] - steps[low]) / np.maximum(high - low, 1)
    since, texts = [0], [_pace_text(float(rate[0]), theme)]
    changed = 0
    for (before, after), number in zip(pairwise(rate.tolist()), at[1:].tolist(), strict=True):
        text = _pace_text(after, theme)
        if text != texts[-1] and number - changed >= beat and steps[number] > since[-1] and after != before:
            changed = number
            since.append(int(steps[number]))
            texts.append(text)
    return since, texts


def _pace_text(rate: float, theme: Theme) -> str:
    """Return a pace as a text."""
    whole = min(PACES, key=lambda one: abs(np.log(max(rate, 1e-9) / one)))
    if rate > 0.75:
        return theme.say("1 step per frame") if whole == 1 else theme.say("{count} steps per frame", count=whole)
    frames = min(PACES[1:], key=lambda one: abs(np.log(max(rate, 1e-9) * one)))
    return theme.say("{count} frames per step", count=frames)
