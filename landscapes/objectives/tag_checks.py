"""What can be measured of a landscape: its tags, its local minima, its curvature.

The facts of the catalogue are written down beside the formulas; the tests measure them again with what stands here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from landscapes.objectives._function import Function
from landscapes.objectives.critical_points import descend, local_minima
from landscapes.objectives.derivatives import gradient, hessian, points
from landscapes.objectives.tags import CHECKED

FLAT = 1e-9
"""A curvature below this share of the largest counts as none."""

CONDITION = 99.0
"""Curvatures that differ by more than this make a minimum ill-conditioned."""


def tags(function: Function, *, minima: bool = True) -> set[str]:
    """The tags of `landscapes.objectives.tags.CHECKED` that hold.

    Args:
        function: the landscape.
        minima: whether to look for local minima, which takes a hundred times longer than the rest; without it
            neither "unimodal" nor "multimodal" is among the tags.

    >>> from landscapes.functions import get
    >>> sorted(tags(get("booth")))
    ['convex', 'least squares', 'quadratic', 'smooth', 'unimodal']
    """
    kind = smoothness(function)
    tests: dict[str, Callable[[Function], bool]] = {
        "convex": is_convex,
        "separable": is_separable,
        "unbounded": is_unbounded,
    }
    found = {kind, *(tag for tag, holds in tests.items() if holds(function))}
    condition = conditions(function)
    facts = {
        "quadratic": kind == "smooth" and is_quadratic(function),
        "any dimension": function.family is not None,
        "least squares": function.residuals is not None,
        "stochastic": function.sample is not None,
        "infimum not attained": math.isfinite(function.minimum) and not function.minima,
        "ill-conditioned": any(CONDITION <= c < math.inf for c in condition["minima"]),
        "degenerate": math.inf in condition["minima"] + condition["stationary"],
    }
    found |= {tag for tag, holds in facts.items() if holds}
    if minima and kind == "smooth" and function.minima_complete:
        count = len(local_minima(function)) + on_border(function)
        found |= {"unimodal"} if count == 1 else {"multimodal"} if count else set()
    return found & set(CHECKED)


def on_border(function: Function) -> int:
    """How many of the listed minimisers lie on the border of the domain, where searches do not count them."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    at = torch.tensor(function.minima, dtype=torch.float64).reshape(-1, function.dim)
    return int(((at <= low) | (at >= high)).any(1).sum())


def undecided(function: Function) -> set[str]:
    """The tags that `tags` cannot decide: the number of minima of nonsmooth functions, where descents stop at
    creases, and of functions whose minima form a curve."""
    return set() if function.minima_complete and not function.nonsmooth_where else {"unimodal", "multimodal"}


def smoothness(function: Function) -> str:
    """ "smooth", "nonsmooth" where the slope jumps somewhere, or "discontinuous" where the values do.

    Where the slope changes most along a line, the line is halved again and again: a jump stays, a bend does not.
    """
    generator = torch.Generator().manual_seed(0)
    special = torch.tensor([*function.minima, *(p.point for p in function.stationary)], dtype=torch.float64)
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    center = torch.cat([special.reshape(-1, function.dim)[:8], points(function, 12, seed=1)])
    way = torch.randn(len(center), function.dim, generator=generator, dtype=torch.float64) * (high - low) / 8
    for scale, count in ((1.0, 301), (1e-2, 61)):
        t = torch.linspace(-0.987, 1.0, count, dtype=torch.float64)

        def values(t: Tensor, scale: float = scale) -> Tensor:
            """At t (lines, n)."""
            with torch.no_grad():
                return function((center[:, None] + scale * t[..., None] * way[:, None]).clamp(low, high))

        def slopes(t: Tensor, scale: float = scale) -> Tensor:
            x = (center[:, None] + scale * t[..., None] * way[:, None]).clamp(low, high)
            return (gradient(function, x) * scale * way[:, None]).sum(-1)

        first = _jumps(t.expand(len(center), count), values, slopes)
        if "discontinuous" in first:
            return "discontinuous"
        if "nonsmooth" in first:
            return "nonsmooth"
    # across the special points themselves: where waves crowd around one, halving is led astray
    beside = torch.tensor([-1e-2, -1e-4, -1e-6, -1e-8, 1e-8, 1e-6, 1e-4, 1e-2], dtype=torch.float64)
    middle = (low + high)[None] / 2  # where cones have their tips
    center = torch.cat([center.repeat(6, 1), middle.repeat(6, 1)])  # six ways across each
    way = torch.randn(center.shape, generator=generator, dtype=torch.float64) * (high - low) / 8
    slope = slopes(beside.expand(len(center), 8), 1.0)
    near, wide = (slope[:, 4] - slope[:, 3]).abs(), (slope[:, 5] - slope[:, 2]).abs()
    if bool(((near > 0.3 * wide) & (near > 1e-7 * slope.abs().amax(1))).any()):
        return "nonsmooth"
    return "smooth"


