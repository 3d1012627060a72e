"""Optimizers that couple coordinates, evaluate other points or need curvature match their references."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from reference import by_optimizers, egg_box, starts, valley
from thinned import diagonal
from torch import Tensor

from landscapes import function, optimizers
from landscapes.engine import loop
from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers.base import Optimizer
from landscapes.oracle import value_and_gradient
from landscapes.random import normal

WIDE = torch.tensor([[-1e6, 1e6]] * 10, dtype=torch.float64)


def by_separate_objects(
    objective: Function,
    optimizers: list[tuple[type[torch.optim.Optimizer], dict[str, Any]]],
    x: Tensor,
    steps: int,
    shape: tuple[int, ...] = (-1,),
) -> Tensor:
    """Return the points (steps, d, R) of torch optimizers, each with its own parameter shape."""
    points = [torch.nn.Parameter(start.clone().reshape(shape)) for start in x.unbind(1)]
    made = [cls([p], **settings) for (cls, settings), p in zip(optimizers, points, strict=True)]
    path = torch.empty((steps, *x.shape), dtype=x.dtype)
    for context in path:
        for p, optimizer in zip(points, made, strict=True):
            flat = p.detach().flatten()
            p.grad = value_and_gradient(objective, flat[:, None])[1].reshape(p.shape)
            optimizer.step()
        torch.stack([p.detach().flatten() for p in points], 1, out=context)
    return path


# Adafactor


def factored(rows: int, count: int, rng: np.random.Generator) -> list[optimizers.Adafactor]:
    return [
        optimizers.Adafactor(
            lr=float(rng.uniform(0.01, 0.5)),
            beta2_decay=-float(rng.uniform(0.3, 1)),
            eps=float(rng.uniform(1e-4, 1e-1)),
            d=float(rng.uniform(1, 2)),
            weight_decay=float(rng.uniform(1e-3, 0.1)),
            rows=rows,
        )
        for _ in range(count)
    ]


def in_torch(optimizer: optimizers.Adafactor) -> tuple[type[torch.optim.Optimizer], dict[str, Any]]:
    return torch.optim.Adafactor, {
        "lr": optimizer.lr,
        "beta2_decay": optimizer.beta2_decay,
        "eps": (None, optimizer.eps),
        "d": optimizer.d,
        "weight_decay": optimizer.weight_decay,
        "foreach": False,
    }


@pytest.mark.skipif(not hasattr(torch.optim, "Adafactor"), reason="Adafactor came with torch 2.5")
@pytest.mark.parametrize(
    ("size", "objective"),
    diagonal([(1, 0), (2, 0), (10, 0), (2, 1), (6, 2), (10, 5)], [valley, egg_box]),
    ids=lambda part: getattr(part, "__name__", None),
)
@pytest.mark.thin(1)
def test_adafactor_matches_torch(size, objective):
    dim, rows = size
    rng = np.random.default_rng(dim + rows)
    candidates, x = factored(rows, 4, rng), starts(dim, 4, rng)
    shape = (rows, dim // rows) if rows else (dim,)
    expected = by_separate_objects(objective(dim), [in_torch(optimizer) for optimizer in candidates], x, 40, shape)
    torch.testing.assert_close(by_optimizers(objective(dim), candidates, x, 40), expected, rtol=0, atol=1e-9)


# Muon


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="Muon came with torch 2.9")
@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize(("dim", "rows"), [(2, 1), (2, 2), (6, 2), (6, 3), (10, 5)])
@pytest.mark.thin(2)
def test_muon_matches_torch(dim, rows, nesterov):
    """Steps agree to the last bit of bfloat16 (2⁻⁸); sums in another order may round differently."""
    rng = np.random.default_rng(dim + rows)
    candidates = [
        optimizers.Muon(lr=lr, momentum=0.9, weight_decay=0.05, rows=rows, nesterov=nesterov)
        for lr in (1e-3, 2e-2, 0.1)
    ]
    x = starts(dim, 3, rng)
    same = {"momentum": 0.9, "weight_decay": 0.05, "nesterov": nesterov}
    stock = [(torch.optim.Muon, {"lr": optimizer.lr, **same}) for optimizer in candidates]
    expected = by_separate_objects(valley(dim), stock, x, 15, (rows, dim // rows))
    got = by_optimizers(valley(dim), candidates, x, 15)
    scale = torch.tensor([optimizer.lr for optimizer in candidates], dtype=torch.float64) * math.sqrt(
        max(1.0, rows * rows / dim)
    )
    assert float(((got[0] - expected[0]).abs() / scale).max()) <= 2**-7
    assert float(((got - expected).abs() / scale).max()) <= 15 * 2**-5


def test_muon_steps_of_one_row_have_equal_length():
    x = torch.tensor([[3.0, 0.01], [-4.0, 0.02]], dtype=torch.float64)
    moved = by_optimizers(valley(2), [optimizers.Muon(lr=0.1, weight_decay=0.0)] * 2, x, 1)[0] - x
    lengths = (moved / 0.1).norm(dim=0)
    assert ((lengths > 0.6) & (lengths < 1.3)).all()


@pytest.mark.parametrize(("optimizer", "rows"), [(optimizers.Muon, 3), (optimizers.Adafactor, 4)])
def test_rows_must_divide_the_dimension(optimizer, rows):
    with pytest.raises(
        InputError, match=rf"rows must divide the 2 coordinates of valley, got {rows}; choose one of 1, 2"
    ):
        loop.run(valley(2), [optimizer(rows=rows)], torch.ones(2, 1).double(), 3, box=WIDE[:2])


@pytest.mark.parametrize("rows", [0, -1, 1.5])
def test_rows_must_be_integers(rows):
    with pytest.raises(InputError, match="Muon: rows must be an integer >= 1, got"):
        optimizers.Muon(rows=rows)


# Schedule-Free


class PlainScheduleFree(torch.optim.Optimizer):
    """The authors' code: the parameter is y, and the average is computed from y and z."""

    def __init__(self, params: Any, *, adam: bool, beta: float, **settings: Any) -> None:
        super().__init__(params, {"adam": adam, "beta": beta, "k": 0, "highest": 0.0, "sum": 0.0, **settings})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        (h,) = self.param_groups
        (y,) = h["params"]
        s, g, beta, k = self.state[y], y.grad, h["beta"], h["k"]
        z = s.setdefault("z", y.clone())
        lr = h["lr"] * ((k + 1) / h["warmup"] if k < h["warmup"] else 1.0)
        h["highest"] = max(lr, h["highest"])
        weight = (k + 1) ** h["r"] * h["highest"] ** 2
        h["sum"] += weight
        share = weight / h["sum"]
        if h["adam"]:
            v = s.setdefault("v", torch.zeros_like(y))
            v.mul_(h["beta2"]).addcmul_(g, g, value=1 - h["beta2"])
            g = g / (v.div(1 - h["beta2"] ** (k + 1)).sqrt_().add_(h["eps"]))
        g = g + h["weight_decay"] * y
        y.lerp_(z, share).add_(g, alpha=lr * (beta * (1 - share) - 1))
        z.sub_(g, alpha=lr)
        h["k"] = k + 1

    def average(self) -> Tensor:
        (h,) = self.param_groups
        (y,) = h["params"]
        return torch.lerp(y.detach(), self.state[y]["z"], 1 - 1 / h["beta"])


