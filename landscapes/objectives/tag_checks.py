"""Measure tags: smoothness, convexity, separability, boundedness and condition numbers.

The catalogue states its facts next to the formulas; the tests measure them again with these functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from landscapes.objectives._function import Function
from landscapes.objectives.critical_points import corners, descend, local_minima
from landscapes.objectives.derivatives import gradient, hessian, random_points
from landscapes.objectives.tags import CHECKED

SINGULAR = 1e-9
"""Eigenvalues below this share of the largest count as zero."""

ILL_CONDITIONED = 99.0
"""Condition number from which a minimum is ill-conditioned; slightly below 100 to allow for rounding."""


def measured_tags(function: Function, *, minima: bool = True) -> set[str]:
    """Return the tags of `landscapes.objectives.tags.CHECKED` that hold.

    Args:
        function: the function.
        minima: whether to search for local minima, which takes about 100 times as long as the rest. Without it,
            neither "unimodal" nor "multimodal" is returned.

    >>> from landscapes.functions import get
    >>> sorted(measured_tags(get("booth")))
    ['convex', 'least squares', 'quadratic', 'smooth', 'unimodal']
    """
    kind = smoothness(function)
    checks: dict[str, Callable[[Function], bool]] = {
        "convex": is_convex,
        "separable": is_separable,
        "unbounded": is_unbounded,
    }
    found = {kind, *(tag for tag, holds in checks.items() if holds(function))}
    conditions = condition_numbers(function)
    facts = {
        "quadratic": kind == "smooth" and is_quadratic(function),
        "any dimension": function.family is not None,
        "least squares": function.residuals is not None,
        "stochastic": function.sample is not None,
        "infimum not attained": math.isfinite(function.minimum) and not function.minima,
        "ill-conditioned": any(ILL_CONDITIONED <= c < math.inf for c in conditions["minima"]),
        "degenerate": math.inf in conditions["minima"] + conditions["stationary"],
    }
    found |= {tag for tag, holds in facts.items() if holds}
    if minima and kind == "smooth" and function.minima_complete:
        count = len(local_minima(function)) + count_border_minima(function)
        found |= {"unimodal"} if count == 1 else {"multimodal"} if count else set()
    return found & set(CHECKED)


def count_border_minima(function: Function) -> int:
    """Return how many listed minimizers lie on the border of the domain, where searches do not count them."""
    low, high = corners(function.domain)
    at = torch.tensor(function.minima, dtype=torch.float64).reshape(-1, function.dim)
    return int(((at <= low) | (at >= high)).any(1).sum())


def undecidable_tags(function: Function) -> set[str]:
    """Return the tags that `measured_tags` cannot decide.

    These concern the number of minima of nonsmooth functions, where descents stop at creases, and of functions whose
    minima form a curve.
    """
    return set() if function.minima_complete and not function.nonsmooth_where else {"unimodal", "multimodal"}


def smoothness(function: Function) -> str:
    """Return "smooth", "nonsmooth" (the gradient jumps somewhere) or "discontinuous" (the values jump somewhere).

    Lines through random and listed points are bisected repeatedly where the value or the slope changes most: a jump
    keeps its size, a continuous change shrinks.
    """
    generator = torch.Generator().manual_seed(0)
    listed = torch.tensor([*function.minima, *(p.point for p in function.stationary)], dtype=torch.float64)
    low, high = corners(function.domain)
    listed = listed.reshape(-1, function.dim)[:8]
    if _is_isolated(function, listed):
        return "discontinuous"
    center = torch.cat([listed, random_points(function, 12, seed=1)])
    direction = torch.randn(len(center), function.dim, generator=generator, dtype=torch.float64) * (high - low) / 8
    for scale, count in ((1.0, 301), (1e-2, 61)):
        t = torch.linspace(-0.987, 1.0, count, dtype=torch.float64)

        def values(t: Tensor, scale: float = scale) -> Tensor:
            """Return the values at line parameters t of shape (lines, n)."""
            with torch.no_grad():
                return function((center[:, None] + scale * t[..., None] * direction[:, None]).clamp(low, high))

        def slopes(t: Tensor, scale: float = scale) -> Tensor:
            """Return the derivatives along the lines at t of shape (lines, n)."""
            x = (center[:, None] + scale * t[..., None] * direction[:, None]).clamp(low, high)
            return (gradient(function, x) * scale * direction[:, None]).sum(-1)

        found = _jumps(t.expand(len(center), count), values, slopes)
        if "discontinuous" in found:
            return "discontinuous"
        if "nonsmooth" in found:
            return "nonsmooth"
    # slopes next to the listed points: bisection misses their kinks if waves accumulate there
    nearby = torch.tensor([-1e-2, -1e-4, -1e-6, -1e-8, 1e-8, 1e-6, 1e-4, 1e-2], dtype=torch.float64)
    middle = (low + high)[None] / 2  # the tip of cones
    center = torch.cat([center.repeat(6, 1), middle.repeat(6, 1)])  # six directions through each point
    direction = torch.randn(center.shape, generator=generator, dtype=torch.float64) * (high - low) / 8
    slope = slopes(nearby.expand(len(center), 8), 1.0)
    near, wide = (slope[:, 4] - slope[:, 3]).abs(), (slope[:, 5] - slope[:, 2]).abs()
    if bool(((near > 0.3 * wide) & (near > 1e-7 * slope.abs().amax(1))).any()):
        return "nonsmooth"
    return "smooth"


def _is_isolated(function: Function, points: Tensor) -> bool:
    """Return whether the value at a point differs from those around it: bisection of lines never meets the point.

    Only coordinates that are 0 can move by 1e-300; where none is, a jump cannot be distinguished from a steep slope.
    """
    low, high = corners(function.domain)
    direction = torch.randn(6, function.dim, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        offsets = (high - low) * direction * torch.tensor([1e-300, 1e-8], dtype=torch.float64)[:, None, None]
        around = function((points[:, None, None] + offsets).clamp(low, high))  # (points, distances, directions)
        near, far = (around - function(points)[:, None, None]).abs().amin(2).unbind(1)
    return bool(((near > far / 2) & (near > 1e-6 * around.abs().amax((1, 2)))).any())


def _jumps(t: Tensor, values: Callable[[Tensor], Tensor], slopes: Callable[[Tensor], Tensor]) -> set[str]:
    """Return which jumps remain after repeated bisection of the intervals of t (lines, n).

    Each interval keeps the half with the larger change. A second pass on the slopes keeps those of all halves with the
    largest changes, because waves that accumulate around a kink mislead the first.
    """
    found = set()
    for along, kind, keep_largest in (
        (values, "discontinuous", False),
        (slopes, "nonsmooth", False),
        (slopes, "nonsmooth", True),
    ):
        samples = along(t)
        largest = samples.abs().amax(1, keepdim=True)
        a, b, fa, fb = t[:, :-1], t[:, 1:], samples[:, :-1], samples[:, 1:]
        before = (fb - fa).abs()
        for _ in range(28):
            middle = (a + b) / 2
            fm = along(middle)
            if keep_largest:
                change = torch.cat([(fm - fa).abs(), (fb - fm).abs()], 1)
                kept = change.topk(a.shape[1], 1).indices
                halves = (a, middle), (middle, b), (fa, fm), (fm, fb), (before, before)
                a, b, fa, fb, before = (torch.cat(pair, 1).gather(1, kept) for pair in halves)
            else:
                left = (fm - fa).abs() >= (fb - fm).abs()
                a, b = torch.where(left, a, middle), torch.where(left, middle, b)
                fa, fb = torch.where(left, fa, fm), torch.where(left, fm, fb)
        after = (fb - fa).abs()
        if bool(((after > 0.02 * before) & (after > 1e-7 * largest)).any()):
            found.add(kind)
    return found


def is_convex(function: Function) -> bool:
    """Return whether chords lie above the surface and Hessians have no negative eigenvalue, at random points."""
    a, b = random_points(function, 2000, seed=2), random_points(function, 2000, seed=3)
    center = torch.tensor(function.minima, dtype=torch.float64).reshape(-1, function.dim)
    a = torch.cat([a, a[:200], center.repeat_interleave(50, 0)[:200]])
    shrink = torch.logspace(0, -3, len(a) - 2000, dtype=torch.float64)[:, None]
    near = a[2000:] + shrink * (random_points(function, len(a) - 2000, seed=4) - a[2000:])
    b = torch.cat([b, near])
    with torch.no_grad():
        ends, middle = (function(a) + function(b)) / 2, function((a + b) / 2)
        rounding = 1e-13 * (function(a).abs() + function(b).abs())
    if bool((middle > ends + rounding).any()):
        return False
    low, high = corners(function.domain)
    axes = torch.cat([torch.eye(function.dim), -torch.eye(function.dim)]).double() * (high - low)
    distance = torch.logspace(-3, -0.3, 12, dtype=torch.float64)[:, None, None]
    nearby = (center[:8, None, None] + distance * axes).flatten(0, 2)  # finds valleys that bend off an axis
    at = torch.cat([random_points(function, 500, seed=5), nearby[((nearby > low) & (nearby < high)).all(1)]])
    try:
        eigenvalues = torch.linalg.eigvalsh(hessian(function, at))
    except RuntimeError:  # no second derivative, or an infinite one
        return True
    return bool((eigenvalues[:, 0] >= -SINGULAR * eigenvalues.abs().amax(1)).all())


def is_separable(function: Function) -> bool:
    """Return whether swapping one coordinate between two points preserves the sum of their values."""
    if function.dim == 1:
        return True
    a, b = random_points(function, 200, seed=6), random_points(function, 200, seed=7)
    with torch.no_grad():
        given = function(a) + function(b)
        size = function(a).abs() + function(b).abs()
        for i in range(function.dim):
            swapped = torch.arange(function.dim) == i
            other = function(torch.where(swapped, b, a)) + function(torch.where(swapped, a, b))
            if bool(((given - other).abs() > 1e-11 * (size + size.mean())).any()):
                return False
    return True


def is_quadratic(function: Function) -> bool:
    """Return whether the Hessian is constant and not zero."""
    try:
        curvature = hessian(function, random_points(function, 50, seed=8))
    except RuntimeError:
        return False
    size = float(curvature.abs().max())
    return size > 0 and float((curvature - curvature[0]).abs().max()) <= 1e-12 * size


def is_unbounded(function: Function) -> bool:
    """Return whether values keep decreasing far outside the domain.

    Values are compared on shells, each ten times as large as the one before. They are also compared at the ends of
    descents in boxes 100 and 10,000 times as large as the domain.
    """
    with torch.no_grad():
        values = function(shells(function)).nan_to_num(math.inf)
    size, lowest = float(values[0][values[0].isfinite()].abs().max()), values.amin(1)
    if bool((lowest.diff()[-3:] < 0).all()) and float(lowest[-1]) < -10 * size:
        return True
    if float(lowest[-1]) < -1e300:  # near the smallest float: the next shell cannot be lower
        return True
    low, high = corners(function.domain)
    found = [float(lowest[0])]
    for factor in (1e2, 1e4):
        box = torch.stack([(low + high - factor * (high - low)) / 2, (low + high + factor * (high - low)) / 2], 1)
        wide = replace(function, domain=tuple((float(a), float(b)) for a, b in box))
        x = descend(wide, torch.cat([random_points(function, 20, seed=13), random_points(wide, 20, seed=14)]), 12)
        found.append(float(function(x).nan_to_num(math.inf).min()))
    return found[2] < found[1] < found[0] and found[2] < -10 * size


def shells(function: Function, directions: int = 2000) -> Tensor:
    """Return points in all directions, in the domain and up to a million times as far away, shape (7, n, d)."""
    low, high = corners(function.domain)
    axes = torch.eye(function.dim, dtype=torch.float64)
    direction = torch.randn(directions, function.dim, generator=torch.Generator().manual_seed(9)).double()
    direction = torch.cat([axes, -axes, direction / direction.abs().amax(1, keepdim=True)])
    radius = torch.linspace(1, 0.1, len(direction), dtype=torch.float64)[:, None] * direction * (high - low) / 2
    return (low + high) / 2 + radius * 10.0 ** torch.arange(7)[:, None, None]


def condition_numbers(function: Function) -> dict[str, list[float]]:
    """Return the condition numbers of the Hessian at the listed minima and stationary points, inf where singular.

    Points on the border of the domain and all points of nonsmooth functions are left out.
    """
    low, high = corners(function.domain)
    found: dict[str, list[float]] = {}
    for fact, points in (("minima", function.minima), ("stationary", tuple(p.point for p in function.stationary))):
        at = torch.tensor(points, dtype=torch.float64).reshape(-1, function.dim)
        at = at[((at > low) & (at < high)).all(1)]
        if function.nonsmooth_where or not len(at):
            found[fact] = []
            continue
        size = torch.linalg.eigvalsh(hessian(function, at)).abs()
        smallest, largest = size.amin(1), size.amax(1)
        found[fact] = torch.where(smallest <= SINGULAR * largest, math.inf, largest / smallest).tolist()
    return found
