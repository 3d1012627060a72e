"""Measure how optimizers of other packages run, and how fast.

    python benchmarks/foreign.py peers    # a table of the classes of torch.optim and, if installed, pytorch_optimizer
    python benchmarks/foreign.py speed    # the speed relative to a plain loop, and the largest difference

`benchmarks/foreign.md` holds the output of both.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import torch
from torch import Tensor, optim

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from peers import classes, libraries, outcome
from reference import context_at, stepper_of

from landscapes.objectives.decorators import function
from landscapes.optimizers import Torch
from landscapes.optimizers.stepper import StepContext
from landscapes.oracle import Oracle, value_and_gradient

STOCK = ("SGD", "Adagrad", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adadelta")
RUNS = (8192, 32768)


def valley(x: Tensor, y: Tensor) -> Tensor:
    """Rosenbrock's function."""
    return (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x)


def peers() -> None:
    """Print how each class is stepped."""
    rows = [(name, *outcome(name, cls)) for name, cls in classes().items()]
    versions = ", ".join(f"{name} {version(name.split('.')[0])}" for name in libraries())
    print(f"\n## Which optimizers run, and how they are stepped\n\n{versions}\n")
    for mode, count in Counter(mode for _, mode, _ in rows).most_common():
        print(f"- {count} {mode}")
    print("\n| optimizer | runs are stepped | why |\n|---|---|---|")
    for name, mode, why in rows:
        print(f"| {name} | {mode} | {why.replace('|', '/')[:200]} |")


def speed() -> None:
    """Print the CPU time of a run-step, including the gradient, relative to a plain loop over one optimizer object."""
    torch.set_default_dtype(torch.float64)  # the plain loops use double precision as well
    objective = function((-2, 2), (-1, 3))(valley)
    print("\n## Speed relative to a plain loop, with one learning rate per run\n")
    print("Rosenbrock's function in float64; CPU time of one thread, including gradients; medians of 5 rounds.\n")
    print(
        "| optimizer | plain loop, µs per step | "
        + " | ".join(f"{runs} runs: ratio, largest difference" for runs in RUNS)
        + " |"
    )
    print("|---|---|" + "---|" * len(RUNS))
    for name in STOCK:
        cls, cells = getattr(optim, name), []
        for runs in RUNS:
            rates = np.geomspace(1e-4, 1e-2, runs).tolist()
            first = Torch(cls, lr=rates[0])
            candidates = [first.with_settings({("lr",): rate}) for rate in rates]
            alive = torch.ones(runs, dtype=torch.bool)
            x = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (2, runs)))
            stepper, plain = stepper_of(candidates, x), Plain(cls)
            context = context_at(1, x, torch.ones_like(x), Oracle(objective, runs))
            stepper.step(context)  # includes the probe, which runs once
            stepper, oracle = stepper_of(candidates, x), Oracle(objective, runs)
            points, t = x, 0
            together: list[float] = []
            single: list[float] = []
            for _ in range(5):
                begin = process_time()
                for _ in range(32):
                    t += 1
                    value, gradient = value_and_gradient(objective, points)
                    points = stepper.step(StepContext(t, points, value, gradient, oracle, alive))
                together.append((process_time() - begin) / 32)
                single.append(plain.time(200))
            difference = max(
                float((points[:, i] - plain.run(x[:, i], rates[i], t)).abs().max()) for i in range(0, runs, runs // 7)
            )
            cells.append(f"{median(single) * runs / median(together):,.0f}×, {difference}")
        print(f"| {name} | {median(single) * 1e6:.0f} | {' | '.join(cells)} |", flush=True)


class Plain:
    """A plain loop over one point."""

    def __init__(self, cls: type[optim.Optimizer]) -> None:
        self.cls = cls

    def time(self, steps: int) -> float:
        begin = process_time()
        self.run(torch.tensor([-0.5, 0.5], dtype=torch.float64), 1e-3, steps)
        return (process_time() - begin) / steps

    def run(self, start: Tensor, rate: float, steps: int) -> Tensor:
        p = start.clone().requires_grad_()
        optimizer = self.cls([p], lr=rate)
        for _ in range(steps):
            optimizer.zero_grad()
            valley(*p).backward()
            optimizer.step()
        return p.detach()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for word in sys.argv[1:] or ("peers", "speed"):
        {"peers": peers, "speed": speed}[word]()
