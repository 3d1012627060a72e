"""Level lines: thin ones, every fifth stronger and at a round value, with labels where there is room."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.contour import ContourSet
from matplotlib.path import Path
from numpy.typing import NDArray

from landscapes.record import Surface
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.artists.text_fit import Ruler
from landscapes.render.light import luminance
from landscapes.render.plots.color_levels import ColorLevels
from landscapes.render.plots.inputs import size_factor
from landscapes.render.plots.surface_image import shades
from landscapes.render.theme import Theme

MOST_LINES = 100.0
"""The largest total length of level lines, in sides of the view."""

THIN, STRONG = 0.45, 1.1
"""Widths in points on large axes."""

EVERY = 5
"""One of so many lines is strong."""

LEVEL_LABEL = "_level"
"""The label of the artists of numbers."""

FONT = 8.0
"""Font size of labels in points."""

LARGE = 0.9
"""Axes with a smaller size factor have no labels."""

CLEAR = 10.0
"""The least distance in points between a label and what it must not cover."""

MOST_LABELS = 5

GRAIN = 4.0
"""Obstacles closer than this many pixels count as one."""

OPAQUE = 0.8
"""Opacity of labels."""

READABLE = 3.0
"""The least contrast of labels in the opaque colour of their lines."""

STRAIGHT = 0.96
"""A label lies where its line is this straight: chord divided by length."""

Points = NDArray[np.float64]


def draw_lines(
    ax: Axes, surface: Surface, shape: ColorLevels, look: Theme, obstacles: Points, labels: bool | None = None
) -> None:
    """Draw level lines on axes whose limits are set.

    Args:
        ax: the axes.
        surface, shape: the surface and its levels.
        look: colours; an outlined theme has lines in the colours of heights.
        obstacles: points (n, 2) that labels must not cover.
        labels: whether to write values where there is room; by default on large axes.
    """
    scale = size_factor(ax)
    levels = shape.levels[1:-1].copy()
    if not len(levels):
        return
    strong, values = _strong(surface, shape)
    levels[strong] = [
        _height(value, shape) if np.isfinite(value) else levels[i] for i, value in zip(strong, values, strict=True)
    ]
    widths = np.full(len(levels), THIN * (2.2 if look.outlined else 1.0))
    widths[strong] = STRONG * (1.5 if look.outlined else 1.0)
    ground = shades(look.fill, len(levels) + 2)[1:-1]
    colors = np.column_stack([ground, np.ones(len(levels))]) if look.outlined else line_colors(look, ground)
    drawn = ax.contour(
        surface.x,
        surface.y,
        shape.height,
        levels,
        colors=colors,
        linewidths=widths * scale,
        linestyles="solid",
        algorithm="serial",
        zorder=0.6,
    )
    stride = _clear(drawn, np.array([surface.x[[0, -1]], surface.y[[0, -1]]]), strong)
    if (scale >= LARGE if labels is None else labels) and stride == 1:
        inks = label_colors(look, ground, colors)
        _label(ax, drawn, dict(zip(strong, values, strict=True)), look, inks, obstacles)


def line_colors(look: Theme, ground: Points) -> Points:
    """Return the colours (n, 4) of lines on colours (n, 3): the theme's, or its opposite where that shows better."""
    line = np.array(to_rgba(look.line))
    opposite = np.append(np.full(3, 1.0) if luminance(line[:3]) < 0.18 else np.zeros(3), line[3])
    below = luminance(ground) + 0.05
    apart = [np.abs(np.log((luminance(ink[:3]) + 0.05) / below)) for ink in (line, opposite)]
    return np.where((apart[0] >= apart[1])[:, None] | (line[3] == 1), line, opposite)


def label_colors(look: Theme, ground: Points, lines: Points) -> Points:
    """Return the colours (n, 4) of values on lines: those of the lines, or of texts where these are too pale to read.

    >>> from landscapes.render.theme import THEMES
    >>> ground = np.array([[0.95, 0.95, 0.95]])
    >>> label_colors(THEMES["print"], ground, np.array([[0.78, 0.78, 0.78, 1.0]])).round(2).tolist()
    [[0.33, 0.33, 0.33, 1.0]]
    """
    inks = lines.copy()
    inks[:, 3] = OPAQUE
    if look.outlined:
        inks[:, :3] = to_rgba(look.foreground)[:3]
        return inks
    mixed = inks[:, :3] * OPAQUE + ground * (1 - OPAQUE)
    one, two = luminance(mixed) + 0.05, luminance(ground) + 0.05
    pale = np.maximum(one, two) / np.minimum(one, two) < READABLE
    inks[pale & (lines[:, 3] == 1)] = to_rgba(look.muted)
    return inks


