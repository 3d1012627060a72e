"""Known limits: each test is expected to fail, and says why. The site lists them; one that passes fails the suite."""

from __future__ import annotations

import inspect
import math
import re

import numpy as np
import pytest
import torch

from landscapes import from_module, function, javascript, race, render
from landscapes.functions import get


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="Live pages use the exponentials of the browser; bits may differ."
)
def test_scripts_have_only_operations_that_ieee_754_defines():
    assert not re.search(r"Math\.(exp|sin|cos|log|pow)\b", javascript.emit_function("ackley").source)


@pytest.mark.xfail(strict=True, reason="Races in float32 take other steps; rates are tuned in float64.")
def test_races_in_both_precisions_agree():
    single, double = (race("beale", ["adam(lr=0.1)"], steps=40, dtype=kind) for kind in (torch.float32, torch.float64))
    np.testing.assert_allclose(single.trajectories.x, double.trajectories.x, rtol=0, atol=1e-12)


@pytest.mark.xfail(strict=True, reason="Races in more than two coordinates have no surface.")
def test_races_in_three_coordinates_have_a_surface():
    assert race(get("rosenbrock", dim=3), ["adam(lr=0.1)"], steps=3).surface is not None


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="Functions of networks have no dropout: they are deterministic."
)
def test_functions_of_networks_have_dropout():
    net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Dropout(0.5))
    x = torch.ones(8, 2)
    f = from_module(net, torch.nn.MSELoss(), x, torch.zeros(8, 1))
    point = torch.ones(f.dim, dtype=torch.float64)
    assert len({float(f(point)) for _ in range(5)}) > 1


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="Captions are in English, in every language of pictures.")
def test_captions_follow_the_language_of_a_picture():

    assert "lang" in inspect.signature(render.caption).parameters


@pytest.mark.xfail(strict=True, reason="A search may miss narrow minima.")
def test_a_search_finds_a_needle():

    @function((-5, 5), (-5, 5), start=(4, 4))
    def needle(x, y):
        distance = (x - math.pi) ** 2 + (y + math.e) ** 2
        return 0.01 * (x * x + y * y) - torch.exp(-1e6 * distance)

    assert race(needle, ["sgd(lr=0.01)"], steps=2).meta.minimum < -0.5
