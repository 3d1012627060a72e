"""Explain one step of one optimizer: gradient, momentum, scaling and the step itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record
from landscapes.render.artists.text_fit import Ruler, clean_text
from landscapes.render.artists.trails import RGB
from landscapes.render.figures.layout import fit_scale
from landscapes.render.figures.size import DPI, STRIP_WIDTH, check_figsize, new_figure
from landscapes.render.plots._crop import crop
from landscapes.render.plots.contours import contour
from landscapes.render.plots.inputs import check_step, labels_of, size_factor
from landscapes.render.plots.step_parts import StepParts, box_of_step, step_parts
from landscapes.render.theme import Theme, as_theme, with_letters

Vector = NDArray[np.float64]

TITLES = {
    "gradient": "negative gradient",
    "momentum": "momentum",
    "scaling": "scaled by 1/√v",
    "step": "step",
}
"""The parts of a step in the order in which an optimizer computes them, with their titles."""

COLORS = {"gradient": 0, "momentum": 1, "scaling": 2, "step": 5}
"""The colour of each part, as an index in the theme's colours; any two differ with any colour vision."""

LONG = 0.36
"""The length of an arrow that shows a direction only, relative to the panel."""

EDGE, GAP, LINE = 6.0, 8.0, 1.55
"""Margins around and between panels in points, and the height of a line in font sizes."""

FONT, SMALLEST = 7.5, 5.5
"""Font sizes of formulas: usual and least, in points."""

LOWEST, TALLEST = 24.0, 170.0
"""The least and the greatest height of a panel in points."""

MOST_STEPS = 12
"""The largest number of steps in one figure."""


@suggests_arguments
def explain_step(
    record: Record,
    step: int = 1,
    *,
    steps: int = 1,
    run: str | None = None,
    theme: str | Theme = "light",
    figsize: tuple[float, float] | None = None,
    dpi: float = DPI,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
) -> Figure:
    """Return panels that explain consecutive steps of one optimizer with formulas; pyplot does not know the figure.

    The first panel of a step shows the negative gradient where the step begins. If the race recorded them, the next
    panels show the momentum, and the momentum with each coordinate divided by √v over an ellipse with axes 1/√v. The
    last panel shows the step in its true length, and the other arrows thin; their lengths show directions only. Each
    part has its colour. Below it are its formula and numbers, for SGD, Adam and AdamW with bias correction, RMSprop and
    Adagrad; other optimizers have the numbers alone. Gradients are central differences of the surface.

    Args:
        record: a race in two dimensions that recorded the steps and the one before, best with
            `metrics=["momentum", "second_moment"]`.
        step: the number of the first step, from 1 on.
        steps: how many consecutive steps, from 1 to 12.
        run: the label of the run; by default the first.
        theme: colours, by name or as a `Theme`.
        figsize: width and height in inches; by default as wide as a two-column page, 6.75, and as high as square panels
            need.
        dpi: dots per inch.
        text_scale, lang, words: as in `render.figure`.

    Raises:
        InputError: for a record without a surface, steps that were not recorded or after which the run was stopped, a
            point out of view, an unknown label, and a size that is too small for the panels.

    >>> from landscapes import race
    >>> raced = race("beale", ["sgd", "adam"], steps=20, metrics=["momentum", "second_moment"])
    >>> len(explain_step(raced, 5, run="SGD").axes), len(explain_step(raced, 5, run="Adam", steps=2).axes)
    (2, 8)
    """
    look = with_letters(as_theme(theme, text_scale, words, lang=lang), labels_of(record))
    check_step(record, step)
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
        raise InputError(f"steps must be an integer from 1 to {MOST_STEPS}, got {steps!r}")
    if record.surface is None:
        raise InputError("this record has no surface to draw: only races in two dimensions do")
    labels = [str(label) for label in record.trajectories.runs["label"]]
    if run is not None and run not in labels:
        raise unknown("run", str(run), labels)
    index = labels.index(labels[0] if run is None else run)
    parts = [step_parts(record, check_step(record, step + k), index, look) for k in range(steps)]
    size = (STRIP_WIDTH, STRIP_WIDTH) if figsize is None else check_figsize(figsize, dpi)
    if figsize is not None:
        look = fit_scale(look, size)
    with look.context():
        layout = _fit(parts, size, figsize is not None, dpi, look)
        made = new_figure((size[0], layout.high / 72), dpi)
        top = layout.high - EDGE
        for shown in parts:
            top = _draw_step(made, record, shown, labels[index], top, layout, look)
    return made


@dataclass(frozen=True)
class PanelLayout:
    """Sizes in points: panels per row, sides of a panel, fonts, heights of titles and formulas, and the page."""

    across: int
    side: float
    tall: float
    font: float
    title: float
    text: float
    wide: float
    high: float


