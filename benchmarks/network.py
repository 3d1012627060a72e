"""Measure planes of networks: CPU time per grid point of one thread, beside other packages and a careful loop.

    python benchmarks/network.py > benchmarks/network.md

All evaluate the same full data at the same points of the same two directions, in one process, one after another in
turns; figures are medians. Packages that are not installed are left out: loss-landscapes, nngeom, orqviz, losscape,
loss-landscape-3d. scikit-learn must be installed, for its digits.

The careful loop writes θ + a·d₁ + b·d₂ into a copy in inference mode and calls the module on all data at once, with
nothing else around it. The plain loop is what tutorials do: new weights by `functional_call` at each point.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import importlib
import io
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from landscapes import plane

Directions = list[dict[str, Tensor]]


class Job(NamedTuple):
    """A trained network and its data."""

    name: str
    net: nn.Module
    x: Tensor
    y: Tensor
    side: int


def trained(net: nn.Module, x: Tensor, y: Tensor, steps: int) -> nn.Module:
    optimizer = torch.optim.Adam(net.parameters(), 0.005)
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        rows = torch.randint(0, len(x), (min(128, len(x)),), generator=generator)
        optimizer.zero_grad()
        cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()
    return net.eval()


def jobs() -> Iterator[Job]:
    """Yield a perceptron on spirals, a convolutional network on digits, and a small perceptron on few rows."""
    torch.manual_seed(0)
    turn = torch.linspace(0, 1, 333).repeat(3)
    arm = torch.arange(3).repeat_interleave(333)
    angle = 4 * turn + 2.0944 * arm + 0.2 * torch.randn(999)
    x = torch.stack([turn * angle.sin(), turn * angle.cos()], 1)
    mlp = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
    yield Job("MLP 2-64-64-3, 999 rows", trained(mlp, x, arm, 300), x, arm, 51)
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = torch.tensor(digits.images[:, None] / 16, dtype=torch.float32)
    cnn = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip
    labels = torch.tensor(digits.target)
    yield Job("CNN with BatchNorm, digits, 1,797 images", trained(cnn, images, labels, 200), images, labels, 7)
    small = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))
    yield Job("MLP 2-16-16-3, 32 rows", trained(small, x[::31][:32], arm[::31][:32], 300), x[::31][:32],
              arm[::31][:32], 51)  # fmt: skip


def ours(job: Job, d: Directions) -> NDArray[np.float64]:
    found = plane(job.net, cross_entropy, (job.x, job.y), directions=d, resolution=job.side, span=1.0)
    assert found.surface is not None
    return found.surface.values


def careful_loop(job: Job, d: Directions) -> NDArray[np.float64]:
    net = copy.deepcopy(job.net)
    weights = dict(net.named_parameters())
    moved = [name for name in weights if bool(d[0][name].any() or d[1][name].any())]
    start = {name: weights[name].detach().clone() for name in moved}
    axis = np.linspace(-1, 1, job.side).tolist()
    out = np.empty((job.side, job.side))
    with torch.inference_mode():
        for i, b in enumerate(axis):
            for j, a in enumerate(axis):
                for name in moved:
                    torch.add(start[name], d[0][name], alpha=a, out=weights[name])
                    weights[name].add_(d[1][name], alpha=b)
                out[i, j] = cross_entropy(net(job.x), job.y).item()
    return out


def plain_loop(job: Job, d: Directions) -> NDArray[np.float64]:
    start = {name: p.detach() for name, p in job.net.named_parameters()}
    axis = np.linspace(-1, 1, job.side).tolist()
    out = np.empty((job.side, job.side))
    with torch.no_grad():
        for i, b in enumerate(axis):
            for j, a in enumerate(axis):
                named = {name: p + a * d[0][name] + b * d[1][name] for name, p in start.items()}
                out[i, j] = cross_entropy(torch.func.functional_call(job.net, named, (job.x,)), job.y).item()
    return out


def loss_landscapes(job: Job, d: Directions) -> NDArray[np.float64]:
    package, metrics = importlib.import_module("loss_landscapes"), importlib.import_module("loss_landscapes.metrics")
    corners = []
    for a, b in ((-1, -1), (1, -1), (-1, 1)):
        net = copy.deepcopy(job.net)
        with torch.no_grad():
            for name, p in net.named_parameters():
                p += a * d[0][name] + b * d[1][name]
        corners.append(net)
    found: Any = package.planar_interpolation(*corners, metrics.Loss(cross_entropy, job.x, job.y), steps=job.side)
    return np.asarray(found, float)


def nngeom(job: Job, d: Directions) -> NDArray[np.float64]:
    package, planes = importlib.import_module("nngeom"), importlib.import_module("nngeom.lossland")
    model = package.Model(job.net, loss_fn=lambda net, batch: cross_entropy(net(batch[0]), batch[1]))
    flat = [torch.cat([part.reshape(-1) for part in one.values()]).double().numpy() for one in d]
    found = planes.plane_slice_2d(model, (job.x, job.y), span=1.0, steps=job.side, directions=flat)
    return np.asarray(found.losses, float)


def orqviz(job: Job, d: Directions) -> NDArray[np.float64]:
    scans = importlib.import_module("orqviz.scans")
    net = copy.deepcopy(job.net)

    def loss(vector: NDArray[np.float64]) -> float:
        torch.nn.utils.vector_to_parameters(torch.from_numpy(vector).float(), net.parameters())
        with torch.no_grad():
            return cross_entropy(net(job.x), job.y).item()

    start, *flat = (
        torch.cat([part.detach().reshape(-1) for part in one.values()]).double().numpy()
        for one in (dict(job.net.named_parameters()), *d)
    )
    return np.asarray(scans.perform_2D_scan(start, loss, *flat, n_steps_x=job.side, end_points_x=(-1, 1)).values)


def losscape(job: Job, d: Directions) -> NDArray[np.float64]:
    package = importlib.import_module("losscape.create_landscape")
    lists = [[part.clone() for part in one.values()] for one in d]
    with tempfile.TemporaryDirectory() as folder:
        *_, found = package.create_3D_losscape(
            copy.deepcopy(job.net), [(job.x, job.y)], directions=lists, num_batches=1, save_only=True,
            output_path=folder + os.sep, output_h5=False, num_points=job.side,
        )  # fmt: skip
    return np.asarray(found, float)


def loss_landscape_3d(job: Job, d: Directions) -> NDArray[np.float64]:
    package = importlib.import_module("loss_landscape_3d")
    axis = np.linspace(-1, 1, job.side)
    state = {name: value.clone() for name, value in job.net.state_dict().items()}
    calculator = package.LossLandscapeCalculator(copy.deepcopy(job.net), [(job.x, job.y)], cross_entropy)
    return np.asarray(calculator.calculate(axis, axis, *d, state), float)


WAYS: dict[str, Callable[[Job, Directions], NDArray[np.float64]]] = {
    "landscapes.plane": ours,
    "careful loop": careful_loop,
    "plain loop": plain_loop,
    "loss-landscapes": loss_landscapes,
    "nngeom": nngeom,
    "orqviz": orqviz,
    "losscape": losscape,
    "loss-landscape-3d": loss_landscape_3d,
}


def difference(found: NDArray[np.float64], expected: NDArray[np.float64]) -> str:
    """Return the largest difference relative to the largest loss; some store the second axis first."""
    if found.shape != expected.shape:
        return f"shape {found.shape}"
    apart = min(float(np.abs(grid - expected).max()) for grid in (found, found.T))
    return f"{apart / float(expected.max()):.0e}"


def measure(job: Job, rounds: int) -> None:
    made = plane(job.net, cross_entropy, (job.x, job.y), resolution=3)
    assert made.space is not None
    assert made.objective is not None
    d = [
        {name: part.clone() for name, part in made.objective.weights.split(one).items()}
        for one in made.space.directions
    ]
    seconds: dict[str, list[float]] = {}
    values: dict[str, NDArray[np.float64]] = {}
    missing = set()
    for _ in range(rounds):
        for name, way in WAYS.items():
            if name in missing:
                continue
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    begin = time.process_time()
                    values[name] = way(job, d)
                    seconds.setdefault(name, []).append(time.process_time() - begin)
            except ImportError:
                missing.add(name)
    reference = statistics.median(seconds["careful loop"])
    print(f"\n## {job.name}, {job.side} × {job.side} points\n")
    print("| | CPU ms per point | × careful loop | largest difference, relative |\n|---|---|---|---|")
    for name, found in sorted(seconds.items(), key=lambda one: statistics.median(one[1])):
        middle = statistics.median(found)
        gap = difference(values[name], values["plain loop"])
        print(f"| {name} | {1000 * middle / job.side**2:.3f} | {middle / reference:.2f} | {gap} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: 5)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print(f"# Planes of networks\n\nOne thread, medians of {options.rounds} rounds; torch {torch.__version__}.")
    for job in jobs():
        measure(job, options.rounds)


if __name__ == "__main__":
    main()
