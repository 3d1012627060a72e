"""A race in 3-D: the lit surface, the trajectories on it, and a fixed or orbiting camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record, Surface
from landscapes.render.artists.animated import IDENTITY, AnimatedArtist, pixels, set_step, stroke
from landscapes.render.artists.easing import smootherstep
from landscapes.render.artists.standings_columns import Columns
from landscapes.render.figures.key import Fitted, Key
from landscapes.render.figures.layout import LEAST, Sheet, fit_scale
from landscapes.render.figures.plane_note import PlaneNote
from landscapes.render.figures.size import DPI, FIGSIZE, check_figsize, new_figure
from landscapes.render.light import Sun
from landscapes.render.plot3d.best_camera import best_camera
from landscapes.render.plot3d.camera import Camera
from landscapes.render.plot3d.heightfield import Projection
from landscapes.render.plot3d.shading import SIDEWAYS
from landscapes.render.plot3d.surface_artist import SurfaceArtist
from landscapes.render.plot3d.surface_trails import SurfaceTrails
from landscapes.render.plot3d.tick_labels import LABEL_SIZE, TickLabels, height_ticks, height_word, tick_words
from landscapes.render.plots.inputs import NOTHING, check_step, labels_of, size_factor, write_note
from landscapes.render.theme import StyleLike, Theme, as_theme, with_letters

LABEL_DISTANCE = 13.0
"""Distance of the tick labels from the edge in points."""

CLEARANCE = 2.0
"""Least gap between a tick label and the block in points."""

SIDES = 18.0
"""Least space for labels left and right of the block in points."""

TICK = 3.0
"""Length of a tick in points."""

TURNING = 14.0
"""Horizontal distance of two corners in points from which on the axis of heights at the left one is opaque."""

MOST_TICKS = (5, 4, 3, 2)
"""The largest numbers of intervals between ticks of an edge; fewer where labels would touch."""

SCENE = 0.45
"""The least share of a figure's height for the surface; larger texts than usual become smaller for it."""

MARGIN = 12.0
"""Left and right margin in points."""

BESIDE, WIDER, WIDE = 0.32, 0.4, 1.5
"""Share of the width for a leaderboard or a legend beside the surface, usually and at most, in figures at least so much
wider than high."""

BELOW = 0.38
"""The largest share of the height for a leaderboard below the surface, in other figures."""

STRETCH = 1.7
"""A fixed view is drawn up to this much wider to fill a wide figure."""


