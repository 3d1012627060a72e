"""What `landscapes.watch` costs: processor time of a training step with and without it, one thread.

    python benchmarks/watch.py [--batch 64] [--steps 86] [--rounds 5]

Blocks of steps with and without watching alternate, and the median of the blocks' ratios is printed. Blocks are
multiples of the measuring cycle. Before them, the file of weights is filled once. On a busy machine the ratio of two
blocks has an error of several per cent, so the processor time within the hooks, the log and the file is measured as
well ("inside"). It leaves out what measuring does to the caches. `benchmarks/watch.md` holds the output.
"""

from __future__ import annotations

import argparse
import time
from functools import wraps
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from landscapes import watch
from landscapes.networks import Watch

SPENT = [0.0]
"""The processor time within a watch."""


def timed(name: str) -> None:
    """Let a method of watches add its processor time to `SPENT`."""
    method = getattr(Watch, name)

    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        begin = time.process_time()
        found = method(*args, **kwargs)
        SPENT[0] += time.process_time() - begin
        return found

    setattr(Watch, name, call)


def mlp(width: int, depth: int) -> nn.Sequential:
    """Return a multilayer perceptron of 1024 inputs and 10 classes."""
    layers: list[nn.Module] = [nn.Linear(1024, width), nn.ReLU()]
    for _ in range(depth):
        layers += [nn.Linear(width, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 10))


def seconds(net: nn.Module, optimizer: torch.optim.Optimizer, batch: int, steps: int, watched: Watch | None) -> float:
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
            watched.log(loss)
    return time.process_time() - begin


def _warm(watched: Watch) -> int:
    """Return the steps after which each place for weights in full was written once: new pages of a file cost most."""
    points = watched._log.points
    return watched.every * (1 if points is None or points.slots is None else points.slots + 1)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=86)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in ("_before", "_after", "_accumulated", "_measure_raw", "log"):
        timed(name)
    print("| weights | measured every | ms per step | with / without | inside, ms per step | inside |")
    print("|---|---|---|---|---|---|")
    for width, depth in ((64, 1), (256, 1), (640, 1), (2048, 2)):
        torch.manual_seed(0)
        plain, other = mlp(width, depth), mlp(width, depth)
        without, optimizer = torch.optim.Adam(plain.parameters()), torch.optim.Adam(other.parameters())
        with TemporaryDirectory() as folder, watch(optimizer, Path(folder) / "run.npz", model=other) as watched:
            steps = -(-options.steps // watched.every) * watched.every
            seconds(plain, without, options.batch, watched.every, None)
            seconds(other, optimizer, options.batch, _warm(watched), watched)
            times = []
            for _ in range(options.rounds):
                bare, before = seconds(plain, without, options.batch, steps, None), SPENT[0]
                times.append((bare, seconds(other, optimizer, options.batch, steps, watched), SPENT[0] - before))
        ms = 1e3 * median(bare for bare, _, _ in times) / steps
        ratio = median(full / bare for bare, full, _ in times)
        inside, share = 1e3 * median(own for *_, own in times) / steps, median(own / bare for bare, _, own in times)
        count = sum(p.numel() for p in plain.parameters())
        print(
            f"| {count:,} | {watched.every} | {ms:.2f} | {ratio:.3f} | {inside:.2f} | {100 * share:.1f} % |", flush=True
        )


if __name__ == "__main__":
    main()
