"""Races over one coordinate: recorded with their curve, drawn on it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from render_pixels import decode, full_draw, sized
from render_records import record

from landscapes import function, race
from landscapes.errors import InputError
from landscapes.record import Record, Surface
from landscapes.render import animate, crop, figure, filmstrip, save, trajectories
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.animated import set_step
from landscapes.render.artists.heads import Head
from landscapes.render.plots._trajectories import STEPS, Past, Tail


def valley(steps: int = 40, runs: int = 2, outcomes: Any = None, **meta: Any) -> Record:
    """Runs that jump to and fro across a parabola, ever closer to its bottom at 0.5."""
    t = np.arange(steps + 1)
    arcs = np.array([0.5 + 1.5 * (-1.0) ** (t + run) * 0.9**t for run in range(runs)])[..., None]
    made = record(arcs, values=(arcs[..., 0] - 0.5) ** 2, outcomes=outcomes, **meta)
    x = np.linspace(-2, 3, 101)
    return replace(made, curve=Surface(x, np.zeros(1), (x[None] - 0.5) ** 2, np.array([[0.5, 0.0]]), 0.0))


def axes() -> Axes:
    return Figure(figsize=(4, 3), dpi=100).add_subplot()


def test_a_race_over_one_coordinate_records_the_curve(tmp_path):
    made = race("forrester", ["sgd(lr=0.001)"], steps=5, resolution=65)
    assert made.surface is None
    assert made.curve is not None
    assert (made.curve.x.shape, made.curve.y.tolist(), made.curve.values.shape) == ((257,), [0.0], (1, 257))
    again = Record.load(made.save(tmp_path / "race.npz"))
    assert again.curve is not None
    for name, value in vars(made.curve).items():
        np.testing.assert_array_equal(getattr(again.curve, name), value)
    assert Record.load(race("booth", ["sgd"], steps=2).save(tmp_path / "plane.npz")).curve is None


def test_the_curve_shows_the_view_that_was_asked_for():
    @function((-4, 4), start=(3.0,), view=[(-1, 4)])
    def cup(x):
        return x**2

    ends = [race(cup, ["sgd(lr=0.1)"], steps=20, view=view).curve for view in (None, "domain", "race")]
    own, domain, runs = ((curve.x[0], curve.x[-1]) for curve in ends if curve is not None)
    assert (own, domain) == ((-1, 4), (-4, 4))
    assert -0.5 < runs[0] < 0.05
    assert 3 < runs[1] < 3.5
    with pytest.raises(InputError, match=r'one coordinate; its view must be "domain" or "race", not a box'):
        race(cup, ["sgd(lr=0.1)"], view=[(0, 1), (0, 1)])


def test_heads_and_tails_lie_on_the_curve():
    runs = valley()
    ax = trajectories(runs, axes(), step=17)
    tails = [line for line in ax.lines if isinstance(line, Tail)]
    assert [tail.get_label() for tail in tails] == runs.trajectories.runs["label"].tolist()
    for tail, x, value in zip(tails, runs.trajectories.x, runs.trajectories.loss, strict=True):
        np.testing.assert_array_equal(tail.get_xydata(), np.column_stack([x[:, 0], value]))
        assert tail.polyline.count == 18
    assert sum(isinstance(artist, Head) for artist in ax.get_children()) == 2
    (star,) = (line for line in ax.lines if line.get_label() == "_minimum")
    np.testing.assert_array_equal(star.get_xydata(), [[0.5, 0.0]])


def test_a_tail_shows_the_last_steps_only():
    runs = valley(steps=100, runs=1)
    made = Figure(figsize=(4, 3), dpi=100)
    ax = trajectories(runs, made.add_axes((0, 0, 1, 1)), theme="dark", step=50)
    (tail,) = (line for line in ax.lines if isinstance(line, Tail))
    for artist in ax.get_children():
        artist.set_visible(artist is tail)
    ink = full_draw(made).astype(int)[..., :3]
    drawn = np.argwhere(np.abs(ink - ink[0, 0]).sum(2) > 60)
    assert tail.length == STEPS
    pixels = tail.polyline.pixels[51 - STEPS - 2 : 51]
    assert drawn[:, 1].min() == pytest.approx(pixels[:, 0].min(), abs=12)
    assert drawn[:, 1].max() == pytest.approx(pixels[:, 0].max(), abs=12)


def test_all_moves_before_the_tail_are_thin_lines_with_dots():
    """A run that swings across a valley is seen as a zigzag at every step."""
    runs = valley(steps=100, runs=1)
    made = Figure(figsize=(4, 3), dpi=100)
    ax = trajectories(runs, made.add_axes((0, 0, 1, 1)), step=60)
    (past,) = (artist for artist in ax.get_children() if isinstance(artist, Past))
    for artist in ax.get_children():
        artist.set_visible(artist is past or artist is past.tail)
    past.tail.set_alpha(0)

    def inked() -> NDArray[np.bool_]:
        ink = full_draw(made).astype(int)[::-1, :, :3]
        return np.asarray(np.abs(ink - ink[-1, 200]).sum(2) > 40)

    drawn, points = inked(), past.tail.polyline.pixels
    for one, two in pairwise(points[:12]):
        row, column = ((one + two) / 2).astype(int)[::-1]
        assert drawn[row - 2 : row + 3, column - 2 : column + 3].any()
    set_step(made, 5)  # all moves are in the tail
    past.tail.set_visible(False)
    assert not inked().any()


FELL = valley(outcomes={1: ("diverged", 20)})


@cache
def fresh(step: int, theme: str = "light") -> NDArray[np.uint8]:
    """The picture of a step where nothing was drawn before."""
    return Frames(figure(FELL, theme=theme, **sized(240, 160))).show(step)


@settings(max_examples=12)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=5))
@pytest.mark.slow
def test_the_picture_of_a_step_does_not_depend_on_those_before(steps: list[int]) -> None:
    frames = Frames(fell())
    for step in steps:
        picture = frames.show(step).copy()
    assert (picture == fresh(steps[-1])).all()


@cache
def fell() -> Figure:
    return figure(FELL, **sized(240, 160))


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
@pytest.mark.slow
def test_all_changes_within_an_interval_are_redrawn(theme):
    frames = Frames(figure(FELL, theme=theme, **sized(240, 160)))
    for step in range(41):
        moved, _ = frames.advance(step)
        if step % 8 == 4:
            assert (moved == fresh(step, theme)).all(), step


@pytest.mark.slow
def test_a_whole_figure_has_the_curve_losses_and_standings():
    made = figure(valley())
    curve, losses, legend = made.axes
    assert any(isinstance(line, Tail) for line in curve.lines)
    assert losses.get_yscale() == "log"
    assert legend.get_label() == "standings"
    assert len(figure(valley(), panel=False).axes) == 2


@pytest.mark.slow
def test_it_is_animated_and_saved(tmp_path):
    animate(valley(), frames=4, **sized(320, 200)).save(tmp_path / "race.gif")
    frames = decode(tmp_path / "race.gif").frames
    assert len(frames) == 4
    assert all((one != two).any() for one, two in pairwise(frames))
    for name in ("race.png", "race.pdf", "race.svg"):
        save(valley(), tmp_path / name)
        assert (tmp_path / name).stat().st_size > 2000
    assert "1 coordinate" in save(valley(), tmp_path / "race.html").read_text(encoding="utf-8")


def test_a_run_out_of_view_is_reported_in_the_legend():
    t = np.linspace(0, 8, 41)[:, None]
    runs = record([t], values=t.T**2)
    x = np.linspace(-2, 3, 51)
    runs = replace(runs, curve=Surface(x, np.zeros(1), x[None] ** 2, np.zeros((0, 2)), 0.0))
    made = figure(runs, standings=False)
    words = [text.get_text() for text in made.axes[-1].texts]
    assert any("out of view" in word or "↗" in word for word in words)
    ax = made.axes[0]
    assert ax.get_xlim() == (-2, 3)


def test_holes_in_a_curve_are_left_open():
    x = np.linspace(-2, 3, 51)
    height = np.where(x < 0, np.inf, (x - 0.5) ** 2)
    runs = replace(valley(), curve=Surface(x, np.zeros(1), height[None], np.zeros((0, 2)), -np.inf))
    ax = trajectories(runs, axes())
    assert ax.get_ylim()[1] < 8
    set_step(ax, 3)
    nowhere = replace(runs, curve=Surface(x, np.zeros(1), np.full((1, 51), np.nan), np.zeros((0, 2)), np.nan))
    with pytest.raises(InputError, match="no finite value"):
        trajectories(nowhere, axes())


def test_a_filmstrip_shows_the_graph_at_each_step():
    panels = [ax for ax in filmstrip(valley(), [5, 20]).axes if ax.get_label() != "legend"]
    assert [[line.polyline.shown for line in ax.lines if isinstance(line, Tail)] for ax in panels] == [
        [5] * 2,
        [20] * 2,
    ]
    assert all(any(line.get_label() == "_curve" for line in ax.lines) for ax in panels)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: trajectories(replace(valley(), curve=None), axes()), "race again"),
        (lambda: trajectories(valley(), axes(), step=99), "from 0 to 40"),
        (lambda: trajectories(valley(), axes(), theme="neon"), "unknown theme"),
        (lambda: trajectories(valley(), 3), "rectilinear"),  # type: ignore[arg-type]
        (lambda: figure(valley(), labels="direct"), "no surface to draw, only a curve"),
        (lambda: figure(valley(), inset=True), "only a curve"),
        (lambda: crop(valley(), ((0, 1), (0, 1))), "surface"),
        (lambda: figure(replace(valley(), curve=None), panel=False), "only losses"),
    ],
)
def test_records_that_cannot_be_drawn_are_reported(call, match):
    with pytest.raises(InputError, match=match):
        call()
