"""Training runs of one network with the weights of each in a row, whose gradients are one `torch.func.vmap` per step.

Optimizers that act on each weight alone take their steps on blocks of rows, by the formulas of `landscapes.optimizers`,
which round as torch.optim does. All others, and clipping, act on views of a row, by their own code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from landscapes.errors import InputError
from landscapes.networks.data import inputs_and_targets, map_tensors
from landscapes.networks.training import Training, TrainingJob, TrainingRun, evaluate, training_batches, training_module
from landscapes.networks.training_optimizers import SCHEDULES, TrainingOptimizer
from landscapes.optimizers import (
    ASGD,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    RAdam,
    RMSprop,
    Rprop,
)
from landscapes.optimizers.first_order.base import FirstOrder, FirstOrderStepper
from landscapes.optimizers.stepper import StepContext
from landscapes.optimizers.torch_arguments import EXECUTION

AGREEMENT = 1e-4
"""By what share of its largest entry the first gradient of a weight may differ if rounding may."""

ELEMENTWISE: Mapping[Any, type[FirstOrder]] = {
    kind.torch_class: kind for kind in (SGD, Adam, AdamW, Adamax, RAdam, RMSprop, Adagrad, Adadelta, ASGD, Rprop)
}
"""Optimizers that treat each weight by itself, by their classes in torch.optim. NAdam is not among them, because torch
keeps its product of momenta in float32."""


class Rows:
    """Runs of one network in progress, with the weights of each in a row."""

    def __init__(self, jobs: Sequence[TrainingJob]) -> None:
        self.steps, self.step = jobs[0].steps, 0
        order = sorted(range(len(jobs)), key=lambda i: _key(jobs[i].optimizer))
        self.jobs = [jobs[i] for i in order]
        self.place = {i: row for row, i in enumerate(order)}
        self.found = [TrainingRun() for _ in jobs]
        self.module = training_module(self.jobs[0])
        self.split = self.jobs[0].keep and not self.module.whole
        """Whether losses are those of the loss function itself on the outputs of each run."""
        models = [one.model for one in self.jobs]
        trained = {name: p for name, p in self.module.model.named_parameters() if p.requires_grad}
        self.sizes = {name: (p.shape, p.numel()) for name, p in trained.items()}
        rows = [
            torch.cat([dict(model.named_parameters())[name].detach().reshape(-1) for name in trained])
            for model in models
        ]
        self.flat, self.grads = torch.stack(rows), torch.zeros(len(rows), len(rows[0])).to(rows[0])
        self.named, self.places = self._views(self.flat), self._views(self.grads)
        self.fixed = {
            name: torch.stack([model.state_dict()[name] for model in models])
            for name, value in self.module.model.state_dict().items()
            if name not in trained and not any(value.data_ptr() == p.data_ptr() for p in trained.values())
        }
        streams = {one.seed: training_batches(one) for one in self.jobs}
        self.streams = list(streams.values())
        self.of = [list(streams).index(one.seed) for one in self.jobs]
        self.gradients = torch.func.vmap(
            torch.func.grad_and_value(self._loss, has_aux=True), in_dims=(0, 0, None if len(streams) == 1 else 0)
        )
        self.recorded = frozenset(self.jobs[0].recorded)
        self.since: list[list[float]] = []
        self.first: Mapping[str, Tensor] = {}
        self.blocks = self._blocks()

    def _views(self, flat: Tensor) -> dict[str, Tensor]:
        """Return the weights in (…, d), by name."""
        parts = torch.split(flat, [size for _, size in self.sizes.values()], -1)
        return {
            name: part.view(*flat.shape[:-1], *shape)
            for (name, (shape, _)), part in zip(self.sizes.items(), parts, strict=True)
        }

    def _loss(self, named: Mapping[str, Tensor], fixed: Mapping[str, Tensor], batch: Any) -> tuple[Tensor, Any]:
        """Return the loss of one run, and what its losses are recorded from: the outputs, or nothing."""
        moved = {**named, **fixed}
        if not self.split:
            whole = {f"model.{name}": value for name, value in moved.items()}
            return torch.func.functional_call(self.module, whole, (batch,)), ()
        inputs, words, targets = inputs_and_targets(batch)
        outputs = torch.func.functional_call(self.module.model, moved, inputs, words)
        return self.module.loss(outputs, targets), outputs

    def _losses(self, values: Tensor, outputs: Any, batch: Any) -> list[float]:
        """Return the losses of the runs. `vmap` adds those of rows in another order."""
        if not self.split:
            return cast(list[float], values.tolist())
        targets, found = inputs_and_targets(batch)[2], []
        with torch.no_grad():
            for row in range(len(self.jobs)):
                own = map_tensors(outputs, lambda t, row=row: t[row])  # type: ignore[misc]
                aim = targets if len(self.streams) == 1 else map_tensors(targets, lambda t, row=row: t[row])  # type: ignore[misc]
                found.append(float(self.module.loss(own, aim)))
        return found

    def _blocks(self) -> list[Block]:
        """Return the optimizers, each with its rows."""
        found: list[Block] = []
        begin = 0
        while begin < len(self.jobs):
            key = _key(self.jobs[begin].optimizer)
            end = begin + 1
            while key and end < len(self.jobs) and _key(self.jobs[end].optimizer) == key:
                end += 1
            kind = ElementwiseBlock if key else ForeignBlock
            found.append(kind(self, begin, end))
            begin = end
        return found

    def views_of(self, row: int) -> list[nn.Parameter]:
        """Return the weights of a run as parameters with gradients, which share their memory."""
        found = []
        for name, view in self._views(self.flat[row]).items():
            p = nn.Parameter(view)
            p.grad = self._views(self.grads[row])[name]
            found.append(p)
        return found

    def advance(self, until: int) -> None:
        """Train all runs up to a step; those that have failed are carried along."""
        while any(run.failed_at is None for run in self.found):
            if self.step in self.recorded and (self.step < until or until == self.steps):
                for row, run in enumerate(self.found):
                    if run.failed_at is None:
                        run.record(self.step, self._state(row), [losses[row] for losses in self.since])
                self.since = []
            if self.step >= until:
                return
            batch = self._batch()
            named, (values, outputs) = self.gradients(self.named, self.fixed, batch)
            for name, place in self.places.items():
                place.copy_(named[name])
            if not self.step:
                self.first = {name: value.clone() for name, value in named.items()}
            self.since.append(self._losses(values, outputs, batch))
            for row, loss in enumerate(self.since[-1]):
                if not math.isfinite(loss) and self.found[row].failed_at is None:
                    self.found[row].failed_at = self.step
            with torch.no_grad():
                for block in self.blocks:
                    block.advance(self.step)
            self.step += 1

    def _batch(self) -> Any:
        """Return the batch of a step: one for all runs, or that of the seed of each."""
        batches = [next(stream) for stream in self.streams]
        if len(batches) == 1:
            return batches[0]
        leaves: list[list[Tensor]] = [[] for _ in batches]
        for batch, found in zip(batches, leaves, strict=True):
            map_tensors(batch, lambda t, found=found: found.append(t) or t)  # type: ignore[misc]
        stacked = iter([torch.stack(parts)[self.of] for parts in zip(*leaves, strict=True)])
        return map_tensors(batches[0], lambda t: next(stacked))

    def state(self, i: int) -> dict[str, Tensor]:
        """Return the `state_dict` of the run of job i."""
        return self._state(self.place[i])

    def _state(self, row: int) -> dict[str, Tensor]:
        own = {**self._views(self.flat[row]), **{name: value[row] for name, value in self.fixed.items()}}
        model = self.module.model
        places = {p.data_ptr(): own[name] for name, p in model.named_parameters() if name in own}
        return {name: own.get(name, places.get(v.data_ptr(), v)) for name, v in model.state_dict().items()}

    def equals(self, others: Sequence[Training]) -> bool:
        """Return whether all runs have the bits of separate ones: weights, failures, and losses if they are kept."""
        for i, one in enumerate(others):
            row, state = self.place[i], self.state(i)
            if self.found[row].failed_at != one.found.failed_at:
                return False
            if one.found.failed_at is not None:
                continue
            if self.jobs[0].keep and [losses[row] for losses in self.since] != [float(loss) for loss in one.since]:
                return False
            if not all(torch.equal(state[name], value) for name, value in one.module.model.state_dict().items()):
                return False
        return True

    def agrees(self) -> bool:
        """Return whether the first gradients are those of separate runs, up to rounding."""
        batch, shared = [next(training_batches(one)) for one in self.jobs], training_module(self.jobs[0])
        for row, job in enumerate(self.jobs):
            shared.model.load_state_dict(job.model.state_dict())
            shared.zero_grad()
            torch.autograd.backward(shared(batch[row]))
            for name, p in shared.model.named_parameters():
                if name in self.first and p.grad is not None:
                    apart = float((self.first[name][row] - p.grad).abs().max())
                    if not apart <= AGREEMENT * float(p.grad.abs().max()):
                        return False
        return True

    def finish(self, trained: str) -> list[TrainingRun]:
        """Evaluate the recorded steps, and return the runs in the order of the jobs."""
        for job, run, lr in zip(
            self.jobs, self.found, (lr for block in self.blocks for lr in block.rates), strict=True
        ):
            run.trained, run.lr = trained, lr
            evaluate(job, run)
        return self.runs()

    def runs(self) -> list[TrainingRun]:
        """Return the runs in the order of the jobs."""
        return [self.found[self.place[i]] for i in range(len(self.found))]


class Block:
    """Rows whose optimizer takes a step."""

    rates: Sequence[float] = ()
    """The learning rate of each row at the first step."""

    def advance(self, step: int) -> None:
        """Take a step of a number, from 0."""
        raise NotImplementedError


class ElementwiseBlock(Block):
    """Runs of one class of optimizers that treat each weight by itself, stepped by one formula."""

    def __init__(self, rows: Rows, begin: int, end: int) -> None:
        self.flat, self.grads = rows.flat[begin:end].T, rows.grads[begin:end].T
        self.given = [rows.jobs[i].optimizer for i in range(begin, end)]
        self.stepper = FirstOrderStepper([cast(FirstOrder, _own(one)) for one in self.given], self.flat)
        self.clipped = [
            (rows.views_of(begin + i), one.clip) for i, one in enumerate(self.given) if one.clip is not None
        ]
        self.shapes = [SCHEDULES[one.schedule] for one in self.given]
        self.scheduled = any(one.schedule != "constant" for one in self.given)
        self.steps = rows.steps
        self.rates = self._rates(0)

    def _rates(self, step: int) -> list[float]:
        share = min(step / self.steps, 1.0)
        return [(one.lr or 0.0) * shape(share) for one, shape in zip(self.given, self.shapes, strict=True)]

    def advance(self, step: int) -> None:
        for weights, clip in self.clipped:
            nn.utils.clip_grad_norm_(weights, clip)
        if self.scheduled and step:
            self.stepper.set_hyperparameter("lr", np.array(self._rates(step)))
        nothing: Any = None  # these optimizers ask for no more
        self.flat.copy_(self.stepper.step(StepContext(step + 1, self.flat, nothing, self.grads, nothing, nothing)))


class ForeignBlock(Block):
    """One run, stepped by its own optimizer on views."""

    def __init__(self, rows: Rows, begin: int, end: int) -> None:
        self.weights = rows.views_of(begin)
        self.clip = rows.jobs[begin].optimizer.clip
        holder = nn.ParameterList(self.weights)
        self.optimizer, self.schedule = rows.jobs[begin].optimizer.build(holder, rows.steps)
        if isinstance(self.optimizer, torch.optim.LBFGS):
            raise InputError("LBFGS evaluates the loss several times per step")
        self.rates = [float(self.optimizer.param_groups[0].get("lr", np.nan))]

    def advance(self, step: int) -> None:
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.weights, self.clip)
        self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()


def _own(one: TrainingOptimizer) -> FirstOrder | None:
    """Return the formula of an optimizer that treats each weight by itself; None if there is none."""
    kind = ELEMENTWISE.get(one.make)
    if kind is None or one.lr is None or any(one.settings.get(name) for name in EXECUTION):
        return None
    try:
        return kind(**one.settings, lr=one.lr)
    except InputError:  # an option without an equivalent: torch's own code steps
        return None


def _key(one: TrainingOptimizer) -> str:
    """Return what the optimizers of one formula have in common; "" for those that step by their own code."""
    own = _own(one)
    return "" if own is None else repr(own.batch_key)
