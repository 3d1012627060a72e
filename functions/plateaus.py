"""Plateaus: next to no slope for a long while, then a drop."""

from __future__ import annotations

from torch import Tensor

from landscapes.objective import function


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-4.0, 3.0), (-3.0, 3.0)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-3.0, 1.5),
    steps=300,
    scale="linear",
    latex=r"\frac{q}{1 + q}, \quad q = r^2 + r^4, \quad r^2 = x^2 + y^2",
    reference="after S. Geman and D. E. McClure, Bayesian image analysis: an application to single photon emission tomography, 1985",
    tags=("plateau", "cliff"),
    aliases=("cliff",),
)
def plateau(x: Tensor, y: Tensor) -> Tensor:
    """A table that ends in a cliff: on top the slope is next to nothing, so whoever steps by slope alone crawls.

    f = q/(1 + q) with q = r² + r⁴. Geman and McClure's robust loss is q = r²; the r⁴ makes the top flatter (the slope falls
    as r⁻⁵) and the cliff steeper, and the bottom stays a plain quadratic bowl.
    """
    s = x * x + y * y
    q = s + s * s
    return q / (1 + q)
