"""The search for minima: many descents at once, and differential evolution."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objectives._function import Function, Interval, Kind, Stationary
from landscapes.objectives.derivatives import gradient, hessian, points


def local_minima(function: Function, starts: int = 300, steps: int = 80) -> Tensor:
    """Strict local minima inside the domain, shape (n, d), the lowest first: where many descents end.

    For smooth functions. What lies on the border of the domain is no local minimum of the formula.

    >>> from landscapes.functions import get
    >>> local_minima(get("himmelblau")).shape
    torch.Size([4, 2])
    """
    found = _apart(function, descend(function, spread(function, starts), steps))
    if 1 < len(found) < 100:  # those that got stuck go on when they set out anew
        found = _apart(function, descend(function, found, steps))
    return found


def _apart(function: Function, found: Tensor) -> Tensor:
    """Those of the points (n, d) that are strict local minima, each once, the lowest first."""
    low, high = bounds(function.domain)
    width = high - low
    inside = ((found > low + 1e-9 * width) & (found < high - 1e-9 * width)).all(1)
    found = found[inside & function(found).isfinite()]
    found = found[is_strict(function, found)]
    found = found[_at_rest(function, found)]
    found = found[function(found).argsort()]
    kept: list[Tensor] = []
    for place in found:
        if all(float(((place - other) / width).abs().max()) > 1e-5 for other in kept):
            kept.append(place)
    return torch.stack(kept) if kept else found


def _at_rest(function: Function, x: Tensor) -> Tensor:
    """Which of the points (n, d) Newton's method would not leave, shape (n,): on the floor of a thin valley the others
    look like minima, for all that lies a little beside them is higher."""
    low, high = bounds(function.domain)
    width = high - low
    curvature = hessian(function, x) * width[:, None] * width
    slope = gradient(function, x) * width
    step: Tensor = torch.linalg.pinv(curvature, rtol=1e-11, hermitian=True) @ slope[..., None]
    return (step[..., 0].abs() < 1e-5).all(1)


def stationary_points(function: Function, starts: int = 400, steps: int = 60) -> list[Stationary]:
    """Points of the view without slope and their kind, the lowest first: where Newton's method for the slope ends.

    For smooth functions; where the curvature vanishes along some way the kind is "saddle".

    >>> from landscapes.functions import get
    >>> [place.kind for place in stationary_points(get("three_hump_camel"))]
    ['minimum', 'minimum', 'minimum', 'saddle', 'saddle']
    """
    low, high = bounds(function.view)
    width = high - low
    x = spread(function, starts)
    for _ in range(steps):
        step = (torch.linalg.pinv(hessian(function, x).nan_to_num()) @ gradient(function, x)[..., None])[..., 0]
        x = (x - step * (0.3 / (step / width).abs().amax(1, keepdim=True).clamp(min=0.3))).nan_to_num()
    left = (torch.linalg.pinv(hessian(function, x).nan_to_num()) @ gradient(function, x)[..., None])[..., 0]
    x = x[((left / width).abs() < 1e-11).all(1) & (x >= low).all(1) & (x <= high).all(1)]
    kept: list[Tensor] = []
    for place in x[function(x).argsort()]:
        if all(float(((place - other) / width).abs().max()) > 1e-6 for other in kept):
            kept.append(place)
    found = []
    for place in kept:
        curvature = torch.linalg.eigvalsh(hessian(function, place[None]))[0]
        kind: Kind = "minimum" if curvature[0] > 0 else "maximum" if curvature[-1] < 0 else "saddle"
        found.append(Stationary(kind, tuple(place.tolist())))
    return found


def spread(function: Function, count: int) -> Tensor:
    """Where to search from: random points of domain and view, and what is known to be special; shape (n, d)."""
    known = [function.start, *function.minima, *(place.point for place in function.stationary)]
    low, high = bounds(function.view)
    seen = (
        low + (high - low) * torch.rand(count // 3, function.dim, generator=torch.Generator().manual_seed(11)).double()
    )
    special = torch.tensor(known, dtype=torch.float64)
    return torch.cat([points(function, count - count // 3, seed=10), seen, special])


def descend(function: Function, x: Tensor, steps: int) -> Tensor:
    """Where descents from points (n, d) within the domain end, shape (n, d).

    Newton steps with the absolute values of the curvatures, so that saddles repel (Dauphin et al., 2014), damped
    as Levenberg and Marquardt do: a step that does not lead down is not taken, and the next one is shorter.
    """
    low, high = bounds(function.domain)
    ends = x.clamp(low, high)
    x, moving = ends, torch.arange(len(ends))
    with torch.no_grad():
        value = function(x)
    damping = torch.full((len(x), 1), 1e-3, dtype=torch.float64)
    for _ in range(steps):
        slope, curvature = gradient(function, x), hessian(function, x)
        sound = slope.isfinite().all(1) & curvature.isfinite().flatten(1).all(1)
        slope = torch.where(sound[:, None], slope, 0.0)
        curvature = torch.where(sound[:, None, None], curvature, torch.eye(function.dim, dtype=torch.float64))
        blocked = ((x <= low) & (slope > 0)) | ((x >= high) & (slope < 0))
        slope = slope * ~blocked
        free = (~blocked).double()
        curvature = curvature * free[:, :, None] * free[:, None, :]
        size, way = torch.linalg.eigh(curvature)
        size = size.abs()
        unit = size.amax(1, keepdim=True).clamp(min=1e-300)
        along = (way.transpose(1, 2) @ slope[..., None])[..., 0]
        step: Tensor = (way @ (along / (size + damping * unit).clamp(min=1e-14 * unit))[..., None])[..., 0]
        trial = (x - step).clamp(low, high)
        with torch.no_grad():
            new = function(trial)
        better = new < value
        left = (trial != x).any(1)  # where a step is lost in rounding, no shorter one will lead on
        x, value = torch.where(better[:, None], trial, x), torch.where(better, new, value)
        damping = torch.where(better[:, None], damping / 10, damping * 8).clamp(1e-16, 1e12)
        ends[moving] = x
        if not left.all():
            x, value, damping, moving = x[left], value[left], damping[left], moving[left]
        if not len(moving):
            break
    return ends


def is_strict(function: Function, x: Tensor, ways: int = 48) -> Tensor:
    """Which of the points (n, d) lie lower than all of a small sphere around them, of some radius; shape (n,)."""
    if not len(x):
        return torch.zeros(0, dtype=torch.bool)
    low, high = bounds(function.domain)
    way = torch.randn(ways, function.dim, generator=torch.Generator().manual_seed(12)).double()
    axes = torch.eye(function.dim, dtype=torch.float64)
    way = torch.cat([way / way.norm(dim=1, keepdim=True), axes, -axes]) * (high - low)
    strict = torch.zeros(len(x), dtype=torch.bool)
    for radius in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
        around = function(x[:, None] + radius * way)
        strict |= (around > function(x)[:, None]).all(1)
    curvature: Tensor = torch.linalg.eigvalsh(hessian(function, x))
    return strict & (curvature[:, 0] >= -1e-7 * curvature.abs().amax(1))


def evolved(function: Function, seed: int, population: int = 40, generations: int = 250) -> Tensor:
    """The lowest points that differential evolution finds in the domain, shape (population, d), the lowest first.

    Source: R. Storn and K. Price, Differential evolution, 1997; steps from each point towards the best one.
    """
    generator = torch.Generator().manual_seed(seed)
    low, high = bounds(function.domain)
    n, d = population, function.dim
    x = low + (high - low) * torch.rand(n, d, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        value = function(x).nan_to_num(torch.inf)
        for _ in range(generations):
            a, b = x[torch.randint(n, (n,), generator=generator)], x[torch.randint(n, (n,), generator=generator)]
            weight = 0.5 + 0.5 * torch.rand(n, 1, generator=generator, dtype=torch.float64)
            pull = 0.4 * torch.rand(n, 1, generator=generator, dtype=torch.float64)
            trial = x + pull * (x[value.argmin()] - x) + weight * (a - b)
            cross = torch.rand(n, d, generator=generator) < 0.9
            trial = torch.where(cross, trial, x)
            back = low + (high - low) * torch.rand(n, d, generator=generator, dtype=torch.float64)
            trial = torch.where((trial < low) | (trial > high), back, trial)
            new = function(trial).nan_to_num(torch.inf)
            better = new <= value
            x, value = torch.where(better[:, None], trial, x), torch.where(better, new, value)
    return x[value.argsort()]


def bounds(box: tuple[Interval, ...]) -> tuple[Tensor, Tensor]:
    """The lower and the upper corner of a box, (d,) each."""
    low, high = torch.tensor(box, dtype=torch.float64).unbind(1)
    return low, high
