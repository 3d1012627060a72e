"""Torch wraps any torch.optim.Optimizer, however it treats its parameter, and reports what fails."""

from __future__ import annotations

import dataclasses
import math
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from reference import (
    SPACES,
    PlainLion,
    by_optimizers,
    class_in_torch,
    context_at,
    default_dtype,
    draw,
    egg_box,
    in_torch,
    starts,
    stepper_of,
    valley,
)

from landscapes import optimizers
from landscapes.errors import InputError
from landscapes.optimizers import Optimizer, Torch
from landscapes.oracle import Oracle, value_and_gradient


class Base(torch.optim.Optimizer):
    """A third-party torch optimizer; subclasses implement `move`."""

    def __init__(self, params: Any, lr: float = 0.01, **more: Any) -> None:
        super().__init__(params, {"lr": lr, **more})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                self.move(p, group)

    def move(self, p: torch.Tensor, group: dict[str, Any]) -> None:
        p.sub_(group["lr"] * p.grad)


class Normalised(Base):
    """Steps of constant length, which couples the coordinates."""

    def move(self, p, group):
        p.sub_(group["lr"] * p.grad / p.grad.norm())


class InPlace(Base):
    """Modifies its gradient in place, and its parameter through `.data`."""

    def move(self, p, group):
        p.grad.mul_(2).clamp_(-1, 1)
        p.data.add_(p.grad, alpha=-group["lr"])


class DefaultPrecision(Base):
    """Stores momentum in torch's default dtype, as users' code often does."""

    def move(self, p, group):
        m = self.state[p].setdefault("m", torch.zeros(p.shape))
        self.state[p]["m"] = torch.lerp(m, p.grad, 0.5)
        p.sub_(group["lr"] * self.state[p]["m"])


class Noisy(Base):
    """Draws from its own generator."""

    def move(self, p, group):
        p.sub_(group["lr"] * (p.grad + torch.randn(p.shape, generator=group["generator"])))


class Sharpness(Base):
    """Evaluates the gradient uphill first (Foret et al., 2021), so it requires a closure."""

    def step(self, closure: Any = None) -> None:
        assert closure is not None
        (p,) = self.param_groups[0]["params"]
        with torch.no_grad():
            up = 0.05 * p.grad / p.grad.norm()
            p.add_(up)
        closure()
        with torch.no_grad():
            p.sub_(up).sub_(self.param_groups[0]["lr"] * p.grad)


class NoRate(torch.optim.Optimizer):
    """Has no learning rate."""

    def __init__(self, params: Any, pull: float = 0.01) -> None:
        super().__init__(params, {"pull": pull})

    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.data.sub_(group["pull"] * p.grad.sign())


class FixedRate(torch.optim.Optimizer):
    """Has a learning rate that is not an argument."""

    def __init__(self, params: Any) -> None:
        super().__init__(params, {"lr": 0.01})

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.data.sub_(group["lr"] * p.grad)


class Broken(Base):
    def move(self, p, group):
        raise RuntimeError("no idea\nwhat to do")


class BreaksLater(Base):
    def move(self, p, group):
        super().move(p, group)
        self.state[p]["n"] = self.state[p].get("n", 0) + 1
        if self.state[p]["n"] == 3:
            raise ZeroDivisionError("division by zero")


NEW = [getattr(torch.optim, name) for name in ("Adafactor", "Muon") if hasattr(torch.optim, name)]
"""Optimizers that torch 2.4 lacks."""

THIRD_PARTY = (Normalised, InPlace, DefaultPrecision, NoRate, FixedRate, PlainLion, *NEW[:1])


def plain_loop(objective, optimizer, p, steps):
    """Return the points of a plain training loop."""
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        objective.evaluate(p).backward()
        optimizer.step()
        path.append(p.detach().clone())
    return torch.stack(path)


# ---------------------------------------------------------------- correct for every class


