"""Many runs of a third-party torch optimizer in one object reproduce single runs bitwise."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peers import always_vectorize, can_share
from reference import PlainLion, by_optimizers, context_at, default_dtype, egg_box, starts, stepper_of, valley
from thinned import diagonal
from torch import optim

import landscapes
from landscapes import optimizers
from landscapes.engine import loop
from landscapes.errors import InputError
from landscapes.optimizers import Torch
from landscapes.optimizers.adapters.batched_tensor import BatchedTensor, PerRunNumber, unwrap_tensor
from landscapes.optimizers.adapters.per_run import PerRunLoop
from landscapes.optimizers.adapters.per_run_arithmetic import RunsDisagreeError
from landscapes.optimizers.adapters.vectorization_probe import vectorization_report
from landscapes.optimizers.adapters.vectorized import Vectorized
from landscapes.optimizers.stepper import RunSetup
from landscapes.oracle import Oracle, value_and_gradient


class Base(torch.optim.Optimizer):
    """A third-party torch optimizer."""

    def __init__(self, params: Any, lr: float = 0.01, **more: Any) -> None:
        super().__init__(params, {"lr": lr, **more})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                self.move(p, group, self.state[p])


class Normalised(Base):
    """Couples the coordinates of a run, and branches on the norm."""

    def move(self, p, group, state):
        norm = p.grad.norm()
        if norm > 0.5:
            p.add_(p.grad / norm, alpha=-group["lr"])
        else:
            p.add_(p.grad, alpha=-group["lr"])


class Clamped(Base):
    """Uses Python's max and min of numbers that differ between runs."""

    def move(self, p, group, state):
        size = max(0.1, min(1.0, p.grad.norm().item()))
        state["size"] = 0.5 * state.get("size", 0.0) + size
        p.sub_(p.grad, alpha=group["lr"] * state["size"])


class Flattening(Base):
    """Uses views, products and a state created from a shape."""

    def move(self, p, group, state):
        m = state.setdefault("m", torch.zeros(p.shape))
        m.mul_(0.5).add_(p.grad.view(-1))
        p.sub_(group["lr"] * (m @ m).sqrt() * m.reshape(p.shape))


class Own(Base):
    """Stores settings as attributes on construction."""

    def __init__(self, params: Any, lr: float = 0.01, decays: dict[str, float] | None = None) -> None:
        super().__init__(params, lr)
        self.kept = 1 - (decays or {"slow": 0.9})["slow"]
        self.count = 0

    def move(self, p, group, state):
        self.count += 1
        m = state.setdefault("exp_avg", torch.zeros_like(p))
        m.lerp_(p.grad, self.kept)
        p.data.add_(m / (1 - (1 - self.kept) ** self.count), alpha=-group["lr"])


class Counting(Base):
    """Requires Python floats."""

    def move(self, p, group, state):
        p.sub_(p.grad, alpha=float(np.float64(group["lr"]).hex() and float(group["lr"])))


class Shaky(Base):
    """Draws from three global generators."""

    def move(self, p, group, state):
        p.sub_(group["lr"] * (p.grad + torch.randn_like(p) + random.random() + np.random.rand()))  # noqa: NPY002


class Loud(Base):
    def move(self, p, group, state):
        print("step")
        warnings.warn("a step", stacklevel=1)
        super_random = torch.rand(())
        p.sub_(group["lr"] * p.grad + 0 * super_random)


class Spreading(Base):
    """Reads its gradient through numpy, so runs cannot share an object."""

    def move(self, p, group, state):
        p.sub_(group["lr"] * torch.from_numpy(p.grad.detach().numpy()))


def run_separately(objective, candidates, x, steps):
    """Return the points of each run in its own batch."""
    return torch.cat(
        [by_optimizers(objective, [optimizer], x[:, [i]], steps) for i, optimizer in enumerate(candidates)], 2
    )


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.equal(a.nan_to_num(123.0), b.nan_to_num(123.0)) and torch.equal(a.isnan(), b.isnan())


