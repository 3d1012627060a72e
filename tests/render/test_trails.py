"""Trails, heads and what becomes of runs that fail, leave the view or take the way of others."""

from __future__ import annotations

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from render_pixels import count, full_draw, levels_apart, psnr, sized
from render_records import (
    KINDS,
    START,
    VIEW,
    arc,
    coincident,
    converging,
    diverging,
    failing,
    leaving,
    record,
    unbounded,
)
from thinned import FEW_THEMES

from landscapes import render
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render.artists.animated import animated_artists, set_step
from landscapes.render.artists.heads import Head
from landscapes.render.artists.overlap import split_overlaps
from landscapes.render.artists.trails import Halo, Trail
from landscapes.render.theme import THEMES, styles

SIDE = 500
"""Size of the pictures here, in pixels."""


def axes(margin: float = 0.1) -> Axes:
    """Axes in the middle of a square page."""
    figure = Figure(figsize=(5, 5), dpi=SIDE / 5)
    ax = figure.add_axes((margin, margin, 1 - 2 * margin, 1 - 2 * margin))
    ax.set_axis_off()
    return ax


def drawn(race: Record, step: int | None = None, **options) -> tuple[Axes, np.ndarray]:
    ax = axes()
    ax.plot(*VIEW, alpha=0.0)  # something is here already, so the view stays
    ax.set_xlim(*VIEW[0])
    ax.set_ylim(*VIEW[1])
    render.trajectories(race, ax, step=step, **options)
    return ax, full_draw(ax.figure)


def looks(race: Record, theme: str = "light") -> list[tuple[float, float, float]]:
    return [style.color for style in styles(list(race.trajectories.runs["label"]), THEMES[theme])]


def where(picture: np.ndarray, color: tuple[float, float, float]) -> np.ndarray:
    """Pixels (k, 2) of a colour: x to the right and y upwards from the lower left corner."""
    rows, cols = np.nonzero((picture[..., :3] == np.rint(255 * np.array(color))).all(-1))
    return np.column_stack([cols, picture.shape[0] - 1 - rows])


def middle(points: np.ndarray) -> np.ndarray:
    return (points.min(0) + points.max(0)) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_every_run_has_a_trail_in_its_colour(kind):
    race = KINDS[kind]()
    ax = render.trajectories(race, axes())
    trails = [artist for artist in ax.get_children() if isinstance(artist, Trail)]
    assert [trail.get_label() for trail in trails] == list(race.trajectories.runs["label"])
    assert [trail.style.color for trail in trails] == looks(race)
    halos = [artist for artist in ax.get_children() if isinstance(artist, Halo)]
    below = [halo for halo in halos if not halo.crossing]
    assert [halo.trail for halo in below if halo.steady] == [halo.trail for halo in below if not halo.steady] == trails
    assert [halo.trail for halo in halos if halo.crossing] == trails[1:]
    assert len([artist for artist in ax.get_children() if isinstance(artist, Head)]) == len(race.trajectories)


def test_heads_can_be_left_out():
    ax = render.trajectories(converging(2), axes(), heads=False)
    assert not [artist for artist in ax.get_children() if isinstance(artist, Head)]


@pytest.mark.parametrize("step", [0, 3, 20, 40])
def test_the_head_is_where_the_run_is(step):
    race = converging(1)
    ax, picture = drawn(race, step, linewidth=3.0)
    _, bare = drawn(race, step, linewidth=3.0, heads=False)
    new = (picture != bare).any(-1)
    rows, cols = np.nonzero(new)
    x, y = ax.transData.transform(race.trajectories.x[0, step])
    np.testing.assert_allclose(middle(np.column_stack([cols, SIDE - 1 - rows])), (x, y), atol=3)


def test_a_trail_ends_at_its_step():
    race = converging(1)
    ax, picture = drawn(race, 10, heads=False)
    reached = ax.transData.transform(race.trajectories.x[0, :11])
    points = where(picture, looks(race)[0])
    assert len(points) > 10
    assert points[:, 0].max() <= reached[:, 0].max() + 3


