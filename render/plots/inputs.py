"""What every plot checks and prepares: axes, the step to show, sizes of marks, finite points, notes on empty axes."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LogNorm
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import Record, Surface, optimizer_labels
from landscapes.render.artists.animated import set_step
from landscapes.render.artists.legend import StepCounter
from landscapes.render.artists.legible import keep_legible
from landscapes.render.artists.older_matplotlib import root_figure
from landscapes.render.theme import Theme
from landscapes.views import extent

MARGIN = "_margin"
"""The label of texts that stand beside axes on purpose."""


def current_axes(ax: Axes | None, look: Theme) -> Axes:
    """Return the given axes, else matplotlib's current ones, with texts that are legible on their ground."""
    if ax is None:
        from matplotlib import pyplot  # only here: it chooses a backend

        ax = pyplot.gca()
    elif not isinstance(ax, Axes) or ax.name != "rectilinear":
        kind = f"{ax.name} axes" if isinstance(ax, Axes) else repr(ax)
        raise InputError(f"this plot needs rectilinear axes, got {kind}")
    keep_legible(ax, look)
    return ax


def check_step(record: Record, step: int | None) -> int:
    """Return the step to show, by default the last. Raise `InputError` for another object or a step out of range."""
    if not isinstance(record, Record):
        raise InputError(f"expected a Record, as returned by race(), got {record!r:.80}")
    last = int(record.trajectories.step[-1])
    if step is None:
        return last
    if isinstance(step, bool) or not isinstance(step, int | np.integer) or not 0 <= step <= last:
        raise InputError(f"step must be an integer from 0 to {last}, got {step!r}")
    return int(step)


def labels_of(record: Record) -> list[str]:
    """Return the labels of the optimizers of the runs."""
    if not isinstance(record, Record):
        raise InputError(f"expected a Record, as returned by race(), got {record!r:.80}")
    return optimizer_labels(record) if "label" in record.trajectories.runs else []


def show_step(ax: Axes, record: Record, step: int | None) -> None:
    """Set all parts of a picture to one step: the figure if it has a step counter, else the axes.

    By default, that is the step that the counter shows; without a counter, the last step of the record.
    """
    page = root_figure(ax)
    counters = [] if page is None else [part for part in page.get_children() if isinstance(part, StepCounter)]
    if page is not None and counters:
        set_step(page, counters[0].step if step is None else int(step))
    else:
        set_step(ax, int(record.trajectories.step[-1]) if step is None else int(step))


NOTHING = "no value of the surface is finite"
"""The note on axes whose surface cannot be drawn."""


def write_note(ax: Axes, words: str, look: Theme) -> None:
    """Write in the middle of axes why they are empty."""
    write = getattr(ax, "text2D", ax.text)
    write(
        0.5,
        0.5,
        look.say(words),
        transform=ax.transAxes,
        ha="center",
        va="center",
        wrap=True,
        fontsize=9 * look.text_scale,
        color=look.foreground,
        zorder=8,
        label="_note",
        parse_math=False,
    )


def surface_of(record: Record | Surface) -> Surface:
    """Return the surface of a record, or the surface itself. Raise `InputError` if there is none."""
    if isinstance(record, Record):
        if record.surface is None:
            raise InputError("this record has no surface: only races in two dimensions have one")
        return record.surface
    if not isinstance(record, Surface):
        raise InputError(f"expected a Record with a surface, or a Surface, got {record!r:.80}")
    return record


def has_plot(record: Record) -> bool:
    """Return whether a race has a plot of its trajectories: on a surface, a graph or, without either, a plane."""
    if record.surface is not None or record.curve is not None:
        return True
    return record.trajectories.x.shape[-1] == 2 and extent(record.trajectories) is not None


def size_factor(ax: Axes) -> float:
    """Return the factor for line widths and marker sizes: 1 on large axes, down to 0.45 on small ones."""
    figure = root_figure(ax)
    extent = ax.get_window_extent()
    side = min(extent.width, extent.height) * 72 / (72.0 if figure is None else figure.dpi)
    return float(np.clip(side / 300, 0.45, 1.0))


def plain_log_ticks(ax: Axes, decades: float) -> None:
    """Label a logarithmic x axis that spans some decades with plain numbers: 0.5, 1, 2, 5, 10."""
    subs = (1.0,) if decades > 3 else (1.0, 2.0, 5.0) if decades > 1.3 else (1.0, 2.0, 3.0, 5.0)
    ax.xaxis.set_major_locator(LogLocator(subs=subs))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())


def plain_bar_ticks(bar: Colorbar, theme: Theme) -> None:
    """Label a logarithmic colour bar of about a decade with plain numbers: 27, 28, …, and not 2.7 × 10¹."""
    norm = bar.norm
    if isinstance(norm, LogNorm) and norm.vmin is not None and norm.vmax is not None and norm.vmax < 20 * norm.vmin:
        ticks = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(norm.vmin, norm.vmax)
        shown = [float(tick) for tick in ticks if norm.vmin <= tick <= norm.vmax]
        bar.minorticks_off()
        bar.set_ticks(shown, labels=[theme.number(f"{tick:.6g}") for tick in shown])


HUGE, TINY = 1e290, 1e-280
"""Linear axes of matplotlib hold no larger values, and no range that is smaller."""


class FiniteLogLocator(LogLocator):
    """Ticks at powers of ten up to the largest number; matplotlib's overflow in the power beyond."""

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        with np.errstate(over="ignore"):
            ticks = np.asarray(super().tick_values(vmin, vmax))
        return list(map(float, ticks[np.isfinite(ticks)]))


def set_limits(ax: Axes, low: float, high: float) -> None:
    """Set the limits of a y axis; a linear one becomes logarithmic (away from zero) for huge and for tiny values."""
    largest, limit = max(abs(low), abs(high)), float(np.finfo(np.float64).max)
    if ax.get_yscale() == "linear":
        if (largest > HUGE and low > -0.1 * high) or (0 < high < TINY and -low < TINY):  # a margin below values > 0
            ax.set_yscale("log")
            low = max(low, 1e-6 * min(high, limit))
        elif largest > HUGE:
            ax.set_yscale("symlog", linthresh=1e-6 * min(largest, limit))
    if ax.get_yscale() == "log" and largest > HUGE:
        ax.yaxis.set_major_locator(FiniteLogLocator())
        ax.yaxis.set_minor_locator(NullLocator())
    ax.set_ylim(max(low, -limit), min(high, limit))


def moderate(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values whose products and sums neither overflow nor vanish: times a power of two, if need be.

    >>> bool(moderate(np.array([3.0, 1e308])).max() < 2), moderate(np.array([3.0, 4.0])).tolist()
    (True, [3.0, 4.0])
    """
    largest = float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
    if largest == 0 or 1e-60 < largest < 1e60:
        return values
    return np.asarray(np.ldexp(values, -math.frexp(largest)[1]))


def filled_forward(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points (R, T, d), with those that are not finite replaced by the last finite point before them."""
    finite = np.isfinite(x).all(2)
    if finite.all():
        return x
    last = np.maximum.accumulate(np.where(finite, np.arange(x.shape[1]), 0), axis=1)
    return np.take_along_axis(x, last[..., None], axis=1)
