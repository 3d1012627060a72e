"""Least-squares classics: sums of squares on which curve fitting was learnt, with their standard starts.

Numbers are those of J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization software, 1981.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from landscapes.objectives.elementary import norm, ordinals, product, total
from landscapes.objectives.objective import Dims, least_squares


def _rows(*rows: Tensor) -> Tensor:
    """Residuals, one below the other. Written out row by row, since gradients of a broadcast add up in an order
    that depends on the batch."""
    return torch.stack(rows)


@least_squares(
    (-20.0, 20.0),
    (-10.0, 10.0),
    view=[(-10.0, 20.0), (-4.0, 6.0)],
    minima=[(5.0, 4.0)],
    minimum=0.0,
    stationary={
        "minimum": [(11.412778986902094, -0.8968052532744765)],
    },
    start=(0.5, -2.0),
    steps=300,
    title="Freudenstein–Roth",
    latex=r"(x - 13 + ((5 - y) y - 2) y)^2 + (x - 29 + ((y + 1) y - 14) y)^2",
    reference="F. Freudenstein and B. Roth, Numerical solution of systems of nonlinear equations, 1963",
    tags=("valley", "curved", "basins", "smooth", "multimodal", "ill-conditioned", "least squares"),
)
def freudenstein_roth(x: Tensor, y: Tensor) -> Tensor:
    """The standard start leads everybody into the wrong valley, whose floor lies almost fifty above the right one."""
    return torch.stack([x - 13 + ((5 - y) * y - 2) * y, x - 29 + ((y + 1) * y - 14) * y])


@least_squares(
    (-0.5, 1.0),
    (-0.5, 1.0),
    view=[(-0.2, 0.6), (-0.2, 0.6)],
    minima=[(0.25782521367036403, 0.25782521367036403)],
    start=(0.3, 0.4),
    steps=200,
    title="Jennrich–Sampson",
    latex=r"\sum_{i=1}^{10} \left[ 2 + 2i - (e^{ix} + e^{iy}) \right]^2",
    reference="R. I. Jennrich and P. F. Sampson, Application of stepwise regression to non-linear estimation, 1968",
    tags=("valley", "cliff", "curved", "smooth", "unimodal", "least squares"),
    aliases=("jensmp",),
)
def jennrich_sampson(x: Tensor, y: Tensor) -> Tensor:
    """A corner of exponentials: a step a little too long ends on a wall ten thousand times as high."""
    return _rows(*(2 + 2 * i - (torch.exp(i * x) + torch.exp(i * y)) for i in range(1, 11)))


@least_squares(
    (-10.0, 10.0),
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(1.0, 0.0, 0.0)],
    minimum=0.0,
    start=(-1.0, 0.1, 0.0),
    steps=300,
    kinks="on the half plane where the angle jumps: x = 0",
    title="Helical valley",
    latex=r"100\,(z - 10 \theta)^2 + 100\,(\sqrt{x^2 + y^2} - 1)^2 + z^2, \quad \theta = \frac{1}{2 \pi} \arctan\frac{y}{x}",
    reference="R. Fletcher and M. J. D. Powell, A rapidly convergent descent method for minimization, 1963",
    tags=("valley", "spiral", "curved", "stepped", "unimodal", "least squares"),
)
def helical_valley(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """The floor of the valley winds up like a staircase: every direction is right for a moment only."""
    away = x.abs() > 1e-12
    theta = torch.atan(y / torch.where(away, x, 1e-12)) / (2 * math.pi) + torch.where(x < 0, 0.5, 0.0)
    return torch.stack([10 * (z - 10 * theta), 10 * (norm(torch.stack([x, y], -1)) - 1), z])


BARD = (0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39)


@least_squares(
    (-2.0, 5.0),
    (0.05, 5.0),
    (0.05, 5.0),
    minima=[(0.0824105597497889, 1.133036092029721, 2.3436951786425375)],
    start=(1.0, 1.0, 1.0),
    steps=300,
    latex=r"\sum_{i=1}^{15} \left[ y_i - \left( x_1 + \frac{i}{(16 - i) x_2 + \min(i, 16 - i)\,x_3} \right) \right]^2",
    reference="Y. Bard, Comparison of gradient methods for the solution of nonlinear parameter estimation problems, 1970",
    tags=("valley", "smooth", "unimodal", "ill-conditioned", "least squares"),
)
def bard(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Two parameters that nearly undo each other: the misfit is found at once, the parameters hardly at all."""
    return _rows(*(data - (x + u / ((16 - u) * y + min(u, 16 - u) * z)) for u, data in enumerate(BARD, 1)))


GAUSSIAN = (0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989)


