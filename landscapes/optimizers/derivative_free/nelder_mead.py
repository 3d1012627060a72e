"""The Nelder–Mead simplex method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from landscapes.optimizers.base import NON_NEGATIVE, Optimizer
from landscapes.optimizers.derivative_free.base import DerivativeFree, DerivativeFreeStepper, evaluate
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper

RELATIVE, ABSOLUTE = 0.05, 0.00025
"""SciPy's first simplex: relative change of a coordinate, and absolute change if the coordinate is 0."""


@dataclass(frozen=True)
class NelderMead(DerivativeFree):
    """The Nelder–Mead simplex method (Nelder & Mead, 1965), as in SciPy.

    Replaces the worst, w, of d + 1 points in each step. With c, the centre of the other points, and the best point b:

        reflection: r ← c + ρ(c − w)
        expansion, if r is the best: c + ρχ(c − w)
        contraction, if r is worse than the second worst: c ± ψ(c − w)
        shrinkage, if the contraction fails: v ← b + σ(v − b) for every other point v

    Here ρ = 1, χ = 2 and ψ = σ = ½. The trajectory shows the best point. It equals
    `scipy.optimize.minimize(method="Nelder-Mead")`, which ends after 200·d iterations where a race goes on.

    Args:
        size: extent of the first simplex along each axis, ≥ 0; 0 for SciPy's choice, 5 % of each coordinate;
            default 0.
        xatol: a run ends once no point differs from the best by more than this in any coordinate, ≥ 0, …; default
            0.0001.
        fatol: … and no value differs from the best by more than this, ≥ 0; default 0.0001.
        adaptive: whether χ, ψ and σ depend on d (Gao & Han, 2012), for many coordinates; default False.

    >>> NelderMead(size=0.5).spec
    'nelder_mead(size=0.5)'
    """

    names: ClassVar[tuple[str, ...]] = ("nelder_mead", "neldermead")

    size: float = field(default=0.0, metadata=NON_NEGATIVE)
    xatol: float = field(default=1e-4, metadata=NON_NEGATIVE)
    fatol: float = field(default=1e-4, metadata=NON_NEGATIVE)
    adaptive: bool = False

    @property
    def label(self) -> str:
        return "Nelder–Mead adaptive" if self.adaptive else "Nelder–Mead"

    def factors(self, dim: int) -> tuple[float, float, float]:
        """Return χ, ψ and σ for d coordinates."""
        return (1 + 2 / dim, 0.75 - 1 / (2 * dim), 1 - 1 / dim) if self.adaptive else (2, 0.5, 0.5)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _NelderMeadStepper(optimizers, x, setup)


class _NelderMeadStepper(DerivativeFreeStepper):
    """Runs with one simplex each: points (d + 1, d, R) with values (d + 1, R), best first."""

    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.points = x.new_full((len(x) + 1, *x.shape), torch.nan)
        self.values = x.new_full((len(x) + 1, x.shape[1]), torch.inf)

    def start_runs(self, context: StepContext, fresh: Tensor) -> None:
        points = torch.cat([context.x[None], self._corners(context.x)])
        values = self._evaluate_points(context, points, fresh)
        self._set(torch.where(fresh, points, self.points), torch.where(fresh, values, self.values))
        self.last_x = torch.where(fresh, context.x, self.last_x)

    def move(self, context: StepContext) -> Tensor:
        self._update_moved(context)
        points, values = self.points, self.values
        chi, psi, sigma = self.settings.factors(len(context.x))
        best, worst = points[0], points[-1]
        centre = points[0]
        for point in points[1:-1]:  # in the order in which SciPy adds them
            centre = centre + point
        centre = centre / len(context.x)
        active = ~self._small()

        reflected = 2 * centre - worst
        first = evaluate(context, reflected, active)
        far = first < values[0]
        enough = ~far & (first < values[-2])
        outside = ~far & ~enough & (first < values[-1])
        tried = torch.where(far, (1 + chi) * centre - chi * worst, (1 - psi) * centre + psi * worst)
        tried = torch.where(outside, (1 + psi) * centre - psi * worst, tried)
        second = evaluate(context, tried, active & ~enough)
        beaten = torch.where(far | outside, first, values[-1])
        better = ~enough & ((second < beaten) | (outside & (second == beaten)))
        shrinks = ~far & ~enough & ~better

        moved, news = points.clone(), values.clone()
        moved[-1] = torch.where(better, tried, reflected)
        news[-1] = torch.where(better, second, first)
        if bool(shrinks.any()):  # rare, and costs d evaluations
            shrunk = best + sigma * (points - best)
            again = self._evaluate_points(context, shrunk[1:], active & shrinks)
            moved = torch.where(shrinks, torch.cat([best[None], shrunk[1:]]), moved)
            news = torch.where(shrinks, torch.cat([values[:1], again]), news)
        self._set(torch.where(active, moved, points), torch.where(active, news, values))
        return self.points[0]

    def terminated(self) -> Tensor | None:
        return self._small()

    def buffers(self) -> Mapping[str, Tensor]:
        return {"size": (self.points[1:] - self.points[0]).abs().amax((0, 1))}

    def _corners(self, x: Tensor) -> Tensor:
        """Return the other points of the first simplex at x, shape (d, d, R)."""
        size = self.settings.size
        given = isinstance(size, Tensor) or size > 0
        moved = x + size if given else torch.where(x == 0, ABSOLUTE, (1 + RELATIVE) * x)
        axis = torch.eye(len(x), dtype=torch.bool, device=x.device)
        return torch.where(axis[:, :, None], moved, x)

    def _update_moved(self, context: StepContext) -> None:
        """Shift the simplex of a run whose point was moved from outside; re-evaluate it then and for a new sample."""
        strange = self.value_unknown(context) & context.active
        if bool(strange.any()):
            points = self.points + torch.where(strange & (context.x != self.last_x), context.x - self.last_x, 0.0)
            values = torch.where(strange, self._evaluate_points(context, points, strange), self.values)
            self._set(points, values)

    def _evaluate_points(self, context: StepContext, points: Tensor, mask: Tensor) -> Tensor:
        """Return the values (k, R) at points (k, d, R)."""
        return evaluate(context, points.transpose(0, 1), mask)

    def _set(self, points: Tensor, values: Tensor) -> None:
        self.values, order = values.sort(dim=0, stable=True)
        self.points = points.gather(0, order[:, None].expand_as(points))

    def _small(self) -> Tensor:
        near: Tensor = (self.points[1:] - self.points[0]).abs().amax((0, 1)) <= self.settings.xatol
        level: Tensor = (self.values[1:] - self.values[0]).abs().amax(0) <= self.settings.fatol
        return near & level
