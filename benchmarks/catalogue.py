"""How long the landscapes of the catalogue take, beside their bare formulas and the packages that have them too.

    python benchmarks/catalogue.py [--json] [--points 1000000] [NAME ...]

For each landscape: its values at a million points, in milliseconds; the same as a multiple of the bare formula, called
with the same tensors; a surface of 512 × 512. Then the same values by the packages of the peers extra, where they are
installed: those that take one point at a time are asked for 2,000 and scaled. One thread, double precision, the best
of three.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from catalogue_peers import BATCHED, SAME, asked, missing

from landscapes.functions import get, search
from landscapes.landscape import Function
from landscapes.report import aligned

SLOWEST = 12
"""Rows of the table."""

BUDGET, SIDE, SINGLE = 50.0, 512, 2_000
"""Milliseconds that a surface may take, its points a side, and points for packages that take one at a time."""


def best(work: Callable[[], object], times: int = 3) -> float:
    """The shortest of a few runs, in milliseconds."""
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        spent.append(1e3 * (time.perf_counter() - begin))
    return min(spent)


def measured(function: Function, count: int) -> dict[str, float]:
    """Milliseconds for the points, for the bare formula at the same points, and for a surface."""
    low, high = torch.tensor(function.domain, dtype=torch.float64).unbind(1)
    x = low + (high - low) * torch.rand(count, function.dim, generator=torch.Generator().manual_seed(0)).double()
    columns = x.unbind(-1)
    with torch.no_grad():
        bare = (lambda: function.formula(x)) if function.takes_vector else lambda: function.formula(*columns)
        alone = own = float("inf")
        for _ in range(4):  # turn by turn, so that a busy moment hits both
            alone, own = min(alone, best(bare, 1)), min(own, best(lambda: function(x), 1))
    facts = {"points_ms": own, "times_bare": own / alone}
    if function.dim == 2:
        facts["surface_ms"] = best(lambda: function.surface(SIDE))
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="landscapes (default: all)")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [get(name) for name in options.names] or search()
    found = {item.name: measured(item, options.points) | {"peers": peers(item, options.points)} for item in chosen}
    if options.json:
        print(json.dumps({"points": options.points, "landscapes": found}, indent=1))
        return
    drawn = {name: facts for name, facts in found.items() if "surface_ms" in facts}
    slow = sorted(drawn, key=lambda name: -drawn[name]["surface_ms"])[:SLOWEST]
    rows = [("slowest surfaces", f"{SIDE} × {SIDE}, ms", f"{options.points:,} points, ms", "× bare formula")]
    rows += [(name, *(f"{drawn[name][k]:.3g}" for k in ("surface_ms", "points_ms", "times_bare"))) for name in slow]
    print(aligned(rows))
    ratios = np.array([facts["times_bare"] for facts in found.values()])
    over = [name for name, facts in drawn.items() if facts["surface_ms"] > BUDGET]
    print(f"\nbare formula: median {np.median(ratios):.3f} times, most {ratios.max():.3f} times as long")
    print(f"surfaces above {BUDGET:g} ms: {', '.join(over) or 'none'}\n")
    gone = sorted({peer.split(":")[0] for others in SAME.values() for peer in others if missing(peer)})
    rows = [("others", "times as long as here")]
    for name, facts in found.items():
        rows += [(f"{name}, {peer}", f"{spent / facts['points_ms']:.3g}") for peer, spent in facts["peers"].items()]
    print(aligned(rows))
    if gone:
        print(f"not installed, left out: {', '.join(gone)}; pip install 'torch-landscapes[peers]'")


if __name__ == "__main__":
    main()
