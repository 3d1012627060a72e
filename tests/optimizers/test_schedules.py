"""Schedules reproduce the learning rates and points of torch's schedulers bitwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from merged import merged
from reference import (
    SPACES,
    by_optimizers,
    context_at,
    counterpart,
    default_dtype,
    draw,
    egg_box,
    starts,
    stepper_of,
    valley,
)
from thinned import diagonal
from torch import Tensor
from torch.optim import lr_scheduler

from landscapes import optimizers, race
from landscapes.engine import loop
from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer, parse
from landscapes.optimizers.wrappers.scheduled import momentum_of
from landscapes.oracle import Oracle, value_and_gradient

STEPS = 40
Stock = Callable[[torch.optim.Optimizer], Any]


def cycled(torch_optimizer: torch.optim.Optimizer, **settings: Any) -> lr_scheduler.LRScheduler:
    """The one-cycle policy; it changes momentum if there is any, as ours does by default."""
    peak = torch_optimizer.param_groups[0]["lr"]
    moves = "momentum" in torch_optimizer.defaults or "betas" in torch_optimizer.defaults
    return lr_scheduler.OneCycleLR(torch_optimizer, max_lr=peak, cycle_momentum=moves, **settings)


PAIRS: dict[str, tuple[Callable[[Optimizer], Optimizer], Stock]] = {
    "step decay": (lambda r: optimizers.StepDecay(r, every=7, gamma=0.6), lambda o: lr_scheduler.StepLR(o, 7, 0.6)),
    "multi-step": (
        lambda r: optimizers.MultiStep(r, at=(5, 20, 20, 33), gamma=0.3),
        lambda o: lr_scheduler.MultiStepLR(o, [5, 20, 20, 33], 0.3),
    ),
    "constant": (lambda r: optimizers.Constant(r, start=0.3, over=9), lambda o: lr_scheduler.ConstantLR(o, 0.3, 9)),
    "linear": (lambda r: optimizers.Linear(r), lambda o: lr_scheduler.LinearLR(o, 1.0, 0.0, STEPS)),
    "warm-up": (lambda r: optimizers.WarmUp(r, steps=11), lambda o: lr_scheduler.LinearLR(o, total_iters=11)),
    "exponential": (lambda r: optimizers.Exponential(r, gamma=0.93), lambda o: lr_scheduler.ExponentialLR(o, 0.93)),
    "polynomial": (lambda r: optimizers.Polynomial(r, power=1.7), lambda o: lr_scheduler.PolynomialLR(o, STEPS, 1.7)),
    "short polynomial": (
        lambda r: optimizers.Polynomial(r, power=0.5, steps=13),
        lambda o: lr_scheduler.PolynomialLR(o, 13, 0.5),
    ),
    "cosine": (lambda r: optimizers.Cosine(r), lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS)),
    "waves": (
        lambda r: optimizers.Cosine(r, steps=9, lowest=1e-4),
        lambda o: lr_scheduler.CosineAnnealingLR(o, 9, 1e-4),
    ),
    "restarts": (
        lambda r: optimizers.WarmRestarts(r, period=17, lowest=1e-5),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 17, eta_min=1e-5),
    ),
    "longer restarts": (
        lambda r: optimizers.WarmRestarts(r, period=4, growth=3),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 4, 3),
    ),
    "one cycle": (lambda r: optimizers.OneCycle(r), lambda o: cycled(o, total_steps=STEPS)),
    "straight cycle": (
        lambda r: optimizers.OneCycle(r, steps=80, rise=0.4, div=3, final_div=50, straight=True, low=0.1, high=0.6),
        lambda o: cycled(
            o, total_steps=80, pct_start=0.4, div_factor=3.0, final_div_factor=50.0, anneal_strategy="linear",
            base_momentum=0.1, max_momentum=0.6,
        ),
    ),
    "three phases": (
        lambda r: optimizers.OneCycle(r, three_phase=True),
        lambda o: cycled(o, total_steps=STEPS, three_phase=True),
    ),
}  # fmt: skip

ADAPTED: dict[str, tuple[Any, dict[str, Any]]] = {
    "lambda": (lr_scheduler.LambdaLR, {"lr_lambda": lambda t: 1 / (1 + t) ** 0.5}),
    "multiplicative": (lr_scheduler.MultiplicativeLR, {"lr_lambda": lambda t: 0.9 + 0.05 * (t % 3)}),
    "by name": ("CosineAnnealingWarmRestarts", {"T_0": 7, "T_mult": 2}),
    "cyclic": (lr_scheduler.CyclicLR, {"base_lr": 1e-4, "max_lr": 1e-2, "step_size_up": 5, "cycle_momentum": False}),
    "sequence": (
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o, total_iters=5), lr_scheduler.CosineAnnealingLR(o, 20)], [5]
        ),
        {},
    ),
    "chain": (
        lambda o, gamma: lr_scheduler.ChainedScheduler(
            [lr_scheduler.ExponentialLR(o, gamma), lr_scheduler.StepLR(o, 9, 0.5)]
        ),
        {"gamma": 0.97},
    ),
}


STOCK = [cls for cls, (other, _) in SPACES.items() if other.__module__.startswith("torch.")]


def by_torch(
    objective: Function, inside: Sequence[Optimizer], stock: Stock, x: Tensor, steps: int
) -> tuple[Tensor, Any]:
    """Return points (steps, d, R) and learning rates (steps, R), with one torch optimizer and scheduler per run."""
    points = [start.clone().requires_grad_() for start in x.unbind(1)]
    path, rates = [], []
    with default_dtype(torch.float64):
        optimizers = [counterpart(optimizer, p) for optimizer, p in zip(inside, points, strict=True)]
        schedulers = [stock(torch_optimizer) for torch_optimizer in optimizers]
        for _ in range(steps):
            rates.append([torch_optimizer.param_groups[0]["lr"] for torch_optimizer in optimizers])
            for p, torch_optimizer, scheduler in zip(points, optimizers, schedulers, strict=True):
                torch_optimizer.zero_grad()
                loss = objective.evaluate(p)
                loss.backward()
                torch_optimizer.step()
                plateau = isinstance(scheduler, lr_scheduler.ReduceLROnPlateau)
                scheduler.step(*([loss.detach()] if plateau else []))
            path.append(torch.stack([p.detach().clone() for p in points], 1))
    return torch.stack(path), rates


def by_schedule(objective: Function, wrapped: Sequence[Optimizer], x: Tensor, steps: int) -> tuple[Tensor, Any]:
    """Return the same from optimizers in one batch."""
    assert len({optimizer.batch_key for optimizer in wrapped}) == 1
    stepper, oracle = stepper_of(wrapped, x, steps), Oracle(objective, x.shape[1])
    path, rates = [], []
    for t in range(1, steps + 1):
        value, gradient = value_and_gradient(objective, x)
        x = stepper.step(context_at(t, x, gradient, oracle, value))
        path.append(x)
        rates.append(stepper.buffers()["lr"].tolist())
    return torch.stack(path), rates


def three(cls: type[Optimizer], seed: int) -> tuple[list[Optimizer], Tensor]:
    rng = np.random.default_rng(seed)
    return [draw(cls, {}, False, rng) for _ in range(3)], starts(2, 3, rng)


# ---------------------------------------------------------------- equal to torch


def marked(name: str, cls: type[Optimizer]) -> Any:
    """Every schedule with Adam and every optimizer with two schedules; the rest of the product is exhaustive."""
    default = cls is optimizers.Adam or name in ("cosine", "one cycle")
    return pytest.param(name, cls, id=f"{name}-{cls.__name__}", marks=[] if default else pytest.mark.exhaustive)


@pytest.mark.parametrize(("name", "cls"), [marked(name, cls) for name in PAIRS for cls in STOCK])
@pytest.mark.thin(4)
def test_learning_rates_and_points_match_torch(name, cls):
    wrap, stock = PAIRS[name]
    inside, x = three(cls, 3)
    path, rates = by_schedule(valley(2), [wrap(optimizer) for optimizer in inside], x, STEPS)
    expected, known = by_torch(valley(2), inside, stock, x, STEPS)
    assert rates == known
    assert len({tuple(row) for row in known}) > 1
    assert torch.equal(path, expected)


def random_schedule(kind: str, optimizer: Optimizer, rng: np.random.Generator) -> tuple[Optimizer, Stock]:
    """Return a schedule with random settings, and torch's counterpart."""
    n, share, other = int(rng.integers(1, 900)), float(rng.uniform(0.05, 1)), float(rng.uniform(0, 1))
    low = optimizer.learning_rate * other
    match kind:
        case "step decay":
            return optimizers.StepDecay(optimizer, every=n, gamma=share), lambda o: lr_scheduler.StepLR(o, n, share)
        case "multi-step":
            at = rng.integers(1, 1000, 5).tolist()
            return optimizers.MultiStep(optimizer, at=tuple(at), gamma=share), lambda o: lr_scheduler.MultiStepLR(
                o, at, share
            )
        case "constant":
            return optimizers.Constant(optimizer, start=share, over=n), lambda o: lr_scheduler.ConstantLR(o, share, n)
        case "linear":
            return optimizers.Linear(optimizer, share, other, n), lambda o: lr_scheduler.LinearLR(o, share, other, n)
        case "exponential":
            return optimizers.Exponential(optimizer, gamma=share), lambda o: lr_scheduler.ExponentialLR(o, share)
        case "polynomial":
            return optimizers.Polynomial(optimizer, 3 * other, n), lambda o: lr_scheduler.PolynomialLR(o, n, 3 * other)
        case "cosine":
            return optimizers.Cosine(optimizer, n, low), lambda o: lr_scheduler.CosineAnnealingLR(o, n, low)
        case "restarts":
            k = int(rng.integers(1, 4))
            stock = lr_scheduler.CosineAnnealingWarmRestarts
            return optimizers.WarmRestarts(optimizer, n, k, low), lambda o: stock(o, n, k, low)
        case _:
            three, straight = rng.integers(0, 2, 2).astype(bool).tolist()
            rise = share / 2 if three else share
            return (
                optimizers.OneCycle(
                    optimizer, 1000, rise=rise, div=1 + n, final_div=1 / share, straight=straight, three_phase=three
                ),
                lambda o: cycled(
                    o,
                    total_steps=1000,
                    pct_start=rise,
                    div_factor=1 + n,
                    final_div_factor=1 / share,
                    three_phase=three,
                    anneal_strategy="linear" if straight else "cos",
                ),
            )


