"""Diagnose failing programs that people asked about, each with its repaired twin.

    python benchmarks/real_failures.py [--json] [--seeds N]

Programs have the numbers of their questions on Stack Overflow, and their networks, losses, optimizers and lengths, with
the initialization of Keras, in which they were written. Data are made here. Each program runs with several seeds. Its
cause is named if the verdict is one of the kinds that its faults lead to; a twin is flagged if its verdict is a
failure. Each is judged from what `watch` recorded, and from the losses of epochs alone.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_iris  # type: ignore[import-untyped]
from torch import Tensor, nn

from landscapes import diagnose
from landscapes.diagnosis import Verdict
from landscapes.networks import watch

Loss = Callable[[Tensor, Tensor], Tensor]
Data = Callable[[torch.Generator], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Program:
    """A program that trains a network.

    Attributes:
        question: the number of the question.
        fault: what is wrong with it, in words; "" if nothing is.
        kinds: the verdicts that name the fault.
        data: makes inputs and targets.
        net: makes the network.
        loss: of output and target.
        optimizer: makes the optimizer of the weights.
        epochs: how often all rows are seen.
        batch: rows per step.
    """

    question: int
    fault: str
    kinds: tuple[str, ...]
    data: Data
    net: Callable[[], nn.Module]
    loss: Loss
    optimizer: Callable[[Any], torch.optim.Optimizer]
    epochs: int
    batch: int = 32


def layers(*sizes: int, hidden: type[nn.Module], last: nn.Module) -> Callable[[], nn.Module]:
    """Return a maker of a dense network with the initialization of Keras."""

    def make() -> nn.Module:
        parts: list[nn.Module] = []
        for a, b in itertools.pairwise(sizes):
            dense = nn.Linear(a, b)
            nn.init.xavier_uniform_(dense.weight)
            nn.init.zeros_(dense.bias)
            parts += [dense, hidden()]
        return nn.Sequential(*parts[:-1], last)

    return make


def bce(out: Tensor, target: Tensor) -> Tensor:
    """Return the binary cross-entropy; like Keras, of probabilities that are kept away from 0 and 1."""
    return nn.functional.binary_cross_entropy(out.clamp(1e-7, 1 - 1e-7), target)


def cross_entropy(out: Tensor, target: Tensor) -> Tensor:
    """Return the categorical cross-entropy of probabilities, which are scaled to a sum of 1 as Keras does."""
    return nn.functional.nll_loss((out / out.sum(dim=1, keepdim=True)).clamp(1e-7, 1 - 1e-7).log(), target)


def mae(out: Tensor, target: Tensor) -> Tensor:
    return (out - target).abs().mean()


def mse(out: Tensor, target: Tensor) -> Tensor:
    return (out - target).square().mean()


def xor(rng: torch.Generator) -> tuple[Tensor, Tensor]:
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return x, (x.sum(dim=1, keepdim=True) == 1).float()


def three_of_xor(rng: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = xor(rng)
    kept = torch.randperm(4, generator=rng)[:3]
    return x[kept], y[kept]


def parabola(rng: torch.Generator) -> tuple[Tensor, Tensor]:
    x = torch.arange(50)[:, None] / 10
    return x, 5 * x.square() + torch.randn(x.shape, generator=rng) ** 3


def ones_and_zeros(rng: torch.Generator) -> tuple[Tensor, Tensor]:
    y = torch.cat([torch.ones(10_000, 1), torch.zeros(10_000, 1)])
    return y.expand(-1, 128), y


def coins(rng: torch.Generator) -> tuple[Tensor, Tensor]:
    return torch.rand(1000, 5, generator=rng), torch.randint(2, (1000, 1), generator=rng).float()


def squares(rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two squares side by side, a class each."""
    x = torch.rand(200, 2, generator=rng)
    y = torch.arange(200) // 100
    return x + y[:, None].float(), y


