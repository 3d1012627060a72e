"""Search for minima and stationary points: batches of descents, and differential evolution."""

from __future__ import annotations

import torch
from torch import Tensor

from landscapes.objectives._function import Box, Function, StationaryKind, StationaryPoint
from landscapes.objectives.derivatives import gradient_and_hessian, hessian, random_points

MET = 1e-9
"""A population within this share of the domain has met."""


def local_minima(function: Function, starts: int = 300, steps: int = 80) -> Tensor:
    """Return strict local minimizers in the interior of the domain, shape (n, d), sorted by value.

    Args:
        function: a smooth function.
        starts: number of start points of `descend`.
        steps: steps per descent.

    >>> from landscapes.functions import get
    >>> local_minima(get("himmelblau")).shape
    torch.Size([4, 2])
    """
    found = _distinct_minima(function, descend(function, search_starts(function, starts), steps))
    if 1 < len(found) < 100:  # a second descent finishes those that ran out of steps
        found = _distinct_minima(function, descend(function, found, steps))
    return found


def _distinct_minima(function: Function, found: Tensor) -> Tensor:
    """Return the strict local minimizers among the points (n, d), each once, sorted by value."""
    low, high = corners(function.domain)
    width = high - low
    inside = ((found > low + 1e-9 * width) & (found < high - 1e-9 * width)).all(1)
    found = found[inside & function(found).isfinite()]
    found = found[is_strict(function, found)]
    found = found[_newton_converged(function, found)]
    return _distinct(found[function(found).argsort()], 1e-5 * width)


def _distinct(x: Tensor, tolerance: Tensor) -> Tensor:
    """Return the points (n, d) that differ by more than `tolerance`, shape (d,), from each kept one before them."""
    kept = torch.ones(len(x), dtype=torch.bool)
    for i in range(len(x)):
        if kept[i]:
            kept[i + 1 :] &= ((x[i + 1 :] - x[i]).abs() > tolerance).any(1)
    return x[kept]


def _newton_converged(function: Function, x: Tensor) -> Tensor:
    """Return which of the points (n, d) a Newton step hardly moves, shape (n,).

    Other points on the floor of a narrow valley look like minima, because all nearby points are higher.
    """
    low, high = corners(function.domain)
    width = high - low
    grad, curvature = gradient_and_hessian(function, x)
    scaled = curvature * width[:, None] * width
    step: Tensor = torch.linalg.pinv(scaled, rtol=1e-11, hermitian=True) @ (grad * width)[..., None]
    return (step[..., 0].abs() < 1e-5).all(1)


def stationary_points(function: Function, starts: int = 400, steps: int = 60) -> list[StationaryPoint]:
    """Return points of the view with zero gradient, sorted by value: where Newton's method on the gradient converges.

    The kind is "saddle" also where the Hessian is singular.

    Args:
        function: a smooth function.
        starts: number of start points.
        steps: Newton steps.

    >>> from landscapes.functions import get
    >>> [point.kind for point in stationary_points(get("three_hump_camel"))]
    ['minimum', 'minimum', 'minimum', 'saddle', 'saddle']
    """
    low, high = corners(function.view)
    width = high - low
    x = search_starts(function, starts)
    for _ in range(steps):
        step = _newton_steps(function, x)
        x = (x - step * (0.3 / (step / width).abs().amax(1, keepdim=True).clamp(min=0.3))).nan_to_num()
    step = _newton_steps(function, x)
    x = x[((step / width).abs() < 1e-11).all(1) & (x >= low).all(1) & (x <= high).all(1)]
    found = []
    for point in _distinct(x[function(x).argsort()], 1e-6 * width):
        eigenvalues = torch.linalg.eigvalsh(hessian(function, point[None]))[0]
        kind: StationaryKind = "minimum" if eigenvalues[0] > 0 else "maximum" if eigenvalues[-1] < 0 else "saddle"
        found.append(StationaryPoint(kind, tuple(point.tolist())))
    return found


def _newton_steps(function: Function, x: Tensor) -> Tensor:
    grad, curvature = gradient_and_hessian(function, x)
    step: Tensor = torch.linalg.pinv(curvature.nan_to_num()) @ grad[..., None]
    return step[..., 0]


