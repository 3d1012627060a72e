"""`watch`: figures against ones computed by hand, in all kinds of loops, files of killed processes, bad input."""

from __future__ import annotations

import copy
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from landscapes import InputError, Record, diagnose, plane, project, render, watch
from landscapes.networks import _training_log, load_path
from landscapes.networks._meter import Sketch, norms
from landscapes.networks._points import PointStore

CLIP = 0.1


def network(seed: int = 0) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))


DATA = torch.randn(64, 4, generator=torch.Generator().manual_seed(1))
LABELS = (DATA.sum(1) > 0).long()


def batch(step: int, size: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.arange(step * size, (step + 1) * size) % len(DATA)
    return DATA[rows], LABELS[rows]


def loss_of(net: nn.Module, step: int) -> torch.Tensor:
    inputs, targets = batch(step)
    return nn.functional.cross_entropy(net(inputs), targets)


def flat(net: nn.Module) -> np.ndarray:
    return torch.cat([p.detach().reshape(-1) for p in net.parameters()]).double().numpy()


def gradient(net: nn.Module) -> np.ndarray:
    return torch.cat([p.grad.reshape(-1) for p in net.parameters()]).double().numpy()


@pytest.fixture(scope="module")
def run() -> tuple[Record, Record, dict[str, list]]:
    """A watched run of 30 steps with clipping, and what its loop measured itself."""
    net = network()
    optimizer = torch.optim.SGD(
        [{"params": net[0].parameters(), "lr": 0.2}, {"params": net[2].parameters(), "lr": 0.1}], momentum=0.9
    )
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)
    own: dict[str, list] = {"loss": [], "raw": [], "clipped": [], "x": [], "lr": []}
    watched = watch(optimizer, model=net)
    for step in range(30):
        own["x"].append(flat(net))
        own["lr"].append([group["lr"] for group in optimizer.param_groups])
        loss = loss_of(net, step)
        optimizer.zero_grad()
        loss.backward()
        own["raw"].append(np.linalg.norm(gradient(net)))
        nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        own["clipped"].append(np.linalg.norm(gradient(net)))
        optimizer.step()
        schedule.step()
        watched.log(loss, accuracy=0.5)
        own["loss"].append(loss.item())
    own["x"].append(flat(net))
    return watched.record, watched.path, own


def test_figures_are_those_of_the_loop(run):
    record, path, own = run
    metrics = record.trajectories.metrics
    x = np.array(own["x"])
    moves = np.diff(x, axis=0)
    lengths = np.linalg.norm(moves, axis=1)
    assert min(own["raw"]) > CLIP  # clipping changes all gradients, so that before and after can be told apart
    np.testing.assert_array_equal(record.trajectories.loss[0], own["loss"])
    np.testing.assert_allclose(metrics["gradient_norm"][0], own["raw"], rtol=1e-6)
    np.testing.assert_allclose(metrics["clipped_gradient_norm"][0], own["clipped"], rtol=1e-6)
    np.testing.assert_allclose(metrics["step_length"][0], lengths, rtol=1e-5)
    np.testing.assert_allclose(metrics["update_to_weight"][0], lengths / np.linalg.norm(x[:-1], axis=1), rtol=1e-5)
    cosine = (moves[1:] * moves[:-1]).sum(1) / (lengths[1:] * lengths[:-1])
    np.testing.assert_allclose(metrics["cosine"][0, 1:], cosine, atol=1e-5)
    assert np.isnan(metrics["cosine"][0, 0])
    np.testing.assert_array_equal(metrics["group_lr"][0], own["lr"])
    np.testing.assert_array_equal(metrics["lr"][0], np.max(own["lr"], axis=1))
    assert (metrics["accuracy"] == 0.5).all()
    assert record.meta.layers == ["0", "2"]
    first = sum(p.numel() for p in network()[0].parameters())
    each = np.stack([np.linalg.norm(moves[:, :first], axis=1), np.linalg.norm(moves[:, first:], axis=1)], 1)
    np.testing.assert_allclose(metrics["layer_step_length"][0], each, rtol=1e-4)
    np.testing.assert_array_equal(path.trajectories.x[0], x)
    assert path.trajectories.step.tolist() == list(range(31))


