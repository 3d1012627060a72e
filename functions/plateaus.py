"""Plateaus and cliffs: next to no slope for a long while, then a drop."""

from __future__ import annotations

from torch import Tensor

from landscapes.objective import function


@function(
    (-5.0, 5.0),
    (-5.0, 5.0),
    view=[(-3.5, 2.5), (-2.0, 3.5)],
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-2.6, -1.0),
    steps=300,
    scale="linear",
    latex=r"\frac{q + q^2}{1 + q + q^2}, \quad q = \frac{x^2}{2} + 2 \left( y - \frac{x^2}{3} \right)^2",
    reference="after S. Geman and D. E. McClure, Bayesian image analysis, an application to single photon emission tomography, 1985",
    tags=("plateau", "cliff", "curved", "smooth", "unimodal"),
)
def plateau(x: Tensor, y: Tensor) -> Tensor:
    """A tableland with a steep edge: on top the slope is next to nothing, so whoever steps by slope alone crawls.

    f = (q + q²)/(1 + q + q²). Geman and McClure's robust loss is q/(1 + q) of a square q; the q² makes the top flatter
    (there 1 − f falls as q⁻²) and the edge steeper, while the bottom stays a plain quadratic bowl. The parabola in q bends it.
    """
    bend = y - x * x / 3
    q = x * x / 2 + 2 * bend * bend
    s = q + q * q
    return s / (1 + s)
