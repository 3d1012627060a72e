"""The figure of what helps a failing run: shares of cured seeds with their intervals, beside the losses."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from landscapes.diagnosis import Prescription, Trial
from landscapes.diagnosis._phases import Phase
from landscapes.errors import InputError, suggests_arguments
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.figures.layout import LEAST, Sheet, fit_scale
from landscapes.render.figures.size import DPI, FIGSIZE, check_figsize, new_figure
from landscapes.render.plots.inputs import size_factor
from landscapes.render.plots.phase_curves import phase_color
from landscapes.render.theme import Theme, as_theme, with_letters

EDGE = 12.0
"""Margins in points."""

DEPTH = 1e-12
"""Losses span at most this ratio on a logarithmic axis."""

MOST = 20
"""The largest number of runs per change whose losses are drawn."""


@suggests_arguments
def prescription(
    found: Prescription,
    *,
    theme: str | Theme = "light",
    figsize: tuple[float, float] = FIGSIZE,
    dpi: float = DPI,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
) -> Figure:
    """Return a figure of what `prescribe` found; pyplot does not know it.

    At the left, each change has its share of cured seeds with the 95 % interval: green if it cures all, red if none. At
    the right are the losses of seeds that fail: without changes in red, and with the best change in green.

    Args:
        found: what `landscapes.prescribe` returns.
        theme: colours, by name or as a `Theme`.
        figsize: width and height in inches.
        dpi: dots per inch.
        text_scale, lang, words: as in `render.figure`. Names of changes are English.

    Raises:
        InputError: for another object, an unknown theme, and a size out of bounds.

    >>> from landscapes import prescribe
    >>> found = prescribe("booth", "sgd(lr=0.2)", changes=["lower lr"], seeds=3, steps=50)
    >>> len(prescription(found).axes)
    2
    """
    if not isinstance(found, Prescription):
        raise InputError(f"expected a Prescription, as returned by prescribe(), got {found!r:.80}")
    size = check_figsize(figsize, dpi)
    names = [found.title, *(trial.name for trial in (*found.trials, found.unchanged))]
    look = fit_scale(with_letters(as_theme(theme, text_scale, words, lang=lang), names), size)
    with look.context():
        page = Sheet.of(new_figure(figsize, dpi), look)
        _draw(page, found)
    return page.figure


def _color(kind: str, look: Theme) -> tuple[float, float, float]:
    return phase_color(Phase(kind, 0, 0, "verdict"), look)


GOOD, BAD = "converged", "diverged"
"""Kinds whose colours stand for cured and failing runs."""


def _draw(page: Sheet, found: Prescription) -> None:
    look, scale = page.look, page.scale
    size = max(13 * scale, LEAST)
    kind = look.say(found.verdict.kind)
    heading, size = page.ruler.fit(
        clean_text(f"{found.title}: {kind}", math=False), page.wide - 2 * EDGE, size, LEAST, "bold"
    )
    top = page.high - 8 - 12 * scale
    page.write(EDGE, top, heading, size, fontweight="bold", parse_math=False)
    top -= 26 * scale
    bottom = 10 + 30 * scale
    high = max(top - bottom, 20.0)
    trials = found.trials
    font = max(min(10 * scale, high / max(len(trials), 1) / 1.25), LEAST)
    names = max((page.ruler.width(trial.name, font) for trial in trials), default=0.0)
    counts = page.ruler.width("00/00", font) + 8
    wide = (page.wide - 2 * EDGE - names - counts - 60 * scale) / 2
    left = EDGE + names + 8
    shares = page.axes((left, bottom, wide, high))
    _shares(shares, trials, font, look)
    losses = page.axes((left + wide + counts + 52 * scale, bottom, wide - 12, high))
    _losses(losses, found, look)
    for ax in (shares, losses):
        page.fit_labels(ax)
        page.fit_ticks(ax)
    shown = [(look.say("unchanged"), _color(BAD, look))]
    if found.best is not None:
        shown.append((found.best.name, _color(GOOD, look)))
    font = max(10 * scale, LEAST)
    x = page.wide - EDGE
    for text, color in reversed(shown):
        x -= page.ruler.width(text, font, "bold")
        page.write(x, top + 6, text, font, fontweight="bold", color=color, parse_math=False)
        x -= 12


def _shares(ax: Axes, trials: tuple[Trial, ...], font: float, look: Theme) -> None:
    """Draw the share of cured seeds of each change, with its interval."""
    ax.set_xlim(-0.03, 1.03)
    ax.set_ylim(max(len(trials), 1) - 0.5, -0.5)
    ax.set_yticks(range(len(trials)), [trial.name for trial in trials], fontsize=font, parse_math=False)
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_xticks([0, 0.5, 1])
    ax.grid(True, axis="x", color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel(look.say("share of cured seeds"))
    factor = size_factor(ax)
    for place, trial in enumerate(trials):
        low, high = trial.interval
        share = trial.share if trial.total else 0.0
        color = _color(GOOD if share == 1 else BAD if share == 0 else "unclear", look)
        ax.plot([low, high], [place, place], color=color, linewidth=2.4 * factor, alpha=0.55, solid_capstyle="round")
        marker = "o" if share else "x"
        ax.plot([share], [place], marker, color=color, markersize=7 * factor, markeredgewidth=2 * factor, clip_on=False)
        ax.annotate(
            f"{trial.count}/{trial.total}",
            (1.03, place),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=font,
            color=look.foreground,
            annotation_clip=False,
        )


def _losses(ax: Axes, found: Prescription, look: Theme) -> None:
    """Draw the losses without changes, and those of the best change."""
    groups = [(found.unchanged, _color(BAD, look))]
    if found.best is not None:
        groups.append((found.best, _color(GOOD, look)))
    failing = [i for i, cured in enumerate(found.unchanged.cured) if cured is not None]
    shown = (failing or range(len(found.unchanged.losses)))[:MOST]
    curves = [(trial.losses[i], color) for trial, color in groups for i in shown]
    values = np.concatenate([run for run, _ in curves])
    values = values[np.isfinite(values)]
    first = np.array([run[0] for run in found.unchanged.losses if math.isfinite(run[0])])
    high = float(values.max(initial=1.0))
    if len(first):  # explosions are cut off
        high = min(high, 30 * float(np.abs(first).max()) + float(np.ptp(first)))
    positive = values[(values > 0) & (values <= high)]
    if len(positive) and (values > 0).all() and positive.max() > 30 * positive.min():
        ax.set_yscale("log")
        low = max(float(positive.min()), DEPTH * high)
        ax.set_ylim(low / 1.5, 1.5 * high)
    else:
        low = float(values.min(initial=0.0))
        pad = 0.05 * max(high - low, 1e-12 * abs(high), 1e-300)
        ax.set_ylim(low - pad, high + pad)
    factor = size_factor(ax)
    for run, color in curves:
        ax.plot(np.arange(len(run)), run, color=color, linewidth=1.3 * factor, alpha=0.6)
    ax.set_xlim(0, max(len(run) for run, _ in curves) - 1 or 1)
    ax.locator_params(axis="x", integer=True)
    ax.grid(True, color=look.muted, alpha=0.2, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel(look.say("step"))
    ax.set_ylabel(look.say("loss"))
