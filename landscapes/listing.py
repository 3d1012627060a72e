"""What there is, in words: the catalogue, the optimizers and the themes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from landscapes import functions, rules
from landscapes.objective import Function
from landscapes.report import aligned
from landscapes.rules.wrappers.wrapper import NOTHING

_OUTSIDE = {
    "higher": "",
    "lower": "there are lower values",
    "unbounded": "values fall without end",
}


def everything() -> str:
    """Functions with their lesson, optimizers with their defaults, and themes: one line each."""
    from landscapes.render.theme import THEMES

    around = [name for name, (cls, _) in rules.names().items() if issubclass(cls, rules.Wrapper)]
    sections = {
        "functions (landscapes show NAME tells more)": [
            (name, item.lesson) for name, item in functions.catalogue().items()
        ],
        "optimizers, with the settings they have beside lr": [
            (name, _defaults(name)) for name in rules.names() if name not in around
        ],
        "wrappers, put around an optimizer as in clip(adam, norm=1)": [(name, _defaults(name)) for name in around],
        "themes": [(name, "") for name in THEMES],
    }
    rows = [row for section in sections.values() for row in section]
    lines = iter(aligned(rows).splitlines())
    parts = ["\n".join([f"{title}:", *(f"  {next(lines)}" for _ in section)]) for title, section in sections.items()]
    return "\n\n".join(parts)


def some(found: Sequence[Function]) -> str:
    """Functions with their lesson, one line each, and how many there are."""
    if not found:
        return "no function of the catalogue has all of that"
    count = f"{len(found)} function{'' if len(found) == 1 else 's'} (landscapes show NAME tells more)"
    return aligned([(item.name, item.lesson) for item in found]) + f"\n\n{count}"


def facts(function: Function) -> str:
    """All that is known of a landscape, one fact a line."""
    return f"{function.title}\n\n" + aligned(rows(function))


def rows(function: Function, digits: int = 10) -> list[tuple[str, str]]:
    """All that is known of a landscape, as names and words; a name may come again."""
    told = [
        ("name", ", ".join([function.name, *function.aliases])),
        ("lesson", function.lesson),
        ("formula", function.latex),
        ("coordinates", str(function.family.dims if function.family else function.dim)),
        ("domain", _box(function.domain)),
        ("view", _box(function.view)),
        ("start", _point(function.start, digits)),
        ("steps", str(function.steps)),
        ("minima", "  ".join(_point(point, digits) for point in function.minima)),
        ("minimum", _minimum(function.minimum, digits)),
        *((place.kind, _point(place.point, digits)) for place in function.stationary),
        ("beyond", _OUTSIDE[function.outside]),
        ("kinks", function.kinks),
        ("scale", function.scale),
        ("tags", ", ".join(function.tags)),
        ("reference", function.reference),
        *(("variant", variant) for variant in function.variants),
    ]
    return [row for row in told if row[1]]


def _defaults(name: str) -> str:
    """The settings behind a name; a learning rate is found for each race."""
    cls, preset = rules.names()[name]
    settings = {
        field.name: preset.get(field.name, field.default)
        for field in dataclasses.fields(cls)
        if field.init and field.name not in (cls.tunable, "rule") and field.default != ""
    }
    words = {NOTHING: "…"}
    shown = [
        f"{key}={value:g}" if isinstance(value, float) else f"{key}={words.get(value, value)}"
        for key, value in settings.items()
    ]
    return ", ".join(shown)


def _minimum(value: float, digits: int) -> str:
    if math.isnan(value):
        return "not known"
    return "none: it falls without end" if value == -math.inf else f"{value:.{digits}g}"


def _point(point: Sequence[float], digits: int) -> str:
    return f"({', '.join(f'{c:.{digits}g}' for c in point)})"


def _box(box: Sequence[tuple[float, float]]) -> str:
    sides = [f"[{low:g}, {high:g}]" for low, high in box]
    return f"{sides[0]} for each coordinate" if len(sides) > 3 and len(set(sides)) == 1 else " × ".join(sides)
