"""Tests of the documents: examples run, links resolve, commands parse."""

from __future__ import annotations

import doctest
import importlib
import io
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
from merged import merged

import landscapes
from landscapes.cli import main

ROOT = Path(__file__).resolve().parents[2]
MODULES = ["landscapes", *(info.name for info in pkgutil.walk_packages(landscapes.__path__, "landscapes."))]
PAGES = sorted(path.name for path in ROOT.glob("*.md"))


def fenced(page: str, *languages: str) -> list[str]:
    """Return the fenced code blocks of a page in the given languages."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [code for language, code in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S) if language in languages]


def examples(module: str) -> list[doctest.DocTest]:
    found = doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(module))
    return [test for test in found if test.examples]


SLOW = re.compile(
    r"landscapes\.(analysis\.(bands|costs|exports|pairs)|experiments\._(compare|explore|prescribe|race)"
    r"|networks\._stability|render\.(_save|animation\._animate|figures\..*|plots\._zoom_inset|report\..*|words))$"
)
"""Modules whose examples take long."""


@merged(
    "module",
    [
        pytest.param(name, marks=[pytest.mark.slow] * bool(SLOW.match(name)), id=name)
        for name in MODULES
        if not name.endswith("__main__")
    ],
)
def test_docstring_examples(module, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for test in examples(module):
        output = io.StringIO()
        outcome = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=output.write)
        assert outcome.failed == 0, output.getvalue()


def test_docstring_examples_are_found():
    assert {"landscapes", "landscapes.errors", "landscapes.objectives.decorators", "landscapes.experiments._race"} <= {
        module for module in MODULES if not module.endswith("__main__") and examples(module)
    }


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] * (page == "README.md")) for page in PAGES]
)
@pytest.mark.thin(1, 9)
def test_python_blocks_run(page, monkeypatch, tmp_path, few_frames):
    """Each block runs alone, but may load files that earlier blocks saved."""
    monkeypatch.chdir(tmp_path)
    for number, code in enumerate(fenced(page, "python"), 1):
        exec(compile(code, f"{page}, block {number}", "exec", dont_inherit=True), {"__name__": "__main__"})
    if plt := importlib.sys.modules.get("matplotlib.pyplot"):
        plt.close("all")


@pytest.mark.parametrize("page", PAGES)
def test_commands_parse(page):
    for code in fenced(page, "sh", "bash", "console"):
        for line in code.replace("\\\n", " ").splitlines():
            for command in re.split(r"&&|\|", line.removeprefix("$ ")):
                words = shlex.split(command, comments=True)
                if words[:1] == ["landscapes"] and not {"--help", "--version"} & set(words):
                    main.parse(words[1:])


@pytest.mark.parametrize("page", PAGES)
def test_inline_commands_parse(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for code in re.findall(r"`(landscapes \w+ [^`]+)`", text):
        words = shlex.split(code)
        if "--help" not in words:
            main.parse(words[1:])


def test_readme_has_the_setup_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "pip install . &&\nlandscapes race beale -o race.gif\n" in text
    assert "pip install '.[test]' && pytest" in text


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page):
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.M | re.S)
    targets = re.findall(r"\]\(([^)\s]+)", text) + re.findall(r"(?:src|srcset|href)=\"([^\"\s]+)", text)
    for target in targets:
        if not re.match(r"[a-z]+:", target):
            place, _, anchor = target.partition("#")
            assert (ROOT / place).exists(), f"{page}: {target}"
            if anchor and not place:
                assert anchor in anchors(text), f"{page}: #{anchor}"


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, "CITATION.cff", "pyproject.toml"])
def test_versions_agree(page):
    versions = set(re.findall(r"^(?:version(?: =|:)) \"?([\d.]+)", (ROOT / page).read_text(encoding="utf-8"), re.M))
    assert versions <= {landscapes.__version__}
