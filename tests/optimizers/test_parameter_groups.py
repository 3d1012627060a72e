"""Parameter groups: own optimizers and torch's take the same steps as torch.optim with one tensor per group."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from merged import merged
from reference import SPACES, by_optimizers, class_in_torch, default_dtype, draw, in_torch, starts, valley, variants
from torch.optim import lr_scheduler

from landscapes import basins, optimizers, race, render, sweep
from landscapes.errors import InputError
from landscapes.optimizers import Torch, parse

COORDINATES = ([2, 0], [3])
"""The coordinates of two groups out of 4; coordinate 1 is in none."""

PLACES = ([0, 2], [3], [1])
"""The coordinates of each parameter, ascending."""

ORDER = torch.tensor([0, 2, 3, 1]).argsort()
"""Where each coordinate is in the concatenated parameters."""

TORCH_CLASSES: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 1e-3, "momentum": 0.9},
    "ASGD": {"lr": 1e-3},
    "Adagrad": {"lr": 0.1},
    "Adadelta": {"lr": 0.5},
    "RMSprop": {"lr": 0.01},
    "Adam": {"lr": 0.05},
    "AdamW": {"lr": 0.05},
    "Adamax": {"lr": 0.05},
    "NAdam": {"lr": 0.05},
    "RAdam": {"lr": 0.05},
    "Rprop": {"lr": 0.01},
    "Adafactor": {"lr": 0.05},
    "SparseAdam": {"lr": 0.05},
}
"""Classes of torch.optim that take one gradient per step, with settings."""


def by_torch(
    make: Any, options: list[dict[str, Any]], x: torch.Tensor, steps: int, schedule: Any = None, sparse: bool = False
) -> torch.Tensor:
    """Return the points (steps, d) of one torch optimizer with one tensor per group."""
    objective, path = valley(len(x)), []
    with default_dtype(x.dtype):
        tensors = [x[part].clone().requires_grad_() for part in PLACES]
        groups = [{"params": [p], **own} for p, own in zip(tensors, [*options, {}], strict=True)]
        optimizer = make(groups)
        scheduler = schedule and schedule(optimizer)
        for _ in range(steps):
            point = torch.cat([p.detach() for p in tensors])[ORDER].requires_grad_()
            objective.evaluate(point).backward()
            for p, part in zip(tensors, PLACES, strict=True):
                p.grad = point.grad[part].to_sparse() if sparse else point.grad[part]
            optimizer.step()
            if scheduler:
                scheduler.step()
            path.append(torch.cat([p.detach() for p in tensors])[ORDER])
    return torch.stack(path)


@pytest.mark.parametrize("cls", [cls for cls in SPACES if SPACES[cls][0].__module__.startswith("torch")])
def test_own_optimizers_match_torch_with_one_tensor_per_group(cls):
    rng, x = np.random.default_rng(5), starts(4, 2, np.random.default_rng(2))
    _, flags, _ = next(variant for variant in variants() if variant[0] is cls)
    candidates, expected = [], []
    for run in range(2):  # one batch of two runs that differ in all settings
        base, *others = (draw(cls, flags, False, rng) for _ in range(3))
        if cls is optimizers.Adagrad:  # torch ignores it in a group
            others = [dataclasses.replace(o, initial_accumulator_value=base.initial_accumulator_value) for o in others]
        options = [{name: getattr(other, name) for name in SPACES[cls][1]} for other in others]
        grouped = [{"coordinates": part, **own} for part, own in zip(COORDINATES, options, strict=True)]
        candidates.append(cls(**{name: getattr(base, name) for name in SPACES[cls][1]}, groups=grouped))
        defaults, per_group = in_torch(base), [in_torch(other) for other in others]
        make = functools.partial(class_in_torch(base), **defaults)
        expected.append(by_torch(make, per_group, x[:, run], 30))
    assert candidates[0].batch_key == candidates[1].batch_key
    assert torch.equal(by_optimizers(valley(4), candidates, x, 30), torch.stack(expected, 2))


@pytest.mark.parametrize("name", TORCH_CLASSES)
@pytest.mark.thin(4)
def test_torch_classes_match_torch_with_one_tensor_per_group(name):
    cls, settings = getattr(torch.optim, name), TORCH_CLASSES[name]
    options = [{"lr": settings["lr"] / 3}, {"lr": settings["lr"] * 2}]
    grouped = [{"coordinates": part, **own} for part, own in zip(COORDINATES, options, strict=True)]
    optimizer, x = Torch(cls, groups=grouped, **settings), starts(4, 5, np.random.default_rng(3))
    expected = [
        by_torch(lambda groups: cls(groups, **settings), options, x[:, run], 20, sparse=name == "SparseAdam")
        for run in range(5)
    ]
    assert torch.equal(by_optimizers(valley(4), [optimizer] * 5, x, 20), torch.stack(expected, 2))


@pytest.mark.parametrize("foreign", [False, True], ids=["own", "torch"])
@pytest.mark.parametrize(
    ("wrapped", "scheduler"),
    [
        (lambda o: optimizers.Cosine(o, lowest=1e-3, steps=30), lambda o: lr_scheduler.CosineAnnealingLR(o, 30, 1e-3)),
        (lambda o: optimizers.Schedule(o, "StepLR", step_size=4), lambda o: lr_scheduler.StepLR(o, 4)),
        (
            lambda o: optimizers.Schedule(o, "CosineAnnealingLR", T_max=30, eta_min=1e-3),
            lambda o: lr_scheduler.CosineAnnealingLR(o, 30, 1e-3),
        ),
    ],
    ids=["cosine", "step", "torch cosine"],
)
def test_schedules_act_on_the_learning_rate_of_each_group(wrapped, scheduler, foreign):
    options = [{"lr": 0.02}, {"betas": (0.5, 0.9)}]
    grouped = [{"coordinates": part, **own} for part, own in zip(COORDINATES, options, strict=True)]
    inner = Torch(torch.optim.Adam, lr=0.1, groups=grouped) if foreign else optimizers.Adam(lr=0.1, groups=grouped)
    x = starts(4, 1, np.random.default_rng(7))
    expected = by_torch(lambda groups: torch.optim.Adam(groups, lr=0.1), options, x[:, 0], 25, scheduler)
    assert torch.equal(by_optimizers(valley(4), [wrapped(inner)], x, 25)[:, :, 0], expected)


def test_norms_are_taken_per_group():
    """Adafactor scales by norms of the parameter; so the others do not see what one group does."""
    groups = [{"coordinates": [0, 2], "lr": 0.5}]
    x = starts(4, 1, np.random.default_rng(7))
    makes = [optimizers.Adafactor]
    if hasattr(torch.optim, "Adafactor"):  # since torch 2.5
        makes.append(lambda **settings: Torch(torch.optim.Adafactor, **settings))
    for make in makes:
        other = by_optimizers(valley(4), [make(lr=0.1, groups=groups)], x, 1)[0, :, 0]
        plain = by_optimizers(valley(4), [make(lr=0.1, groups=[{"coordinates": [0, 2]}])], x, 1)[0, :, 0]
        assert torch.equal(other[[1, 3]], plain[[1, 3]])
        assert not (other[[0, 2]] == plain[[0, 2]]).any()


def test_groups_in_races_sweeps_and_texts():
    text = "adam(lr=0.1, groups=[{'coordinates': [0], 'lr': 0.01}, {'coordinates': 1, 'betas': (0.5, 0.9)}])"
    optimizer = optimizers.Adam(
        lr=0.1, groups=[{"coordinates": [0], "lr": 0.01}, {"coordinates": 1, "betas": (0.5, 0.9)}]
    )
    assert parse(text) == parse(optimizer.spec) == (optimizer, False)
    assert hash(parse(text)[0]) == hash(optimizer) != hash(optimizers.Adam(lr=0.1))
    foreign = Torch(torch.optim.Adam, lr=0.1, groups=[{"coordinates": [0], "lr": 0.01}])
    assert (optimizer.label, foreign.label) == ("Adam · 2 groups", "Adam · [0] lr=0.01")
    record = race("booth", ["sgd(lr=0.01)", text, foreign], steps=5, metrics=["lr", "momentum"])
    lrs = record.trajectories.metrics["lr"]
    assert lrs[:, 3].tolist() == [[0.01, 0.01], [0.01, 0.1], [0.01, 0.1]]
    assert record.trajectories.metrics["momentum"].shape == (3, 6, 2)
    assert parse(record.trajectories.runs["optimizer"][1])[0] == optimizer
    curves = render.history(record, "lr", Figure().subplots()).get_lines()
    assert [curve.get_ydata()[3] for curve in curves] == [0.01, 0.1, 0.1]
    # what a group names stays; a sweep changes what it inherits
    swept = sweep("booth", optimizer, lr=[0.1, 0.2], steps=5, record_steps="all")
    one = race("booth", [optimizer.with_learning_rate(0.2)], steps=5).trajectories.x[0]
    assert np.array_equal(swept.trajectories.x.reshape(2, 6, 2)[1], one)
    assert np.array_equal(swept.trajectories.x.reshape(2, 6, 2)[0, :, 0], record.trajectories.x[1, :, 0])


def test_very_many_runs_with_groups_equal_single_ones():
    """Groups leave the fast path, compiled or not, and change no bit."""
    optimizer = optimizers.Adam(lr=0.1, groups=[{"coordinates": [1], "lr": 0.02}])
    found = basins("himmelblau", optimizer, resolution=24, steps=8)
    start = found.axes["x"][3], found.axes["y"][5]
    single = race("himmelblau", [optimizer], start=start, steps=8)
    assert found.to_array("loss")[5, 3, -1] == single.trajectories.loss[0, -1]


@pytest.mark.parametrize(
    "make", [optimizers.Adam, lambda **settings: Torch(torch.optim.Adam, **settings)], ids=["own", "torch"]
)
@merged(
    ("groups", "message"),
    [
        (3, r"groups must be a list of dicts"),
        ({"coordinates": [0]}, r"groups must be a list of dicts"),
        ([{"lr": 0.1}], r"groups must be a list of dicts"),
        ([{"coordinates": []}], r"groups\[0\]: .*coordinates must be distinct integers"),
        ([{"coordinates": [-1]}], r"coordinates must be distinct integers from 0"),
        ([{"coordinates": [True]}], r"coordinates must be distinct integers from 0"),
        ([{"coordinates": "x"}], r"coordinates must be distinct integers from 0"),
        ([{"coordinates": [0]}, {"coordinates": [1, 0]}], r"groups\[1\]: .*coordinate 0 is in two groups"),
        ([{"coordinates": [10**30]}], r"coordinates must be distinct integers from 0 to 999999"),
        ([{"coordinates": [0], 1: 2}], r"groups must be a list of dicts"),
        ([{"coordinates": [0], "lr": np.array([1, 2])}], r"groups\[0\]: .*lr must be one number"),
        ([{"coordinates": [0], "lr": {1}}], r"groups\[0\]: .*lr must be"),
        ([{"coordinates": [0], "lr": math.nan}], r"groups\[0\]: Adam: lr must be finite"),
        ([{"coordinates": [0], "larning": 1}], r"groups\[0\]: unknown setting of Adam 'larning'"),
        ([{"coordinates": [2], "lr": 1.0}], r"groups\[0\]: coordinates must be from 0 to 1 on .* 2 coordinates, got 2"),
    ],
)
def test_invalid_groups_are_named(make, groups, message):
    with pytest.raises(InputError, match=message):
        race("booth", [make(lr=0.1, groups=groups)], steps=1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda g: optimizers.Adam(groups=[{**g, "lr": -1.0}]), r"groups\[0\]: Adam: lr must be .*>= 0, got -1.0"),
        (lambda g: optimizers.Adam(groups=[{**g, "groups": []}]), "a group must not have groups of its own"),
        (lambda g: optimizers.Sophia(groups=[g]), "Sophia evaluates the function at points of its own"),
        (lambda g: optimizers.ScheduleFreeSGD(groups=[g]), "evaluates the function at points of its own"),
        (lambda g: Torch(torch.optim.LBFGS, groups=[g]), "per-parameter options"),
        (lambda g: Torch(torch.optim.Adam, shape=(1, 2), groups=[g]), "shape or groups, not both"),
        (lambda g: race("booth", [optimizers.Muon(rows=2, groups=[g])], steps=1), "rows must divide .* each group"),
        (lambda g: optimizers.LBFGS(groups=[g]), "unknown setting of LBFGS 'groups'"),
    ],
)
def test_groups_are_refused_where_they_cannot_work(make, message):
    with pytest.raises(InputError, match=message):
        make({"coordinates": [0]})


@pytest.mark.parametrize("lr", [1, np.float64(1), np.array(1.0), torch.tensor(1.0)])
def test_settings_of_groups_are_plain_numbers_whatever_their_type(lr):
    groups = [{"coordinates": [0], "lr": lr}]
    optimizer = optimizers.Adam(lr=0.1, groups=groups)
    assert optimizer.spec == "adam(lr=0.1, groups=[{'coordinates': [0], 'lr': 1.0}])"
    assert parse(optimizer.spec) == (optimizer, False)
    assert optimizers.Adam(groups=[{"coordinates": [0]}]).label == "Adam · [0]"
    assert hash(Torch(torch.optim.Adam, lr=0.1, groups=groups)) is not None


def test_lr_by_coordinate():
    optimizer = optimizers.Clip(optimizers.SGD(lr=0.1, groups=[{"coordinates": [1, 3], "lr": 0.5}]), norm=1)
    assert optimizer.lr_by_coordinate(4).tolist() == [0.1, 0.5, 0.1, 0.5]
    assert optimizers.Clip(optimizers.SGD(lr=0.1), norm=1).lr_by_coordinate(4) is None
