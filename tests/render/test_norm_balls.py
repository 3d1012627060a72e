"""Norm balls: each step is the lowest point of the ball, for the direction that the optimizer follows."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from landscapes import InputError, compare, project, race, render
from landscapes.functions.matrices import matrix_ravine, singular_plane
from landscapes.render.animation.frames import Frames
from landscapes.render.artists.norm_ball import CORNERS, NormBall
from landscapes.render.plots._norm_balls import NORMS, norm_of

SPECS = (
    "sgd(lr=0.03)", "momentum(lr=0.01)", "lion(lr=0.1)", "muon(lr=0.1, weight_decay=0, exact=True)", "adam(lr=0.2)",
    "adamw(lr=0.2, weight_decay=0)", "cosine(rmsprop(lr=0.1))",
)  # fmt: skip


@pytest.fixture(scope="module")
def record():
    return race("booth", SPECS, start=(-6, 5), steps=6, metrics=["second_moment", "momentum"], resolution=9)


def balls(ax) -> list[NormBall]:
    return [artist for artist in ax.artists if isinstance(artist, NormBall)]


def drawn(record, **how):
    ax = render.trajectories(record, render.contour(record, Figure().subplots()))
    return render.norm_balls(record, ax, **how)


@pytest.mark.parametrize("run", range(len(SPECS)), ids=SPECS)
def test_steps_are_the_lowest_points_of_their_balls(run, record):
    """No vector of the same norm as the step goes further down along what the optimizer follows."""
    norm, x = norm_of(record, run), record.trajectories.x[run]
    followed = record.trajectories.metrics["momentum"][run]
    gradient = np.array([[10 * a + 8 * b - 34, 8 * a + 10 * b - 38] for a, b in x])  # of Booth's function
    angles = np.linspace(0, 2 * np.pi, 721)
    around = np.column_stack([np.cos(angles), np.sin(angles)])
    for t in (1, 3, 6):
        move = x[t] - x[t - 1]
        direction = gradient[t - 1] if np.isnan(followed[t]).all() or SPECS[run].startswith("cosine") else followed[t]
        if SPECS[run].startswith("lion"):  # which mixes its momentum with the gradient
            direction = 0.9 * followed[t - 1] + 0.1 * gradient[t - 1]
        if SPECS[run].startswith("muon"):  # Nesterov
            direction = 0.05 * gradient[t - 1] + 0.95 * followed[t]
        border = around * (norm(move[None], t) / norm(around, t))[:, None]
        lowest = float((border @ direction).min())
        assert float(move @ direction) == pytest.approx(lowest, rel=1e-4, abs=1e-9 * abs(lowest)), t


def test_heads_are_on_the_border(record):
    ax = drawn(record, step=4)
    assert len(balls(ax)) == len(SPECS)
    for run, ball in enumerate(balls(ax)):
        border = ball.outline(4, ax.transData)
        assert border.shape == (CORNERS, 2)
        head = ax.transData.transform(record.trajectories.x[run, 4])
        after = np.roll(border, -1, 0) - border
        along = np.clip(((head - border) * after).sum(1) / (after * after).sum(1), 0, 1)
        assert np.linalg.norm(border + along[:, None] * after - head, axis=1).min() < 0.05
        assert ball.outline(0, ax.transData) is None


def test_films_show_the_ball_of_the_step_on_the_way(record):
    """Pixels of frames do not depend on the frames drawn before, so changed regions hold all changes."""
    ball = balls(drawn(record))[2]
    assert np.array_equal(ball.outline(2.3, ball.axes.transData), ball.outline(3, ball.axes.transData))
    made = render.figure(record, norm_balls=True, dpi=40)
    frames = Frames(made, None, [0, 1.5, 3, 4.5, 6])
    forward = [frames.show(step).copy() for step in (0, 1.5, 3, 4.5, 6)]
    for step in (6, 3):
        assert np.array_equal(frames.show(step), forward[{3: 2, 6: 4}[step]])


def test_a_short_step_gets_a_larger_ball_of_the_same_shape(record):
    ax = drawn(record)
    ball = balls(ax)[0]
    small, large = ball.outline(5, ax.transData), ball.outline(5, ax.transData, 100.0)
    head = ax.transData.transform(record.trajectories.x[0, 5])
    ratio = (large - head) / (small - head + 1e-300)
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=1e-3)
    assert np.median(ratio) > 2


def test_muon_has_a_square_in_the_plane_of_singular_values():
    ravine = matrix_ravine(20)
    raced = race(ravine, ["muon(lr=0.1, rows=2, exact=True, weight_decay=0)", "sgd(lr=0.01)"], steps=3)
    plane = project(raced, ravine, along=singular_plane(30, -20), origin=[0] * 4, resolution=9)
    u = np.random.default_rng(0).normal(size=(5, 2))
    np.testing.assert_allclose(norm_of(plane, 0)(u, 1), np.abs(u).max(1))
    np.testing.assert_allclose(norm_of(plane, 1)(u, 1), np.hypot(*u.T))
    assert len(balls(render.figure(plane, norm_balls=True, dpi=40).axes[0])) == 2
    assert "matrix" in render.caption(plane).lower()


def test_optimizers_without_a_norm_are_named(tmp_path):
    raced = race("booth", ["sgd(lr=0.05)", "adam(lr=0.2)", "bfgs", "clip(sgd(lr=0.05), norm=1)"], steps=3, resolution=9)
    with pytest.warns(UserWarning, match="no norm balls of Adam: its second moment .* BFGS: bfgs is no steepest"):
        made = render.figure(raced, norm_balls=True, dpi=40)
    assert len(balls(made.axes[0])) == 1
    with pytest.raises(InputError, match="has no norm balls: leave out"):
        render.save(raced, tmp_path / "race.html", norm_balls=True)
    with pytest.raises(InputError, match="losses or norm balls: leave out"):
        render.figure(raced, norm_balls=True, view3d=True)
    with pytest.raises(InputError, match="norm_balls must be True or False, got 3"):
        render.figure(raced, norm_balls=3)
    with pytest.raises(InputError, match="norm balls are drawn in two dimensions"):
        render.norm_balls(race(matrix_ravine(), ["sgd(lr=0.01)"], steps=2))
    with pytest.raises(InputError, match="got a record of compare"):
        render.norm_balls(compare("booth", "sgd(lr=0.01)", starts=1, steps=2))


def test_every_optimizer_with_a_norm_exists():
    from landscapes.optimizers import names

    assert NORMS.keys() <= names().keys()
