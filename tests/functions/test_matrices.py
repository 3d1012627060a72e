"""Functions of a matrix, and the plane of singular values in which they are drawn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from landscapes import InputError, project, race
from landscapes.functions.matrices import matrix_ravine, singular_plane

ANGLES = [(0, 0), (30, -20), (200, 77), (-90, 45)]


STAYING = ["sgd(lr=0.01)", "momentum(lr=0.01)", "muon(lr=0.1, rows={}, exact=True, weight_decay=0)"]


def rotation(degrees: float, size: int = 2) -> np.ndarray:
    """The product of the rotations in the planes of axes 1 and 2, 2 and 3, …"""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    found = np.eye(size)
    for k in range(size - 1):
        turn = np.eye(size)
        turn[k : k + 2, k : k + 2] = [[c, -s], [s, c]]
        found = found @ turn
    return found


@pytest.mark.parametrize("angles", ANGLES, ids=str)
def test_a_matrix_ravine_is_its_formula(angles):
    q, p = map(rotation, angles)
    bowl = q @ np.diag([1e3, 1.0]) @ q.T
    ravine = matrix_ravine(1e3, *angles)
    for w in np.random.default_rng(0).normal(size=(4, 2, 2)):
        x = torch.from_numpy(w.reshape(4)).requires_grad_()
        value = ravine.evaluate(x)
        assert value.item() == pytest.approx(np.trace(w.T @ bowl @ w) / 2, rel=1e-12)
        (gradient,) = torch.autograd.grad(value, x)
        np.testing.assert_allclose(gradient.numpy().reshape(2, 2), bowl @ w, rtol=1e-11, atol=1e-11)
    first, second = np.array(singular_plane(*angles))
    np.testing.assert_allclose(first.reshape(2, 2) * 3 + second.reshape(2, 2) * 0.5, q @ np.diag([3, 0.5]) @ p.T)
    assert float(ravine(3 * first + 0.5 * second)) == pytest.approx((1e3 * 9 + 0.25) / 2)
    assert float(ravine(ravine.start)) == pytest.approx((1e3 + 0.64) / 2)
    assert ravine.minima == ((0.0,) * 4,)


@pytest.mark.parametrize(("shape", "curvatures"), [((4, 2), [1e4, 1, 1, 1]), ((3, 5), [1e4, 1e2, 1])], ids=str)
def test_matrices_may_have_any_shape(shape, curvatures):
    q, p = rotation(30, shape[0]), rotation(-20, shape[1])
    bowl, ravine = q @ np.diag(curvatures) @ q.T, matrix_ravine(1e4, shape=shape)
    x = torch.from_numpy(np.random.default_rng(0).normal(size=shape).reshape(-1)).requires_grad_()
    value, w = ravine.evaluate(x), x.detach().numpy().reshape(shape)
    assert value.item() == pytest.approx(np.trace(w.T @ bowl @ w) / 2, rel=1e-12)
    (gradient,) = torch.autograd.grad(value, x)
    np.testing.assert_allclose(gradient.numpy().reshape(shape), bowl @ w, rtol=1e-11, atol=1e-11)
    start = np.zeros(shape)
    np.fill_diagonal(start, np.linspace(1, 0.8, min(shape)))
    np.testing.assert_allclose(np.reshape(ravine.start, shape), q @ start @ p.T, atol=1e-15)
    for at, direction in zip((0, -1), singular_plane(30, -20, shape), strict=True):
        expected = np.outer(q[:, : min(shape)][:, at], p[:, : min(shape)][:, at])
        np.testing.assert_allclose(np.reshape(direction, shape), expected, atol=1e-15)


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (3, 5)], ids=str)
def test_singular_values_move_as_on_two_coordinates(shape):
    """With two singular values, runs stay in their plane; with more, they move in it as if these were alone."""
    given = [spec.format(shape[0]) for spec in STAYING]
    larger = race(matrix_ravine(50, 30, -20, shape), given, steps=10).trajectories.x
    plane = np.array(singular_plane(30, -20, shape))
    expected = race(matrix_ravine(50), [spec.format(2) for spec in STAYING], steps=10).trajectories.x
    seen = expected @ np.transpose(singular_plane(30, -20))
    if shape == (3, 2):  # where Muon's steps are longer by √(rows / columns)
        seen[2] = seen[2, 0] + np.sqrt(1.5) * (seen[2] - seen[2, 0])
        larger, seen = larger[:, :5], seen[:, :5]
    np.testing.assert_allclose(larger @ plane.T, seen, atol=1e-12)
    if min(shape) == 2:
        np.testing.assert_allclose(larger @ plane.T @ plane, larger, atol=1e-12)
        adam = race(matrix_ravine(50, 30, -20, shape), ["adam(lr=0.1)"], steps=10).trajectories.x
        assert np.abs(adam - adam @ plane.T @ plane).max() > 0.01


def test_runs_that_turn_with_the_function_stay_in_the_plane():
    ravine, plane = matrix_ravine(50), singular_plane(30, -20)
    given = ["sgd(lr=0.03)", "muon(lr=0.1, rows=2, exact=True, weight_decay=0)", "shampoo(lr=0.1, rows=2)"]
    inside = project(race(ravine, given, steps=20), ravine, along=plane, origin=[0] * 4, resolution=3)
    assert inside.meta.plane["explained"] == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(inside.trajectories.x[:, 0], [[1, 0.8]] * 3, rtol=1e-14)
    np.testing.assert_allclose(inside.surface.minima, [[0, 0]])
    a, b = inside.trajectories.x[0].T
    np.testing.assert_allclose(a, (1 - 0.03 * 50) ** np.arange(21), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(b, 0.8 * (1 - 0.03) ** np.arange(21), rtol=1e-9)
    leaving = project(race(ravine, ["adam(lr=0.1)"], steps=20), ravine, along=plane, origin=[0] * 4, resolution=3)
    assert leaving.meta.plane["explained"] < 0.99


def test_muon_shrinks_both_singular_values_alike():
    ravine = matrix_ravine(1e4)
    exact = "muon(lr=0.1, rows=2, exact=True, weight_decay=0)"
    plane = project(race(ravine, [exact], steps=5), ravine, along=singular_plane(30, -20), origin=[0] * 4, resolution=3)
    np.testing.assert_allclose(-np.diff(plane.trajectories.x[0], axis=0), 0.1, rtol=1e-9)


def test_matrix_ravines_can_be_pickled():
    ravine = pickle.loads(pickle.dumps(matrix_ravine(7, left=10)))
    assert ravine.name == "matrix_ravine_7_10_-20"
    assert float(ravine(ravine.start)) == pytest.approx((7 + 0.64) / 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: matrix_ravine(0.5), "matrix_ravine: kappa must be a finite number >= 1, got 0.5"),
        (lambda: matrix_ravine("9"), "matrix_ravine: kappa must be a finite number >= 1, got '9'"),
        (lambda: matrix_ravine(9, left=np.nan), "matrix_ravine: left must be a finite angle in degrees, got nan"),
        (
            lambda: matrix_ravine(shape=(1, 3)),
            r"matrix_ravine: shape must be the numbers of rows and columns, both >= 2, got \(1, 3\)",
        ),
        (lambda: singular_plane(0, 0, shape=3), "singular_plane: shape must be the numbers of rows and columns"),
        (
            lambda: singular_plane(0, 0, (3, 4), pair=(0, 3)),
            r"singular_plane: pair must be two of the places 0 to 2, got \(0, 3\)",
        ),
        (
            lambda: project(race(matrix_ravine(), ["sgd(lr=0.01)"], steps=2), origin=(0, 0)),
            r"origin must be a point of 4 finite numbers, got \(0, 0\)",
        ),
        (
            lambda: project(race(matrix_ravine(), ["sgd(lr=0.01)"], steps=2), origin="zero"),
            "origin must be a point of 4 finite numbers, got 'zero'",
        ),
    ],
)
def test_invalid_input_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
