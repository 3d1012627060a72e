"""The fact sheet of a function: contours, surface, gradient field, formula and facts on one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.render.artists.text_fit import LEADING, fit_formula, fit_text, formula_size, text_width, wrap
from landscapes.render.figures.size import DPI, check_figsize, new_figure
from landscapes.render.plot3d.shading import shaded_mesh
from landscapes.render.plots._gradient_field import arrows
from landscapes.render.plots.contours import contour, draw_minima
from landscapes.render.plots.inputs import size_factor
from landscapes.render.theme import Theme, as_theme
from landscapes.summary import FunctionSummary

PAGE = 12.0, 7.6
"""The default size in inches, which is also the smallest one."""

MARGIN = 34.0
"""Left and right margin in points."""

NAMES = {
    "start": "start",
    "best": "global minimum",
    "minimum": "local minimum",
    "saddle": "saddle",
    "maximum": "maximum",
}
"""The names of the marks in the key."""


@suggests_arguments
def fact_sheet(
    summary: FunctionSummary, *, theme: str | Theme = "light", figsize: tuple[float, float] = PAGE, dpi: float = DPI
) -> Figure:
    """Return the fact sheet of a function as a figure that pyplot does not know.

    It shows contours with the special points, the surface in 3-D, the gradient field, the formula and the facts.

    Args:
        summary: what `landscapes.summarize` returns.
        theme: colours, by name or as a `Theme`.
        figsize: width and height in inches, at least 12 × 7.6.
        dpi: dots per inch.

    Raises:
        InputError: for another object, an unknown theme, a size out of bounds.

    >>> from landscapes import summarize
    >>> len(fact_sheet(summarize("beale", points=33)).axes) > 1
    True
    """
    if not isinstance(summary, FunctionSummary):
        raise InputError(f"expected a FunctionSummary, as returned by summarize('beale'), got {summary!r:.80}")
    look = as_theme(theme)
    wide, high = check_figsize(figsize, dpi)
    if wide < PAGE[0] - 1e-6 or high < PAGE[1] - 1e-6:
        raise InputError(
            f"a fact sheet needs figsize of at least {PAGE[0]:g} × {PAGE[1]:g} inches, got {figsize!r}; "
            "choose a smaller dpi"
        )
    with look.context():
        made = new_figure(figsize, dpi)
        page = Page(made, look, *(72 * inches for inches in made.get_size_inches()))
        top = _heading(page, summary)
        bottom = _facts(page, summary.facts)
        (_line if summary.is_line else _views)(page, summary, bottom, top)
    return made


@dataclass(frozen=True, eq=False)
class Page:
    """A figure with positions in points from its lower left corner."""

    figure: Figure
    look: Theme
    wide: float
    high: float

    def write(self, x: float, y: float, text: str, size: float, **style: Any) -> None:
        """Write a text whose baseline begins at a place."""
        style = {"color": self.look.foreground, "va": "baseline"} | style
        self.figure.text(x / self.wide, y / self.high, text, fontsize=size, **style)

    def axes(self, x: float, y: float, wide: float, high: float, **style: Any) -> Any:
        """Add axes at a place, of a size."""
        return self.figure.add_axes((x / self.wide, y / self.high, wide / self.wide, high / self.high), **style)


def _heading(page: Page, summary: FunctionSummary) -> float:
    """Write title, description and formula; return where they end."""
    space = page.wide - 2 * MARGIN
    title, size = fit_text(summary.title, space, 22, 12, "bold")
    page.write(MARGIN, page.high - 42, title, size, fontweight="bold")
    y = page.high - 46
    for line in wrap(summary.description, space, 12, 2):
        y -= 16
        page.write(MARGIN, y, line, 12)
    if summary.latex:
        y -= 12
        lines, size = fit_formula(f"f = {summary.latex}", space - 20, 76, 17)
        for line in lines:
            tall = formula_size(line)[1] * size
            page.write(MARGIN + 10, y - tall / 2, f"${line}$", size, va="center", parse_math=True)
            y -= tall + LEADING * size
    return y - 12


def _facts(page: Page, facts: Mapping[str, str]) -> float:
    """Write the facts in two columns at the bottom; return where they begin."""
    gap, names, size = 28.0, 74.0, 9.5
    space = (page.wide - 2 * MARGIN - gap) / 2
    cells = [(name, wrap(text, space - names, size, 2)) for name, text in facts.items()]
    heights = [13.0 * len(lines) + 3 for _, lines in cells]
    cut = min(range(len(cells) + 1), key=lambda k: max(sum(heights[:k]), sum(heights[k:])))
    top = 16 + max(sum(heights[:cut]), sum(heights[cut:]), 0)
    for column, part in enumerate((cells[:cut], cells[cut:])):
        x, y = MARGIN + column * (space + gap), top
        for name, lines in part:
            page.write(x, y - 13, name, size, alpha=0.62)
            for line in lines:
                y -= 13
                page.write(x + names, y, line, size)
            y -= 3
    return top + 14


def _views(page: Page, summary: FunctionSummary, bottom: float, top: float) -> None:
    """Draw contours with special points, the surface in 3-D and the gradient field, with a key below."""
    named = summary.axes != ("x", "y")
    space, gap, below = page.wide - 2 * MARGIN, 40.0, 62.0 if named else 50.0
    low, high = bottom + below, top - 16
    side = min((space - 2 * gap - 12) / 3, high - low)
    low += (high - low - side) / 2
    step = (space - 12 - side) / 2
    left, middle, right = (MARGIN + 12 + place * step for place in range(3))
    ax = page.axes(left, low, side, side)
    contour(summary.surface, ax, theme=page.look, stars=False)
    _marks(ax, summary, page.look)
    field = page.axes(right, low, side, side)
    contour(summary.surface, field, theme=page.look, lines=False, stars=False)
    sides = np.array([np.ptp(summary.surface.x), np.ptp(summary.surface.y)])
    arrows(field, summary.at, summary.slope, sides, page.look.colors[0])
    if len(summary.surface.minima):
        draw_minima(field, summary.surface.minima, page.look, 0.7 * size_factor(field))
    for axes in (ax, field):
        axes.locator_params(nbins=6)
        if named:
            axes.set_xlabel(summary.axes[0], labelpad=1)
    if named:
        ax.set_ylabel(summary.axes[1], labelpad=0)
    grow = min(0.12 * side, step - side - 28)  # mplot3d leaves a margin
    solid = page.axes(middle - grow, low - 1.6 * grow, side + 2 * grow, side + 2 * grow, projection="3d")
    shaded_mesh(solid, summary.surface, page.look)
    scale = {"log": ", on a log scale", "rank": "", "linear": ""}[summary.surface.scale]
    for x, words in ((left, "contours"), (middle, f"surface{scale}"), (right, "negative gradient")):
        page.write(x, low + side + 7, words, 10.5, fontweight="bold")
    _key(page, left, low - below + 8, summary)


def _line(page: Page, summary: FunctionSummary, bottom: float, top: float) -> None:
    """Draw the graph of a one-dimensional function with its special points, and its derivative."""
    space, gap = page.wide - 2 * MARGIN - 24, 64.0
    low, high, side = bottom + 52, top - 16, (space - gap) / 2
    look, surface = page.look, summary.surface
    left = page.axes(MARGIN + 24, low, side, high - low)
    right = page.axes(MARGIN + 24 + side + gap, low, side, high - low)
    left.plot(surface.x, surface.values[0], color=look.colors[0], linewidth=2)
    _marks(left, summary, look, height=lambda x: np.interp(x, surface.x, surface.values[0]))
    slope = np.where(np.isfinite(summary.slope[:, 0]), summary.slope[:, 0], np.nan)
    right.axhline(0.0, color=look.muted, linewidth=0.8)
    right.plot(summary.at[:, 0], slope, color=look.colors[0], linewidth=2)
    for ax, words in ((left, "value"), (right, "derivative")):
        ax.set_xlim(surface.x[0], surface.x[-1])
        ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
        ax.set_axisbelow(True)
        ax.set_title(words, loc="left", fontsize=10.5, fontweight="bold", pad=7)
    _key(page, MARGIN + 24, bottom + 8, summary)


def _shapes(look: Theme) -> dict[str, dict[str, Any]]:
    """Return the style of each kind of mark."""
    plain = {"markerfacecolor": look.background, "markeredgecolor": look.foreground, "markeredgewidth": 1.3}
    return {
        "start": {"marker": "o", "markersize": 8, "markerfacecolor": look.colors[0], "markeredgecolor": look.rim},
        "best": {"marker": "*", "markersize": 14, "markerfacecolor": look.star, "markeredgecolor": look.star_edge},
        "minimum": {"marker": "v", "markersize": 6.5} | plain,
        "saddle": {"marker": "X", "markersize": 7.5} | plain,
        "maximum": {"marker": "^", "markersize": 6.5} | plain,
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
            label=NAMES[kind],
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


def _key(page: Page, x: float, y: float, summary: FunctionSummary) -> None:
    """Write the key of the marks in one row."""
    for kind, points in _points(summary):
        words = NAMES[kind] if len(points) == 1 else f"{len(points)} {_plural(NAMES[kind])}"
        mark = Line2D([(x + 6) / page.wide], [(y + 4) / page.high], linestyle="none", **_shapes(page.look)[kind])
        page.figure.add_artist(mark)
        page.write(x + 17, y, words, 9.5)
        x += 17 + text_width(words, 9.5) + 20


def _plural(name: str) -> str:
    """
    >>> _plural("local minimum"), _plural("saddle")
    ('local minima', 'saddles')
    """
    return name.removesuffix("um") + "a" if name.endswith("um") else f"{name}s"
