"""Every torch optimizer of torch.optim and of pytorch_optimizer: as in a loop of one's own, or one line that says why not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from peers import classes, eager, libraries, optimizer_of, spread
from reference import by_optimizers, default_dtype, egg_box, starts

from landscapes.errors import InputError

REFUSED = {
    "AdaLOMO": r"^AdaLOMO is made for a network",
    "AdamMini": r"^AdamMini is made for a network",
    "GSAM": r"^GSAM needs base_optimizer and model and rho_scheduler; give them too",
    "LOMO": r"^LOMO is made for a network",
    "WSAM": r"^WSAM is made for a network",
    "DeMo": r"^Torch\(DeMo\) cannot be made: ImportError: You need to install `einops`",
    "DistributedMuon": r"^Torch\(DistributedMuon, .*\) cannot be made: ",
}
"""What cannot race, and what is said of it."""

DICE = (
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
"""Those that may draw random numbers: keyed by run and step here, so not those of a plain loop."""

SINGLE = ("FAdam", "Magma")
"""Those that mix precisions, and so fail on double precision in any loop."""

NAMES = list(classes())

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif("pytorch_optimizer" not in libraries(), reason="pip install 'torch-landscapes[peers]'"),
    pytest.mark.filterwarnings("ignore"),  # others' code
]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    eager(monkeypatch)


@pytest.mark.parametrize("name", NAMES)
def test_a_peer_races_as_in_a_loop_of_ones_own(name):
    cls = classes()[name]
    if name in REFUSED:
        with pytest.raises(InputError, match=REFUSED[name]) as caught:
            optimizer_of(name, cls)
        assert "\n" not in str(caught.value)
        return
    contenders, landscape = spread(optimizer_of(name, cls), 5), egg_box(2)
    dtype = torch.float32 if name in SINGLE else torch.float64
    x = starts(2, 5, np.random.default_rng(1), dtype)
    paths = by_optimizers(landscape, contenders, x, 5)
    for i in (0, 4):
        alone = by_optimizers(landscape, [contenders[i]], x[:, [i]], 5)[:, :, 0]
        assert same(paths[:, :, i], alone) or name in DICE  # whose streams are those of the place in the batch
        if contenders[i].way == "gradient" and name not in DICE:
            assert same(alone, plain_loop(landscape, contenders[i], x[:, i], 5))


def test_how_many_race():
    assert len(NAMES) - len(REFUSED) >= 130


def plain_loop(landscape, optimizer, start, steps):
    """What a user's own loop does."""
    path = []
    with default_dtype(start.dtype):
        p = start.clone().reshape(optimizer.shape or start.shape).requires_grad_()
        torch_optimizer = optimizer.made(p, dict(optimizer.hyper))
        for _ in range(steps):
            p.grad = None
            landscape.evaluate(p.reshape(-1)).backward()
            torch_optimizer.step()
            path.append(p.detach().reshape(-1).clone())
    return torch.stack(path)


def same(a, b):
    return torch.equal(a.nan_to_num(7.0), b.nan_to_num(7.0)) and torch.equal(a.isnan(), b.isnan())
