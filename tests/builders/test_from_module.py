"""`from_module`: losses of networks as functions of their weights."""

from __future__ import annotations

import copy
import math
import warnings

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from landscapes import InputError, from_module, race, render
from landscapes.objectives.validation import checked


def rows(count=40):
    x = torch.randn(count, 2, generator=torch.Generator().manual_seed(0))
    return x, (x[:, :1] * x[:, 1:] > 0).float()


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1))


def flat(module):
    return nn.utils.parameters_to_vector(module.parameters()).detach()


def test_a_point_contains_all_weights():
    x, y = rows()
    module, loss = net(), nn.BCEWithLogitsLoss()
    f = from_module(module, loss, x, y, radius=0.5, title="XOR")
    assert (f.dim, f.mode, f.name, f.title) == (21, "vmapped", "Sequential", "XOR")
    assert f.start == tuple(flat(module).double().tolist())
    assert f.domain[3] == (f.start[3] - 0.5, f.start[3] + 0.5)
    points = torch.stack([flat(net(seed)) for seed in range(4)])
    expected = [loss(net(seed)(x), y).item() for seed in range(4)]
    assert f(points).tolist() == pytest.approx(expected, rel=1e-5)


def test_races_reproduce_training_by_torch():
    x, y = rows()
    module = net().double()
    f = from_module(module, nn.MSELoss(), x, y)
    record = race(f, ["adam(lr=0.03)", "sgd(lr=0.1)"], steps=25)
    for run, optimizer in enumerate([torch.optim.Adam, torch.optim.SGD]):
        trained = copy.deepcopy(module)
        own = optimizer(trained.parameters(), lr=[0.03, 0.1][run])
        for _ in range(25):
            own.zero_grad()
            nn.MSELoss()(trained(x.double()), y.double()).backward()
            own.step()
        np.testing.assert_allclose(record.trajectories.x[run, -1], flat(trained), atol=1e-10)


def test_the_module_is_not_changed():
    x, y = rows()
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(), nn.Linear(3, 1)).train()
    before = copy.deepcopy(module.state_dict())
    f = from_module(module, nn.MSELoss(), x, y)
    race(f, ["sgd(lr=0.1)"], steps=3)
    assert module.training
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert all(p.grad is None for p in module.parameters())
    value = f(f.start)
    nn.init.zeros_(module[0].weight)
    assert f(f.start) == value


def test_frozen_weights_are_constant_and_shared_ones_count_once():
    x, y = rows()
    module = net()
    module[0].weight.requires_grad_(False)
    f = from_module(module, nn.MSELoss(), x, y)
    assert f.dim == 11
    assert float(f(f.start)) == pytest.approx(nn.MSELoss()(module(x), y).item(), rel=1e-5)
    shared = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))
    shared[2].weight = shared[0].weight
    f = from_module(shared, nn.MSELoss(), x, x)
    assert f.dim == 8
    moved = copy.deepcopy(shared)
    nn.utils.vector_to_parameters(torch.arange(8.0) / 8, moved.parameters())
    assert float(f((torch.arange(8.0) / 8).double())) == pytest.approx(nn.MSELoss()(moved(x), x).item(), rel=1e-5)


@pytest.mark.slow
def test_mini_batches():
    x, y = rows(24)
    f = from_module(net(), nn.MSELoss(), x, y, batch=6, seed=3)
    again = from_module(net(), nn.MSELoss(), x, y, batch=6, seed=3)
    at = f.start
    values = [float(f.at_step(t)(at)) for t in range(800)]
    assert values[5] == float(again.at_step(5)(at))
    assert len(set(values)) > 750
    assert np.mean(values) == pytest.approx(float(f(at)), rel=0.03)
    assert race(f, ["sgd(lr=0.1)"], steps=3).trajectories.x.shape == (1, 4, 21)


def test_classes_and_weighted_losses_in_both_precisions():
    x, y = rows()
    loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))
    module = nn.Linear(2, 2)
    f = from_module(module, loss, x, y[:, 0].long())
    expected = loss(module(x), y[:, 0].long()).item()
    assert float(f(f.start)) == pytest.approx(expected, rel=1e-6)
    assert f(torch.tensor(f.start, dtype=torch.float32)).dtype == torch.float32
    assert race(f, ["sgd(lr=0.1)"], steps=2, dtype=torch.float32).trajectories.loss[0, 0] == pytest.approx(expected)


def test_all_tensors_are_on_the_device_of_the_points():
    x, y = rows()
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
    f = from_module(module, nn.CrossEntropyLoss(weight=torch.ones(2)), x, y[:, 0].long())
    points = torch.empty((5, f.dim), device="meta", requires_grad=True)
    assert torch.autograd.grad(f(points).sum(), points)[0].shape == points.shape