@pytest.mark.parametrize("flag", [False, True])
@pytest.mark.parametrize("cls", SPACES)
@pytest.mark.thin(4)
def test_torch_class_matches_the_native_optimizer(cls, flag):
    rng = np.random.default_rng(1)
    flags = {field.name: flag for field in dataclasses.fields(cls) if isinstance(field.default, bool)}
    own = [draw(cls, flags, False, rng) for _ in range(3)]
    foreign = [Torch(class_in_torch(optimizer), **in_torch(optimizer)) for optimizer in own]
    assert [optimizer.lr for optimizer in foreign] == [optimizer.lr for optimizer in own]
    for objective in (valley, egg_box):
        x = starts(2, 3, rng)
        assert torch.equal(by_optimizers(objective(2), own, x, 15), by_optimizers(objective(2), foreign, x, 15))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("optimizer", THIRD_PARTY)
@pytest.mark.thin(2)
def test_each_run_matches_a_plain_loop(optimizer, dtype):
    x = starts(2, 4, np.random.default_rng(2), dtype)
    path = by_optimizers(egg_box(2), [Torch(optimizer)] * 4, x, 15)
    assert path.isfinite().all()
    assert path.dtype == dtype
    for run in range(4):
        with default_dtype(dtype):
            p = x[:, run].clone().requires_grad_()
            assert torch.equal(path[:, :, run], plain_loop(egg_box(2), optimizer([p]), p, 15))


@pytest.mark.parametrize("dim", [1, 3])
def test_other_dimensions(dim):
    x = starts(dim, 2, np.random.default_rng(3))
    own = by_optimizers(valley(dim), [optimizers.SGD(lr=1e-3)] * 2, x, 10)
    assert torch.equal(by_optimizers(valley(dim), [Torch(torch.optim.SGD, lr=1e-3)] * 2, x, 10), own)
    assert by_optimizers(valley(dim), [Torch(InPlace)] * 2, x, 10).isfinite().all()


def test_gradient_passed_to_a_step_is_not_modified():
    for dim in (1, 2):
        x, gradient = torch.ones(dim, 3), torch.full((dim, 3), 5.0)
        stepper_of([Torch(InPlace)] * 3, x).step(context_at(1, x, gradient, Oracle(valley(dim), 3)))
        assert torch.equal(gradient, torch.full((dim, 3), 5.0))
        assert torch.equal(x, torch.ones(dim, 3))


def test_step_starts_at_the_given_point():
    x = torch.zeros(2, 1)
    stepper = stepper_of([Torch(torch.optim.SGD, lr=1.0)], x)
    for start in (torch.zeros(2, 1), torch.tensor([[5.0], [7.0]])):
        moved = stepper.step(context_at(1, start, torch.tensor([[1.0], [2.0]]), Oracle(valley(2))))
        assert torch.equal(moved, start - torch.tensor([[1.0], [2.0]]))
        assert not moved.requires_grad


def test_settings_may_differ_between_runs():
    x = torch.zeros(1, 3)
    candidates = [Torch(torch.optim.SGD, lr=lr) for lr in (0.5, 1.0, 2.0)]
    assert len({optimizer.batch_key for optimizer in candidates}) == 1
    moved = stepper_of(candidates, x).step(context_at(1, x, torch.ones(1, 3), Oracle(valley(1), 3)))
    assert moved.tolist() == [[-0.5, -1.0, -2.0]]


def test_runs_do_not_share_settings_objects():
    noisy = Torch(Noisy, generator=torch.Generator().manual_seed(0))
    x = starts(2, 1, np.random.default_rng(4)).repeat(1, 3)
    path = by_optimizers(valley(2), [noisy] * 3, x, 5)
    assert torch.equal(path[:, :, 0], path[:, :, 1])
    assert torch.equal(by_optimizers(valley(2), [noisy], x[:, :1], 5)[:, :, 0], path[:, :, 2])


def test_creation_preserves_torchs_global_state():
    torch.manual_seed(0)
    before = torch.get_rng_state(), torch.get_default_dtype()
    for optimizer in (Noisy, torch.optim.LBFGS, Normalised):
        Torch(optimizer, **({"generator": None} if optimizer is Noisy else {}))
    with pytest.raises(InputError):
        Torch(Broken)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.get_default_dtype() is before[1]


