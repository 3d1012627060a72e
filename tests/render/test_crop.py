"""Closer looks: the surface is cut down, the race stays what it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from render_pixels import sized
from render_records import arc, converging, diverging, record

from landscapes import InputError, Record, render
from landscapes.views import around, extent


def test_the_view_holds_all_runs():
    race = converging(3)
    close = render.crop(race)
    assert race.surface is not None
    assert close.surface is not None
    points = race.trajectories.x.reshape(-1, 2)
    low, high = points.min(0), points.max(0)
    for axis, (least, most) in zip((close.surface.x, close.surface.y), zip(low, high, strict=True), strict=True):
        assert axis[0] <= least or axis[0] in (race.surface.x[0], race.surface.y[0])
        assert axis[-1] >= most or axis[-1] in (race.surface.x[-1], race.surface.y[-1])
    assert close.surface.values.shape == (len(close.surface.y), len(close.surface.x))
    assert close.surface.values.size < race.surface.values.size
    assert close.trajectories is race.trajectories


def test_a_run_that_failed_does_not_widen_the_view():
    away = diverging()
    assert np.array_equal(extent(away.trajectories), extent(record(away.trajectories.x[:2]).trajectories))


def test_if_all_runs_failed_all_count():
    away = record([arc(5)], outcomes={0: ("diverged", 4)})
    assert np.array_equal(extent(away.trajectories)[:, 0], away.trajectories.x[0].min(0))


boxes = st.tuples(*[st.tuples(st.floats(-1e3, 1e3), st.floats(0, 1e3))] * 2)


@given(boxes, st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)))
def test_the_box_around_runs_holds_them_with_a_margin_and_is_never_thin(given_box, units):
    box = np.array([(low, low + side) for low, side in given_box])
    unit = np.array(units)
    wide = around(box, unit)
    assert (wide[:, 0] < box[:, 0]).all()
    assert (wide[:, 1] > box[:, 1]).all()
    sides = np.ptp(wide, axis=1) / unit
    assert sides.min() >= 0.299 * sides.max()


def test_a_given_view_is_cut_out_with_the_values_that_belong_to_it():
    race = converging(1)
    assert race.surface is not None
    x, y = race.surface.x, race.surface.y
    close = render.crop(race, ((x[3], x[9]), (y[5], y[12]))).surface
    assert close is not None
    assert close.x.tolist() == x[3:10].tolist()
    assert close.y.tolist() == y[5:13].tolist()
    assert np.array_equal(close.values, race.surface.values[5:13, 3:10])


def test_pictures_show_the_view():
    race = converging(2)
    close = render.crop(race)
    assert close.surface is not None
    ax = render.figure(close).axes[0]
    assert ax.get_xlim() == (close.surface.x[0], close.surface.x[-1])
    assert ax.get_ylim() == (close.surface.y[0], close.surface.y[-1])


@pytest.mark.parametrize("draw", [render.crop, lambda race, view: render.figure(race, view=view)])
@pytest.mark.parametrize("view", [(1, 2), ((1, 2),), ((2, 1), (0, 1)), ((0, np.nan), (0, 1)), 3, ((0, "a"), (0, 1))])
def test_an_invalid_box_is_refused(view, draw):
    with pytest.raises(InputError, match=r"view must be 'domain', 'race' or a box \(\(x low"):
        draw(converging(1), view)


def test_an_unknown_view_is_refused():
    with pytest.raises(InputError, match=r"unknown view 'rase'\. Did you mean race"):
        render.crop(converging(1), "rase")


def test_a_box_too_small_is_refused():
    with pytest.raises(InputError, match="fewer than three lines"):
        render.crop(converging(1), ((0, 1e-9), (0, 1e-9)))


@pytest.mark.parametrize("view", [((90, 91), (90, 91)), ((-2.1, 1), (0, 1)), ((-2, 2), (-1.5, 1.6)), "domain"])
def test_unrecorded_states_are_refused(view):
    race = converging(1, domain=[(-5, 5), (-5, 5)])
    with pytest.raises(InputError, match=r"shows \[-2, 2\] × \[-1.5, 1.5\], not all of .* race again with that view"):
        render.crop(race, view)


def test_the_domain_is_shown_where_it_was_recorded():
    race = converging(1, domain=[(-1, 2), (-1.5, 1)])
    close = render.crop(race, "domain").surface
    assert close is not None
    assert (close.x[0], close.x[-1], close.y[0], close.y[-1]) == pytest.approx((-1, 2, -1.5, 1), abs=0.07)
    with pytest.raises(InputError, match="does not say what the function's domain is"):
        render.crop(converging(1), "domain")


@pytest.mark.parametrize("view", ["race", ((-1.8, 1.2), (-0.5, 1.3))])
@pytest.mark.slow
def test_figures_animations_and_files_take_a_view(view, tmp_path):
    race = converging(2)
    close = render.crop(race, view).surface
    assert close is not None
    for ax in (render.figure(race, view=view).axes[0], render.animate(race, view=view).figure.axes[0]):
        assert (*ax.get_xlim(), *ax.get_ylim()) == (close.x[0], close.x[-1], close.y[0], close.y[-1])
    for suffix, quick in ((".png", {}), (".gif", {"seconds": 0.1})):
        small = sized(200, 150) | quick
        other = render.save(race, tmp_path / f"whole{suffix}", **small).read_bytes()
        assert render.save(race, tmp_path / f"close{suffix}", view=view, **small).read_bytes() != other


def test_a_record_without_a_surface_is_refused():
    race = converging(1)
    with pytest.raises(InputError, match="no surface"):
        render.crop(Record(race.trajectories, None, race.meta))
