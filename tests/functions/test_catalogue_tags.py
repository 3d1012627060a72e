"""Every landscape of the catalogue: a tag that can be computed is there if, and only if, it holds."""

from __future__ import annotations

from function_cases import CATALOGUE, each, every

from landscapes.objectives import tag_checks
from landscapes.objectives.tags import CHECKED


@each(CATALOGUE, one_in=25)
def test_tags_are_what_is_measured(landscape):
    counted = {"unimodal", "multimodal"}  # by the searches of test_catalogue_minima
    assert (set(landscape.tags) & set(CHECKED)) - counted == tag_checks.measured_tags(landscape, minima=False) - counted


@every
def test_nonsmooth_functions_say_where(landscape):
    assert bool(landscape.nonsmooth_where) == ("smooth" not in landscape.tags)


@every
def test_tags_do_not_contradict_each_other(landscape):
    tags = set(landscape.tags)
    hollows = [*landscape.minima, *(place for place in landscape.stationary if place.kind == "minimum")]
    assert len(tags & {"unimodal", "multimodal"}) <= 1
    assert not (len(hollows) > 1 and landscape.minima_complete and "multimodal" not in tags)
    assert not (landscape.minima and not tags & {"unimodal", "multimodal"}), "one of the two"
    assert not (tags >= {"convex", "multimodal"})
    assert not ("quadratic" in tags and "multimodal" in tags)