# ---------------------------------------------------------------- closures


def test_lbfgs_converges_and_matches_a_plain_loop():
    settings = {"lr": 1.0, "line_search_fn": "strong_wolfe", "tolerance_change": 1e-14}
    x = starts(2, 5, np.random.default_rng(5))
    optimizer = Torch(torch.optim.LBFGS, **settings)
    path = by_optimizers(valley(2), [optimizer] * 5, x, 10)
    assert torch.allclose(path[-1], torch.ones(2, 5, dtype=torch.float64), atol=1e-6)
    for run in range(5):
        p = x[:, run].clone().requires_grad_()
        optimizer = torch.optim.LBFGS([p], **settings)

        def closure(p=p, optimizer=optimizer):
            optimizer.zero_grad()
            value = valley(2).evaluate(p)
            value.backward()
            return value

        for point in path[:, :, run]:
            optimizer.step(closure)
            assert torch.equal(p.detach(), point)


def test_closures_are_counted_per_run():
    x, oracle = starts(2, 2, np.random.default_rng(6)), Oracle(valley(2), 2)
    patient = Torch(torch.optim.LBFGS, lr=1e-3, max_iter=2)
    stepper = stepper_of([patient, dataclasses.replace(patient, settings={"max_iter": 5})], x)
    gradient = value_and_gradient(valley(2), x)[1]
    moved = stepper.step(context_at(1, x, gradient, oracle))
    assert oracle.counts.tolist() == [[0, 0], [2, 5], [0, 0], [0, 0]]
    stepper.step(context_at(2, moved, gradient, oracle))
    assert oracle.counts.tolist() == [[0, 0], [4, 10], [0, 0], [0, 0]]


def test_closure_is_passed_only_if_required():
    assert Torch(torch.optim.SGD).step_requirement == "gradient"
    assert Torch(NoRate).step_requirement == "gradient"
    assert Torch(torch.optim.LBFGS).step_requirement == "closure"
    optimizer = Torch(Sharpness, lr=1e-3)
    assert optimizer.step_requirement == "closure"
    x, objective = torch.tensor([[-1.0], [0.5]], dtype=torch.float64), valley(2)
    path = by_optimizers(objective, [optimizer], x, 1)
    _, gradient = value_and_gradient(objective, x)
    _, uphill = value_and_gradient(objective, x + 0.05 * gradient / gradient.norm())
    assert torch.allclose(path[0], x - 1e-3 * uphill, rtol=0, atol=1e-14)


# ---------------------------------------------------------------- an optimizer like any other


def test_torch_is_an_optimizer():
    optimizer = Torch(Normalised, lr=0.05)
    assert isinstance(optimizer, Optimizer)
    assert (optimizer.label, optimizer.lr, optimizer.spec) == ("Normalised", 0.05, "Torch(Normalised, lr=0.05)")
    assert Torch(Normalised, label="mine").label == "mine"
    assert Torch(Normalised, "mine").label == "mine"
    with pytest.raises(dataclasses.FrozenInstanceError):
        optimizer.lr = 1.0


def test_equal_settings_give_equal_optimizers():
    assert Torch(Normalised, lr=0.05) == Torch(Normalised, lr=0.05)
    assert Torch(torch.optim.Adam) == Torch(torch.optim.Adam, lr=1e-3)
    assert Torch(PlainLion, weight_decay=0, betas=(0.9, 0.99)) == Torch(PlainLion, betas=(0.9, 0.99), weight_decay=0)
    several = [
        Torch(Normalised, lr=0.05),
        Torch(Normalised),
        Torch(InPlace, lr=0.05),
        Torch(PlainLion, betas=[0.9, 0.99]),
    ]
    assert len({*several, *several}) == 4
    assert pickle.loads(pickle.dumps(several)) == several


