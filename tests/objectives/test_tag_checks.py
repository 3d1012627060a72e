"""Measured tags and searches, on functions with known results."""

from __future__ import annotations

import math

import pytest
import torch

from landscapes.functions import get
from landscapes.objectives import critical_points, tag_checks
from landscapes.objectives._function import Function
from landscapes.objectives.decorators import ANY, function
from landscapes.objectives.derivatives import gradient, hessian

UNIT = ((-1.0, 1.0), (-1.0, 1.0))


def made(formula, *domain: tuple[float, float], **facts) -> Function:
    return function(*(domain or UNIT), name="made", **facts)(formula)


def bump(x, y):
    return x * x + y * y - 0.5 * torch.exp(-100 * ((x - 0.7) ** 2 + (y + 0.6) ** 2))


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        (lambda x, y: x * x + y, "smooth"),
        (lambda x, y: torch.sin(40 * x) * torch.cos(30 * y), "smooth"),
        (lambda x, y: torch.tanh(40 * x) + y * y, "smooth"),
        (lambda x, y: torch.exp(20 * (x - y)), "smooth"),
        (lambda x, y: x * x.abs() + y, "smooth"),
        (lambda x, y: (x - 0.31).abs() + 5 * y * y, "nonsmooth"),
        (lambda x, y: 10 * x * x + 0.01 * (x + y).abs(), "nonsmooth"),
        (lambda x, y: torch.maximum(x * x, y), "nonsmooth"),
        (lambda x, y: ((y - x * x).abs() + 1e-300).sqrt(), "nonsmooth"),
        (lambda x, y: x * x + 0.1 * (3 * y).floor(), "discontinuous"),
        (lambda x, y: torch.where(x > 0.97, 1.0, 0.0) + y, "discontinuous"),
    ],
)
def test_jumps_of_gradient_and_value_are_distinguished_from_curvature(formula, kind):
    assert tag_checks.smoothness(made(formula)) == kind


def test_the_tip_of_a_cone_is_found_where_it_is_listed():
    cone = made(lambda x, y: (x * x + y * y + 1e-300).sqrt(), minima=[(0, 0)])
    assert tag_checks.smoothness(cone) == "nonsmooth"


@pytest.mark.parametrize(
    ("formula", "convex", "separable", "quadratic"),
    [
        (lambda x, y: x * x + 3 * y * y, True, True, True),
        (lambda x, y: x * x + 3 * y * y + x * y, True, False, True),
        (lambda x, y: x * x - y * y, False, True, True),
        (lambda x, y: x.abs() + y.abs(), True, True, False),
        (lambda x, y: x + 2 * y, True, True, False),
        (lambda x, y: torch.exp(x) + y * y * y * y, True, True, False),
        (lambda x, y: torch.cos(8 * x) + y * y, False, True, False),
        (lambda x, y: x * x + y * y + 0.01 * torch.sin(30 * x), False, True, False),
        (bump, False, False, False),
    ],
)
@pytest.mark.thin(2)
def test_convex_separable_and_quadratic(formula, convex, separable, quadratic):
    f = made(formula)
    assert tag_checks.is_convex(f) == convex
    assert tag_checks.is_separable(f) == separable
    assert ("quadratic" in tag_checks.measured_tags(f, minima=False)) == quadratic


@pytest.mark.parametrize(
    ("formula", "unbounded"),
    [
        (lambda x, y: x * x - y * y, True),
        (lambda x, y: x + y * y, True),
        (lambda x, y: torch.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y, True),
        (lambda x, y: (y - x * x) ** 2 - x, True),
        (lambda x, y: (y - x * x) ** 2 + torch.sin(x), False),
        (lambda x, y: x.abs().sqrt() * torch.sin(x), True),
        (lambda x, y: x * x + y * y, False),
        (lambda x, y: torch.sin(x) + torch.cos(y), False),
        (lambda x, y: torch.exp(-x * x - y * y), False),
        (lambda x, y: torch.log(x + 1.5) + y * y, False),
    ],
)
def test_unbounded_functions(formula, unbounded):
    assert tag_checks.is_unbounded(made(formula)) == unbounded


