"""Search of the catalogue by tags and dimension."""

from __future__ import annotations

import re

import pytest
from function_cases import CATALOGUE

from landscapes.cli import main
from landscapes.cli.list import function_table
from landscapes.errors import InputError
from landscapes.functions import search
from landscapes.objectives.tags import SYNONYMS, TAGS


def test_without_criteria_all_functions_are_found():
    assert search() == CATALOGUE


def test_all_tags_must_match():
    found = search(["valley", "CURVED "])
    assert [item.name for item in found] == [item.name for item in CATALOGUE if {"valley", "curved"} <= set(item.tags)]
    assert 0 < len(found) < len(search("valley"))


def test_synonyms_of_tags():
    assert search("Ravine") == search("gully") == search("valley")
    assert set(SYNONYMS.values()) <= set(TAGS)
    assert not set(SYNONYMS) & set(TAGS)
    assert main.main(["list", "--tag", "ravine", "--tag", "valley"]) == 0


@pytest.mark.parametrize("dim", [1, 2, 4, 7])
def test_search_by_dimension(dim):
    found = search(dim=dim)
    assert {item.dim for item in found} == {dim}
    names = {item.name for item in found}
    for item in CATALOGUE:
        takes = item.dim == dim if item.family is None else dim in item.family.dims
        assert (item.name in names) == takes
    assert {item.name for item in search(dim=dim, any_dim=True)} == {item.name for item in found if item.family}


@pytest.mark.parametrize(
    ("tags", "dim", "message"),
    [
        ("valey", None, r"unknown tag 'valey'. Did you mean valley\?"),
        (["valley", "meadow"], None, r"unknown tag 'meadow'. Known: any dimension, "),
        ((), 0, r"dim must be an integer >= 1, got 0"),
        ((), True, r"dim must be an integer >= 1, got True"),
        ((), 2.0, r"dim must be an integer >= 1, got 2.0"),
    ],
)
def test_invalid_criteria_are_refused(tags, dim, message):
    with pytest.raises(InputError, match=message):
        search(tags, dim=dim)


def test_the_command_lists_matches(capsys):
    assert main.main(["list", "--tag", "valley", "--tag", "curved", "--dim", "10", "--any-dim"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = search(["valley", "curved"], dim=10, any_dim=True)
    assert [line.split()[0] for line in lines[1:-2] if not line.startswith(" ")] == [item.name for item in found]
    assert re.match(rf"{len(found)} functions? \(", lines[-1])


def test_the_command_reports_no_matches(capsys):
    assert main.main(["list", "--tag", "spiral", "--tag", "convex"]) == 0
    assert capsys.readouterr().out == "no function matches\n"
    assert function_table(search("saddle")[:1]).endswith("\n1 function (details: landscapes show NAME)")
