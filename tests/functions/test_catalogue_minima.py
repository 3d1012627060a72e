"""The minima and stationary points of every function of the catalogue."""

from __future__ import annotations

import dataclasses
import math

import torch
from function_cases import (
    CATALOGUE,
    MEMBERS,
    each,
    every,
    every_with_minima,
    grid,
    name_of,
    nearby,
    rounding,
    rounding_neighbors,
    size,
    spread,
    steepest,
)
from merged import merged
from searched import each_unsearched
from torch import Tensor

from landscapes.functions import get
from landscapes.objectives import critical_points, tag_checks
from landscapes.objectives._function import Function
from landscapes.objectives.derivatives import gradient, hessian

BOUNDED = [item for item in MEMBERS if math.isfinite(item.minimum)]
NOT_ATTAINED = [item for item in BOUNDED if not item.minima]
UNBOUNDED = [item for item in MEMBERS if item.minimum == -math.inf]
WITH_STATIONARY = [item for item in MEMBERS if item.stationary]

every_bounded, every_with_stationary = each(BOUNDED), each(WITH_STATIONARY)


def tensor(points: object) -> Tensor:
    return torch.tensor(points, dtype=torch.float64)


def assert_stationary(f: Function, x: Tensor) -> None:
    """The gradient is zero up to rounding; on the border of the domain it may point outside."""
    low, high = tensor(f.domain).unbind(1)
    slope, around = gradient(f, x), gradient(f, rounding_neighbors(x))
    noise = 8 * (around - slope[:, None]).abs().amax((1, 2)) + 1e-14 * steepest(f)
    inward = torch.where(x <= low, slope.clamp(max=0), torch.where(x >= high, slope.clamp(min=0), slope))
    assert (inward.abs().amax(1) <= noise).all(), (slope, noise)


# Minima


@every
def test_the_minimum_is_known(f):
    assert not math.isnan(f.minimum)
    assert f.minima or f.minimum == -math.inf or "infimum not attained" in f.tags


@every_with_minima
def test_the_minimum_is_the_value_at_every_minimizer(f):
    at = tensor(f.minima)
    gap = (f(at) - f.minimum).abs()
    assert (gap <= rounding(f, at)).all(), gap


@every_with_minima
def test_minimizers_are_stationary_and_nothing_nearby_is_lower(f):
    at = tensor(f.minima)
    if not f.nonsmooth_where:
        assert_stationary(f, at)
    assert (f(nearby(f, at)) >= f.minimum - rounding(f, at)[:, None]).all()


@every_bounded
def test_no_point_of_the_domain_is_lower(f):
    values = f(torch.cat([grid(f.domain, 101), grid(f.view, 101), spread(f, 2000)]))
    assert float(values.min()) >= f.minimum - 1e-15 * max(size(f), abs(f.minimum))


@merged("f", [item for item in CATALOGUE if item.outside == "higher"], ids=name_of)
def test_nothing_outside_the_domain_is_lower(f):
    if f.minimum == -math.inf:
        return
    values = f(tag_checks.shells(f)).nan_to_num(math.inf)
    assert float(values.min()) >= f.minimum - 1e-15 * max(size(f), 1.0)


@merged("f", UNBOUNDED, ids=name_of)
def test_functions_unbounded_in_the_domain_have_no_minima(f):
    assert not f.minima
    assert f.outside == "unbounded"


@every
def test_functions_unbounded_outside_have_the_tag(f):
    assert (f.outside == "unbounded") == ("unbounded" in f.tags)  # test_catalogue_tags measures the tag


@merged("f", NOT_ATTAINED, ids=name_of)
def test_an_infimum_that_is_not_attained_is_approached(f):
    points = grid(f.domain, 201)
    down = points[f(points).argmin()]
    gap = f(down * tensor([1.0, 2.0, 4.0, 8.0])[:, None]) - f.minimum
    assert (gap > 0).all()
    assert (gap.diff() < 0).all()
    assert float(gap[-1]) < 1e-3 * float(gap[0])


# Stationary points


