"""A sweep over two settings as a heat map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize, to_rgb
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.artists.localization import localize
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.plots.categories import is_categorical, name_of, set_names, write_cells
from landscapes.render.plots.inputs import current_axes, size_factor
from landscapes.render.plots.run_table import (
    FLOOR,
    MEASURES,
    REPEATS,
    SHARE,
    GridValues,
    grid_values,
    nothing_found,
)
from landscapes.render.theme import Theme, as_theme

FAR = 0.98
"""Quantile at which colours saturate, so that a few large values do not take the whole scale."""

TICKS = 7
"""The largest number of tick labels per side."""

HATCHES = {"most runs fail": "xxx", "target not reached": "///"}
"""The hatchings of cells without a value, in themes for print."""

HATCHED = 0.4
"""Opacity of the hatching."""


@suggests_arguments
def heatmap(
    record: Record,
    ax: Axes | None = None,
    *,
    measure: str = "gap",
    along: Sequence[str] | None = None,
    theme: str | Theme = "light",
) -> Axes:
    """Draw a sweep over two settings on `ax` as a heat map and return `ax`.

    The settings may be numbers, flags, names, optimizers or functions. Cells of flags and names have their values
    written into them, and "never" if the target is not reached. Over functions, a gap is the share of the initial gap
    that remains.

    A cell shows the median over starts and seeds, and the best over hyper-parameters that are not shown. Cells in which
    most runs failed are grey, cells that do not reach the target light grey. Of numbers, a ring marks the best cell;
    the title notes if it lies at the edge of the grid, beyond which there may be better settings.

    Args:
        record: a `sweep` along two settings at least; or a comparison, whose target is its last tolerance.
        ax: where to draw; by default matplotlib's current axes.
        measure: "gap", final gap to the minimum; "final" loss; "lowest" loss; "steps" to the target; "gradients",
            number of gradient evaluations; or "success", the success rate.
        along: two axes of the record, the first vertical, the second horizontal; by default the first two
            hyper-parameters, else also "function" and "optimizer".
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for a record that is not a sweep, unknown names, and quantities that the record lacks.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import sweep
    >>> grid = sweep("beale", "adam", lr=[0.01, 0.1, 1.0], beta1=[0.5, 0.9], steps=50)
    >>> ax = heatmap(grid, Figure().subplots(), measure="success", along=["beta1", "lr"])
    >>> ax.get_xlabel()
    'learning rate'
    """
    look = as_theme(theme)
    shown = grid_values(record, measure, choose_axes(record, along))
    ax = current_axes(ax, look)
    (down, rows), (right, columns) = shown.axes.items()
    named = is_categorical(rows) or is_categorical(columns)
    xs, ys = cell_edges(columns), cell_edges(rows)
    drawn = np.ma.masked_where(~np.isfinite(shown.values), shown.values)
    scale = color_scale(shown, look)
    ax.pcolormesh(
        xs,
        ys,
        drawn,
        cmap=scale.cmap,
        norm=scale.norm,  # type: ignore[arg-type]
        rasterized=True,
        shading="flat",
    )
    for where, color, words in missing_cells(shown, look):
        cells = np.ma.masked_where(~where, where.astype(float))
        ax.pcolormesh(
            xs,
            ys,
            cells,
            cmap=LinearSegmentedColormap.from_list("odd", [color] * 2),
            rasterized=True,
            shading="flat",
        )
        if look.distinct:  # the scale of values has this grey, too
            ax.pcolor(
                xs,
                ys,
                cells,
                cmap=LinearSegmentedColormap.from_list("none", [(0, 0, 0, 0)] * 2),
                hatch=HATCHES[words],
                edgecolor=(*to_rgb(look.muted), HATCHED),
                linewidth=0,
            )
    _number(ax, "x", xs, columns, look)
    _number(ax, "y", ys, rows, look)
    ax.set_xlabel(math_name(right, look))
    ax.set_ylabel(math_name(down, look))
    if named:
        zero = FLOOR if shown.measure is SHARE else 0.0
        write_cells(ax, shown.values, scale, _empty_colors(look), look, zero)
    if np.isfinite(shown.values).any() and not named:
        row, column = shown.best
        size = 8.0 * size_factor(ax)
        for width, color in ((2.6, look.star_edge), (1.2, look.star)):
            ax.plot(
                [column + 0.5],
                [row + 0.5],
                "o",
                markersize=size,
                markerfacecolor="none",
                markeredgecolor=color,
                markeredgewidth=width * size_factor(ax),
                clip_on=False,
                zorder=6,
            )
    words = ": ".join(filter(None, [look.say(shown.measure.title), "; ".join(best_texts(shown, look))]))
    ax.set_title(words, loc="left", fontsize=8 * look.text_scale, color=look.foreground)
    localize(ax, look)
    return ax


def choose_axes(record: Record, along: Sequence[str] | None, count: int = 2) -> list[str]:
    """Return the axes to show: those asked for, else the first hyper-parameters."""
    settings = [name for name in record.axes if name not in (*REPEATS, "optimizer", "function")]
    if count == 2 and len(settings) < count:
        settings = [name for name in ("function", "optimizer") if name in record.axes] + settings
        settings = settings[-2:]
    names = settings[:count] if along is None else [along] if isinstance(along, str) else list(along)
    if len(names) != count or len(set(names)) != count:
        example = f"sweep(f, 'adam', lr=[…]{', beta1=[…]' * (count > 1)})"
        chosen = "" if along is None else f"; along has {len(names)}: {', '.join(map(str, names))}"
        raise InputError(
            f"this plot needs {count} hyper-parameter{'s' * (count > 1)} of a sweep, such as {example}; "
            f"this record has {', '.join(settings) or 'none'}{chosen}"
        )
    return names


def color_scale(shown: GridValues, look: Theme) -> ScalarMappable:
    """Return the colour scale of the values."""
    finite = shown.values[np.isfinite(shown.values)]
    ramp = look.ramp[::-1] if shown.measure is MEASURES["success"] else look.ramp
    colors = LinearSegmentedColormap.from_list(look.name, list(ramp))
    if not len(finite):
        return ScalarMappable(Normalize(0, 1), colors)
    if shown.measure is MEASURES["success"]:
        return ScalarMappable(Normalize(0, 1), colors)
    low, high = float(finite.min()), float(np.quantile(finite, FAR))
    if shown.measure.log and low > 0:
        return ScalarMappable(LogNorm(low, max(high, low * 1.01)), colors)
    return ScalarMappable(Normalize(low, max(high, low + 1e-12)), colors)


def missing_cells(shown: GridValues, look: Theme) -> list[tuple[NDArray[np.bool_], Any, str]]:
    """Return the cells without a value: which, in what colour, and why."""
    never, failed = _empty_colors(look)
    kinds = [
        (np.isnan(shown.values), failed, "most runs fail"),
        (np.isposinf(shown.values), never, "target not reached"),
    ]
    return [kind for kind in kinds if kind[0].any()]


def _empty_colors(look: Theme) -> tuple[Any, Any]:
    """Return the colours of cells in which the target is not reached, and in which most runs fail.

    For print both are light, and hatched.
    """
    gray = LinearSegmentedColormap.from_list("", [look.background, look.muted])
    return (gray(0.0), gray(0.15)) if look.distinct else (gray(0.25), gray(0.6))


def missing_legend(shown: GridValues, look: Theme) -> list[Patch]:
    """Return the legend entries of cells without a value."""
    return [
        Patch(
            facecolor=color,
            edgecolor=look.muted,
            linewidth=0.6,
            label=look.say(words),
            hatch=HATCHES[words] if look.distinct else None,
        )
        for _, color, words in missing_cells(shown, look)
    ]


def best_texts(shown: GridValues, look: Theme) -> list[str]:
    """Return in words the best setting, what lies at the edge of the grid, and which settings are not shown.

    Of several functions, there is no best setting.
    """
    over = [over_text(shown.over, look)] if shown.over else []
    if len(shown.axes.get("function", ())) > 1:
        return over
    if not np.isfinite(shown.values).any():
        reached = np.isposinf(shown.values).any()
        return [look.say(nothing_found("steps" if reached else "gap"))]
    where = (", " if look.language.decimal == "." else "; ").join(
        f"{math_name(name, look)} = {_setting_text(entry, look)}"
        for (name, along), place in zip(shown.axes.items(), shown.best, strict=True)
        for entry in [along[place]]
    )
    texts = [look.say("best {value} at {setting}", value=look.number(f"{shown.values[shown.best]:.3g}"), setting=where)]
    if shown.edges:
        names = f" {look.say('and')} ".join(math_name(name, look) for name in shown.edges)
        texts.append(look.say("{names} at the edge of the grid", names=names))
    return [*texts, *over]


def over_text(names: Sequence[str], look: Theme) -> str:
    """Return in words that values are the best over settings that are not shown."""
    words = [math_name(name, look) for name in names]
    return look.say("best over {names}", names=f" {look.say('and')} ".join(words))


def _setting_text(entry: Any, look: Theme) -> str:
    return name_of(entry, look) if is_categorical([entry]) else look.number(format_setting(entry))


NAMES = {
    "lr": "learning rate", "beta1": "β₁", "beta2": "β₂", "beta3": "β₃", "eps": "ε", "rho": "ρ", "alpha": "α",
    "weight_decay": "weight decay",
}  # fmt: skip
"""The names of hyper-parameters in text."""

MATH = {
    "beta1": r"$\beta_1$", "beta2": r"$\beta_2$", "beta3": r"$\beta_3$", "eps": r"$\epsilon$", "rho": r"$\rho$",
    "alpha": r"$\alpha$",
}  # fmt: skip


def display_name(name: str) -> str:
    """Return the name of a hyper-parameter in text.

    >>> display_name("weight_decay"), display_name("warm_up.steps"), display_name("lookahead.alpha")
    ('weight decay', 'warm up: steps', 'lookahead: α')
    """
    wrapper, _, own = name.rpartition(".")
    words = NAMES.get(own, own.replace("_", " "))
    return f"{wrapper.replace('_', ' ')}: {words}" if wrapper else words


def math_name(name: str, look: Theme) -> str:
    """Return the name of a hyper-parameter for pictures, with Greek letters in mathtext."""
    wrapper, _, own = name.rpartition(".")
    words = MATH.get(own, look.say(display_name(own)))
    return f"{wrapper.replace('_', ' ')}: {words}" if wrapper else words


def format_setting(entry: Any) -> str:
    """Format a setting in few digits; values just below 1 keep their distance to 1.

    >>> tuple(map(format_setting, (0.0123456, 0.99987, 0.9, 1, 2e-05, "cosine")))
    ('0.0123', '0.99987', '0.9', '1', '2e-05', 'cosine')
    """
    if isinstance(entry, bool) or not isinstance(entry, int | float) or not math.isfinite(entry):
        return str(entry)
    for digits in range(3, 12):
        word = f"{entry:.{digits}g}"
        if not 0.5 < entry < 1 or abs(float(word) - entry) <= 0.02 * (1 - entry):
            break
    return word


def cell_edges(along: Sequence[Any]) -> NDArray[np.float64]:
    """Return the cell borders, one unit apart."""
    return np.arange(len(along) + 1, dtype=float)


def even_in_logs(values: Sequence[Any]) -> bool:
    """Return whether values are spread more evenly on a log scale than on a linear one."""
    try:
        numbers = np.array(values, float)
    except (TypeError, ValueError):
        return False
    if len(numbers) < 3 or not (numbers > 0).all():
        return False
    plain, logs = np.diff(numbers), np.diff(np.log(numbers))
    return bool(np.ptp(logs) / abs(logs.mean()) < np.ptp(plain) / abs(plain.mean()))


def _number(ax: Axes, which: str, ends: NDArray[np.float64], along: Sequence[Any], look: Theme) -> None:
    """Label a few cells with their values; values that are even on a log scale get ticks at powers of ten."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    ax.set(**{f"{which}lim": (ends[0], ends[-1])})
    if is_categorical(along):
        if which == "y":
            ax.set_ylim(ends[-1], ends[0])  # names are read from the top
        axis.set_minor_locator(NullLocator())
        set_names(axis, along, look)
        return
    page = root_figure(ax)
    inches = ax.bbox.width / page.dpi if which == "x" and page is not None else float(TICKS)
    most = max(2, min(TICKS, round(1.6 * inches)))
    ticks = tick_places(along, most)
    axis.set_major_locator(FixedLocator([place for place, _ in ticks]))
    axis.set_minor_locator(NullLocator())
    axis.set_ticklabels([look.number(label) for _, label in ticks])


