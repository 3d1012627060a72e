"""Frames drawn fast equal what matplotlib draws in full, whatever else is on the figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from render_pixels import full_draw, levels_apart, sized
from render_records import KINDS, coincident, converging, diverging, failing, leaving, unbounded
from thinned import FEW_THEMES, diagonal

from landscapes import render
from landscapes.record import Record, Trajectories
from landscapes.render.animation.frames import Frames, _redrawn
from landscapes.render.artists.animated import animated_artists

STEPS = (0, 40, 3)
"""Also backwards: nothing of a later frame may stay."""

TOLERANCE = 2
"""Levels of 255."""

RACE = converging(4)

PLAIN = ("coincident", "one run", "two runs", "twelve runs")
"""Races whose frames have nothing that those of others have not."""

SLOW = {
    "converging": lambda: converging(3, steps=130),
    "coincident": lambda: coincident(3, steps=130),
    "diverging": lambda: diverging(steps=130, at=40),
    "failing": lambda: failing(steps=130, at=50),
    "leaving": lambda: leaving(steps=130),
    "unbounded": lambda: unbounded(steps=130, at=80),
    "thinned": lambda: thinned(converging(3, steps=130), 7),
    "long": lambda: converging(2, steps=2600),
}
"""Races with several steps a spell."""


def thinned(race: Record, every: int) -> Record:
    """The same race with only some of its steps kept."""
    arcs = race.trajectories
    kept = Trajectories(arcs.x[:, ::every], arcs.loss[:, ::every], arcs.step[::every], arcs.runs)
    return replace(race, trajectories=kept)


def one(**options) -> tuple[Figure, mpl.axes.Axes]:
    """A landscape with trails on axes of a user's own."""
    figure = Figure(figsize=(3, 2.2), dpi=80, **options)
    ax = figure.subplots()
    render.contour(RACE, ax)
    render.trajectories(RACE, ax)
    return figure, ax


def check(made: Figure, dpi: float | None = None) -> None:
    frames = Frames(made, dpi)
    for step in STEPS:
        assert levels_apart(frames.show(step), full_draw(made, dpi)) <= TOLERANCE, step


@pytest.mark.filterwarnings("ignore:the legend leaves out")
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(pytest.param(kind, "light", marks=[pytest.mark.slow] * (kind in PLAIN)) for kind in KINDS),
        *((kind, name) for kind in ("diverging", "leaving") for name in FEW_THEMES),
    ],
)
@pytest.mark.thin(1)
@pytest.mark.sample(8)
def test_frames_of_our_figures_equal_a_full_draw(kind, name):
    race = KINDS[kind]()
    made = render.figure(race, theme=name, **sized(320, 240), panel=True)
    frames = Frames(made)
    for share in (0.0, 1.0, 0.3):
        step = round(share * int(race.trajectories.step[-1]))
        assert levels_apart(frames.show(step), full_draw(made)) <= TOLERANCE


@pytest.mark.parametrize("dpi", [50, 99.5, 144])
@pytest.mark.thin(1)
def test_frames_at_another_resolution_equal_a_full_draw(dpi):
    made = render.figure(RACE, **sized(320, 240), panel=True)
    before = made.dpi
    check(made, dpi)
    assert made.dpi == before


@pytest.mark.slow
def test_a_figure_that_fills_the_default_size():
    check(render.figure(RACE))


FIGURES: dict[str, Callable[[], Figure]] = {}


def figure(make: Callable[[], Figure]) -> Callable[[], Figure]:
    FIGURES[make.__name__.replace("_", " ")] = make
    return make


@figure
def a_legend() -> Figure:
    made, ax = one()
    ax.legend(loc="center")
    return made


@figure
def texts_and_arrows() -> Figure:
    made, ax = one()
    ax.annotate("here", (0, 0.5), (0.5, 1), arrowprops={"arrowstyle": "->"})
    ax.text(-1, 0.8, "above", zorder=10, bbox={"facecolor": "white", "alpha": 0.5})
    ax.text(-1, 0.6, "beneath", zorder=1)
    return made


