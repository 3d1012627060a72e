"""Planes: the right loss at the right point, and a caller's model that stays as it was. Each test of a peer's fault
names the wrong figure that was measured there."""

from __future__ import annotations

import copy
import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from torch import nn

from landscapes import InputError, Record, line, plane, race, render
from landscapes.execution.results_dir import Shard, merge
from landscapes.networks import curvature_map
from landscapes.networks.evaluation import Evaluator

CE = nn.CrossEntropyLoss()


def state_of(net):
    return {name: value.clone() for name, value in net.state_dict().items()}


def loss_at(job, moved):
    """The loss of a network with weights that are written by hand, in evaluation mode."""
    net = copy.deepcopy(job.net).eval()
    with torch.no_grad():
        for p, value in zip(net.parameters(), moved, strict=True):
            p.copy_(value)
        return float(CE(net(job.x), job.y))


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_the_surface_is_the_loss_at_its_coordinates(kind, request):
    """On a grid that is not square and whose rows run one way.

    loss-landscapes shifts every other line by a cell (2.9 of a range of 37.8), pylandscape's surfaces are constant,
    and tomgoldstein's scramble grids that are not square.
    """
    job = request.getfixturevalue(kind)
    record = plane(job.net, CE, job.data, view=((-1, 0.5), (-0.5, 2)), resolution=9)
    surface, space = record.surface, record.space
    d1, d2 = (record.objective.weights.split(d) for d in space.directions)
    for i in (0, 1, 4, 8):
        for j in (0, 3, 8):
            a, b = surface.x[j], surface.y[i]
            moved = [p + a * d1[name] + b * d2[name] for name, p in job.net.named_parameters()]
            assert surface.values[i, j] == pytest.approx(loss_at(job, moved), rel=1e-5)
    assert np.ptp(surface.values) > 0.1


def test_the_model_is_a_point_of_the_grid(mlp):
    """With an even number of points loss-landscapes never evaluates the weights themselves."""
    record = plane(mlp.net, CE, mlp.data, view=((-0.31, 1), (-1, 0.77)), resolution=10)
    i, j = np.flatnonzero(record.surface.y == 0)[0], np.flatnonzero(record.surface.x == 0)[0]
    assert record.surface.values[i, j] == pytest.approx(loss_at(mlp, mlp.net.parameters()), rel=1e-6)
    assert record.surface.x[0] <= -0.31
    assert record.surface.x[-1] >= 1


def test_a_view_may_begin_and_end_at_the_model(mlp):
    """tomgoldstein asserts that no bound is 0."""
    record = plane(mlp.net, CE, mlp.data, view=((0, 1), (-1, 0)), resolution=4)
    assert (record.surface.x[0], record.surface.y[-1]) == (0, 0)
    assert record.surface.values[-1, 0] == pytest.approx(loss_at(mlp, mlp.net.parameters()), rel=1e-6)


@pytest.mark.parametrize("raises", [False, True])
def test_the_model_is_left_as_it_was(cnn, raises):
    """loss-landscapes moves the weights by 0.7 of their norm and turns requires_grad off; losscape changes
    running_var by 184 %; loss-landscape-3d and pyhessian leave the model in evaluation mode."""
    net = copy.deepcopy(cnn.net)
    net[0].bias.requires_grad_(False)
    net[1].eval()
    before = state_of(net)
    modes = [layer.training for layer in net.modules()]
    rngs = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(cnn.x, cnn.y), batch_size=128, shuffle=True)
    calls = []

    def loss(outputs, targets):
        calls.append(1)
        if raises and len(calls) > 20:
            raise ArithmeticError("no more")
        return CE(outputs, targets)

    if raises:
        with pytest.raises(ArithmeticError, match="no more"):
            plane(net, loss, loader, resolution=5)
    else:
        plane(net, loss, loader, resolution=5)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert [layer.training for layer in net.modules()] == modes
    assert [p.requires_grad for p in net.parameters()] == [True, False, True, True, True, True]
    assert all(p.grad is None for p in net.parameters())
    assert torch.equal(rngs[0], torch.get_rng_state())
    assert rngs[1] == random.getstate()
    assert rngs[2] == np.random.get_state()[1].tolist()  # noqa: NPY002