def pieces(candidates, x):
    return [(type(piece).__name__, len(piece.runs)) for piece in stepper_of(candidates, x).parts]


pytestmark = pytest.mark.skipif(not can_share(), reason="torch 2.4 cannot watch subclasses")


@pytest.fixture(autouse=True)
def vectorize_all(monkeypatch):
    always_vectorize(monkeypatch)


GRIDS: dict[str, Any] = {
    "SGD": lambda i: Torch(optim.SGD, lr=1e-3 * (1 + i), momentum=0.8 + 0.01 * i, nesterov=True),
    "decay": lambda i: Torch(optim.SGD, lr=1e-3 * (1 + i), weight_decay=0.01 * (i + 1), momentum=0.5, dampening=0.1),
    "Adam": lambda i: Torch(
        optim.Adam, lr=0.01 * (1 + i), betas=(0.5 + 0.03 * i, 0.9 + 0.007 * i), eps=10.0 ** -(3 + i)
    ),
    "AMSGrad": lambda i: Torch(optim.Adam, lr=0.01 * (1 + i), amsgrad=True, weight_decay=0.1 * (i + 1), maximize=True),
    "AdamW": lambda i: Torch(optim.AdamW, lr=0.01 * (1 + i), weight_decay=0.1 * (i + 1)),
    "foreach": lambda i: Torch(optim.Adam, lr=0.01 * (1 + i), foreach=True),
    "RMSprop": lambda i: Torch(optim.RMSprop, lr=0.01 * (1 + i), alpha=0.7 + 0.02 * i, momentum=0.5, centered=True),
    "Adagrad": lambda i: Torch(optim.Adagrad, lr=0.1 * (1 + i), lr_decay=0.01 * (i + 1)),
    "Adadelta": lambda i: Torch(optim.Adadelta, lr=0.5, rho=0.5 + 0.04 * i),
    "Adamax": lambda i: Torch(optim.Adamax, lr=0.01 * (1 + i)),
    "NAdam": lambda i: Torch(optim.NAdam, lr=0.01 * (1 + i), betas=(0.9, 0.9 + 0.007 * i)),
    "RAdam": lambda i: Torch(optim.RAdam, lr=0.01 * (1 + i), betas=(0.9, 0.9 + 0.007 * i)),
    "ASGD": lambda i: Torch(optim.ASGD, lr=1e-3 * (1 + i), t0=3.0),
    "Rprop": lambda i: Torch(optim.Rprop, lr=0.01 * (1 + i), etas=(0.5, 1.1 + 0.02 * i)),
    "Adafactor": lambda i: Torch(optim.Adafactor, lr=0.01 * (1 + i)),
    "SparseAdam": lambda i: Torch(optim.SparseAdam, lr=0.01 * (1 + i)),
    "Muon": lambda i: Torch(optim.Muon, lr=0.01 * (1 + i), shape=(1, 2)),
    "LBFGS": lambda i: Torch(optim.LBFGS, lr=0.1 * (1 + i), max_iter=2),
    "Lion": lambda i: Torch(PlainLion, lr=0.01 * (1 + i), betas=(0.5 + 0.03 * i, 0.9)),
    "Normalised": lambda i: Torch(Normalised, lr=0.01 * (1 + i)),
    "Clamped": lambda i: Torch(Clamped, lr=0.01 * (1 + i)),
    "Flattening": lambda i: Torch(Flattening, lr=0.01 * (1 + i)),
    "Own": lambda i: Torch(Own, lr=0.01 * (1 + i), decays={"slow": 0.5 + 0.04 * i}),
    "Counting": lambda i: Torch(Counting, lr=0.01 * (1 + i)),
    "Spreading": lambda i: Torch(Spreading, lr=0.01 * (1 + i)),
    "mixed": lambda i: Torch([optim.SGD, optim.Adam][i % 2], lr=0.01, **({"amsgrad": i % 4 == 1} if i % 2 else {})),
}
SHARED = (
    "SGD",
    "decay",
    "Adam",
    "AMSGrad",
    "AdamW",
    "foreach",
    "RMSprop",
    "Adagrad",
    "Adadelta",
    "Adamax",
    "NAdam",
    "RAdam",
    "ASGD",
    "Rprop",
    "Lion",
    "Normalised",
    "Flattening",
    "Own",
)


