"""The tables of `engine.py`: the figures of its cases, and which ratios are required of them."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from pathlib import Path

BASINS = "basins, 1024 × 1024 starts, 500 steps"
DECAYS = "64 × 64 pairs of decays, 16 starts, compiled"


def required(isa: str) -> list[tuple[str, str, str, float]]:
    """Return pairs of cases with the required ratio of their speeds, for vectors of 512 or of 256 bits."""
    wide = isa == "AVX512"
    return [
        ("eager, 32,768 runs", "plain loop", "≥", 8000),
        ("eager, 8,192 runs", "plain loop", "≥", 4500),
        ("compiled, final points", "plain loop", "≥", 60000),
        ("compiled, final points", "JAX + optax, float64", "≥", 1.9 if wide else 1.5),
        ("compiled, final points", "hand-written, f64", "≥", 0.48),
        ("compiled, float32", "plain loop", "≥", 80000),
        ("compiled, float32", "JAX + optax, float32", "≥", 1),
        ("compiled, 65,536 runs, final points", "compiled, 65,536 runs, every 4th point to a file", "≤", 1.35),
        ("compiled, final points", "compiled, with convergence checks", "≤", 1.1),
        ("small race, after others", "small race, plain", "≥", 6),
        ("8 × 256 × 64 runs, 1,000 steps, eager", "small race, plain", "≥", 4500),
        ("8 × 256 × 64 runs, 1,000 steps, compiled", "small race, plain", "≥", 60000),
        ("optimizers.Torch(Adam), one rate per run, 8,192 runs", "plain loop", "≥", 3000),
        ("optimizers.Torch(Adam), one rate per run, 32,768 runs", "plain loop", "≥", 5000),
        ("custom function, eager, 32,768 runs", "custom function, plain", "≥", 4000),
        ("custom function, compiled", "custom function, plain", "≥", 30000),
    ]


def report(speeds: dict[str, float], isa: str) -> str:
    """Return the speeds and what is required of them as Markdown."""
    lines = ["| case | million run-steps per CPU second | relative to the plain loop |", "|---|---|---|"]
    plain = speeds["plain loop"]
    lines += [f"| {name} | {figure(speed / 1e6)} | {figure(speed / plain)}× |" for name, speed in speeds.items()]
    lines += ["", "| case | relative to | found | required |", "|---|---|---|---|"]
    lines += [f"| {of} | {to} | {found} | {bar} |" for of, to, found, bar in checked(speeds, isa)]
    return "\n".join(lines)


def checked(speeds: dict[str, float], isa: str) -> list[tuple[str, str, str, str]]:
    """Return what is required: a case, what it is relative to, the figure, and the bar."""
    rows = [
        (of, to, figure(speeds[of] / speeds[to]), speeds[of] / speeds[to], sense, bar)
        for of, to, sense, bar in required(isa)
        if of in speeds and to in speeds
    ]
    if BASINS in speeds:
        seconds = 2**20 * 500 / speeds[BASINS]
        rows.append((BASINS, "CPU seconds", figure(seconds), seconds, "≤", 4.0))
    if DECAYS in speeds:
        millions = speeds[DECAYS] / 1e6
        rows.append((DECAYS, "million run-steps per CPU second", figure(millions), millions, "≥", 100.0))
    return [
        (of, to, text, f"{sense} {bar:,g}" + ("" if (value >= bar if sense == "≥" else value <= bar) else ", missed"))
        for of, to, text, value, sense, bar in rows
    ]


def page(files: Sequence[Path]) -> str:
    """Return the tables of engine.md from two files of figures: of vectors with 512 bits, and with 256."""
    wide, narrow = (json.loads(file.read_text())["run_steps_per_second"] for file in files)
    lines = ["| million run-steps per CPU second | AVX-512 | AVX2 |", "|---|---|---|"]
    both = [name for name in wide if name in narrow]
    lines += [f"| {name} | {figure(wide[name] / 1e6)} | {figure(narrow[name] / 1e6)} |" for name in both]
    lines += ["", "| case | relative to | AVX-512 | required | AVX2 | required |", "|---|---|---|---|---|---|"]
    for (of, to, found, bar), (_, _, other, second) in zip(
        checked(wide, "AVX512"), checked(narrow, "AVX2"), strict=True
    ):
        lines.append(f"| {of} | {to} | {found} | {bar} | {other} | {second} |")
    return "\n".join(lines)


def figure(number: float) -> str:
    """Return a number with at least three digits."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}" if number < 0.1 or number >= 10 else f"{number:.2f}"


def processor() -> str:
    """Return the model of the processor and its clock now, as far as the system says."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    facts = dict(line.split(":", 1) for line in lines if ":" in line)
    found = {name.strip(): value.strip() for name, value in facts.items()}
    model = f"{found.get('model name', 'unknown')}, family {found.get('cpu family')}, model {found.get('model')}"
    return f"{model}, {float(found['cpu MHz']):.0f} MHz" if "cpu MHz" in found else model