def test_random_directions_have_the_norm_of_each_filter(cnn):
    """Per tensor in losscape (0.42 to 2.49), nngeom (0.43 to 2.71) and landscaper; without entries below 0 in
    loss-landscapes; with 60 % of their energy in biases and BatchNorm in four packages."""
    record = plane(cnn.net, CE, cnn.data, resolution=3)
    weights = record.objective.weights
    for direction in record.space.directions:
        parts = weights.split(direction)
        for name, p in cnn.net.named_parameters():
            if p.ndim < 2:
                assert not parts[name].any()
            else:
                assert parts[name].flatten(1).norm(dim=1).tolist() == pytest.approx(
                    p.flatten(1).norm(dim=1).tolist(), rel=1e-5
                )
                assert 0.2 < float((parts[name] > 0).float().mean()) < 0.8
    assert abs(record.meta.plane["cosine"]) < 0.5
    assert not torch.equal(*record.space.directions)
    again = plane(cnn.net, CE, cnn.data, resolution=3)
    assert torch.equal(again.space.directions[0], record.space.directions[0])
    other = plane(cnn.net, CE, cnn.data, resolution=3, seed=1)
    assert not torch.equal(other.space.directions[0], record.space.directions[0])


def test_filters_of_transposed_convolutions_lie_along_their_second_axis():
    net = nn.Sequential(nn.ConvTranspose2d(3, 2, 2), nn.Flatten(), nn.Linear(18, 2))
    record = plane(net, CE, (torch.randn(8, 3, 2, 2), torch.randint(2, (8,))), resolution=3, span=0.1)
    made = record.objective.weights.split(record.space.directions[0])["0.weight"]
    assert made.transpose(0, 1).flatten(1).norm(dim=1).tolist() == pytest.approx(
        net[0].weight.transpose(0, 1).flatten(1).norm(dim=1).tolist(), rel=1e-5
    )


def test_batches_are_averaged_by_their_rows(mlp):
    """losscape sees the first 8 batches and gives each the same weight: 0.0142 for a loss of 0.0110."""
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(mlp.x, mlp.y), batch_size=7)
    full = plane(mlp.net, CE, mlp.data, resolution=5)
    parts = plane(mlp.net, CE, loader, resolution=5)
    assert parts.surface.values == pytest.approx(full.surface.values, rel=1e-5)
    assert parts.meta.plane["rows"] == 90
    sums = plane(mlp.net, nn.CrossEntropyLoss(reduction="sum"), loader, resolution=5)
    assert sums.surface.values == pytest.approx(90 * full.surface.values, rel=1e-5)


def test_losses_that_are_no_means_over_rows_are_not_cut(cnn):
    """Class weights make the loss a quotient of sums, so that pieces of the data cannot be averaged."""
    weighted = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 50.0]))
    order = torch.argsort(cnn.y)
    x, y = cnn.x[order], cnn.y[order]
    record = plane(cnn.net, weighted, (x, y), resolution=3)
    assert record.surface.values[1, 1] == pytest.approx(weighted(copy.deepcopy(cnn.net).eval()(x), y).item(), rel=1e-5)


def test_values_that_are_not_finite_stay(mlp):
    """landscaper replaces NaN by the mean and infinity by the maximum, and adds noise to the maximum."""

    def loss(outputs, targets):
        found = CE(outputs, targets)
        return found * float("nan") if found > 1.5 else found

    record = plane(mlp.net, loss, mlp.data, resolution=9)
    plain = plane(mlp.net, CE, mlp.data, resolution=9)
    assert np.isnan(record.surface.values).sum() == (plain.surface.values > 1.5).sum() > 0
    kept = np.isfinite(record.surface.values)
    assert record.surface.values[kept] == pytest.approx(plain.surface.values[kept], rel=1e-6)
    shown = render.figure(record, figsize=(4, 3))
    shown.canvas.draw()


