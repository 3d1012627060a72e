"""`train_race`: runs against plain loops, tuning, failures, several seeds, executors, the command, and bad input."""

from __future__ import annotations

import copy
import math
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import torch
from experiments_for_tests import mean_cross_entropy
from merged import merged
from torch import nn

from landscapes import InputError, Record, render, train_race
from landscapes.networks import Muon
from landscapes.networks.data import load_batches
from landscapes.networks.muon import orthogonalized
from landscapes.networks.training import TrainingRun, batches_in_order
from landscapes.networks.training_optimizers import as_optimizers

X = torch.randn(96, 2, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] * X[:, 1] > 0).long()
LOSS = nn.CrossEntropyLoss()


def network() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 2))


SMALL = {"steps": 24, "batch_size": 16, "record_steps": 9, "resolution": 9}


@pytest.fixture(scope="module")
def race() -> tuple[Record, nn.Module]:
    net = network()
    optimizers = {
        "SGD": "sgd(lr=0.5, clip=0.2)",
        "Adam": "adam(lr=0.03, schedule='cosine')",
        "own": lambda weights: torch.optim.RMSprop(weights, lr=0.01),
        "bad": "sgd(lr=1e30)",
    }
    return train_race(net, LOSS, (X, Y), optimizers, metrics="accuracy", validation=(X[:30], Y[:30]), **SMALL), net


def plain_losses(make, clip=None, schedule=None) -> list[float]:
    """Train by a loop of our own, and return the losses on all data at every third step."""
    net = network()
    optimizer = make(net.parameters())
    scheduler = None if schedule is None else torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)
    generator, losses = torch.Generator().manual_seed(0), []
    order = torch.cat([torch.randperm(96, generator=generator) for _ in range(4)])
    for step in range(25):
        if step % 3 == 0:
            evaluated = copy.deepcopy(net).eval()
            losses.append(LOSS(evaluated(X), Y).item())
        rows = order[16 * step : 16 * step + 16]
        if step == 24:
            break
        optimizer.zero_grad()
        LOSS(net(X[rows]), Y[rows]).backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(net.parameters(), clip)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return losses


def first_failure(lr: float) -> int:
    """Return the step at which a plain loop finds a loss, or at each third step a weight, that is not finite."""
    net, generator = network(), torch.Generator().manual_seed(0)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    order = torch.cat([torch.randperm(96, generator=generator) for _ in range(4)])
    for step in range(25):
        if step % 3 == 0 and not all(bool(torch.isfinite(v).all()) for v in net.state_dict().values()):
            return step
        rows = order[16 * step : 16 * step + 16]
        optimizer.zero_grad()
        loss = LOSS(net(X[rows]), Y[rows])
        loss.backward()
        optimizer.step()
        if not bool(torch.isfinite(loss)):
            return step
    return -1


def test_runs_equal_plain_loops(race):
    record, _ = race
    t = record.trajectories
    assert t.step.tolist() == list(range(0, 25, 3))
    expected = [
        plain_losses(lambda p: torch.optim.SGD(p, lr=0.5), clip=0.2),
        plain_losses(
            lambda p: torch.optim.Adam(p, lr=0.03), schedule=lambda step: 0.5 * (1 + math.cos(math.pi * step / 24))
        ),
        plain_losses(lambda p: torch.optim.RMSprop(p, lr=0.01)),
    ]
    np.testing.assert_allclose(t.loss[:3], expected, rtol=1e-5)


def test_the_record_is_a_race_in_one_plane(race, tmp_path):
    record, net = race
    t = record.trajectories
    assert t.x.shape == (4, 9, 2)
    assert np.ptp(t.x[:3, 0], axis=0).max() < 1e-5  # one start
    best = int(np.argmin(t.loss[:3, -1]))
    np.testing.assert_allclose(t.x[best, -1], 0, atol=1e-4)
    assert t.runs["status"].tolist() == ["max_steps"] * 3 + ["non-finite"]
    assert t.runs["stopped"][3] == first_failure(lr=1e30)
    assert t.runs["optimizer"].tolist()[:2] == ["sgd(lr=0.5, clip=0.2)", "adam(lr=0.03, schedule='cosine')"]
    np.testing.assert_allclose(t.runs["lr"][:3], [0.5, 0.03, 0.01])
    assert {"batch_loss", "accuracy", "validation_loss", "validation_accuracy"} <= t.metrics.keys()
    assert ((t.metrics["accuracy"][:3] >= 0) & (t.metrics["accuracy"][:3] <= 1)).all()
    assert np.isnan(record.gap_origin)
    assert 0 < record.meta.plane["explained"] <= 1
    assert all(p.grad is None for p in net.parameters())
    again = Record.load(record.save(tmp_path / "race.npz"))
    np.testing.assert_array_equal(again.trajectories.metrics["accuracy"], t.metrics["accuracy"])
    assert render.save(record, tmp_path / "race.gif", seconds=1, fps=5, figsize=(5, 3)).stat().st_size > 5000


