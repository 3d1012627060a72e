"""What `prescribe` returns: how many seeds each change of a failing run cures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from landscapes.diagnosis._log import Array
from landscapes.diagnosis._verdict import Kind, Verdict

Z = 1.959963984540054
"""The quantile of the normal distribution for 95 % intervals."""


def wilson(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927): from 0 to 1 if there is nothing to count.

    >>> [round(end, 3) for end in wilson(5, 5)], [round(end, 3) for end in wilson(0, 20)]
    ([0.566, 1.0], [0.0, 0.161])
    """
    if not total:
        return 0.0, 1.0
    share, z2 = count / total, Z * Z / total
    middle, half = share + z2 / 2, Z * math.sqrt(share * (1 - share) / total + z2 / (4 * total))
    return max(0.0, (middle - half) / (1 + z2)), min(1.0, (middle + half) / (1 + z2))


@dataclass(frozen=True, eq=False)
class Trial:
    """The runs of one change, one per seed.

    Attributes:
        name: the change; "unchanged" for the failing run itself.
        detail: what it became, such as an optimizer as text; "" if unknown.
        kinds: the verdict of each run.
        cured: of each run, True if it is cured, False if not, None if its seed does not fail without the change.
        end: the loss at the end of each run (S,), infinite if it failed.
        cost: steps of each run until 90 % of the best fall of its seed is done (S,), infinite if it is not.
        losses: the losses of each run.
        seconds: the median wall time of a run in seconds; NaN where runs are computed in one batch.
    """

    name: str
    detail: str
    kinds: tuple[Kind, ...]
    cured: tuple[bool | None, ...]
    end: Array
    cost: Array
    losses: tuple[Array, ...]
    seconds: float = math.nan

    @property
    def count(self) -> int:
        """The number of cured seeds."""
        return sum(one is True for one in self.cured)

    @property
    def total(self) -> int:
        """The number of seeds that fail without the change."""
        return sum(one is not None for one in self.cured)

    @property
    def share(self) -> float:
        """The share of failing seeds that are cured."""
        return self.count / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share (Wilson, 1927)."""
        return wilson(self.count, self.total)

    @property
    def outcome(self) -> str:
        """The result in words."""
        if not self.total:
            return "nothing to cure"
        if self.count == self.total:
            return "cures"
        return f"cures {self.count} of {self.total}" if self.count else "did not help"


@dataclass(frozen=True, eq=False, repr=False)
class Prescription:
    """What each change of a failing run does, alone, with the same seeds.

    Attributes:
        title: what was run.
        verdict: the verdict on a failing run: the most frequent one without changes.
        unchanged: the runs without changes.
        trials: the changes: most cured seeds first, of equal ones the cheapest.
        left_out: changes that do not apply → why.
        target: the loss that counts as cured; None if verdicts decide.
    """

    title: str
    verdict: Verdict
    unchanged: Trial
    trials: tuple[Trial, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    target: float | None = None

    @property
    def best(self) -> Trial | None:
        """The change that cures most seeds, None if none cures any."""
        return self.trials[0] if self.trials and self.trials[0].count else None

    def __repr__(self) -> str:
        best = f"{self.best.name} {self.best.outcome}" if self.best else "nothing helped"
        return f"Prescription for {self.title}: {best}"

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per change, the run without changes last: plain data."""
        return [_row(trial) for trial in (*self.trials, self.unchanged)]

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the losses as plain data, for JSON; figures that are not finite are None."""
        return {
            "title": self.title,
            "target": self.target,
            "verdict": self.verdict.to_dict(),
            "changes": self.rows(),
            "left_out": dict(self.left_out),
        }

    def table(self) -> str:
        """Return the changes as a table in plain text."""
        head = ("change", "cured", "95 % interval", "loss at the end", "steps", "verdicts")
        timed = math.isfinite(self.unchanged.seconds)
        lines = [[*head[:5], "seconds", head[5]] if timed else [*head]]
        for trial in (*self.trials, self.unchanged):
            low, high = trial.interval
            plain = trial is self.unchanged
            cells = [
                trial.name,
                "" if plain else f"{trial.count} of {trial.total}",
                "" if plain else f"{100 * low:.0f} to {100 * high:.0f} %",
                _number(float(np.median(trial.end))),
                _number(float(np.median(trial.cost))),
                ", ".join(f"{kind} {count}" for kind, count in Counter(trial.kinds).most_common()),
            ]
            lines.append([*cells[:5], f"{trial.seconds:.3g}", cells[5]] if timed else cells)
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )

    def __str__(self) -> str:
        total = self.unchanged.total
        lines = [f"{self.title}: {self.verdict.kind}, {total} of {len(self.unchanged.kinds)} seeds fail"]
        lines += [self.verdict.summary, "", self.table(), ""]
        if not total:
            return "\n".join([*lines, "no seed fails: there is nothing to cure, and no change was tried"])
        lines.append("steps: until 90 % of the best fall of the seed is done; - if it is not. Medians over seeds.")
        if self.target is not None:
            lines.append(f"cured: the loss ends at {self.target:.4g} or lower")
        else:
            lines.append("cured: a healthy verdict, and no higher loss at the end than without the change")
        if any(trial.name == "reset" for trial in self.trials):
            lines.append("reset: after each tenth of the run, the optimizer's momentum and averages are cleared")
        if useless := [trial.name for trial in self.trials if trial.total and not trial.count]:
            lines.append(f"did not help: {', '.join(useless)}")
        reasons: dict[str, list[str]] = {}
        for name, why in self.left_out.items():
            reasons.setdefault(why, []).append(name)
        lines += [f"left out: {', '.join(names)} ({why})" for why, names in reasons.items()]
        return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"


def _row(trial: Trial) -> dict[str, Any]:
    def plain(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "change": trial.name,
        "detail": trial.detail,
        "cured": trial.count,
        "of": trial.total,
        "interval": list(trial.interval),
        "outcome": trial.outcome if trial.name != "unchanged" else "",
        "end": plain(float(np.median(trial.end))),
        "steps": plain(float(np.median(trial.cost))),
        "seconds": plain(trial.seconds),
        "verdicts": list(trial.kinds),
    }
