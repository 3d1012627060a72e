"""Problems with exact gradients and Hessians, for the benchmark of diagnosis.

Each problem is a formula of points of shape (R, d), R runs at once. Families differ in their formulas: thresholds are
set on those of `TUNING`, and figures are reported on those of `HELD_OUT`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from landscapes import functions

Formula = Callable[[Tensor, Tensor | None], Tensor]


@dataclass(frozen=True)
class Problem:
    """A formula with its facts.

    Attributes:
        family: the kind of formula.
        formula: points (R, d) and rows of data (or None for all) → losses (R,).
        start: a generator and the number of runs → start points (R, d).
        minimum: the infimum, None if it is unknown.
        curvature: the largest eigenvalue of the Hessian at the minimizer, or of a typical point.
        rows: rows of data; 0 if there are none.
    """

    family: str
    formula: Formula
    start: Callable[[torch.Generator, int], Tensor]
    minimum: float | None = 0.0
    curvature: float = 1.0
    rows: int = 0

    def loss(self, x: Tensor, batch: Tensor | None = None) -> Tensor:
        return self.formula(x, batch)

    def hessian(self, x: Tensor) -> np.ndarray:
        """Return the exact Hessian at one point (d,)."""
        return torch.func.hessian(lambda point: self.formula(point[None], None)[0])(x).numpy()


def normal(scale: float, d: int) -> Callable[[torch.Generator, int], Tensor]:
    return lambda rng, runs: scale * torch.randn(runs, d, generator=rng, dtype=torch.float64)


def on_sphere(radius: float, d: int, jitter: float = 0.02) -> Callable[[torch.Generator, int], Tensor]:
    def start(rng: torch.Generator, runs: int) -> Tensor:
        x = torch.randn(runs, d, generator=rng, dtype=torch.float64)
        length = radius * (1 + jitter * (torch.rand(runs, 1, generator=rng, dtype=torch.float64) - 0.5))
        return x / x.norm(dim=1, keepdim=True) * length

    return start


def bowl(family: str, spectrum: list[float], rotated: bool, start_weights: list[float] | None = None) -> Problem:
    d = len(spectrum)
    eigenvalues = torch.tensor(spectrum, dtype=torch.float64)
    basis = torch.eye(d, dtype=torch.float64)
    if rotated:
        rng = torch.Generator().manual_seed(1)
        basis = torch.linalg.qr(torch.randn(d, d, generator=rng, dtype=torch.float64))[0]
    weights = torch.tensor(start_weights or [1.0] * d, dtype=torch.float64)

    def start(rng: torch.Generator, runs: int) -> Tensor:
        signs = torch.randn(runs, d, generator=rng, dtype=torch.float64).sign()
        sizes = 0.7 + 0.6 * torch.rand(runs, d, generator=rng, dtype=torch.float64)
        return (signs * sizes * weights) @ basis

    def formula(x: Tensor, batch: Tensor | None) -> Tensor:
        return 0.5 * (eigenvalues * (x @ basis.T).square()).sum(dim=1)

    return Problem(family, formula, start, 0.0, max(spectrum))


def network(family: str, sizes: tuple[int, int, int], kind: str, seed: int) -> Problem:
    """Return a network of one hidden layer on data made here: "tanh" regression or "sigmoid" classification."""
    inputs, hidden, outputs = sizes
    rng = torch.Generator().manual_seed(seed)
    rows = 64
    features = torch.randn(rows, inputs, generator=rng, dtype=torch.float64)
    if kind == "tanh":
        targets = torch.sin(2 * features.sum(dim=1, keepdim=True))
    else:
        targets = (
            features[:, :1] * features[:, 1:2] + 0.5 * torch.randn(rows, 1, generator=rng, dtype=torch.float64)
        ) > 0
        targets = targets.to(torch.float64)
    shapes = [(inputs, hidden), (1, hidden), (hidden, outputs), (1, outputs)]
    counts = [a * b for a, b in shapes]

    def formula(x: Tensor, batch: Tensor | None) -> Tensor:
        parts = [p.reshape(len(x), *s) for p, s in zip(x.split(counts, dim=1), shapes, strict=True)]
        data, wanted = (features, targets) if batch is None else (features[batch], targets[batch])
        if kind == "tanh":
            out = torch.tanh(data @ parts[0] + parts[1]) @ parts[2] + parts[3]
            return (out - wanted).square().mean(dim=(1, 2))
        out = torch.sigmoid(data @ parts[0] + parts[1]) @ parts[2] + parts[3]
        return torch.nn.functional.softplus(torch.where(wanted > 0, -out, out)).mean(dim=(1, 2))

    return Problem(family, formula, normal(0.7, sum(counts)), None, 2.0 if kind == "tanh" else 0.5, rows)


def dead_network(family: str, kind: str) -> Problem:
    """Return a network whose gradient is exactly zero: ReLU units that are all off, or a softmax over one unit."""
    rng = torch.Generator().manual_seed(7)
    features = torch.rand(64, 4, generator=rng, dtype=torch.float64)
    targets = (features.sum(dim=1) > 2).to(torch.float64)

    def formula(x: Tensor, batch: Tensor | None) -> Tensor:
        data, wanted = (features, targets) if batch is None else (features[batch], targets[batch])
        hidden = data @ x[:, :4].unsqueeze(2) + x[:, 4].reshape(-1, 1, 1)
        if kind == "relu":
            out = torch.relu(hidden)[..., 0] * x[:, 5:6]
            return (out - wanted).square().mean(dim=1)
        chance = torch.softmax(hidden, dim=2)[..., 0]
        return (chance - wanted).square().mean(dim=1)

    def start(rng: torch.Generator, runs: int) -> Tensor:
        x = torch.randn(runs, 6, generator=rng, dtype=torch.float64)
        if kind == "relu":
            x[:, :5] = -x[:, :5].abs() - 0.1
        return x

    return Problem(family, formula, start, 0.0, 1.0, 64)


def dying_network(family: str, squared: bool) -> Problem:
    """Return units that a large step switches off: from then on their gradient is exactly zero."""
    target = torch.tensor([2.0, 1.0, 3.0], dtype=torch.float64)

    def formula(x: Tensor, batch: Tensor | None) -> Tensor:
        active = torch.relu(x)
        active = active.square() if squared else active
        return (active - target).square().mean(dim=1)

    return Problem(family, formula, lambda rng, runs: 4 + torch.rand(runs, 3, generator=rng, dtype=torch.float64), 0.0)


def _sum(of: Callable[[Tensor], Tensor]) -> Formula:
    return lambda x, batch: of(x).sum(dim=1)


def _tilted(x: Tensor) -> Tensor:
    return x.square() + 0.4 * x**3 + 0.2 * x**4


def _ridge(x: Tensor, batch: Tensor | None) -> Tensor:
    return x[:, 0] ** 4 / 4 - x[:, 0] ** 2 / 2 + x[:, 1:].square().sum(dim=1) / 2


def _factors(x: Tensor, batch: Tensor | None) -> Tensor:
    wanted = torch.diag(torch.tensor([2.0, 1.0], dtype=torch.float64))
    outer = x[:, :2].unsqueeze(2) * x[:, 2:].unsqueeze(1)
    return (outer - wanted).square().sum(dim=(1, 2)) / 2


def _ridge_start(rng: torch.Generator, runs: int) -> Tensor:
    x = torch.zeros(runs, 3, dtype=torch.float64)
    x[:, 1:] = 1.5 + torch.rand(runs, 2, generator=rng, dtype=torch.float64)
    return x


def _factor_start(rng: torch.Generator, runs: int) -> Tensor:
    """Return points on the way into the saddle at zero: u is orthogonal to what v can use."""
    x = torch.zeros(runs, 4, dtype=torch.float64)
    a = 0.6 + 0.5 * torch.rand(runs, generator=rng, dtype=torch.float64)
    x[:, 0], x[:, 2] = a, -a
    return x


def _shelf(cliff: Callable[[Tensor], Tensor], edge: float, width: float) -> Formula:
    """Return a cliff that ends on a shelf at a radius, with a narrow well in its middle."""

    def formula(x: Tensor, batch: Tensor | None) -> Tensor:
        r = x.norm(dim=1)
        return cliff((r - edge).clamp(min=0)) + 1 - torch.exp(-(r / width).square() / 2)

    return formula


def _logistic(separable: bool) -> Problem:
    rng = torch.Generator().manual_seed(3)
    features = torch.randn(80, 4, generator=rng, dtype=torch.float64)
    score = features.sum(dim=1)
    if not separable:
        score = score + 1.5 * torch.randn(80, generator=rng, dtype=torch.float64)
    signs = score.sign()

    def formula(x: Tensor, batch: Tensor | None) -> Tensor:
        data, wanted = (features, signs) if batch is None else (features[batch], signs[batch])
        return torch.nn.functional.softplus(-(x @ data.T) * wanted).mean(dim=1)

    return Problem("logistic regression", formula, normal(2.0, 4), 0.0 if separable else None, 0.3, 80)


def _regression() -> Problem:
    rng = torch.Generator().manual_seed(4)
    features = torch.randn(80, 5, generator=rng, dtype=torch.float64)
    targets = features.sum(dim=1) / 2 + 0.7 * torch.randn(80, generator=rng, dtype=torch.float64)

    def formula(x: Tensor, batch: Tensor | None) -> Tensor:
        data, wanted = (features, targets) if batch is None else (features[batch], targets[batch])
        return (x @ data.T - wanted).square().mean(dim=1)

    solved = torch.linalg.lstsq(features, targets[:, None]).solution[:, 0]
    lowest = float((features @ solved - targets).square().mean())
    return Problem("linear regression", formula, normal(2.0, 5), lowest, 3.0, 80)


def _log_bowl(rng_scale: float) -> Formula:
    """A bowl below a logarithm of its room: NaN outside the unit ball."""
    return lambda x, batch: (x - rng_scale).square().sum(dim=1) - 0.01 * torch.log(1 - x.square().sum(dim=1))


def _root_bowl(x: Tensor, batch: Tensor | None) -> Tensor:
    return (x.sum(dim=1) - 3).square() + torch.sqrt(x).sum(dim=1)


def spaced(smallest: float, largest: float, count: int) -> list[float]:
    return np.geomspace(smallest, largest, count).tolist()


TUNING: Mapping[str, Problem] = {
    "bowl": bowl("separable bowl", spaced(0.1, 1, 10), False),
    "ravine": bowl("separable bowl", spaced(1e-4, 1, 6), False, [30, 10, 5, 2, 1, 1]),
    "quartic": Problem("quartic", _sum(lambda x: x**4 / 4), normal(1.0, 4), 0.0, 3.0),
    "logcosh": Problem(
        "log cosh", _sum(lambda x: torch.nn.functional.softplus(2 * x) - x - math.log(2)), normal(3.0, 4), 0.0, 1.0
    ),
    "regression": _regression(),
    "saddle": Problem("double well", _ridge, _ridge_start, -0.25, 2.0),
    "well": Problem(
        "Gaussian well", lambda x, b: 1 - torch.exp(-x.square().sum(dim=1) / 2), on_sphere(5.0, 2), 0.0, 1.0
    ),
    "shelf": Problem("shelf", _shelf(torch.square, 5.5, 1.2), on_sphere(6.3, 2), 0.0, 0.7),
    "tilted": Problem("tilted well", _sum(_tilted), on_sphere(1.0, 2, 0.6), 0.0, 2.0),
    "network": network("tanh network", (1, 8, 1), "tanh", 1),
    "dead": dead_network("ReLU network", "relu"),
    "dying": dying_network("ReLU units", False),
    "log": Problem("logarithm", _log_bowl(0.2), normal(0.1, 3), 0.0, 2.0),
    "absolute": Problem("absolute values", _sum(torch.abs), normal(2.0, 3), 0.0, 1.0),
    "chaos": Problem("double wells", _sum(lambda x: (x.square() - 1).square() / 4), on_sphere(0.9, 3, 0.5), 0.0, 2.0),
}

HELD_OUT: Mapping[str, Problem] = {
    "bowl": bowl("rotated bowl", [5.0, 3.1, 2.2, 1.0, 0.6, 0.3], True),
    "ravine": bowl("rotated bowl", [40.0, 8.0, 0.02, 0.002], True, [1, 1, 40, 60]),
    "quartic": Problem("sextic", _sum(lambda x: x**6 / 6), normal(1.0, 3), 0.0, 5.0),
    "logcosh": Problem("Huber", _sum(lambda x: torch.sqrt(1 + x.square()) - 1), normal(3.0, 5), 0.0, 1.0),
    "regression": _logistic(False),
    "saddle": Problem("matrix factors", _factors, _factor_start, 0.5, 4.0),
    "well": Problem("rational well", lambda x, b: 1 - (1 + x.square().sum(dim=1)) ** -3, on_sphere(14.0, 3), 0.0, 6.0),
    "shelf": Problem("arctangent shelf", _shelf(torch.atan, 9.0, 2.0), on_sphere(9.4, 3), 0.0, 0.25),
    "tilted": Problem(
        "Morse potential", _sum(lambda x: (1 - torch.exp(-x)).square()), on_sphere(0.7, 2, 0.6), 0.0, 2.0
    ),
    "network": network("sigmoid network", (2, 6, 1), "sigmoid", 2),
    "separable": _logistic(True),
    "dead": dead_network("softmax over one unit", "softmax"),
    "dying": dying_network("squared ReLU units", True),
    "log": Problem(
        "square root",
        _root_bowl,
        lambda rng, runs: 0.3 + torch.rand(runs, 2, generator=rng, dtype=torch.float64),
        0.0,
        4.0,
    ),
    "absolute": Problem(
        "largest coordinate", lambda x, b: x.abs().amax(dim=1) + 0.1 * x.abs().sum(dim=1), normal(2.0, 3), 0.0, 1.0
    ),
    "chaos": Problem(
        "sine waves", _sum(lambda x: 1 - torch.cos(x) + x.square() / 20), on_sphere(3.0, 4, 0.5), 0.0, 1.1
    ),
}


def _of_catalogue(name: str, near: tuple[float, ...], reach: float) -> Problem:
    """Return a function of the catalogue, started in a box around a point."""
    function = functions.get(name)
    middle = torch.tensor(near, dtype=torch.float64)

    def start(rng: torch.Generator, runs: int) -> Tensor:
        return middle + reach * (2 * torch.rand(runs, len(near), generator=rng, dtype=torch.float64) - 1)

    minimizer = torch.tensor(function.minima[0], dtype=torch.float64)
    hessian = torch.func.hessian(lambda x: function(x[None])[0])(minimizer)
    return Problem(
        name, lambda x, batch: function(x), start, float(function.minimum), float(torch.linalg.eigvalsh(hessian)[-1])
    )


CATALOGUE: Mapping[str, Problem] = {
    "bowl": _of_catalogue("booth", (-3.0, 5.0), 1.0),
    "ravine": _of_catalogue("rosenbrock", (-0.4, 0.16), 0.02),
    "quartic": _of_catalogue("beale", (2.5, 0.3), 0.2),
    "logcosh": _of_catalogue("three_hump_camel", (0.4, 0.4), 0.3),
    "tilted": _of_catalogue("himmelblau", (3.4, 2.4), 0.2),
    "well": _of_catalogue("easom", (0.0, 0.5), 0.2),
}

PROBLEMS: Mapping[str, Mapping[str, Problem]] = {"tuning": TUNING, "held-out": HELD_OUT, "catalogue": CATALOGUE}