def test_two_weights_have_a_surface():
    x, y = rows()
    f = from_module(nn.Linear(2, 1, bias=False), nn.BCEWithLogitsLoss(), x, y, radius=3)
    record = race(f, ["sgd(lr=0.5)"], steps=5, resolution=17)
    assert record.surface is not None
    assert record.surface.values.shape == (17, 17)
    assert from_module(nn.Linear(1, 1, bias=False), nn.MSELoss(), y, y).dim == 1


def test_several_inputs_and_no_target():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(2, 1)

        def forward(self, a, b):
            return self.first(a) * b

    x, y = rows()
    module = Pair()
    f = from_module(module, lambda out: out.pow(2).mean(), (x, y))
    assert float(f(f.start)) == pytest.approx(module(x, y).pow(2).mean().item(), rel=1e-5)


def test_modules_that_vmap_cannot_evaluate_are_looped_with_one_warning():
    x, _ = rows()
    with pytest.warns(UserWarning, match="cannot be evaluated by torch.func.vmap") as warned:
        f = from_module(nn.LSTM(2, 2), lambda out: out[0].pow(2).mean(), x.reshape(4, 10, 2))
    assert [warning.filename for warning in warned] == [__file__]
    assert f.mode == "looped"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert checked(f) is f


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"module": 3}, "takes a torch.nn.Module, got 3"),
        ({"module": nn.Tanh()}, "Tanh has no weights"),
        ({"module": nn.LazyLinear(2)}, "weights without a shape"),
        ({"loss": nn.MSELoss(reduction="none")}, "returns shape"),
        ({"loss": lambda out, y: out.mean() * math.inf}, "start where it is finite"),
        ({"targets": torch.zeros(3, 7)}, "raises"),
        ({"targets": [1, 2]}, "inputs and targets must be tensors"),
        ({"batch": 0}, "batch must be an integer from 1 to 40, the number of rows, got 0"),
        ({"batch": 41}, "from 1 to 40, the number of rows, got 41"),
        ({"batch": 3, "seed": -1}, "seed must be an integer >= 0, got -1"),
        ({"batch": 3, "targets": torch.zeros(39, 1)}, r"must have the same number of rows, got \[39, 40\] rows"),
        ({"radius": 0}, "radius must be a finite number > 0, got 0"),
        ({"radius": math.nan}, "radius must be"),
    ],
)
@pytest.mark.filterwarnings("ignore:Using a target size", "ignore:Lazy modules")
def test_invalid_arguments_are_refused(options, message):
    x, y = rows()
    given = {"module": net(), "loss": nn.MSELoss(), "targets": y} | options
    with pytest.raises(InputError, match=message) as caught:
        from_module(given.pop("module"), given.pop("loss"), x, given.pop("targets"), **given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("loss", "bound"), [(nn.MSELoss(), 0.0), (lambda out, y: -(out * out).mean(), math.nan)])
def test_losses_are_bounded_by_zero_unless_one_is_negative(loss, bound):
    net, x = nn.Linear(3, 2), torch.ones(4, 3)
    made = from_module(net, loss, x, torch.zeros(4, 2))
    assert made.lower_bound == pytest.approx(bound, nan_ok=True)
    assert from_module(net, loss, x, torch.zeros(4, 2), lower_bound=-1e9).lower_bound == -1e9
    assert math.isnan(made.noisy(0.1).lower_bound)


def test_losses_of_networks_are_drawn_as_losses():
    made = from_module(nn.Linear(3, 2), nn.MSELoss(), torch.ones(4, 3), torch.zeros(4, 2))
    record = race(made, ["sgd(lr=0.01)", "adam(lr=0.01)"], steps=5)
    ax = render.loss_curves(record, Figure().add_subplot())
    assert (ax.get_ylabel(), ax.get_yscale()) == ("loss", "log")


@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated")
@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_weights_that_a_module_computes_at_each_call():
    """The old weight_norm stores a computed weight, which cannot be deep-copied."""
    net = nn.Sequential(nn.utils.weight_norm(nn.Linear(2, 3)), nn.Tanh(), nn.Linear(3, 1)).double()
    x, y = torch.eye(2).double(), torch.ones(2, 1).double()
    expected = nn.MSELoss()(net(x), y).detach()
    f = from_module(net, nn.MSELoss(), x, y)
    assert f.dim == sum(p.numel() for p in net.parameters()) == 16
    assert float(f(f.start)) == pytest.approx(float(expected), rel=1e-14)
    loss = race(f, ["sgd(lr=0.1)"], steps=5).trajectories.loss[0]
    with torch.no_grad():
        before = net[0].weight_g.clone()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for value in loss:
        optimizer.zero_grad()
        own = nn.MSELoss()(net(x), y)
        assert float(own.detach()) == pytest.approx(value, rel=1e-12)
        own.backward()
        optimizer.step()
    assert not torch.equal(before, net[0].weight_g)
