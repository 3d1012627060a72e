"""Third-party optimizers whose step calls functions that torch rounds by the size of a tensor: no bit depends on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from peers import always_vectorize, can_share
from reference import by_optimizers, egg_box, starts
from torch.nn import functional

from landscapes.optimizers import Torch
from landscapes.optimizers.adapters import torch_stepper
from landscapes.optimizers.adapters.vectorization_probe import vectorization_report
from landscapes.optimizers.adapters.vectorized import Vectorized

pytestmark = pytest.mark.skipif(not can_share(), reason="torch 2.4 cannot watch subclasses")

DIRECTIONS: dict[str, Any] = {
    "pow": lambda g: g.abs().pow(1.5),
    "pow by a tensor": lambda g: (g.abs() + 0.1) ** (g.abs() + 0.5),
    "pow of a number": lambda g: 1.7**g,
    "pow in place": lambda g: g.abs().pow_(1 / 3),
    "out=": lambda g: torch.pow(g.abs(), 0.7, out=torch.empty_like(g)),
    "foreach": lambda g: torch._foreach_pow([g.abs()], 0.3)[0],
    "sigmoid": torch.sigmoid,
    "exp2": torch.exp2,
    "sinh": torch.sinh,
    "atan2": lambda g: torch.atan2(g, g * g + 0.3),
    "hypot": lambda g: torch.hypot(g, torch.ones_like(g)),
    "logaddexp": lambda g: torch.logaddexp(g, g * 0.7),
    "softplus": functional.softplus,
    "gelu": functional.gelu,
    "softmax": lambda g: torch.softmax(g, 0),
    "several": lambda g: torch.tanh(g) * torch.log1p(g.abs()) + torch.exp(-g.abs()),
}


@pytest.fixture(autouse=True)
def vectorize_all(monkeypatch):
    always_vectorize(monkeypatch)


def moving(direction: Any) -> type[torch.optim.Optimizer]:
    class Mover(torch.optim.Optimizer):
        def __init__(self, params: Any, lr: float = 0.01) -> None:
            super().__init__(params, {"lr": lr})

        @torch.no_grad()
        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for p in group["params"]:
                    p.sub_(direction(p.grad.clone()), alpha=group["lr"])

    return Mover


@pytest.mark.parametrize("name", DIRECTIONS)
def test_no_bit_depends_on_the_number_of_runs(name, monkeypatch):
    optimizer, x = Torch(moving(DIRECTIONS[name]), lr=0.01), starts(2, 60, np.random.default_rng(1))
    together = by_optimizers(egg_box(2), [optimizer] * 60, x, 5)
    monkeypatch.setattr(torch_stepper, "RUNS", 100)  # fewer runs have one object each
    assert torch.equal(together, by_optimizers(egg_box(2), [optimizer] * 60, x, 5))
    assert vectorization_report([optimizer] * 60, frozenset(), x).exact  # nevertheless they share an object


def test_functions_of_unknown_rounding_are_not_shared():
    optimizer, x = Torch(moving(lambda g: torch.special.ndtr(g)), lr=0.01), torch.zeros(2, 60, dtype=torch.float64)
    report = vectorization_report([optimizer] * 60, frozenset(), x)
    assert (report.exact, report.reason) == (False, "torch rounds erf otherwise for many runs")


@pytest.mark.parametrize("exponent", [-2, -1, -0.5, 0, 0.5, 1, 2, 3, 4, 1.5])
def test_powers_without_transcendental_functions_stay_fast(exponent, monkeypatch):
    """The exponents that count as exact are those for which torch rounds alike in any tensor."""
    x = torch.rand(4096, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 0.05
    alike = torch.equal(x**exponent, torch.stack([number**exponent for number in x]))
    calls = []
    monkeypatch.setattr(
        "landscapes.optimizers.adapters.batched_tensor.one_by_one",
        lambda function, each: calls.append(len(each)) or torch.stack([function(*a, **k) for a, k in each], -1),
    )
    points = torch.ones(2, 3, dtype=torch.float64)
    shared = Vectorized([Torch(moving(lambda g: g.abs() ** exponent))] * 3, points, np.arange(3))
    shared.advance(points, points.clone())
    assert calls == ([] if exponent in (-2, -1, -0.5, 0, 0.5, 1, 2, 3) else [3])
    assert alike or calls