KINDS = (
    "step decay",
    "multi-step",
    "constant",
    "linear",
    "exponential",
    "polynomial",
    "cosine",
    "restarts",
    "one cycle",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.thin(2)
def test_a_thousand_learning_rates_match_torch(kind):
    rng = np.random.default_rng(20)
    for _ in range(2):
        optimizer = optimizers.Adam(lr=float(10 ** rng.uniform(-5, 0)))
        wrapped, stock = random_schedule(kind, optimizer, rng)
        torch_optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=optimizer.lr)
        stepper, scheduler = stepper_of([wrapped], torch.zeros(1, 1, dtype=torch.float64), 1000), stock(torch_optimizer)
        for t in range(1, 1001):
            stepper.prepare(t)
            assert stepper.learning_rates()[0] == torch_optimizer.param_groups[0]["lr"]
            torch_optimizer.step()
            scheduler.step()


@pytest.mark.parametrize("cls", [optimizers.SGD, optimizers.Adam, optimizers.RMSprop], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("name", ADAPTED)
@pytest.mark.thin(3)
@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step")  # SequentialLR of torch 2.4 calls it so
def test_any_torch_scheduler_can_be_used(name, cls):
    scheduler, settings = ADAPTED[name]
    made = getattr(lr_scheduler, scheduler) if isinstance(scheduler, str) else scheduler
    inside, x = three(cls, 4)
    wrapped = [optimizers.Schedule(optimizer, scheduler, **settings) for optimizer in inside]
    path, rates = by_schedule(valley(2), wrapped, x, STEPS)
    expected, known = by_torch(valley(2), inside, lambda o: made(o, **settings), x, STEPS)
    assert rates == known
    assert torch.equal(path, expected)


@pytest.mark.parametrize("cls", [optimizers.SGD, optimizers.Adam, optimizers.NAdam], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("scheduler", ["OneCycleLR", "CyclicLR"])
@pytest.mark.thin(2)
def test_scheduler_sets_momentum_too(scheduler, bare, cls):
    cycle = (
        {"max_lr": 0.01, "total_steps": STEPS}
        if scheduler == "OneCycleLR"
        else {"base_lr": 1e-4, "max_lr": 0.01, "step_size_up": 8}
    )
    rng = np.random.default_rng(5)
    inside, x = [draw(cls, {}, bare, rng) for _ in range(3)], starts(2, 3, rng)
    stock = getattr(lr_scheduler, scheduler)
    path, rates = by_schedule(
        valley(2), [optimizers.Schedule(optimizer, scheduler, **cycle) for optimizer in inside], x, STEPS
    )
    expected, known = by_torch(valley(2), inside, lambda o: stock(o, **cycle), x, STEPS)
    assert rates == known
    assert torch.equal(path, expected)
    assert not torch.equal(
        path, by_torch(valley(2), inside, lambda o: stock(o, **cycle, cycle_momentum=False), x, STEPS)[0]
    )


def test_cycle_adds_momentum_to_sgd():
    """SGD without momentum omits the term; a cycle adds it, as in torch."""
    inside, x = [optimizers.SGD(lr=1e-3), optimizers.SGD(lr=3e-3)], starts(2, 2, np.random.default_rng(6))
    path, _ = by_schedule(valley(2), [optimizers.OneCycle(optimizer) for optimizer in inside], x, STEPS)
    assert torch.equal(path, by_torch(valley(2), inside, PAIRS["one cycle"][1], x, STEPS)[0])
    still = by_schedule(
        valley(2), [optimizers.OneCycle(optimizer, cycle_momentum=False) for optimizer in inside], x, STEPS
    )[0]
    assert not torch.equal(path, still)
    assert momentum_of(optimizers.Adagrad()) == ""


PLATEAUS = [
    {"patience": 2, "factor": 0.5},
    {"patience": 0, "factor": 0.3, "cooldown": 4, "threshold": 0.05},
    {"patience": 1, "factor": 0.7, "absolute": True, "threshold": 1e-3, "lowest": 2e-3, "eps": 1e-4},
]


@pytest.mark.parametrize(
    ("cls", "settings", "objective"),
    diagonal([optimizers.Rprop, optimizers.SGD, optimizers.Adam], PLATEAUS, [valley, egg_box]),
    ids=lambda part: getattr(part, "__name__", None),
)
def test_plateau_per_run_matches_torch(cls, settings, objective):
    rng = np.random.default_rng(7)
    inside, x = [cls(lr=lr) for lr in (0.3, 0.05, 0.011, 0.8)], starts(2, 4, rng)
    names = {"absolute": "threshold_mode", "lowest": "min_lr"}
    stock = {names.get(key, key): "abs" if key == "absolute" else value for key, value in settings.items()}
    path, rates = by_schedule(objective(2), [optimizers.Plateau(optimizer, **settings) for optimizer in inside], x, 80)
    expected, known = by_torch(objective(2), inside, lambda o: lr_scheduler.ReduceLROnPlateau(o, **stock), x, 80)
    assert rates == known
    assert torch.allclose(path, expected, rtol=0, atol=0, equal_nan=True)
    if cls is not optimizers.Rprop:
        assert (np.array(known[-1]) < known[0]).any()


def test_plateaus_with_several_settings_share_a_batch():
    inside, x = [optimizers.SGD(lr=0.02)] * 3, starts(2, 3, np.random.default_rng(8))
    wrapped = [
        optimizers.Plateau(optimizer, patience=n + 1, factor=0.2 * n + 0.1) for n, optimizer in enumerate(inside)
    ]
    path, rates = by_schedule(egg_box(2), wrapped, x, 80)
    for run, optimizer in enumerate(wrapped):
        single, own = by_schedule(egg_box(2), [optimizer], x[:, run : run + 1], 80)
        assert torch.equal(single[:, :, 0], path[:, :, run])
        assert [row[run] for row in rates] == [row[0] for row in own]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["cosine", "one cycle", "warm-up"])
@pytest.mark.thin(1)
def test_torch_optimizers_can_be_scheduled(name, dtype):
    wrap, stock = PAIRS[name]
    x = starts(2, 3, np.random.default_rng(9), dtype)
    for cls, own in ((torch.optim.Adam, optimizers.Adam), (torch.optim.SGD, optimizers.SGD)):
        foreign = [wrap(optimizers.Torch(cls, lr=lr)) for lr in (1e-3, 2e-2, 5e-3)]
        path = by_optimizers(valley(2), foreign, x, STEPS)
        assert torch.equal(
            path, by_torch(valley(2), [own(lr=optimizer.learning_rate) for optimizer in foreign], stock, x, STEPS)[0]
        )


# ---------------------------------------------------------------- nesting and resets


def test_nested_schedules_multiply():
    optimizer, x = optimizers.SGD(lr=0.01), starts(2, 1, np.random.default_rng(10))
    outer, inner = optimizers.Cosine, lambda r: optimizers.StepDecay(r, every=7, gamma=0.5)
    nested = by_schedule(valley(2), [outer(inner(optimizer))], x, STEPS)[1]
    apart = [by_schedule(valley(2), [wrap(optimizer)], x, STEPS)[1] for wrap in (outer, inner)]
    for (both,), (one,), (other,) in zip(nested, *apart, strict=True):
        assert both == pytest.approx(one * other / 0.01, rel=1e-14)


def test_outer_schedule_keeps_the_cycles_momentum():
    x = starts(2, 1, np.random.default_rng(11))
    inner = optimizers.OneCycle(optimizers.SGD(lr=0.01, momentum=0.5))
    by_name = [by_optimizers(valley(2), [wrap], x, 30) for wrap in (inner, optimizers.Exponential(inner, gamma=1.0))]
    assert torch.equal(*by_name)


def test_reset_restarts_the_inner_schedule_only():
    optimizer, x = optimizers.SGD(lr=0.01), starts(2, 1, np.random.default_rng(12))
    falling = [row[0] for row in by_schedule(valley(2), [optimizers.Exponential(optimizer, gamma=0.9)], x, 10)[1]]
    within = optimizers.Reset(optimizers.Exponential(optimizer, gamma=0.9), every=4)
    around = optimizers.Exponential(optimizers.Reset(optimizer, every=4), gamma=0.9)
    assert [row[0] for row in by_schedule(valley(2), [within], x, 10)[1]] == [*falling[:4], *falling[:4], *falling[:2]]
    assert [row[0] for row in by_schedule(valley(2), [around], x, 10)[1]] == falling


def test_inverse_time_matches_its_formula():
    x = starts(2, 2, np.random.default_rng(13))
    wrapped = [optimizers.InverseTime(optimizers.SGD(lr=0.01), decay=0.1, power=p) for p in (0.5, 1.0)]
    for t, row in enumerate(by_schedule(valley(2), wrapped, x, 20)[1]):
        assert row == [0.01 / (1 + 0.1 * t) ** p for p in (0.5, 1.0)]


@dataclass(frozen=True)
class Own(optimizers.FirstOrder):
    """An optimizer whose learning rate has another name."""

    tunable: ClassVar[str] = "pace"

    pace: float = 0.1

    def update(self, p: Tensor, g: Tensor, s: Any, c: Any) -> Any:
        return p - self.pace * g, ()


def test_learning_rate_with_another_name_is_scheduled():
    x = starts(2, 2, np.random.default_rng(14))
    own, known = (
        [optimizers.Cosine(optimizer) for optimizer in pair]
        for pair in ((Own(pace=0.02), Own(pace=0.05)), (optimizers.SGD(lr=0.02), optimizers.SGD(lr=0.05)))
    )
    assert torch.allclose(
        by_optimizers(valley(2), own, x, 30), by_optimizers(valley(2), known, x, 30), rtol=0, atol=1e-13
    )


def test_record_contains_the_learning_rates():
    record = race("booth", ["cosine(sgd(lr=0.01))", "sgd(lr=0.01)"], steps=20, metrics=["lr"])
    rates = record.trajectories.metrics["lr"]
    assert rates[1].tolist() == [0.01] * 21
    assert rates[0, 0] == rates[0, 1] == 0.01  # before the first step and in it
    assert (np.diff(rates[0, 1:]) < 0).all()
    assert rates[0, -1] > 0


def test_open_learning_rate_is_tuned_inside_wrappers():
    record = race("booth", ["clip(cosine(adam), norm=1)", "clip(cosine(adam(lr=0.5)), norm=1)"], steps=50)
    runs = record.trajectories.runs
    assert runs["lr_source"].tolist() == ["tuned", "given"]
    tuned = parse(str(runs["optimizer"][0]))[0]
    assert tuned.learning_rate == runs["lr"][0] > 0
    assert isinstance(tuned, optimizers.Clip)
    assert runs["label"].tolist() == ["Adam · cosine · clip 1", "Adam · cosine · clip 1 lr=0.5"]


@settings(max_examples=8)
@given(st.permutations(list(PAIRS)), st.integers(0, 2**32 - 1))
@pytest.mark.slow
def test_schedules_do_not_affect_each_other(names, seed):
    rng = np.random.default_rng(seed)
    kinds = [draw(cls, {}, False, rng) for cls in (optimizers.SGD, optimizers.Adam, optimizers.RMSprop)]
    candidates = [PAIRS[name][0](kinds[place % 3]) for place, name in enumerate(names[:6])]
    x = starts(2, 6, rng)
    together = by_optimizers(valley(2), candidates, x, 15)
    for run, optimizer in enumerate(candidates):
        assert torch.equal(by_optimizers(valley(2), [optimizer], x[:, run : run + 1], 15)[:, :, 0], together[:, :, run])


@settings(max_examples=24)
@given(st.data())
@pytest.mark.slow
def test_settings_within_a_batch_apply_per_run(data):
    """Steps, factors and learning rates as columns round as single numbers do."""
    share, whole = st.floats(0.05, 1), st.integers(1, 40)
    makers = [
        lambda r: optimizers.StepDecay(r, every=data.draw(whole), gamma=data.draw(share)),
        lambda r: optimizers.Constant(r, over=data.draw(whole), start=data.draw(share)),
        lambda r: optimizers.Linear(r, steps=data.draw(whole), start=data.draw(share), end=data.draw(share)),
        lambda r: optimizers.Polynomial(r, steps=data.draw(whole), power=data.draw(share)),
        lambda r: optimizers.Cosine(r, steps=data.draw(whole), lowest=data.draw(share) / 1e3),
        lambda r: optimizers.WarmRestarts(r, period=data.draw(whole), growth=data.draw(st.integers(1, 3)), lowest=1e-4),
        lambda r: optimizers.OneCycle(
            r, steps=data.draw(st.integers(30, 50)), rise=data.draw(share), div=1 + data.draw(share)
        ),
        lambda r: optimizers.InverseTime(r, decay=data.draw(share), power=data.draw(share)),
    ]
    make = data.draw(st.sampled_from(makers))
    wrapped = [make(optimizers.Adam(lr=data.draw(st.floats(1e-4, 0.1)))) for _ in range(3)]
    x = starts(2, 3, np.random.default_rng(0))
    path, rates = by_schedule(valley(2), wrapped, x, 30)
    for run, optimizer in enumerate(wrapped):
        single, own = by_schedule(valley(2), [optimizer], x[:, run : run + 1], 30)
        assert [row[run] for row in rates] == [row[0] for row in own]
        assert torch.equal(single[:, :, 0], path[:, :, run])


# ---------------------------------------------------------------- one clear line


class NoRate(torch.optim.Optimizer):
    """Has no learning rate to schedule."""

    def __init__(self, params: Any) -> None:
        super().__init__(params, {})

    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.data.sub_(1e-3 * p.grad)


ADAM = optimizers.Adam(lr=0.1)


@merged(
    ("make", "message"),
    [
        (
            lambda: optimizers.Cosine(),
            r"Cosine: the first argument must be an optimizer, got nothing; "
            r"write Cosine\(optimizers\.Adam\(lr=0\.05\), \.\.\.\)",
        ),
        (lambda: optimizers.Cosine(0.1), r"Cosine: the first argument must be an optimizer, got 0\.1"),
        (lambda: optimizers.Cosine(optimizers.Torch(NoRate)), r"Cosine: NoRate has no learning rate to schedule"),
        (
            lambda: optimizers.Schedule(optimizers.Torch(NoRate), "StepLR", step_size=3),
            r"Schedule: NoRate has no learning rate",
        ),
        (lambda: optimizers.Cosine(ADAM, steps=-1), r"Cosine: steps must be an integer >= 0, got -1"),
        (lambda: optimizers.Cosine(ADAM, steps=1.5), r"Cosine: steps must be an integer >= 0, got 1\.5"),
        (lambda: optimizers.Cosine(ADAM, T_max=5), r"unknown setting of Cosine 'T_max'"),
        (lambda: optimizers.StepDecay(ADAM, every=0), r"StepDecay: every must be an integer >= 1, got 0"),
        (lambda: optimizers.Linear(ADAM, start=0), r"Linear: start must be > 0 and <= 1, got 0"),
        (lambda: optimizers.MultiStep(ADAM), r"MultiStep: at must be step numbers such as \(50, 100\), got \(\)"),
        (lambda: optimizers.MultiStep(ADAM, at=(3, "x")), r"MultiStep: at must be step numbers .* got \(3, 'x'\)"),
        (lambda: optimizers.Plateau(ADAM, factor=1), r"Plateau: factor must be >= 0 and < 1, got 1"),
        (lambda: optimizers.Schedule(ADAM), r"Schedule: the second argument must be a scheduler, got nothing"),
        (lambda: optimizers.Schedule(ADAM, 3), r"Schedule: the second argument must be a scheduler, got 3"),
        (
            lambda: optimizers.Schedule(ADAM, "StepLr", step_size=3),
            r"unknown scheduler .*'StepLr'\. Did you mean StepLR",
        ),
        (
            lambda: optimizers.Schedule(ADAM, lambda o: o),
            r"Schedule: schedule must return a scheduler of torch\.optim\.lr_scheduler, got _Idle",
        ),
        (lambda: optimizers.Schedule(ADAM, dict), r"Schedule: dict cannot be created: TypeError"),
        (lambda: optimizers.Schedule(ADAM, "StepLR"), r"Schedule: StepLR cannot be created: TypeError: .*step_size"),
        (
            lambda: optimizers.Schedule(ADAM, "ReduceLROnPlateau"),
            r"ReduceLROnPlateau depends on each run's loss; use optimizers\.Plateau",
        ),
        (lambda: parse("cosine"), r"cosine wraps one optimizer"),
        (lambda: parse("cosine(steps=10)"), r"cosine wraps one optimizer"),
        (lambda: parse("cosine(adam, sgd)"), r"cosine wraps one optimizer"),
    ],
)
def test_invalid_settings_raise_one_line(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (
            optimizers.OneCycle(ADAM, steps=10),
            r"OneCycle: steps must be >= 20, the steps of the race, got 10; or omit steps",
        ),
        (
            optimizers.Schedule(ADAM, "OneCycleLR", max_lr=0.1, total_steps=10),
            r"Schedule: OneCycleLR fails at step 12: ValueError: Tried to step 11 times",
        ),
    ],
)
def test_cycle_must_cover_the_race(optimizer, message):
    starts_, box = torch.zeros(2, 1, dtype=torch.float64), torch.tensor([[-9.0, 9.0]] * 2, dtype=torch.float64)
    with pytest.raises(InputError, match=message) as caught:
        loop.run(valley(2), [optimizer], starts_, 20, box=box)
    assert "\n" not in str(caught.value)


def test_schedule_spec_parses_back():
    for text in (
        "cosine(clip(adam(lr=0.05), norm=1.0))",
        "multi_step(sgd(lr=0.1), at=(10, 20), gamma=0.5)",
        "schedule(sgd(lr=0.1), scheduler='CyclicLR', base_lr=0.01, max_lr=0.1, step_size_up=5)",
        "warm_up(cosine(adam(lr=0.1), steps=50))",
    ):
        optimizer, is_open = parse(text)
        assert not is_open
        assert optimizer.spec == text
        assert parse(optimizer.spec)[0] == optimizer
    assert parse("warm_up(cosine(adam))")[1]
    own = optimizers.Schedule(ADAM, ADAPTED["sequence"][0], title="warm-up and cosine")
    assert own.label == "Adam · warm-up and cosine"
    assert own.with_learning_rate(0.3).learning_rate == 0.3
    assert own == optimizers.Schedule(ADAM, ADAPTED["sequence"][0], title="warm-up and cosine")
