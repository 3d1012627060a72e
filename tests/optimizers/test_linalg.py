"""Eigenvalues of many small matrices match LAPACK and do not depend on the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from merged import merged
from torch import Tensor

from landscapes.optimizers.linalg import dot, eigh, product

KINDS = ("random", "wide", "multiple", "zero", "diagonal", "rank one", "definite")


def symmetric(kind: str, d: int, runs: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Return symmetric matrices (d, d, R) of one kind."""
    rng = np.random.default_rng(d)
    turned = np.linalg.qr(rng.normal(size=(runs, d, d)))[0]
    plain = rng.normal(size=(runs, d))
    values = {
        "random": plain,
        "wide": np.sign(plain) * 10 ** rng.uniform(-8, 8, (runs, d)),
        "multiple": plain.round(),
        "zero": plain * 0,
        "diagonal": plain,
        "rank one": plain * (np.arange(d) == 0),
        "definite": 10 ** rng.uniform(-5, 5, (runs, d)),
    }[kind]
    if kind == "diagonal":
        turned = np.broadcast_to(np.eye(d), turned.shape)
    full = (turned * values[:, None]) @ turned.transpose(0, 2, 1)
    return torch.from_numpy((full + full.transpose(0, 2, 1)) / 2).permute(1, 2, 0).contiguous().to(dtype)


@pytest.mark.parametrize("d", [1, 2, 3, 4, 7, 10])
@merged("kind", KINDS)
def test_eigenvalues_match_lapack(kind, d):
    matrix = symmetric(kind, d, 20)
    values, vectors = eigh(matrix)
    expected = np.linalg.eigvalsh(matrix.permute(2, 0, 1).numpy()).T
    scale = matrix.abs().amax((0, 1)) + 1e-300
    assert ((values.sort(0).values - torch.from_numpy(expected)).abs() <= 1e-14 * d * scale).all()
    rebuilt = torch.einsum("ikr,kr,jkr->ijr", vectors, values, vectors)
    assert ((rebuilt - matrix).abs() <= 1e-14 * d * scale).all()
    overlaps = torch.einsum("ikr,ilr->klr", vectors, vectors)
    assert ((overlaps - torch.eye(d)[..., None]).abs() <= 1e-14 * d).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 10])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.thin(4)
def test_eigenvalues_do_not_depend_on_the_batch(kind, d, dtype):
    matrix = symmetric(kind, d, 37, dtype)
    values, vectors = eigh(matrix)
    assert values.dtype == dtype
    for run in (0, 17, 36):
        single = eigh(matrix[..., run : run + 1])
        assert torch.equal(single[0][:, 0], values[:, run])
        assert torch.equal(single[1][..., 0], vectors[..., run])


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_nonfinite_matrix_does_not_affect_others(bad):
    matrix = symmetric("random", 4, 3)
    spoiled = matrix.clone()
    spoiled[1, 2, 1] = spoiled[2, 1, 1] = bad
    for mine, clean in zip(eigh(spoiled), eigh(matrix), strict=True):
        assert torch.equal(mine[..., [0, 2]], clean[..., [0, 2]])


def test_tiny_eigenvalues_are_relatively_accurate():
    """On a scaled matrix, Jacobi's method finds small eigenvalues accurately (Demmel & Veselić, 1992)."""
    core, scale = np.array([[2.0, 0.5, 0.3], [0.5, 2.0, 0.1], [0.3, 0.1, 2.0]]), np.array([1.0, 1e-6, 1e-12])
    matrix = torch.from_numpy(core * scale * scale[:, None])[..., None]
    smallest = eigh(matrix)[0].amin()
    determinant = np.linalg.det(core) / np.linalg.det(core[:2, :2]) * 1e-24  # to first order in the scales
    assert float(smallest) == pytest.approx(determinant, rel=1e-9)


def test_products():
    rng = np.random.default_rng(1)
    matrix, v = (torch.from_numpy(rng.normal(size=shape)) for shape in ((3, 4, 5), (4, 5)))
    torch.testing.assert_close(product(matrix, v), torch.einsum("ijr,jr->ir", matrix, v))
    torch.testing.assert_close(dot(v, v), (v * v).sum(0))
