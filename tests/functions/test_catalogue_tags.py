"""Every function of the catalogue has a measurable tag if and only if it holds."""

from __future__ import annotations

import math

import pytest
from function_cases import CATALOGUE, every
from searched import each_unsearched, in_other_dims

from landscapes.functions import catalogue, search
from landscapes.objectives import tag_checks
from landscapes.objectives.critical_points import local_minima
from landscapes.objectives.tags import CHECKED


@each_unsearched(CATALOGUE)
def test_tags_equal_the_measured_ones(f):
    counted = {"unimodal", "multimodal"}  # test_catalogue_minima checks them
    assert (set(f.tags) & set(CHECKED)) - counted == tag_checks.measured_tags(f, minima=False) - counted


@every
def test_nonsmooth_functions_say_where(f):
    assert bool(f.nonsmooth_where) == ("smooth" not in f.tags)


@every
def test_tags_do_not_contradict_each_other(f):
    tags = set(f.tags)
    minima = [*f.minima, *(point for point in f.stationary if point.kind == "minimum")]
    assert len(tags & {"unimodal", "multimodal"}) <= 1
    assert not (len(minima) > 1 and f.minima_complete and "multimodal" not in tags)
    assert not (f.minima and not tags & {"unimodal", "multimodal"}), "one of the two"
    assert not (tags >= {"convex", "multimodal"})
    assert not ("quadratic" in tags and "multimodal" in tags)


SCALABLE = sorted(name for name, f in catalogue().items() if f.family is not None)


@pytest.mark.parametrize("dim", [2, 3, 4, 6, 10])
def test_tags_follow_the_dimension(dim):
    """Hessians at random points and listed minima decide what they can for each number of coordinates."""
    for f in (catalogue()[name].with_dim(dim) for name in SCALABLE if dim in catalogue()[name].family.dims):
        conditions = tag_checks.condition_numbers(f)
        ill = any(tag_checks.ILL_CONDITIONED <= c < math.inf for c in conditions["minima"])
        singular = math.inf in conditions["minima"] + conditions["stationary"]
        if conditions["minima"] and not singular:
            assert ("ill-conditioned" in f.tags) == ill, f.name
        assert "degenerate" in f.tags or not singular, f.name
        assert "convex" not in f.tags or tag_checks.is_convex(f), f.name


@pytest.mark.parametrize("dim", [4, 6])
@pytest.mark.parametrize("name", ["rosenbrock", "bbob_f8", "bbob_f9", "broyden_banded"])
@pytest.mark.thin(4)
def test_second_minima_appear_with_the_dimension(name, dim):
    f = catalogue()[name]
    assert "unimodal" in f.with_dim(3).tags
    assert "multimodal" in f.with_dim(dim).tags
    assert len(local_minima(f.with_dim(dim), 60, 60)) == 2
    assert f in search("unimodal")
    assert name not in {found.name for found in search("unimodal", dim=dim)}


@each_unsearched([f for f in in_other_dims() if {"unimodal", "smooth"} <= set(f.tags) and f.minima_complete])
def test_no_second_minimum_of_scalable_functions_is_found(f):
    assert len(local_minima(f, 60, 60)) <= 1


@every
def test_starts_and_minima_lie_in_the_domain(f):
    for point in (f.start, *f.minima):
        assert all(low <= c <= high for c, (low, high) in zip(point, f.domain, strict=True))
