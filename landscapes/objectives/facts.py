"""The facts of a function as text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from landscapes.objectives._function import Function

_OUTSIDE = {
    "higher": "",
    "lower": "lower values",
    "unbounded": "values unbounded below",
}


def rows(function: Function, digits: int = 10) -> list[tuple[str, str]]:
    """Return all known facts as pairs (name, text); a name may occur several times.

    Args:
        function: the function.
        digits: significant digits of numbers.
    """
    facts = [
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
        *((stationary.kind, _point(stationary.point, digits)) for stationary in function.stationary),
        ("outside", _OUTSIDE[function.outside]),
        ("nonsmooth", function.nonsmooth_where),
        ("scale", function.scale),
        ("tags", ", ".join(function.tags)),
        ("reference", function.reference),
        *(("variant", variant) for variant in function.variants),
    ]
    return [fact for fact in facts if fact[1]]


def _minimum(value: float, digits: int) -> str:
    if math.isnan(value):
        return "unknown"
    return "none: unbounded below" if value == -math.inf else f"{value:.{digits}g}"


def _point(point: Sequence[float], digits: int) -> str:
    return f"({', '.join(f'{c:.{digits}g}' for c in point)})"


def _box(box: Sequence[tuple[float, float]]) -> str:
    intervals = [f"[{low:g}, {high:g}]" for low, high in box]
    same = len(intervals) > 3 and len(set(intervals)) == 1
    return f"{intervals[0]} for each coordinate" if same else " × ".join(intervals)
