"""Records of one's own training loop, and their projections."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from landscapes import Record, from_module, project, render
from landscapes.errors import InputError
from landscapes.functions import get


def trained(steps: int = 6) -> tuple[nn.Module, list[dict[str, torch.Tensor]], list[float], Any]:
    """Train a network with BatchNorm; return it, its checkpoints, its losses and its data."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Tanh(), nn.Linear(3, 1))
    x = torch.randn(16, 2)
    y = x.prod(1, keepdim=True)
    optimizer, points, losses = torch.optim.Adam(net.parameters(), lr=0.1), [], []
    for _ in range(steps):
        points.append({name: value.clone() for name, value in net.state_dict().items()})
        loss = nn.functional.mse_loss(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return net, points, losses, (x, y)


def test_state_dicts_become_their_weights_without_statistics_of_batchnorm() -> None:
    net, points, losses, _ = trained()
    record = Record.from_checkpoints({"mine": points}, {"mine": losses})
    names = [name for name, _ in net.named_parameters()]
    expected = np.stack([torch.cat([point[name].flatten() for name in names]).numpy() for point in points])
    np.testing.assert_array_equal(record.trajectories.x[0], expected)
    np.testing.assert_array_equal(record.trajectories.loss[0], losses)


@pytest.mark.slow
def test_own_runs_are_drawn_on_the_plane_of_their_network(tmp_path) -> None:
    net, points, losses, data = trained()
    record = Record.from_checkpoints({"a": points, "b": points[:4]}, {"a": losses, "b": losses[:4]}, title="Mine")
    f = from_module(net, nn.MSELoss(), *data, radius=5, batchnorm="batch")
    done: list[tuple[int, int]] = []
    flat = project(record, f, resolution=9, progress=lambda *now: done.append(now))
    assert done[-1] == (81, 81)
    assert flat.surface is not None
    plane = flat.meta.plane
    corner = np.array(plane["origin"]) + np.array([flat.surface.x[0], flat.surface.y[2]]) @ plane["directions"]
    assert flat.surface.values[2, 0] == pytest.approx(float(f(corner.tolist())), rel=1e-6)
    for each in (flat, project(record), Record.load(flat.save(tmp_path / "mine.npz"))):
        assert render.save(each, tmp_path / "mine.png").stat().st_size
    assert render.save(record, tmp_path / "losses.png").stat().st_size


def test_batch_statistics_give_the_losses_of_training() -> None:
    net, points, losses, data = trained()
    f = from_module(net, nn.MSELoss(), *data, batchnorm="batch")
    assert f.mode == "vmapped"
    np.testing.assert_allclose(Record.from_checkpoints(points, f).trajectories.loss[0], losses, rtol=1e-5)


def test_any_callable_is_projected_and_compared_with_the_losses() -> None:
    record = Record.from_checkpoints(np.arange(12.0).reshape(4, 3), lambda x: float(x @ x))
    flat, same = (project(record, f, resolution=5) for f in (lambda x: torch.tensor(x) @ torch.tensor(x), "sphere"))
    assert flat.surface is not None
    assert same.surface is not None
    np.testing.assert_allclose(flat.surface.values, same.surface.values)
    with pytest.warns(UserWarning, match=r"at step 3 of 'training' the loss is 302, and the function has 604 there"):
        project(record, lambda x: 2 * x @ x, resolution=2)
    with pytest.raises(InputError, match="must return one number per point, got None"):
        project(record, lambda x: None, resolution=2)
    with pytest.raises(InputError, match=r"give from_module\(network, loss, inputs, targets\)"):
        project(record, nn.Linear(2, 1), resolution=2)


def test_statistics_of_batchnorm_that_do_not_fit_are_reported() -> None:
    net, points, losses, data = trained()
    frozen = from_module(net, nn.MSELoss(), *data)
    with pytest.warns(UserWarning, match="other running statistics of BatchNorm"):
        Record.from_checkpoints(points, frozen)
    with pytest.warns(UserWarning, match="load the last checkpoint"):
        project(Record.from_checkpoints(points, losses), frozen, resolution=3)
    same = [
        {**point, **{name: data for name, data in net.state_dict().items() if "running" in name}} for point in points
    ]
    project(Record.from_checkpoints(same, frozen), frozen, resolution=3)


@pytest.mark.parametrize("ratio", [1.0, 1e-3, 1e-7, 0.0])
@pytest.mark.parametrize("shape", [(5, 40), (40, 5)])
def test_principal_directions_are_those_of_a_singular_value_decomposition(shape, ratio) -> None:
    random = np.random.default_rng(0)
    left, right = (np.linalg.qr(random.normal(size=(n, 3)))[0] for n in shape)
    moves = left * [1.0, 0.5 * ratio, 0.1 * ratio] @ right.T
    moves -= moves[-1]
    record = Record.from_checkpoints(moves, np.linspace(1, 0, len(moves)))
    plane = project(record).meta.plane
    found = np.array(plane["directions"])
    np.testing.assert_allclose(found @ found.T, np.eye(2), atol=1e-12)
    _, strength, rows = np.linalg.svd(moves, full_matrices=False)
    assert plane["explained"] == pytest.approx((strength[:2] ** 2).sum() / (strength**2).sum(), rel=1e-9)
    assert abs(found[0] @ rows[0]) == pytest.approx(1, abs=1e-9)
    if ratio:
        assert abs(found[1] @ rows[1]) == pytest.approx(1, abs=1e-6)


def test_given_directions_and_views_are_taken() -> None:
    record = Record.from_checkpoints(np.arange(12.0).reshape(3, 4), lambda x: float(x @ x))
    flat = project(record, along=[[0, 2, 0, 0], [0, 1, 1, 0]])
    np.testing.assert_allclose(flat.meta.plane["directions"], [[0, 1, 0, 0], [0, 0, 1, 0]], atol=1e-15)
    sphere = project(record, get("sphere").with_dim(4), view=((-1, 1), (-2, 2)), resolution=3)
    assert sphere.surface is not None
    assert (sphere.surface.x.tolist(), sphere.surface.y.tolist()) == ([-1, 0, 1], [-2, 0, 2])
    narrow, wide = (project(record, margin=margin).meta.domain[0] for margin in (0.0, 1.0))
    assert wide[1] - wide[0] > narrow[1] - narrow[0]


def test_runs_that_end_early_or_meet_nan_are_marked() -> None:
    points = np.arange(8.0).reshape(4, 2)
    losses = [4.0, 1.0, 2.0, 0.5]
    runs = {"whole": points, "short": points[:2], "lost": np.where(points > 3, np.nan, points)}
    values = {"whole": losses, "short": losses[:2], "lost": losses}
    record = Record.from_checkpoints(runs, values, steps=[0, 10, 20, 30], target=1.5)
    columns = record.trajectories.runs
    assert columns["status"].tolist() == ["converged", "converged", "non-finite"]
    assert columns["stopped"].tolist() == [None, 10, 20]
    assert columns["reached"].tolist() == [30, 10, 10]
    assert columns["first_reached"].tolist() == [10, 10, 10]
    assert record.trajectories.x[2].tolist() == [[0, 1], [2, 3], [2, 3], [2, 3]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Record.from_checkpoints({}, {}), "there are no runs"),
        (lambda: Record.from_checkpoints({"a": [[1.0]]}, {"b": [1.0]}), "losses must have the labels of the runs, a;"),
        (lambda: Record.from_checkpoints([[1.0, 2.0]], [1.0, 2.0]), "losses of run 'training' must have shape (T,)"),
        (lambda: Record.from_checkpoints([[1.0], [1.0, 2.0]], [1.0, 2.0]), "must have equal numbers of weights"),
        (lambda: Record.from_checkpoints([[np.nan, 1.0]], [1.0]), "must begin at a finite point"),
        (lambda: Record.from_checkpoints([[1.0, 1.0]], [np.inf]), "must begin with a finite loss"),
        (lambda: Record.from_checkpoints("run.pt", [1.0]), "must be checkpoints, one per step; got str"),
        (lambda: Record.from_checkpoints(np.ones((2, 2)), [1, 2], steps=[0]), "steps must have 2 entries"),
        (lambda: Record.from_checkpoints(np.ones((2, 2)), [1, 2], steps=[5, 5]), "step must be >= 0 and ascending"),
        (lambda: project(Record.from_checkpoints(np.ones((2, 3)), [1, 2]), along=[[1, 0, 0], [2, 0, 0]]), "parallel"),
        (lambda: project(Record.from_checkpoints(np.ones((2, 3)), [1, 2]), along=np.ones((2, 2))), "shape (2, 3)"),
        (lambda: from_module(nn.Linear(1, 1), nn.MSELoss(), torch.ones(2, 1), batchnorm="eval"), "batchnorm must be"),
        (lambda: project(Record.from_checkpoints(np.ones((2, 3)), [1, 2]), margin=-1), "margin must be"),
        (lambda: project(Record.from_checkpoints(np.ones((2, 3)), [1, 2]), view="race"), "view must be a box"),
    ],
)
def test_bad_input_is_refused_in_one_line(call: Any, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_checkpoints_that_share_their_weights_are_refused() -> None:
    net = nn.Linear(2, 1)
    shared = [net.state_dict()] * 3  # what a loop collects without copies
    with pytest.raises(
        InputError,
        match=r"all checkpoints of run 'mine' are the same weights.* copy\.deepcopy\(model\.state_dict\(\)\)",
    ):
        Record.from_checkpoints({"mine": shared}, {"mine": [3.0, 2.0, 1.0]})
