"""Tables of a comparison: their numbers are those of the profiles, and each format is valid."""

from __future__ import annotations

import csv
import math
import re
import shutil
import subprocess

import numpy as np
import pytest

from landscapes import InputError
from landscapes.analysis import profiles, tables
from landscapes.analysis.costs import costs
from landscapes.analysis.tables import Cell, Table, csv_text, running_times, runs_csv, standings
from landscapes.record import Record, Trajectories

NEVER = -1


def comparison(to: list[list[list[int]]], spent: int = 100, labels: tuple[str, ...] = ("A_1", "B & C")) -> Record:
    """A record of F functions, two optimizers and S starts, with the evaluations to the last of two targets."""
    reached = np.array(to)  # (F, O, S)
    functions, _, starts = reached.shape
    both = np.stack([np.where(reached < 0, NEVER, (reached + 1) // 2), reached], -1).reshape(-1, 2)
    runs = {
        "label": np.tile(np.repeat(labels, starts), functions),
        "status": np.where(both[:, 1] < 0, "max_steps", "converged"),
        "final": np.zeros(len(both)),
        "stopped": np.full(len(both), -1),
        "evaluations": np.full(len(both), spent),
        "evaluations_to": both,
        "steps_to": both,
    }
    names = [f"f{i}" for i in range(functions)]
    meta = {
        "experiment": "compare",
        "complete": True,
        "steps": spent,
        "tolerances": [0.1, 1e-4],
        "functions": {name: {"dim": 2} for name in names},
        "axes": {"function": names, "optimizer": list(labels), "start": list(range(starts)), "seed": [0]},
    }
    count = len(both)
    return Record(Trajectories(np.zeros((count, 2, 2)), np.zeros((count, 2)), np.array([0, spent]), runs), None, meta)


SPLIT = comparison([[[10, 20, 30], [40, 50, NEVER]], [[8, NEVER, NEVER], [6, 6, 6]]])
"""A is the best on the first function, B on the second, where it reaches all."""


def test_standings_are_the_statistics_of_the_profiles_best_first():
    table = standings(SPLIT, draws=200)
    assert table.header == ("optimizer", "reached", "mean rank", "wins", "median evaluations")
    assert table.rows[0][2].value <= table.rows[1][2].value
    scores = costs(SPLIT).at()
    ranks = profiles.mean_ranks(scores, costs(SPLIT).functions, draws=200)
    by_name = {row[0]: row for row in table.rows}
    for i, name in enumerate(("A_1", "B & C")):
        _, reached, rank, wins, median = by_name[name]
        assert reached.value == pytest.approx([4 / 6, 5 / 6][i])
        assert (rank.value, rank.low, rank.high) == (ranks.value[i], ranks.low[i], ranks.high[i])
        assert wins.value == pytest.approx([(1 + 0) / 2, (0 + 1) / 2][i])
        assert median.value == [15, 6][i]
    assert by_name["B & C"][1].best
    assert not by_name["A_1"][1].best
    assert by_name["B & C"][4].best
    assert "1 function" not in table.caption
    assert "2 functions, 6 runs each, within 100 steps" in table.caption


def test_a_larger_tolerance_can_be_chosen():
    easy = {row[0]: row for row in standings(SPLIT, 0.1, draws=50).rows}
    assert easy["A_1"][4].value == 7.5
    with pytest.raises(InputError, match=r"no tolerance 0.2; it has 0.1, 0.0001"):
        standings(SPLIT, 0.2)


def test_one_function_alone_is_resampled_by_its_runs():
    alone = comparison([[[10, 20, 30, 40], [11, 19, NEVER, NEVER]]])
    table = standings(alone, draws=300)
    assert table.rows[0][2].low < table.rows[0][2].value < table.rows[0][2].high
    assert "1 function, 4 runs each" in table.caption


def test_running_times_have_one_row_per_function_and_mark_the_best():
    table = running_times(SPLIT)
    assert table.header == ("function", "A_1", "B & C")
    (f0, a0, b0), (f1, a1, b1) = table.rows
    assert (f0, f1) == ("f0", "f1")
    assert (a0.value, b0.value) == (20, (40 + 50 + 100) / 2)
    assert (a1.value, b1.value) == ((8 + 200) / 1, 6)
    assert [cell.best for cell in (a0, b0, a1, b1)] == [True, False, False, True]
    unsolved = running_times(comparison([[[NEVER], [NEVER]]]))
    assert [cell.text for cell in unsolved.rows[0][1:]] == ["–", "–"]
    assert not any(cell.best for cell in unsolved.rows[0][1:])


# Kinds

SMALL = Table(
    "Which is 50 % better & cheaper_by_far.",
    ("optimizer", "rank", "cost"),
    [
        ["A_1 · x", Cell(1.25, 1.0, 1.5, places=2, best=True), Cell(1234.5)],
        ["B | C", Cell(2, 1.5, 2.5, places=2), Cell(math.inf)],
    ],
)


def test_text_is_aligned_below_the_caption():
    caption, blank, *lines = SMALL.render("text").splitlines()
    assert (caption, blank) == (SMALL.caption, "")
    assert lines[0].split() == ["optimizer", "rank", "cost"]
    assert {
        line.index(word) for line, word in zip(lines, ["rank", "1.25 [1.00, 1.50]", "2.00 [1.50, 2.50]"], strict=True)
    } == {11}


def test_markdown_has_a_rule_and_escapes_bars():
    lines = SMALL.render("markdown").splitlines()
    assert lines[1] == "| --- | ---: | ---: |"
    assert lines[2] == "| A_1 · x | **1.25 [1.00, 1.50]** | 1234 |"
    assert lines[3] == r"| B \| C | 2.00 [1.50, 2.50] | – |"
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines[:4]} == {4}


def test_latex_is_booktabs_with_special_signs_unbounded():
    text = SMALL.render("latex")
    assert r"\begin{tabular}{lrr}" in text
    assert r"A\_1 $\cdot$ x & \textbf{1.25 [1.00, 1.50]} & 1234 \\" in text
    assert r"50 \% better \& cheaper\_by\_far." in text
    for optimizer in ("toprule", "midrule", "bottomrule"):
        assert text.count(f"\\{optimizer}") == 1
    assert text.count(r"\\") == 3


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path):
    body = "\n".join(table.render("latex") for table in (SMALL, standings(SPLIT, draws=20), running_times(SPLIT)))
    page = "\n".join(
        [r"\documentclass{article}", r"\usepackage{booktabs}", r"\begin{document}", body, r"\end{document}"]
    )
    (tmp_path / "page.tex").write_text(page, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_csv_has_all_digits_and_columns_for_intervals():
    rows = list(csv.DictReader(SMALL.render("csv").splitlines()))
    assert list(rows[0]) == ["optimizer", "rank", "rank low", "rank high", "cost"]
    assert float(rows[0]["cost"]) == 1234.5
    assert [float(rows[1][name]) for name in ("rank", "rank low", "rank high")] == [2, 1.5, 2.5]
    assert rows[1]["cost"] == ""


def test_an_unknown_kind_is_refused():
    with pytest.raises(InputError, match=r"unknown kind of table 'latx'\. Did you mean latex"):
        SMALL.render("latx")


# Runs


def test_the_csv_has_one_row_per_run_with_its_axes():
    rows = list(csv.DictReader(runs_csv(SPLIT).splitlines()))
    assert len(rows) == 12
    seventh = rows[7]
    assert [seventh[name] for name in ("function", "optimizer", "start", "seed")] == ["f1", "A_1", "1", "0"]
    assert (seventh["evaluations_to 0.1"], seventh["evaluations_to 0.0001"]) == ("", "")
    assert rows[6]["evaluations_to 0.0001"] == "8"
    assert seventh["status"] == "max_steps"


def test_what_holds_a_comma_is_quoted_and_nan_is_empty(tmp_path):
    text = csv_text([["a", "b"], ["x, y", 'say "no"'], [math.nan, 0.1]])
    assert list(csv.reader(text.splitlines())) == [["a", "b"], ["x, y", 'say "no"'], ["", "0.1"]]
    path = tables.save_csv(text, tmp_path / "t.csv")
    assert path.read_text(encoding="utf-8") == text
    with pytest.raises(InputError, match=r"a table is saved as \.csv, got 't\.txt'"):
        tables.save_csv(text, tmp_path / "t.txt")
    with pytest.raises(InputError, match="folder"):
        tables.check_csv(tmp_path / "nowhere" / "t.csv")
