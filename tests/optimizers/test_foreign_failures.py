"""Third-party optimizers with unusual habits race as others do, and one that raises does not end the race."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import landscapes
from landscapes.errors import InputError
from landscapes.optimizers import Clip, Torch


class Base(torch.optim.Optimizer):
    def __init__(self, params, lr=0.01, last=10**9):
        super().__init__(params, {"lr": lr, "last": last})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                self.move(p, group)

    def move(self, p, group):
        p.sub_(group["lr"] * p.grad)


class Detaches(Base):
    """Detaches its gradient in place, as torch's own zero_grad does."""

    def move(self, p, group):
        p.grad.detach_()
        super().move(p, group)
        self.zero_grad(set_to_none=False)


class Train(Base):
    """Has a method train that is no training mode."""

    def train(self, network, epochs):
        raise RuntimeError("called")


class Wrapping(torch.optim.Optimizer):
    """Wraps an optimizer under another name of the argument, as timm's Lookahead does."""

    def __init__(self, base_optimizer, alpha=1.0):
        self.base_optimizer, self.alpha = base_optimizer, alpha
        self.param_groups, self.defaults, self.state = base_optimizer.param_groups, base_optimizer.defaults, {}

    def step(self, closure=None):
        self.base_optimizer.step(closure)


class DifferentiatesLoss(Base):
    """Differentiates the loss of its closure itself, as torchmin's Minimizer does."""

    def step(self, closure):
        (p,) = self.param_groups[0]["params"]
        (p.grad,) = torch.autograd.grad(torch.enable_grad()(closure)(), [p])
        super().step()


class CallsBackward(Base):
    """Calls backward on the loss of its closure, and sets gradients to zero before, or after, or never."""

    zero_before = zero_after = False

    def step(self, closure):
        if self.zero_before:
            self.zero_grad()
        loss = closure()
        if self.zero_after:
            self.zero_grad(set_to_none=False)
        loss.backward()
        super().step()


class ZeroesBefore(CallsBackward):
    zero_before = True


class ZeroesAfter(CallsBackward):
    zero_after = True


class SecondDerivatives(Base):
    """Newton's method by derivatives of the loss of its closure."""

    def step(self, closure):
        (p,) = self.param_groups[0]["params"]
        (g,) = torch.autograd.grad(closure(), [p], create_graph=True)
        hessian = torch.stack([torch.autograd.grad(component, p, retain_graph=True)[0] for component in g])
        with torch.no_grad():
            p.sub_(torch.linalg.solve(hessian, g))


class Raises(Base):
    """Raises after some steps."""

    def move(self, p, group):
        super().move(p, group)
        state = self.state[p]
        state["n"] = state.get("n", 0) + 1
        if state["n"] > group["last"]:
            raise ZeroDivisionError("division by zero")


@pytest.mark.parametrize(
    "own",
    [
        *(
            Torch(cls, lr=0.01)
            for cls in (Detaches, Train, DifferentiatesLoss, CallsBackward, ZeroesBefore, ZeroesAfter)
        ),
        Torch(Wrapping, base_optimizer=Torch(torch.optim.SGD, lr=0.01)),
    ],
    ids=lambda own: own.label,
)
@pytest.mark.parametrize("wrap", [lambda own: own, lambda own: Clip(own, norm=1e9)])
def test_unusual_classes_equal_gradient_descent(own, wrap):
    x = landscapes.race("booth", [wrap(own), "sgd(lr=0.01)"], steps=5).trajectories.x
    assert np.allclose(x[0], x[1], rtol=1e-14)


def test_a_closures_loss_has_second_derivatives():
    runs = landscapes.race("booth", [Torch(SecondDerivatives, lr=1.0)], steps=1).trajectories
    assert np.allclose(runs.x[0, -1], [1, 3])
    assert (runs.runs["n_gradients"].item(), runs.runs["n_hvps"].item()) == (2, 2)


