"""Sums of squared residuals of models fitted to data; the coordinates are the parameters.

Data and starting points are those of J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization
software, 1981, unless a function names another source.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from landscapes.objectives.decorators import least_squares
from landscapes.objectives.elementary import power


def _rows(*rows: Tensor) -> Tensor:
    """Stack residuals.

    They are written row by row, because the gradient of a broadcast is summed in an order that depends on the batch.
    """
    return torch.stack(rows)


BARD = (0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39)


@least_squares(
    (-2.0, 5.0),
    (0.05, 5.0),
    (0.05, 5.0),
    minima=[(0.0824105597497889, 1.133036092029721, 2.3436951786425375)],
    start=(1.0, 1.0, 1.0),
    steps=300,
    latex=r"\sum_{i=1}^{15} \left[ y_i - \left( x_1 + \frac{i}{(16 - i) x_2 + \min(i, 16 - i)\,x_3} \right) \right]^2",
    reference=(
        "Y. Bard, Comparison of gradient methods for the solution of nonlinear parameter estimation problems, 1970"
    ),
    tags=("valley", "smooth", "unimodal", "ill-conditioned", "least squares"),
)
def bard(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Two parameters compensate each other; the residual falls quickly, but the parameters converge slowly."""
    return _rows(*(data - (x + u / ((16 - u) * y + min(u, 16 - u) * z)) for u, data in enumerate(BARD, 1)))


