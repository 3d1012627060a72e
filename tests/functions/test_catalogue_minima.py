"""Every landscape of the catalogue: its minima are minima, nothing is lower, and other points are what they are called."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from function_cases import (
    CATALOGUE,
    MEMBERS,
    balls,
    each,
    every,
    grid,
    name_of,
    neighbours,
    reached,
    rounding,
    size,
    spread,
    steepest,
)
from torch import Tensor

from landscapes.objectives import critical_points, tag_checks
from landscapes.objectives._function import Function
from landscapes.objectives.derivatives import gradient, hessian

BOUNDED = [item for item in MEMBERS if math.isfinite(item.minimum)]
APPROACHED = [item for item in BOUNDED if not item.minima]
UNBOUNDED = [item for item in MEMBERS if item.minimum == -math.inf]
MARKED = [item for item in MEMBERS if item.stationary]

bounded, marked = each(BOUNDED), each(MARKED)


def tensor(points: object) -> Tensor:
    return torch.tensor(points, dtype=torch.float64)


def assert_no_slope(landscape: Function, x: Tensor) -> None:
    """None but what rounding of the points explains; on the border of the domain, none that leads inside."""
    low, high = tensor(landscape.domain).unbind(1)
    slope, around = gradient(landscape, x), gradient(landscape, neighbours(x))
    noise = 8 * (around - slope[:, None]).abs().amax((1, 2)) + 1e-14 * steepest(landscape)
    inward = torch.where(x <= low, slope.clamp(max=0), torch.where(x >= high, slope.clamp(min=0), slope))
    assert (inward.abs().amax(1) <= noise).all(), (slope, noise)


# Minima


@every
def test_the_minimum_is_known(landscape):
    assert not math.isnan(landscape.minimum)
    assert landscape.minima or landscape.minimum == -math.inf or "infimum not attained" in landscape.tags


@reached
def test_the_minimum_is_taken_at_every_minimiser(landscape):
    at = tensor(landscape.minima)
    gap = (landscape(at) - landscape.minimum).abs()
    assert (gap <= rounding(landscape, at)).all(), gap


@reached
def test_there_is_no_slope_at_minimisers_nor_lower_ground_around_them(landscape):
    at = tensor(landscape.minima)
    if not landscape.nonsmooth_where:
        assert_no_slope(landscape, at)
    assert (landscape(balls(landscape, at)) >= landscape.minimum - rounding(landscape, at)[:, None]).all()


@bounded
def test_no_point_of_the_domain_is_lower(landscape):
    values = landscape(torch.cat([grid(landscape.domain, 101), grid(landscape.view, 101), spread(landscape, 2000)]))
    assert float(values.min()) >= landscape.minimum - 1e-15 * max(size(landscape), abs(landscape.minimum))


@pytest.mark.parametrize("landscape", [item for item in CATALOGUE if item.outside == "higher"], ids=name_of)
def test_no_point_beyond_the_domain_is_lower(landscape):
    if landscape.minimum == -math.inf:
        return
    values = landscape(tag_checks.shells(landscape)).nan_to_num(math.inf)
    assert float(values.min()) >= landscape.minimum - 1e-15 * max(size(landscape), 1.0)


@pytest.mark.parametrize("landscape", UNBOUNDED, ids=name_of)
def test_what_has_no_bottom_falls_without_end(landscape):
    assert not landscape.minima
    assert landscape.outside == "unbounded"


@every
def test_what_falls_without_end_beyond_its_domain_says_so(landscape):
    assert (landscape.outside == "unbounded") == ("unbounded" in landscape.tags)  # which is measured: see the tags


@pytest.mark.parametrize("landscape", APPROACHED, ids=name_of)
def test_what_has_no_lowest_point_comes_ever_nearer_to_its_minimum(landscape):
    points = grid(landscape.domain, 201)
    down = points[landscape(points).argmin()]
    gap = landscape(down * tensor([1.0, 2.0, 4.0, 8.0])[:, None]) - landscape.minimum
    assert (gap > 0).all()
    assert (gap.diff() < 0).all()
    assert float(gap[-1]) < 1e-3 * float(gap[0])


# Other points without slope


@marked
def test_stationary_points_have_no_slope(landscape):
    if not landscape.nonsmooth_where:
        assert_no_slope(landscape, tensor([place.point for place in landscape.stationary]))


@marked
def test_stationary_points_are_what_they_are_called(landscape):
    at = tensor([place.point for place in landscape.stationary])
    value, noise = landscape(at), rounding(landscape, at)
    rise = landscape(balls(landscape, at)) - value[:, None]
    lower, higher = (rise < -noise[:, None]).any(1), (rise > noise[:, None]).any(1)
    for i, place in enumerate(landscape.stationary):
        kind = {(False, True): "minimum", (True, True): "saddle", (True, False): "maximum"}.get(
            (bool(lower[i]), bool(higher[i]))
        )
        assert kind == place.kind, place.point
        if kind == "minimum" and math.isfinite(landscape.minimum):
            assert float(value[i]) > landscape.minimum + float(noise[i]), "a global minimum belongs to minima"
        if not landscape.nonsmooth_where:
            curvature = torch.linalg.eigvalsh(hessian(landscape, at[i : i + 1]))[0]
            slack = 1e-9 * float(curvature.abs().max())
            assert place.kind != "minimum" or curvature[0] >= -slack
            assert place.kind != "maximum" or curvature[-1] <= slack


# Searches


@pytest.mark.slow
@every
def test_searches_find_the_minima_that_are_listed_and_nothing_lower(landscape):
    scale = size(landscape)
    evolved = torch.cat(
        [
            critical_points.differential_evolution(landscape, seed)[:3]
            for seed in range(2 if landscape.nonsmooth_where else 1)
        ]
    )
    found = evolved
    if not landscape.nonsmooth_where:
        minima = critical_points.local_minima(landscape)
        found = torch.cat([minima, critical_points.descend(landscape, evolved, 40)])
        if landscape.minima_complete:
            count = len(minima) + tag_checks.count_border_minima(landscape)
            assert {tag for tag in ("unimodal", "multimodal") if tag in landscape.tags} == (
                {"unimodal"} if count == 1 else {"multimodal"} if count else set()
            )
    if not math.isfinite(landscape.minimum):
        return
    value = landscape(found)
    assert float(value.min()) >= landscape.minimum - 1e-15 * max(scale, abs(landscape.minimum))
    if landscape.minima_complete and landscape.minima:
        width = tensor(landscape.domain).diff(dim=1)[:, 0]
        as_low = found[value <= landscape.minimum + 1e-12 * scale]
        away = ((as_low[:, None] - tensor(landscape.minima)) / width).abs().amax(2).amin(1)
        assert (away < 1e-3).all(), f"as low, and not listed: {as_low[away >= 1e-3].tolist()}"


@pytest.mark.slow
@pytest.mark.parametrize("landscape", [item for item in BOUNDED if item not in CATALOGUE], ids=name_of)
def test_searches_in_other_numbers_of_coordinates_find_nothing_lower(landscape):
    found = critical_points.differential_evolution(landscape, 0)[:1]
    if not landscape.nonsmooth_where:
        found = torch.cat([found, critical_points.descend(landscape, critical_points.search_starts(landscape, 60), 40)])
    assert float(landscape(found).min()) >= landscape.minimum - 1e-15 * max(size(landscape), abs(landscape.minimum))


@pytest.mark.slow
@pytest.mark.parametrize(
    "landscape", [item for item in CATALOGUE if item in BOUNDED and item.outside != "unbounded"], ids=name_of
)
def test_what_is_lower_beyond_the_domain_says_so(landscape):
    box = tensor(landscape.domain)
    reach = box.diff(dim=1) * tensor([-1.0, 1.0])
    lowest = float(landscape(tag_checks.shells(landscape)).nan_to_num(math.inf).min())
    for seed, factor in enumerate((1, 10)):
        wider = dataclasses.replace(landscape, domain=tuple(map(tuple, (box + factor * reach).tolist())))
        lowest = min(
            lowest, float(landscape(critical_points.differential_evolution(wider, seed)[0]).nan_to_num(math.inf))
        )
    lower = lowest < landscape.minimum - 1e-9 * size(landscape)
    assert lower == (landscape.outside == "lower")
