"""A picture in one sentence, for captions and for those who cannot see it."""

from __future__ import annotations

import re

from landscapes.analysis.race_table import place, verdict
from landscapes.record import Record, filled
from landscapes.render.plots.inputs import check_step
from landscapes.render.text.phrases import contender, counted, listed
from landscapes.render.text.sentences import SENTENCES

ENDS = {
    "diverged": "diverged at step {}",
    "non-finite": "met NaN or infinity at step {}",
    "unbounded": "left at step {}",
}
"""What is said of runs that were stopped."""


def caption(record: Record) -> str:
    """One true sentence: the function, start and steps, who raced with which settings, who won, who failed.

    Of a sweep it tells the best settings, of a map of basins the share of each minimum, of a comparison who reaches the
    hardest target how often.

    Raises `InputError` for what is no record, and for a comparison of which a part was not run.

    >>> from landscapes import race
    >>> print(caption(race("booth", ["adam(lr=0.5)"], steps=200)))
    Booth, 200 steps from (-8, 8): Adam (lr 0.5); Adam reached the target, a loss of 0.017, after 67 steps.
    """
    check_step(record, None)
    if (job := str(record.meta.get("experiment"))) in SENTENCES:
        return SENTENCES[job](record)
    runs = record.trajectories.runs
    start = place(record.meta["start"], digits=4)
    contenders = [
        contender(str(label), str(spec), float(lr))
        for label, spec, lr in zip(runs["label"], runs["optimizer"], runs["lr"], strict=True)
    ]
    ends = [
        f"{label} {ENDS[str(status)].format(stopped)}"
        for label, status, stopped in zip(runs["label"], runs["status"], filled(runs["stopped"]), strict=True)
        if str(status) in ENDS and stopped >= 0
    ]
    outcome = verdict(record).rstrip(".")
    parts = [
        f"{record.meta['title']}, {counted(record.meta['steps'], 'step')} from {start}: {listed(contenders)}",
        re.sub(r"^Nobody\b", "nobody", outcome),
    ]
    return "; ".join([*parts, listed(ends)] if ends else parts) + "."
