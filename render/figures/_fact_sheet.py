"""The fact sheet of a function: contours, surface, gradient field, formula and facts on one page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.render.artists.formulas import LEADING, fit_formula, formula_size
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.figures.layout import LEAST, Sheet
from landscapes.render.figures.size import DPI, check_figsize, new_figure
from landscapes.render.mathtext import is_formula
from landscapes.render.plot3d._surface_3d import surface_3d
from landscapes.render.plots._gradient_field import arrows
from landscapes.render.plots.contours import contour, draw_minima
from landscapes.render.plots.inputs import size_factor
from landscapes.render.theme import Theme, as_theme, with_letters
from landscapes.summary import FunctionSummary

PAGE = 12.0, 7.6
"""The default size in inches; smaller pages have smaller texts."""

MARGIN = 34.0
"""Left and right margin in points."""

VIEWS = 0.36
"""The least share of the height for the views; first texts get smaller, then the last facts are left out."""

NAMES = {
    "start": ("start", "{count} starts"),
    "best": ("global minimum", "{count} global minima"),
    "minimum": ("local minimum", "{count} local minima"),
    "saddle": ("saddle", "{count} saddles"),
    "maximum": ("maximum", "{count} maxima"),
}
"""The names of the marks in the key, for one and for several."""

NUMBERS = ("domain", "start", "minima", "minimum")
"""The facts whose numbers are written as in the reader's language; the others are sentences in English."""


NEGATIVE = re.compile(r"(?<![\w.])-(?=\d)|(?<=\de)-(?=\d)")
"""The hyphens that are signs of numbers or of their exponents."""


@suggests_arguments
def fact_sheet(
    summary: FunctionSummary,
    *,
    theme: str | Theme = "light",
    figsize: tuple[float, float] = PAGE,
    dpi: float = DPI,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
) -> Figure:
    """Return the fact sheet of a function as a figure that pyplot does not know.

    It shows contours with the special points, the surface in 3-D, the gradient field, the formula and the facts.

    Args:
        summary: what `landscapes.summarize` returns.
        theme: colours, by name or as a `Theme`.
        figsize: width and height in inches. Where the texts do not fit, they are smaller, and facts are left out.
        dpi: dots per inch.
        text_scale, lang, words: as in `render.figure`.

    Raises:
        InputError: for another object, an unknown theme, a size out of bounds.

    >>> from landscapes import summarize
    >>> len(fact_sheet(summarize("beale", points=33)).axes) > 1
    True
    """
    if not isinstance(summary, FunctionSummary):
        raise InputError(f"expected a FunctionSummary, as returned by summarize('beale'), got {summary!r:.80}")
    check_figsize(figsize, dpi)
    texts = [summary.title, summary.description, *summary.axes, *summary.facts.values()]
    look = with_letters(as_theme(theme, text_scale, words, lang=lang), texts)
    with look.context():
        return _draw(summary, look, figsize, dpi)


def _draw(summary: FunctionSummary, look: Theme, figsize: tuple[float, float], dpi: float) -> Figure:
    """Draw a fact sheet in the largest texts that leave room for the views."""
    wide, high = figsize
    wanted = look.text_scale * min(1.0, wide / PAGE[0], high / PAGE[1])
    for share in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4):
        page, facts = _page(look | {"text_scale": max(wanted * share, 0.5)}, figsize, dpi), dict(summary.facts)
        used = _heading(page, summary) + _facts(page, facts)
        if used <= (1 - VIEWS) * page.high or wanted * share <= 0.6:
            break
    while used > (1 - VIEWS) * page.high and facts:
        facts.popitem()
        used = _heading(page, summary) + _facts(page, facts)
    with page.look.context():
        page = Sheet.of(new_figure(figsize, dpi), page.look)
        top = page.high - _heading(page, summary, draw=True)
        bottom = _facts(page, facts, draw=True)
        (_line if summary.is_line else _views)(page, summary, bottom, top)
    return page.figure


def _page(look: Theme, figsize: tuple[float, float], dpi: float) -> Sheet:
    return Sheet.of(Figure(figsize=figsize, dpi=dpi), look)