@figure
def lines_between_halos_and_trails() -> Figure:
    made, ax = one()
    ax.plot([-2, 2], [-1, 1], zorder=3.7, linewidth=4)
    ax.plot([-2, 2], [1, -1], zorder=1, linewidth=4)
    ax.add_patch(Circle((0, 0.5), 0.4, alpha=0.3, zorder=7))
    return made


@figure
def a_picture_in_front() -> Figure:
    made, ax = one()
    noise = np.random.default_rng(0).random((5, 5))
    ax.imshow(noise, extent=(-1, 1, -1, 1), alpha=0.5, zorder=10, aspect="auto")
    return made


@figure
def losses_in_an_inset() -> Figure:
    made, ax = one()
    render.loss_curves(RACE, ax.inset_axes((0.1, 0.3, 0.5, 0.4)))
    return made


@figure
def an_inset_behind_the_trails() -> Figure:
    made, ax = one()
    render.loss_curves(RACE, ax.inset_axes((0.1, 0.3, 0.5, 0.4), zorder=2))
    return made


@figure
def losses_in_an_inset_alone() -> Figure:
    made = Figure(figsize=(3, 2.2), dpi=80)
    ax = made.subplots()
    render.contour(RACE, ax)
    render.loss_curves(RACE, ax.inset_axes((0.1, 0.3, 0.5, 0.4)))
    return made


@figure
def other_axes_in_front() -> Figure:
    made, _ = one()
    made.add_axes((0.3, 0.3, 0.4, 0.4)).plot([0, 1], [1, 0])
    return made


@figure
def moving_axes_in_front() -> Figure:
    made, _ = one()
    render.loss_curves(RACE, made.add_axes((0.3, 0.3, 0.4, 0.4)))
    return made


@figure
def a_legend_of_the_figure() -> Figure:
    made, ax = one()
    made.legend(*ax.get_legend_handles_labels(), loc="center")
    return made


@figure
def a_text_of_the_figure() -> Figure:
    made, _ = one()
    made.text(0.4, 0.5, "over all", fontsize=20)
    made.suptitle("title")
    return made


@figure
def twin_axes() -> Figure:
    made, ax = one()
    ax.twinx().plot([-2, 2], [0, 1], linewidth=5)
    return made


@figure
def spines_in_front() -> Figure:
    made, ax = one()
    for spine in ax.spines.values():
        spine.set(zorder=20, linewidth=6)
    return made


@figure
def a_constrained_layout() -> Figure:
    made, ax = one(layout="constrained")
    ax.set(title="title", xlabel="x", ylabel="y")
    made.text(0.4, 0.5, "over all")
    return made


@figure
def subfigures() -> Figure:
    made = Figure(figsize=(5, 2.2), dpi=80)
    left, right = made.subfigures(1, 2)
    ax = left.subplots()
    render.contour(RACE, ax)
    render.trajectories(RACE, ax)
    render.loss_curves(RACE, right.subplots())
    left.text(0.5, 0.5, "over all")
    return made


@figure
def two_panels() -> Figure:
    made = Figure(figsize=(5, 2.2), dpi=80)
    left, right = made.subplots(1, 2)
    render.contour(RACE, left)
    render.trajectories(RACE, left)
    render.loss_curves(RACE, right)
    right.legend()
    return made


@figure
def hidden_axes() -> Figure:
    made, ax = one()
    ax.set_visible(False)
    render.loss_curves(RACE, made.add_axes((0.3, 0.3, 0.4, 0.4)))
    return made


@figure
def a_view_turned_over_and_zoomed() -> Figure:
    made, ax = one()
    ax.set_xlim(0.5, -0.5)
    ax.set_ylim(0.2, 0.9)
    return made


@figure
def another_scale() -> Figure:
    made = Figure(figsize=(3, 2.2), dpi=80)
    ax = made.subplots()
    render.loss_curves(RACE, ax)
    ax.set_yscale("linear")
    return made


@pytest.mark.parametrize(("kind", "dpi"), diagonal(FIGURES, [None, 50]))
@pytest.mark.thin(3)
@pytest.mark.sample(5)
def test_frames_of_a_users_figure_equal_a_full_draw(kind, dpi):
    check(FIGURES[kind](), dpi)


