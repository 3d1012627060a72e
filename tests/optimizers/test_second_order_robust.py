"""Second-order optimizers on saddles, plateaus, kinks and noise, in batches, and with invalid settings."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_methods import SETTINGS, rosenbrock_squares
from reference import assert_same, egg_box, part, starts, stepper_of
from thinned import diagonal
from torch import Tensor

from landscapes import function, optimizers, race
from landscapes.engine import loop
from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError
from landscapes.functions import get
from landscapes.objectives._function import Function
from landscapes.optimizers import parse
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.linalg import product

ANYWHERE = [
    optimizers.Newton(),
    optimizers.TrustRegion(),
    optimizers.TrustRegion(exact=False),
    optimizers.LBFGS(),
    optimizers.BFGS(),
    optimizers.ConjugateGradient(),
]
"""Optimizers that accept any function and descend."""

OF_SQUARES = [optimizers.GaussNewton(), optimizers.LevenbergMarquardt()]


def run(objective: Function, candidates: list[Optimizer], x: Tensor, steps: int, reach: float = 1e9) -> BatchResult:
    box = torch.tensor([[-reach, reach]] * objective.dim, dtype=torch.float64)
    return loop.run(objective, candidates, x, steps, box=box)


def one(
    objective: Function, optimizer: Optimizer, start: tuple[float, ...], steps: int, reach: float = 1e9
) -> BatchResult:
    return run(objective, [optimizer], torch.tensor(start, dtype=torch.float64)[:, None], steps, reach)


def label_of(optimizer: Optimizer) -> str:
    return optimizer.label


def two_dimensional(formula) -> Function:
    return function((-3, 3), (-3, 3), name="objective")(formula)


# ---------------------------------------------------------------- saddles


PASS = two_dimensional(lambda x, y: x * x - y * y + y * y * y * y / 4)
"""A saddle between two valleys, with minima at (0, ±√2)."""


def test_undamped_newton_converges_to_the_saddle():
    paths = one(PASS, optimizers.Newton(damping=0), (1.0, 0.3), 10)
    np.testing.assert_allclose(paths.x[0, -1], (0, 0), atol=1e-12)
    assert paths.loss[0, -1] > -1e-12


@pytest.mark.parametrize("optimizer", ANYWHERE, ids=label_of)
def test_other_methods_descend_from_the_saddle(optimizer):
    paths = one(PASS, optimizer, (1.0, 0.3), 40)
    np.testing.assert_allclose(abs(paths.x[0, -1]), (0, np.sqrt(2)), atol=1e-7)


def test_undamped_newton_converges_to_a_maximum():
    hill = two_dimensional(lambda x, y: torch.cos(x) + torch.cos(y))
    np.testing.assert_allclose(one(hill, optimizers.Newton(damping=0), (0.4, -0.3), 8).x[0, -1], (0, 0), atol=1e-14)
    assert one(hill, optimizers.Newton(), (0.4, -0.3), 20).loss[0, -1] == pytest.approx(-2)


def test_exact_trust_region_leaves_a_stationary_saddle():
    for start in ((0.0, 0.0), (1.0, 0.0)):  # on the ridge, the gradient has no transverse component
        assert one(PASS, optimizers.TrustRegion(), start, 20).loss[0, -1] == pytest.approx(-1)
        for optimizer in (optimizers.Newton(), optimizers.TrustRegion(exact=False), optimizers.LBFGS()):
            assert one(PASS, optimizer, start, 20).loss[0, -1] == pytest.approx(0)


# ---------------------------------------------------------------- plateaus, kinks, edges, the end of the world


@pytest.mark.parametrize("optimizer", [*ANYWHERE, optimizers.Newton(damping=0)], ids=label_of)
def test_run_stays_on_a_plateau(optimizer):
    flat = two_dimensional(lambda x, y: 0 * x + 0 * y + 1)
    paths = one(flat, optimizer, (0.5, 0.7), 5)
    assert (paths.x == paths.x[:, :1]).all()
    assert paths.reason.tolist() == [""]
    assert paths.evaluations["n_values"].tolist() == [0]


@pytest.mark.parametrize("optimizer", [*ANYWHERE, *OF_SQUARES, optimizers.Newton(damping=0)], ids=label_of)
def test_converged_run_makes_no_evaluations(optimizer):
    paths = one(get("booth"), optimizer, (1.0, 3.0), 6)
    assert (paths.x == np.array([1.0, 3.0])).all()
    assert paths.evaluations["n_values"].tolist() == [0]
    assert paths.evaluations["n_hvps"].tolist() == [0]


@pytest.mark.parametrize(
    ("name", "optimizer"),
    diagonal(["himmelblau", "beale", "rosenbrock"], [*ANYWHERE, *OF_SQUARES]),
    ids=lambda part: getattr(part, "label", part),
)
@pytest.mark.thin(1)
def test_steps_near_the_minimum_are_cheap(name, optimizer):
    """Where only rounding is left, searches do not use all their trials."""
    late, early = (one(get(name), optimizer, (0.9, 0.6), steps).evaluations for steps in (100, 60))
    asked = sum(int(late[kind][0] - early[kind][0]) for kind in ("n_values", "n_gradients"))
    assert asked <= 40 * 4


@pytest.mark.parametrize("optimizer", [*ANYWHERE, *OF_SQUARES], ids=label_of)
@pytest.mark.thin(1)
def test_underflowing_gradients_are_harmless(optimizer):
    paths = one(get("booth") if optimizer in OF_SQUARES else two_dimensional(_round), optimizer, (1e-3, 2e-3), 120)
    assert paths.reason.tolist() == [""]
    assert paths.loss[0, -1] == 0


def _round(x: Tensor, y: Tensor) -> Tensor:
    return x * x + 3 * y * y + x * y + x * x * x * x


@pytest.mark.parametrize("optimizer", ANYWHERE, ids=label_of)
@pytest.mark.thin(1)
def test_zero_curvature_falls_back_to_the_gradient(optimizer):
    pyramid = two_dimensional(lambda x, y: x.abs() + 2 * (y - 0.3).abs())
    paths = one(pyramid, optimizer, (0.5, 0.7), 12)
    assert (np.diff(paths.loss[0]) <= 0).all()
    assert paths.loss[0, -1] < 0.4 < paths.loss[0, 0]


def test_nonfinite_hessian_counts_as_zero():
    """|y|^1.5 has infinite curvature at 0, and gradient 0."""
    crease = two_dimensional(lambda x, y: x * x + x + _crease(y))
    for optimizer in (optimizers.Newton(), optimizers.TrustRegion()):
        paths = one(crease, optimizer, (2.0, 0.0), 30)
        assert paths.reason.tolist() == [""]
        assert paths.loss[0, -1] == pytest.approx(-0.25, abs=1e-6)
    lost = one(crease, optimizers.Newton(damping=0), (2.0, 0.0), 3)
    assert lost.reason.tolist() == ["non-finite"]
    assert lost.stopped.tolist() == [1]


class _Crease(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y):
        ctx.save_for_backward(y)
        return y.abs() ** 1.5

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * _Slope.apply(y)


class _Slope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y):
        ctx.save_for_backward(y)
        return 1.5 * y.sign() * y.abs().sqrt()

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * 0.75 / y.abs().sqrt()


def _crease(y: Tensor) -> Tensor:
    return _Crease.apply(y)


@pytest.mark.parametrize("optimizer", ANYWHERE[1:], ids=label_of)
@pytest.mark.thin(1)
def test_no_run_enters_a_region_without_values(optimizer):
    """There is no value for x > 1, so steps end before it."""
    cliff = two_dimensional(lambda x, y: torch.sqrt(1 - x) * 10 + y * y)
    paths = one(cliff, optimizer, (0.5, 0.7), 15)
    assert paths.reason.tolist() == [""]
    assert paths.loss[0, -1] < 2
    assert (paths.x[0, :, 0] < 1).all()


@pytest.mark.parametrize("optimizer", ANYWHERE, ids=label_of)
def test_unbounded_function_lets_the_run_leave(optimizer):
    paths = one(two_dimensional(lambda x, y: x - y * y), optimizer, (0.5, 0.7), 60, reach=1e4)
    assert paths.reason.tolist() == ["bound"]


@pytest.mark.parametrize("optimizer", [*ANYWHERE, *OF_SQUARES], ids=label_of)
@pytest.mark.thin(1)
def test_single_precision_reaches_seven_digits(optimizer):
    x = torch.tensor([[-1.2], [1.0]])
    paths = run(get("rosenbrock"), [optimizer], x, 60)
    np.testing.assert_allclose(paths.x[0, -1], (1, 1), atol=2e-3)
    np.testing.assert_array_equal(paths.x, paths.x.astype(np.float32))


# ---------------------------------------------------------------- independence of the batch


@settings(max_examples=7, deadline=None)
@given(
    st.sampled_from(list(SETTINGS)), st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3]), st.permutations(range(5))
)
@pytest.mark.slow
def test_results_do_not_depend_on_batch_composition_or_order(name, seed, dim, order):
    """One run starts at a nonfinite value, another outside the box."""
    rng = np.random.default_rng(seed)
    candidates, x = [SETTINGS[name](rng) for _ in range(5)], starts(dim, 5, rng)
    x[:, 3], x[:, 4] = math.nan, 1e12
    assert len({optimizer.batch_key for optimizer in candidates}) == 1
    together = run(rosenbrock_squares(dim), [candidates[i] for i in order], x[:, list(order)], 12)
    for place, i in enumerate(order):
        assert_same(part(together, [place]), run(rosenbrock_squares(dim), [candidates[i]], x[:, [i]], 12))
    assert part(together, [order.index(0)]).reason.tolist() == [""]


@pytest.mark.slow
def test_a_thousand_runs_match_single_runs():
    rng = np.random.default_rng(1)
    for name in SETTINGS:
        optimizer, x = SETTINGS[name](rng), starts(2, 1000, rng)
        together = run(rosenbrock_squares(2), [optimizer] * 1000, x, 6)
        assert_same(part(together, [777]), run(rosenbrock_squares(2), [optimizer], x[:, [777]], 6))


def test_structural_settings_separate_batches():
    assert optimizers.LBFGS(history_size=5).batch_key != optimizers.LBFGS(history_size=6).batch_key
    assert optimizers.Newton(damping=0).batch_key != optimizers.Newton().batch_key
    assert optimizers.TrustRegion(exact=False).batch_key != optimizers.TrustRegion().batch_key
    x = starts(2, 2, np.random.default_rng(2))
    both = run(rosenbrock_squares(2), [optimizers.LBFGS(history_size=2), optimizers.LBFGS(history_size=7)], x, 20)
    assert_same(part(both, [1]), run(rosenbrock_squares(2), [optimizers.LBFGS(history_size=7)], x[:, 1:], 20))


@pytest.mark.parametrize("optimizer", [*ANYWHERE, *OF_SQUARES], ids=label_of)
def test_reset_run_continues_as_a_new_run(optimizer):
    from reference import context_at

    from landscapes.oracle import Oracle, value_and_gradient

    x = starts(2, 2, np.random.default_rng(3))
    stepper, objective = stepper_of([optimizer] * 2, x), rosenbrock_squares(2)

    def after(stepper, x: Tensor, t: int) -> Tensor:
        value, gradient = value_and_gradient(objective, x)
        return stepper.step(context_at(t, x, gradient, Oracle(objective, x.shape[1]), value))

    for t in range(1, 5):
        x = after(stepper, x, t)
    stepper.reset(torch.tensor([False, True]), x)
    moved = after(stepper, x, 5)
    again = after(stepper_of([optimizer], x[:, 1:]), x[:, 1:], 1)
    assert torch.equal(moved[:, 1:], again)


# ---------------------------------------------------------------- noise


def tilted(log: list[int]) -> Function:
    """A bowl that is tilted differently at each step, and logs every sample that is used."""

    def sample(t: int):
        a, b = torch.randn(2, generator=torch.Generator().manual_seed(t), dtype=torch.float64)

        def seen(x: Tensor, y: Tensor) -> Tensor:
            log.append(t)
            return x * x + 3 * y * y + x * y + a * x + b * y

        return seen

    return function((-3, 3), (-3, 3), name="tilted", sample=sample)(lambda x, y: x * x + 3 * y * y + x * y)


@pytest.mark.parametrize("optimizer", [*ANYWHERE, optimizers.Newton(damping=0)], ids=label_of)
def test_each_step_sees_one_sample(optimizer):
    log: list[int] = []
    objective = tilted(log)
    x = starts(2, 3, np.random.default_rng(4))
    optimizer.check(objective)
    log.clear()
    paths = run(objective, [optimizer] * 3, x, 10)
    seen = [t for i, t in enumerate(log) if i]  # the first sample belongs to the check
    assert seen == sorted(seen)
    assert set(seen) == set(range(10))
    assert paths.reason.tolist() == [""] * 3
    assert np.isfinite(paths.x).all()


def test_curvature_uses_gradients_of_one_sample():
    """A tilt has no curvature, so gradient changes are Hessian times step for any noise."""
    objective, x = tilted([]), starts(2, 3, np.random.default_rng(5))
    from reference import context_at

    from landscapes.oracle import Oracle

    stepper, oracle = stepper_of([optimizers.LBFGS(history_size=4)] * 3, x), Oracle(objective, 3)
    for t in range(1, 6):
        oracle.set_step(t)
        value, gradient = oracle.value_and_gradient(x)
        x = stepper.step(context_at(t, x, gradient, oracle, value))
    hessian = torch.tensor([[2.0, 1.0], [1.0, 6.0]], dtype=torch.float64)[..., None]
    for step, change in zip(*stepper.state[:2], strict=True):
        torch.testing.assert_close(product(hessian, step), change, rtol=1e-9, atol=1e-12)
    assert (stepper.state[0] != 0).any()


# ---------------------------------------------------------------- evaluations and their counts


def test_evaluation_kinds_per_optimizer():
    x = starts(2, 1, np.random.default_rng(6))
    asks = {
        optimizer.label: {
            kind for kind, count in run(rosenbrock_squares(2), [optimizer], x, 8).evaluations.items() if count[0]
        }
        for optimizer in (*ANYWHERE, *OF_SQUARES, optimizers.Newton(damping=0))
    }
    assert asks == {
        "Newton": {"n_values", "n_gradients", "n_hessians"},
        "Newton (undamped)": {"n_gradients", "n_hessians"},
        "Trust region": {"n_values", "n_gradients", "n_hessians"},
        "Newton–CG": {"n_values", "n_gradients", "n_hvps"},
        "L-BFGS": {"n_gradients"},
        "BFGS": {"n_gradients"},
        "CG": {"n_gradients"},
        "Gauss–Newton": {"n_values", "n_hessians"},
        "Levenberg–Marquardt": {"n_values", "n_hessians"},
    }


def test_buffers_can_be_plotted():
    record = race(
        "rosenbrock",
        ["trust_region", "lm", "lbfgs", "newton"],
        steps=15,
        metrics=["radius", "damping", "direction", "step_length"],
    )
    observed = record.trajectories.metrics
    assert observed["radius"].shape == (4, 16)
    assert (observed["radius"][0, 1:] > 0).all()
    assert np.isnan(observed["radius"][1:]).all()
    assert (np.diff(observed["damping"][1, 1:]) != 0).any()
    steps = np.diff(record.trajectories.x, axis=1)
    for candidate in (2, 3):
        walked = observed["direction"][candidate, 1:] * observed["step_length"][candidate, 1:, None]
        np.testing.assert_allclose(walked, steps[candidate], rtol=1e-6, atol=1e-12)


# ---------------------------------------------------------------- settings and words


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("newton", "Newton"),
        ("newton(damping=0)", "Newton (undamped)"),
        ("gauss_newton", "Gauss–Newton"),
        ("levenberg_marquardt", "Levenberg–Marquardt"),
        ("lm", "Levenberg–Marquardt"),
        ("lbfgs", "L-BFGS"),
        ("bfgs", "BFGS"),
        ("cg", "CG"),
        ("trust_region", "Trust region"),
        ("newton_cg", "Newton–CG"),
    ],
)
def test_labels(text, label):
    optimizer, is_open = parse(text)
    assert optimizer.label == label
    assert not is_open
    assert math.isnan(optimizer.learning_rate)
    assert parse(optimizer.spec)[0] == optimizer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("newton(lr=0)", r"Newton: lr must be > 0, got 0"),
        ("newton(damping=-1)", r"Newton: damping must be >= 0, got -1"),
        ("gauss_newton(lr=-1)", r"GaussNewton: lr must be > 0, got -1"),
        ("lm(damping=0)", r"LevenbergMarquardt: damping must be > 0, got 0"),
        ("lbfgs(history_size=0)", r"LBFGS: history_size must be an integer >= 1, got 0"),
        ("lbfgs(history_size=2.5)", r"LBFGS: history_size must be an integer >= 1, got 2.5"),
        ("lbfgs(c1=0)", r"LBFGS: c1 must be > 0 and < 1, got 0"),
        ("bfgs(c2=1)", r"BFGS: c2 must be > 0 and < 1, got 1"),
        ("cg(c1=0.5)", r"ConjugateGradient: c1 must be < c2, got c1=0.5 and c2=0.1"),
        ("trust_region(radius=0)", r"TrustRegion: radius must be > 0, got 0"),
        ("trust_region(eta=0.25)", r"TrustRegion: eta must be >= 0 and < 0.25, got 0.25"),
        (
            "trust_region(radius=2, max_radius=1)",
            r"radius must be <= max_radius, got radius=2.0 and max_radius=1.0",
        ),
        ("trust_region(exact=1)", r"TrustRegion: exact must be True or False, got 1"),
    ],
)
def test_invalid_settings_raise_in_one_line(text, message):
    with pytest.raises(InputError, match=message) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("optimizer", OF_SQUARES, ids=label_of)
def test_function_without_residuals_is_rejected(optimizer):
    noisy = function(
        (-1, 1),
        (-1, 1),
        name="noisy",
        sample=lambda t: lambda x, y: x * x + y * y,
        residuals=lambda x, y: torch.stack([x, y]),
    )(lambda x, y: x * x + y * y)
    for objective, why in ((egg_box(2), "egg_box has no residuals"), (noisy, "noisy has another sample")):
        with pytest.raises(
            InputError, match=f"{optimizer.kind} requires a sum of squares, and {why}.*@least_squares"
        ) as caught:
            race(objective, [optimizer], steps=2)
        assert "\n" not in str(caught.value)


class _Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        return 2 * ctx.saved_tensors[0] * grad


@pytest.mark.parametrize(
    "optimizer", [optimizers.Newton(), optimizers.TrustRegion(), optimizers.TrustRegion(exact=False)], ids=label_of
)
def test_function_without_second_derivatives_is_rejected(optimizer):
    once = function((-1, 1), (-1, 1), name="once")(lambda x, y: _Once.apply(x) + y * y)
    with pytest.raises(
        InputError, match=f"{optimizer.kind} requires second derivatives, which once does not have .*try lbfgs"
    ) as caught:
        race(once, [optimizer], steps=2)
    assert "\n" not in str(caught.value)
    assert race(once, ["lbfgs"], steps=5).trajectories.loss[0, -1] < 1e-12


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y: x - y,
        lambda x, y: x.abs() + y.abs(),
        lambda x, y: x * x * x * x + y * y * y,
        lambda x, y: torch.relu(x) + torch.maximum(x, y),
        lambda x, y: 0 * x + 1,
    ],
    ids=["plane", "pyramid", "flat place", "ramps", "table"],
)
@pytest.mark.parametrize("start", [(0.0, 0.0), (0.0, 0.5), (0.3, -0.3)])
def test_linear_function_is_accepted(formula, start):
    optimizers.Newton().check(function((-1, 1), (-1, 1), name="straight", start=start)(formula))
