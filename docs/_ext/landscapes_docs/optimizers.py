"""One page per optimizer and wrapper: equation, source, hyper-parameters, a race, first steps, and its norm ball."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from landscapes import optimizers
from landscapes.cli.list import hyper_parameters
from landscapes.cli.show import optimizer_facts
from landscapes_docs import drawing, fingerprints, optimizer_pictures
from landscapes_docs.pages import Site, both_themes, table

QUICK = ("sgd", "adam")

BALL = (
    "The first step is a steepest descent in a norm: it ends where the ball of that norm touches the lowest level line "
    "(dashed) of the linear loss. `norm_balls=True` draws such balls on races."
)

BALL_OF_MATRICES = (
    " The norm is the largest singular value of a 2×2 matrix, with `exact=True`; the picture is the plane of both."
)


def families() -> dict[type[Any], list[str]]:
    """Return the names of each class, those without settings of their own first."""
    found: dict[type[Any], list[str]] = {}
    for name, (cls, _) in sorted(optimizers.names().items(), key=lambda item: (bool(item[1][1]), item[0])):
        found.setdefault(cls, []).append(name)
    return dict(sorted(found.items(), key=lambda item: item[1][0]))


def tasks(site: Site) -> list[drawing.Task]:
    """Return a task per optimizer that is drawn."""
    folder, found = site.extra / "optimizers", []
    for cls, (name, *_) in families().items():
        if optimizer_pictures.kinds(name) and (not site.quick or name in QUICK):
            files, key = optimizer_pictures.names(name), f"{fingerprints.of_code()}-{cls.__name__}"
            found.append(drawing.Task(name, optimizer_pictures.draw, folder, files, key, True))
    return found


def write(site: Site) -> None:
    """Write all pages of optimizers."""
    for cls, names in families().items():
        site.page(f"optimizers/{names[0]}.md", _page(site, cls, names))
    site.page("optimizers/index.md", _index(site))


def _page(site: Site, cls: type[Any], names: Sequence[str]) -> Iterator[str]:
    name, is_wrapper = names[0], issubclass(cls, optimizers.Wrapper)
    yield from ["---", "orphan: true", "---", "", f"# {cls.__name__}", ""]
    yield from _text(cls)
    facts = optimizer_facts(name)
    if (source := re.search(r"^reference: (.*)$", facts, re.M)) and source[1] != "none":
        yield from [f"**Source:** {_plain(source[1])}.", ""]
    yield from ["## Hyper-parameters", ""]
    rows = re.search(r"^hyper-parameters:\n(.*?)(?:\n\n|\Z)", facts, re.M | re.S)
    if rows is None:
        yield from ["None.", ""]
    else:
        yield from table(["name", "default", "meaning"], _hyper_parameters(cls, name))
    presets = [(other, optimizers.names()[other][1]) for other in names[1:]]
    if presets:
        yield from ["Names with settings of their own:" if any(p for _, p in presets) else "Also called:", ""]
        for other, preset in presets:
            settings = ", ".join(f"{key}={value!r}" for key, value in preset.items())
            yield f"- `{other}`" + (f": `{name}({settings})`" if settings else "")
        yield ""
    yield from _pictures(site, name)
    yield from ["## Use it", "", "```python", "from landscapes import optimizers, race", ""]
    example = re.search(r"^\s*>>> (" + cls.__name__ + r"\(.*\))\.spec$", inspect.getdoc(cls) or "", re.M)
    if is_wrapper or name == "scipy":
        yield "# see the example below for its settings"
    else:
        yield f'record = race("beale", ["{name}", "sgd"])  # with tuned learning rates'
    if example:
        yield f"print({_qualified(example[1])}.spec)"
    yield from ["```", "", "## Class", "", "```{eval-rst}", f".. autoclass:: landscapes.optimizers.{cls.__name__}"]
    yield from ["   :no-index:", "```"]


def _qualified(call: str) -> str:
    return re.sub(r"\b([A-Z]\w*)\(", r"optimizers.\1(", call)


def _text(cls: type[Any]) -> Iterator[str]:
    """Yield the docstring before its sections: paragraphs, and equations as code."""
    text = inspect.cleandoc(cls.__doc__ or "")
    text = re.split(r"^(?:Args|Raises|Attributes|Returns):?$|^>>>|^Sources?:", text, flags=re.M)[0].strip()
    for block in re.split(r"\n\s*\n", text):
        if block.startswith("    "):
            yield from ["```text", textwrap.dedent(block), "```", ""]
        else:
            yield from [_plain(block), ""]


def _plain(text: str) -> str:
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\\*_\[\]<>$~])", r"\\\1", part) for part in parts)


def _hyper_parameters(cls: type[Any], name: str) -> Iterator[tuple[str, str, str]]:
    doc = inspect.getdoc(cls) or ""
    for key, default in hyper_parameters(cls, optimizers.names()[name][1]).items():
        found = re.search(rf"^ {{4}}[\w, ]*\b{key}\b[\w, ]*: (.*(?:\n {{5,}}.*)*)", doc, re.M)
        meaning = re.sub(r"; default [^;]*$", "", " ".join(found[1].split()).rstrip(".")) if found else ""
        tuned = " (tuned if omitted)" if key == cls.tunable else ""
        yield f"`{key}`", f"{default}{tuned}", _plain(meaning)


def _pictures(site: Site, name: str) -> Iterator[str]:
    kinds = [kind for kind in optimizer_pictures.kinds(name) if site.has(f"optimizers/{name}-light-{kind}.webp")]
    if not kinds:
        return
    against = "" if name == "sgd" else ", with gradient descent beside it"
    yield from ["## A race", "", "```{raw} html", '<div class="pair">']
    yield both_themes(f"{name}-{{theme}}-race.webp", f"{name} on Beale's function{against}", optimizer_pictures.SIZE)
    if "steps" in kinds:
        alt = f"The first step of {name} for gradients of length 1 in {optimizer_pictures.DIRECTIONS} directions"
        yield both_themes(f"{name}-{{theme}}-steps.webp", alt, optimizer_pictures.STEP_SIZE)
    yield from ["</div>", "```", ""]
    yield f"Left: on Beale's function with tuned learning rates{against}."
    if "steps" in kinds:
        yield "Right: the first step for gradients of length 1 in all directions. Gradient descent gives a circle,"
        yield "and the sign of the gradient gives the corners of a square."
    yield ""
    if "ball" in kinds:
        yield from ["## Norm ball", "", "```{raw} html"]
        alt = f"The first step of {name} ends where the ball of its norm touches a level line of the linear loss"
        yield both_themes(f"{name}-{{theme}}-ball.webp", alt, optimizer_pictures.STEP_SIZE)
        yield from ["```", "", BALL + (BALL_OF_MATRICES if name == "muon" else ""), ""]


def _index(site: Site) -> Iterator[str]:
    yield from ["# Optimizers", ""]
    yield "Every name works in `race`, `tune` and on the command line. Wrappers go around an optimizer, as in"
    yield from ['`"clip(adam, norm=1)"`.', ""]
    groups: dict[str, list[tuple[str, type[Any], list[str]]]] = {}
    for cls, names in families().items():
        group = cls.__module__.split(".")[2].replace("_", "-")
        groups.setdefault(group, []).append((names[0], cls, names))
    titles = {
        "first-order": "First-order methods", "second-order": "Second-order methods",
        "derivative-free": "Derivative-free methods", "adapters": "From other libraries", "wrappers": "Wrappers",
    }  # fmt: skip
    for group, title in titles.items():
        yield from [f"## {title}", ""]
        rows = []
        for name, cls, names in groups.pop(group, []):
            first = (inspect.getdoc(cls) or "").partition("\n")[0]
            rows.append((f"[{cls.__name__}]({name}.md)", _plain(first), ", ".join(f"`{other}`" for other in names)))
        yield from table(["class", "summary", "names"], rows)
    if groups:
        raise RuntimeError(f"optimizers of unknown groups: {', '.join(groups)}")
    yield from [":::{toctree}", ":hidden:", ":::"]
