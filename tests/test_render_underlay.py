"""Gaps for others are filled until the others have come by."""

from __future__ import annotations

import numpy as np
import pytest
from render_pixels import full_draw, levels_apart
from render_records import GOAL, START, record

from landscapes import render
from landscapes.record import Record
from landscapes.render.frames import Frames
from landscapes.render.theme import THEMES
from landscapes.render.trails import Trail
from landscapes.render.underlay import Underlay


def pursuit(steps: int = 40) -> Record:
    """Two runs on one way: the one that is drawn above, and has gaps, is ahead."""
    share = np.linspace(0, 1, steps + 1)[:, None]
    slow, fast = share**3, np.minimum(2 * share, 1)
    return record([np.array(START) + part * np.subtract(GOAL, START) for part in (slow, fast)])


def middle(made, picture: np.ndarray) -> np.ndarray:
    """The pixels in the middle of the upper trail, on the half of the way that the lower one reaches last."""
    ax, trail = made.axes[0], made.axes[0].findobj(Trail)[1]
    way = ax.transData.transform(np.linspace(START, GOAL, 400)[150:380])
    assert trail.axes is ax
    return picture[len(picture) - 1 - way[:, 1].astype(int), way[:, 0].astype(int), :3]


def apart(pixels: np.ndarray, color: tuple[float, float, float]) -> np.ndarray:
    return np.abs(pixels - 255 * np.array(color)).max(1)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_trail_ahead_of_the_others_has_no_gaps(name):
    theme = THEMES[name] | {"fade": 0.0}
    made = render.figure(pursuit(), theme=theme, size=(600, 450), panel=False, step=21)
    slow, fast = (trail.color for trail in made.axes[0].findobj(Trail)[:2])
    ahead = middle(made, full_draw(made))
    assert apart(ahead, fast).max() < 40
    made = render.figure(pursuit(), theme=theme, size=(600, 450), panel=False)
    late = middle(made, full_draw(made))
    assert np.mean(apart(late, slow) < 40) > 0.25
    assert np.mean(apart(late, fast) < 40) > 0.25


def test_it_is_there_only_where_a_way_is_shared():
    both = render.figure(pursuit()).findobj(Underlay)
    assert [under.trail.get_label() for under in both] == ["Momentum"]
    assert not render.figure(record([np.linspace(START, GOAL, 20)])).findobj(Underlay)


@pytest.mark.parametrize("name", THEMES)
def test_frames_in_a_row_equal_a_full_draw(name):
    made = render.figure(pursuit(), theme=name, size=(320, 240))
    frames = Frames(made)
    for step in range(0, 41, 2):
        assert levels_apart(frames.advance(step)[0], full_draw(made)) <= 2, step


def test_a_hidden_trail_hides_it():
    theme = THEMES["light"] | {"fade": 0.0}
    made = render.figure(pursuit(), size=(600, 450), panel=False, step=21, theme=theme)
    trail = made.axes[0].findobj(Trail)[1]
    assert apart(middle(made, full_draw(made)), trail.color).min() < 20
    for artist in made.axes[0].get_children():
        if getattr(artist, "trail", None) is trail and not isinstance(artist, Underlay):
            artist.set_visible(False)
    trail.set_visible(False)
    assert apart(middle(made, full_draw(made)), trail.color).min() > 60
