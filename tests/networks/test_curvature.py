"""Curvature against matrices that are computed in full, and figures that are known."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from landscapes import InputError, Record, function, line, plane, race, render, watch
from landscapes.networks import (
    central_flow,
    connect,
    curvature_map,
    eigenvalues,
    match_units,
    sharpness,
    slices,
    spectral_density,
    stability,
    stability_bound,
    trace,
)
from landscapes.networks.directions import random_direction
from landscapes.render.plots._sharpness import CrossingMark

CE = nn.CrossEntropyLoss()
DOUBLE = {"dtype": torch.float64}


def exact_hessian(net, x, y):
    """The Hessian of a network in float64 by torch.autograd.functional, batch statistics frozen."""
    net = copy.deepcopy(net).double().eval()
    shapes = [p.shape for p in net.parameters()]
    names = [name for name, _ in net.named_parameters()]

    def loss(theta):
        parts = torch.split(theta, [shape.numel() for shape in shapes])
        named = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return CE(torch.func.functional_call(net, named, (x.double(),)), y)

    theta = torch.cat([p.detach().reshape(-1) for p in net.parameters()])
    return torch.autograd.functional.hessian(loss, theta).numpy()


@pytest.fixture(scope="module")
def wide():
    """A perceptron with more weights than are treated in full."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
        x, y = torch.randn(60, 4), torch.randint(3, (60,))
    return net, x, y, np.linalg.eigh(exact_hessian(net, x, y))


def test_eigenvalues_are_those_of_the_exact_hessian(wide):
    """tomgoldstein multiplies them by the number of batches; hessian-eigenthings' second one is wrong by 39 %;
    power iteration takes the negative end for the largest."""
    net, x, y, (exact, vectors) = wide
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=25)
    for data in ((x, y), loader):
        top = eigenvalues(net, CE, data, 3, **DOUBLE)
        assert top.values == pytest.approx(exact[::-1][:3], rel=1e-6)
        assert (top.residuals < 1e-4).all()
        assert abs(top.vectors[:, 0] @ vectors[:, -1]) == pytest.approx(1, abs=1e-6)
    both = eigenvalues(net, CE, (x, y), 2, which="both", tol=1e-7, **DOUBLE)
    assert both.values == pytest.approx(exact[[-1, 0]], rel=1e-6)
    assert eigenvalues(net, CE, (x, y), 1, which="bottom", tol=1e-7, **DOUBLE).values[0] == pytest.approx(exact[0])
    assert eigenvalues(net, CE, (x, y), 2).values == pytest.approx(exact[::-1][:2], rel=1e-5)  # in float32


def test_trace_and_density(wide):
    net, x, y, (exact, _) = wide
    found = trace(net, CE, (x, y), samples=200, **DOUBLE)
    assert abs(found.value - exact.sum()) < 4 * found.error
    assert 0 < found.error < 0.2 * exact.sum()
    density = spectral_density(net, CE, (x, y), samples=3, lanczos_steps=len(exact), **DOUBLE)
    assert density.largest == pytest.approx(exact[-1], rel=1e-6)
    assert np.trapezoid(density.density, density.x) == pytest.approx(1, abs=1e-3)
    moments = [float(density.shares @ density.nodes**k) for k in (1, 2)]
    assert moments[1] == pytest.approx(float(np.mean(exact**2)), rel=0.3)


def test_gauss_newton_is_the_hessian_of_a_linear_model(cnn):
    x = torch.randn(40, 5)
    y = torch.randint(3, (40,))
    net = nn.Linear(5, 3)
    full = eigenvalues(net, CE, (x, y), 4, **DOUBLE)
    other = eigenvalues(net, CE, (x, y), 4, matrix="gauss-newton", **DOUBLE)
    assert other.values == pytest.approx(full.values, rel=1e-8)
    deep = eigenvalues(cnn.net, CE, cnn.data, 5, which="bottom", matrix="gauss-newton", **DOUBLE)
    assert deep.values.min() > -1e-10  # which is not negative, whatever the Hessian is


