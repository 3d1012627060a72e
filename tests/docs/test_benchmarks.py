"""Tests of the benchmark of the catalogue: its figures, its page, and the stored page."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys

import numpy as np
import pytest
import torch

from landscapes.functions import catalogue


def run(root, environment_here, *words: str) -> subprocess.CompletedProcess[str]:
    script = root / "benchmarks" / "catalogue.py"
    return subprocess.run(
        [sys.executable, str(script), *words], env=environment_here, capture_output=True, text=True, timeout=100
    )


def test_json_output(root, monkeypatch, capsys):
    monkeypatch.setattr(sys, "path", [*sys.path])
    script = runpy.run_path(str(root / "benchmarks" / "catalogue.py"))
    monkeypatch.setattr(sys, "argv", ["catalogue.py", "--json", "--points", "1000", "wood", "beale"])
    script["main"]()
    output = json.loads(capsys.readouterr().out)
    assert output["points"] == 1000
    assert list(output["functions"]) == ["wood", "beale"]
    beale, wood = output["functions"]["beale"], output["functions"]["wood"]
    assert beale["points_ms"] > 0
    assert beale["surface_ms"] > 0
    assert "surface_ms" not in wood


@pytest.mark.slow
def test_markdown_output(root, environment_here):
    done = run(root, environment_here, "--points", "1000", "himmelblau", "wood")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    surfaces = [line for line in lines if line.startswith("- surfaces of 512 × 512 points: median ")]
    assert len(surfaces) == 1
    assert surfaces[0].endswith("above 50 ms: none")
    assert any(line.startswith("- 1,000 points relative to the bare formula: median ") for line in lines)
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
    assert [row[0] for row in table] == ["function", "---", "himmelblau", "wood"]
    assert len({len(row) for row in table}) == 1
    assert float(table[2][1]) > 0
    assert table[3][1] == ""


def test_stored_page_covers_the_catalogue(root):
    """If this fails because functions were added or removed, run the benchmark again."""
    page = (root / "benchmarks" / "catalogue.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("|")][2:]
    assert set(rows) <= set(catalogue())
    assert len(rows) > 0.9 * len(catalogue())


def test_stored_page_of_diagnosis_meets_its_bars(root):
    """At least 95 % right, at most 3 false alarms per 100 healthy runs and 8 % unclear, on other families."""
    page = (root / "benchmarks" / "diagnosis.md").read_text(encoding="utf-8")
    rows = {cells[1].strip(): cells[2:6] for line in page.splitlines() if len(cells := line.split("|")) == 7}
    for half in ("held-out", "catalogue"):
        runs, right, unclear, alarms = (float(cell.strip().rstrip("%")) for cell in rows[half])
        assert runs >= 400
        assert right >= 95
        assert unclear <= 8
        assert alarms <= 3
    kinds = [cells for line in page.splitlines() if len(cells := line.split("|")) == 8 and cells[2].strip().isdigit()]
    assert len(kinds) >= 16
    for _, kind, _, _, recall, precision, *_ in kinds:
        assert min(float(recall), float(precision)) >= 0.85, kind


@pytest.mark.slow
def test_the_gpu_benchmark_runs_on_the_cpu(root, monkeypatch, capsys, tmp_path):
    """Its form is checked: each case is measured, counted and written, and a difference from the CPU fails."""
    script = runpy.run_path(str(root / "benchmarks" / "gpu.py"))
    file = tmp_path / "gpu.json"
    assert script["main"](["--device", "cpu", "--small", "--json", str(file)]) == 0
    result, text = json.loads(file.read_text()), capsys.readouterr().out
    cases = {one["name"]: one for one in result["cases"]}
    assert len(cases) == 8
    assert all(f"| {name} |" in text and one["run_steps_per_second"] > 0 for name, one in cases.items())
    double, single = (cases[f"Adam, {kind}, 256 runs"] for kind in ("float64", "float32"))
    assert 40 < double["flops"] == single["flops"] < 70
    assert 1.8 < double["bytes"] / single["bytes"] < 2.1
    assert [one["difference"] for one in result["equality"]] == [0.0, 0.0]
    differ = {"function": "f", "way": "w", "difference": 1e-9, "same_statuses": True}
    monkeypatch.setitem(script["main"].__globals__, "differences", lambda *_: [differ])
    assert script["main"](["--device", "cpu", "--small", "--seconds", "0"]) == 1
    assert "left out for lack of time: Adam, float64, 256 runs" in capsys.readouterr().out


def test_the_steps_that_the_gpu_benchmark_compiles_are_those_of_the_engine(root):
    script = runpy.run_path(str(root / "benchmarks" / "gpu.py"))
    runs, t = 300, torch.arange(1, 9, dtype=torch.float64)
    table = torch.stack([1 / (1 - 0.9**t), (1 - 0.999**t).rsqrt()], 1)
    arrays = [*script["starts"](runs, torch.float64, "cpu"), *torch.zeros(4, runs, dtype=torch.float64)]
    x, y, *_ = script["eight_steps"](*arrays, torch.as_tensor(script["rates"](runs)), table)
    ends = script["batch"](runs, 8, "cpu").x[:, -1]
    np.testing.assert_allclose(torch.stack([x, y], 1), ends, rtol=1e-13, atol=1e-13)
