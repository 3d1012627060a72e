"""Tables of comparisons and races: in four styles, the numbers those of the record."""

from __future__ import annotations

import csv
import re

import pytest
from render_records import converging, diverging
from test_charts import map_record
from test_tables import SPLIT

from landscapes import render
from landscapes.analysis import profiles, race_table, tables
from landscapes.analysis.costs import costs
from landscapes.errors import InputError


@pytest.mark.parametrize("style", tables.KINDS)
@pytest.mark.parametrize("target", [None, 0.1])
@pytest.mark.thin(1)
def test_a_comparison_is_the_tables_of_comparisons(style, target):
    assert render.table(SPLIT, style, tolerance=target) == tables.standings(SPLIT, target).render(style)
    assert render.table(SPLIT, style, show="times", tolerance=target) == tables.running_times(SPLIT, target).render(
        style
    )
    assert render.table(SPLIT, style, show="rates") == tables.learning_rates(SPLIT).render(style)


def test_running_times_are_those_of_the_profiles():
    found = costs(SPLIT)
    expected = profiles.expected_running_time(found.at()[:3].T, found.spent[:3].T)
    header, first, _ = csv.reader(render.table(SPLIT, "csv", show="times").splitlines())
    assert header == ["function", *(f"{name}{end}" for name in found.optimizers for end in ("", " success rate"))]
    assert [float(entry) for entry in first[1::2]] == pytest.approx(expected.tolist())
    assert [float(entry) for entry in first[2::2]] == pytest.approx([1, 2 / 3])


def test_steps_are_counted_where_they_are_asked_for():
    assert "median steps" in render.table(SPLIT, cost="steps")
    assert "Expected steps" in render.table(SPLIT, show="times", cost="steps")


def test_latex_is_booktabs_and_names_are_unbounded():
    text = render.table(SPLIT, "latex")
    lines = re.findall(r"\\(?:top|mid|bottom)rule", text)
    assert lines == [r"\toprule", r"\midrule", r"\bottomrule"]
    assert r"A\_1 &" in text
    assert r"B \& C &" in text
    assert "|" not in text


@pytest.mark.parametrize("race", [converging(3), diverging()])
def test_a_race_is_its_standings(race):
    header, *rows = race_table.rows(race)
    assert render.table(race).startswith(render.caption(race))
    assert render.table(race).endswith(race_table.table(race))
    assert list(csv.reader(render.table(race, "csv").splitlines())) == [list(header), *map(list, rows)]
    assert f"| {' | '.join(rows[0])} |" in render.table(race, "markdown")


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        (SPLIT, {"style": "latx"}, "unknown style of table 'latx'. Did you mean latex"),
        (SPLIT, {"show": "ranks"}, "unknown table 'ranks'. Known: families, pairs, rates, standings, times"),
        (SPLIT, {"tolerance": 0.3}, "no tolerance 0.3; it has 0.1, 0.0001"),
        (map_record(), {}, r"needs the record of race\(\), sweep\(\), compare\(\) or tune\(\)"),
        (converging(1), {"show": "times"}, r"running times and rates need that of compare\(\)"),
        ("beale", {}, r"needs the record of race\(\), sweep\(\), compare\(\) or tune\(\)"),
    ],
)
def test_records_without_a_table_are_refused(given, options, words):
    with pytest.raises(InputError, match=words):
        render.table(given, **options)
