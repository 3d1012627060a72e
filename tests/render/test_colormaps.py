"""Colormaps by name: a theme takes matplotlib's and those of other packages, and says what to install."""

from __future__ import annotations

import importlib
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from render_pixels import full_draw, sized
from render_records import converging

from landscapes import render
from landscapes.errors import InputError
from landscapes.render.colormaps import PACKAGES, colormap
from landscapes.render.theme import THEMES, Theme

LIGHT = THEMES["light"]


@pytest.mark.parametrize("name", ["viridis", "Blues_r", "twilight", "inferno"])
def test_a_theme_has_the_colours_of_the_colormap(name):
    drawn = LinearSegmentedColormap.from_list("drawn", list((LIGHT | {"fill": name}).fill))
    places = np.linspace(0, 1, 256)
    np.testing.assert_allclose(drawn(places), mpl.colormaps[name](places), atol=0.012)


@pytest.mark.slow
def test_a_named_theme_equals_its_colours():
    named, spelled = (
        full_draw(render.figure(converging(2), theme=LIGHT | {"fill": fill}, **sized(240, 180)))
        for fill in ("Greens", colormap("Greens"))
    )
    np.testing.assert_array_equal(named, spelled)
    plain = full_draw(render.figure(converging(2), theme=LIGHT, **sized(240, 180)))
    assert (named != plain).any()


def test_the_floor_has_the_lower_end():
    ax = render.contour(converging(1), Figure().subplots(), theme=LIGHT | {"fill": "gray", "light": 0.0})
    fills = [item for item in ax.collections if item.filled]
    first, *_, last = fills[0].get_facecolor()
    assert first[:3].sum() < last[:3].sum()


def test_both_ends_of_a_theme_and_a_theme_from_nothing_take_names():
    changed = LIGHT | {"fill": "viridis", "ramp": "magma"}
    assert (changed.fill[0], changed.ramp[0]) == (colormap("viridis")[0], colormap("magma")[0])
    rest = {name: getattr(LIGHT, name) for name in ("background", "foreground", "muted", "line", "halo", "colors")}
    assert Theme(name="own", fill="viridis", **rest).fill == changed.fill


@pytest.mark.parametrize(
    ("name", "first"), [("cmc.batlow", "#011959"), ("cmr.rainforest", "#000000"), ("cmo.deep", "#fdfecc")]
)
def test_packages_bring_more(name, first):
    package, module = PACKAGES[name.partition(".")[0]]
    pytest.importorskip(module, reason=f"needs {package}", exc_type=ImportError)
    assert (LIGHT | {"ramp": name}).ramp[0] == first
    assert to_rgb(colormap(f"{name}_r")[-1]) == to_rgb(first)


@pytest.mark.parametrize("begin", PACKAGES)
def test_a_missing_package_is_named(begin, monkeypatch):
    package, module = PACKAGES[begin]
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError):
        importlib.import_module(module)
    with pytest.raises(InputError, match=rf"'{begin}\.absent' needs the package {package}: pip install {package}"):
        LIGHT | {"ramp": f"{begin}.absent"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("viridiss", "unknown colormap 'viridiss'; there are viridis, "),
        ("", "unknown colormap ''; there are viridis, cividis, "),
        ("xyz.deep", "unknown colormap 'xyz.deep'; "),
    ],
)
def test_an_unknown_name_is_refused(name, words):
    with pytest.raises(InputError, match=words):
        LIGHT | {"fill": name}
