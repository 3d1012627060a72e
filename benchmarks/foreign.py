"""Measure how optimizers of other packages run, and how fast.

    python benchmarks/foreign.py peers    # a table of the classes of torch.optim and, if installed, pytorch_optimizer
    python benchmarks/foreign.py speed    # the speed relative to a plain loop, and the largest difference
    python benchmarks/foreign.py floor    # what torch's own step takes of it, with one rate for all runs
    python benchmarks/foreign.py optax    # the cost of optax alone, under jit and vmap, and of Optax; needs JAX

`benchmarks/foreign.md` holds their output.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import torch
from torch import Tensor, optim

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from peers import classes, libraries, outcome
from reference import context_at, stepper_of

from landscapes import from_jax
from landscapes.engine import loop
from landscapes.objectives.decorators import function
from landscapes.optimizers import Optax, Torch
from landscapes.optimizers.stepper import StepContext
from landscapes.oracle import Oracle, value_and_gradient

STOCK = ("SGD", "Adagrad", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adadelta")
RUNS = (8192, 32768)
OPTAX = ("sgd", "rmsprop", "adam", "adabelief", "lion", "lamb", "novograd", "yogi")
OPTAX_RUNS, OPTAX_STEPS, COMPARED = 8192, 500, 20
WIDE = torch.tensor([[-1e6, 1e6]] * 2, dtype=torch.float64)


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


def floor() -> None:
    """Print how fast torch's Adam alone is on one parameter of all runs, relative to a plain loop.

    It has one learning rate, checks no run and records nothing, so that no adapter can be faster.
    """
    torch.set_default_dtype(torch.float64)
    print("\n## Adam alone, one learning rate for all runs\n")
    print(
        "| runs | plain loop, µs per step | step alone, ms | ratio | with gradients, ms | ratio |\n" + "|---" * 6 + "|"
    )
    plain = Plain(optim.Adam)
    for runs in RUNS:
        p = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (2, runs))).requires_grad_()
        optimizer = optim.Adam([p], lr=1e-3)
        seconds: dict[str, list[float]] = {"single": [], "step": [], "both": []}
        for _ in range(5):
            seconds["single"].append(plain.time(200))
            spent, begin = 0.0, process_time()
            for _ in range(200):
                optimizer.zero_grad()
                valley(*p).sum().backward()
                before = process_time()
                optimizer.step()
                spent += process_time() - before
            seconds["step"].append(spent / 200)
            seconds["both"].append((process_time() - begin) / 200)
        single, step, both = (median(each) for each in seconds.values())
        print(
            f"| {runs:,} | {single * 1e6:.0f} | {step * 1e3:.2f} | {single * runs / step:,.0f}× | {both * 1e3:.2f} | "
            f"{single * runs / both:,.0f}× |"
        )


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


def optax_speed() -> None:
    """Print the CPU time of a run-step of optax alone and of `Optax`, and how far the last points are apart."""
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    x, rates = np.random.default_rng(0).uniform(-1, 1, (2, OPTAX_RUNS)), np.geomspace(1e-5, 1e-3, OPTAX_RUNS)
    versions = ", ".join(f"{name} {version(name)}" for name in ("jax", "optax", "torch"))
    objectives = {"torch": function((-2, 2), (-1, 3))(valley), "JAX": from_jax(valley, [(-2, 2), (-1, 3)])}
    print(f"\n## Optax alone and as an optimizer here\n\n{versions}\n")
    print(
        f"Rosenbrock's function in float64, {OPTAX_RUNS:,} runs with one learning rate each, {OPTAX_STEPS} steps with "
        "their gradients; CPU nanoseconds per run-step, medians of 5 alternating rounds. Alone, optax is mapped by "
        "`jax.vmap` and compiled by `jax.jit`, with a call per step or with all steps in one `jax.lax.scan`. The last "
        f"column is the largest relative difference of points after {COMPARED} steps.\n"
    )
    ways = ["alone, per step", "alone, scan", *(f"here, function in {way}" for way in objectives)]
    print(f"| transformation | {' | '.join(ways)} | here ÷ alone, per step | difference |")
    print("|---" * (len(ways) + 3) + "|")
    for name in OPTAX:
        make = getattr(optax, name)

        def one(p: Any, state: Any, rate: Any, make: Any = make) -> Any:
            updates, state = make(rate).update(jax.grad(lambda q: valley(*q))(p), state, p)
            return optax.apply_updates(p, updates), state

        def whole(p: Any, rate: Any, one: Any = one, make: Any = make) -> Any:
            step = lambda carry, _: (one(*carry, rate), None)  # noqa: E731
            return jax.lax.scan(step, (p, make(rate).init(p)), None, length=OPTAX_STEPS)[0][0]

        start = jax.jit(jax.vmap(lambda p, rate, make=make: make(rate).init(p)))
        step, every = jax.jit(jax.vmap(one)), jax.jit(jax.vmap(whole))
        given = jax.numpy.asarray(x.T), jax.numpy.asarray(rates)
        ours = [Optax(make, learning_rate=rate) for rate in rates.tolist()]

        def alone(steps: int = OPTAX_STEPS, start: Any = start, step: Any = step, given: Any = given) -> Any:
            p, state = given[0], start(*given)
            for _ in range(steps):
                p, state = step(p, state, given[1])
            return np.asarray(p)

        def here(objective: Any, steps: int = OPTAX_STEPS, ours: Any = ours) -> Any:
            return loop.run(objective, ours, torch.from_numpy(x), steps, box=WIDE, record_steps="ends").x[:, -1]

        calls = [alone, lambda every=every, given=given: np.asarray(every(*given))]
        calls += [lambda of=of, here=here: here(of) for of in objectives.values()]
        for call in calls:
            call()  # compiles
        times: list[list[float]] = [[] for _ in calls]
        for _ in range(5):
            for call, own in zip(calls, times, strict=True):
                begin = process_time()
                call()
                own.append(process_time() - begin)
        costs = [median(own) / (OPTAX_RUNS * OPTAX_STEPS) * 1e9 for own in times]
        one_by_one = alone(COMPARED)
        ends = [here(objective, COMPARED) for objective in objectives.values()]
        apart = max(float(np.max(np.abs(end - one_by_one) / np.maximum(1, np.abs(one_by_one)))) for end in ends)
        cells = [*(f"{cost:.0f}" for cost in costs), f"{costs[2] / costs[0]:.1f}", f"{apart:.1e}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for word in sys.argv[1:] or ("peers", "speed"):
        {"peers": peers, "speed": speed, "floor": floor, "optax": optax_speed}[word]()
