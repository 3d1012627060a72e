"""Tests of the studies: each runs at a small size, asserts its verdict and writes its picture."""

from __future__ import annotations

import importlib.util
import runpy
import shutil
import sys
from pathlib import Path

import pytest

STUDIES = Path(__file__).resolve().parents[2] / "gallery" / "studies"
SCRIPTS = sorted(STUDIES.glob("[0-9][0-9]_*.py"))
PAGE = importlib.util.spec_from_file_location("studies_page", STUDIES / "page.py")
assert PAGE is not None
page = importlib.util.module_from_spec(PAGE)
assert PAGE.loader is not None
PAGE.loader.exec_module(page)

PUBLIC = {"landscapes", *(f"landscapes.{name}" for name in ("analysis", "functions", "optimizers", "transforms"))}

every = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
QUICK, LONG = ("12",), ("05", "06", "09", "10", "14", "16", "18", "20", "21", "22")
"""Studies that take at most half a second at a small size, and those that take more than three."""


def cost(script: Path) -> list[pytest.MarkDecorator]:
    number = script.name[:2]
    return [] if number in QUICK else [pytest.mark.exhaustive] if number in LONG else [pytest.mark.slow]


@pytest.mark.parametrize(
    "script",
    [pytest.param(item, marks=cost(item), id=item.stem) for item in SCRIPTS],
)
@pytest.mark.sample(3)
@pytest.mark.thin(1)
def test_study_prints_its_verdict_and_writes_its_picture(script, tmp_path, monkeypatch, capsys):
    (tmp_path / "pictures").mkdir()
    monkeypatch.setattr(sys, "argv", [script.name, "4"])
    runpy.run_path(str(shutil.copy(script, tmp_path)), run_name="__main__")
    line = capsys.readouterr().out.strip().splitlines()[-1]
    assert line.startswith(page.VERDICTS)
    assert [picture.stem for picture in (tmp_path / "pictures").iterdir()] == [script.stem]


@every
def test_study_uses_public_names_only(script):
    text = script.read_text(encoding="utf-8")
    modules = {line.split()[1] for line in text.splitlines() if line.startswith("from landscapes")}
    assert modules <= PUBLIC


@every
def test_page_has_each_study(script):
    title, claim, setup, sources = page.parse(script)
    assert title
    assert claim
    assert setup
    assert sources[-1] == "."
    published = (STUDIES.parent / "STUDIES.md").read_text(encoding="utf-8")
    assert f"## {title}\n" in published
    assert claim in published
    assert page.advice(script)
    assert f"{page.index_rows(script)}\n" in published
    assert list((STUDIES / "pictures").glob(f"{script.stem}.*"))
