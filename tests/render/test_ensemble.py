"""Many runs at once, and the way down."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from render_records import arc, bowl, record

from landscapes.errors import InputError
from landscapes.record import Record, Surface
from landscapes.render import animate, contour, ensemble, gradient_field, loss_quantiles
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.trails import Trail
from landscapes.render.plots._ensemble import RunPoints
from landscapes.render.plots._loss_curves import Curve


def crowd(outcomes: dict[int, tuple[str, int]] | None = None) -> Record:
    """Nine runs of two optimizers, bent this way and that."""
    bends = np.linspace(-0.6, 0.6, 9)
    return record([arc(40, bend) for bend in bends], labels=["SGD"] * 5 + ["Adam"] * 4, outcomes=outcomes)


def axes() -> Axes:
    return Figure(figsize=(4, 3)).add_subplot()


def test_an_ensemble_has_one_point_per_run_and_the_median_of_each_optimizer() -> None:
    runs = crowd()
    ax = axes()
    contour(runs, ax)
    ensemble(runs, ax, step=20)
    sgd, adam = (artist for artist in ax.get_children() if isinstance(artist, RunPoints))
    np.testing.assert_array_equal(sgd.at(20), runs.trajectories.x[:5, 20])
    assert len(adam.at(20)) == 4
    first = next(line for line in ax.lines if isinstance(line, Trail))
    np.testing.assert_allclose(first.get_xydata(), np.median(runs.trajectories.x[:5], axis=0))  # type: ignore[arg-type]


def test_runs_that_failed_leave_the_ensemble_and_its_middle() -> None:
    runs = crowd({0: ("diverged", 10)})
    ax = axes()
    ensemble(runs, ax)
    points = next(artist for artist in ax.get_children() if isinstance(artist, RunPoints))
    assert (len(points.at(9)), len(points.at(10))) == (5, 4)
    trail = next(line for line in ax.lines if isinstance(line, Trail))
    middle = np.asarray(trail.get_xydata())
    np.testing.assert_allclose(middle[30], np.median(runs.trajectories.x[1:5, 30], axis=0))


def test_frames_of_an_ensemble_do_not_depend_on_the_order_of_steps() -> None:
    runs = crowd()
    made = Figure(figsize=(3, 2), dpi=80)
    ax = made.add_axes((0.1, 0.1, 0.8, 0.8))
    contour(runs, ax)
    ensemble(runs, ax)
    loss_quantiles(runs, made.add_axes((0.7, 0.7, 0.25, 0.25)))
    frames = Frames(made)
    pictures = [frames.show(step).copy() for step in (0, 12, 13, 40)]
    assert all((one != two).any() for one, two in pairwise(pictures))
    for step, picture in ((13, pictures[2]), (0, pictures[0])):
        assert (frames.advance(step)[0] == picture).all()
    assert len(animate(runs, figure=made, frames=5).timeline.steps) == 5


def test_bands_hold_the_quantiles_and_failed_runs_count_as_worst() -> None:
    runs = crowd({0: ("diverged", 10), 1: ("diverged", 10), 2: ("diverged", 10)})
    ax = axes()
    loss_quantiles(runs, ax)
    sgd, adam = (line for line in ax.lines if isinstance(line, Curve))
    gap = runs.trajectories.loss - runs.meta["minimum"]
    np.testing.assert_allclose(
        adam.get_ydata(), np.quantile(gap[5:], 0.5, axis=0, method="nearest"), rtol=1e-12, atol=1e-15
    )
    assert len(np.asarray(sgd.get_xdata())) == 10  # from there on, most have failed
    assert len(ax.collections) == 4


def test_arrows_point_down_and_are_longer_where_it_is_steeper() -> None:
    axis = np.linspace(-2, 2, 81)
    surface = Surface(axis, axis, bowl(*np.meshgrid(axis, axis)), np.zeros((0, 2)), 0.0, "linear")
    ax = gradient_field(surface, axes(), count=12)
    (quiver,) = (child for child in ax.get_children() if type(child).__name__ == "Quiver")
    field: Any = quiver
    at, way_down = np.asarray(field.XY), np.column_stack([field.U, field.V])
    before, after = (bowl(*(at + step * way_down).T) for step in (0.0, 0.05))
    assert (after < before).mean() > 0.98
    size = np.hypot(*way_down.T)
    steep = np.hypot(2 * (at[:, 0] - 1), 8 * (at[:, 1] - 0.25))
    assert np.corrcoef(np.log(steep), size)[0, 1] > 0.9
    assert ax.get_xlim() == (-2, 2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gradient_field(crowd(), axes(), count=0), "count must be"),
        (lambda: gradient_field(Record(crowd().trajectories, None, {}), axes()), "no surface"),
        (lambda: gradient_field("beale", axes()), "expected a Record with a surface"),  # type: ignore[arg-type]
        (lambda: ensemble(crowd(), axes(), step=99), "step must be"),
        (lambda: loss_quantiles(crowd(), axes(), step=-1), "step must be"),
    ],
)
def test_bad_input_is_refused(call: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()


def test_bands_span_the_quantiles_of_the_losses():
    values = np.outer(np.arange(1.0, 42.0), [4.0, 2.0, 1.0])  # 41 runs: quantile q is the value of run 40 q
    runs = record([np.zeros((3, 2))] * 41, labels=["SGD"] * 41, values=values)
    ax = loss_quantiles(runs, axes())
    bands = []
    for band in ax.collections:
        x, y = np.asarray(band.get_paths()[0].vertices).T
        bands.append([(y[x == step].min(), y[x == step].max()) for step in range(3)])
    for (low, high), band in zip(((0.1, 0.9), (0.25, 0.75)), bands, strict=True):
        for step, drawn in enumerate(band):
            assert drawn == pytest.approx((values[round(40 * low), step], values[round(40 * high), step]))


def test_runs_that_became_unbounded_keep_the_lowest_losses_and_limits_stay_near_the_start() -> None:
    paths = [arc(40, bend) for bend in (-0.3, 0.0, 0.3)]
    falls = np.array([np.where(np.arange(41) < end, 1.0 - np.arange(41), np.nan) for end in (41, 31, 21)])
    outcomes = {run: ("unbounded", end) for run, end in ((1, 31), (2, 21))}
    runs = record(paths, values=falls, labels=["SGD"] * 3, outcomes=outcomes, minimum=float("-inf"))
    ax = loss_quantiles(runs, axes())
    assert [round(float(side), 6) for side in ax.get_ylim()] == [-41, 3]
    (middle,) = (line for line in ax.lines if isinstance(line, Curve))
    np.testing.assert_array_equal(middle.get_ydata(), np.maximum(1.0 - np.arange(41), -29.0))
