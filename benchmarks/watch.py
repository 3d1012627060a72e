"""What `landscapes.watch` costs: processor time of a training step with and without it, interleaved, one thread.

    python benchmarks/watch.py [--batch 64] [--steps 84] [--rounds 5]

For each network, blocks of steps with and without watching alternate, and the medians of the blocks' ratios are
printed. A block begins at the same place of the measuring cycle, and is a multiple of it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from landscapes import watch


def mlp(width: int, depth: int, inputs: int = 1024) -> nn.Sequential:
    """Return a multilayer perceptron."""
    layers: list[nn.Module] = [nn.Linear(inputs, width), nn.ReLU()]
    for _ in range(depth):
        layers += [nn.Linear(width, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 10))


def seconds(net: nn.Module, optimizer: torch.optim.Optimizer, batch: int, steps: int, watched: object = None) -> float:
    """Return the processor time of so many steps."""
    inputs, labels = torch.randn(batch, 1024), torch.randint(0, 10, (batch,))
    begin = time.process_time()
    for _ in range(steps):
        loss = nn.functional.cross_entropy(net(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if watched is not None:
            watched.log(loss)  # type: ignore[attr-defined]
    return time.process_time() - begin


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=82)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| weights | every | ms per step | watched | of it, ms per step |")
    print("|---|---|---|---|---|")
    for width, depth in ((64, 1), (256, 1), (640, 1), (2048, 2)):
        torch.manual_seed(0)
        plain, other = mlp(width, depth), mlp(width, depth)
        without, optimizer = torch.optim.Adam(plain.parameters()), torch.optim.Adam(other.parameters())
        with TemporaryDirectory() as folder, watch(optimizer, Path(folder) / "run.npz", model=other) as watched:
            every = watched.every
            steps = -(-options.steps // every) * every if every > 1 else options.steps
            seconds(plain, without, options.batch, every, None)
            seconds(other, optimizer, options.batch, every, watched)
            pairs = [
                (
                    seconds(plain, without, options.batch, steps),
                    seconds(other, optimizer, options.batch, steps, watched),
                )
                for _ in range(options.rounds)
            ]
        ratio = statistics.median(b / a for a, b in pairs)
        ms = 1e3 * statistics.median(a for a, _ in pairs) / steps
        extra = 1e3 * statistics.median(b - a for a, b in pairs) / steps
        count = sum(p.numel() for p in plain.parameters())
        print(f"| {count:,} | {every} | {ms:.2f} | {100 * (ratio - 1):+.1f} % | {extra:.2f} |", flush=True)


if __name__ == "__main__":
    main()