@pytest.mark.parametrize(
    ("optimizer", "lr", "spec"),
    [
        (Torch(torch.optim.Adam), 1e-3, "Torch(Adam, lr=0.001)"),
        (Torch(torch.optim.Adam, lr=torch.tensor(0.5)), 0.5, "Torch(Adam, lr=0.5)"),
        (Torch(PlainLion, betas=(0.8, 0.9)), 1e-4, "Torch(PlainLion, lr=0.0001, betas=(0.8, 0.9))"),
        (Torch(NoRate), math.nan, "Torch(NoRate)"),
        (Torch(NoRate, pull=2), math.nan, "Torch(NoRate, pull=2)"),
        (Torch(FixedRate), math.nan, "Torch(FixedRate)"),
    ],
)
def test_learning_rate_and_spec(optimizer, lr, spec):
    assert optimizer.lr == pytest.approx(lr, abs=0, rel=0, nan_ok=True)
    assert optimizer.spec == spec


@pytest.mark.parametrize(
    "optimizer", [Torch(PlainLion, "mine", lr=0.5, weight_decay=0.1), Torch(NoRate, pull=2), Torch(FixedRate)]
)
def test_replace_keeps_the_other_fields(optimizer):
    assert dataclasses.replace(optimizer) == optimizer
    assert dataclasses.replace(optimizer, label="other").hyper == optimizer.hyper
    if not math.isnan(optimizer.lr):
        assert dataclasses.replace(optimizer, lr=0.25) == Torch(PlainLion, "mine", lr=0.25, weight_decay=0.1)


def test_reserved_names_are_passed_by_settings():
    class Taken(Base):
        def __init__(self, params: Any, label: int) -> None:
            super().__init__(params, label=label)

    optimizer = Torch(Taken, settings={"label": 3})
    assert (optimizer.label, optimizer.spec) == ("Taken", "Torch(Taken, label=3)")


# ---------------------------------------------------------------- invalid input


@pytest.mark.parametrize(
    "given",
    [None, "Adam", torch.optim.Adam([torch.zeros(1, requires_grad=True)]), torch.nn.Linear, int, optimizers.Adam, len],
)
def test_only_optimizer_classes_are_accepted(given):
    with pytest.raises(
        InputError, match=r"^Torch: cls must be a subclass of torch\.optim\.Optimizer, got .*; pass the class"
    ) as caught:
        Torch(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "hyper", "message"),
    [
        (
            torch.optim.Adam,
            {"lr": -1.0},
            r"^Torch\(Adam, lr=-1\.0\) cannot be created: ValueError: Invalid learning rate: -1\.0$",
        ),
        (torch.optim.Adam, {"weight_dcay": 1}, r"^unknown setting of Adam 'weight_dcay'\. Did you mean weight_decay"),
        (NoRate, {"lr": 0.1}, r"^unknown setting of NoRate 'lr'\. Known: pull$"),
        *[(muon, {}, r"^Torch\(Muon\) cannot be created: ValueError: Muon only supports 2D") for muon in NEW[1:]],
        (Base, {"lr": math.nan}, r"^Base: lr must be finite, got nan$"),
        (Base, {"lr": "fast"}, r"^Base: lr must be one number, got 'fast'"),
        (Base, {"label": 3}, r"^Torch: label must be a string, got 3$"),
        (Broken, {}, r"^Torch\(Broken, lr=0\.01\) failed in its step: RuntimeError: no idea what to do$"),
        (
            torch.optim.Optimizer,
            {},
            r"^Optimizer requires defaults; pass it, as in optimizers\.Torch\(Optimizer, defaults=\.\.\.\)$",
        ),
    ],
)
def test_rejected_settings_raise_on_creation(given, hyper, message):
    with pytest.raises(InputError, match=message) as caught:
        Torch(given, **hyper)
    assert "\n" not in str(caught.value)


def test_late_failure_names_the_optimizer():
    stepper, x = stepper_of([Torch(BreaksLater)], torch.zeros(2, 1)), torch.zeros(2, 1)
    for t in range(1, 5):
        x = stepper.step(context_at(t, x, torch.ones(2, 1), Oracle(valley(2))))
    assert stepper.failures()[0].startswith(
        "Torch(BreaksLater, lr=0.01) failed in its step: ZeroDivisionError: division by"
    )
    assert torch.allclose(x, torch.full((2, 1), -0.02))
    assert torch.get_default_dtype() is torch.float32