def test_watching_changes_no_bit(run):
    _, _, own = run
    net = network()
    optimizer = torch.optim.SGD(
        [{"params": net[0].parameters(), "lr": 0.2}, {"params": net[2].parameters(), "lr": 0.1}], momentum=0.9
    )
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95)
    for step in range(30):
        optimizer.zero_grad()
        loss_of(net, step).backward()
        nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        optimizer.step()
        schedule.step()
    np.testing.assert_array_equal(flat(net), own["x"][-1])


def test_projected_points_keep_distances(run):
    record, path, _ = run
    x, full = record.trajectories.x[0], path.trajectories.x[0, :-1]
    assert x.shape == (30, 32)
    known = np.linalg.norm(full - full[-1], axis=1)[:-1]
    assert np.abs(np.linalg.norm(x - x[-1], axis=1)[:-1] / known - 1).max() < 0.5
    p = torch.randn(100_003, generator=torch.Generator().manual_seed(0))
    sketch, signs = Sketch((p,), 32, 0), torch.Generator().manual_seed(0)
    sign = torch.randint(0, 2, (len(p),), generator=signs, dtype=torch.int8) * 2 - 1
    expected = torch.zeros(32, dtype=torch.float64).index_add(0, torch.arange(len(p)) % 32, (p * sign).double())
    torch.testing.assert_close(sketch(), expected, rtol=1e-4, atol=1e-3)


def test_record_is_saved_judged_and_projected(run, tmp_path):
    record, path, _ = run
    loaded = Record.load(record.save(tmp_path / "run.npz"))
    assert loaded.meta.layers == ["0", "2"]
    np.testing.assert_array_equal(
        loaded.trajectories.metrics["layer_step_length"], record.trajectories.metrics["layer_step_length"]
    )
    assert diagnose(loaded)[0].kind == diagnose(record)[0].kind
    flat = project(path)
    assert flat.trajectories.x.shape == (1, 31, 2)
    assert project(record).trajectories.x.shape == (1, 30, 2)


def closure_run(optimizer_class: type, **settings: object) -> tuple[Record, list[float], list[float]]:
    net = network()
    optimizer = optimizer_class(net.parameters(), **settings)
    watched, losses, raw = watch(optimizer), [], []
    for step in range(6):
        first = [True]

        def closure(step: int = step, first: list[bool] = first) -> torch.Tensor:
            optimizer.zero_grad()
            loss = loss_of(net, step)
            loss.backward()
            if first[0]:
                losses.append(loss.item())
                raw.append(np.linalg.norm(gradient(net)))
            first[0] = False
            nn.utils.clip_grad_norm_(net.parameters(), 0.1)
            return loss

        optimizer.step(closure)
    return watched.record, losses, raw


@pytest.mark.parametrize("kind", ["SGD", "LBFGS"])
def test_closures_give_the_loss_and_the_gradient_of_their_first_evaluation(kind):
    record, losses, raw = closure_run(getattr(torch.optim, kind), lr=0.5)
    np.testing.assert_array_equal(record.trajectories.loss[0], losses)
    np.testing.assert_allclose(record.trajectories.metrics["gradient_norm"][0], raw, rtol=1e-6)
    np.testing.assert_allclose(record.trajectories.metrics["clipped_gradient_norm"][0], 0.1, rtol=1e-4)


def test_accumulated_gradients_are_one_step():
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    watched, losses, raw = watch(optimizer), [], []
    for step in range(5):
        optimizer.zero_grad()
        for part in range(3):
            loss = loss_of(net, 3 * step + part)
            (loss / 3).backward()
            watched.log(loss)
            losses.append(loss.item())
        raw.append(np.linalg.norm(gradient(net)))
        nn.utils.clip_grad_norm_(net.parameters(), 0.1)
        optimizer.step()
    record = watched.record
    np.testing.assert_allclose(record.trajectories.loss[0], np.reshape(losses, (5, 3)).mean(1), rtol=1e-12)
    np.testing.assert_allclose(record.trajectories.metrics["gradient_norm"][0], raw, rtol=1e-6)