@every_with_stationary
def test_stationary_points_have_zero_gradient(f):
    if not f.nonsmooth_where:
        assert_stationary(f, tensor([stationary.point for stationary in f.stationary]))


@every_with_stationary
def test_stationary_points_have_their_kind(f):
    at = tensor([stationary.point for stationary in f.stationary])
    value, noise = f(at), rounding(f, at)
    rise = f(nearby(f, at)) - value[:, None]
    lower, higher = (rise < -noise[:, None]).any(1), (rise > noise[:, None]).any(1)
    for i, stationary in enumerate(f.stationary):
        kind = {(False, True): "minimum", (True, True): "saddle", (True, False): "maximum"}.get(
            (bool(lower[i]), bool(higher[i]))
        )
        assert kind == stationary.kind, stationary.point
        if kind == "minimum" and math.isfinite(f.minimum):
            assert float(value[i]) > f.minimum + float(noise[i]), "a global minimum belongs to minima"
        if not f.nonsmooth_where:
            curvature = torch.linalg.eigvalsh(hessian(f, at[i : i + 1]))[0]
            slack = 1e-9 * float(curvature.abs().max())
            assert stationary.kind != "minimum" or curvature[0] >= -slack
            assert stationary.kind != "maximum" or curvature[-1] <= slack


# Searches


@each_unsearched(CATALOGUE)
def test_searches_find_the_listed_minima_and_nothing_lower(f):
    scale = size(f)
    evolved = torch.cat(
        [critical_points.differential_evolution(f, seed)[:3] for seed in range(2 if f.nonsmooth_where else 1)]
    )
    found = evolved
    if not f.nonsmooth_where:
        minima = critical_points.local_minima(f)
        found = torch.cat([minima, critical_points.descend(f, evolved, 40)])
        if f.minima_complete:
            count = len(minima) + tag_checks.count_border_minima(f)
            assert {tag for tag in ("unimodal", "multimodal") if tag in f.tags} == (
                {"unimodal"} if count == 1 else {"multimodal"} if count else set()
            )
    if not math.isfinite(f.minimum):
        return
    value = f(found)
    assert float(value.min()) >= f.minimum - 1e-15 * max(scale, abs(f.minimum))
    if f.minima_complete and f.minima:
        width = tensor(f.domain).diff(dim=1)[:, 0]
        lowest = found[value <= f.minimum + 1e-12 * scale]
        away = ((lowest[:, None] - tensor(f.minima)) / width).abs().amax(2).amin(1)
        assert (away < 1e-3).all(), f"as low, but not listed: {lowest[away >= 1e-3].tolist()}"


@each_unsearched([item for item in BOUNDED if item not in CATALOGUE])
def test_searches_in_other_numbers_of_coordinates_find_nothing_lower(f):
    found = critical_points.differential_evolution(f, 0)[:1]
    if not f.nonsmooth_where:
        found = torch.cat([found, critical_points.descend(f, critical_points.search_starts(f, 60), 40)])
    assert float(f(found).min()) >= f.minimum - 1e-15 * max(size(f), abs(f.minimum))


@each_unsearched([item for item in CATALOGUE if item in BOUNDED and item.outside != "unbounded"])
def test_lower_values_outside_the_domain_are_stated(f):
    box = tensor(f.domain)
    reach = box.diff(dim=1) * tensor([-1.0, 1.0])
    lowest = float(f(tag_checks.shells(f)).nan_to_num(math.inf).min())
    for seed, factor in enumerate((1, 10)):
        wider = dataclasses.replace(f, domain=tuple(map(tuple, (box + factor * reach).tolist())))
        lowest = min(lowest, float(f(critical_points.differential_evolution(wider, seed)[0]).nan_to_num(math.inf)))
    lower = lowest < f.minimum - 1e-9 * size(f)
    assert lower == (f.outside == "lower")


def test_all_minimizers_are_listed_while_they_are_few():
    listed = {d: get("qing", dim=d) for d in (2, 8, 9)}
    assert {d: (len(f.minima), f.minima_complete) for d, f in listed.items()} == {
        2: (4, True),
        8: (256, True),
        9: (1, False),
    }