@pytest.mark.parametrize(
    ("name", "case"),
    diagonal(GRIDS, [(valley, torch.float64), (egg_box, torch.float64), (egg_box, torch.float32)]),
    ids=lambda part: "-".join([part[0].__name__, str(part[1])[6:]]) if isinstance(part, tuple) else part,
)
@pytest.mark.thin(4)
def test_run_in_a_batch_matches_a_single_run(name, case):
    objective, dtype = case
    candidates = [GRIDS[name](i) for i in range(7)]
    x = starts(2, len(candidates), np.random.default_rng(1), dtype)
    assert same(by_optimizers(objective(2), candidates, x, 8), run_separately(objective(2), candidates, x, 8))


@pytest.mark.parametrize("name", SHARED)
def test_varied_numbers_share_one_object(name):
    candidates = [GRIDS[name](i) for i in range(9)]
    x = starts(2, 9, np.random.default_rng(1))
    assert [kind for kind, _ in pieces(candidates, x)] == ["Vectorized"]


@pytest.mark.parametrize("name", ["Spreading", "Muon", "LBFGS", "SparseAdam"])
def test_runs_that_cannot_share_are_looped(name):
    candidates = [GRIDS[name](i) for i in range(8)]
    assert pieces(candidates, starts(2, 8, np.random.default_rng(1))) == [("PerRunLoop", 8)]


def test_settings_that_must_be_floats_split_the_runs():
    candidates = [Torch(Counting, lr=0.01 * (1 + i % 2)) for i in range(12)]
    x = starts(2, 12, np.random.default_rng(1))
    assert pieces(candidates, x) == [("Vectorized", 6), ("Vectorized", 6)]
    assert same(by_optimizers(valley(2), candidates, x, 10), run_separately(valley(2), candidates, x, 10))


def test_other_settings_split_the_runs():
    candidates = [
        Torch(optim.Adam, lr=0.01 * (1 + i), amsgrad=i % 2 == 0, weight_decay=0.0 if i < 8 else 0.1) for i in range(16)
    ]
    x = starts(2, 16, np.random.default_rng(1))
    assert sorted(pieces(candidates, x)) == [("Vectorized", 4)] * 4
    assert same(by_optimizers(valley(2), candidates, x, 10), run_separately(valley(2), candidates, x, 10))


@pytest.mark.parametrize("name", ["Adam", "Clamped", "Flattening", "Own"])
@pytest.mark.parametrize("dim", [1, 5])
@pytest.mark.thin(1)
def test_other_dimensions_match_single_runs(name, dim):
    candidates = [GRIDS[name](i) for i in range(7)]
    x = starts(dim, 7, np.random.default_rng(2))
    assert same(by_optimizers(valley(dim), candidates, x, 12), run_separately(valley(dim), candidates, x, 12))


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(12)), st.sampled_from(["Adam", "Normalised", "Clamped", "RAdam", "Own"]))
def test_results_do_not_depend_on_order_or_batch(order, name):
    candidates = [GRIDS[name](i % 9) for i in range(12)]
    x = starts(2, 12, np.random.default_rng(3))
    straight = by_optimizers(egg_box(2), candidates, x, 10)
    shuffled = by_optimizers(egg_box(2), [candidates[i] for i in order], x[:, list(order)], 10)
    assert same(straight[:, :, list(order)], shuffled)
    assert same(straight[:, :, :5], by_optimizers(egg_box(2), candidates[:5], x[:, :5], 10))