def test_the_callers_network_and_random_state_stay():
    net = network()
    state, before = torch.get_rng_state(), copy.deepcopy(net.state_dict())
    train_race(net, LOSS, (X, Y), ["sgd(lr=0.1)"], **SMALL | {"steps": 3})
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert net.training


def test_open_learning_rates_are_tuned():
    record = train_race(network(), LOSS, (X, Y), ["sgd", torch.optim.Adam], lr_grid=(1e-4, 0.01, 0.3), **SMALL)
    runs = record.trajectories.runs
    assert runs["lr_source"].tolist() == ["tuned", "tuned"]
    alone = [
        train_race(network(), LOSS, (X, Y), [f"sgd(lr={lr})"], **SMALL).trajectories.loss[0, -1]
        for lr in (1e-4, 0.01, runs["lr"][0])
    ]
    assert min(alone) == alone[2] == record.trajectories.loss[0, -1]
    with pytest.warns(UserWarning, match="edge of those tried"):
        train_race(network(), LOSS, (X, Y), ["sgd"], lr_grid=(1e-6, 2e-6), **SMALL | {"steps": 6})


def test_rates_are_scored_by_held_out_data_and_batch_losses_are_means():
    run = TrainingRun(loss=[1.0, 0.1], metrics={"validation_loss": [1.0, 0.7]})
    assert run.final == 0.7
    assert TrainingRun(loss=[1.0, 0.1]).final == 0.1
    assert TrainingRun(loss=[1.0], failed_at=3).final == math.inf
    net = nn.Sequential(nn.Linear(2, 2))
    found = train_race(net, LOSS, (X, Y), ["sgd(lr=1e-4)"], **SMALL).trajectories  # hardly moves
    assert found.metrics["batch_loss"][0, 1:] == pytest.approx(found.loss[0, 1:], rel=0.2)


def test_the_plane_goes_through_the_end_of_the_chosen_run():
    found = train_race(network(), LOSS, (X, Y), ["sgd(lr=0.5)", "adam(lr=0.001)"], through="Adam", **SMALL)
    np.testing.assert_allclose(found.trajectories.x[1, -1], 0, atol=1e-4)
    assert np.abs(found.trajectories.x[0, -1]).max() > 0.01


def test_dropout_draws_the_same_numbers_in_each_run_of_a_seed():
    net = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 2))
    found = []
    with torch.random.fork_rng(devices=[]):
        for number, seeds in enumerate(([0], [0, 1])):
            torch.manual_seed(number)  # does not matter
            found.append(train_race(net, LOSS, (X, Y), ["sgd(lr=0.1)"], seeds=seeds, **SMALL).trajectories.loss)
    one, other = found
    np.testing.assert_array_equal(one[0], other[0])
    assert not np.array_equal(other[0], other[1])
    still = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.0), nn.Linear(8, 2))
    still.load_state_dict(net.state_dict())
    without = train_race(still, LOSS, (X, Y), ["sgd(lr=0.1)"], **SMALL).trajectories.loss
    assert not np.array_equal(one, without)  # dropout is on while training


def test_several_seeds_have_bands():
    def fresh() -> nn.Module:
        return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))

    record = train_race(fresh, LOSS, (X, Y), ["sgd(lr=0.1)", "adam(lr=0.01)"], seeds=3, **SMALL)
    runs = record.trajectories.runs
    assert runs["label"].tolist()[:2] == ["SGD, seed 0", "SGD, seed 1"]
    assert runs["name"].tolist() == ["SGD"] * 3 + ["Adam"] * 3
    assert len({*np.round(record.trajectories.loss[:3, 0], 6).tolist()}) == 3  # other initial weights
    from matplotlib.figure import Figure

    ax = render.loss_quantiles(record, Figure().subplots())
    assert [line.get_label() for line in ax.lines] == ["SGD", "Adam"]
    assert ax.get_yscale() == "log"