@pytest.mark.parametrize("fused", [False, True], ids=["plain", "fused"])
def test_gradient_scaler(fused):
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    watched, raw = watch(optimizer, scaler=scaler), []
    for step in range(8):
        optimizer.zero_grad()
        loss = loss_of(net, step)
        scaler.scale(loss * (float("inf") if step == 3 else 1)).backward()
        raw.append(np.linalg.norm(gradient(net)) / scaler.get_scale())
        if not fused:
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(net.parameters(), 0.1)
        scaler.step(optimizer)
        scaler.update()
        watched.log(loss)
    metrics = watched.record.trajectories.metrics
    assert metrics["skipped"].sum() == 1
    taken = [value for value in raw if np.isfinite(value)]
    measured = metrics["gradient_norm"][0]
    np.testing.assert_allclose(measured[np.isfinite(measured)], taken, rtol=1e-5)
    clipped = metrics["clipped_gradient_norm"][0]
    np.testing.assert_allclose(clipped[np.isfinite(clipped)], taken if fused else 0.1, rtol=1e-4)


def test_clipping_is_known_to_the_diagnosis(run):
    from landscapes.diagnosis._diagnose import read_logs

    ((_, log),) = read_logs(run[0])
    assert log.clip_norm == pytest.approx(CLIP, rel=1e-3)
    np.testing.assert_array_equal(log.step_length, run[0].trajectories.metrics["step_length"][0])


def test_the_path_lies_on_a_plane(run):
    record, path, _ = run
    net = network()
    torch.nn.utils.vector_to_parameters(torch.tensor(path.trajectories.x[0, -1], dtype=torch.float32), net.parameters())
    drawn = plane(net, nn.CrossEntropyLoss(), (DATA, LABELS), path=path, resolution=7)
    assert drawn.trajectories.x.shape == (1, 31, 2)
    np.testing.assert_allclose(drawn.trajectories.x[0, -1], 0, atol=1e-5)
    with pytest.raises(InputError, match="path=watched"):
        plane(net, nn.CrossEntropyLoss(), (DATA, LABELS), path=record)


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.sample(1)
def test_the_record_draws_itself(run, theme, tmp_path):
    record, _, own = run
    figure = render.figure(record, theme=theme)
    panels = {ax.get_ylabel(): ax for ax in figure.axes}
    loss, norm = panels["loss"].lines[0], panels["gradient norm"].lines
    np.testing.assert_array_equal(loss.get_ydata(), own["loss"])
    assert [line.get_label() for line in norm] == ["before clipping", "after clipping"]
    (strip,) = [ax for ax in figure.axes if [label.get_text() for label in ax.get_yticklabels()] == ["0", "2"]]
    metrics = record.trajectories.metrics
    ratios = metrics["layer_step_length"][0] / metrics["layer_parameter_norm"][0]
    np.testing.assert_allclose(np.ma.getdata(strip.collections[0].get_array()), ratios.T)
    assert render.save(record, tmp_path / "run.png", figsize=(4, 3), lang="de").stat().st_size > 5000
    with pytest.raises(InputError, match="saved as a picture"):
        render.save(record, tmp_path / "run.gif")
    assert render.caption(record).startswith("Momentum, 30 steps, 44 weights; loss")


def test_a_figure_without_losses_or_norms_says_so():
    p = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.1)
    watched = watch(optimizer, every=1000)
    for _ in range(5):
        (p - 1).square().sum().backward()
        optimizer.step()
    record = watched.record
    bare = Record(replace(record.trajectories, metrics={}), None, record.meta)
    notes = [text.get_text() for ax in render.figure(bare).axes for text in ax.texts]
    assert notes.count("not measured") == 5
    assert notes.count("not logged") == 1


def test_every_measures_pairs_of_steps():
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    watched = watch(optimizer, every=4)
    for step in range(10):
        optimizer.zero_grad()
        loss = loss_of(net, step)
        loss.backward()
        watched.log(loss)
        optimizer.step()
    record = watched.record
    assert np.isfinite(record.trajectories.loss).all()
    known = np.flatnonzero(np.isfinite(record.trajectories.metrics["step_length"][0]))
    assert known.tolist() == [0, 1, 4, 5, 8, 9]
    assert np.flatnonzero(np.isfinite(record.trajectories.metrics["cosine"][0])).tolist() == [1, 5, 9]
    assert len(watched.path.trajectories.step) == 4  # 0, 4, 8 and the last
    assert project(record).trajectories.step.tolist() == [0, 4, 8]


