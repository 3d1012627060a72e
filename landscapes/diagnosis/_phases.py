"""Cut a run into phases: what its verdict speaks of, and what came before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from landscapes.diagnosis._log import Log
from landscapes.diagnosis._verdict import Verdict

WINDOWS = ("oscillating", "crawling", "still falling")
"""Kinds whose steps are those that were judged, not those where it began."""


@dataclass(frozen=True)
class Phase:
    """A part of a run.

    Attributes:
        name: the kind of the verdict; before it "falling", "before", or "" where the kind may have begun earlier;
            after it "recovered" or "after".
        start, stop: the first step, and the first of the next phase or the last of the run.
        part: where it is: before, in or after the steps of the verdict.
    """

    name: str
    start: float
    stop: float
    part: Literal["before", "verdict", "after"]


def phases_of(log: Log, verdict: Verdict) -> list[Phase]:
    """Return the phases of a run in order. One that ends where the log ends is widened so that it can be seen."""
    first, last = verdict.steps
    if log.failed_at is not None:
        last = max(last, log.last)
    begin = int(log.step[0]) if len(log) else first
    end = max(last, log.last, begin + 1)
    if first >= end:
        end = first + max(1, round(0.04 * (first - begin)))
    found = []
    if first > begin:
        part = log.loss[log.step < first]
        fell = len(part) > 1 and part[0] - part[-3:].min() > 0.5 * log.drop > 0
        name = "" if verdict.kind in WINDOWS else "falling" if fell else "before"
        found.append(Phase(name, begin, first, "before"))
    if last >= log.last or end - last <= 0.01 * (end - begin):
        return [*found, Phase(verdict.kind, first, end, "verdict")]
    last = max(last, first + 1)
    after = "recovered" if verdict.kind == "spike" else "after"
    return [*found, Phase(verdict.kind, first, last, "verdict"), Phase(after, last, end, "after")]
