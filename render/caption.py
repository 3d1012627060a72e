"""A race in one sentence, for captions and for those who cannot see the picture."""

from __future__ import annotations

import math
import re

from landscapes.record import Record
from landscapes.render.trajectories import check_step
from landscapes.report import place, verdict

ENDS = {"diverged": "diverged at step {}", "non-finite": "met NaN or infinity at step {}", "escaped": "left at step {}"}
"""What is said of runs that were stopped."""


def caption(record: Record) -> str:
    """One true sentence: the function, start and steps, who raced with which settings, who won, who failed.

    Raises `InputError` for what is no record.

    >>> from landscapes import race
    >>> print(caption(race("booth", ["adam(lr=0.5)"], steps=200)))
    Booth, 200 steps from (-8, 8): Adam (lr 0.5); Adam reached the target, a loss of 0.017, after 67 steps.
    """
    check_step(record, None)
    runs = record.trajectories.runs
    start = place(record.meta["start"], digits=4)
    steps = record.meta["steps"]
    contenders = [
        _contender(str(label), str(spec), float(lr))
        for label, spec, lr in zip(runs["label"], runs["optimizer"], runs["lr"], strict=True)
    ]
    ends = [
        f"{label} {ENDS[str(status)].format(stopped)}"
        for label, status, stopped in zip(runs["label"], runs["status"], runs["stopped"], strict=True)
        if str(status) in ENDS and stopped >= 0
    ]
    outcome = verdict(record).rstrip(".")
    parts = [
        f"{record.meta['title']}, {steps} step{'' if steps == 1 else 's'} from {start}: {listed(contenders)}",
        re.sub(r"^Nobody\b", "nobody", outcome),
    ]
    return "; ".join([*parts, listed(ends)] if ends else parts) + "."


def listed(words: list[str]) -> str:
    """Words as a list in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _contender(label: str, spec: str, lr: float) -> str:
    """A run's name with its settings: the learning rate alone, or all as they can be given again."""
    if re.fullmatch(r"\w+(\(lr=[^(),=]*\))?", spec):
        return label if math.isnan(lr) or f"lr={lr:g}" in label else f"{label} (lr {lr:.4g})"
    return label if spec == label else f"{label} ({settings(spec)})"


def settings(spec: str) -> str:
    """What stands in a spec's own brackets, the learning rate first; all of it where a rule is wrapped.

    >>> settings("sgd(lr=0.05, nesterov=True)"), settings("clip(adam(lr=0.05), norm=1)")
    ('lr 0.05, nesterov', 'clip(adam(lr=0.05), norm=1)')
    """
    spec = spec.replace("=True", "")
    inner = re.fullmatch(r"\w+\((lr=[^,()]+)(, (?!\w+\().*)?\)", spec)
    return f"{inner[1].replace('=', ' ')}{inner[2] or ''}" if inner else spec
