"""Momentum and effective steps at the heads."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from render_pixels import full_draw, sized
from render_records import converging, record

from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render import animate, figure, optimizer_state
from landscapes.render.animation.frames import Frames
from landscapes.render.plots._optimizer_state import ARROW, FLAT, ROUND, SHORT, StateMarks

PAGE = RendererAgg(10, 10, 72)
"""A renderer on which a point is a pixel."""


def remembering(outcomes: Any = None, **kept: NDArray[np.float64]) -> Record:
    """Three runs: one keeps its momentum, one its second moment, one nothing."""
    made = converging(3, outcomes=outcomes)
    x = made.trajectories.x
    nothing = np.full(x.shape, np.nan)
    momentum, second = nothing.copy(), nothing.copy()
    momentum[0, 1:] = -np.diff(x[0], axis=0)
    second[1] = 0.1 + x[1] ** 2
    metrics = kept or {"momentum": momentum, "second_moment": second}
    return replace(made, trajectories=replace(made.trajectories, metrics=metrics))


def drawn(record: Record, step: int | None = None) -> tuple[Axes, list[StateMarks]]:
    ax = Figure(figsize=(6, 5), dpi=72).add_axes((0, 0, 1, 1))
    ax.set(xlim=(-2, 2), ylim=(-1.5, 1.5))
    optimizer_state(record, ax, step=step)
    return ax, [artist for artist in ax.get_children() if isinstance(artist, StateMarks)]


def test_arrows_go_where_the_momentum_pushes():
    runs = remembering()
    ax, found = drawn(runs, step=10)
    assert len(found) == 2  # the third run keeps nothing
    tip = found[0].arrow(PAGE)
    assert tip is not None
    ahead = np.diff(ax.transData.transform(runs.trajectories.x[0, 9:11]), axis=0)[0]
    np.testing.assert_allclose(tip / np.hypot(*tip), ahead / np.hypot(*ahead))
    assert SHORT * ARROW < np.hypot(*tip) < ARROW
    assert found[1].arrow(PAGE) is None
    assert found[0].axes_of_ellipse(PAGE) is None


def test_the_largest_momentum_has_the_longest_arrow_and_a_tiny_one_the_shortest():
    momentum = np.full((3, 41, 2), np.nan)
    momentum[0] = 10.0 ** -np.arange(41)[:, None] * [1.0, 0.0]
    _, (state,) = drawn(remembering(momentum=momentum), step=0)
    lengths = []
    for step in (0, 1, 2, 3, 20):
        state.set_step(step)
        tip = state.arrow(PAGE)
        assert tip is not None
        lengths.append(float(np.hypot(*tip)))
    assert lengths[0] == pytest.approx(ARROW)
    assert lengths[3] == lengths[4] == pytest.approx(SHORT * ARROW)
    assert lengths == sorted(lengths, reverse=True)


@settings(max_examples=30)
@given(st.floats(1e-12, 1e12), st.floats(1e-12, 1e12))
@pytest.mark.slow
def test_ellipses_have_the_shape_of_the_step(one: float, two: float) -> None:
    second = np.broadcast_to([one, two], (1, 3, 2))
    made = record([np.array([[0.0, 0.0], [0.5, 0.2], [0.6, 0.1]])])
    made = replace(made, trajectories=replace(made.trajectories, metrics={"second_moment": second}))
    ax, (state,) = drawn(made)
    half = state.axes_of_ellipse(PAGE)
    assert half is not None
    scale = np.diag(ax.transData.get_matrix())[:2]
    ratio = scale[0] / scale[1] * np.sqrt(two / one)
    assert half.max() == pytest.approx(ROUND)
    assert half[0] / half[1] == pytest.approx(np.clip(ratio, FLAT, 1 / FLAT))


def test_a_second_moment_of_zero_has_no_ellipse_and_a_momentum_of_zero_no_arrow():
    zero = np.zeros((3, 41, 2))
    one = zero + np.array([1.0, 0.0])
    assert drawn(remembering(momentum=zero, second_moment=one))[1] == []


def test_stopped_runs_have_no_state():
    runs = remembering({0: ("diverged", 20), 1: ("diverged", 20)})
    made = Figure(figsize=(4, 3), dpi=72)
    ax = made.add_axes((0, 0, 1, 1))
    ax.set(xlim=(-2, 2), ylim=(-1.5, 1.5))
    empty = full_draw(made).copy()
    optimizer_state(runs, ax, step=20)
    assert (full_draw(made) == empty).all()
    optimizer_state(runs, ax, step=19)
    assert (full_draw(made) != empty).any()


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_they_move_with_the_race_and_every_pixel_is_right(theme):
    runs = remembering()
    made = figure(runs, theme=theme, **sized(320, 200))
    optimizer_state(runs, made.axes[0], theme=theme)
    frames = Frames(made)
    whole = [frames.show(step).copy() for step in range(0, 41, 4)]
    assert all((one != two).any() for one, two in pairwise(whole))
    again = Frames(made)
    for place, step in enumerate(range(0, 41, 4)):
        assert (again.advance(step)[0] == whole[place]).all()
    assert len(animate(runs, figure=made, frames=3).timeline.steps) == 3


def test_a_changed_state_of_a_resting_run_is_redrawn():
    second = np.ones((1, 41, 2))
    second[0, :, 0] = np.linspace(1, 50, 41)
    made = record([np.zeros((41, 2))])
    made = replace(made, trajectories=replace(made.trajectories, metrics={"second_moment": second}))
    page = Figure(figsize=(3, 2), dpi=80)
    ax = page.add_axes((0, 0, 1, 1))
    ax.set(xlim=(-2, 2), ylim=(-1.5, 1.5))
    optimizer_state(made, ax)
    frames, fresh = Frames(page), Frames(page)
    moved = {step: frames.advance(step)[0].copy() for step in (0, 1, 2, 3, 20)}
    for step, picture in moved.items():
        assert (fresh.show(step) == picture).all()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: optimizer_state(converging(), Figure().subplots()), r'metrics=\["momentum", "second_moment"\]'),
        (lambda: optimizer_state(record([np.zeros((5, 3))], values=np.ones((1, 5)))), "this record has 3"),
        (lambda: optimizer_state(remembering(), Figure().subplots(), step=41), "from 0 to 40"),
        (lambda: optimizer_state(remembering(), Figure().subplots(), theme="neon"), "unknown theme"),
        (lambda: optimizer_state(None), "expected a Record"),  # type: ignore[arg-type]
    ],
)
def test_records_that_cannot_be_drawn_are_reported(call, match):
    with pytest.raises(InputError, match=match):
        call()
