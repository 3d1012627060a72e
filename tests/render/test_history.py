"""Any quantity of a race as curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from render_records import GOAL, arc, converging, diverging, record, unbounded

from landscapes import race
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render import animate, history
from landscapes.render.animation.frames import Frames
from landscapes.render.plots._history import METRICS, HistoryCurve
from landscapes.render.theme import THEMES, styles


def axes() -> Axes:
    return Figure(figsize=(3, 2), dpi=100).subplots()


def curves(ax: Axes) -> list[HistoryCurve]:
    return [line for line in ax.lines if isinstance(line, HistoryCurve)]


def watched(runs: int = 3) -> Record:
    """A race of which everything was observed, with the n-th run asking n times a step."""
    made = converging(runs)
    t, count = made.trajectories.step, np.arange(1, runs + 1)
    asked = np.zeros((runs, len(t), 4))
    asked[..., 1] = count[:, None] * t
    metrics = {
        "gradient_norm": np.exp(-0.1 * t) * count[:, None],
        "lr": np.where(count[:, None] > 1, 0.1 * np.ones(len(t)), np.nan),
        "evaluations": asked,
        "seconds": 2e-4 * count[:, None] * t,
    }
    return replace(made, trajectories=replace(made.trajectories, metrics=metrics))


@pytest.mark.parametrize(("against", "end"), [("steps", 40), ("evaluations", 120), ("time", 24)])
@pytest.mark.parametrize("quantity", METRICS)
def test_every_quantity_has_a_curve_a_run_in_its_colour(quantity, against, end):
    runs = watched()
    ax = history(runs, quantity, axes(), x=against)
    labels = runs.trajectories.runs["label"].tolist()
    drawn = {curve.get_label(): curve.style for curve in curves(ax)}
    wanted = dict(zip(labels, styles(labels, THEMES["light"]), strict=True))
    if quantity == "lr":
        wanted.pop("SGD")  # this run has none
    assert drawn == wanted
    assert ax.get_yscale() == ("log" if METRICS[quantity].log else "linear")
    assert ax.get_ylabel() == METRICS[quantity].title
    assert ax.get_xlim()[1] == pytest.approx(end)


def test_the_cosine_shows_zigzags_and_the_norm_shows_step_lengths():
    line = np.array([[float(i), 0.0] for i in (0, 1, 2, 3, 2, 1, 1)])
    runs = record([line])
    np.testing.assert_array_equal(METRICS["cosine"].of(runs), [[np.nan, np.nan, 1.0, 1.0, -1.0, 1.0, np.nan]])
    np.testing.assert_array_equal(METRICS["step_length"].of(runs), [[np.nan, 1, 1, 1, 1, 1, 0]])


def test_the_distance_is_to_the_nearest_minimum():
    runs = converging(2)
    assert runs.surface is not None
    two = replace(runs, surface=replace(runs.surface, minima=np.array([GOAL, (-1.5, 1.0)])))
    x = runs.trajectories.x
    ends = np.minimum(np.linalg.norm(x - GOAL, axis=-1), np.linalg.norm(x - (-1.5, 1.0), axis=-1))
    np.testing.assert_allclose(METRICS["distance"].of(two), ends)


@settings(max_examples=40)
@given(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6), st.floats(0.01, 100))
def test_cosines_lie_in_their_range_and_know_no_scale(numbers: list[float], scale: float) -> None:
    arcs = np.array(numbers).reshape(1, 3, 2)
    one, two = (METRICS["cosine"].of(record(list(arc))) for arc in (arcs, scale * arcs))
    assert ((np.abs(one) <= 1) | np.isnan(one)).all()
    if np.isfinite(one[0, 2]) and np.isfinite(two[0, 2]):
        assert one[0, 2] == pytest.approx(two[0, 2], abs=1e-6)


def test_runs_that_fail_rescale_nothing():
    lost = diverging()
    two = record(list(lost.trajectories.x[:2]))
    for quantity in ("gap", "step_length", "loss"):
        assert history(lost, quantity, axes()).get_ylim() == history(two, quantity, axes()).get_ylim()
    assert len(np.asarray(curves(history(lost, "gap", axes()))[2].get_xdata())) == 12  # up to where it was stopped


def test_values_of_zero_stay_within_a_log_axis():
    still = record([np.array([GOAL] * 5), arc(4)])
    ax = history(still, "gap", axes())
    bottom = ax.get_ylim()[0]
    assert (np.asarray(curves(ax)[0].get_ydata()) < bottom).all()
    assert bottom > 0
    flat = record([np.array([GOAL] * 5)])
    assert history(flat, "gap", axes()).get_yscale() == "linear"


def test_curves_grow_with_the_race_along_what_they_cost():
    runs = watched()
    made = Figure(figsize=(3, 2), dpi=80)
    ax = history(runs, "gap", made.subplots(), x="evaluations", step=10)
    assert [curve.polyline.count for curve in curves(ax)] == [11, 11, 11]
    np.testing.assert_array_equal(curves(ax)[2].get_xdata(), 3.0 * runs.trajectories.step)
    frames = Frames(made)
    pictures = {step: frames.show(step).copy() for step in (0, 5, 6, 40)}
    assert len({picture.tobytes() for picture in pictures.values()}) == 4
    for step in (6, 40, 5, 0):
        assert (frames.advance(step)[0] == pictures[step]).all()
    assert len(animate(runs, figure=made, frames=3).timeline.steps) == 3


@pytest.mark.parametrize(
    ("scale", "title", "end"), [(1.0, "processor time [ms]", 24), (100.0, "processor time [s]", 2.4)]
)
def test_time_is_reported_in_the_unit_that_suits_it(scale, title, end):
    runs = watched()
    seconds = scale * runs.trajectories.metrics["seconds"]
    slow = replace(runs, trajectories=replace(runs.trajectories, metrics={"seconds": seconds}))
    ax = history(slow, "gap", axes(), x="time")
    assert ax.get_xlabel() == title
    last = [float(np.asarray(curve.get_xdata())[-1]) for curve in curves(ax)]
    assert last == pytest.approx([end / 3, 2 * end / 3, end])


@pytest.mark.slow
def test_recorded_metrics_are_drawn():
    made = race(
        "booth",
        ["sgd(lr=0.05)", "adam(lr=0.5)", "lbfgs"],
        steps=30,
        metrics=["gradient_norm", "evaluations", "lr", "seconds"],
    )
    norm = curves(history(made, "gradient_norm", axes(), x="evaluations"))
    assert [curve.get_label() for curve in norm] == ["SGD", "Adam", "L-BFGS"]
    cost: NDArray[np.float64] = np.asarray(norm[2].get_xdata(), float)
    assert cost[-1] >= 30
    assert len(curves(history(made, "lr", axes()))) == 2
    spent = curves(history(made, "gap", axes(), x="time"))
    assert [np.asarray(curve.get_xdata())[-1] for curve in spent] == pytest.approx(
        1000 * made.trajectories.metrics["seconds"][:, -1]
    )


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: history(converging(), "speed", axes()), "unknown metric 'speed'"),
        (lambda: history(converging(), "gap", axes(), x="hours"), "unknown quantity for x 'hours'"),
        (lambda: history(converging(), "gap", axes(), x="time"), r"race again with metrics=\['seconds'\]"),
        (lambda: history(converging(), "lr", axes()), r"race again with metrics=\['lr'\]"),
        (lambda: history(converging(), "gap", axes(), x="evaluations"), r"metrics=\['evaluations'\]"),
        (lambda: history(unbounded(), "gap", axes()), 'use metric="loss"'),
        (lambda: history(unbounded(), "distance", axes()), "has no known minimum"),
        (lambda: history(record([np.zeros((5, 3))], values=np.ones((1, 5))), "distance", axes()), 'use metric="gap"'),
        (lambda: history(thin(), "step_length", axes()), 'record_steps="all"'),
        (lambda: history(converging(), "gap", axes(), step=41), "from 0 to 40"),
        (lambda: history(converging(), "gap", axes(), theme="neon"), "unknown theme"),
        (lambda: history("race", "gap", axes()), "expected a Record"),  # type: ignore[arg-type]
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
