"""Performance profiles, data profiles, and the share of targets reached against evaluations."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from landscapes.analysis import profiles
from landscapes.analysis.costs import check_one_lr, judged_tolerance
from landscapes.analysis.costs import costs as costs_of
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record
from landscapes.render.artists.localization import localize
from landscapes.render.artists.trails import set_legend_style
from landscapes.render.plots.inputs import current_axes, plain_log_ticks, size_factor
from landscapes.render.theme import Theme, as_theme, styles

KINDS = ("performance", "ecdf", "data")

POINTS = 400
"""The number of points at which a profile is evaluated."""

RISE = 1.04
"""The top of the axes, above 1 so that lines at 1 are visible."""


@suggests_arguments
def performance_profile(
    record: Record,
    ax: Axes | None = None,
    *,
    kind: str = "performance",
    tolerance: float | None = None,
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
        theme: colours, by name or as a `Theme`.

    Raises:
        InputError: for another record, learning rates of which none is chosen, an unknown kind, a tolerance that the
        record does not have.

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
    check_one_lr(record)
    look = as_theme(theme)
    costs, dims, tolerances = problems(record)
    place = _place(tolerances, judged_tolerance(record.meta) if tolerance is None else tolerance)
    ax = current_axes(ax)
    if kind == "performance":
        ratios = profiles.ratios(costs[..., place])
        x = _spaced(1.0, float(np.max(ratios[np.isfinite(ratios)], initial=2.0)))
        y = profiles.performance_profile(costs[..., place], x)
        ax.set_xlabel(look.say("evaluations relative to the best optimizer"))
    else:
        scale = dims[:, None, None] + (kind == "data")
        each = costs / scale
        finite = each[np.isfinite(each)]
        x = _spaced(max(1.0, float(finite.min())) if len(finite) else 1.0, float(np.max(finite, initial=2.0)))
        y = profiles.ecdf(costs, dims, x) if kind == "ecdf" else profiles.data_profile(costs[..., place], dims, x)
        words = "evaluations per coordinate" if kind == "ecdf" else "evaluations, in simplex gradients"
        ax.set_xlabel(look.say(words))
    labels = [str(label) for label in record.axes["optimizer"]]
    for label, style, row in zip(labels, styles(labels, look), y, strict=True):
        (line,) = ax.plot(
            x, row, drawstyle="steps-post", color=style.color, linewidth=1.9 * size_factor(ax), label=label, zorder=4
        )
        set_legend_style(line, style)
        line.set_markevery(POINTS // 8)
    ax.set_xscale("log")
    plain_log_ticks(ax, float(np.log10(x[-1] / x[0])))
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(0, RISE)
    words = "share of problems and targets reached" if kind == "ecdf" else "share of problems solved"
    ax.set_ylabel(look.say(words))
    for name in (ax.xaxis.label, ax.yaxis.label):
        name.set_wrap(True)  # long labels of small axes would run off the page
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    localize(ax, look)
    return ax


def problems(record: Record) -> tuple[NDArray[np.float64], NDArray[np.int64], list[float]]:
    """Return the evaluations to each target, shape (P, S, K), inf for never; dimensions (P,); targets (K)."""
    found = costs_of(record)
    return found.values, found.dims, found.tolerances


def _place(tolerances: list[float], tolerance: float) -> int:
    near = [place for place, share in enumerate(tolerances) if np.isclose(share, tolerance, rtol=1e-6)]
    if not near:
        raise InputError(
            f"the comparison has no tolerance {tolerance!r}; it has {', '.join(f'{share:g}' for share in tolerances)}"
        )
    return near[0]


def _spaced(low: float, high: float) -> NDArray[np.float64]:
    return np.geomspace(low, max(high, low * 1.01) * 1.05, POINTS)