@pytest.mark.parametrize("name", FEW_THEMES)
def test_a_trail_fades_with_age_in_few_colours_each_drawn_exactly(name):
    ax, picture = drawn(converging(1, steps=200), theme=name, linewidth=4.0)
    trail = next(artist for artist in ax.get_children() if isinstance(artist, Trail))
    assert trail.colors[-1] == trail.style.color
    assert len(set(trail.colors)) == len(trail.colors) >= 3
    contrast = [np.abs(np.subtract(color, trail.theme.faded)).sum() for color in trail.colors]
    assert (np.diff(contrast) > 0).all()
    if not trail.style.dashes:
        young = [count(picture, color) for color in trail.colors]
        assert young[0] > 400
        assert young[-1] > 100


def test_a_halo_parts_trails_from_the_surface():
    theme = THEMES["light"] | {"halo": "#ff00ff"}
    _, picture = drawn(converging(1), theme=theme, heads=False)
    assert count(picture, (1, 0, 1)) > 50


@pytest.mark.parametrize("corner", [(x, y) for x in VIEW[0] for y in VIEW[1]])
def test_a_head_on_the_border_is_drawn_whole(corner):
    def pixels(goal) -> int:
        race = record([np.linspace((0.0, 0.0), goal, 21)])
        picture = drawn(race)[1]
        return len(where(picture, looks(race)[0])) - len(where(drawn(race, heads=False)[1], looks(race)[0]))

    inside, border = pixels(0.5 * np.array(corner)), pixels(corner)
    assert inside > 30
    assert border > 0.8 * inside


def test_a_diverged_run_has_a_cross_where_it_was_last_seen():
    race = failing(at=15)
    color = looks(race)[2]
    for step, crossed in ((14, False), (15, True), (40, True)):
        ax, picture = drawn(race, step)
        _, bare = drawn(race, step, heads=False)
        rows, cols = np.nonzero((picture != bare).any(-1))
        x, y = ax.transData.transform(race.trajectories.x[2, min(step, 14)])
        near = (abs(cols - x) < 12) & (abs(SIDE - 1 - rows - y) < 12)
        assert near.sum() > 20
        disc = where(picture, color)
        filled = (np.abs(disc - (x, y)) <= 2).all(1).sum()
        beside = (np.abs(disc - (x + 3, y)) <= 0.6).all(1).sum()
        assert filled > 4
        assert bool(beside) != crossed  # a disc is full to the side of its middle, a cross is not


def test_a_run_that_left_the_view_ends_in_an_arrow_on_the_border():
    race = leaving()
    color = looks(race)[1]
    ax, picture = drawn(race)
    left, bottom = ax.bbox.extents[:2]
    bare = drawn(race, heads=False)[1]
    rows, cols = np.nonzero((picture != bare).any(-1))
    sticks_out = cols < left - 0.5
    assert sticks_out.sum() > 10
    assert cols.min() > left - 12
    assert (SIDE - 1 - rows[sticks_out]).min() > bottom
    gone = int(np.flatnonzero(race.trajectories.x[1, :, 0] < VIEW[0][0])[0])
    np.testing.assert_array_equal(drawn(race, gone + 3)[1][:, : int(left)], picture[:, : int(left)])
    assert not len(where(drawn(race, gone - 3)[1][:, : int(left) - 1], color))


def test_a_run_that_was_never_in_view_is_not_drawn():
    race = record([np.linspace((5.0, 1.0), (9.0, 2.0), 11)])
    for step in (0, 5, 10):
        assert count(drawn(race, step)[1], looks(race)[0]) == 0


@pytest.mark.slow
def test_diverged_runs_rescale_nothing():
    whole, finite = diverging(), record([arc(40, -0.3), arc(40, 0.3)])
    for draw, limits in (
        (render.trajectories, lambda ax: (ax.get_xlim(), ax.get_ylim())),
        (render.loss_curves, lambda ax: (ax.get_xlim(), ax.get_ylim())),
        (render.contour, lambda ax: (ax.get_xlim(), ax.get_ylim())),
    ):
        assert limits(draw(whole, axes())) == limits(draw(finite, axes())), draw.__name__
    with_it, without = (render.figure(race, **sized(640, 400)) for race in (whole, finite))
    for one, two in zip(with_it.axes[:2], without.axes[:2], strict=True):
        assert (one.get_xlim(), one.get_ylim()) == (two.get_xlim(), two.get_ylim())


