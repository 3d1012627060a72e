"""Gaps for others open once others have come by."""

from __future__ import annotations

import numpy as np
import pytest
from render_pixels import full_draw, levels_apart, sized
from render_records import GOAL, START, record
from thinned import FEW_THEMES

from landscapes import render
from landscapes.record import Record
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.overlap import find_overlaps
from landscapes.render.artists.trails import Trail
from landscapes.render.theme import THEMES


def pursuit(steps: int = 40) -> Record:
    """Two runs on one way: the one that is drawn above, and has gaps, is ahead."""
    share = np.linspace(0, 1, steps + 1)[:, None]
    slow, fast = share**3, np.minimum(2 * share, 1)
    return record([np.array(START) + part * np.subtract(GOAL, START) for part in (slow, fast)])


def middle(made, picture: np.ndarray) -> np.ndarray:
    """The pixels in the middle of the upper trail, on the half of the way that the lower one reaches last."""
    ax, trail = made.axes[0], made.axes[0].findobj(Trail)[1]
    arc = ax.transData.transform(np.linspace(START, GOAL, 400)[150:380])
    assert trail.axes is ax
    return picture[len(picture) - 1 - arc[:, 1].astype(int), arc[:, 0].astype(int), :3]


def apart(pixels: np.ndarray, color: tuple[float, float, float]) -> np.ndarray:
    return np.abs(pixels - 255 * np.array(color)).max(1)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_trail_ahead_of_the_others_has_no_gaps(name):
    theme = THEMES[name] | {"fade": 0.0, "taper": 0.0}
    made = render.figure(pursuit(), theme=theme, **sized(600, 450), panel=False, step=21)
    slow, fast = (trail.color for trail in made.axes[0].findobj(Trail)[:2])
    ahead = middle(made, full_draw(made))
    assert apart(ahead, fast).max() < 40
    made = render.figure(pursuit(), theme=theme, **sized(600, 450), panel=False)
    late = middle(made, full_draw(made))
    assert np.mean(apart(late, slow) < 40) > 0.25
    assert np.mean(apart(late, fast) < 40) > 0.25


def test_the_first_trail_to_pass_opens_the_gaps():
    """Of three on one way: they open at the second's pace, not at the last's."""
    share = np.linspace(0, 1, 41)[:, None]
    arcs = [np.hstack([arc, arc]) for arc in (0.1 * share, 0.5 * share, np.minimum(2 * share, 1))]
    *_, (parts, since) = find_overlaps(arcs, ((0, 1), (0, 1)))
    assert all(depth for first, _, depth in parts if first < 9)
    np.testing.assert_allclose(since[1:9], 4 * np.arange(1, 9), atol=4)
    assert not since[11:].any()  # no run comes there


def test_a_trail_behind_the_other_has_gaps_at_once():
    slow, fast = (arc[0] for arc in np.split(pursuit().trajectories.x, 2))
    (_, none), (parts, since) = find_overlaps([fast, slow], ((-2, 2), (-1.5, 1.5)))
    assert parts[0][2] == 1
    assert not none.any()
    assert not since.any()


@pytest.mark.parametrize("step", [21, 28, 34])
def test_gaps_open_up_to_the_other_trail_at_the_start_of_the_interval(step):
    made = render.figure(
        pursuit(), theme=THEMES["light"] | {"fade": 0.0, "taper": 0.0}, **sized(600, 450), panel=False, step=step
    )
    slow, fast = (trail.color for trail in made.axes[0].findobj(Trail)[:2])
    arc = made.axes[0].transData.transform(np.linspace(START, GOAL, 400))
    picture = full_draw(made)
    along = picture[len(picture) - 1 - arc[:, 1].astype(int), arc[:, 0].astype(int), :3]
    came = ((step - 2) / 40) ** 3
    behind, ahead = along[12 : int(400 * came) - 12], along[int(400 * (step / 40) ** 3) + 12 : 380]
    assert apart(ahead, fast).max() < 40
    assert len(behind) < 20 or np.mean(apart(behind, slow) < 40) > 0.25


@pytest.mark.parametrize("name", FEW_THEMES)
@pytest.mark.thin(1)
def test_frames_in_a_row_equal_a_full_draw(name):
    made = render.figure(pursuit(), theme=name, **sized(320, 240))
    frames = Frames(made)
    for step in range(0, 41, 4):
        assert levels_apart(frames.advance(step)[0], full_draw(made)) <= 2, step


@pytest.mark.parametrize("along", [np.zeros((30, 2)), np.ones((30, 2)), np.linspace((0, 1), (1, 1), 30)])
def test_trails_on_the_border_overlap_too(along):
    arc = np.vstack([np.linspace((0.5, 0.5), along[0], 30), along])
    (first, _), (second, _) = find_overlaps([arc, arc], ((0, 1), (0, 1)))
    assert [depth for *_, depth in first] == [0]
    assert [depth for *_, depth in second] == [1]


def test_trails_out_of_view_do_not_overlap():
    away, inside = np.linspace((5, 5), (6, 6), 30), np.linspace((0, 0), (1, 1), 30)
    found = find_overlaps([away, inside, away, inside], ((0, 1), (0, 1)))
    assert [[depth for *_, depth in parts] for parts, _ in found] == [[0], [0], [0], [1]]
