"""`checked`: requirements on formulas, and fallbacks for formulas that cannot take batches."""

from __future__ import annotations

import functools
import math
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from landscapes import race
from landscapes.errors import InputError
from landscapes.objectives.decorators import function
from landscapes.objectives.validation import POINTS, checked
from landscapes.optimizers import SGD

PLANE = ((-3, 3), (-3, 3))


def make(formula, dim=2, **facts):
    return function(*[(-3, 3)] * dim, **{"name": "mine", **facts})(formula)


def checked_silently(made, start=None):
    """Return the checked function; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return checked(made, start)


def at_single_points(made, points):
    """Return values and gradients at points (n, d), each evaluated alone."""
    values, gradients = [], []
    for point in points:
        x = point.clone().requires_grad_()
        value = made.formula(x) if made.takes_vector else made.formula(*x)
        values.append(value.detach())
        gradients.append(torch.autograd.grad(value, x)[0])
    return torch.stack(values), torch.stack(gradients)


# Formulas that take batches


class Well(nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.first = nn.Linear(2, 8, dtype=dtype)
        self.last = nn.Linear(8, 1, dtype=dtype)
        torch.manual_seed(0)
        for parameter in self.parameters():
            nn.init.normal_(parameter)

    def forward(self, x):
        return self.last(torch.tanh(self.first(x.to(self.first.weight.dtype)))).squeeze(-1)


def stretched(x, y, factor):
    return x * x + factor * y * y


class Cup:
    def __call__(self, x, y):
        return x * x + y * y


@pytest.mark.parametrize(
    ("formula", "dim"),
    [
        (lambda x: x * x, 1),
        (lambda x, y: x * x + y * y, 2),
        (lambda x, y: x * x, 2),
        (lambda x: (x * x).sum(-1), 2),
        (lambda x, y, z: x * y * z, 3),
        (lambda *x: sum(c * c for c in x), 3),
        (lambda x: (x[..., 1:] - x[..., :-1] ** 2).pow(2).sum(-1), 10),
        (lambda x: x.norm(dim=-1), POINTS),
        (lambda x, y: torch.where(x > 0, x, -x) + y, 2),
        (lambda x, y: torch.round(x) + y * y, 2),
        (lambda x, y: (x * y).float(), 2),
        (lambda x, y: torch.exp(x * y).half(), 2),
        (lambda x, y: 1e-12 * x + 1e12 * y, 2),
        (functools.partial(stretched, factor=3.0), 2),
        (Cup(), 2),
        (Well(torch.float64), 2),
        (Well(torch.float64).forward, 2),
        (Well(torch.float32), 2),
    ],
)
def test_a_formula_that_takes_batches_is_unchanged(formula, dim):
    made = make(formula, dim)
    assert checked_silently(made) is made


def test_rounding_of_cancelling_terms_is_tolerated():
    """Batches are summed in another order than points, so a sum near zero consists of rounding errors."""
    weights = torch.randn(100, generator=seeded(), dtype=torch.float64)
    start = torch.ones(100, dtype=torch.float64) - weights * weights.sum() / weights.dot(weights)
    made = make(lambda x: x @ weights, 100, start=start)
    alone, together = made(start), made(start.repeat(64, 1))
    assert abs(alone - together[0]) > 1e-9 * abs(alone), "the orders differ here"
    assert checked_silently(made) is made


def test_only_the_start_must_be_finite():
    made = make(lambda x, y: torch.log(x) + y, start=(1, 1))
    assert checked_silently(made) is made


def test_the_given_start_replaces_the_default():
    made = make(lambda x, y: torch.log(x) + y, start=(-1, 1))
    with pytest.raises(InputError, match=r"function 'mine' is nan at the start \(-1, 1\); start where it is finite"):
        checked(made)
    assert checked_silently(made, (1.0, 1.0)) is made


# Invalid formulas


def raising(x, y):
    raise KeyError("weights")


def long_winded(x, y):
    raise ValueError("line one\nline two " + "x" * 500)


def gradient_raises(x, y):
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            return z.clone()

        @staticmethod
        def backward(ctx, grad):
            raise RuntimeError("no way back")

    return Broken.apply(x + y)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (raising, r"function 'mine' raises KeyError: 'weights' at \(1, 2\)"),
        (long_winded, r"raises ValueError: line one line two x{100,200}… at \(1, 2\)$"),
        (lambda x, y: x + undefined, "raises NameError: name 'undefined' is not defined"),  # noqa: F821
        (lambda x, y, *, needed: x, "raises TypeError: .*needed"),
        (lambda x, y: float(x) + float(y), r"returns float at \(1, 2\), not a tensor; compute with torch"),
        (lambda x, y: math.sin(x) * math.cos(y), r"returns float.*torch.sin for math.sin"),
        (lambda x, y: x.item() ** 2, "returns float"),
        (lambda x, y: np.sin(x.detach().numpy()), "returns float64"),
        (lambda x, y: np.sin(x) + y, r"numpy at \(1, 2\); write torch.sin for np.sin, or .* landscapes.from_numpy$"),
        (lambda x, y: None, "returns NoneType"),
        (lambda x, y: (x, y), "returns tuple"),
        (lambda x, y: torch.stack([x, y]), r"shape \(2,\) for one point, not one number, shape \(\); combine the"),
        (lambda x: x * x, r"returns shape \(2,\) for one point.* as in \(x\*\*2\).sum\(-1\)"),
        (lambda x: (x * x).sum(-1, keepdim=True), r"returns shape \(1,\)"),
        (lambda x, y: (x * y).long(), r"returns torch.int64 at \(1, 2\), not real floating-point numbers"),
        (lambda x, y: x > y, "returns torch.bool"),
        (lambda x, y: torch.complex(x, y), "returns torch.complex128"),
        (lambda x, y: x / (x - 1), r"is inf at the start \(1, 2\); start where it is finite"),
        (lambda x, y: torch.log(-x), "is nan at the start"),
        (lambda x, y: torch.sqrt(x - 1) + y, r"gradient of function 'mine' is \[inf, 1.0\] at the start \(1, 2\)"),
        (lambda x, y: torch.where(x > 0, y, torch.sqrt(-x)), r"is \[nan, 1.0\] at the start"),
        (lambda x, y: x.detach() * y.detach(), r"cannot be differentiated at \(1, 2\).* remove .item\(\), .detach\(\)"),
        (lambda x, y: torch.tensor(x.item() + y.item()), "cannot be differentiated"),
        (lambda x, y: torch.from_numpy(np.asarray(np.sin(x.detach().numpy()))), "cannot be differentiated"),
        (lambda x, y: torch.tensor(1.0, requires_grad=True) * 2, "cannot be differentiated"),
        (lambda x, y: torch.tensor(1.0), "cannot be differentiated"),
        (torch.no_grad()(lambda x, y: x * y), "cannot be differentiated"),
        (lambda x, y: x.mul_(2) + y, "raises RuntimeError"),
        (gradient_raises, "the gradient of function 'mine' raises RuntimeError: no way back"),
    ],
)
@pytest.mark.thin(4)
def test_an_invalid_formula_is_refused(formula, message):
    made = make(formula, start=(1, 2))
    with pytest.raises(InputError, match=message) as refusal:
        checked(made)
    assert "\n" not in str(refusal.value)
    with pytest.raises(InputError, match=message):
        race(made, [SGD(lr=0.1)], steps=3)


def test_the_error_names_the_point_where_the_formula_raises():
    @function((-3, 3), (-3, 3), start=(1, 2))
    def guarded(x, y):
        if (x < 0).any():
            raise ValueError("outside")
        return x + y

    with pytest.raises(InputError, match=r"function 'guarded' raises ValueError: outside at \(-\d.*, .*\)"):
        checked(guarded)


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y: x + y + torch.rand(()),
        lambda x, y: x + y + torch.rand_like(x),
        lambda x, y: torch.dropout(x + y, 0.5, True),
        lambda x: torch.dropout(x, 0.5, True).sum(-1),
    ],
)
def test_a_random_formula_is_refused(formula):
    torch.manual_seed(0)
    with pytest.raises(
        InputError, match=r"returns different results when it is called again .* call .eval\(\) on networks"
    ):
        checked(make(formula))


# Formulas that are correct for single points only


def branching(x, y):
    if x > 0:
        return x * x + y * y
    return y * y - x


def branching_for_all(x, y):
    return x * x + y if bool((x > 0).all()) else y - x


def looping(x):
    total = x[0] * 0
    for i in range(len(x)):
        total = total + (i + 1) * x[i] ** 2
    return total


def counting(x, y):
    steps = int(x.detach().abs()) + 1
    return sum((x * k for k in range(steps)), y * y)


WRONG = [
    pytest.param(lambda x: (x**2).sum(), 2, "vmapped", r"for 13 points it returns shape \(\)", id="sum"),
    pytest.param(lambda x: (x**2).sum(), 10, "vmapped", r"returns shape \(\)", id="sum in 10"),
    pytest.param(lambda x: (x**2).sum(), POINTS, "vmapped", r"returns shape \(\)", id="sum in as many as points"),
    pytest.param(lambda x: x.norm(), 3, "vmapped", r"returns shape \(\)", id="norm"),
    pytest.param(lambda x: x[0] ** 2 + 3 * x[1], 2, "vmapped", r"returns shape \(2,\)", id="first dimension"),
    pytest.param(lambda x: x[0] ** 2 + 3 * x[1], POINTS, "vmapped", "values differ", id="first dimension, as many"),
    pytest.param(lambda x: torch.dot(x, x), 3, "vmapped", "raises RuntimeError", id="dot"),
    pytest.param(looping, 3, "vmapped", r"returns shape \(3,\)", id="loop over coordinates"),
    pytest.param(lambda x, y: (x - x.mean()) ** 2 + x * y, 2, "vmapped", "values differ", id="mean"),
    pytest.param(lambda x, y: x * y / x.abs().max(), 2, "vmapped", "values differ", id="max"),
    pytest.param(lambda x, y: x * y + x.numel() * x, 2, "vmapped", "values differ", id="count"),
    pytest.param(lambda x, y: x * y + 0 * x.cumsum(-1), 2, "batched", "", id="harmless"),
    pytest.param(lambda x, y: x + (y - y.detach().mean()) ** 2, 2, "vmapped", "values differ", id="detached mean"),
    pytest.param(lambda x, y: x * y + x.sum() - x.sum().detach(), 2, "vmapped", "gradients differ", id="gradients"),
    pytest.param(lambda x, y: torch.stack([x, y]).squeeze().prod(0), 2, "vmapped", "for 1 points", id="squeeze"),
    pytest.param(lambda x: x.sum() ** 2 if x.ndim == 1 else x.sum(0), 2, "vmapped", "returns shape", id="two ways"),
    pytest.param(branching, 2, "looped", "raises RuntimeError: Boolean value of Tensor", id="if"),
    pytest.param(branching_for_all, 2, "looped", "values differ", id="if all"),
    pytest.param(counting, 2, "looped", "raises", id="int"),
    pytest.param(lambda x, y: max(x, y) * y, 2, "looped", "raises RuntimeError", id="max of Python"),
    pytest.param(lambda x, y: x * abs(float(y)) + y, 2, "looped", "raises", id="float"),
]


@pytest.mark.parametrize(("formula", "dim", "mode", "fault"), WRONG)
def test_a_formula_that_mixes_points_is_evaluated_correctly(formula, dim, mode, fault):
    made = make(formula, dim, check_gradients=False)
    if mode == "batched":
        assert checked_silently(made) is made
    else:
        with pytest.warns(UserWarning, match=f"function 'mine' cannot take a batch of points .*{fault}") as warned:
            valid = checked(made)
        assert len(warned) == 1
        assert valid.mode == mode
        assert valid.name == made.name
        made = valid
    points = torch.linspace(-2.7, 2.9, 21 * dim, dtype=torch.float64)[torch.randperm(21 * dim, generator=seeded())]
    points = points.reshape(21, dim)
    values, gradients = at_single_points(made, points)
    for count in (21, 1):
        x = points[:count].T.contiguous().requires_grad_()
        given = made.evaluate(x)
        torch.testing.assert_close(given, values[:count], rtol=1e-12, atol=1e-12)
        slopes = torch.autograd.grad(given.sum(), x)[0].T
        torch.testing.assert_close(slopes, gradients[:count], rtol=1e-12, atol=1e-12)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("formula", "fallback", "advice"),
    [
        (lambda x: (x * x).sum(), "torch.func.vmap, which is slower", r"x.sum\(-1\) and not x.sum\(\)"),
        (branching, "a Python loop over the points, which is much slower", r"torch.where\(x > 0, a, b\) for if x > 0"),
    ],
)
def test_the_warning_states_the_fallback_and_the_remedy(formula, fallback, advice):
    with pytest.warns(
        UserWarning, match=f"so it is evaluated by {fallback}. Write it for many points at once: .*{advice}"
    ):
        checked(make(formula))


def test_the_warning_points_at_the_call_of_race():
    with pytest.warns(UserWarning, match="cannot take a batch") as warned:
        race(make(branching), [SGD(lr=0.1)], steps=2, resolution=5)
    assert [warning.filename for warning in warned] == [__file__]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (lambda x: (x**2).sum() + torch.sin(3 * x[0]), lambda x, y: x**2 + y**2 + torch.sin(3 * x)),
        (branching, lambda x, y: torch.where(x > 0, x * x + y * y, y * y - x)),
    ],
    ids=["vmapped", "looped"],
)
def test_a_race_on_a_mixing_formula_equals_that_on_a_correct_one(wrong, right):
    optimizers = [SGD(lr=0.05), SGD(lr=0.1, momentum=0.5)]
    with pytest.warns(UserWarning, match="cannot take a batch"):
        given = race(make(wrong, start=(2, 1)), optimizers, steps=20, resolution=9)
    expected = race(make(right, start=(2, 1)), optimizers, steps=20, resolution=9)
    np.testing.assert_allclose(given.trajectories.x, expected.trajectories.x, rtol=1e-12)
    np.testing.assert_allclose(given.surface.values, expected.surface.values, rtol=1e-12, atol=1e-12)


def test_the_check_is_deterministic():
    seen = []

    @function(*PLANE)
    def watched(x, y):
        seen.append((x.detach().clone(), y.detach().clone()))
        return x * x + y

    checked(watched)
    first, seen[:] = list(seen), []
    checked(watched)
    assert len(first) == len(seen) == POINTS + 3
    assert all(
        torch.equal(a, b) for one, other in zip(first, seen, strict=True) for a, b in zip(one, other, strict=True)
    )
    x, y = first[POINTS]
    assert ((x.abs() <= 3) & (y.abs() <= 3)).all()
    for axis in (x[1:], y[1:]):
        assert axis.min() < -1.5
        assert axis.max() > 1.5
        assert len(axis.unique()) == POINTS - 1
