"""Wrappers of gradients, points and states match plain loops around torch objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from reference import by_optimizers, context_at, counterpart, default_dtype, egg_box, starts, stepper_of, valley
from thinned import diagonal
from torch import Tensor

from landscapes import optimizers, race
from landscapes.engine import loop as engine
from landscapes.errors import InputError
from landscapes.objectives.decorators import Function
from landscapes.optimizers import Optimizer
from landscapes.optimizers.stepper import RunSetup
from landscapes.optimizers.wrappers.noise import PURPOSE, stable, student
from landscapes.oracle import Oracle, value_and_gradient
from landscapes.random import normal, uniform

INNER = [optimizers.SGD(lr=0.02, momentum=0.8), optimizers.Adam(lr=0.05), optimizers.RMSprop(lr=0.01)]
each_inner = pytest.mark.parametrize("optimizer", INNER, ids=lambda optimizer: optimizer.label)


def loop(
    objective: Function, optimizer: Optimizer, start: Tensor, steps: int, before: Callable[..., None], after: Any = None
) -> Tensor:
    """Return the points (steps, d) of a torch optimizer in a plain loop with hooks before and after each step."""
    with default_dtype(torch.float64):
        p = start.clone().requires_grad_()
        torch_optimizer, path = counterpart(optimizer, p), []
        for t in range(1, steps + 1):
            torch_optimizer.zero_grad()
            objective.evaluate(p).backward()
            before(p, t, torch_optimizer)
            torch_optimizer.step()
            if after is not None:
                after(p, t, torch_optimizer)
            path.append(p.detach().clone())
    return torch.stack(path)


def nothing(p: Tensor, t: int, torch_optimizer: Any) -> None:
    pass


def check(
    objective: Function, wrapped: Optimizer, before: Any, after: Any = None, steps: int = 50, atol: float = 0.0
) -> Tensor:
    """Compare three runs of a wrapped optimizer with the loop; return their points."""
    x = starts(objective.dim, 3, np.random.default_rng(1))
    path = by_optimizers(objective, [wrapped] * 3, x, steps)
    for run in range(3):
        expected = loop(objective, wrapped.optimizer, x[:, run], steps, before, after)
        assert expected.isfinite().all()
        torch.testing.assert_close(path[:, :, run], expected, rtol=0, atol=atol)
    return path


# ---------------------------------------------------------------- clipping


@each_inner
@pytest.mark.parametrize(
    ("objective", "dim"), diagonal([valley, egg_box], [1, 2, 3, 10]), ids=lambda part: getattr(part, "__name__", None)
)
@pytest.mark.thin(2)
def test_clipping_by_norm_matches_torch(dim, objective, optimizer):
    limit = 0.3 if objective is egg_box else 0.01
    clipped = check(
        objective(dim),
        optimizers.Clip(optimizer, norm=limit),
        lambda p, t, o: torch.nn.utils.clip_grad_norm_([p], limit),
    )
    bare = by_optimizers(objective(dim), [optimizer] * 3, starts(dim, 3, np.random.default_rng(1)), 50)
    assert not torch.equal(clipped, bare)


@each_inner
def test_clipping_by_value_matches_torch(optimizer):
    check(valley(3), optimizers.Clip(optimizer, value=0.05), lambda p, t, o: torch.nn.utils.clip_grad_value_([p], 0.05))


def test_clipping_by_value_comes_before_clipping_by_norm():
    def before(p: Tensor, t: int, torch_optimizer: Any) -> None:
        torch.nn.utils.clip_grad_value_([p], 0.2)
        torch.nn.utils.clip_grad_norm_([p], 0.25)

    check(valley(2), optimizers.Clip(INNER[1], norm=0.25, value=0.2), before)


@pytest.mark.parametrize("scale", [0.0, 1e-300, 1e200, torch.inf, torch.nan])
def test_clipping_of_extreme_gradients_matches_torch(scale):
    gradient = torch.tensor([[3.0], [-4.0]], dtype=torch.float64) * scale
    p = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    p.grad = gradient[:, 0].clone()
    torch.nn.utils.clip_grad_norm_([p], 1.0)
    x = torch.zeros(2, 1, dtype=torch.float64)
    moved = stepper_of([optimizers.Clip(optimizers.SGD(lr=1), norm=1)], x).step(
        context_at(1, x, gradient, Oracle(valley(2), 1))
    )
    torch.testing.assert_close(-moved[:, 0], p.grad, rtol=0, atol=0, equal_nan=True)


def test_queried_gradients_are_clipped():
    """L-BFGS takes its gradients from a closure; these are clipped too."""
    seen = []

    class Spy(torch.optim.SGD):
        def step(self, closure: Any = None) -> None:
            closure()
            seen.append(self.param_groups[0]["params"][0].grad.norm().item())
            super().step()

    x = starts(2, 2, np.random.default_rng(2)) * 3
    optimizer = optimizers.Torch(Spy, lr=0.01)
    seen.clear()
    by_optimizers(valley(2), [optimizers.Clip(optimizer, norm=0.1)] * 2, x, 10)
    assert len(seen) == 20
    assert max(seen) <= 0.1
    assert min(seen) > 0.09


# ---------------------------------------------------------------- noise


def drawn(
    kind: str, runs: int = 4000, dim: int = 2, streams: Tensor | None = None, t: int = 7, **settings: Any
) -> Tensor:
    """Return what is added to a gradient of ones, shape (d, R)."""
    optimizer = optimizers.Noise(optimizers.SGD(lr=1.0), kind=kind, **settings)
    x = torch.zeros(dim, runs, dtype=torch.float64)
    setup = RunSetup(100, torch.arange(runs) if streams is None else streams, seed=3)
    stepper = optimizers.Noise.stepper([optimizer] * runs, x, setup)
    return -stepper.step(context_at(t, x, torch.ones_like(x), Oracle(valley(dim), runs))) - 1


def test_normal_noise_matches_the_generator():
    noise = drawn("normal", sigma=0.5, runs=5)
    expected = 0.5 * normal(3, torch.arange(5), 7, PURPOSE, 2)
    torch.testing.assert_close(noise, expected, rtol=0, atol=1e-15)
    wide = drawn("normal", sigma=2.0)
    assert wide.mean().item() == pytest.approx(0, abs=0.1)
    assert wide.std().item() == pytest.approx(2, rel=0.03)
    assert np.corrcoef(wide.numpy())[0, 1] == pytest.approx(0, abs=0.05)


def test_student_noise_has_the_right_quantiles_and_variance():
    noise = drawn("student", sigma=1.0, df=3.0)
    stats = pytest.importorskip("scipy.stats")
    assert stats.kstest(noise.flatten().numpy(), stats.t(3).cdf).pvalue > 0.01
    light = student(uniform(1, torch.arange(20_000), 1, 9, 4), torch.tensor(8.0, dtype=torch.float64))
    assert light.var().item() == pytest.approx(8 / 6, rel=0.05)


@pytest.mark.parametrize("alpha", [0.7, 1.0, 1.5, 2.0])
def test_stable_noise_has_the_right_characteristic_function(alpha):
    noise = stable(uniform(1, torch.arange(20_000), 1, 9, 4), torch.tensor(alpha, dtype=torch.float64))
    assert noise.isfinite().all()
    for k in (0.3, 1.0, 2.0):
        assert torch.cos(k * noise).mean().item() == pytest.approx(np.exp(-(k**alpha)), abs=0.02)


def test_minibatch_noise_grows_with_the_gradient():
    noise = drawn("minibatch", sigma=0.3, additive=0.4)
    assert noise.var().item() == pytest.approx(0.3**2 + 0.4**2, rel=0.05)
    x = torch.zeros(2, 1000, dtype=torch.float64)
    stepper = stepper_of([optimizers.Noise(optimizers.SGD(lr=1.0), 0.3, kind="minibatch")] * 1000, x)
    gradient = torch.tensor([[100.0], [0.0]], dtype=torch.float64).expand(2, 1000)
    moved = stepper.step(context_at(1, x, gradient, Oracle(valley(2), 1000)))
    assert moved[0].std().item() == pytest.approx(30, rel=0.1)
    assert (moved[1] == 0).all()


def test_spikes_are_rare_and_large():
    noise = drawn("spikes", sigma=5.0, probability=0.1, runs=10_000)
    struck = (noise != 0).any(0)
    assert struck.double().mean().item() == pytest.approx(0.1, abs=0.01)
    assert noise[:, struck].std().item() == pytest.approx(5, rel=0.05)


@pytest.mark.parametrize("kind", ["normal", "student", "stable", "minibatch", "spikes"])
def test_noise_depends_on_stream_and_step_only(kind):
    settings = {"sigma": 0.5, "probability": 0.5}
    many = drawn(kind, runs=9, **settings)
    few = drawn(kind, runs=3, streams=torch.tensor([4, 0, 4]), **settings)
    assert torch.equal(few, many[:, [4, 0, 4]])
    assert not torch.equal(drawn(kind, runs=9, t=8, **settings), many)


def test_all_optimizers_of_a_race_see_the_same_noise():
    noisy = [
        "noise(sgd(lr=1.0), sigma=0.1)",
        "noise(sgd(lr=0.5), sigma=0.1)",
        "noise(sgd(lr=0.25), sigma=0.1, kind='normal')",
    ]
    record = race("booth", noisy, steps=1, seed=4)
    x = torch.from_numpy(record.trajectories.x)
    taken = (x[:, 1] - x[:, 0]) / torch.tensor([[1.0], [0.5], [0.25]])
    torch.testing.assert_close(taken, taken[:1].expand(3, 2), rtol=1e-12, atol=1e-12)
    other = race("booth", noisy, steps=1, seed=5)
    assert not np.array_equal(record.trajectories.x, other.trajectories.x)


def test_nested_noise_is_independent():
    nested = optimizers.Noise(optimizers.Noise(optimizers.SGD(lr=1.0), 1.0), 1.0)
    x = torch.zeros(2, 4000, dtype=torch.float64)
    moved = stepper_of([nested] * 4000, x).step(context_at(1, x, torch.zeros_like(x), Oracle(valley(2), 4000)))
    assert moved.std().item() == pytest.approx(2**0.5, rel=0.03)


def test_all_queries_of_a_step_see_the_same_noise():
    """Both gradients of SAM belong to one mini-batch."""
    optimizer = optimizers.Noise(optimizers.SAM(optimizers.SGD(lr=0.1), rho=0.2), 0.5)
    x = starts(2, 1, np.random.default_rng(3))
    _, slope = value_and_gradient(valley(2), x)
    noise = 0.5 * normal(0, torch.zeros(1), 1, PURPOSE, 2)
    up = x + 0.2 * (slope + noise) / (slope + noise).norm()
    expected = x - 0.1 * (value_and_gradient(valley(2), up)[1] + noise)
    torch.testing.assert_close(by_optimizers(valley(2), [optimizer], x, 1)[0], expected, rtol=1e-13, atol=1e-13)


# ---------------------------------------------------------------- weight decay


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("wrapped", "own"),
    [
        (
            optimizers.Decay(optimizers.SGD(lr=0.02, momentum=0.5), 0.1),
            optimizers.SGD(lr=0.02, momentum=0.5, weight_decay=0.1),
        ),
        (optimizers.Decay(optimizers.Adam(lr=0.02), 0.1), optimizers.Adam(lr=0.02, weight_decay=0.1)),
        (optimizers.Decay(optimizers.Adam(lr=0.02), 0.1, decoupled=True), optimizers.AdamW(lr=0.02, weight_decay=0.1)),
        (
            optimizers.Decay(optimizers.NAdam(lr=0.02), 0.1, decoupled=True),
            optimizers.NAdam(lr=0.02, weight_decay=0.1, decoupled_weight_decay=True),
        ),
        (optimizers.Decay(optimizers.Lion(lr=0.02), 0.1, decoupled=True), optimizers.Lion(lr=0.02, weight_decay=0.1)),
        (
            optimizers.Decay(optimizers.Cosine(optimizers.Adam(lr=0.02)), 0.1, decoupled=True),
            optimizers.Cosine(optimizers.AdamW(lr=0.02, weight_decay=0.1)),
        ),
        (
            optimizers.Cosine(optimizers.Decay(optimizers.Adam(lr=0.02), 0.1, decoupled=True)),
            optimizers.Cosine(optimizers.AdamW(lr=0.02, weight_decay=0.1)),
        ),
    ],
    ids=lambda optimizer: optimizer.label,
)
@pytest.mark.thin(2)
def test_decay_wrapper_matches_built_in_decay(wrapped, own, dtype):
    x = starts(2, 3, np.random.default_rng(4), dtype)
    path = by_optimizers(valley(2), [wrapped] * 3, x, 60)
    assert torch.equal(path, by_optimizers(valley(2), [own] * 3, x, 60))
    rates = [wrapped.with_learning_rate(lr) for lr in (0.01, 0.02, 0.05)]
    together, owns = by_optimizers(valley(2), rates, x, 60), [own.with_learning_rate(lr) for lr in (0.01, 0.02, 0.05)]
    assert torch.equal(together, by_optimizers(valley(2), owns, x, 60))


def test_penalty_applies_to_every_query():
    from landscapes.objectives.decorators import least_squares
    from landscapes.optimizers.wrappers.weight_decay import _Penalised

    @least_squares((-2, 2), (-2, 2))
    def bent(x, y):
        return torch.stack([y - x * x, 1 - x])

    @least_squares((-2, 2), (-2, 2))
    def bent_and_penalised(x, y):
        return torch.stack([y - x * x, 1 - x, 0.6**0.5 * x, 0.6**0.5 * y])

    x = starts(2, 4, np.random.default_rng(5))
    asked, known = (
        _Penalised(Oracle(bent, 4), torch.full((4,), 1.2, dtype=torch.float64)),
        Oracle(bent_and_penalised, 4),
    )
    close = {"rtol": 1e-12, "atol": 1e-12}
    torch.testing.assert_close(asked.value(x), known.value(x), **close)
    torch.testing.assert_close(asked.value_and_gradient(x), known.value_and_gradient(x), **close)
    torch.testing.assert_close(asked.hessian(x), known.hessian(x), **close)
    torch.testing.assert_close(asked.hvp(x, x + 1), known.hvp(x, x + 1), **close)
    torch.testing.assert_close(asked.residuals(x), known.residuals(x), **close)


def test_decoupled_decay_requires_a_learning_rate():
    class NoRate(torch.optim.Optimizer):
        def __init__(self, params: Any) -> None:
            super().__init__(params, {})

        def step(self, closure: Any = None) -> None:
            for p in self.param_groups[0]["params"]:
                p.data.sub_(p.grad)

    optimizers.Decay(optimizers.Torch(NoRate))
    with pytest.raises(InputError, match="Decay: decoupled decay requires a learning rate, and NoRate has none"):
        optimizers.Decay(optimizers.Torch(NoRate), decoupled=True)


# ---------------------------------------------------------------- sharpness, lookahead, restarts


@each_inner
def test_sam_matches_a_plain_loop(optimizer):
    objective = valley(2)

    def before(p: Tensor, t: int, torch_optimizer: Any) -> None:
        """Foret et al. (2021), Algorithm 1."""
        here = p.detach().clone()
        climb = p.grad * (0.1 / (p.grad.norm() + 1e-12))
        with torch.no_grad():
            p.add_(climb)
        torch_optimizer.zero_grad()
        objective.evaluate(p).backward()
        with torch.no_grad():
            p.copy_(here)

    check(objective, optimizers.SAM(optimizer, rho=0.1), before, steps=40)


@each_inner
def test_lookahead_matches_a_plain_loop(optimizer):
    slow: dict[str, Tensor] = {}

    def before(p: Tensor, t: int, torch_optimizer: Any) -> None:
        if t == 1:
            slow["point"] = p.detach().clone()

    def after(p: Tensor, t: int, torch_optimizer: Any) -> None:
        """Zhang et al. (2019), Algorithm 1, with k = 4."""
        if t % 4 == 0:
            slow["point"] = slow["point"] + 0.6 * (p.detach() - slow["point"])
            p.data.copy_(slow["point"])

    check(valley(2), optimizers.Lookahead(optimizer, k=4, alpha=0.6), before, after)


def test_slow_point_can_be_recorded():
    record = race("booth", ["lookahead(sgd(lr=0.01), k=3)", "sgd(lr=0.01)"], steps=9, metrics=["slow"])
    slow, x = record.trajectories.metrics["slow"], record.trajectories.x
    assert (slow[0, :3] == x[0, 0]).all()
    np.testing.assert_array_equal(slow[0, [3, 6, 9]], x[0, [3, 6, 9]])
    assert np.isnan(slow[1]).all()


@pytest.mark.parametrize(
    "optimizer",
    [*INNER, optimizers.Rprop(lr=0.01), optimizers.NAdam(lr=0.02), optimizers.ASGD(lr=0.02, lambd=0.1)],
    ids=lambda r: r.label,
)
@pytest.mark.thin(1)
def test_reset_equals_a_new_optimizer(optimizer):
    x = starts(2, 3, np.random.default_rng(1))
    for settings, moments in (({"at": 7}, [7]), ({"every": 5}, [5, 10, 15]), ({"at": 3, "every": 8}, [3, 8, 16])):
        path = by_optimizers(valley(2), [optimizers.Reset(optimizer, **settings)] * 3, x, 20)
        for run in range(3):
            point, begin, expected = x[:, run], 0, []
            for end in [*moments, 20]:
                expected.append(loop(valley(2), optimizer, point, end - begin, nothing))
                point, begin = expected[-1][-1], end
            assert torch.equal(path[:, :, run], torch.cat(expected))


def test_resets_apply_per_run():
    x = starts(2, 4, np.random.default_rng(6))
    candidates = [optimizers.Reset(optimizers.Adam(lr=0.05), every=n) for n in (3, 5, 7, 11)]
    together = by_optimizers(valley(2), candidates, x, 40)
    for run, optimizer in enumerate(candidates):
        assert torch.equal(by_optimizers(valley(2), [optimizer], x[:, run : run + 1], 40)[:, :, 0], together[:, :, run])


def test_reset_on_plateau_happens_when_the_loss_stops_falling():
    """A reset stops momentum that overshoots, so the run converges earlier."""
    objective, x = valley(1), torch.tensor([[-1.0]], dtype=torch.float64)
    optimizer = optimizers.SGD(lr=0.5, momentum=0.99)
    restarted = by_optimizers(objective, [optimizers.Reset(optimizer, patience=1)], x, 150)[:, 0, 0]
    bare = by_optimizers(objective, [optimizer], x, 150)[:, 0, 0]
    distance = (torch.stack([restarted, bare])[:, -40:] - 1).abs().amax(1)
    losses = (1 - torch.cat([x[0], restarted])) ** 2 / 100
    rises = [t for t in range(1, 150) if losses[t] >= losses[:t].min()]
    first = rises[0]
    assert torch.equal(restarted[:first], bare[:first])
    expected = loop(objective, optimizer, restarted[first - 1 : first], 1, nothing)
    assert restarted[first] == expected[0, 0]
    assert distance[0] < 0.2 * distance[1]


def test_optimizer_without_state_cannot_be_reset():
    from landscapes.optimizers.stepper import Stepper

    class Still(Stepper):
        def step(self, context: Any) -> Tensor:
            return context.x

    class Idle(Optimizer):
        @classmethod
        def stepper(cls, candidates: Any, x: Tensor, setup: Any) -> Stepper:
            return Still()

    box = torch.tensor([[-9.0, 9.0]] * 2, dtype=torch.float64)
    with pytest.raises(InputError, match="Reset: Idle has no state to reset"):
        engine.run(valley(2), [optimizers.Reset(Idle(), every=3)], torch.zeros(2, 1, dtype=torch.float64), 5, box=box)


# ---------------------------------------------------------------- training-loop bugs


@each_inner
def test_forgotten_zero_grad_matches_torch(optimizer):
    x = starts(2, 3, np.random.default_rng(1))
    path = by_optimizers(valley(2), [optimizers.ForgotZeroGrad(optimizer)] * 3, x, 60)
    for run in range(3):
        p = x[:, run].clone().requires_grad_()
        with default_dtype(torch.float64):
            torch_optimizer = counterpart(optimizer, p)
        for point in path[:, :, run]:
            valley(2).evaluate(p).backward()
            torch_optimizer.step()
            torch.testing.assert_close(p.detach(), point, rtol=0, atol=0, equal_nan=True)


@each_inner
@pytest.mark.parametrize("delay", [1, 4])
def test_stale_gradients_match_the_delayed_ones(delay, optimizer):
    kept: list[Tensor] = []

    def before(p: Tensor, t: int, torch_optimizer: Any) -> None:
        if t == 1:
            kept.clear()
        kept.append(p.grad.clone())
        p.grad = kept[max(0, t - 1 - delay)].clone()

    check(egg_box(2), optimizers.Stale(optimizer, delay=delay), before)
