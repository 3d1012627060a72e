"""What a report of a comparison says, in order, for any format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from matplotlib.figure import Figure, SubFigure

from landscapes.analysis import pair_tables, tables
from landscapes.analysis.chosen_lrs import edge_notes, lr_notes, study_notes, tuning_notes
from landscapes.analysis.costs import costs, judged_tolerance
from landscapes.analysis.pairs import critical_difference as ranked
from landscapes.analysis.race_table import listed
from landscapes.analysis.table_formats import Table
from landscapes.record import Record
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.plots._pairs import LEVEL, critical_difference, improvement_matrix
from landscapes.render.plots._performance_profile import performance_profile
from landscapes.render.plots._study_trials import study_trials
from landscapes.render.report.sentences import answer, count_of, limits, question
from landscapes.render.theme import Theme

Draw = Callable[[Figure | SubFigure, Theme], None]


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a report.

    Attributes:
        title: its heading.
        text: paragraphs.
        draw: draws its picture, if there is one.
        size: width and height of the picture in inches.
        alt: what the picture shows, in words.
        tables: name and table.
        note: a paragraph below.
    """

    title: str
    text: Sequence[str] = ()
    draw: Draw | None = None
    size: tuple[float, float] = (9.6, 4.4)
    alt: str = ""
    tables: Sequence[tuple[str, Table]] = ()
    note: str = ""

    @property
    def is_list(self) -> bool:
        """Whether its paragraphs are the entries of a list."""
        return len(self.text) > 2 and self.draw is None and not self.tables


@dataclass(frozen=True, eq=False)
class Report:
    """A report.

    Attributes:
        title: its title.
        question: the question that the comparison asks, in one sentence.
        answer: the answer, one sentence per point.
        parts: the rest, in order.
        facts: name and value of what was run, for the last lines.
    """

    title: str
    question: str
    answer: Sequence[str]
    parts: Sequence[Part]
    facts: Sequence[tuple[str, str]] = field(default_factory=list)

    @property
    def tables(self) -> list[tuple[str, Table]]:
        """All tables, by name."""
        return [entry for part in self.parts for entry in part.tables]


def contents(
    record: Record, tolerance: float | None = None, *, cost: str = "evaluations", title: str | None = None
) -> Report:
    """Return what a report of a comparison says; arguments and errors are those of `tables.standings`."""
    found = costs(record, cost)
    found.at(tolerance)  # raises for an unknown tolerance before anything is drawn
    labels = found.optimizers
    share = judged_tolerance(record.meta) if tolerance is None else tolerance
    many, some = len(labels) > 1, len(record.axes["function"]) > 1
    parts = [_standings(record, tolerance, cost), _profiles(record, tolerance, share, cost)]
    if many:
        parts.append(_pairs(record, tolerance, cost))
        parts.append(_families(record, tolerance, cost))
    if many and some:
        parts.append(_ranks(record, tolerance, cost))
    parts.append(_tuning(record))
    parts.append(_times(record, tolerance, cost))
    parts.append(Part("What this comparison cannot say", limits(record, tolerance, cost)))
    versions = ", ".join(f"{name} {version}" for name, version in record.meta.get("versions", {}).items())
    facts = [
        ("Functions", str(len(record.axes["function"]))),
        ("Runs", f"{len(record.trajectories):,} = {' × '.join(_axis_words(record))}"),
        ("Steps per run, at most", str(record.meta.steps)),
        ("Tolerances", ", ".join(f"{one:g}" for one in found.tolerances)),
        ("Precision and device", f"{record.meta.dtype}, {record.meta.device}"),
        ("Seed", str(record.meta.seed)),
        ("Versions", versions or "unknown"),
    ]
    names = [clean_text(name, math=False) for name in labels]
    return Report(
        title
        or (
            f"{names[0]} and {names[1]} compared"
            if len(names) == 2
            else f"Comparison of {count_of(len(names), 'optimizer')}"
        ),
        question(record, share, cost),
        answer(record, tolerance, cost),
        parts,
        facts,
    )


def _axis_words(record: Record) -> list[str]:
    """Return the lengths of the axes with their names, without those of one entry."""
    nouns = {"study": "studies"}
    axes = [(name, len(entries)) for name, entries in record.axes.items() if len(entries) > 1]
    return [f"{count} {nouns.get(name, f'{name}s')}" for name, count in axes] or ["1 run"]


def _standings(record: Record, tolerance: float | None, cost: str) -> Part:
    return Part("Standings", tables=[("standings", tables.standings(record, tolerance, cost=cost))])


def _profiles(record: Record, tolerance: float | None, share: float, cost: str) -> Part:
    def draw(figure: Figure | SubFigure, look: Theme) -> None:
        left, right = figure.subplots(1, 2)
        performance_profile(record, left, tolerance=tolerance, cost=cost, bands=True, theme=look)
        performance_profile(record, right, kind="ecdf", cost=cost, bands=True, theme=look)
        _key(figure, left)

    return Part(
        "Profiles",
        [
            f"Left: the share of problems solved to {share:g} within a factor of the fewest {cost}. Right: the "
            f"share of problems and tolerances reached within a number of {cost} per coordinate. Bands are "
            "pointwise 95 % intervals: they hold each point, not the whole curve at once."
        ],
        draw,
        (9.6, 4.4),
        "Performance profiles and ECDFs of the optimizers with 95 % bands; the tables hold the same facts as numbers.",
    )


