"""Every optimizer has a complete docstring, unique names, an export, and a spec that parses back."""

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
from every_optimizer import ALL, CLASSES, OPTIMIZERS, WITH_RATE, WRAPPERS, fields_of, optimizer_of
from merged import merged

from landscapes import optimizers
from landscapes.errors import InputError
from landscapes.optimizers import Optimizer, names, parse


def subclasses(cls: type[Optimizer]) -> Iterator[type[Optimizer]]:
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


def name_of(cls: type[Optimizer]) -> str:
    return cls.__name__


@merged("cls", CLASSES, ids=name_of)
def test_docstring_has_equation_source_and_every_setting(cls):
    text = cls.__doc__
    assert any(sign in text for sign in "←=") or not issubclass(cls, optimizers.FirstOrder)
    assert any(str(year) in text for year in range(1847, 2030))
    for field in fields_of(cls):
        assert f"        {field.name}: " in text


def test_every_optimizer_is_exported():
    modules = {info.name for info in pkgutil.walk_packages(optimizers.__path__, f"{optimizers.__name__}.")}
    for module in modules:
        importlib.import_module(module)
    named = {cls for cls in subclasses(Optimizer) if cls.names and cls.__module__ in modules}
    assert named == set(CLASSES)
    for cls in (*named, optimizers.Torch):
        assert getattr(optimizers, cls.__name__) is cls


def test_names_are_unique():
    every = [name for cls in set(CLASSES) for name in (*cls.names, *cls.presets)]
    assert len(set(every)) == len(every)


@merged("name", OPTIMIZERS)
def test_name_alone_gives_the_default_optimizer(name):
    optimizer, is_open = parse(name)
    cls, settings = names()[name]
    assert optimizer == cls(**settings)
    assert is_open == bool(cls.tunable)
    assert parse(name.upper())[0] == optimizer


@merged("name", WITH_RATE)
def test_learning_rate_can_be_read_and_replaced(name):
    optimizer = optimizer_of(name, lr=0.25)
    assert optimizer.learning_rate == 0.25
    assert optimizer.with_learning_rate(0.5) == optimizer_of(name, lr=0.5)


@merged("name", ALL)
def test_spec_parses_back_to_the_optimizer(name):
    optimizer = optimizer_of(name)
    assert parse(optimizer.spec) == (optimizer, False)
    assert optimizer.label
    assert "\n" not in optimizer.label
    assert math.isnan(optimizer.learning_rate) or optimizer.with_learning_rate(optimizer.learning_rate) == optimizer


@merged("name", ALL)
def test_equal_optimizers_hash_batch_and_pickle_alike(name):
    optimizer = optimizer_of(name)
    assert optimizer == optimizer_of(name)
    assert hash(optimizer) == hash(optimizer_of(name))
    assert optimizer.batch_key == optimizer_of(name).batch_key
    assert pickle.loads(pickle.dumps(optimizer)) == optimizer
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(optimizer, dataclasses.fields(optimizer)[0].name, 1.0)


@merged("name", OPTIMIZERS)
def test_number_must_be_one_finite_number(name):
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
        assert re.search(rf"{field} must be (ε₂ or|one number|finite|an integer|[<>]=?)", said), (bad, said)
        assert "\n" not in said, bad


@pytest.mark.parametrize("inside", ["", "3", "'adam'", "adam, sgd"])
@merged("name", WRAPPERS)
def test_wrapper_requires_one_optimizer(name, inside):
    with pytest.raises(InputError, match=r"optimizer|takes an optimizer") as caught:
        parse(f"{name}({inside})")
    assert "\n" not in str(caught.value)
