"""What there is, in words: the catalogue, the optimizers and the themes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from landscapes import functions, optimizers
from landscapes.analysis.race_table import aligned
from landscapes.objectives.decorators import Function
from landscapes.optimizers.wrappers.base import MISSING


def everything() -> str:
    """Functions with their description, optimizers with their defaults, and themes: one line each."""
    from landscapes.render.theme import THEMES

    around = [name for name, (cls, _) in optimizers.names().items() if issubclass(cls, optimizers.Wrapper)]
    sections = {
        "functions (landscapes show NAME tells more)": [
            (name, item.description) for name, item in functions.catalogue().items()
        ],
        "optimizers, with the settings they have beside lr": [
            (name, _defaults(name)) for name in optimizers.names() if name not in around
        ],
        "wrappers, put around an optimizer as in clip(adam, norm=1)": [(name, _defaults(name)) for name in around],
        "themes": [(name, "") for name in THEMES],
    }
    rows = [row for section in sections.values() for row in section]
    lines = iter(aligned(rows).splitlines())
    parts = ["\n".join([f"{title}:", *(f"  {next(lines)}" for _ in section)]) for title, section in sections.items()]
    return "\n\n".join(parts)


def some(found: Sequence[Function]) -> str:
    """Functions with their description, one line each, and how many there are."""
    if not found:
        return "no function of the catalogue has all of that"
    count = f"{len(found)} function{'' if len(found) == 1 else 's'} (landscapes show NAME tells more)"
    return aligned([(item.name, item.description) for item in found]) + f"\n\n{count}"


def _defaults(name: str) -> str:
    """The settings behind a name; a learning rate is found for each race."""
    cls, preset = optimizers.names()[name]
    settings = {
        field.name: preset.get(field.name, field.default)
        for field in dataclasses.fields(cls)
        if field.init and field.name not in (cls.tunable, "optimizer") and field.default != ""
    }
    words = {MISSING: "…"}
    shown = [
        f"{key}={value:g}" if isinstance(value, float) else f"{key}={words.get(value, value)}"
        for key, value in settings.items()
    ]
    return ", ".join(shown)
