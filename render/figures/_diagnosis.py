"""The figure of a diagnosis: curves of a run with its phases in colour, below the verdict in words."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from landscapes.diagnosis import LogFile, Verdict
from landscapes.diagnosis._decide import decide
from landscapes.diagnosis._diagnose import read_logs
from landscapes.diagnosis._log import Log
from landscapes.diagnosis._phases import Phase, phases_of
from landscapes.diagnosis._reading import Hessian
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record
from landscapes.render.artists.text_fit import CUT, clean_text
from landscapes.render.figures.layout import LEAST, Sheet, fit_scale
from landscapes.render.figures.size import DPI, FIGSIZE, check_figsize, new_figure
from landscapes.render.plots.phase_curves import phase_color, phase_curve
from landscapes.render.theme import Theme, as_theme, with_letters

MOST = 24
"""The largest number of runs in a figure."""

EDGE = 10.0
"""Margins of the figure in points."""

LEAST_PANEL = 34.0
"""The least height of a panel in points; quantities that would have less are left out."""

ROUNDED = 1e-4
"""Quantities that vary by this share of their size or less do not vary."""

CURVES = 0.3
"""The share of the height that is left for the curves of one run."""

Run = tuple[Log, Verdict]


@suggests_arguments
def diagnosis(
    x: Record | LogFile | str | os.PathLike[str] | ArrayLike,
    *,
    step: ArrayLike | None = None,
    gradient_norm: ArrayLike | None = None,
    step_length: ArrayLike | None = None,
    lr: ArrayLike | None = None,
    clip_norm: float | None = None,
    hessian: Hessian | None = None,
    point: ArrayLike | None = None,
    run: int | str | None = None,
    theme: str | Theme = "light",
    figsize: tuple[float, float] = FIGSIZE,
    dpi: float = DPI,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
) -> Figure:
    """Return a figure that shows why runs ended as they did: the verdict in words, and its steps on the curves.

    One run has its loss, and below it gradient norm, step length and learning rate where they are known and vary.
    Phases are coloured and named: red for a failure, green for a healthy end, blue before and after. Several runs have
    a panel each with their losses; of more than 24, failed ones come first, and the rest is counted. pyplot does not
    know the figure.

    Args:
        x, step, gradient_norm, step_length, lr, clip_norm, hessian, point: as in `landscapes.diagnose`.
        run: the index or the label of the run to show; by default all.
        theme: colours, by name or as a `Theme`.
        figsize: width and height in inches.
        dpi: dots per inch.
        text_scale, lang, words: as in `render.figure`. The finding and what usually helps are English sentences; they
            are left out where the kind is translated.

    Raises:
        InputError: as `landscapes.diagnose`; also for an unknown run or theme, and a size out of bounds.

    >>> import numpy as np
    >>> made = diagnosis(0.9 ** np.arange(200))
    >>> made.axes[0].get_yscale(), made.texts[0].get_text()
    ('log', 'converged, probability 80%')
    """
    size = check_figsize(figsize, dpi)
    look = as_theme(theme, text_scale, words, lang=lang)
    logs = read_logs(x, step, gradient_norm, step_length, lr, clip_norm, hessian, point)
    if not logs:
        raise InputError("there are no runs to diagnose: the losses have no row")
    chosen = logs if run is None else [logs[_place(run, [label for label, _ in logs])]]
    runs = [(log, decide(log, label)) for label, log in chosen]
    look = fit_scale(with_letters(look, [label or "" for label, _ in chosen]), size)
    while True:
        with look.context():
            page = Sheet.of(new_figure(figsize, dpi), look)
            if len(runs) == 1:
                _one(page, *runs[0])
            else:
                _several(page, runs)
        flat = len(runs) == 1 and page.figure.axes[0].bbox.height < CURVES * page.figure.bbox.height
        if look.text_scale <= 1 or not flat:
            return page.figure
        look = look | {"text_scale": max(look.text_scale - 0.15, 1.0)}


def _place(run: int | str, labels: Sequence[str]) -> int:
    """Return the index of a run."""
    if isinstance(run, str):
        if run not in labels:
            raise unknown("run", run, [label for label in labels if label])
        return labels.index(run)
    if isinstance(run, bool) or not isinstance(run, int | np.integer) or not -len(labels) <= run < len(labels):
        raise InputError(f"run must be a label, or an index from 0 to {len(labels) - 1}, got {run!r:.80}")
    return int(run)


def _one(page: Sheet, log: Log, verdict: Verdict) -> None:
    """Draw the verdict on one run above its curves."""
    look, scale = page.look, page.scale
    phases = phases_of(log, verdict)
    top = _heading(page, verdict)
    names = 14 * scale
    curves = {"loss": log.loss}
    for name, values in (
        ("gradient norm", log.gradient_norm),
        ("step length", log.step_length),
        ("learning rate", log.lr),
    ):
        if values is not None and np.ptp(values) > ROUNDED * np.abs(values).max():
            curves[name] = values
    bottom = 8 + 30 * scale
    gap = 7 + 3 * scale
    least = max(LEAST_PANEL, 3.2 * 10 * scale)
    while len(curves) > 1 and (top - names - bottom) / (len(curves) + 0.6) - gap < least:
        curves.popitem()
    unit = (top - names - 4 - bottom - gap * (len(curves) - 1)) / (len(curves) + 0.6)
    left, axes, y = EDGE + 48 * scale, [], top - names - 4
    for name, values in curves.items():
        high = max(unit * (1.6 if name == "loss" else 1.0), 8.0)
        ax = page.axes((left, y - high, page.wide - left - EDGE - 8, high))
        phase_curve(ax, log.step, values, phases, name, look, log.infinite if name == "loss" else None)
        axes.append(ax)
        y -= high + gap
    axes[-1].set_xlabel(look.say("step"))
    for ax in axes[:-1]:
        ax.tick_params(labelbottom=False)
    _fit(page, axes, left)
    _names(page, axes[0], phases)


def _heading(page: Sheet, verdict: Verdict) -> float:
    """Write the verdict in words, and return the height that is left for the curves."""
    look, scale = page.look, page.scale
    wide, y = page.wide - 2 * EDGE, page.high - 8 - 12 * scale
    sign = r"\%" if mpl.rcParams["text.usetex"] else "%"
    title = look.say(
        "{kind}, probability {share}", kind=look.say(verdict.kind), share=f"{100 * verdict.confidence:.0f}{sign}"
    )
    if verdict.kind == "unclear":
        title = look.say(verdict.kind)
    title = f"{verdict.label}: {title}" if verdict.label else title
    line, size = page.ruler.fit(clean_text(title, math=False), wide, 13 * scale, max(8 * scale, LEAST), "bold")
    color = phase_color(Phase(verdict.kind, 0, 0, "verdict"), look)
    page.write(EDGE, y, line, size, fontweight="bold", color=color, parse_math=False)
    texts = [verdict.summary]
    if verdict.remedy:
        texts.append(f"usually helps: {verdict.remedy}")
    if look.say(verdict.kind) != verdict.kind:  # sentences are English
        texts = []
    y -= 3 * scale
    room = y - 20 - 44 * scale - CURVES * page.high
    for part in (1.0, 0.85, 0.7, 0.55):
        size = max(9.5 * scale * part, LEAST)
        parts = [page.ruler.wrap(clean_text(text, math=False, most=600), wide, size, 3) for text in texts]
        lines = [line for found in parts for line in found]
        if 1.37 * size * len(lines) <= room and not any(line.endswith(CUT) for line in lines):
            break
    for line in lines[: max(int(room / (1.37 * size)), 0)]:
        y -= 1.37 * size
        page.write(EDGE, y, line, size, parse_math=False)
    return y - 8 * scale


def _names(page: Sheet, ax: Axes, phases: Sequence[Phase], size: float = 9.0) -> None:
    """Write the names of phases above axes, each over its phase as far as all fit; else that of the verdict alone."""
    look, gap = page.look, 8.0
    box = ax.get_position()
    left, wide, y = box.x0 * page.wide, box.width * page.wide, box.y1 * page.high + 4
    size = max(size * page.scale, LEAST)
    phases = [phase for phase in phases if phase.name]
    names = [_name(phase, look) for phase in phases]
    widths = [page.ruler.width(name, size, "bold") for name in names]
    while size > LEAST and sum(widths) + gap * (len(names) - 1) > wide:
        size = max(size - 0.5, LEAST)
        widths = [page.ruler.width(name, size, "bold") for name in names]
    if sum(widths) + gap * (len(names) - 1) > wide:
        phases = [phase for phase in phases if phase.part == "verdict"]
        names = [page.ruler.shorten(_name(phase, look), wide, size, "bold") for phase in phases]
        widths = [page.ruler.width(name, size, "bold") for name in names]
    low, high = ax.get_xlim()
    places: list[float] = []
    begin = 0.0
    for phase, width in zip(phases, widths, strict=True):
        middle = ((phase.start + phase.stop) / 2 - low) / (high - low) * wide
        places.append(max(begin, middle - width / 2))
        begin = places[-1] + width + gap
    end = wide
    for i in reversed(range(len(places))):
        places[i] = min(places[i], end - widths[i])
        end = places[i] - gap
    for phase, name, place in zip(phases, names, places, strict=True):
        page.write(left + place, y, name, size, fontweight="bold", color=phase_color(phase, look), parse_math=False)


def _name(phase: Phase, look: Theme) -> str:
    """Return the name of a phase; that of the verdict with its steps."""
    name = look.say(phase.name)
    if phase.part != "verdict":
        return name
    return f"{name} {phase.start:.0f}\N{EN DASH}{phase.stop:.0f}"


def _several(page: Sheet, runs: Sequence[Run]) -> None:
    """Draw the losses of several runs, a panel each."""
    look, scale = page.look, page.scale
    order = sorted(runs, key=lambda one: one[1].healthy is not False) if len(runs) > MOST else list(runs)
    shown = order[:MOST]
    across = max(1, math.ceil(math.sqrt(len(shown) * page.wide / page.high / 2)))
    down = -(-len(shown) // across)
    head, foot = 8 + 15 * scale, 8 + 13 * scale
    rest = 14 * scale if len(runs) > len(shown) else 0.0
    wide = (page.wide - EDGE) / across
    high = (page.high - 6 - 18 * scale - rest) / down
    tall = max(high - head - foot, 8.0)
    corners = [
        (EDGE + place % across * wide, page.high - 6 - (place // across + 1) * high + foot)
        for place in range(len(shown))
    ]
    axes = []
    for (x, y), (log, verdict) in zip(corners, shown, strict=True):
        ax = page.axes((x + 34 * scale, y, wide - 34 * scale - 12, tall))
        phase_curve(ax, log.step, log.loss, phases_of(log, verdict), "loss", look, log.infinite)
        ax.set_ylabel("")
        kind = look.say(verdict.kind)
        title, size = page.ruler.fit(
            clean_text(f"{verdict.label}: {kind}" if verdict.label else kind, math=False),
            wide - 14,
            9 * scale,
            LEAST,
            "bold",
        )
        color = phase_color(Phase(verdict.kind, 0, 0, "verdict"), look)
        page.write(x, y + tall + 3 + 4 * scale, title, size, fontweight="bold", color=color, parse_math=False)
        axes.append(ax)
    rooms = [page.fit_ticks(ax) for ax in axes]
    indent = max(room.left for room in rooms) + 2
    right = max(room.right for room in rooms) + 4
    for ax, (x, y) in zip(axes, corners, strict=True):
        page.place(ax, (x + indent, y, wide - indent - right, tall))
        page.fit_ticks(ax)
        page.drop_notes(ax)
    note = look.say("step")
    page.write(page.wide / 2, 5 + rest, note, 9 * scale, ha="center", parse_math=False)
    if rest:
        page.write(EDGE, 5, look.say("+ {count} more", count=len(runs) - len(shown)), 9 * scale, parse_math=False)


def _fit(page: Sheet, axes: Sequence[Axes], left: float) -> None:
    """Fit labels and ticks, and leave at the left what the widest tick labels need."""
    for ax in axes:
        page.fit_labels(ax)
    rooms = [page.fit_ticks(ax) for ax in axes]
    indent = max(room.left for room in rooms) + EDGE + 14 * page.scale
    right = page.wide - EDGE - max(8.0, *(room.right for room in rooms))
    for ax in axes:
        box = ax.get_position()
        page.place(ax, (indent, box.y0 * page.high, right - indent, box.height * page.high))
        page.fit_labels(ax)
        page.drop_notes(ax)
    page.figure.align_ylabels(axes)
