"""Read what `tune` found: the best optimizers, their effort, and all trials. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from landscapes.analysis.race_table import aligned, listed
from landscapes.errors import InputError
from landscapes.record import Record, filled

FAILED_EFFORT = 3.0
"""The effort of a run that fails, the largest one; `landscapes.experiments.criterion` defines the others."""

HEADER = ("optimizer", "effort", "evaluations", "varied", "chosen", "at the edge")

FACTS = ("label", "round", "rung", "steps", "effort", "evaluations")
"""The columns of trials that are not hyper-parameters."""


@dataclass(frozen=True, eq=False)
class TuneResult:
    """A typed view of the record of `tune`; made by `TuneResult.of(record)`.

    Attributes:
        record: the record.
        best: label → the best optimizer.
        effort: label → its effort in the last rung (see `landscapes.tune`).
        edges: label → hyper-parameters whose best value lies at the edge of their range: "edge", or "limit" if the
            optimizer allows nothing beyond it.
        spent: label → evaluations that all trials of the optimizer used.
        target: the loss to reach.
        steps: how many steps the last rung has.
    """

    record: Record
    best: Mapping[str, Any]
    effort: Mapping[str, float]
    edges: Mapping[str, Mapping[str, str]]
    spent: Mapping[str, int]
    target: float
    steps: int

    @classmethod
    def of(cls, record: Record) -> TuneResult:
        """Return the view of a record of `tune`. Raises `InputError` for any other record."""
        meta = _checked(record).meta
        facts = (meta["effort"], meta["edges"], meta["spent"], meta["target"], meta.steps)
        return cls(record, record.best, *facts)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the trials as columns; see `columns`."""
        return columns(self.record)

    def table(self) -> str:
        """Return the table of optimizers, best first, and notes; see `rows` and `notes`."""
        return "\n".join([aligned(rows(self.record)), *(f"\nNote: {note}." for note in notes(self.record))])


def columns(record: Record) -> dict[str, NDArray[Any]]:
    """Return one array per fact of the trials: label, round, rung, steps, effort, evaluations, hyper-parameters.

    A hyper-parameter that an optimizer lacks is NaN. Raises `InputError` for the record of another experiment.
    """
    runs, meta = _checked(record).trajectories.runs, record.meta
    return {name: filled(runs[name]) for name in FACTS} | {name: runs[name] for name in meta["hyperparameters"]}


def rows(record: Record) -> list[tuple[str, ...]]:
    """Return the header and one row per optimizer, best first: effort, evaluations, what was varied and chosen, edges.

    Raises `InputError` for the record of another experiment.
    """
    meta = _checked(record).meta
    lines: list[tuple[str, ...]] = [HEADER]
    for label in sorted(meta["optimizers"], key=lambda name: float(meta["effort"][name])):
        edge = ", ".join(f"{name} ({kind})" for name, kind in meta["edges"][label].items()) or "–"
        effort, spent = f"{meta['effort'][label]:.3f}", str(meta["spent"][label])
        varied = ", ".join(meta.get("varied", {}).get(label, ())) or "–"
        lines.append((label, effort, spent, varied, meta["optimizers"][label], edge))
    return lines


def notes(record: Record) -> list[str]:
    """Return a clause on the optimizers of which even the best setting fails from all starts, if there are any."""
    effort = _checked(record).meta["effort"]
    failing = [label for label in record.meta["optimizers"] if effort[label] >= FAILED_EFFORT]
    return [f"all settings of {listed(failing)} fail; those shown are not tuned"] if failing else []


def caption(record: Record) -> str:
    """Return one sentence on what the table shows."""
    meta = record.meta
    return f"{meta.title}: effort to reach {meta.target:.3g}, as a share of {meta.steps} steps"


def _checked(record: Record) -> Record:
    if not isinstance(record, Record) or record.meta.experiment != "tune":
        found = f"the record of a {record.meta.experiment}" if isinstance(record, Record) else f"{record!r:.80}"
        raise InputError(f"trials are in the record of tune(), got {found}")
    return record
