"""What a fact sheet shows of a landscape: values, slopes, special points and words. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from landscapes.record import Surface


@dataclass(frozen=True, eq=False)
class FunctionSummary:
    """A landscape as it is drawn on one page; made by `landscapes.summarize`.

    Attributes:
        title: the name.
        surface: its values in the view; with one coordinate a single row, `y` being (0,).
        at: where the slope is known, shape (n, 2), on a grid coarser than the surface.
        slope: the gradient there, shape (n, 2).
        marks: points by kind, each (k, 2): "start", "minimum" (a local one), "saddle", "maximum".
        axes: what the axes stand for.
        description: one sentence on its shape and its difficulty.
        latex: the formula in TeX, without dollar signs.
        facts: what else there is to say, by name.
    """

    title: str
    surface: Surface
    at: NDArray[np.float64]
    slope: NDArray[np.float64]
    marks: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    axes: tuple[str, str] = ("x", "y")
    description: str = ""
    latex: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_line(self) -> bool:
        """Whether there is one coordinate only, so that the values are a curve."""
        return len(self.surface.y) == 1