def _heading(page: Sheet, summary: FunctionSummary, draw: bool = False) -> float:
    """Return the height of title, description and formula; with `draw`, write them."""
    space, scale = page.wide - 2 * MARGIN, page.scale
    y = page.high - 12 - 30 * scale
    title, size = page.ruler.fit_title(summary.title, space, 22 * scale, max(12 * scale, LEAST), "bold")
    lines: list[tuple[float, float, str, float, dict[str, Any]]] = [(MARGIN, y, title, size, {"fontweight": "bold"})]
    y -= 4 * scale
    for line in page.ruler.wrap(clean_text(summary.description, math=False), space, 12 * scale, 2):
        y -= 16 * scale
        lines.append((MARGIN, y, line, 12 * scale, {"parse_math": False}))
    if summary.latex and is_formula(f"${summary.latex}$"):
        y -= 12 * scale
        parts, size = fit_formula(f"f = {summary.latex}", space - 20, min(76 * scale, 0.14 * page.high), 17 * scale)
        for part in parts:
            tall = formula_size(part)[1] * size
            lines.append((MARGIN + 10, y - tall / 2, f"${part}$", size, {"va": "center", "parse_math": True}))
            y -= tall + LEADING * size
    for x, at, text, size, style in lines if draw else []:
        page.write(x, at, text, size, **style)
    return page.high - y + 12 * scale


def _facts(page: Sheet, facts: Mapping[str, str], draw: bool = False) -> float:
    """Return the height of the facts in two columns at the bottom; with `draw`, write them."""
    look, scale = page.look, page.scale
    size, row = 9.5 * scale, 13 * scale
    names = [look.say(name) for name in facts]
    gap, indent = 28.0, max([64 * scale, *(page.ruler.width(name, size) for name in names)]) + 10
    space = (page.wide - 2 * MARGIN - gap) / 2
    local = {
        name: look.number(NEGATIVE.sub("\N{MINUS SIGN}", text)) if name in NUMBERS else text
        for name, text in facts.items()
    }
    texts = [clean_text(text, math=False, most=1000) for text in local.values()]
    cells = [page.ruler.wrap(text, max(space - indent, 20), size, 2) for text in texts]
    heights = [row * len(lines) + 3 for lines in cells]
    cut = min(range(len(cells) + 1), key=lambda k: max(sum(heights[:k]), sum(heights[k:])))
    top = 16 + max(sum(heights[:cut]), sum(heights[cut:]), 0)
    for column, part in enumerate((slice(0, cut), slice(cut, None)) if draw else ()):
        x, y = MARGIN + column * (space + gap), top
        for name, lines in zip(names[part], cells[part], strict=True):
            page.write(x, y - row, name, size, alpha=0.62, parse_math=False)
            for line in lines:
                y -= row
                page.write(x + indent, y, line, size, parse_math=False)
            y -= 3
    return top + 14


def _views(page: Sheet, summary: FunctionSummary, bottom: float, top: float) -> None:
    """Draw contours with special points, the surface in 3-D and the gradient field, with a key below."""
    named, scale = summary.axes != ("x", "y"), page.scale
    space, gap, below = page.wide - 2 * MARGIN, 12 + 28 * scale, (62.0 if named else 50.0) * scale
    low, high = bottom + below, top - 16 * scale
    indent = 12 * scale + 10 * named
    side = max(min((space - 2 * gap - indent) / 3, high - low), 10.0)
    low += (high - low - side) / 2
    step = (space - indent - side) / 2
    left, middle, right = (MARGIN + indent + place * step for place in range(3))
    ax = page.axes((left, low, side, side))
    contour(summary.surface, ax, theme=page.look, stars=False)
    _marks(ax, summary, page.look)
    field = page.axes((right, low, side, side))
    contour(summary.surface, field, theme=page.look, lines=False, stars=False)
    sides = np.array([np.ptp(summary.surface.x), np.ptp(summary.surface.y)])
    arrows(field, summary.at, summary.slope, sides, page.look.colors[0])
    if len(summary.surface.minima):
        draw_minima(field, summary.surface.minima, page.look, 0.7 * size_factor(field))
    for axes in (ax, field):
        axes.locator_params(nbins=6)
        page.fit_ticks(axes)
        if named:
            words, size = page.ruler.fit_title(page.look.say(summary.axes[0]), side, 10 * scale, LEAST)
            axes.set_xlabel(words, fontsize=size, labelpad=1)
    if named:
        words, size = page.ruler.fit_title(page.look.say(summary.axes[1]), side, 10 * scale, LEAST)
        ax.set_ylabel(words, fontsize=size, labelpad=0)
    solid = page.figure.add_axes((0, 0, 1, 1), projection="3d", proj_type="ortho")
    page.place(solid, (middle, low, side, side))
    surface_3d(summary.surface, solid, theme=page.look)
    solid.set_axis_off()
    solid.patch.set_alpha(0.0)
    kind = "surface, on a log scale" if summary.surface.scale == "log" else "surface"
    for x, words in ((left, "contours"), (middle, kind), (right, "negative gradient")):
        words, size = page.ruler.fit_title(
            page.look.say(words), min(step - 8, page.wide - x - 4), 10.5 * scale, LEAST, "bold"
        )
        page.write(x, low + side + 7, words, size, fontweight="bold")
    _key(page, left, low - below + 8 * scale, summary)