class ScheduleFree(torch.optim.Optimizer):
    """Schedule-free SGD: the parameter is y while training and the average x for evaluation."""

    def __init__(self, params, lr=0.02, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum, "k": 0, "training": False})

    def eval(self):
        self.switch(False, lambda momentum: 1 - 1 / momentum)

    def train(self):
        self.switch(True, lambda momentum: 1 - momentum)

    @torch.no_grad()
    def switch(self, training, weight):
        for group in self.param_groups:
            for p in group["params"]:
                if group["training"] != training and "z" in self.state[p]:
                    p.lerp_(self.state[p]["z"], weight(group["momentum"]))
            group["training"] = training

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            assert group["training"]
            group["k"] += 1
            for p in group["params"]:
                z, share = self.state[p].setdefault("z", p.clone()), 1 / group["k"]
                p.lerp_(z, share).add_(p.grad, alpha=group["lr"] * (group["momentum"] * (1 - share) - 1))
                z.sub_(p.grad, alpha=group["lr"])


@pytest.mark.parametrize("wrap", [lambda own: own, lambda own: Clip(own, norm=1e9)])
def test_a_class_with_modes_shows_the_point_of_its_evaluation_mode(wrap):
    record = landscapes.race("booth", [wrap(Torch(ScheduleFree, lr=0.02)), "schedule_free_sgd(lr=0.02)"], steps=30)
    x = record.trajectories.x
    assert np.allclose(x[0], x[1], rtol=1e-12)
    assert record.trajectories.runs["n_gradients"].tolist() == [30, 30]
    p = torch.tensor(x[0, 0], requires_grad=True)
    optimizer = ScheduleFree([p], lr=0.02)
    optimizer.train()
    for expected in x[0, 1:]:
        p.grad = None
        landscapes.functions.get("booth").evaluate(p).backward()
        optimizer.step()
        training = p.detach().clone()
        optimizer.eval()
        assert np.array_equal(p.detach(), expected)
        optimizer.train()
        p.data.copy_(training)


@pytest.mark.parametrize("number", [1, 3, 40])
@pytest.mark.filterwarnings("ignore:.*is marked as failed")
def test_runs_that_raise_are_marked_and_others_go_on(number):
    failing = [Torch(Raises, lr=0.001 * (i + 1), last=5 if i % 2 == 0 else 10**9) for i in range(number)]
    alone = landscapes.race("booth", ["sgd(lr=0.01)"], steps=9).trajectories
    record = landscapes.race("booth", [*failing, "sgd(lr=0.01)"], steps=9)
    runs, x = record.trajectories.runs, record.trajectories.x
    assert np.array_equal(x[-1], alone.x[0])
    assert runs["status"].tolist()[:-1] == ["failed" if i % 2 == 0 else "max_steps" for i in range(number)]
    failed = runs["status"] == "failed"
    assert runs["stopped"][failed].tolist() == [6] * int(failed.sum())
    assert all("ZeroDivisionError: division by zero" in error for error in runs["error"][failed])
    assert (x[failed][:, 5:] == x[failed][:, 5:6]).all()
    assert (np.diff(x[~failed], axis=1) != 0).all()
    assert "raised an error at step 6" in landscapes.render.caption(record) or number == 40


def test_a_failed_run_warns():
    with pytest.warns(UserWarning, match=r"^Raises is marked as failed: Torch\(Raises, .*\) failed in its step: Zero"):
        landscapes.race("booth", [Torch(Raises, lr=0.001, last=2), "sgd(lr=0.01)"], steps=5)


@pytest.mark.parametrize("number", [1, 8])
def test_a_race_in_which_all_raise_raises(number):
    with pytest.raises(InputError, match=r"^Torch\(Raises, .*\) failed in its step: ZeroDivisionError: division"):
        landscapes.race("booth", [Torch(Raises, lr=0.001 * (i + 1), last=2) for i in range(number)], steps=5)