def test_disagreeing_runs_are_merged_after_the_step():
    candidates = [Torch(Clamped, lr=0.01)] * 30
    x = starts(2, 30, np.random.default_rng(4))
    shared, objective = Vectorized(candidates, x, np.arange(30)), valley(2)
    expected = by_optimizers(objective, candidates[:1] * 3, x[:, :3], 12)
    for path in expected:
        (shared,) = shared.advance(x, value_and_gradient(objective, x)[1])
        x = shared.points
        assert torch.equal(x[:, :3], path)
        assert shared.runs.tolist() == list(range(30))


def test_nonfinite_runs_do_not_affect_others():
    candidates = [Torch(Normalised, lr=0.01)] * 12
    x = starts(2, 12, np.random.default_rng(5))
    x[:, 7], x[:, 9] = torch.nan, torch.inf
    assert same(by_optimizers(valley(2), candidates, x, 20), run_separately(valley(2), candidates, x, 20))


# ---------------------------------------------------------------- probes


def test_probe_has_no_side_effects(capsys):
    def globals_() -> Any:
        return torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002

    before = globals_()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cls in (Loud, Shaky):
            optimizer = Torch(cls)
            found = vectorization_report([optimizer] * 4, frozenset(), torch.zeros(2, 4))
            assert found.reason == "draws random numbers" or "random" in found.reason
    assert globals_() == before
    assert torch.get_default_dtype() is torch.float32
    assert capsys.readouterr() == ("", "")


def test_report_gives_its_reason():
    assert vectorization_report([Torch(optim.Adam)] * 4, frozenset({("lr",)}), torch.zeros(2, 4)).paths == {("lr",)}
    assert (
        vectorization_report([Torch(Counting, lr=0.1), Torch(Counting)], frozenset({("lr",)}), torch.zeros(2, 4)).paths
        == frozenset()
    )
    assert vectorization_report([Torch(optim.LBFGS)] * 4, frozenset(), torch.zeros(2, 4)).reason == "needs a closure"


def test_random_numbers_depend_on_the_run_only():
    optimizer, x = Torch(Shaky, lr=0.01), starts(2, 6, np.random.default_rng(6))
    before = torch.get_rng_state()

    def race(order, streams, seed=0):
        box = torch.tensor([[-1e9, 1e9]] * 2)
        paths = loop.run(
            valley(2), [optimizer] * len(order), x[:, order], 8, box=box, streams=torch.tensor(streams), seed=seed
        )
        return torch.from_numpy(paths.x)

    together = race([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5])
    assert torch.equal(together[[4, 2]], race([4, 2], [4, 2]))
    same_noise = race([0, 0], [3, 3])
    assert torch.equal(same_noise[0], same_noise[1])
    assert not torch.equal(together[0], race([0], [1])[0])
    assert not torch.equal(together[0], race([0], [0], seed=1)[0])
    assert torch.equal(torch.get_rng_state(), before)


# ---------------------------------------------------------------- schedules, resets, buffers


@pytest.mark.parametrize("name", ["SGD", "Adam", "Clamped", "Counting", "LBFGS", "Own"])
@pytest.mark.thin(1)
def test_set_learning_rates_match_single_runs(name):
    candidates = [GRIDS[name](i) for i in range(8)]
    objective, x = valley(2), starts(2, 8, np.random.default_rng(7))
    stepper, each = (
        stepper_of(candidates, x),
        [stepper_of([optimizer], x[:, [i]]) for i, optimizer in enumerate(candidates)],
    )
    oracle, single = Oracle(objective, 8), Oracle(objective, 1)
    together, apart = x, list(x.split(1, 1))
    for t in range(1, 12):
        rates = (
            np.array([optimizer.lr for optimizer in candidates])
            * (0.9**t if t < 6 else 1.0)
            * (1.0 if t < 9 else np.arange(1, 9))
        )
        stepper.set_hyperparameter("lr", rates)
        together = stepper.step(context_at(t, together, value_and_gradient(objective, together)[1], oracle))
        for i, one in enumerate(each):
            one.set_hyperparameter("lr", rates[i : i + 1])
            apart[i] = one.step(context_at(t, apart[i], value_and_gradient(objective, apart[i])[1], single))
        assert torch.equal(together, torch.cat(apart, 1))
    assert torch.equal(stepper.buffers()["lr"], torch.from_numpy(rates))


