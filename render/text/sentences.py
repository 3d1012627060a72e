"""Jobs of very many runs in one sentence each: sweeps, maps of basins, comparisons."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from landscapes.analysis import tables
from landscapes.analysis.race_table import place
from landscapes.record import FAILED, Record
from landscapes.render.plots._basins import shares
from landscapes.render.plots._heatmap import spoken, written
from landscapes.render.plots.run_table import QUANTITIES, REPEATS, Table, table
from landscapes.render.text.phrases import contender, counted, listed

MOST = 4
"""So many functions and minima are named."""


def sweep(record: Record) -> str:
    """What was tried, the best setting of each optimizer, the best optimizer first, and how many runs failed."""
    meta, axes, runs = record.meta, record.axes, record.trajectories.runs
    value = "gap" if math.isfinite(float(meta["minimum"])) else "final"
    names = [name for name in axes if name not in (*REPEATS, "optimizer")]
    who = axes.get("optimizer") or [str(runs["label"][0])]
    shown = table(record, value, (["optimizer"] if "optimizer" in axes else []) + names)
    each = [
        (label, Table(values, {name: axes[name] for name in names}, shown.quantity))
        for label, values in zip(who, shown.values if "optimizer" in axes else [shown.values], strict=True)
    ]
    sound = [(float(mine.values[mine.best]), label, mine) for label, mine in each if np.isfinite(mine.values).any()]
    best = [_best(label, mine, best) for best, label, mine in sorted(sound, key=lambda entry: entry[0])]
    repeats = math.prod(len(axes[name]) for name in REPEATS if name in axes)
    tried = listed([_tried(name, axes[name]) for name in names])
    parts = [
        f"{meta['title']}, {counted(meta['steps'], 'step')}{_from(record)}: {listed(list(map(str, who)))} with {tried}"
    ]
    if best:
        middle = f", the median of {repeats} runs" if repeats > 1 else ""
        parts.append(f"{QUANTITIES[value].title}{middle}, at its best: {listed(best)}")
    if lost := [label for label, mine in each if not np.isfinite(mine.values).any()]:
        parts.append(f"no setting of {listed(lost)} works")
    return "; ".join([*parts, *_failures(record)]) + "."


def basins(record: Record) -> str:
    """How much of the box each minimum is found from, and how many runs find none."""
    meta = record.meta
    rows = sorted(shares(record), key=lambda row: -row[2])
    found = [(words, share) for words, number, share in rows if number >= 0]
    named = [
        f"the {'one' if i else 'minimum'} at {words} from {_percent(share)}"
        for i, (words, share) in enumerate(found[:MOST])
    ]
    if others := found[MOST:]:
        share = sum(share for _, share in others)
        named.append(f"{counted(len(others), 'other minimum').replace('minimums', 'minima')} from {_percent(share)}")
    ends = {-1: "{} find none", -2: "{} diverge or meet NaN"}
    lost = [ends[number].format(_percent(share)) for _, number, share in rows if number < 0]
    sides = " × ".join(f"[{low:g}, {high:g}]" for low, high in meta["box"])
    who = contender(
        str(meta["label"]), str(meta.get("optimizer", meta["label"])), _rate(str(meta.get("optimizer", "")))
    )
    starts = " × ".join(str(len(record.axes[name])) for name in ("x", "y"))
    outcome = f"finds {listed(named)} of them" if named else "finds no minimum"
    more = f"; {listed(lost)}" if lost and named else ""
    return (
        f"{meta['title']}, {starts} starts in {sides}: within {counted(meta['steps'], 'step')} {who} {outcome}{more}."
    )


def compare(record: Record) -> str:
    """Who was compared on what, and how many runs of each reach the hardest target, by mean rank."""
    meta, axes = record.meta, record.axes
    titles = [str(meta["functions"][name].get("title", name)) for name in axes["function"]]
    rows: list[Any] = list(tables.standings(record, draws=1).rows)
    said = [
        f"{name} {'reaches it ' if first else ''}in {_percent(reached.value)} of them (mean rank {rank.text.split(' ')[0]})"
        if first
        else f"{name} in {_percent(reached.value)} ({rank.text.split(' ')[0]})"
        for first, (name, reached, rank, *_) in zip([True, *[False] * len(rows)], rows, strict=False)
    ]
    where = listed(titles) if len(titles) <= MOST else counted(len(titles), "function")
    each = counted(len(axes["function"]) * len(axes["start"]) * len(axes["seed"]), "run")
    return (
        f"{listed(list(map(str, axes['optimizer'])))} on {where}, {each} each within {counted(meta['steps'], 'step')}, "
        f"to {min(meta['tolerances']):g} of the first gap: {listed(said)}."
    )


SENTENCES: Mapping[str, Callable[[Record], str]] = {"sweep": sweep, "basins": basins, "compare": compare}
"""The sentence of each job."""


def _best(label: str, shown: Table, best: float) -> str:
    """An optimizer's best value and where it lies."""
    where = listed(
        [f"{spoken(name)} {written(along[i])}" for (name, along), i in zip(shown.axes.items(), shown.best, strict=True)]
    )
    which = f"{listed(list(map(spoken, shown.edges)))} " if shown.edges and len(shown.axes) > 1 else ""
    edge = f", {which}at the edge of the grid" if shown.edges else ""
    return f"{best:.3g} for {label} ({where}{edge})"


def _tried(name: str, along: list[Any]) -> str:
    """What stands along an axis: "4 learning rates from 0.001 to 1"."""
    what = re.sub(r"(?<=[a-z])$", "s" if len(along) > 1 else "", spoken(name))
    if len(along) > 2 and all(isinstance(entry, int | float) for entry in along):
        return f"{len(along)} {what} from {written(along[0])} to {written(along[-1])}"
    return f"{what} {listed(list(map(written, along)))}"


def _from(record: Record) -> str:
    """Where the runs begin, and with how many seeds."""
    starts, seeds = record.meta.get("starts", []), len(record.axes.get("seed", [0]))
    where = (
        f" from {place(starts[0], digits=4)}" if len(starts) == 1 else f" from {len(starts)} starts" if starts else ""
    )
    return where + (f" with {seeds} seeds each" if seeds > 1 else "")


def _failures(record: Record) -> list[str]:
    status = record.trajectories.runs["status"]
    kinds = ((FAILED, "diverged or met NaN"), (("not run",), "not run yet"))
    counts = [(int(np.isin(status, names).sum()), words) for names, words in kinds]
    return [f"{count} of {counted(len(status), 'run')} {words}" for count, words in counts if count]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _rate(spec: str) -> float:
    """The learning rate in a spec, NaN where it has none of its own."""
    found = re.match(r"\w+\(lr=([^(),=]+)", spec)
    return float(found[1]) if found else math.nan
