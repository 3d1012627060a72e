"""Optimizers of matrices match their papers' algorithms in LAPACK's algebra, and pytorch_optimizer."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from peers import libraries
from reference import by_optimizers, starts, valley
from torch import Tensor

from landscapes import optimizers, race
from landscapes.engine import loop
from landscapes.errors import InputError
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.first_order.kron import updates_preconditioner
from landscapes.optimizers.first_order.muon import orthogonal
from landscapes.optimizers.linalg import matmul, polar, qr_basis
from landscapes.oracle import value_and_gradient
from landscapes.random import normal

Step = Callable[[Any, int, Tensor, Tensor, dict[str, Any], Tensor], Tensor]
SHAPES = ((1, 2), (2, 2), (2, 3), (3, 2))


def shampoo(h: Any, t: int, w: Tensor, g: Tensor, s: dict[str, Any], noise: Tensor) -> Tensor:
    """Gupta, Koren & Singer, 2018, Algorithm 1."""
    g = g + h.weight_decay * w
    left = s.setdefault("left", h.matrix_eps * torch.eye(len(g)).double())
    right = s.setdefault("right", h.matrix_eps * torch.eye(g.shape[1]).double())
    left += g @ g.T
    right += g.T @ g
    roots = []
    for one in (left, right):
        values, vectors = torch.linalg.eigh(one)
        roots.append(vectors @ torch.diag(values**-0.25) @ vectors.T)
    return w - h.lr * roots[0] @ g @ roots[1]


def soap(h: Any, t: int, w: Tensor, g: Tensor, s: dict[str, Any], noise: Tensor) -> Tensor:
    """Vyas et al., 2024, Algorithm 3, in the order of the authors' code."""
    beta = h.beta2 if h.shampoo_beta is None else h.shampoo_beta
    m, v = (s.setdefault(name, torch.zeros_like(w)) for name in "mv")
    if t > 1:
        left, right = s["bases"]
        m.lerp_(g, 1 - h.beta1)
        v.lerp_((left.T @ g @ right) ** 2, 1 - h.beta2)
        correction = (1 - h.beta2 ** (t - 1)) ** 0.5 / (1 - h.beta1 ** (t - 1))
        step = left @ ((left.T @ m @ right) / (v.sqrt() + h.eps)) @ right.T
        w = (w - h.lr * correction * step) * (1 - h.lr * h.weight_decay)
    averages = s.setdefault("averages", [torch.zeros(n, n).double() for n in w.shape])
    averages[0].lerp_(g @ g.T, 1 - beta)
    averages[1].lerp_(g.T @ g, 1 - beta)
    if t == 1:
        s["bases"] = [torch.linalg.eigh(one)[1].flip(1) for one in averages]
    elif (t - 1) % h.precondition_frequency == 0:
        for axis, (one, basis) in enumerate(zip(averages, s["bases"], strict=True)):
            order = torch.argsort((basis * (one @ basis)).sum(0), descending=True)
            s["v"] = s["v"].index_select(axis, order)
            s["bases"][axis] = torch.linalg.qr((one @ basis)[:, order])[0]
    return w


def kron(h: Any, t: int, w: Tensor, g: Tensor, s: dict[str, Any], noise: Tensor) -> Tensor:
    """Pooladzandi & Li, 2024, section 4.3, in the order of the authors' code."""
    m = s.setdefault("m", torch.zeros_like(w)).mul_(h.momentum).add_(g, alpha=1 - h.momentum)
    hat = m / (1 - h.momentum**t)
    left, right = s.setdefault("factors", [torch.eye(n).double() for n in w.shape])
    a = left @ hat @ right.T
    b = torch.linalg.inv(left).T @ noise.reshape(w.shape) @ torch.linalg.inv(right)
    factors = []
    for q, of_a, of_b in ((left, a @ a.T, b @ b.T), (right, a.T @ a, b.T @ b)):
        total = of_a + of_b
        row = total[(total**2).sum(1).argmax()]
        x = total @ row
        bound = torch.linalg.norm(total @ (x / x.norm()))
        factors.append(q - h.precond_lr * torch.triu(of_a - of_b) @ q / bound)
    s["factors"] = left, right = factors
    step = left.T @ left @ hat @ right.T @ right
    step = step * min(1.1 / (float((step**2).mean().sqrt()) + 1e-6), 1.0)
    return w - h.lr * (step + h.weight_decay * w)