def _line(page: Sheet, summary: FunctionSummary, bottom: float, top: float) -> None:
    """Draw the graph of a one-dimensional function with its special points, and its derivative."""
    look, surface, scale = page.look, summary.surface, page.scale
    indent, gap = 24 * scale, 64 * scale
    low, high, side = bottom + 52 * scale, top - 16 * scale, (page.wide - 2 * MARGIN - indent - gap) / 2
    left = page.axes((MARGIN + indent, low, side, high - low))
    right = page.axes((MARGIN + indent + side + gap, low, side, high - low))
    left.plot(surface.x, surface.values[0], color=look.colors[0], linewidth=2)
    _marks(left, summary, look, height=lambda x: np.interp(x, surface.x, surface.values[0]))
    slope = np.where(np.isfinite(summary.slope[:, 0]), summary.slope[:, 0], np.nan)
    right.axhline(0.0, color=look.muted, linewidth=0.8)
    right.plot(summary.at[:, 0], slope, color=look.colors[0], linewidth=2)
    for ax, words in ((left, "value"), (right, "derivative")):
        ax.set_xlim(surface.x[0], surface.x[-1])
        ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
        ax.set_axisbelow(True)
        page.fit_ticks(ax)
        page.title(ax, look.say(words), side, 10.5)
    _key(page, MARGIN + indent, bottom + 8 * scale, summary)


def _shapes(look: Theme) -> dict[str, dict[str, Any]]:
    """Return the style of each kind of mark, as small as the texts on small pages."""
    unit = min(look.text_scale, 1.0)
    plain = {"markerfacecolor": look.background, "markeredgecolor": look.foreground, "markeredgewidth": 1.3 * unit}
    start = {"markerfacecolor": look.colors[0], "markeredgecolor": look.rim, "markeredgewidth": unit}
    best = {"markerfacecolor": look.star, "markeredgecolor": look.star_edge, "markeredgewidth": unit}
    return {
        "start": {"marker": "o", "markersize": 8 * unit} | start,
        "best": {"marker": "*", "markersize": 14 * unit} | best,
        "minimum": {"marker": "v", "markersize": 6.5 * unit} | plain,
        "saddle": {"marker": "X", "markersize": 7.5 * unit} | plain,
        "maximum": {"marker": "^", "markersize": 6.5 * unit} | plain,
    }


def _marks(ax: Axes, summary: FunctionSummary, look: Theme, height: Any = None) -> None:
    """Draw the special points in view."""
    for kind, points in _points(summary):
        x, y = points.T
        ax.plot(
            x,
            y if height is None else height(x),
            linestyle="none",
            zorder=5 + (kind == "best"),
            clip_on=False,
            label=NAMES[kind][0],
            **_shapes(look)[kind],
        )


def _points(summary: FunctionSummary) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield the kinds of special points in view, with their places."""
    x, y = summary.surface.x, summary.surface.y
    for kind in NAMES:
        points = summary.surface.minima if kind == "best" else summary.marks.get(kind, np.zeros((0, 2)))
        visible = (points[:, 0] >= x[0]) & (points[:, 0] <= x[-1])
        if len(y) > 1:
            visible &= (points[:, 1] >= y[0]) & (points[:, 1] <= y[-1])
        if visible.any():
            yield kind, points[visible]


def _key(page: Sheet, x: float, y: float, summary: FunctionSummary) -> None:
    """Write the key of the marks in one row, in a smaller font if need be, else without the last ones."""
    kinds = []
    for kind, points in _points(summary):
        one, several = NAMES[kind]
        kinds.append((kind, page.look.say(one) if len(points) == 1 else page.look.say(several, count=len(points))))
    size = 9.5 * page.scale
    while size > LEAST and sum(page.ruler.width(words, size) + 4 * size for _, words in kinds) > page.wide - x:
        size = max(size - 0.5, LEAST)
    for kind, words in kinds:
        end = x + 1.8 * size + page.ruler.width(words, size)
        if end > page.wide - 4:
            return
        mark = Line2D(
            [(x + 0.6 * size) / page.wide], [(y + 0.4 * size) / page.high], linestyle="none", **_shapes(page.look)[kind]
        )
        page.figure.add_artist(mark)
        page.write(x + 1.8 * size, y, words, size, parse_math=False)
        x = end + 2.1 * size