def test_batchnorm_uses_running_statistics_and_is_left_alone(cnn):
    """nngeom differentiates in the caller's mode: 98 % off in training mode, and the statistics move."""
    net = copy.deepcopy(cnn.net).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    exact = np.linalg.eigvalsh(exact_hessian(cnn.net, *cnn.data))
    found = eigenvalues(net, CE, cnn.data, 2, **DOUBLE)
    assert found.values == pytest.approx(exact[::-1][:2], rel=1e-6)
    assert net.training
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())


def test_planes_along_eigenvectors_and_gradients(cnn):
    """loss-landscape-3d's Hessian plane raises on BatchNorm."""
    record = plane(cnn.net, CE, cnn.data, directions="hessian", resolution=9)
    exact = np.linalg.eigh(exact_hessian(cnn.net, *cnn.data))[1]
    for k in (0, 1):
        assert abs(record.space.directions[k].double().numpy() @ exact[:, -1 - k]) == pytest.approx(1, abs=1e-3)
    assert record.surface.values.max() > 1.5 * record.meta.plane["loss"]
    downhill = plane(cnn.net, CE, cnn.data, directions="gradient", resolution=9)
    assert downhill.meta.plane["along"] == ["gradient", "random direction 2"]
    assert downhill.meta.plane["lengths"][0] == pytest.approx(1)


def test_sharpness_does_not_change_with_scales_of_filters(mlp):
    net = copy.deepcopy(mlp.net)
    with torch.no_grad():
        net[0].weight *= 4
        net[0].bias *= 4
        net[2].weight /= 4
    plain = [sharpness(one, CE, mlp.data, 0.05) for one in (mlp.net, net)]
    assert plain[1] > 1.5 * plain[0] > 0
    found = [sharpness(one, CE, mlp.data, 0.01, scaled=True, layers=["0.weight"]) for one in (mlp.net, net)]
    assert found[1] == pytest.approx(found[0], rel=1e-3)
    assert sharpness(mlp.net, CE, mlp.data, 0.2, steps=8) >= sharpness(mlp.net, CE, mlp.data, 0.2)


def test_stability_on_a_quadratic_function():
    @function((-2, 2), (-2, 2))
    def valley(x, y):
        return 0.5 * (x * x + 10 * y * y)

    record = race(valley, ["sgd(lr=0.19)", "sgd(lr=0.21)", "momentum(lr=0.3)", "adam(lr=0.1)"], steps=30)
    found = stability(record, valley)
    metrics = found.trajectories.metrics
    assert metrics["sharpness"][:3] == pytest.approx(10)
    assert metrics["stability_bound"][:, 0] == pytest.approx([2 / 0.19, 2 / 0.21, 3.8 / 0.3, 380])
    assert found.trajectories.runs["crossed"][:3].tolist() == [-1, 0, -1]
    assert record.trajectories.runs["status"][0] != "diverged"
    x = record.trajectories.x[3]
    squares = np.zeros(2)
    for k in range(31):  # Adam's preconditioner from its own gradients
        squares = 0.999 * squares + 0.001 * (x[k] * [1, 10]) ** 2
        root = np.sqrt(squares / (1 - 0.999 ** (k + 1))) + 1e-8
        assert metrics["sharpness"][3, k] == pytest.approx(max(1 / root[0], 10 / root[1]), rel=1e-6)


def test_the_label_of_an_early_crossing_is_on_the_axes():
    found = stability(race("booth", ["sgd(lr=0.1)"], steps=40))
    found.trajectories.runs["crossed"][:] = 2
    ax = render.sharpness(found, Figure(layout="constrained").subplots())
    ax.figure.draw_without_rendering()
    (label,) = (text for text in ax.texts if text.get_text() == "step 2")
    assert label.get_window_extent().x0 >= ax.bbox.x0


