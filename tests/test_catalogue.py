"""Every landscape of the catalogue: its facts hold, and its formula behaves."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser
from scipy import optimize

from landscapes.checking import checked
from landscapes.errors import InputError
from landscapes.functions import catalogue, get
from landscapes.objective import Function

CATALOGUE = list(catalogue().values())
BOUNDED = [item for item in CATALOGUE if item.minimum > -math.inf and "no lowest point" not in item.tags]
APPROACHED = [item for item in CATALOGUE if "no lowest point" in item.tags]
UNBOUNDED = [item for item in CATALOGUE if item.minimum == -math.inf]
VALUES = json.loads((Path(__file__).parent / "data" / "catalogue.json").read_text(encoding="utf-8"))["entries"]


def name_of(item: Function) -> str:
    return item.name


every = pytest.mark.parametrize("landscape", CATALOGUE, ids=name_of)
bounded = pytest.mark.parametrize("landscape", BOUNDED, ids=name_of)


def spread(landscape: Function, count: int, seed: int = 0) -> torch.Tensor:
    """Points of the view, shape (count, d)."""
    low, high = torch.tensor(landscape.view, dtype=torch.float64).unbind(1)
    return low + (high - low) * torch.rand(count, landscape.dim, generator=torch.Generator().manual_seed(seed)).double()


def grid(box: tuple[tuple[float, float], ...], n: int) -> torch.Tensor:
    """Points of the box with its corners, shape (n, n, 2)."""
    x, y = (torch.linspace(low, high, n, dtype=torch.float64) for low, high in box)
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


def gradient(landscape: Function, x: torch.Tensor) -> torch.Tensor:
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(landscape(x).sum(), x)[0]


def size(landscape: Function) -> float:
    """How large values of the view are, for tolerances."""
    return float(landscape(grid(landscape.view, 33)).abs().max())


# Facts


def test_the_catalogue_has_what_it_promises():
    assert set(catalogue()) >= {
        "ackley", "beale", "booth", "himmelblau", "monkey_saddle", "plateau", "rastrigin", "ravine", "rosenbrock",
        "saddle", "six_hump_camel", "styblinski_tang", "three_hump_camel",
    }  # fmt: skip
    assert list(catalogue()) == sorted(catalogue())


@every
def test_facts_are_there(landscape):
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", landscape.name)
    assert catalogue()[landscape.name] is landscape
    assert landscape.title
    assert landscape.title[0].isupper()
    assert re.fullmatch(r"[A-Z][^\n]{20,118}\.", landscape.lesson), "one sentence on one line"
    assert re.search(r"\b(19|20)\d\d$", landscape.reference), "ends with a year"
    assert landscape.tags
    assert 50 <= landscape.steps <= 500


@every
def test_the_story_is_in_frame(landscape):
    for (low, high), (least, most) in zip(landscape.view, landscape.domain, strict=True):
        assert least <= low < high <= most
    for point in (landscape.start, *landscape.minima):
        for c, (low, high) in zip(point, landscape.view, strict=True):
            assert low + 0.02 * (high - low) <= c <= high - 0.02 * (high - low), point
    assert float(gradient(landscape, torch.tensor(landscape.start, dtype=torch.float64)).abs().max()) > 0


def test_names_and_aliases_are_found_and_taken_once():
    taken = [name for item in CATALOGUE for name in (item.name, *item.aliases)]
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in taken]
    assert len(plain) == len(set(plain))
    for item in CATALOGUE:
        for name in (item.name, *item.aliases, item.title):
            for spelling in (name, name.upper(), name.replace("_", " "), name.replace("_", "-"), f" {name} "):
                assert get(spelling) is item


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(InputError, match=r"unknown function 'rosenbrok'. Did you mean rosenbrock\?"):
        get("rosenbrok")


@every
def test_latex_renders(landscape):
    parsed = MathTextParser("path").parse(f"${landscape.latex}$")
    assert parsed.width > 10


# Minima


@bounded
def test_the_minimum_is_taken_at_every_minimiser(landscape):
    assert landscape.minima
    values = landscape(torch.tensor(landscape.minima, dtype=torch.float64))
    torch.testing.assert_close(values, torch.full_like(values, landscape.minimum), rtol=1e-15, atol=1e-28)


@bounded
def test_the_gradient_is_zero_at_every_minimiser(landscape):
    at = torch.tensor(landscape.minima, dtype=torch.float64)
    steepest = float(gradient(landscape, grid(landscape.view, 33)).abs().max())
    assert float(gradient(landscape, at).abs().max()) <= 1e-14 * steepest


@bounded
def test_nothing_lower_is_found(landscape):
    """Nor any other place as low: what is found at the minimum lies at a listed minimiser."""
    points = grid(landscape.domain, 401)
    values = landscape(points)
    assert float(values.min()) >= landscape.minimum
    lowest = points.flatten(0, 1)[values.flatten().argsort()[:: len(values.flatten()) // 40][:40]]
    starts = torch.cat([lowest, spread(landscape, 40), torch.tensor([landscape.start], dtype=torch.float64)])
    found = [descend(landscape, start) for start in starts.numpy()]
    assert_known_minima(landscape, found)
    assert min(value for _, value in found) <= landscape.minimum + 1e-8 * size(landscape)


@pytest.mark.slow
@bounded
@pytest.mark.parametrize("seed", range(3))
def test_differential_evolution_finds_nothing_lower(landscape, seed):
    found = optimize.differential_evolution(
        lambda x: float(landscape(x.tolist())),
        landscape.domain,
        seed=seed,
        tol=1e-10,
        maxiter=400,
    )
    assert_known_minima(landscape, [(found.x, found.fun)])
    assert found.fun <= landscape.minimum + 1e-8 * size(landscape)


def descend(landscape: Function, start: np.ndarray) -> tuple[np.ndarray, float]:
    def value_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        point = torch.tensor(x, dtype=torch.float64)
        return float(landscape(point)), gradient(landscape, point).numpy()

    found = optimize.minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", bounds=landscape.domain)
    return found.x, float(found.fun)


def assert_known_minima(landscape: Function, found: list[tuple[np.ndarray, float]]) -> None:
    scale = size(landscape)
    for place, value in found:
        assert value >= landscape.minimum - 1e-15 * scale
        if value <= landscape.minimum + 1e-9 * scale:
            distance = np.abs(np.array(landscape.minima) - place).max(1).min()
            assert distance < 0.02, f"{place} is as low, and not listed"


@given(st.data())
@bounded
def test_no_point_anywhere_is_lower(landscape, data):
    coordinate = st.floats(-1e6, 1e6)
    point = data.draw(st.tuples(*[coordinate] * landscape.dim))
    rounding = 1e-15 * max(size(landscape), 1.0)
    assert float(landscape(point)) >= landscape.minimum - rounding


@pytest.mark.parametrize("landscape", UNBOUNDED, ids=name_of)
def test_what_has_no_bottom_falls_without_end(landscape):
    assert not landscape.minima
    assert "unbounded" in landscape.tags
    points = grid(landscape.view, 65).flatten(0, 1)
    down = points[landscape(points).argmin()]
    fall = landscape(down * torch.tensor([1e0, 1e1, 1e2, 1e3, 1e6], dtype=torch.float64)[:, None])
    assert (fall.diff() < 0).all()
    assert float(fall[-1]) < -1e9


@pytest.mark.parametrize("landscape", APPROACHED, ids=name_of)
def test_what_has_no_lowest_point_comes_ever_nearer_to_its_minimum(landscape):
    assert not landscape.minima
    lowest = landscape(grid(landscape.domain, 401)).flatten().argmin()
    down = grid(landscape.domain, 401).flatten(0, 1)[lowest]
    gap = landscape(down * torch.tensor([1.0, 2.0, 4.0, 8.0], dtype=torch.float64)[:, None]) - landscape.minimum
    assert (gap > 0).all()
    assert (gap.diff() < 0).all()
    assert float(gap[-1]) < 1e-15


def test_only_what_is_unbounded_says_so():
    assert [item for item in CATALOGUE if "unbounded" in item.tags] == UNBOUNDED


# Gradients


@every
def test_gradients_are_finite_everywhere(landscape):
    assert gradient(landscape, grid(landscape.domain, 65)).isfinite().all()


@every
@pytest.mark.parametrize("distance", [0.0, 5e-324, 1e-300, 1e-160, 1e-20, 1e-8, 1e-3])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_gradients_are_finite_at_and_around_what_is_special(landscape, distance, dtype):
    special = torch.tensor([*landscape.minima, (0.0,) * landscape.dim, landscape.start], dtype=torch.float64)
    around = torch.cat([torch.eye(landscape.dim), -torch.eye(landscape.dim), torch.ones(1, landscape.dim)]).double()
    points = (special[:, None] + distance * around).to(dtype)
    assert landscape(points).isfinite().all()
    assert gradient(landscape, points).isfinite().all()


@every
def test_gradients_and_curvatures_are_the_derivatives_of_the_values(landscape):
    points = spread(landscape, 5, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(landscape, (points,), eps=1e-6, atol=1e-4, rtol=1e-5)
    assert torch.autograd.gradgradcheck(landscape, (points,), eps=1e-6, atol=1e-3, rtol=1e-5)


# Shapes, precision and batches


@every
@pytest.mark.parametrize("batch", [(), (5,), (1,), (2, 3), (0,), (3, 0), (1, 1, 1, 4)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_shape_and_precision_of_the_values_are_those_of_the_points(landscape, batch, dtype):
    points = spread(landscape, math.prod(batch)).reshape(*batch, landscape.dim)
    values = landscape(points.to(dtype))
    assert values.shape == batch
    assert values.dtype == dtype
    if dtype == torch.float32:
        torch.testing.assert_close(values.double(), landscape(points), rtol=1e-5, atol=2e-6 * size(landscape))


@every
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 1001])
def test_a_point_has_the_same_bits_in_every_batch(landscape, dtype, count):
    points = spread(landscape, count, seed=2).to(dtype)
    chosen = range(0, count, max(1, count // 25))
    columns = points.T.contiguous().requires_grad_()
    values = landscape.columns(columns)
    (slopes,) = torch.autograd.grad(values.sum(), columns)
    assert torch.equal(landscape(points), values)
    assert torch.equal(gradient(landscape, points), slopes.T)
    for i in chosen:
        assert torch.equal(landscape(points[i]), values[i])
        assert torch.equal(gradient(landscape, points[i]), slopes[:, i])
    order = torch.randperm(count, generator=torch.Generator().manual_seed(3))
    assert torch.equal(landscape(points[order]), values[order])
    assert torch.equal(landscape.columns(points.T[:, order].contiguous()), values[order])


@every
def test_a_surface_is_finite_and_holds_the_facts(landscape):
    surface = landscape.surface(65)
    assert surface.values.shape == (65, 65)
    assert np.isfinite(surface.values).all()
    assert np.ptp(surface.values) > 0
    assert (surface.x[0], surface.x[-1]) == landscape.view[0]
    assert (surface.y[0], surface.y[-1]) == landscape.view[1]
    assert surface.values[7, 40] == float(landscape([surface.x[40], surface.y[7]])), "values are (y, x)"
    assert surface.minima.shape == (len(landscape.minima), 2)
    assert (surface.minimum, surface.scale) == (landscape.minimum, landscape.scale)


@every
def test_every_landscape_takes_whole_batches(landscape):
    assert checked(landscape) is landscape


# Values of others


def test_every_landscape_is_compared_with_another_source():
    assert {entry["function"] for entry in VALUES} >= {item.name for item in CATALOGUE}
    assert all(entry["sources"] for entry in VALUES)


@pytest.mark.parametrize("entry", VALUES, ids=lambda entry: f"{entry['function']}-{entry['dim']}")
def test_values_are_those_of_other_sources(entry):
    landscape = catalogue()[entry["function"]]
    points = torch.tensor(entry["points"], dtype=torch.float64)
    values = landscape(points) if entry["dim"] == landscape.dim else landscape.formula(points)
    expected = torch.tensor(entry["values"], dtype=torch.float64)
    torch.testing.assert_close(values, expected, rtol=1e-9, atol=1e-13 * float(expected.abs().max()))