def _fit(parts: list[StepParts], size: tuple[float, float], fixed: bool, dpi: float, look: Theme) -> PanelLayout:
    """Return the layout with the largest font in which all formulas fit below their panels."""
    ruler, (wide, high) = Ruler(dpi), (72 * side for side in size)
    count = max(len(shown.vectors) for shown in parts)
    texts = [line for shown in parts for lines in shown.lines.values() for line in lines]
    titles = [look.say(TITLES[part]) for shown in parts for part in shown.vectors]
    lines = max(len(found) for shown in parts for found in shown.lines.values())
    choices = sorted({count, -(-count // 2), 1}, reverse=True)
    for font in np.arange(FONT * look.text_scale, SMALLEST - 0.25, -0.5).tolist():
        widest = max([ruler.width(line, font, math=True) for line in texts])
        title = 1.07 * font
        named = max(ruler.width(word, title) for word in titles) + 2 * title
        for across in choices:
            side = (wide - 2 * EDGE - GAP * (across - 1)) / across
            if max(widest, named) > side:
                continue
            rows = len(parts) * -(-count // across)
            text, heads = lines * LINE * font + 5, len(parts) * 2 * 1.35 * font
            left = high - 2 * EDGE - heads - rows * (1.7 * title + text) - GAP * (rows - 1)
            tall = min(left / rows, 1.25 * side) if fixed else min(side, TALLEST)
            if tall >= LOWEST and (not fixed or tall >= 0.3 * side or across == choices[-1] or font < 6):
                page = high if fixed else 2 * EDGE + heads + rows * (1.7 * title + text + tall) + GAP * (rows - 1)
                return PanelLayout(across, side, tall, font, title, text, wide, page)
    raise InputError(
        f"{len(parts)} × {count} panels with formulas do not fit into {size[0]:.1f} × {size[1]:.1f} inches; give a "
        "larger figsize, fewer steps, or a smaller text_scale"
    )


def _draw_step(
    made: Figure, record: Record, shown: StepParts, label: str, top: float, layout: PanelLayout, look: Theme
) -> float:
    """Draw the panels of one step below a height in points, and return the height below them."""
    scale = np.array([layout.wide, layout.high])

    def write(x: float, y: float, words: str, size: float, **style: Any) -> None:
        made.text(x / layout.wide, y / layout.high, words, fontsize=size, color=look.foreground, va="baseline", **style)

    head = 1.35 * layout.font
    words = look.say("{label}, step {step}", label=clean_text(label, math=False), step=shown.number)
    words, head = Ruler(made.dpi).fit_title(words, layout.wide - 2 * EDGE, head, 6.0, "bold")
    write(EDGE, top - head, words, head, fontweight="bold", parse_math=False)
    top -= 2 * 1.35 * layout.font
    assert record.surface is not None
    view = crop(record, box_of_step(record.surface, shown.at, shown.to).tolist())
    colors = {part: to_rgb(look.colors[place % len(look.colors)]) for part, place in COLORS.items()}
    for place, (part, vector) in enumerate(shown.vectors.items()):
        row, column = divmod(place, layout.across)
        x = EDGE + column * (layout.side + GAP)
        above = top - row * (1.7 * layout.title + layout.tall + layout.text + GAP)
        low = above - 1.7 * layout.title - layout.tall
        y = above - layout.title
        swatch = Line2D(
            np.array([x + 1, x + 1.3 * layout.title]) / scale[0],
            [(y + 0.3 * layout.title) / scale[1]] * 2,
            color=colors[part],
            linewidth=2.4 * layout.font / FONT,
            transform=made.transFigure,
            label=f"_key_{part}",
        )
        made.add_artist(swatch)
        write(x + 1.7 * layout.title, y, look.say(TITLES[part]), layout.title)
        ax = made.add_axes((x / scale[0], low / scale[1], layout.side / scale[0], layout.tall / scale[1]), label=part)
        contour(view, ax, theme=look)
        ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
        if part == "scaling" and shown.reach is not None:
            _ellipse(ax, shown.at, shown.reach, colors[part])
        if part == "step":
            for other, before in list(shown.vectors.items())[:-1]:
                _arrow(ax, shown.at, _long(ax, before), colors[other], look, faint=True)
        _arrow(ax, shown.at, vector if part == "step" else _long(ax, vector), colors[part], look)
        for line, text in enumerate(shown.lines[part]):
            write(x, low - 3 - (line + 0.8) * LINE * layout.font, text, layout.font)
    rows = -(-len(shown.vectors) // layout.across)
    return top - rows * (1.7 * layout.title + layout.tall + layout.text + GAP)


def _long(ax: Axes, points: Vector) -> Vector:
    """Scale a direction to the common length of arrows."""
    sides = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])
    length = float(np.hypot(*(points / sides)))
    return np.asarray(points * (LONG / length if length > 0 else 0.0))


def _arrow(ax: Axes, at: Vector, points: Vector, ink: RGB, look: Theme, faint: bool = False) -> None:
    """Draw an arrow with a halo, and a ring at its start."""
    scale = size_factor(ax)
    tip = at + points
    layers = [(ink, 1.4, 0.85)] if faint else [(look.halo, 5.0, 1.0), (ink, 2.6, 1.0)]
    for color, wide, alpha in layers if np.any(points != 0) else []:
        ax.annotate(
            "",
            tuple(tip),
            tuple(at),
            zorder=3 if faint else 5,
            arrowprops={
                "arrowstyle": "-|>",
                "color": color,
                "linewidth": wide * scale,
                "alpha": alpha,
                "shrinkA": 0,
                "shrinkB": 0,
                "mutation_scale": (9 if faint else 15) * scale,
                "label": "_faint" if faint else "_way",
            },
        )
    if not faint:
        ax.plot(
            *at[:, None],
            "o",
            markersize=6.5 * scale,
            markerfacecolor=look.halo,
            markeredgecolor=look.foreground,
            markeredgewidth=1.6 * scale,
            zorder=6,
            label="_begin",
        )


def _ellipse(ax: Axes, at: Vector, reach: Vector, ink: RGB) -> None:
    """Draw how far equal gradients move the run along each coordinate; the shape counts, not the size."""
    sides = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])
    wide, high = (reach * (LONG / float((reach / sides).max()))).tolist()
    ax.add_patch(Ellipse((at[0], at[1]), wide, high, facecolor=(*ink, 0.2), edgecolor=ink, linewidth=1.0, zorder=2))
