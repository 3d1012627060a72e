"""Measure what a plane costs for ten million weights, and how far planes of a training path can be trusted.

    python benchmarks/network_facts.py > benchmarks/network_facts.md

scikit-learn must be installed, for its digits.
"""

from __future__ import annotations

import copy
import resource
import time

import torch
from network import jobs
from torch import Tensor, nn

from landscapes import plane

CE = nn.CrossEntropyLoss()


def peak() -> int:
    """Return the largest memory of the process so far in bytes, on Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def large() -> None:
    """Print time and memory of planes of a perceptron of ten million weights."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(1024, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 2048), nn.ReLU(),
        nn.Linear(2048, 10),
    )  # fmt: skip
    count = sum(p.numel() for p in net.parameters())
    x, y = torch.randn(256, 1024), torch.randint(10, (256,))
    CE(net(x), y)
    before = peak()
    print(f"## Perceptron of {count:,} weights, 256 rows\n")
    print("| points | CPU s | CPU ms per point | peak memory, in copies of the weights |\n|---|---|---|---|")
    for side in (5, 15):
        begin = time.process_time()
        plane(net, CE, (x, y), resolution=side)
        spent = time.process_time() - begin
        copies = (peak() - before) / (4 * count)
        print(f"| {side} × {side} | {spent:.1f} | {1000 * spent / side**2:.0f} | {copies:.1f} |", flush=True)


def trained(net: nn.Module, x: Tensor, y: Tensor, steps: int = 200) -> list[dict[str, Tensor]]:
    """Train by Adam, and return each tenth checkpoint."""
    for layer in net.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()  # type: ignore[operator]
    optimizer, generator = torch.optim.Adam(net.train().parameters(), 0.005), torch.Generator().manual_seed(0)
    path = [copy.deepcopy(net.state_dict())]
    for step in range(1, steps + 1):
        rows = torch.randint(0, len(x), (128,), generator=generator)
        optimizer.zero_grad()
        CE(net(x[rows]), y[rows]).backward()
        optimizer.step()
        if step % 10 == 0:
            path.append(copy.deepcopy(net.state_dict()))
    return path


def honesty() -> None:
    """Print the figures that pictures of paths show, for the network of `network.py` with BatchNorm."""
    job = list(jobs())[1]
    torch.manual_seed(0)
    path = trained(job.net, job.x, job.y)
    print(f"\n## {job.name}: principal plane of 200 steps of Adam\n")
    print("| BatchNorm | movement within | farthest off the plane | of | losses | plane error | ribbon error |")
    print("|---|---|---|---|---|---|---|")
    for mode in ("recalibrate", "frozen"):
        record = plane(job.net, CE, (job.x, job.y), path=path, resolution=3, ribbon=True, batchnorm=mode)
        facts, loss = record.meta["plane"], record.trajectories.loss
        print(
            f"| {mode} | {100 * facts['explained']:.1f} % | {facts['off_plane']:.2f} | {facts['path_length']:.2f} | "
            f"{loss.min():.3f} to {loss.max():.2f} | {facts['plane_error']:.3f} | {facts['ribbon_error']:.1e} |",
            flush=True,
        )


def main() -> None:
    torch.set_num_threads(1)
    print(f"# Planes of large networks and of training paths\n\nOne thread; torch {torch.__version__}.\n")
    large()
    honesty()


if __name__ == "__main__":
    main()