def test_torch_scheduler_gives_the_same_numbers():
    optimizer, x, objective = Torch(optim.Adam, lr=0.1), starts(2, 12, np.random.default_rng(8)), valley(2)
    stepper, oracle, points = stepper_of([optimizer] * 12, x), Oracle(objective, 12), x
    p = x[:, 5].clone().requires_grad_()
    torch_optimizer = optim.Adam([p], lr=0.1)
    scheduler = optim.lr_scheduler.OneCycleLR(torch_optimizer, max_lr=0.2, total_steps=20)
    for t in range(1, 20):
        group = torch_optimizer.param_groups[0]
        stepper.set_hyperparameter("lr", np.full(12, group["lr"]))
        stepper.set_hyperparameter("beta1", np.full(12, group["betas"][0]))
        points = stepper.step(context_at(t, points, value_and_gradient(objective, points)[1], oracle))
        torch_optimizer.zero_grad()
        objective.evaluate(p).backward()
        with default_dtype(torch.float64):
            torch_optimizer.step()
        scheduler.step()
        assert torch.equal(points[:, 5], p.detach())


@pytest.mark.parametrize("name", ["Adam", "Own", "LBFGS", "NAdam"])
def test_reset_run_continues_as_a_new_one(name):
    candidates = [GRIDS[name](i) for i in range(8)]
    objective, x = valley(2), starts(2, 8, np.random.default_rng(9))
    stepper, oracle, which = stepper_of(candidates, x), Oracle(objective, 8), torch.arange(8) % 3 == 0
    untouched = by_optimizers(objective, candidates, x, 12)
    for t in range(1, 6):
        x = stepper.step(context_at(t, x, value_and_gradient(objective, x)[1], oracle))
    stepper.reset(which, x)
    afresh = by_optimizers(objective, candidates, x, 7)
    for t in range(6, 13):
        x = stepper.step(context_at(t, x, value_and_gradient(objective, x)[1], oracle))
        assert torch.equal(x[:, which], afresh[t - 6][:, which])
        assert torch.equal(x[:, ~which], untouched[t - 1][:, ~which])


def test_reset_keeps_the_set_learning_rate():
    x = torch.zeros(1, 5)
    stepper = stepper_of([Torch(optim.SGD, lr=1.0)] * 5, x)
    stepper.set_hyperparameter("lr", np.arange(5.0))
    stepper.reset(torch.arange(5) < 2, x)
    assert stepper.step(context_at(1, x, torch.ones(1, 5), Oracle(valley(1), 5))).tolist() == [
        [0.0, -1.0, -2.0, -3.0, -4.0]
    ]


@pytest.mark.parametrize("runs", [2, 12])
@pytest.mark.parametrize(
    ("cls", "more", "names"),
    [
        (optim.Adam, {}, {"momentum": "exp_avg", "second_moment": "exp_avg_sq"}),
        (optim.SGD, {"momentum": 0.9}, {"momentum": "momentum_buffer"}),
        (optim.Adagrad, {}, {"second_moment": "sum"}),
        (optim.RMSprop, {}, {"second_moment": "square_avg"}),
    ],
)
def test_buffers_have_usual_names(cls, more, names, runs):
    x, gradient = torch.zeros(2, runs), torch.arange(2.0 * runs).reshape(2, runs)
    stepper = stepper_of([Torch(cls, lr=0.1 + 0.1 * i, **more) for i in range(runs)], x)
    assert cls is optim.Adagrad or set(stepper.buffers()) == {"lr"}
    stepper.step(context_at(1, x, gradient, Oracle(valley(2), runs)))
    p = torch.zeros(2, requires_grad=True)
    torch_optimizer = cls([p], lr=0.1, **more)
    p.grad = gradient[:, 1].clone()
    torch_optimizer.step()
    for usual, own in names.items():
        assert torch.equal(stepper.buffers()[usual], stepper.buffers()[own])
        assert torch.equal(stepper.buffers()[usual][:, 1], torch_optimizer.state[p][own])
    assert stepper.buffers()["lr"].tolist() == pytest.approx([0.1 + 0.1 * i for i in range(runs)])


