"""The transform methods of `Function`."""

from __future__ import annotations

import inspect

import pytest
import torch

from landscapes import InputError, function, functions, transforms
from landscapes.objectives.transform_methods import TransformMethods

METHODS = [name for name in vars(TransformMethods) if not name.startswith("_")]
ARGUMENTS = {
    "shifted": (((1.0, -2.0),), {}),
    "scaled": ((2.0,), {}),
    "rotated": ((30.0,), {"about": (1.0, 0.0)}),
    "noisy": ((0.5,), {"kind": "multiplicative", "seed": 3}),
}


def test_all_methods_are_tested():
    assert set(METHODS) == set(ARGUMENTS)


@pytest.mark.parametrize("name", METHODS)
def test_methods_have_the_signature_of_their_transform(name):
    method, transform = (inspect.signature(getattr(home, name)) for home in (TransformMethods, transforms))
    assert [(p.name, p.default, p.kind) for p in list(method.parameters.values())[1:]] == [
        (p.name, p.default, p.kind) for p in list(transform.parameters.values())[1:]
    ]


@pytest.mark.parametrize("name", METHODS)
def test_methods_return_the_result_of_their_transform(name):
    arguments, settings = ARGUMENTS[name]
    beale = functions.get("beale")
    made = getattr(beale, name)(*arguments, **settings)
    same = getattr(transforms, name)(beale, *arguments, **settings)
    x = torch.randn(7, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.equal(made(x), same(x))
    assert torch.equal(made.at_step(5)(x), same.at_step(5)(x))
    assert not torch.equal(made.at_step(5)(x), beale(x))
    for fact in ("name", "title", "domain", "view", "start", "minima", "minimum", "tags"):
        assert getattr(made, fact) == getattr(same, fact), fact


def test_methods_can_be_chained_on_a_custom_function():
    @function((-3, 3), (-3, 3), minima=[(1, 0)])
    def bowl(x, y):
        return (x - 1) ** 2 + y * y

    moved = bowl.shifted((0, 1)).rotated(90).scaled(2)
    ((x, y),) = moved.minima
    assert (round(x, 12), round(y, 12)) == (-2.0, 2.0)
    assert float(moved((x, y))) == pytest.approx(0, abs=1e-20)


def test_methods_raise_the_errors_of_their_transform():
    with pytest.raises(InputError, match="factor must not be 0, got 0"):
        functions.get("beale").scaled(0)
