"""A plain loop that trains on the problems of the benchmark of diagnosis, and what can go wrong in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from diagnosis_problems import Problem
from torch import Tensor


@dataclass(frozen=True)
class Setup:
    """How to train.

    Attributes:
        optimizer: "sgd", "momentum", "nesterov", "rmsprop", "adam" or "sign".
        lr: the learning rate.
        steps: how many steps.
        noise: standard deviation of the normal noise per coordinate of the gradient.
        batch: rows per mini-batch; 0 for all.
        beta: momentum.
        clip: the largest norm of the gradient.
        schedule: share of the run done → factor of the learning rate.
        shock: step → factor of the gradient at that step.
        lift: the step from which the learning rate is multiplied by the second entry.
        drift: the step from which the noise of the gradient has the second entry as standard deviation.
        swell: the step from which the noise of the gradient grows, up to the second entry at the last step.
        tail: degrees of freedom of Student's t for the noise of the gradient; 0 for normal noise.
        poison: the step whose gradient is NaN.
        single: round points to float32.
    """

    optimizer: str
    lr: float
    steps: int = 600
    noise: float = 0.0
    batch: int = 0
    beta: float = 0.9
    clip: float = math.inf
    schedule: Callable[[float], float] | None = None
    shock: Mapping[int, float] = field(default_factory=dict)
    lift: tuple[int, float] | None = None
    drift: tuple[int, float] | None = None
    swell: tuple[int, float] | None = None
    tail: int = 0
    poison: int = -1
    single: bool = False


@dataclass
class Runs:
    """What R runs leave behind: points (R, T, d), and arrays (R, T) of the losses of the full data, of the logged
    losses (of the batch, where there is one), norms of gradients before clipping, step lengths and learning rates."""

    x: np.ndarray
    loss: np.ndarray
    logged: np.ndarray
    gradient_norm: np.ndarray
    step_length: np.ndarray
    lr: np.ndarray
    clipped: np.ndarray


def train(problem: Problem, setup: Setup, start: Tensor, seed: int) -> Runs:
    """Return R runs from R start points."""
    rng = torch.Generator().manual_seed(seed)
    x = start.clone()
    first, second = torch.zeros_like(x), torch.zeros_like(x)
    rows: dict[str, list[Tensor]] = {name: [] for name in ("x", "loss", "logged", "g", "s", "lr", "clipped")}
    for k in range(setup.steps + 1):
        point = x.detach().requires_grad_(True)
        batch = None
        if setup.batch:
            batch = torch.randperm(problem.rows, generator=rng)[: setup.batch]
        loss = problem.loss(point, batch)
        (gradient,) = torch.autograd.grad(loss.sum(), point)
        gradient = gradient * setup.shock.get(k, 1.0)
        noise = setup.drift[1] if setup.drift is not None and k >= setup.drift[0] else setup.noise
        if setup.swell is not None:
            begin, size = setup.swell
            noise += (size - noise) * max(0.0, (k - begin) / (setup.steps - begin))
        if noise:
            drawn = torch.randn(x.shape, generator=rng, dtype=x.dtype)
            if setup.tail:
                squares = torch.randn(setup.tail, *x.shape, generator=rng, dtype=x.dtype).square()
                drawn = drawn / squares.mean(0).sqrt()
            gradient = gradient + noise * drawn
        if k == setup.poison:
            gradient = gradient * math.nan
        norm = gradient.norm(dim=1)
        factor = (setup.clip / norm).clamp(max=1.0)
        gradient = gradient * factor[:, None]
        lr = setup.lr * (setup.schedule(k / setup.steps) if setup.schedule else 1.0)
        if setup.lift is not None and k >= setup.lift[0]:
            lr *= setup.lift[1]
        step, first, second = _update(setup, gradient, first, second, k)
        moved = x - lr * step
        if setup.single:
            moved = moved.float().double()
        with torch.no_grad():
            whole = loss.detach() if batch is None else problem.loss(x, None)
        values = (x, whole, loss.detach(), norm, (moved - x).norm(dim=1), torch.full_like(norm, lr), factor < 1)
        for name, value in zip(rows, values, strict=True):
            rows[name].append(value)
        x = moved
    arrays = {name: torch.stack(values, dim=1).numpy() for name, values in rows.items()}
    return Runs(*arrays.values())


def _update(setup: Setup, g: Tensor, first: Tensor, second: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the direction and the new state of an optimizer."""
    match setup.optimizer:
        case "sgd":
            return g, first, second
        case "sign":
            return g.sign(), first, second
        case "momentum":
            first = setup.beta * first + g
            return first, first, second
        case "nesterov":
            first = setup.beta * first + g
            return g + setup.beta * first, first, second
        case "rmsprop":
            second = 0.99 * second + 0.01 * g.square()
            return g / (second.sqrt() + 1e-8), first, second
        case "adam":
            first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g.square()
            return (
                (first / (1 - 0.9 ** (k + 1))) / ((second / (1 - 0.999 ** (k + 1))).sqrt() + 1e-8),
                first,
                second,
            )
    raise ValueError(setup.optimizer)
