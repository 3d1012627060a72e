"""Measure the engine on a GPU: speed, roofline, memory, and equality with the CPU.

    python benchmarks/gpu.py                               # print the tables as Markdown
    python benchmarks/gpu.py --json FILE --markdown FILE   # write the figures and the tables
    python benchmarks/gpu.py --device cpu --small          # a small run of the same cases, to try the script

It takes less than four minutes: what no longer fits is left out, and named. All figures are wall times between two
synchronizations of the device, medians of up to five rounds. The script fails if a result differs from the CPU's.

Flops and bytes per run-step are counted, not measured: one call of eight steps is run on the CPU, and each operation
counts its arithmetic (`FLOPS`) and the bytes of all tensors that it reads and writes. The roofline is the smaller of
the arithmetic and the memory limit at that intensity; both limits are measured on the device.

The engine compiles its steps on the CPU only, so on a GPU all its cases are uncompiled. What compiling could give
there is measured with eight steps of Adam written out (`eight_steps`), which `torch.compile` turns into one kernel.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

import landscapes
from landscapes import Range, optimizers
from landscapes.engine import loop
from landscapes.engine.batch import Batch, BatchResult
from landscapes.engine.fast import kernels
from landscapes.engine.fast.kernels import CHUNK_STEPS, BatchState, EagerKernel, Limits
from landscapes.engine.fast.tracing import trace
from landscapes.engine.grouping import Group
from landscapes.engine.termination import Stop
from landscapes.functions import get
from landscapes.optimizers import Optimizer, parse

SECONDS = 220.0
"""The time after which no further case begins."""

ROUNDS, ROUND_SECONDS = 5, 5.0
"""The most rounds of a case, and the time after which none of them begins."""

EQUAL = 1e-12
"""The largest difference between devices after `EQUAL_STEPS` steps in float64, relative to the larger of 1 and |x|."""

EQUAL_STEPS = 20

FLOPS = {
    "add": 1, "sub": 1, "rsub": 1, "mul": 1, "div": 1, "reciprocal": 1, "sqrt": 1, "neg": 1, "abs": 1, "pow": 1,
    "exp": 1, "log": 1, "sin": 1, "cos": 1, "tanh": 1, "maximum": 1, "minimum": 1, "clamp": 1, "sign": 1,
    "addcmul": 2, "addcdiv": 2, "lerp": 3,
}  # fmt: skip
"""Arithmetic per element of the result; functions count as one, comparisons and selections as none."""

MOVES = ("view", "expand", "unbind", "select", "slice", "unsqueeze", "squeeze", "split", "detach", "alias", "t")
"""Operations that return a view and move nothing."""

EIGHT = (
    "sgd(lr=1e-3)", "momentum(lr=2e-4)", "nesterov(lr=2e-4)", "adagrad(lr=0.1)", "adadelta(lr=1.0)",
    "rmsprop(lr=1e-3)", "adam(lr=1e-2)", "adamw(lr=1e-2)",
)  # fmt: skip
WIDE = torch.tensor([[-1e6, 1e6]] * 2, dtype=torch.float64)


@dataclass(frozen=True)
class Sizes:
    """How much is measured: numbers of runs, steps, pixels per side, and lengths of vectors."""

    runs: tuple[int, ...] = (2**13, 2**15, 2**20)
    steps: int = 200
    blocks: tuple[int, ...] = (2**15, 2**17, 2**19, 2**21)
    rates: int = 256
    starts: int = 64
    sweep_steps: int = 1000
    race_steps: int = 500
    pixels: tuple[int, ...] = (4096, 2048, 1024)
    trial_pixels: int = 512
    basin_steps: int = 100
    vector: int = 2**27
    matrix: int = 8192
    functions: tuple[str, ...] = ("rosenbrock", "himmelblau", "beale", "rastrigin", "ackley")
    compiled_runs: int = 2**20


SMALL = Sizes((256,), 8, (256,), 8, 2, 8, 8, (8,), 4, 8, 2**14, 64, ("rosenbrock",), compiled_runs=0)


@dataclass(frozen=True)
class Figure:
    """A measured case: seconds, run-steps per second, peak memory in MiB (NaN on the CPU), and its roofline."""

    name: str
    seconds: float
    run_steps_per_second: float
    peak_mib: float
    flops: float | None = None
    bytes: float | None = None
    roofline_share: float | None = None


class Counter(TorchDispatchMode):
    """Counts the flops and the bytes of the operations within a block."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = self.bytes = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        name = function.overloadpacket.__name__
        if name.lstrip("_") in MOVES:
            return result
        made = [one for one in (result if isinstance(result, tuple | list) else [result]) if isinstance(one, Tensor)]
        read = [one for one in torch.utils._pytree.tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        self.bytes += sum(one.numel() * one.element_size() for one in (*read, *made))
        self.flops += FLOPS.get(name.rstrip("_"), 0) * sum(one.numel() for one in made)
        return result


def counted(optimizer: Optimizer, dtype: torch.dtype, name: str = "rosenbrock") -> tuple[float, float]:
    """Return flops and bytes per run-step of an optimizer with one learning rate per run."""
    function, runs = get(name), 512
    x = starts(runs, dtype, "cpu")
    group = Group(np.arange(runs), optimizer, {"lr": rates(runs)})  # type: ignore[arg-type]
    kernel = EagerKernel(function, Limits.of(WIDE.to(dtype), None, function), trace(function, x), 0)
    state = BatchState.start(x, group.optimizer)
    with torch.no_grad(), Counter() as counter:
        kernel.advance(state, group.run_coefs(np.arange(runs), x), 0, CHUNK_STEPS)
    return counter.flops / (runs * CHUNK_STEPS), counter.bytes / (runs * CHUNK_STEPS)


def starts(runs: int, dtype: torch.dtype, device: str) -> Tensor:
    x = torch.rand((2, runs), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    return x.to(device, dtype)


def rates(runs: int) -> np.ndarray:
    return np.geomspace(1e-4, 1e-2, runs)


def batch(runs: int, steps: int, device: str, dtype: torch.dtype = torch.float64, **how: Any) -> BatchResult:
    """Run Adam on Rosenbrock's function with one learning rate per run."""
    many = Batch(optimizers.Adam(), runs, {"lr": rates(runs)})
    how = {"box": WIDE, "record_steps": "ends", "compiled": None, **how}
    return loop.run(get("rosenbrock"), many, starts(runs, dtype, device), steps, **how)


def eight_steps(*given: Tensor) -> tuple[Tensor, ...]:
    """Take eight steps of Adam on Rosenbrock's function.

    Args:
        given: x, y, first and second moments of both, learning rates, each (R,), and the table of corrections (8, 2).
    """
    x, y, m, n, v, w, lr, table = given
    for k in range(CHUNK_STEPS):
        slope, rest = y - x * x, 1 - x
        a, b = -2 * rest - 400 * x * slope, 200 * slope
        m, n = m + 0.1 * (a - m), n + 0.1 * (b - n)
        v, w = 0.999 * v + 0.001 * (a * a), 0.999 * w + 0.001 * (b * b)
        step = lr * table[k, 0]
        x = x - step * (m / (v.sqrt() * table[k, 1] + 1e-8))
        y = y - step * (n / (w.sqrt() * table[k, 1] + 1e-8))
    return x, y, m, n, v, w


def measure_compiled(bench: Bench, runs: int) -> None:
    """Measure `eight_steps` as one compiled kernel; its bytes are those of what it takes and returns."""
    t = torch.arange(1, CHUNK_STEPS + 1, dtype=torch.float64)
    for dtype in (torch.float64, torch.float32):
        word = str(dtype).removeprefix("torch.")
        name = f"eight steps in one compiled kernel, {word}, {runs:,} runs (not the engine)"
        if bench.left <= 0:  # compiling takes long
            bench.left_out.append(name)
            continue
        table = torch.stack([1 / (1 - 0.9**t), (1 - 0.999**t).rsqrt()], 1).to(bench.device, dtype)
        x, y = starts(runs, dtype, bench.device)
        lr = torch.as_tensor(rates(runs), dtype=dtype, device=bench.device)
        arrays = [x, y, *(torch.zeros_like(x) for _ in range(4)), lr]
        few = [one[:8].cpu() for one in arrays]
        with Counter() as counter:
            eight_steps(*few, table.cpu())
        per_step = counter.flops / (8 * CHUNK_STEPS), 13 * x.element_size() / CHUNK_STEPS
        try:
            compiled = torch.compile(eight_steps, dynamic=False)
            compiled(*arrays, table)
        except Exception as error:  # a compiler may be missing; the other cases need none
            bench.left_out.append(f"{name}: {type(error).__name__}")
            continue
        go = lambda compiled=compiled, arrays=arrays, table=table: compiled(*arrays, table)  # noqa: E731
        bench.case(name, go, runs * CHUNK_STEPS, per_step, dtype)


class Bench:
    """Measures cases on a device until the time is over.

    Attributes:
        figures: the measured cases.
        left_out: names of the cases that no longer fitted.
    """

    def __init__(self, device: str, seconds: float) -> None:
        self.device, self.begin, self.limit = device, perf_counter(), seconds
        self.cuda = torch.device(device).type == "cuda"
        self.limits: dict[str, float] = {}
        self.figures: list[Figure] = []
        self.left_out: list[str] = []

    @property
    def left(self) -> float:
        return self.limit - (perf_counter() - self.begin)

    def synchronize(self) -> None:
        if self.cuda:
            torch.cuda.synchronize(self.device)

    def seconds(self, go: Callable[[], object], *, warm: bool = True, rounds: int = ROUNDS) -> float:
        """Return the median time of a call."""
        if warm:
            go()
        times: list[float] = []
        while len(times) < rounds and sum(times) < ROUND_SECONDS:
            self.synchronize()
            begin = perf_counter()
            go()
            self.synchronize()
            times.append(perf_counter() - begin)
        return median(times)

    def case(
        self, name: str, go: Callable[[], object], run_steps: float, counts: tuple[float, float] | None = None,
        dtype: torch.dtype = torch.float64, **how: Any,
    ) -> None:  # fmt: skip
        """Measure a case, unless the time is over."""
        if self.left <= 0:
            self.left_out.append(name)
            return
        if self.cuda:
            torch.cuda.reset_peak_memory_stats(self.device)
        seconds = self.seconds(go, **how)
        peak = torch.cuda.max_memory_allocated(self.device) / 2**20 if self.cuda else float("nan")
        speed = run_steps / seconds
        if counts is None:
            self.figures.append(Figure(name, seconds, speed, peak))
            return
        flops, size = counts
        word = str(dtype).removeprefix("torch.")
        roof = min(self.limits[f"{word} flops/s"] / flops, self.limits["bytes/s"] / size)
        self.figures.append(Figure(name, seconds, speed, peak, flops, size, speed / roof))

    def measure_limits(self, sizes: Sizes) -> None:
        """Measure the bandwidth by a sum of two vectors, and the arithmetic by a product of two matrices."""
        vectors = [torch.ones(sizes.vector, device=self.device, dtype=torch.float64) for _ in range(3)]
        self.limits["bytes/s"] = 24 * sizes.vector / self.seconds(lambda: torch.add(*vectors[:2], out=vectors[2]))
        vectors.clear()
        n = sizes.matrix
        for dtype in (torch.float64, torch.float32):
            left, out = (torch.ones(n, n, device=self.device, dtype=dtype) for _ in range(2))
            word = str(dtype).removeprefix("torch.")
            seconds = self.seconds(lambda left=left, out=out: torch.mm(left, left, out=out))
            self.limits[f"{word} flops/s"] = 2 * n**3 / seconds


def measure(bench: Bench, sizes: Sizes) -> None:
    """Measure the table of the engine, blocks of other sizes, a sweep, a small race and a map of basins."""
    device, adam = bench.device, parse("adam(lr=0.01)")[0]
    bench.measure_limits(sizes)
    counts = {dtype: counted(adam, dtype) for dtype in (torch.float64, torch.float32)}
    for dtype in counts:
        word = str(dtype).removeprefix("torch.")
        for runs in sizes.runs:
            name, work = f"Adam, {word}, {runs:,} runs", runs * sizes.steps
            go = lambda runs=runs, dtype=dtype: batch(runs, sizes.steps, device, dtype)  # noqa: E731
            bench.case(name, go, work, counts[dtype], dtype)
    runs = sizes.runs[min(1, len(sizes.runs) - 1)]
    checked = lambda: batch(runs, sizes.steps, device, stop=Stop(gtol=1e-9))  # noqa: E731
    bench.case(f"Adam, {runs:,} runs, with convergence checks", checked, runs * sizes.steps)
    for block in sizes.blocks:
        with mock.patch.object(kernels, "block_size", lambda dim, block=block: block):
            go = lambda block=block: batch(block, sizes.steps, device)  # noqa: E731
            bench.case(f"Adam, blocks of {block:,} runs", go, block * sizes.steps, counts[torch.float64])
    stock = [optimizers.Torch(torch.optim.Adam, lr=lr) for lr in rates(sizes.runs[0]).tolist()]
    x = starts(sizes.runs[0], torch.float64, device)
    go = lambda: loop.run(get("rosenbrock"), stock, x, sizes.steps, box=WIDE, record_steps="ends")  # noqa: E731
    bench.case(f"optimizers.Torch(Adam), {sizes.runs[0]:,} runs", go, sizes.runs[0] * sizes.steps)
    bench.case(
        f"sweep of 8 optimizers, {sizes.rates} rates, {sizes.starts} starts",
        lambda: landscapes.sweep(
            "rosenbrock", list(EIGHT), lr=Range(1e-5, 1.0, n=sizes.rates), starts=sizes.starts,
            steps=sizes.sweep_steps, device=device,
        ),
        8 * sizes.rates * sizes.starts * sizes.sweep_steps,
        warm=False,
        rounds=1,
    )  # fmt: skip
    if sizes.compiled_runs:
        measure_compiled(bench, sizes.compiled_runs)
    for place in dict.fromkeys((device, "cpu")):
        race = lambda place=place: landscapes.race("rosenbrock", list(EIGHT), steps=sizes.race_steps, device=place)  # noqa: E731
        bench.case(f"small race of 8 optimizers, {place}", race, 8 * sizes.race_steps)

    def basins(pixels: int) -> object:
        given: dict[str, Any] = {"resolution": pixels, "steps": sizes.basin_steps, "device": device}
        return landscapes.basins("himmelblau", "adam(lr=0.1)", **given)

    if bench.left <= 0:
        bench.left_out.append("basins")
        return
    trial = bench.seconds(lambda: basins(sizes.trial_pixels), warm=False, rounds=1)
    expected = [(pixels, trial * (pixels / sizes.trial_pixels) ** 2) for pixels in sizes.pixels]
    pixels = next((pixels for pixels, seconds in expected if seconds < bench.left), sizes.pixels[-1])
    bench.left_out += [f"basins, {larger}²" for larger in sizes.pixels if larger > pixels]
    work = pixels**2 * sizes.basin_steps
    bench.case(f"basins, {pixels}² starts", lambda: basins(pixels), work, warm=False, rounds=1)


def differences(device: str, functions: Sequence[str]) -> list[dict[str, Any]]:
    """Return how far runs on the device are from those on the CPU, per function and way of stepping."""
    found = []
    eight = [parse(name)[0] for name in EIGHT]
    for name in functions:
        function = get(name)
        for way, several in (("step by step", 8), ("many runs", 8 * 256)):
            given = [eight[run % 8] for run in range(several)]
            x = starts(several, torch.float64, "cpu")
            how: dict[str, Any] = {"box": WIDE, "stop": Stop(gtol=1e-6)}
            one, other = (
                loop.run(function, given, x.to(place), EQUAL_STEPS, **how) for place in (torch.device("cpu"), device)
            )
            gap = np.abs(one.x - other.x) / np.maximum(1, np.abs(one.x))
            gap = np.where(np.isnan(one.x) == np.isnan(other.x), np.nan_to_num(gap), np.inf)
            same = bool((one.reason == other.reason).all() and (one.stopped == other.stopped).all())
            found.append({"function": name, "way": way, "difference": float(gap.max()), "same_statuses": same})
    return found


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in lines)


def report(result: dict[str, Any]) -> str:
    """Return the tables as Markdown."""
    limits = result["limits"]
    rows = [
        (
            one["name"],
            f"{one['seconds']:.3g}",
            f"{one['run_steps_per_second'] / 1e6:.3g}",
            *(
                ("–",) * 3
                if one["flops"] is None
                else (f"{one['flops']:.0f}", f"{one['bytes']:.4g}", f"{100 * one['roofline_share']:.1f} %")
            ),
            "–" if one["peak_mib"] is None else f"{one['peak_mib']:.0f}",
        )
        for one in result["cases"]
    ]
    equal = [
        (one["function"], one["way"], f"{one['difference']:.1e}", "yes" if one["same_statuses"] else "no")
        for one in result["equality"]
    ]
    left_out = ", ".join(result["left_out"]) or "nothing"
    return "\n\n".join(
        [
            f"{result['device']}, {', '.join(f'{name} {number}' for name, number in result['versions'].items())}; "
            f"{result['seconds']:.0f} s in all; left out for lack of time: {left_out}.",
            f"Limits: {limits['bytes/s'] / 1e9:,.0f} GB/s (sum of vectors), "
            f"{limits['float64 flops/s'] / 1e12:.2f} Tflop/s in float64 and "
            f"{limits['float32 flops/s'] / 1e12:.2f} in float32 (product of matrices).",
            table(
                ("case", "s", "million run-steps/s", "flops", "bytes per run-step", "of the roofline", "peak MiB"), rows
            ),
            f"Equality with the CPU after {EQUAL_STEPS} steps in float64 (at most {EQUAL:g}):",
            table(("function", "runs", "largest difference", "same statuses"), equal),
        ]
    )


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--small", action="store_true", help="few runs and pixels, to try the script")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    args = parser.parse_args(words)
    try:
        place = loop.check_device(args.device)
    except landscapes.InputError as error:
        print(error, file=sys.stderr)
        return 2
    bench = Bench(str(place), args.seconds)
    sizes = SMALL if args.small else Sizes()
    equality = differences(bench.device, sizes.functions)
    measure(bench, sizes)
    name = torch.cuda.get_device_name(place) if bench.cuda else platform.processor() or platform.machine()
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    cases = [{**asdict(one), "peak_mib": one.peak_mib if bench.cuda else None} for one in bench.figures]
    result: dict[str, Any] = {
        "device": name,
        "versions": versions,
        "limits": bench.limits,
        "cases": cases,
        "equality": equality,
        "left_out": bench.left_out,
        "seconds": perf_counter() - bench.begin,
    }
    text = report(result)
    print(text)
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if args.markdown:
        args.markdown.write_text(f"{text}\n", encoding="utf-8")
    wrong = [one for one in equality if not (one["difference"] <= EQUAL and one["same_statuses"])]
    for one in wrong:
        print(f"differs from the CPU: {one}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
