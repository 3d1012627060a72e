"""What the engine is worth: run-steps a second of CPU time, one thread, beside a plain loop, JAX and a loop by hand.

    python benchmarks/engine.py                 # the table
    python benchmarks/engine.py --json FILE     # and its figures
    python benchmarks/engine.py --growth FILE   # cost against runs and steps, as a picture (png, pdf, svg)
    python benchmarks/engine.py --only compiled # the lanes whose names have this word, and the plain loop

JAX and optax come with `pip install "torch-landscapes[bench]"`; the loop by hand needs g++ and a processor with AVX-512.
All lanes take turns in one process, round by round, and the median counts, so that a busy machine slows all alike.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import ctypes
import json
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscapes import optimizers
from landscapes.engine import loop
from landscapes.engine.batch import Batch
from landscapes.engine.fast import tracing
from landscapes.engine.termination import Stop
from landscapes.functions import get
from landscapes.objectives.decorators import Function, function
from landscapes.optimizers import Optimizer, parse

HERE = Path(__file__).resolve().parent
ROSENBROCK = get("rosenbrock")
WIDE = torch.tensor([[-1e6, 1e6]] * 2, dtype=torch.float64)
RACERS = (
    "sgd(lr=1e-3)", "momentum(lr=2e-4)", "nesterov(lr=2e-4)", "adagrad(lr=0.1)", "adadelta(lr=1.0)",
    "rmsprop(lr=1e-3)", "adam(lr=1e-2)", "adamw(lr=1e-2)",
)  # fmt: skip
STOCK: tuple[tuple[type[torch.optim.Optimizer], dict[str, Any]], ...] = (
    (torch.optim.SGD, {"lr": 1e-3}),
    (torch.optim.SGD, {"lr": 2e-4, "momentum": 0.9}),
    (torch.optim.SGD, {"lr": 2e-4, "momentum": 0.9, "nesterov": True}),
    (torch.optim.Adagrad, {"lr": 0.1}),
    (torch.optim.Adadelta, {"lr": 1.0}),
    (torch.optim.RMSprop, {"lr": 1e-3}),
    (torch.optim.Adam, {"lr": 1e-2}),
    (torch.optim.AdamW, {"lr": 1e-2}),
)


@function((-5, 5), (-5, 5), start=(3, 2))
def own(x: Tensor, y: Tensor) -> Tensor:
    """A user's own: a bowl with waves."""
    return x**2 + 10 * y**2 + torch.sin(5 * x)


@dataclass(frozen=True)
class Lane:
    """One way to do it: its name, what does it once, and how many run-steps that is."""

    name: str
    go: Callable[[], object]
    run_steps: float


def plain(formula: Callable[[Tensor, Tensor], Tensor], cls: Any, settings: dict[str, Any], steps: int) -> list[Tensor]:
    """One run as anybody writes it, every point kept."""
    point = torch.tensor([-0.5, 0.7], dtype=torch.float64, requires_grad=True)
    optimizer = cls([point], **settings)
    path = [point.detach().clone()]
    for _ in range(steps):
        optimizer.zero_grad()
        x, y = point
        formula(x, y).backward()
        optimizer.step()
        path.append(point.detach().clone())
    return path