def iris(rng: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = load_iris(return_X_y=True)
    return torch.from_numpy(x).float(), torch.from_numpy(y).long()


def sgd(lr: float, momentum: float = 0.0) -> Callable[[Any], torch.optim.Optimizer]:
    return lambda weights: torch.optim.SGD(weights, lr=lr, momentum=momentum)


def adam(lr: float) -> Callable[[Any], torch.optim.Optimizer]:
    return lambda weights: torch.optim.Adam(weights, lr=lr, eps=1e-7)


def rmsprop(weights: Any) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(weights, lr=1e-3, alpha=0.9, eps=1e-7)


ONE_SOFTMAX: Any = {"hidden": nn.ReLU, "last": nn.Softmax(dim=1)}
ONE_SIGMOID: Any = {"hidden": nn.ReLU, "last": nn.Sigmoid()}
SIGMOIDS: Any = {"hidden": nn.Sigmoid, "last": nn.Sigmoid()}

FAULTY = (
    Program(31556268, "loss, lr, epochs, optimizer", ("crawling", "still falling", "plateau"), three_of_xor,
            layers(2, 4, 1, **SIGMOIDS), mae, sgd(0.05, 0.11), 1000),
    Program(48934338, "lr too high", ("diverged", "non-finite"), parabola,
            layers(1, 50, 30, 1, hidden=nn.ReLU, last=nn.Identity()), mse, sgd(0.1), 100),
    Program(31880720, "softmax over one unit", ("zero gradient",), ones_and_zeros,
            layers(128, 50, 50, 1, **ONE_SOFTMAX), bce, rmsprop, 3, 128),
    Program(45337371, "softmax over one unit", ("zero gradient",), coins,
            layers(5, 60, 50, 1, **ONE_SOFTMAX), bce, adam(1e-3), 20),
    Program(50306988, "lr, epochs", ("still falling", "crawling"), squares,
            layers(2, 2, 2, hidden=nn.Sigmoid, last=nn.Softmax(dim=1)), cross_entropy, adam(1e-3), 5),
)  # fmt: skip

HEALTHY = (
    replace(FAULTY[0], fault="", data=xor, loss=bce, optimizer=adam(0.05)),
    replace(FAULTY[1], fault="", optimizer=sgd(1e-4)),
    replace(FAULTY[2], fault="", net=layers(128, 50, 50, 1, **ONE_SIGMOID)),
    replace(FAULTY[3], fault="", net=layers(5, 60, 50, 1, **ONE_SIGMOID)),
    replace(FAULTY[4], fault="", optimizer=adam(0.05), epochs=500),
    Program(51930566, "", (), iris, layers(4, 4, 3, **SIGMOIDS), cross_entropy, adam(1e-3), 50),
)  # fmt: skip


def train(program: Program, seed: int) -> tuple[Any, np.ndarray]:
    """Return the record of `watch`, and the mean loss of each epoch."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = program.net()
    rng = torch.Generator().manual_seed(seed)
    x, y = program.data(rng)
    optimizer = program.optimizer(net.parameters())
    epochs = []
    with watch(optimizer, model=net, points="projected") as watched:
        for _ in range(program.epochs):
            losses = []
            for rows in torch.randperm(len(x), generator=rng).split(program.batch):
                optimizer.zero_grad()
                loss = program.loss(net(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                watched.log(loss)
                losses.append(float(loss.detach()))
            epochs.append(np.mean(losses))
    return watched.record, np.array(epochs)


def verdicts(program: Program, seeds: Sequence[int]) -> dict[str, list[Verdict]]:
    """Return one verdict per seed: from all that is recorded, and from the losses of epochs alone."""
    runs = [train(program, seed) for seed in seeds]
    return {
        "watch": [diagnose(record)[0] for record, _ in runs],
        "epochs": [diagnose(losses)[0] for _, losses in runs],
    }


def measure(seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Return one row per program."""
    rows = []
    for program in (*FAULTY, *HEALTHY):
        row: dict[str, Any] = {"question": program.question, "fault": program.fault}
        for source, found in verdicts(program, seeds).items():
            row[source] = dict(Counter(one.kind for one in found).most_common())
            good = [one.kind in program.kinds if program.fault else one.healthy is not False for one in found]
            row[f"{source}: good"] = sum(good)
        rows.append(row)
    return rows


def table(rows: Sequence[dict[str, Any]], seeds: int) -> str:
    """Return the rows as Markdown."""
    lines = [
        "| question | fault | verdicts with `watch` | right | verdicts on losses of epochs | right |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [f"{row['question']}", row["fault"] or "none"]
        for source in ("watch", "epochs"):
            cells += [", ".join(f"{kind} {count}" for kind, count in row[source].items())]
            cells += [f"{row[f'{source}: good']} of {seeds}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=10, metavar="N")
    options = parser.parse_args()
    rows = measure(range(options.seeds))
    print(json.dumps(rows, indent=1) if options.json else table(rows, options.seeds))


if __name__ == "__main__":
    main()