def normuon(h: Any, t: int, w: Tensor, g: Tensor, s: dict[str, Any], noise: Tensor) -> Tensor:
    """Li et al., 2025, Algorithm 1, with the norm of the authors' code."""
    b = s.setdefault("b", torch.zeros_like(w)).lerp_(g, 1 - h.momentum)
    o = orthogonal((g.lerp(b, h.momentum) if h.nesterov else b)[None])[0].double()
    v = s.setdefault("v", torch.zeros(len(w), 1).double()).lerp_((o**2).mean(1, keepdim=True), 1 - h.beta2)
    u = o / (v.sqrt() + h.eps)
    u = u * o.norm() / (u.norm() + h.eps)
    return w * (1 - h.lr * h.weight_decay) - h.lr * math.sqrt(max(1.0, w.shape[0] / w.shape[1])) * u


PAPERS: Mapping[type[Optimizer], Step] = {
    optimizers.Shampoo: shampoo, optimizers.SOAP: soap, optimizers.Kron: kron, optimizers.NorMuon: normuon,
}  # fmt: skip


def drawn(cls: type[Optimizer], rows: int, rng: np.random.Generator) -> Optimizer:
    """Return an optimizer with random settings."""

    def uniform(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    own: dict[type[Optimizer], dict[str, Any]] = {
        optimizers.Shampoo: {"matrix_eps": uniform(1e-3, 1)},
        optimizers.SOAP: {
            "beta1": uniform(0.3, 0.95), "beta2": uniform(0.5, 0.99), "shampoo_beta": uniform(0.5, 0.95),
            "precondition_frequency": 3, "eps": 1e-3,
        },
        optimizers.Kron: {"momentum": uniform(0.3, 0.95), "precond_lr": uniform(0.02, 0.3)},
        optimizers.NorMuon: {"momentum": uniform(0.3, 0.95), "beta2": uniform(0.5, 0.99)},
    }  # fmt: skip
    return cls(lr=uniform(0.01, 0.1), weight_decay=uniform(0.01, 0.1), rows=rows, **own[cls])


def by_paper(candidates: Sequence[Optimizer], x: Tensor, steps: int, shape: tuple[int, int]) -> Tensor:
    """Return the points (steps, d, R) of the papers' algorithms, one run at a time."""
    path = torch.empty(steps, *x.shape).double()
    for run, optimizer in enumerate(candidates):
        w, state = x[:, run].reshape(shape), {}
        for t in range(1, steps + 1):
            g = value_and_gradient(valley(len(x)), w.reshape(-1, 1))[1].reshape(shape)
            noise = normal(0, torch.tensor([run]), t, 2, len(x))[:, 0]
            w = PAPERS[type(optimizer)](optimizer, t, w, g, state, noise)
            path[t - 1, :, run] = w.flatten()
    return path


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("cls", PAPERS, ids=lambda cls: cls.__name__)
def test_matrix_optimizers_match_their_papers(cls, shape):
    rng = np.random.default_rng(shape[0])
    candidates = [drawn(cls, shape[0], rng) for _ in range(3)]
    x = starts(shape[0] * shape[1], 3, rng)
    expected = by_paper(candidates, x, 25, shape)
    assert (expected[-1] - x).abs().max() > 0.01
    torch.testing.assert_close(by_optimizers(valley(len(x)), candidates, x, 25), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cls", PAPERS, ids=lambda cls: cls.__name__)
def test_runs_of_matrices_do_not_depend_on_the_batch(cls):
    """Runs of other settings change no bit."""
    rng = np.random.default_rng(7)
    candidates = [drawn(cls, 2, rng) for _ in range(4)] + [drawn(cls, 2, rng)] * 2
    x = starts(6, 6, rng)
    box = torch.tensor([[-50.0, 50.0]] * 6).double()
    together = loop.run(valley(6), candidates, x, 14, box=box)
    for run in (0, 3, 5):
        single = loop.run(valley(6), [candidates[run]], x[:, run : run + 1], 14, box=box)
        assert np.array_equal(single.x[0], together.x[run])


def test_a_run_that_begins_anew_forgets_its_matrices():
    """Runs at different steps are stepped together: one with a reset at step 5 takes the steps of a fresh one."""
    for cls in PAPERS:
        plain = drawn(cls, 2, np.random.default_rng(1))
        x, box = starts(6, 2, np.random.default_rng(2)), torch.tensor([[-50.0, 50.0]] * 6).double()
        reset = loop.run(valley(6), [optimizers.Reset(plain, every=5), plain], x, 12, box=box)
        alone = loop.run(valley(6), [plain], x[:, 1:], 12, box=box)
        assert np.array_equal(reset.x[1], alone.x[0])
        again = loop.run(valley(6), [plain], torch.from_numpy(reset.x[0][5][:, None]), 5, box=box)
        if cls is not optimizers.Kron:  # whose random numbers belong to the step of the race
            assert np.array_equal(again.x[0], reset.x[0][5:11])


def test_shampoo_of_a_vector_is_full_matrix_adagrad():
    optimizer, x = optimizers.Shampoo(lr=0.3, matrix_eps=0.1), starts(3, 1, np.random.default_rng(0))
    p, sums = x[:, 0], 0.1 * torch.eye(3).double()
    for point in by_optimizers(valley(3), [optimizer], x, 20)[:, :, 0]:
        g = value_and_gradient(valley(3), p[:, None])[1][:, 0]
        sums += torch.outer(g, g)
        values, vectors = torch.linalg.eigh(sums)
        p = p - 0.3 * vectors @ (vectors.T @ g / values.sqrt())
        torch.testing.assert_close(point, p, rtol=1e-10, atol=1e-10)


def test_preconditioners_turn_with_the_function():
    """On a matrix turned by rotations, SOAP and Shampoo take the turned steps; a diagonal optimizer does not."""
    turn = [torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]).double() for a in (0.5, -0.3)]
    scale = torch.diag(torch.tensor([30.0, 1.0]).double())
    w = torch.tensor([[1.0, 0.2], [-0.3, 0.8]]).double()

    def moved(name: type[Optimizer], turned: bool) -> Tensor:
        q, p = turn if turned else (torch.eye(2).double(),) * 2
        own = {} if name is optimizers.Adam else {"rows": 2}
        bowl = q @ scale @ q.T
        optimizer = name(lr=0.05, **own)
        x, state = q @ w @ p.T, optimizer.init(torch.zeros(4, 1).double())
        for t in range(1, 12):
            new, state = optimizer.update(x.reshape(4, 1), (bowl @ x).reshape(4, 1), state, optimizer.coef(t))
            x = new.reshape(2, 2)
        return q.T @ x @ p

    for name in (optimizers.SOAP, optimizers.Shampoo):
        torch.testing.assert_close(moved(name, True), moved(name, False), rtol=1e-6, atol=1e-6)
    assert (moved(optimizers.Adam, True) - moved(optimizers.Adam, False)).abs().max() > 0.01


