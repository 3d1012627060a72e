"""The catalogue: names, aliases and the facts of every function."""

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


def test_the_catalogue_has_the_promised_functions():
    assert set(catalogue()) >= {
        "ackley",
        "beale",
        "booth",
        "himmelblau",
        "monkey_saddle",
        "plateau",
        "rastrigin",
        "ravine",
        "rosenbrock",
        "saddle",
        "six_hump_camel",
        "styblinski_tang",
        "three_hump_camel",
    }
    assert list(catalogue()) == sorted(catalogue())


def test_names_and_aliases_are_found_and_unique():
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


def test_two_functions_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr(functions.bowls, "other", function((0, 1), name="saddle")(lambda x: x), raising=False)
    with pytest.raises(InputError, match=r"two functions of the catalogue are named 'saddle'; one is in saddles"):
        catalogue.__wrapped__()


def test_get_with_a_number_of_coordinates():
    assert get("rosenbrock", dim=4).dim == 4
    assert get("banana") is get("rosenbrock", dim=2)
    with pytest.raises(InputError, match="beale has 2 coordinates and supports no other number, got 3"):
        get("beale", dim=3)


def test_every_definition_is_in_the_catalogue():
    """A decorated formula would be lost silently if its name is used again below."""
    count = 0
    for info in pkgutil.iter_modules(functions.__path__):
        module = importlib.import_module(f"landscapes.functions.{info.name}")
        tree = ast.parse(inspect.getsource(module))
        makers = {"function", "least_squares", "bbob_problem"}
        defined = [
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
            and makers & {call.func.id for call in node.decorator_list if isinstance(call, ast.Call)}
        ]
        assert len(defined) == len(set(defined)), info.name
        assert set(defined) <= {item.formula.__name__ for item in CATALOGUE}, info.name
        count += len(defined)
    assert count == len(CATALOGUE)


# Facts


@every
def test_facts_are_complete_and_well_formed(f):
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", f.name)
    assert catalogue()[f.name] is f
    assert f.title
    assert f.title[0].isupper()
    assert re.fullmatch(r"[A-Z][^\n]{20,108}\.", f.description), "one sentence on one line"
    assert len(f.description.split()) <= 25
    assert re.search(r"\b(1[6-9]|20)\d\d$", f.reference), "ends with a year"
    assert 50 <= f.steps <= 1000
    assert all(re.fullmatch(r"[A-Z].{10,}\.", text) for text in (*f.variants,)), "sentences"
    assert not re.search(r"[.\n]$", f.nonsmooth_where), "a phrase, not a sentence"


def test_descriptions_are_unique():
    assert len({item.description for item in CATALOGUE}) == len(CATALOGUE)


@every
def test_tags_are_in_the_vocabulary(f):
    assert set(f.tags) <= set(TAGS)
    assert len(set(f.tags)) == len(f.tags)


def test_every_tag_is_explained():
    assert all(len(meaning) > 15 and not meaning.endswith(".") for meaning in TAGS.values())


@every_member
def test_start_and_minima_are_in_the_view(f):
    """The start and at least one minimizer are visible; the view may extend the domain by a quarter."""
    for (low, high), (lowest, highest) in zip(f.view, f.domain, strict=True):
        margin = 0.25 * (highest - lowest)
        assert lowest - margin <= low < high <= highest + margin

    def visible(point: tuple[float, ...]) -> bool:
        return all(
            low + 0.02 * (high - low) <= c <= high - 0.02 * (high - low) or c in edges
            for c, (low, high), edges in zip(point, f.view, f.domain, strict=True)
        )

    assert visible(f.start)
    assert not f.minima or any(map(visible, f.minima))
    slope = gradient(f, torch.tensor(f.start, dtype=torch.float64))
    assert "discontinuous" in f.tags or float(slope.abs().max()) > 0


@every_member
def test_minima_and_stationary_points_are_unique_and_in_the_domain(f):
    points = [*f.minima, *(stationary.point for stationary in f.stationary)]
    assert len(set(points)) == len(points)
    for point in points:
        assert all(low <= c <= high for c, (low, high) in zip(point, f.domain, strict=True)), point


# Evaluation


@every
def test_surfaces_are_finite_and_carry_the_facts(f):
    if f.dim != 2:
        with pytest.raises(InputError, match="a surface needs a function of 2 coordinates"):
            f.surface()
        return
    surface = f.surface(65)
    assert surface.values.shape == (65, 65)
    assert np.isfinite(surface.values).all()
    assert np.ptp(surface.values) > 0
    assert (surface.x[0], surface.x[-1]) == f.view[0]
    assert (surface.y[0], surface.y[-1]) == f.view[1]
    assert surface.values[7, 40] == float(f([surface.x[40], surface.y[7]])), "values are (y, x)"
    assert surface.minima.shape == (len(f.minima), 2)
    assert (surface.minimum, surface.scale) == (f.minimum, f.scale)


@every
def test_functions_take_whole_batches(f):
    assert checked(f) is f