def test_the_labels_of_a_bound_and_of_its_crossing_are_apart():
    """As where the curve oscillates about the bound: the bound's label is left of the crossing's."""
    found = stability(race("booth", ["sgd(lr=0.05)"], steps=180))
    step = np.arange(181.0)
    found.trajectories.metrics["sharpness"][:] = np.minimum(step / 24, 5 + np.cos(step))
    found.trajectories.metrics["stability_bound"][:] = 5
    found.trajectories.runs["crossed"][:] = 120
    ax = render.sharpness(found, Figure(figsize=(8, 3), layout="constrained").subplots())
    ax.figure.draw_without_rendering()
    boxes = [
        text.get_window_extent() for word in ("bound 5", "step 120") for text in ax.texts if text.get_text() == word
    ]
    assert boxes[0].y0 < boxes[1].y1
    assert boxes[1].y0 < boxes[0].y1
    assert boxes[1].x0 - boxes[0].x1 > boxes[0].height


def test_stability_of_a_network_equals_its_eigenvalues(wide):
    net, x, y, (exact, _) = wide
    points = [torch.cat([p.detach().reshape(-1) for p in net.parameters()]).double().numpy()] * 2
    record = Record.from_checkpoints([points[0], points[1] * 1.01], [1.0, 1.0])
    found = stability(record, (net, CE, (x, y)), optimizer="sgd(lr=0.1)")
    assert found.trajectories.metrics["sharpness"][0, 0] == pytest.approx(exact[-1], rel=1e-5)
    with pytest.raises(InputError, match="known for sgd, momentum"):
        stability(record, (net, CE, (x, y)), optimizer="lion(lr=0.1)")
    with pytest.raises(InputError, match="does not say its function"):
        stability(record)


