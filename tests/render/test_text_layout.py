"""Tests of texts in whole figures: inside the page and apart from each other, at every size and text scale."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox

import landscapes
from landscapes import basins, compare, race, render, summarize, sweep, tune
from landscapes.render.artists.legend import StepCounter
from landscapes.render.figures._figure_3d import BlockArtist
from landscapes.render.plots._label_runs import RunLabels

TWELVE = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adadelta", "adamw", "lion", "nadam", "radam",
          "rprop"]  # fmt: skip


@landscapes.function((-2, 2), minima=[(0,)], start=(1.5,))
def parabola(x):
    """A parabola; a baseline."""
    return x * x


LONG = "an optimizer with quite a long name of its authors, tuned, α"
"""A name of sixty characters."""

SLACK = 0.75
"""Pixels by which boxes may overlap: antialiasing, not ink."""


class Recorder(RendererAgg):
    """Records the boxes of all texts that are drawn, in pixels: left, bottom, right, top."""

    def __init__(self, *args):
        super().__init__(*args)
        self.boxes = []

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        width, height, descent = self.get_text_width_height_descent(s, prop, ismath)
        box = Bbox([(0, -descent), (width, height - descent)])
        moved = Affine2D().rotate_deg(angle).translate(x, self.height - y)
        self.boxes.append((s, moved.transform_bbox(box).extents))

    def draw_mathtext(self, gc, x, y, s, prop, angle):
        self.draw_text(gc, x, y, s, prop, angle, ismath=True)


def record_ticks(labels, boxes):
    """Record tick labels of a 3-D view, which are pasted."""
    write = labels.write

    def recorded(renderer, word, *place, **look):
        before = len(labels._taken)
        write(renderer, word, *place, **look)
        boxes.extend((word, box.extents) for box in labels._taken[before:])

    labels.write = recorded


def drawn_texts(figure):
    """Return the texts that a figure draws, with their boxes."""
    width, height = (int(side) for side in figure.bbox.size)
    page = Recorder(width, height, figure.dpi)
    for text in figure.findobj(StepCounter):
        text._prepare(page)
        box = text._box
        page.boxes.append((text.get_text(), np.array(box, float)))
    counters = set(map(id, figure.findobj(StepCounter)))
    hidden = [text for text in figure.findobj(Text) if id(text) in counters]
    for text in hidden:
        text.set_visible(False)
    for labels in figure.findobj(RunLabels):
        for run, middle, half, _ in labels.places(figure.dpi / 72):
            page.boxes.append((labels.shown[run].name, np.array([*(middle - half), *(middle + half)])))
        labels.set_visible(False)
    for block in figure.findobj(BlockArtist):
        record_ticks(block._labels, page.boxes)
    figure.draw(page)
    return [(words, box) for words, box in page.boxes if words.strip()]


def assert_readable(figure):
    """Assert that all texts lie on the page and do not overlap."""
    width, height = figure.bbox.size
    found = drawn_texts(figure)
    assert found
    for words, box in found:
        assert (np.array([*box[:2], width - box[2], height - box[3]]) >= -SLACK).all(), (words, box)
    for (one, a), (two, b) in combinations(found, 2):
        over = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
        assert over.min() <= SLACK, (one, two, over)


@pytest.fixture(scope="module")
def races():
    made = {count: race("beale", TWELVE[:count], steps=60, resolution=65) for count in (2, 12)}
    made["long"] = race(
        "beale",
        {LONG: "adam(lr=0.5)", "sgd": "sgd(lr=9)", LONG[:-1] + "β": "rmsprop(lr=0.1)"},
        steps=250,
        resolution=65,
    )
    made["line"] = race(parabola, ["sgd", "adam"], steps=30)
    fixed = [f"{name}(lr=0.001)" for name in TWELVE]
    made["many"] = race(landscapes.functions.get("rosenbrock").with_dim(5), fixed, steps=1000)
    return made


KINDS = {
    "race": lambda race, **options: render.figure(race, **options),
    "panel": lambda race, **options: render.figure(race, panel=True, **options),
    "direct": lambda race, **options: render.figure(race, labels="direct", inset=True, **options),
    "3d": lambda race, **options: render.figure(race, view3d=True, **options),
    "side by side": lambda race, **options: render.side_by_side(race, race, titles=["plain", "clipped"], **options),
    "filmstrip": lambda race, **options: render.filmstrip(race, **options),
    "small multiples": lambda race, **options: render.small_multiples({"one title": race, "b": race}, **options),
}

SIZES = {360: (3.6, 2.7), 640: (6.4, 3.6), 960: (9.6, 5.4)}


@pytest.mark.parametrize("text_scale", [1, 2])
@pytest.mark.parametrize(("runs", "width"), [(2, 960), (12, 360), (12, 640), ("long", 360), ("long", 960)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.sample(6)
@pytest.mark.thin(4)
def test_texts_of_races_lie_on_the_page_and_apart(races, kind, runs, width, text_scale):
    assert_readable(KINDS[kind](races[runs], figsize=SIZES[width], text_scale=text_scale))


@pytest.mark.parametrize("text_scale", [1, 2])
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("runs", ["line", "many"])
@pytest.mark.thin(3)
@pytest.mark.sample(6)
def test_texts_of_races_without_a_surface_lie_apart(races, runs, width, text_scale):
    assert_readable(render.figure(races[runs], figsize=SIZES[width], text_scale=text_scale))


@pytest.mark.parametrize("width", [360, 640])
@pytest.mark.parametrize("kind", ["filmstrip", "side by side", "3d"])
@pytest.mark.thin(2)
@pytest.mark.sample(3)
def test_tick_labels_at_both_ends_of_panels_lie_apart(kind, width):
    """From −512 to 512: the last label of a panel is next to the first one of the next."""
    wide = race("eggholder", ["sgd(lr=0.01)", "adam(lr=1)"], steps=20, resolution=33)
    assert_readable(KINDS[kind](wide, figsize=SIZES[width], text_scale=2))


@pytest.mark.parametrize("text_scale", [1, 2])
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.thin(2)
def test_a_surface_keeps_its_share_of_a_figure(races, width, text_scale):
    made = render.figure(races[2], view3d=True, figsize=SIZES[width], text_scale=text_scale)
    (block,) = made.findobj(BlockArtist)
    assert block.axes.bbox.height > 0.45 * made.bbox.height
    ticks = [words for words, _ in drawn_texts(made) if re.fullmatch(r"[−\d.]+", words)]
    assert len(ticks) >= 5


@pytest.mark.slow
def test_titles_of_projections_are_whole(races):
    flat = landscapes.project(races["many"], landscapes.functions.get("rosenbrock").with_dim(5), resolution=17)
    for shown in (flat, replace(flat, surface=None)):
        title = render.figure(shown).axes[0].get_title(loc="left")
        assert title.startswith(flat.meta.title)
        assert "2 coordinates" not in title


@pytest.mark.parametrize(("theme", "panel"), [("light", False), ("slides", False), ("dark", True)])
def test_titles_of_small_figures_are_whole(races, theme, panel):
    """The longest name of the catalogue at 400 × 225 pixels has the room above the leaderboard, or two lines."""
    title = "BBOB 18: ill-conditioned Schaffer F7"
    made = render.figure(races[2], theme=theme, title=title, panel=panel, figsize=(400 / 72, 225 / 72), dpi=72)
    assert made.axes[0].get_title(loc="left").replace("\n", " ") == title
    assert made.findobj(StepCounter)
    assert_readable(made)


def test_large_texts_leave_the_losses(races):
    assert len(render.figure(races[2], text_scale=2).axes) == 3  # with the legend


@pytest.fixture(scope="module")
def experiments():
    return {
        "sweep": sweep("beale", TWELVE[:6], lr=(1e-3, 1, 7), steps=40),
        "grid": sweep("beale", ["adam", "rmsprop"], lr=[0.01, 0.1, 1.0], eps=[1e-8, 1e-4], steps=40),
        "basins": basins("himmelblau", "sgd(lr=0.01)", resolution=9, steps=200),
        "compare": compare(["beale", "booth"], TWELVE[:6], steps=40, starts=2),
        "tune": tune("booth", ["sgd", "adam"], vary=["lr"], steps=40, candidates=9, starts=1),
        "summary": summarize("beale", points=65),
        "plane": summarize("rosenbrock", 5, points=33),
    }


@pytest.mark.parametrize(("width", "text_scale"), [(360, 1), (640, 2), (960, 1), (960, 2)])
@pytest.mark.parametrize("kind", ["sweep", "grid", "basins", "compare", "tune", "summary", "plane"])
@pytest.mark.sample(4)
@pytest.mark.thin(3)
def test_texts_of_charts_lie_on_the_page_and_apart(experiments, kind, width, text_scale):
    assert_readable(render.figure(experiments[kind], figsize=SIZES[width], text_scale=text_scale))


def test_small_heat_maps_keep_their_panels():
    """Four of them for a projector at 480 × 270: short titles, and labels at the outer panels only."""
    tried = sweep("beale", TWELVE[3:7], lr=[0.01, 0.1, 1.0, 1e4], eps=[1e-8, 1e-6, 1e-4], steps=10)
    made = render.figure(tried, theme="slides", figsize=(480 / 72, 270 / 72), dpi=72)
    maps = [ax for ax in made.axes if ax.get_label() not in ("<colorbar>", "legend")]
    assert len(maps) == 4
    assert all(ax.bbox.height > 0.15 * made.bbox.height for ax in maps)
    titles = [ax.get_title(loc="left") for ax in maps]
    assert [title.split(":")[0] for title in titles] == tried.axes["optimizer"]
    assert all("at the edge of the grid" in title for title in titles)
    assert [bool(ax.get_ylabel()) for ax in maps] == [True, False] * 2
    assert made.legends  # what failed
    assert_readable(made)
