"""Waves on slopes and cones: fine ones and coarse ones, and one that is rough however closely it is looked at."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import norm, product, total, waves_within
from landscapes.objectives.objective import ANY, Dims, function


@function(
    (-32.0, 32.0),
    (-32.0, 32.0),
    view=[(-8.0, 8.0), (-8.0, 8.0)],
    minima=[(-0.6825771831515794, -0.36070186306103735), (0.6825771831515794, -0.36070186306103735)],
    start=(-6.2, 5.6),
    steps=300,
    scale="linear",
    kinks="at the origin, the tip of the cone",
    title="Ackley N. 3",
    latex=r"-200\,e^{-0.02 \sqrt{x^2 + y^2}} + 5\,e^{\cos 3x + \sin 3y}",
    reference="D. H. Ackley, A connectionist machine for genetic hillclimbing, 1987",
    tags=("funnel", "oscillating", "kinked", "multimodal"),
    variants=(
        "Some libraries have 0.2 for 0.02.",
        "The minimum (0.682584587, -0.360753255) that is often told lies a little higher.",
    ),
)
def ackley_n3(x: Tensor, y: Tensor) -> Tensor:
    """Spikes in rows on a cone: between them the paths down bend, and the last hollow is beside the tip."""
    return -200 * torch.exp(-0.02 * norm(torch.stack([x, y], -1))) + 5 * torch.exp(torch.cos(3 * x) + torch.sin(3 * y))


ACKLEY_4 = {
    2: (1.5096201081585965, -0.7548651160362331),
    3: (1.515629253931537, -1.1093725580744789, -0.7472451129964488),
}


@function(
    (-5.0, 5.0),
    dims=Dims(least=2),
    minima=lambda d: [(sign * ACKLEY_4[d][0], *ACKLEY_4[d][1:]) for sign in (1, -1)] if d in ACKLEY_4 else [],
    kinks="at the origin, where the root of the squares of two neighbours vanishes",
    start=(-4.1, 3.6),
    steps=300,
    scale="linear",
    title="Ackley N. 4",
    latex=r"\sum_{i=1}^{d-1} \left[ e^{-0.2} \sqrt{x_i^2 + x_{i+1}^2} + 3 (\cos 2 x_i + \sin 2 x_{i+1}) \right]",
    reference="J. Rönkkönen, Continuous multimodal global optimization with differential evolution based methods, 2009",
    tags=("funnel", "oscillating", "basins", "kinked", "multimodal", "any dimension"),
    aliases=("modified_ackley",),
)
def ackley_n4(x: Tensor) -> Tensor:
    """Broad waves on a shallow cone: a handful of hollows, and the two deepest are mirror images of each other."""
    here, there = x[..., :-1], x[..., 1:]
    reach = norm(torch.stack([here, there], -1))
    return total(math.exp(-0.2) * reach + 3 * (torch.cos(2 * here) + torch.sin(2 * there)))


@function(
    (-0.5, 0.5),
    dims=ANY,
    minima=[(0.0,)],
    minimum=0.0,
    start=(-0.43, 0.34),
    steps=200,
    kinks="everywhere, as far as numbers go: waves within waves within waves",
    scale="linear",
    latex=r"\sum_{i=1}^{d} \sum_{k=0}^{20} 2^{-k} \left[ \cos(2 \pi 3^k (x_i + 0.5)) - \cos(\pi 3^k) \right]",
    reference="P. N. Suganthan et al., Problem definitions and evaluation criteria for the CEC 2005 special session, after K. Weierstrass, 2005",
    tags=("oscillating", "funnel", "kinked", "separable", "multimodal", "any dimension"),
    variants=("Some libraries subtract the constant once for every coordinate too many.",),
)
def weierstrass(x: Tensor) -> Tensor:
    """Continuous and hardly anywhere smooth: zoom in as far as you like, and it looks as rough as before."""
    return total(waves_within(x, 21))


@function(
    (-20.0, 20.0),
    dims=ANY,
    view=[(-3.0, 3.0)],
    minima=[(0.0,)],
    minimum=-1.0,
    start=(-1.2, 0.9),
    steps=150,
    scale="linear",
    title="Xin-She Yang N. 3",
    latex=r"e^{-\sum (x_i / 15)^{10}} - 2\,e^{-\sum x_i^2} \prod \cos^2 x_i",
    reference="X.-S. Yang, Nature-inspired metaheuristic algorithms, 2008",
    tags=("plateau", "needle", "smooth", "multimodal", "any dimension"),
)
def xin_she_yang_n3(x: Tensor) -> Tensor:
    """A tableland with one hole in it: the hole is the lowest point, and what lies beyond the edge is the second lowest."""
    u = x / 15
    u2 = u * u
    u4 = u2 * u2
    c = torch.cos(x)
    return torch.exp(-total(u4 * u4 * u2)) - 2 * torch.exp(-total(x * x)) * product(c * c)


@function(
    (0.5, 2.5),
    minima=[(0.5485634445276052,)],
    outside="lower",
    start=(2.3,),
    steps=150,
    scale="linear",
    title="Gramacy–Lee",
    latex=r"\frac{\sin 10 \pi x}{2x} + (x - 1)^4",
    reference="R. B. Gramacy and H. K. H. Lee, Cases for the nugget in modeling computer experiments, 2012",
    tags=("oscillating", "smooth", "separable", "multimodal"),
)
def gramacy_lee(x: Tensor) -> Tensor:
    """Ten waves that grow towards the left, and a wall on the right: small steps end in the first hollow they meet."""
    away = x.abs() > 1e-9
    safe = torch.where(away, x, 1.0)
    u = (x - 1) * (x - 1)
    return torch.where(away, torch.sin(10 * math.pi * safe) / (2 * safe), 5 * math.pi) + u * u


@function(
    (0.0, 1.0),
    minima=[(0.7572487578418559,)],
    stationary={"minimum": [(0.1425891893247163,)], "maximum": [(0.5240774773419503,)], "saddle": [(1 / 3,)]},
    outside="unbounded",
    start=(0.45,),
    steps=150,
    scale="linear",
    latex=r"(6x - 2)^2 \sin(12x - 4)",
    reference="A. I. J. Forrester, A. Sóbester and A. J. Keane, Engineering design via surrogate modelling, 2008",
    tags=("basins", "smooth", "separable", "multimodal", "degenerate", "unbounded"),
)
def forrester(x: Tensor) -> Tensor:
    """A shallow hollow, a level stretch and a deep hollow: which of the two it will be is decided within a hair."""
    u = 6 * x - 2
    return u * u * torch.sin(2 * u)


@function(
    (-6.0, 6.0),
    (-6.0, 6.0),
    view=[(-2.5, 2.5), (-2.5, 2.5)],
    minima=[(-0.7071067811865476, 0.0)],
    stationary={"maximum": [(0.7071067811865476, 0.0)]},
    start=(0.5, 0.5),
    steps=150,
    scale="linear",
    title="Dipole",
    latex=r"x\,e^{-x^2 - y^2}",
    reference="R. B. Gramacy and H. K. H. Lee, Bayesian treed Gaussian process models with an application to computer modeling, 2008",
    tags=("plateau", "smooth", "unimodal"),
    aliases=("gramacy_lee_n2",),
)
def dipole(x: Tensor, y: Tensor) -> Tensor:
    """A hill and a hollow side by side in a plain: from behind the hill the slope leads out into nothing."""
    return x * torch.exp(-x * x - y * y)
