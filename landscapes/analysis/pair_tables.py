"""Tables of pairs of optimizers, and of the order without families of functions. Numpy only."""

from __future__ import annotations

import math
from collections.abc import Sequence

from landscapes.analysis.chosen_lrs import lr_notes
from landscapes.analysis.costs import judged_tolerance
from landscapes.analysis.families import R_MAX, families, in_words
from landscapes.analysis.pairs import Pairs, pairs
from landscapes.analysis.table_formats import Cell, Table
from landscapes.analysis.tables import sampled
from landscapes.errors import suggests_arguments
from landscapes.record import Record


@suggests_arguments
def pair_table(
    record: Record, tolerance: float | None = None, *, cost: str = "evaluations", draws: int = 400, seed: int = 0
) -> Table:
    """Return the table of pairs: probability of improvement, its p-value, difference of success rates, ratio of costs.

    Arguments and errors are those of `pairs.pairs`.
    """
    found = pairs(record, tolerance, cost=cost, draws=draws, seed=seed)
    share = judged_tolerance(record.meta) if tolerance is None else tolerance
    count = len(found.optimizers)
    rows: list[list[str | Cell]] = [_row(found, i, j) for i in range(count) for j in range(i + 1, count)]
    return Table(
        f"Pairs of optimizers, to {share:g} of the initial gap{sampled(found.sample)}.",
        ("pair", "improvement", "p (Holm)", "success rates, difference", f"{cost}, ratio", "both succeed"),
        rows,
        " ".join([PAIRS.format(cost=cost), *lr_notes(record)]),
    )


PAIRS = (
    "Improvement: probability that the first needs fewer {cost} than the second on a problem; ties count half. "
    "p: of a probability of one half, corrected over all pairs (Holm, 1979). "
    "Ratio: geometric mean, on problems that both solve; below 1, the first needs fewer."
)
"""What the columns of `pair_table` mean."""


def _row(found: Pairs, i: int, j: int) -> list[str | Cell]:
    def cell(name: str, **look: object) -> Cell:
        estimate = getattr(found, name)
        value, low, high = (float(part[i, j]) for part in estimate)
        return Cell(value, low, high, **look)  # type: ignore[arg-type]

    return [
        f"{found.optimizers[i]} over {found.optimizers[j]}",
        cell("improvement", percent=True),
        p_text(float(found.p_values[i, j])),
        cell("difference", percent=True),
        cell("ratio", places=2),
        Cell(float(found.shared[i, j]), percent=True),
    ]


def p_text(value: float) -> str:
    """Return a p-value as text.

    >>> p_text(0.0312), p_text(1e-9), p_text(float("nan"))
    ('0.031', '< 0.001', '–')
    """
    return "–" if math.isnan(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"


@suggests_arguments
def family_table(record: Record, tolerance: float | None = None, *, cost: str = "evaluations") -> Table:
    """Return the integrated profiles over the functions of each family, best optimizer first; see `families.families`.

    The best of each row is marked.
    """
    found = families(record, tolerance, cost=cost)
    rows: list[list[str | Cell]] = []
    for name, size, row in zip(found.families, found.sizes.tolist(), found.scores.tolist(), strict=True):
        cells = [Cell(value, places=2, best=mark) for value, mark in zip(row, _marked(row), strict=True)]
        rows.append([in_words(name), str(size), *cells])
    swaps = [
        f"{swap.behind} is no longer behind {swap.ahead} without {len(swap.families)}"
        for swap in found.swaps
        if swap.families
    ]
    note = f"Fewest families that must go: {'; '.join(swaps)}." if swaps else ""
    return Table(
        f"Performance profiles integrated from 1 to {R_MAX:g} times the lowest cost, by family of functions. "
        f"{found.sentence}",
        ("family", "functions", *found.optimizers),
        rows,
        note,
    )


def _marked(row: Sequence[float]) -> list[bool]:
    """Return which numbers of a row are the largest as they are printed; none of zeros.

    >>> _marked([0.999, 1.0, 0.4]), _marked([0.0, 0.0])
    ([True, True, False], [False, False])
    """
    best = f"{max(row):.2f}"
    return [max(row) > 0 and f"{value:.2f}" == best for value in row]
