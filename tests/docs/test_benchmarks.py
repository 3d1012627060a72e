"""The benchmark of the catalogue measures what it says."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys

import pytest

from landscapes.functions import catalogue


def run(root, environment_here, *words: str) -> subprocess.CompletedProcess[str]:
    script = root / "benchmarks" / "catalogue.py"
    return subprocess.run(
        [sys.executable, str(script), *words], env=environment_here, capture_output=True, text=True, timeout=100
    )


def test_figures_as_json(root, monkeypatch, capsys):
    monkeypatch.setattr(sys, "path", [*sys.path])
    script = runpy.run_path(str(root / "benchmarks" / "catalogue.py"))
    monkeypatch.setattr(sys, "argv", ["catalogue.py", "--json", "--points", "1000", "wood", "beale"])
    script["main"]()
    said = json.loads(capsys.readouterr().out)
    assert said["points"] == 1000
    assert list(said["landscapes"]) == ["wood", "beale"]
    beale, wood = said["landscapes"]["beale"], said["landscapes"]["wood"]
    assert beale["points_ms"] > 0
    assert beale["surface_ms"] > 0
    assert "surface_ms" not in wood


@pytest.mark.slow
def test_figures_as_a_page(root, environment_here):
    done = run(root, environment_here, "--points", "1000", "himmelblau", "wood")
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert any(line.startswith("- surfaces of 512 × 512: ") and line.endswith("above 50 ms: none") for line in said)
    assert any(line.startswith("- 1,000 points beside the bare formula: ") for line in said)
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in said if line.startswith("|")]
    assert [row[0] for row in table] == ["landscape", "---", "himmelblau", "wood"]
    assert len({len(row) for row in table}) == 1
    assert float(table[2][1]) > 0
    assert table[3][1] == ""


def test_the_page_is_of_the_catalogue(root):
    """The one that is kept was printed for all of it: print it anew where landscapes came or went."""
    page = (root / "benchmarks" / "catalogue.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("|")][2:]
    assert set(rows) <= set(catalogue())
    assert len(rows) > 0.9 * len(catalogue())
