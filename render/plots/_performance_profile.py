"""Performance profiles, data profiles, and the share of targets reached against evaluations."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from landscapes.analysis.bands import KINDS, axis
from landscapes.analysis.bands import bands as bands_of
from landscapes.analysis.costs import check_one_lr, costs, judged_tolerance
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record
from landscapes.render.artists.localization import localize
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.artists.text_fit import Ruler
from landscapes.render.artists.trails import set_legend_style
from landscapes.render.plots.inputs import current_axes, plain_log_ticks, size_factor
from landscapes.render.theme import Theme, as_theme, styles

POINTS = 400
"""The number of points at which a profile is evaluated."""

MOST_BANDS = 6
"""With more optimizers, bands are not drawn unless asked for: they would hide each other."""

BAND = 0.13
"""The opacity of a band."""

LABELS = {
    ("performance", "evaluations"): "evaluations relative to the best optimizer",
    ("performance", "steps"): "steps relative to the best optimizer",
    ("ecdf", "evaluations"): "evaluations per coordinate",
    ("ecdf", "steps"): "steps per coordinate",
    ("data", "evaluations"): "evaluations, in simplex gradients",
}
"""The label of the axis of costs, by kind and cost."""

RISE = 1.04
"""The top of the axes, above 1 so that lines at 1 are visible."""


@suggests_arguments
def performance_profile(
    record: Record,
    ax: Axes | None = None,
    *,
    kind: str = "performance",
    tolerance: float | None = None,
    cost: str = "evaluations",
    bands: bool | None = None,
    theme: str | Theme = "light",
) -> Axes:
    """Draw how optimizers compare over many problems on `ax` and return `ax`; higher is better.

    Args:
        record: what `compare` returns.
        ax: where to draw; by default matplotlib's current axes.
        kind: "performance" for the share of problems solved within a factor of the fewest evaluations (Dolan & Moré,
            2002); "ecdf" for the share of problems and targets reached within a number of evaluations per coordinate
            (Hansen et al., 2021); "data" for the share of problems solved within a number of simplex gradients (Moré &
            Wild, 2009).
        tolerance: the share of the initial gap that may remain, for "performance" and "data"; by default that for which
            learning rates were chosen, else the smallest.
        cost: what is counted, "evaluations" or "steps"; "data" counts evaluations alone.
        bands: whether to draw 95 % bands (see `analysis.bands`); by default for at most 6 optimizers, where intervals
            are known.
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for another record, learning rates of which none is chosen, an unknown kind or cost, a tolerance
            that the record does not have.

    >>> from matplotlib.figure import Figure
    >>> from landscapes import compare
    >>> record = compare(["beale", "booth"], ["sgd(lr=0.01)", "adam(lr=0.1)"], starts=2, steps=50)
    >>> performance_profile(record, Figure().subplots(), kind="ecdf").get_xlabel()
    'evaluations per coordinate'
    """
    if not isinstance(record, Record) or record.meta.get("experiment") != "compare":
        raise InputError("expected a comparison, as returned by compare(functions, optimizers)")
    if kind not in KINDS:
        raise unknown("kind of profile", kind, KINDS)
    if kind == "data" and cost != "evaluations":
        raise InputError(
            "a data profile counts simplex gradients, which are evaluations; for steps, give kind='performance' or "
            "kind='ecdf'"
        )
    check_one_lr(record)
    look = as_theme(theme)
    found = costs(record, cost)
    tolerance = found.tolerances[
        _place(found.tolerances, judged_tolerance(record.meta) if tolerance is None else tolerance)
    ]
    ax = current_axes(ax, look)
    drawn = bands_of(record, kind, tolerance, x=axis(found, kind, tolerance, POINTS), cost=cost)
    x, (y, low, high) = drawn.x, drawn.shares
    ax.set_xlabel(look.say(LABELS[kind, cost]))
    labels = [str(label) for label in record.axes["optimizer"]]
    band = BAND * min(1.0, 3 / max(len(labels), 1))  # several bands mix to grey
    shaded = (len(labels) <= MOST_BANDS if bands is None else bands) and bool(np.isfinite(low).all())
    for i, (label, style) in enumerate(zip(labels, styles(labels, look), strict=True)):
        (line,) = ax.plot(
            x, y[i], drawstyle="steps-post", color=style.color, linewidth=1.9 * size_factor(ax), label=label, zorder=4
        )
        if shaded:
            ax.fill_between(x, low[i], high[i], step="post", color=style.color, alpha=band, linewidth=0, zorder=2)
        set_legend_style(line, style)
        line.set_markevery(POINTS // 8)
    ax.set_xscale("log")
    plain_log_ticks(ax, float(np.log10(x[-1] / x[0])))
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(0, RISE)
    words = "share of targets reached" if kind == "ecdf" else "share of problems solved"
    ax.set_ylabel(look.say(words))
    _wrap_labels(ax)
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    localize(ax, look)
    return ax


def _wrap_labels(ax: Axes) -> None:
    """Break labels that are longer than their axes, which a layout makes shorter by ticks and labels.

    matplotlib's own wrapping is of no use here: layouts of matplotlib 3.9 place a label before it is wrapped.
    """
    figure, box = root_figure(ax), ax.get_window_extent()
    dpi = 72.0 if figure is None else float(figure.dpi)
    for side, length, less in ((ax.xaxis, box.width, 3.5), (ax.yaxis, box.height, 2.0)):
        size = float(side.label.get_fontsize())
        lines = Ruler(dpi).wrap(side.label.get_text(), max(72 * length / dpi - less * size, 6 * size), size, 4)
        side.set_label_text("\n".join(lines))


def _place(tolerances: list[float], tolerance: float) -> int:
    near = [place for place, share in enumerate(tolerances) if np.isclose(share, tolerance, rtol=1e-6)]
    if not near:
        raise InputError(
            f"the comparison has no tolerance {tolerance!r}; it has {', '.join(f'{share:g}' for share in tolerances)}"
        )
    return near[0]
