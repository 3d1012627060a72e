"""How far the second-order optimizers end up from their references: random settings, starts and dimensions.

    python benchmarks/second_order.py [steps]

Prints a Markdown table of the largest difference of any coordinate, of any run, at any step, and of the middle run: of
L-BFGS to torch.optim, of Newton–CG to SciPy's "trust-ncg", of the others to plain loops with numpy's and torch's linear
algebra and torch's line search. Rounding grows on the way to the minimum, and without bound where a Hessian is nearly
singular. Below a curvature sᵀy of 1e-10 torch's L-BFGS learns no more.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from plain_methods import OF_SQUARES, SETTINGS, gaps, squares
from reference import egg_box

DIMS, RUNS = (1, 2, 10), 12


def main(steps: int) -> None:
    torch.set_num_threads(1)
    print("| optimizer | Rosenbrock, d = 1, 2, 10: largest | middle | Ackley, d = 1, 2, 10: largest | middle |")
    print("|---|---|---|---|---|")
    for name in SETTINGS:
        cells = []
        for landscape in (squares, egg_box):
            if landscape is egg_box and name in OF_SQUARES:
                cells += ["–", "–"]
                continue
            found = np.concatenate([gaps(name, landscape, dim, RUNS, steps)[:, -1] for dim in DIMS])
            cells += [f"{found.max():.1e}", f"{np.median(found):.1e}"]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
