"""Sums of squares of nonlinear equations, with the standard starting points of the literature.

Data and starting points are those of J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization
software, 1981, unless a function names another source.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from landscapes.objectives._function import StationaryKind
from landscapes.objectives.decorators import ANY, Dims, least_squares
from landscapes.objectives.elementary import norm, one_to_d, ordered_sum, product


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
    """A curved valley; the standard start leads to a local minimum with value 49 instead of the global one."""
    return torch.stack([x - 13 + ((5 - y) * y - 2) * y, x - 29 + ((y + 1) * y - 14) * y])


def freudenstein_roth_minima(d: int) -> dict[StationaryKind, Sequence[Sequence[float]]]:
    """Return the local minima of `extended_freudenstein_roth` in which the first pairs are at their higher minimum."""
    low, high = (5.0, 4.0), (11.412778986902094, -0.8968052532744765)
    return {"minimum": [high * k + low * (d // 2 - k) for k in range(1, d // 2 + 1)]}


@least_squares(
    lambda d: [(-20.0, 20.0), (-10.0, 10.0)] * (d // 2),
    dims=Dims(multiple=2, least=4),
    view=[(-10.0, 20.0), (-4.0, 6.0)],
    minima=[(5.0, 4.0)],
    minimum=0.0,
    stationary=freudenstein_roth_minima,
    start=(0.5, -2.0),
    steps=300,
    title="Extended Freudenstein–Roth",
    latex=(
        r"\sum_{i=1}^{d/2} \left[ (x_{2i-1} - 13 + ((5 - x_{2i}) x_{2i} - 2) x_{2i})^2 "
        r"+ (x_{2i-1} - 29 + ((x_{2i} + 1) x_{2i} - 14) x_{2i})^2 \right]"
    ),
    reference="N. Andrei, An unconstrained optimization test functions collection, 2008",
    tags=("valley", "curved", "basins", "smooth", "multimodal", "ill-conditioned", "least squares", "any dimension"),
    variants=("CUTEst's FREUROTH couples each coordinate with the next one, which is another function.",),
)
def extended_freudenstein_roth(x: Tensor) -> Tensor:
    """Freudenstein–Roth valleys, one per pair of coordinates; each pair can stop at its local minimum, 49 higher."""
    u, v = x[..., 0::2].contiguous(), x[..., 1::2].contiguous()
    rows = torch.cat([u - 13 + ((5 - v) * v - 2) * v, u - 29 + ((v + 1) * v - 14) * v], -1)
    return rows.movedim(-1, 0)


@least_squares(
    (-10.0, 10.0),
    (-10.0, 10.0),
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(1.0, 1.0, 1.0, 1.0)],
    minimum=0.0,
    start=(-3.0, -1.0, -3.0, -1.0),
    steps=400,
    latex=(
        r"100 (x_2 - x_1^2)^2 + (1 - x_1)^2 + 90 (x_4 - x_3^2)^2 + (1 - x_3)^2 + 10 (x_2 + x_4 - 2)^2 + \frac{1}{10} "
        r"(x_2 - x_4)^2"
    ),
    reference="A. R. Colville, A comparative study of nonlinear programming codes, 1968",
    tags=("valley", "curved", "smooth", "ill-conditioned", "unimodal", "least squares"),
    aliases=("colville",),
    variants=("Some libraries square the even coordinates instead of the odd ones.",),
)
def wood(x: Tensor, y: Tensor, z: Tensor, w: Tensor) -> Tensor:
    """Two coupled curved valleys; a nearly flat saddle region on the way is easily mistaken for convergence."""
    root = math.sqrt(10)
    return torch.stack(
        [
            10 * (y - x * x),
            1 - x,
            3 * root * (w - z * z),
            1 - z,
            root * (y + w - 2),
            (y - w) / root,
        ]
    )


@least_squares(
    (-10.0, 10.0),
    (-10.0, 10.0),
    (-10.0, 10.0),
    minima=[(1.0, 0.0, 0.0)],
    minimum=0.0,
    start=(-1.0, 0.1, 0.0),
    steps=300,
    nonsmooth_where="on the plane x = 0, where the angle jumps",
    title="Helical valley",
    latex=(
        r"100\,(z - 10 \theta)^2 + 100\,(\sqrt{x^2 + y^2} - 1)^2 + z^2, "
        r"\quad \theta = \frac{1}{2 \pi} \arctan\frac{y}{x} \; \left( + \frac{1}{2} \; \mathrm{if} \; x < 0 \right)"
    ),
    reference="R. Fletcher and M. J. D. Powell, A rapidly convergent descent method for minimization, 1963",
    tags=("valley", "spiral", "curved", "discontinuous", "unimodal", "least squares"),
)
def helical_valley(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """A helical valley in three dimensions; its direction keeps turning, and the angle jumps at x = 0."""
    away = x.abs() > 1e-12
    theta = torch.atan(y / torch.where(away, x, 1e-12)) / (2 * math.pi) + torch.where(x < 0, 0.5, 0.0)
    return torch.stack([10 * (z - 10 * theta), 10 * (norm(torch.stack([x, y], -1)) - 1), z])


@least_squares(
    (-10.0, 10.0),
    dims=Dims(multiple=4, least=4),
    minima=[(0.0,)],
    minimum=0.0,
    start=(3.0, -1.0, 0.0, 1.0),
    steps=300,
    title="Powell's singular",
    latex=r"\sum (x_1 + 10 x_2)^2 + 5 (x_3 - x_4)^2 + (x_2 - 2 x_3)^4 + 10 (x_1 - x_4)^4",
    reference=(
        "M. J. D. Powell, An iterative method for finding stationary values of a function of several variables, 1962"
    ),
    tags=("valley", "smooth", "convex", "unimodal", "degenerate", "least squares", "any dimension"),
    aliases=("powell_s_singular", "powell", "extended_powell"),
)
def powell_singular(x: Tensor) -> Tensor:
    """A valley with a singular Hessian at the minimum; Newton's method loses its quadratic convergence."""
    a, b, c, d = (x[..., k::4].contiguous() for k in range(4))
    u, v = b - 2 * c, a - d
    return torch.cat([a + 10 * b, math.sqrt(5) * (c - d), u * u, math.sqrt(10) * v * v], -1).movedim(-1, 0)


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
    tags=lambda d: (
        *("valley", "rotated", "smooth", "convex", "unimodal", "least squares", "any dimension"),
        *(["ill-conditioned"] if d > 6 else []),
    ),
)
def variably_dimensioned(x: Tensor) -> Tensor:
    """One steep direction with quartic growth combines all coordinates; conditioning worsens with the dimension."""
    i = one_to_d(x)
    s = ordered_sum(i * (x - 1))[..., None]
    return torch.cat([x - 1, s, s * s], -1).movedim(-1, 0)


