"""Tests of `prescribe`: on functions, on records, and on training functions; its table and its picture."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from landscapes import InputError, prescribe, race, render
from landscapes.cli.main import main
from landscapes.diagnosis import Prescription
from landscapes.diagnosis._prescription import wilson
from landscapes.experiments.optimizer_changes import CHANGES, changed
from landscapes.experiments.training_change import Change
from landscapes.optimizers import SGD, Adam, Clip, Noise, Optax, Torch


@pytest.fixture(scope="module")
def diverging() -> Prescription:
    """Descent on Booth's function, beyond 2/λ = 0.111: a tenth of the rate cures, clipping cannot."""
    return prescribe("booth", "sgd(lr=0.2)", changes=["clipping", "lower lr", "amsgrad"], seeds=4, steps=120)


def test_a_divergence_is_cured_by_a_lower_rate_alone(diverging):
    assert diverging.verdict.kind == "diverged"
    assert [(trial.name, trial.count, trial.total) for trial in diverging.trials] == [
        ("lower lr", 4, 4),
        ("clipping", 0, 4),
    ]
    lower, clipping = diverging.trials
    assert diverging.best is lower
    assert lower.detail == "sgd(lr=0.02)"
    assert lower.interval == wilson(4, 4)
    assert np.isfinite(lower.cost).all()
    assert clipping.outcome == "did not help"
    assert diverging.left_out == {"amsgrad": "SGD is not Adam"}
    assert [loss[0] for loss in lower.losses] == [loss[0] for loss in diverging.unchanged.losses], "the same starts"
    text = str(diverging)
    assert "4 of 4  51 to 100 %" in text
    assert "did not help: clipping" in text
    assert "reset:" not in text
    with_reset = replace(diverging, trials=[replace(lower, name="reset")])
    assert "reset: after each tenth of the run, the optimizer's momentum and averages are cleared" in str(with_reset)
    assert "left out: amsgrad (SGD is not Adam)" in text
    assert json.loads(json.dumps(diverging.to_dict(), allow_nan=False))["changes"][0]["outcome"] == "cures"


def test_the_trial_is_the_race_of_the_changed_optimizer(diverging):
    start = diverging.trials[0].losses
    again = race("booth", "sgd(lr=0.02)", steps=120).trajectories.loss[0]
    np.testing.assert_array_equal(start[0], again)


def test_a_record_gives_function_optimizer_and_steps():
    record = race("booth", ["sgd(lr=0.02)", "sgd(lr=0.2)"], steps=50)
    found = prescribe(record, changes="lower lr", seeds=1)
    assert found.best.detail == "sgd(lr=0.02)"
    assert len(found.best.losses[0]) == 51
    with pytest.raises(InputError, match="no run of the record fails"):
        prescribe(race("booth", ["sgd(lr=0.02)"], steps=200))


def test_a_healthy_run_has_nothing_to_cure():
    found = prescribe("booth", "sgd(lr=0.05)", seeds=2, steps=200)
    assert found.trials == ()
    assert "nothing to cure" in str(found)


def test_a_target_decides_instead_of_the_verdict():
    found = prescribe("booth", "sgd(lr=0.001)", changes=["higher lr"], seeds=2, steps=300, target=1.0)
    assert found.best.count == 2
    assert found.best.end.max() <= 1 < found.unchanged.end.min()


def test_changes_keep_wrappers_and_everything_else():
    optimizer = Noise(Adam(lr=0.5, beta1=0.8), 2.0)
    made, left_out = changed(optimizer, 200, 3.0)
    assert {*made, *left_out} >= {*CHANGES} - {"no momentum"}
    assert made["lower lr"] == Noise(Adam(lr=0.05, beta1=0.8), 2.0)
    assert made["larger batch"] == Noise(Adam(lr=0.5, beta1=0.8), 1.0)
    assert made["larger eps"] == Noise(Adam(lr=0.5, beta1=0.8, eps=1e-4), 2.0)
    assert made["clipping"] == Noise(Clip(Adam(lr=0.5, beta1=0.8), norm=3.0), 2.0)
    assert changed(SGD(lr=0.1, momentum=0.9, nesterov=True), 10, 1.0)[0]["no momentum"] == SGD(lr=0.1)


