"""Tables of a comparison: their numbers are those of the profiles, and each format is valid."""

from __future__ import annotations

import csv
import math
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from landscapes import InputError
from landscapes.analysis import profiles, tables
from landscapes.analysis.costs import costs
from landscapes.analysis.tables import Cell, Table, csv_text, learning_rates, running_times, runs_csv, standings
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
    assert table.header == (
        *("optimizer", "success rate", "mean rank", "fastest"),
        *("median evaluations", "profile", "learning rate"),
    )
    assert table.rows[0][2].value <= table.rows[1][2].value
    scores = costs(SPLIT).at()
    ranks = profiles.means(profiles.ranks(scores), costs(SPLIT).functions).mean(0)
    by_name = {row[0]: row for row in table.rows}
    for i, name in enumerate(("A_1", "B & C")):
        _, reached, rank, fastest, median, profile, lr = by_name[name]
        assert reached.value == pytest.approx([4 / 6, 5 / 6][i])
        assert rank.value == pytest.approx(ranks[i])
        assert 1 <= rank.low < rank.value < rank.high <= 2
        assert profile.value == pytest.approx([(1 + 8 / 27) / 2, (1 / 6 + 1) / 2][i])
        assert fastest.value == pytest.approx([(1 + 0) / 2, (0 + 1) / 2][i])
        assert median.value == np.median([[10, 20, 30, 8, np.inf, np.inf], [40, 50, np.inf, 6, 6, 6]][i])
        assert lr == "–"
    assert by_name["B & C"][1].best
    assert not by_name["A_1"][1].best
    assert by_name["B & C"][4].best
    assert "1 function" not in table.caption
    assert "2 functions, 6 runs each, within 100 steps" in table.caption
    assert table.caption.endswith("brackets are 95 % intervals over functions.")


def test_a_larger_tolerance_can_be_chosen():
    easy = {row[0]: row for row in standings(SPLIT, 0.1, draws=50).rows}
    assert easy["A_1"][4].value == np.median([5, 10, 15, 4, np.inf, np.inf])
    with pytest.raises(InputError, match=r"no tolerance 0.2; it has 0.1, 0.0001"):
        standings(SPLIT, 0.2)


def test_one_function_alone_is_resampled_by_its_runs():
    alone = comparison([[[10, 20, 30, 40], [11, 19, NEVER, NEVER]]])
    table = standings(alone, draws=300)
    assert table.rows[0][2].low < table.rows[0][2].value < table.rows[0][2].high
    assert "1 function, 4 runs each" in table.caption
    assert table.caption.endswith("brackets are 95 % intervals over starts.")


def test_running_times_have_one_row_per_function_and_mark_the_best():
    table = running_times(SPLIT)
    assert table.header == ("function", "A_1", "B & C")
    (f0, a0, b0), (f1, a1, b1) = table.rows
    assert (f0, f1) == ("f0", "f1")
    assert (a0.value, b0.value) == (20, (40 + 50 + 100) / 2)
    assert (a1.value, b1.value) == ((8 + 200) / 1, 6)
    assert [cell.best for cell in (a0, b0, a1, b1)] == [True, False, False, True]
    assert [cell.text for cell in (a0, b0, a1, b1)] == ["20 (100 %)", "95 (67 %)", "208 (33 %)", "6 (100 %)"]
    unsolved = running_times(comparison([[[NEVER], [NEVER]]]))
    assert [cell.text for cell in unsolved.rows[0][1:]] == ["–", "–"]
    assert not any(cell.best for cell in unsolved.rows[0][1:])


def with_column(record: Record, name: str, values: list) -> Record:
    runs = {**record.trajectories.runs, name: np.array(values)}
    return replace(record, trajectories=replace(record.trajectories, runs=runs))


