"""CMA-ES: covariance matrix adaptation evolution strategy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar, NamedTuple, cast

import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.arithmetic import norm, pairwise_sum
from landscapes.optimizers.base import NON_NEGATIVE, Optimizer
from landscapes.optimizers.derivative_free.base import DerivativeFree, DerivativeFreeStepper, evaluate, resolve_length
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.random import normal

POPULATION = 25
"""Purposes of the random numbers of a step."""

SHARE_OF_VIEW = 0.2
"""Default of the first σ, relative to the shorter side of the view."""


@dataclass(frozen=True)
class CMAES(DerivativeFree):
    """CMA-ES with its default parameters (Hansen, The CMA evolution strategy: a tutorial, 2016).

    Draws λ points around the mean m, xₖ = m + σyₖ with yₖ = C^½zₖ and zₖ standard normal, and ranks them by value. With
    rank weights w, positive for the better half and negative for the worse, and ⟨y⟩ = Σ wᵢyᵢ over the better half:

        m ← m + σ⟨y⟩
        p ← (1−c_σ)p + √(c_σ(2−c_σ)μ_eff)·C^−½⟨y⟩
        σ ← σ·exp(c_σ/d_σ·(‖p‖/E‖z‖ − 1))
        q ← (1−c_c)q + h√(c_c(2−c_c)μ_eff)·⟨y⟩
        C ← (1 + c₁δ − c₁ − c_μΣw)C + c₁qqᵀ + c_μ Σ w°ᵢyᵢyᵢᵀ

    The trajectory shows the mean. Each step takes λ values. A point without a finite value is ranked last and changes
    nothing.

    Args:
        sigma: the first σ, ≥ 0; 0 for a fifth of the shorter side of the function's view; default 0.
        population: λ, an integer ≥ 2; 0 for 4 + ⌊3 ln d⌋. Larger populations find better minima among many; default
            0.
        tolx: a run ends once its standard deviation is below this share of the first σ in every coordinate, ≥ 0;
            default 1e-12.

    Raises:
        InputError: if population is 1.

    >>> CMAES(sigma=0.5).spec
    'cma_es(sigma=0.5)'
    """

    names: ClassVar[tuple[str, ...]] = ("cma_es", "cmaes")

    sigma: float = field(default=0.0, metadata=NON_NEGATIVE)
    population: int = field(default=0, metadata={"low": 0.0, "integer": True, "structural": True})
    tolx: float = field(default=1e-12, metadata=NON_NEGATIVE)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.population == 1:
            raise InputError("CMAES: population must be >= 2, or 0 for 4 + ⌊3 ln d⌋, got 1")

    @property
    def label(self) -> str:
        return "CMA-ES"

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return _CMAESStepper(optimizers, x, setup)


class Strategy(NamedTuple):
    """Default parameters of the tutorial's Table 1, under its names.

    Attributes:
        weights: λ weights, best rank first.
        mu_eff: variance-effective selection mass of the better half.
        c_sigma, d_sigma: learning rate and damping of the step size.
        c_c, c_1, c_mu: learning rates of the evolution path, the rank-one update and the rank-μ update.
        chi: E‖z‖.
    """

    weights: tuple[float, ...]
    mu_eff: float
    c_sigma: float
    d_sigma: float
    c_c: float
    c_1: float
    c_mu: float
    chi: float


@cache
def strategy(dim: int, population: int) -> Strategy:
    """Return the parameters for d coordinates and a population size; 0 is the default size.

    >>> [round(w, 3) for w in strategy(2, 6).weights]
    [0.637, 0.285, 0.078, -0.286, -0.765, -1.156]
    """
    size = population or 4 + int(3 * math.log(dim))
    raw = [math.log((size + 1) / 2) - math.log(i) for i in range(1, size + 1)]
    better, worse = [w for w in raw if w > 0], [w for w in raw if w <= 0]
    mu_eff, mu_eff_worse = (sum(part) ** 2 / sum(w * w for w in part) if any(part) else 0.0 for part in (better, worse))
    c_1 = 2 / ((dim + 1.3) ** 2 + mu_eff)
    c_mu = min(1 - c_1, 2 * (0.25 + mu_eff + 1 / mu_eff - 2) / ((dim + 2) ** 2 + mu_eff))
    c_sigma = (mu_eff + 2) / (dim + mu_eff + 5)
    limit = 1 + 2 * mu_eff_worse / (mu_eff + 2)
    if c_mu > 0:
        limit = min(limit, 1 + c_1 / c_mu, (1 - c_1 - c_mu) / (dim * c_mu))
    up, down = sum(better), -sum(worse) or 1.0
    return Strategy(
        weights=tuple(w / up if w > 0 else limit * w / down for w in raw),
        mu_eff=mu_eff,
        c_sigma=c_sigma,
        d_sigma=1 + 2 * max(0.0, math.sqrt((mu_eff - 1) / (dim + 1)) - 1) + c_sigma,
        c_c=(4 + mu_eff / dim) / (dim + 4 + 2 * mu_eff / dim),
        c_1=c_1,
        c_mu=c_mu,
        chi=math.sqrt(dim) * (1 - 1 / (4 * dim) + 1 / (21 * dim * dim)),
    )


class _CMAESStepper(DerivativeFreeStepper):
    """Runs with one distribution each. The mean is the point itself.

    Attributes:
        sigma: σ, shape (R,), and `first`, its initial value.
        walk: evolution path p, which controls σ, shape (d, R).
        drift: evolution path q, which controls C, shape (d, R).
        covariance: C, shape (d, d, R), and `root`, its symmetric root.
    """

    def __init__(self, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> None:
        super().__init__(optimizers, x, setup)
        self.number = strategy(len(x), cast(CMAES, optimizers[0]).population)
        self.unit = torch.eye(len(x), dtype=x.dtype, device=x.device)[:, :, None].expand(-1, -1, x.shape[1])
        self.first = self.sigma = torch.full_like(x[0], torch.nan)
        self.walk = self.drift = torch.zeros_like(x)
        self.covariance = self.root = self.unit

    def start_runs(self, context: StepContext, fresh: Tensor) -> None:
        sigma, nothing = resolve_length(self.settings.sigma, context, SHARE_OF_VIEW), torch.zeros_like(context.x)
        self.first, self.sigma = (torch.where(fresh, sigma, old) for old in (self.first, self.sigma))
        self.walk, self.drift = (torch.where(fresh, nothing, old) for old in (self.walk, self.drift))
        self.covariance, self.root = (torch.where(fresh, self.unit, old) for old in (self.covariance, self.root))

    def move(self, context: StepContext) -> Tensor:
        n, dim = self.number, len(context.x)
        size = len(n.weights)
        z = normal(self.setup.seed, self.setup.streams, context.t, POPULATION, size * dim).to(context.x.dtype)
        z = z.reshape(size, dim, -1)
        y = pairwise_sum(self.root[:, None] * z.transpose(0, 1)[:, :, None])  # (λ, d, R)
        values, order = evaluate(context, (context.x + self.sigma * y).transpose(0, 1)).sort(dim=0, stable=True)
        ranked = order[:, None].expand_as(y)
        known = values.isfinite()[:, None]
        y, z = (torch.where(known, points.gather(0, ranked), 0.0) for points in (y, z))

        weights = context.x.new_tensor(n.weights)[:, None, None]
        step, plain_step = (pairwise_sum(weights.clamp(min=0) * points) for points in (y, z))  # plain_step: C^−½⟨y⟩
        x = context.x + self.sigma * step
        self.walk = (1 - n.c_sigma) * self.walk + math.sqrt(n.c_sigma * (2 - n.c_sigma) * n.mu_eff) * plain_step
        walked = norm(self.walk)
        early = -torch.expm1(2 * (context.t - self.first_steps) * math.log1p(-n.c_sigma))
        steady = (walked / early.sqrt().to(walked) < (1.4 + 2 / (dim + 1)) * n.chi).to(walked)
        gain = math.sqrt(n.c_c * (2 - n.c_c) * n.mu_eff)
        self.drift = (1 - n.c_c) * self.drift + steady * gain * step
        squared = pairwise_sum((z * z).transpose(0, 1))[:, None]  # (λ, 1, R)
        # points of the worse half are scaled to the expected length, so that C stays positive definite
        shares = torch.where((weights < 0) & (squared > 0), weights * dim / squared, weights)
        lost = 1 + n.c_1 * (1 - steady) * n.c_c * (2 - n.c_c) - n.c_1 - n.c_mu * sum(n.weights)
        spread = pairwise_sum((shares * y)[:, :, None] * y[:, None])  # (d, d, R)
        self.covariance = lost * self.covariance + n.c_1 * self.drift[:, None] * self.drift + n.c_mu * spread
        self.sigma = self.sigma * torch.exp(n.c_sigma / n.d_sigma * (walked / n.chi - 1))
        self.root = _root(self.covariance)
        return x

    def terminated(self) -> Tensor | None:
        spread = self.buffers()["spread"].amax(0)
        small: Tensor = spread < self.settings.tolx * self.first
        return small

    def buffers(self) -> Mapping[str, Tensor]:
        variances = torch.stack([self.covariance[i, i] for i in range(len(self.walk))])
        return {"sigma": self.sigma, "spread": self.sigma * variances.sqrt(), "path": self.walk, "drift": self.drift}


def _root(matrices: Tensor) -> Tensor:
    """Return the symmetric square roots of symmetric matrices (d, d, R), independent of the batch.

    The rounding of LAPACK depends on memory alignment. So each matrix is placed in the corner of one whose size is a
    multiple of eight. Matrices that are not finite are replaced, because LAPACK rejects NaN.
    """
    dim, batch = len(matrices), matrices.permute(2, 0, 1)
    sound = batch.isfinite().all(-1, keepdim=True).all(-2, keepdim=True)
    aligned = batch.new_zeros((len(batch), -(-dim // 8) * 8, -(-dim // 8) * 8))
    aligned[:, :dim, :dim] = torch.where(sound, batch, 0.0)
    values, vectors = torch.linalg.eigh(aligned)
    rows = vectors[:, :dim].permute(2, 1, 0)  # (k, d, R): one eigenvector per row
    lengths = values.clamp(min=0).sqrt().T[:, None, None]
    return pairwise_sum(lengths * rows[:, :, None] * rows[:, None])