@pytest.mark.parametrize("n", [1, 2, 5])
def test_qr_bases_are_orthogonal_also_of_singular_matrices(n):
    rng = np.random.default_rng(n)
    full = torch.from_numpy(rng.normal(size=(n, n, 9)))
    full[..., 3] = 0
    full[..., 4] = torch.outer(full[:, 0, 4], full[0, :, 4])
    full[..., 5] *= 1e200
    q = qr_basis(full)
    overlap = matmul(q.transpose(0, 1), q)
    assert (overlap - torch.eye(n).double()[..., None]).abs().max() < 1e-14 * n
    triangle = matmul(q.transpose(0, 1), full)
    assert (triangle.permute(2, 0, 1).tril(-1).abs().amax((1, 2)) <= 1e-14 * n * full.abs().amax((0, 1))).all()
    assert torch.equal(qr_basis(full[..., 7:8])[..., 0], q[..., 7])


@pytest.mark.parametrize("shape", [(1, 4), (2, 2), (3, 2), (2, 5), (4, 4)], ids=str)
def test_polar_factors_have_singular_values_of_one(shape):
    rng = np.random.default_rng(shape[1])
    given = torch.from_numpy(rng.normal(size=(*shape, 6)))
    given[0, ..., 1] *= 1e-9
    given[..., 2] = 0
    given[..., 3] *= 1e200
    found = polar(given)
    for run in (0, 1, 3, 4):
        u, _, vt = np.linalg.svd(given[..., run].numpy(), full_matrices=False)
        np.testing.assert_allclose(found[..., run].numpy(), u @ vt, atol=1e-7 if run == 1 else 1e-13)
    assert not found[..., 2].any()
    assert torch.equal(polar(given[..., 4:5])[..., 0], found[..., 4])


