"""Races seen from aside: the projection, what hides behind hills, the camera, figures and axes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from render_pixels import full_draw, levels_apart, sized
from render_records import KINDS, arc, record
from thinned import FEW_THEMES

from landscapes.errors import InputError
from landscapes.record import Record, Surface
from landscapes.render import THEMES, Camera, animate, contour, figure_3d, surface_3d
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.animated import AnimatedArtist
from landscapes.render.artists.standings import Standings
from landscapes.render.light import Sun
from landscapes.render.plot3d.heightfield import HeightField, Projection
from landscapes.render.plot3d.level_lines import LevelLines
from landscapes.render.plot3d.resampling import resized
from landscapes.render.plot3d.shading import paint, scaled_heights
from landscapes.render.plot3d.surface_artist import SurfaceArtist
from landscapes.render.plot3d.surface_trails import SurfaceTrails
from landscapes.render.plot3d.tick_labels import TickLabels, height_ticks
from landscapes.render.plots.color_levels import color_levels
from landscapes.render.theme import Theme

GRAY = np.full((4, 4, 3), 128, np.uint8)


def dome(n: int = 200) -> np.ndarray:
    x = np.linspace(-1, 1, n)
    return np.exp(-4 * np.add.outer(x**2, x**2))


def view(azimuth: float = -60.0, elevation: float = 40.0, size: int = 300) -> Projection:
    return Camera(azimuth, elevation).onto((0.0, 0.0, size, size), 1.0)


def race() -> Record:
    return record([arc(40), arc(40, 0.4)])


@given(st.floats(-180, 180), st.floats(5, 90))
def test_all_of_the_surface_is_in_the_window_and_fills_it(azimuth: float, elevation: float) -> None:
    corners = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    pixel = Camera(azimuth, elevation).onto((10.0, 20.0, 300.0, 200.0), 1.0)(corners)
    low, high = pixel.min(0), pixel.max(0)
    assert (low >= [10 - 1e-6, 20 - 1e-6]).all()
    assert (high <= [310 + 1e-6, 220 + 1e-6]).all()
    assert max((high - low) / [300, 200]) == pytest.approx(1.0)


@given(st.floats(-180, 180), st.floats(0, 1))
def test_a_turning_camera_keeps_its_distance(azimuth: float, share: float) -> None:
    turning = Camera(azimuth, 40.0, rotate=200.0)
    here, there = (camera.onto((0, 0, 300, 300), 1.0) for camera in (turning, turning.at(share)))
    assert here.up == pytest.approx(there.up)


def test_a_flat_field_covers_the_square_it_lies_on() -> None:
    field = HeightField(np.zeros((5, 5)), GRAY)
    seen = field.render(view(), 300, 300)
    corners = view()(np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], float))
    x, y = corners.T
    area = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    assert (seen.rgba[..., 3] > 127).sum() == pytest.approx(area, rel=0.015)


@pytest.mark.parametrize("azimuth", [-60, 20, 110, 200])
def test_hidden_points_are_known(azimuth: float) -> None:
    field = HeightField(dome(), GRAY)
    sight = field.render(view(azimuth, 20.0), 300, 300)
    ahead = sight.view.ahead
    behind, before = 0.5 + 0.3 * ahead, 0.5 - 0.3 * ahead
    points = np.array([[*spot, field.at(*spot[:, None])[0]] for spot in (behind, before, np.array([0.5, 0.5]))])
    assert sight.visible(points).tolist() == [False, True, True]


def test_visible_points_have_the_colour_of_the_surface() -> None:
    n = 64
    colors = np.zeros((n, n, 3), np.uint8)
    colors[..., 0] = np.arange(n)[None, :] * 4
    colors[..., 1] = np.arange(n)[:, None] * 4
    field = HeightField(0.5 * dome(), colors)
    sight = field.render(view(), 300, 300)
    spots = np.random.default_rng(0).uniform(0.05, 0.95, (200, 2))
    points = np.column_stack([spots, field.at(*spots.T)])
    points = points[sight.visible(points)]
    column, row = np.floor(sight.view(points)).astype(int).T
    shown = sight.rgba[299 - row, column, :2]
    off = np.abs(shown - 4 * np.floor(n * points[:, :2])).max(1)
    assert np.quantile(off, 0.98) <= 12  # within three cells of the grid, but for points at a ridge


def test_holes_show_nothing_and_hide_nothing() -> None:
    height = np.zeros((50, 50))
    height[20:30, 20:30] = np.nan
    field = HeightField(height, GRAY)
    seen = field.render(Projection(np.zeros(2), np.array([100.0, 0]), np.array([0.0, 100]), 10.0), 100, 100)
    assert (seen.rgba[..., 3] == 0).mean() == pytest.approx(0.04, abs=0.01)
    assert np.isnan(field.at(np.array([0.5]), np.array([0.5]))).all()


def test_resampling_reproduces_parabolas_and_keeps_holes() -> None:
    x = np.arange(12.0)
    found = resized(np.add.outer(x**2, -3 * x), 40)
    at = np.clip((np.arange(40) + 0.5) / 40 * 11, 0, 11)
    inner = (at >= 1) & (at <= 10)
    wanted = np.add.outer(at**2, -3 * at)[np.ix_(inner, inner)]
    np.testing.assert_allclose(found[np.ix_(inner, inner)], wanted, atol=1e-4)
    height = np.ones((11, 11))
    height[5, 5] = np.nan
    holes = np.isnan(resized(height, 110))
    assert holes[53:57, 53:57].all()
    assert 20 < holes.sum() < 300


def test_the_side_of_a_hill_towards_the_sun_is_bright_and_its_shadow_is_dark() -> None:
    height = (dome(256) ** 4).astype(np.float32)
    look = THEMES["light"] | {"fill": ("#808080", "#808080"), "line": "#808080"}
    picture = paint(height, np.linspace(0, 1, 5), look, Sun(180.0, 30.0))[128, :, 0].astype(int)
    assert picture[90] > picture[4] + 12  # the slope towards the sun, and level ground
    assert picture[165] < picture[4] - 20
    assert abs(picture[4] - 128) < 6  # level ground keeps its colour


@pytest.mark.parametrize("steep", [0.5, 2.0])
def test_level_lines_lie_at_the_levels_and_are_equally_wide(steep: float) -> None:
    """Twelve levels on a slope, or on two slopes that are twice as steep."""
    levels, n = np.linspace(0, 1, 13), 600
    place = np.abs((np.linspace(0, 2 * steep, n, dtype=np.float32) + 1) % 2 - 1)
    picture = np.full((4, n, 4), 128, np.uint8)
    LevelLines(levels, THEMES["light"] | {"line": "#000000"}).draw(picture, np.tile(place, (4, 1)), (1, 1))
    dark = 128.0 - picture[1, :, 0]
    lines = np.flatnonzero((dark > 10) & (dark >= np.roll(dark, 1)) & (dark > np.roll(dark, -1)))
    number = np.rint(12 * place[lines]).astype(int)
    assert len(lines) == 11 * 2 * steep
    np.testing.assert_allclose(12 * place[lines], number, atol=0.03 * steep)
    ink = np.array([dark[line - 3 : line + 4].sum() for line in lines])
    strong = (number - 1) % 5 == 2
    assert ink[strong].min() > 1.8 * ink[~strong].max()
    assert np.ptp(ink[~strong]) < 0.15 * ink[~strong].mean()
    crowded = np.full((4, n, 4), 128, np.uint8)
    LevelLines(np.linspace(0, 1, 1001), THEMES["light"]).draw(crowded, np.tile(place, (4, 1)), (1, 1))
    assert np.ptp(crowded[..., 0]) < 5  # lines that would touch fade out


def test_the_axis_of_heights_has_values_of_the_function() -> None:
    axis = np.linspace(-1, 1, 65)
    ramp = Surface(axis, axis, np.tile(10 + 20 * (axis + 1), (65, 1)), np.zeros((0, 2)), 10.0, "linear")
    places, values = height_ticks(ramp)
    (block,) = (child for child in figure_3d(ramp, **sized(640, 400)).findobj(SurfaceArtist))
    at = (values - 10) / 40  # along x
    np.testing.assert_allclose(block.model.field.at(at, np.full(len(at), 0.5)), places, atol=2e-3)
    assert block._height_words == [f"{value:g}" for value in values]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("floor", "round_numbers"), [(0.0, [0.1, 1, 10, 100]), (0.23, [0.3, 1, 10, 100]), (-3.2, [-3.1, -2, 10, 100])]
)
def test_logarithmic_heights_have_round_numbers(floor: float, round_numbers: list[float]) -> None:
    axis = np.linspace(-1, 1, 129)
    values = floor + np.tile(np.geomspace(0.03, 300, 129), (129, 1))
    places, shown = height_ticks(Surface(axis, axis, values, np.zeros((0, 2)), floor, "log"))
    np.testing.assert_allclose(shown, round_numbers)
    assert np.diff(places).min() > 0.16


def test_a_word_on_two_axes_is_whole_on_both() -> None:
    """A "0" beside the heights, right-aligned, and one below the surface, centred, share a text."""
    figure = Figure(figsize=(2, 2), dpi=72)
    FigureCanvasAgg(figure)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    labels = TickLabels(figure.add_axes((0, 0, 1, 1)), THEMES["slides"])
    for ha in ("center", "right"):  # both are measured before either is drawn
        labels.box(renderer, "0", (0, 0), ha)
    inks = [labels._picture("0", ha, renderer)[0][..., 3] for ha in ("center", "right")]
    assert inks[0].sum() == pytest.approx(inks[1].sum(), rel=0.02)
    assert not inks[0][:, [0, -1]].any()


def test_tick_labels_of_small_figures_do_not_touch_the_block() -> None:
    axis = np.linspace(-2, 2, 33)
    saddle = Surface(axis, axis, np.subtract.outer(-(axis**2), -(axis**2)), np.zeros((0, 2)), float("nan"), "linear")
    for size in ((288, 150), (400, 225)):
        made = figure_3d(saddle, camera=Camera(), **sized(*size))
        FigureCanvasAgg(made).draw()
        (block,) = made.findobj(SurfaceArtist)
        renderer = made.canvas.get_renderer()  # type: ignore[attr-defined]
        view = block.projection(renderer)  # type: ignore[attr-defined]
        floor = Outline(view(np.array([(x, y, block.floor) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))])))  # type: ignore[attr-defined]
        labels = block._labels._taken  # type: ignore[attr-defined]
        assert len(labels) >= 6
        assert not any(floor.intersects_bbox(box, filled=True) for box in labels)


@pytest.mark.parametrize("angles", [(-60, 50), (30, 70), (-135, 45)])
@pytest.mark.thin(1)
def test_the_projection_and_the_outline_are_those_of_plot_surface(angles: tuple[float, float]) -> None:
    n = 81
    x = np.linspace(-2, 2, n)
    y = np.linspace(-1, 3, n)
    bump = Surface(x, y, np.exp(-2 * np.add.outer((y - 1) ** 2, x**2)), np.zeros((0, 2)), float("nan"), "linear")

    def outline(draw: Any) -> np.ndarray:
        figure = Figure(figsize=(3, 3), dpi=100)
        canvas = FigureCanvasAgg(figure)
        axes: Any = figure.add_axes((0, 0, 1, 1), projection="3d", proj_type="ortho")
        axes.view_init(angles[1], angles[0])
        draw(axes)
        axes.set_axis_off()
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].min(2) < 255

    def theirs(axes: Any) -> None:
        height = scaled_heights(bump)[0]
        axes.plot_surface(*np.meshgrid(x, y), height, rstride=1, cstride=1, color="0.5", shade=False, linewidth=0)
        axes.set(xlim=(-2, 2), ylim=(-1, 3), zlim=(0, height.max()))

    dark = Theme("dark paint", "#fff", "#000", "#555", ("#555555", "#666666"), "#444444", "#ffffff", ("#000",))
    ours = outline(lambda axes: surface_3d(bump, axes, theme=dark))
    both = outline(theirs)
    assert both.sum() > 5000
    wrong = ours ^ both
    near = both & ~_shrunk(both) | _grown(both) & ~both
    assert not (wrong & ~near).any()  # no more than the outline's own pixels


def _grown(mask: np.ndarray) -> np.ndarray:
    return np.asarray(np.any([np.roll(mask, shift, axis) for axis in (0, 1) for shift in (-2, -1, 1, 2)], 0) | mask)


def _shrunk(mask: np.ndarray) -> np.ndarray:
    return ~_grown(~mask)


@pytest.mark.parametrize("theme", FEW_THEMES)
@pytest.mark.thin(1)
def test_frames_of_a_3d_figure_do_not_depend_on_the_order_of_steps(theme: str) -> None:
    made = figure_3d(race(), theme=theme, **sized(320, 240), camera=Camera(rotate=90))
    frames = Frames(made)
    straight = frames.show(40).copy()
    other = frames.show(3).copy()
    assert (straight != other).any()
    assert (frames.show(40) == straight).all()


@pytest.mark.parametrize("kind", ["converging", "diverging", "leaving"])
@pytest.mark.thin(1)
def test_a_fixed_camera_draws_the_surface_once_and_frames_equal_a_full_draw(kind: str) -> None:
    race = KINDS[kind]()
    made = figure_3d(race, camera=Camera(), legend=False, **sized(320, 240))
    last = int(race.trajectories.step[-1])
    frames = Frames(made, steps=np.arange(0, last + 0.5, 0.5))
    (block,) = made.findobj(SurfaceArtist)
    assert not isinstance(block, AnimatedArtist)
    for step in np.arange(0, last + 0.5, 0.5).tolist():
        frames.advance(step)
        if step % (last / 4) == 0 or step in (0.5, last - 0.5):
            seen = frames.rgba.copy()
            assert levels_apart(seen, full_draw(made)) <= 2, step
    whole = frames.rgba.shape[0] * frames.rgba.shape[1]
    areas = [(rows.stop - rows.start) * (cols.stop - cols.start) for rows, cols in frames._regions]
    assert sum(areas) < 0.7 * whole


@pytest.mark.slow
def test_a_trail_behind_the_surface_is_faint_and_one_before_it_is_not() -> None:
    axis = np.linspace(-2, 2, 65)
    hill = Surface(axis, axis, np.exp(-2 * np.add.outer(axis**2, axis**2)), np.zeros((0, 2)), 0.0, "linear")
    line = np.column_stack([np.linspace(-0.4, 0.4, 30), np.zeros(30)])
    race = record([line + np.array([0, 0.8]), line - np.array([0, 1.5])], labels=["SGD", "Adam"])
    look = THEMES["light"] | {"fade": 0.0}
    made = figure_3d(
        Record(race.trajectories, hill, race.meta), camera=Camera(-90, 15), theme=look, legend=False, **sized(480, 320)
    )
    picture = Frames(made).show(29)[..., :3].reshape(-1, 3).astype(int)
    hidden, shown = (np.rint(255 * np.array(made.findobj(SurfaceArtist)[0].runs[i].style.color)) for i in (0, 1))
    assert (np.abs(picture - shown).max(1) <= 2).sum() > 50
    assert (np.abs(picture - hidden).max(1) <= 2).sum() == 0


@pytest.mark.parametrize("suffix", ["gif", "mp4", "png"])
@pytest.mark.thin(1)
def test_a_3d_figure_is_saved(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"hill.{suffix}"
    made = figure_3d(race(), **sized(320, 240), camera=Camera(rotate=60))
    if suffix == "png":
        made.savefig(path)
    else:
        animate(race(), figure=made, frames=6).save(path)
    assert path.stat().st_size > 2000


@pytest.mark.slow
def test_a_surface_alone_makes_a_3d_figure() -> None:
    alone = race().surface
    assert alone is not None
    made = figure_3d(alone, **sized(320, 240), title="bowl")
    assert Frames(made).show(0)[..., 3].all()


@pytest.mark.slow
def test_without_a_choice_the_camera_stands_where_most_is_seen() -> None:
    axis = np.linspace(-2, 2, 65)
    wall = Surface(
        axis, axis, np.tile(np.exp(-8 * (axis[:, None] + 1.2) ** 2), (1, 65)), np.zeros((0, 2)), 0.0, "linear"
    )
    line = np.column_stack([np.linspace(-1, 1, 30), np.full(30, -0.7)])  # just behind a wall at the front
    made = figure_3d(Record(record([line]).trajectories, wall, race().meta), **sized(320, 240))
    camera = made.findobj(SurfaceArtist)[0].camera  # type: ignore[attr-defined]
    assert np.sin(np.radians(camera.azim)) > 0 or camera.elev > 42


@pytest.mark.parametrize("make", ["figure", "axes"])
@pytest.mark.thin(1)
def test_the_default_view_shows_where_runs_end(make: str) -> None:
    """A slope in front of matplotlib's usual view hides the end of the race; a view of one's own stays."""
    x = np.linspace(-1, 1, 101)
    ridge = 40 * np.exp(-8 * ((x[None] - 0.7) ** 2 + (x[:, None] + 0.7) ** 2))
    surface = Surface(x, x, ridge, np.array([[0.3, -0.2]]), 0.0, "linear")
    way = np.stack([np.linspace(-0.8, 0.3, 21), np.linspace(0.8, -0.2, 21)], 1)
    made = record([way], surface=surface)
    if make == "figure":
        drawn = figure_3d(made, **sized(640, 480))
    else:
        drawn = Figure(figsize=(6.4, 4.8))
        ax: Any = surface_3d(made, drawn.add_subplot(projection="3d", proj_type="ortho"))
        assert (ax.azim, ax.elev) != (-60, 30)
        own: Any = drawn.add_subplot(projection="3d", proj_type="ortho", azim=-60, elev=31)
        assert (surface_3d(made, own).azim, own.elev) == (-60, 31)  # type: ignore[attr-defined]
        own.remove()
    FigureCanvasAgg(drawn).draw()
    (artist,) = drawn.findobj(SurfaceTrails)
    (one,) = artist._projected  # type: ignore[attr-defined]
    assert one.visible.mean() > 0.95
    assert one.visible[-1]
    assert artist._stars[1].all()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("size", "least"), [((960, 540), 0.7), ((640, 640), 0.85), ((480, 270), 0.6)])
@pytest.mark.thin(1)
def test_a_3d_figure_fills_its_frame(size: tuple[int, int], least: float) -> None:
    made = figure_3d(race(), **sized(*size), camera=Camera())
    FigureCanvasAgg(made).draw()
    (artist,) = made.findobj(SurfaceArtist)
    image = artist._image[..., 3] > 0  # type: ignore[attr-defined]
    wide, high = np.ptp(np.flatnonzero(image.any(0))), np.ptp(np.flatnonzero(image.any(1)))
    frame = artist.axes.bbox  # type: ignore[union-attr]
    assert wide > least * frame.width
    assert high > 0.6 * frame.height


@pytest.mark.slow
def test_a_note_says_that_heights_are_logarithmic() -> None:
    log = race()
    assert log.surface is not None
    linear = Record(log.trajectories, replace(log.surface, scale="linear"), log.meta)
    for size in ((640, 360), (240, 180)):
        texts = [
            [text.get_text() for text in figure_3d(made, camera=Camera(), **sized(*size)).texts]
            for made in (log, linear)
        ]
        assert ["heights on a log scale" in found for found in texts] == [True, False]
    axes: Any = [Figure().add_subplot(projection="3d", proj_type="ortho") for _ in range(2)]
    assert [surface_3d(made, ax).get_zlabel() for made, ax in zip((log, linear), axes, strict=True)] == [  # type: ignore[attr-defined]
        "heights on a log scale",
        "",
    ]


@pytest.mark.parametrize(("minimum_is", "filled"), [("known", True), ("found", False)])
def test_the_star_of_a_minimum_that_a_search_found_is_open(minimum_is: str, filled: bool) -> None:
    made = record([arc(20, 0.2)], minimum_is=minimum_is)
    star = np.array(to_rgb(THEMES["light"].star)) * 255
    page = figure_3d(made, camera=Camera(elev=80), step=0, **sized(480, 360))
    canvas = FigureCanvasAgg(page)
    canvas.draw()
    picture = np.asarray(canvas.buffer_rgba())[..., :3].astype(float)
    assert (np.abs(picture - star).max(2) < 8).any() == filled


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Camera(elev=0), "elev must be > 0"),
        (lambda: Camera(azim=float("nan")), "azim must be an angle"),
        (lambda: figure_3d(Record(race().trajectories, None, race().meta)), "no surface"),
        (lambda: figure_3d(race(), step=99), "step must be"),
        (lambda: surface_3d(race(), Figure().add_subplot()), "rectilinear axes"),
        (lambda: surface_3d(race(), Figure().add_subplot(projection="polar")), "polar axes"),
        (lambda: surface_3d(race(), Figure().add_subplot(projection="3d")), "orthographic projection"),
        (lambda: contour(race(), Figure().add_subplot(projection="3d")), "rectilinear"),
    ],
)
def test_bad_input_is_refused(call: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()


def test_wells_on_a_log_scale_are_filled_up_to_the_fourth_percentile() -> None:
    """Two depths with the same neighbourhood: what lies below 4 % of the map is levelled, what lies above is not."""
    exponents = np.linspace(-6.0, 0.0, 65 * 65).reshape(65, 65)
    surface = Surface(np.arange(65.0), np.arange(65.0), 10**exponents, np.zeros((0, 2)), 0.0, "log")
    height, _ = scaled_heights(surface)
    raw = np.ma.filled(color_levels(surface).height, np.nan)
    filled = np.log10(10**raw + 10 ** np.nanquantile(raw, 0.04))
    inner = (height > 0) & (height < 1)
    slope, offset = np.polyfit(filled[inner], height[inner], 1)
    np.testing.assert_allclose(height[inner], slope * filled[inner] + offset, atol=1e-9)


@pytest.mark.parametrize("failed", [False, True])
@pytest.mark.thin(1)
def test_a_hidden_head_is_smaller_and_faint(failed: bool) -> None:
    made = figure_3d(record([arc(40)], outcomes={0: ("diverged", 30)} if failed else {}))
    renderer = FigureCanvasAgg(made).get_renderer()
    (artist,) = (child for child in made.axes[0].get_children() if isinstance(child, SurfaceTrails))
    made.draw(renderer)
    drawn: list[tuple[float, Any]] = []
    renderer.draw_path = (
        lambda gc, path, transform, color=None: drawn.append(  # type: ignore[method-assign]
            (float(np.hypot(*transform.get_matrix()[:2, 0])), color or gc.get_rgb())
        )
    )
    (one,) = artist._projected
    for shown in (True, False):
        artist._head(renderer, replace(one, visible=np.full_like(one.visible, shown)))
    (size, color), (hidden, faint) = drawn[len(drawn) // 2 - 1], drawn[-1]
    assert hidden == pytest.approx(0.7 * size)
    assert np.abs(np.array(faint[:3]) - color[:3]).max() > 0.1


def test_a_flat_surface_has_no_logarithmic_heights() -> None:
    bowl = race()
    assert bowl.surface is not None
    surfaces = [
        replace(bowl.surface, values=values, scale="log") for values in (bowl.surface.values, 0 * bowl.surface.values)
    ]
    notes = ["heights on a log scale" in [text.get_text() for text in figure_3d(one).texts] for one in surfaces]
    assert notes == [True, False]


@pytest.mark.parametrize(("size", "beside"), [((960, 540), True), ((800, 600), False)])
def test_a_leaderboard_stands_beside_the_surface_or_below_it(size: tuple[int, int], beside: bool) -> None:
    made = figure_3d(race(), **sized(*size), camera=Camera())
    FigureCanvasAgg(made).draw()
    (artist,) = made.findobj(SurfaceArtist)
    (board,) = made.findobj(Standings)
    scene, key = artist.axes.bbox, board.axes.bbox  # type: ignore[union-attr]
    assert (key.x0 >= scene.x1, key.y1 <= scene.y0) == (beside, not beside)
    assert not figure_3d(race(), **sized(*size), camera=Camera(), standings=False).findobj(Standings)


@pytest.mark.parametrize(("cosine", "text"), [(-1e-4, "0.00"), (-0.123, "−0.12")])
def test_the_cosine_of_directions_is_written_as_a_number(cosine: float, text: str) -> None:
    made = figure_3d(record([arc(3)], plane={"cosine": cosine, "weights": 9}), **sized(640, 360), camera=Camera())
    assert f"cosine of the directions: {text}" in [note.get_text() for note in made.texts]


def test_a_legend_stands_beside_the_surface_of_a_small_wide_figure() -> None:
    made = figure_3d(race(), **sized(400, 225), camera=Camera())
    FigureCanvasAgg(made).draw()
    scene, legend = made.axes[0].bbox, made.axes[1].bbox
    assert legend.x0 > scene.x1
    assert scene.height > 0.7 * made.bbox.height


def test_labels_of_halves_are_not_rounded() -> None:
    axis = np.linspace(-5.12, 5.12, 41)
    flat = Surface(axis, axis, np.add.outer(axis**2, axis), np.zeros((0, 2)), float("nan"), "linear")
    assert {"−2.5", "2.5"} <= set(figure_words(figure_3d(flat, **sized(640, 480), camera=Camera())))


def figure_words(made: Figure) -> list[str]:
    (block,) = made.findobj(SurfaceArtist)
    FigureCanvasAgg(made).draw()
    return list(block._labels._texts)  # type: ignore[attr-defined]


def test_the_skyline_is_smooth() -> None:
    """The far border of a sloping plane is a straight line on the screen."""
    field = HeightField(np.tile(np.linspace(0, 1, 50)[:, None], (1, 50)), GRAY)
    seen = field.render(view(-75.0, 35.0), 300, 300)
    corners = view(-75.0, 35.0)(np.array([(0.05, 1, 1), (0.95, 1, 1)]))
    columns = np.arange(int(corners[:, 0].min()) + 2, int(corners[:, 0].max()) - 2)
    alpha = seen.rgba[:, columns, 3]
    row = (alpha > 0).argmax(0)
    height = 299 - row + alpha[row, np.arange(len(columns))] / 255
    line = np.polyval(np.polyfit(columns, height, 1), columns)
    assert np.abs(height - line).max() < 0.15


def test_heads_move_between_steps() -> None:
    made = figure_3d(race(), camera=Camera(), **sized(320, 240))
    (artist,) = made.findobj(SurfaceTrails)
    FigureCanvasAgg(made).draw()
    one = artist._projected[0]
    ends = [one.until(artist._end(one.run, step)).points[-1] for step in (10, 10.5, 11)]
    np.testing.assert_allclose(ends[1], (ends[0] + ends[2]) / 2, atol=0.5)
    assert np.hypot(*(ends[2] - ends[0])) > 2
