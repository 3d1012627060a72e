"""Transforms: values, gradients, and facts measured on the results."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from merged import merged
from thinned import diagonal

from landscapes import InputError, function, functions, race, transforms
from landscapes.objectives import tag_checks
from landscapes.objectives.decorators import ANY
from landscapes.objectives.derivatives import gradient, random_points
from landscapes.objectives.tags import CHECKED
from landscapes.objectives.validation import checked
from landscapes.transforms import (
    added,
    asymmetric,
    asymmetry,
    log_values,
    mapped,
    minibatched,
    multiplied,
    negated,
    noisy,
    oscillated,
    oscillation,
    random_rotation,
    restricted,
    rotated,
    scaled,
    shifted,
    value_transformed,
)

NAMES = ("booth", "himmelblau", "saddle")


@function((-4, 4), dims=ANY, minima=[(1, -1)], start=(3, 2), tags=["smooth", "unimodal"])
def wide(x):
    """A bowl of any number of coordinates whose curvature grows with the index."""
    return sum((i + 1) * (x[..., i] - (-1) ** i) ** 2 for i in range(x.shape[-1]))


@function((-2, 2), (-2, 2), minima=[(1, 1)], outside="unbounded", tags=["smooth", "unbounded"])
def dipping(x, y):
    """A function with a minimum in the domain that is unbounded below outside."""
    return (x - 1) ** 2 + (y - 1) ** 2 - 1e-3 * (x * x + y * y - 2) ** 3


DOMAIN_MOVES = {
    "shifted": lambda f: shifted(f, [0.7, -1.3]),
    "scaled": lambda f: scaled(f, 2.5),
    "stretched": lambda f: scaled(f, (-0.5, 3)),
    "turned": lambda f: rotated(f, 30, about=(0.5, 1)),
    "quarter": lambda f: rotated(f, -90),
    "sheared": lambda f: mapped(f, [[1, 0.5], [0, 2]], about=(1, 0)),
    "oscillated": lambda f: oscillated(f, about=(0.2, -0.1)),
    "asymmetric": lambda f: asymmetric(f, 0.5, about=(-0.3, 0.4)),
}
OTHERS = {
    "rooted": lambda f: value_transformed(f, lambda v: 3 * v + v**3),
    "log": lambda f: log_values(f, 0.5, lowest=None if math.isfinite(f.minimum) else -1e6),
    "negated": negated,
    "noisy": lambda f: noisy(f, 0.3),
    "scarce": lambda f: noisy(f, 0.3, "multiplicative", seed=5),
    "added": lambda f: added(f, "booth"),
    "doubled": lambda f: added(f, f),
    "multiplied": lambda f: multiplied(f, "styblinski_tang"),
    "line": lambda f: restricted(f, (0.1, 0.2), [(1, -2)]),
    "plane": lambda f: restricted(f, (0.1, 0.2), [(1, 1), (0.5, -1)]),
}
ALL = DOMAIN_MOVES | OTHERS


def assert_facts_hold(g):
    """Measure all facts of a function and compare."""
    minima = torch.tensor(g.minima, dtype=torch.float64).reshape(-1, g.dim)
    grid = random_points(g, 4000)
    size = 1 + float(g(grid).abs().median())
    if len(minima):
        torch.testing.assert_close(g(minima), torch.full_like(g(minima), g.minimum), rtol=1e-9, atol=1e-11 * size)
    if math.isfinite(g.minimum):
        assert float(g(grid).min()) >= g.minimum - 1e-9 * size
    low, high = torch.tensor(g.domain, dtype=torch.float64).unbind(1)
    inner = minima[((minima > low) & (minima < high)).all(1)]
    stationary = [*inner.tolist(), *(known.point for known in g.stationary)]
    if stationary and not g.nonsmooth_where:
        steep = gradient(g, grid).norm(dim=1).median()
        assert float(gradient(g, torch.tensor(stationary, dtype=torch.float64)).abs().max()) <= 1e-6 * (
            1 + float(steep)
        )
    for known in g.stationary:
        center = torch.tensor(known.point, dtype=torch.float64)
        around = g(center + 1e-4 * (high - low) * torch.randn(400, g.dim, dtype=torch.float64, generator=seeded()))
        gap, rounding = around - g(center), 1e-13 * size
        assert known.kind != "minimum" or bool((gap >= -rounding).all())
        assert known.kind != "maximum" or bool((gap <= rounding).all())
        assert known.kind != "saddle" or g.dim == 1 or (gap.min() < 0 < gap.max())
    tags = set(g.tags) & set(CHECKED) - {"unimodal", "multimodal", "discontinuous", "nonsmooth"}
    assert tags <= tag_checks.measured_tags(g, minima=False)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("made", "name"), diagonal(ALL, NAMES))
@pytest.mark.thin(3)
@pytest.mark.sample(6)
def test_all_facts_hold(made, name):
    g = ALL[made](functions.get(name))
    assert_facts_hold(g)
    assert (g.family, g.aliases, g.variants) == (None, (), ())
    assert g.name.isidentifier() or made in ("added", "doubled", "multiplied")
    assert checked(g) is g


@pytest.mark.parametrize("made", ALL)
def test_a_batch_has_the_bits_of_its_points(made):
    g = ALL[made](functions.get("himmelblau"))
    x = random_points(g, 37, seed=1)
    assert torch.equal(g(x), torch.stack([g(point) for point in x]))
    assert g(x.float()).dtype == torch.float32
    assert g(x.reshape(37, 1, g.dim)).shape == (37, 1)


@pytest.mark.parametrize("made", ALL)
def test_all_tensors_are_on_the_device_of_the_points(made):
    """The meta device refuses to mix with the CPU, as a GPU does."""
    g = ALL[made](functions.get("himmelblau"))
    x = torch.empty((6, g.dim), device="meta", requires_grad=True)
    values = g(x)
    assert (values.shape, values.device.type) == ((6,), "meta")
    assert g.at_step(2)(x).device.type == "meta"
    assert torch.autograd.grad(values.sum(), x)[0].shape == x.shape


@pytest.mark.parametrize("made", [name for name in ALL if name != "oscillated"])
def test_gradients_are_the_derivatives_of_the_values(made):
    g = ALL[made](functions.get("three_hump_camel"))
    x = random_points(g, 5, seed=2).requires_grad_()
    assert torch.autograd.gradcheck(g, x)


# Coordinates

coordinate = st.floats(-4, 4, allow_subnormal=False)
pair = st.tuples(coordinate, coordinate)
away_from_0 = st.floats(0.1, 5) | st.floats(-5, -0.1)


@given(pair, pair, st.floats(-720, 720), pair, away_from_0)
def test_values_move_with_their_points(x, by, degrees, about, factor):
    f = functions.get("himmelblau")
    value = float(f(x))
    turn = math.radians(degrees)
    a, b = x[0] - about[0], x[1] - about[1]
    turned = (about[0] + math.cos(turn) * a - math.sin(turn) * b, about[1] + math.sin(turn) * a + math.cos(turn) * b)
    for g, there in (
        (shifted(f, by), (x[0] + by[0], x[1] + by[1])),
        (scaled(f, factor), (x[0] * factor, x[1] * factor)),
        (rotated(f, degrees, about), turned),
        (mapped(f, [[2, 1], [0, factor]]), (2 * x[0] + x[1], factor * x[1])),
    ):
        assert float(g(there)) == pytest.approx(value, rel=1e-9, abs=1e-9)


@given(st.lists(st.sampled_from(sorted(DOMAIN_MOVES)), min_size=2, max_size=4), st.sampled_from(NAMES))
@pytest.mark.slow
def test_repeated_transforms_keep_the_facts(moves, name):
    g = f = functions.get(name)
    for move in moves:
        g = DOMAIN_MOVES[move](g)
    assert len(g.minima) == len(f.minima)
    minima = torch.tensor(g.minima, dtype=torch.float64).reshape(-1, 2)
    size = float(f(random_points(f, 500)).abs().median())
    torch.testing.assert_close(
        g(minima), f(torch.tensor(f.minima, dtype=torch.float64).reshape(-1, 2)), rtol=1e-9, atol=1e-10 * size
    )
    assert float(g(g.start)) == pytest.approx(float(f(f.start)), rel=1e-9, abs=1e-10 * size)


@given(st.sampled_from(sorted(DOMAIN_MOVES)), st.integers(0, 10**6))
@pytest.mark.slow
def test_the_new_box_is_the_bounding_box_of_the_old_one(move, seed):
    """The new box contains the image of the old one, and each of its sides touches the image."""
    f = function((-3, 1), (-2, 5), view=[(-1, 1), (0, 2)])(
        lambda x, y: torch.maximum((x + 1).abs() / 2, (y - 1.5).abs() / 3.5)
    )
    g = DOMAIN_MOVES[move](f)
    low, high = torch.tensor(g.domain, dtype=torch.float64).unbind(1)
    outside = low - 0.2 + (high - low + 0.4) * torch.rand(3000, 2, generator=seeded(seed), dtype=torch.float64)
    image = g(outside) <= 1  # points of the old box
    assert bool(((outside >= low - 1e-9) & (outside <= high + 1e-9)).all(1)[image].all())
    for axis in range(2):  # each side touches the image
        for end in (low, high):
            side = low + (high - low) * torch.rand(5000, 2, generator=seeded(seed), dtype=torch.float64)
            side[:, axis] = end[axis]
            assert float(g(side).min()) < 1.1


def test_rotations_by_multiples_of_90_degrees_are_exact():
    assert rotated("booth", 90).minima == ((-3.0, 1.0),)
    assert rotated("booth", 450).domain == rotated("booth", 90).domain
    assert rotated("beale", -180).minima == ((-3.0, -0.5),)
    assert rotated("booth", 0).minima == functions.get("booth").minima
    assert "rotated" not in rotated("booth", 90).tags
    assert "rotated" in rotated("booth", 91).tags


def test_lower_values_outside_make_the_minimum_of_a_larger_box_unknown():
    turned = rotated(dipping, 45)
    assert math.isnan(turned.minimum)
    assert turned.minima == ()
    assert [point.kind for point in turned.stationary] == ["minimum"]
    assert_facts_hold(turned)
    assert rotated(dipping, 90).minimum == 0.0
    assert shifted(dipping, 3).minima == ((4.0, 4.0),)


@pytest.mark.parametrize("dim", [pytest.param(1, marks=pytest.mark.slow), 3])
@pytest.mark.slow
def test_any_number_of_coordinates(dim):
    f = wide.with_dim(dim)
    made = [shifted(f, 1), scaled(f, [2] * dim), rotated(f, random_rotation(dim, seed=3)), noisy(f, 1), log_values(f)]
    made += [oscillated(f, f.minima[0]), negated(f), added(f, f)] + ([asymmetric(f)] if dim > 1 else [])
    for g in made:
        assert g.dim == dim
        assert_facts_hold(g)
        assert checked(g) is g


@pytest.mark.parametrize("dim", [1, 2, 3, 8])
def test_random_rotations(dim):
    q = random_rotation(dim, seed=1)
    np.testing.assert_allclose(q @ q.T, np.eye(dim), atol=1e-14)
    assert np.linalg.det(q) == pytest.approx(1)
    assert dim == 1 or not np.array_equal(q, random_rotation(dim, seed=2))
    np.testing.assert_array_equal(q, random_rotation(dim, seed=1))


# Nonlinear coordinates


@given(st.floats(1e-12, 1e6) | st.floats(-1e6, -1e-12))
def test_oscillation_equals_its_definition(x):
    t = math.log(abs(x))
    c = (10, 7.9) if x > 0 else (5.5, 3.1)
    expected = math.copysign(math.exp(t + 0.049 * (math.sin(c[0] * t) + math.sin(c[1] * t))), x)
    assert float(oscillation(torch.tensor(x, dtype=torch.float64))) == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=5), st.floats(0, 0.5))
def test_asymmetry_equals_its_definition(x, beta):
    d = len(x)
    expected = [c ** (1 + beta * i / (d - 1) * math.sqrt(c)) if c > 0 else c for i, c in enumerate(x)]
    assert asymmetry(torch.tensor(x, dtype=torch.float64), beta).tolist() == pytest.approx(expected, rel=1e-12)


@settings(max_examples=10)
@given(pair, pair, st.floats(0, 7))
@pytest.mark.slow
def test_nonlinear_maps_are_inverted(x, about, beta):
    """Minimizers and starts are mapped by the inverse."""
    f = function((-5, 5), (-5, 5), start=x, minima=[about], minimum=0)(lambda a, b: a * a + b * b)
    for g, bend in ((oscillated(f, about), oscillation), (asymmetric(f, beta, about), lambda u: asymmetry(u, beta))):
        middle = torch.tensor(about, dtype=torch.float64)
        again = middle + bend(torch.tensor(g.start, dtype=torch.float64) - middle)
        assert again.tolist() == pytest.approx(x, rel=1e-12, abs=1e-12)
        assert g.minima == (about,)
    assert asymmetric(f, beta).domain[0] == (-5, 5)  # the first coordinate is unchanged bit for bit


def test_nonlinear_maps_have_slope_one_at_the_origin():
    x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    for values in (oscillation(x), asymmetry(x, 0.5)):
        assert torch.autograd.grad(values.sum(), x)[0].tolist() == [1, 1, 1]


# Values


def test_increasing_maps_preserve_minima():
    g = value_transformed("himmelblau", torch.sqrt)
    assert g.minima == functions.get("himmelblau").minima
    assert float(g([0.0, 0.0])) == pytest.approx(math.sqrt(170))
    assert g.minimum == 0
    assert math.isnan(value_transformed(function((0, 1))(lambda x: x), torch.exp).minimum)
    assert value_transformed("saddle", torch.exp).minimum == 0.0  # the infimum is not attained
    assert value_transformed("saddle", lambda v: 2 * v).minimum == -math.inf


def test_stationary_points_in_regions_made_flat_are_dropped():
    camel = functions.get("three_hump_camel")
    assert {point.kind for point in camel.stationary} == {"minimum", "saddle"}
    cut = value_transformed(camel, lambda v: torch.relu(v - 0.5))  # the two minima lie at 0.3, the saddles at 0.88
    assert {point.kind for point in cut.stationary} == {"saddle"}


def test_logarithms():
    f = functions.get("styblinski_tang")
    g = log_values(f, 0.25)
    assert g.minimum == math.log(0.25)
    assert float(g([0.0, 0.0])) == pytest.approx(math.log(-f.minimum + 0.25))
    assert float(log_values("saddle", lowest=-10)([1.0, 1.0])) == pytest.approx(math.log(11))
    assert log_values("booth").latex == rf"\log\left({functions.get('booth').latex} +1\right)"


def test_negation():
    g = negated(functions.get("three_hump_camel"))
    assert float(g([1.0, 1.0])) == -float(functions.get("three_hump_camel")([1.0, 1.0]))
    assert g.minima == ()
    assert math.isnan(g.minimum)
    assert ("maximum", (0.0, 0.0)) in g.stationary
    assert {point.kind for point in negated(g).stationary} >= {"minimum"}


# Noise


@pytest.mark.parametrize("kind", ["additive", "multiplicative"])
@pytest.mark.thin(1)
def test_noise_has_mean_zero_and_standard_deviation_sigma(kind):
    f = functions.get("booth")
    g = noisy(f, 0.5, kind, seed=7)
    x = torch.tensor([2.0, -1.0], dtype=torch.float64)
    slopes = torch.stack([gradient(g.at_step(t), x) for t in range(800)])
    true = gradient(f, x)
    error = slopes - true
    spread = 0.5 * (torch.ones(2, dtype=torch.float64) if kind == "additive" else true.abs())
    torch.testing.assert_close(error.std(0), spread, rtol=0.1, atol=0)
    assert bool((error.mean(0).abs() < 4 * spread / 800**0.5).all())
    assert torch.equal(g(x), f(x))
    assert "stochastic" in g.tags


def test_noise_depends_on_step_and_seed():
    g = noisy("booth", 1.0, seed=1)
    x = [1.0, 2.0]
    assert g.at_step(3)(x) == g.at_step(3)(x) == noisy("booth", 1.0, seed=1).at_step(3)(x)
    others = [g.at_step(4), noisy("booth", 1.0, seed=2).at_step(3), noisy("booth", 1.0, seed=2**40).at_step(3)]
    assert len({float(other(x)) for other in [g.at_step(3), *others]}) == 4
    twice = noisy(g, 2.0, seed=9)
    assert twice.at_step(3)(x) != g.at_step(3)(x)
    assert twice(x) == g(x)


@pytest.mark.slow
def test_minibatches_average_to_the_sum_of_squares():
    f = functions.get("beale")
    x = random_points(f, 5)
    for size in (1, 2, 3):
        g = minibatched(f, size)
        seen = torch.stack([g.at_step(t)(x) for t in range(600)])
        assert len(seen.unique(dim=0)) == math.comb(3, size)
        torch.testing.assert_close(seen.mean(0), f(x), rtol=0.15, atol=1e-9)
    torch.testing.assert_close(minibatched(f, 3).at_step(0)(x), f(x), rtol=1e-12, atol=0)


def test_transforms_of_noise_and_noise_of_transforms():
    base = noisy("beale", 0.3, seed=4)
    turned = rotated(base, 40)
    x = random_points(functions.get("beale"), 6)
    plain = function((-5, 5), (-5, 5), start=tuple(x[0].tolist()))(lambda a, b: a + b)
    there = torch.tensor(rotated(plain, 40).start, dtype=torch.float64)
    torch.testing.assert_close(turned.at_step(2)(there), base.at_step(2)(x[0]), rtol=1e-9, atol=1e-9)
    both = added(base, noisy("booth", 0.2))
    torch.testing.assert_close(
        both.at_step(1)(x), base.at_step(1)(x) + noisy("booth", 0.2).at_step(1)(x), rtol=1e-12, atol=0
    )
    product = multiplied(base, "booth")
    torch.testing.assert_close(
        product.at_step(1)(x), base.at_step(1)(x) * functions.get("booth")(x), rtol=1e-12, atol=0
    )
    assert race(turned, ["sgd(lr=0.001)"], steps=3).trajectories.x.shape == (1, 4, 2)


# Planes


def test_a_plane_has_the_values_of_the_function():
    f = wide.with_dim(5)
    directions = [(1, 0, 0, 2, 0), (0, 1, -1, 0, 0)]
    g = restricted(f, (0.5, 0, 0, 0, 0.25), directions)
    u = random_points(g, 10)
    x = torch.tensor([0.5, 0, 0, 0, 0.25], dtype=torch.float64) + u @ torch.tensor(directions, dtype=torch.float64)
    torch.testing.assert_close(g(u), f(x), rtol=1e-12, atol=0)
    assert g.domain == ((-2.0, 2.0), (-4.0, 4.0))
    assert g.minima == ()
    assert math.isnan(g.minimum)


def test_minima_in_the_plane_are_kept():
    f = wide.with_dim(4)
    g = restricted(f, f.minima[0], [(1, 1, 0, 0), (0, 0, 2, 0)], domain=[(-1, 1), (-2, 2)])
    assert g.minima == ((0.0, 0.0),)
    assert g.minimum == 0
    assert g.domain == g.view == ((-1.0, 1.0), (-2.0, 2.0))
    line = restricted("himmelblau", (3, 2), [(1, 0)])
    assert line.dim == 1
    assert line.minima == ((0.0,),)


def test_a_plane_that_leaves_the_domain_may_have_an_unknown_minimum():
    diagonal = [(1, 1), (1, -1)]
    assert restricted(dipping, (1, 1), [(1, 0), (0, 1)]).minima == ((0.0, 0.0),)
    assert restricted(dipping, (1, 1), diagonal, domain=[(-0.4, 0.4)] * 2).minimum == 0
    assert restricted(dipping, (1, 1), diagonal).minima == ()
    assert math.isnan(restricted(dipping, (1, 1), diagonal).minimum)
    assert restricted("booth", (1, 3), diagonal).minimum == 0


def test_residuals_are_transformed():
    f = functions.get("beale")
    for g in (
        shifted(f, 1),
        rotated(f, 20),
        restricted(f, (0, 0), [(1, 1)]),
        added(f, "booth"),
        oscillated(f),
        noisy(f, 1),
    ):
        x = random_points(g, 7).T
        torch.testing.assert_close((g.evaluate_residuals(x) ** 2).sum(0), g.evaluate(x), rtol=1e-12, atol=0)


# Sums and products


def test_sums_and_products():
    f, g = functions.get("booth"), functions.get("rosenbrock")
    x = random_points(g, 9)
    torch.testing.assert_close(added(f, g, f)(x), 2 * f(x) + g(x), rtol=1e-12, atol=0)
    torch.testing.assert_close(multiplied(f, g)(x), f(x) * g(x), rtol=1e-12, atol=0)
    assert added(f, g).domain == tuple(
        (max(a, c), min(b, d)) for (a, b), (c, d) in zip(f.domain, g.domain, strict=True)
    )
    assert multiplied(f, g).minima == ((1.0, 3.0), (1.0, 1.0))
    assert added(f, f).minima == f.minima
    assert math.isnan(added(f, g).minimum)
    assert math.isnan(multiplied(f, "styblinski_tang").minimum)


# Races, titles and errors


def test_transformed_functions_can_be_raced():
    record = race(rotated(shifted("booth", 1), 30), ["adam(lr=0.5)"], steps=300)
    assert record.trajectories.runs["status"].tolist() == ["converged"]
    assert record.meta["title"] == "Booth, shifted by (1, 1), rotated by 30°"
    assert race(
        restricted(wide.with_dim(5), (1, -1, 1, -1, 1), [(1, 0, 0, 0, 0), (0, 1, 0, 0, 0)]), ["sgd(lr=0.1)"]
    ).surface


def test_titles_and_latex():
    assert scaled("booth", 2).title == "Booth, scaled by 2"
    assert scaled("booth", (1, 2)).title == "Booth, scaled by (1, 2)"
    assert added("booth", "beale").title == "Booth + Beale"
    assert added("booth", "plateau").latex == ""


@merged(
    ("make", "message"),
    [
        (lambda: shifted("boot", 1), "unknown function 'boot'. Did you mean booth"),
        (lambda: shifted(3, 1), "a function must be a name of the catalogue or made with @landscapes.function.* got 3"),
        (lambda: shifted(torch.sin, 1), "has no bounds; decorate it"),
        (lambda: shifted("booth", (1, 2, 3)), "by must be one number or 2, got"),
        (lambda: shifted("booth", "far"), "by must be one number or 2, got 'far'"),
        (lambda: shifted("booth", math.nan), "by must be finite, got nan"),
        (lambda: scaled("booth", 0), "factor must not be 0, got"),
        (lambda: scaled("booth", (1, 0)), "factor must not be 0, got"),
        (lambda: scaled("booth", math.inf), "finite"),
        (lambda: rotated("booth", math.nan), "finite degrees"),
        (lambda: rotated("booth", "left"), "the matrix must have shape \\(2, 2\\), got 'left'"),
        (lambda: rotated("booth", True), r"the matrix must have shape \(2, 2\)"),
        (lambda: rotated("booth", [[1, 1], [0, 1]]), "orthogonal"),
        (lambda: rotated("booth", np.eye(3)), r"the matrix must have shape \(2, 2\)"),
        (lambda: rotated("booth", 30, about=(1,)), "about must be 2 numbers"),
        (lambda: rotated(wide.with_dim(3), 30), r"rotate it by a matrix: random_rotation\(3, seed=0\)"),
        (lambda: mapped("booth", [[1, 2], [2, 4]]), "singular"),
        (lambda: mapped("booth", np.zeros((2, 2))), "singular"),
        (lambda: mapped("booth", [[1, math.nan], [0, 1]]), "the matrix must be finite"),
        (lambda: random_rotation(0), "dim must be an integer >= 1, got 0"),
        (lambda: oscillated("booth", about=3), "about must be 2 numbers"),
        (lambda: asymmetric("booth", 8), "beta must be a number from 0 to 7, got 8"),
        (lambda: asymmetric(wide.with_dim(1)), "wide has one coordinate"),
        (lambda: value_transformed("booth", lambda v: -v), "must increase"),
        (lambda: value_transformed("booth", lambda v: 0 * v), "must increase"),
        (lambda: value_transformed("booth", lambda v: v.sum()), "must return a tensor of the same shape"),
        (lambda: value_transformed("booth", math.sqrt), "raises|of the same shape"),
        (lambda: value_transformed(noisy("booth", 1), torch.sqrt), "is stochastic"),
        (lambda: log_values("saddle"), "give the value to subtract"),
        (lambda: log_values("booth", 0), "offset must be a finite number > 0, got 0"),
        (lambda: noisy("booth", -1), "sigma must be a finite number >= 0, got -1"),
        (lambda: noisy("booth", math.nan), "sigma must be .* got nan"),
        (lambda: noisy("booth", 1, "pink"), "kind must be 'additive' or 'multiplicative', got 'pink'"),
        (lambda: noisy("booth", 1, seed=-1), "seed must be an integer >= 0, got -1"),
        (lambda: noisy("booth", 1, seed=0.5), "seed must be"),
        (lambda: minibatched("rastrigin"), "has no residuals"),
        (lambda: minibatched("booth", 3), "size must be an integer from 1 to 2"),
        (lambda: minibatched(noisy("booth", 1)), "samples of its own"),
        (lambda: restricted("booth", (0,), [(1, 0)]), "origin must be 2 numbers"),
        (lambda: restricted("booth", (0, 0), [(0, 0)]), "independent"),
        (lambda: restricted("booth", (0, 0), [(1, 1), (2, 2)]), "independent"),
        (lambda: restricted("booth", (0, 0), [(1, 0), (0, 1), (1, 1)]), "independent"),
        (lambda: restricted("booth", (0, 0), [(1, 0, 0)]), "directions must be one or more of 2 numbers"),
        (lambda: restricted("booth", (0, 0), []), "directions must be one or more"),
        (lambda: restricted("booth", (0, 0), [(1, math.inf)]), "finite"),
        (lambda: restricted("booth", (99, 0), [(1, 0)]), "outside the domain of booth; give a domain"),
        (
            lambda: restricted("booth", (0, 0), [(1, 0)], domain=[(1, 2), (3, 4)]),
            "domain must have one interval .* of the 1 directions",
        ),
        (lambda: restricted("booth", (0, 0), [(1, 0)], domain=[(2, 1)]), "low < high"),
        (lambda: added("booth"), "added takes at least two functions, got 1"),
        (
            lambda: added("booth", wide.with_dim(3)),
            "functions with the same number of coordinates, got: booth 2, wide 3",
        ),
        (lambda: added("booth", shifted("booth", 100)), "nothing in common"),
        (lambda: multiplied(noisy("booth", 1), noisy("beale", 1)), "multiply first"),
        (lambda: shifted("booth", 1)(torch.zeros(2, dtype=torch.int64)), "floating-point"),
        (lambda: shifted("booth", 1)([1.0, 2.0, 3.0]), r"points of shape \(..., 2\)"),
    ],
)
def test_invalid_arguments_are_refused_in_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_all_names_are_callable():
    assert all(callable(getattr(transforms, name)) for name in transforms.__all__)
