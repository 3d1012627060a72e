"""Run JavaScript in node, for tests and benchmarks; tests are skipped where node is missing."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.javascript import Script, library

MISSING = "" if shutil.which("node") else "node is not installed: what JavaScript computes cannot be checked"
"""Why tests that run JavaScript are skipped; "" if they are not."""


def run(source: str, data: Any = None) -> Any:
    """Return what a script gives for `data`: the script assigns to `result`; NaN and infinities are kept."""
    script = (
        "const data=JSON.parse(require('fs').readFileSync(0));let result;\n"
        f"{source}\n"
        "process.stdout.write(JSON.stringify(result,(k,v)=>typeof v!=='number'||Number.isFinite(v)?v:String(v)));"
    )
    done = subprocess.run(
        ["node", "-e", script], input=json.dumps(data), capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]
    return json.loads(done.stdout)


def evaluated(scripts: Mapping[str, Script], points: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[Any]]:
    """Return the outputs of functions, shape (outputs, n), at points (d, n), each by name, in one process."""
    functions = ",".join(f"{json.dumps(name)}:{script.source}" for name, script in scripts.items())
    source = (
        f"{library(scripts.values())}\nconst functions={{{functions}}};result={{}};"
        "for(const name in data)result[name]=data[name].map(point=>functions[name](...point));"
    )
    found = run(source, {name: points[name].T.tolist() for name in scripts})
    return {name: np.array(rows, dtype=float).T for name, rows in found.items()}


def difference(found: NDArray[Any], expected: NDArray[Any]) -> tuple[float, float]:
    """Return the largest differences of values and of gradients, outputs (1 + d, n), relative to torch.

    A value's difference is relative to the value, or to the median value of all points if that is larger: where terms
    cancel, no digits are left to compare. A gradient's is relative to its norm, likewise.
    """
    worst = []
    for part in (slice(0, 1), slice(1, None)):
        finite = np.isfinite(expected[part]).all(0)
        given, right = found[part][:, finite], expected[part][:, finite]
        error, size = np.linalg.norm(given - right, axis=0), np.linalg.norm(right, axis=0)
        typical = float(np.median(size)) if size.size else 0.0
        worst.append(float((error / np.maximum(size, max(typical, 1e-300))).max(initial=0)))
    return worst[0], worst[1]


def same_bits(found: NDArray[Any], expected: NDArray[Any]) -> bool:
    """Return whether all numbers are equal; NaN equals NaN."""
    return bool(np.array_equal(found, expected, equal_nan=True))


def rounds_only(script: Script) -> bool:
    """Return whether a function has no operations but arithmetic and comparisons.

    Roots are not among them: torch's own, by MKL, are off by one bit for one number in a hundred.
    """
    calls = {call.partition("(")[0] for call in script.source.split("Math.")[1:]}
    return calls <= {"abs", "ceil", "floor", "max", "min", "trunc"}
