"""Every landscape of the catalogue: what is written down beside its formula is there, and can be shown."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re

import numpy as np
import pytest
import torch
from function_cases import CATALOGUE, every, every_member

from landscapes import functions
from landscapes.errors import InputError
from landscapes.functions import catalogue, get
from landscapes.objectives.decorators import function
from landscapes.objectives.derivatives import gradient
from landscapes.objectives.tags import TAGS
from landscapes.objectives.validation import checked

# Names


def test_the_catalogue_has_what_it_promises():
    assert set(catalogue()) >= {
        "ackley", "beale", "booth", "himmelblau", "monkey_saddle", "plateau", "rastrigin", "ravine", "rosenbrock",
        "saddle", "six_hump_camel", "styblinski_tang", "three_hump_camel",
    }  # fmt: skip
    assert list(catalogue()) == sorted(catalogue())


def test_names_and_aliases_are_found_and_taken_once():
    taken = [name for item in CATALOGUE for name in (item.name, *item.aliases)]
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in taken]
    assert sorted(name for name in set(plain) if plain.count(name) > 1) == []
    for item in CATALOGUE:
        for name in (item.name, *item.aliases, item.title):
            for spelling in {name, name.upper(), name.replace("_", " "), name.replace("_", "-"), f" {name} "}:
                assert get(spelling) is item, spelling


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(InputError, match=r"unknown function 'rosenbrok'. Did you mean rosenbrock\b"):
        get("rosenbrok")


def test_two_landscapes_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr(functions.bowls, "other", function((0, 1), name="saddle")(lambda x: x), raising=False)
    with pytest.raises(InputError, match=r"two functions of the catalogue are named 'saddle'; one is in saddles"):
        catalogue.__wrapped__()


def test_a_number_of_coordinates_can_be_asked_for():
    assert get("rosenbrock", dim=4).dim == 4
    assert get("banana") is get("rosenbrock", dim=2)
    with pytest.raises(InputError, match="beale has 2 coordinates and takes no other number, such as 3"):
        get("beale", dim=3)


def test_every_definition_is_in_the_catalogue():
    """A decorated formula whose name is used again below it would be lost without a word."""
    for info in pkgutil.iter_modules(functions.__path__):
        module = importlib.import_module(f"landscapes.functions.{info.name}")
        tree = ast.parse(inspect.getsource(module))
        defined = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.decorator_list]
        assert len(defined) == len(set(defined)), info.name
        assert set(defined) <= {item.formula.__name__ for item in CATALOGUE}, info.name


# Facts


@every
def test_facts_are_there(landscape):
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", landscape.name)
    assert catalogue()[landscape.name] is landscape
    assert landscape.title
    assert landscape.title[0].isupper()
    assert re.fullmatch(r"[A-Z][^\n]{20,108}\.", landscape.description), "one sentence on one line"
    assert len(landscape.description.split()) <= 25
    assert re.search(r"\b(1[6-9]|20)\d\d$", landscape.reference), "ends with a year"
    assert 50 <= landscape.steps <= 1000
    assert all(re.fullmatch(r"[A-Z].{10,}\.", text) for text in (*landscape.variants,)), "sentences"
    assert not re.search(r"[.\n]$", landscape.nonsmooth_where), "a place in words, no sentence"


def test_no_two_descriptions_are_alike():
    assert len({item.description for item in CATALOGUE}) == len(CATALOGUE)


@every
def test_tags_are_of_the_vocabulary(landscape):
    assert set(landscape.tags) <= set(TAGS)
    assert len(set(landscape.tags)) == len(landscape.tags)


def test_every_word_of_the_vocabulary_is_explained():
    assert all(len(meaning) > 15 and not meaning.endswith(".") for meaning in TAGS.values())


@every_member
def test_the_story_is_in_frame(landscape):
    """The start, and all minima or at least one where they are many; the view may show a rim around the domain."""
    for (low, high), (least, most) in zip(landscape.view, landscape.domain, strict=True):
        rim = 0.25 * (most - least)
        assert least - rim <= low < high <= most + rim

    def shown(point: tuple[float, ...]) -> bool:
        return all(
            low + 0.02 * (high - low) <= c <= high - 0.02 * (high - low) or c in edges
            for c, (low, high), edges in zip(point, landscape.view, landscape.domain, strict=True)
        )

    assert shown(landscape.start)
    assert not landscape.minima or any(map(shown, landscape.minima))
    slope = gradient(landscape, torch.tensor(landscape.start, dtype=torch.float64))
    assert "discontinuous" in landscape.tags or float(slope.abs().max()) > 0


@every_member
def test_special_points_are_listed_once(landscape):
    places = [*landscape.minima, *(place.point for place in landscape.stationary)]
    assert len(set(places)) == len(places)
    for point in places:
        assert all(low <= c <= high for c, (low, high) in zip(point, landscape.domain, strict=True)), point


# As a whole


@every
def test_a_surface_is_finite_and_holds_the_facts(landscape):
    if landscape.dim != 2:
        with pytest.raises(InputError, match="a surface needs two"):
            landscape.surface()
        return
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
def test_it_can_be_raced_in_whole_batches(landscape):
    assert checked(landscape) is landscape