def test_long_runs_are_thinned(monkeypatch):
    monkeypatch.setattr(_training_log, "MOST_ROWS", 40)
    p = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.01)
    watched = watch(optimizer)
    for step in range(301):
        (p - 1).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        watched.log(float(step))
    t = watched.record.trajectories
    assert 15 <= len(t.step) <= 41
    np.testing.assert_array_equal(t.loss[0], t.step)
    assert [t.step[0], t.step[-1]] == [0, 300]
    assert {int(gap).bit_count() for gap in np.diff(t.step[:-1])} == {1}  # powers of two


def test_points_in_slots(tmp_path):
    for path in (None, tmp_path / "a.points"):
        store = PointStore(2, 5, path)
        for step in range(40):
            if store.wants():
                store.put(step, np.full(2, step, np.float32))
        steps, points = store.points()
        np.testing.assert_array_equal(points[:, 0], steps)
        assert 3 <= len(steps) <= 5
        assert steps[0] == 0
        assert steps[-1] >= 24
        store.close()


LOOP = """
import sys, time, torch
from landscapes import watch
torch.manual_seed(0)
net = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
watched = watch(optimizer, sys.argv[1], flush=0)
step = 0
while True:
    loss = (net(torch.ones(4, 3)) - 1).square().mean()
    optimizer.zero_grad(); loss.backward(); watched.log(loss.detach() * 0 + step); optimizer.step()
    step += 1
    time.sleep(0.002)
"""


@pytest.mark.slow
def test_a_killed_run_keeps_all_but_the_last_flush(tmp_path):
    file = tmp_path / "run.npz"
    with subprocess.Popen([sys.executable, "-P", "-c", LOOP, str(file)]) as process:
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    record, path = Record.load(file), load_path(file)
    steps = record.trajectories.step
    assert len(steps) > 5
    np.testing.assert_array_equal(record.trajectories.loss[0], steps)
    assert path.trajectories.x.shape[2] == 4
    assert np.isfinite(path.trajectories.x).all()


def test_a_file_is_at_most_flush_seconds_behind(tmp_path, monkeypatch):
    """The time between two writes grows with the run, from a second up to `flush`."""
    now, writes = [0.0], []
    monkeypatch.setattr(_training_log.time, "monotonic", lambda: now[0])
    flush = _training_log.TrainingLog.flush
    monkeypatch.setattr(_training_log.TrainingLog, "flush", lambda log: (flush(log), writes.append(now[0])))
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    watched = watch(optimizer, tmp_path / "run.npz", flush=3.0)
    for step in range(100):
        now[0] = 0.5 * step
        optimizer.zero_grad()
        loss_of(net, step % 4).backward()
        watched.log(float(step))
        optimizer.step()
        if step in (20, 60, 99):
            behind = step - Record.load(tmp_path / "run.npz").trajectories.step[-1]
            assert 0 <= 0.5 * behind < 3.0
    gaps = np.diff([0.0, *writes])
    assert gaps[0] == gaps[1] == 1.0
    assert gaps.max() == gaps[-1] == 3.0
    watched.close()


def test_a_full_disk_does_not_end_a_training(tmp_path, monkeypatch):
    """It warns once, goes on, and writes the file when there is space again; the last write raises."""
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    watched = watch(optimizer, tmp_path / "run.npz", model=net, flush=1e-6)
    full = OSError(28, "No space left on device")

    def step(k: int) -> None:
        optimizer.zero_grad()
        loss = loss_of(net, k)
        loss.backward()
        optimizer.step()
        watched.log(loss)

    def fail(*_, **__):
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(Record, "save", fail)
        patch.setattr(PointStore, "put", fail)
        with pytest.warns(
            UserWarning, match=r"run.npz cannot be written \(No space left .*the training goes on"
        ) as seen:
            deque(map(step, range(5)))
    assert len(seen) == 1
    step(5)
    assert len(Record.load(tmp_path / "run.npz").trajectories.step) == 5, "the loss of the last step was not logged yet"
    monkeypatch.setattr(Record, "save", fail)
    with pytest.raises(OSError, match=r"No space.*run.npz"):
        watched.close()
    assert watched.record.trajectories.loss.shape == (1, 6)


