"""The loss panel: logarithmic where a minimum is known, and never upset by a value."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.path import Path
from render_pixels import count, full_draw, sized
from render_records import GOAL, KINDS, arc, converging, record, unbounded
from thinned import FEW_THEMES

from landscapes import render
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.theme import THEMES, styles


def axes() -> Axes:
    return Figure(figsize=(3, 2), dpi=100).subplots()


def curves(ax: Axes) -> list[Curve]:
    return [line for line in ax.lines if isinstance(line, Curve)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_run_has_a_curve_in_its_colour(kind):
    race = KINDS[kind]()
    labels = list(race.trajectories.runs["label"])
    found = curves(render.loss_curves(race, axes()))
    assert [curve.get_label() for curve in found] == labels
    assert [curve.style for curve in found] == styles(labels, THEMES["light"])


def test_a_known_minimum_makes_the_scale_logarithmic():
    race = converging(3)
    ax = render.loss_curves(race, axes())
    assert ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    assert 0 < low <= 1e-3
    assert high >= race.trajectories.loss.max()
    np.testing.assert_allclose(curves(ax)[1].get_ydata(), race.trajectories.loss[1], rtol=1e-8, atol=1e-8)


def test_the_default_measure_is_the_gap_to_the_minimum():
    race = converging(1)
    lifted = record([arc(40, 0.2)], values=race.trajectories.loss + 7, minimum=7.0)
    one, two = (curves(render.loss_curves(each, axes()))[0].get_ydata() for each in (race, lifted))
    np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-8)


def test_without_a_bottom_the_scale_is_linear():
    race = unbounded()
    ax = render.loss_curves(race, axes())
    assert ax.get_yscale() == "linear"
    low, high = ax.get_ylim()
    assert low < race.trajectories.loss.min()
    assert high > race.trajectories.loss[:, 0].max()


def test_the_target_is_marked():
    ax = render.loss_curves(converging(2), axes())
    assert [text.get_text() for text in ax.texts] == ["target"]
    assert ax.lines[0].get_ydata()[0] == pytest.approx(1e-3)


def test_a_target_far_below_all_curves_leaves_no_empty_axes():
    race = record([arc(40)], values=np.geomspace(10, 1, 41)[None])
    ax = render.loss_curves(replace(race, meta=replace(race.meta, target=1e-8)), axes())
    low, high = ax.get_ylim()
    assert low == pytest.approx(1 / 40**0.5)
    assert high == pytest.approx(40)
    ax.get_figure().draw_without_rendering()
    (word,) = ax.texts
    assert word.get_text() == "target ↓"
    assert ax.bbox.y0 < word.get_window_extent().y0 < ax.bbox.y0 + 5


def test_a_curve_that_falls_through_the_bottom_has_a_mark_there():
    race = record([arc(40)], values=np.geomspace(1, 1e-40, 41)[None])
    shades = [_near_the_bottom(race, step) for step in (8, 40)]
    assert shades[0] == 0
    assert shades[1] > 15, "8 of the curve alone"


def _near_the_bottom(race, step: int) -> int:
    """The number of pixels in the colour of the curve in the lowest rows of the axes."""
    ax = render.loss_curves(race, Figure(figsize=(9, 6), dpi=100).subplots(), step=step)
    picture = full_draw(ax.get_figure())
    bottom = len(picture) - round(ax.bbox.y0)
    return count(picture[bottom - 5 : bottom], curves(ax)[0].color)


@pytest.mark.parametrize("falls", [10.0, 3.0, 0.5])
@pytest.mark.parametrize("size", [(3, 2), (9, 5)])
def test_no_curve_strikes_the_word_target(falls, size):
    """The curves swing across the target at the right end of the axes, where the word would be."""
    t = np.linspace(0, 1, 201)
    swing = 10 ** (-falls * t + 2 * np.sin(60 * t) * t)
    race = record([arc(200, bend) for bend in (-0.2, 0.3)], values=np.stack([swing, 2 * 10 ** (-3.05 * t)]))
    places = []
    for step in (3, 100, 200):
        ax = render.loss_curves(race, Figure(figsize=size, dpi=100).subplots(), step=step)
        (word,) = ax.texts
        box = word.get_window_extent()
        places.append(box.bounds)
        assert ax.bbox.contains(box.x0, box.y0)
        assert ax.bbox.contains(box.x1, box.y1)
        whole = [curve.polyline.data for curve in curves(ax)]
        struck = [Path(ax.transData.transform(data)).intersects_bbox(box, filled=False) for data in whole]
        assert not any(struck) or word.get_path_effects()
        assert not any(struck) or falls < 10
    assert len(set(places)) == 1


def test_the_view_spans_the_whole_race_at_every_step():
    limits = {
        (ax.get_xlim(), ax.get_ylim()) for ax in (render.loss_curves(converging(2), axes(), step=s) for s in (0, 7, 40))
    }
    assert len(limits) == 1
    assert next(iter(limits))[0] == (0, 40)


@pytest.mark.parametrize("step", [0, 10, 40])
def test_a_curve_ends_at_its_step(step):
    race = converging(1)
    ax = render.loss_curves(race, Figure(figsize=(9, 6), dpi=100).subplots(), step=step)
    picture = full_draw(ax.figure)
    color = np.rint(255 * np.array(curves(ax)[0].style.color))
    cols = np.nonzero((picture[..., :3] == color).all(-1))[1]
    end = ax.transData.transform((step, 1.0))[0]
    assert end - 6 < cols.max() < end + 6  # a step is 18 wide; below the lower limit the curve has left


VALUES = {
    "all at the minimum": np.zeros((2, 11)),
    "nan in the middle": np.r_[np.ones(5), np.nan, np.ones(5)],
    "nan to the end": np.r_[np.ones(5), np.full(6, np.nan)],
    "infinite": np.r_[np.ones(5), np.full(6, np.inf)],
    "minus infinity": np.r_[np.ones(5), np.full(6, -np.inf)],
    "infinite from the start": np.r_[np.inf, np.ones(10)],
    "nothing known": np.full((1, 11), np.nan),
    "huge": np.geomspace(1, 1e308, 11),
    "tiny": np.geomspace(1e-290, 1e-308, 11),
    "below the minimum": np.linspace(1, -1, 11),
}


@pytest.mark.parametrize("minimum", [0.0, -np.inf, np.nan])
@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.thin(4)
def test_odd_values_are_drawn_within_finite_limits(kind, minimum):
    values = np.atleast_2d(VALUES[kind])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = render.loss_curves(record([arc(10)] * len(values), values=values, minimum=minimum), axes())
        picture = full_draw(ax.figure)
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()
    assert ax.get_ylim()[0] < ax.get_ylim()[1]
    if kind == "nan to the end" and minimum == 0:
        assert count(picture, curves(ax)[0].style.color) > 0


@pytest.mark.parametrize("value", [0.0, 5.0, -1e6, 1e17])
def test_a_constant_value_without_a_bottom_is_drawn(value):
    ax = render.loss_curves(record([arc(10)], values=np.full((1, 11), value), minimum=-np.inf), axes())
    low, high = ax.get_ylim()
    assert low < value < high
    full_draw(ax.figure)


def test_a_gap_is_a_gap_and_no_zero():
    values = np.r_[np.ones(10), np.full(5, np.nan), np.ones(10)][None]
    ax = render.loss_curves(record([arc(24)], values=values), axes())
    picture = full_draw(ax.figure)
    rows, cols = np.nonzero((picture[..., :3] == np.rint(255 * np.array(curves(ax)[0].style.color))).all(-1))
    hole = ax.transData.transform([(10.5, 1), (13.5, 1)])[:, 0]
    assert not ((cols > hole[0]) & (cols < hole[1])).any()
    assert (cols < hole[0]).any()
    assert (cols > hole[1]).any()
    assert rows.max() - rows.min() < 10


@pytest.mark.slow
def test_a_race_of_one_step_is_drawn():
    ax = render.loss_curves(converging(2, steps=1), axes())
    assert ax.get_xlim() == (0, 1)
    full_draw(ax.figure)


def test_more_than_two_dimensions_have_losses_too():
    rng = np.random.default_rng(0)
    ax = render.loss_curves(record(rng.random((2, 6, 5)), values=rng.random((2, 6)), surface=None), axes())
    assert len(curves(ax)) == 2


def test_starting_on_the_minimum_is_drawn():
    ax = render.loss_curves(record([np.tile(GOAL, (11, 1))], target=0.0), axes())
    full_draw(ax.figure)
    assert np.isfinite(ax.get_ylim()).all()


def test_width_is_in_points():
    thin, thick = (
        count(full_draw(ax.figure), curves(ax)[0].style.color)
        for ax in (render.loss_curves(converging(1), axes(), linewidth=width) for width in (1.5, 6.0))
    )
    assert thick > 2.5 * thin


@pytest.mark.parametrize("name", FEW_THEMES)
@pytest.mark.thin(1)
def test_curves_that_coincide_are_both_seen(name):
    one = arc(60, 0.2)
    made = render.figure(record([one, one, arc(60, -0.3)]), theme=name, **sized(800, 500), panel=True)
    panel = next(ax for ax in made.axes if curves(ax))
    found = curves(panel)
    assert [any(depth for *_, depth in curve.parts) for curve in found[:2]] == [False, True]
    picture = full_draw(made)
    box = picture[slice(*sorted(500 - panel.bbox.intervaly.astype(int))), slice(*panel.bbox.intervalx.astype(int))]
    first, second = (count(box, curve.color) for curve in found[:2])
    assert min(first, second) > 0.5 * max(first, second) > 10


@pytest.mark.parametrize(("shift", "scale"), [(1.0, "log"), (-1.0, "linear")])
def test_losses_without_a_minimum_are_never_gaps_from_the_best_one_seen(shift, scale):
    race = converging(2, steps=20, minimum=float("nan"), target=None, minimum_is="unknown")
    loss = race.trajectories.loss + shift
    race = replace(race, trajectories=replace(race.trajectories, loss=loss))
    ax = render.loss_curves(race, axes())
    assert (ax.get_ylabel(), ax.get_yscale()) == ("loss", scale)
    assert not ax.texts
    assert len(ax.lines) == len(race.trajectories)
    for curve, values in zip(curves(ax), loss, strict=True):
        np.testing.assert_array_equal(curve.get_ydata(), values)
    low, high = ax.get_ylim()
    assert low < loss.min() < loss.max() < high


@pytest.mark.parametrize(
    "facts", [{"minimum": 0.5}, {"minimum_is": "contradicted", "target": None}, {"lower_bound": -1.0}]
)
def test_gaps_are_drawn_from_a_true_minimum_only(facts):
    race = converging(2, steps=20)
    race = replace(race, meta=race.meta.replace(**facts))
    assert render.loss_curves(race, axes()).get_ylabel() == "loss"
    assert render.loss_curves(converging(2), axes()).get_ylabel() == "gap to the minimum"
