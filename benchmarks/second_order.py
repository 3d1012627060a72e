"""Measure the difference of each second-order optimizer to its reference, with random settings, starts and dimensions.

    python benchmarks/second_order.py [steps]

Print a Markdown table of the largest difference over all coordinates and steps: the maximum and the median over
runs. The reference of L-BFGS is torch.optim, and of Newton–CG SciPy's "trust-ncg". The others are compared with
plain loops that use the linear algebra of numpy and torch and torch's line search. Rounding errors grow along a
run, and without bound if a Hessian is nearly singular. Torch's L-BFGS ignores updates with a curvature sᵀy below
1e-10.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from plain_methods import OF_SQUARES, SETTINGS, differences, rosenbrock_squares
from reference import egg_box

DIMS, RUNS = (1, 2, 10), 12


def main(steps: int) -> None:
    torch.set_num_threads(1)
    print("| optimizer | Rosenbrock, d = 1, 2, 10: maximum | median | Ackley, d = 1, 2, 10: maximum | median |")
    print("|---|---|---|---|---|")
    for name in SETTINGS:
        cells = []
        for function_of in (rosenbrock_squares, egg_box):
            if function_of is egg_box and name in OF_SQUARES:
                cells += ["–", "–"]
                continue
            found = np.concatenate([differences(name, function_of, dim, RUNS, steps)[:, -1] for dim in DIMS])
            cells += [f"{found.max():.1e}", f"{np.median(found):.1e}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