def test_exact_muon_takes_steps_of_polar_factors():
    optimizer = optimizers.Muon(lr=0.1, momentum=0.5, weight_decay=0.1, rows=2, exact=True)
    w, b = starts(6, 1, np.random.default_rng(4))[:, 0], torch.zeros(2, 3).double()
    for point in by_optimizers(valley(6), [optimizer], w[:, None], 15)[:, :, 0]:
        g = value_and_gradient(valley(6), w[:, None])[1].reshape(2, 3)
        b = 0.5 * b + 0.5 * g
        u, _, vt = torch.linalg.svd(0.5 * g + 0.5 * b, full_matrices=False)
        w = w * 0.99 - 0.1 * (u @ vt).flatten()
        torch.testing.assert_close(point, w, rtol=1e-9, atol=1e-9)


def test_the_preconditioner_of_kron_changes_ever_more_rarely():
    steps = [t for t in range(1, 6001) if updates_preconditioner(t)]
    assert steps[:501] == [*range(1, 502)]
    assert np.diff(steps)[-3:].tolist() == [34, 34, 34]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optimizers.SOAP(rows=0), "SOAP: rows must be an integer >= 1, got 0"),
        (lambda: race("booth", ["soap(lr=1, rows=3)"], steps=1), "SOAP: rows must divide the 2 coordinates of booth"),
        (lambda: race("booth", ["psgd_kron(lr=1, rows=3)"], steps=1), "Kron: rows must divide the 2 coordinates"),
        (lambda: race("booth", ["normuon(lr=1, rows=3)"], steps=1), "NorMuon: rows must divide the 2 coordinates"),
        (lambda: race("booth", ["shampoo(lr=1, rows=3)"], steps=1), "Shampoo: rows must divide the 2 coordinates"),
        (lambda: optimizers.SOAP(precondition_frequency=0), "precondition_frequency must be an integer >= 1, got 0"),
        (lambda: optimizers.SOAP(shampoo_beta=1), "SOAP: shampoo_beta must be >= 0 and < 1, got 1"),
        (lambda: optimizers.Shampoo(matrix_eps=0), "Shampoo: matrix_eps must be > 0, got 0"),
        (lambda: optimizers.Prodigy(d0=0), "Prodigy: d0 must be > 0, got 0"),
        (lambda: optimizers.Prodigy(growth_rate=0.5), "Prodigy: growth_rate must be >= 1, got 0.5"),
        (lambda: optimizers.Prodigy(beta3=1), "Prodigy: beta3 must be >= 0 and < 1, got 1"),
        (lambda: optimizers.ADOPT(eps=0), "ADOPT: eps must be > 0, got 0"),
        (
            lambda: optimizers.Kron(groups=[{"coordinates": [0], "lr": 1}]),
            "Kron draws random numbers, so it takes no groups",
        ),
    ],
)
def test_invalid_settings_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


# Against pytorch_optimizer

