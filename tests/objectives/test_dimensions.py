"""Functions of any number of coordinates, and sums of squares."""

from __future__ import annotations

import pytest
import torch

from landscapes.errors import InputError
from landscapes.objectives.decorators import function, least_squares
from landscapes.objectives.dimensions import ANY, Dims, tile
from landscapes.objectives.elementary import ordered_sum


def square(x):
    """A round bowl."""
    return ordered_sum(x * x)


@pytest.mark.parametrize(
    ("dims", "supported", "unsupported", "default", "text"),
    [
        (ANY, [1, 2, 7, 100], [0, -1, 2.0, True, "2"], 2, "any"),
        (Dims(least=2), [2, 3], [1], 2, "any, at least 2"),
        (Dims(multiple=4), [4, 8], [2, 6], 4, "any, a multiple of 4"),
        (Dims(least=3, most=6), [3, 6], [2, 7], 3, "any, at least 3, at most 6"),
        (Dims(most=1), [1], [2], 1, "any, at most 1"),
    ],
)
def test_numbers_of_coordinates(dims, supported, unsupported, default, text):
    assert all(d in dims for d in supported)
    assert not any(d in dims for d in unsupported)
    assert dims.default == default
    assert str(dims) == text


@pytest.mark.parametrize("wrong", [{"least": 0}, {"multiple": 0}, {"least": 3, "most": 2}, {"multiple": 3, "most": 2}])
def test_empty_dims_are_refused(wrong):
    with pytest.raises(
        InputError, match="least and multiple must be >= 1 and allow some number of coordinates, got Dims"
    ):
        Dims(**wrong)


def test_tile_repeats_and_cuts():
    assert tile((1, 2, 3), 5) == (1, 2, 3, 1, 2)
    assert tile((1, 2, 3), 2) == (1, 2)
    assert tile((), 3) == ()


def test_facts_hold_for_all_numbers_of_coordinates():
    bowl = function(
        (-3, 3),
        dims=ANY,
        start=(2, -1),
        view=[(-1, 1), (-2, 2)],
        minima=[(0,)],
        stationary={"saddle": [(1, 1)], "maximum": [(2, 2, 2)]},
    )(square)
    assert (bowl.dim, bowl.domain, bowl.start) == (2, ((-3, 3),) * 2, (2, -1))
    assert bowl.stationary == (("saddle", (1, 1)),)
    three = bowl.with_dim(3)
    assert (three.start, three.view) == ((2, -1, 2), ((-1, 1), (-2, 2), (-1, 1)))
    assert (three.minima, three.minimum, three.name) == (((0, 0, 0),), 0, "square")
    assert three.stationary == (("maximum", (2, 2, 2)),)
    assert three.with_dim(2).dim == 2
    assert bowl.with_dim(2) is bowl


def test_facts_can_be_functions_of_d():
    made = function(
        lambda d: (-d, d),
        dims=Dims(least=2),
        start=lambda d: range(d),
        view=lambda d: [(-1, d)] * d,
        minima=lambda d: [(0.5,) * d, (-0.5,) * d],
        minimum=lambda d: -d,
        stationary=lambda d: {"saddle": [(0,) * d]},
    )(square).with_dim(4)
    assert (made.domain, made.view) == (((-4, 4),) * 4, ((-1, 4),) * 4)
    assert (made.start, made.minimum) == ((0, 1, 2, 3), -4)
    assert made.minima == ((0.5,) * 4, (-0.5,) * 4)
    assert made.stationary == (("saddle", (0, 0, 0, 0)),)
    boxes = function(lambda d: [(0, i + 1) for i in range(d)], dims=ANY)(square)
    assert boxes.with_dim(3).domain == ((0, 1), (0, 2), (0, 3))


def test_one_coordinate_of_a_family_is_a_vector():
    line = function((-1, 1), dims=ANY)(square).with_dim(1)
    assert line.takes_vector
    assert line([3.0]) == 9
    assert line(torch.ones(4, 1)).shape == (4,)


@pytest.mark.parametrize("dim", [0, 1, 2.5, "3", True, None])
def test_unsupported_numbers_of_coordinates_are_refused(dim):
    with pytest.raises(InputError, match=r"square supports these numbers of coordinates: any, at least 2; got"):
        function((-1, 1), dims=Dims(least=2))(square).with_dim(dim)


def test_contradicting_facts_are_refused():
    with pytest.raises(InputError, match="has a variable number of coordinates; write it as f"):
        function((-1, 1), dims=ANY)(lambda x, y: x + y)
    with pytest.raises(InputError, match="with dims, give one interval for all coordinates"):
        function((-1, 1), (-1, 1), dims=ANY)(square)
    with pytest.raises(InputError, match=r"2 coordinates, but .* has 3"):
        function((-1, 1), (-1, 1), stationary={"saddle": [(1, 2, 3)]})(lambda x, y: x + y)
    with pytest.raises(InputError, match="a stationary point must be 'minimum', 'saddle' or 'maximum', got 'hill'"):
        function((-1, 1), (-1, 1), stationary={"hill": [(1, 2)]})(lambda x, y: x + y)
    with pytest.raises(InputError, match="outside must be 'higher', 'lower' or 'unbounded', got 'up'"):
        function((-1, 1), (-1, 1), outside="up")(lambda x, y: x + y)


# Sums of squares


@pytest.mark.parametrize("points", [torch.tensor([0.5, -2.0]), torch.linspace(-1, 1, 14).reshape(7, 2)])
def test_least_squares_sums_its_residuals(points):
    @least_squares((-2, 2), (-2, 2), minima=[(1, 1)])
    def banana(x, y):
        """A valley."""
        return torch.stack([10 * (y - x * x), 1 - x])

    assert (banana.name, banana.description, banana.minimum) == ("banana", "A valley.", 0)
    x, y = points.unbind(-1)
    torch.testing.assert_close(banana(points), 100 * (y - x * x) ** 2 + (1 - x) ** 2)
    assert banana.evaluate_residuals(points.movedim(-1, 0)).shape == (2, *points.shape[:-1])
    torch.testing.assert_close(banana.evaluate_residuals(points.movedim(-1, 0)).square().sum(0), banana(points))


def test_least_squares_of_any_number_of_coordinates():
    @least_squares((-2, 2), dims=ANY)
    def shifted(x):
        return (x - 1).movedim(-1, 0)

    made = shifted.with_dim(5)
    assert made.evaluate_residuals(torch.zeros(5, 3)).shape == (5, 3)
    assert made(torch.zeros(3, 5)).tolist() == [5, 5, 5]


def test_missing_and_invalid_residuals_are_refused():
    plain = function((-1, 1), dims=ANY)(square)
    with pytest.raises(InputError, match="square has no residuals"):
        plain.evaluate_residuals(torch.zeros(2))
    with pytest.raises(InputError, match="residuals must take the arguments of the formula"):
        function((-1, 1), dims=ANY, residuals=3)(square)


def test_a_sample_has_no_residuals():
    noisy = function((-1, 1), dims=ANY, residuals=lambda x: x.movedim(-1, 0), sample=lambda t: square)(square)
    assert noisy.at_step(0).residuals is None