def plain_network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))


def same(one: Record, other: Record) -> bool:
    """Whether two races have the same bits."""
    a, b = one.trajectories, other.trajectories
    pairs = [(a.loss, b.loss), (a.x, b.x), *((value, b.metrics[name]) for name, value in a.metrics.items())]
    return all(np.array_equal(mine, yours, equal_nan=True) for mine, yours in pairs)


MIXED = {
    "SGD": "sgd(lr=0.5, momentum=0.5, clip=0.2)",
    "Adam": "adam(lr=0.03, weight_decay=0.01, schedule='cosine')",
    "RMSprop": "rmsprop(lr=0.01, schedule='linear')",
    "Muon": "muon(lr=0.02, clip=1.0)",
    "own": lambda weights: torch.optim.NAdam(weights, lr=0.01),
    "bad": "sgd(lr=1e30)",
}


def test_runs_trained_together_have_the_bits_of_separate_ones():
    """Formulas of our own, torch's code on views, clipping, schedules, a failure, and a batch order per seed."""
    options = {"seeds": 2, "metrics": "accuracy", **SMALL}
    alone, together = (train_race(plain_network, LOSS, (X, Y), MIXED, together=way, **options) for way in (False, True))
    assert {*together.trajectories.runs["trained"].tolist()} <= {"together", "together, with other rounding"}
    np.testing.assert_allclose(together.trajectories.loss, alone.trajectories.loss, rtol=1e-4)
    for name in ("lr", "stopped", "status"):
        assert together.trajectories.runs[name].tolist() == alone.trajectories.runs[name].tolist()
    if together.trajectories.runs["trained"][0] == "together":
        assert same(together, alone)


def test_runs_are_trained_together_only_if_that_changes_no_bit(monkeypatch):
    """Those that are not go on from the steps that were taken to measure."""
    from landscapes.networks import together

    options = {"optimizers": ["sgd", "adam(lr=0.01)"], "lr_grid": (0.01, 0.03, 0.1, 0.3), **SMALL}
    net, asked = plain_network(), []
    expected = train_race(net, LOSS, (X, Y), together=False, **options)
    monkeypatch.setattr(together.Rows, "equals", lambda self, others: asked.append(len(others)))
    assert same(train_race(net, LOSS, (X, Y), **options), expected)
    assert asked[0] == 4


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = plain_network()

    def forward(self, x):
        return self.net(x + 0.1 * torch.randn_like(x) if self.training else x)


def test_why_runs_are_trained_one_after_another(race):
    assert race[0].trajectories.runs["trained"][0] == "alone: the statistics of normalization layers change in training"
    options = {"optimizers": ["sgd(lr=0.1)", "adam", "adamax"], "lr_grid": (0.01, 0.03), **SMALL}
    noisy = Noisy()
    found = train_race(noisy, LOSS, (X, Y), **options)
    assert same(found, train_race(noisy, LOSS, (X, Y), together=False, **options))
    with pytest.raises(InputError, match="cannot be trained together: the loss, the network or the optimizer draws"):
        train_race(noisy, LOSS, (X, Y), together=True, **options)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), batch_size=36)
    with pytest.raises(InputError, match="cannot be trained together: batches of different sizes"):
        train_race(plain_network(), LOSS, loader, together=True, **options)


@pytest.mark.slow
def test_an_executor_gives_the_same_results():
    import multiprocessing

    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        far = train_race(network(), mean_cross_entropy, (X, Y), ["sgd(lr=0.1)"], executor=executor, **SMALL)
        with pytest.raises(InputError, match="top of a module"):
            train_race(network(), lambda o, t: LOSS(o, t), (X, Y), ["sgd(lr=0.1)"], executor=executor, **SMALL)
    near = train_race(network(), mean_cross_entropy, (X, Y), ["sgd(lr=0.1)"], **SMALL)
    np.testing.assert_array_equal(far.trajectories.loss, near.trajectories.loss)
    assert far.trajectories.runs["trained"].tolist() == ["executor"]


