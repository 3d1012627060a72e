"""The catalogue on the web: one page per function, and an index with thumbnails and filters."""

from __future__ import annotations

import html
import inspect
import json
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from landscapes import functions, javascript
from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.objectives.facts import rows
from landscapes.objectives.tags import TAGS
from landscapes_docs import drawing, fingerprints, function_pictures, live_pages
from landscapes_docs.pages import Site, both_themes, table

FACTS = ("coordinates", "domain", "view", "start", "outside", "nonsmooth", "reference")
NEIGHBOURS = 6
QUICK = 24
"""A quick build draws all pictures of every 24th function."""

LONGEST_SCRIPT = 2000
"""Longer programs in JavaScript are not shown."""


def tasks(site: Site) -> list[drawing.Task]:
    """Return a task per function, and prepare the live pages."""
    folder = site.extra / "functions"
    live_pages.prepare(folder / "live")
    found = []
    for number, (name, function) in enumerate(functions.catalogue().items()):
        full = not site.quick or number % QUICK == 0
        files = function_pictures.names(name, full=full)
        fingerprint = fingerprints.of_function(function)
        found.append(drawing.Task(name, function_pictures.draw, folder, files, fingerprint, full))
    return found


def write(site: Site) -> None:
    """Write all pages of functions."""
    live_pages.clean(site.extra / "functions" / "live")
    found = functions.catalogue()
    values, errors = _sources(site.root), _errors(site.root)
    for name, function in found.items():
        site.page(f"functions/{name}.md", _page(site, function, values.get(name, []), errors.get(name, [])))
    site.page("functions/index.md", _index(list(found.values())))


