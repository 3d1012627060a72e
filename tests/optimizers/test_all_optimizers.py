"""What every rule owes: a docstring with its facts, a name, a place in the package, text that gives it back."""

from __future__ import annotations

import dataclasses
import importlib
import math
import pickle
import pkgutil
import re
from collections.abc import Iterator
from itertools import product

import pytest
from every_optimizer import ALL, CLASSES, OPTIMIZERS, WITH_RATE, WRAPPERS, fields_of, rule_of

from landscapes import optimizers
from landscapes.errors import InputError
from landscapes.optimizers import Rule, names, parse


def subclasses(cls: type[Rule]) -> Iterator[type[Rule]]:
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


def name_of(cls: type[Rule]) -> str:
    return cls.__name__


@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
def test_docstring_has_equation_source_and_every_setting(cls):
    text = cls.__doc__
    assert any(sign in text for sign in "←=") or not issubclass(cls, optimizers.FirstOrder)
    assert any(str(year) in text for year in range(1847, 2030))
    for field in fields_of(cls):
        assert f"        {field.name}: " in text


def test_every_rule_of_the_folder_is_exported():
    modules = {info.name for info in pkgutil.walk_packages(optimizers.__path__, f"{optimizers.__name__}.")}
    for module in modules:
        importlib.import_module(module)
    named = {cls for cls in subclasses(Rule) if cls.names and cls.__module__ in modules}
    assert named == set(CLASSES)
    for cls in (*named, optimizers.Torch):
        assert getattr(optimizers, cls.__name__) is cls


def test_names_are_given_once():
    every = [name for cls in set(CLASSES) for name in (*cls.names, *cls.presets)]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_works_by_its_name_alone(name):
    rule, is_open = parse(name)
    cls, settings = names()[name]
    assert rule == cls(**settings)
    assert is_open == bool(cls.tunable)
    assert parse(name.upper())[0] == rule


@pytest.mark.parametrize("name", WITH_RATE)
def test_a_rate_can_be_read_and_changed(name):
    rule = rule_of(name, lr=0.25)
    assert rule.rate == 0.25
    assert rule.at_rate(0.5) == rule_of(name, lr=0.5)


@pytest.mark.parametrize("name", ALL)
def test_text_and_rule_are_one(name):
    rule = rule_of(name)
    assert parse(rule.spec) == (rule, False)
    assert rule.label
    assert "\n" not in rule.label
    assert math.isnan(rule.rate) or rule.at_rate(rule.rate) == rule


@pytest.mark.parametrize("name", ALL)
def test_equal_rules_are_one_and_travel(name):
    rule = rule_of(name)
    assert rule == rule_of(name)
    assert hash(rule) == hash(rule_of(name))
    assert rule.batch_key == rule_of(name).batch_key
    assert pickle.loads(pickle.dumps(rule)) == rule
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(rule, dataclasses.fields(rule)[0].name, 1.0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_number_is_one_finite_number(name):
    cls = names()[name][0]
    numbers = [
        field.name
        for field in fields_of(cls)
        if isinstance(field.default, int | float) and not isinstance(field.default, bool)
    ]
    for field, bad in product(numbers, (math.nan, math.inf, "0.1", None, [0.1], 1j)):
        with pytest.raises(InputError) as caught:
            cls(**{field: bad})
        said = str(caught.value)
        assert re.search(rf"{field} (is one number|must be a (finite|whole) number)", said), (bad, said)
        assert "\n" not in said, bad


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize("inside", ["", "3", "'adam'", "adam, sgd"])
def test_a_wrapper_is_put_around_one_optimizer(name, inside):
    with pytest.raises(InputError, match=r"optimizer|takes a rule") as caught:
        parse(f"{name}({inside})")
    assert "\n" not in str(caught.value)
