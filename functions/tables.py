"""Mishra's pieces of furniture: waves that grow or fade from the middle outwards, with creases along a circle."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import power, root
from landscapes.objectives.objective import function

PAPER = "S. K. Mishra, Global optimization by differential evolution and particle swarm methods, 2006"


def swell(x: Tensor, y: Tensor) -> Tensor:
    """e to |1 - r/π|, with a crease along the circle r = π and a cone in the middle."""
    return torch.exp((1 - root(x * x + y * y) / math.pi).abs())


def signs(x: float, y: float) -> list[tuple[float, float]]:
    return [(x, y), (-x, y), (x, -y), (-x, -y)]


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-10.5, 10.5), (-10.5, 10.5)],
    minima=signs(9.646167670410366, 9.646167670410366),
    minimum=-24.15681554739119,
    outside="unbounded",
    kinks="along the circle with radius π, and in its middle",
    start=(-7.9, 8.2),
    steps=120,
    scale="linear",
    latex=r"-\frac{1}{30} \left( \cos x \cos y\ e^{|1 - r / \pi|} \right)^2, \quad r = \sqrt{x^2 + y^2}",
    reference=PAPER,
    tags=("oscillating", "kinked", "multimodal", "unbounded"),
)
def carrom_table(x: Tensor, y: Tensor) -> Tensor:
    """Pockets that grow deeper towards the corners: each holds a ball, and the slope tells of no other pocket."""
    s = torch.cos(x) * torch.cos(y) * swell(x, y)
    return -s * s / 30


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-2.0, 10.0), (-2.0, 10.0)],
    minima=signs(8.055023475736563, 9.664590019241272),
    minimum=-19.208502567886732,
    outside="unbounded",
    kinks="where the sine or the cosine changes its sign, along the circle with radius π, and in its middle",
    start=(6.6, 8.1),
    steps=120,
    scale="linear",
    latex=r"-\left| \sin x \cos y\ e^{|1 - r / \pi|} \right|, \quad r = \sqrt{x^2 + y^2}",
    reference=PAPER,
    tags=("oscillating", "ridge", "kinked", "multimodal", "unbounded"),
    aliases=("holder_table_n1",),
    variants=("Holder table N. 2 has the cosine of both coordinates.",),
)
def holder_table(x: Tensor, y: Tensor) -> Tensor:
    """Bags hang between sharp crests, the lowest near the corners: to change the bag one has to leap over a crest."""
    return -(torch.sin(x) * torch.cos(y) * swell(x, y)).abs()


@function(
    (-11.0, 11.0),
    (-11.0, 11.0),
    minima=signs(9.646167670410366, 9.646167670410366),
    minimum=-0.9635348327265058,
    outside="lower",
    kinks="along the circle with radius π, and in its middle",
    start=(-8.3, 8.2),
    steps=150,
    scale="linear",
    latex=r"-\exp\left( -\left| \cos x \cos y\ e^{|1 - r / \pi|} \right|^{-1} \right), \quad r = \sqrt{x^2 + y^2}",
    reference=PAPER,
    tags=("oscillating", "plateau", "kinked", "multimodal"),
)
def pen_holder(x: Tensor, y: Tensor) -> Tensor:
    """Bags with flat bottoms and flat seams: from a seam there is no slope to leave by, and in a bag none to settle by."""
    s = (torch.cos(x) * torch.cos(y) * swell(x, y)).abs()
    return -torch.exp(-1 / s.clamp(min=1e-3))  # e to -1000 is zero


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-5.0, 5.0), (-5.0, 5.0)],
    minima=[(1.5706026141658023, 0.0), (-1.5706026141658023, 0.0)],
    minimum=-10.872300105622745,
    kinks="where the sine or the cosine changes its sign",
    start=(2.95, 1.3),
    steps=120,
    scale="linear",
    latex=r"-4 \left| \sin x \cos y\ e^{|\cos((x^2 + y^2) / 200)|} \right|",
    reference=PAPER,
    tags=("oscillating", "ridge", "kinked", "multimodal"),
    variants=("Jamil and Yang's lacks the absolute value around all of it.",),
)
def test_tube_holder(x: Tensor, y: Tensor) -> Tensor:
    """Tubes in a rack, hardly deeper in the middle than outside: whoever is in one has no reason to look for another."""
    return -4 * (torch.sin(x) * torch.cos(y) * torch.exp(torch.cos((x * x + y * y) / 200).abs())).abs()


def lattice(x: Tensor, y: Tensor) -> Tensor:
    """(|sin x sin y| e^|100 - r/π| + 1) to the power of a tenth: one on the axes, and next to them by far more."""
    rho = root(x * x + y * y) / math.pi
    w = torch.where(rho < 100, -rho, rho - 200)  # |100 - r/π| less 100, in all its digits
    s = (torch.sin(x) * torch.sin(y)).abs()
    # e to 100 is beyond single precision: its root is taken out, and the 1 made small instead
    inner = s + torch.exp(-100 - w)
    inner = torch.where(inner < 1e-36, inner.detach(), inner)  # the slope is beyond single precision as well
    return torch.where(s > 0, math.exp(10) * torch.exp(0.1 * w) * power(inner, 0.1), 1.0)


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-5.0, 5.0), (-5.0, 5.0)],
    minima=signs(1.3494066171539107, 1.3494066171539107),
    minimum=-2.062611870822737,
    outside="unbounded",
    kinks="where one of the sines is zero, with infinite slope, and in the middle",
    start=(2.9, 0.25),
    steps=120,
    scale="linear",
    title="Cross-in-tray",
    latex=r"-10^{-4} \left( \left| \sin x \sin y\ e^{|100 - r / \pi|} \right| + 1 \right)^{0.1}, \quad r = \sqrt{x^2 + y^2}",
    reference=PAPER,
    tags=("oscillating", "ridge", "kinked", "multimodal", "unbounded"),
)
def cross_in_tray(x: Tensor, y: Tensor) -> Tensor:
    """A tray with a lattice of knife-edged crests: inside a cell it is nearly level, at the crests the slope has no end."""
    return -1e-4 * lattice(x, y)


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(0.0, 0.0), *((0.0, k * 2.5) for k in (-3, -1, 1, 3)), *((k * 2.5, 0.0) for k in (-3, -1, 1, 3))],
    minimum=1e-4,
    complete=False,
    kinks="where one of the sines is zero, with infinite slope",
    start=(-2.0, 7.1),
    steps=120,
    scale="linear",
    latex=r"10^{-4} \left( \left| \sin x \sin y\ e^{|100 - r / \pi|} \right| + 1 \right)^{0.1}, \quad r = \sqrt{x^2 + y^2}",
    reference=PAPER,
    tags=("ridge", "needle", "kinked", "unimodal"),
)
def crowned_cross(x: Tensor, y: Tensor) -> Tensor:
    """Cushions parted by cracks without end: down in a crack all is lowest, and the cushions hardly slope towards it."""
    return 1e-4 * lattice(x, y)


@function(
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(0.0, 0.0), *((0.0, k * 2.5) for k in (-3, -1, 1, 3)), *((k * 2.5, 0.0) for k in (-3, -1, 1, 3))],
    minimum=-1.0,
    complete=False,
    kinks="where one of the sines is zero, with infinite slope",
    start=(-1.2, 6.9),
    steps=120,
    scale="rank",
    latex=r"-\left( \left| \sin x \sin y\ e^{|100 - r / \pi|} \right| + 1 \right)^{-0.1}, \quad r = \sqrt{x^2 + y^2}",
    reference=PAPER,
    tags=("plateau", "ridge", "needle", "kinked", "unimodal"),
)
def cross_leg_table(x: Tensor, y: Tensor) -> Tensor:
    """A table top that is level to four digits; where its legs cross, on lines of no width at all, it is bottomless."""
    return -1 / lattice(x, y)