def _page(site: Site, f: Function, sources: Sequence[str], errors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from ["---", "orphan: true", "---", "", f"# {f.title}", "", f.description, ""]
    yield from ["```{math}", f"f = {f.latex}", "```", ""]
    yield from _pictures(site, f)
    yield from ["## Facts", ""]
    yield from table(["fact", "value"], _facts(f))
    tags = [f'<a class="tag" href="index.html#tag={html.escape(tag)}" title="{TAGS[tag]}">{tag}</a>' for tag in f.tags]
    yield from ["```{raw} html", f'<p class="tags">{" ".join(tags)}</p>', "```", ""]
    if sources:
        yield from [f"Tests compare the values with: {'; '.join(sources)}.", ""]
    if f.variants:
        yield from ["## Other definitions", "", *(f"- {_text(variant)}" for variant in f.variants), ""]
    if errors:
        yield from ["## Errors in circulation", ""]
        yield from [*(f"- {_error(f, entry)}" for entry in errors), ""]
    yield from _code(f)
    yield from ["## Similar functions", "", "```{raw} html", '<div class="cards">']
    yield from [card(other, "") for other in _neighbours(f)]
    yield from ["</div>", "```"]


def _pictures(site: Site, f: Function) -> Iterator[str]:
    have = {kind: site.has(f"functions/{f.name}-light-{kind}.webp") for kind in ("contour", "surface")}
    where = "" if f.dim <= 2 else " in the plane through a minimum, the start and its gradient"
    yield from ["```{raw} html", '<div class="pair">']
    if have["contour"]:
        what = "The graph" if f.dim == 1 else "Contours"
        yield both_themes(f"{f.name}-{{theme}}-contour.webp", f"{what} of {f.title}{where}", function_pictures.SIZE)
    else:
        yield both_themes(f"{f.name}-{{theme}}-small.webp", f"Contours of {f.title}", function_pictures.THUMBNAIL)
    if have["surface"]:
        alt = f"The surface of {f.title}{where}"
        yield both_themes(f"{f.name}-{{theme}}-surface.webp", alt, function_pictures.SIZE)
    yield "</div>"
    if where:
        yield f"<p class='caption'>Drawn{where}.</p>"
    if site.has(f"functions/live/{f.name}.js"):
        title = f"A race on {html.escape(f.title)}"
        yield from [
            '<details class="live"><summary>Race on it, here in your browser</summary>',
            f'<iframe src="live.html?{f.name}" title="{title}" loading="lazy"></iframe>',
            f'<p><a href="live.html?{f.name}">Open the race on a page of its own</a></p></details>',
        ]
    yield from ["```", ""]


def _facts(f: Function) -> Iterator[tuple[str, str]]:
    yield "name", ", ".join(f"`{name}`" for name in (f.name, *f.aliases))
    known = dict(rows(f, digits=12))
    for fact in FACTS:
        if fact in known:
            yield fact, _text(known[fact])
    yield "minimum", "none: unbounded below" if f.minimum == -math.inf else _text(known.get("minimum", "unknown"))
    if f.minima:
        shown = [_point(point) for point in f.minima[:8]]
        more = "" if len(f.minima) <= 8 else f", and {len(f.minima) - 8} more"
        rest = "" if f.minima_complete else "; there are others"
        yield "minimizers", ", ".join(shown) + more + rest
    for kind in ("minimum", "saddle", "maximum"):
        points = [_point(one.point) for one in f.stationary if one.kind == kind]
        if points:
            name = {"minimum": "local minima", "saddle": "saddles", "maximum": "maxima"}[kind]
            more = "" if len(points) <= 6 else f", and {len(points) - 6} more"
            yield name, ", ".join(points[:6]) + more


def _error(f: Function, entry: Mapping[str, Any]) -> str:
    """Return one sentence on an error, with numbers computed here."""
    where = _text(entry["where"])
    if "error" in entry:
        return f"{where} {_text(entry['error'])}."
    if "at" in entry:
        at = _point(entry["at"])
        inside = all(low <= c <= high for c, (low, high) in zip(entry["at"], f.domain, strict=True))
        claim = f"{where}: the minimizer is given as {at}"
        claim += f" with minimum {entry['minimum']:.10g}" if "minimum" in entry else ""
        if not inside:
            return f"{claim}, which is outside the domain. The minimum in it is {f.minimum:.12g}."
        return (
            f"{claim}, which is wrong. The value there is {float(f(entry['at'])):.12g}, the minimum {f.minimum:.12g}."
        )
    return f"{where}: the minimum is given as {entry['minimum']:.10g}, which is wrong. It is {f.minimum:.12g}."


def _code(f: Function) -> Iterator[str]:
    point = f"[{', '.join(f'{c:g}' for c in f.start)}]"
    yield from ["## Use it", "", "```python"]
    yield from ["from landscapes import functions, race, render", ""]
    yield from [f'f = functions.get("{f.name}")']
    yield from [f"print(f({point}))  # a torch tensor; also takes batches of shape (..., {f.dim}), with gradients"]
    yield from [f'render.save(race(f), "{f.name}.gif")', "```", ""]
    yield from ["With numpy arrays, for SciPy or a library of your own:", "", "```python"]
    yield from ["import numpy as np", "import torch", "from landscapes import functions", ""]
    yield from [f'f = functions.get("{f.name}")']
    yield from ["f_numpy = lambda x: f(torch.as_tensor(x, dtype=torch.float64)).numpy()"]
    yield from [f"print(f_numpy(np.array([{point}, {point}])))", "```", ""]
    yield from ["Its definition in torch:", "", "```python", source(f), "```", ""]
    if script := _script(f):
        yield from ["Value and gradient without any library, as JavaScript:", "", "```text", script, "```", ""]


def source(f: Function) -> str:
    """Return the lines that define a function, without its decorator and docstring."""
    formula = inspect.unwrap(f.residuals or f.formula)
    try:
        text = textwrap.dedent(inspect.getsource(formula))
    except (OSError, TypeError):
        return f"# built by code of {getattr(formula, '__module__', 'the package')}"
    lines = text.splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith("def ")), 0)
    return "\n".join(lines[begin:])


def _script(f: Function) -> str:
    try:
        text = javascript.emit_function(f).source
    except InputError:
        return ""
    return text if len(text) <= LONGEST_SCRIPT else ""


