"""Known limits: the strict xfail tests of the suite, each with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from landscapes_docs.pages import Site


def write(site: Site) -> None:
    """Write the page of known limits."""
    site.page("reference/generated/limits.md", _page(known_limits(site.root / "tests")))


def known_limits(folder: Path) -> list[tuple[str, str]]:
    """Return the reason of each strict xfail test, with the place of the test."""
    found = []
    for path in sorted(folder.glob("**/test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "xfail" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.xfail":
                        said = {
                            word.arg: ast.literal_eval(word.value) for word in mark.keywords if word.arg != "raises"
                        }
                        if said.get("strict"):
                            found.append((str(said["reason"]), f"{path.relative_to(folder.parent)}::{node.name}"))
    return found


def _page(limits: list[tuple[str, str]]) -> Iterator[str]:
    yield from ["# Known limits", ""]
    yield "Each limit is a test that is expected to fail. When one passes, the suite fails, and the limit is removed."
    yield ""
    for reason, place in limits:
        yield f"- {reason} (`{place}`)"
    yield ""