def test_a_figure_without_a_background_stands_on_white():
    made, ax = one(facecolor="none")
    ax.set_facecolor("none")
    frames = Frames(made)
    for step in STEPS:
        frame = frames.show(step)
        assert (frame[..., 3] == 255).all()
        drawn = full_draw(made).astype(float)
        alpha = drawn[..., 3:] / 255
        over_white = np.rint(alpha * drawn[..., :3] + (1 - alpha) * 255).astype(np.uint8)
        assert levels_apart(frame, over_white) <= TOLERANCE


@pytest.mark.parametrize("size", [(320, 240), (800, 600), (960, 540)])
def test_static_artists_are_drawn_once(size):
    made = render.figure(converging(12), **sized(*size))
    redrawn = _redrawn(made, {id(artist) for artist in animated_artists(made)})
    assert not set(redrawn) & set(made.axes)
    assert len(redrawn) <= len(animated_artists(made)) + 2 * len(made.axes)


def test_drawing_frames_leaves_the_figure_as_it_was():
    made, ax = one()
    ax.legend()
    flags = [artist.get_animated() for artist in made.findobj()]
    before = full_draw(made)
    Frames(made).show(40)
    assert [artist.get_animated() for artist in made.findobj()] == flags
    np.testing.assert_array_equal(full_draw(made), before)


def test_one_buffer_serves_all_frames():
    frames = Frames(render.figure(RACE, **sized(160, 120)))
    assert frames.show(3) is frames.show(7) is frames.rgba


def test_exactly_the_pixels_that_changed_are_reported():
    frames = Frames(render.figure(RACE, **sized(320, 240)))
    rgba, changed = frames.advance(0)
    np.testing.assert_array_equal(changed, np.arange(240 * 320))
    for step in (0, 1, 5, 5, 6, 30, 2):
        before = rgba.copy()
        rgba, changed = frames.advance(step)
        np.testing.assert_array_equal(np.sort(changed), np.flatnonzero((rgba != before).any(-1)))


def test_frames_shown_in_between_do_not_matter():
    frames = Frames(render.figure(RACE, **sized(160, 120)))
    frames.advance(0)
    frames.show(20)
    _, changed = frames.advance(21)
    np.testing.assert_array_equal(changed, np.arange(120 * 160))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *((kind, "light") for kind in ("diverging", "leaving", "long")),
        ("failing", "print"),
        *(pytest.param(kind, "print", marks=pytest.mark.slow) for kind in ("converging", "diverging", "leaving")),
        *(
            pytest.param(kind, "light", marks=pytest.mark.slow)
            for kind in SLOW
            if kind not in ("diverging", "leaving", "long")
        ),
    ],
)
@pytest.mark.sample(3)
@pytest.mark.slow
def test_a_frame_does_not_depend_on_the_ones_before(kind, name):
    race = SLOW[kind]()
    made = render.figure(race, theme=name, **sized(320, 240), panel=True)
    last = int(race.trajectories.step[-1])
    one, two = Frames(made), Frames(made)
    for step in range(0, last + 1, max(last // 65, 1)):
        frame = one.show(step).copy()
        two.show((step + last // 2) % (last + 1))  # far away: what follows is drawn whole
        # Agg puts the joints of straight ways anywhere along them
        assert levels_apart(frame, two.show(step)) <= TOLERANCE, step


def test_an_odd_size_and_resolution_keep_their_pixels():
    made = render.figure(RACE, **sized(321, 241))
    assert Frames(made).rgba.shape == (241, 321, 4)
    assert Frames(made, made.dpi * 2).rgba.shape == full_draw(made, made.dpi * 2).shape


def test_layers_that_are_steady_follow_their_own_intervals():
    """Two races on one figure, one much longer: the older outlines of the short one change within an interval."""
    figure = Figure(figsize=(3, 2.2), dpi=80)
    ax = figure.subplots()
    render.contour(RACE, ax)
    for race in (converging(2, steps=1600), converging(3, steps=40)):
        render.trajectories(race, ax)
    frames = Frames(figure)
    for step in (0, 20, 21, 23, 25, 27, 40, 30, 1600):
        assert levels_apart(frames.advance(step)[0], full_draw(figure)) <= TOLERANCE, step
