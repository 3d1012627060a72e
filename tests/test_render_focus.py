"""Closer looks: the surface is cut down, the race stays what it is."""

from __future__ import annotations

import numpy as np
import pytest
from render_records import converging

from landscapes import InputError, Record, render


def test_the_view_holds_all_runs():
    race = converging(3)
    close = render.focus(race)
    assert race.surface is not None
    assert close.surface is not None
    points = race.trajectories.x.reshape(-1, 2)
    low, high = points.min(0), points.max(0)
    for axis, (least, most) in zip((close.surface.x, close.surface.y), zip(low, high, strict=True), strict=True):
        assert axis[0] <= max(least, axis[0])
        assert axis[0] <= least or axis[0] in (race.surface.x[0], race.surface.y[0])
        assert axis[-1] >= most or axis[-1] in (race.surface.x[-1], race.surface.y[-1])
    assert close.surface.values.shape == (len(close.surface.y), len(close.surface.x))
    assert close.surface.values.size < race.surface.values.size
    assert close.trajectories is race.trajectories


def test_a_given_view_is_cut_out_with_the_values_that_belong_to_it():
    race = converging(1)
    assert race.surface is not None
    x, y = race.surface.x, race.surface.y
    close = render.focus(race, ((x[3], x[9]), (y[5], y[12]))).surface
    assert close is not None
    assert close.x.tolist() == x[3:10].tolist()
    assert close.y.tolist() == y[5:13].tolist()
    assert np.array_equal(close.values, race.surface.values[5:13, 3:10])


def test_pictures_show_the_view():
    race = converging(2)
    close = render.focus(race)
    assert close.surface is not None
    ax = render.figure(close).axes[0]
    assert ax.get_xlim() == (close.surface.x[0], close.surface.x[-1])
    assert ax.get_ylim() == (close.surface.y[0], close.surface.y[-1])


@pytest.mark.parametrize(
    "view", [(1, 2), ((1, 2),), ((2, 1), (0, 1)), ((0, np.nan), (0, 1)), "race", ((0, "a"), (0, 1))]
)
def test_what_is_no_box_is_refused(view):
    with pytest.raises(InputError, match="a view is"):
        render.focus(converging(1), view)


@pytest.mark.parametrize("view", [((90, 91), (90, 91)), ((0, 1e-9), (0, 1e-9))])
def test_a_box_outside_or_too_small_is_refused(view):
    with pytest.raises(InputError, match="fewer than three lines"):
        render.focus(converging(1), view)


def test_a_record_without_a_surface_is_refused():
    race = converging(1)
    with pytest.raises(InputError, match="no surface"):
        render.focus(Record(race.trajectories, None, race.meta))
