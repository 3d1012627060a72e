"""Every optimizer of torch.optim and pytorch_optimizer gives the numbers of a plain loop, or a one-line error."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from peers import always_vectorize, classes, libraries, optimizer_of, with_learning_rates
from reference import by_optimizers, default_dtype, egg_box, starts

from landscapes.errors import InputError
from landscapes.optimizers.adapters import torch_stepper

REFUSED = {
    "AdaLOMO": r"^AdaLOMO takes a network, not parameters",
    "AdamMini": r"^AdamMini takes a network, not parameters",
    "GSAM": r"^GSAM requires base_optimizer and model and rho_scheduler; pass them",
    "LOMO": r"^LOMO takes a network, not parameters",
    "WSAM": r"^WSAM takes a network, not parameters",
    "DeMo": r"^Torch\(DeMo\) cannot be created: ImportError: You need to install `einops`",
    "DistributedMuon": r"^Torch\(DistributedMuon, .*\) cannot be created: ",
}
"""Classes that cannot race, and the error of each."""

RANDOM = (
    "Gravity",
    "Kron",
    "SCION",
    "SCIONLight",
    "SPAM",
    "SaRA",
    "Magma",
    "GaLore",
    "RACS",
    "Alice",
    "SophiaH",
    "AdaHessian",
    "BSAM",
)
"""Classes that may draw random numbers; these are keyed by run and step, so they differ from a plain loop."""

FLOAT32_ONLY = ("FAdam", "Magma")
"""Classes that mix dtypes, and so fail in double precision in any loop."""

NAMES = list(classes())

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif("pytorch_optimizer" not in libraries(), reason="pip install 'torch-landscapes[peers]'"),
    pytest.mark.filterwarnings("ignore"),  # third-party code
]


@pytest.fixture(autouse=True)
def vectorize_all(monkeypatch):
    always_vectorize(monkeypatch)


@pytest.mark.parametrize("name", NAMES)
def test_class_gives_the_numbers_of_a_plain_loop(name):
    cls = classes()[name]
    if name in REFUSED:
        with pytest.raises(InputError, match=REFUSED[name]) as caught:
            optimizer_of(name, cls)
        assert "\n" not in str(caught.value)
        return
    optimizers, objective = with_learning_rates(optimizer_of(name, cls), 5), egg_box(2)
    dtype = torch.float32 if name in FLOAT32_ONLY else torch.float64
    x = starts(2, 5, np.random.default_rng(1), dtype)
    paths = by_optimizers(objective, optimizers, x, 5)
    for i in (0, 4):
        single = by_optimizers(objective, [optimizers[i]], x[:, [i]], 5)[:, :, 0]
        assert same(paths[:, :, i], single) or name in RANDOM  # their streams depend on the position in the batch
        if optimizers[i].step_requirement == "gradient" and name not in RANDOM:
            assert same(single, plain_loop(objective, optimizers[i], x[:, i], 5))


@pytest.mark.parametrize("name", ["MADGRAD", "DiffGrad", "AdamG"])
def test_no_bit_depends_on_the_number_of_runs(name, monkeypatch):
    """These classes call functions that torch rounds by the size of a tensor."""
    optimizers, x = [optimizer_of(name, classes()[name])] * 60, starts(2, 60, np.random.default_rng(1))
    together = by_optimizers(egg_box(2), optimizers, x, 30)
    monkeypatch.setattr(torch_stepper, "RUNS", 100)  # fewer runs have one object each
    assert torch.equal(together, by_optimizers(egg_box(2), optimizers, x, 30))


def test_at_least_130_classes_race():
    assert len(NAMES) - len(REFUSED) >= 130


def plain_loop(objective, optimizer, start, steps):
    """Return the points of a plain training loop."""
    path = []
    with default_dtype(start.dtype):
        p = start.clone().reshape(optimizer.shape or start.shape).requires_grad_()
        torch_optimizer = optimizer.create([p], dict(optimizer.hyper))
        for _ in range(steps):
            p.grad = None
            objective.evaluate(p.reshape(-1)).backward()
            torch_optimizer.step()
            path.append(p.detach().reshape(-1).clone())
    return torch.stack(path)


def same(a, b):
    return torch.equal(a.nan_to_num(7.0), b.nan_to_num(7.0)) and torch.equal(a.isnan(), b.isnan())