def test_the_file_is_written_when_the_loop_ends(tmp_path):
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with watch(optimizer, tmp_path / "run.npz") as watched:
        for step in range(3):
            loss_of(net, step).backward()
            optimizer.step()
            watched.log(1.0)
    assert Record.load(tmp_path / "run.npz").trajectories.step.tolist() == [0, 1, 2]
    assert load_path(tmp_path / "run.npz").trajectories.step.tolist() == [0, 1, 2, 3]


def test_a_learning_rate_in_a_tensor_is_that_of_its_step():
    """Schedules change such a rate in place."""
    net = network()
    rate = torch.tensor(0.1)
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    watched = watch(optimizer)
    for step in range(3):
        optimizer.zero_grad()
        loss_of(net, step).backward()
        optimizer.step()
        watched.log(1.0)
        rate.mul_(0.5)
    np.testing.assert_allclose(watched.record.trajectories.metrics["lr"][0], [0.1, 0.05, 0.025], rtol=1e-6)


def test_diverging_runs_are_named():
    p = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=3.0)
    watched = watch(optimizer)
    for _ in range(200):
        optimizer.zero_grad()
        loss = p.square().sum()
        loss.backward()
        optimizer.step()
        watched.log(loss)
    record = watched.record
    assert record.trajectories.runs["status"].tolist() == ["non-finite"]
    verdict = diagnose(record)[0]
    assert verdict.kind in ("diverged", "non-finite")


def never(optimizer: torch.optim.Optimizer) -> object:
    return watch(optimizer).record


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (lambda o, n: never(o), "has taken no step"),
        (lambda o, n: watch(n), "takes a torch.optim.Optimizer"),
        (lambda o, n: watch(o, every=0), "every must be an integer >= 1"),
        (lambda o, n: watch(o, "run.csv"), "saved as .npz"),
        (lambda o, n: watch(o, "nowhere/run.npz"), "does not exist"),
        (lambda o, n: watch(o, points="all"), "points must be"),
        (lambda o, n: watch(o, point_steps=[-1]), "point_steps must be"),
        (lambda o, n: watch(o, point_steps=3, points="projected"), 'points="full"'),
        (lambda o, n: watch(o, scaler=3), "GradScaler"),
        (lambda o, n: watch(o, model=3), "torch.nn.Module"),
        (lambda o, n: watch(o, model=torch.nn.ReLU()), "none of the weights that the optimizer steps"),
        (lambda o, n: watch(o, seed=-1), "seed must be"),
        (lambda o, n: watch(o).log(torch.ones(3)), r"shape \(3,\)"),
        (lambda o, n: watch(o).log("x"), "one number per step"),
        (lambda o, n: watch(o).log(1.0, cosine=2), "uses itself"),
        (lambda o, n: watch(torch.optim.SGD([torch.zeros(2)], lr=1.0)), "no weights that require gradients"),
    ],
    ids=range(16),
)
def test_bad_input(case, message):
    net = network()
    with pytest.raises(InputError, match=message):
        case(torch.optim.SGD(net.parameters(), lr=0.1), net)


def test_close_warns_of_runs_without_steps_or_losses():
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with pytest.warns(UserWarning, match="taken no step"):
        watch(optimizer).close()
    watched = watch(optimizer)
    loss_of(net, 0).backward()
    optimizer.step()
    with pytest.raises(InputError, match="call log"):
        _ = watched.path
    loss_of(net, 0).backward()
    optimizer.step()
    for given in (watched, watched.record):  # not "the loss is not finite from step 0 on"
        with pytest.raises(InputError, match="no loss was logged, or each was NaN"):
            diagnose(given)
    with pytest.raises(InputError, match="a watched run is drawn from its record"):
        render.save(watched, "run.png")
    with pytest.warns(UserWarning, match="no loss was logged"):
        watched.close()


