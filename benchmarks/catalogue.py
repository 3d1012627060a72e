"""Measure the evaluation time of the catalogue's functions, relative to their formulas and to other packages.

    python benchmarks/catalogue.py [--json] [--points 1000000] [NAME ...] > benchmarks/catalogue.md

For each function: a surface of 512 × 512 points; values at a million points; and the ratio of the latter to the
bare formula called with the same tensors. If packages of the extra `peers` are installed, also the ratio of their
times. Packages that take one point at a time are measured with 2,000 points and scaled. All figures are CPU time of
one thread in double precision, the minimum of several measurements.
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

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from catalogue_peers import BATCHED, HOMES, SAME, evaluate_peer, is_missing

from landscapes.functions import get, search
from landscapes.objectives._function import Function

BUDGET, SIDE = 50.0, 512
"""The time limit of a surface in milliseconds, and its points per side."""

OVER = 1.1
"""The limit of the ratio of a function to its bare formula."""

SINGLE = 2_000
"""The number of points for packages that take one at a time."""

INSTALLED = {"opfunu": "opfunu-core", "cocoex": "coco-experiment"}
"""The distributions of modules whose names differ."""


def best(work: Callable[[], object], times: int = 3) -> float:
    """Return the minimum CPU time of a few calls, in milliseconds."""
    spent = []
    for _ in range(times):
        begin = time.process_time()
        work()
        spent.append(1e3 * (time.process_time() - begin))
    return min(spent)


def measured(function: Function, count: int) -> dict[str, float]:
    """Return the milliseconds of points and of a surface, and the ratio to the bare formula."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    x = low + (high - low) * torch.rand(count, function.dim, generator=torch.Generator().manual_seed(0)).double()
    columns = x.unbind(-1)
    with torch.no_grad():
        bare = (lambda: function.formula(x)) if function.takes_vector else lambda: function.formula(*columns)
        alone = own = float("inf")
        for attempt in range(20):  # alternate, so that load affects both; repeat if the ratio seems too high
            if attempt < 4 or own > OVER * alone:
                alone, own = min(alone, best(bare, 1)), min(own, best(lambda: function(x), 1))
    facts = {"points_ms": own, "times_bare": own / alone}
    if function.dim == 2:
        facts["surface_ms"] = best(lambda: function.surface(SIDE), 6)
    return facts


def peers(function: Function, count: int) -> dict[str, float]:
    """Return the milliseconds of other packages for as many points."""
    low, high = np.array(function.domain).T
    found = {}
    for peer in SAME.get(function.name, ()):
        if not is_missing(peer):
            few = count if peer.split(":")[0] in BATCHED else min(count, SINGLE)
            x = low + (high - low) * np.random.default_rng(0).random((few, function.dim))
            found[peer] = best(lambda peer=peer, x=x: evaluate_peer(peer, x), 2) * count / few
    return found


def page(found: dict[str, dict[str, Any]], count: int, load: float) -> str:
    """Return all figures as a Markdown page."""
    surfaces = {name: facts["surface_ms"] for name, facts in found.items() if "surface_ms" in facts}
    slow = [f"{name} ({ms:.0f})" for name, ms in surfaces.items() if ms > BUDGET]
    ratios = {name: facts["times_bare"] for name, facts in found.items()}
    long = [f"{name} ({ratio:.2f})" for name, ratio in ratios.items() if ratio > OVER]
    packages = [package for package in sorted(HOMES) if not is_missing(package)]
    relative = {
        name: {peer.split(":")[0]: ms / facts["points_ms"] for peer, ms in reversed(facts["peers"].items())}
        for name, facts in found.items()
    }
    lines = [
        "# Speed of the catalogue\n",
        "`python benchmarks/catalogue.py` printed this page. Figures are CPU time of one thread in double precision,\n"
        f"the minimum of several measurements. The load of the {os.cpu_count()} cores was {load:.1f}.\n"
        "Figures of other packages are times relative to `landscapes`.\n",
        "- " + ", ".join([f"Python {platform.python_version()}", *(named(p) for p in ("torch", "numpy", *packages))]),
        f"- surfaces of {SIDE} × {SIDE} points: median {middle(surfaces.values()):.1f} ms; above {BUDGET:g} ms: "
        + (", ".join(slow) or "none"),
        f"- {count:,} points relative to the bare formula: median {middle(ratios.values()):.3f}; above {OVER:g}: "
        + (", ".join(long) or "none"),
    ]
    for package in packages:
        times = [row[package] for row in relative.values() if package in row]
        if times:
            lines.append(f"- {package}: median {short(middle(times))} over {len(times)} functions")
    heads = ["function", "surface, ms", f"{count:,} points, ms", "× formula", *packages]
    lines += ["\n| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name, facts in found.items():
        cells = [short(facts.get(key)) for key in ("surface_ms", "points_ms")] + [f"{facts['times_bare']:.2f}"]
        cells += [short(relative[name].get(package)) for package in packages]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def middle(numbers: Any) -> float:
    """Return the median, or NaN for no numbers."""
    return float(np.median(list(numbers))) if numbers else float("nan")


def short(number: float | None) -> str:
    """Format with two significant digits, and without decimals from 10 on."""
    if number is None:
        return ""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def named(package: str) -> str:
    installed = INSTALLED.get(package, package)
    return f"{installed} {version(installed)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="functions (default: all)")
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
        print(json.dumps({"points": options.points, "functions": found}, indent=1))
    else:
        print(page(found, options.points, float(np.median(loads))))


if __name__ == "__main__":
    main()
