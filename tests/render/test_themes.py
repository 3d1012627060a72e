"""Themes and styles: a look is data, and an optimizer looks the same in every figure."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from render_pixels import full_draw, sized
from render_records import arc, converging, record

from landscapes import render
from landscapes.errors import InputError
from landscapes.render.artists.standings import Standings
from landscapes.render.artists.trails import Trail, mix
from landscapes.render.light import luminance
from landscapes.render.plots._trajectories import trajectories
from landscapes.render.plots.contours import contour
from landscapes.render.theme import OPTIMIZERS, THEMES, Theme, styles

names = st.sampled_from(sorted(THEMES))


@given(names, st.permutations(OPTIMIZERS), st.integers(1, len(OPTIMIZERS)))
def test_an_optimizer_has_one_style_in_any_company(name, order, count):
    theme = THEMES[name]
    alone = {label: styles([label], theme)[0] for label in OPTIMIZERS}
    chosen = order[:count]
    assert styles(chosen, theme) == [alone[label] for label in chosen]
    among = ["mine", *chosen, "yours"]
    assert styles(among, theme)[1:-1] == [alone[label] for label in chosen]


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("others", [0, 1, 40])
def test_no_two_runs_have_the_same_style(name, others):
    labels = [*OPTIMIZERS, *(f"run {i}" for i in range(others))]
    found = styles(labels, THEMES[name])
    assert len({(style.color, style.marker, style.dashes) for style in found}) == len(labels)


def test_two_runs_of_one_optimizer_have_different_labels():
    first, second, plain = styles(["Adam lr=0.1", "Adam lr=0.2", "Adam"], THEMES["light"])
    assert first == styles(["Adam"], THEMES["light"])[0]
    assert len({first, second, plain}) == 3


@pytest.mark.parametrize("name", ["Momentum", "AdamW", "AMSGrad"])
def test_a_name_is_not_mistaken_for_a_shorter_one(name):
    assert styles([name, "Adam", "SGD"], THEMES["light"])[0] == styles([name], THEMES["light"])[0]
    assert styles([f"{name} lr=0.1"], THEMES["light"]) == styles([name], THEMES["light"])


def test_a_name_of_the_users_takes_no_runs_style():
    among = styles(["Adamantine", "SGDX", "Adam", "SGD"], THEMES["light"])
    assert among[2:] == styles(["Adam", "SGD"], THEMES["light"])
    assert len(set(among)) == 4


def test_the_print_theme_needs_no_colour():
    found = styles(OPTIMIZERS[:6], THEMES["print"])
    assert len({(style.marker, style.dashes) for style in found}) == 6


CLEAR = 4.5
"""The least contrast of a trail to its casing: that of small text (WCAG 2.1, criterion 1.4.3)."""


@pytest.mark.parametrize("name", THEMES)
def test_every_piece_of_a_trail_stands_out_from_its_casing(name):
    """Smallest contrasts: light, slides and print 4.5, minimal 5.0, dark and ember 6.5."""
    theme = THEMES[name]
    oldest = [to_hex(mix(to_rgb(color), theme.faded, theme.fade)) for color in theme.colors]
    assert min(_contrast(color, theme.halo) for color in [*theme.colors, *oldest]) >= CLEAR
    assert theme.halo_width > 0


@pytest.mark.parametrize("name", ["dark", "light"])
def test_trails_stand_out_from_all_that_they_cross(name):
    """In the pixels of a race, whatever the ground is: just outside a trail is its casing, also where trails cross."""
    ways = [arc(40, bend) for bend in (-0.9, 0.7)] + [arc(40)[::-1] * [1, -1], arc(40) * [-1, 1]]
    made = Figure(figsize=(6, 6), dpi=100)
    ax = made.add_axes((0, 0, 1, 1))
    drawn = record(ways)
    contour(drawn, ax, theme=name, stars=False)
    trajectories(drawn, ax, theme=name, heads=False)
    pixels = full_draw(made)[..., :3] / 255
    trails = [artist for artist in ax.get_children() if isinstance(artist, Trail)]
    found = np.concatenate([_contrasts(trail, THEMES[name], pixels) for trail in trails])
    assert len(found) > 300
    assert np.mean(found >= CLEAR) > 0.98, "some samples lie where three trails meet"


def _contrasts(trail: Trail, theme: Theme, pixels: np.ndarray) -> np.ndarray:
    """The greatest contrast to each side of a trail, at the width of its casing, wherever the trail is on top."""
    points = trail.polyline.pixels
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.arange(5.0, along[-1] - 5, 3)
    middle = np.column_stack([np.interp(at, along, part) for part in points.T])
    ahead = np.column_stack([np.interp(at + 1, along, part) for part in points.T]) - middle
    aside = ahead[:, ::-1] * [-1, 1] / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    unit, width = 100 / 72, trail.get_linewidth()
    here = _pixels_at(pixels, middle)
    own = np.array([np.abs(here - color).max(-1) for color in trail.colors]).min(0) < 0.02
    light = luminance(here) + 0.05
    sides = []
    for side in (-1, 1):
        rings = []
        for reach in np.linspace(width / 2, width * (1 + theme.halo_width) / 2, 6) * unit:
            other = luminance(_pixels_at(pixels, middle + side * reach * aside)) + 0.05
            rings.append(np.maximum(light / other, other / light))
        sides.append(np.max(rings, axis=0)[own])
    return np.concatenate(sides)


def _pixels_at(pixels: np.ndarray, places: np.ndarray) -> np.ndarray:
    columns, rows = np.floor(places).astype(int).T
    return pixels[(len(pixels) - 1 - rows).clip(0, len(pixels) - 1), columns.clip(0, pixels.shape[1] - 1)]


@pytest.mark.parametrize("name", THEMES)
def test_lightness_carries_the_height(name):
    """Lightness grows with height without exception, over a wide range, in steps that look even (CAM02-UCS)."""
    theme = THEMES[name]
    lab = cspace_convert([to_rgb(color) for color in theme.fill], "sRGB1", "CIELab")
    assert (np.diff(lab[:, 0]) > 0).all()
    if theme.light:
        ucs = cspace_convert([to_rgb(color) for color in theme.fill], "sRGB1", "CAM02-UCS")
        steps = np.linalg.norm(np.diff(ucs, axis=0), axis=1)
        assert steps.max() < 1.7 * steps.min()
        if not theme.outlined:
            assert (lab[0, 0] < 24, lab[-1, 0] > 84) == (True, True)


def _contrast(a: str, b: str) -> float:
    """Contrast ratio as WCAG 2.1 defines it, from 1 to 21."""
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    """What a colour is in grey, as WCAG 2.1 defines it, from 0 to 1."""
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


VISION = {"normal": None, "protanopia": "protanomaly", "deuteranopia": "deuteranomaly", "tritanopia": "tritanomaly"}
"""Kinds of colour vision, and the names that colorspacious gives them (Machado, Oliveira and Fernandes, 2009)."""


LEAST = {
    "light": {"normal": 25, "protanopia": 12, "deuteranopia": 12, "tritanopia": 17},
    "dark": {"normal": 22, "protanopia": 12, "deuteranopia": 12, "tritanopia": 8.5},
}


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", THEMES)
def test_six_optimizers_are_distinguishable_with_any_colour_vision(name, vision):
    """Distances are those of CAM02-UCS (Luo, Cui and Li, 2006), where 1 is just noticeable.

    Smallest distances in light and print, and in dark: normal 27.0 and 22.6; protanopia 12.6 and 13.2; deuteranopia
    12.7 and 17.7; tritanopia 17.9 and 8.7.
    """
    colors = np.array([to_rgb(color) for color in THEMES[name].colors[:6]])
    if VISION[vision] is not None:
        space = {"name": "sRGB1+CVD", "cvd_type": VISION[vision], "severity": 100}
        colors = np.clip(cspace_convert(colors, space, "sRGB1"), 0, 1)
    least = LEAST["dark" if name in ("dark", "ember") else "light"][vision]
    assert min(deltaE(a, b) for a, b in combinations(colors, 2)) > least


@pytest.mark.parametrize(("name", "six", "ten"), [("light", 6.0, 3.0), ("dark", 5.5, 2.0)])
def test_colours_differ_in_lightness_for_grey_copies(name, six, ten):
    """Smallest differences of CIE L*, where 1 is just noticeable side by side.

    6.1 among the first six colours in light, slides, minimal and print, 5.9 in dark and ember; 3.05 and 2.0 among the
    first ten.
    """
    lightness = cspace_convert([to_rgb(color) for color in THEMES[name].colors[:10]], "sRGB1", "CIELab")[:, 0]
    assert np.diff(np.sort(lightness[:6])).min() >= six
    assert np.diff(np.sort(lightness)).min() >= ten


@pytest.mark.parametrize("draw", [trajectories, render.loss_curves])
@pytest.mark.thin(1)
def test_six_optimizers_are_distinguishable_in_greyscale(draw):
    """With the dashes and markers of print, any two trails differ in a large share of their pixels.

    Smallest shares: 0.33 for trails, 0.11 for losses.
    """
    drawn = [_grey(draw, name) for name in OPTIMIZERS[:6]]
    surface = _grey(draw, OPTIMIZERS[0], theme=THEMES["print"] | {"colors": ("#ffffff",), "halo_width": 0.0})
    apart = [
        np.sum(np.abs(a - b) > 0.25) / max(np.sum(np.abs(one - surface) > 0.25) for one in (a, b))
        for a, b in combinations(drawn, 2)
    ]
    assert min(apart) > 0.1


def _grey(draw, name: str, theme: str | Theme = "print") -> np.ndarray:
    """The lightness (height, width) of a race of one optimizer, with nothing around it."""
    race = record([arc(40)])
    race = replace(
        race, trajectories=replace(race.trajectories, runs={**race.trajectories.runs, "label": np.array([name])})
    )
    made = Figure(figsize=(4, 3), dpi=100)
    ax = made.add_axes((0, 0, 1, 1))
    draw(race, ax, theme=theme)
    ax.axis("off")
    return full_draw(made)[..., :3] @ [0.2126, 0.7152, 0.0722] / 255


def test_a_changed_copy_leaves_the_theme_alone():
    light = THEMES["light"]
    changed = light | {"halo": "#ff0000", "fade": 0.0}
    assert (changed.halo, changed.fade, changed.colors) == ("#ff0000", 0.0, light.colors)
    assert light.halo != changed.halo
    ax = trajectories(converging(2), Figure().subplots(), theme=changed)
    trail = next(artist for artist in ax.get_children() if isinstance(artist, Trail))
    assert trail.colors == [trail.style.color] * len(trail.colors)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fil": ("#fff", "#000")}, "unknown theme setting 'fil'. Did you mean fill"),
        ({"zzz": 1}, "unknown theme setting 'zzz'. Known: "),
        ({"halo": "nocolour"}, "halo of theme 'light': invalid colour 'nocolour'"),
        ({"colors": ("#123456", "tomat")}, "colors of theme 'light': invalid colour 'tomat'"),
        ({"colors": ()}, "one in colors"),
        ({"fill": ("#ffffff",)}, "two colours in fill"),
    ],
)
def test_a_broken_theme_is_refused(changes, words):
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        THEMES["light"] | changes


@pytest.mark.parametrize("theme", ["lihgt", "", "Dark!", None, 3])
def test_an_unknown_theme_is_refused(theme):
    for draw in (render.figure, render.animate):
        with pytest.raises(InputError, match="theme"):
            draw(converging(1), theme=theme)
    for draw in (render.contour, render.trajectories, render.loss_curves):
        with pytest.raises(InputError, match="theme"):
            draw(converging(1), ax=Figure().subplots(), theme=theme)


def test_the_context_ends_with_its_block():
    before = dict(mpl.rcParams)
    with (THEMES["dark"] | {"rc": {"axes.labelsize": 33}}).context():
        assert mpl.rcParams["axes.facecolor"] == THEMES["dark"].background
        assert mpl.rcParams["axes.labelsize"] == 33
    assert dict(mpl.rcParams) == before


def test_drawing_leaves_the_settings_of_matplotlib_alone(tmp_path):
    name = "dark"
    before = dict(mpl.rcParams)
    race = converging(2, steps=4)
    ax = Figure().subplots()
    contour(race, ax, theme=name)
    trajectories(race, ax, theme=name)
    render.loss_curves(race, Figure().subplots(), theme=name)
    for suffix in (".gif", ".png", ".pdf", ".svg"):
        brief = {"seconds": 0.1} if suffix == ".gif" else {}
        render.save(race, tmp_path / f"race{suffix}", theme=name, **sized(160, 120), **brief)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", THEMES)
def test_the_page_and_the_panels_have_the_themes_background(name):
    made = render.figure(record([arc(5)]), theme=name, **sized(640, 400))
    assert to_rgb(made.get_facecolor()) == to_rgb(THEMES[name].background)
    assert {to_rgb(ax.get_facecolor()) for ax in made.axes} == {to_rgb(THEMES[name].background)}


def test_texts_on_slides_are_legible_at_six_metres():
    """At 18 pixels of 960 × 540, in the rows of a leaderboard, too."""
    made = render.figure(converging(6), theme="slides", figsize=(9.6, 5.4), inset=True)
    FigureCanvasAgg(made).draw()  # labels choose their places
    texts = [text for text in made.findobj(Text) if text.get_text().strip() and text.get_visible()]
    sizes = {text.get_text(): text.get_fontsize() * made.dpi / 72 for text in texts}
    assert len(sizes) > 20
    assert {words: size for words, size in sizes.items() if size < 18} == {}
    board = next(artist for artist in made.findobj(Standings) if isinstance(artist, Standings))
    assert min(board.columns.small, board.columns.heading) * made.dpi / 72 >= 18


def colors_outside(ax):
    """The colours of titles, labels and ticks of axes, which lie on the figure's ground."""
    labels = [tick.label1 for axis in (ax.xaxis, ax.yaxis) for tick in axis.get_major_ticks()]
    texts = [ax._left_title, ax.title, ax.xaxis.label, ax.yaxis.label, *labels]
    return {to_hex(text.get_color()) for text in texts}


@pytest.mark.parametrize("plot", [render.loss_curves, render.trajectories, render.contour])
def test_texts_are_legible_on_a_dark_figure_made_without_the_theme(plot):
    theme, light = THEMES["dark"], THEMES["light"]
    for ground, wanted in ((theme.background, to_hex(theme.foreground)), ("white", "#000000")):
        ax = plot(converging(), Figure(facecolor=ground).subplots(), theme=theme)
        assert colors_outside(ax) == {wanted}
    ax = plot(converging(), Figure(facecolor="black").subplots(), theme=light)
    assert colors_outside(ax) == {"#000000"}  # of no use: the theme's own colour is dark, too
