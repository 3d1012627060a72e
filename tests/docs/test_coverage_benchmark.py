"""Tests of the benchmark of coverage: it prints its tables, and its designs cover as the stored table says."""

from __future__ import annotations

import re
import runpy
import sys

import pytest


@pytest.fixture
def script(root):
    return runpy.run_path(str(root / "benchmarks" / "coverage.py"))


@pytest.mark.slow
def test_the_benchmark_of_coverage_prints_a_table(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["coverage.py", "--replications", "60", "--designs", "1", "--worlds", "0"])
    script["main"]()
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| 5 × 10 × 5")]
    cells = re.findall(r"([\d.]+) \(([\d.]+)\)", row)
    assert len(cells) == len(script["STATISTICS"])
    assert all(float(ours) >= 90 for ours, _ in cells)
    assert sum(float(ours) - float(other) for ours, other in cells) > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "low", "high"), [((10, 5, 5, "functions"), 0.935, 0.955), ((1, 10, 5, "runs"), 0.95, 0.98)]
)
def test_intervals_cover_on_average(script, design, low, high):
    design = script["Design"](*design)
    found = script["coverage"](design, script["World"](), 400, compared=False)
    # the mean over the statistics: 94.5 and 96.8 %; with Student's quantile of n − 1, and with the degrees of freedom
    # of starts for all, it was 95.9 and 94.3 %
    assert low <= sum(share for share, _ in found.values()) / len(found) <= high


def test_the_stored_tables_have_the_designs_and_worlds_of_the_benchmark(script, root):
    text = (root / "benchmarks" / "coverage.md").read_text(encoding="utf-8")
    for design, _ in script["DESIGNS"]:
        assert f"| {design.functions} × {design.starts} × {design.studies}" in text
    for world in list(script["WORLDS"])[1:]:
        for design in script["OTHERS"]:
            assert f"| {world} | {design} |" in text