def _strong(surface: Surface, shape: ColorLevels) -> tuple[list[int], list[float]]:
    """Return which level lines are strong, and their values in few digits; NaN where values are not known."""
    strong = list(range(EVERY // 2, len(shape.levels) - 2, EVERY))
    unit = float(np.max(np.abs(surface.values), initial=0.0, where=np.isfinite(surface.values)))
    if not 1e-200 < unit < 1e200 or (surface.scale == "log" and shape.zero is None):
        return strong, [np.nan] * len(strong)
    return strong, [_round_between(*(_value(shape.levels[i + k], shape) for k in (0, 1, 2))) for i in strong]


def _value(height: float, shape: ColorLevels) -> float:
    if shape.zero is None or shape.offset is None:
        return float(height)
    return float(10.0**height - shape.offset + shape.zero)


def _height(value: float, shape: ColorLevels) -> float:
    if shape.zero is None or shape.offset is None:
        return value
    return float(np.log10(max(value - shape.zero, 0.0) + shape.offset))


def _round_between(low: float, value: float, high: float) -> float:
    """Return the number of fewest digits between two values, close to the one between them.

    >>> [_round_between(*three) for three in ((0.31, 0.3321, 0.36), (77.0, 123.4, 140.0), (2.001, 2.0014, 2.0018))]
    [0.33, 100.0, 2.0014]
    """
    for digits in range(6):
        rounded = float(f"{value:.{digits}e}")
        if low + 0.1 * (value - low) < rounded < high - 0.1 * (high - value):
            return rounded
    return value


def _clear(drawn: ContourSet, view: Points, strong: list[int]) -> int:
    """Keep every second level line, or fewer, if there are so many that they would hide the surface.

    Return the stride. Strong lines are left out last.
    """
    sides = np.ptp(view, axis=1)
    all_points = drawn.get_paths()
    together = sum(
        float(np.hypot(*(np.diff(line, axis=0) / sides).T).sum())
        for path in all_points
        for line in path.to_polygons(closed_only=False)
    )
    stride = max(int(np.ceil(together / MOST_LINES)), 1)
    drawn.set_paths(
        [path if place % stride == stride // 2 else Path(np.zeros((0, 2))) for place, path in enumerate(all_points)]
    )
    return stride


def _label(ax: Axes, drawn: ContourSet, values: dict[int, float], look: Theme, inks: Points, obstacles: Points) -> None:
    """Write values on strong lines, where they are straight and far from all obstacles; the lines make room."""
    page = root_figure(ax)
    if page is None:
        return
    unit = page.dpi / 72
    ruler, size = Ruler(page.dpi), FONT * look.text_scale
    cells = np.rint(ax.transData.transform(obstacles).clip(-1e6, 1e6) / GRAIN)
    moved = np.append(True, (cells[1:] != cells[:-1]).any(1))[: len(cells)]  # before the sort, which takes long
    taken = GRAIN * np.unique(cells[moved], axis=0)
    paths = list(drawn.get_paths())
    for place, value in list(values.items())[:MOST_LABELS]:
        text = look.number(f"{value:.6g}".replace("-", "−"))
        long, tall = unit * (ruler.width(text, size) + 5), unit * size
        lines = _lines_of(paths[place])
        found = _best_place(lines, ax, long, taken, CLEAR * unit + long / 2) if np.isfinite(value) else None
        if found is None:
            continue
        number, begin, end, middle, angle = found
        paths[place] = _joined([*lines[:number], *_with_gap(lines[number], ax, begin, end), *lines[number + 1 :]])
        place_x, place_y = ax.transData.inverted().transform(middle)
        ax.text(
            float(place_x),
            float(place_y),
            text,
            fontsize=size,
            rotation=angle,
            rotation_mode="anchor",
            ha="center",
            va="center_baseline",
            color=inks[place],
            zorder=0.7,
            label=LEVEL_LABEL,
            parse_math=False,
            clip_on=True,
        )
        taken = np.concatenate([taken, middle + np.array([[0, 0], [1, 0], [-1, 0]]) * [long / 2 + tall, 0]])
    drawn.set_paths(paths)


def _best_place(
    lines: list[Points], ax: Axes, long: float, taken: Points, clear: float
) -> tuple[int, float, float, Points, float] | None:
    """Return where a label of a length in pixels lies best, or None if it has no room.

    The number of the line, where the label begins and ends as lengths along it, its middle in pixels, and its angle.
    """
    best, found = clear, None
    low, high = ax.bbox.get_points()
    for number, line in enumerate(lines):
        points = ax.transData.transform(line)
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        if along[-1] < 3 * long:
            continue
        at = np.arange(0.75 * long, along[-1] - 0.75 * long, long / 3)
        begin, middle, end = (
            np.column_stack([np.interp(at + move, along, part) for part in points.T])
            for move in (-long / 2, 0.0, long / 2)
        )
        chord = end - begin
        near = np.minimum(middle - low, high - middle).min(1)
        if len(taken):
            near = np.minimum(near, np.sqrt(((middle[:, None] - taken) ** 2).sum(-1)).min(1))
        near[np.hypot(*chord.T) < STRAIGHT * long] = 0.0
        pick = int(near.argmax())
        if near[pick] > best:
            angle = float(np.degrees(np.arctan2(*chord[pick][::-1])))
            best, found = (
                float(near[pick]),
                (number, at[pick] - long / 2, at[pick] + long / 2, middle[pick], (angle + 90) % 180 - 90),
            )
    return found


def _with_gap(line: Points, ax: Axes, begin: float, end: float) -> list[Points]:
    """Return a line without the part between two lengths in pixels."""
    points = ax.transData.transform(line)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    one, two = (np.column_stack([np.interp([at], along, part) for part in line.T]) for at in (begin, end))
    return [np.concatenate([line[along < begin], one]), np.concatenate([two, line[along > end]])]


def _lines_of(path: Path) -> list[Points]:
    """Return the vertices of each line of a path; matplotlib would simplify them as if data were pixels."""
    whole = Path(path.vertices, path.codes)
    whole.should_simplify = False
    return [np.asarray(line, float) for line in whole.to_polygons(closed_only=False)]


def _joined(lines: list[Points]) -> Path:
    return Path.make_compound_path(*[Path(line) for line in lines if len(line) > 1])