def test_trajectories_alone_choose_a_view_that_holds_them():
    race = converging(3)
    ax = render.trajectories(race, axes())
    x, y = race.trajectories.x.reshape(-1, 2).T
    assert ax.get_xlim()[0] < x.min() < x.max() < ax.get_xlim()[1]
    assert ax.get_ylim()[0] < y.min() < y.max() < ax.get_ylim()[1]


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("status", ["non-finite", "max_steps"])
def test_missing_points_are_never_drawn_at_the_origin(odd, status):
    x = np.tile((-1.5, -1.0), (21, 1)) + np.linspace(0, 0.5, 21)[:, None] * (1, 0.2)
    x[10:] = odd
    race = record([x], outcomes={0: (status, 20)} if status == "non-finite" else None)
    ax, picture = drawn(race)
    origin = ax.transData.transform((0, 0))
    for color in {*looks(race), *ax.lines[-1].colors}:
        points = where(picture, color)
        assert not (np.abs(points - origin) < 15).all(1).any()
    if not np.isfinite(odd):
        last = ax.transData.transform(x[9])
        assert (np.abs(where(picture, looks(race)[0]) - last) < 4).all(1).any()


def test_a_start_that_is_nan_draws_nothing():
    x = np.full((5, 2), np.nan)
    _, picture = drawn(record([x, arc(4)]))
    assert count(picture, looks(converging(2))[0]) == 0


def test_nan_within_a_record_leaves_the_other_runs_as_they_are():
    race = converging(2)
    before = drawn(race)[1]
    worse = np.concatenate([race.trajectories.x, np.full_like(race.trajectories.x[:1], np.nan)])
    np.testing.assert_array_equal(drawn(record(worse))[1], before)


@pytest.mark.parametrize("name", FEW_THEMES)
@pytest.mark.parametrize("runs", [2, 4])
def test_overlapping_trails_all_show(name, runs):
    ax, picture = drawn(coincident(runs), theme=name, heads=False)
    for trail in (artist for artist in ax.get_children() if isinstance(artist, Trail)):
        assert sum(count(picture, color) for color in trail.colors) > 20


def test_crossing_trails_are_not_dashed():
    cross = [np.linspace((-1, -1), (1, 1), 30), np.linspace((-1, 1), (1, -1), 30)]
    assert [[depth for *_, depth in part] for part in split_overlaps(cross, VIEW)] == [[0], [0]]


@given(arrays(np.float64, (3, 12, 2), elements=st.floats(-4, 4, width=32) | st.just(np.nan)))
def test_pieces_cover_every_trail_without_gaps(arcs):
    for parts in split_overlaps(list(arcs), VIEW):
        assert parts[0][0] == 0
        assert parts[-1][1] == 11
        assert all(one[1] == two[0] for one, two in pairwise(parts))
    assert {depth for *_, depth in split_overlaps(list(arcs), VIEW)[0]} == {0}


def test_trails_that_separate_are_dashed_only_where_they_overlap():
    together, apart = np.linspace((-1.5, 0), (0, 0), 40), np.linspace((0, 0), (1.5, 1.2), 40)
    first = np.concatenate([together, np.linspace((0, 0), (1.5, -1.2), 40)])
    _, parts = split_overlaps([first, np.concatenate([together, apart])], VIEW)
    assert [depth for *_, depth in parts] == [1, 0]
    assert abs(parts[0][1] - 40) < 5


LONG_WAYS = {
    "smooth": arc(9_999, 0.3),
    "spiral": np.linspace(1.4, 0.1, 10_000)[:, None]
    * np.column_stack([np.cos(np.linspace(0, 120, 10_000)), np.sin(np.linspace(0, 121, 10_000))]),
    "noisy": arc(9_999, 0.3) + 0.02 * np.random.default_rng(0).standard_normal((10_000, 2)),
}


SHORT_WAYS = {
    "smooth": arc(400, 0.3),
    "spiral": np.exp(-np.linspace(0, 3, 900))[:, None]
    * np.column_stack([np.cos(np.arange(900) / 9), np.sin(np.arange(900) / 9)]),
    "noisy": arc(990, 0.3) + 0.05 * np.random.default_rng(0).standard_normal((991, 2)),
    "converged": np.exp(-np.arange(999) / 60)[:, None]
    * np.column_stack([np.cos(2 * np.arange(999)), np.sin(2 * np.arange(999))]),
}