def _index(found: Sequence[Function]) -> Iterator[str]:
    yield from ["# Catalogue of functions", ""]
    yield f"{len(found)} test functions. Their minima, stationary points and tags are facts that tests measure."
    yield "Hover over a picture to see a race."
    tags = sorted({tag for f in found for tag in f.tags})
    options = "".join(f'<option value="{html.escape(tag)}">{tag}</option>' for tag in tags)
    yield from ["", "```{raw} html", '<form class="filters" role="search" aria-label="Filter functions" hidden>']
    yield '<label>Search <input type="search" name="text" placeholder="name, shape, author"></label>'
    yield f'<label>Tag <select name="tag"><option value="">any</option>{options}</select></label>'
    yield '<label>and <select name="tag"><option value="">any</option>' + options + "</select></label>"
    yield '<label>Coordinates <input type="number" name="dim" min="1" max="40" placeholder="any"></label>'
    yield '<output name="count" role="status"></output></form>'
    yield '<div class="cards" id="catalogue">'
    yield from [card(f, "", details=True) for f in found]
    yield from ["</div>", "```", "", ":::{toctree}", ":hidden:", ":::"]


def card(f: Function, folder: str, *, details: bool = False) -> str:
    """Return the card of a function; with details, it can be filtered and plays a race on hover."""
    data = ""
    if details:
        words = " ".join([f.name, *f.aliases, f.title, f.description, f.reference, *f.tags]).lower()
        facts = {"tags": "|".join(f.tags), "dims": json.dumps(_supported(f)), "words": words}
        data = "".join(f' data-{name}="{html.escape(text)}"' for name, text in facts.items())
        data += f' data-film="{folder}{f.name}-{{theme}}-film.webp"' if f.dim <= 2 else ""
    pictures = both_themes(f"{folder}{f.name}-{{theme}}-small.webp", "", function_pictures.THUMBNAIL)
    text = f"<small>{html.escape(f.description)}</small>" if details else ""
    return f'<a class="card" href="{folder}{f.name}.html"{data}>{pictures}<b>{html.escape(f.title)}</b>{text}</a>'


def _supported(f: Function) -> list[int]:
    """Return the numbers of coordinates from 1 to 40 that a function supports."""
    return [f.dim] if f.family is None else [d for d in range(1, 41) if d in f.family.dims]


@cache
def _weights() -> dict[str, float]:
    """Return the weight of each tag: rare ones say more."""
    found = list(functions.catalogue().values())
    counts = {tag: sum(tag in f.tags for f in found) for tag in TAGS}
    return {tag: math.log(len(found) / count) if count else 0.0 for tag, count in counts.items()}


def _neighbours(f: Function) -> list[Function]:
    """Return the functions that share most tags, by weight."""

    def likeness(other: Function) -> tuple[float, str]:
        shared, either = set(f.tags) & set(other.tags), set(f.tags) | set(other.tags)
        weights = _weights()
        return -sum(weights[t] for t in shared) / (sum(weights[t] for t in either) or 1.0), other.name

    others = [other for other in functions.catalogue().values() if other.name != f.name]
    return sorted(others, key=likeness)[:NEIGHBOURS]


def _sources(root: Path) -> dict[str, list[str]]:
    """Return with which sources the tests compare the values of each function."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests" / "data" / "values").glob("*.json")):
        for entry in json.loads(path.read_text(encoding="utf-8")):
            known = found.setdefault(entry["function"], [])
            known.extend(source for source in entry.get("sources", []) if source not in known)
    return found


def _errors(root: Path) -> dict[str, list[Mapping[str, Any]]]:
    """Return the errors in circulation by function."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    text = (root / "tests" / "data" / "errors_elsewhere.json").read_text(encoding="utf-8")
    for entry in json.loads(text):
        found.setdefault(entry["function"], []).append(entry)
    return found


def _point(point: Sequence[float]) -> str:
    shown = [f"{c:.10g}" for c in point[:6]] + ["…"] * (len(point) > 6)
    return f"({', '.join(shown)})"


def _text(text: str) -> str:
    """Return plain text as Markdown."""
    for character in "\\*_[]<>$`~":
        text = text.replace(character, f"\\{character}")
    return text