@pytest.mark.parametrize(
    ("to", "status", "text"),
    [
        ([10, 20, 30, NEVER], ["converged"] * 3 + ["max_steps"], "25"),
        ([10, NEVER, NEVER, NEVER], ["converged"] + ["max_steps"] * 3, "> 100"),
        ([10, NEVER, NEVER, NEVER], ["converged"] + ["diverged"] * 3, "–"),
        ([NEVER] * 4, ["max_steps"] * 4, "> 100"),
    ],
)
def test_a_median_is_over_all_runs_and_never_over_successes_alone(to, status, text):
    record = with_column(comparison([[to, [90, 90, 90, 90]]]), "status", [*status, *["converged"] * 4])
    row = {row[0]: row for row in standings(record, draws=20).rows}["A_1"]
    assert row[4].text == text
    assert row[4].best == math.isfinite(row[4].value)
    assert row[1].value == np.mean(np.array(to) >= 0)


def test_ties_share_being_the_fastest_and_unsolved_runs_count_for_none():
    record = comparison([[[5, 5, 9, NEVER], [5, 7, 4, NEVER], [5, 5, NEVER, NEVER]]], labels=("a", "b", "c"))
    found = {row[0]: row[3].value for row in standings(record, draws=20).rows}
    assert found == pytest.approx({"a": (1 / 3 + 1 / 2) / 4, "b": (1 / 3 + 1) / 4, "c": (1 / 3 + 1 / 2) / 4})
    assert "ties are shared" in standings(record, draws=20).note


def test_tables_judge_by_the_tolerance_of_the_chosen_rates_and_show_them():
    record = with_column(SPLIT, "lr", [0.1, 0.1, 0.1, 1.0, 1.0, 1.0, 0.01, 0.01, 0.01, 0.1, 0.1, 0.1])
    meta = record.meta.replace(chosen_for=0.1, lr_grid=[0.01, 0.1, 1.0])
    meta.functions["f0"]["title"] = "First"
    chosen = replace(record, meta=meta)
    table = standings(chosen, draws=20)
    assert table.caption.startswith("Reaching 0.1 of the initial gap")
    assert {row[0]: row[6] for row in table.rows} == {"A_1": "0.01 to 0.1", "B & C": "0.1 to 1"}
    assert "chosen per function, among 3 from 0.01 to 1, for 0.1, on the other half of the starts" in table.note
    assert "At the edge of this grid: A_1 on 1 of 2 functions, B & C on 1 of 2 functions" in table.note
    np.testing.assert_array_equal(costs(chosen).at(), costs(SPLIT).at(0.1))
    rates = learning_rates(chosen)
    assert rates.rows == [["First", "0.1", "1*"], ["f1", "0.01*", "0.1"]]
    assert "At the edge of this grid: A_1 on 1 of 2 functions" in rates.note
    halves = with_column(chosen, "lr", [0.1, 1.0, 0.1, *[np.nan] * 3, *[0.1] * 6])
    assert learning_rates(halves).rows[0] == ["First", "0.1, 1*", "–"]
    tuned = replace(chosen, meta=chosen.meta.replace(chosen_for=None, tuned=["B & C"]))
    assert learning_rates(tuned).rows == [["First", "0.1", "1*"], ["f1", "0.01", "0.1"]], "A_1 has given rates"
    assert "Tuned per function, among 3 from 0.01 to 1, from its own start: B & C." in learning_rates(tuned).note
    times = running_times(chosen)
    assert [row[0] for row in times.rows] == ["First", "f1"]
    assert "to reach 0.1" in times.caption
    assert standings(chosen, 1e-4, draws=20).caption.startswith("Reaching 0.0001")


# Kinds

HOSTILE = ["=1+1", "+x", "@x", "-x", "-1.5e-3", "a\nb|c<d>", r"\input{x}", "\x1b[31m"]