@least_squares(
    (-2.0, 3.0),
    dims=Dims(least=2),
    minima=lambda d: [(1.0,) * d, (0.5, 2.0)] if d == 2 else [(1.0,) * d],
    minimum=0.0,
    minima_complete=False,
    start=(-1.2, 0.5),
    steps=200,
    title="Brown almost linear",
    latex=r"\sum_{i=1}^{d-1} \left[ x_i + \sum_j x_j - (d + 1) \right]^2 + \left[ \prod_j x_j - 1 \right]^2",
    reference="K. M. Brown, A quadratically convergent Newton-like method based upon Gaussian elimination, 1969",
    tags=lambda d: (
        *("valley", "smooth", "multimodal", "least squares", "any dimension"),
        *(["ill-conditioned"] if d > 2 else []),
    ),
)
def brown_almost_linear(x: Tensor) -> Tensor:
    """All equations are linear except one product; it bends the valley and adds further minima."""
    linear = x[..., :-1] + ordered_sum(x)[..., None] - (x.shape[-1] + 1)
    return torch.cat([linear, (product(x) - 1)[..., None]], -1).movedim(-1, 0)


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
    """A chain of quadratic equations that couples neighbours; mildly conditioned, but with several minima."""
    nothing = torch.zeros_like(x[..., :1])
    before, after = torch.cat([nothing, x[..., :-1]], -1), torch.cat([x[..., 1:], nothing], -1)
    return ((3 - 2 * x) * x - before - 2 * after + 1).movedim(-1, 0)


