"""Prints what can be measured of a landscape, to be written down beside its formula in `functions/`.

    python benchmarks/facts.py beale booth
    python benchmarks/facts.py rosenbrock:5      with five coordinates

Tags, local minima within the domain, points without slope within the view, and the lowest value that differential
evolution finds. What the formula's source says is more than what a search finds: compare them.
"""

from __future__ import annotations

import sys

import torch

from landscapes.functions import get
from landscapes.objectives import critical_points, tag_checks
from landscapes.objectives._function import Function
from landscapes.objectives.tags import CHECKED

SHOWN = 12
"""Points printed of each sort."""


def report(function: Function) -> None:
    measured = tag_checks.tags(function)
    print(f"{function.name}, {function.dim} coordinates")
    print(f"  tags: {sorted(measured)}")
    wrong = (set(function.tags) & set(CHECKED)) - measured - tag_checks.undecided(function)
    print(f"  to add: {sorted(measured - set(function.tags))}; to take away: {sorted(wrong)}")
    evolved = min((critical_points.evolved(function, seed)[0] for seed in range(3)), key=lambda x: float(function(x)))
    print(
        f"  lowest by evolution: {float(function(evolved))!r} at {tuple(evolved.tolist())}; listed {function.minimum!r}"
    )
    if tag_checks.smoothness(function) == "smooth":
        minima = critical_points.local_minima(function)
        print(f"  local minima in the domain: {len(minima)}")
        for place in minima[:SHOWN]:
            print(f"    {float(function(place))!r} at {tuple(place.tolist())}")
        found = critical_points.stationary_points(function)
        print(f"  points without slope in the view: {len(found)}")
        for kind, point in found[:SHOWN]:
            print(f"    {kind} {float(function(point)):.12g} at {point}")


def main() -> None:
    torch.set_num_threads(1)
    for text in sys.argv[1:]:
        name, _, dim = text.partition(":")
        report(get(name, dim=int(dim) if dim else None))


if __name__ == "__main__":
    main()
