"""Gradients by automatic differentiation are compared with finite differences before an experiment begins."""

from __future__ import annotations

import math
import warnings

import pytest
import torch
from torch import nn

from landscapes import from_module, race
from landscapes.errors import InputError
from landscapes.functions import catalogue
from landscapes.objectives.decorators import function
from landscapes.objectives.validation import checked

COORDINATES = torch.arange(1000.0, dtype=torch.float64)


def make(formula, dim=2, **facts):
    return function(*[(-3, 3)] * dim, **{"name": "mine", "start": (1,) * dim, **facts})(formula)


def checked_quietly(made):
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        return checked(made)


def partly_without_graph(x, y):
    with torch.no_grad():
        lost = x * x
    return lost + y * y


class Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]  # the factor 2 is missing


def halved_far_off(x):
    lost = torch.where(COORDINATES == 700, x.detach(), x)
    return (lost * lost).sum(-1)


WRONG = {
    "math": (lambda x, y: math.sin(x) + y**2, r"\(1, 1\): coordinate 0 of 0 to 1 has 0 by autograd and 0.5403"),
    "item": (
        lambda x, y: x**2 + y.item() ** 2,
        "coordinate 1 of 0 to 1 has 0 by autograd and 2 by central",
    ),
    "detach": (lambda x, y: x.detach() ** 2 + y**2, "has 0 by autograd and 2 by central"),
    "data": (lambda x, y: x.data**2 + y**2, "has 0 by autograd and 2 by central"),
    "no_grad": (partly_without_graph, "has 0 by autograd and 2 by central"),
    "backward": (lambda x, y: Halved.apply(x) + y, "has 1 by autograd and 2 by central"),
    "elsewhere": (lambda x, y: torch.where(x < 0, x.detach() ** 2, x**2) + y**2, r"at \(-\d.*has 0 by autograd and -2"),
    "small part": (lambda x, y: 1e6 * y + x.detach(), "coordinate 0 of 0 to 1 has 0 by autograd and 1 by"),
}


@pytest.mark.parametrize("name", WRONG)
def test_gradients_that_contradict_the_values_are_refused(name):
    formula, message = WRONG[name]
    with pytest.raises(InputError, match=rf"of function 'mine' disagrees .*{message}.* torch.sin for math.sin"):
        checked_quietly(make(formula))
    accepted = make(formula, check_gradients=False)
    assert checked_quietly(accepted).check_gradients is False


def test_one_wrong_coordinate_of_many_is_named():
    with pytest.raises(InputError, match=r"coordinate 700 of 0 to 999 has 0 by autograd and 4.443 by"):
        checked_quietly(make(halved_far_off, 1000))


@pytest.mark.parametrize("lost", ["no_grad", "detach"])
def test_networks_with_lost_gradients_are_refused(lost):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(2, 4), nn.Linear(4, 1)

        def forward(self, x):
            with torch.set_grad_enabled(lost != "no_grad"):
                hidden = torch.tanh(self.first(x))
            return self.last(hidden if lost == "no_grad" else hidden.detach())

    torch.manual_seed(0)
    net, data = Net(), torch.linspace(-1, 1, 20).reshape(10, 2)
    with pytest.raises(InputError, match=r"coordinate \d of 0 to 16 has 0 by autograd"):
        from_module(net, nn.MSELoss(), data, data.sum(1, keepdim=True))
    accepted = from_module(net, nn.MSELoss(), data, data.sum(1, keepdim=True), check_gradients=False)
    assert accepted.dim == 17


def test_races_refuse_lost_gradients():
    with pytest.raises(InputError, match="disagrees with its values"), warnings.catch_warnings(action="ignore"):
        race(make(WRONG["math"][0]), ["sgd(lr=0.1)"], steps=2, resolution=5)


@pytest.mark.parametrize(
    ("formula", "start"),
    [
        (lambda x, y: x.abs() + torch.relu(y), (0, 0)),
        (lambda x, y: torch.maximum(x, y), (1, 1)),
        (lambda x, y: torch.round(x) + y * y, (0.5, 1)),
        (lambda x, y: torch.where(x > 1, 100.0, 0.0) + x * y, (1, 1)),
        (lambda x, y: torch.sqrt(x.abs()) + torch.sqrt(3 - y), (1, 1)),
        (lambda x, y: torch.log(x) + torch.asin(y / 3), (1, 1)),
        (lambda x, y: torch.sin(1e7 * x) + y, (1, 1)),
        (lambda x, y: torch.sin(1 / x) + y, (1e-4, 1)),
        (lambda x, y: 1e12 * y + 1e-12 * x, (1, 1)),
        (lambda x, y: torch.exp(100 * x) + y, (1, 1)),
        (lambda x, y: (x.float() ** 2 + 1e3 + y.float()).double(), (1, 1)),
        (lambda x, y: (x * y).half(), (1, 1)),
        (lambda x, y: ((x - 1) ** 2 + (y - 1) ** 2) ** 4, (1, 1)),
    ],
)
def test_kinks_jumps_waves_and_rounding_are_accepted(formula, start):
    made = make(formula, start=start)
    assert checked_quietly(made) is made


@pytest.mark.thin(8)
@pytest.mark.parametrize("name", sorted(catalogue()))
def test_the_catalogue_is_accepted(name):
    made = catalogue()[name]
    assert checked(made).mode == made.mode