def test_several_learning_rates_and_watched_runs(wide):
    net, x, y, _ = wide
    points = torch.cat([p.detach().reshape(-1) for p in net.parameters()]).double().numpy()
    record = Record.from_checkpoints({"a": [points] * 2, "b": [points] * 2}, {"a": [1.0] * 2, "b": [1.0] * 2})
    found = stability(record, (net, CE, (x, y)), optimizer={"a": "sgd(lr=0.1)", "b": "sgd(lr=0.4)"})
    assert found.trajectories.metrics["stability_bound"][:, 0] == pytest.approx([20, 5])
    with pytest.raises(InputError, match="labels of the runs, a, b; got a"):
        stability(record, (net, CE, (x, y)), optimizer={"a": "sgd(lr=0.1)"})
    net = copy.deepcopy(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    watched = watch(optimizer)
    for _ in range(2):
        optimizer.zero_grad()
        loss = CE(net(x), y)
        loss.backward()
        optimizer.step()
        watched.log(loss)
    own = stability(watched, (net, CE, (x, y)), optimizer="sgd(lr=0.1)")
    assert own.trajectories.metrics["sharpness"][0, 0] == pytest.approx(
        found.trajectories.metrics["sharpness"][0, 0], rel=1e-3
    )


def test_gradient_descent_sharpens_up_to_its_bound():
    """Cohen et al., 2021: full-batch training raises the sharpness to 2/lr, and stays there."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
        net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
    y, loss_fn = x.prod(1, keepdim=True).sign(), nn.MSELoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    points, losses = [], []
    for step in range(1201):
        loss = loss_fn(net(x), y)
        if step % 100 == 0:
            points.append(torch.cat([p.detach().reshape(-1) for p in net.parameters()]).numpy())
            losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    record = Record.from_checkpoints(points, losses, steps=range(0, 1201, 100))
    found = stability(record, (net, loss_fn, (x, y)), optimizer="sgd(lr=0.1)")
    sharp = found.trajectories.metrics["sharpness"][0]
    assert sharp[0] < 10
    assert sharp[-3:] == pytest.approx(20, rel=0.1)
    crossed = int(found.trajectories.runs["crossed"][0])
    assert 0 < crossed < 1200
    figure = render.figure(found)
    assert figure.axes[0].get_title(loc="left").startswith(f"{points[0].size} coordinates: ")  # the record has no title
    (panel,) = (ax for ax in figure.axes if ax.get_title(loc="left") == "sharpness, by step")
    curve = max(panel.lines, key=lambda line: len(line.get_xdata()))
    assert curve.get_ydata() == pytest.approx(sharp)
    (ring,) = (line for line in panel.lines if line.get_marker() == "o")
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (crossed, pytest.approx(20))
    assert {"bound 20", f"step {crossed}"} <= {text.get_text() for text in panel.texts}
    early = render.sharpness(found, Figure().subplots(), step=crossed - 100)
    assert not any(line.get_visible() for line in early.lines if line.get_marker() == "o")
    with pytest.raises(InputError, match="no sharpness; draw what"):
        render.sharpness(record, Figure().subplots())


def test_a_curvature_map_has_the_ends_of_the_exact_spectrum(mlp, cnn):
    record = plane(mlp.net, CE, mlp.data, resolution=3, span=0.3, dtype=torch.float64)
    made = curvature_map(record, tol=1e-7)
    d1, d2 = (record.objective.weights.split(d) for d in record.space.directions)
    for i, j in ((0, 2), (2, 0)):
        net = copy.deepcopy(mlp.net).double()
        with torch.no_grad():
            for name, p in net.named_parameters():
                p += record.surface.x[j] * d1[name] + record.surface.y[i] * d2[name]
        exact = np.linalg.eigvalsh(exact_hessian(net, *mlp.data))
        assert made.grids["largest eigenvalue"][i, j] == pytest.approx(exact[-1], rel=1e-6)
        assert made.grids["smallest eigenvalue"][i, j] == pytest.approx(exact[0], rel=1e-6)
    shown = made.show("largest eigenvalue")
    assert shown.surface.values.tolist() == made.grids["largest eigenvalue"].tolist()
    with pytest.raises(InputError, match="takes what plane"):
        curvature_map(Record(record.trajectories, record.surface, record.meta))
    with pytest.raises(InputError, match="fixed statistics"):
        curvature_map(plane(cnn.net, CE, cnn.data, resolution=3, batchnorm="recalibrate"))


def test_the_central_flow_stays_at_the_edge():
    @function((-1, 4), (-1, 4))
    def product(x, y):
        return 0.5 * (x * y - 1) ** 2

    lr, start = 0.3, (0.05, 3.2)
    flow = central_flow(product, start, lr, 25, substeps=10)
    free = central_flow(product, start, 0.05, 25, substeps=4)  # whose bound, 40, is never reached
    sharp = [np.linalg.eigvalsh([[y * y, 2 * x * y - 1], [2 * x * y - 1, x * x]])[-1] for x, y in flow]
    assert sharp[0] > 2 / lr
    assert max(sharp[5:]) == pytest.approx(2 / lr, rel=1e-2)
    assert (free[:, 1] ** 2 - free[:, 0] ** 2) == pytest.approx(3.2**2 - 0.05**2, rel=1e-4)  # as gradient flow keeps it
    assert flow[-1].prod() == pytest.approx(1, abs=1e-2)


def test_the_central_flow_is_drawn_through_the_zigzag():
    raced = race("booth", ["sgd(lr=0.1)", "sgd(lr=0.02)", "momentum(lr=0.1)"], steps=8)
    found = stability(raced)
    flows = found.trajectories.metrics["central_flow"]
    assert flows.shape == (3, 9, 8)  # four points per step
    assert np.isnan(flows[1:]).all()  # neither for a run that does not oscillate, nor for momentum
    expected = central_flow("booth", raced.trajectories.x[0, 0], 0.1, 8)
    assert flows[0, :, :2] == pytest.approx(expected, rel=1e-3)
    assert flows[0, -1] == pytest.approx(np.tile(expected[-1], 4), rel=1e-3)
    figure = render.figure(found)
    (line_,) = (one for one in figure.axes[0].lines if one.get_label() == "central flow")
    assert np.stack(line_.get_data(), 1) == pytest.approx(flows[0].reshape(-1, 2))
    assert "central flow" in {text.get_text() for text in figure.axes[0].texts}
    with pytest.raises(InputError, match="has no central flow"):
        render.central_flow(stability(race("booth", ["sgd(lr=0.02)"], steps=4)), Figure().subplots())


def test_a_curve_and_sorted_units_connect_two_networks():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        x = torch.randn(120, 2)
        y = (x[:, 0] * x[:, 1] > 0).long()
        nets = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            net = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 2))
            optimizer = torch.optim.Adam(net.parameters(), 0.01)
            for _ in range(150):
                optimizer.zero_grad()
                CE(net(x), y).backward()
                optimizer.step()
            nets.append(net)
    curve = connect(*nets, CE, (x, y), steps=120, resolution=21)
    assert curve.line_barrier > 0.3
    assert curve.barrier < 0.2 * curve.line_barrier
    sorted_net = match_units(*nets)
    assert torch.allclose(sorted_net(x), nets[1](x), atol=1e-4)
    matched = connect(nets[0], sorted_net, CE, (x, y), steps=0, resolution=21)
    assert matched.line_barrier < 0.5 * curve.line_barrier
    record = plane(nets[0], CE, (x, y), directions=(nets[1], curve.bend - curve.ends[0]), path=None, resolution=5)
    assert record.trajectories.runs["label"].tolist() == ["model A", "model B"]


@pytest.mark.parametrize("mode", ["batch", "frozen", "recalibrate"])
def test_a_curve_between_networks_with_batchnorm(cnn, mode):
    """The losses of the curve and of the line are those of networks in evaluation mode as `batchnorm` says."""
    other = copy.deepcopy(cnn.net)
    other.load_state_dict(cnn.path[2])
    before = {name: value.clone() for name, value in cnn.net.state_dict().items()}
    curve = connect(cnn.net, other, CE, cnn.data, steps=6, resolution=5, batchnorm=mode)
    for weights, found in ((curve.at(0.75), curve.losses[3]), (0.25 * curve.ends[0] + 0.75 * curve.ends[1],
                                                               curve.line[3])):  # fmt: skip
        net = copy.deepcopy(cnn.net)
        torch.nn.utils.vector_to_parameters(weights, net.parameters())
        if mode == "recalibrate":
            net[1].reset_running_stats()
            net[1].momentum = None
            net.train()(cnn.x)
        with torch.no_grad():
            expected = float(CE(net.train(mode == "batch")(cnn.x), cnn.y))
        assert found == pytest.approx(expected, rel=3e-4)
    assert not torch.equal(curve.bend, (curve.ends[0] + curve.ends[1]) / 2)
    assert all(torch.equal(before[name], value) for name, value in cnn.net.state_dict().items())


def test_units_of_convolutions_are_sorted_with_their_normalization(cnn):
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2)
    )
    net(torch.randn(50, 1, 6, 6))  # statistics that differ
    turned = copy.deepcopy(net)
    for layer, order in ((0, [2, 0, 3, 1]), (3, [1, 2, 0])):
        with torch.no_grad():
            for part in (turned[layer], *([turned[1]] if layer == 0 else [])):
                for value in (*part.parameters(), *part.buffers()):
                    if value.ndim:
                        value.copy_(value[order])
            if layer == 0:
                turned[3].weight.copy_(turned[3].weight[:, order])
            else:
                turned[6].weight.copy_(turned[6].weight.view(2, 3, 4)[:, order].reshape(2, 12))
    x = torch.randn(5, 1, 6, 6)
    assert torch.allclose(net.eval()(x), turned.eval()(x), atol=1e-5)
    found = match_units(net, turned)
    assert all(
        torch.allclose(a, b) for a, b in zip(found.state_dict().values(), net.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda job: eigenvalues(job.net, CE, job.data, 0), "k must be an integer from 1 to 99"),
        (lambda job: eigenvalues(job.net, CE, job.data, which="largest"), "unknown end of the spectrum"),
        (lambda job: eigenvalues(job.net, CE, job.data, matrix="fisher"), "unknown curvature matrix"),
        (
            lambda job: eigenvalues(
                job.net, lambda model, batch: CE(model(batch[0]), batch[1]), job.data, matrix="gauss-newton"
            ),
            "needs a loss of outputs and targets",
        ),
        (lambda job: trace(job.net, CE, job.data, samples=1), "samples must be an integer >= 2"),
        (lambda job: sharpness(job.net, CE, job.data, -1), "radius must be a finite number > 0"),
        (lambda job: connect(job.net, nn.Linear(2, 3), CE, job.data), "another architecture"),
        (lambda job: connect(job.net, job.net, CE, job.data), "have the same weights"),
        (lambda job: match_units(job.net, nn.LSTM(2, 3)), "chain of layers"),
        (lambda job: stability_bound("sgd(lr=0.1, dampening=0.5)"), "the stability bound is known for"),
        (lambda job: stability_bound("sgd(lr=0)"), "is infinite at lr 0"),
        (lambda job: eigenvalues(job.net, CE, job.data, tol="x"), "tol must be a relative residual"),
        (lambda job: eigenvalues(job.net, CE, job.data, seed=-1), "seed must be an integer >= 0, got -1"),
        (lambda job: plane(job.net, CE, job.data, resolution=2, together="x"), "together must be True, False or None"),
    ],
    ids=range(14),
)
def test_invalid_input(mlp, call, match):
    with pytest.raises(InputError, match=match):
        call(mlp)


def test_slices_show_most_directions_and_the_worst(mlp):
    record = slices(mlp.net, CE, mlp.data, count=5, resolution=9)
    alone = [line(mlp.net, CE, mlp.data, seed=0, resolution=9).curve.values[0]]
    weights, origin = record.objective.weights, record.space.origin
    for k in range(1, 5):
        d = random_direction(weights, origin, 0, k)
        alone.append(line(mlp.net, CE, mlp.data, directions=d, span=1.0, resolution=9).curve.values[0])
    expected = np.quantile(alone, (0.1, 0.5, 0.9), axis=0, method="nearest")
    found = [record.grids["low"][0], record.curve.values[0], record.grids["high"][0]]
    assert np.array(found) == pytest.approx(expected, rel=1e-4)
    assert record.grids["worst"][0, 4] == pytest.approx(record.meta.plane["loss"], rel=1e-5)
    assert record.grids["worst"].max() > record.grids["high"].max()  # curvature of the top eigenvector
    ax = render.figure(record, lang="de").axes[0]
    assert any("5 zufälligen Richtungen" in text.get_text() for text in ax.texts)
    assert any(np.array_equal(drawn.get_ydata(), record.grids["worst"][0]) for drawn in ax.lines)
    with pytest.raises(InputError, match="count must be an integer >= 3"):
        slices(mlp.net, CE, mlp.data, count=2)


def test_rings_at_the_first_step_are_whole():
    found = stability(race("rosenbrock", ["sgd(lr=0.0021)"], steps=10))
    assert found.trajectories.runs["crossed"].tolist() == [0]
    ax = render.sharpness(found, Figure().subplots())
    (ring,) = (line for line in ax.lines if isinstance(line, CrossingMark))
    assert not ring.get_clip_on()


def test_tick_labels_of_the_sharpness_do_not_touch_the_function():
    found = stability(race("rosenbrock", ["sgd(lr=0.0021)"], steps=60))
    figure = render.figure(found, theme="slides", figsize=(9.6, 5.4))
    plot = figure.axes[0].bbox.x1
    (panel,) = (ax for ax in figure.axes if ax.get_title(loc="left") == "sharpness, by step")
    shown = [text for text in panel.get_yticklabels() if text.get_text() and text.get_visible()]
    assert shown
    assert min(text.get_window_extent().x0 for text in shown) > plot + 2
