"""Measure the engine's speed in run-steps per CPU second, relative to a plain loop, JAX and a hand-written loop.

    python benchmarks/engine.py                 # print the table
    python benchmarks/engine.py --json FILE     # also write the figures
    python benchmarks/engine.py --growth FILE   # plot the cost against the numbers of runs and steps (png, pdf, svg)
    python benchmarks/engine.py --only compiled # only cases whose names match a pattern, and the plain loop
    python benchmarks/engine.py --avx2          # as on a processor without AVX-512
    python benchmarks/engine.py --page A B      # write the tables of engine.md from the files of --json, without --avx2
                                                # and with it

`pip install "torch-landscapes[bench]"` installs JAX and optax. The hand-written loop requires g++. All cases alternate
in one process, and each figure is the median over rounds, so other load on the machine slows all cases equally.

The process keeps to one processor. Where XLA sees two, its thread pool hands each step of a scan from thread to thread,
700 times per call, and JAX takes twice the CPU time in float64: 120 instead of 250 million run-steps per second.

`--avx2` restricts torch and its compiled kernels (ATEN_CPU_CAPABILITY=avx2), JAX (--xla_cpu_max_isa=AVX2) and the
hand-written loop (-march=x86-64-v3) to vectors of 256 bits. Only a processor with AVX-512 needs it.
"""

from __future__ import annotations

import os
import sys
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
os.environ.update(  # torch's cache of compiled code does not distinguish processors
    {
        "ATEN_CPU_CAPABILITY": "avx2",
        "TORCHINDUCTOR_CACHE_DIR": os.path.join(tempfile.gettempdir(), "torchinductor_avx2"),
    }
    if "--avx2" in sys.argv
    else {}
)
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    + (" --xla_cpu_max_isa=AVX2" if "--avx2" in sys.argv else ""),
)

import argparse
import ctypes
import json
import platform
import re
import resource
import subprocess
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
from engine_page import BASINS, DECAYS, page, processor, report
from torch import Tensor

from landscapes import optimizers
from landscapes.engine import loop
from landscapes.engine.batch import Batch, BatchResult
from landscapes.engine.fast import tracing
from landscapes.engine.termination import Stop
from landscapes.functions import get
from landscapes.objectives.decorators import Function, function
from landscapes.optimizers import Optimizer, parse