def tick_places(along: Sequence[Any], most: int) -> list[tuple[float, str]]:
    """Return places and labels of at most so many cells, one unit wide; powers of ten for values even on a log scale.

    >>> tick_places([0.5, 0.9, 0.99], 2)
    [(0.5, '0.5'), (2.5, '0.99')]
    """
    ticks = _decades(along, most)
    if len(ticks) < 2:
        stride = max(1, -(-len(along) // most))
        ticks = [(place + 0.5, format_setting(along[place])) for place in range(0, len(along), stride)]
    return ticks


def _decades(along: Sequence[Any], most: int) -> list[tuple[float, str]]:
    """Return places and labels of at most so many powers of ten, else of 1, 2 and 5 times them; none for other values.

    >>> [(round(place, 2), label) for place, label in _decades([4e-4, 2e-3, 1.1e-2, 5.7e-2, 0.3], 7)]
    [(1.07, '$10^{-3}$'), (2.44, '$10^{-2}$'), (3.84, '$10^{-1}$')]
    >>> _decades([0.001, 0.003, 0.01, 0.03], 7)
    []
    """
    if not even_in_logs(along) or (len(along) <= most and all(float(f"{value:.1g}") == value for value in along)):
        return []
    logs = np.log10(np.array(along, float))
    cells, low, high = np.arange(len(logs)) + 0.5, float(logs.min()), float(logs.max())
    order = np.argsort(logs)
    powers = np.arange(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    if len(powers) >= 2:
        powers = powers[:: max(1, -(-len(powers) // most))]
        labels = [rf"$10^{{{power}}}$" for power in powers]
        marks = powers.astype(float)
    else:
        steps = np.outer(10.0 ** np.arange(math.floor(low), math.ceil(high) + 1), [1, 2, 5]).ravel()
        marks = np.log10(steps)
        inside = (marks >= low - 1e-9) & (marks <= high + 1e-9)
        marks, labels = marks[inside], [f"{step:g}" for step in steps[inside]]
    return list(zip(np.interp(marks, logs[order], cells[order]).tolist(), labels, strict=True))
