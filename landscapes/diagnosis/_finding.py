"""What a rule returns when it holds, and how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from landscapes.diagnosis._verdict import Evidence, Kind


@dataclass(frozen=True)
class Finding:
    """A verdict in the making.

    Attributes:
        kind: the kind of verdict.
        summary: the finding in one sentence.
        evidence: the figures behind it.
        steps: the first and the last step of which it speaks.
        margin: the distance to the nearest threshold, in factors of ten.
        figures: figures by name.
        alternative: the next likely kind.
        measured: the result of the experiment, if the function was at hand.
    """

    kind: Kind
    summary: str
    evidence: tuple[Evidence, ...]
    steps: tuple[int, int]
    margin: float
    figures: dict[str, float] = field(default_factory=dict)
    alternative: Kind | None = None
    measured: str = ""


def above(value: float, threshold: float) -> float:
    """Return by how many factors of ten a value is above a threshold, from 0 to 3.

    >>> above(100.0, 1.0), above(0.5, 1.0)
    (2.0, 0.0)
    """
    if not value > threshold:
        return 0.0
    return min(3.0, math.log10(value / threshold)) if threshold > 0 and math.isfinite(value) else 3.0


def below(value: float, threshold: float) -> float:
    """Return by how many factors of ten a value is below a threshold, from 0 to 3.

    >>> below(0.01, 1.0), below(0.0, 1.0)
    (2.0, 3.0)
    """
    return above(threshold, value) if value > 0 else 3.0