@least_squares(
    (0.1, 2.0),
    (0.1, 3.0),
    (-1.0, 1.0),
    minima=[(0.39895613783875666, 1.0000190844878056, 0.0)],
    start=(0.4, 1.0, 0.1),
    steps=200,
    title="Gaussian fit",
    latex=r"\sum_{i=1}^{15} \left[ x_1 e^{-x_2 (t_i - x_3)^2 / 2} - y_i \right]^2, \quad t_i = \frac{8 - i}{2}",
    reference="J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization software, 1981",
    tags=("bowl", "smooth", "unimodal", "least squares"),
)
def gaussian_fit(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """A bell curve fitted to fifteen points of itself: close by it is easy, from afar the bell misses the data."""
    data = (*GAUSSIAN, *GAUSSIAN[-2::-1])
    times = [(8 - i) / 2 for i in range(1, 16)]
    return _rows(*(x * torch.exp(-0.5 * y * (t - z) * (t - z)) - seen for t, seen in zip(times, data, strict=True)))


@least_squares(
    (-10.0, 10.0),
    dims=Dims(multiple=4, least=4),
    minima=[(0.0,)],
    minimum=0.0,
    start=(3.0, -1.0, 0.0, 1.0),
    steps=300,
    title="Powell's singular",
    latex=r"\sum (x_1 + 10 x_2)^2 + 5 (x_3 - x_4)^2 + (x_2 - 2 x_3)^4 + 10 (x_1 - x_4)^4",
    reference="M. J. D. Powell, An iterative method for finding stationary values of a function of several variables, 1962",
    tags=("valley", "smooth", "convex", "unimodal", "degenerate", "least squares", "any dimension"),
    aliases=("powell_s_singular", "powell", "extended_powell"),
)
def powell_singular(x: Tensor) -> Tensor:
    """The curvature vanishes at the minimum, so that even Newton's method only crawls through the last digits."""
    a, b, c, d = (x[..., k::4].contiguous() for k in range(4))
    u, v = b - 2 * c, a - d
    return torch.cat([a + 10 * b, math.sqrt(5) * (c - d), u * u, math.sqrt(10) * v * v], -1).movedim(-1, 0)


@least_squares(
    (-10.0, 10.0),
    (-10.0, 10.0),
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(1.0, 1.0, 1.0, 1.0)],
    minimum=0.0,
    start=(-3.0, -1.0, -3.0, -1.0),
    steps=400,
    latex=r"100 (x_2 - x_1^2)^2 + (1 - x_1)^2 + 90 (x_4 - x_3^2)^2 + (1 - x_3)^2 + 10 (x_2 + x_4 - 2)^2 + \frac{1}{10} (x_2 - x_4)^2",
    reference="A. R. Colville, A comparative study of nonlinear programming codes, 1968",
    tags=("valley", "curved", "smooth", "ill-conditioned", "unimodal", "least squares"),
    aliases=("colville",),
    variants=("Some libraries square the even coordinates instead of the odd ones.",),
)
def wood(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """Two curved valleys tied together: on the way lies a saddle so flat that it is often taken for the end."""
    root = math.sqrt(10)
    return torch.stack([
        10 * (y - x * x), 1 - x, 3 * root * (w - z * z), 1 - z, root * (y + w - 2), (y - w) / root,
    ])  # fmt: skip


KOWALIK_Y = (0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246)
KOWALIK_U = (4.0, 2.0, 1.0, 0.5, 0.25, 0.1670, 0.1250, 0.1, 0.0833, 0.0714, 0.0625)


@least_squares(
    (0.0, 0.42),
    (0.0, 0.42),
    (0.0, 0.42),
    (0.0, 0.42),
    minima=[(0.1928069345790379, 0.19128232873436687, 0.1230565069263209, 0.1360623306837948)],
    start=(0.25, 0.39, 0.405, 0.39),
    steps=300,
    title="Kowalik–Osborne",
    latex=r"\sum_{i=1}^{11} \left[ y_i - \frac{x_1 (u_i^2 + u_i x_2)}{u_i^2 + u_i x_3 + x_4} \right]^2",
    reference="J. S. Kowalik and M. R. Osborne, Methods for unconstrained optimization problems, 1968",
    tags=("valley", "smooth", "ill-conditioned", "unimodal", "least squares"),
    aliases=("kowalik",),
    variants=(
        "With u = 1/6 and 1/7 … in full instead of four digits, as in SciPy, the minimum moves in the fourth digit.",
    ),
)
def kowalik_osborne(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """An enzyme's rate fitted by four parameters: three would nearly do, and the fourth drifts."""
    pairs = zip(KOWALIK_Y, KOWALIK_U, strict=True)
    return _rows(*(data - x * (u * u + u * y) / (u * u + u * z + w) for data, u in pairs))


@least_squares(
    (-30.0, 30.0),
    (-30.0, 30.0),
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(-11.594439904762165, 13.203630051207204, -0.4034394881768595, 0.23677877445573614)],
    start=(25.0, 5.0, -5.0, -1.0),
    steps=300,
    title="Brown–Dennis",
    latex=r"\sum_{i=1}^{20} \left[ (x_1 + t_i x_2 - e^{t_i})^2 + (x_3 + x_4 \sin t_i - \cos t_i)^2 \right]^2, \quad t_i = \frac{i}{5}",
    reference="K. M. Brown and J. E. Dennis, New computational algorithms for minimizing a sum of squares of nonlinear functions, 1971",
    tags=("valley", "smooth", "convex", "unimodal", "least squares"),
)
def brown_dennis(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """Residuals so large that curve fitting by Gauss–Newton goes astray: what is left over bends the landscape."""
    rows = []
    for t in (i / 5 for i in range(1, 21)):
        a, b = x + t * y - math.exp(t), z + math.sin(t) * w - math.cos(t)
        rows.append(a * a + b * b)
    return _rows(*rows)


@least_squares(
    (-10.0, 10.0),
    dims=Dims(least=2),
    view=[(-1.0, 3.0)],
    minima=[(1.0,)],
    minimum=0.0,
    start=lambda d: tuple(1 - (i + 1) / d for i in range(d)),
    steps=200,
    title="Variably dimensioned",
    latex=r"\sum (x_i - 1)^2 + s^2 + s^4, \quad s = \sum i\,(x_i - 1)",
    reference="J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization software, 1981",
    tags=("valley", "rotated", "smooth", "convex", "unimodal", "least squares", "any dimension"),
)
def variably_dimensioned(x: Tensor) -> Tensor:
    """Every coordinate adds its weight to one steep direction: the more there are, the worse conditioned it is."""
    i = ordinals(x)
    s = total(i * (x - 1))[..., None]
    return torch.cat([x - 1, s, s * s], -1).movedim(-1, 0)


@least_squares(
    (-5.0, 5.0),
    dims=Dims(least=3),
    minima=lambda d: (
        [
            (1.7427750102212358, 0.07689777908022503, -0.26195410491775145),
            (-0.5267728494436549, -0.56764890907647, -0.4103122228685842),
        ]
        if d == 3
        else []
    ),
    minimum=lambda d: 0.0 if d == 3 else math.nan,
    start=(-1.0,),
    steps=150,
    title="Broyden tridiagonal",
    latex=r"\sum_{i=1}^{d} \left[ (3 - 2 x_i) x_i - x_{i-1} - 2 x_{i+1} + 1 \right]^2",
    reference="C. G. Broyden, A class of methods for solving nonlinear simultaneous equations, 1965",
    tags=("bowl", "smooth", "multimodal", "least squares", "any dimension"),
)
def broyden_tridiagonal(x: Tensor) -> Tensor:
    """Equations in a chain, each tied to its neighbours: many coordinates and yet hardly harder than few."""
    nothing = torch.zeros_like(x[..., :1])
    before, after = torch.cat([nothing, x[..., :-1]], -1), torch.cat([x[..., 1:], nothing], -1)
    return ((3 - 2 * x) * x - before - 2 * after + 1).movedim(-1, 0)


@least_squares(
    (-2.0, 3.0),
    dims=Dims(least=2),
    minima=lambda d: [(1.0,) * d, (0.5, 2.0)] if d == 2 else [(1.0,) * d],
    minimum=0.0,
    complete=False,
    start=(-1.2, 0.5),
    steps=200,
    title="Brown almost linear",
    latex=r"\sum_{i=1}^{d-1} \left[ x_i + \sum_j x_j - (d + 1) \right]^2 + \left[ \prod_j x_j - 1 \right]^2",
    reference="K. M. Brown, A quadratically convergent Newton-like method based upon Gaussian elimination, 1969",
    tags=("valley", "smooth", "multimodal", "least squares", "any dimension"),
)
def brown_almost_linear(x: Tensor) -> Tensor:
    """All equations are straight but one, and that one is a product: it bends the valley at its very end."""
    linear = x[..., :-1] + total(x)[..., None] - (x.shape[-1] + 1)
    return torch.cat([linear, (product(x) - 1)[..., None]], -1).movedim(-1, 0)


@least_squares(
    (-10.0, 10.0),
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-2.0, 4.0), (-2.0, 12.0), (-3.0, 3.0)],
    minima=[(1.0, 10.0, 1.0)],
    minimum=0.0,
    complete=False,
    start=(0.0, 10.5, 2.0),
    steps=300,
    title="Box",
    latex=r"\sum_{i=1}^{10} \left[ e^{-t_i x_1} - e^{-t_i x_2} - x_3 (e^{-t_i} - e^{-10 t_i}) \right]^2, \quad t_i = \frac{i}{10}",
    reference="M. J. Box, A comparison of several current optimization methods, and the use of transformations, 1966",
    tags=("valley", "smooth", "multimodal", "least squares"),
    aliases=("box_3d",),
)
def box(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Exponentials that can trade places: whole lines of answers fit the data as well as the one that made them."""
    times = [i / 10 for i in range(1, 11)]
    return _rows(*(torch.exp(-t * x) - torch.exp(-t * y) - (math.exp(-t) - math.exp(-10 * t)) * z for t in times))
