"""`Function` and the decorator `function`."""

from __future__ import annotations

import functools
import math
import pickle

import numpy as np
import pytest
import torch
from merged import merged
from torch import Tensor, nn

from landscapes.errors import InputError
from landscapes.functions import get
from landscapes.objectives.decorators import Function, function

SQUARE = ((-3, 3), (-3, 3))


def tilted(x: Tensor, y: Tensor) -> Tensor:
    """First line
    goes on.

    More.
    """
    return x * x + 2 * y


class Well(nn.Module):
    """A well with a learned width."""

    def __init__(self) -> None:
        super().__init__()
        self.width = nn.Parameter(torch.tensor(2.0, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return (x * x).sum(-1) / self.width


class Cup:
    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        return x * x + y * y


def scaled(x: Tensor, y: Tensor, factor: float) -> Tensor:
    """Scaled."""
    return factor * (x + y)


# What the decorator fills in


def test_default_facts_are_derived_from_the_formula():
    made = function((-1, 3), (0.0, 10.0))(tilted)
    assert (made.name, made.title, made.description) == ("tilted", "Tilted", "First line goes on.")
    assert made.domain == made.view == ((-1.0, 3.0), (0.0, 10.0))
    assert made.start == pytest.approx((-0.2, 2.0))
    assert math.isnan(made.minimum)
    assert made.minima == ()
    assert (made.steps, made.scale, made.mode, made.dim) == (300, "log", "batched", 2)


def test_given_facts_are_kept():
    made = function(
        *SQUARE,
        start=[1, 2],
        view=[(-1, 2), (0, 3)],
        minima=[[0, 1]],
        steps=7,
        scale="rank",
        name="slope",
        title="A slope",
        latex="x",
        reference="me, 2020",
        tags=["a"],
        aliases=["b"],
    )(tilted)
    assert (made.name, made.title, made.start, made.view) == ("slope", "A slope", (1, 2), ((-1, 2), (0, 3)))
    assert (made.minima, made.minimum) == (((0.0, 1.0),), 2.0)
    assert (made.steps, made.scale, made.latex, made.reference) == (7, "rank", "x", "me, 2020")
    assert (made.tags, made.aliases) == (("a",), ("b",))
    assert function(*SQUARE, minima=[(0, 1)], minimum=-5)(tilted).minimum == -5


def test_the_default_start_is_in_the_view():
    assert function((-100, 100), (-100, 100), view=[(4, 9), (0, 5)])(tilted).start == pytest.approx((5, 1))


def test_arrays_and_tensors_are_accepted_as_points_and_boxes():
    made = function(
        *np.array(SQUARE), start=torch.tensor([1.0, 2.0]), view=np.array(SQUARE) / 2, minima=np.zeros((1, 2))
    )(tilted)
    assert (made.domain, made.view) == (((-3.0, 3.0),) * 2, ((-1.5, 1.5),) * 2)
    assert (made.start, made.minima) == ((1.0, 2.0), ((0.0, 0.0),))
    assert all(type(c) is float for c in (*made.start, *made.minima[0], *made.view[0]))


WELL = Well()


@pytest.mark.parametrize(
    ("formula", "name", "description", "value"),
    [
        (tilted, "tilted", "First line goes on.", 5.0),
        (lambda x, y: x - y, "lambda", "", -1.0),
        (lambda *coordinates: sum(coordinates), "lambda", "", 3.0),
        (lambda x: x[..., 0] * 10 + x[..., 1], "lambda", "", 12.0),
        (lambda x, scale=2.0: scale * x.sum(-1), "lambda", "", 6.0),
        (lambda x, y, shift=4.0: x + y + shift, "lambda", "", 7.0),
        (functools.partial(scaled, factor=3.0), "scaled", "Scaled.", 9.0),
        (functools.partial(functools.partial(scaled, factor=3.0), factor=2.0), "scaled", "Scaled.", 6.0),
        (WELL, "Well", "A well with a learned width.", 2.5),
        (WELL.forward, "forward", "", 2.5),
        (Cup(), "Cup", "", 5.0),
        (Cup().__call__, "__call__", "", 5.0),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__) if callable(value) else None,
)
def test_many_kinds_of_callables_are_accepted(formula, name, description, value):
    made = function(*SQUARE)(formula)
    assert (made.name, made.description) == (name, description)
    assert float(made([1.0, 2.0]).detach()) == value
    assert made(torch.tensor([[1.0, 2.0]] * 3, dtype=torch.float64)).tolist() == [value] * 3


def test_a_formula_of_one_coordinate_takes_a_scalar_per_point():
    shapes = []

    @function((-1, 1))
    def line(x):
        shapes.append(tuple(x.shape))
        return x * x

    assert line([3.0]).shape == ()
    assert line(torch.ones(5, 1)).shape == (5,)
    assert shapes == [(), (5,)]
    assert not line.takes_vector


def test_a_formula_may_take_one_vector():
    made = function(*[(-1, 1)] * 10)(lambda x: (x * torch.arange(10.0)).sum(-1))
    assert made.takes_vector
    assert float(made(torch.ones(10))) == 45
    assert made(torch.ones(2, 3, 10)).shape == (2, 3)


# Calling one


def test_numbers_become_float64_points():
    assert get("booth")([1, 3]).dtype == torch.float64
    assert get("booth")(np.array([[1.0, 3.0]])).shape == (1,)


@pytest.mark.parametrize("mode", ["batched", "vmapped", "looped"])
@pytest.mark.parametrize("batch", [(), (4,), (2, 3), (0,), (2, 0)])
def test_all_modes_agree_on_every_shape(mode, batch):
    for made in (get("beale"), get("rosenbrock")):
        other = Function(**{**fields(made), "mode": mode})
        points = torch.linspace(-1, 1, math.prod(batch) * 2, dtype=torch.float64).reshape(*batch, 2).requires_grad_()
        values = other(points)
        assert values.shape == batch
        assert values.dtype == torch.float64
        torch.testing.assert_close(values, made(points), rtol=1e-14, atol=0)
        (slopes,) = torch.autograd.grad(values.sum(), points)
        torch.testing.assert_close(slopes, torch.autograd.grad(made(points).sum(), points)[0], rtol=1e-13, atol=1e-13)


def fields(made: Function) -> dict[str, object]:
    return {name: getattr(made, name) for name in Function.__dataclass_fields__}


def test_a_formula_gets_rows_of_points_only():
    seen = set()

    @function(*SQUARE)
    def watched(x, y):
        seen.add(tuple(x.shape))
        return x + y

    watched(torch.zeros(2, 3, 4, 2))
    watched.surface(9)
    assert seen == {(24,), (81,)}


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (torch.tensor([1, 2]), r"booth takes floating-point tensors, got torch.int64; use x.double\(\)"),
        (torch.tensor([1j, 2j]), "got torch.complex64"),
        (torch.zeros(3), r"booth takes points of shape \(..., 2\), got \(3,\)"),
        (torch.zeros(2, 3), r"got \(2, 3\)"),
        (torch.tensor(1.0), r"got \(\)"),
        ([1.0], r"got \(1,\)"),
    ],
)
def test_invalid_points_are_refused(points, message):
    with pytest.raises(InputError, match=message):
        get("booth")(points)