def _repeated(value: Tensor, x: Tensor) -> Tensor:
    """Repeat a value (…) for every coordinate of x (…, d).

    It is stacked, because the gradient of a broadcast is summed in an order that depends on the batch.
    """
    return torch.stack([value] * x.shape[-1], -1)


TRIGONOMETRIC_ZEROS: dict[int, list[tuple[float, ...]]] = {
    2: [(0.2430642022015621, 0.612676117137334)],
    3: [(0.13865866208959524, 0.15238123048152327, 0.4677872324751889)],
}
"""Solutions besides the origin; each repeats with period 2π along every axis."""


@least_squares(
    (-7.0, 7.0),
    dims=ANY,
    minima=lambda d: [(0.0,) * d, *TRIGONOMETRIC_ZEROS.get(d, [])],
    minimum=0.0,
    minima_complete=False,
    start=(-2.9, 2.6),
    steps=200,
    title="Trigonometric",
    latex=r"\sum_{i=1}^{d} \left[ d - \sum_j \cos x_j + i (1 - \cos x_i) - \sin x_i \right]^2",
    reference=(
        "E. Spedicato, Computational experience with quasi-Newton algorithms for minimization problems of moderately "
        "large size, 1975"
    ),
    tags=("basins", "periodic", "smooth", "multimodal", "least squares", "any dimension"),
    variants=("Trigonometric 1 of SciPy and CUTEst uses i (1 - cos x - sin x) instead.",),
)
def trigonometric(x: Tensor) -> Tensor:
    """Periodic equations with many equal minima; in higher dimensions, local minima with nonzero residual join them."""
    half = torch.sin(x / 2)
    rise = 2 * half * half  # 1 − cos x, without cancellation
    return (_repeated(ordered_sum(rise), x) + one_to_d(x) * rise - torch.sin(x)).movedim(-1, 0)


BOUNDARY_VALUES = {
    2: (-0.12824676303373161, -0.15926756724464086),
    3: (-0.10481742512687901, -0.1627022933732565, -0.14585039218433923),
    5: (-0.07502212929232048, -0.13197621035219065, -0.1648487719093373, -0.16466468021580072, -0.11741765168419362),
}
"""Solutions of x″ = (x + t + 1)³/2 with x(0) = x(1) = 0 at d interior points; the discrete integral equation has
the same solutions."""


