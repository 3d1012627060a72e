"""Functions of JAX have its values, gradients and curvature, in any batch, and race like others."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch

import landscapes
from landscapes import InputError, from_jax, functions, optimizers
from landscapes.oracle import Oracle

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(find_spec("jax") is None, reason="pip install 'torch-landscapes[jax]'"),
]

BOX = [(-2.0, 2.0), (-1.0, 3.0)]


def valley(x, y):
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


@pytest.fixture(scope="module")
def ours():
    return from_jax(valley, BOX, start=(-1.2, 1.0), minima=[(1.0, 1.0)], minimum=0.0)


def test_values_and_derivatives_are_those_of_the_catalogue(ours):
    points = torch.rand(2, 5000, dtype=torch.float64) * 3 - 1.5
    mine, known = Oracle(ours, 5000), Oracle(functions.get("rosenbrock"), 5000)
    for one, other in (
        *zip(mine.value_and_gradient(points), known.value_and_gradient(points), strict=True),
        (mine.value(points), known.value(points)),
        (mine.hessian(points), known.hessian(points)),
        (mine.hvp(points, points.flip(0)), known.hvp(points, points.flip(0))),
    ):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-11)
    assert (ours.name, ours.mode, ours.dim) == ("valley", "batched", 2)


def test_a_point_has_the_same_bits_in_any_batch(ours):
    points = torch.rand(2, 4200, dtype=torch.float64)
    whole = Oracle(ours, 4200).value_and_gradient(points)
    for part in (slice(0, 1), slice(4150, 4200), slice(100, 700)):
        for one, of in zip(
            Oracle(ours, part.stop - part.start).value_and_gradient(points[:, part]), whole, strict=True
        ):
            assert torch.equal(one, of[..., part])
    assert ours([0.5, 0.5]).item() == ours(torch.full((3, 2), 0.5, dtype=torch.float64))[1].item()


def test_a_formula_of_a_vector_is_that_of_its_coordinates(ours):
    vector = from_jax(lambda xy: valley(xy[0], xy[1]), BOX, start=(-1.2, 1.0), name="vector")
    points = torch.rand(2, 9, dtype=torch.float64)
    assert torch.equal(vector.evaluate(points), ours.evaluate(points))


def test_a_race_with_optax_is_drawn_and_kept(ours, tmp_path):
    import optax

    record = landscapes.race(ours, ["Adam", "newton", optimizers.Optax(optax.adabelief, learning_rate=0.1)], steps=20)
    same = landscapes.race(functions.get("rosenbrock"), ["adam", "newton"], start=(-1.2, 1.0), steps=20)
    np.testing.assert_allclose(record.trajectories.x[1], same.trajectories.x[1], rtol=1e-9, atol=1e-9)
    record.save(tmp_path / "race.npz")
    again = landscapes.Record.load(tmp_path / "race.npz")
    assert again.trajectories.runs["label"].tolist() == ["Adam", "Newton", "adabelief (optax)"]
    landscapes.render.save(again, tmp_path / "race.png")
    assert (tmp_path / "race.png").stat().st_size > 10_000
    assert record.meta.versions["jax"]


def test_float32_is_computed_in_float32(ours):
    import jax

    points = torch.rand(2, 3, dtype=torch.float32)
    assert ours.evaluate(points).dtype == torch.float32
    seen = []
    from_jax(lambda x, y: seen.append(x.dtype) or x * x + y * y, BOX, name="spy").evaluate(points)
    assert [str(dtype) for dtype in (seen[0], seen[-1])] == ["float64", "float32"]
    assert not jax.config.jax_enable_x64


def test_samples_are_formulas_of_jax():
    noisy = from_jax(lambda x, y: x * x + y * y, BOX, sample=lambda t: lambda x, y: x * x + y * y + t * x, name="noisy")
    assert noisy.at_step(3)([1.0, 1.0]) == 5.0
    seeded = from_jax(lambda x, y: x * x + y * y, BOX, sample=lambda t, seed: lambda x, y: x * x + seed * y, name="s")
    assert seeded.at_step(0, seed=4)([1.0, 2.0]) == 9.0
    assert landscapes.race(noisy, "sgd(lr=0.1)", steps=3).trajectories.x.shape == (1, 4, 2)


CASES = [
    (lambda x: x**2, r"returns shape \(2,\) for one point, not one number, shape \(\); sum over the coordinates"),
    (lambda x, y: x if x > 0 else y, r"cannot be traced by JAX: TracerBoolConversionError: .*; write jnp\.where"),
    (
        lambda x, y: np.sin(x) + y,
        r"cannot be traced by JAX: TracerArrayConversionError: .*; write jnp\.sin",
    ),
    (lambda x, y: float(x), r"cannot be traced by JAX: ConcretizationTypeError: .*; write jnp functions for float"),
    (lambda x, y: (x, y), r"returns tuple for one point, not one number"),
    (lambda x, y: x > y, r"returns bool, not real floating-point numbers"),
    (lambda x, y: x + 1j * y, r"returns complex128, not real"),
    (lambda x, y: torch.sin(x), r"cannot be traced by JAX: TypeError: sin\(\): argument"),
    (3, r"^from_jax takes a function, got 3"),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_bad_formulas_are_refused_with_what_to_write(case):
    formula, message = CASES[case]
    with pytest.raises(InputError, match=message) as caught:
        from_jax(formula, BOX)
    assert "\n" not in str(caught.value)


def test_a_wrong_gradient_is_refused_with_what_to_do_in_jax():
    import jax

    with pytest.raises(InputError, match=r"disagrees with its values .* remove jax\.lax\.stop_gradient") as caught:
        from_jax(lambda x, y: jax.lax.stop_gradient(x) ** 2 + y * y, BOX, start=(1.0, 1.0), name="stopped")
    assert "torch" not in str(caught.value)


def test_a_start_where_the_function_is_undefined_is_refused():
    import jax.numpy as jnp

    with pytest.raises(InputError, match=r"is nan at the start \(-0\.5, 0\)"):
        from_jax(lambda x, y: jnp.log(x) + y, BOX, start=(-0.5, 0.0), name="log")
