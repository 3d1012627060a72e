"""Line searches meet their conditions and match torch's own search."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import FUNCTIONS, context_at, starts, valley
from torch import Tensor
from torch.optim.lbfgs import _strong_wolfe

from landscapes import function
from landscapes.objectives._function import Function
from landscapes.optimizers.linalg import dot
from landscapes.optimizers.second_order.line_search import Trial, backtrack, strong_wolfe
from landscapes.optimizers.stepper import StepContext
from landscapes.oracle import Oracle, value_and_gradient


def begin(objective: Function, x: Tensor, p: Tensor) -> tuple[StepContext, Trial]:
    value, gradient = value_and_gradient(objective, x)
    context = context_at(1, x, gradient, Oracle(objective, x.shape[1]), value)
    return context, Trial(torch.zeros_like(value), value, dot(gradient, p), gradient)


def searched(objective: Function, x: Tensor, p: Tensor, first: Tensor, c2: float = 0.9) -> tuple[Trial, Trial, Tensor]:
    """Return the start, the result, and the number of gradients per run."""
    context, start = begin(objective, x, p)
    found = strong_wolfe(context, p, start, first, 1e-4, c2, torch.ones_like(context.active))
    return start, found, context.oracle.counts[1]


def by_torch(objective: Function, x: Tensor, p: Tensor, first: float, c2: float) -> tuple[float, int]:
    """Return the step and the number of evaluations of torch's search, for one run (d,)."""

    def ask(x: Tensor, t: float, p: Tensor) -> tuple[float, Tensor]:
        value, gradient = value_and_gradient(objective, (x + t * p)[:, None])
        return float(value), gradient[:, 0]

    f, g = ask(x, 0.0, p)
    _, _, t, count = _strong_wolfe(ask, x, first, p, f, g, g.dot(p), c2=c2, tolerance_change=0)
    return float(t), count


@pytest.mark.parametrize("c2", [0.9, 0.1])
@pytest.mark.parametrize("dim", [1, 3])
@pytest.mark.parametrize("objective", FUNCTIONS, ids=lambda make: make.__name__)
@pytest.mark.thin(1)
def test_steps_and_their_cost_match_torch(objective, dim, c2):
    """Return random descent directions, and first steps from far too short to far too long, in one batch.

    But for rounding, which a cubic through two trials that nearly coincide may blow up: one in sixty may end elsewhere.
    """
    rng = np.random.default_rng(1)
    seen, x, p = objective(dim), starts(dim, 120, rng), torch.from_numpy(rng.normal(size=(dim, 120)))
    p = torch.where(begin(seen, x, p)[1].slope < 0, p, -p)
    first = torch.from_numpy(10 ** rng.uniform(-3, 2, 120))
    _, found, asked = searched(seen, x, p, first, c2)
    expected = [by_torch(seen, x[:, run], p[:, run], float(first[run]), c2) for run in range(120)]
    lengths = torch.tensor([t for t, _ in expected], dtype=torch.float64)
    counts = torch.tensor([count for _, count in expected])
    close = torch.isclose(found.t, lengths, rtol=1e-9) & (asked == counts)
    assert (~close).sum() <= 2
    assert asked.max() > 3


def polynomial(*factors: float) -> Function:
    """A polynomial of degree six that grows without bound on both sides."""

    def formula(x: Tensor) -> Tensor:
        x2 = x * x
        return x2 * x2 * x2 / 6 + sum(
            (factor * power for factor, power in zip(factors, (x, x2, x2 * x, x2 * x2), strict=True)),
            torch.zeros_like(x),
        )

    return function((-9, 9), name="polynomial")(formula)


