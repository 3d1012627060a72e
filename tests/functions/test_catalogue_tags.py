"""Every function of the catalogue has a measurable tag if and only if it holds."""

from __future__ import annotations

import pytest
from function_cases import CATALOGUE, each, every

from landscapes.objectives import tag_checks
from landscapes.objectives.tags import CHECKED


@each(CATALOGUE, one_in=25)
@pytest.mark.thin(2)
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
