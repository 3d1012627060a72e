"""Rules for a loss that explodes and comes back: to infinity in mid-run, or from the start on.

NaN may be a gap of the log; infinity is a value.
"""

from __future__ import annotations

import numpy as np

from landscapes.diagnosis._finding import Finding, above, below
from landscapes.diagnosis._log import Log
from landscapes.diagnosis._motion import BACK
from landscapes.diagnosis._verdict import Evidence

EXPLODES = 100.0
"""A run was thrown at its start if the loss rises by this many of its later falls and ranges."""


def blow_up(log: Log) -> Finding | None:
    """The loss overflows to infinity, and finite losses follow: a spike if they are as low as those before."""
    if not len(log.infinite):
        return None
    first, last = int(log.infinite[0]), int(log.infinite[-1])
    before, after = log.loss[log.step < first], log.loss[log.step > last]
    end = float(np.median(after[-max(3, len(log) // 20) :]))
    where = f"at step {first}" if first == last else f"from step {first} to {last}"
    evidence: tuple[Evidence, ...] = (
        Evidence("infinite losses", float(len(log.infinite))),
        Evidence("loss at the end", end),
    )
    figures = {"onset": float(first), "last": float(last), "end": end}
    if len(before) >= 4 and last - first <= 0.3 * (log.step[-1] - log.step[0]):
        recent = before[-max(8, len(log) // 20) :]
        level, spread = float(np.median(recent)), float(np.quantile(recent, 0.95) - np.quantile(recent, 0.05))
        limit = max(BACK * log.drop, 2 * spread)
        evidence += (Evidence("loss before the first of them", level),)
        if end - level <= limit and level - log.first <= log.drop:
            return Finding(
                "spike",
                f"the loss overflows to infinity {where} and is back at about {end:.4g}",
                evidence,
                (first, last),
                below(end - level, limit),
                {**figures, "peak": float(first), "height": float("inf")},
                "late instability",
            )
    return Finding(
        "non-finite",
        f"the loss overflows to infinity {where}; the run goes on, at about {end:.4g} in the end",
        evidence,
        (first, last),
        3.0,
        figures,
        "diverged",
    )


def thrown_at_start(log: Log) -> Finding | None:
    """The first steps raise the loss far above anything that comes later, and the run goes on from there."""
    if len(log) < 12 or not log.late_range > 0:
        return None
    peak = int(np.argmax(log.loss))
    rise, end = float(log.loss[peak]) - log.first, float(np.median(log.loss[-max(3, len(log) // 20) :]))
    back = end <= log.first
    # a run that is not back at its start may fall through most of its explosion in the last half
    unit = max(log.drop, log.late_range if back else float(np.ptp(log.loss[-max(3, len(log) // 10) :])))
    fell_before = log.first - float(log.loss[: peak + 1].min())
    if rise <= EXPLODES * unit or (back and fell_before > 0.1 * log.drop) or float(log.loss[peak]) - end < 0.5 * rise:
        return None
    begin = int(np.flatnonzero(log.loss[: peak + 1] <= log.first)[-1])
    return Finding(
        "diverged",
        f"the loss explodes from {log.first:.4g} to {float(log.loss[peak]):.4g} from step {log.step[begin]} to step "
        f"{log.step[peak]}; the run goes on from where that has thrown it, and is at about {end:.4g} in the end",
        (
            Evidence("rise, in later falls below the start and ranges", rise / unit),
            Evidence("loss at the end", end),
        ),
        log.span(begin, peak),
        above(rise, EXPLODES * unit),
        {"onset": float(log.step[begin]), "peak": float(log.step[peak]), "end": end},
        "spike",
    )
