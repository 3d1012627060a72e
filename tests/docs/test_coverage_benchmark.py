"""Tests of the benchmark of coverage: it prints a table, and its first design covers."""

from __future__ import annotations

import re
import runpy
import sys

import pytest


@pytest.mark.slow
def test_the_benchmark_of_coverage_prints_a_table(root, monkeypatch, capsys):
    script = runpy.run_path(str(root / "benchmarks" / "coverage.py"))
    monkeypatch.setattr(sys, "argv", ["coverage.py", "--replications", "60", "--designs", "1"])
    script["main"]()
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| 5 × 10 × 5")]
    cells = re.findall(r"([\d.]+) \(([\d.]+)\)", row)
    assert len(cells) == len(script["STATISTICS"])
    assert all(float(ours) >= 88 for ours, _ in cells)
    assert sum(float(ours) - float(other) for ours, other in cells) > 0


def test_the_stored_table_has_the_designs_of_the_benchmark(root):
    script = runpy.run_path(str(root / "benchmarks" / "coverage.py"))
    text = (root / "benchmarks" / "coverage.md").read_text(encoding="utf-8")
    for design in script["DESIGNS"]:
        assert f"| {design.functions} × {design.starts} × {design.studies}" in text
