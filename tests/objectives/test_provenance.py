"""Pickled functions are equal after loading."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
import torch
from merged import merged

from landscapes import Function, formula, from_module, from_numpy, function, transforms
from landscapes.functions import bbob, catalogue, get


@function((-3, 3), (-3, 3), start=(2, 2))
def own_bowl(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """A custom bowl."""
    return x * x + 3 * y * y


def numpy_bowl(x, y):
    return x * x + y * y


MADE: dict[str, Callable[[], Function]] = {
    "own": lambda: own_bowl,
    "another view": lambda: own_bowl.with_view([(-1, 1), (-2, 2)]),
    "another dimension": lambda: get("rosenbrock", dim=5),
    "an instance": lambda: bbob.bbob(10, dim=4, instance=3),
    "another dimension of an instance": lambda: bbob.bbob(10, dim=4, instance=3).with_dim(3),
    "formula": lambda: formula("x**2 + 3*sin(y)"),
    "numpy": lambda: from_numpy(numpy_bowl, [(-3, 3), (-3, 3)]),
    "network": lambda: from_module(
        torch.nn.Linear(2, 1), torch.nn.MSELoss(), torch.arange(6.0).reshape(3, 2), torch.arange(3.0).reshape(3, 1)
    ),
    "added": lambda: transforms.added("booth", own_bowl),
    "multiplied": lambda: transforms.multiplied("booth", own_bowl),
    "shifted": lambda: transforms.shifted(own_bowl, by=[1, 2]),
    "scaled": lambda: transforms.scaled("beale", 2.0),
    "rotated": lambda: transforms.rotated("beale", 30),
    "mapped": lambda: transforms.mapped("beale", [[1, 2], [0, 1]]),
    "noisy": lambda: transforms.noisy("beale", 0.1, seed=4),
    "minibatched": lambda: transforms.minibatched("beale", 2, seed=4),
    "restricted": lambda: transforms.restricted(get("rosenbrock", dim=4), [1, 1, 1, 1], [[1, 0, 0, 0], [0, 1, 0, 0]]),
    "oscillated": lambda: transforms.oscillated("beale"),
    "asymmetric": lambda: transforms.asymmetric("beale"),
    "log": lambda: transforms.log_values("beale"),
    "value transformed": lambda: transforms.value_transformed("beale", torch.sqrt),
    "negated": lambda: transforms.negated("beale"),
    "one around the other": lambda: transforms.noisy(transforms.rotated(own_bowl.with_view([(-1, 1)] * 2), 30), 0.1),
}


def values_of(f: Function) -> torch.Tensor:
    """Return values at some points, of the function and of its first sample."""
    points = torch.linspace(-1, 1, 7, dtype=torch.float64).repeat(f.dim, 1) + torch.arange(f.dim)[:, None] / 8
    return torch.stack([f.evaluate(points), f.at_step(0).evaluate(points)]).detach()


@pytest.mark.filterwarnings("ignore:You are using `torch.load`:FutureWarning")  # of torch 2.4 and 2.5
@merged("name", MADE)
def test_a_loaded_function_is_equal(name):
    f = MADE[name]()
    loaded = pickle.loads(pickle.dumps(f))
    assert torch.equal(values_of(f), values_of(loaded))
    facts = ("name", "title", "view", "domain", "start", "minima", "mode", "steps", "description", "tags", "stationary")
    for fact in facts:
        assert getattr(f, fact) == getattr(loaded, fact), fact
    assert f.family is None or f.family.dims == loaded.family.dims


def test_the_catalogue_is_pickled_by_name():
    for f in catalogue().values():
        assert pickle.loads(pickle.dumps(f)) is f
        assert len(pickle.dumps(f)) < 200


def test_a_deep_copy_of_a_module_level_function_is_the_same_object():
    assert copy.deepcopy(own_bowl) is own_bowl


def test_local_functions_and_their_transforms_cannot_be_pickled():
    @function((-3, 3), (-3, 3))
    def inner(x, y):
        return x * x + y * y

    for f in (inner, transforms.shifted(inner, by=1), transforms.value_transformed("booth", lambda v: 3 * v)):
        with pytest.raises((AttributeError, pickle.PicklingError)):
            pickle.dumps(f)
