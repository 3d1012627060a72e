"""First-order optimizers reproduce torch.optim bitwise in any batch, and check their settings."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from merged import merged
from reference import (
    FUNCTIONS,
    SPACES,
    Plain,
    PlainLion,
    by_optimizers,
    by_torch,
    context_at,
    counterpart,
    default_dtype,
    draw,
    egg_box,
    starts,
    stepper_of,
    two_of_each_variant,
    valley,
    variants,
)
from thinned import diagonal

from landscapes import optimizers
from landscapes.errors import InputError
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.first_order.base import FirstOrder, stack_hyperparameters
from landscapes.optimizers.stepper import RunSetup
from landscapes.oracle import Oracle

CLASSES = tuple(SPACES)
VARIANTS = variants()


def name_of(part: Any) -> str | None:
    if isinstance(part, dict):
        return "+".join(name for name, on in part.items() if on) or "plain"
    return getattr(part, "__name__", {True: "bare", False: "full"}.get(part) if isinstance(part, bool) else None)


def variant_of(part: Any) -> str | None:
    return "-".join(filter(None, map(name_of, part))) if isinstance(part, tuple) else name_of(part)


def numbers(cls: type[Optimizer]) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(cls) if isinstance(field.default, float)]


# ---------------------------------------------------------------- equal to torch.optim


@pytest.mark.parametrize(("variant", "objective"), diagonal(VARIANTS, FUNCTIONS), ids=variant_of)
@pytest.mark.thin(4)
def test_trajectory_matches_torch(variant, objective):
    cls, flags, bare = variant
    rng = np.random.default_rng(1)
    candidates, x = [draw(cls, flags, bare, rng) for _ in range(3)], starts(2, 3, rng)
    assert len({optimizer.batch_key for optimizer in candidates}) == 1
    expected = by_torch(objective(2), candidates, x, 40)
    assert expected.isfinite().all()
    assert (expected[-1] != x).any(0).all()
    assert torch.equal(by_optimizers(objective(2), candidates, x, 40), expected)


@pytest.mark.parametrize(("variant", "dtype"), diagonal(VARIANTS, [torch.float32, torch.float64]), ids=variant_of)
@pytest.mark.thin(4)
def test_one_step_matches_torch_bitwise(variant, dtype):
    """Steps from the origin, where adding to the point loses no bit."""
    cls, flags, bare = variant
    rng = np.random.default_rng(11)
    candidates, origin = [draw(cls, flags, bare, rng) for _ in range(5)], torch.zeros(4, 5, dtype=dtype)
    stepper, oracle = stepper_of(candidates, origin), Oracle(valley(4), 5)
    with default_dtype(torch.float64):
        points = [start.clone().requires_grad_() for start in origin.unbind(1)]
        torchs = [counterpart(optimizer, p) for optimizer, p in zip(candidates, points, strict=True)]
        for t in range(1, 40):
            gradient = starts(4, 5, rng, dtype)
            moved = stepper.step(context_at(t, origin, gradient, oracle))
            for run, (p, torch_optimizer) in enumerate(zip(points, torchs, strict=True)):
                p.data.zero_()
                p.grad = gradient[:, run].clone()
                torch_optimizer.step()
                assert torch.equal(moved[:, run], p.detach())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("objective", "dim", "steps", "one_in"),
    [(egg_box, 1, 250, 2), (valley, 3, 1000, 6), pytest.param(valley, 3, 1000, 2, marks=pytest.mark.exhaustive)],
    ids=name_of,
)
@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
@pytest.mark.sample(4)
def test_a_thousand_steps_match_torch(cls, objective, dim, steps, one_in):
    rng = np.random.default_rng(dim)
    candidates = two_of_each_variant(cls, rng)[::one_in]
    x = starts(dim, len(candidates), rng)
    expected = by_torch(objective(dim), candidates, x, steps, separate=False)
    assert expected.isfinite().all()
    assert torch.equal(by_optimizers(objective(dim), candidates, x, steps), expected)


@pytest.mark.parametrize(("cls", "flags", "bare"), VARIANTS, ids=name_of)
@pytest.mark.thin(4)
def test_single_precision_matches_torch(cls, flags, bare):
    rng = np.random.default_rng(2)
    candidates, x = [draw(cls, flags, bare, rng) for _ in range(3)], starts(2, 3, rng, torch.float32)
    path = by_optimizers(valley(2), candidates, x, 20)
    assert path.dtype == torch.float32
    assert torch.equal(path, by_torch(valley(2), candidates, x, 20))


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if not issubclass(SPACES[cls][0], Plain)], ids=name_of)
def test_defaults_match_torch(cls):
    given = counterpart(cls(), torch.zeros(1, requires_grad=True)).defaults
    own = SPACES[cls][0]([torch.zeros(1, requires_grad=True)]).defaults
    assert {**given, "foreach": None} == {**own, "foreach": None}


def test_asgd_average_matches_torch():
    candidates, rng = [optimizers.ASGD(lr=0.5, lambd=0.1, t0=t0) for t0 in (7, -3, 100)], np.random.default_rng(8)
    x = starts(2, 3, rng)
    points = [start.clone().requires_grad_() for start in x.unbind(1)]
    stepper, oracle = stepper_of(candidates, x), Oracle(valley(2), 3)
    single = [stepper_of([optimizer], x[:, run : run + 1]) for run, optimizer in enumerate(candidates)]
    with default_dtype(torch.float64):
        torchs = [counterpart(optimizer, p) for optimizer, p in zip(candidates, points, strict=True)]
        p = x
        for t in range(1, 30):
            gradient = starts(2, 3, rng)
            moved = [
                own.step(context_at(t, p[:, run : run + 1], gradient[:, run : run + 1], oracle))
                for run, own in enumerate(single)
            ]
            p = stepper.step(context_at(t, p, gradient, oracle))
            assert torch.equal(torch.cat(moved, 1), p)
            for run, (point, torch_optimizer) in enumerate(zip(points, torchs, strict=True)):
                point.grad = gradient[:, run].clone()
                torch_optimizer.step()
                assert torch.equal(stepper.state[0][:, run], torch_optimizer.state[point]["ax"])
                assert torch.equal(single[run].state[0][:, 0], torch_optimizer.state[point]["ax"])
    assert (stepper.state[0] == p).all(0).tolist() == [False, False, True]


def test_lion_steps_have_equal_length():
    path = by_optimizers(valley(2), [optimizers.Lion(lr=0.01)], torch.tensor([[-1.0], [1.5]], dtype=torch.float64), 5)
    assert torch.allclose(path.diff(dim=0).abs(), torch.full((4, 2, 1), 0.01, dtype=torch.float64))
    assert SPACES[optimizers.Lion][0] is PlainLion


# ---------------------------------------------------------------- independence of the batch


@settings(max_examples=30, deadline=None)
@given(data=st.data())
@pytest.mark.slow
def test_results_do_not_depend_on_batch_composition_or_order(data):
    cls, flags, bare = data.draw(st.sampled_from(VARIANTS))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    first = draw(cls, flags, bare, rng)
    varied = data.draw(st.sets(st.sampled_from([field.name for field in numbers(cls)])))
    candidates = [first]
    for _ in range(4):
        other = draw(cls, flags, bare, rng)
        candidates.append(dataclasses.replace(first, **{name: getattr(other, name) for name in varied}))
    order = data.draw(st.permutations(range(5)))
    dim = data.draw(st.integers(1, 3))
    x = starts(dim, 5, rng)
    together = by_optimizers(valley(dim), [candidates[i] for i in order], x[:, order], 12)
    for place, i in enumerate(order):
        single = by_optimizers(valley(dim), [candidates[i]], x[:, i : i + 1], 12)
        assert torch.equal(together[:, :, place : place + 1], single)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
@pytest.mark.thin(4)
def test_many_runs_of_one_optimizer_match_single_runs(cls, dtype):
    rng = np.random.default_rng(3)
    flags = {field.name: False for field in dataclasses.fields(cls) if isinstance(field.default, bool)}
    pair = [draw(cls, flags, False, rng) for _ in range(2)]
    x = starts(2, 37, rng, dtype)
    many = by_optimizers(valley(2), [pair[run % 2] for run in range(37)], x, 15)
    for run in (0, 17, 36):
        assert torch.equal(many[:, :, run], by_optimizers(valley(2), [pair[run % 2]], x[:, run : run + 1], 15)[:, :, 0])


@pytest.mark.parametrize(("variant", "bad"), diagonal(VARIANTS, [math.nan, math.inf, -math.inf]), ids=variant_of)
def test_nonfinite_run_does_not_affect_others(variant, bad):
    cls, flags, bare = variant
    rng = np.random.default_rng(4)
    candidates, x = [draw(cls, flags, bare, rng) for _ in range(3)], starts(2, 3, rng)
    lost = x.clone()
    lost[:, 1] = bad
    clean, beside = (by_optimizers(valley(2), candidates, start, 10)[:, :, [0, 2]] for start in (x, lost))
    assert torch.equal(clean, beside)
    assert clean.isfinite().all()


@merged("cls", CLASSES, ids=name_of)
def test_update_is_pure(cls):
    rng = np.random.default_rng(5)
    flags = {field.name: False for field in dataclasses.fields(cls) if isinstance(field.default, bool)}
    optimizer = draw(cls, flags, False, rng)
    p, g = starts(2, 3, rng), starts(2, 3, rng)
    state = optimizer.init(p)
    before = [tensor.clone() for tensor in (p, g, *state)]
    results = [optimizer.update(p, g, state, optimizer.coef(1)) for _ in range(2)]
    assert all(torch.equal(context, then) for context, then in zip((p, g, *state), before, strict=True))
    assert torch.equal(results[0][0], results[1][0])


@merged("cls", CLASSES, ids=name_of)
def test_coefs_depend_on_the_step_only(cls):
    in_order, optimizer = [cls().coef(t) for t in range(1, 30)], cls()
    assert [optimizer.coef(t) for t in (29, 3, 3, 17, 1)] == [in_order[t - 1] for t in (29, 3, 3, 17, 1)]
    assert all(type(scalar) is float for scalars in in_order for scalar in scalars)


@merged(("cls", "flags", "bare"), VARIANTS, ids=name_of)
def test_coefs_of_a_batch_match_those_of_each_optimizer(cls, flags, bare):
    rng = np.random.default_rng(10)
    candidates = [draw(cls, flags, bare, rng) for _ in range(60)]
    for t in (1, 2, 3, 10, 57, 1000):
        for place, column in enumerate(stack_hyperparameters(candidates).coef(t)):
            single = [optimizer.coef(t)[place] for optimizer in candidates]
            assert (column.tolist() if isinstance(column, np.ndarray) else [column] * 60) == single


def test_overflowing_powers_are_infinite():
    steep = optimizers.ASGD(lr=1.0, lambd=10.0, alpha=1e4)
    x = torch.ones(1, 2, dtype=torch.float64)
    both = by_optimizers(valley(1), [steep, optimizers.ASGD(lr=1e-3, lambd=10.0, alpha=1e4)], x, 5)
    assert steep.coef(3) == (0.0, 1.0, 1.0)
    assert torch.equal(both[:, :, :1], by_optimizers(valley(1), [steep], x[:, :1], 5))
    assert both.isfinite().all()


# ---------------------------------------------------------------- ranges of settings


@merged(("cls", "name"), [(cls, field.name) for cls in CLASSES for field in numbers(cls)], ids=name_of)
def test_setting_must_be_a_finite_number(cls, name):
    for bad in (math.nan, math.inf, -math.inf, True, "0.1", None, [0.1], (0.1, 0.2), 1j, 10**400):
        with pytest.raises(InputError) as caught:
            cls(**{name: bad})
        said = str(caught.value)
        assert re.match(rf"{cls.__name__}: {name} must be (one number|finite|[<>]=?)", said), (bad, said)
        assert "\n" not in said, bad


UNCHECKED = {(optimizers.SGD, "dampening"), (optimizers.ASGD, "t0")}
"""Settings that torch accepts with any sign."""


@merged(("cls", "name"), [(cls, field.name) for cls in CLASSES for field in numbers(cls)], ids=name_of)
def test_negative_setting_is_rejected_where_torch_rejects_it(cls, name):
    if (cls, name) in UNCHECKED:
        assert getattr(cls(**{name: -1}), name) == -1.0
    else:
        with pytest.raises(InputError, match=rf"{name} must be >=? [01].*, got -0.5"):
            cls(**{name: -0.5})


@merged(
    ("cls", "name", "allowed", "refused"),
    [
        *[
            (cls, name, (0.0, 0.5, 0.999), (1.0, 1.5))
            for cls in CLASSES
            for name in ("beta1", "beta2")
            if hasattr(cls, name)
        ],
        (optimizers.Adadelta, "rho", (0.0, 1.0), (1.01,)),
        (optimizers.RMSprop, "alpha", (0.0, 1.0, 1.5), ()),
        (optimizers.Rprop, "etaminus", (0.01, 0.99), (0.0, 1.0)),
        (optimizers.Rprop, "etaplus", (1.01, 3.0), (1.0, 0.9)),
        *[(cls, "lr", (0.0, 1, 1e9), ()) for cls in CLASSES],
    ],
    ids=name_of,
)
def test_range_boundaries(cls, name, allowed, refused):
    for value in allowed:
        assert getattr(cls(**{name: value}), name) == value
    for value in refused:
        with pytest.raises(InputError, match=f"{name} must be .*, got {value}"):
            cls(**{name: value})


@pytest.mark.parametrize("bad", [1, 0.0, "True", None])
@merged(("cls", "flag"), [(cls, flag) for cls, flags, _ in VARIANTS[::2] for flag in flags], ids=name_of)
def test_flag_must_be_true_or_false(cls, flag, bad):
    with pytest.raises(InputError, match=f"^{cls.__name__}: {flag} must be True or False, got "):
        cls(**{flag: bad})


@pytest.mark.parametrize("extra", [{}, {"momentum": 0.9, "dampening": 0.1}])
def test_nesterov_requires_momentum_without_dampening(extra):
    with pytest.raises(InputError, match="SGD: nesterov requires momentum > 0 and dampening 0, got momentum="):
        optimizers.SGD(nesterov=True, **extra)


def test_rprop_step_sizes_must_be_ordered():
    with pytest.raises(InputError, match=r"Rprop: step_min must be <= step_max, got step_min=2.0 and step_max=1.0"):
        optimizers.Rprop(step_min=2, step_max=1)


@pytest.mark.parametrize("value", [torch.tensor(0.25), torch.tensor([0.25]), np.float32(0.25), np.array([0.25])])
def test_setting_may_be_a_torch_or_numpy_scalar(value):
    optimizer = optimizers.Adam(lr=value)
    assert type(optimizer.lr) is float
    assert optimizer == optimizers.Adam(lr=0.25)


@pytest.mark.parametrize("value", [torch.tensor([0.1, 0.2]), np.array([0.1, 0.2]), torch.tensor(True), np.str_("0.1")])
def test_several_numbers_are_rejected(value):
    with pytest.raises(
        InputError, match=r"Adam: lr must be one number, got .*; to compare several values, pass one optimizer each"
    ):
        optimizers.Adam(lr=value)


def test_unknown_setting_suggests_similar_ones():
    with pytest.raises(InputError, match=r"unknown setting of Adam 'weight_deca'\. Did you mean weight_decay"):
        optimizers.Adam(weight_deca=0.1)


# ---------------------------------------------------------------- labels


@pytest.mark.parametrize(
    ("optimizer", "label"),
    [
        (optimizers.SGD(), "SGD"),
        (optimizers.SGD(momentum=0.9), "Momentum"),
        (optimizers.SGD(momentum=0.9, nesterov=True), "Nesterov"),
        (optimizers.Adam(), "Adam"),
        (optimizers.Adam(amsgrad=True), "AMSGrad"),
        (optimizers.AdamW(), "AdamW"),
        (optimizers.AdamW(amsgrad=True), "AdamW AMSGrad"),
        (optimizers.RMSprop(), "RMSprop"),
        (optimizers.RMSprop(centered=True), "RMSprop centered"),
        (optimizers.RMSprop(momentum=0.9), "RMSprop momentum"),
        (optimizers.NAdam(), "NAdam"),
        (optimizers.NAdam(decoupled_weight_decay=True), "NAdamW"),
        (optimizers.RAdam(decoupled_weight_decay=True), "RAdamW"),
        (optimizers.Lion(), "Lion"),
    ],
)
def test_labels(optimizer, label):
    assert optimizer.label == label


# ---------------------------------------------------------------- custom optimizers


@dataclasses.dataclass(frozen=True)
class Tempered(FirstOrder):
    """Gradient descent with a decaying step."""

    lr: float = 0.1
    cooling: float = 0.5

    def coef(self, t):
        return (self.lr / (1 + self.cooling * t),)

    def update(self, p, g, s, c):
        return p - c[0] * g, ()


def test_custom_optimizer_needs_one_class():
    candidates = [Tempered(lr=0.001), Tempered(lr=0.002), Tempered(lr=0.002, cooling=0.1)]
    x = starts(2, 3, np.random.default_rng(6))
    path = by_optimizers(valley(2), candidates, x, 1)
    _, gradient = valley(2)(x.T), torch.func.grad(lambda p: valley(2).evaluate(p).sum())(x)
    rates = torch.tensor([0.001 / 1.5, 0.002 / 1.5, 0.002 / 1.1], dtype=torch.float64)
    assert torch.equal(path[0], x - rates * gradient)


def test_optimizer_without_update_raises():
    with pytest.raises(NotImplementedError):
        by_optimizers(valley(2), [FirstOrder()], starts(2, 1, np.random.default_rng(7)), 1)
    with pytest.raises(NotImplementedError):
        Optimizer.stepper([Optimizer()], torch.zeros(2, 1), RunSetup.default(1))
