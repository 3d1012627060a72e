"""What a diagnosis returns: one `Verdict` per run, with its evidence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "converged",
    "still falling",
    "crawling",
    "plateau",
    "saddle",
    "oscillating",
    "cycling",
    "noise floor",
    "spike",
    "late instability",
    "diverged",
    "non-finite",
    "zero gradient",
    "clipped",
    "schedule ended",
    "left domain",
    "unclear",
]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""All kinds of verdicts."""

HEALTHY: tuple[Kind, ...] = ("converged", "still falling", "noise floor")
"""The kinds of a run that does what its optimizer should do. "unclear" is neither healthy nor a failure."""


@dataclass(frozen=True)
class Evidence:
    """One figure behind a verdict.

    Attributes:
        text: what was measured, in words.
        value: the figure.
    """

    text: str
    value: float

    def __str__(self) -> str:
        return f"{self.text}: {self.value:.4g}"


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


@dataclass(frozen=True)
class Verdict:
    """What happened to one run.

    Attributes:
        kind: one of `KINDS`.
        summary: the finding in one sentence, with its figures.
        evidence: the figures behind it.
        steps: the first and the last step of which it speaks.
        confidence: the estimated probability that the kind is right, between 0 and 1; 0 for "unclear".
        remedy: what usually helps; "" if nothing is wrong.
        source: where the mechanism is described.
        alternative: the next likely kind, "" if there is none.
        experiment: what would distinguish the two, with its result if it was done.
        label: the label of the run, "" for plain arrays.
        figures: the same figures by name, such as "rate", "period" or "onset".
    """

    kind: Kind
    summary: str
    evidence: tuple[Evidence, ...] = ()
    steps: tuple[int, int] = (0, 0)
    confidence: float = 0.0
    remedy: str = ""
    source: str = ""
    alternative: Kind | Literal[""] = ""
    experiment: str = ""
    label: str = ""
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def healthy(self) -> bool | None:
        """Whether the run does what it should; None if that is unclear."""
        return None if self.kind == "unclear" else self.kind in HEALTHY

    def __str__(self) -> str:
        title = f"{self.label}: " if self.label else ""
        sure = f" ({self.confidence:.0%})" if self.confidence else ""
        lines = [f"{title}{self.kind}{sure}, steps {self.steps[0]} to {self.steps[1]}", self.summary]
        lines += [f"- {one}" for one in self.evidence]
        lines += [f"usually helps: {self.remedy}"] if self.remedy else []
        if self.alternative:
            lines.append(f"or {self.alternative}: {self.experiment}")
        lines += [f"source: {self.source}"] if self.source else []
        return "\n  ".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain data, for JSON; figures that are not finite are None."""
        evidence = [{"text": one.text, "value": _plain(one.value)} for one in self.evidence]
        figures = {name: _plain(value) for name, value in self.figures.items()}
        return {**asdict(self), "evidence": evidence, "figures": figures, "healthy": self.healthy}


@dataclass(frozen=True, repr=False)
class Diagnosis(Sequence[Verdict]):
    """The verdicts of several runs, in their order.

    Attributes:
        verdicts: one per run.
    """

    verdicts: tuple[Verdict, ...]

    def __getitem__(self, index: Any) -> Any:
        return self.verdicts[index]

    def __len__(self) -> int:
        return len(self.verdicts)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.verdicts)

    @property
    def kinds(self) -> list[Kind]:
        """The kind of each verdict."""
        return [verdict.kind for verdict in self.verdicts]

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {kind}" for kind, count in Counter(self.kinds).most_common())
        return f"Diagnosis of {len(self)} runs: {counts}"

    def __str__(self) -> str:
        return "\n".join(map(str, self.verdicts))
