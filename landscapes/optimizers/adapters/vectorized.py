"""Third-party optimizers with one object for many runs, with the same bits as one object per run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.optimizers.adapters.batched_factories import BatchedFactories, FactoryMode
from landscapes.optimizers.adapters.batched_tensor import BatchedTensor, PerRunNumber, unwrap_tensor
from landscapes.optimizers.adapters.isolation import third_party_code
from landscapes.optimizers.adapters.per_run import read_state, set_group_value
from landscapes.optimizers.adapters.per_run_arithmetic import RunsDisagreeError
from landscapes.optimizers.adapters.settings import SettingPath, replace_settings, stack_settings
from landscapes.optimizers.adapters.state_split import CannotMergeError, OptimizerState, merge, split
from landscapes.optimizers.adapters.torch_spec import TorchSpec
from landscapes.optimizers.stepper import StepContext

MAX_REPLAY_STEPS = 64
"""Largest number of steps between two checkpoints."""

MAX_REPLAY_BYTES = 2**26
"""Memory in bytes for the points and gradients since the last checkpoint."""


class Vectorized:
    """Several runs as one parameter of one torch optimizer, which takes them for one run.

    Hyper-parameters that differ between runs are `PerRunNumber`. The torch optimizer may ask a question that the runs
    answer differently: does the gradient vanish, is the warm-up over? Then the last checkpoint is split by answer, each
    part repeats the steps since, and the parts are merged again if possible.

    Attributes:
        runs: index of each of these runs in the stepper, shape (n,).
        split_by_number: whether the torch optimizer ever asked for a number rather than a truth value. Such a question
            may split the runs into many parts.
    """

    def __init__(
        self, specs: Sequence[TorchSpec], x: Tensor, runs: NDArray[np.int64], factory_mode: FactoryMode = "none",
        found: Mapping[SettingPath, NDArray[np.float64]] | None = None,
    ) -> None:  # fmt: skip
        """Create the torch optimizer; `found` has the settings of the runs by path, (n,) each, if they are known."""
        self.runs, self.specs, self.n_total, self.factory_mode = runs, specs, x.shape[1], factory_mode
        found = stack_settings(specs[0].hyper, (spec.hyper for spec in specs)) if found is None else found
        settings = {path: own[0].item() if (own == own[0]).all() else PerRunNumber(own) for path, own in found.items()}
        points = x[:, runs].detach().clone().reshape(*(specs[0].shape or x.shape[:1]), len(runs))
        self.parameter: Tensor = points.as_subclass(BatchedTensor).requires_grad_()
        with third_party_code(f"{specs[0].spec} cannot be created", x.dtype), self._batched_mode():
            self.torch_optimizer = self._create(specs[0], settings)
        self.split_by_number, self.failure = False, f"{specs[0].spec} failed in its step"
        self.replay: list[tuple[Tensor, Tensor]] = []
        self.checkpoint = self._copy()

    def _create(self, spec: TorchSpec, settings: Mapping[SettingPath, Any]) -> torch.optim.Optimizer:
        """Pass the numbers to the constructor; if it takes floats only, set them in the param_groups instead."""
        try:
            return spec.create([self.parameter], replace_settings(spec.hyper, settings))
        except RunsDisagreeError:
            raise
        except Exception:
            torch_optimizer = spec.create([self.parameter], replace_settings(spec.hyper, {}))
            hyper = replace_settings(spec.hyper, settings)
            for name in {path[0] for path, value in settings.items() if isinstance(value, PerRunNumber)}:
                for group in torch_optimizer.param_groups:
                    if group.get(name) != spec.hyper[name]:
                        raise
                    group[name] = hyper[name]
            return torch_optimizer

    def step(self, context: StepContext) -> list[Vectorized]:
        return self.advance(context.x, context.gradient)

    def advance(self, x: Tensor, gradient: Tensor) -> list[Vectorized]:
        """Take one step and return the parts that these runs form afterwards.

        Args:
            x: points of all runs of the stepper, shape (d, R).
            gradient: gradients of all runs of the stepper, shape (d, R).
        """
        if len(self.replay) >= max(2, min(MAX_REPLAY_STEPS, MAX_REPLAY_BYTES // (2 * x.nbytes))):
            self.save_checkpoint()
        self.replay.append((x, gradient))
        try:
            self._step(x, gradient)
        except RunsDisagreeError as disagreement:
            return self._split_and_replay(disagreement.labels, disagreement.boolean)
        return [self]

    @property
    def points(self) -> Tensor:
        return unwrap_tensor(self.parameter).detach().reshape(-1, len(self.runs)).clone()

    def save_checkpoint(self) -> None:
        """Make the current state the checkpoint."""
        self.checkpoint, self.replay = self._copy(), []

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        own = values[..., self.runs].reshape(-1, len(self.runs))[0]
        value = float(own[0]) if (own == own[0]).all() else PerRunNumber(own.copy())
        set_group_value(self.torch_optimizer, self.specs[0], name, [value])
        self.save_checkpoint()

    def select(self, chosen: NDArray[np.int64]) -> Vectorized:
        """Return some of these runs, given by their positions here, from the current state on."""
        twin = object.__new__(Vectorized)
        twin.runs, twin.specs, twin.failure = self.runs[chosen], [self.specs[i] for i in chosen], self.failure
        twin.n_total, twin.factory_mode, twin.split_by_number = self.n_total, self.factory_mode, self.split_by_number
        twin._restore(split(OptimizerState(self.torch_optimizer, self.parameter), chosen))
        twin.replay, twin.checkpoint = [], twin._copy()
        return twin

    def singles(self) -> list[Vectorized]:
        """Return the runs in objects of their own, before the last step, which failed."""
        self._restore(self.checkpoint)
        singles = [self.select(np.array([i])) for i in range(len(self.runs))]
        for x, gradient in self.replay[:-1]:
            singles = [after for single in singles for after in single.advance(x, gradient)]
        return singles

    def states(self) -> dict[str, Tensor]:
        """Return the state, one tensor per name, shapes (d, n) or (n,)."""
        found = {}
        for name, value in read_state(self.torch_optimizer, self.parameter).items():
            if type(value) is BatchedTensor:
                own = unwrap_tensor(value)
                found[name] = own if own.ndim == 1 else own.reshape(-1, len(self.runs))
            elif value.ndim == 0:
                found[name] = value.expand(len(self.runs))
        return found

    def _step(self, x: Tensor, gradient: Tensor) -> None:
        if len(self.runs) < self.n_total:
            index = torch.from_numpy(self.runs).to(x.device)
            x, gradient = x[:, index], gradient[:, index]
        with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
            self.parameter.copy_(x.reshape(*Tensor.size(self.parameter)))
            own = _contiguous_copy(gradient.detach())  # the optimizer may modify it in place
            self.parameter.grad = own.reshape(*Tensor.size(self.parameter)).as_subclass(BatchedTensor)
        with torch.enable_grad(), third_party_code(self.failure, x.dtype), self._batched_mode():
            self.torch_optimizer.step()

    @contextmanager
    def _batched_mode(self) -> Iterator[None]:
        """Silence infinities, as torch does, and apply the factory mode to newly created tensors."""
        mode = self.factory_mode
        factories = nullcontext() if mode == "none" else BatchedFactories(len(self.runs), mode == "shaped")
        with np.errstate(all="ignore"), factories:
            yield

    def _copy(self) -> OptimizerState:
        return split(OptimizerState(self.torch_optimizer, self.parameter))

    def _restore(self, state: OptimizerState) -> None:
        self.torch_optimizer, self.parameter = state.torch_optimizer, state.parameter

    def _split_and_replay(self, labels: NDArray[np.int64], boolean: bool) -> list[Vectorized]:
        """Split the checkpoint by answer, repeat the steps since in each part, and merge the parts if possible."""
        replay, self.split_by_number = self.replay, self.split_by_number or not boolean
        self._restore(self.checkpoint)
        parts = []
        for label in np.unique(labels):
            group = [self.select(np.flatnonzero(labels == label))]
            for x, gradient in replay:
                group = [after for part in group for after in part.advance(x, gradient)]
            parts += group
        return self._merged(parts)

    def _merged(self, parts: list[Vectorized]) -> list[Vectorized]:
        runs = np.concatenate([part.runs for part in parts])
        order = np.argsort(runs)
        states = [OptimizerState(part.torch_optimizer, part.parameter) for part in parts]
        try:
            state = merge(states, [len(part.runs) for part in parts], order)
        except CannotMergeError:
            return parts
        specs = [spec for part in parts for spec in part.specs]
        self.runs, self.specs = runs[order], [specs[i] for i in order]
        self.split_by_number = any(part.split_by_number for part in [self, *parts])
        self._restore(state)
        self.save_checkpoint()
        return [self]


def _contiguous_copy(x: Tensor) -> Tensor:
    """Return a contiguous copy of (d, n); copying strided rows one by one is faster than `Tensor.clone`."""
    return x.clone() if x.is_contiguous() else torch.stack(x.unbind(0))
