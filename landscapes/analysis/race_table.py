"""Describe a race in words: a table of standings, one sentence, and notes. Numpy only."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from landscapes.record import FAILED, Record, by_start, status_step, status_words, step_or_none, steps_or_inf

HEADER = ("place", "optimizer", "learning rate", "final loss", "steps to target", "status")

KINDS = {"n_values": "value", "n_gradients": "gradient", "n_hvps": "HVP", "n_hessians": "Hessian"}
"""What a run may evaluate: the column, and the noun for one evaluation."""

MOST = 4
"""The largest number of minimizers that a note names."""

GROUP = re.compile(r"\{'coordinates': \[([\d, ]+)\], ([^{}]+)\}")
"""A parameter group in the spec of an optimizer."""


def table(record: Record) -> str:
    """Return the standings, best first, one aligned line per run, and notes on what contradicts the declared facts.

    Learning rates that a sweep found are marked "tuned", defaults of an optimizer object "default". A run that never
    reaches the target has a dash; without a target, there is no such column. Equal runs share a place. Evaluations are
    listed unless all runs take one gradient per step.
    """
    return "\n".join([aligned(rows(record)), *(f"\nNote: {note}." for note in notes(record))])


def rows(record: Record) -> list[tuple[str, ...]]:
    """Return the header and the rows of that table; of a race from several starts, the standings from each."""
    parts = by_start(record)
    target = any(part.meta.target is not None for part in parts)
    spent = any(_evaluations(part, run) != _gradients(_taken(part, run)) for part in parts for run in part.order)

    def line(start: str, cells: Sequence[str], evaluations: str) -> tuple[str, ...]:
        *begin, steps, status = cells
        return (*[start] * (len(parts) > 1), *begin, *[steps] * target, *[evaluations] * spent, status)

    lines = [line("start", HEADER, "evaluations")]
    for part in parts:
        order, first_place = part.order, dict[Any, int]()
        places = [first_place.setdefault(own, i) for i, own in enumerate(_standings(part, order), 1)]
        lines += [
            line(place(part.meta.start, 4), _row(part, rank, run), _evaluations(part, run))
            for run, rank in zip(order, places, strict=True)
        ]
    return lines


def result_sentence(record: Record) -> str:
    """Return one sentence: which run is the best, and by what; of a race from several starts, from each of them.

    That is the run that reaches the target first (`Record.order`). If none does, or if there is no target, the sentence
    names the lowest final loss. If runs are unbounded, it names these, in order.
    """
    parts = by_start(record)
    if len(parts) > 1:
        ends = [re.sub(r"^No\b", "no", result_sentence(part).rstrip(".")) for part in parts]
        return "; ".join(f"from {place(p.meta.start, 4)} {end}" for p, end in zip(parts, ends, strict=True)) + "."
    runs, order = record.trajectories.runs, record.order
    first, *others = order
    standings = _standings(record, order)
    best = [run for run, own in zip(order, standings, strict=True) if own == standings[0]]
    names, rest = [str(runs["label"][run]) for run in best], order[len(best) :]
    name, tie, final = listed(names), len(names) > 1, f"{record.trajectories.loss[first, -1]:.3g}"
    if runs["status"][first] in FAILED:
        return f"No winner: {'every run' if others else name} was stopped (see status)."
    if unbounded := [run for run in order if runs["status"][run] == "unbounded"]:
        verbs = [" becomes unbounded", *[""] * len(unbounded)]
        ends = [
            f"{runs['label'][run]}{verb} at step {status_step(record, run)}"
            for run, verb in zip(unbounded, verbs, strict=False)
        ]
        return f"{listed(ends)}."
    if record.meta.target is None:
        verb = "tie: they end lowest" if tie else "ends lowest"
        return f"{name} {verb}, at a loss of {final}." if others else f"{name} ends at a loss of {final}."
    target, reached = f"the target (a loss of {record.meta.target:.3g})", step_or_none(runs["reached"], first)
    if reached is None:
        closest = f"{name} {'come' if tie else 'comes'} closest, at {final}" if others else f"{name} ends at {final}"
        return f"No run reaches {target}: {closest}."
    if tie:
        return f"{name} tie: they reach {target} at step {reached}."
    behind = step_or_none(runs["reached"], rest[0]) if rest else None
    if behind is None or runs["status"][rest[0]] in FAILED:
        return f"{name} {'alone ' if others else ''}reaches {target}, at step {reached}."
    rival = str(runs["label"][rest[0]])
    if behind > reached:
        return f"{name} reaches {target} first, at step {reached}; {rival} follows at step {behind}."
    return f"{name} reaches {target} at step {reached}, as does {rival}, but ends lower."


def notes(record: Record) -> list[str]:
    """Return what a race shows against the declared minimum and minimizers, one clause each."""
    meta, runs = record.meta, record.trajectories.runs
    below = np.flatnonzero(record.below_minimum).tolist()
    names, verb = listed([str(runs["label"][run]) for run in below]), "go" if len(below) > 1 else "goes"
    found = []
    if meta.minimum_is == "contradicted":
        what = f"{names} {verb}" if below else "values in view go"
        found.append(f"{what} below the declared minimum of {meta.minimum:.6g}, which is wrong; so there is no target")
    elif below:
        found.append(f"{names} {verb} below {meta.minimum:.6g}, the minimum within the domain")
    if points := meta.get("unlisted_minima"):
        where = listed([place(point, 4) for point in points[:MOST]])
        found.append(f"runs end at the minimum in {where}, which the declared list of minimizers lacks")
    return found


def groups(spec: str) -> list[tuple[str, dict[str, str]]]:
    """Return the coordinates and the settings of each parameter group in the spec of an optimizer.

    >>> groups("adam(lr=0.1, groups=[{'coordinates': [0, 2], 'lr': 0.01}])")
    [('[0,2]', {'lr': '0.01'})]
    """
    return [
        (f"[{coordinates.replace(' ', '')}]", dict(re.findall(r"'(\w+)': (\([^()]*\)|[^,]+)", settings)))
        for coordinates, settings in GROUP.findall(spec)
    ]


def learning_rates(lr: str, spec: str) -> str:
    """Return a learning rate, and those of parameter groups.

    >>> learning_rates("0.1", "adam(lr=0.1, groups=[{'coordinates': [0], 'lr': 0.01}])")
    '0.1, [0] 0.01'
    """
    return ", ".join([lr, *(f"{where} {float(own['lr']):.3g}" for where, own in groups(spec) if "lr" in own)])


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def place(point: Sequence[float], digits: int = 6) -> str:
    """Return a point as text, at most its first six coordinates.

    >>> place((1.5, -2.0)), place(range(10))
    ('(1.5, -2)', '(0, 1, 2, 3, 4, 5, …)')
    """
    shown = [f"{coordinate:.{digits}g}" for coordinate in point[:6]]
    return f"({', '.join([*shown, '…'] if len(point) > 6 else shown)})"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of text in aligned columns, two spaces apart.

    >>> print(aligned([("a", "bb"), ("ccc", "d")]))
    a    bb
    ccc  d
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _standings(record: Record, order: Sequence[int]) -> list[tuple[bool, float, float]]:
    """Return what decides the places: whether a run failed, the step that reaches the target, the final loss."""
    runs, final = record.trajectories.runs, record.trajectories.loss[:, -1]
    failed = np.isin(runs["status"], FAILED)
    columns = failed, steps_or_inf(runs["reached"]), np.where(np.isnan(final), math.inf, final)
    rows: list[tuple[bool, float, float]] = list(zip(*(column.tolist() for column in columns), strict=True))
    return [rows[run] for run in order]


def _row(record: Record, place: int, run: int) -> tuple[str, ...]:
    facts = {name: column[run] for name, column in record.trajectories.runs.items()}
    source = "" if facts["lr_source"] == "given" else f" ({facts['lr_source']})"
    lr = "–" if math.isnan(facts["lr"]) else learning_rates(f"{facts['lr']:g}{source}", str(facts.get("optimizer", "")))
    reached, since = step_or_none(record.trajectories.runs["reached"], run), status_step(record, run)
    status = status_words(facts["status"])
    return (
        str(place),
        str(facts["label"]),
        lr,
        f"{record.trajectories.loss[run, -1]:.4g}",
        "–" if reached is None else str(reached),
        status if since is None else f"{status} at step {since}",
    )


def _evaluations(record: Record, run: int) -> str:
    """Return what a run evaluated, in words; one gradient per step if the record lacks the columns."""
    runs = record.trajectories.runs
    if not set(KINDS) <= set(runs):
        return _gradients(_taken(record, run))
    spent = {word: int(runs[kind][run]) for kind, word in KINDS.items()}
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for word, count in spent.items() if count) or "none"


def _taken(record: Record, run: int) -> int:
    """Return how many steps a run took."""
    stopped = step_or_none(record.trajectories.runs["stopped"], run)
    return int(record.trajectories.step[-1]) if stopped is None else stopped


def _gradients(count: int) -> str:
    return f"{count} gradient{'' if count == 1 else 's'}" if count else "none"