def train(change: Change, seed: int) -> list[float]:
    """Descent on a line of data that is scaled on request, with a rate that raw data do not bear."""
    rng = torch.Generator().manual_seed(seed)
    x = 30 * torch.randn(64, 1, generator=rng, dtype=change.dtype)
    x = x / x.std() if change.scale_data else x
    w = torch.ones(1, dtype=change.dtype).requires_grad_(True)
    optimizer = change(torch.optim.SGD([w], lr=0.1))
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (x[:, 0] * w - x[:, 0]).square().mean() + (w - 3).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_a_training_function():
    found = prescribe(train, changes=["scaled data", "float64", "larger batch", "amsgrad"], seeds=2)
    assert [(trial.name, trial.count) for trial in found.trials] == [("scaled data", 2), ("float64", 0)]
    assert found.left_out["larger batch"] == "the function does not read change.batch"
    assert found.left_out["amsgrad"] == "the optimizer is not Adam"
    assert found.best.seconds > 0
    assert "seconds" in str(found)


def test_a_change_with_which_a_training_raises_is_left_out():
    """The other changes go on. Losses may be tensors that require gradients. Without a change, the error is raised."""

    def fragile(change: Change, seed: int) -> list[torch.Tensor]:
        if change.name == "higher lr":
            raise RuntimeError("out of memory\nin the second line")
        return [torch.tensor(loss, requires_grad=True) for loss in train(change, seed)]

    found = prescribe(fragile, changes=["higher lr", "scaled data"], seeds=2)
    assert found.left_out == {"higher lr": "with it, the function raises RuntimeError: out of memory"}
    assert found.best.count == 2

    def broken(change: Change, seed: int) -> list[float]:
        raise KeyError(seed)

    with pytest.raises(KeyError):
        prescribe(broken, seeds=1)


def test_an_interrupted_trial_keeps_finished_changes():
    def interrupted(change: Change, seed: int) -> list[float]:
        if change.name == at:
            raise KeyboardInterrupt
        return train(change, seed)

    at = "float64"
    with pytest.warns(UserWarning, match="interrupted: 2 of 3 changes were not tried"):
        found = prescribe(interrupted, changes=["scaled data", "float64", "lower lr"], seeds=2)
    assert [trial.name for trial in found.trials] == ["scaled data"]
    assert found.left_out == {"float64": "interrupted", "lower lr": "interrupted"}
    at = "scaled data"
    with pytest.raises(KeyboardInterrupt):  # nothing is known of any change
        prescribe(interrupted, changes=["scaled data", "float64"], seeds=2)


def steps_with(name: str, optimizer: str = "Adam", steps: int = 20, **settings: float) -> tuple[np.ndarray, Change]:
    """Return the points of 20 steps with gradients 1, and 100 at step 10."""
    w = torch.zeros(2, dtype=torch.float64).requires_grad_(True)
    change = Change(name, 0, steps)
    made = change(getattr(torch.optim, optimizer)([w], lr=0.1, **settings))
    points = [w.detach().clone()]
    for k in range(steps):
        w.grad = torch.full_like(w, 100.0 if k == 10 else 1.0)
        change.loss(1.0)
        made.step()
        points.append(w.detach().clone())
    return torch.stack(points)[:, 0].numpy(), change