HERE = Path(__file__).resolve().parent
ROSENBROCK = get("rosenbrock")
WIDE = torch.tensor([[-1e6, 1e6]] * 2, dtype=torch.float64)
OPTIMIZERS = (
    "sgd(lr=1e-3)",
    "momentum(lr=2e-4)",
    "nesterov(lr=2e-4)",
    "adagrad(lr=0.1)",
    "adadelta(lr=1.0)",
    "rmsprop(lr=1e-3)",
    "adam(lr=1e-2)",
    "adamw(lr=1e-2)",
)
TORCH_OPTIMIZERS: tuple[tuple[type[torch.optim.Optimizer], dict[str, Any]], ...] = (
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
def custom(x: Tensor, y: Tensor) -> Tensor:
    """A custom function: a bowl with waves."""
    return x**2 + 10 * y**2 + torch.sin(5 * x)


@dataclass(frozen=True)
class Case:
    """A case: its name, a callable that runs it once, and its number of run-steps."""

    name: str
    go: Callable[[], object]
    run_steps: float


def plain(formula: Callable[[Tensor, Tensor], Tensor], cls: Any, settings: dict[str, Any], steps: int) -> list[Tensor]:
    """Run one optimizer in a plain torch loop and record every point."""
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
    """Rosenbrock's function in plain torch operations."""
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def starts(runs: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return (torch.rand((2, runs), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1).to(dtype)


def rates(runs: int) -> np.ndarray:
    return np.geomspace(1e-4, 1e-2, runs)


def batch(
    runs: int,
    steps: int,
    *,
    compiled: bool,
    function: Function = ROSENBROCK,
    optimizer: Optimizer | None = None,
    numbers: dict[str, np.ndarray] | None = None,
    dtype: torch.dtype = torch.float64,
    x: Tensor | None = None,
    **how: Any,
) -> BatchResult:
    """Run the engine; by default Adam with one learning rate per run."""
    numbers = {"lr": rates(runs)} if numbers is None else numbers
    many = Batch(optimizers.Adam() if optimizer is None else optimizer, runs, numbers)
    x = starts(runs, dtype) if x is None else x
    return loop.run(function, many, x, steps, **{"box": WIDE, "record_steps": "ends", "compiled": compiled, **how})


def cases(folder: Path) -> list[Case]:
    """Return all cases. A peer that is not available prints the reason."""
    found = [Case("plain loop", lambda: plain(valley, torch.optim.Adam, {"lr": 1e-3}, 300), 300)]

    def add(name: str, runs: int, steps: int, **how: Any) -> None:
        how = {"numbers": {"lr": rates(runs)}, "x": starts(runs, how.get("dtype", torch.float64)), **how}  # as for JAX
        found.append(Case(name, lambda: batch(runs, steps, **how), runs * steps))

    add("eager, 8,192 runs", 8192, 1000, compiled=False)
    add("eager, 32,768 runs", 32768, 300, compiled=False)
    add("compiled, final points", 8192, 1000, compiled=True)
    add("compiled, float32", 8192, 1000, compiled=True, dtype=torch.float32)
    add("compiled, with convergence checks", 8192, 1000, compiled=True, stop=Stop(gtol=1e-9))
    add("custom function, plain", 0, 0, compiled=False)
    found[-1] = Case("custom function, plain", lambda: plain(custom.formula, torch.optim.Adam, {"lr": 1e-3}, 300), 300)
    add("custom function, eager, 32,768 runs", 32768, 300, compiled=False, function=custom)
    add("custom function, compiled", 8192, 1000, compiled=True, function=custom)

    files: dict[str, np.ndarray] = {}

    def mapped(name: str, shape: tuple[int, ...]) -> np.ndarray | None:
        """Return an array in an existing file, because allocating a new file would measure the file system."""
        if name == "loss":
            return None
        if name not in files:
            files[name] = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float64, shape)
            files[name][:] = 0.0
        return files[name]

    add("compiled, 65,536 runs, final points", 65536, 1000, compiled=True)
    add("compiled, 65,536 runs, every 4th point to a file", 65536, 1000, compiled=True, record_steps=4, allocate=mapped)
    found.append(Case("small race, plain", lambda: [plain(valley, *one, 500) for one in TORCH_OPTIMIZERS], 8 * 500))
    eight = [parse(name)[0] for name in OPTIMIZERS]
    begin = torch.tensor([-0.5, 0.7], dtype=torch.float64)[:, None].repeat(1, 8)

    def small() -> None:
        loop.run(ROSENBROCK, eight, begin, 500, box=WIDE)

    fresh = count(1)

    def small_anew() -> None:  # a new view invalidates the traced formula
        (low, high), other = ROSENBROCK.view
        function = ROSENBROCK.with_view([(low - 1e-6 * next(fresh), high), other])
        loop.run(function, eight, begin, 500, box=WIDE)

    for _ in range(tracing.MIN_GRADIENTS // 500 + 1):
        small()
    found.append(Case("small race, formula not traced", small_anew, 8 * 500))
    found.append(Case("small race, after others", lambda: [small() for _ in range(10)], 80 * 500))
    found.append(Case(DECAYS, decays, 2**16 * 1000))
    found.append(Case("8,192 pairs of decays, compiled", distinct_decays, 8192 * 1000))
    for word, compiled in (("eager", False), ("compiled", True)):
        found.append(
            Case(f"8 × 256 × 64 runs, 1,000 steps, {word}", lambda c=compiled: sweep(eight, c), 8 * 2**14 * 1000)
        )
    side = torch.linspace(-6, 6, 1024, dtype=torch.float64)
    pixels = torch.stack(torch.meshgrid(side, side, indexing="xy")).flatten(1)
    add(
        BASINS,
        2**20,
        500,
        compiled=True,
        function=get("himmelblau"),
        optimizer=optimizers.Adam(lr=0.1),
        numbers={},
        x=pixels,
        stop=Stop(gtol=1e-6),
    )
    for runs in (8192, 32768):
        stock, x = [optimizers.Torch(torch.optim.Adam, lr=lr) for lr in rates(runs).tolist()], starts(runs)

        def foreign(stock: list[Optimizer] = stock, x: Tensor = x) -> None:
            loop.run(ROSENBROCK, stock, x, 500, box=WIDE, record_steps="ends")

        found.append(Case(f"optimizers.Torch(Adam), one rate per run, {runs:,} runs", foreign, runs * 500))
    for peer in (jax_cases, hand_written_cases):
        try:
            found += peer(folder)
        except Exception as error:
            print(
                f"skipped: {peer.__name__.split('_')[0]}: {type(error).__name__}: {error}".splitlines()[0],
                file=sys.stderr,
            )
    return found


def sweep(eight: list[Optimizer], compiled: bool) -> None:
    """Run each of the eight optimizers with 256 rates from 64 starts."""
    factors = np.repeat(np.geomspace(0.01, 3, 256), 64)
    x = starts(64).repeat(1, 256)
    for optimizer in eight:
        batch(
            2**14, 1000, compiled=compiled, optimizer=optimizer, numbers={"lr": optimizer.learning_rate * factors}, x=x
        )


def decays() -> None:
    """Run Adam with each pair of 64 × 64 decays from 16 starts."""
    beta1 = np.linspace(0.5, 0.99, 64).repeat(64 * 16)
    beta2 = np.tile((1 - np.geomspace(1e-4, 0.1, 64)).repeat(16), 64)
    numbers = {"beta1": beta1, "beta2": beta2}
    batch(2**16, 1000, compiled=True, optimizer=optimizers.Adam(lr=1e-2), numbers=numbers, x=starts(16).repeat(1, 4096))


def distinct_decays() -> None:
    """Run Adam with a pair of decays of its own for each run."""
    numbers = {"beta1": np.linspace(0.5, 0.99, 8192), "beta2": 1 - np.geomspace(1e-4, 0.1, 8192)}
    batch(8192, 1000, compiled=True, optimizer=optimizers.Adam(lr=1e-2), numbers=numbers)


def jax_cases(_: Path) -> list[Case]:
    """Return the cases of JAX and optax: vmap over runs, scan over steps, jit."""
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
        made.append(Case(f"JAX + optax, {word}", lambda x=x, lr=lr: jax.block_until_ready(many(x, lr)), 8192 * 1000))
    return made


def hand_written_cases(folder: Path) -> list[Case]:
    """Return the cases of the hand-written loop, in C++, with the widest vectors that may be used."""
    library = folder / "adam.so"
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
    target = ["-march=native", "-mprefer-vector-width=512"] if wide else ["-march=x86-64-v3", "-DLANES=8"]
    flags = ["-O3", *target, "-fopenmp-simd", "-ffast-math", "-shared", "-fPIC"]
    subprocess.run(["g++", *flags, str(HERE / "adam.cpp"), "-o", str(library)], check=True, capture_output=True)
    loaded = ctypes.CDLL(str(library))
    made = []
    for word, kind in (("f64", np.float64), ("f32", np.float32)):
        x, lr = starts(8192).numpy().astype(kind), rates(8192).astype(kind)
        call = getattr(loaded, f"adam_{word}")
        call.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 2

        def go(call: Any = call, x: np.ndarray = x, lr: np.ndarray = lr) -> None:
            here = x.copy()
            call(here[0].ctypes.data, here[1].ctypes.data, lr.ctypes.data, 8192, 1000)

        made.append(Case(f"hand-written, {word}", go, 8192 * 1000))
    return made


def measure(cases: list[Case], rounds: int) -> dict[str, float]:
    """Return run-steps per CPU second of each case: the median over rounds in which all cases alternate."""
    for case in cases:
        case.go()  # compiles, fills caches
    times: dict[str, list[float]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            begin = process_time()
            case.go()
            times[case.name].append(process_time() - begin)
    return {case.name: case.run_steps / median(times[case.name]) for case in cases}


def growth(path: Path, most: int) -> None:
    """Plot the cost of a run-step against the number of runs and the number of steps."""
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
                print(f"{word}: {runs:,} runs, {steps:,} steps: {costs[-1]:.3g} ns per run-step", flush=True)
            axis.plot([runs if axis is left else steps for runs, steps in sizes], costs, "o-", color=color, label=word)
    left.set(xlabel="runs, of 100 steps each", ylabel="CPU nanoseconds per run-step", xscale="log", yscale="log")
    right.set(xlabel="steps, of 8,192 runs", xscale="log")
    right.legend()
    fig.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--avx2", action="store_true", help="vectors of 256 bits")
    parser.add_argument("--page", type=Path, nargs=2, metavar="FILE")
    parser.add_argument("--growth", type=Path)
    parser.add_argument("--most", type=int, default=7, help="--growth measures up to 10**MOST runs")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.page:
        print(page(args.page))
        return
    if args.growth:
        growth(args.growth, args.most)
        return
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        chosen = [case for case in cases(Path(folder)) if case.name == "plain loop" or re.search(args.only, case.name)]
        speeds = measure(chosen, args.rounds)
    versions = {"python": platform.python_version()}
    for name in ("torch", "numpy", "jax", "optax"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "none"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    end = os.getloadavg()[0]
    isa = torch.backends.cpu.get_cpu_capability()
    print(f"{processor()}; {isa}, one thread of one processor")
    print(f"load {load:.1f} at the start and {end:.1f} at the end, peak memory {peak:.0f} MiB\n")
    print(report(speeds, isa))
    if args.json:
        args.json.write_text(
            json.dumps({"versions": versions, "load": load, "run_steps_per_second": speeds}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