def test_loaders_give_the_same_batches_to_all():
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), batch_size=32)
    one, other = (batches_in_order(load_batches(loader, torch.device("cpu"), None, whole=True), 64, 1) for _ in "ab")
    seen = [next(one) for _ in range(6)]
    assert all(torch.equal(batch[0], next(other)[0]) for batch in seen)
    epochs = [torch.cat([batch[0] for batch in part]).sum(0) for part in (seen[:3], seen[3:])]
    torch.testing.assert_close(epochs[0], X.sum(0))
    torch.testing.assert_close(epochs[1], X.sum(0))
    record = train_race(network(), LOSS, loader, ["adam(lr=0.01)", "lbfgs(lr=0.1)"], **SMALL | {"steps": 4})
    assert (record.trajectories.loss[:, -1] < record.trajectories.loss[:, 0]).all()


def test_muon_moves_all_singular_values_alike():
    values = torch.linalg.svdvals(orthogonalized(torch.randn(6, 12, generator=torch.Generator().manual_seed(0))))
    assert 0.6 < values.min() <= values.max() < 1.3
    conv = nn.Conv2d(3, 8, 3)
    optimizer, before = Muon(conv.parameters(), lr=0.1), conv.weight.detach().clone()
    conv(torch.ones(1, 3, 5, 5)).square().sum().backward()
    optimizer.step()
    moved = torch.linalg.svdvals((conv.weight.detach() - before).flatten(1))
    assert moved[0] <= 1.3 * 0.1 * 0.2 * 27**0.5


@merged(
    ("change", "message"),
    [
        ({"optimizers": []}, "no optimizers"),
        ({"optimizers": ["adamm"]}, "Did you mean"),
        ({"optimizers": ["adam(0.1)"]}, "cannot parse"),
        ({"optimizers": ["adam(lr=-1)"]}, "lr must be > 0"),
        ({"optimizers": ["adam(lr=0.1, gamma=2)"]}, "Adam cannot be made: TypeError"),
        ({"optimizers": [lambda weights: 3]}, "must make a torch.optim.Optimizer"),
        ({"optimizers": [torch.optim.SGD([X.clone().requires_grad_()], lr=1.0)]}, "classes or functions"),
        ({"optimizers": ["sgd(lr=0.1)", "sgd(lr=0.1)"]}, "two optimizers are called"),
        ({"optimizers": ["sgd(lr=1e30)"]}, "no run stays finite"),
        ({"schedule": "cosin"}, "Did you mean cosine"),
        ({"clip": 0}, "clip must be a norm > 0"),
        ({"steps": 0}, "steps must be an integer >= 1"),
        ({"seeds": [1, 1]}, "seeds must be"),
        ({"lr_grid": [0]}, "lr_grid must be"),
        ({"through": "Adam"}, "through must be the label"),
        ({"executor": 3}, "executor must have submit"),
        ({"together": 1}, "together must be True, False or None"),
        ({"model": 3}, "model must be a torch.nn.Module"),
        ({"data": (X[:0], Y[:0])}, "no rows"),
        ({"data": []}, "no batches"),
        ({"loss": nn.CrossEntropyLoss(reduction="none")}, "one number"),
        ({"data": (X * math.nan, Y)}, "nan"),
    ],
    ids=range(22),
)
def test_bad_input(change, message):
    given = {"model": network(), "loss": LOSS, "data": (X, Y), "optimizers": ["sgd(lr=0.1)"], **SMALL} | change
    with pytest.raises(InputError, match=message):
        train_race(**given)


def test_equal_classes_are_named_by_their_settings():
    labels = [one.label for one in as_optimizers(["sgd(lr=0.1)", "sgd(lr=0.2)", "momentum"], 1.0, "linear")]
    assert labels == [
        "sgd(lr=0.1, clip=1.0, schedule='linear')",
        "sgd(lr=0.2, clip=1.0, schedule='linear')",
        "Momentum",
    ]


def test_accuracy_has_a_panel_below_the_losses(race):
    record, _ = race
    figure = render.figure(record, figsize=(9.6, 5.4))
    (panel,) = [ax for ax in figure.axes if ax.get_title(loc="left") == "validation accuracy, by step"]
    (losses,) = [ax for ax in figure.axes if ax.get_title(loc="left") == "loss, by step"]
    assert panel.get_position().y1 < losses.get_position().y0
    values = record.trajectories.metrics["validation_accuracy"]
    curve = next(line for line in panel.lines if line.get_label() == "Adam")
    np.testing.assert_allclose(curve.get_ydata(), values[1])
    assert render.history(record, "batch_loss", render.figure(record).axes[0]).get_ylabel() == "batch loss"
    with pytest.raises(InputError, match="unknown metric"):
        render.history(record, "accurac")