def _jumps(t: Tensor, values: Callable[[Tensor], Tensor], slopes: Callable[[Tensor], Tensor]) -> set[str]:
    """Which jumps are left after halving intervals of t (lines, n) again and again.

    Of each interval the half with the larger change is kept; for slopes also, since waves that crowd around a kink
    lead that astray, those of all halves whose changes are largest.
    """
    found = set()
    for along, kind, best in (
        (values, "discontinuous", False),
        (slopes, "nonsmooth", False),
        (slopes, "nonsmooth", True),
    ):
        what = along(t)
        reach = what.abs().amax(1, keepdim=True)
        a, b, fa, fb = t[:, :-1], t[:, 1:], what[:, :-1], what[:, 1:]
        before = (fb - fa).abs()
        for _ in range(28):
            middle = (a + b) / 2
            fm = along(middle)
            if best:
                change = torch.cat([(fm - fa).abs(), (fb - fm).abs()], 1)
                kept = change.topk(a.shape[1], 1).indices
                halves = (a, middle), (middle, b), (fa, fm), (fm, fb), (before, before)
                a, b, fa, fb, before = (torch.cat(pair, 1).gather(1, kept) for pair in halves)
            else:
                left = (fm - fa).abs() >= (fb - fm).abs()
                a, b = torch.where(left, a, middle), torch.where(left, middle, b)
                fa, fb = torch.where(left, fa, fm), torch.where(left, fm, fb)
        after = (fb - fa).abs()
        if bool(((after > 0.02 * before) & (after > 1e-7 * reach)).any()):
            found.add(kind)
    return found


def is_convex(function: Function) -> bool:
    """Whether chords lie above the surface, all over the domain."""
    a, b = points(function, 2000, seed=2), points(function, 2000, seed=3)
    center = torch.tensor(function.minima, dtype=torch.float64).reshape(-1, function.dim)
    a = torch.cat([a, a[:200], center.repeat_interleave(50, 0)[:200]])
    shrink = torch.logspace(0, -3, len(a) - 2000, dtype=torch.float64)[:, None]
    near = a[2000:] + shrink * (points(function, len(a) - 2000, seed=4) - a[2000:])
    b = torch.cat([b, near])
    with torch.no_grad():
        ends, middle = (function(a) + function(b)) / 2, function((a + b) / 2)
        rounding = 1e-13 * (function(a).abs() + function(b).abs())
    if bool((middle > ends + rounding).any()):
        return False
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    ways = torch.cat([torch.eye(function.dim), -torch.eye(function.dim)]).double() * (high - low)
    reach = torch.logspace(-3, -0.3, 12, dtype=torch.float64)[:, None, None]
    beside = (center[:8, None, None] + reach * ways).flatten(0, 2)  # where valleys along an axis bend
    at = torch.cat([points(function, 500, seed=5), beside[((beside > low) & (beside < high)).all(1)]])
    try:
        curvature = torch.linalg.eigvalsh(hessian(function, at))
    except RuntimeError:  # no second derivative, or not a finite one
        return True
    return bool((curvature[:, 0] >= -FLAT * curvature.abs().amax(1)).all())


