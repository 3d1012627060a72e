"""Textbook variants of torch's optimizers: where they differ from torch, and where they agree."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reference import by_optimizers, context_at, egg_box, starts, stepper_of, valley
from torch import Tensor

from landscapes import optimizers
from landscapes.optimizers import Optimizer
from landscapes.oracle import Oracle

CLOSE = {"rtol": 1e-9, "atol": 1e-10}


def path(optimizer: Optimizer, steps: int = 60) -> Tensor:
    return by_optimizers(egg_box(2), [optimizer] * 3, starts(2, 3, np.random.default_rng(1)), steps)


def fed(optimizer: Optimizer, gradients: Tensor) -> Tensor:
    """Return the points (T, d) of one run with given gradients (T, d)."""
    x, oracle, points = torch.zeros(gradients.shape[1], 1, dtype=torch.float64), Oracle(valley(2)), []
    stepper = stepper_of([optimizer], x)
    for t, gradient in enumerate(gradients, 1):
        x = stepper.step(context_at(t, x, gradient[:, None], oracle))
        points.append(x[:, 0])
    return torch.stack(points)


def test_momentum_forms_agree_at_constant_learning_rate():
    inside, outside = optimizers.HeavyBall(lr=0.02, momentum=0.9), optimizers.SGD(lr=0.02, momentum=0.9)
    torch.testing.assert_close(path(inside), path(outside), **CLOSE)


def test_momentum_forms_differ_when_the_learning_rate_drops():
    """At the drop and with zero gradient, heavy ball keeps its velocity, and SGD has a tenth of it."""
    gradients = torch.zeros(12, 1, dtype=torch.float64)
    gradients[0] = 1.0
    inside, outside = (
        fed(optimizers.StepDecay(optimizer, every=6, gamma=0.1), gradients)[:, 0].diff()
        for optimizer in (optimizers.HeavyBall(lr=0.1, momentum=0.9), optimizers.SGD(lr=0.1, momentum=0.9))
    )
    torch.testing.assert_close(inside[:5], outside[:5], **CLOSE)
    torch.testing.assert_close(inside[1:] / inside[:-1], torch.full((10,), 0.9, dtype=torch.float64), **CLOSE)
    torch.testing.assert_close(outside[5:], inside[5:] / 10, **CLOSE)


def test_averaged_momentum_equals_momentum_with_scaled_lr():
    torch.testing.assert_close(
        path(optimizers.AveragedMomentum(lr=0.2, momentum=0.9)),
        path(optimizers.SGD(lr=0.2 * (1 - 0.9), momentum=0.9)),
        **CLOSE,
    )
    assert not torch.allclose(
        path(optimizers.AveragedMomentum(lr=0.02)), path(optimizers.SGD(lr=0.02, momentum=0.9)), atol=1e-2
    )


def test_averaged_momentum_equals_dampened_momentum_after_the_first_gradient():
    """torch's dampening does not apply to the first gradient, which weighs 1 / (1 − μ) times as much."""
    gradients = torch.ones(9, 1, dtype=torch.float64)
    averaged = fed(optimizers.AveragedMomentum(lr=1.0, momentum=0.9), gradients)[:, 0].diff(prepend=torch.zeros(1))
    dampened = fed(optimizers.SGD(lr=1.0, momentum=0.9, dampening=0.9), gradients)[:, 0].diff(prepend=torch.zeros(1))
    assert dampened[0] == pytest.approx(10 * averaged[0].item())
    torch.testing.assert_close(averaged - dampened, 0.9 ** torch.arange(1, 10, dtype=torch.float64), **CLOSE)


def test_epsilon_position_is_irrelevant_for_large_gradients():
    large, small = torch.full((30, 1), 1e3, dtype=torch.float64), torch.full((30, 1), 1e-6, dtype=torch.float64)
    inside, outside = optimizers.RMSpropInside(lr=0.1, eps=1e-8), optimizers.RMSprop(lr=0.1, eps=1e-8)
    torch.testing.assert_close(fed(inside, large), fed(outside, large), rtol=1e-9, atol=0)
    there, here = fed(inside, small)[-1], fed(outside, small)[-1]
    assert here / there > 50  # √ε = 1e-4 dwarfs the gradients; ε = 1e-8 does not


def test_epsilon_inside_is_the_square_of_one_outside_for_vanishing_gradients():
    tiny = torch.full((30, 1), 1e-14, dtype=torch.float64)
    torch.testing.assert_close(
        fed(optimizers.RMSpropInside(lr=0.1, eps=1e-8), tiny),
        fed(optimizers.RMSprop(lr=0.1, eps=1e-4), tiny),
        rtol=1e-8,
        atol=0,
    )


@pytest.mark.parametrize(
    ("raw", "own"),
    [(optimizers.UncorrectedAdam, optimizers.Adam), (optimizers.UncorrectedAdamW, optimizers.AdamW)],
    ids=lambda c: c.__name__,
)
def test_missing_bias_correction_affects_early_steps_only(raw, own):
    gradients = torch.from_numpy(np.random.default_rng(2).normal(3, 1, (3_600, 1)))
    settings = {"lr": 0.1, "beta2": 0.997, "weight_decay": 0.0}
    uncorrected, corrected = (fed(optimizer(**settings), gradients)[:, 0] for optimizer in (raw, own))
    assert uncorrected[0] / corrected[0] == pytest.approx(0.1 / 0.003**0.5, rel=1e-6)
    late, known = uncorrected.diff()[-100:], corrected.diff()[-100:]
    torch.testing.assert_close(late, known, rtol=1e-4, atol=0)
    early = uncorrected.diff()[10:20] / corrected.diff()[10:20]
    assert (early > 2).all()


def test_labels():
    labels = [
        optimizers.HeavyBall(),
        optimizers.AveragedMomentum(),
        optimizers.RMSpropInside(),
        optimizers.UncorrectedAdam(amsgrad=True),
    ]
    assert [optimizer.label for optimizer in labels] == [
        "Heavy ball",
        "Averaged momentum",
        "RMSprop ε inside",
        "AMSGrad uncorrected",
    ]