@pytest.mark.parametrize("adam", [False, True])
@pytest.mark.parametrize("dim", [1, 2, 10])
@pytest.mark.thin(1)
def test_schedule_free_matches_the_authors_code(dim, adam):
    rng = np.random.default_rng(dim)
    candidates: list[Optimizer] = []
    stock = []
    for _ in range(3):
        same = {
            "lr": float(rng.uniform(1e-3, 1e-2)),
            "warmup": float(rng.integers(0, 20)),
            "r": float(rng.integers(0, 2)),
            "weight_decay": float(rng.uniform(0, 0.1)),
        }
        more = {"beta2": float(rng.uniform(0.9, 0.999)), "eps": 1e-8} if adam else {}
        beta = float(rng.uniform(0.5, 0.95))
        cls = optimizers.ScheduleFreeAdamW if adam else optimizers.ScheduleFreeSGD
        candidates.append(cls(**same, **more, **{"beta1" if adam else "momentum": beta}))
        stock.append({"adam": adam, "beta": beta, **same, **more})
    x, objective = starts(dim, 3, rng), valley(dim)
    got = by_optimizers(objective, candidates, x, 80)
    for run, settings in enumerate(stock):
        y = torch.nn.Parameter(x[:, run].clone())
        optimizer = PlainScheduleFree([y], **settings)
        for point in got[:, :, run]:
            y.grad = value_and_gradient(objective, y.detach()[:, None])[1][:, 0]
            optimizer.step()
            torch.testing.assert_close(point, optimizer.average(), rtol=1e-7, atol=1e-8)