class BlockArtist(SurfaceArtist):
    """A surface as the top of a block, with tick labels along the nearest edges, seen by a fixed camera."""

    floor = -0.08

    def __init__(self, ax: Axes, surface: Surface, look: Theme, record: Record | None, camera: Camera | None) -> None:
        super().__init__(surface, look, record)
        self.camera = best_camera(self) if camera is None else camera
        self.bounds = [(surface.x[0], surface.x[-1]), (surface.y[0], surface.y[-1])]
        self._labels = TickLabels(ax, look)
        self._heights, values = height_ticks(surface)
        self._height_words = [height_word(value, look) for value in values.tolist()]

    def share(self) -> float:
        """Return the share of the camera's way that it has gone."""
        return 0.0

    def light_from(self, view: Projection) -> Sun:
        """Return the sun, which stays while the camera moves."""
        return Sun(self.camera.at(0.5).azim - SIDEWAYS)

    def projection(self, renderer: RendererBase) -> Projection:
        assert self.axes is not None
        left, bottom, right, top = self.axes.bbox.extents
        size = self.theme.text_scale
        unit = pixels(renderer, size)
        words = [self._labels.box(renderer, word, (0.0, 0.0)).width for word in self._height_words]
        numbers = max(SIDES * unit, max(words, default=0.0) + (2 * TICK + 2.5) * unit)
        low = bottom + (LABEL_DISTANCE + LABEL_SIZE) * unit
        window = left + numbers, low, right - left - numbers - SIDES * unit, top - low
        return self.camera.at(smootherstep(self.share())).onto(window, self.model.top, self.floor, STRETCH)

    def draw_behind(self, renderer: RendererBase, view: Projection) -> None:
        """Draw the axis of heights at the leftmost corner; it fades out before another corner takes over."""
        self._labels.clear()
        corners = view(np.array([(x, y, self.floor) for x in (0, 1) for y in (0, 1)], float))
        place, second = np.argsort(corners[:, 0])[:2].tolist()
        unit = pixels(renderer, self.theme.text_scale)
        alpha = float(np.clip((corners[second, 0] - corners[place, 0]) / (TURNING * unit) - 0.1, 0, 1))
        x, y = corners[place].tolist()
        right = x - (TICK + 2.5) * unit
        shown: list[tuple[str, float]] = []
        boxes: list[Bbox] = []
        for word, height in zip(self._height_words, self._heights.tolist(), strict=True):
            row = y + (height - self.floor) * view.up
            box = self._labels.box(renderer, word, (right, row), "right")
            if not boxes or not box.overlaps(boxes[-1]):
                shown.append((word, row))
                boxes.append(box)
        if len(shown) < 2 or not alpha:
            return
        ticks = [(x - side * TICK * unit, row) for _, row in shown for side in (0, 1)]
        ends = np.array([(x, y - self.floor * view.up), (x, y + (1 - self.floor) * view.up), *ticks])
        gc = stroke(self, renderer, 0.7)
        gc.set_foreground((*to_rgb(self.theme.muted), alpha), isRGBA=True)
        renderer.draw_path(gc, Path(ends, [Path.MOVETO, Path.LINETO] * (len(ends) // 2)), IDENTITY)
        gc.restore()
        for word, row in shown:
            self._labels.write(renderer, word, (right, row), "right", alpha)

    def draw_edge(self, renderer: RendererBase, view: Projection, axis: int) -> None:
        """Draw ticks and their labels along the near edge parallel to an axis."""
        low, high = self.bounds[axis]
        across = view.across if axis == 0 else view.along
        if abs(across[0]) < 0.15 * np.hypot(*across):
            return  # too steep to read
        other = 0.0 if view.ahead[1 - axis] > 0 else 1.0
        slant = np.array(view.along if axis == 0 else view.across) * (1 if other else -1)  # away from the block
        scale = pixels(renderer, self.theme.text_scale)
        unit = scale * slant / np.hypot(*slant)
        outward = np.array([-across[1], across[0]]) / np.hypot(*across)
        outward *= np.sign(outward @ slant)
        for most in MOST_TICKS:
            ticks = np.array([t for t in MaxNLocator(most).tick_values(low, high) if low <= t <= high])
            places = np.full((len(ticks), 3), self.floor)
            places[:, axis] = (ticks - low) / (high - low)
            places[:, 1 - axis] = other
            at, words = view(places), tick_words(ticks, self.theme)
            boxes = [self._labels.box(renderer, word, (0.0, 0.0)) for word in words]
            halves = np.array([(box.width / 2, box.height / 2) for box in boxes]).reshape(-1, 2)
            near = CLEARANCE * scale + halves @ np.abs(outward) - LABEL_DISTANCE * unit @ outward
            middles = at + LABEL_DISTANCE * unit + np.maximum(near, 0.0)[:, None] * outward
            labels = list(zip(words, middles.tolist(), strict=True))
            boxes = [self._labels.box(renderer, *label) for label in labels]
            if not any(one.overlaps(two) for one, two in pairwise(boxes)):
                break
        gc = stroke(self, renderer, 0.7)
        gc.set_foreground(self.theme.muted)
        ends = np.stack([at, at + TICK * unit], 1).reshape(-1, 2)
        renderer.draw_path(gc, Path(ends, [Path.MOVETO, Path.LINETO] * len(at)), IDENTITY)
        for label in labels:
            self._labels.write(renderer, *label)


class TurningBlock(BlockArtist, AnimatedArtist):
    """A block around which the camera moves during the race.

    Attributes:
        clock: steps, and the shares of an animation's time at which they are shown; None for equal times.
    """

    fractional = True

    def __init__(self, ax: Axes, surface: Surface, look: Theme, record: Record | None, camera: Camera) -> None:
        super().__init__(ax, surface, look, record, camera)
        self.span = 0 if record is None else int(record.trajectories.step[-1])
        self.step: float = self.span
        self.clock: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None

    def set_step(self, step: float) -> None:
        self.step = step

    def antialiased(self) -> bool:
        return False

    def share(self) -> float:
        if self.clock is not None:  # in an animation, a camera follows the time
            return float(np.interp(self.step, *self.clock))
        return self.step / self.span if self.span else 0.0


@suggests_arguments
def figure_3d(
    record: Record | Surface,
    *,
    step: int | None = None,
    camera: Camera | None = None,
    theme: str | Theme = "light",
    figsize: tuple[float, float] = FIGSIZE,
    dpi: float = DPI,
    title: str | None = None,
    legend: bool = True,
    standings: bool = True,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> Figure:
    """Draw a race in 3-D: the surface with level lines and lighting, and the trajectories on it.

    Parts behind the surface are drawn faint, and a note says if heights are logarithmic.
    `render.animate(record, figure=render.figure_3d(record))` animates the figure and moves the camera.

    Args:
        record: a race on a function of two coordinates, or a `Surface` alone.
        step: the step to show; by default the last.
        camera: the view; by default a fixed one that shows most of the trajectories.
        theme: colours, by name or as a `Theme`.
        figsize: width and height in inches.
        dpi: dots per inch.
        title: by default the title of the function.
        legend: whether to draw a legend.
        standings: whether the legend is a leaderboard, as in `render.figure`, where there is room.
        text_scale, lang, words, colors: as in `render.figure`.

    Returns:
        A new matplotlib figure, not managed by pyplot.

    Raises:
        InputError: if the record has no surface, or the size or the step is out of range.

    >>> from landscapes import race
    >>> figure_3d(race("booth", ["adam(lr=0.5)"], steps=20), camera=Camera(rotate=90)).get_size_inches().round(3)
    array([9.6, 5.4])
    """
    labels = labels_of(record) if isinstance(record, Record) else []
    named = record.meta.get("title", "") if isinstance(record, Record) else ""
    look = with_letters(as_theme(theme, text_scale, words, colors, labels, lang), [*labels, str(title or named)])
    look = fit_scale(look, check_figsize(figsize, dpi))
    if camera is not None and not isinstance(camera, Camera):
        raise InputError(f"camera must be a render.Camera, as in Camera(azim=-60, elev=40), got {camera!r:.80}")
    race = None if isinstance(record, Surface) else record
    shown = 0 if race is None else check_step(race, step)
    surface = record if isinstance(record, Surface) else record.surface
    if surface is None:
        raise InputError("this record has no surface; figure_3d needs a race on a function of two coordinates")
    heights = surface.values[np.isfinite(surface.values)]
    log = surface.scale == "log" and bool((heights != heights[:1]).any())
    while True:
        with look.context():
            made = new_figure(figsize, dpi)
            ax = _lay_out(Sheet.of(made, look), race, title, legend, standings, log=log)
        scene = 72 * ax.bbox.height / dpi - (LABEL_DISTANCE + LABEL_SIZE) * look.text_scale
        if look.text_scale <= 1 or scene >= SCENE * 72 * figsize[1]:
            break
        look = look | {"text_scale": max(look.text_scale - 0.2, 1.0)}
    with look.context():
        ax.set_axis_off()
        if camera is not None and camera.rotate:
            block: BlockArtist = TurningBlock(ax, surface, look, race, camera)
        else:
            block = BlockArtist(ax, surface, look, race, camera)
        ax.add_artist(block)
        ax.add_artist(SurfaceTrails(block, race, 2.3 * look.line_scale * size_factor(ax)))
        if not np.isfinite(surface.values).any():
            write_note(ax, NOTHING, look)
    set_step(made, shown)
    return made


def _key(sheet: Sheet, race: Record, standings: bool) -> Key:
    """Return the key of a race with solid lines, because trails on a surface have no dashes."""
    key = Key.of(sheet, race, standings)
    return replace(key, entries=[replace(entry, style=replace(entry.style, dashes=())) for entry in key.entries])


def _lay_out(sheet: Sheet, race: Record | None, title: str | None, legend: bool, standings: bool, log: bool) -> Axes:
    """Place title, note and step counter above, the leaderboard beside or the legend below, and return the axes."""
    ax = sheet.axes((0, 0, sheet.wide, sheet.high))
    side, above, tall, beside, taken = sheet.wide - 2 * MARGIN, 0.0, 0.0, 0.0, 0.0
    trust = PlaneNote((), 0.0) if race is None else PlaneNote.of(sheet, race)
    foot = trust.height + (4.0 if trust.lines else 0.0)
    words, y = title or ("" if race is None else race.meta.get("title", "")), sheet.high - sheet.head + 7
    if race is not None:
        above = sheet.head
        if legend:
            key = _key(sheet, race, standings)
            space = sheet.high - above - 2 * MARGIN - foot
            below: Fitted | None = None
            if sheet.wide < WIDE * sheet.high:
                below = key.leaderboard(side, BELOW * space, cut=False, compact=False)
            found = key.beside(sheet.wide, space, (BESIDE, WIDER)) if below is None else None
            if found and (sheet.wide >= WIDE * sheet.high or isinstance(found[0], Columns)):
                fitted, beside = found
                low = foot + MARGIN + 0.5 * (space - fitted.height)
                key.draw(fitted, (sheet.wide - MARGIN - beside, low, beside, fitted.height))
            elif key.entries:
                below = below or sheet.fit_legend(key.entries, side, 0.4 * (sheet.high - sheet.head))
                tall = below.height
                key.draw(below, (MARGIN, foot + 6.0, side, tall))
        taken = sheet.counter(sheet.wide - MARGIN, y, int(race.trajectories.step[-1]), side)
    counted = taken
    if words:
        above, size = sheet.head, 12.0 * sheet.scale
        text, size = sheet.ruler.fit_title(words, side - taken, size, max(0.66 * size, LEAST), "bold")
        sheet.write(MARGIN, y, text, size, fontweight="bold")
        taken += sheet.ruler.width(text, size, "bold", math=True) + 10
    if log:
        note, size = sheet.look.say("heights on a log scale"), 8.0 * sheet.scale
        if sheet.ruler.width(note, size) <= side - taken and above:
            sheet.write(MARGIN + taken - counted, y, note, size, alpha=0.7)
        else:
            above += 1.5 * size
            sheet.write(MARGIN, sheet.high - above + 0.3 * size, note, size, alpha=0.7)
    trust.write(sheet, MARGIN)
    low = foot + tall + 8
    return sheet.place(ax, (MARGIN, low, side - (beside and beside + 8), sheet.high - low - above))
