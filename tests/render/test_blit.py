"""What a window draws anew, and that it cannot be seen: counted draws, compared pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from render_records import converging, unbounded

from landscapes.render.interactive.blit import FOREGROUND_ZORDER, MAX_IMAGES, BlitManager
from landscapes.render.interactive.race_panels import RacePanels
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.theme import THEMES, styles


class Scene:
    """Two panels and a word, on a stage, with a count of who was drawn."""

    def __init__(self) -> None:
        self.figure = FigureCanvasAgg(Figure(figsize=(4, 2), dpi=80)).figure
        self.left, self.right = self.figure.add_axes((0.1, 0.2, 0.3, 0.6)), self.figure.add_axes((0.6, 0.2, 0.3, 0.6))
        self.word = self.figure.text(0.45, 0.02, "one")
        self.line = self.left.plot([0, 1], [0, 1], zorder=4)[0]
        self.stage = BlitManager(self.figure, [self.left, self.right], [([self.word], self.word.get_text)])
        self.drawn: list[str] = []
        for name, artist in (("left", self.left), ("right", self.right), ("word", self.word), ("line", self.line)):
            self._counted(name, artist)

    def _counted(self, name, artist) -> None:
        draw = artist.draw

        def counted(renderer) -> None:
            if not artist.get_animated():
                self.drawn.append(name)
            draw(renderer)

        artist.draw = counted

    def paint(self) -> list[str]:
        """Who is drawn for it."""
        self.drawn.clear()
        self.stage.paint()
        return self.drawn.copy()

    def pixels(self) -> np.ndarray:
        return np.asarray(self.figure.canvas.buffer_rgba()).copy()

    def whole(self) -> np.ndarray:
        """All of it as matplotlib draws it."""
        self.figure.canvas.draw()
        return self.pixels()


def test_unchanged_artists_are_drawn_at_most_twice():
    """Once as it is, once to be kept."""
    scene = Scene()
    assert sorted(scene.paint()) == ["left", "line", "right", "word"]
    assert scene.paint() == ["right", "word", "line"]
    assert [scene.paint() for _ in range(3)] == [["line"]] * 3


@pytest.mark.parametrize(
    ("change", "anew"),
    [
        (lambda scene: scene.word.set_text("two"), ["word"]),
        (lambda scene: scene.right.set_xlim(0, 50), ["right"]),
        (lambda scene: scene.left.set_xlim(0, 50), ["left", "right", "word"]),
        (lambda scene: scene.figure.set_size_inches(4.2, 2), ["left", "right", "word"]),
        (lambda scene: scene.stage.invalidate(), ["left", "right", "word"]),
        (lambda scene: scene.line.set_ydata([1, 0]), []),
    ],
)
@pytest.mark.thin(1)
def test_redrawn_regions_equal_a_full_draw(change, anew):
    scene = Scene()
    for _ in range(3):
        scene.paint()
    change(scene)
    assert scene.paint() == [*anew, "line"]
    assert np.array_equal(scene.pixels(), scene.whole())


@pytest.mark.slow
def test_a_style_that_comes_back_is_cached():
    scene = Scene()
    for place in range(8):
        scene.word.set_text(("a longer word", "one")[place % 2])
        scene.right.set_ylim(0, (1, 1000)[place % 2])
        drawn = scene.paint()
        assert np.array_equal(scene.pixels(), scene.whole()), place
    assert drawn == ["line"]


def test_unused_styles_leave_the_cache():
    scene = Scene()
    for _ in range(3):
        scene.paint()
    for place in range(MAX_IMAGES):
        scene.word.set_text(f"word {place}")
        scene.paint()
    scene.word.set_text("one")
    assert scene.paint() == ["word", "line"]


@pytest.fixture
def panels() -> RacePanels:
    page = Figure(figsize=(10, 6))
    labels = [str(label) for label in converging(3).trajectories.runs["label"]]
    made = RacePanels(page, THEMES["light"], dict(zip(labels, styles(labels, THEMES["light"]), strict=True)))
    made.draw_function(converging(3))
    return made


def test_losses_have_limits_of_whole_powers_of_ten_which_hold_all_that_is_there(panels):
    panels.draw_race(converging(3))
    low, high = panels.losses.get_ylim()
    assert np.log10([low, high]) == pytest.approx(np.rint(np.log10([low, high])))
    gaps = np.maximum(converging(3).trajectories.loss - converging(3).meta["minimum"], 1e-8)  # less is not shown
    assert low <= gaps.min()
    assert gaps.max() <= high <= 1000 * gaps.max()


def test_a_start_a_little_further_on_leaves_the_limits(panels):
    panels.draw_race(converging(3))
    limits = panels.losses.get_ylim()
    near = converging(3)
    near = replace(near, trajectories=replace(near.trajectories, loss=1.05 * near.trajectories.loss))
    panels.draw_race(near)
    assert panels.losses.get_ylim() == limits


def test_a_function_without_a_bottom_has_the_limits_of_its_values(panels):
    panels.draw_function(unbounded())
    panels.draw_race(unbounded())
    assert panels.losses.get_yscale() == "linear"
    assert panels.losses.get_ylim()[1] >= unbounded().trajectories.loss[:, 0].max()


@pytest.mark.parametrize("draft", [False, True])
@pytest.mark.thin(1)
def test_the_target_is_among_what_changes_and_beneath_the_curves(panels, draft):
    panels.draw_race(converging(3))
    panels.draw_race(converging(3), draft)
    (target,) = [line for line in panels.losses.lines if not isinstance(line, Curve)]
    words = [text for text in panels.losses.texts if isinstance(text, Text)]
    lowest = min(line.get_zorder() for line in panels.losses.lines if isinstance(line, Curve))
    assert FOREGROUND_ZORDER < target.get_zorder() < lowest
    assert all(mark.get_zorder() > FOREGROUND_ZORDER for mark in words)
    assert [text.get_text() for text in words] == ["target"]
