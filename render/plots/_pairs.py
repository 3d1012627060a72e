"""Pairs of optimizers: the probability of improvement as a matrix, and mean ranks with their critical difference."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from landscapes.analysis.pairs import critical_difference as ranked
from landscapes.analysis.pairs import pairs
from landscapes.errors import suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.artists.text_fit import Ruler, clean_text
from landscapes.render.artists.trails import mix
from landscapes.render.light import luminance
from landscapes.render.plots.inputs import current_axes
from landscapes.render.theme import Theme, as_theme, styles

MORE, LESS = to_rgb("#2f74c0"), to_rgb("#d3761f")
"""The colours of probabilities above and below one half, distinct with any type of colour vision."""

SURE = 0.05
"""The corrected p-value below which a pair is set in bold."""


LONGEST, LEVEL = 24, 12
"""Characters of a name in the matrix, at most; and of one that is not turned above a column."""

INTERVAL, NUMBER = 5.2, 3.4
"""The sides of cells with an interval and with a number alone, in font sizes."""

SMALLEST = 8.0
"""The least font size of the label below, in points."""

HEAD = 44.0
"""The height of the numbers of the axis of ranks, and of the critical difference above them, in points."""

NAMES = 105.0
"""The width of the longest name in points."""


@suggests_arguments
def improvement_matrix(
    record: Record,
    ax: Axes | None = None,
    *,
    tolerance: float | None = None,
    cost: str = "evaluations",
    theme: str | Theme = "light",
) -> Axes:
    """Draw for each pair of optimizers how likely the row needs less than the column, on `ax`, and return `ax`.

    Each cell has the probability in percent with its 95 % interval. It is bold with Holm-corrected p < 0.05. Optimizers
    are sorted by mean rank; long names are shortened in the middle. See `analysis.pairs.pairs`.

    Args:
        record: what `compare` returns, with at least 2 optimizers.
        ax: where to draw; by default matplotlib's current axes.
        tolerance: one of its tolerances; by default that for which learning rates were chosen, else the smallest.
        cost: what is counted, "evaluations" or "steps".
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for another record, one optimizer, or a tolerance that the record does not have.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import compare
    >>> record = compare(["beale", "booth"], ["sgd(lr=0.01)", "adam(lr=0.1)"], starts=2, steps=50)
    >>> len(improvement_matrix(record, Figure().subplots()).texts)
    2
    """
    look, found = as_theme(theme), pairs(record, tolerance, cost=cost)
    ax = current_axes(ax, look)
    count = len(found.optimizers)
    background = to_rgb(look.background)
    names = [_short(name) for name in found.optimizers]
    short = max(map(len, names)) <= LEVEL
    level = count <= 4 and short
    size, whole = _size(ax, count, 0.0 if short else NAMES)
    for i in range(count):
        for j in range(count):
            if i == j:
                ax.add_patch(_cell(i, j, mix(background, to_rgb(look.muted), 0.12)))
                continue
            value, low, high = (float(part[i, j]) for part in found.improvement)
            strength = min(abs(value - 0.5) * 1.5, 0.75)
            color = mix(background, MORE if value > 0.5 else LESS, strength)
            ax.add_patch(_cell(i, j, color))
            sure = found.p_values[i, j] < SURE
            text = f"{100 * value:.0f}"
            if math.isfinite(low) and whole:
                text += f"\n[{100 * low:.0f}, {100 * high:.0f}]"
            ax.text(
                j,
                i,
                text,
                ha="center",
                va="center",
                color=_ink(color),
                fontsize=size,
                fontweight="bold" if sure else "normal",
                linespacing=1.25,
            )
    ax.set_xlim(-0.5, count - 0.5)
    ax.set_ylim(count - 0.5, -0.5)
    ax.set_xticks(range(count), names, rotation=0 if level else 30, ha="center" if level else "left")
    ax.set_yticks(range(count), names)
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=min(size + 1, (10 if short else 8) * look.text_scale))
    ax.set_aspect("equal")
    for spine in ax.spines.values():
        spine.set_visible(False)
    words = look.say(f"row needs fewer {cost} than column, %")
    points = min(float(ax.xaxis.label.get_fontsize()), max(1.2 * size, SMALLEST))
    lines = Ruler(_dpi(ax)).wrap(words, _side(ax), points, 3)
    ax.set_xlabel("\n".join(lines), loc="center" if level else "right", fontsize=points)
    return ax


def _short(name: str) -> str:
    """Return a name of at most `LONGEST` characters: its beginning and its end, by which similar names differ.

    >>> _short("Adam lr=0.001 beta1=0.9 beta2=0.99")
    'Adam lr=0.00… beta2=0.99'
    """
    words = clean_text(name, math=False)
    half = LONGEST // 2
    return clean_text(words if len(words) <= LONGEST else f"{words[:half]}…{words[1 - half :]}")


def _size(ax: Axes, count: int, names: float) -> tuple[float, bool]:
    """Return a font size for cells, if a layout takes so many points for names, and whether intervals fit into them."""
    figure = root_figure(ax)
    assert figure is not None
    taken = 0.0 if figure.get_layout_engine() is None else names
    cell = max(_side(ax) - taken, 0.0) / count
    whole = cell > 4.5 * INTERVAL
    return float(np.clip(cell / (INTERVAL if whole else NUMBER), 3.5, 9.5 if whole else 6.5)), whole


def _side(ax: Axes) -> float:
    """Return the side of the largest square in axes, in points."""
    box = ax.get_window_extent()
    return float(72 * min(box.width, box.height) / _dpi(ax))


def _dpi(ax: Axes) -> float:
    figure = ax.figure
    assert figure is not None
    return float(figure.dpi)


def _cell(i: int, j: int, color: tuple[float, float, float]) -> Rectangle:
    return Rectangle((j - 0.48, i - 0.48), 0.96, 0.96, facecolor=color, linewidth=0)


def _ink(color: tuple[float, float, float]) -> str:
    """Return black or white, whichever is easier to read on a colour."""
    return "#000000" if float(luminance(np.array(color))) > 0.18 else "#ffffff"


@suggests_arguments
def critical_difference(
    record: Record,
    ax: Axes | None = None,
    *,
    tolerance: float | None = None,
    cost: str = "evaluations",
    theme: str | Theme = "light",
) -> Axes:
    """Draw mean ranks over functions on `ax`, with bars over optimizers that are not distinguished, and return `ax`.

    Bars join mean ranks within Nemenyi's critical difference at the level 5 % (Demšar, 2006). See
    `analysis.pairs.critical_difference`.

    Args:
        record: what `compare` returns, with at least 2 optimizers and 2 functions.
        ax: where to draw; by default matplotlib's current axes.
        tolerance: one of its tolerances; by default that for which learning rates were chosen, else the smallest.
        cost: what is counted, "evaluations" or "steps".
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for another record, one optimizer or function, or a tolerance that the record does not have.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import compare
    >>> record = compare(["beale", "booth"], ["sgd(lr=0.01)", "adam(lr=0.1)"], starts=2, steps=50)
    >>> critical_difference(record, Figure().subplots()).get_xticks().tolist()
    [1, 2]
    """
    look, found = as_theme(theme), ranked(record, tolerance, cost=cost)
    ax = current_axes(ax, look)
    count = len(found.optimizers)
    labels = [str(label) for label in record.axes["optimizer"]]
    colors = {label: style.color for label, style in zip(labels, styles(labels, look), strict=True)}
    half = (count + 1) // 2
    lowest = 1.2 + 0.35 * len(found.groups)
    words = [
        f"{clean_text(name)}  {rank:.2f}" if place < half else f"{rank:.2f}  {clean_text(name)}"
        for place, (name, rank) in enumerate(zip(found.optimizers, found.ranks.tolist(), strict=True))
    ]
    box = ax.get_window_extent()  # where the names, the axis and the difference above it must find room
    made = root_figure(ax)
    assert made is not None
    wide, high = (72 / made.dpi * length for length in (box.width, box.height))
    row = 0.8 * max(high - HEAD, 20.0) / (lowest + 0.8 * half)
    size = float(np.clip(0.8 * row, 5.0, 9 * look.text_scale))
    ruler = Ruler(72)
    rooms = [max(ruler.width(text, size) for text in side) + 8 for side in (words[:half], words[half:])]
    shrunk = min(1.0, 0.6 * wide / sum(rooms))
    size, rooms = size * shrunk, [room * shrunk for room in rooms]
    last_rank = max(float(count), 1 + found.difference)  # of few functions, the difference is longer than the axis
    points = (wide - sum(rooms)) / (1.04 * (last_rank - 1))
    for place, rank in enumerate(found.ranks.tolist()):
        left = place < half
        level = lowest + 0.8 * (place if left else count - 1 - place)
        edge = 1 - 0.02 * (count - 1) if left else count + 0.02 * (count - 1)
        ax.plot([rank, rank, edge], [0, level, level], color=colors[found.optimizers[place]], linewidth=1.4)
        ax.annotate(
            words[place],
            (edge, level),
            xytext=(-4 if left else 4, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=size,
            color=look.foreground,
        )
    for k, (first, last) in enumerate(found.groups):
        ends = found.ranks[[first, last]] + np.array([-0.02, 0.02]) * (count - 1)
        ax.plot(ends, [0.55 + 0.35 * k] * 2, color=look.foreground, linewidth=4, solid_capstyle="butt")
    unit = row / 0.8
    top = -(HEAD - 16) / unit
    ax.plot([1, 1 + found.difference], [top] * 2, color=look.foreground, linewidth=1.6, marker="|")
    ax.annotate(
        look.say("critical difference {value}", value=look.number(f"{found.difference:.2f}")),
        (1, top),
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=min(8.5 * look.text_scale, size),
        color=look.foreground,
    )
    ax.set_xlim(1 - 0.02 * (count - 1) - rooms[0] / points, last_rank + 0.02 * (count - 1) + rooms[1] / points)
    ax.set_ylim(lowest + 0.8 * (half - 0.4), -HEAD / unit)
    ax.patch.set_visible(False)
    ax.spines["top"].set_position(("data", 0))
    ax.spines["top"].set_bounds(1, count)
    ax.set_xticks(range(1, count + 1))
    ax.xaxis.tick_top()
    ax.set_yticks([])
    for side in ("left", "right", "bottom"):
        ax.spines[side].set_visible(False)
    return ax