def test_a_new_view_is_checked():
    shown = get("booth").with_view([(0, 1), (2, 3)])
    assert shown.surface(5).x.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert get("booth").view == ((-10.0, 10.0),) * 2
    with pytest.raises(InputError, match="both finite and low < high"):
        get("booth").with_view([(1, 0), (2, 3)])


def test_a_surface_needs_two_coordinates():
    with pytest.raises(InputError, match="a surface needs a function of 2 coordinates, line has 1"):
        function((-1, 1), name="line")(lambda x: x * x).surface()


def test_a_surface_of_a_float32_formula_is_float64():
    surface = function(*SQUARE)(lambda x, y: (x * y).float()).surface(5)
    assert surface.values.dtype == np.float64


def test_functions_can_be_pickled():
    copy = pickle.loads(pickle.dumps(function(*SQUARE, start=(1, 1))(tilted)))
    assert copy.start == (1, 1)
    assert float(copy([1.0, 1.0])) == 3


# Invalid facts


@merged(
    ("domain", "facts", "message"),
    [
        ((), {}, r"a function needs bounds, one \(low, high\) per coordinate: @function\(\(-3, 3\), \(-3, 3\)\)"),
        ((tilted,), {}, "a function needs bounds"),
        ((-3, 3), {}, r"function 'tilted': bounds and view must be one \(low, high\) per coordinate.*got \(-3, 3\)"),
        ((SQUARE,), {}, "bounds and view must be one"),
        (((0, 1, 2), (0, 1)), {}, "bounds and view must be one"),
        ((("a", "b"), (0, 1)), {}, "bounds and view must be one"),
        (((1, 0), (0, 1)), {}, r"an interval must be \(low, high\), both finite and low < high, got \(1.0, 0.0\)"),
        (((0, 0), (0, 1)), {}, "low < high"),
        (((0, math.inf), (0, 1)), {}, "finite"),
        (((0, math.nan), (0, 1)), {}, "finite"),
        (SQUARE, {"view": [(0, 1)]}, "has 2 coordinates, but .* has 1"),
        (SQUARE, {"start": (1,)}, r"has 2 coordinates, but \(1.0,\) has 1"),
        (SQUARE, {"start": 5}, "a point must be one number per coordinate, got 5"),
        (SQUARE, {"start": "ab"}, "a point must be one number per coordinate"),
        (SQUARE, {"start": (1, math.nan)}, "start, minima and stationary points must be finite"),
        (SQUARE, {"minima": [(1, math.inf)], "minimum": 0}, "start, minima and stationary points must be finite"),
        (SQUARE, {"minima": [(1, 2, 3)]}, "has 3"),
        (SQUARE, {"minima": (1, 2)}, "a point must be one number per coordinate, got 1"),
        (SQUARE, {"steps": 0}, "steps must be an integer >= 1, got 0"),
        (SQUARE, {"steps": 2.5}, "steps must be an integer"),
        (SQUARE, {"steps": True}, "steps must be an integer"),
        (SQUARE, {"scale": "cubic"}, "scale must be 'linear', 'log' or 'rank', got 'cubic'"),
        ([(-1, 1)] * 3, {}, r"has 3 intervals as bounds, but its formula takes 2 arguments; .* shape \(..., 3\)"),
        ([(-1, 1)], {}, "has 1 intervals as bounds, but its formula takes 2 arguments"),
    ],
)
def test_invalid_facts_are_refused(domain, facts, message):
    with pytest.raises(InputError, match=message):
        function(*domain, **facts)(tilted)


def test_a_formula_with_unknown_arguments_is_refused():
    with pytest.raises(InputError, match=r"function 'max': the arguments of .* are unknown; wrap it: def max\(x, y\)"):
        function(*SQUARE)(max)


def test_a_formula_that_fails_at_its_minimum_is_refused():
    with pytest.raises(
        InputError, match=r"'lambda' cannot be evaluated at its minimum \(0.0, 0.0\): ZeroDivisionError"
    ):
        function(*SQUARE, minima=[(0, 0)])(lambda x, y: 1 / float(x))
