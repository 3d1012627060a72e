"""What matplotlib 3.9 lacks."""

from __future__ import annotations

from typing import Any

from matplotlib.artist import Artist, allow_rasterization
from matplotlib.figure import Figure, SubFigure


def root_figure(artist: Artist) -> Figure | None:
    """Return the whole figure that an artist belongs to; matplotlib 3.9 has no `get_figure(root=True)`.

    >>> fig = Figure()
    >>> root_figure(fig.subfigures().subplots()) is fig
    True
    """
    figure: Figure | SubFigure | None = artist.figure
    return figure.figure if isinstance(figure, SubFigure) else figure


def set_rasterized(artist: Artist, rasterized: bool = True) -> None:
    """Let vector formats have pixels for an artist; filled contours of matplotlib 3.9 do not know how."""
    drawn: Any = artist
    if not getattr(drawn.draw, "_supports_rasterization", False):
        drawn.draw = allow_rasterization(type(drawn).draw).__get__(drawn)
    artist.set_rasterized(rasterized)
