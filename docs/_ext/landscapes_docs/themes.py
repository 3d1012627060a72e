"""The reference of themes: a picture of each."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from landscapes import race, render
from landscapes_docs import drawing, fingerprints
from landscapes_docs.function_pictures import _save
from landscapes_docs.pages import Site

SIZE = 640, 440


def tasks(site: Site) -> list[drawing.Task]:
    """Return a task per theme."""
    folder = site.extra / "reference" / "generated"
    chosen = list(render.THEMES)[:2] if site.quick else list(render.THEMES)
    code = fingerprints.of_code()
    return [drawing.Task(name, draw, folder, [f"theme-{name}.webp"], code, True) for name in chosen]


def write(site: Site) -> None:
    """Write the page."""
    site.page("reference/generated/themes.md", _page(site))


def draw(name: str, folder: Path, *, full: bool) -> None:
    """Draw the default race in a theme."""
    figure = render.figure(race("beale"), theme=name, figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100)
    _save(figure, folder / f"theme-{name}.webp", 82)


def _page(site: Site) -> Iterator[str]:
    yield from ["# Themes", ""]
    yield "Every function that draws takes `theme=`: a name, or a `Theme` with changes, such as"
    yield '`render.THEMES["light"] | {"background": "#fffaf0"}`. The command line takes `--theme`.'
    yield ""
    for name in render.THEMES:
        yield from [f"## {name}", ""]
        if site.has(f"reference/generated/theme-{name}.webp"):
            picture = f'<img src="theme-{name}.webp" alt="A race on Beale\'s function in the theme {name}"'
            yield from ["```{raw} html", f'{picture} width="{SIZE[0]}" height="{SIZE[1]}" loading="lazy">', "```", ""]
    yield from ["## Settings", ""]
    assert inspect.getdoc(render.Theme)
    yield "All settings of a theme are listed at {py:class}`landscapes.render.Theme`."
