"""Train one network from given weights on given batches, and keep what is recorded."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from landscapes.errors import InputError
from landscapes.networks.data import Batches, load_batches, map_tensors, takes_model
from landscapes.networks.losses import Loss, LossModule
from landscapes.networks.preparation import network_loss
from landscapes.networks.training_optimizers import TrainingOptimizer
from landscapes.optimizers.adapters.isolation import preserve_rng_state, seed_all


@dataclass(frozen=True)
class TrainingJob:
    """All that one run needs; it can be sent to another process.

    Attributes:
        model: the network with its initial weights.
        loss, data, validation, metrics: as in `train_race`.
        optimizer: the optimizer.
        seed: seed of the order of batches and of random layers.
        steps: the number of steps.
        recorded: the steps at which weights are kept, from 0 to the last.
        batch_size: rows per step, if the data are tensors.
        keep: whether to keep the weights, not only the losses.
    """

    model: nn.Module
    loss: Loss
    data: Any
    validation: Any
    metrics: Any
    optimizer: TrainingOptimizer
    seed: int
    steps: int
    recorded: tuple[int, ...]
    batch_size: int
    keep: bool = True


@dataclass
class TrainingRun:
    """What a run leaves behind, at T' recorded steps before it failed, if it did.

    Attributes:
        states: the `state_dict`s on the CPU.
        loss: the loss on all data (T',).
        metrics: the loss of the batches since the recorded step before, and what else was measured, by name (T',).
        lr: the learning rate at the first step.
        failed_at: the step whose loss or weights were not finite, or None.
        trained: how it was trained: "alone", "together", ….
    """

    states: list[dict[str, Tensor]] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    lr: float = math.nan
    failed_at: int | None = None
    trained: str = "alone"

    def record(self, step: int, state: Mapping[str, Tensor], losses: Sequence[float]) -> None:
        """Keep a copy of the weights at a step and the mean loss of the batches since; the run fails if not finite."""
        copied = {name: value.detach().cpu().clone() for name, value in state.items()}
        if not all(bool(torch.isfinite(v).all()) for v in copied.values() if v.is_floating_point()):
            self.failed_at = step
            return
        self.states.append(copied)
        self.metrics.setdefault("batch_loss", []).append(sum(losses) / len(losses) if losses else math.nan)

    @property
    def final(self) -> float:
        """The score of a run: its last loss on the validation data if there are any, infinite if it failed."""
        if self.failed_at is not None or not self.loss:
            return math.inf
        last = self.metrics.get("validation_loss", self.loss)[-1]
        return last if math.isfinite(last) else math.inf


def train(job: TrainingJob) -> TrainingRun:
    """Train, and evaluate the loss on all data at the recorded steps."""
    with seeded(job.seed):
        training = Training(job)
        training.advance(job.steps)
    return training.finish()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the global generators, and restore them on exit."""
    with preserve_rng_state():
        seed_all(seed, 0, 0)
        yield


class Training:
    """One run in progress. Each part of it is to be `seeded`."""

    def __init__(self, job: TrainingJob) -> None:
        self.job, self.found = job, TrainingRun()
        self.module = training_module(job)
        self.optimizer, self.schedule = job.optimizer.build(self.module.model, job.steps)
        self.found.lr = float(self.optimizer.param_groups[0].get("lr", math.nan))
        self.batches = training_batches(job)
        self.recorded = frozenset(job.recorded)
        self.step = 0
        self.since: list[Tensor] = []

    def advance(self, until: int) -> None:
        """Train up to a step; the last step of the job is recorded as well. A run that has failed stays where it is."""
        while self.found.failed_at is None:
            if self.step in self.recorded and (self.step < until or until == self.job.steps):
                state = self.module.model.state_dict()
                self.found.record(self.step, state, [float(loss) for loss in self.since])
                self.since = []
            if self.step >= until or self.found.failed_at is not None:
                return
            value = _step(self.module, next(self.batches), self.optimizer, self.job.optimizer.clip)
            self.since.append(value)
            if not bool(torch.isfinite(value)):
                self.found.failed_at = self.step
                return
            if self.schedule is not None:
                self.schedule.step()
            self.step += 1

    def finish(self) -> TrainingRun:
        """Evaluate the recorded steps, and return the run."""
        evaluate(self.job, self.found)
        return self.found


def training_module(job: TrainingJob) -> LossModule:
    """Return the loss of a private copy of the network, in training mode."""
    whole = takes_model(job.loss) if job.loss is not None else True
    loss = copy.deepcopy(job.loss) if isinstance(job.loss, nn.Module) else job.loss
    module = LossModule(copy.deepcopy(job.model), loss, {}, whole)
    module.train()
    return module


def training_batches(job: TrainingJob) -> Iterator[Any]:
    """Yield the batches of a job forever."""
    device = next(job.model.parameters()).device
    return batches_in_order(load_batches(job.data, device, None, whole=True), job.batch_size, job.seed)


def _step(module: LossModule, batch: Any, optimizer: torch.optim.Optimizer, clip: float | None) -> Tensor:
    """Take one step, and return the loss before it."""
    first: list[Tensor] = []

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = module(batch)
        if not loss.requires_grad:
            raise InputError("the loss does not depend on the weights: it has no gradient, so nothing is trained")
        torch.autograd.backward(loss)
        if clip is not None:
            nn.utils.clip_grad_norm_(module.model.parameters(), clip)
        first.append(loss.detach())
        return loss

    if isinstance(optimizer, torch.optim.LBFGS):
        step: Any = optimizer.step  # it evaluates the loss several times
        step(closure)
    else:
        closure()
        optimizer.step()
    return first[0]


def batches_in_order(batches: Batches, size: int, seed: int) -> Iterator[Any]:
    """Yield batches forever, the same ones for each optimizer.

    Tensors give `size` random rows, without replacement within an epoch; what is left of an epoch is not used. Of other
    data, the batches come in another order in each epoch.
    """
    generator = torch.Generator().manual_seed(seed)
    if batches.kept is not None and len(batches.kept) == 1 and not isinstance(batches.loader, list):
        whole, rows = batches.kept[0], batches.total
        size = min(size, rows)
        while True:
            order = torch.randperm(rows, generator=generator)
            for begin in range(0, rows - size + 1, size):
                picked = order[begin : begin + size]
                yield map_tensors(whole, functools.partial(_rows, rows=rows, picked=picked))
    while True:
        if batches.kept is None:
            for batch, _ in batches:
                yield batch
            continue
        for place in torch.randperm(len(batches.kept), generator=generator).tolist():
            yield batches.kept[place]


def _rows(tensor: Tensor, rows: int, picked: Tensor) -> Tensor:
    return tensor[picked.to(tensor.device)] if tensor.ndim and len(tensor) == rows else tensor


def evaluate(job: TrainingJob, found: TrainingRun) -> None:
    """Evaluate loss and metrics of the kept weights on all data, in evaluation mode."""
    parts: list[tuple[str, Any]] = [("", job.data)]
    if job.validation is not None:
        parts.append(("validation_", job.validation))
    for prefix, data in parts:
        objective = network_loss(job.model, job.loss, data, metrics=job.metrics)
        names = ["loss", *objective.metrics]
        for state in found.states:
            objective.model.load_state_dict(state)
            values = objective.evaluate()
            for name, value in zip(names, values, strict=True):
                if prefix or name != "loss":
                    found.metrics.setdefault(f"{prefix}{name}", []).append(value)
                else:
                    found.loss.append(value)
    if not job.keep:
        found.states = []


def evenly_spaced(steps: int, count: int) -> tuple[int, ...]:
    """Return at most so many steps from 0 to the last, evenly spaced.

    >>> evenly_spaced(10, 4)
    (0, 3, 7, 10)
    """
    count = min(count, steps + 1)
    return tuple(sorted({round(i * steps / (count - 1)) for i in range(count)}))


def as_seeds(given: int | Sequence[int]) -> list[int]:
    """Return seeds: those given, or the first n.

    Raises:
        InputError: for anything but integers >= 0, or none.
    """
    if isinstance(given, int) and not isinstance(given, bool) and given >= 1:
        return list(range(given))
    if isinstance(given, Sequence | range) and not isinstance(given, str) and len(given):
        seeds = list(given)
        if all(isinstance(s, int) and not isinstance(s, bool) and s >= 0 for s in seeds) and len({*seeds}) == len(
            seeds
        ):
            return seeds
    raise InputError(f"seeds must be an integer >= 1, or different integers >= 0, got {given!r:.60}")


def model_of(model: Any, seed: int) -> nn.Module:
    """Return the network of a seed: a module as it is, or what a function makes after seeding torch.

    Raises:
        InputError: for anything else.
    """
    if isinstance(model, nn.Module):
        return model
    if not callable(model):
        raise InputError(f"model must be a torch.nn.Module, or a function that makes one, got {model!r:.80}")
    with preserve_rng_state():
        torch.manual_seed(seed)
        made = model()
    if not isinstance(made, nn.Module):
        raise InputError(f"model() must return a torch.nn.Module, got {made!r:.80}")
    return made


def padded(values: Mapping[str, Sequence[float]], name: str, length: int) -> list[float]:
    """Return a metric at all recorded steps, NaN after a failure."""
    known = list(values.get(name, ()))[:length]
    return known + [math.nan] * (length - len(known))