def test_changes_of_torch_optimizers():
    plain = np.diff(steps_with("unchanged", "SGD")[0])
    np.testing.assert_allclose(np.diff(steps_with("lower lr", "SGD")[0]), plain / 10)
    warm = np.diff(steps_with("warm-up", "SGD")[0])
    np.testing.assert_allclose(warm[:3] / plain[:3], [0.5, 1, 1])
    cosine = np.diff(steps_with("cosine decay", "SGD")[0]) / plain
    np.testing.assert_allclose(cosine, (1 + np.cos(np.pi * np.arange(20) / 20)) / 2)
    np.testing.assert_allclose(np.diff(steps_with("clipping", "SGD")[0]), -0.1)
    decayed = np.diff(steps_with("plateau decay", "SGD")[0]) / plain
    np.testing.assert_allclose(decayed[[0, 2, 3, 6, 9]], [1, 1, 0.5, 0.25, 0.125])
    assert np.diff(steps_with("momentum", "SGD")[0])[1] == pytest.approx(-0.19)
    noisy = np.diff(steps_with("noise", "SGD")[0]) / plain
    assert 0 < np.abs(noisy - 1).max() < 0.01
    for name, setting in (("amsgrad", {"amsgrad": True}), ("larger eps", {"eps": 1e-4})):
        np.testing.assert_array_equal(steps_with(name)[0], steps_with("unchanged", **setting)[0])
    if "decoupled_weight_decay" in torch.optim.Adam([torch.zeros(1)]).defaults:  # not in torch 2.4
        np.testing.assert_array_equal(steps_with("adamw")[0], steps_with("unchanged", "AdamW", weight_decay=0.01)[0])
    else:
        assert steps_with("adamw")[1].missing() == "the optimizer is not Adam, or torch is too old"
    reset = steps_with("reset", steps=20)[0]
    assert np.abs(np.diff(reset)[10]) == pytest.approx(0.1, rel=1e-3), "the state of the steps before is gone"
    assert steps_with("momentum")[1].missing() == "the optimizer has no such setting"
    assert steps_with("no momentum", "SGD")[1].missing() == "SGD has no momentum"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("booth",), "needs the failing optimizer"),
        (("booth", "sgd(lr=0.2)", {"changes": ["lower rate"]}), "unknown change"),
        (("booth", "sgd(lr=0.2)", {"changes": []}), "no changes given"),
        (("booth", "sgd(lr=0.2)", {"seeds": 0}), "seeds must be"),
        (("booth", "sgd(lr=0.2)", {"target": math.nan}), "target must be a finite number"),
        (("booth", ["sgd(lr=0.2)", "adam"]), "one failing optimizer, got 2"),
        ((3,), "expected a record, a function or a training function"),
        ((lambda change, seed: [1.0],), "never calls its change"),
        ((lambda change, seed: change(torch.optim.SGD([torch.zeros(1)])),), "must return its losses"),
        ((lambda change: [1.0],), r"takes a change and a seed, as in def train\(change, seed\); .* \(change\)"),
        ((train, None, {"steps": 3}), "steps is for functions and records"),
    ],
)
def test_invalid_input(arguments, message):
    *given, options = arguments if isinstance(arguments[-1], dict) else (*arguments, {})
    with pytest.raises(InputError, match=message):
        prescribe(*given, **options)


@pytest.mark.parametrize(("theme", "figsize"), [("light", (9.6, 5.4)), ("dark", (4, 2.6))])
def test_picture(diverging, tmp_path, theme, figsize):
    assert render.save(diverging, tmp_path / "cure.png", theme=theme, figsize=figsize).stat().st_size > 5000
    shares, losses = render.prescription(diverging).axes
    assert [text.get_text() for text in shares.get_yticklabels()] == ["lower lr", "clipping"]
    assert len(losses.lines) == 8
    with pytest.raises(InputError, match="a prescription is saved as a picture"):
        render.save(diverging, tmp_path / "cure.gif")


def test_intervals_of_wilson():
    """Against the quadratic equation that defines them: (p − share)² = z² p (1 − p) / n."""
    for count, total in ((3, 10), (10, 10), (0, 7)):
        for end in wilson(count, total):
            assert (end - count / total) ** 2 == pytest.approx(1.959963985**2 * end * (1 - end) / total, abs=1e-9)


