"""The landscape: levels that show floor and walls, holes where there is no value, stars on minima."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.colors import to_rgb
from matplotlib.contour import ContourSet, QuadContourSet
from matplotlib.figure import Figure
from render_pixels import count, full_draw
from render_records import GOAL, VIEW, converging, record, scenery

from landscapes import render
from landscapes.errors import InputError
from landscapes.record import Surface
from landscapes.render.artists.legible import contrast
from landscapes.render.plots.color_levels import color_levels
from landscapes.render.plots.contours import open_star
from landscapes.render.plots.level_lines import MOST_LINES
from landscapes.render.theme import THEMES

SCALES = ("linear", "log", "rank")
scales = st.sampled_from(SCALES)
heights = st.floats(allow_nan=True, allow_infinity=True, width=64)


def axes(**options):
    figure = Figure(figsize=(2.5, 2), dpi=80, **options)
    return figure.add_axes((0, 0, 1, 1))


@given(arrays(np.float64, (6, 7), elements=heights), scales, st.integers(1, 40))
def test_levels_ascend_and_cover_every_finite_value(values, scale, levels):
    shape = color_levels(scenery(scale, values=values), levels)
    assert (np.diff(shape.levels) > 0).all()
    assert np.isfinite(shape.levels).all()
    assert 2 <= len(shape.levels) <= levels + 1
    np.testing.assert_array_equal(np.ma.getmaskarray(shape.height), ~np.isfinite(values))
    if np.isfinite(values).any():
        assert shape.levels[0] <= shape.height.min()
        assert shape.levels[-1] >= shape.height.max()


@given(arrays(np.float64, (5, 5), elements=st.floats(-1e6, 1e6, width=32)), scales)
def test_higher_values_are_never_coloured_lower(values, scale):
    shape = color_levels(scenery(scale, values=values))
    bands = np.searchsorted(shape.levels, shape.height.compressed(), side="right")
    assert (np.diff(bands[np.argsort(values.ravel(), kind="stable")]) >= 0).all()


def test_a_log_scale_shows_the_floor_of_a_ravine():
    x, y = np.meshgrid(np.linspace(-2, 2, 81), np.linspace(-1, 3, 81))
    rosenbrock = (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def floor_bands(scale: str) -> int:
        shape = color_levels(Surface(x[0], y[:, 0], rosenbrock, np.zeros((0, 2)), 0.0, scale), 24)
        low = np.sort(shape.height.compressed())[: rosenbrock.size // 10]
        return len(set(np.searchsorted(shape.levels, low)))

    assert floor_bands("log") >= 4
    walls = color_levels(Surface(x[0], y[:, 0], rosenbrock, np.zeros((0, 2)), 0.0, "log"), 24)
    high = np.sort(walls.height.compressed())[rosenbrock.size // 2 :]
    assert len(set(np.searchsorted(walls.levels, high))) >= 4


def test_a_rank_scale_gives_every_band_its_share_of_the_picture():
    values = np.exp(12 * np.random.default_rng(3).random((80, 80)))
    shape = color_levels(scenery("rank", values=values), 10)
    shares = np.histogram(shape.height.compressed(), shape.levels)[0] / values.size
    np.testing.assert_allclose(shares, 0.1, atol=0.01)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    "values",
    [
        np.zeros((9, 9)),
        np.full((9, 9), 3.0),
        np.full((9, 9), -1e17),
        np.full((9, 9), np.nan),
        np.linspace(0, 1e300, 81).reshape(9, 9),
        np.linspace(0, 1e-300, 81).reshape(9, 9),
        1e6 + np.linspace(0, 1e-9, 81).reshape(9, 9),
        np.eye(9) > 0.5,
    ],
    ids=["zero", "constant", "constant and large", "nothing known", "huge", "tiny", "almost constant", "two values"],
)
@pytest.mark.thin(4)
def test_odd_surfaces_are_drawn(values, scale):
    ax = axes()
    render.contour(scenery(scale, values=values.astype(float)), ax)
    assert full_draw(ax.figure).shape == (160, 200, 4)


@pytest.mark.parametrize("scale", SCALES)
def test_nan_and_infinity_are_holes(scale):
    values = scenery().values.copy()
    values[20:40, 10:20] = np.nan
    values[20:40, 20:25] = np.inf
    values[20:40, 25:30] = -np.inf
    ax = axes(facecolor="#ff00ff")
    ax.set_facecolor("#ff00ff")
    render.contour(scenery(scale, values=values), ax, lines=False, stars=False)
    picture = full_draw(ax.figure)
    hole = picture[160 - 100 : 160 - 60, 40:90]  # well within rows 20 to 40 of 61, columns 10 to 30
    assert (hole[..., :3] == (255, 0, 255)).all()
    assert count(picture, (1, 0, 1)) < 0.16 * picture[..., 0].size


def test_the_view_is_the_surfaces():
    ax = render.contour(scenery(), axes())
    assert (ax.get_xlim(), ax.get_ylim()) == VIEW


@pytest.mark.parametrize("name", THEMES)
def test_a_star_stands_on_every_known_minimum(name):
    theme = THEMES[name]
    ax = render.contour(scenery(), Figure(figsize=(5, 4), dpi=100).add_axes((0, 0, 1, 1)), theme=name)
    picture = full_draw(ax.figure)
    x, y = np.rint(ax.transData.transform(GOAL)).astype(int)
    here = picture[400 - y - 2 : 400 - y + 2, x - 2 : x + 2]
    assert (here[..., :3] == np.rint(255 * np.array(to_rgb(theme.star)))).all()
    for option in ({"stars": False}, {}):
        surface = scenery() if option else scenery(minimum=-np.inf)
        bare = render.contour(surface, axes(), theme=name, **option)
        assert not bare.lines


@pytest.mark.parametrize("name", THEMES)
def test_a_minimum_that_a_search_found_has_an_open_star(name, make_record):
    theme, record = THEMES[name], make_record([[1.0, 0.0]])
    meta = {**record.meta, "minimum_is": "found"}
    for shown, face, edge in (
        (record, theme.star, theme.star_edge),
        (replace(record, meta=meta), "none", open_star(theme)[0]),
    ):
        (star,) = render.contour(shown, axes(), theme=name).lines
        assert (star.get_markerfacecolor(), star.get_markeredgecolor()) == (face, edge)
    assert contrast(edge, theme.background if theme.outlined else theme.fill[0]) > 7, "a minimum lies on low ground"
    assert contrast(*open_star(theme)) > 7, "the casing shows it on high ground"
    assert star.get_path_effects()


def test_the_fill_is_a_picture_and_the_lines_are_vectors():
    flat = render.THEMES["light"] | {"light": 0.0}
    filled, lines = [
        child
        for child in render.contour(scenery(), axes(), theme=flat).get_children()
        if isinstance(child, QuadContourSet)
    ]
    assert filled.filled
    assert filled.get_rasterized()
    assert not lines.filled
    assert not lines.get_rasterized()
    assert (
        len(
            [
                child
                for child in render.contour(scenery(), axes(), theme=flat, lines=False).get_children()
                if isinstance(child, QuadContourSet)
            ]
        )
        == 1
    )


def test_a_record_is_taken_for_its_surface():
    race = converging(1)
    one, two = full_draw(render.contour(race, axes()).figure), full_draw(render.contour(race.surface, axes()).figure)
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("levels", [1, 2, 255])
def test_as_many_bands_as_asked_for(levels):
    ax = render.contour(scenery("linear"), axes(), levels=levels, theme="print")
    filled = next(child for child in ax.get_children() if isinstance(child, QuadContourSet))
    assert len(filled.levels) == levels + 1
    full_draw(ax.figure)


@pytest.mark.parametrize("levels", [0, -1, 256, 2.5, "many", float("nan")])
def test_other_numbers_of_bands_are_refused(levels):
    with pytest.raises(InputError, match="levels must be an integer from 1 to 255"):
        render.contour(scenery(), axes(), levels=levels)


def test_a_record_without_a_surface_is_refused():
    with pytest.raises(InputError, match="no surface"):
        render.contour(record([np.zeros((5, 3))], values=np.ones((1, 5))), axes())


@pytest.mark.parametrize("draw", [render.contour, render.trajectories, render.loss_curves])
@pytest.mark.parametrize("projection", ["polar", "3d", "mollweide"])
def test_other_kinds_of_axes_are_refused(draw, projection):
    with pytest.raises(InputError, match="needs rectilinear axes"):
        draw(converging(1), Figure().add_subplot(projection=projection))


@pytest.mark.parametrize("draw", [render.contour, render.trajectories, render.loss_curves])
def test_an_invalid_axes_is_refused(draw):
    for other in ("axes", Figure(), Figure().subplots(1, 2)):
        with pytest.raises(InputError, match="needs rectilinear axes"):
            draw(converging(1), other)


@pytest.mark.parametrize("draw", [render.contour, render.trajectories, render.loss_curves])
def test_drawing_returns_its_axes_and_touches_no_other(draw):
    figure = Figure()
    mine, other = figure.subplots(1, 2)
    other.plot([0, 1], [0, 1])
    before = (other.get_children(), other.get_xlim(), other.get_ylim(), other.get_yscale(), len(figure.get_children()))
    assert draw(converging(2), mine) is mine
    after = (other.get_children(), other.get_xlim(), other.get_ylim(), other.get_yscale(), len(figure.get_children()))
    assert after == before
    assert not mine.get_title()
    assert mine.get_legend() is None


def lines_of(surface: Surface) -> tuple[list[int], float]:
    """Which level lines are drawn, and how long they are together, in sides of the view."""
    ax = render.contour(surface, Figure(figsize=(5, 5)).subplots())
    (drawn,) = (item for item in ax.collections if isinstance(item, ContourSet) and not item.filled)
    lengths = [
        sum(
            float(np.hypot(*(np.diff(line, axis=0) / np.ptp(VIEW, axis=1)).T).sum())
            for line in arc.to_polygons(closed_only=False)
        )
        for arc in drawn.get_paths()
    ]
    return [place for place, length in enumerate(lengths) if length], sum(lengths)


def test_many_bumps_have_fewer_lines_and_a_bowl_has_all():
    bowl_lines, together = lines_of(scenery())
    assert len(bowl_lines) > 20
    assert together < MOST_LINES
    x, y = (np.linspace(*side, 201) for side in VIEW)
    bumps = np.cos(12 * np.pi * x[None, :]) + np.cos(16 * np.pi * y[:, None])
    few, together = lines_of(scenery("linear", values=bumps))
    assert 2 <= len(few) <= 8
    assert np.ptp(np.diff(few)) == 0
    assert together < 1.5 * MOST_LINES


@pytest.mark.parametrize(
    ("formula", "view", "scale"),
    [
        (lambda x, y: 100 * (y - x**2) ** 2 + (1 - x) ** 2, ((-2, 2), (-1, 3)), "log"),
        (
            lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
            ((-4.5, 4.5), (-4.5, 4.5)),
            "log",
        ),
        (
            lambda x, y: (
                (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2))
                * (30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2))
                - 3
            ),
            ((-2, 2), (-2, 2)),
            "log",
        ),
        (
            lambda x, y: (
                20 * (1 - np.exp(-0.2 * np.sqrt((x**2 + y**2) / 2)))
                + np.e
                - np.exp((np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)) / 2)
            ),
            ((-5, 5), (-5, 5)),
            "linear",
        ),
        (lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, ((-5, 5), (-5, 5)), "log"),
    ],
    ids=["Rosenbrock", "Beale", "Goldstein–Price", "Ackley", "Himmelblau"],
)
def test_floor_and_walls_both_have_levels(formula, view, scale):
    """Some colours fill the lowest and the highest 5 % of the picture, and no colour fills most of it."""
    x, y = (np.linspace(*side, 161) for side in view)
    values = formula(x[None, :], y[:, None])
    shape = color_levels(Surface(x, y, values, np.zeros((0, 2)), 0.0, scale))
    band = np.digitize(shape.height.filled(np.nan), shape.levels[1:-1])
    order = np.argsort(values, axis=None)
    part = values.size // 20
    assert len(np.unique(band.ravel()[order[:part]])) >= 2
    assert len(np.unique(band.ravel()[order[-part:]])) >= 2
    assert np.bincount(band.ravel()).max() < 0.35 * values.size


def test_the_hole_in_a_plateau_has_its_rings():
    """Easom's: the plateau is flat, so one colour is its truth; the hole takes all others."""
    axis = np.linspace(0, 2 * np.pi, 161)
    x, y = axis[None, :], axis[:, None]
    values = 1 - np.cos(x) * np.cos(y) * np.exp(-((x - np.pi) ** 2) - (y - np.pi) ** 2)
    shape = color_levels(Surface(axis, axis, values, np.zeros((0, 2)), 0.0, "log"))
    band = np.digitize(shape.height.filled(np.nan), shape.levels[1:-1])
    assert len(np.unique(band[np.hypot(x - np.pi, y - np.pi) < 1.5])) >= 15
    assert len(np.unique(band[np.hypot(x - np.pi, y - np.pi) > 2.5])) == 1