@least_squares(
    (-10.0, 10.0),
    (-10.0, 12.0),
    (-10.0, 10.0),
    view=[(-2.0, 4.0), (-2.0, 12.0), (-3.0, 3.0)],
    minima=[(1.0, 10.0, 1.0)],
    minimum=0.0,
    minima_complete=False,
    start=(0.0, 10.5, 2.0),
    steps=300,
    title="Box",
    latex=(
        r"\sum_{i=1}^{10} \left[ e^{-t_i x_1} - e^{-t_i x_2} - x_3 (e^{-t_i} - e^{-10 t_i}) \right]^2, "
        r"\quad t_i = \frac{i}{10}"
    ),
    reference="M. J. Box, A comparison of several current optimization methods, and the use of transformations, 1966",
    tags=("valley", "smooth", "multimodal", "ill-conditioned", "least squares"),
    aliases=("box_3d",),
)
def box(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Two exchangeable exponentials; whole lines of parameters fit exactly, so the result depends on the start."""
    times = [i / 10 for i in range(1, 11)]
    return _rows(*(torch.exp(-t * x) - torch.exp(-t * y) - (math.exp(-t) - math.exp(-10 * t)) * z for t in times))


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
    """A Gaussian curve fitted to 15 points; a smooth basin, but a condition number of 50 slows the last digits."""
    data = (*GAUSSIAN, *GAUSSIAN[-2::-1])
    times = [(8 - i) / 2 for i in range(1, 16)]
    return _rows(*(x * torch.exp(-0.5 * y * (t - z) * (t - z)) - seen for t, seen in zip(times, data, strict=True)))


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
    """A curved valley next to exponential walls; a step slightly too long lands on a wall and diverges."""
    return _rows(*(2 + 2 * i - (torch.exp(i * x) + torch.exp(i * y)) for i in range(1, 11)))


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
        "SciPy uses u = 1/6, 1/7, … in full instead of four digits, which changes the fourth digit of the minimum.",
    ),
)
def kowalik_osborne(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """A rational model with four parameters; the fit improves quickly, one combination of parameters very slowly."""
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
    latex=(
        r"\sum_{i=1}^{20} \left[ (x_1 + t_i x_2 - e^{t_i})^2 + (x_3 + x_4 \sin t_i - \cos t_i)^2 \right]^2, "
        r"\quad t_i = \frac{i}{5}"
    ),
    reference=(
        "K. M. Brown and J. E. Dennis, New computational algorithms for minimizing a sum of squares of nonlinear "
        "functions, 1971"
    ),
    tags=("valley", "smooth", "convex", "unimodal", "least squares"),
)
def brown_dennis(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """A fit with large residuals; the Gauss–Newton approximation of the Hessian is poor and slows convergence."""
    rows = []
    for t in (i / 5 for i in range(1, 21)):
        a, b = x + t * y - math.exp(t), z + math.sin(t) * w - math.cos(t)
        rows.append(a * a + b * b)
    return _rows(*rows)


def _rows_of(data: Sequence[float], *unknowns: Tensor) -> list[Tensor]:
    """Return the m data as a column (m, 1, …), and each parameter (…) as m equal rows.

    The rows are stacked, because the gradient of a broadcast is summed in an order that depends on the batch.
    """
    like = unknowns[0]
    column = torch.tensor(data, dtype=like.dtype, device=like.device).reshape(-1, *[1] * like.dim())
    return [column, *(torch.stack([unknown] * len(data)) for unknown in unknowns)]


TENTHS = [i / 10 for i in range(1, 11)]


@least_squares(
    (0.0, 20.0),
    (0.0, 20.0),
    minima=[(1.0, 10.0)],
    minimum=0.0,
    start=(16.0, 3.0),
    steps=300,
    title="Biggs EXP2",
    latex=(
        r"\sum_{i=1}^{10} \left[ e^{-t_i x} - 5 e^{-t_i y} - e^{-t_i} + 5 e^{-10 t_i} \right]^2, "
        r"\quad t_i = \frac{i}{10}"
    ),
    reference=(
        "M. C. Biggs, Minimization algorithms making use of non-quadratic properties of the objective function, 1971"
    ),
    tags=("valley", "plateau", "smooth", "unimodal", "least squares"),
    variants=("Exp 2 of Jamil and Yang is the same sum without its last term.",),
)
def biggs_exp2(x: Tensor, y: Tensor) -> Tensor:
    """Two exponential decays fitted to ten values; once both rates are large, the gradient almost vanishes."""
    t, u, v = _rows_of(TENTHS, x, y)
    return torch.exp(-t * u) - 5 * torch.exp(-t * v) - torch.exp(-t) + 5 * torch.exp(-10 * t)


@least_squares(
    *[(0.0, 20.0)] * 6,
    view=[(0.0, 6.0), (0.0, 12.0), (0.0, 6.0), (0.0, 6.0), (0.0, 6.0), (0.0, 6.0)],
    minima=[(1.0, 10.0, 1.0, 5.0, 4.0, 3.0), (4.0, 10.0, 3.0, 5.0, 1.0, 1.0)],
    minimum=0.0,
    start=(1.0, 2.0, 1.0, 1.0, 1.0, 1.0),
    steps=500,
    title="Biggs EXP6",
    latex=(
        r"\sum_{i=1}^{13} \left[ x_3 e^{-t_i x_1} - x_4 e^{-t_i x_2} + x_6 e^{-t_i x_5} - y_i \right]^2, \quad"
        r" y_i = e^{-t_i} - 5 e^{-10 t_i} + 3 e^{-4 t_i}"
    ),
    reference=(
        "M. C. Biggs, Minimization algorithms making use of non-quadratic properties of the objective function, 1971"
    ),
    tags=("valley", "smooth", "ill-conditioned", "multimodal", "least squares"),
)
def biggs_exp6(a: Tensor, b: Tensor, c: Tensor, d: Tensor, e: Tensor, f: Tensor) -> Tensor:
    """Three exponential decays in one curve; very different parameters fit almost equally well and converge slowly."""
    t, a, b, c, d, e, f = _rows_of([i / 10 for i in range(1, 14)], a, b, c, d, e, f)
    seen = torch.exp(-t) - 5 * torch.exp(-10 * t) + 3 * torch.exp(-4 * t)
    return c * torch.exp(-t * a) - d * torch.exp(-t * b) + f * torch.exp(-t * e) - seen


def _column(data: Sequence[float], like: Tensor) -> Tensor:
    """Return further data as a column (m, 1, …), for the result of `_rows_of`."""
    return torch.tensor(data, dtype=like.dtype, device=like.device).reshape(-1, *[1] * (like.dim() - 1))


BOXBOD = {1.0: 109.0, 2.0: 149.0, 3.0: 149.0, 5.0: 191.0, 7.0: 213.0, 10.0: 224.0}
"""Time in days, and biochemical oxygen demand in mg/l."""


@least_squares(
    (0.0, 300.0),
    (0.0, 3.0),
    minima=[(213.8094088903979, 0.5472374854191994)],
    start=(20.0, 2.6),
    steps=300,
    title="BoxBOD",
    latex=r"\sum_{i=1}^{6} \left[ y_i - x (1 - e^{-y t_i}) \right]^2",
    reference="G. E. P. Box, W. G. Hunter and J. S. Hunter, Statistics for experimenters, 1978",
    tags=("valley", "curved", "smooth", "unimodal", "ill-conditioned", "least squares"),
)
def boxbod(x: Tensor, y: Tensor) -> Tensor:
    """Two parameters of scale 200 and 0.5; a learning rate that is stable for one hardly moves the other."""
    t, u, v = _rows_of(list(BOXBOD), x, y)
    return u * (1 - torch.exp(-v * t)) - _column(list(BOXBOD.values()), t)


QUARTERS = [i / 4 for i in range(1, 11)]


@least_squares(
    (-1.0, 3.0),
    (-0.5, 2.0),
    minima=[(0.47898454663200235, 0.688300194513198)],
    start=(2.5, 0.1),
    steps=300,
    title="Exponential fit",
    latex=r"\sum_{i=1}^{10} \left[ x e^{y t_i} - t_i \right]^2, \quad t_i = \frac{i}{4}",
    reference=(
        "A. R. Conn, N. I. M. Gould and P. L. Toint, "
        "LANCELOT: a Fortran package for large-scale nonlinear optimization, 1992"
    ),
    tags=("valley", "cliff", "curved", "smooth", "unimodal", "least squares"),
    aliases=("expfit",),
)
def exponential_fit(x: Tensor, y: Tensor) -> Tensor:
    """Amplitude and growth rate compensate each other in a curved valley; larger steps hit an exponential wall."""
    t, u, v = _rows_of(QUARTERS, x, y)
    return u * torch.exp(v * t) - t


JUDGE_A = (
    0.286, 0.973, 0.384, 0.276, 0.973, 0.543, 0.957, 0.948, 0.543, 0.797,
    0.936, 0.889, 0.006, 0.828, 0.399, 0.617, 0.939, 0.784, 0.072, 0.889,
)  # fmt: skip


JUDGE_B = (
    0.645, 0.585, 0.310, 0.058, 0.455, 0.779, 0.259, 0.202, 0.028, 0.099,
    0.142, 0.296, 0.175, 0.180, 0.842, 0.039, 0.103, 0.620, 0.158, 0.704,
)  # fmt: skip


JUDGE_Y = (
    4.284, 4.149, 3.877, 0.533, 2.211, 2.389, 2.145, 3.231, 1.998, 1.379,
    2.106, 1.428, 1.011, 2.179, 2.858, 1.388, 1.651, 1.593, 1.046, 2.152,
)  # fmt: skip


@least_squares(
    (-10.0, 10.0),
    (-10.0, 10.0),
    view=[(-2.0, 4.0), (-3.0, 3.0)],
    minima=[(0.8647872863320526, 1.2357484987520926)],
    stationary={
        "minimum": [(2.498576405407144, -0.9826041319137844)],
        "saddle": [(2.3544707386508485, -0.3191863478686537)],
    },
    start=(3.4, 2.2),
    steps=200,
    latex=r"\sum_{i=1}^{20} \left[ x + a_i y + b_i y^2 - c_i \right]^2",
    reference="G. G. Judge et al., The theory and practice of econometrics, 1985",
    tags=("basins", "smooth", "multimodal", "least squares"),
)
def judge(x: Tensor, y: Tensor) -> Tensor:
    """A regression with a local minimum next to the global one; the start decides which is found."""
    a, u, v = _rows_of(JUDGE_A, x, y)
    return u + a * v + _column(JUDGE_B, a) * v * v - _column(JUDGE_Y, a)


MEYER = (
    34780.0, 28610.0, 23650.0, 19630.0, 16370.0, 13720.0, 11540.0, 9744.0,
    8261.0, 7030.0, 6005.0, 5147.0, 4427.0, 3820.0, 3307.0, 2872.0,
)  # fmt: skip


@least_squares(
    (0.0, 0.05),
    (3000.0, 8000.0),
    (200.0, 500.0),
    view=[(0.001, 0.025), (3800.0, 6500.0), (240.0, 360.0)],
    minima=[(0.005609636471028053, 6181.346346286372, 345.2236346241365)],
    minima_complete=False,  # unique, but no search in double precision follows the floor to it
    start=(0.02, 4000.0, 250.0),
    steps=500,
    scale="rank",
    title="Meyer",
    latex=r"\sum_{i=1}^{16} \left[ x e^{y / (t_i + z)} - y_i \right]^2, \quad t_i = 45 + 5 i",
    reference="R. R. Meyer and P. M. Roth, Modified damped least squares: an algorithm for non-linear estimation, 1972",
    tags=("valley", "cliff", "curved", "smooth", "degenerate", "unimodal", "least squares"),
    aliases=("meyer_roth",),
    variants=("Some libraries scale the parameters by 1, 1000 and 100 and the data by 1/1000, which is easier.",),
)
def meyer(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Parameters of scale 0.01 to 6000 in a flat, curved valley; methods without curvature information stall."""
    t, x, y, z = _rows_of([45.0 + 5 * i for i in range(1, 17)], x, y, z)
    return x * torch.exp(y / (t + z)) - _column(MEYER, t)


@least_squares(
    (0.1, 100.0),
    (0.0, 25.6),
    (0.0, 5.0),
    view=[(0.1, 80.0), (0.0, 25.6), (0.0, 3.0)],
    minima=[(50.0, 25.0, 1.5)],
    minimum=0.0,
    start=(5.0, 2.5, 0.15),
    steps=500,
    scale="rank",
    title="Gulf research",
    latex=(
        r"\sum_{i=1}^{99} \left[ e^{-|y_i - y|^z / x} - t_i \right]^2, \quad t_i = \frac{i}{100}, \;"
        r" y_i = 25 + (-50 \ln t_i)^{2/3}"
    ),
    reference=(
        "R. A. Cox, Comparison of the performance of seven optimization algorithms on twelve unconstrained "
        "minimization problems, 1969"
    ),
    tags=("valley", "plateau", "smooth", "ill-conditioned", "unimodal", "least squares"),
    aliases=("gulf", "gulf_research_and_development"),
    variants=("Moré, Garbow and Hillstrom print a product of y, m and i where a difference is meant.",),
)
def gulf_research(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """A failure-time model with a thin, flat valley; a condition number near 1e7 stalls gradient descent."""
    t, x, y, z = _rows_of([i / 100 for i in range(1, 100)], x, y, z)
    seen = 25 + power(-50 * torch.log(t), 2 / 3)
    exponent = -power(seen - y, z) / x
    return torch.exp(exponent.clamp(max=40.0)) - t  # <= 0 in the domain; outside, this prevents overflow


OSBORNE_1 = (
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751,
    0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490,
    0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406,
)  # fmt: skip


@least_squares(
    (0.0, 1.0),
    (0.0, 3.0),
    (-3.0, 0.0),
    (0.0, 0.1),
    (0.0, 0.1),
    minima=[(0.3754100521069519, 1.935846912712354, -1.4646871366134095, 0.012867534640057259, 0.02212269966167266)],
    start=(0.5, 1.5, -1.0, 0.01, 0.02),
    steps=500,
    title="Osborne N. 1",
    latex=r"\sum_{i=1}^{33} \left[ y_i - (x_1 + x_2 e^{-t_i x_4} + x_3 e^{-t_i x_5}) \right]^2, \quad t_i = 10 (i - 1)",
    reference="M. R. Osborne, Some aspects of nonlinear least squares calculations, 1972",
    tags=("valley", "smooth", "degenerate", "unimodal", "least squares"),
    aliases=("osborne_1",),
)
def osborne_n1(a: Tensor, b: Tensor, c: Tensor, d: Tensor, e: Tensor) -> Tensor:
    """Two nearly cancelling decays; the curve fits early, but its five parameters converge extremely slowly."""
    t, a, b, c, d, e = _rows_of([10.0 * i for i in range(33)], a, b, c, d, e)
    return _column(OSBORNE_1, t) - (a + b * torch.exp(-t * d) + c * torch.exp(-t * e))


OSBORNE_2 = (
    1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608,
    0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661,
    0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428,
    0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559,
    0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
)  # fmt: skip


OSBORNE_2_MINIMIZER = (
    1.3099771546273007, 0.431553794602989, 0.6336616989607241, 0.5994305347859163,
    0.7541832263280115, 0.9042885798596334, 1.3658118352370283, 4.823698817227156,
    2.3986848661317546, 4.568874597667672, 5.6753414705806415,
)  # fmt: skip


@least_squares(
    (0.5, 2.0),
    (0.0, 1.0),
    (0.2, 1.0),
    (0.2, 1.0),
    (0.2, 1.2),
    (0.2, 4.0),
    (0.2, 6.0),
    (1.0, 8.0),
    (1.5, 3.0),
    (4.0, 5.0),
    (5.2, 6.0),
    minima=[OSBORNE_2_MINIMIZER],
    start=(1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5),
    steps=400,
    title="Osborne N. 2",
    latex=(
        r"\sum_{i=1}^{65} \left[ y_i - x_1 e^{-t_i x_5} - \sum_{j=2}^{4} x_j e^{-x_{j+4} (t_i - x_{j+7})^2} \right]^2,"
        r" \quad t_i = \frac{i - 1}{10}"
    ),
    reference="M. R. Osborne, Some aspects of nonlinear least squares calculations, 1972",
    tags=("valley", "smooth", "unimodal", "ill-conditioned", "least squares"),
    aliases=("osborne_2",),
)
def osborne_n2(x: Tensor, *others: Tensor) -> Tensor:
    """A decay and three Gaussians fitted to noisy data; curvatures over four decades delay some parameters."""
    t, first, *rest = _rows_of([i / 10 for i in range(65)], x, *others)
    heights, rate, widths, centres = rest[:3], rest[3], rest[4:7], rest[7:]
    fitted = first * torch.exp(-t * rate)
    for height, width, centre in zip(heights, widths, centres, strict=True):
        fitted = fitted + height * torch.exp(-width * (t - centre) * (t - centre))
    return _column(OSBORNE_2, t) - fitted


DE_VILLIERS_TIMES = [i / 10 for i in range(24)]


def de_villiers_minima() -> list[tuple[float, ...]]:
    """Return all minimizers in the domain: data at multiples of 0.1 cannot tell frequencies 20π apart."""
    turns = [2 * math.pi * k for k in range(16)]
    waves = [(3.112, 1.761), (3.112 + 20 * math.pi, 1.761), (20 * math.pi - 3.112, math.pi - 1.761)]
    return [(60.137, 1.371, frequency, phase + turn) for frequency, phase in waves for turn in turns]


@least_squares(
    *[(1.0, 100.0)] * 4,
    view=[(20.0, 100.0), (1.0, 2.0), (1.0, 5.0), (1.0, 3.0)],
    minima=de_villiers_minima(),
    minimum=0.0,
    start=(45.0, 1.2, 2.6, 2.4),
    steps=400,
    title="De Villiers–Glasser N. 1",
    latex=(
        r"\sum_{i=1}^{24} \left[ x_1 x_2^{t_i} \sin(x_3 t_i + x_4) "
        r"- 60.137 \cdot 1.371^{t_i} \sin(3.112\, t_i + 1.761) \right]^2, \quad t_i = \frac{i - 1}{10}"
    ),
    reference="N. de Villiers and D. Glasser, A continuation method for nonlinear regression, 1981",
    tags=("valley", "oscillating", "smooth", "multimodal", "ill-conditioned", "least squares"),
    variants=("Libraries list one minimum; phases 2π and frequencies 20π apart fit the data as well.",),
)
def de_villiers_glasser_n1(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """A growing wave fitted to 24 values; from a wrong frequency, descent flattens the wave instead of moving it."""
    t, a, b, c, d = _rows_of(DE_VILLIERS_TIMES, a, b, c, d)
    seen = [60.137 * 1.371**i * math.sin(3.112 * i + 1.761) for i in DE_VILLIERS_TIMES]
    return a * torch.exp(t * torch.log(b.abs())) * torch.sin(c * t + d) - _column(seen, t)


ONIONS = (
    16.08, 33.83, 65.80, 97.20, 191.55, 326.20, 386.87, 520.53,
    590.03, 651.92, 724.93, 699.56, 689.96, 637.56, 717.41,
)  # fmt: skip
"""Dry weights of onion bulbs and tops at 15 times."""


@least_squares(
    (0.0, 1000.0),
    (1.0, 20.0),
    (0.1, 3.0),
    (0.1, 6.0),
    minima=[(699.6415126964457, 5.27712530245004, 0.759629383294134, 1.2792483859097123)],
    start=(100.0, 10.0, 1.0, 1.0),
    steps=400,
    title="Ratkowsky N. 1",
    latex=r"\sum_{i=1}^{15} \left[ x_1 (1 + e^{x_2 - x_3 i})^{-1 / x_4} - y_i \right]^2",
    reference="D. A. Ratkowsky, Nonlinear regression modeling: a unified practical approach, 1983",
    tags=("valley", "plateau", "smooth", "unimodal", "ill-conditioned", "least squares"),
    aliases=("ratkowsky", "rat43"),
)
def ratkowsky_n1(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """A growth curve with parameters of scale 1 to 1000; one learning rate cannot fit the height and the shape."""
    t, a, b, c, d = _rows_of([float(i) for i in range(1, 16)], a, b, c, d)
    growth = b - c * t
    decay = torch.where(growth > 40, growth, torch.log1p(torch.exp(growth.clamp(max=40.0)))) / d
    return a * torch.exp((-decay).clamp(max=40.0)) - _column(ONIONS, t)