VECTOR = {"betas": (0.8, 0.97), "weight_decay": 0.02}
PEERS: Mapping[str, tuple[Optimizer, str, dict[str, Any], tuple[int, ...]]] = {
    "ADOPT": (  # the peer counts the steps of the bound from 2, the authors' code from 1
        optimizers.ADOPT(lr=0.02, **VECTOR), "ADOPT",
        {"lr": 0.02, **VECTOR, "clip_lambda": lambda step: (step - 1) ** 0.25}, (6,),
    ),
    "AdEMAMix": (
        optimizers.AdEMAMix(lr=0.01, beta1=0.8, beta2=0.97, beta3=0.99, alpha=3, warmup=20, weight_decay=0.02),
        "AdEMAMix",
        {
            "lr": 0.01, "betas": (0.8, 0.97, 0.99), "alpha": 3.0, "t_alpha_beta3": 20, "weight_decay": 0.02,
            "weight_decouple": True,
        }, (6,),
    ),
    "MARS": (optimizers.MARS(lr=0.02, gamma=0.1, **VECTOR), "MARS",
             {"lr": 0.02, "gamma": 0.1, "optimize_1d": True, **VECTOR}, (6,)),
    "CautiousAdamW": (optimizers.CautiousAdamW(lr=0.02, **VECTOR), "AdEMAMix",
                      {
                          "lr": 0.02, "cautious": True, "alpha": 0.0, "betas": (0.8, 0.97, 0.99),
                          "weight_decay": 0.02, "weight_decouple": True,
                      }, (6,)),
    "CautiousLion": (optimizers.CautiousLion(lr=0.02, **VECTOR), "Lion",
                     {"lr": 0.02, "cautious": True, **VECTOR}, (6,)),
    "Prodigy": (optimizers.Prodigy(lr=1, d0=1e-3, **VECTOR), "Prodigy", {"lr": 1.0, "d0": 1e-3, **VECTOR}, (6,)),
    "SOAP": (optimizers.SOAP(lr=0.02, rows=2, precondition_frequency=3, **VECTOR), "SOAP",
             {"lr": 0.02, "precondition_frequency": 3, **VECTOR}, (2, 3)),
    "Shampoo": (optimizers.Shampoo(lr=0.1, rows=2, matrix_eps=0.01), "Shampoo",
                {"lr": 0.1, "matrix_eps": 0.01}, (2, 3)),
    "Shampoo of a vector": (optimizers.Shampoo(lr=0.1, matrix_eps=0.01), "Shampoo",
                            {"lr": 0.1, "matrix_eps": 0.01}, (6,)),
    "NorMuon": (optimizers.NorMuon(lr=0.02, rows=3, weight_decay=0.02), "NorMuon",
                {"lr": 0.02, "weight_decay": 0.02}, (3, 2)),
}  # fmt: skip
TOLERANCES = {"MARS": 1e-7, "Prodigy": 1e-5, "SOAP": 1e-5, "NorMuon": 40 * 0.02 * 2**-5}
"""There, MARS adds 1e-15 to squares, and Prodigy's sums and SOAP's bases are in single precision.

Steps of NorMuon are in bfloat16."""


@pytest.mark.peers
@pytest.mark.skipif("pytorch_optimizer" not in libraries(), reason="pip install 'torch-landscapes[peers]'")
@pytest.mark.parametrize("name", PEERS)
def test_steps_are_those_of_pytorch_optimizer(name):
    optimizer, peer, given, shape = PEERS[name]
    x = starts(6, 1, np.random.default_rng(3))
    p = torch.nn.Parameter(x[:, 0].clone().reshape(shape))
    group = {"params": [p], "use_muon": True} if peer == "NorMuon" else {"params": [p]}
    other = getattr(importlib.import_module("pytorch_optimizer"), peer)([group], **given)
    for point in by_optimizers(valley(6), [optimizer], x, 40)[:, :, 0]:
        flat = p.detach().flatten()
        p.grad = value_and_gradient(valley(6), flat[:, None])[1].reshape(shape)
        other.step()
        tolerance = TOLERANCES.get(name, 1e-10)
        torch.testing.assert_close(p.detach().flatten(), point, rtol=tolerance, atol=tolerance)
