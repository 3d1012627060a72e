"""Measure the difference of each optimizer to its reference, with random settings and one reference object per run.

    python benchmarks/exactness.py [steps] [NAME ...] > benchmarks/exactness.md

Print Markdown tables of the largest difference over all coordinates, runs and steps. Zero means bitwise equal. The
runs are batched, each with its own hyper-parameters. The reference is the class of torch.optim, or a plain loop of
the paper's algorithm if torch has none; that of optimizers of matrices uses LAPACK. Nelder–Mead is compared with
SciPy, and CMA-ES with its tutorial. Without names, all are measured.
`benchmarks/second_order.py` measures the second-order optimizers.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.optimize
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "optimizers"))

from reference import FUNCTIONS, SPACES, by_optimizers, by_torch, starts, two_of_each_variant, valley
from test_coupled import PlainScheduleFree, by_separate_objects, factored, in_torch
from test_derivative_free import numbers, numpy_of, tutorial
from test_matrix_optimizers import PAPERS, SHAPES, by_paper, drawn

from landscapes import optimizers
from landscapes.engine import loop
from landscapes.optimizers.derivative_free.cmaes import POPULATION
from landscapes.oracle import value_and_gradient

DIMS = (1, 2, 10)
WIDE = torch.tensor([[-1e6, 1e6]] * 10, dtype=torch.float64)


def heading(*titles: str) -> None:
    print(f"\n| {' | '.join(titles)} |\n|{'---|' * len(titles)}", flush=True)


def coordinatewise(steps: int, names: Sequence[str] = ()) -> None:
    """Compare first-order optimizers that treat each coordinate separately; all, or those of these names."""
    heading("optimizer", "reference", "runs", "Rosenbrock, d = 1, 2, 10", "Ackley, d = 1, 2, 10")
    for cls, (other, _) in SPACES.items():
        if names and cls.__name__ not in names:
            continue
        runs, worst = 0, dict.fromkeys(FUNCTIONS, 0.0)
        for function_of in FUNCTIONS:
            for dim in DIMS:
                rng = np.random.default_rng(dim)
                candidates = two_of_each_variant(cls, rng)
                x = starts(dim, len(candidates), rng)
                expected = by_torch(function_of(dim), candidates, x, steps, separate=False)
                gap = (by_optimizers(function_of(dim), candidates, x, steps) - expected).abs().max().item()
                worst[function_of] = float(np.maximum(worst[function_of], gap))  # propagates NaN
                runs += len(candidates)
        source = "torch.optim" if other.__module__.startswith("torch") else "the paper's loop"
        print(f"| {cls.__name__} | {source} | {runs} | {' | '.join(map(str, worst.values()))} |", flush=True)


def matrices(steps: int, names: Sequence[str] = ()) -> None:
    """Compare optimizers of matrices with their papers' algorithms, as far as rounding has not grown yet."""
    steps = min(steps, 25)
    heading("optimizer", "reference", "shapes", "steps", "largest difference on Rosenbrock")
    for cls in PAPERS:
        if names and cls.__name__ not in names:
            continue
        worst = 0.0
        for shape in SHAPES:
            rng = np.random.default_rng(shape[0])
            candidates, x = [drawn(cls, shape[0], rng) for _ in range(3)], starts(shape[0] * shape[1], 3, rng)
            expected = by_paper(candidates, x, steps, shape)
            worst = max(worst, largest(by_optimizers(valley(len(x)), candidates, x, steps) - expected))
        shapes = ", ".join(f"{rows}×{columns}" for rows, columns in SHAPES)
        print(f"| {cls.__name__} | the paper's loop | {shapes} | {steps} | {worst:.1e} |", flush=True)


