"""Stochastic functions: each step evaluates a mini-batch or a random perturbation of the mean function."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from landscapes.functions.valleys import beale
from landscapes.objectives.decorators import ANY, Dims, Formula, Sampler, function
from landscapes.objectives.elementary import in_chunks, one_to_d, ordered_sum, stack_copies


def _generator(t: int, seed: int) -> torch.Generator:
    """Return the random generator of a step, independent for other steps and seeds of runs."""
    mixed = int(np.random.SeedSequence([t, seed]).generate_state(1, np.uint64)[0]) if seed else t
    return torch.Generator().manual_seed(mixed)


def _normal(t: int, seed: int, count: int) -> Tensor:
    """Return standard normal numbers, shape (count,), seeded by the step and the run."""
    return torch.randn(count, generator=_generator(t, seed), dtype=torch.float64)


def _repeated(numbers: Tensor, x: Tensor) -> Tensor:
    """Repeat the numbers up to the number of coordinates of x, in its dtype and device."""
    count = x.shape[-1]
    return numbers.repeat(-(-count // len(numbers)))[:count].to(x)


def _noisy_bowl_sample(t: int, seed: int = 0) -> Formula:
    """Return the round bowl plus a random linear term, seeded by the step and the run."""
    noise = _normal(t, seed, 64)
    return lambda x: ordered_sum(x * x) / 2 + ordered_sum(_repeated(noise, x) * x)


@function(
    (-3.0, 3.0),
    dims=ANY,
    minima=[(0.0,)],
    start=(-2.5, 2.0),
    steps=150,
    sample=_noisy_bowl_sample,
    latex=r"\frac{1}{2} \sum x_i^2",
    reference="F. Schneider, L. Balles and P. Hennig, DeepOBS: a deep learning optimizer benchmark suite, 2019",
    tags=("bowl", "smooth", "convex", "quadratic", "separable", "unimodal", "stochastic", "any dimension"),
)
def noisy_bowl(x: Tensor) -> Tensor:
    """A round bowl with gradient noise; the learning rate sets how far from the minimum the iterates fluctuate."""
    return ordered_sum(x * x) / 2


def _curvatures(x: Tensor) -> Tensor:
    """Return the curvatures 1/i."""
    return 1 / one_to_d(x)


def _noisy_quadratic_sample(t: int, seed: int = 0) -> Formula:
    """Return the quadratic around a random center, seeded by the step and the run."""
    centre = _normal(t, seed, 64)

    def seen(x: Tensor) -> Tensor:
        h = _curvatures(x)
        c = _repeated(centre, x) * h.sqrt()
        off = x - c
        return ordered_sum(h * (off * off - c * c)) / 2

    return seen


@function(
    (-3.0, 3.0),
    dims=Dims(least=2),
    minima=[(0.0,)],
    start=(-2.5, 2.0),
    steps=200,
    sample=_noisy_quadratic_sample,
    title="Noisy quadratic model",
    latex=r"\frac{1}{2} \sum \frac{x_i^2}{i}",
    reference=(
        "G. Zhang et al., Which algorithmic choices matter at which batch sizes? Insights from a noisy quadratic "
        "model, 2019"
    ),
    tags=("bowl", "smooth", "convex", "quadratic", "separable", "unimodal", "stochastic", "any dimension"),
    variants=("The centers have variance 1/i here, so noise and curvature are proportional, as the paper assumes.",),
    aliases=("noisy_quadratic_model",),
)
def noisy_quadratic(x: Tensor) -> Tensor:
    """Curvatures 1/i with matching gradient noise; momentum does not reduce it, smaller rates and averaging do."""
    return ordered_sum(_curvatures(x) * x * x) / 2


def _with_gradient_noise(formula: Formula) -> Sampler:
    """Return a sampler that adds a random linear term to a formula of two coordinates at each step."""

    def sample(t: int, seed: int = 0) -> Formula:
        a, b = _normal(t, seed, 2).tolist()
        return lambda x, y: formula(x, y) + a * x + b * y

    return sample


@function(
    (-4.5, 4.5),
    (-4.5, 4.5),
    view=[(-0.6, 4.4), (-2.0, 2.4)],
    minima=[(3.0, 0.5)],
    minimum=0.0,
    stationary={"saddle": [(0.0, 1.0)]},
    start=(0.6, 1.4),
    steps=300,
    sample=_with_gradient_noise(beale.formula),
    title="Noisy Beale",
    latex=r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    reference="F. Schneider, L. Balles and P. Hennig, DeepOBS: a deep learning optimizer benchmark suite, 2019",
    tags=("valley", "plateau", "steep corners", "smooth", "unimodal", "ill-conditioned", "stochastic"),
)
def noisy_beale(x: Tensor, y: Tensor) -> Tensor:
    """Beale's valley with gradient noise; on the flat floor the noise exceeds the gradient, so steps need averaging."""
    return beale.formula(x, y)


def _rosenbrock(x: Tensor, y: Tensor) -> Tensor:
    """Return Rosenbrock's function of two coordinates."""
    off, left = y - x * x, 1 - x
    return 100 * off * off + left * left


