"""Say when too few runs of a comparison reach its tolerance, and what would help. Numpy only."""

from __future__ import annotations

import math

import numpy as np

from landscapes.analysis.costs import costs, judged_tolerance
from landscapes.analysis.race_table import listed
from landscapes.record import FAILED, Record, status_words

ENOUGH = 0.5
"""The success rate of the best optimizer below which a comparison says little: medians are then unknown."""

MOST_TRIALS = 1000
"""More trials than these are not advised."""


def reach_notes(record: Record, tolerance: float | None = None) -> list[str]:
    """Return sentences on how few runs reach the tolerance, which tolerance half of them reach, and how many trials do.

    There are none if the best optimizer reaches it in at least half of its runs. Arguments and errors are those of
    `tables.standings`.

    >>> from landscapes import compare
    >>> record = compare(["booth", "beale"], ["sgd(lr=0.01)"], starts=4, steps=60, tolerances=[0.1, 1e-9])
    >>> for note in reach_notes(record):
    ...     print(note)
    No optimizer reaches 1e-09 of the initial gap in any run.
    SGD reaches 0.1 in 75 % of its runs: tolerance=0.1 (--tolerance 0.1) judges by it.
    >>> reach_notes(record, 0.1)
    []
    """
    found = costs(record)
    share = judged_tolerance(record.meta) if tolerance is None else float(tolerance)
    rates = np.isfinite(found.at(tolerance)).mean(0)
    best = int(rates.argmax())
    if rates[best] >= ENOUGH:
        return []
    named = (
        f"the best optimizer, {found.optimizers[best]}, reaches" if len(rates) > 1 else f"{found.optimizers[0]} reaches"
    )
    notes = [
        f"Only in {_percent(rates[best])} of its runs, {named} {share:g} of the initial gap; medians are unknown."
        if rates[best]
        else f"No optimizer reaches {share:g} of the initial gap in any run."
    ]
    failures = _failure_notes(record)
    each = np.isfinite(found.values).mean(0)  # (optimizers, tolerances)
    enough = [k for k in range(len(found.tolerances)) if each[:, k].max() >= ENOUGH]
    if enough:
        k = max(enough, key=lambda place: -found.tolerances[place])
        leader, looser = int(each[:, k].argmax()), found.tolerances[k]
        notes.append(
            f"{found.optimizers[leader]} reaches {looser:g} in {_percent(each[leader, k])} of its runs: "
            f"tolerance={looser:g} (--tolerance {looser:g}) judges by it."
        )
    elif not failures:
        notes.append(
            f"No optimizer reaches even {max(found.tolerances):g} in half of its runs: give more steps, or tolerances "
            "above it."
        )
    return notes + failures + _trials_note(record, share)


def _trials_note(record: Record, share: float) -> list[str]:
    """Return how many trials per study would find a setting that reaches the tolerance of the studies."""
    tuning = record.meta.get("tuning")
    if not tuning or not math.isclose(share, judged_tolerance(record.meta), rel_tol=1e-9):
        return []
    labels = [label for label, own in tuning["searched"].items() if own]
    each = {  # of each optimizer, the share of good trials on each function
        label: np.array([(np.array(row[label]["reached"]) > 0).mean() for row in tuning["found"].values()])
        for label in labels
    }
    if not each:
        return []
    label, good = max(each.items(), key=lambda item: float(item[1].mean()))
    reachable = (good > 0).mean() > ENOUGH
    for count in range(tuning["trials"] + 1, MOST_TRIALS + 1) if reachable else ():
        if float((1 - (1 - good) ** count).mean()) >= ENOUGH:
            return [
                f"{_percent(float(good.mean()))} of the trials of {label} reach {share:g} from any start: with about "
                f"{count} trials per study in place of {tuning['trials']}, half of the studies find one that does."
            ]
    if not good.any():
        return [f"No trial of any optimizer reaches {share:g}: more trials alone do not help, more steps may."]
    never = int((good == 0).sum())
    functions = "the function" if len(good) == 1 else f"{never} of {len(good)} functions"
    return [f"No trial of {label} reaches {share:g} on {functions}: more trials alone do not help, more steps may."]


def _failure_notes(record: Record) -> list[str]:
    """Return how many runs fail, if at least half of them do."""
    status = record.trajectories.runs["status"]
    failed = np.isin(status, FAILED)
    if failed.mean() < ENOUGH:
        return []
    kinds, counts = np.unique(status[failed], return_counts=True)
    words = listed([f"{count} {status_words(kind)}" for kind, count in zip(kinds, counts.tolist(), strict=True)])
    return [
        f"{int(failed.sum())} of {len(failed)} runs fail ({words}): lower learning rates, or other starts, may help."
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