numbers = st.floats(-20, 20, allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(numbers, numbers, numbers, numbers), st.floats(-3, 3), st.floats(-3, 2), st.sampled_from([0.1, 0.5, 0.9])
)
def test_result_meets_the_strong_wolfe_conditions(factors, at, log_first, c2):
    objective, x = polynomial(*factors), torch.tensor([[at]], dtype=torch.float64)
    slope = value_and_gradient(objective, x)[1]
    first = torch.tensor([10.0**log_first], dtype=torch.float64)
    start, found, asked = searched(objective, x, -slope, first, c2)
    if float(slope.abs()) < 1e-3:
        return  # rounding decides
    assert found.t > 0
    assert found.f <= start.f + 1e-4 * found.t * start.slope + 1e-13 * start.f.abs()
    assert asked <= 26
    if asked < 26 and float(start.f - found.f) > 1e-9 * float(start.f.abs()):
        assert found.slope.abs() <= c2 * start.slope.abs()


def cliff(x: Tensor, y: Tensor) -> Tensor:
    """A linear function of x with NaN for x > 1."""
    return torch.sqrt(1 - x) * 10 + y * y


CLIFF = function((-2, 2), (-2, 2), start=(0, 1))(cliff)


def test_trial_without_a_value_counts_as_too_high():
    x = torch.tensor([[0.0], [0.5]], dtype=torch.float64)
    for first in (0.1, 10.0, 1e6):
        start, found, _ = searched(CLIFF, x, -begin(CLIFF, x, x)[1].g, torch.tensor([first], dtype=torch.float64))
        assert found.f.isfinite()
        assert found.f < start.f
        context, start = begin(CLIFF, x, x)
        t = backtrack(context, -start.g, -dot(start.g, start.g), start.f, torch.tensor([first], dtype=torch.float64))
        assert 0 < t <= first
        assert CLIFF.evaluate(context.x - t * start.g) < start.f


def test_ascent_direction_is_not_searched():
    x = starts(2, 3, np.random.default_rng(2))
    context, start = begin(valley(2), x, x)
    p = torch.stack([-start.g[:, 0], start.g[:, 1], torch.zeros(2)], 1)
    _, found, asked = searched(valley(2), x, p, torch.ones(3, dtype=torch.float64))
    assert (found.t > 0).tolist() == [True, False, False]
    assert (asked > 0).tolist() == [True, False, False]
    t = backtrack(context, p, dot(start.g, p), start.f, torch.ones(3, dtype=torch.float64))
    assert (t > 0).tolist() == [True, False, False]
    assert (context.oracle.counts[0] > 0).tolist() == [True, False, False]


def test_backtracking_ends_at_the_first_sufficient_decrease():
    rng = np.random.default_rng(3)
    x = starts(4, 50, rng)
    context, start = begin(valley(4), x, x)
    p, first = -start.g, torch.from_numpy(10 ** rng.uniform(-2, 3, 50))
    slope = dot(start.g, p)
    t = backtrack(context, p, slope, start.f, first)

    def enough(t: Tensor) -> Tensor:
        return valley(4).evaluate(x + t * p) <= start.f + 1e-4 * t * slope

    assert enough(t).all()
    shortened = t < first
    assert 5 < shortened.sum() < 45
    assert not enough(2 * t)[shortened].any()
    assert torch.equal(context.oracle.counts[0], 1 + torch.log2(first / t).round().long())


def test_search_at_the_minimum_is_short():
    """Only rounding is left to gain, so no search uses all its trials."""
    bottom = function((-9, 9), (-9, 9), name="bottom")(
        lambda x, y: 1e3 + 200 * (x - 0.3) * (x - 0.3) + torch.cos(y - 2)
    )
    x = torch.tensor([[0.3 + 1e-9], [2 + torch.pi + 1e-8]], dtype=torch.float64)
    context, start = begin(bottom, x, x)
    _, found, asked = searched(bottom, x, -start.g, torch.ones(1, dtype=torch.float64))
    assert asked <= 3
    assert found.f <= start.f
    backtrack(context, -start.g, -dot(start.g, start.g), start.f, torch.ones(1, dtype=torch.float64))
    assert context.oracle.counts[0] <= 3