def coupled(steps: int) -> None:
    """Compare optimizers that couple coordinates or evaluate gradients at other points."""
    heading("optimizer", "reference", "steps", "largest difference on Rosenbrock")
    rng, gaps = np.random.default_rng(0), []
    for dim, rows in ((1, 0), (2, 0), (10, 0), (2, 1), (10, 5)):
        candidates, x = factored(rows, 6, rng), starts(dim, 6, rng)
        shape = (rows, dim // rows) if rows else (dim,)
        expected = by_separate_objects(valley(dim), [in_torch(optimizer) for optimizer in candidates], x, steps, shape)
        gaps.append(largest(by_optimizers(valley(dim), candidates, x, steps) - expected))
    print(f"| Adafactor | torch.optim | {steps} | {max(gaps):.1e} |", flush=True)
    candidates = [optimizers.Muon(lr=lr, weight_decay=0.05, rows=2) for lr in (1e-3, 2e-2, 0.1)]
    x = starts(6, 3, rng)
    stock = [(torch.optim.Muon, {"lr": optimizer.lr, "weight_decay": 0.05}) for optimizer in candidates]
    gap = largest(by_optimizers(valley(6), candidates, x, 1) - by_separate_objects(valley(6), stock, x, 1, (2, 3)))
    print(f"| Muon, with bfloat16 steps | torch.optim | 1 | {gap:.1e} |", flush=True)
    for adam in (False, True):
        cls = optimizers.ScheduleFreeAdamW if adam else optimizers.ScheduleFreeSGD
        more = {"beta2": 0.99, "eps": 1e-8} if adam else {}
        worst = 0.0
        for dim in DIMS:
            x = starts(dim, 3, rng)
            same = [{"lr": lr, "warmup": 10.0, "r": 0.0, "weight_decay": 0.01, **more} for lr in (1e-3, 3e-3, 1e-2)]
            points = by_optimizers(valley(dim), [cls(**settings) for settings in same], x, steps)
            for run, settings in enumerate(same):
                y = torch.nn.Parameter(x[:, run].clone())
                torch_optimizer = PlainScheduleFree([y], adam=adam, beta=0.9, **settings)
                for point in points[:, :, run]:
                    y.grad = value_and_gradient(valley(dim), y.detach()[:, None])[1][:, 0]
                    torch_optimizer.step()
                    worst = max(worst, largest(point - torch_optimizer.average()))
        print(f"| {cls().label} | the authors' code as a loop | {steps} | {worst:.1e} |", flush=True)


def without_derivatives(steps: int) -> None:
    heading("optimizer", "reference", "steps", "largest difference on Rosenbrock and Ackley")
    nelder, cma, generations = 0.0, 0.0, min(steps, 40)
    for function_of in FUNCTIONS:
        for dim in DIMS:
            rng, function = np.random.default_rng(dim), function_of(dim)
            x, value = starts(dim, 3, rng), numpy_of(function)
            runs = loop.run(function, [optimizers.NelderMead()] * 3, x, steps, box=WIDE[:dim])
            candidates = [optimizers.CMAES(sigma=0.3, tolx=0.0)] * 3
            size = 4 + int(3 * np.log(dim))
            evolved = loop.run(function, candidates, x, generations, box=WIDE[:dim], streams=torch.arange(3))
            for run, start in enumerate(x.T.numpy()):
                best: list[np.ndarray] = []
                scipy.optimize.minimize(
                    value,
                    start,
                    method="Nelder-Mead",
                    callback=lambda p, best=best: best.append(p.copy()),
                    options={"maxiter": steps + 1, "maxfev": 10**7},
                )
                nelder = max(nelder, float(np.abs(runs.x[run, 1 : len(best) + 1] - best).max()))

                def normal(t: int, run: int = run, size: int = size, dim: int = dim) -> np.ndarray:
                    return numbers(0, run, t, POPULATION, size * dim).reshape(size, dim)

                expected = tutorial(value, start, 0.3, generations, size, normal)
                cma = max(cma, float(np.abs(evolved.x[run, 1:] - expected).max()))
    print(f"| Nelder–Mead | SciPy | {steps}, or until it terminates | {nelder} |")
    print(f"| CMA-ES | Hansen's tutorial (2016) as a loop | {generations} | {cma:.1e} |", flush=True)


def largest(gap: Tensor) -> float:
    return float(gap.abs().max())


def main(arguments: Sequence[str]) -> None:
    torch.set_num_threads(1)
    given = [int(word) for word in arguments if word.isdecimal()]
    names = [word for word in arguments if not word.isdecimal()]
    known = sorted(cls.__name__ for cls in (*SPACES, *PAPERS))
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"unknown optimizers: {', '.join(unknown)}; choose from {', '.join(known)}")
    steps = given[0] if given else 1000
    print("# Differences of optimizers to their references\n")
    words = " ".join(["python benchmarks/exactness.py", *arguments])
    print(f"`{words}` printed this page.")
    coordinatewise(steps, names)
    matrices(steps, names)
    if not names:
        coupled(steps)
        without_derivatives(steps)


if __name__ == "__main__":
    main(sys.argv[1:])
