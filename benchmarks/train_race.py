"""Measure `train_race`: CPU time with runs trained together and one after another, and whether they agree.

    python benchmarks/train_race.py > benchmarks/train_race.md

Learning rates are tuned over 9 values unless they are given. Times are of the whole call, with evaluation and plane;
each pair is measured in turns, and medians are shown. scikit-learn must be installed, for its digits.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from landscapes import Record, train_race


class Job(NamedTuple):
    """A race of one network."""

    name: str
    model: Any
    data: Any
    optimizers: list[str]
    options: dict[str, Any]


def small() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2))


OPEN = ["sgd", "momentum", "adam", "adamw", "muon"]
GIVEN = [f"{name}(lr={lr})" for name, lr in zip(OPEN, (0.1, 0.1, 0.01, 0.01, 0.01), strict=True)]


def jobs() -> Iterator[Job]:
    from sklearn.datasets import load_digits

    torch.manual_seed(0)
    x = torch.randn(512, 2)
    xor = x, (x.prod(1) > 0).long()
    digits = load_digits()
    images, labels = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    mlp = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    cnn = nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(256, 10),
    )  # fmt: skip
    first = small()
    yield Job("MLP 2-16-16-2, Adam, tuned", first, xor, ["adam"], {})
    yield Job("MLP 2-16-16-2, five optimizers, tuned", first, xor, OPEN, {})
    yield Job("MLP 2-16-16-2, five optimizers, given, 5 seeds", small, xor, GIVEN, {"seeds": 5})
    yield Job("MLP 64-64-10 on digits, five optimizers, tuned", mlp, (images, labels), OPEN, {})
    yield Job("CNN on digits, three optimizers, given", cnn, (images, labels), GIVEN[:3], {"steps": 60})


def same(one: Record, other: Record) -> bool:
    a, b = one.trajectories, other.trajectories
    pairs = [(a.loss, b.loss), (a.x, b.x), *((value, b.metrics[name]) for name, value in a.metrics.items())]
    return all(np.array_equal(mine, yours, equal_nan=True) for mine, yours in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default: 3)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print(f"# Training races\n\nOne thread, medians of {options.rounds} rounds; torch {torch.__version__}.\n")
    print(
        "| | one after another, CPU s | default, CPU s | × faster | final runs | same bits |\n|---|---|---|---|---|---|"
    )
    for job in jobs():
        seconds: dict[Any, list[float]] = {False: [], None: []}
        records: dict[Any, Record] = {}
        for _ in range(options.rounds):
            for together in seconds:
                begin = time.process_time()
                records[together] = train_race(
                    job.model, nn.CrossEntropyLoss(), job.data, job.optimizers, together=together, resolution=9,
                    **job.options,
                )  # fmt: skip
                seconds[together].append(time.process_time() - begin)
        alone, default = (median(found) for found in seconds.values())
        how = records[None].trajectories.runs["trained"][0]
        equal = "yes" if same(*records.values()) else "no"
        print(f"| {job.name} | {alone:.2f} | {default:.2f} | {alone / default:.2f} | {how} | {equal} |", flush=True)


if __name__ == "__main__":
    main()