def _pairs(record: Record, tolerance: float | None, cost: str) -> Part:
    table = _plain(record, pair_tables.pair_table(record, tolerance, cost=cost))
    count = len(record.axes["optimizer"])
    names = [len(clean_text(name, math=False)) for name in record.axes["optimizer"]]
    long = max(names) > LEVEL
    side = float(np.clip(0.8 * count + 1.6, 3.4, 8.6)) + (1.2 if long else 0.0)

    def draw(figure: Figure | SubFigure, look: Theme) -> None:
        improvement_matrix(record, figure.subplots(), tolerance=tolerance, cost=cost, theme=look)

    return Part(
        "Which optimizer needs less",
        [
            "The probability that the optimizer of a row needs less than that of a column on a problem, in percent, "
            "with its 95 % interval. Ties count half. Bold: it differs from one half, Holm-corrected over all pairs."
        ],
        draw,
        (side * 1.1 + (0.5 if long else 0.0), side),
        "Matrix of the probabilities of improvement; the table of pairs holds the same numbers.",
        [("pairs", table)],
    )


def _families(record: Record, tolerance: float | None, cost: str) -> Part:
    return Part(
        "How the order depends on the functions",
        ["Functions are a choice, not a sample. The order can be due to one kind of them."],
        tables=[("families", pair_tables.family_table(record, tolerance, cost=cost))],
    )


def _ranks(record: Record, tolerance: float | None, cost: str) -> Part:
    found = ranked(record, tolerance, cost=cost)
    ranks = [f"{name} {rank:.2f}" for name, rank in zip(found.optimizers, found.ranks, strict=True)]

    def draw(figure: Figure | SubFigure, look: Theme) -> None:
        critical_difference(record, figure.subplots(), tolerance=tolerance, cost=cost, theme=look)

    return Part(
        "Mean ranks",
        [
            "Mean ranks over functions: each function counts once, by the order of the mean ranks of its runs, so that "
            "these numbers are not those of the standings, which are over runs.",
            "Bars join optimizers within Nemenyi's critical difference, "
            f"{found.difference:.2f} at the level 5 %. Friedman's test that all are alike: p {_p(found.p_value)}.",
        ],
        draw,
        (8.4, 1.7 + 0.34 * len(found.optimizers)),
        f"Critical-difference diagram: {listed(ranks)}.",
    )


def _plain(record: Record, table: Table) -> Table:
    """Return a table without the notes on tuning, which another part of the report has."""
    note = table.note
    for line in [*tuning_notes(record), *lr_notes(record)]:
        note = note.replace(line, "")
    return replace(table, note=" ".join(note.split()))


def _p(value: float) -> str:
    text = pair_tables.p_text(value)
    return text if text.startswith("<") else f"= {text}"


def _tuning(record: Record) -> Part:
    studies = bool(record.meta.get("tuning"))
    notes = [*tuning_notes(record), *(study_notes(record) + edge_notes(record) if studies else lr_notes(record))]
    if studies:
        spent = {
            name: sum(row[name]["evaluations"] for row in record.meta["tuning"]["found"].values())
            for name in map(str, record.axes["optimizer"])
        }
        notes.append(f"Evaluations spent on tuning: {listed([f'{name} {value:,}' for name, value in spent.items()])}.")
    elif not notes:
        notes = ["Learning rates are those that were given."]
    made = [("rates", _plain(record, tables.learning_rates(record)))]
    if not studies or not any("lr" in own for own in record.meta["tuning"]["searched"].values()):
        return Part("What was tuned, and how", notes, tables=made)

    def draw(figure: Figure | SubFigure, look: Theme) -> None:
        ax = figure.subplots()
        study_trials(record, ax, theme=look)
        _key(figure, ax)

    notes.append(
        "The figure shows the success rate of all trials against their learning rate, over all functions and studies. "
        "The wider the range of high success rates, the less sensitive the optimizer is."
    )
    return Part(
        "What was tuned, and how",
        notes,
        draw,
        (9.6, 3.8),
        "Success rate of the trials of each optimizer against the learning rate.",
        made,
    )


def _times(record: Record, tolerance: float | None, cost: str) -> Part:
    return Part(
        "Each function",
        [f"Expected {cost} if failed runs restart, with success rates."],
        tables=[("times", _plain(record, tables.running_times(record, tolerance, cost=cost)))],
    )


def _key(figure: Figure | SubFigure, ax: object) -> None:
    """Draw the legend of the optimizers below the panels."""
    handles, labels = ax.get_legend_handles_labels()  # type: ignore[attr-defined]
    figure.legend(
        handles,
        [clean_text(name) for name in labels],
        loc="outside lower center",
        ncols=min(len(labels), 6),
        frameon=False,
    )
