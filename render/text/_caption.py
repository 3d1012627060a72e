"""Describe a record in one sentence, for captions and alternative texts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from landscapes.analysis import tables
from landscapes.analysis.costs import judged_tolerance
from landscapes.analysis.race_table import groups, listed, notes, place, result_sentence
from landscapes.errors import suggests_arguments
from landscapes.record import Record, by_start, filled, optimizer_labels
from landscapes.render.plots._basins import basin_shares
from landscapes.render.plots._heatmap import display_name, format_setting
from landscapes.render.plots.inputs import check_step
from landscapes.render.plots.run_table import MEASURES, REPEATS, GridValues, grid_values

ENDS = {
    "diverged": "diverged at step {}",
    "non-finite": "became non-finite at step {}",
    "failed": "raised an error at step {}",
}
"""What the caption says of runs that were stopped."""


@suggests_arguments
def caption(record: Record) -> str:
    """Return one sentence that describes a record.

    Races: function, start, steps, optimizers with their settings, the best run, runs that failed, and declared facts
    that do not hold. Sweeps: the best settings of each optimizer. Basins: the share of each minimum. Comparisons: how
    often each optimizer reaches the hardest target. Tunings: the effort and the settings of the best optimizers.
    Training runs: steps, weights, first and last loss.
    Captions are in English, also where a picture has another `lang`.

    Raises `InputError` for another object, and for a comparison that is not complete.

    >>> from landscapes import race
    >>> print(caption(race("booth", ["adam(lr=0.5)"], steps=200)))
    Booth, 200 steps from (-8, 8): Adam (lr 0.5); Adam reaches the target (a loss of 0.017), at step 88.
    """
    check_step(record, None)
    if record.meta.experiment in SENTENCES:
        return SENTENCES[record.meta.experiment](record)
    runs = record.trajectories.runs
    start = listed([place(part.meta.start, digits=4) for part in by_start(record)])
    specs = zip(optimizer_labels(record), runs["optimizer"], runs["lr"], strict=True)
    optimizers = list(dict.fromkeys(with_settings(label, str(spec), float(lr)) for label, spec, lr in specs))
    ends = [
        f"{label} {ENDS[str(status)].format(stopped)}"
        for label, status, stopped in zip(runs["label"], runs["status"], filled(runs["stopped"]), strict=True)
        if str(status) in ENDS and stopped >= 0
    ]
    outcome = result_sentence(record).rstrip(".")
    steps = counted(record.meta["steps"], "step")
    along = (record.meta.plane or {}).get("along")
    named = isinstance(along, list) and all(isinstance(name, str) for name in along)
    where = f" along {listed(along)}" if named and along else f" from {start}"
    parts = [
        f"{record.meta['title']}, {steps if record.meta['steps'] else 'the loss'}{where}: {listed(optimizers)}"
        f"{_calm(record)}",
        re.sub(r"^No\b", "no", outcome),
        *_trust(record),
    ]
    return "; ".join([*parts, *([listed(ends)] if ends else []), *notes(record)]) + "."


def _trust(record: Record) -> list[str]:
    """Return how far a plane through the weights of a network shows a training path."""
    facts = record.meta.plane or {}
    if "plane_error" not in facts:
        return []
    error = facts.get("ribbon_error", facts["plane_error"])
    return [
        f"{100 * facts['explained']:.0f} % of the movement lies in this plane, the path at most "
        f"{facts['off_plane']:.3g} off it",
        f"true losses differ by at most {error:.3g}",
    ]


def _calm(record: Record) -> str:
    """Return which learning rates are calm ones, "" if none is: they do not rank optimizers."""
    sources = record.trajectories.runs.get("lr_source")
    if sources is None or not (calm := sources == "tuned, calm").any():
        return ""
    if calm[np.isfinite(record.trajectories.runs["lr"])].all():
        return ", at calm learning rates"
    return f", at calm learning rates for {listed(record.trajectories.runs['label'][calm].tolist())}"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> counted(1, "step"), counted(2000, "step")
    ('1 step', '2000 steps')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def with_settings(label: str, spec: str, lr: float) -> str:
    """Return the label of an optimizer with the numbers of its settings; the label stands for the names in the spec.

    >>> with_settings("Adam", "adam(lr=0.05)", 0.05), with_settings("Adam", "adam(lr=0.05, eps=0.1)", 0.05)
    ('Adam (lr 0.05)', 'Adam (lr 0.05, eps=0.1)')
    >>> with_settings("split", "adam(lr=0.1, groups=[{'coordinates': [0], 'lr': 0.01}])", 0.1)
    'split (lr 0.1, [0] lr=0.01)'
    >>> with_settings("BFGS", "bfgs()", math.nan), with_settings("ours", "Torch(Mine, lr=0.05)", 0.05)
    ('BFGS', 'ours (lr 0.05)')
    """
    found = settings(spec, label)
    if not math.isnan(lr) and not re.search(r"\blr=", spec) and f"lr={lr:g}" not in label:
        found = ", ".join(filter(None, [f"lr {lr:.4g}", found]))
    parts = [f"{where} {' '.join(f'{name}={value}' for name, value in own.items())}" for where, own in groups(spec)]
    if len(parts) > MOST:
        parts = [f"{len(parts)} groups"]
    found = ", ".join(filter(None, [found, *(part for part in parts if part not in label)]))
    return f"{label} ({found})" if found else label


def settings(spec: str, label: str = "") -> str:
    """Return the numbers and flags in a spec that the label lacks, the learning rate first.

    >>> settings("sgd(lr=0.05, momentum=0.9)"), settings("clip(adam(beta1=0.5, lr=0.05), norm=1.0)")
    ('lr 0.05, momentum=0.9', 'lr 0.05, beta1=0.5, norm=1')
    """
    pairs = re.findall(r"\b(\w+)=(True\b|[-+.\d][^\s,()]*|\([^()]*\))", spec)
    found = []
    for name, value in sorted(pairs, key=lambda pair: pair[0] != "lr"):
        text = re.sub(r"[-+.\w]+", _shortest, value)
        if value == "True":
            found += [name] if name not in label.lower() else []
        elif f"{name}={text}" not in label:
            found.append(f"lr {text}" if name == "lr" else f"{name}={text}")
    return ", ".join(found)


def _shortest(word: re.Match[str]) -> str:
    """Return a number with at most four digits, another word as it is."""
    try:
        return f"{float(word[0]):.4g}"
    except ValueError:
        return word[0]


MOST = 4
"""The largest number of functions and minima that are named."""


def sweep(record: Record) -> str:
    """Return the settings tried, the best one of each optimizer, best first, and the number of failed runs."""
    meta, axes, runs = record.meta, record.axes, record.trajectories.runs
    if len(functions := axes.get("function", [])) > 1:
        parts = [sweep(record.sel(function=name)).rstrip(".") for name in functions[:MOST]]
        others = len(functions) - MOST
        return " | ".join([*parts, *([f"and on {counted(others, 'other function')}"] if others > 0 else [])]) + "."
    measure = "gap" if math.isfinite(float(meta["minimum"])) else "final"
    names = [name for name in axes if name not in (*REPEATS, "optimizer")]
    labels = axes.get("optimizer") or [str(runs["label"][0])]
    shown = grid_values(record, measure, (["optimizer"] if "optimizer" in axes else []) + names)
    each = [
        (label, GridValues(values, {name: axes[name] for name in names}, shown.measure))
        for label, values in zip(labels, shown.values if "optimizer" in axes else [shown.values], strict=True)
    ]
    finite = [(float(mine.values[mine.best]), label, mine) for label, mine in each if np.isfinite(mine.values).any()]
    best = [_best(label, mine, best) for best, label, mine in sorted(finite, key=lambda entry: entry[0])]
    repeats = math.prod(len(axes[name]) for name in REPEATS if name in axes)
    tried = listed([_tried(name, axes[name]) for name in names])
    parts = [
        f"{meta['title']}, {counted(meta['steps'], 'step')}{_from(record)}: "
        f"{listed(list(map(str, labels)))}{f' with {tried}' if names else ''}"
    ]
    if best:
        middle = f", the median of {repeats} runs" if repeats > 1 else ""
        parts.append(f"{MEASURES[measure].title}{middle}{', at its best' if names else ''}: {listed(best)}")
    if lost := [label for label, mine in each if not np.isfinite(mine.values).any()]:
        parts.append(f"no setting of {listed(lost)} works")
    return "; ".join([*parts, *_failures(record)]) + "."


def basins(record: Record) -> str:
    """Return the share of starts from which each minimum is found, and that of the other runs."""
    meta = record.meta
    rows = sorted(basin_shares(record), key=lambda row: -row[2])
    found = [(words, share) for words, number, share in rows if number >= 0]
    named = [
        f"the {'one' if i else 'minimum'} at {words} from {_percent(share)}"
        for i, (words, share) in enumerate(found[:MOST])
    ]
    if others := found[MOST:]:
        share = sum(share for _, share in others)
        named.append(f"{counted(len(others), 'other minimum').replace('minimums', 'minima')} from {_percent(share)}")
    ends = {-1: "{} find none", -2: "{} diverge or become non-finite"}
    lost = [ends[number].format(_percent(share)) for _, number, share in rows if number < 0]
    sides = " × ".join(f"[{low:g}, {high:g}]" for low, high in meta["box"])
    optimizer = with_settings(str(meta["label"]), str(meta.get("optimizer", meta["label"])), math.nan)
    starts = " × ".join(str(len(record.axes[name])) for name in ("x", "y"))
    outcome = f"finds {listed(named)} of them" if named else "finds no minimum"
    more = f"; {listed(lost)}" if lost and named else ""
    tol = meta.get("tol", math.nan)
    arrival = "" if math.isnan(tol) else f"; a run stops where it first comes within {tol:.2g} of a minimum"
    return (
        f"{meta['title']}, {starts} starts in {sides}: within "
        f"{counted(meta['steps'], 'step')} {optimizer} {outcome}{more}{arrival}."
    )


def compare(record: Record) -> str:
    """Return the optimizers, by mean rank, with the share of runs that reach the hardest target."""
    meta, axes = record.meta, record.axes
    titles = [tables.function_titles(record)[name] for name in axes["function"]]
    rows: list[Any] = list(tables.standings(record, draws=2).rows)
    parts = [
        f"{name} reaches it in {_percent(reached.value)} of them (mean rank {rank.text.split(' ')[0]})"
        if first
        else f"{name} in {_percent(reached.value)} ({rank.text.split(' ')[0]})"
        for first, (name, reached, rank, *_) in zip([True, *[False] * len(rows)], rows, strict=False)
    ]
    where = listed(titles) if len(titles) <= MOST else counted(len(titles), "function")
    each = counted(len(axes["function"]) * len(axes["start"]) * len(axes["seed"]), "run")
    return (
        f"{listed(list(map(str, axes['optimizer'])))} on {where}, {each} each within {counted(meta['steps'], 'step')}, "
        f"to {judged_tolerance(meta):g} of the initial gap: {listed(parts)}."
    )


def tune(record: Record) -> str:
    """Return the effort and the settings of each optimizer, best first."""
    effort = dict(sorted(record.meta["effort"].items(), key=lambda item: float(item[1])))
    best = [
        f"{value:.3g} for {with_settings(label, str(record.meta['optimizers'][label]), math.nan)}"
        for label, value in effort.items()
    ]
    return (
        f"{record.meta.title}, {counted(record.meta.steps, 'step')}: {listed(list(effort))} tuned in "
        f"{counted(len(record.trajectories), 'trial')}; effort to reach the target: {listed(best)}."
    )


def training(record: Record) -> str:
    """Return the sentence of a training run."""
    t, meta = record.trajectories, record.meta
    loss = t.loss[0]
    known = np.flatnonzero(np.isfinite(loss))
    parts = [f"{meta.get('title') or t.runs['label'][0]}, {counted(int(t.step[-1]) + 1, 'step')}"]
    if weights := meta.get("weights", 0):
        parts[0] += f", {weights:,} weights"
    if len(known):
        parts.append(
            f"loss {loss[known[0]]:.3g} at step {t.step[known[0]]}, {loss[known[-1]]:.3g} at step {t.step[known[-1]]}"
        )
    if str(t.runs["status"][0]) == "non-finite":
        parts.append("the loss is not finite at the end")
    return f"{'; '.join(parts)}."


SENTENCES: Mapping[str, Callable[[Record], str]] = {
    "sweep": sweep,
    "basins": basins,
    "compare": compare,
    "tune": tune,
    "training": training,
}
"""The sentence of each experiment other than a race."""


def _best(label: str, shown: GridValues, best: float) -> str:
    """Return the best value of an optimizer and its settings, if these vary."""
    if not shown.axes:
        return f"{best:.3g} for {label}"
    where = listed(
        [
            f"{display_name(name)} {format_setting(along[i])}"
            for (name, along), i in zip(shown.axes.items(), shown.best, strict=True)
        ]
    )
    which = f"{listed(list(map(display_name, shown.edges)))} " if shown.edges and len(shown.axes) > 1 else ""
    edge = f", {which}at the edge of the grid" if shown.edges else ""
    return f"{best:.3g} for {label} ({where}{edge})"


def _tried(name: str, along: list[Any]) -> str:
    """Return the values along an axis: "4 learning rates from 0.001 to 1"."""
    what = re.sub(r"(?<=[a-z])$", "s" if len(along) > 1 else "", display_name(name))
    if len(along) > 2 and all(isinstance(entry, int | float) for entry in along):
        return f"{len(along)} {what} from {format_setting(along[0])} to {format_setting(along[-1])}"
    return f"{what} {listed(list(map(format_setting, along)))}"


def _from(record: Record) -> str:
    """Return the start points and the number of seeds."""
    starts, seeds = record.meta.get("starts", []), len(record.axes.get("seed", [0]))
    where = (
        f" from {place(starts[0], digits=4)}" if len(starts) == 1 else f" from {len(starts)} starts" if starts else ""
    )
    return where + (f" with {seeds} seeds each" if seeds > 1 else "")


def _failures(record: Record) -> list[str]:
    status = record.trajectories.runs["status"]
    kinds = (
        (("diverged", "non-finite"), "diverged or became non-finite"),
        (("failed",), "raised an error"),
        (("not run",), "not run yet"),
    )
    counts = [(int(np.isin(status, names).sum()), words) for names, words in kinds]
    return [f"{count} of {counted(len(status), 'run')} {words}" for count, words in counts if count]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
