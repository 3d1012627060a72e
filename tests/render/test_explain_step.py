"""One step, part by part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, FancyArrowPatch
from matplotlib.text import Annotation
from numpy.typing import NDArray
from render_pixels import full_draw
from render_records import GOAL, VIEW, converging, diverging, leaving, record
from test_optimizer_state import remembering

from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render import explain_step
from landscapes.render.plots._explain_step import LONG
from landscapes.render.theme import THEMES


def arcs(ax: Axes, label: str = "_way") -> list[NDArray[np.float64]]:
    """The arrows on a panel, each once: halos lie beneath."""
    found = [
        np.subtract(text.xy, text.xyann)
        for text in ax.texts
        if isinstance(text, Annotation)
        and isinstance(text.arrow_patch, FancyArrowPatch)
        and text.arrow_patch.get_label() == label
    ]
    return found[1::2] if label == "_way" else found


def panel(made: Figure, part: str) -> Axes:
    return next(ax for ax in made.axes if ax.get_label() == part)


def complete() -> Record:
    """A run that keeps both moments."""
    made = converging(1)
    x = made.trajectories.x
    metrics = {"momentum": -np.gradient(x, axis=1), "second_moment": np.broadcast_to([4.0, 1.0], x.shape).copy()}
    return replace(made, trajectories=replace(made.trajectories, metrics=metrics))


def test_there_is_one_panel_per_recorded_part():
    def parts(made: Figure) -> list[object]:
        return [ax.get_label() for ax in made.axes]

    assert parts(explain_step(complete(), 5)) == ["gradient", "momentum", "scaling", "step"]
    kept = remembering()
    assert parts(explain_step(kept, 5, run="SGD")) == ["gradient", "momentum", "step"]
    assert parts(explain_step(kept, 5, run="Momentum")) == ["gradient", "scaling", "step"]
    assert parts(explain_step(kept, 5, run="Nesterov")) == ["gradient", "step"]


def test_arrows_are_the_slope_the_momentum_its_scaling_and_the_step():
    runs = complete()
    made = explain_step(runs, 5)
    x, kept = runs.trajectories.x[0], runs.trajectories.metrics
    slope = np.array([2.0, 8.0]) * (x[4] - GOAL)
    for part, wanted in {
        "gradient": -slope,
        "momentum": -kept["momentum"][0, 5],
        "scaling": -kept["momentum"][0, 5] * [0.5, 1.0],
    }.items():
        (arc,) = arcs(panel(made, part))
        np.testing.assert_allclose(arc / np.hypot(*arc), wanted / np.hypot(*wanted), atol=0.02)
        sides = np.ptp([panel(made, part).get_xlim(), panel(made, part).get_ylim()], axis=1)
        assert np.hypot(*(arc / sides)) == pytest.approx(LONG)
    np.testing.assert_allclose(arcs(panel(made, "step"))[0], x[5] - x[4])
    assert len(arcs(panel(made, "step"), "_faint")) == 3
    (ellipse,) = (patch for patch in panel(made, "scaling").patches if isinstance(patch, Ellipse))
    assert ellipse.get_width() / ellipse.get_height() == pytest.approx(0.5)


@settings(max_examples=15, deadline=None)
@given(*[st.floats(low + 0.01, high - 0.01) for low, high in (*VIEW, *VIEW)])
@pytest.mark.slow
def test_a_panel_is_a_piece_of_the_view_that_holds_the_step(a: float, b: float, c: float, d: float) -> None:
    assume(np.hypot(a - c, b - d) > 1e-6)
    at, to = np.array([a, b]), np.array([c, d])
    made = explain_step(record([np.array([at, to])]), 1)
    for ax in made.axes:
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        assert VIEW[0][0] <= left < right <= VIEW[0][1]
        assert VIEW[1][0] <= bottom < top <= VIEW[1][1]
        for x, y in (at, to):
            assert left <= x <= right
            assert bottom <= y <= top


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.thin(1)
def test_it_is_drawn_in_every_theme(theme):
    made = explain_step(complete(), 3, theme=theme, width=4.0)
    picture = full_draw(made)
    assert picture.shape[1] == 600
    assert len(np.unique(picture.reshape(-1, 4), axis=0)) > 100


def test_a_run_that_rests_has_no_arrow():
    still = record([np.array([GOAL] * 4)])
    assert arcs(panel(explain_step(still, 2), "step")) == []


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: explain_step(converging(), 0), "from 1 on"),
        (lambda: explain_step(converging(), 41), "from 0 to 40"),
        (lambda: explain_step(converging(), 3, run="Lion"), "unknown run 'Lion'"),
        (lambda: explain_step(converging(), 3, width=0.5), "> 1 inch, got 0.5"),
        (lambda: explain_step(converging(), 3, theme="neon"), "unknown theme"),
        (lambda: explain_step(diverging(), 12, run="Nesterov"), "was stopped before the end of step 12"),
        (lambda: explain_step(leaving(), 30, run="Momentum"), "out of view"),
        (lambda: explain_step(record([np.zeros((5, 3))], values=np.ones((1, 5))), 1), "no surface"),
        (lambda: explain_step("race", 1), "expected a Record"),  # type: ignore[arg-type]
        (lambda: explain_step(thin(), 3), "recorded together with the one before, got 3"),
        (lambda: explain_step(hollow(), 1), "has a hole"),
    ],
)
def test_records_that_cannot_be_drawn_are_reported(call, match):
    with pytest.raises(InputError, match=match):
        call()


def thin() -> Record:
    """A race of which every second step was kept."""
    made = converging()
    kept = made.trajectories
    return replace(made, trajectories=replace(kept, x=kept.x[:, ::2], loss=kept.loss[:, ::2], step=kept.step[::2]))


def hollow() -> Record:
    """A race on a surface without values on its left."""
    made = converging()
    assert made.surface is not None
    values = np.where(made.surface.x < 0, np.nan, made.surface.values)
    return replace(made, surface=replace(made.surface, values=values))
