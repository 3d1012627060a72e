"""Heads on one point move apart around it, continuously, and leave single heads where they are."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from render_records import coincident, converging, record

from landscapes import render
from landscapes.render.artists.animated import Canvas
from landscapes.render.artists.fan import STAR_RING, Fan, Leaders, shifts_apart
from landscapes.render.artists.heads import Head

CANVAS = Canvas(400, 400, 100)


def fan_of(race) -> Fan:
    ax = Figure(figsize=(4, 4), dpi=100).add_axes((0, 0, 1, 1))
    render.contour(race, ax)
    render.trajectories(race, ax)
    heads = [artist for artist in ax.get_children() if isinstance(artist, Head)]
    assert [run for _, run in (head.fan for head in heads)] == list(range(len(heads)))
    return heads[0].fan[0]


@pytest.mark.parametrize("runs", [2, 6, 12])
def test_equal_heads_lie_on_a_ring(runs):
    fan = fan_of(coincident(runs))
    shift = fan.shifts([20], CANVAS)[0]
    size = CANVAS.points_to_pixels(fan.size)
    apart = np.hypot(*(shift[:, None] - shift).T) + 1e9 * np.eye(runs)
    assert apart.min() > 0.6 * size
    assert np.hypot(*shift.T).max() < 1.6 * size


def test_lines_lead_from_moved_heads_to_their_runs_below_stars():
    ax = Figure(figsize=(4, 4), dpi=100).add_axes((0, 0, 1, 1))
    race = coincident(3)
    render.contour(race, ax)
    render.trajectories(race, ax)
    (leaders,) = (artist for artist in ax.get_children() if isinstance(artist, Leaders))
    stars = [line for line in ax.lines if line.get_label() == "_minimum"]
    assert all(leaders.get_zorder() < star.get_zorder() for star in stars)
    page = Canvas(400, 400, 100)
    leaders.draw(page)
    assert np.asarray(page.buffer_rgba())[..., 3].any()


def test_steps_between_move_heads_a_little():
    fan = fan_of(converging(4))
    shifts = fan.shifts(np.arange(0, 40, 0.02).tolist(), CANVAS)
    assert np.abs(np.diff(shifts, axis=0)).max() < 3  # a quarter of a head
    np.testing.assert_array_equal(fan.shifts([17.0], CANVAS)[0], shifts[850])


def test_heads_that_overlap_still_push_one_another():
    """A head on a star is moved onto a lone one that is half a diameter from its new place: a third stays unmoved."""
    size = 10.0
    at = np.array([[[50.0, 50.0], [50.0, 50.0 + (STAR_RING + 0.5) * size], [90.0, 90.0]]])
    shifts = shifts_apart(at, np.ones((1, 3), bool), np.ones(3, bool), at[0, :1], size)
    assert np.hypot(*(at + shifts)[0, 0] - (at + shifts)[0, 1]) > 0.7 * size
    assert not shifts[0, 2].any()


def test_a_dot_shows_where_each_moved_run_is():
    fan = fan_of(coincident(3))
    leaders = Leaders(fan)
    leaders.set_step(20)
    lines, dots = [], []
    for mark in leaders.marks(CANVAS)[1:]:
        (lines if mark.matrix is None else dots).append(mark)
    assert len(lines) == len(dots) == 3
    for line, dot, (x, y, dx, dy) in zip(lines, dots, fan.row(20, CANVAS), strict=True):
        assert dot.face == line.color
        assert (dot.x, dot.y) == (x, y)
        np.testing.assert_allclose(line.path.vertices, [(x, y), (x + dx, y + dy)])


@pytest.mark.parametrize(("distance", "moved"), [(0.0, STAR_RING), (0.5, STAR_RING), (1.3, 0.0)])
def test_one_head_alone_leaves_a_star_visible(distance, moved):
    size, seen = 10.0, np.ones((1, 1), bool)
    star = np.array([[50.0, 50 - distance * size]])
    shift = shifts_apart(np.full((1, 1, 2), 50.0), seen, seen[0], star, size)
    assert np.hypot(*shift[0, 0]) == pytest.approx(moved * size)


def crosses(race, step: float) -> list[tuple[float, float]]:
    """Return where the heads of a race are drawn at a step."""
    fan = fan_of(race)
    heads = [artist for artist in fan.trails[0].axes.get_children() if isinstance(artist, Head)]
    found = []
    for head in heads:
        head.set_step(step)
        mark = head.marks(CANVAS)[-1]
        found.append((mark.x, mark.y))
    return found


def test_crosses_at_one_place_of_the_border_lie_side_by_side():
    """Three runs leap along one ray, two of them farther, and fail: all crosses are visible on the left border."""
    start = np.array([-1.5, 1.0])
    arcs = [np.array([start, start - (far, 0.4 * far), *[start - (far, 0.4 * far)] * 3]) for far in (2.0, 9.0, 400.0)]
    race = record(arcs, outcomes={0: ("diverged", 2), 1: ("diverged", 2), 2: ("diverged", 2)})
    ways = np.array(crosses(race, 4))
    size = CANVAS.points_to_pixels(fan_of(race).size)
    np.testing.assert_allclose(ways[:, 0], 0.0, atol=0.5)
    assert np.diff(np.sort(ways[:, 1])).min() > 0.9 * size
    leaders = Leaders(fan_of(race))
    leaders.set_step(4)
    assert not leaders.marks(CANVAS)  # none leads from outside


def test_a_cross_is_not_hidden_by_heads_on_its_point():
    arcs = [np.tile((0.5, -0.5), (6, 1)) for _ in range(3)]
    ways = np.array(crosses(record(arcs, outcomes={0: ("diverged", 2)}), 5))
    apart = np.hypot(*(ways[:, None] - ways).T) + 1e9 * np.eye(3)
    assert apart.min() > 0.6 * CANVAS.points_to_pixels(fan_of(record(arcs)).size)