@pytest.mark.parametrize("kind", SHORT_WAYS)
def test_trails_equal_plain_lines_of_all_their_points(kind):
    picture, _, exact = as_drawn(SHORT_WAYS[kind])
    assert levels_apart(picture, exact) <= 1


@pytest.mark.parametrize("kind", LONG_WAYS)
def test_long_trails_look_like_plain_lines(kind):
    picture, usual, exact = as_drawn(LONG_WAYS[kind])
    assert psnr(picture, exact) > 70
    assert psnr(picture, exact) > psnr(usual, exact) + 10


def as_drawn(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A trail, and the same way as a line of matplotlib's, simplified as usual and with every vertex."""
    race = record([points])
    ours = render.trajectories(
        race, axes(), theme=THEMES["light"] | {"taper": 0.0, "fade": 0.0}, heads=False, linewidth=2.3
    )
    for artist in ours.get_children():
        if isinstance(artist, Trail):
            artist.parts = [(0, len(points) - 1, 0)]
        else:
            artist.set_visible(False)

    def plain(simplified: bool) -> np.ndarray:
        with mpl.rc_context({"path.simplify": simplified}):
            ax = axes()
            ax.set_xlim(ours.get_xlim())
            ax.set_ylim(ours.get_ylim())
            color = looks(race)[0]
            ax.add_line(Line2D(*points.T, color=color, linewidth=2.3, solid_capstyle="round", solid_joinstyle="round"))
            return full_draw(ax.figure)

    return full_draw(ours.figure), plain(True), plain(False)


@pytest.mark.parametrize("points", [999, 1000, 1001, 5000])
def test_a_growing_long_trail_ends_at_its_last_point(points):
    fine = np.linspace((-1.5, -1), (1.5, 1), points)
    race = record([fine])
    ax, _ = drawn(race)
    trail = next(artist for artist in ax.get_children() if isinstance(artist, Trail))
    for step in (1, 2, points // 3, points - 1):
        trail.set_step(step)
        path = trail.polyline.piece(0, trail.polyline.count)
        np.testing.assert_allclose(path.vertices[[0, -1]], ax.transData.transform(fine[[0, step]]))


def test_every_animated_artist_takes_any_step():
    made = render.figure(diverging(), **sized(320, 200))
    for step in (0, 1, 12, 40, 7):
        set_step(made, step)
        assert {artist.polyline.count for artist in animated_artists(made) if isinstance(artist, Trail)} == {step + 1}


def test_a_legend_of_matplotlibs_own_knows_the_trails():
    ax = render.trajectories(converging(3), axes())
    handles, labels = ax.get_legend_handles_labels()
    assert labels == ["SGD", "Momentum", "Nesterov"]
    assert [handle.get_color() for handle in handles] == looks(converging(3))


@pytest.mark.parametrize("step", [-1, 41, 2.5, float("nan"), "3"])
def test_a_step_outside_the_race_is_refused(step):
    for draw in (render.trajectories, render.loss_curves):
        with pytest.raises(InputError, match="step must be an integer from 0 to 40"):
            draw(converging(1), axes(), step=step)
    with pytest.raises(InputError, match="step must be an integer from 0 to 40"):
        render.figure(converging(1), step=step)


def test_three_dimensions_are_refused():
    with pytest.raises(InputError, match="two dimensions; this record has 3"):
        render.trajectories(record([np.zeros((5, 3))], values=np.ones((1, 5))), axes())


def test_a_ring_marks_each_start_once():
    race = record([arc(10), arc(10, 0.3), arc(10) + np.array([0.5, 0.0])])
    ax = render.trajectories(race, axes())
    rings = {artist.point for artist in ax.get_children() if type(artist).__name__ == "Start"}
    assert rings == {START, (START[0] + 0.5, START[1])}


def test_an_unbounded_run_has_no_cross():
    race = unbounded()
    heads = [artist for artist in render.trajectories(race, axes()).get_children() if isinstance(artist, Head)]
    assert [head.stopped for head in heads] == [None, None]