def _cubes(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the nodes t (d,) and the cubes (x + t + 1)³ (…, d)."""
    t = one_to_d(x) / (x.shape[-1] + 1)
    s = x + t + 1
    return t, s * s * s


@least_squares(
    (-3.0, 3.0),
    dims=Dims(least=2),
    minima=lambda d: [BOUNDARY_VALUES[d]] if d in BOUNDARY_VALUES else [],
    minimum=0.0,
    start=(-2.4, 2.2),
    steps=200,
    title="Discrete boundary value",
    latex=(
        r"\sum_{i=1}^{d} \left[ 2 x_i - x_{i-1} - x_{i+1} + \frac{h^2}{2} (x_i + t_i + 1)^3 \right]^2, \quad"
        r" t_i = i h, \; h = \frac{1}{d + 1}"
    ),
    reference="J. J. Moré and M. Y. Cosnard, Numerical solution of nonlinear equations, 1979",
    tags=("bowl", "smooth", "convex", "unimodal", "least squares", "any dimension"),
    aliases=("boundary_value",),
)
def discrete_boundary_value(x: Tensor) -> Tensor:
    """A discretized boundary value problem; conditioning worsens quickly as the grid is refined."""
    _, cubes = _cubes(x)
    nothing = torch.zeros_like(x[..., :1])
    before, after = torch.cat([nothing, x[..., :-1]], -1), torch.cat([x[..., 1:], nothing], -1)
    h = 1 / (x.shape[-1] + 1)
    return (2 * x - before - after + h * h / 2 * cubes).movedim(-1, 0)


@least_squares(
    (-3.0, 3.0),
    dims=Dims(least=2),
    minima=lambda d: [BOUNDARY_VALUES[d]] if d in BOUNDARY_VALUES else [],
    minimum=0.0,
    start=(-2.4, 2.2),
    steps=100,
    title="Discrete integral equation",
    latex=(
        r"\sum_{i=1}^{d} \left[ x_i + \frac{h}{2} \left( (1 - t_i) \sum_{j \leq i} t_j s_j"
        r" + t_i \sum_{j > i} (1 - t_j) s_j \right) \right]^2, \quad s_j = (x_j + t_j + 1)^3"
    ),
    reference="J. J. Moré and M. Y. Cosnard, Numerical solution of nonlinear equations, 1979",
    tags=lambda d: (
        *("bowl", "smooth", "unimodal", "least squares", "any dimension"),
        *(["convex"] if d < 4 else []),
    ),
    aliases=("integral_equation",),
)
def discrete_integral_equation(x: Tensor) -> Tensor:
    """The boundary value problem in integral form; it stays well conditioned, so gradient steps converge quickly."""
    t, cubes = _cubes(x)
    d = x.shape[-1]
    rows = []
    for i in range(d):
        left, right = ordered_sum((t * cubes)[..., : i + 1]), ordered_sum(((1 - t) * cubes)[..., i + 1 :])
        rows.append(x[..., i] + ((1 - t[i]) * left + t[i] * right) / (2 * (d + 1)))
    return torch.stack(rows)


BROYDEN_BANDED_MINIMIZERS = {
    2: (-0.4273046235581663, -0.4273046235581663),
    3: (-0.4283025665010599, -0.476566284929972, -0.476566284929972),
    5: (-0.4283028646427008, -0.4765965315010954, -0.5196377221007545, -0.5588619565270253, -0.5588619565270253),
}


@least_squares(
    (-2.0, 2.0),
    dims=Dims(least=2),
    minima=lambda d: [BROYDEN_BANDED_MINIMIZERS[d]] if d in BROYDEN_BANDED_MINIMIZERS else [],
    minimum=0.0,
    start=(1.4, -1.6),
    steps=200,
    title="Broyden banded",
    latex=(
        r"\sum_{i=1}^{d} \left[ x_i (2 + 5 x_i^2) + 1 - \sum_{j \in J_i} x_j (1 + x_j) \right]^2, \quad J_i = \{i - 5, "
        r"\dots, i + 1\} \setminus \{i\}"
    ),
    reference="C. G. Broyden, The convergence of an algorithm for solving sparse nonlinear systems, 1971",
    tags=lambda d: ("bowl", "smooth", "unimodal" if d < 4 else "multimodal", "least squares", "any dimension"),
)
def broyden_banded(x: Tensor) -> Tensor:
    """Each equation couples up to six neighbours; cubic terms make gradients large far from the solution."""
    d, near = x.shape[-1], x * (1 + x)
    rows = []
    for i in range(d):
        others = [near[..., j] for j in range(max(0, i - 5), min(d, i + 2)) if j != i]
        u = x[..., i]
        rows.append(u * (2 + 5 * u * u) + 1 - ordered_sum(torch.stack(others), 0))
    return torch.stack(rows)


@least_squares(
    (-10.0, 10.0),
    dims=ANY,
    view=[(-5.0, 3.0)],
    minima=[(-1.0,)],
    minimum=lambda d: float(d),
    start=(2.0, 1.0),
    steps=100,
    title="Linear full rank",
    latex=r"\sum_{i=1}^{2d} \left[ x_i - \frac{1}{d} \sum_j x_j - 1 \right]^2, \quad x_{i > d} = 0",
    reference="J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization software, 1981",
    tags=("bowl", "smooth", "convex", "quadratic", "separable", "unimodal", "least squares", "any dimension"),
    variants=("With m equations the minimum is m - d; here m = 2d.",),
)
def linear_full_rank(x: Tensor) -> Tensor:
    """A linear system whose sum of squares is a round bowl; one gradient step with the right rate solves it."""
    rest = _repeated(ordered_sum(x) / x.shape[-1] + 1, x)
    return torch.cat([x - rest, -rest], -1).movedim(-1, 0)


@least_squares(
    (-1.0, 1.0),
    dims=Dims(least=2),
    minima=lambda d: [(6 / ((4 * d + 1) * d * (d + 1)),) * d],
    minimum=lambda d: d * (2 * d - 1) / (4 * d + 1),
    minima_complete=False,
    start=(0.7, -0.6),
    steps=100,
    title="Linear rank one",
    latex=r"\sum_{i=1}^{2d} \left[ i \sum_j j x_j - 1 \right]^2",
    reference="J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization software, 1981",
    tags=(
        "valley",
        "rotated",
        "smooth",
        "convex",
        "quadratic",
        "unimodal",
        "degenerate",
        "least squares",
        "any dimension",
    ),
    aliases=("linear_rank_1",),
    variants=("With m equations the minimum is m (m - 1) / (4m + 2); here m = 2d.",),
)
def linear_rank_one(x: Tensor) -> Tensor:
    """Inconsistent equations of rank one; the minima form a hyperplane, and the start decides which is reached."""
    s = ordered_sum(one_to_d(x) * x)
    return torch.stack([i * s - 1 for i in range(1, 2 * x.shape[-1] + 1)])


@least_squares(
    (-1.0, 1.0),
    dims=Dims(least=4),
    minima=lambda d: [(0.0, *((6 / ((4 * d - 3) * ((d - 1) * d - 2)),) * (d - 2)), 0.0)],
    minimum=lambda d: (2 * d * d + 3 * d - 3) / (4 * d - 3),
    minima_complete=False,
    start=(0.7, -0.6),
    steps=100,
    title="Linear rank one zero",
    latex=r"2 + \sum_{i=2}^{2d-1} \left[ (i - 1) \sum_{j=2}^{d-1} j x_j - 1 \right]^2",
    reference="J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization software, 1981",
    tags=(
        "valley",
        "rotated",
        "smooth",
        "convex",
        "quadratic",
        "unimodal",
        "degenerate",
        "least squares",
        "any dimension",
    ),
    aliases=("linear_rank_1_zero",),
    variants=("With m equations the minimum is (m² + 3m - 6) / (4m - 6); here m = 2d.",),
)
def linear_rank_one_zero(x: Tensor) -> Tensor:
    """Rank-one equations without the first and the last coordinate; those two never move from the start."""
    m = 2 * x.shape[-1]
    s = ordered_sum((one_to_d(x) * x)[..., 1:-1])
    return torch.stack([(i - 1) * s - 1 if 1 < i < m else 0 * s - 1 for i in range(1, m + 1)])


CHEBYSHEV_NODES = {
    2: (0.2113248654051871, 0.7886751345948129),
    3: (0.14644660940672624, 0.5, 0.8535533905932737),
    4: (0.10267276385411694, 0.40620376295746, 0.5937962370425399, 0.8973272361458831),
    5: (0.08375125649950906, 0.31272929522320947, 0.5, 0.6872707047767905, 0.9162487435004909),
}
"""Nodes for which d equally weighted values integrate all polynomials of degree d exactly."""


@least_squares(
    (-0.5, 1.5),
    dims=Dims(least=2),
    minima=lambda d: list(itertools.permutations(CHEBYSHEV_NODES[d])) if d in CHEBYSHEV_NODES else [],
    minimum=lambda d: 0.0 if d in CHEBYSHEV_NODES else math.nan,
    start=(0.55, -0.3),
    steps=200,
    latex=r"\sum_{i=1}^{d} \left[ \frac{1}{d} \sum_j T_i(2 x_j - 1) - \int_0^1 T_i(2 t - 1)\,dt \right]^2",
    reference="R. Fletcher, Function minimization without evaluating derivatives: a review, 1965",
    tags=("basins", "smooth", "multimodal", "least squares", "any dimension"),
    variants=("The equations have a solution for d up to 7 and for d = 9, but not for d = 8 or 10.",),
)
def chebyquad(x: Tensor) -> Tensor:
    """Quadrature nodes with equal weights; every permutation of a solution is a minimum, so many basins compete."""
    d, y = x.shape[-1], 2 * x - 1
    before, now = torch.ones_like(y), y
    rows = []
    for i in range(1, d + 1):
        rows.append(ordered_sum(now) / d + (1 / (i * i - 1) if i % 2 == 0 else 0))
        before, now = now, 2 * y * now - before
    return torch.stack(rows)


WATSON_MINIMIZERS = {
    2: (-0.5013670075219627, 1.0736498384595432),
    3: (-0.3757330057951052, 0.9277884537947423, 0.1716430245881916),
    4: (-0.1830480790751187, 1.080738694631855, -0.45265880850875534, 0.6144563386645558),
    5: (-0.07140517010518785, 0.9700247047203899, 0.26616884651979517, -0.5398931870568662, 0.7107112218473483),
    6: (
        -0.015725086401458456, 1.0124348693691099, -0.2329916259567377,
        1.2604300877996084, -1.5137289227222797, 0.9929964324311346,
    ),
}  # fmt: skip


@least_squares(
    (-2.0, 2.0),
    dims=Dims(least=2, most=31),
    minima=lambda d: [WATSON_MINIMIZERS[d]] if d in WATSON_MINIMIZERS else [],
    start=(1.2, -1.5),
    steps=300,
    latex=(
        r"\sum_{i=1}^{29} \left[ p'(t_i) - p(t_i)^2 - 1 \right]^2 + x_1^2 + (x_2 - x_1^2 - 1)^2, \quad"
        r" p(t) = \sum_j x_j t^{j-1}, \; t_i = \frac{i}{29}"
    ),
    reference="J. S. Kowalik and M. R. Osborne, Methods for unconstrained optimization problems, 1968",
    tags=lambda d: (
        *("valley", "smooth", "unimodal", "least squares", "any dimension"),
        *(["convex"] if d == 2 else ["ill-conditioned"] if d > 3 else []),
    ),
)
def watson(x: Tensor) -> Tensor:
    """A polynomial fitted to a differential equation; each added coefficient worsens the conditioning strongly."""
    rows = []
    for i in range(1, 30):
        t = i / 29
        value, slope = x[..., -1] * t + x[..., -2], x[..., -1]
        for c in x[..., :-2].flip(-1).unbind(-1):  # Horner's scheme
            value, slope = value * t + c, slope * t + value
        rows.append(slope - value * value - 1)
    u, v = x[..., 0], x[..., 1]
    return torch.stack([*rows, u, v - u * u - 1])


@least_squares(
    (0.0, 10.0),
    dims=ANY,
    view=[(0.0, 4.0)],
    minima=[(1.0,)],
    minimum=0.0,
    start=(3.5, 0.4),
    steps=150,
    title="Schwefel 2.4",
    latex=r"\sum_{i=1}^{d} \left[ (x_i - 1)^2 + (x_1 - x_i^2)^2 \right]",
    reference="H.-P. Schwefel, Numerical optimization of computer models, 1981",
    tags=("valley", "curved", "smooth", "unimodal", "least squares", "any dimension"),
    aliases=("schwefel_n4",),
    variants=("Some libraries sum from i = 2.",),
)
def schwefel_2_4(x: Tensor) -> Tensor:
    """A short curved valley in each pair of the first and another coordinate; momentum follows its turn."""
    return torch.cat([x - 1, x[..., :1] - x * x], -1).movedim(-1, 0)