def search_starts(function: Function, count: int) -> Tensor:
    """Return start points of a search, shape (n, d): random points of domain and view, and all known points."""
    known = [function.start, *function.minima, *(stationary.point for stationary in function.stationary)]
    low, high = corners(function.view)
    in_view = (
        low + (high - low) * torch.rand(count // 3, function.dim, generator=torch.Generator().manual_seed(11)).double()
    )
    special = torch.tensor(known, dtype=torch.float64)
    return torch.cat([random_points(function, count - count // 3, seed=10), in_view, special])


def descend(function: Function, x: Tensor, steps: int) -> Tensor:
    """Return the ends, shape (n, d), of damped Newton descents from points (n, d) inside the domain.

    Newton steps use the absolute values of the eigenvalues, so saddles repel (Y. Dauphin et al., 2014). Damping follows
    Levenberg and Marquardt: a step that does not decrease the value is rejected, and the next one is shorter.
    """
    low, high = corners(function.domain)
    ends = x.clamp(low, high)
    x, active = ends, torch.arange(len(ends))
    with torch.no_grad():
        value = function(x)
    damping = torch.full((len(x), 1), 1e-3, dtype=torch.float64)
    model = _quadratic_model(function, x)
    for _ in range(steps):
        projected, eigenvalues, vectors = model
        largest = eigenvalues.amax(1, keepdim=True).clamp(min=1e-300)
        scaled = projected / (eigenvalues + damping * largest).clamp(min=1e-14 * largest)
        step: Tensor = (vectors @ scaled[..., None])[..., 0]
        trial = (x - step).clamp(low, high)
        with torch.no_grad():
            new = function(trial)
        better = new < value
        moving = (trial != x).any(1)  # a step lost in rounding stays lost when it is shortened
        x, value = torch.where(better[:, None], trial, x), torch.where(better, new, value)
        damping = torch.where(better[:, None], damping / 10, damping * 8).clamp(1e-16, 1e12)
        ends[active] = x
        if not moving.all():
            x, value, damping, active, better = (part[moving] for part in (x, value, damping, active, better))
            model = tuple(part[moving] for part in model)
        if not len(active):
            break
        if better.any():  # where a step was rejected, the derivatives are known
            for part, fresh in zip(model, _quadratic_model(function, x[better]), strict=True):
                part[better] = fresh
    return ends


def _quadratic_model(function: Function, x: Tensor) -> tuple[Tensor, ...]:
    """Return gradients along the eigenvectors (n, d), absolute eigenvalues (n, d) and the eigenvectors (n, d, d).

    Coordinates that would leave the domain are held. Derivatives that are not finite count as a bowl of slope 0.
    """
    low, high = corners(function.domain)
    grad, curvature = gradient_and_hessian(function, x)
    finite = grad.isfinite().all(1) & curvature.isfinite().flatten(1).all(1)
    grad = torch.where(finite[:, None], grad, 0.0)
    curvature = torch.where(finite[:, None, None], curvature, torch.eye(function.dim, dtype=torch.float64))
    blocked = ((x <= low) & (grad > 0)) | ((x >= high) & (grad < 0))
    grad = grad * ~blocked
    free = (~blocked).double()
    curvature = curvature * free[:, :, None] * free[:, None, :]
    eigenvalues, vectors = torch.linalg.eigh(curvature)
    return (vectors.transpose(1, 2) @ grad[..., None])[..., 0], eigenvalues.abs(), vectors


def is_strict(function: Function, x: Tensor, directions: int = 48) -> Tensor:
    """Return which of the points (n, d) are strict local minimizers, shape (n,).

    Such a point is lower than all test points on a small sphere around it, for one of several radii. Its Hessian has no
    clearly negative eigenvalue.
    """
    if not len(x):
        return torch.zeros(0, dtype=torch.bool)
    low, high = corners(function.domain)
    direction = torch.randn(directions, function.dim, generator=torch.Generator().manual_seed(12)).double()
    axes = torch.eye(function.dim, dtype=torch.float64)
    direction = torch.cat([direction / direction.norm(dim=1, keepdim=True), axes, -axes]) * (high - low)
    strict = torch.zeros(len(x), dtype=torch.bool)
    for radius in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
        around = function(x[:, None] + radius * direction)
        strict |= (around > function(x)[:, None]).all(1)
    eigenvalues: Tensor = torch.linalg.eigvalsh(hessian(function, x))
    return strict & (eigenvalues[:, 0] >= -1e-7 * eigenvalues.abs().amax(1))


def differential_evolution(function: Function, seed: int, population: int = 40, generations: int = 250) -> Tensor:
    """Return the final population of differential evolution in the domain, shape (population, d), sorted by value.

    It ends early where all points have met.
    Source: R. Storn and K. Price, Differential evolution, 1997; variant current-to-best/1.
    """
    generator = torch.Generator().manual_seed(seed)
    low, high = corners(function.domain)
    n, d = population, function.dim
    x = low + (high - low) * torch.rand(n, d, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        value = function(x).nan_to_num(torch.inf)
        for generation in range(generations):
            if generation % 10 == 0 and bool((x.amax(0) - x.amin(0) <= MET * (high - low)).all()):
                break
            a, b = x[torch.randint(n, (n,), generator=generator)], x[torch.randint(n, (n,), generator=generator)]
            weight = 0.5 + 0.5 * torch.rand(n, 1, generator=generator, dtype=torch.float64)
            pull = 0.4 * torch.rand(n, 1, generator=generator, dtype=torch.float64)
            trial = x + pull * (x[value.argmin()] - x) + weight * (a - b)
            crossover = torch.rand(n, d, generator=generator) < 0.9
            trial = torch.where(crossover, trial, x)
            resampled = low + (high - low) * torch.rand(n, d, generator=generator, dtype=torch.float64)
            trial = torch.where((trial < low) | (trial > high), resampled, trial)
            new = function(trial).nan_to_num(torch.inf)
            better = new <= value
            x, value = torch.where(better[:, None], trial, x), torch.where(better, new, value)
    return x[value.argsort()]


def corners(box: Box) -> tuple[Tensor, Tensor]:
    """Return the lower and the upper corner of a box, shape (d,) each."""
    low, high = torch.tensor(box, dtype=torch.float64).unbind(1)
    return low, high
