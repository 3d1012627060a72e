"""Write landscapes/experiments/tuned.json: a learning rate for every optimizer on every function of the catalogue.

    python benchmarks/tune.py                 all functions, a few seconds each on one core
    python benchmarks/tune.py beale booth     these functions; the others stay unchanged
    python benchmarks/tune.py --new           optimizers without a stored rate; the rates of the others stay unchanged

`landscapes/experiments/stored_lrs.py` documents the sweep, and a test repeats it. Run this script after a change to
a function's start, steps, view or formula, to an optimizer, or to the sweep.

The rates of a function are in the order of the list "optimizers". The entry "edge" lists optimizers whose best rate is
the first or the last of the grid. A better rate may lie outside it.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from landscapes.experiments import stored_lrs
from landscapes.files import replacing
from landscapes.functions import as_function, catalogue
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer, names, parse

FILE = Path(__file__).resolve().parent.parent / "landscapes" / "experiments" / "tuned.json"


def candidates() -> list[Optimizer]:
    """Return the optimizers of the catalogue that have a learning rate."""
    return [parse(name)[0] for name, (cls, _) in names().items() if cls.tunable]


def tuned(function: Function, optimizers: Sequence[Optimizer]) -> dict[str, Any]:
    """Return the entry of one function."""
    sweep = stored_lrs.LrSweep.of(function, optimizers, function.start, function.steps)
    best = sweep.best()
    ends = (stored_lrs.GRID[0], stored_lrs.GRID[-1])
    return {
        "race": stored_lrs.fingerprint(function, function.start, function.steps),
        "value": float(function(function.start)),
        "best": best,
        "calm": sweep.calm(),
        "edge": [stored_lrs.lr_free_spec(one) for one, lr in zip(optimizers, best, strict=True) if lr in ends],
    }


def extended(function: Function, optimizers: Sequence[Optimizer], known: Mapping[str, Any], old: Sequence[str]) -> Any:
    """Return the entry of one function, with the rates of the optimizers in `old` as in its entry `known`.

    The floor of a function that is unbounded below is the lowest loss of all runs, so that all are tuned again.
    """
    specs = [stored_lrs.lr_free_spec(optimizer) for optimizer in optimizers]
    new = [optimizer for optimizer, spec in zip(optimizers, specs, strict=True) if spec not in old]
    if not math.isfinite(function.minimum) or not known:
        return tuned(function, optimizers)
    found = tuned(function, new)
    rates = {
        kind: dict(zip([*old, *map(stored_lrs.lr_free_spec, new)], [*known[kind], *found[kind]], strict=True))
        for kind in ("best", "calm")
    }
    edge = {*known["edge"], *found["edge"]}
    merged = {kind: [of_kind[spec] for spec in specs] for kind, of_kind in rates.items()}
    return {**found, **merged, "edge": [spec for spec in specs if spec in edge]}


def save(optimizers: Sequence[Optimizer], table: Mapping[str, Any]) -> None:
    specs = json.dumps([stored_lrs.lr_free_spec(optimizer) for optimizer in optimizers])
    lines = (f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(table.items()))
    text = f'{{\n "optimizers": {specs},\n "functions": {{\n' + ",\n".join(lines) + "\n }\n}\n"
    with replacing(FILE) as temporary:
        temporary.write_text(text, encoding="utf-8")


def main() -> None:
    torch.set_num_threads(1)
    optimizers = candidates()
    stored = stored_lrs.stored()
    if sys.argv[1:] == ["--new"]:
        table = {}
        for name, function in catalogue().items():
            known = stored["functions"].get(name, {})
            table[name] = extended(function, optimizers, known, stored["optimizers"])
            print(name, flush=True)
        save(optimizers, table)
        return
    chosen = [as_function(name) for name in sys.argv[1:]] or list(catalogue().values())
    current = stored["optimizers"] == [stored_lrs.lr_free_spec(optimizer) for optimizer in optimizers]
    if sys.argv[1:] and not current:
        sys.exit(
            "the optimizers have changed since the file was written; tune all functions: python benchmarks/tune.py"
        )
    table = {name: entry for name, entry in stored["functions"].items() if current and name in catalogue()}
    for function in chosen:
        begin = time.perf_counter()
        table[function.name] = tuned(function, optimizers)
        at_the_edge = ", ".join(table[function.name]["edge"]) or "none"
        print(
            f"{function.name}: {time.perf_counter() - begin:.1f} s; at the edge of the grid: {at_the_edge}", flush=True
        )
        save(optimizers, table)  # keeps the results if the script is interrupted


if __name__ == "__main__":
    main()
