"""Paths for files: fewer vertices, and nothing that shows is lost."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.path import Path

from landscapes.render.artists.animated import IDENTITY
from landscapes.render.figures.stills import COLUMN, CompactCurve, CompactPolyline, compact_path
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.theme import THEMES, styles


def curve(value: np.ndarray) -> Curve:
    """A curve on axes of 200 × 100 pixels."""
    ax = Figure(figsize=(2, 1), dpi=100).add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, len(value) - 1), ylim=(-1, 1))
    made = Curve(np.arange(len(value)), value, style=styles(["SGD"], THEMES["light"])[0])
    ax.add_line(made)
    made.polyline.update(made)
    return made


def along(arc: np.ndarray) -> np.ndarray:
    """Points close together along a path (n, 2)."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(arc, axis=0).T))])
    at = np.arange(0, length[-1], 0.05)
    return np.column_stack([np.interp(at, length, part) for part in arc.T])


@pytest.mark.slow
def test_a_curve_keeps_its_ups_and_downs_in_every_column():
    rng = np.random.default_rng(0)
    line = curve(rng.uniform(-0.9, 0.9, 10_001) * np.linspace(0.1, 1, 10_001))
    route = CompactCurve.of(line.polyline)
    route.update(line)
    found = np.asarray(route.piece(0, route.count).vertices)
    assert len(found) <= 4.1 * 200 / COLUMN
    before, after = along(line.polyline.pixels), along(found)
    for left in range(0, 200, 3):
        one, two = (arc[(arc[:, 0] >= left) & (arc[:, 0] <= left + 2), 1] for arc in (before, after))
        assert (one.min(), one.max()) == pytest.approx((two.min(), two.max()), abs=0.5)
    assert found[[0, -1]] == pytest.approx(line.polyline.pixels[[0, -1]], abs=0.01)


@pytest.mark.parametrize("kind", [CompactPolyline, CompactCurve])
def test_a_light_route_is_near_the_whole_one(kind):
    line = curve(np.sin(np.linspace(0, 9, 4001)))
    route = kind.of(line.polyline)
    route.update(line)
    found = np.asarray(route.piece(0, route.count).vertices)
    assert len(found) < 400
    points = along(found)
    far = [np.hypot(*(points - point).T).min() for point in line.polyline.pixels[::37]]
    assert max(far) < 0.4


def test_it_is_shown_as_far_and_has_round_numbers():
    line = curve(np.linspace(-1, 1, 50))
    line.set_step(20)
    route = CompactPolyline.of(line.polyline)
    route.update(line)
    assert route.count == 21
    found = np.asarray(route.piece(0, route.count).vertices)
    assert np.array_equal(found, found.round(2))
    assert found[-1] == pytest.approx(line.polyline.pixels[20], abs=0.01)


def test_values_that_are_not_finite_stay_gaps():
    value = np.linspace(-0.5, 0.5, 300)
    value[100:120] = np.nan
    line = curve(value)
    route = CompactCurve.of(line.polyline)
    route.update(line)
    made = route.piece(0, route.count)
    assert np.isfinite(made.vertices).all()
    assert list(made.codes).count(Path.MOVETO) == 2


def test_closed_paths_stay_closed():
    square = Path([(0, 0), (1, 0), (1, 1), (0, 0)], closed=True)
    corners = compact_path(square, IDENTITY).vertices
    assert corners[0].tolist() == corners[-1].tolist()
    assert {tuple(corner) for corner in corners.tolist()} == {(0, 0), (1, 0), (1, 1)}
