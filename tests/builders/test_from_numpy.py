"""`from_numpy`: numpy formulas with finite differences."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch

from landscapes import InputError, from_numpy, function, functions, race, transforms
from landscapes.objectives.derivatives import gradient, hessian, random_points
from landscapes.objectives.validation import checked

PLANE = [(-2.0, 2.0), (-1.0, 3.0)]


def valley(x, y):
    """A curved valley.

    More of it.
    """
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def wavy(x):
    return np.sum(np.cos(3 * x) + x * x + np.exp(-np.abs(x)), -1)


def test_facts_are_those_of_other_functions():
    made = from_numpy(valley, PLANE, minima=[(1, 1)], start=(-1.2, 1), tags=["valley"])
    assert (made.name, made.title, made.description) == ("valley", "Valley", "A curved valley.")
    assert (made.minimum, made.minima, made.mode) == (0.0, ((1.0, 1.0),), "batched")
    assert made.tags == ("valley", "finite differences")


def test_gradients_and_hessians_approximate_the_exact_ones():
    f, g = functions.get("rosenbrock"), from_numpy(valley, PLANE)
    x = random_points(g, 300)
    assert torch.equal(g(x), torch.from_numpy(valley(*x.numpy().T)))
    size = gradient(f, x).abs().max()
    torch.testing.assert_close(gradient(g, x), gradient(f, x), rtol=1e-8, atol=1e-9 * float(size))
    torch.testing.assert_close(hessian(g, x), hessian(f, x), rtol=1e-3, atol=1e-5 * float(hessian(f, x).abs().max()))


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_steps_fit_the_scale_of_the_domain(scale):
    g = from_numpy(lambda x: np.sin(x / scale), [(-3 * scale, 3 * scale)], name="wave")
    x = torch.linspace(-3, 3, 101, dtype=torch.float64)[:, None] * scale
    torch.testing.assert_close(gradient(g, x) * scale, torch.cos(x / scale), rtol=0, atol=1e-6 if scale > 1 else 1e-9)


def test_one_vector_or_one_argument_per_coordinate():
    g = from_numpy(wavy, [(-1, 1)] * 4)
    x = random_points(g, 9)
    assert torch.equal(g(x), torch.from_numpy(wavy(x.numpy())))
    assert gradient(g, x).shape == (9, 4)
    assert g.mode == "batched"
    assert from_numpy(lambda x: x * x, [(-1, 1)])([3.0]) == 9


def test_races_approximate_those_with_exact_gradients():
    f, g = functions.get("rosenbrock"), from_numpy(valley, PLANE, start=(-1.2, 1), minima=[(1, 1)])
    optimizers = ["adam(lr=0.05)", "momentum(lr=0.001)", "sgd(lr=0.001)"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        there = race(g, optimizers, steps=100).trajectories.x
    np.testing.assert_allclose(there, race(f, optimizers, start=(-1.2, 1), steps=100).trajectories.x, atol=1e-6)


def test_formulas_of_single_points_are_looped_with_one_warning():
    def stair(x, y):
        return math.floor(3 * x) + abs(y) if x > 0 else math.sin(y) + x * x

    with pytest.warns(UserWarning, match=r"function 'stair' takes one point at a time.*np\.where") as warned:
        g = from_numpy(stair, PLANE)
    assert [warning.filename for warning in warned] == [__file__]
    assert g.mode == "looped"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert checked(g) is g
        record = race(g, ["sgd(lr=0.1)"], steps=5, resolution=9)
    assert record.trajectories.x.shape == (1, 6, 2)
    slopes = gradient(g, torch.tensor([[1.1, 1.0], [-1.0, 0.0]], dtype=torch.float64))
    assert slopes.flatten().tolist() == pytest.approx([0, 1, -2, 1], abs=1e-8)


def test_formulas_that_mix_points_are_looped():
    with pytest.warns(UserWarning, match="one point at a time"):
        g = from_numpy(lambda x: np.sum(x * x), [(-1, 1)] * 3, name="mixing")
    x = random_points(g, 5)
    torch.testing.assert_close(g(x), (x * x).sum(1))


def test_different_rounding_in_batches_is_tolerated():
    """numpy may round arrays and single numbers differently, and finite differences amplify the last bit."""
    g = from_numpy(lambda x, y: x * x + y * y + 1e-12 * np.sin(1e6 * x) * np.ndim(x), PLANE, name="rounding")
    assert g.mode == "batched"


def test_transforms_keep_the_tag():
    turned = transforms.rotated(transforms.shifted(from_numpy(valley, PLANE), 1), 30)
    assert "finite differences" in turned.tags
    assert "finite differences" in transforms.added(turned, turned).tags
    assert "finite differences" in transforms.log_values(turned, lowest=-1).tags
    assert checked(turned) is turned


def test_samples_are_numpy_formulas():
    def sample(t):
        lean = np.random.default_rng(t).standard_normal()
        return lambda x, y: valley(x, y) + lean * np.abs(x)

    g = from_numpy(valley, PLANE, sample=sample)
    assert g.at_step(3)([0.5, 0.5]) != g([0.5, 0.5])
    assert checked(g) is g
    assert race(g, ["sgd(lr=0.001)"], steps=3).trajectories.x.shape == (1, 4, 2)
    with pytest.raises(InputError, match="is not a formula"):
        from_numpy(valley, PLANE, sample=lambda t: 3).at_step(0)


@pytest.mark.parametrize("fact", ["residuals", "dims"])
def test_facts_that_need_torch_are_refused(fact):
    with pytest.raises(InputError, match=f"does not take {fact}"):
        from_numpy(valley, PLANE, **{fact: np.stack})


def test_single_precision():
    g = from_numpy(valley, PLANE)
    x = torch.tensor([[0.5, 0.5]], requires_grad=True)
    value = g(x)
    assert value.dtype == torch.float32
    assert torch.autograd.grad(value.sum(), x)[0].tolist()[0] == pytest.approx([-51.0, 50.0], rel=1e-5)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (3, "from_numpy takes a function, got 3"),
        (lambda x, y: "high", "returns <U4, not real numbers"),
        (lambda x, y: x + 1j * y, "returns complex128, not real numbers"),
        (lambda x, y: None, "returns object, not real numbers"),
        (lambda x, y: np.stack([x, y]), "returns shape"),
        (lambda x, y: 1 / 0, "raises ZeroDivisionError"),
        (lambda x, y: x * np.nan, "is nan at the start"),
        (lambda x, y, z: x, "takes 3 arguments"),
    ],
)
def test_invalid_formulas_are_refused(formula, message):
    with pytest.raises(InputError, match=message) as caught:
        from_numpy(formula, PLANE, name="mine")
    assert "\n" not in str(caught.value)


def test_bounds_are_checked():
    with pytest.raises(InputError, match="both finite and low < high"):
        from_numpy(valley, [(2, -2), (-1, 3)])
    with pytest.raises(InputError, match="2 arguments"):
        from_numpy(valley, [(-2, 2)])


# Code in the style of scripts


def changing(p):
    p -= 1
    p *= p
    return p.sum(-1)


def changing_columns(x, y):
    x -= 1
    y += x
    return x * x + y * y


def capped(x, y):
    z = x * x + y * y
    z[z > 10] = 10
    return z


def into(x, y):
    np.multiply(x, x, out=x)
    return x + y


def counted(x, y):
    return np.array([x[i] ** 2 + y[i] for i in range(len(x))])


@pytest.mark.parametrize(
    ("formula", "exact", "mode"),
    [
        (changing, lambda x, y: (x - 1) ** 2 + (y - 1) ** 2, "batched"),
        (changing_columns, lambda x, y: (x - 1) ** 2 + (x + y - 1) ** 2, "batched"),
        (capped, lambda x, y: torch.clamp(x * x + y * y, max=10), "batched"),
        (into, lambda x, y: x * x + y, "batched"),
        (counted, lambda x, y: x * x + y, "batched"),
        (lambda x: np.sum(np.atleast_2d(x) ** 2, 1), lambda x, y: x * x + y * y, "batched"),
        (lambda x: np.sum(x * x, -1, keepdims=True), lambda x, y: x * x + y * y, "batched"),
    ],
)
def test_formulas_that_change_their_arguments_or_need_arrays(formula, exact, mode):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = from_numpy(formula, [(-4, 4), (-4, 4)], name="mine", start=(2, 1))
    expected = function((-4, 4), (-4, 4), name="mine", start=(2, 1))(exact)
    assert made.mode == mode
    x = random_points(made, 20)
    before = x.clone()
    torch.testing.assert_close(made(x), expected(x), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient(made, x), gradient(expected, x), rtol=1e-7, atol=1e-7)
    assert torch.equal(x, before)
    there, here = (race(f, ["sgd(lr=0.1)"], steps=10, resolution=5).trajectories for f in (made, expected))
    np.testing.assert_allclose(there.x, here.x, atol=1e-8)


@pytest.mark.parametrize("offset", [1e3, 1e5, 1e9])
def test_steps_fit_domains_far_from_zero(offset):
    made = from_numpy(lambda x: np.sin(6 * (x - offset)), [(offset, offset + 1)], name="far")
    x = torch.linspace(0, 1, 11, dtype=torch.float64)[:, None] + offset
    torch.testing.assert_close(gradient(made, x), 6 * torch.cos(6 * (x - offset)), rtol=0, atol=1e-4)


def test_float32_values_get_longer_steps():
    made = from_numpy(lambda x, y: np.square(np.float32(x)) + np.float32(y), PLANE, name="low", start=(1, 1))
    x = random_points(made, 20)
    exact = torch.stack([2 * x[:, 0], torch.ones(20, dtype=torch.float64)], 1)
    torch.testing.assert_close(gradient(made, x), exact, rtol=0, atol=2e-3)


def test_differences_on_the_border_stay_inside_the_domain():
    axis = np.linspace(-2, 2, 41)
    interpolate = pytest.importorskip("scipy.interpolate")
    table = interpolate.RegularGridInterpolator((axis, axis), np.add.outer(axis**2, axis), method="cubic")
    made = from_numpy(table, [(-2, 2), (-2, 2)], name="table", start=(2, 2))
    corner = torch.tensor([[2.0, -2.0]], dtype=torch.float64)
    torch.testing.assert_close(gradient(made, corner), torch.tensor([[4.0, 1.0]]).double(), rtol=0, atol=1e-3)
    record = race(made, ["sgd(lr=0.05)"], steps=5, resolution=5)
    assert np.isfinite(record.trajectories.loss).all()


@pytest.mark.parametrize(
    ("formula", "grad", "wrong"),
    [
        (lambda x: np.sum(x**4, -1), lambda x: 4 * x**3, lambda x: 3 * x**3),
        (lambda x, y: x**4 + y, lambda x, y: (4 * x**3, 1.0), lambda x, y: (4 * x**3, 0.0)),
        (lambda x, y: max(x, y) ** 2, lambda x, y: (2 * x * (x > y), 2 * y * (x <= y)), lambda x, y: (x * 0, y * 0)),
    ],
    ids=["vector", "columns", "single points"],
)
def test_gradients_of_ones_own(formula, grad, wrong):
    with warnings.catch_warnings(action="ignore"):
        made, plain = (from_numpy(formula, PLANE, name="mine", grad=g) for g in (grad, None))
        x = random_points(made, 20)
        torch.testing.assert_close(gradient(made, x), gradient(plain, x), rtol=1e-6, atol=1e-6)
        assert made.tags == ()
        with pytest.raises(InputError, match="gradient of function 'mine' disagrees with its values"):
            from_numpy(formula, PLANE, name="mine", grad=wrong)
        with pytest.raises(InputError, match=r"grad must return real numbers of shape \(2,\)"):
            from_numpy(formula, PLANE, name="mine", grad=lambda *_: np.zeros(3))


@pytest.mark.parametrize(
    ("facts", "message"), [({"grad": 3}, "grad must be a function"), ({"grad": valley, "sample": valley}, "not both")]
)
def test_invalid_gradients_are_refused(facts, message):
    with pytest.raises(InputError, match=message):
        from_numpy(valley, PLANE, **facts)


def test_a_formula_of_integers_is_refused_because_its_differences_are_zero():
    def rounded(x, y):
        return np.rint(x * x + y * y).astype(int)

    with pytest.raises(InputError, match=r"'rounded' returns int\d+, so its finite differences are 0"):
        from_numpy(rounded, PLANE)
    exact = from_numpy(rounded, PLANE, grad=lambda x, y: (2 * x, 2 * y), check_gradients=False)
    assert gradient(exact, torch.tensor([1.5, 1.0], dtype=torch.float64)).tolist() == [3.0, 2.0]
    steps = from_numpy(lambda x, y: rounded(x, y).astype(float), PLANE, name="steps")
    assert steps([1.5, 1.0]) == 3


@pytest.mark.filterwarnings("ignore:function 'corner' takes one point")
def test_a_formula_may_return_the_integer_zero_in_some_places():
    corner = from_numpy(lambda x: 0 if x < 0.5 else float(x) ** 2, [(-1, 2)], name="corner", start=[0.0])
    assert float(corner([0.0])) == 0.0
    assert float(corner([1.5])) == 2.25
