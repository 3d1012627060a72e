"""Tables of comparisons: standings and running times; runs as CSV. Numpy only."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landscapes import files
from landscapes.analysis import profiles, sampling
from landscapes.analysis.chosen_lrs import at_edge, lr_notes, lrs_by_function, lrs_used, tuning_notes
from landscapes.analysis.costs import by_problem, costs, judged_tolerance
from landscapes.analysis.families import R_MAX
from landscapes.analysis.reach import reach_notes
from landscapes.analysis.sampling import Sample
from landscapes.analysis.table_formats import KINDS, Cell, Table, csv_text
from landscapes.errors import InputError, suggests_arguments
from landscapes.record import FAILED, Record
from landscapes.record._export import run_columns

__all__ = [
    "KINDS",
    "Cell",
    "Table",
    "check_csv",
    "csv_text",
    "learning_rates",
    "running_times",
    "runs_csv",
    "save_csv",
    "standings",
]

TERMINAL = (*FAILED, "terminated")
"""The statuses of runs that would not reach a target with more steps either."""


@suggests_arguments
def standings(
    record: Record, tolerance: float | None = None, *, cost: str = "evaluations", draws: int = 1000, seed: int = 0
) -> Table:
    """Return the table of optimizers of a comparison, best first.

    Its columns are the share of runs that reach the tolerance; the mean rank by cost, where runs that do not reach it
    share the last rank; the share of runs in which the optimizer is the fastest, ties shared; the median cost
    over all runs, "> n" if it exceeds what the runs spent; the integrated performance profile (see
    `bands.integrated_profiles`); and the learning rates. Shares and ranks have 95 % intervals over functions, or over
    starts and studies if there is only one function (see `sampling.Sample`). A note says whether enough runs reach the
    tolerance (see `reach.reach_notes`), defines the columns, and says how
    learning rates were chosen, which of them lie at the edge of their grid, and which minima are unknown.

    Args:
        record: a comparison.
        tolerance: one of its tolerances; by default that for which learning rates were chosen, else the last.
        cost: what is counted, "evaluations" or "steps".
        draws: resamples of starts and studies, for one function, >= 2.
        seed: of the resamples.

    Raises:
        InputError: for another record, or a tolerance that the comparison does not have.
    """
    found = costs(record, cost)
    scores = found.at(tolerance)
    sample = Sample.of(found, draws=draws, seed=seed)
    reached = np.isfinite(scores)
    scaled = sample.share(sampling.scaled_ranks(tolerance))
    place = profiles.Estimate(*(1 + part * (len(found.optimizers) - 1) for part in scaled))
    middle = np.median(scores, axis=0)
    spent = np.where(reached, scores, np.where(_ended(record), math.inf, found.spent))
    cells = [
        _cells(sample.share(sampling.solved(tolerance)), percent=True, highest=True),
        _cells(place, places=2),
        _cells(sample.share(sampling.fastest(tolerance)), percent=True, highest=True),
        _cells(profiles.Estimate(middle, *[np.full(len(middle), np.nan)] * 2), above=np.median(spent, axis=0)),
        _cells(sample.share(sampling.integrated(tolerance, R_MAX)), places=2, highest=True),
    ]
    rows: list[list[str | Cell]] = [
        [name, *(column[i] for column in cells), lrs_used(record, name)] for i, name in enumerate(found.optimizers)
    ]
    order = np.lexsort((middle, place.value))
    share = judged_tolerance(record.meta) if tolerance is None else tolerance
    return Table(
        f"Reaching {share:g} of the initial gap on {_counted(len(set(found.functions.tolist())), 'function')}, "
        f"{_counted(sample.runs, 'run')} each, within {record.meta.steps:,} steps{sampled(sample)}.",
        ("optimizer", "success rate", "mean rank", "fastest", f"median {cost}", "profile", "learning rate"),
        [rows[i] for i in order],
        " ".join(
            [
                *_single_notes(sample),
                *reach_notes(record, tolerance),
                COLUMNS.format(cost=cost),
                *lr_notes(record),
                *_minimum_notes(record),
            ]
        ),
    )


COLUMNS = (
    "Mean rank: by {cost}; runs that do not succeed share the last rank. "
    "Fastest: share of runs in which the optimizer needs the fewest {cost}; ties are shared, and runs in which none "
    "succeeds count for none. "
    "Median: over all runs; > n and – mean that at least half of them do not succeed, within n or at all. "
    "Profile: performance profile integrated from 1 to 4 times the lowest cost (AlgoPerf, 2023), 1 at best."
)
"""What the columns of `standings` mean."""


def _single_notes(sample: Sample) -> list[str]:
    """Return that one run is no sample, if there is only one."""
    single = sample.runs == 1
    return ["One run each is no sample: there are no intervals. Give more starts or functions."] if single else []


@suggests_arguments
def running_times(record: Record, tolerance: float | None = None, *, cost: str = "evaluations") -> Table:
    """Return expected running times (Hansen et al., 2021), each with its success rate.

    There is one row per function and one column per optimizer. Arguments and errors are those of `standings`.
    """
    found, titles = costs(record, cost), function_titles(record)
    times = found.running_times(tolerance)
    share = judged_tolerance(record.meta) if tolerance is None else tolerance
    reached = np.isfinite(found.at(tolerance))
    rows: list[list[str | Cell]] = []
    for name, row in zip(dict.fromkeys(found.functions.tolist()), times, strict=True):
        cells = _cells(profiles.Estimate(row, *[np.full(len(row), np.nan)] * 2))
        rates = reached[found.functions == name].mean(0).tolist()
        rows.append([titles[name], *(replace(cell, rate=rate) for cell, rate in zip(cells, rates, strict=True))])
    caption = (
        f"Expected {cost} to reach {share:g} of the initial gap, and success rates; failed runs restart, so that the "
        f"{cost} of all runs are divided by the number of successes."
    )
    notes = ["–: no run succeeds."] if not np.isfinite(times).all() else []
    return Table(caption, ("function", *found.optimizers), rows, " ".join([*notes, *lr_notes(record)]))


def learning_rates(record: Record) -> Table:
    """Return the learning rates used: one row per function, one column per optimizer.

    Two rates are those of the two halves of the starts, on which `selection.at_best_lr` chose them. An asterisk marks
    a rate at the edge of the grid among which it chose.

    Raises:
        InputError: for another record, and for a comparison that ran each optimizer at several learning rates.
    """
    found, titles = costs(record), function_titles(record)
    columns = {name: lrs_by_function(record, name) for name in found.optimizers}
    rows = [
        [titles[name], *(_rates(record, optimizer, rates[i]) for optimizer, rates in columns.items())]
        for i, name in enumerate(map(str, record.axes["function"]))
    ]
    where = "range" if record.meta.get("tuning") else "grid"
    edges = [f"*: at the edge of the {where}."] if any("*" in cell for row in rows for cell in row[1:]) else []
    return Table(
        f"Learning rates on {_counted(len(rows), 'function')}.",
        ("function", *found.optimizers),
        rows,
        " ".join([*edges, *tuning_notes(record), *lr_notes(record)]),
    )


def _rates(record: Record, optimizer: str, rates: NDArray[np.float64]) -> str:
    """Return the different rates of one optimizer on one function, a dash for none."""
    pairs = zip(rates.tolist(), at_edge(record, optimizer, rates).tolist(), strict=True)
    marked = [f"{rate:.3g}{'*' * edge}" for rate, edge in pairs if not math.isnan(rate)]
    return ", ".join(dict.fromkeys(marked)) or "–"


def function_titles(record: Record) -> dict[str, str]:
    """Return the title of each function of a comparison, with its number of coordinates if two titles are equal."""
    facts = record.meta["functions"]
    titles = [str(fact.get("title", name)) for name, fact in facts.items()]
    return {
        name: f"{title} (d = {fact['dim']})" if titles.count(title) > 1 else title
        for (name, fact), title in zip(facts.items(), titles, strict=True)
    }


def runs_csv(record: Record) -> str:
    """Return all runs of a record as comma-separated values: one row per run, with its axes and columns.

    A column with one entry per tolerance becomes one column for each. Missing entries are empty.
    """
    columns = {name: values.tolist() for name, values in run_columns(record).items()}
    return csv_text([list(columns), *zip(*columns.values(), strict=True)])


def save_csv(text: str, path: str | os.PathLike[str]) -> Path:
    """Write comma-separated values atomically. Raises `InputError` if the file cannot be made."""
    target = check_csv(path)
    with files.replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return target


def check_csv(path: str | os.PathLike[str]) -> Path:
    """Return the path as a `Path`. Raises `InputError` if a table cannot be written there."""
    if files.as_path(path).suffix != ".csv":
        raise InputError(f"a table is saved as .csv, got {Path(path).name!r}")
    return files.check_target(path)


def sampled(sample: Sample) -> str:
    """Return the end of a caption that says what intervals are over."""
    if sample.over == "functions":
        return "; brackets are 95 % intervals over functions"
    varying = [name for name, count in (("starts", sample.starts), ("studies", sample.studies)) if count > 1]
    return f"; brackets are 95 % intervals over {' and '.join(varying)}" if varying else ""


def _ended(record: Record) -> NDArray[np.bool_]:
    """Return which runs ended before their last step without success, by problem and optimizer, shape (P, S)."""
    return np.asarray(by_problem(record, np.isin(record.grid("status"), TERMINAL)).all(-1))


def _minimum_notes(record: Record) -> list[str]:
    """Return which functions have no known minimum, so that gaps are measured from the lowest loss of all runs."""
    facts, titles = record.meta["functions"], function_titles(record)
    unknown = [titles[name] for name, fact in facts.items() if fact.get("minimum_is") == "the lowest value seen"]
    if not unknown:
        return []
    return [f"Of unknown minimum, so that gaps are measured from the lowest loss of any run: {', '.join(unknown)}."]


def _cells(
    found: profiles.Estimate,
    *,
    percent: bool = False,
    places: int = 0,
    highest: bool = False,
    above: NDArray[np.float64] | None = None,
) -> list[Cell]:
    """Return a column of cells. The lowest finite one is the best, or the highest; `above` bounds infinite ones."""
    bounds = np.full(len(found.value), math.nan) if above is None else np.where(np.isfinite(above), above, math.nan)
    finite = found.value[np.isfinite(found.value)]
    best = (finite.max() if highest else finite.min()) if len(finite) else math.nan
    return [
        Cell(float(value), float(low), float(high), percent, places, bool(value == best), float(bound))
        for value, low, high, bound in zip(*found, bounds, strict=True)
    ]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