@pytest.mark.parametrize("minimum", [-np.inf, -1.79e308])
@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("pole", [-1e6, -1e18, -1e308])
def test_a_pole_leaves_the_levels_to_the_rest(pole, scale, minimum):
    x = np.linspace(-1.0, 1.0, 65)
    values = x[None] ** 2 + x[:, None]
    values[10, 10] = pole
    shape = color_levels(Surface(x, x, values, np.zeros((0, 2)), minimum, scale))
    assert np.isfinite(shape.levels).all()
    assert (np.diff(shape.levels) > 0).all()
    bands = np.bincount(np.searchsorted(shape.levels, shape.height.compressed()))
    assert np.count_nonzero(bands) > 15


def test_negative_levels_have_the_minus_sign_of_tick_labels():
    ax = Figure(figsize=(8, 8), dpi=100).add_axes((0, 0, 1, 1))
    render.contour(scenery(values=bowl_below()), ax)
    signs = {text.get_text()[0] for text in ax.texts if text.get_text() and not text.get_text()[0].isdigit()}
    assert signs == {"\u2212"}


def bowl_below() -> np.ndarray:
    """Return values of a bowl whose levels are all negative."""
    x, y = np.meshgrid(np.linspace(-1, 1, 65), np.linspace(-1, 1, 65))
    return 3 * (x * x + y * y) - 10
