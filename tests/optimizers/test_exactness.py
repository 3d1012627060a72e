"""The 35 problems of Moré, Garbow and Hillstrom, Testing unconstrained optimization software, 1981: all of them are
there, with the lowest values that the paper prints, to its six digits."""

from __future__ import annotations

import pytest
import torch
from merged import merged

from landscapes.functions import get
from landscapes.objectives.derivatives import gradient

PROBLEMS = (
    "rosenbrock", "freudenstein_roth", "powell_badly_scaled", "brown_badly_scaled", "beale", "jennrich_sampson",
    "helical_valley", "bard", "gaussian_fit", "meyer", "gulf_research", "box", "powell_singular", "wood",
    "kowalik_osborne", "brown_dennis", "osborne_n1", "biggs_exp6", "osborne_n2", "watson", "extended_rosenbrock",
    "extended_powell", "penalty_n1", "penalty_n2", "variably_dimensioned", "trigonometric", "brown_almost_linear",
    "discrete_boundary_value", "discrete_integral_equation", "broyden_tridiagonal", "broyden_banded",
    "linear_full_rank", "linear_rank_one", "linear_rank_one_zero", "chebyquad",
)  # fmt: skip

PRINTED = {
    ("jennrich_sampson", 2): 124.362,
    ("bard", 3): 8.21487e-3,
    ("gaussian_fit", 3): 1.12793e-8,
    ("meyer", 3): 87.9458,
    ("kowalik_osborne", 4): 3.07505e-4,
    ("brown_dennis", 4): 85822.2,
    ("osborne_n1", 5): 5.46489e-5,
    ("osborne_n2", 11): 4.01377e-2,
    ("watson", 6): 2.28767e-3,
    ("penalty_n1", 4): 2.24997e-5,
    ("penalty_n1", 10): 7.08765e-5,
    ("penalty_n2", 4): 9.37629e-6,
    ("penalty_n2", 10): 2.93660e-4,
}
"""The paper cuts digits off where it does not round."""

FAMILIES = {name: family for name in PROBLEMS if (family := get(name).family)}
SOLVED = [
    (name, dim)
    for name, family in FAMILIES.items()
    for dim in (2, 3, 4, 5, 8)
    if dim in family.dims and get(name, dim=dim).minima
]
"""Those that take several numbers of coordinates, with each for which a lowest point is listed."""


def test_all_problems_are_sums_of_squares():
    assert len(PROBLEMS) == 35
    assert [name for name in PROBLEMS if get(name).residuals is None] == []


@pytest.mark.parametrize(("name", "dim"), PRINTED)
def test_minimum_values_match_the_paper(name, dim):
    objective = get(name, dim=dim)
    assert objective.minimum == pytest.approx(PRINTED[name, dim], rel=2e-5)
    assert float(objective(objective.minima[0])) == pytest.approx(PRINTED[name, dim], rel=2e-5)


def test_local_minimum_value_matches_the_paper():
    (place,) = get("freudenstein_roth").stationary
    assert float(get("freudenstein_roth")(place.point)) == pytest.approx(48.9842, rel=2e-6)


@merged(("name", "dim"), SOLVED)
def test_gradient_vanishes_at_the_minima_in_every_dimension(name, dim):
    objective = get(name, dim=dim)
    at = torch.tensor(objective.minima[0], dtype=torch.float64)
    beside = gradient(objective, at + 1e-3)
    assert float(gradient(objective, at).abs().max()) < 1e-8 * float(beside.abs().max())


@pytest.mark.parametrize("dim", [2, 3, 5])
def test_boundary_value_problem_and_integral_equation_have_one_solution(dim):
    assert get("discrete_boundary_value", dim=dim).minima == get("discrete_integral_equation", dim=dim).minima
