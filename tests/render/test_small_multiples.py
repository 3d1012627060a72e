"""Several races on one page: small multiples, and variants beside each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from render_pixels import decode, full_draw, sized
from render_records import arc, converging, diverging, record
from test_one_dimensional import valley
from thinned import FEW_THEMES

from landscapes import basins
from landscapes.errors import InputError
from landscapes.record import Record
from landscapes.render import animate, filmstrip, side_by_side, small_multiples
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.animated import animated_artists
from landscapes.render.artists.legend import StepCounter
from landscapes.render.artists.trails import Trail
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.theme import THEMES, styles


def trails(ax: Axes) -> list[Trail]:
    return [line for line in ax.lines if isinstance(line, Trail)]


def panels(made: Figure) -> list[Axes]:
    return [ax for ax in made.axes if ax.get_label() != "legend"]


@pytest.mark.slow
def test_a_panel_a_race_and_one_legend():
    races = {"one": converging(2), "two": converging(3), "three": valley()}
    made = small_multiples(races)
    assert [ax.get_title(loc="left") for ax in panels(made)] == ["one", "two", "three"]
    assert [len(trails(ax)) for ax in panels(made)] == [2, 3, 2]
    (legend,) = (ax for ax in made.axes if ax.get_label() == "legend")
    names = ["SGD", "Momentum", "Nesterov"]
    assert [text.get_text() for text in legend.texts if text.get_text() in names] == names
    assert len(panels(small_multiples(races, legend=False))) == len(small_multiples(races, legend=False).axes)


@pytest.mark.parametrize("theme", FEW_THEMES)
@pytest.mark.thin(1)
def test_an_optimizer_has_one_style_in_all_panels(theme):
    own = [record([arc(40), arc(40, 0.3)], labels=labels) for labels in (["mine", "yours"], ["yours", "mine"])]
    wanted = dict(zip(["mine", "yours"], styles(["mine", "yours"], THEMES[theme]), strict=True))
    for made in (small_multiples(own, theme=theme), side_by_side(*own, theme=theme)):
        drawn = [line for ax in made.axes for line in ax.lines if isinstance(line, Trail | Curve)]
        assert len(drawn) >= 4
        for line in drawn:
            style = wanted[str(line.get_label())]
            assert (line.style, line.color) == (style, style.color)
            if isinstance(line, Curve):
                assert bool(line.dashes) == bool(style.dashes)


def test_split_panels_hold_one_optimizer_each():
    races = [converging(2, labels=["SGD", "Adam"]), converging(2, labels=["Adam", "Lion"], title="Other")]
    made = small_multiples(races, split=True)
    panel_labels = [[line.get_label() for line in trails(ax)] for ax in made.axes]
    assert panel_labels == [["SGD"], ["Adam"], [], [], ["Adam"], ["Lion"]]
    assert [ax.get_title(loc="left") for ax in made.axes[:3]] == ["SGD", "Adam", "Lion"]
    assert [ax.get_ylabel() for ax in made.axes[::3]] == ["Bowl", "Other"]
    adam = races[1].trajectories.x[0]
    np.testing.assert_array_equal(trails(made.axes[4])[0].get_xydata(), adam)  # type: ignore[arg-type]


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 7), st.integers(1, 4), st.sampled_from([None, (3.3, 4.0), (9.0, 5.4)]))
@pytest.mark.slow
def test_panels_are_apart_and_on_the_page(count: int, across: int, size: tuple[float, float] | None) -> None:
    made = small_multiples([FLAT] * count, across=across, figsize=size, legend=False)
    made.draw_without_rendering()
    boxes = [ax.get_window_extent().extents for ax in made.axes]
    assert len(boxes) == count
    for left, bottom, right, top in boxes:
        assert size is not None or right - left == pytest.approx(top - bottom, abs=0.5)
        assert left >= 0
        assert bottom >= 0
        assert right <= made.bbox.width
        assert top <= made.bbox.height
    for one, two in pairwise(boxes):
        assert two[0] >= one[2] or two[3] <= one[1]


FLAT = valley(steps=2, runs=1)


def test_small_multiples_move():
    races = [converging(2), diverging()]
    made = small_multiples(races, figsize=(3.0, 2.2))
    frames = Frames(made)
    pictures = [frames.show(step).copy() for step in (0, 7, 40)]
    assert all((one != two).any() for one, two in pairwise(pictures))
    assert (frames.advance(7)[0] == pictures[1]).all()
    assert len(animated_artists(made)) > 10


@pytest.mark.slow
def test_variants_next_to_each_other_move_together(tmp_path):
    plain, clipped = converging(2), record([arc(40, 0.5), arc(40, -0.5)])
    made = side_by_side(plain, clipped, titles=["without clipping", "with clipping"], **sized(640, 400))
    left, right = made.axes[:2]
    assert [ax.get_title(loc="left") for ax in (left, right)] == ["without clipping", "with clipping"]
    one, two = (ax for ax in made.axes if any(isinstance(line, Curve) for line in ax.lines))
    assert (one.get_ylim(), one.get_xlim()) == (two.get_ylim(), two.get_xlim())
    animate(plain, figure=made, frames=4).save(tmp_path / "both.gif")
    frames = decode(tmp_path / "both.gif").frames.astype(int)
    for before, now in pairwise(frames):
        change = np.abs(before - now).sum(2)
        assert (change[:, :320] > 30).any()
        assert (change[:, 320:] > 30).any()


def test_a_shorter_race_rests_at_its_end():
    made = side_by_side(converging(1, steps=10), converging(1, steps=30), step=20, panel=False)
    assert [trail.polyline.count for ax in made.axes for trail in trails(ax)] == [11, 21]
    (counter,) = (text for text in made.findobj(StepCounter))
    assert counter.get_text() == "step 20"


@pytest.mark.slow
def test_titles_state_variants_apart():
    one = converging(1)
    other = replace(one, meta={**one.meta, "title": "Other"})
    assert [ax.get_title(loc="left") for ax in side_by_side(one, other).axes[:2]] == ["Bowl", "Other"]
    assert [ax.get_title(loc="left") for ax in side_by_side(one, one).axes[:2]] == ["adam(lr=0.01)"] * 2


@pytest.mark.slow
def test_losses_are_drawn_only_if_they_fit():
    race = converging(1)
    assert len(side_by_side(race, race, **sized(360, 160)).axes) == 3
    assert len(side_by_side(race, race, valley(), **sized(960, 540)).axes) == 7


def solid() -> Record:
    return record([np.zeros((5, 3))], values=np.ones((1, 5)))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: small_multiples([]), "expected 1 to 144 records, got 0"),
        (lambda: small_multiples([converging()] * 145), "got 145"),
        (lambda: small_multiples([converging(40, steps=12)] * 5, split=True), "200 panels, more than 144"),
        (lambda: small_multiples([solid()]), "no surface or graph"),
        (lambda: small_multiples([converging()], step=41), "from 0 to 40"),
        (lambda: small_multiples([converging()], across=0), "across must be an integer >= 1, got 0"),
        (lambda: small_multiples([converging()], across=30), "30 × 1 panels do not fit into 6.8 × 1"),
        (lambda: small_multiples([converging()], figsize=(float("nan"), 3)), "figsize must be width and height"),
        (lambda: small_multiples([3]), "expected a Record"),  # type: ignore[list-item]
        (lambda: side_by_side(converging()), "at least two"),
        (lambda: side_by_side(*[converging()] * 5), "expected 1 to 4 records, got 5"),
        (lambda: side_by_side(converging(), solid()), "no surface or graph"),
        (lambda: side_by_side(converging(), converging(), titles=["one"]), "2 records and 1 titles"),
        (lambda: side_by_side(converging(), converging(), **sized(10, 10)), "at least 160"),
        (lambda: side_by_side(converging(), converging(), figsize=(960, 540)), "figsize is in inches, as in"),
        (lambda: side_by_side(converging(), converging(), step=41), "from 0 to 40"),
        (
            lambda: side_by_side(converging(), basins("booth", "sgd(lr=0.1)", resolution=4, steps=2)),
            "expected records of races, got a map of basins",
        ),
    ],
)
def test_records_that_cannot_be_drawn_are_reported(call, match):
    with pytest.raises(InputError, match=match):
        call()


@pytest.mark.parametrize(("columns", "rows"), [(None, [4, 3]), (3, [3, 3, 1]), (7, [7]), (9, [7])])
@pytest.mark.thin(1)
@pytest.mark.sample(2)
def test_a_filmstrip_has_rows_of_so_many_panels(columns, rows):
    """Without a number, more than five panels stand in rows of nearly equal length."""
    strip = filmstrip(converging(1), range(1, 8), columns=columns)
    tops = [round(ax.get_position().y1, 3) for ax in panels(strip)]
    assert [tops.count(top) for top in dict.fromkeys(tops)] == rows
    assert tops == sorted(tops, reverse=True)


@pytest.mark.parametrize("columns", [0, 1.5, True])
def test_other_numbers_of_columns_are_refused(columns):
    with pytest.raises(InputError, match="columns must be an integer >= 1"):
        filmstrip(converging(1), columns=columns)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.thin(2)
def test_crosses_on_the_border_are_whole(theme):
    """Runs leap out to the left and to the right, and fail; the figure's edges cut no mark."""
    arcs = [np.array([(-1.5, 1.0), *[(far, 1.0)] * 4]) for far in (-9.0, 9.0)]
    sides = [record([points], outcomes={0: ("diverged", 2)}) for points in arcs]
    pixels = full_draw(small_multiples(sides, theme=theme, figsize=(4, 2.6), dpi=100))
    for edge in (pixels[:, 0], pixels[:, -1]):
        assert (edge == pixels[0, 0]).all()
