"""Plateaus and cliffs: next to no slope for a long while, then a drop."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objectives.elementary import total
from landscapes.objectives.objective import ANY, function


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


@function(
    (-6.0, 6.0),
    (-4.0, 4.0),
    minima=[(-5.54676208621110107, 0.0)],
    minimum=0.00103549870417346919,
    start=(5.0, 2.5),
    steps=300,
    scale="linear",
    latex=r"\sum_{k=-2}^{2} \frac{1}{1 + e^{-5 (x - 2 k)}} + 0.002\,(x + 5)^2 + 0.05\,y^2",
    reference="after S. Hochreiter, The vanishing gradient problem during learning recurrent neural nets, 1998",
    tags=("plateau", "cliff", "smooth", "separable", "unimodal"),
    aliases=("stairs",),
)
def smooth_stairs(x: Tensor, y: Tensor) -> Tensor:
    """Five landings joined by steep flights: on each landing the slope nearly dies, and steps by slope with it."""
    flights = [1 / (1 + torch.exp(10 * k - 5 * x)) for k in (-2, -1, 0, 1, 2)]
    return flights[0] + flights[1] + flights[2] + flights[3] + flights[4] + 0.002 * (x + 5) * (x + 5) + 0.05 * y * y


@function(
    (-8.0, 8.0),
    (-8.0, 8.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-6.5, 5.0),
    steps=300,
    scale="linear",
    title="Saturated neuron",
    latex=r"\tanh(x)^2 + \tanh(y / 2)^2",
    reference="Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, Efficient backprop, 1998",
    tags=("plateau", "bowl", "smooth", "separable", "unimodal"),
    aliases=("saturated_neuron",),
)
def saturation(x: Tensor, y: Tensor) -> Tensor:
    """Far out every unit is saturated and the slope all but gone: what counts is the slope's sign, not its size."""
    a, b = torch.tanh(x), torch.tanh(0.5 * y)
    return a * a + b * b


@function(
    (-3.5, 3.5),
    dims=ANY,
    minima=[(0.0,)],
    minimum=-1.0,
    start=(-2.4, 1.9),
    steps=250,
    scale="linear",
    title="Gaussian well",
    latex=r"-e^{-\frac{1}{2} \sum x_i^2}",
    reference="S. Rahnamayan, H. Tizhoosh and M. Salama, A novel population initialization method for accelerating evolutionary algorithms, 2007",
    tags=("plateau", "bowl", "smooth", "unimodal", "any dimension"),
    aliases=("exponential",),
    variants=("With the other sign in front it is a hill that is climbed.",),
)
def gaussian_well(x: Tensor) -> Tensor:
    """One round hole in a plain: the further out, the less there is to feel, and the more coordinates, the worse."""
    return -torch.exp(-0.5 * total(x * x))


@function(
    (-3.0, 3.0),
    (-3.0, 3.0),
    minima=[(0.0, 0.0)],
    minimum=0.0,
    start=(-2.4, 1.8),
    steps=200,
    scale="linear",
    title="Welsch's loss",
    latex=r"1 - e^{-4 x^2 - y^2}",
    reference="J. E. Dennis and R. E. Welsch, Techniques for nonlinear least squares and robust regression, 1978",
    tags=("plateau", "bowl", "smooth", "unimodal"),
    aliases=("welsch_s_loss",),
)
def welsch(x: Tensor, y: Tensor) -> Tensor:
    """A robust loss forgives outliers so well that it does not miss them: far away there is no slope at all."""
    return 1 - torch.exp(-(4 * x * x + y * y))
