"""The inset: the minimum magnified, where it covers least, as exact as all else and as fast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from render_pixels import full_draw, levels_apart, sized
from render_records import GOAL, KINDS, VIEW, arc, bowl, converging, diverging, record, scenery, unbounded
from thinned import FEW_THEMES, diagonal

from landscapes import render
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.animated import AnimatedArtist
from landscapes.render.artists.heads import Head
from landscapes.render.artists.trails import Trail
from landscapes.render.plots._zoom_inset import HeadInView, corner, refined

BOX = np.array(VIEW)


def drawn(race: Record, **options) -> tuple[Axes, Axes]:
    """A map and its inset."""
    made = render.figure(race, inset=True, **options)
    (lens,) = made.axes[0].child_axes
    return made.axes[0], lens


@pytest.mark.parametrize("magnification", [2.0, 6.0, 20.0])
def test_it_magnifies_the_minimum(magnification):
    made = render.figure(converging(3), inset=magnification)
    ax, lens = made.axes[0], made.axes[0].child_axes[0]
    middle = lens.transData.inverted().transform(lens.bbox.get_points().mean(0))
    assert middle == pytest.approx(GOAL)
    scale = [np.ptp(axes.transData.transform([(0, 0), (1, 1)]), axis=0) for axes in (lens, ax)]
    assert scale[0] / scale[1] == pytest.approx(magnification)


def test_it_shows_the_same_runs_at_the_same_step():
    ax, lens = drawn(converging(3), step=7)
    for one, two in zip(ax.findobj(Trail)[:3], lens.findobj(Trail), strict=True):
        assert one.polyline.count == two.polyline.count == 8
        assert one.color == two.color
    assert len(lens.findobj(HeadInView)) == 3


def test_of_several_minima_the_one_next_to_the_winner_is_magnified():
    ground = scenery()
    race = converging(2, surface=replace(ground, minima=np.array([(-1.0, -1.0), GOAL, (1.8, 1.2)])))
    _, lens = drawn(race)
    assert np.mean(lens.get_xlim()) == pytest.approx(GOAL[0])


def test_without_a_known_minimum_the_best_end_is_magnified():
    race = converging(2, surface=replace(scenery(), minima=np.zeros((0, 2))))
    end = race.trajectories.x[race.order[0], -1]
    _, lens = drawn(race)
    assert (np.mean(lens.get_xlim()), np.mean(lens.get_ylim())) == pytest.approx(tuple(end))


@pytest.mark.parametrize("bend", [-0.5, 0.0, 0.5])
@pytest.mark.parametrize("size", [(400, 300), (960, 540)])
def test_it_covers_no_trail_if_a_corner_is_free(bend, size):
    ax, lens = drawn(record([arc(60, bend)]), **sized(*size))
    low, high = lens.bbox.min, lens.bbox.max
    for trail in ax.findobj(Trail):
        if trail.axes is ax:
            trail.polyline.update(trail)
            assert not ((trail.polyline.pixels > low) & (trail.polyline.pixels < high)).all(1).any()
    assert ax.bbox.contains(*low)
    assert ax.bbox.contains(*high)


def test_where_every_corner_is_taken_it_covers_the_least():
    laps = np.linspace(0, 2 * np.pi, 200)
    round_ = np.array([1.7 * np.cos(laps), 1.3 * np.sin(laps)]).T
    square = np.clip(1.5 * round_, (-1.8, -1.35), (1.8, 1.35))
    square = square[~((square[:, 0] > 1.0) & (square[:, 1] < -0.7))]  # but for one corner, cut short
    left, bottom, *_ = corner(record([square]), BOX, np.array(GOAL))
    assert (left > 0.5, bottom > 0.5) == (True, False)


def test_it_lies_on_no_star_and_no_start():
    for goal in ((1.6, 1.2), (-1.6, 1.2), (-1.6, -1.2), (1.6, -1.2)):
        straight = np.linspace((-goal[0], -goal[1]), goal, 30)
        race = record([straight], surface=replace(scenery(), minima=np.array([goal])))
        left, bottom, wide, high = corner(race, BOX, np.array(goal))
        for point in (goal, straight[0]):
            x, y = (np.array(point) - BOX[:, 0]) / np.ptp(BOX, axis=1)
            assert not (left <= x <= left + wide and bottom <= y <= bottom + high)


@pytest.mark.parametrize("free", [(False, False), (False, True), (True, False), (True, True)])
def test_the_inset_avoids_minima_that_no_run_visits(free):
    corners = [(x, y) for x in (-1.6, 1.6) for y in (-1.2, 1.2) if (x > 0, y > 0) != free]
    short = np.linspace((-0.1, 0.0), (0.1, 0.0), 30)  # far from all corners
    race = record([short], surface=replace(scenery(), minima=np.array([(0.1, 0.0), *corners])))
    left, bottom, *_ = corner(race, BOX, np.array((0.1, 0.0)))
    assert (left > 0.5, bottom > 0.5) == free


@pytest.mark.parametrize(
    ("kind", "name"), diagonal([kind for kind in KINDS if kind not in ("forty runs", "unbounded")], FEW_THEMES)
)
@pytest.mark.thin(2)
@pytest.mark.sample(2)
def test_frames_with_it_equal_a_full_draw(kind, name):
    race = KINDS[kind]()
    made = render.figure(race, theme=name, **sized(400, 300), inset=True)
    frames = Frames(made)
    last = int(race.trajectories.step[-1])
    for step in (0, last, round(0.6 * last)):
        assert levels_apart(frames.show(step), full_draw(made)) <= 2


@pytest.mark.slow
def test_static_artists_are_drawn_once(monkeypatch):
    made = render.figure(converging(3), inset=True, **sized(400, 300))
    frames = Frames(made)
    frames.show(0)
    (lens,) = made.axes[0].child_axes
    drawn_again = []
    for child in lens.get_children():
        if not isinstance(child, AnimatedArtist) and child.get_zorder() < 3.5:
            monkeypatch.setattr(child, "draw", drawn_again.append)
    for step in range(40):
        frames.show(step)
    assert not drawn_again


def test_a_run_elsewhere_is_not_on_it():
    far = np.linspace((-1.5, 1.0), (-1.0, -1.2), 41)
    _, lens = drawn(record([arc(40, 0.2), far]), **sized(400, 300))
    with_it = full_draw(lens.figure)
    next(head for head in lens.findobj(HeadInView) if head.trail.get_label() == "Momentum").set_visible(False)
    np.testing.assert_array_equal(full_draw(lens.figure), with_it)


def test_axes_of_the_users():
    race = diverging()
    ax = Figure().subplots()
    render.contour(race, ax)
    render.trajectories(race, ax)
    lens = render.zoom_inset(race, ax, magnification=4, step=5, theme="dark")
    assert lens in ax.child_axes
    assert isinstance(lens.findobj(Head)[0], HeadInView)


@pytest.mark.parametrize("magnification", [1.0, 0, -3, np.nan, np.inf, "big"])
def test_an_inset_that_magnifies_nothing_is_refused(magnification):
    with pytest.raises(InputError, match="inset must be > 1 and <= 1000"):
        render.figure(converging(1), inset=magnification)


@pytest.mark.slow
def test_a_minimum_out_of_view_is_refused():
    with pytest.raises(InputError, match="out of view; there is nothing to magnify"):
        render.figure(converging(1), view=((-2, 0), (0, 1.5)), inset=True)
    with pytest.raises(InputError, match="out of view"):
        render.figure(unbounded(), inset=True)


def test_a_record_without_a_surface_is_refused():
    race = converging(1)
    with pytest.raises(InputError, match="no surface"):
        render.zoom_inset(Record(race.trajectories, None, race.meta), Figure().subplots())


def test_a_quadratic_surface_is_interpolated_exactly_up_to_the_border():
    for box in (((0.9, 1.1), (0.1, 0.3)), VIEW, ((1.9, 2.0), (-1.5, -1.4))):
        fine = refined(scenery(points=21), np.array(box))
        assert fine.values == pytest.approx(bowl(fine.x[None, :], fine.y[:, None]), abs=1e-12)


def test_interpolation_goes_through_the_points_and_stays_above_the_minimum():
    values = np.abs(np.random.default_rng(0).standard_normal((31, 31)))
    ground = scenery(values=values)
    box = np.array([ground.x[[4, 20]], ground.y[[7, 23]]])
    fine = refined(ground, box)
    assert fine.values[::8, ::8] == pytest.approx(values[7:24, 4:21])
    assert fine.values.min() >= 0