def test_batchnorm_between_models_has_no_statistics_of_one_of_them(cnn):
    """With those of one end, the other end has a loss that it never had, and barriers vanish in it."""
    other = copy.deepcopy(cnn.net)
    with torch.no_grad():
        other[0].weight.mul_(-3)
        other[5].weight.neg_()
    there, back = (
        line(start, CE, cnn.data, directions=end, resolution=10) for start, end in ((cnn.net, other), (other, cnn.net))
    )
    assert there.meta["plane"]["batchnorm"] == "recalibrate"
    assert there.trajectories.loss[:, 0] == pytest.approx(back.trajectories.loss[::-1, 0], rel=1e-5)
    frozen = line(cnn.net, CE, cnn.data, directions=other, resolution=10, batchnorm="frozen")
    assert frozen.trajectories.loss[1, 0] != pytest.approx(there.trajectories.loss[1, 0], rel=0.1)
    assert plane(cnn.net, CE, cnn.data, directions=other, resolution=3).meta["plane"]["batchnorm"] == "recalibrate"
    assert plane(cnn.net, CE, cnn.data, resolution=3).meta["plane"]["batchnorm"] == "frozen"


@pytest.mark.parametrize("mode", ["frozen", "batch", "recalibrate"])
def test_batchnorm(cnn, mode):
    """loss-landscape-3d perturbs running_var, so that 97 % of its grid is NaN."""
    record = plane(cnn.net, CE, cnn.data, directions=("random", cnn_direction(cnn)), resolution=3, batchnorm=mode)
    assert np.isfinite(record.surface.values).all()
    net = copy.deepcopy(cnn.net)
    d = record.objective.weights.split(record.space.directions[1])
    with torch.no_grad():
        for name, p in net.named_parameters():
            p += d[name]
        if mode == "recalibrate":
            net[1].reset_running_stats()
            net[1].momentum = None
            net(cnn.x)
        expected = float(CE((net if mode == "batch" else net.eval())(cnn.x), cnn.y))
    assert record.surface.values[2, 1] == pytest.approx(expected, rel=3e-4)


def cnn_direction(cnn):
    return {name: torch.full_like(p, 0.3) for name, p in cnn.net.named_parameters()}


def test_all_ways_of_evaluation_agree(mlp):
    alone, together = (plane(mlp.net, CE, mlp.data, resolution=9, together=way) for way in (False, True))
    assert together.surface.values == pytest.approx(alone.surface.values, rel=1e-5)
    measured = plane(mlp.net, CE, mlp.data, resolution=9, metrics="accuracy")
    assert measured.surface.values == pytest.approx(alone.surface.values, rel=1e-5)
    predicted = mlp.net(mlp.x).argmax(1)
    assert measured.grids["accuracy"][4, 4] == pytest.approx(float((predicted == mlp.y).float().mean()))
    assert measured.show("accuracy").surface.values.max() <= 1


