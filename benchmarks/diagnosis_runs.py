"""Labelled runs for the benchmark of diagnosis: each is made from a cause, and a check of exact facts confirms it.

A run that fails its check is dropped, not relabelled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from diagnosis_checks import BOX, CHECKS, Fact
from diagnosis_problems import HELD_OUT, PROBLEMS, Problem
from diagnosis_training import Runs, Setup, train

PER_SETUP = 5
"""Runs per cause, problem and optimizer: they differ in start and noise."""


@dataclass(frozen=True)
class Case:
    """One labelled run.

    Attributes:
        label: the true verdict.
        half: "tuning" or "held-out".
        family: the kind of problem.
        cause: what was done.
        runs: the arrays.
        row: the place of the run in them.
        onset: the step at which the fault begins, None if there is none.
        clip: the largest norm of gradients, None if they are not clipped.
        box: the domain, as far as there is one: every coordinate is within ±box.
        hessian: the exact Hessian at a point.
    """

    label: str
    half: str
    family: str
    cause: str
    runs: Runs
    row: int
    onset: int | None
    clip: float | None
    box: float | None
    hessian: Callable[[np.ndarray], np.ndarray]


def _cosine(end: float) -> Callable[[float], float]:
    return lambda t: 0.5 * (1 + math.cos(math.pi * min(t / end, 1.0)))


def _stepwise(t: float) -> float:
    return 0.1 ** int(t * 8)


def _exponential(t: float) -> float:
    return math.exp(-14 * t)


def setups(p: Mapping[str, Problem]) -> Iterator[tuple[str, str, Setup]]:
    """Yield label, name of the problem, and setup. Learning rates are shares of 2/λ, λ the largest curvature."""

    def sgd(name: str, share: float, steps: int = 600, **more: object) -> Setup:
        return Setup("sgd", share * 2 / p[name].curvature, steps, **more)  # type: ignore[arg-type]

    def momentum(name: str, share: float, steps: int = 600, **more: object) -> Setup:
        return Setup("momentum", share * 0.2 / p[name].curvature, steps, **more)  # type: ignore[arg-type]

    for share, steps in ((0.25, 800), (0.45, 1000)):
        yield "converged", "bowl", sgd("bowl", share, steps)
        yield "converged", "logcosh", sgd("logcosh", share, steps)
        yield "converged", "quartic", sgd("quartic", share * 0.5, int(1.5 * steps))
        yield "converged", "bowl", momentum("bowl", share, steps)
        yield "converged", "logcosh", momentum("logcosh", share, steps)
        yield "converged", "regression", sgd("regression", share, 2 * steps)
    yield "converged", "bowl", Setup("adam", 0.05, 2000)
    yield "converged", "regression", Setup("adam", 0.05, 1500)
    yield "converged", "logcosh", Setup("rmsprop", 0.02, 2000, schedule=_cosine(0.95))
    yield "converged", "bowl", sgd("bowl", 0.3, 1200, noise=1e-3)
    for optimizer, share in (("sgd", 0.012), ("nesterov", 0.0012), ("sgd", 0.02)):
        lrs = {name: share * 2 / p[name].curvature for name in p}
        yield "still falling", "bowl", Setup(optimizer, lrs["bowl"], 150)
        yield "still falling", "logcosh", Setup(optimizer, lrs["logcosh"], 200)
        yield "still falling", "regression", Setup(optimizer, lrs["regression"], 120)
    yield "still falling", "bowl", Setup("adam", 0.004, 170)
    yield "still falling", "logcosh", Setup("adam", 0.008, 240)
    yield "still falling", "logcosh", sgd("logcosh", 0.01, 200, noise=0.05)
    yield "still falling", "regression", sgd("regression", 0.01, 150, batch=32)
    yield "still falling", "bowl", momentum("bowl", 0.02, 130)
    for share in (1e-6, 1e-5, 1e-4):
        for name in ("bowl", "logcosh", "regression", "quartic"):
            yield "crawling", name, sgd(name, share, 500)
    yield "crawling", "bowl", Setup("adam", 1e-6, 500)
    yield "crawling", "logcosh", Setup("adam", 1e-5, 400)
    yield "crawling", "ravine", sgd("ravine", 0.5, 400)
    yield "crawling", "ravine", sgd("ravine", 0.9, 300)
    yield "crawling", "ravine", momentum("ravine", 0.05, 300)
    for optimizer, lr in (("sgd", 0.1), ("sgd", 0.02), ("momentum", 0.01), ("sgd", 0.3)):
        yield "plateau", "well", Setup(optimizer, lr, 400)
        yield "plateau", "shelf", Setup(optimizer, lr, 500)
    for share in (0.2, 0.4):
        yield "saddle", "saddle", sgd("saddle", share, 400)
        yield "saddle", "saddle", momentum("saddle", share, 500)
    yield "saddle", "saddle", Setup("nesterov", 0.01, 900)
    yield "saddle", "saddle", Setup("adam", 0.02, 900)
    for beta in (0.98, 0.99, 0.995):
        yield "oscillating", "bowl", momentum("bowl", 0.3, 250, beta=beta)
        yield "oscillating", "logcosh", momentum("logcosh", 0.5, 250, beta=beta)
        yield "oscillating", "regression", momentum("regression", 0.4, 220, beta=beta)
    for share in (1.2, 1.8, 2.6, 3.5, 5.0):
        yield "oscillating", "network", sgd("network", share, 400)
        yield "oscillating", "quartic", sgd("quartic", share * 0.5, 400)
    yield "oscillating", "absolute", Setup("adam", 0.3, 400)
    for share in (1.3, 1.45, 1.6):
        yield "oscillating", "tilted", sgd("tilted", share, 300)
    yield "oscillating", "bowl", Setup("adam", 1.0, 130)
    yield "oscillating", "logcosh", Setup("adam", 1.0, 150)
    for share in (1.03, 1.06, 1.1, 1.15, 1.2, 1.25):
        yield "cycling", "tilted", sgd("tilted", share, 700)
    yield "cycling", "absolute", Setup("sign", 0.25, 300)
    yield "cycling", "absolute", Setup("sign", 0.4, 300)
    yield "cycling", "absolute", Setup("sgd", 0.3, 300)
    for noise in (0.3, 1.0):
        yield "noise floor", "bowl", sgd("bowl", 0.2, 1000, noise=noise * p["bowl"].curvature)
        yield "noise floor", "logcosh", sgd("logcosh", 0.2, 1000, noise=noise)
        yield "noise floor", "logcosh", Setup("adam", 0.2, 1500, noise=noise)
        yield "noise floor", "regression", sgd("regression", 0.2, 1000, noise=noise)
        yield "noise floor", "bowl", momentum("bowl", 0.2, 900, noise=noise * p["bowl"].curvature)
        for tail, share in ((2, 0.2), (3, 0.4)):
            yield "noise floor", "bowl", sgd("bowl", 0.1, 1000, noise=share * noise * p["bowl"].curvature, tail=tail)
            yield "noise floor", "logcosh", sgd("logcosh", 0.1, 1000, noise=share * noise, tail=tail)
    yield "noise floor", "regression", sgd("regression", 0.25, 1200, batch=4)
    yield "noise floor", "regression", Setup("adam", 0.1, 1200, batch=4)
    for at, size in ((300, 1000.0), (400, 3000.0)):
        for name in ("bowl", "logcosh", "regression"):
            yield "spike", name, sgd(name, 0.15, 900, noise=0.02 * p[name].curvature, shock={at: size})
            yield "spike", name, momentum(name, 0.3, 900, noise=0.02 * p[name].curvature, shock={at: size / 4})
        yield "spike", "tilted", sgd("tilted", 0.2, 700, noise=0.02, shock={at: size / 25})
        yield "spike", "tilted", sgd("tilted", 0.1, 700, noise=0.1, shock={at: size / 50})
    for at in (300, 500):
        yield "late instability", "logcosh", sgd("logcosh", 0.3, 800, lift=(at, 6.0))
        yield "late instability", "logcosh", momentum("logcosh", 0.3, 800, lift=(at, 15.0))
        yield "late instability", "bowl", sgd("bowl", 0.3, 800, drift=(at, 0.5 * p["bowl"].curvature), noise=1e-3)
        yield "late instability", "regression", Setup("adam", 0.05, 900, lift=(at + 100, 8.0), noise=1e-2)
        yield "late instability", "logcosh", Setup("adam", 0.05, 800, drift=(at, 20.0))
        yield "late instability", "tilted", sgd("tilted", 0.3, 700, lift=(at, 4.2))
        yield "late instability", "tilted", sgd("tilted", 0.3, 700, drift=(at, 0.5))
        yield "late instability", "regression", sgd("regression", 0.2, 900, drift=(at, 1.5))
    for at in (400, 550):
        for name in ("bowl", "logcosh", "regression"):
            curvature = p[name].curvature
            yield "late instability", name, sgd(name, 0.3, 800, noise=0.02 * curvature, swell=(at, 0.6 * curvature))
    for share in (1.02, 1.1, 1.5):
        yield "diverged", "bowl", sgd("bowl", share, int(12 / math.log(2 * share - 1)))
        yield "diverged", "ravine", sgd("ravine", share, int(24 / math.log(2 * share - 1)))
        yield "diverged", "bowl", sgd("bowl", share, int(14 / math.log(2 * share - 1)), noise=0.05)
    yield "diverged", "bowl", momentum("bowl", 22.0, 60)
    yield "diverged", "bowl", sgd("bowl", 0.3, 420, lift=(300, 5.0))
    yield "diverged", "regression", sgd("regression", 1.2, 40)
    yield "diverged", "well", Setup("sgd", -0.05, 300)
    yield "diverged", "logcosh", Setup("sgd", -0.05, 300)
    for share in (1.5, 2.5):
        yield "non-finite", "bowl", sgd("bowl", share, 2600)
        yield "non-finite", "quartic", sgd("quartic", share * 8, 200)
        yield "non-finite", "log", sgd("log", share * 0.7, 200)
    yield "non-finite", "logcosh", sgd("logcosh", 0.2, 500, poison=180)
    yield "non-finite", "regression", Setup("adam", 0.05, 500, poison=333)
    yield "non-finite", "network", Setup("adam", 0.01, 400, poison=250)
    yield "zero gradient", "dead", Setup("sgd", 0.1, 200)
    yield "zero gradient", "dead", Setup("adam", 0.01, 200)
    yield "zero gradient", "dead", Setup("momentum", 0.05, 300, batch=16)
    yield "zero gradient", "dying", Setup("sgd", 6.0, 300)
    yield "zero gradient", "dying", Setup("momentum", 3.5, 300)
    for share, limit in ((0.05, 0.02), (0.1, 0.01), (0.03, 0.05)):
        for name in ("bowl", "logcosh", "regression"):
            yield "clipped", name, sgd(name, share, 300, clip=limit)
        yield "clipped", "bowl", sgd("bowl", share, 300, clip=limit, noise=0.02)
    for schedule in (_cosine(0.6), _stepwise, _exponential):
        for name in ("bowl", "logcosh", "regression"):
            yield "schedule ended", name, sgd(name, 0.03, 180, schedule=schedule)
        yield "schedule ended", "bowl", Setup("adam", 0.01, 250, schedule=schedule)
    yield "schedule ended", "logcosh", sgd("logcosh", 0.03, 180, schedule=_cosine(0.8), noise=0.02)
    yield "left domain", "bowl", Setup("sgd", -0.03 / p["bowl"].curvature, 140)
    yield "left domain", "logcosh", Setup("sgd", -0.03, 400)
    yield "left domain", "absolute", Setup("sgd", -0.05, 250)
    yield "left domain", "regression", Setup("momentum", -0.004, 150)
    yield "left domain", "bowl", sgd("bowl", 1.1, 25)
    yield "left domain", "logcosh", Setup("sgd", 0.5, 300, noise=3.0)
    for share in (1.3, 1.4, 1.5, 1.9, 2.2, 2.6, 3.0):
        yield "oscillating", "chaos", sgd("chaos", share, 400)
    for noise in (0.05, 0.2):
        yield "noise floor", "chaos", sgd("chaos", 0.2, 800, noise=noise)


def cases(half: str, per_setup: int = PER_SETUP) -> Iterator[Case]:
    """Yield the confirmed cases of a half, in a fixed order."""
    problems = PROBLEMS[half]
    for number, (label, name, setup) in enumerate(setups({**HELD_OUT, **problems})):
        if name not in problems:
            continue
        yield from _confirmed(label, half, problems[name], setup, number, per_setup)
    if "separable" in problems:
        for lr in (8.0, 20.0):
            setup = Setup("sgd", lr, 3000)
            yield from _confirmed("converged", half, problems["separable"], setup, int(500 + lr), per_setup)


def _confirmed(label: str, half: str, problem: Problem, setup: Setup, number: int, per_setup: int) -> Iterator[Case]:
    seed = 1000 * number + (0 if half == "tuning" else 500)
    start = problem.start(torch.Generator().manual_seed(seed), per_setup)
    runs = train(problem, setup, start, seed)
    plain = replace(setup, schedule=None, shock={}, poison=-1, noise=0.0, batch=0, drift=None)
    if label not in ("noise floor", "schedule ended"):
        plain = replace(setup, schedule=None, shock={}, poison=-1)
    if setup.schedule and label != "schedule ended":
        plain = replace(plain, lr=plain.lr * setup.schedule(1.0))
    if setup.lift is not None:
        plain = replace(plain, lr=plain.lr * setup.lift[1], lift=None)
    if setup.drift is not None and plain.noise:
        plain = replace(plain, drift=(0, setup.drift[1]))
    later = train(problem, plain, torch.from_numpy(runs.x[:, -1].copy()), seed + 1)
    lowest = problem.minimum if problem.minimum is not None else _lowest(problem, runs)
    for row in range(per_setup):
        fact = Fact(
            problem,
            setup,
            runs.loss[row] - lowest,
            runs.x[row],
            later.loss[row] - lowest,
            runs.gradient_norm[row],
            runs.clipped[row],
            lowest,
        )
        with np.errstate(all="ignore"):
            if not CHECKS[label](fact):
                continue
        yield Case(
            label,
            half,
            problem.family,
            f"{setup.optimizer} at {setup.lr:.3g}",
            runs,
            row,
            _onset(label, setup),
            setup.clip if math.isfinite(setup.clip) else None,
            BOX if label == "left domain" else None,
            lambda x: problem.hessian(torch.from_numpy(np.array(x))),
        )


def _onset(label: str, setup: Setup) -> int | None:
    if label == "spike":
        return min(setup.shock)
    if setup.lift is not None or setup.drift is not None:
        return (setup.lift or setup.drift)[0]  # type: ignore[index]
    return setup.poison if setup.poison >= 0 else None


def _lowest(problem: Problem, runs: Runs) -> float:
    """Return the lowest loss that L-BFGS finds from the ends and starts of the runs."""
    found = [float(np.nanmin(runs.loss))]
    for point in (*runs.x[:, 0], *runs.x[:, -1]):
        if not np.isfinite(point).all():
            continue
        x = torch.from_numpy(point.copy())[None].requires_grad_(True)
        search = torch.optim.LBFGS([x], lr=0.5, max_iter=300, tolerance_grad=1e-12, tolerance_change=1e-15)

        def closure(search: torch.optim.LBFGS = search, x: torch.Tensor = x) -> torch.Tensor:
            search.zero_grad()
            loss = problem.loss(x).sum()
            loss.backward()
            return loss.detach()

        search.step(closure)
        found.append(float(problem.loss(x.detach()).sum()))
    return float(np.nanmin(found))
