"""A sweep as an interactive page: the map of its settings, and the run of the cell under the pointer."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import landscapes
from landscapes.errors import InputError
from landscapes.files import replacing
from landscapes.record import Record
from landscapes.render.artists.heads import Head
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.html._page import (
    MOST,
    SYSTEM_THEMES,
    LiveScript,
    ThemeChoice,
    assembled,
    check_page,
    chosen_themes,
)
from landscapes.render.html.encoding import IntegerBlock, surface_data
from landscapes.render.html.map_data import grids, map_colors, map_data, shown_names, side_data
from landscapes.render.html.payload import describe_look, outline
from landscapes.render.locking import drawing
from landscapes.render.plots.run_table import MEASURES, run_values
from landscapes.render.text._caption import caption
from landscapes.render.theme import StyleLike, Theme, styles

SWEEP = ("live_race", "surfaces", "cell_runs", "map", "sweep")
"""The scripts of the page of a sweep, besides those of every page."""

NOTE = "The page takes the steps of each run itself, in double precision, as landscapes.sweep takes them."

DEPTH, ABOVE = 1e-12, 30.0
"""The loss panel shows gaps between these shares of the first one."""


def sweep_page(
    record: Record,
    path: str | os.PathLike[str],
    *,
    theme: ThemeChoice = SYSTEM_THEMES,
    title: str | None = None,
    measure: str = "gap",
    along: str | Sequence[str] | None = None,
    live: bool | LiveScript = True,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> Path:
    """Save a sweep as one .html file: a map of its settings, and the run of any cell, which the page computes.

    The cell under the pointer (or finger, or moved to by arrow keys) draws its path and its losses. One hyper-parameter
    is a strip with a row per optimizer. Where theory knows it, the boundary of stability is drawn.

    The map has the values of the record, and a cell those of the page. They agree to rounding, except where runs are
    chaotic, as at large rates: there a last bit of a root (see `landscapes.javascript.emit_optimizer`) changes the end.

    Args:
        record: a sweep over a grid on a function of two coordinates.
        path: a name ending in .html or .htm; the file appears when it is complete.
        measure, along: as in `render.heatmap`; `along` may name one hyper-parameter.
        live: what `landscapes.emit_sweep` returns, for functions and optimizers of your own; default True.
        theme, title, text_scale, lang, words, colors: as in `render.save`.

    Returns:
        The path.

    Raises:
        InputError: for another suffix, a folder that cannot be written, a measure or an axis that the record lacks, and
            a sweep that no page can repeat, with the reason.

    >>> from landscapes import sweep
    >>> record = sweep("booth", "momentum", lr=[0.01, 0.1], momentum=[0.0, 0.5, 0.9], steps=50)
    >>> sweep_page(record, "sweep.html").name
    'sweep.html'
    """
    target = check_page(path)
    look: dict[str, Any] = {"text_scale": text_scale, "lang": lang, "words": words, "colors": colors}
    text = document(record, theme=theme, title=title, measure=measure, along=along, live=live, **look)
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return target


@drawing
def document(
    record: Record,
    *,
    theme: ThemeChoice = SYSTEM_THEMES,
    title: str | None = None,
    measure: str = "gap",
    along: str | Sequence[str] | None = None,
    live: bool | LiveScript = True,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> str:
    """Return the page as text; the arguments are those of `sweep_page`."""
    labels = [str(label) for label in record.axes.get("optimizer", record.trajectories.runs["label"][:1].tolist())]
    chosen = chosen_themes(theme, labels, text_scale, words, colors, lang)
    if measure == "gap" and not math.isfinite(record.meta.minimum):
        measure = "final"  # without a known minimum there is no gap
    run_values(record, measure)  # raises for an unknown measure
    shown = shown_names(record, along)
    script = _script(record, live)
    look, block = chosen[0], IntegerBlock()
    surface = surface_data(record, block, computed=bool(script.facts["computes_surface"]))
    maps = [map_data(one, measure, script.facts, block) for one in grids(record, shown, labels, measure)]
    run_styles = [styles(labels, one) for one in chosen]
    markers = {"*", *(style.marker for row in run_styles for style in row)}
    strip = len(shown) == 1
    data = {
        "title": clean_text(title or str(record.meta.title), math=False),
        "caption": clean_text(caption(record), math=False, most=MOST),
        "last": int(record.meta.steps),
        "seconds": {"first": 0.5, "moving": 4.0, "last": 1.0},
        "looks": [
            describe_look(one, row, surface["bands"]) | map_colors(one, measure)
            for one, row in zip(chosen, run_styles, strict=True)
        ],
        "text_scale": look.text_scale,
        "lang": look.lang,
        "shapes": {shape: outline(Head.shape(shape)) for shape in sorted(markers)},
        "surface": surface,
        "loss_panel": _panel(record, look),
        "runs": [{"label": labels[0]} for _ in script.facts["starts"]],
        "live": dict(script.facts),
        "map": {
            "down": {"name": "", "ticks": [[i + 0.5, label] for i, label in enumerate(reversed(labels))]}
            if strip
            else side_data(record, shown[0], look),
            "across": side_data(record, shown[-1], look),
            "strip": strip,
            "measure": look.say(MEASURES[measure].title),
            "starts": len(record.axes.get("start", [0])),
            "maps": maps,
        },
        "standings": False,
        "numbers": block.text,
    }
    return assembled(data, chosen, SWEEP, ("page", "map"), script.source, NOTE)


def _script(record: Record, live: bool | LiveScript) -> LiveScript:
    """Return the runs of the sweep as JavaScript."""
    if live is True:
        made: LiveScript = landscapes.emit_sweep(record)
        return made
    if isinstance(live, bool) or "optimizers" not in getattr(live, "facts", ()):
        raise InputError(f"live must be True or what landscapes.emit_sweep returns, got {live!r:.80}")
    return live


def _panel(record: Record, look: Theme) -> dict[str, Any]:
    """Return the limits of the loss panel, the same for all cells so that they can be compared."""
    loss, origin = record.trajectories.loss, record.gap_origin
    from_minimum = bool(np.isfinite(origin))
    first = float(np.nanmax(loss[:, 0])) - (origin if from_minimum else 0.0)
    ends = loss[np.isfinite(loss)] - (origin if from_minimum else 0.0)
    name = "gap to the minimum" if from_minimum else "loss"
    log = from_minimum and first > 0
    ends = ends[ends > 0] if log else ends
    lowest = float(ends.min()) if len(ends) else first
    target = record.meta.target
    level = np.nan if target is None else target - (origin if from_minimum else 0.0)
    if log:
        low, high = max(lowest / 3, DEPTH * first), ABOVE * first
    else:
        margin = 0.1 * ((first - lowest) or 1.0)
        low, high = lowest - margin, first + 3 * margin
    return {
        "name": name, "heading": look.say(f"{name}, by step"), "log": log, "low": low, "high": high,
        "target": level if np.isfinite(level) else None,
    }  # fmt: skip
