"""Optimizers of torch.optim take its arguments by its names, with its meaning, or say why not."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch
import typed_script
from merged import merged
from reference import by_optimizers, default_dtype, starts, valley

import landscapes
from landscapes import optimizers
from landscapes.errors import InputError
from landscapes.optimizers import names, parse
from landscapes.optimizers.torch_arguments import EXECUTION

NATIVE = {cls.__name__: cls for cls, _ in names().values() if cls.torch_class is not None}

VALUES: dict[str, Any] = {
    "lr": 0.02,
    "betas": (0.8, 0.95),
    "etas": (0.4, 1.3),
    "step_sizes": (1e-5, 0.1),
    "eps": 1e-3,
    "momentum": 0.7,
    "nesterov": True,
    "rho": 0.8,
    "alpha": 0.6,
    "t0": 2.0,
    "d": 1.5,
    "history_size": 7,
    "weight_decay": 0.2,
    "beta2_decay": -0.5,
}
"""A value of each argument that changes the numbers; 0.1 for the other numbers, True for flags."""

BASES = {("SGD", "dampening"): {"momentum": 0.5}, ("SGD", "nesterov"): {"momentum": 0.5}}
"""Further arguments without which one has no effect."""


def arguments() -> list[Any]:
    """Return each argument of each class of torch.optim that has an equivalent here."""
    return [
        pytest.param(name, argument, id=f"{name}-{argument}")
        for name, cls in sorted(NATIVE.items())
        for argument in list(inspect.signature(cls.torch_class).parameters)[1:]
    ]


def value_of(name: str, argument: str) -> Any:
    default = inspect.signature(NATIVE[name].torch_class).parameters[argument].default
    if (name, argument) == ("Adafactor", "eps"):
        return (1e-2, 0.3)
    if isinstance(default, bool):
        return not default
    return VALUES.get(argument, True if argument in EXECUTION else 0.1)


def test_every_class_of_torch_with_a_native_optimizer_is_compared():
    own = {name for name in names() if hasattr(torch.optim, names()[name][0].__name__)}
    assert {names()[name][0].__name__ for name in own} == set(NATIVE)


@merged(("name", "argument"), arguments())
def test_arguments_of_torch_have_its_meaning_or_a_reason(name, argument):
    cls, given = NATIVE[name], {argument: value_of(name, argument), **BASES.get((name, argument), {})}
    text = f"{cls.names[0]}({', '.join(f'{key}={value!r}' for key, value in given.items())})"
    if argument in EXECUTION:
        assert cls(**given) == cls() == parse(text)[0]
        return
    try:
        optimizer = cls(**given)
    except InputError as error:
        assert "optimizers.Torch(torch.optim." in str(error)  # noqa: PT017
        assert argument in ("maximize", "ns_coefficients", "ns_steps", "adjust_lr_fn") or name in ("Muon", "LBFGS")
        return
    assert parse(text)[0] == optimizer != cls(**BASES.get((name, argument), {}))
    if name in ("Muon", "LBFGS"):
        return
    x = starts(2, 2, np.random.default_rng(1))
    with default_dtype(torch.float64):
        assert_equal_to_torch(cls, optimizer, given, x)


def assert_equal_to_torch(cls, optimizer, given, x):
    path = by_optimizers(valley(2), [optimizer] * 2, x, 6)
    for run in range(2):
        p = x[:, run].clone().requires_grad_()
        torch_optimizer = cls.torch_class([p], **{"lr": optimizer.lr, "foreach": False, **given})
        for point in path[:, :, run]:
            torch_optimizer.zero_grad()
            valley(2).evaluate(p).backward()
            torch_optimizer.step()
            assert torch.equal(p.detach(), point) or (cls is optimizers.Adafactor and torch.allclose(p.detach(), point))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optimizers.Adam(beta1=0.8, betas=(0.9, 0.99)), r"^Adam got beta1 twice, once as betas; give it once$"),
        (lambda: optimizers.Adam(betas=0.9), r"^Adam: betas must be a pair of numbers, as in betas=\(…, …\), got 0\.9"),
        (lambda: optimizers.SGD(betas=(0.9, 0.99)), r"^unknown setting of SGD 'betas'"),
        (
            lambda: optimizers.SGD(maximize=True),
            r"^SGD: maximize must be False.*minimize transforms\.negated",
        ),
        (
            lambda: optimizers.LBFGS(max_iter=20),
            r"^LBFGS has no equivalent of torch's max_iter, got 20; for",
        ),
        pytest.param(
            lambda: optimizers.Muon(ns_steps=7),
            r"^Muon has no equivalent of torch's ns_steps except its default 5",
            marks=pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="Muon came with torch 2.9"),
        ),
        (lambda: optimizers.Adam(foreach=3), r"^Adam: foreach must be True, False or None, got 3$"),
        (lambda: optimizers.Adafactor(eps=(1e-3,)), r"^Adafactor: eps must be ε₂ or torch's pair"),
    ],
)
def test_invalid_arguments_raise(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_elements_of_pairs_name_axes_of_a_sweep():
    both = ["adam(lr=0.1)", optimizers.Torch(torch.optim.Adam, lr=0.1)]
    by_torch = landscapes.sweep("booth", both, steps=3, **{"betas[0]": [0.5, 0.9]})
    own = landscapes.sweep("booth", both, steps=3, beta1=[0.5, 0.9])
    assert np.array_equal(*own.trajectories.x.reshape(2, -1))
    assert not np.array_equal(*own.trajectories.x[:2])
    assert np.array_equal(by_torch.trajectories.x, own.trajectories.x)
    assert list(by_torch.axes) == list(own.axes)


def test_a_typed_script_accepts_and_refuses_what_type_checkers_do():
    assert len(typed_script.result().trajectories.x) == len(typed_script.accepted)
    for create in typed_script.refused:
        with pytest.raises(InputError):
            create()