def test_condition_numbers_at_listed_points():
    quartic = made(lambda x, y: x * x * x * x + y * y, minima=[(0, 0)])
    narrow = made(
        lambda x, y: x * x + 200 * y * y - x * x * x * x, minima=[(0, 0)], stationary={"saddle": [(0.5**0.5, 0)]}
    )
    assert tag_checks.condition_numbers(quartic) == {"minima": [math.inf], "stationary": []}
    assert tag_checks.condition_numbers(narrow)["minima"] == pytest.approx([200])
    assert tag_checks.condition_numbers(narrow)["stationary"] == pytest.approx([100])
    assert {"degenerate"} == tag_checks.measured_tags(quartic) & {"degenerate", "ill-conditioned"}
    assert {"ill-conditioned"} == tag_checks.measured_tags(narrow) & {"degenerate", "ill-conditioned"}


def test_a_minimizer_on_the_border_counts_as_a_minimum():
    assert "unimodal" in tag_checks.measured_tags(made(lambda x, y: x + y * y, minima=[(-1, 0)]))
    assert "multimodal" in tag_checks.measured_tags(
        made(lambda x, y: x * x * x - x / 2 + y * y, (-2, 1), (-1, 1), minima=[(-2, 0)])
    )
    assert not tag_checks.measured_tags(made(lambda x, y: x + y * y)) & {"unimodal", "multimodal"}


def test_facts_are_tags_too():
    noisy = function((-1, 1), dims=ANY, sample=lambda t: lambda x: (x * x).sum(-1))(lambda x: (x * x).sum(-1))
    assert {"stochastic", "any dimension", "convex", "unimodal"} <= tag_checks.measured_tags(noisy)
    assert "infimum not attained" in tag_checks.measured_tags(made(lambda x, y: torch.exp(x) + y * y, minimum=0))


@pytest.mark.parametrize(
    ("formula", "count"),
    [
        (lambda x, y: x * x + 100 * (y - x * x) ** 2, 1),
        (lambda x, y: x * x * x * x + y * y * y * y, 1),
        (bump, 2),
        (lambda x, y: (x * x - 0.25) ** 2 + y * y, 2),
        (lambda x, y: torch.cos(9 * x) + torch.cos(9 * y), 4),
        (lambda x, y: x + y, 0),
        (lambda x, y: x * x - y * y, 0),
        (lambda x, y: (4 * x).clamp(-1, 1) * 0 + y * 0, 0),
    ],
)
@pytest.mark.thin(1)
def test_local_minima_are_counted(formula, count):
    assert len(critical_points.local_minima(made(formula))) == count


def test_flat_regions_and_border_points_are_not_local_minima():
    far = made(lambda x, y: -torch.exp(-(x * x + y * y)), (-100, 100), (-100, 100), minima=[(0, 0)])
    (center,) = critical_points.local_minima(far).tolist()
    assert center == pytest.approx([0, 0], abs=1e-9)
    assert len(critical_points.local_minima(made(lambda x, y: -(x * x) - y * y))) == 0


def test_stationary_points_have_their_kind():
    found = critical_points.stationary_points(made(lambda x, y: (x * x - 0.25) ** 2 + (y * y - 0.25) ** 2))
    kinds = sorted(point.kind for point in found)
    assert kinds == ["maximum"] + ["minimum"] * 4 + ["saddle"] * 4
    assert all(min(abs(abs(c) - 0.5), abs(c)) < 1e-15 for stationary in found for c in stationary.point)


def test_differential_evolution_finds_a_minimum_among_many():
    best = critical_points.differential_evolution(get("rastrigin"), 0)
    assert float(get("rastrigin")(best[0])) < 1e-10
    assert get("rastrigin")(best).diff().min() >= 0
    assert torch.equal(critical_points.differential_evolution(get("rastrigin"), 0), best)
    low, high = critical_points.corners(get("rastrigin").domain)
    assert ((best >= low) & (best <= high)).all()


def test_derivatives_of_constants_are_zero():
    level = made(lambda x, y: (3 * x).floor() + 0 * y)
    at = torch.tensor([[0.1, 0.2], [0.5, 0.6]], dtype=torch.float64)
    assert gradient(level, at).tolist() == [[0, 0], [0, 0]]
    assert hessian(level, at).tolist() == [[[0, 0], [0, 0]]] * 2
    constant = made(lambda x, y: torch.ones_like(x))
    assert gradient(constant, at).tolist() == [[0, 0], [0, 0]]


def test_the_hessian_of_a_polynomial():
    curved = made(lambda x, y: x * x * y + 3 * y * y)
    at = torch.tensor([[2.0, 5.0]], dtype=torch.float64)
    assert hessian(curved, at).tolist() == [[[10, 4], [4, 6]]]
