"""One line of `watch` gives the same bits in a plain loop, in Lightning and in the Trainer of Hugging Face."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from landscapes import Record, watch

pytestmark = [pytest.mark.peers, pytest.mark.slow]

ROWS, SIZE, CLIP, LR = 48, 8, 0.05, 0.1
INPUTS = torch.randn(ROWS, 4, generator=torch.Generator().manual_seed(1))
LABELS = (INPUTS.sum(1) > 0).long()


def network() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))


def optimizer_of(net: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(net.parameters(), lr=LR, momentum=0.9)


def plain() -> Record:
    net = network()
    optimizer = optimizer_of(net)
    watched = watch(optimizer)
    for rows in torch.arange(ROWS).split(SIZE):
        loss = nn.functional.cross_entropy(net(INPUTS[rows]), LABELS[rows])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        optimizer.step()
        watched.log(loss)
    return watched.record


def in_lightning(folder: Path) -> Record:
    lightning = pytest.importorskip("lightning")

    class Module(lightning.LightningModule):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def training_step(self, batch: Any, index: int) -> Any:
            inputs, labels = batch
            return nn.functional.cross_entropy(self.net(inputs), labels)

        def configure_optimizers(self) -> Any:
            optimizer = optimizer_of(self.net)
            self.watched = watch(optimizer)
            return optimizer

    data = torch.utils.data.TensorDataset(INPUTS, LABELS)
    module = Module()
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        gradient_clip_val=CLIP,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=str(folder),
    )
    trainer.fit(module, torch.utils.data.DataLoader(data, batch_size=SIZE))
    return module.watched.record


def in_trainer(folder: Path) -> Record:
    transformers = pytest.importorskip("transformers")

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def forward(self, inputs: torch.Tensor, labels: torch.Tensor) -> Any:
            logits = self.net(inputs)
            return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

    model = Model()
    optimizer = optimizer_of(model)
    watched = watch(optimizer, model=model)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0)
    trainer = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(
            str(folder),
            num_train_epochs=1,
            per_device_train_batch_size=SIZE,
            max_grad_norm=CLIP,
            use_cpu=True,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            train_sampling_strategy="sequential",
        ),
        train_dataset=[{"inputs": x, "labels": y} for x, y in zip(INPUTS, LABELS, strict=True)],
        optimizers=(optimizer, schedule),
    )
    trainer.train()
    return watched.record


def with_accelerate() -> Record:
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)
    net = network()
    net, optimizer = accelerator.prepare(net, optimizer_of(net))
    watched = watch(optimizer)
    for rows in torch.arange(ROWS).split(SIZE):
        loss = nn.functional.cross_entropy(net(INPUTS[rows]), LABELS[rows])
        optimizer.zero_grad()
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(net.parameters(), CLIP)
        optimizer.step()
        watched.log(loss)
    return watched.record


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("framework", ["lightning", "trainer", "accelerate"])
def test_figures_equal_those_of_a_plain_loop(framework, tmp_path):
    run = {"lightning": in_lightning, "trainer": in_trainer, "accelerate": lambda folder: with_accelerate()}[framework]
    found, expected = run(tmp_path).trajectories, plain().trajectories
    np.testing.assert_array_equal(found.loss, expected.loss)
    names = ("gradient_norm", "clipped_gradient_norm", "step_length", "cosine", "update_to_weight", "lr")
    for name in names:
        np.testing.assert_array_equal(found.metrics[name], expected.metrics[name], err_msg=name)
    assert (expected.metrics["gradient_norm"] > 2 * expected.metrics["clipped_gradient_norm"]).all()


def test_wrappers_of_other_shapes_are_opened():
    optimizer = optimizer_of(network())
    assert watch(SimpleNamespace(optimizer=SimpleNamespace(optimizer=optimizer))).active