# ---------------------------------------------------------------- shapes, groups, wrappers, curvature


def test_matrix_parameter_matches_a_plain_loop():
    x, objective = starts(4, 6, np.random.default_rng(10)), valley(4)
    optimizer = Torch(optim.Adafactor, lr=0.05, shape=(2, 2))
    path = by_optimizers(objective, [optimizer] * 6, x, 10)
    p = x[:, 3].clone().reshape(2, 2).requires_grad_()
    with default_dtype(torch.float64):
        torch_optimizer = optim.Adafactor([p], lr=0.05)
        for point in path[:, :, 3]:
            torch_optimizer.zero_grad()
            objective.evaluate(p.reshape(-1)).backward()
            torch_optimizer.step()
            assert torch.equal(p.detach().reshape(-1), point)
    assert optimizer.spec == "Torch(Adafactor, shape=(2, 2), lr=0.05)"
    optimizer.check(valley(4))
    with pytest.raises(
        InputError,
        match=r"^Adafactor: shape=\(2, 2\) has 4 elements, but valley has 3 coordinates; pass a shape with 3 elements",
    ):
        optimizer.check(valley(3))


def test_group_options_are_passed():
    class Grouped(Base):
        def move(self, p, group, state):
            p.sub_(p.grad, alpha=group["lr"] * (2 if group["twice"] else 1))

    class Refusing(Grouped):
        def __init__(self, params: Any, lr: float = 0.01) -> None:
            super().__init__(params, lr)
            if not all("twice" in group for group in params):
                raise ValueError("`twice` must be set.")

    for cls in (Grouped, Refusing):
        with pytest.raises(InputError, match=r'group=, as in optimizers\.Torch\(\w+, group=\{"twice": True\}\)'):
            Torch(cls)
    Torch(Refusing, group={"twice": True})
    x = torch.zeros(1, 2)
    candidates = [Torch(Grouped, lr=1.0, group={"twice": twice}) for twice in (True, False)]
    assert stepper_of(candidates, x).step(context_at(1, x, torch.ones(1, 2), Oracle(valley(1), 2))).tolist() == [
        [-2.0, -1.0]
    ]
    assert candidates[0].spec == "Torch(Grouped, group={'twice': True}, lr=1.0)"


class Backwards(torch.optim.Optimizer):
    """Wraps a torch optimizer object, as Lookahead does, and steps part of the way back."""

    def __init__(self, optimizer: torch.optim.Optimizer, share: float = 0.5) -> None:
        self.optimizer, self.share = optimizer, share
        self.defaults, self.state = {"share": share}, optimizer.state

    @property
    def param_groups(self) -> Any:
        return self.optimizer.param_groups

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        (p,) = self.param_groups[0]["params"]
        before = p.clone()
        self.optimizer.step()
        p.lerp_(before, self.share)


def test_wrapped_torch_optimizer():
    candidates = [Torch(Backwards, optimizer=Torch(optim.Adam, lr=0.1), share=0.1 * (i + 1)) for i in range(12)]
    x = starts(2, 12, np.random.default_rng(11))
    assert pieces(candidates, x) == [("Vectorized", 12)]
    assert same(by_optimizers(valley(2), candidates, x, 20), run_separately(valley(2), candidates, x, 20))
    assert candidates[0].spec == "Torch(Backwards, optimizer=Torch(Adam, lr=0.1), share=0.1)"
    with pytest.raises(InputError, match=r"^Backwards wraps another optimizer; pass it as a Torch, as in"):
        Torch(Backwards)


class Curved(Base):
    """Differentiates its gradient: a Newton step along each axis."""

    def step(self, closure: Any = None) -> None:
        (p,) = self.param_groups[0]["params"]
        (curvature,) = torch.autograd.grad(p.grad.sum(), p, retain_graph=True)
        with torch.no_grad():
            p.sub_(self.param_groups[0]["lr"] * p.grad / curvature)