def valley(x: Tensor, y: Tensor) -> Tensor:
    """Rosenbrock's, as anybody writes it."""
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def starts(runs: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return (torch.rand((2, runs), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1).to(dtype)


def rates(runs: int) -> np.ndarray:
    return np.geomspace(1e-4, 1e-2, runs)


def batch(
    runs: int, steps: int, *, compiled: bool, landscape: Function = ROSENBROCK, optimizer: Optimizer | None = None,
    numbers: dict[str, np.ndarray] | None = None, dtype: torch.dtype = torch.float64, x: Tensor | None = None, **how: Any,
) -> loop.Paths:  # fmt: skip
    """The engine: Adam with a learning rate a run, unless said otherwise."""
    numbers = {"lr": rates(runs)} if numbers is None else numbers
    many = Batch(optimizers.Adam() if optimizer is None else optimizer, runs, numbers)
    x = starts(runs, dtype) if x is None else x
    return loop.run(landscape, many, x, steps, **{"box": WIDE, "record_steps": "ends", "compiled": compiled, **how})


def lanes(folder: Path) -> list[Lane]:
    """All lanes; a peer that is not to be had says why."""
    found = [Lane("plain loop", lambda: plain(valley, torch.optim.Adam, {"lr": 1e-3}, 300), 300)]

    def add(name: str, runs: int, steps: int, **how: Any) -> None:
        found.append(Lane(name, lambda: batch(runs, steps, **how), runs * steps))

    add("eager, 8,192 runs", 8192, 1000, compiled=False)
    add("eager, 32,768 runs", 32768, 300, compiled=False)
    add("compiled, ends kept", 8192, 1000, compiled=True)
    add("compiled, float32", 8192, 1000, compiled=True, dtype=torch.float32)
    add("compiled, converged runs looked for", 8192, 1000, compiled=True, stop=Stop(gtol=1e-9))
    add("own function, plain", 0, 0, compiled=False)
    found[-1] = Lane("own function, plain", lambda: plain(own.formula, torch.optim.Adam, {"lr": 1e-3}, 300), 300)
    add("own function, eager, 32,768 runs", 32768, 300, compiled=False, landscape=own)
    add("own function, compiled", 8192, 1000, compiled=True, landscape=own)

    files: dict[str, np.ndarray] = {}

    def mapped(name: str, shape: tuple[int, ...]) -> np.ndarray | None:
        """Room for points in a file that is there already: finding pages for a new one is the file system's time."""
        if name == "value":
            return None
        if name not in files:
            files[name] = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float64, shape)
            files[name][:] = 0.0
        return files[name]

    add("compiled, 65,536 runs, ends kept", 65536, 1000, compiled=True)
    add("compiled, 65,536 runs, every 4th point in a file", 65536, 1000, compiled=True, record_steps=4, room=mapped)
    found.append(Lane("small race, plain", lambda: [plain(valley, *one, 500) for one in STOCK], 8 * 500))
    racers = [parse(name)[0] for name in RACERS]
    begin = torch.tensor([-0.5, 0.7], dtype=torch.float64)[:, None].repeat(1, 8)

    def small() -> None:
        loop.run(ROSENBROCK, racers, begin, 500, box=WIDE)

    fresh = count(1)

    def small_anew() -> None:  # with a view of its own, nothing is known of its formula
        (low, high), other = ROSENBROCK.view
        function = ROSENBROCK.with_view([(low - 1e-6 * next(fresh), high), other])
        loop.run(function, racers, begin, 500, box=WIDE)

    for _ in range(tracing.OFTEN // 500 + 1):
        small()
    found.append(Lane("small race, as the first in a process", small_anew, 8 * 500))
    found.append(Lane("small race, after some others", lambda: [small() for _ in range(10)], 80 * 500))
    for word, compiled in (("eager", False), ("compiled", True)):
        found.append(
            Lane(f"8 × 256 × 64 runs, 1,000 steps, {word}", lambda c=compiled: sweep(racers, c), 8 * 2**14 * 1000)
        )
    side = torch.linspace(-6, 6, 1024, dtype=torch.float64)
    pixels = torch.stack(torch.meshgrid(side, side, indexing="xy")).flatten(1)
    add(
        "basins, 1024 × 1024 starts, 500 steps", 2**20, 500, compiled=True, landscape=get("himmelblau"),
        optimizer=optimizers.Adam(lr=0.1), numbers={}, x=pixels, stop=Stop(gtol=1e-6),
    )  # fmt: skip
    stock = [optimizers.Torch(torch.optim.Adam, lr=lr) for lr in rates(8192).tolist()]
    x = starts(8192)
    found.append(
        Lane(
            "optimizers.Torch(Adam), a rate a run",
            lambda: loop.run(ROSENBROCK, stock, x, 500, box=WIDE, record_steps="ends"),
            8192 * 500,
        )
    )
    for peer in (jax_lanes, hand_lanes):
        try:
            found += peer(folder)
        except Exception as error:
            print(
                f"left out: {peer.__name__.split('_')[0]}: {type(error).__name__}: {error}".splitlines()[0],
                file=sys.stderr,
            )
    return found


def sweep(racers: list[Optimizer], compiled: bool) -> None:
    """256 rates of each of the eight from 64 starts."""
    factors = np.repeat(np.geomspace(0.01, 3, 256), 64)
    x = starts(64).repeat(1, 256)
    for optimizer in racers:
        batch(2**14, 1000, compiled=compiled, optimizer=optimizer, numbers={"lr": optimizer.rate * factors}, x=x)


def jax_lanes(_: Path) -> list[Lane]:
    """JAX and optax: vmap over runs, scan over steps, jit."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import optax

    def one(point: Any, rate: Any) -> Any:
        optimizer = optax.adam(rate)

        def step(carry: Any, _: Any) -> Any:
            p, state = carry
            slope = jax.grad(lambda q: (1 - q[0]) ** 2 + 100 * (q[1] - q[0] * q[0]) ** 2)(p)
            update, state = optimizer.update(slope, state, p)
            return (optax.apply_updates(p, update), state), None

        (end, _), _ = jax.lax.scan(step, (point, optimizer.init(point)), None, length=1000)
        return end

    many = jax.jit(jax.vmap(one))
    made = []
    for word, kind in (("float64", jnp.float64), ("float32", jnp.float32)):
        x, lr = jnp.asarray(starts(8192).T.numpy(), dtype=kind), jnp.asarray(rates(8192), dtype=kind)
        made.append(Lane(f"JAX + optax, {word}", lambda x=x, lr=lr: jax.block_until_ready(many(x, lr)), 8192 * 1000))
    return made


def hand_lanes(folder: Path) -> list[Lane]:
    """The loop by hand, in C++ with AVX-512."""
    library = folder / "adam.so"
    flags = ["-O3", "-march=native", "-mprefer-vector-width=512", "-fopenmp-simd", "-ffast-math", "-shared", "-fPIC"]
    subprocess.run(["g++", *flags, str(HERE / "adam.cpp"), "-o", str(library)], check=True, capture_output=True)
    if "avx512f" not in Path("/proc/cpuinfo").read_text():
        raise OSError("this processor has no AVX-512")
    loaded = ctypes.CDLL(str(library))
    made = []
    for word, kind in (("f64", np.float64), ("f32", np.float32)):
        x, lr = starts(8192).numpy().astype(kind), rates(8192).astype(kind)
        call = getattr(loaded, f"adam_{word}")
        call.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 2

        def go(call: Any = call, x: np.ndarray = x, lr: np.ndarray = lr) -> None:
            here = x.copy()
            call(here[0].ctypes.data, here[1].ctypes.data, lr.ctypes.data, 8192, 1000)

        made.append(Lane(f"by hand, AVX-512, {word}", go, 8192 * 1000))
    return made


def measured(field: list[Lane], rounds: int) -> dict[str, float]:
    """Run-steps a second of each lane, in CPU time: the median of rounds in which all take turns."""
    for lane in field:
        lane.go()  # compiles, fills caches
    times: dict[str, list[float]] = {lane.name: [] for lane in field}
    for _ in range(rounds):
        for lane in field:
            begin = process_time()
            lane.go()
            times[lane.name].append(process_time() - begin)
    return {lane.name: lane.run_steps / median(times[lane.name]) for lane in field}


BARS: tuple[tuple[str, str, str, float], ...] = (
    ("eager, 32,768 runs", "plain loop", "≥", 8000),
    ("eager, 8,192 runs", "plain loop", "≥", 4500),
    ("compiled, ends kept", "plain loop", "≥", 60000),
    ("compiled, ends kept", "JAX + optax, float64", "≥", 1.5),
    ("compiled, ends kept", "by hand, AVX-512, f64", "≥", 0.45),
    ("compiled, 65,536 runs, ends kept", "compiled, 65,536 runs, every 4th point in a file", "≤", 1.35),
    ("compiled, float32", "plain loop", "≥", 80000),
    ("compiled, ends kept", "compiled, converged runs looked for", "≤", 1.1),
    ("small race, after some others", "small race, plain", "≥", 6),
    ("8 × 256 × 64 runs, 1,000 steps, eager", "small race, plain", "≥", 4500),
    ("8 × 256 × 64 runs, 1,000 steps, compiled", "small race, plain", "≥", 60000),
    ("optimizers.Torch(Adam), a rate a run", "plain loop", "≥", 3000),
    ("own function, eager, 32,768 runs", "own function, plain", "≥", 4000),
    ("own function, compiled", "own function, plain", "≥", 30000),
)
"""What is held against what, and the ratio of their speeds to keep."""


def report(speeds: dict[str, float]) -> str:
    """The lanes and the bars, as Markdown."""
    lines = ["| lane | million run-steps a CPU-second | against the plain loop |", "|---|---|---|"]
    lines += [
        f"| {name} | {speed / 1e6:.3g} | {speed / speeds['plain loop']:,.3g}× |" for name, speed in speeds.items()
    ]
    lines += ["", "| of | to | ratio | to hold |", "|---|---|---|---|"]
    for of, to, sense, bar in BARS:
        if of in speeds and to in speeds:
            lines.append(f"| {of} | {to} | {speeds[of] / speeds[to]:,.4g} | {sense} {bar:,g} |")
    basins = speeds.get("basins, 1024 × 1024 starts, 500 steps")
    if basins:
        lines.append(f"\nThe map of basins takes {2**20 * 500 / basins:.2f} CPU-seconds (to hold: 4).")
    return "\n".join(lines)


def growth(path: Path, most: int) -> None:
    """Draws the cost of a run-step against how many runs and how many steps there are."""
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained", sharey=True)
    for word, compiled, color in (("eager", False, "C0"), ("compiled", True, "C1")):
        for axis, sizes in (
            (left, [(10**k, 100) for k in range(2, most + 1)]),
            (right, [(8192, 8 * 2**k) for k in range(1, 11)]),
        ):
            costs = []
            for runs, steps in sizes:
                batch(min(runs, 8192), 16, compiled=compiled)
                times = []
                for _ in range(3 if runs * steps < 1e8 else 1):
                    begin = process_time()
                    batch(runs, steps, compiled=compiled)
                    times.append(process_time() - begin)
                costs.append(median(times) / (runs * steps) * 1e9)
                print(f"{word}: {runs:,} runs, {steps:,} steps: {costs[-1]:.3g} ns a run-step", flush=True)
            axis.plot([runs if axis is left else steps for runs, steps in sizes], costs, "o-", color=color, label=word)
    left.set(xlabel="runs, of 100 steps each", ylabel="CPU nanoseconds a run-step", xscale="log", yscale="log")
    right.set(xlabel="steps, of 8,192 runs", xscale="log")
    right.legend()
    fig.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--growth", type=Path)
    parser.add_argument("--most", type=int, default=7, help="up to 10 to this power runs for --growth")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.growth:
        growth(args.growth, args.most)
        return
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        field = [lane for lane in lanes(Path(folder)) if lane.name == "plain loop" or args.only in lane.name]
        speeds = measured(field, args.rounds)
    versions = {"python": platform.python_version()}
    for name in ("torch", "numpy", "jax", "optax"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "none"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    print(
        f"one thread, load {load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end, peak memory {peak:.0f} MiB\n"
    )
    print(report(speeds))
    if args.json:
        args.json.write_text(
            json.dumps({"versions": versions, "load": load, "run_steps_a_second": speeds}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
