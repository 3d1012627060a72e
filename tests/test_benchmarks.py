"""The benchmark of the catalogue measures what it says."""

from __future__ import annotations

import json
import subprocess
import sys


def run(root, environment_here, *words: str) -> subprocess.CompletedProcess[str]:
    script = root / "benchmarks" / "catalogue.py"
    return subprocess.run(
        [sys.executable, str(script), *words], env=environment_here, capture_output=True, text=True, timeout=100
    )


def test_figures_as_json(root, environment_here):
    done = run(root, environment_here, "--json", "--points", "1000", "wood", "beale")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["points"] == 1000
    assert list(said["landscapes"]) == ["wood", "beale"]
    beale, wood = said["landscapes"]["beale"], said["landscapes"]["wood"]
    assert beale["points_ms"] > 0
    assert beale["surface_ms"] > 0
    assert "surface_ms" not in wood


def test_figures_as_a_table(root, environment_here):
    done = run(root, environment_here, "--points", "1000", "himmelblau")
    assert done.returncode == 0, done.stderr
    assert "slowest surfaces" in done.stdout
    assert "himmelblau" in done.stdout
    assert "bare formula: median" in done.stdout
