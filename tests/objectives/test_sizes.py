"""Numbers, sizes and formulas that are too large are refused with one line."""

from __future__ import annotations

import pytest
import torch

from landscapes import InputError, formula, function, functions, race

HUGE = 10**400


@pytest.mark.parametrize("n", [0, 1, -5, 1.5, "a", True, 10**6, None])
def test_resolutions(n):
    for draw in (functions.get("booth").surface, formula("x**2").curve):
        with pytest.raises(InputError, match="the resolution must be an integer from 2 to"):
            draw(n)
    with pytest.raises(InputError, match="the resolution must be an integer from 2 to 4097"):
        race("booth", ["sgd"], steps=10**12, resolution=n)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: function((-HUGE, 1), (-1, 1))(torch.add), "bounds and view must be"),
        (lambda: function((-1, 1), start=(HUGE,))(torch.sin), "a point must be"),
        (lambda: function((-1, 1), minimum=HUGE)(lambda x: x), "minimum must be a floating-point number"),
        (lambda: formula("x + y", (-HUGE, 1)), "bounds and view must be"),
        (lambda: functions.get("booth")([HUGE, 1]), "takes floating-point numbers"),
        (lambda: race("booth", ["sgd"], start=(HUGE, 1)), "a start must be 2 numbers"),
        (lambda: functions.get("rosenbrock").with_dim(10**9), "at most 1000000 coordinates, got 1000000000"),
        (lambda: functions.get("rosenbrock", dim=HUGE), "at most 1000000 coordinates"),
        (lambda: formula("-" * 3000 + "x"), "nested"),
        (lambda: formula("+".join(["x"] * 3000)), "nested"),
    ],
)
def test_huge_numbers(use, message):
    with pytest.raises(InputError, match=message) as caught:
        use()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("words", [" and ", " or "])
def test_long_conditions_are_evaluated(words):
    made = formula(f"where({words.join(['x>0'] * 900)}, x, y)")
    assert made([1.0, 5.0]) == 1
    assert made([-1.0, 5.0]) == 5


def test_sympy_operations_that_are_not_computed():
    sympy = pytest.importorskip("sympy")
    x, k = sympy.symbols("x k")
    total = sympy.Sum(x**k, (k, 0, 3))
    with pytest.raises(InputError, match=r"unevaluated Sum; call its method .doit\(\) first"):
        formula(total)
    assert formula(total.doit())([2.0]) == 15


def test_float32_networks_get_advice():
    layer = torch.nn.Linear(2, 1)
    mine = function((-1, 1), (-1, 1), name="mine")(lambda x: layer(x)[..., 0])
    with pytest.raises(InputError, match=r"coordinates are float64: convert its tensors and networks with .double\(\)"):
        race(mine, ["sgd"], steps=2)