@function(
    (-5.0, 10.0),
    (-5.0, 10.0),
    view=[(-2.0, 2.0), (-1.0, 3.0)],
    minima=[(1.0, 1.0)],
    minimum=0.0,
    start=(-1.2, 1.0),
    steps=400,
    sample=_with_gradient_noise(_rosenbrock),
    title="Noisy Rosenbrock",
    latex=r"100\,(y - x^2)^2 + (1 - x)^2",
    reference="F. Schneider, L. Balles and P. Hennig, DeepOBS: a deep learning optimizer benchmark suite, 2019",
    tags=("valley", "curved", "smooth", "unimodal", "ill-conditioned", "stochastic"),
)
def noisy_rosenbrock(x: Tensor, y: Tensor) -> Tensor:
    """Rosenbrock's valley with gradient noise; near the minimum, noise exceeds the slope, so rates must decay."""
    return _rosenbrock(x, y)


def _rare_push_sample(t: int, seed: int = 0) -> Formula:
    """Return 1010x with probability 0.02, otherwise -10x, seeded by the step and the run."""
    rare = bool(torch.rand(1, generator=_generator(t, seed), dtype=torch.float64) < 0.02)
    return lambda x: (1010.0 if rare else -10.0) * x


@function(
    (-1.0, 1.0),
    minima=[(-1.0,)],
    outside="unbounded",
    start=(0.0,),
    steps=1000,
    sample=_rare_push_sample,
    scale="linear",
    latex=r"10.4\,x",
    reference="S. J. Reddi, S. Kale and S. Kumar, On the convergence of Adam and beyond, 2018",
    tags=("illustrative", "smooth", "convex", "separable", "unimodal", "unbounded", "stochastic"),
    variants=("The paper draws 1010x with probability 0.01 (mean 0.2x); the probability 0.02 shortens the run.",),
)
def rare_push(x: Tensor) -> Tensor:
    """Rare large gradients against frequent small ones; Adam forgets the rare ones and moves the wrong way."""
    return 10.4 * x


def _reddi_sample(t: int) -> Formula:
    """Return 1010x at every 101st step, otherwise -10x."""
    return lambda x: (1010.0 if t % 101 == 0 else -10.0) * x


@function(
    (-1.0, 1.0),
    minima=[(-1.0,)],
    outside="unbounded",
    start=(0.0,),
    steps=1000,
    sample=_reddi_sample,
    scale="linear",
    title="Reddi's online example",
    latex=r"\frac{10}{101}\,x",
    reference="S. J. Reddi, S. Kale and S. Kumar, On the convergence of Adam and beyond, 2018",
    tags=("illustrative", "smooth", "convex", "separable", "unimodal", "unbounded", "stochastic"),
    aliases=("reddi_s_online_example", "reddi", "amsgrad_example"),
)
def reddi_online(x: Tensor) -> Tensor:
    """A large gradient every 101st step, small opposite ones between; Adam goes the wrong way, AMSGrad does not."""
    return (10 / 101) * x


def _moons() -> Tensor:
    """Return 200 points of two half moons, multiplied by their labels ±1, shape (2, 200)."""
    seeded = torch.Generator().manual_seed(0)
    angle = math.pi * torch.rand(200, generator=seeded, dtype=torch.float64)
    side = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(100)
    x, y = side * (angle.cos() - 0.5) + 0.5, side * (angle.sin() - 0.25) + 0.25
    points = torch.stack([x, y]) + 0.3 * torch.randn(2, 200, generator=seeded, dtype=torch.float64)
    return side * (points - torch.tensor([[0.5], [0.25]], dtype=torch.float64))


MOONS = _moons()


CHUNK = 8
"""Number of data evaluated together."""


def _logistic(right: Tensor) -> Formula:
    """Return the formula of the mean of log(1 + e⁻ᶻ) over data, z = u aₖ + v bₖ, without overflow.

    It is computed as Σ max(-z, 0) + log Π (1 + e⁻|z|), with one exponential per datum and few logarithms.
    """
    count = right.shape[1]

    def losses(u: Tensor, v: Tensor) -> Tensor:
        rows = min(CHUNK, count)
        u, v = stack_copies(u, rows), stack_copies(v, rows)
        over, factors = torch.zeros_like(u), torch.ones_like(u)
        for a, b in torch.split(-right.to(u)[..., None], CHUNK, 1):
            z = a * u + b * v
            above = z.clamp(min=0)
            over = over + above
            factors = torch.addcmul(factors, factors, torch.exp(torch.sub(z, above, alpha=2)))
        return (ordered_sum(over, 0) + ordered_sum(factors.log(), 0)) / count

    return lambda u, v: in_chunks(losses, u, v, width=CHUNK)


def _moons_sample(t: int, seed: int = 0) -> Formula:
    """Return the loss of a batch of four points, seeded by the step and the run."""
    return _logistic(MOONS[:, torch.randint(200, (4,), generator=_generator(t, seed))])


@function(
    (-6.0, 6.0),
    (-2.0, 8.0),
    view=[(-5.0, 5.0), (-1.0, 6.0)],
    minima=[(-1.2371992971261043, 3.028705922110942)],
    minimum=0.36746714462416313,
    start=(4.4, -0.5),
    steps=120,
    sample=_moons_sample,
    latex=r"\frac{1}{200} \sum_{k} \log \left( 1 + e^{-(u a_k + v b_k)} \right)",
    reference="the first of A. Radford, Visualizing optimization algos, 2014",
    tags=("valley", "smooth", "convex", "unimodal", "stochastic"),
    aliases=("moons",),
)
def noisy_moons(u: Tensor, v: Tensor) -> Tensor:
    """Logistic regression on two half moons, four points per step; averaging methods smooth the gradient noise."""
    return _logistic(MOONS)(u, v)
