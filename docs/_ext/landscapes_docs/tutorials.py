"""Run the tutorials, and show below each block of code what it prints and draws."""

from __future__ import annotations

import contextlib
import html
import io
import json
import os
import re
import tempfile
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from landscapes_docs import fingerprints
from landscapes_docs.drawing import Task
from landscapes_docs.pages import Site, convert, shown, shown_as, write_if_changed

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDER = "tutorials"
BLOCK = re.compile(r"^```python\n(.*?)^```\n", re.M | re.S)
WIDE = 88
"""Characters in a line of a page."""

DRAWN = (".png", ".gif", ".webp")


def tasks(site: Site) -> Iterator[Task]:
    """Yield a task per tutorial; quick builds show what earlier ones left."""
    for page in [] if site.quick else sorted((site.docs / FOLDER).glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if BLOCK.search(text):
            fingerprint = fingerprints.of_text(text + Path(__file__).read_text(encoding="utf-8"))
            results = [str(_results(site.docs, page.stem))]
            yield Task(page.stem, draw, site.extra / FOLDER, results, fingerprint, full=True)


def draw(name: str, folder: Path, *, full: bool) -> None:
    """Run the blocks of a tutorial in order, in an empty folder, and store what they print and draw."""
    docs = folder.parent.parent
    text = (docs / FOLDER / f"{name}.md").read_text(encoding="utf-8")
    results = []
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        space: dict[str, Any] = {"__name__": "__main__"}
        for number, block in enumerate(BLOCK.finditer(text), 1):
            code, heading = block[1], re.findall(r"^#+ (.+)$", text[: block.start()], re.M)[-1]
            before = {file: file.stat().st_mtime_ns for file in Path(scratch).iterdir()}
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, f"{name}.md, block {number}", "exec", dont_inherit=True), space)
            pictures = []
            for file in sorted(Path(scratch).iterdir(), key=os.path.getmtime):
                if file.suffix in DRAWN and before.get(file) != file.stat().st_mtime_ns:
                    shown_name = f"{name}-{number}-{file.name}"
                    files = [folder / each for each in shown_as(shown_name)]
                    convert(file, files)
                    alt = html.escape(_caption(file) or heading, quote=True)
                    pictures.append([shown(file, shown_name, alt), *map(str, files)])
            results.append({"code": code, "printed": printed.getvalue(), "pictures": pictures})
    write_if_changed(_results(docs, name), json.dumps(results, indent=1, ensure_ascii=False))


def add_results(app: Sphinx, name: str, source: list[str]) -> None:
    """Add to the text of a tutorial what its blocks printed and drew."""
    folder, _, stem = name.rpartition("/")
    stored = _results(Path(app.srcdir), stem)
    if folder != FOLDER or stem == "index":
        return
    app.env.note_dependency(str(stored))  # also if it is missing: once it is there, the page is read again
    if not stored.exists():
        return
    left = {result["code"]: result for result in json.loads(stored.read_text(encoding="utf-8"))}

    def with_result(found: re.Match[str]) -> str:
        result = left.get(found[1])
        return found[0] + ("\n".join(_shown(result)) if result else "")

    source[0] = BLOCK.sub(with_result, source[0])


def _shown(result: dict[str, Any]) -> Iterator[str]:
    if result["printed"].strip():
        lines = (part for line in result["printed"].splitlines() for part in _wrapped(line))
        yield from ["", "````{code-block} text", ":class: output", "", *lines, "````", ""]
    for picture, *files in result["pictures"]:
        if all(Path(file).exists() for file in files):
            yield from ["", "```{raw} html", picture, "```", ""]


def _wrapped(line: str) -> list[str]:
    """Return a line of prose in parts as wide as the page, and a row of a table as it is.

    >>> _wrapped("Adam ends first." * 6)[0], _wrapped("1  Adam  0.1")
    ('Adam ends first.Adam ends first.Adam ends first.Adam ends first.Adam ends first.Adam', ['1  Adam  0.1'])
    """
    return [line] if "  " in line.strip() else textwrap.wrap(line, WIDE) or [""]


def _results(docs: Path, name: str) -> Path:
    return docs / "_stamps" / FOLDER / f"{name}.json"


def _caption(file: Path) -> str:
    """Return the caption that a picture carries, or nothing."""
    with Image.open(file) as image:
        comment = image.info.get("Comment") or image.info.get("comment") or b""
    text = comment.decode() if isinstance(comment, bytes) else comment
    stored = json.loads(text) if text.startswith("{") else {}
    return str(stored.get("caption", ""))
