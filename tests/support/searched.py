"""Which functions of the catalogue the long searches have accepted as they are.

Whether a lower minimum exists and which tags hold depends on the formula and the facts of a function alone, so it need
not be searched again while they stay the same. `tests/data/searched.json` holds a digest of each function that passed.
The tests search new and changed functions, a sample of the others, and all of them with `pytest --exhaustive`.

Run `python tests/support/searched.py` to search all functions, or with names to search these, and to write the file if
they pass.
"""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
from pathlib import Path

import pytest
import torch
from function_cases import CATALOGUE, MEMBERS
from torch import Tensor

from landscapes.objectives._function import Box, Function
from landscapes.objectives.critical_points import corners

TESTS = Path(__file__).resolve().parent.parent
FILE = TESTS / "data" / "searched.json"


def digest(f: Function) -> str:
    """Return a digest of the facts, and of values to nine digits in the domain, outside and near special points."""
    low, high = corners(f.domain)
    special = torch.tensor([*f.minima[:64], *(stationary.point for stationary in f.stationary), f.start]).double()
    share = torch.tensor([1e-2, 1e-3, -1e-3, -1e-2], dtype=torch.float64)
    near = [special + (high - low) * part * share[:, None, None] for part in [*torch.eye(f.dim), torch.ones(f.dim)]]
    middle = (low + high) / 2
    far = [middle + (random_points(f.domain) - middle) * factor for factor in (1, 10, 1e3, 1e6)]
    points = torch.cat([random_points(f.view), *far, *(part.flatten(0, 1) for part in near)])
    mantissa, exponent = torch.frexp(f(points).nan_to_num(0.1, 0.2, 0.3))
    facts = [
        f.domain,
        f.view,
        f.minima,
        f.minimum,
        f.minima_complete,
        f.stationary,
        f.outside,
        f.nonsmooth_where,
        f.tags,
    ]
    values = [(mantissa * 2**30).round().int(), exponent.int()]
    digest = hashlib.sha256(repr(facts).encode())
    for part in values:
        digest.update(part.numpy().astype("<i4").tobytes())
    return digest.hexdigest()[:16]


@cache
def sobol(dim: int) -> Tensor:
    return torch.quasirandom.SobolEngine(dim, scramble=True, seed=0).draw(256, dtype=torch.float64)


def random_points(box: Box) -> Tensor:
    low, high = corners(box)
    return low + (high - low) * sobol(len(box))


@cache
def accepted() -> dict[str, str]:
    known: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return known


@cache
def is_searched(f: Function) -> bool:
    """Return whether the searches have accepted this formula with these facts."""
    return accepted().get(key(f)) == digest(f)


def key(f: Function) -> str:
    return f"{f.name}-{f.dim}"


def each_unsearched(items: list[Function], one_in: int = 25) -> pytest.MarkDecorator:
    """Parametrize a test over functions; the searched ones are exhaustive, except one in `one_in`."""
    cases = [
        pytest.param(f, id=key(f), marks=[pytest.mark.exhaustive] * (i % one_in > 0 and is_searched(f)))
        for i, f in enumerate(items)
    ]
    return pytest.mark.parametrize("f", cases)


@cache
def in_other_dims() -> list[Function]:
    """Return the families of the catalogue with three, four and six coordinates."""
    families = [(f, f.family) for f in CATALOGUE if f.family is not None]
    return [f.with_dim(dim) for dim in (3, 4, 6) for f, family in families if dim in family.dims]


def main() -> int:
    """Search all functions, or those that are named, and record them if they pass."""
    tests = [str(TESTS / "functions" / f"test_catalogue_{name}.py") for name in ("minima", "tags")]
    names = sys.argv[1:]
    keys = [key(f) for f in [*MEMBERS, *in_other_dims()] if not names or f.name in names]
    if unknown := set(names) - {name.rpartition("-")[0] for name in keys}:
        sys.exit(f"unknown functions: {', '.join(sorted(unknown))}")
    chosen = ["-k", " or ".join(f"{name}-" for name in names)] if names else []
    if pytest.main(["-q", "-n", "0", "--exhaustive", *chosen, *tests]) != 0:
        return 1
    found = {key(f): digest(f) for f in [*MEMBERS, *in_other_dims()] if key(f) in keys}
    if names:
        found = {**accepted(), **found}
    FILE.write_text(json.dumps(dict(sorted(found.items())), indent=0) + "\n", encoding="utf-8")
    print(f"{len(found)} functions in {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
