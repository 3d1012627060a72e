"""Tables of races, sweeps, comparisons and tunings for papers, pages and spreadsheets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from landscapes.analysis import race_table, tables, tuning
from landscapes.analysis.pair_tables import family_table, pair_table
from landscapes.analysis.sweep_table import best_settings
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record
from landscapes.render.text._caption import caption

SHOWN = ("standings", "times", "rates", "pairs", "families")

COMPARISONS: Mapping[str, Callable[..., tables.Table]] = {
    "standings": tables.standings,
    "times": tables.running_times,
    "pairs": pair_table,
    "families": family_table,
}
"""The tables of a comparison at one tolerance, by name."""


@suggests_arguments
def table(
    record: Record,
    style: str = "text",
    *,
    show: str = "standings",
    tolerance: float | None = None,
    cost: str = "evaluations",
    columns: Sequence[str] | None = None,
) -> str:
    """Return a race, a sweep, a comparison or a tuning as a table, best first.

    Args:
        record: what `race`, `sweep`, `compare` or `tune` returns.
        style: "text" in aligned columns; "markdown"; "latex" in the style of booktabs, scaled down to the width of the
            line where it is wider, for `\\usepackage{booktabs, graphicx}`; "latex-wide" across both columns of a
            document; "csv" with all digits.
        show: of a comparison, "standings", one row per optimizer (success rate, mean rank,
            share of runs in which it is the fastest, integrated profile, median cost over all runs, learning rates); or
            one row per function: "times", the expected running times (Hansen et al., 2021) with success rates, or
            "rates", the learning rates, marked where they lie at the edge of their grid; "pairs", one row per pair of
            optimizers; "families", integrated profiles over families of functions.
        tolerance: of a comparison, one of its tolerances; by default that for which learning rates were chosen, else
            the last.
        cost: of a comparison, what is counted, "evaluations" or "steps".
        columns: the names of the columns to keep, in their order; by default all.

    Raises:
        InputError: for another record, an unknown style, table or column, or a tolerance that the comparison does not
            have.

    >>> from landscapes import race
    >>> print(table(race("booth", ["adam(lr=0.5)"], steps=200), "markdown"))
    | place | optimizer | learning rate | final loss | steps to target | status |
    | --- | --- | --- | --- | --- | --- |
    | 1 | Adam | 0.5 | 2.57e-09 | 88 | converged |
    <BLANKLINE>
    Booth, 200 steps from (-8, 8): Adam (lr 0.5); Adam reaches the target (a loss of 0.017), at step 88.
    """
    if style not in tables.KINDS:
        raise unknown("style of table", style, tables.KINDS)
    if show not in SHOWN:
        raise unknown("table", show, SHOWN)
    made = _made(record, show, tolerance, cost)
    return (made if columns is None else made.select(columns)).render(style)


def _made(record: Record, show: str, tolerance: float | None, cost: str) -> tables.Table:
    job = record.meta.get("experiment", "race") if isinstance(record, Record) else None
    if job == "compare" and show == "rates":
        return tables.learning_rates(record)
    if job == "compare":
        return COMPARISONS[show](record, tolerance, cost=cost)
    if job == "sweep" and show == "standings":
        return best_settings(record)
    if job == "tune":
        header, *rows = tuning.rows(record)
        note = " ".join(f"{note[0].upper()}{note[1:]}." for note in tuning.notes(record))
        return tables.Table(tuning.caption(record), header, rows, note)
    if job == "race" and show == "standings":
        header, *rows = race_table.rows(record)
        return tables.Table(caption(record), header, rows)
    raise InputError(
        "a table needs the record of race(), sweep(), compare() or tune(); running times and rates need that of "
        "compare()"
    )
