"""How far each rule ends up from torch.optim: 1,000 steps, random settings, one optimizer object a run.

    python benchmarks/exactness.py [steps]

Prints a Markdown table of the largest difference of any coordinate, of any run, at any step. Zero means the
same bits. The runs are batched here with a hyper-parameter each; torch.optim takes one object a run.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from reference import FUNCTIONS, SPACES, by_rules, by_torch, everyone, starts


def main(steps: int) -> None:
    torch.set_num_threads(1)
    print(f"| rule | runs | Rosenbrock, d = 1, 2, 10 | Ackley, d = 1, 2, 10 |\n|{'---|' * 4}")
    for cls in SPACES:
        runs, worst = 0, dict.fromkeys(FUNCTIONS, 0.0)
        for landscape in FUNCTIONS:
            for dim in (1, 2, 10):
                rng = np.random.default_rng(dim)
                contenders = everyone(cls, rng)
                x = starts(dim, len(contenders), rng)
                expected = by_torch(landscape(dim), contenders, x, steps, alone=False)
                gap = (by_rules(landscape(dim), contenders, x, steps) - expected).abs().max().item()
                worst[landscape] = float(np.maximum(worst[landscape], gap))  # which keeps NaN
                runs += len(contenders)
        print(f"| {cls.__name__} | {runs} | {' | '.join(map(str, worst.values()))} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
