"""Write landscapes/experiments/tuned.json: a learning rate for every optimizer on every function of the catalogue.

    python benchmarks/tune.py                 all functions, at most a second each on one core
    python benchmarks/tune.py beale booth     these functions; the others stay unchanged

`landscapes/experiments/stored_lrs.py` documents the sweep, and a test repeats it. Run this script after a change to
a function's start, steps, view or formula, to an optimizer, or to the sweep.

The entry "edge" lists optimizers whose best rate is the first or the last of the grid. A better rate may lie
outside it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch

from landscapes.experiments import stored_lrs
from landscapes.files import replacing
from landscapes.functions import as_function, catalogue
from landscapes.objectives.decorators import Function
from landscapes.optimizers import names, parse

FILE = Path(__file__).resolve().parent.parent / "landscapes" / "experiments" / "tuned.json"


def tuned(function: Function) -> dict[str, Any]:
    """Return the entry of one function."""
    candidates = [parse(name)[0] for name, (cls, _) in names().items() if cls.tunable]
    found = stored_lrs.sweep_lrs(function, candidates, function.start, function.steps)
    table = {stored_lrs.lr_free_spec(optimizer): rate for optimizer, rate in zip(candidates, found, strict=True)}
    return {
        "race": stored_lrs.fingerprint(function, function.start, function.steps),
        "value": float(function(function.start)),
        "rates": table,
        "edge": [spec for spec, rate in table.items() if rate in (stored_lrs.GRID[0], stored_lrs.GRID[-1])],
    }


def save(table: dict[str, Any]) -> None:
    lines = (f" {json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(table.items()))
    with replacing(FILE) as temporary:
        temporary.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main() -> None:
    torch.set_num_threads(1)
    chosen = [as_function(name) for name in sys.argv[1:]] or list(catalogue().values())
    stored = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    table = {name: entry for name, entry in stored.items() if name in catalogue()}
    for function in chosen:
        begin = time.perf_counter()
        table[function.name] = tuned(function)
        at_the_edge = ", ".join(table[function.name]["edge"]) or "none"
        print(
            f"{function.name}: {time.perf_counter() - begin:.1f} s; at the edge of the grid: {at_the_edge}", flush=True
        )
        save(table)  # keeps the results if the script is interrupted


if __name__ == "__main__":
    main()
