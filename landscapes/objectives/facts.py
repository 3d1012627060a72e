"""The facts of a landscape in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from landscapes.objectives.decorators import Function

_OUTSIDE = {
    "higher": "",
    "lower": "there are lower values",
    "unbounded": "values fall without end",
}


def rows(function: Function, digits: int = 10) -> list[tuple[str, str]]:
    """All that is known of a landscape, as names and words; a name may come again."""
    told = [
        ("name", ", ".join([function.name, *function.aliases])),
        ("description", function.description),
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
        ("nonsmooth", function.nonsmooth_where),
        ("scale", function.scale),
        ("tags", ", ".join(function.tags)),
        ("reference", function.reference),
        *(("variant", variant) for variant in function.variants),
    ]
    return [row for row in told if row[1]]


def _minimum(value: float, digits: int) -> str:
    if math.isnan(value):
        return "not known"
    return "none: it falls without end" if value == -math.inf else f"{value:.{digits}g}"


def _point(point: Sequence[float], digits: int) -> str:
    return f"({', '.join(f'{c:.{digits}g}' for c in point)})"


def _box(box: Sequence[tuple[float, float]]) -> str:
    sides = [f"[{low:g}, {high:g}]" for low, high in box]
    return f"{sides[0]} for each coordinate" if len(sides) > 3 and len(set(sides)) == 1 else " × ".join(sides)
