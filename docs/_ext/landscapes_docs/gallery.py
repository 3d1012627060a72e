"""The gallery: a page per script with its stored picture; tests hold pictures and scripts together.

The scripts are not run here: they race for a quarter of an hour. The tests run each at a small size and compare.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

from landscapes_docs import live_studies
from landscapes_docs.pages import PICTURES, Site, shown, shown_as


def write(site: Site) -> None:
    """Copy the pictures, and write the pages."""
    folder = site.root / "gallery"
    scripts = sorted(folder.glob("*.py"))
    for script in scripts:
        for picture in pictures(script):
            site.picture(picture, f"gallery/{picture.name}")
        site.page(f"gallery/{script.stem}.md", _page(script))
    for picture in sorted((folder / "studies" / "pictures").glob("*.*")):
        site.picture(picture, f"gallery/studies/pictures/{picture.name}")
    live_studies.write(site)
    site.page("gallery/studies.md", _studies(site))
    site.page("gallery/index.md", _index(scripts))


def pictures(script: Path) -> list[Path]:
    """Return the stored pictures that a script writes, by the names in its text."""
    text = script.read_text(encoding="utf-8")
    stored = sorted((script.parent / "pictures").glob("*.*"))
    found = [path for path in stored if path.name in text]
    if not found:  # a name with a part that the script fills in, such as plot-types-{theme}.png
        stems = [stem for stem in re.findall(r'f"([\w-]+?)-?\{', text) if len(stem) > 3]
        found = [path for path in stored if any(path.name.startswith(stem) for stem in stems)]
    return [path for path in found if path.suffix in PICTURES]


def heading(script: Path) -> tuple[str, str]:
    """Return the title of a script and the text below it."""
    doc = (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or "").strip()
    title, _, text = doc.partition("\n")
    return title, re.sub(r"^=+\n", "", text).strip().replace("``", "`")


def _page(script: Path) -> Iterator[str]:
    title, text = heading(script)
    yield from ["---", "orphan: true", "---", "", f"# {title}", "", text, ""]
    for picture in pictures(script):
        alt = html.escape(text.partition(". ")[0] or title, quote=True)
        yield from ["```{raw} html", shown(picture, picture.name, alt)]
        yield from ["```", ""]
    yield from [f"```{{literalinclude}} ../../gallery/{script.name}", ":language: python", "```", ""]
    yield f'<a href="../scripts/gallery/{script.name}" download>Download the script</a>'


def _index(scripts: list[Path]) -> Iterator[str]:
    yield from ["# Gallery", "", "One script per picture. [Studies](studies.md) test common claims about optimizers."]
    yield from ["", "```{raw} html", '<div class="cards">']
    for script in scripts:
        title, text = heading(script)
        picture = next((path for path in pictures(script) if path.suffix != ".mp4"), None)
        image = f'<img src="{shown_as(picture.name)[-1]}" alt="" loading="lazy">' if picture else ""
        first = html.escape(" ".join(text.split()).partition(". ")[0].rstrip("."))
        first = re.sub(r"`([^`]+)`", r"<code>\1</code>", first)
        yield f'<a class="card" href="{script.stem}.html">{image}<b>{html.escape(title)}</b><small>{first}.</small></a>'
    yield from ["</div>", "```", "", ":::{toctree}", ":hidden:", "", "studies", ":::"]


def _studies(site: Site) -> Iterator[str]:
    """Yield the page of the studies, with links to its live pages, and to copies of its pictures and scripts."""
    text = (site.root / "gallery" / "STUDIES.md").read_text(encoding="utf-8")
    folder = site.root / "gallery"
    text = re.sub(
        r"!\[([^\]]*)\]\((studies/pictures/[^)]+)\)",
        lambda found: shown(folder / found[2], found[2], html.escape(found[1], quote=True)),
        text,
    )
    text = re.sub(r"\[(\w+\.py)\]\(studies/\w+\.py\)", r'<a href="../scripts/studies/\1">\1</a>', text)
    yield live_studies.linked(site, text)