def test_command(tmp_path, capsys):
    words = ["--changes", "lower lr,clipping", "--seeds", "2", "--steps", "60"]
    race("booth", ["sgd(lr=0.2)"], steps=60).save(tmp_path / "race.npz")
    assert main(["prescribe", str(tmp_path / "race.npz"), "--json", *words[:4]]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["change"], row["cured"]) for row in found["changes"]] == [
        ("lower lr", 2),
        ("clipping", 0),
        ("unchanged", 0),
    ]
    assert main(["prescribe", "booth", "-O", "sgd(lr=0.2)", *words, "-o", str(tmp_path / "cure.png")]) == 0
    out = capsys.readouterr().out
    assert "did not help: clipping" in out
    assert "cure.png" in out
    (tmp_path / "mine.py").write_text("def train(change, seed):\n    return [1.0]\n")
    for what, message in (
        (["booth"], "name the failing optimizer"),
        ([f"{tmp_path}/mine.py:train"], "never calls its change"),
        (["booth", "-O", "sgd", "--run", "0"], "--run chooses a run of a record"),
    ):
        assert main(["prescribe", *what]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("theme", ["light", "dark", "ember"])
def test_failures_are_red_and_cures_green(diverging, theme):
    shares = render.prescription(diverging, theme=theme).axes[0]
    red, green = shares.lines[-1].get_color(), shares.lines[0].get_color()
    assert red[0] > max(red[1:])
    assert green[1] > max(green[0], green[2])


def test_an_optimizer_of_torch_is_changed_by_its_own_settings():
    adam = Clip(Torch(torch.optim.Adam, lr=9.0), norm=1.0)
    made, left_out = changed(adam, 50, 3.0)
    assert made["larger eps"] == Clip(Torch(torch.optim.Adam, lr=9.0, eps=1e-4), norm=1.0)
    assert made["amsgrad"] == Clip(Torch(torch.optim.Adam, lr=9.0, amsgrad=True), norm=1.0)
    if "decoupled_weight_decay" in torch.optim.Adam([torch.zeros(1)]).defaults:  # not in torch 2.4
        assert (
            made["adamw"].spec == "clip(Torch(Adam, lr=9.0, decoupled_weight_decay=True, weight_decay=0.01), norm=1.0)"
        )
    assert left_out["momentum"] == "Adam has no such setting"
    nesterov = Torch(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True)
    assert changed(nesterov, 10, 1.0)[0]["no momentum"].spec == "Torch(SGD, lr=0.1, momentum=0.0, nesterov=False)"
    assert "reset" not in changed(Torch(torch.optim.SGD, lr=0.1), 10, 1.0)[0]


def test_a_record_of_an_optimizer_of_torch_needs_the_object():
    failing = Torch(torch.optim.SGD, lr=0.2)
    record = race("booth", [failing], steps=50)
    with pytest.raises(InputError, match=r"its run's optimizer, Torch\(SGD, lr=0.2\); pass the object"):
        prescribe(record)
    with pytest.raises(InputError, match="has the optimizer Torch"):
        prescribe(record, "sgd(lr=0.2)")
    assert prescribe(record, failing, changes="lower lr", seeds=1).best.detail == "Torch(SGD, lr=0.02)"
    with pytest.raises(InputError, match="is that of the record's run"):
        prescribe(race("booth", ["sgd(lr=0.2)"], steps=50), failing)


def test_a_transformation_of_optax_is_changed_by_its_own_settings():
    optax = pytest.importorskip("optax")
    made, left_out = changed(Optax(optax.sgd, learning_rate=0.1), 10, 1.0)
    assert made["momentum"].spec == "Optax(sgd, lr=0.1, momentum=0.9)"
    assert left_out["amsgrad"] == "sgd (optax) has no such setting"
    assert changed(Optax(optax.adam, learning_rate=0.1), 10, 1.0)[0]["larger eps"].hyperparameters()["eps"] == 1e-4
    made, left_out = changed(Optax(optax.adam(0.1)), 10, 1.0)
    assert {*made} == {"clipping", "noise", "reset"}
    assert "pass the function that makes it" in left_out["lower lr"]
