"""Describe a race in words: a table of standings, and one sentence. Numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from landscapes.record import FAILED, Record, step_or_none

HEADER = ("place", "optimizer", "learning rate", "final loss", "steps to target", "status")

KINDS = {"n_values": "value", "n_gradients": "gradient", "n_hvps": "HVP", "n_hessians": "Hessian"}
"""What a run may evaluate: the column, and the noun for one evaluation."""

_WORDS = {"max_steps": "out of steps", "non-finite": "not finite", "terminated": "terminated"}


def table(record: Record) -> str:
    """Return the standings, best first, one aligned line per run.

    Learning rates that a sweep found are marked "tuned". A run that never reaches the target has a dash. Evaluations
    are listed unless all runs take one gradient per step.
    """
    return aligned(rows(record))


def rows(record: Record) -> list[tuple[str, ...]]:
    """Return the header and the rows of that table."""
    lines = [HEADER, *(_row(record, place, run) for place, run in enumerate(record.order, 1))]
    if any(_evaluations(record, run) != _gradients(_taken(record, run)) for run in record.order):
        spent = ["evaluations", *(_evaluations(record, run) for run in record.order)]
        lines = [(*line[:-1], cell, line[-1]) for line, cell in zip(lines, spent, strict=True)]
    return lines


def result_sentence(record: Record) -> str:
    """Return one sentence: which run wins, and by what.

    The run that reaches the target first wins (`Record.order`). If none does, the sentence names the lowest final loss.
    """
    runs, target = record.trajectories.runs, f"{record.meta['target']:.3g}"
    first, *others = record.order
    name, reached = str(runs["label"][first]), step_or_none(runs["reached"], first)
    if runs["status"][first] in FAILED:
        return f"No winner: {'every run' if others else name} was stopped (see status)."
    if reached is None:
        final = f"{record.trajectories.loss[first, -1]:.3g}"
        closest = f"{name} came closest, at {final}" if others else f"{name} ends at {final}"
        return f"No run reached the target, a loss of {target}: {closest}."
    if not others:
        return f"{name} reached the target, a loss of {target}, after {_steps(reached)}."
    second = others[0]
    rival, behind = str(runs["label"][second]), step_or_none(runs["reached"], second)
    if runs["status"][second] in FAILED or behind is None:
        return f"{name} wins: the only one to reach the target, a loss of {target}, after {_steps(reached)}."
    hit = f"at the target, a loss of {target}, after {_steps(reached)}"
    if behind > reached:
        return f"{name} wins: {hit}, {behind - reached} before {rival}."
    value, other = record.trajectories.loss[[first, second], -1]
    if value == other:
        return f"{name} and {rival} tie: {hit}."
    return f"{name} wins: {hit}, as {rival} is, but it ends lower."


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


def _row(record: Record, place: int, run: int) -> tuple[str, ...]:
    facts = {name: column[run] for name, column in record.trajectories.runs.items()}
    lr = "–" if math.isnan(facts["lr"]) else f"{facts['lr']:g}" + (" (tuned)" if facts["lr_source"] == "tuned" else "")
    reached, stopped = (step_or_none(record.trajectories.runs[name], run) for name in ("reached", "stopped"))
    status = _WORDS.get(str(facts["status"]), str(facts["status"]))
    return (
        str(place),
        str(facts["label"]),
        lr,
        f"{record.trajectories.loss[run, -1]:.4g}",
        "–" if reached is None else str(reached),
        status if stopped is None else f"{status} at step {stopped}",
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


def _steps(count: int | np.integer) -> str:
    return f"{count} step{'' if count == 1 else 's'}"
