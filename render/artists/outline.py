"""The outlines of marks as browsers draw them."""

from __future__ import annotations

from matplotlib.path import Path

LETTERS = {
    int(code): letter
    for code, letter in zip((Path.MOVETO, Path.LINETO, Path.CURVE3, Path.CURVE4, Path.CLOSEPOLY), "MLQCZ", strict=True)
}
"""Matplotlib's codes of a path's parts, and SVG's letters for them."""


def outline(path: Path) -> str:
    """A path as SVG writes it, upside down, since there y counts downwards.

    >>> outline(Path([(0, 0), (1, 0.5), (0, 0)], [Path.MOVETO, Path.LINETO, Path.CLOSEPOLY]))
    'M0.0 0.0L1.0 -0.5Z'
    """
    parts = []
    for points, code in path.iter_segments(simplify=False):
        x, y = ([round(float(part), 4) + 0.0 for part in side] for side in (points[::2], points[1::2]))
        places = "" if code == Path.CLOSEPOLY else " ".join(f"{a} {0 - b}" for a, b in zip(x, y, strict=True))
        parts.append(LETTERS[int(code)] + places)
    return "".join(parts)