def test_differentiable_gradients_are_counted():
    optimizer, x, oracle = Torch(Curved, lr=1.0), torch.full((1, 3), 5.0), Oracle(valley(1), 3)
    assert optimizer.step_requirement == "graph"
    moved = stepper_of([optimizer] * 3, x).step(context_at(1, x, value_and_gradient(valley(1), x)[1], oracle))
    assert torch.allclose(moved, torch.ones(1, 3))
    assert oracle.counts.tolist() == [[0] * 3, [0] * 3, [1] * 3, [0] * 3]


def test_wrapped_optimizer_cannot_differentiate_its_gradient():
    with pytest.raises(InputError, match=r"cannot be wrapped; race it unwrapped$"):
        landscapes.race("booth", optimizers.Clip(Torch(Curved, lr=1.0), norm=1.0), steps=2)


def test_hyperparameters_to_tune():
    optimizer = Torch(optim.RMSprop, "mine", lr=0.1, alpha=0.9, centered=True)
    assert optimizer.hyperparameters() == {"lr": 0.1, "alpha": 0.9, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0}
    assert optimizer.with_hyperparameters({"alpha": 0.5}) == Torch(
        optim.RMSprop, "mine", lr=0.1, alpha=0.5, centered=True
    )
    adam = Torch(optim.Adam, lr=0.1)
    assert adam.hyperparameters() == {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}
    assert adam.with_hyperparameters({"beta1": 0.5}) == Torch(optim.Adam, lr=0.1, betas=(0.5, 0.999))
    assert adam.with_hyperparameters({"betas[1]": 0.5}) == Torch(optim.Adam, lr=0.1, betas=(0.9, 0.5))


# ---------------------------------------------------------------- numbers per run


