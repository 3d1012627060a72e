"""Measure the facts of a function that its definition in `functions/` declares.

    python benchmarks/facts.py beale booth
    python benchmarks/facts.py rosenbrock:5      with five coordinates

Print the tags, the local minima in the domain, the stationary points in the view, and the lowest value that
differential evolution finds. A search can miss points: compare its results with the source of the formula.
"""

from __future__ import annotations

import sys

import torch

from landscapes.functions import get
from landscapes.objectives import critical_points, tag_checks
from landscapes.objectives._function import Function
from landscapes.objectives.tags import CHECKED

SHOWN = 12
"""The number of points printed of each kind."""


def report(function: Function) -> None:
    measured = tag_checks.measured_tags(function)
    print(f"{function.name}, {function.dim} coordinates")
    print(f"  tags: {sorted(measured)}")
    wrong = (set(function.tags) & set(CHECKED)) - measured - tag_checks.undecidable_tags(function)
    print(f"  missing: {sorted(measured - set(function.tags))}; wrong: {sorted(wrong)}")
    candidates = [critical_points.differential_evolution(function, seed)[0] for seed in range(3)]
    lowest = min(candidates, key=lambda x: float(function(x)))
    print(f"  lowest value by differential evolution: {float(function(lowest))!r} at {tuple(lowest.tolist())}")
    print(f"  listed minimum: {function.minimum!r}")
    if tag_checks.smoothness(function) == "smooth":
        minima = critical_points.local_minima(function)
        print(f"  local minima in the domain: {len(minima)}")
        for place in minima[:SHOWN]:
            print(f"    {float(function(place))!r} at {tuple(place.tolist())}")
        found = critical_points.stationary_points(function)
        print(f"  stationary points in the view: {len(found)}")
        for kind, point in found[:SHOWN]:
            print(f"    {kind} {float(function(point)):.12g} at {point}")


def main() -> None:
    torch.set_num_threads(1)
    for text in sys.argv[1:]:
        name, _, dim = text.partition(":")
        report(get(name, dim=int(dim) if dim else None))


if __name__ == "__main__":
    main()