def is_separable(function: Function) -> bool:
    """Whether exchanging one coordinate between two points leaves the sum of their values."""
    if function.dim == 1:
        return True
    a, b = points(function, 200, seed=6), points(function, 200, seed=7)
    with torch.no_grad():
        given = function(a) + function(b)
        size = function(a).abs() + function(b).abs()
        for i in range(function.dim):
            swap = torch.arange(function.dim) == i
            other = function(torch.where(swap, b, a)) + function(torch.where(swap, a, b))
            if bool(((given - other).abs() > 1e-11 * (size + size.mean())).any()):
                return False
    return True


def is_quadratic(function: Function) -> bool:
    """Whether the curvature is the same everywhere, and not zero everywhere."""
    try:
        curvature = hessian(function, points(function, 50, seed=8))
    except RuntimeError:
        return False
    size = float(curvature.abs().max())
    return size > 0 and float((curvature - curvature[0]).abs().max()) <= 1e-12 * size


def is_unbounded(function: Function) -> bool:
    """Whether ever lower values come up around the domain: on shells, each ten times as large as the one before, or
    where descents end in boxes a hundred and ten thousand times as large."""
    with torch.no_grad():
        values = function(shells(function)).nan_to_num(math.inf)
    size, lowest = float(values[0][values[0].isfinite()].abs().max()), values.amin(1)
    if bool((lowest.diff()[-3:] < 0).all()) and float(lowest[-1]) < -10 * size:
        return True
    if float(lowest[-1]) < -1e300:  # lower than numbers go, and so no lower on the next shell
        return True
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    found = [float(lowest[0])]
    for factor in (1e2, 1e4):
        box = torch.stack([(low + high - factor * (high - low)) / 2, (low + high + factor * (high - low)) / 2], 1)
        wide = replace(function, domain=tuple((float(a), float(b)) for a, b in box))
        x = descend(wide, torch.cat([points(function, 20, seed=13), points(wide, 20, seed=14)]), 12)
        found.append(float(function(x).nan_to_num(math.inf).min()))
    return found[2] < found[1] < found[0] and found[2] < -10 * size


def shells(function: Function, ways: int = 2000) -> Tensor:
    """Points on all sides of the domain, in it and up to a million times as far away, shape (7, n, d)."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    axes = torch.eye(function.dim, dtype=torch.float64)
    way = torch.randn(ways, function.dim, generator=torch.Generator().manual_seed(9)).double()
    way = torch.cat([axes, -axes, way / way.abs().amax(1, keepdim=True)])
    reach = torch.linspace(1, 0.1, len(way), dtype=torch.float64)[:, None] * way * (high - low) / 2
    return (low + high) / 2 + reach * 10.0 ** torch.arange(7)[:, None, None]


def conditions(function: Function) -> dict[str, list[float]]:
    """The largest over the smallest curvature at each listed minimum and stationary point; infinite where one
    vanishes. Points on the border of the domain and the points of a nonsmooth function are left out."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    found: dict[str, list[float]] = {}
    for fact, places in (("minima", function.minima), ("stationary", tuple(p.point for p in function.stationary))):
        at = torch.tensor(places, dtype=torch.float64).reshape(-1, function.dim)
        at = at[((at > low) & (at < high)).all(1)]
        if function.nonsmooth_where or not len(at):
            found[fact] = []
            continue
        size = torch.linalg.eigvalsh(hessian(function, at)).abs()
        smallest, largest = size.amin(1), size.amax(1)
        found[fact] = torch.where(smallest <= FLAT * largest, math.inf, largest / smallest).tolist()
    return found
