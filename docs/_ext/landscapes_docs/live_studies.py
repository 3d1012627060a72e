"""The live pages of the studies: written once per version of the code, and linked from the page of the studies."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

from landscapes_docs import fingerprints
from landscapes_docs.pages import Site, write_if_changed

FOLDER = "gallery/studies/live"

QUICK = ("12_bias_correction",)
"""The pages of a quick build."""


@cache
def _script(path: Path) -> ModuleType:
    """Return the script of the gallery that writes STUDIES.md."""
    spec = importlib.util.spec_from_file_location("studies_page", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(site: Site) -> None:
    """Write the pages, unless they are those of this code."""
    studies = site.root / "gallery" / "studies"
    script = _script(studies / "page.py")
    live = script.load_live()
    files = [studies / "live.py", studies / "verdicts.js", *sorted(studies.glob("measured/*.json"))]
    own = b"".join(file.read_bytes() for file in files)
    stamp = f"{fingerprints.of_code()} {hashlib.sha256(own).hexdigest()}"
    folder = site.extra / FOLDER
    for name in QUICK if site.quick else sorted({**live.LIVE, **live.MEASURED}):
        mark = folder / f"{name}.txt"
        if not (folder / f"{name}.html").exists() or not mark.exists() or mark.read_text(encoding="utf-8") != stamp:
            folder.mkdir(parents=True, exist_ok=True)
            title, claim, _, _ = script.parse(studies / f"{name}.py")
            live.write(name, folder / f"{name}.html", title, claim)
            write_if_changed(mark, stamp)


def linked(site: Site, text: str) -> str:
    """Return the page of the studies with links in place of the commands that write their live pages."""

    def link(found: re.Match[str]) -> str:
        page = f"studies/live/{found[2]}.html"  # no page of the site's sources, so that the link is HTML
        return f'<a href="{page}">{found[1]}</a>' if site.has(f"gallery/{page}") else found[0]

    pattern = (
        r"^((?:Live page|Page of measured runs), with a slider \([^`\n]+\)): `python gallery/studies/live\.py (\w+)`$"
    )
    return re.sub(pattern, link, text, flags=re.M)