@pytest.mark.filterwarnings("ignore:You are using `torch.load`:FutureWarning")  # of torch 2.4 and 2.5
def test_watched_models_are_copied_and_pickled():
    net = network()
    optimizer = torch.optim.Adam(net.parameters())
    watched = watch(optimizer, model=net)
    loss_of(net, 0).backward()
    optimizer.step()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert torch.equal(other(DATA), net(DATA))
    copy.deepcopy(optimizer).step()
    assert watched.record.trajectories.step.tolist() == [0]


def test_sparse_frozen_low_precision_and_tied_weights():
    table = nn.Embedding(10, 4, sparse=True)
    optimizer = torch.optim.SGD(table.parameters(), lr=0.1)
    watched = watch(optimizer, model=table)
    for _ in range(3):
        optimizer.zero_grad()
        loss = table(torch.tensor([1, 1, 3])).square().mean()
        loss.backward()
        optimizer.step()
        watched.log(loss)
    t = watched.record.trajectories
    np.testing.assert_allclose(t.metrics["step_length"], 0.1 * t.metrics["gradient_norm"], rtol=1e-4)
    half = nn.Linear(4, 1).bfloat16()
    half.bias.requires_grad_(False)
    optimizer = torch.optim.SGD(half.parameters(), lr=0.5)
    watched = watch(optimizer, model=half)
    for _ in range(2):
        optimizer.zero_grad()
        loss = half(torch.ones(1, 4, dtype=torch.bfloat16)).square().mean()
        loss.backward()
        optimizer.step()
        watched.log(loss)
    t = watched.record.trajectories
    assert watched.path.trajectories.x.shape[2] == 4
    np.testing.assert_allclose(t.metrics["step_length"][0, 0], 0.5 * t.metrics["gradient_norm"][0, 0], rtol=0.02)
    assert norms([torch.full((4,), 200.0, dtype=torch.float16)]).item() == 400.0


WORKER = textwrap.dedent(
    """
    import sys, torch
    from torch import nn
    from landscapes import watch
    rank, folder = int(sys.argv[1]), sys.argv[2]
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    torch.manual_seed(0)
    net = nn.parallel.DistributedDataParallel(nn.Linear(3, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    watched = watch(optimizer, f"{folder}/run.npz")
    assert watched.active == (rank == 0)
    norms = []
    for step in range(4):
        optimizer.zero_grad()
        loss = (net(torch.full((4, 3), float(rank + 1))) - 1).square().mean()
        loss.backward()
        norms.append(torch.cat([p.grad.view(-1) for p in net.parameters()]).norm().item())
        nn.utils.clip_grad_norm_(net.parameters(), 0.01)
        optimizer.step()
        watched.log(loss)
    if rank == 0:
        found = watched.record.trajectories.metrics["gradient_norm"][0]
        assert torch.allclose(torch.tensor(found), torch.tensor(norms).double(), rtol=1e-5), (found, norms)
    watched.close()
    torch.distributed.destroy_process_group()
    """
)


@pytest.mark.slow
def test_rank_0_is_recorded_with_averaged_gradients(tmp_path: Path):
    workers = [
        subprocess.Popen([sys.executable, "-P", "-c", WORKER, str(rank), str(tmp_path)], stderr=subprocess.PIPE)
        for rank in range(2)
    ]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors.decode()
    assert len(Record.load(tmp_path / "run.npz").trajectories.step) == 4


def test_from_an_own_loop_to_a_film_in_fifteen_lines(tmp_path, monkeypatch):
    """The recipe of the documentation runs, and has at most 15 lines."""
    recipes = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "networks.md").read_text(encoding="utf-8")
    code = recipes.partition("## Film the path of my own training loop")[2].split("```python\n")[1].partition("```")[0]
    assert len([line for line in code.splitlines() if line.strip()]) < 15
    monkeypatch.chdir(tmp_path)
    x = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    exec(code, {"torch": torch, "net": net, "loss": nn.MSELoss(), "x": x, "y": x.prod(1, keepdim=True)})
    assert (tmp_path / "path.gif").stat().st_size > 5000
