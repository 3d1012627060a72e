"""Hold what a fact sheet shows of a function: values, gradients, critical points and words. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from landscapes.record import Surface


@dataclass(frozen=True, eq=False)
class FunctionSummary:
    """A function as a fact sheet shows it; made by `landscapes.summarize`.

    Attributes:
        title: the name.
        surface: its values in the view; for d = 1 a single row, `y` is (0,).
        at: where the gradient is known, shape (n, 2), on a grid coarser than the surface.
        slope: the gradient there, shape (n, 2).
        marks: points by kind, each (k, 2): "start", "minimum" (a local one), "saddle", "maximum".
        axes: the labels of the axes.
        description: one sentence on its shape and difficulty.
        latex: the formula in TeX, without dollar signs.
        facts: further facts by name, as text.
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
        """Whether the function has one coordinate, so that its values are a curve."""
        return len(self.surface.y) == 1
