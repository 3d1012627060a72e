"""Marks of neighbouring artists are drawn in one call, with the pixels of one call per mark."""

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.path import Path

from landscapes.render.artists.animated import Canvas
from landscapes.render.artists.heads import CROSS, TICK, Head
from landscapes.render.artists.marks import Batch, Mark, Marked
from landscapes.render.artists.polyline import GrowingPath, PixelPath, Polyline, Strokes
from landscapes.render.artists.trails import layout_strokes

SIZE = 160, 120


class Marks(Marked, Artist):
    def __init__(self, made: list[Mark]) -> None:
        super().__init__()
        self.made = made

    def marks(self, renderer) -> list[Mark]:
        return self.made


def scribble(rng: np.random.Generator) -> Marks:
    made = []
    for count in rng.integers(2, 30, 4).tolist():
        vertices = rng.uniform(0, 120, 2) + np.cumsum(rng.normal(0, 8, (count, 2)), 0)
        codes = np.where(np.arange(count) % 7, Path.LINETO, Path.MOVETO).astype(np.uint8) if count % 2 else None
        made.append(Mark(PixelPath(vertices, codes), rng.uniform(0.4, 4), (*rng.random(3), 1.0)))
    return Marks(made)


def discs(rng: np.random.Generator) -> Marks:
    made = []
    for path, width in ((Head.shape("o"), 0.0), (Head.shape("D"), 1.3), (TICK, 1.3), (CROSS, 2.8)):
        face = None if path in (TICK, CROSS) else (*rng.random(3), rng.uniform(0.2, 1))
        color = (*rng.random(3), 1.0)
        made.append(Mark(path, width, color, face, (17.0, 3.0, -3.0, 17.0), *rng.uniform(0, 120, 2).tolist()))
    return Marks(made)


@pytest.mark.parametrize("kind", [scribble, discs])
def test_a_batch_has_the_pixels_of_single_artists(kind):
    rng = np.random.default_rng(3)
    artists = [kind(rng) for _ in range(3)]
    one, two = Canvas(*SIZE, 100.0), Canvas(*SIZE, 100.0)
    batch = Batch(artists)
    for step in range(3):
        for canvas in (one, two):
            canvas.clear()
        for artist in artists:
            artist.draw(one)
        batch.draw(two)
        assert np.asarray(one.buffer_rgba())[..., 3].any()
        np.testing.assert_array_equal(np.asarray(one.buffer_rgba()), np.asarray(two.buffer_rgba()))
        for artist in artists:
            for mark in artist.made:
                mark.x += 3.5
                mark.path.vertices = mark.path.vertices if mark.matrix else mark.path.vertices + step
        if step:
            artists[0].made = kind(rng).made


@pytest.mark.parametrize("dashes", [(), (4.0, 3.0)], ids=["solid", "dashed"])
def test_a_growing_path_is_the_path_up_to_its_end(dashes):
    ax = Figure().subplots()
    points = np.cumsum(np.random.default_rng(0).normal(size=(40, 2)), axis=0)
    points[30] = np.nan
    route = Polyline(*points.T, np.arange(40))
    line = ax.plot(*points.T)[0]
    route.update(line)
    strokes = Strokes(route, *layout_strokes(route, [(0, 39, 0)], dashes, 1.0, 1.0))
    for begin in (0, 7, 12):
        growing = GrowingPath(strokes, begin)
        for end in (begin + 0.4, 20.0, 15.5, 39.0, 29.25, float(begin)):
            vertices, codes = strokes._cut_out(begin, end)
            assert growing.extend(end) == (len(vertices) >= 2)
            np.testing.assert_array_equal(growing.path.vertices, vertices)
            assert (growing.path.codes is None) == (codes is None)
            if codes is not None:
                np.testing.assert_array_equal(growing.path.codes, codes)
