"""How long the landscapes of the catalogue take, beside their bare formulas and the packages that have them too.

    python benchmarks/catalogue.py [--json] [--points 1000000] [NAME ...] > benchmarks/catalogue.md

For each landscape: a surface of 512 × 512; its values at a million points; the same as a multiple of the bare formula,
called with the same tensors. Then the same values by the packages of the peers extra, where they are installed, as a
multiple of the time here: those that take one point at a time are asked for 2,000 and scaled. CPU time, one thread,
double precision, the best of several.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from catalogue_peers import BATCHED, HOMES, SAME, asked, missing

from landscapes.functions import get, search
from landscapes.objectives._function import Function

BUDGET, SIDE = 50.0, 512
"""Milliseconds that a surface may take, and its points a side."""

OVER = 1.1
"""How many times as long as its bare formula a landscape may take."""

SINGLE = 2_000
"""Points for packages that take one at a time."""

INSTALLED = {"opfunu": "opfunu-core", "cocoex": "coco-experiment"}
"""What packages are called where they are installed, if not like their module."""


def best(work: Callable[[], object], times: int = 3) -> float:
    """The shortest of a few runs, in milliseconds."""
    spent = []
    for _ in range(times):
        begin = time.process_time()
        work()
        spent.append(1e3 * (time.process_time() - begin))
    return min(spent)


def measured(function: Function, count: int) -> dict[str, float]:
    """Milliseconds for the points, for the bare formula at the same points, and for a surface."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    x = low + (high - low) * torch.rand(count, function.dim, generator=torch.Generator().manual_seed(0)).double()
    columns = x.unbind(-1)
    with torch.no_grad():
        bare = (lambda: function.formula(x)) if function.takes_vector else lambda: function.formula(*columns)
        alone = own = float("inf")
        for turn in range(20):  # turn by turn, so that a busy moment hits both; more turns for what seems too long
            if turn < 4 or own > OVER * alone:
                alone, own = min(alone, best(bare, 1)), min(own, best(lambda: function(x), 1))
    facts = {"points_ms": own, "times_bare": own / alone}
    if function.dim == 2:
        facts["surface_ms"] = best(lambda: function.surface(SIDE), 6)
    return facts


def peers(function: Function, count: int) -> dict[str, float]:
    """Milliseconds that others take for as many points."""
    low, high = np.array(function.domain).T
    found = {}
    for peer in SAME.get(function.name, ()):
        if not missing(peer):
            few = count if peer.split(":")[0] in BATCHED else min(count, SINGLE)
            x = low + (high - low) * np.random.default_rng(0).random((few, function.dim))
            found[peer] = best(lambda peer=peer, x=x: asked(peer, x), 2) * count / few
    return found


def page(found: dict[str, dict[str, Any]], count: int, load: float) -> str:
    """All figures as a page in Markdown."""
    surfaces = {name: facts["surface_ms"] for name, facts in found.items() if "surface_ms" in facts}
    slow = [f"{name} ({ms:.0f})" for name, ms in surfaces.items() if ms > BUDGET]
    ratios = {name: facts["times_bare"] for name, facts in found.items()}
    long = [f"{name} ({ratio:.2f})" for name, ratio in ratios.items() if ratio > OVER]
    packages = [package for package in sorted(HOMES) if not missing(package)]
    beside = {
        name: {peer.split(":")[0]: ms / facts["points_ms"] for peer, ms in reversed(facts["peers"].items())}
        for name, facts in found.items()
    }
    lines = [
        "# The catalogue's speed\n",
        f"Printed by `benchmarks/catalogue.py`. CPU time on one thread, double precision, the best of several; the load of\n"
        f"the {os.cpu_count()} cores was {load:.1f}. Others: how many times as long as here.\n",
        "- " + ", ".join([f"Python {platform.python_version()}", *(named(p) for p in ("torch", "numpy", *packages))]),
        f"- surfaces of {SIDE} × {SIDE}: {middle(surfaces.values()):.1f} ms in the median; above {BUDGET:g} ms: "
        + (", ".join(slow) or "none"),
        f"- {count:,} points beside the bare formula: {middle(ratios.values()):.3f} times as long in the median; above "
        f"{OVER:g} times: " + (", ".join(long) or "none"),
    ]
    for package in packages:
        times = [row[package] for row in beside.values() if package in row]
        if times:
            lines.append(f"- {package}: {short(middle(times))} times as long in the median of {len(times)}")
    heads = ["landscape", "surface, ms", f"{count:,} points, ms", "× bare", *packages]
    lines += ["\n| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name, facts in found.items():
        cells = [short(facts.get(key)) for key in ("surface_ms", "points_ms")] + [f"{facts['times_bare']:.2f}"]
        cells += [short(beside[name].get(package)) for package in packages]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def middle(numbers: Any) -> float:
    """Their median; NaN where there are none."""
    return float(np.median(list(numbers))) if numbers else float("nan")


def short(number: float | None) -> str:
    """Two digits, or as many as there are before the point."""
    if number is None:
        return ""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def named(package: str) -> str:
    installed = INSTALLED.get(package, package)
    return f"{installed} {version(installed)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="landscapes (default: all)")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [get(name) for name in options.names] or search()
    loads = [os.getloadavg()[0]]
    found = {}
    for item in chosen:
        found[item.name] = measured(item, options.points) | {"peers": peers(item, options.points)}
        loads.append(os.getloadavg()[0])
    if options.json:
        print(json.dumps({"points": options.points, "landscapes": found}, indent=1))
    else:
        print(page(found, options.points, float(np.median(loads))))


if __name__ == "__main__":
    main()