def test_schedule_free_takes_one_gradient_per_step():
    candidates = [optimizers.ScheduleFreeSGD(lr=0.01), optimizers.SGD(lr=0.01), optimizers.ScheduleFreeAdamW(lr=0.01)]
    paths = loop.run(valley(2), candidates, torch.full((2, 3), 0.5).double(), 30, box=WIDE[:2])
    assert paths.n_gradients.tolist() == [30, 30, 30]
    assert paths.evaluations["n_values"].tolist() == [0, 0, 0]


# Sophia


@pytest.mark.parametrize("dim", [1, 2, 10])
@pytest.mark.thin(1)
def test_sophia_matches_the_papers_algorithm(dim):
    rng = np.random.default_rng(dim)
    candidates = [
        optimizers.Sophia(
            lr=float(rng.uniform(1e-3, 0.1)),
            beta1=0.9,
            beta2=float(rng.uniform(0.5, 0.99)),
            gamma=float(rng.uniform(0.01, 1)),
            every=int(rng.integers(1, 12)),
            weight_decay=0.01,
        )
        for _ in range(4)
    ]
    x, objective = starts(dim, 4, rng), valley(dim)
    got = by_optimizers(objective, candidates, x, 60)
    for run, optimizer in enumerate(candidates):
        p, m, h = x[:, run].clone(), torch.zeros(dim).double(), torch.zeros(dim).double()
        for t, point in enumerate(got[:, :, run]):
            g = value_and_gradient(objective, p[:, None])[1][:, 0]
            if t % optimizer.every == 0:
                u = normal(0, torch.tensor([run]), t + 1, 1, dim)[:, 0]
                hessian = torch.autograd.functional.hessian(lambda q: objective.evaluate(q[:, None])[0], p)
                h = optimizer.beta2 * h + (1 - optimizer.beta2) * u * (hessian @ u)
            m = optimizer.beta1 * m + (1 - optimizer.beta1) * g
            p = p * (1 - optimizer.lr * optimizer.weight_decay)
            p = p - optimizer.lr * (m / (optimizer.gamma * h).clamp(min=optimizer.eps)).clamp(-1, 1)
            torch.testing.assert_close(point, p, rtol=1e-9, atol=1e-10)
            p, m, h = point, m, h


def test_sophia_evaluates_curvature_every_k_steps():
    candidates = [optimizers.Sophia(lr=0.01, every=k) for k in (1, 7, 10)]
    paths = loop.run(valley(2), candidates, torch.full((2, 3), 0.5).double(), 30, box=WIDE[:2])
    assert paths.evaluations["n_hvps"].tolist() == [30, 5, 3]
    assert paths.n_gradients.tolist() == [30, 30, 30]


@pytest.mark.slow
def test_sophia_takes_newton_steps_on_an_axis_aligned_bowl():
    """On an axis-aligned bowl with an averaged estimate, steep and flat directions shrink equally fast."""
    bowl = function((-5, 5), (-5, 5), name="bowl")(lambda a, b: 50 * a * a + 0.5 * b * b)
    optimizer = optimizers.Sophia(lr=0.1, beta1=0.0, beta2=0.99, gamma=1.0, every=1)
    start = torch.tensor([[0.3], [0.3]], dtype=torch.float64)
    end = by_optimizers(bowl, [optimizer], start, 400)[-1, :, 0].abs()
    assert float(end.max()) < 1e-9
    plain = by_optimizers(bowl, [optimizers.SGD(lr=0.01)], start, 400)[-1, :, 0].abs()
    assert plain[1] > 1e-3