def test_tensors_that_a_module_keeps_can_be_differentiated_later(mlp):
    """Those made in inference mode could not."""

    class Keeping(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = copy.deepcopy(mlp.net)

        def forward(self, x):
            self.kept = self.net(x)
            return self.kept

    record = plane(Keeping(), CE, mlp.data, resolution=3)
    assert not record.objective.model.kept.is_inference()
    plain = plane(mlp.net, CE, mlp.data, resolution=3)
    assert plain.surface.values == pytest.approx(record.surface.values, rel=1e-5)
    assert np.isfinite(curvature_map(plain).grids["largest eigenvalue"]).all()


def test_memory_does_not_grow_with_the_grid(mlp, monkeypatch):
    """loss-landscape-anim keeps all weight vectors: 448 GB for ResNet-18 at its default grid."""
    kept = []
    monkeypatch.setattr(Evaluator, "write", lambda self, point, write=Evaluator.write: kept.append(write(self, point)))
    record = plane(mlp.net, CE, mlp.data, resolution=9, together=False)
    held = [v for v in vars(record.objective).values() if isinstance(v, torch.Tensor)]
    assert len(kept) >= 81
    assert not held


def test_a_path_is_projected_and_its_faults_are_told(mlp):
    """tomgoldstein's cosine projection of 0.7 and 0.3 is 16.7 and 7.0; loss-landscape-3d gives 21.8 for 0.885."""
    record = plane(mlp.net, CE, mlp.data, path=mlp.path, resolution=9, normalize="filter")
    facts, at = record.meta.plane, record.trajectories.x[0]
    space, weights = record.space, record.objective.weights
    basis = torch.stack(space.directions).double().numpy().T
    steps = np.stack([(weights.vector_of(p, "p") - space.origin).double().numpy() for p in mlp.path])
    expected, *_ = np.linalg.lstsq(basis, steps.T, rcond=None)
    assert at == pytest.approx(expected.T, abs=1e-6)
    rest = steps - expected.T @ basis.T
    assert facts["off_plane"] == pytest.approx(np.linalg.norm(rest, axis=1).max(), rel=1e-6)
    assert facts["explained"] == pytest.approx(1 - (rest**2).sum() / (steps**2).sum(), rel=1e-6)
    label, worst, true, shown = facts["plane_error_at"]
    assert (label, true) == ("training", pytest.approx(record.trajectories.loss[0, worst], rel=1e-6))
    assert facts["plane_error"] == pytest.approx(abs(true - shown))
    assert shown == pytest.approx(loss_at(mlp, weights.split(space.at(at[worst].tolist())).values()), rel=1e-5)
    losses = [loss_at(mlp, point.values()) for point in mlp.path]
    assert record.trajectories.loss[0] == pytest.approx(losses, rel=1e-5)


def test_pca_directions_are_the_principal_ones(mlp):
    record = plane(mlp.net, CE, mlp.data, path=mlp.path, resolution=3)
    steps = torch.stack([record.objective.weights.vector_of(p, "p") for p in mlp.path]).double() - record.space.origin
    _, _, right = np.linalg.svd(steps.numpy(), full_matrices=False)
    found = torch.stack(record.space.directions).double().numpy()
    assert np.abs(np.sum(found * right[:2], 1)) == pytest.approx(1, abs=1e-6)
    assert abs(record.meta.plane["cosine"]) < 1e-6


def test_a_batchnorm_path_uses_the_statistics_of_its_checkpoints(cnn):
    record = plane(cnn.net, CE, cnn.data, path=cnn.path, resolution=3, batchnorm="frozen")
    net = copy.deepcopy(cnn.net).eval()
    for k in (0, 3, -1):
        net.load_state_dict(cnn.path[k])
        assert record.trajectories.loss[0, k] == pytest.approx(float(CE(net(cnn.x), cnn.y).detach()), rel=1e-5)
    assert all(
        torch.equal(v, record.objective.model.state_dict()[k]) for k, v in cnn.path[-1].items() if "running" in k
    )


def test_statistics_follow_a_path_along_which_they_changed(cnn):
    """Those of its end give its beginning a loss that it never had: a ribbon is 3 % of the range off its own path."""
    record = plane(cnn.net, CE, cnn.data, path=cnn.path, resolution=3, ribbon=True)
    assert record.meta.plane["batchnorm"] == "recalibrate"
    assert record.meta.plane["ribbon_error"] < 1e-4
    with pytest.warns(UserWarning, match="off the loss of its path, because the statistics of BatchNorm"):
        frozen = plane(cnn.net, CE, cnn.data, path=cnn.path, resolution=3, ribbon=True, batchnorm="frozen")
    assert frozen.meta.plane["ribbon_error"] > 0.02 * np.ptp(frozen.trajectories.loss)
    still = [{name: cnn.path[-1][name] if "running" in name else v for name, v in p.items()} for p in cnn.path]
    vectors = [
        torch.cat([v.reshape(-1) for name, v in p.items() if name in dict(cnn.net.named_parameters())])
        for p in cnn.path
    ]
    tuned = copy.deepcopy(cnn.net)
    tuned[1].eval()
    found = [
        plane(net, CE, cnn.data, path=path, resolution=3).meta.plane["batchnorm"]
        for net, path in ((cnn.net, still), (cnn.net, vectors), (tuned, vectors))
    ]
    assert found == ["frozen", "recalibrate", "frozen"]


def test_three_models_span_a_plane(mlp):
    others = []
    for k in (0, 5):
        net = copy.deepcopy(mlp.net)
        net.load_state_dict(mlp.path[k])
        others.append(net)
    record = plane(mlp.net, CE, mlp.data, directions=others, resolution=7)
    assert record.trajectories.runs["label"].tolist() == ["model A", "model B", "model C"]
    assert record.trajectories.x[:2, 0] == pytest.approx(np.array([[0, 0], [1, 0]]), abs=1e-6)
    expected = [loss_at(mlp, list(net.parameters())) for net in (mlp.net, *others)]
    assert record.trajectories.loss[:, 0] == pytest.approx(expected, rel=1e-4)
    first, second = record.meta.plane["lengths"]
    assert first == pytest.approx(second)
    assert abs(record.meta.plane["cosine"]) < 1e-9


def test_a_plane_is_a_record_and_a_function(mlp, tmp_path):
    record = plane(mlp.net, CE, mlp.data, path={"adam": mlp.path}, steps=range(0, 61, 3), resolution=11)
    loaded = Record.load(record.save(tmp_path / "plane.npz"))
    assert loaded.surface.values.tolist() == record.surface.values.tolist()
    assert loaded.meta.plane["explained"] == record.meta.plane["explained"]
    f = record.function
    x, y = record.surface.x[2], record.surface.y[7]
    assert float(f([x, y])) == pytest.approx(record.surface.values[7, 2], rel=1e-5)
    raced = race(f, ["adam(lr=0.05)"], steps=5, resolution=9)
    assert raced.trajectories.loss[0, -1] < raced.trajectories.loss[0, 0]


def test_lines(mlp):
    other = copy.deepcopy(mlp.net)
    other.load_state_dict(mlp.path[0])
    record = line(mlp.net, CE, mlp.data, directions=other, resolution=41)
    values = np.interp([0, 1], record.curve.x, record.curve.values[0])
    assert values == pytest.approx(record.trajectories.loss[:, 0], rel=2e-2)
    assert record.meta.plane["barrier"] >= 0
    assert "weights, the loss along model B: " in render.caption(record)
    assert line(mlp.net, CE, mlp.data, resolution=5, metrics=["accuracy"]).grids["accuracy"].shape == (1, 5)


def refuse(match, *args, **options):
    with pytest.raises(InputError, match=match):
        plane(*args, **options)


def test_invalid_networks_and_losses(mlp):
    net, data = mlp.net, mlp.data
    refuse("must be a torch.nn.Module, got", nn.Linear, CE, data)
    refuse("no parameters", nn.ReLU(), CE, data)
    refuse("none requires gradients", copy.deepcopy(net).requires_grad_(False), CE, data)
    refuse("one number per batch, got shape \\(90,\\)", net, nn.CrossEntropyLoss(reduction="none"), data)
    refuse("raises .*takes 1 positional argument", net, lambda outputs: outputs.mean(), data)
    refuse("the output of the model has no .loss", net, None, data[:1])
    refuse("the loss must be one number per batch, got NoneType", net, lambda outputs, targets: None, data)
    with torch.no_grad():
        broken = copy.deepcopy(net)
        broken[0].weight[0, 0] = float("nan")
    refuse("loss of the model as it is is nan", broken, CE, data)
    complex_net = nn.Linear(2, 3, dtype=torch.complex64)
    refuse("real floating-point weights", complex_net, CE, data)
    refuse("no weight is named 'head'; the names are 0.weight", net, CE, data, layers="head")


def test_a_loss_that_ignores_the_model_it_gets_is_refused(mlp):
    """As the surfaces of pylandscape, which are constant."""

    def loss(model, batch):
        return CE(mlp.net(batch[0]), batch[1])

    refuse("must use the model that it is given", mlp.net, loss, mlp.data, resolution=5)
    with pytest.raises(InputError, match="must use the model"):
        line(mlp.net, loss, mlp.data, resolution=5)


def test_invalid_data(mlp):
    net, (x, y) = mlp.net, mlp.data
    refuse("data has no batches: the loader is empty", net, CE, [])
    spent = iter([(x, y)])
    next(spent)
    refuse("a generator is exhausted", net, CE, spent)
    refuse("data must have inputs and targets", net, CE, x)
    refuse("has no targets", net, CE, {"x": x})
    refuse("data has no rows", net, CE, (x[:0], y[:0]))


def test_invalid_directions_and_paths(mlp):
    net, data, d = mlp.net, mlp.data, torch.ones(99)
    refuse("parallel", net, CE, data, directions=(d, -2 * d))
    refuse("given direction 1 is zero", net, CE, data, directions=(0 * d, d))
    refuse("has 98 numbers, but the model has 99 weights", net, CE, data, directions=(d, d[1:]))
    refuse("unknown kind of directions 'pc'", net, CE, data, directions="pc")
    refuse('directions="pca" needs a path', net, CE, data, directions="pca")
    other = nn.Linear(2, 3)
    refuse("checkpoint 0 of path 'training' lacks the weight", net, CE, data, path=[other.state_dict()])
    refuse("got one checkpoint", net, CE, data, path=net.state_dict())
    refuse(r"read a file by networks.load_path\('run.npz'\)", net, CE, data, path="run.npz")
    refuse("all checkpoints of path 'training' are the same weights", net, CE, data, path=[net.state_dict()] * 2)
    refuse("has 21 checkpoints but 3 losses", net, CE, data, path=mlp.path, losses=[1, 2, 3])
    refuse("model 2 has the weights of the first model", net, CE, data, directions=copy.deepcopy(net))
    refuse("losses are those of a path", net, CE, data, losses=[1.0])


def test_random_losses_are_told_and_frozen(mlp):
    def loss(model, batch):
        x, y = batch
        return CE(model(nn.functional.dropout(x, 0.5)), y)

    with pytest.warns(UserWarning, match="the loss is random: two evaluations"):
        record = plane(mlp.net, loss, mlp.data, resolution=5)
    with pytest.warns(UserWarning, match="random"):
        again = plane(mlp.net, loss, mlp.data, resolution=5)
    assert record.surface.values.tolist() == again.surface.values.tolist()


class Augmented(torch.utils.data.Dataset):
    """Rows with noise from torch's global generator, as of random crops."""

    def __init__(self, job):
        self.job = job

    def __len__(self):
        return len(self.job.x)

    def __getitem__(self, i):
        return self.job.x[i] + torch.randn(2), self.job.y[i]


def test_random_data_are_told(mlp):
    before = torch.get_rng_state()
    with pytest.warns(UserWarning, match="the data are random: a second pass over the loader gives"):
        plane(mlp.net, CE, torch.utils.data.DataLoader(Augmented(mlp), batch_size=30), resolution=3)
    assert torch.equal(before, torch.get_rng_state())


def test_directions_may_be_arrays(mlp):
    d = [torch.randn(99, generator=torch.Generator().manual_seed(k)) for k in (0, 1)]
    tensors, arrays = (
        plane(mlp.net, CE, mlp.data, directions=given, resolution=3) for given in (d, [one.numpy() for one in d])
    )
    assert arrays.surface.values.tolist() == tensors.surface.values.tolist()


def test_losses_of_the_model_that_differentiate_themselves():
    """A physics-informed network: the loss has derivatives of the outputs."""
    net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
    t = torch.linspace(0, 1, 20)[:, None]

    def loss(model, batch):
        (t,) = batch
        t = t.clone().requires_grad_()
        (slope,) = torch.autograd.grad(model(t).sum(), t, create_graph=True)
        return ((slope + model(t)) ** 2).mean()

    record = plane(net, loss, (t,), resolution=5)
    assert record.surface.values[2, 2] == pytest.approx(loss(net, (t,)).item(), rel=1e-5)


def test_mappings_keyword_arguments_tied_weights_and_embeddings():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.head = nn.Embedding(7, 4), nn.Linear(4, 7, bias=False)
            self.head.weight = self.table.weight

        def forward(self, tokens, scale=1.0, labels=None):
            outputs = self.head(self.table(tokens).mean(1)) * scale
            return outputs if labels is None else type("Output", (), {"loss": CE(outputs, labels)})

    net = Model()
    batch = {"tokens": torch.randint(7, (12, 5)), "labels": torch.randint(7, (12,))}
    record = plane(net, CE, [batch, batch], resolution=5, metrics="accuracy")
    assert record.meta.plane["weights"] == 28  # tied weights count once
    own = plane(net, None, batch, resolution=5)
    assert own.surface.values == pytest.approx(record.surface.values, rel=1e-5)


@pytest.mark.parametrize("lang", ["en", "de"])
def test_pictures_say_how_far_a_plane_can_be_trusted(mlp, lang):
    """Peers show planes without saying that the path lies outside them."""
    record = plane(mlp.net, CE, mlp.data, path=mlp.path, resolution=9)
    shown = render.figure(record, lang=lang)
    words = [text.get_text() for text in shown.texts]
    facts = record.meta.plane
    wanted = (f"{100 * facts['explained']:.0f} %", f"{facts['off_plane']:.3g}", f"{facts['plane_error']:.3g}")
    (note,) = (text for text in words if wanted[0] in text)
    assert all((value.replace(".", ",") if lang == "de" else value) in note for value in wanted)
    assert all(value in render.caption(record) for value in wanted)
    assert shown.axes[0].get_xlabel() == {"en": "principal direction 1", "de": "Hauptrichtung 1"}[lang]
    levels = [text.get_text() for text in shown.axes[0].texts]
    assert levels  # values are written on level lines
    alone = render.figure(plane(mlp.net, CE, mlp.data, resolution=5))
    assert not [text for text in alone.texts if text.get_text().startswith("step")]
    assert not [ax for ax in alone.axes if ax.get_label() == "standings"]  # of one network
    solid = render.figure(record, view3d=True, lang=lang)
    assert note.split(";")[0] in " ".join(text.get_text() for text in solid.texts)


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_a_ribbon_has_the_true_loss_on_the_path(kind, request):
    job = request.getfixturevalue(kind)
    record = plane(job.net, CE, job.data, path=job.path, resolution=7, ribbon=True, batchnorm="batch")
    facts = record.meta.plane
    assert facts["plane_error"] > 20 * facts["ribbon_error"]
    assert facts["ribbon_error"] <= 1e-4 < 0.01 * record.trajectories.loss.min()
    flat = plane(job.net, CE, job.data, path=job.path, resolution=7, batchnorm="batch")
    assert not np.allclose(flat.surface.values, record.surface.values, rtol=1e-3)
    with pytest.raises(InputError, match="a ribbon bends"):
        _ = record.function
    refuse("a ribbon goes through a path", job.net, CE, job.data, ribbon=True)


def test_a_killed_grid_is_resumed(mlp, tmp_path):
    """tomgoldstein computes losses <= 0 again on each resume."""
    calls = []

    def loss(outputs, targets):
        calls.append(1)
        if len(calls) == 200:
            raise KeyboardInterrupt
        return CE(outputs, targets) - 1

    options = {"resolution": 17, "resume_dir": tmp_path / "grid", "together": False}
    with pytest.raises(KeyboardInterrupt):
        plane(mlp.net, loss, mlp.data, **options)
    assert len(list((tmp_path / "grid").glob("block-*.npz"))) == 1
    done = len(calls)
    again = plane(mlp.net, loss, mlp.data, **options)
    assert len(calls) - done < 17 * 17 - 100
    whole = plane(mlp.net, CE, mlp.data, resolution=17, together=False)
    assert again.surface.values == pytest.approx(whole.surface.values - 1, abs=1e-6)
    assert again.surface.values.min() < 0
    count = len(calls)
    plane(mlp.net, loss, mlp.data, **options)
    assert len(calls) - count < 10
    with pytest.raises(InputError, match="belongs to another experiment: directions was"):
        plane(mlp.net, loss, mlp.data, **options, seed=1)
    with pytest.raises(InputError, match="loss was"):
        plane(mlp.net, CE, mlp.data, **options)


def test_shards_of_a_grid_merge(mlp, tmp_path):
    options = {"resolution": 17, "together": False}  # 3 blocks of 128 points
    shards = [Shard(tmp_path / f"part{k}", k, 2) for k in range(2)]
    parts = [plane(mlp.net, CE, mlp.data, **options, resume_dir=shard) for shard in shards]
    there = [np.isfinite(part.surface.values).ravel() for part in parts]
    assert [int(one.sum()) for one in there] == [161, 128]
    assert (there[0] ^ there[1]).all()
    calls = []

    def loss(outputs, targets):
        calls.append(1)
        return CE(outputs, targets)

    merged = plane(mlp.net, loss, mlp.data, **options, resume_dir=merge(tmp_path / "whole", shards))
    assert len(calls) < 10
    assert merged.surface.values.tolist() == plane(mlp.net, CE, mlp.data, **options).surface.values.tolist()
    with pytest.raises(InputError, match="3 blocks of 128 points, so there is nothing"):
        plane(mlp.net, CE, mlp.data, **options, resume_dir=Shard(tmp_path / "none", 3, 4))


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_threads_move_copies(kind, request):
    """The weights are moved in place, so threads that shared them would mix their points."""
    job = request.getfixturevalue(kind)
    alone = plane(job.net, CE, job.data, resolution=9, together=False)
    with ThreadPoolExecutor(3) as executor:
        far = plane(job.net, CE, job.data, resolution=9, together=False, executor=executor)
    assert far.surface.values == pytest.approx(alone.surface.values, rel=1e-6)


@pytest.mark.slow
def test_processes_evaluate_a_grid(cnn):
    seen = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        far = plane(
            cnn.net,
            CE,
            cnn.data,
            resolution=9,
            metrics="accuracy",
            executor=executor,
            progress=lambda done, total: seen.append(done),
        )
        with pytest.raises(InputError, match="top of a module"):
            plane(cnn.net, lambda o, t: CE(o, t), cnn.data, resolution=9, executor=executor)
    near = plane(cnn.net, CE, cnn.data, resolution=9, metrics="accuracy")
    assert far.surface.values == pytest.approx(near.surface.values, rel=1e-6)
    assert far.grids["accuracy"].tolist() == near.grids["accuracy"].tolist()
    assert seen[-1] == 81
    with pytest.raises(InputError, match="must have a method submit"):
        plane(cnn.net, CE, cnn.data, resolution=9, executor=3)