def test_per_run_number_rounds_as_python_does():
    rng = np.random.default_rng(12)
    a, b = rng.uniform(0.1, 2, (2, 50))
    for compute in (
        lambda x, y: (1 - x**7) / (y * 3 - 0.1) + -y // 0.3,
        lambda x, y: 2**x % y - abs(x - y) * 5,
        lambda x, y: 1 / x + (x + 1) ** y,
    ):
        column = compute(PerRunNumber(a), PerRunNumber(b))
        assert column.values.tolist() == [compute(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]


def test_per_run_number_answers_for_all_runs_or_raises():
    same, mixed = PerRunNumber(np.full(3, 2.0)), PerRunNumber(np.array([1.0, 2.0, 1.0]))
    assert same > 1
    assert float(same) == 2.0
    assert int(same) == 2
    assert max(same, 3.0) == 3.0
    with pytest.raises(RunsDisagreeError) as caught:
        bool(mixed > 1)
    assert caught.value.labels.tolist() == [0, 1, 0]
    with pytest.raises(RunsDisagreeError):
        float(mixed)
    with pytest.raises(ZeroDivisionError):
        1 / (same - 2)
    with pytest.raises(RunsDisagreeError):
        1 / (mixed - 1)


def test_batched_tensor_reports_the_shape_of_one_run():
    x = torch.arange(6.0).reshape(2, 3).as_subclass(BatchedTensor)
    assert (x.shape, x.ndim, x.dim(), x.numel(), len(x), x.size(0), x.stride()) == ((2,), 1, 1, 2, 2, 2, (1,))
    assert unwrap_tensor(x.sum()).tolist() == [3.0, 5.0, 7.0]
    assert unwrap_tensor(torch.dot(x, x)).tolist() == [9.0, 17.0, 29.0]
    assert unwrap_tensor(x.norm()).tolist() == [x_.norm().item() for x_ in unwrap_tensor(x).T]
    assert unwrap_tensor(x[1]).tolist() == [3.0, 4.0, 5.0]
    assert unwrap_tensor(x + torch.tensor([10.0, 20.0])).tolist() == [[10.0, 11.0, 12.0], [23.0, 24.0, 25.0]]
    x.view(-1)[0].add_(100)
    assert unwrap_tensor(x)[0].tolist() == [100.0, 101.0, 102.0]
    x[x > 100.5] = 0.0
    assert unwrap_tensor(x)[0].tolist() == [100.0, 0.0, 0.0]
    assert x.sum().item().values.tolist() == [103.0, 4.0, 5.0]
    with pytest.raises(RunsDisagreeError):
        bool(x.sum() > 50)


# ---------------------------------------------------------------- invalid input


class Asks(Base):
    def step(self, closure: Any, temperature: float) -> None:
        pass


class Needs(Base):
    def __init__(self, params: Any, lr: float, epochs: int) -> None:
        super().__init__(params, lr)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Torch(Needs, lr=0.1),
            r"^Needs requires epochs; pass it, as in optimizers\.Torch\(Needs, epochs=\.\.\.\)$",
        ),
        (lambda: Torch(Needs), r"^Needs requires lr and epochs; pass them, as in optimizers"),
        (lambda: Torch(Asks), r"^Asks\.step requires temperature, which a race does not provide; race a subclass"),
        (lambda: Torch(optim.Adam, betaz=(0.9, 0.9)), r"^unknown setting of Adam 'betaz'\. Did you mean betas\?$"),
        (lambda: Torch(optim.Adam, betas=(0.9,)), r"^Torch\(Adam, .*betas=\(0\.9,\)\) cannot be created: IndexError"),
        (
            lambda: Torch(optim.Adam, lr=[0.1, 0.2]),
            r"^Adam: lr must be one number, got \[0\.1, 0\.2\]; to compare several values, pass one optimizer",
        ),
        (lambda: Torch(optim.Muon), r"Muon only supports 2D.*; it takes matrices: add shape=\(rows, columns\)"),
        (lambda: Torch(optim.Muon, shape=3), r"^Torch: shape must be integers >= 1 such as \(rows, columns\), got 3$"),
        (lambda: Torch(optim.Muon, shape=(0, 2)), r"^Torch: shape must be integers >= 1 .* got \(0, 2\)$"),
        (
            lambda: Torch(optim.Adam, capturable=True),
            r"^Torch\(Adam, lr=0\.001, capturable=True\) failed in its step: AssertionError",
        ),
        (
            lambda: Torch(optim.AdamW, differentiable=True),
            r"^Torch\(AdamW, .*\) failed in its step: RuntimeError: a leaf Variable",
        ),
        (
            lambda: stepper_of([Torch(optim.SGD)], torch.ones(2, 1, dtype=torch.int64)),
            r"^torch optimizers require floating-point starts, got torch\.int64$",
        ),
        (
            lambda: stepper_of([Torch(optim.SGD)], torch.ones(2, 1, dtype=torch.complex64)),
            r"^torch optimizers require floating-point starts, got torch\.complex64$",
        ),
        (
            lambda: stepper_of([Torch(optim.SGD)], torch.ones(2, 1)).set_hyperparameter("betas1", np.ones(1)),
            r"^SGD has no betas1 in its param_groups, so it cannot change between steps$",
        ),
    ],
)
def test_invalid_input_raises_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_noise_depends_on_the_stream_not_on_the_position():
    """A looped run draws the same numbers at any position."""
    setup = RunSetup(5, torch.tensor([7, 8]), 3)
    x = torch.zeros(1, 2)
    first = PerRunLoop([Torch(Shaky)] * 2, x, np.arange(2), setup.streams.tolist(), setup.seed)
    second = PerRunLoop([Torch(Shaky)], x[:, :1], np.arange(1), [8], setup.seed)
    for t in (1, 2):
        first.step(context_at(t, x, torch.zeros(1, 2), Oracle(valley(1), 2)))
        second.step(context_at(t, x[:, :1], torch.zeros(1, 1), Oracle(valley(1), 1)))
    assert torch.equal(first.points[:, 1], second.points[:, 0])
    assert not torch.equal(first.points[:, 0], second.points[:, 0])
