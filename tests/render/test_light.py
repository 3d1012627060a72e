"""The light on a surface: which side is lit, what casts shadows, and that no input breaks its bounds."""

from __future__ import annotations

import numpy as np
import pytest

from landscapes.render.light import BRIGHTEST, DARKEST, GLINT, Sun, illuminate, to_linear, to_srgb, unit_heights

SIDE = np.linspace(-3, 3, 121)
HILL = np.exp(-np.add.outer(SIDE**2, SIDE**2))


@pytest.mark.parametrize(("azimuth", "lit"), [(135, (75, 45)), (0, (60, 80)), (270, (40, 60))])
def test_the_side_towards_the_sun_is_lit_and_the_other_is_not(azimuth, lit):
    light = illuminate(HILL, relief=0.15, sun=Sun(azimuth=azimuth)).brightness
    across = 120 - lit[0], 120 - lit[1]
    assert light[lit] > 1.1
    assert light[across] < 0.85
    assert abs(light[0, 0] - 1) < 0.02, "level ground keeps its colour"


def test_a_wall_casts_a_soft_shadow_away_from_the_sun():
    wall = np.zeros((80, 160))
    wall[:, 70:74] = 1.0
    light = illuminate(wall, relief=0.1, aspect=0.5, sun=Sun(azimuth=180, elevation=30))
    row = light.sunlit[40]
    assert row[78] < 0.05
    assert row[30] == row[150] == 1
    falling = row[80:110]
    assert (np.diff(falling) >= 0).all()
    assert ((falling > 0.1) & (falling < 0.9)).sum() >= 3
    assert illuminate(wall, relief=0.1, shadows=False).sunlit.min() == 1


def test_a_hollow_sees_less_of_the_sky_than_a_hill():
    hollow, hill = (illuminate(sign * HILL, relief=0.5).sky for sign in (-1, 1))
    assert hollow[60, 60] < 0.75
    assert hill[60, 60] > 0.99
    assert hollow.min() > 0


def test_units_and_resolution_do_not_matter():
    plain = illuminate(HILL).brightness
    np.testing.assert_allclose(illuminate(1e200 * HILL - 7e199).brightness, plain, atol=1e-6)
    np.testing.assert_allclose(illuminate(1e-250 * HILL).brightness, plain, atol=1e-6)
    np.testing.assert_allclose(illuminate(HILL[::2, ::2]).brightness, plain[::2, ::2], atol=0.04)


@pytest.mark.parametrize(
    "height",
    [
        np.full((5, 7), 3.0),
        np.full((4, 4), np.nan),
        np.array([[np.nan, 1.0], [np.inf, -np.inf]]),
        np.array([[-1e308, 1e308, 0.0]] * 2),
        np.array([[5e-324, 0.0], [0.0, 0.0]]),
        np.random.default_rng(0).standard_cauchy((60, 90)),
        np.zeros((1, 1)),
        np.arange(6.0)[None],
    ],
    ids=["constant", "nan", "not finite", "huge", "tiny", "noise", "one point", "one row"],
)
def test_any_heights_stay_within_the_bounds(height):
    light = illuminate(height)
    assert light.brightness.shape == height.shape
    assert (light.brightness >= DARKEST).all()
    assert (light.brightness <= BRIGHTEST).all()
    assert ((light.glint >= 0) & (light.glint <= GLINT)).all()
    shaded = light.shade(np.full((*height.shape, 3), 0.2))
    assert shaded.min() > 0.1, "nothing goes black"


def test_a_log_scaled_well_does_not_go_black():
    x, y = np.meshgrid(SIDE, SIDE)
    well = np.log10(x**2 + y**2 + 1e-12)
    assert illuminate(well, relief=0.5).shade(np.full((*well.shape, 3), 0.25)).min() > 0.14


def test_equal_heights_are_level():
    assert (illuminate(np.full((5, 7), 1e300)).brightness == 1).all()
    assert illuminate(np.full((5, 7), np.nan)).shade(np.full((5, 7, 3), 0.5)) == pytest.approx(0.5)
    assert unit_heights(np.array([[np.nan, np.nan], [2.0, 4.0]])).tolist() == [[0, 1], [0, 1]]


def test_linear_light_and_back():
    colors = np.linspace(0, 1, 256)[:, None].repeat(3, 1)
    np.testing.assert_allclose(to_srgb(to_linear(colors)), colors, atol=1e-9)
    assert to_linear(np.array(0.5)) == pytest.approx(0.214041, abs=1e-6)