@pytest.mark.parametrize("kind", tables.KINDS)
def test_hostile_cells_are_text_in_every_format(kind):
    rows = [[text, Cell(1.0)] for text in HOSTILE]
    text = Table("Caption\nof two lines.", ("name\n2", "n"), rows, "A\nnote").render(kind)
    assert "\x1b" not in text
    if kind == "csv":
        assert [row[0] for row in csv.reader(text.splitlines())] == [
            *("name 2", "'=1+1", "'+x", "'@x", "'-x", "-1.5e-3"),
            *("a b|c<d>", r"\input{x}", "␛[31m"),
        ]
    if kind == "markdown":
        assert r"| a b\|c&lt;d> | 1 |" in text.splitlines()
        assert text.endswith("\n\nCaption of two lines.\n\nA note")
    if kind == "latex":
        assert r"\textbackslash{}input\{x\} & 1" in text
        assert r"a b\textbar{}c\textless{}d\textgreater{} & 1" in text
    if kind == "text":
        assert len(text.splitlines()) == 2 + 1 + len(HOSTILE) + 2


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
    assert r"A\_1 $\cdot$ x & \textbf{1.25} {\scriptsize [1.00, 1.50]} & 1234 \\" in text
    assert r"50 \% better \& cheaper\_by\_far." in text
    for optimizer in ("toprule", "midrule", "bottomrule"):
        assert text.count(f"\\{optimizer}") == 1
    assert text.count(r"\\") == 3


WIDE = Table(
    "Optimizers α to ω, x₁² ≤ 10⁻³, within ±1.",
    ("optimizer", "success rate", "mean rank", "fastest", "median evaluations", "learning rate"),
    [
        ["[a]", *[Cell(1.0)] * 4, "-"],
        ["*best*", *[Cell(1.0)] * 4, "-"],
        ["Adam (β₁ = 0.9, ε = 1e-8)", *[Cell(0.5, 0.25, 0.75, percent=True)] * 4, "0.001, 0.046*"],
    ],
    "A note. " * 20,
)


def test_no_row_of_latex_is_an_option_of_the_command_before_it():
    assert r"{}[a] & " in WIDE.latex()
    assert r"{}*best* & " in WIDE.latex()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.parametrize("columns", ["onecolumn", "twocolumn"])
def test_latex_compiles_and_no_table_is_wider_than_its_column(columns, tmp_path):
    made = (SMALL, WIDE, standings(SPLIT, draws=20), running_times(SPLIT))
    body = "\n".join(table.render(kind) for table in made for kind in ("latex", "latex-wide"))
    page = [rf"\documentclass[{columns}]{{article}}", r"\usepackage{booktabs, graphicx}", r"\begin{document}"]
    (tmp_path / "page.tex").write_text("\n".join([*page, body, r"\end{document}"]), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


def test_columns_are_chosen_by_name_and_order():
    assert SMALL.select(["cost", "optimizer"]).csv().splitlines() == ["cost,optimizer", "1234.5,A_1 · x", ",B | C"]
    with pytest.raises(InputError, match="unknown column 'costs'"):
        SMALL.select(["costs"])
    with pytest.raises(InputError, match="columns must be names"):
        SMALL.select([])


def test_csv_has_all_digits_and_columns_for_intervals():
    rows = list(csv.DictReader(SMALL.render("csv").splitlines()))
    assert list(rows[0]) == ["optimizer", "rank", "rank low", "rank high", "cost"]
    assert float(rows[0]["cost"]) == 1234.5
    assert [float(rows[1][name]) for name in ("rank", "rank low", "rank high")] == [2, 1.5, 2.5]
    assert rows[1]["cost"] == ""


def test_an_unknown_kind_is_refused():
    with pytest.raises(InputError, match=r"unknown kind of table 'latx'\. Did you mean latex"):
        SMALL.render("latx")
    with pytest.raises(InputError, match="unknown kind of table 3"):
        SMALL.render(3)


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


def test_a_number_that_rounds_to_zero_has_no_sign():
    assert Cell(-0.001, -0.004, 0.2, percent=True).text == "0 % [0, 20]"
    assert Cell(-0.2).text == "0"
    assert Cell(-0.7).text == "-1"
