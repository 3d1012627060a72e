"""Step the runs of one class of third-party optimizer, in as few objects as their probes allow."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.optimizers.adapters.per_run import PerRunLoop
from landscapes.optimizers.adapters.settings import float_settings, stack_settings
from landscapes.optimizers.adapters.torch_spec import TorchSpec
from landscapes.optimizers.adapters.vectorization_probe import RUNS, settings_key, vectorization_report
from landscapes.optimizers.adapters.vectorized import Vectorized
from landscapes.optimizers.parameter_groups import initial_lrs
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper

ALIASES: Mapping[str, tuple[str, ...]] = {
    "momentum": ("exp_avg", "momentum_buffer", "momentum", "m"),
    "second_moment": ("exp_avg_sq", "square_avg", "sum", "v", "exp_inf"),
}
"""Names of the usual buffers in the state of torch optimizers."""

Part = Vectorized | PerRunLoop


class TorchStepper(Stepper):
    """Runs of one class of torch optimizer.

    Attributes:
        parts: the runs in parts; each is one shared object or a loop over objects.
    """

    def __init__(self, specs: Sequence[TorchSpec], x: Tensor, setup: RunSetup) -> None:
        self.specs, self.setup, self.like, self.last_step = specs, setup, x, 0
        self.streams = setup.streams.tolist()
        self.settings: dict[str, NDArray[np.float64]] = {}
        self.errors: dict[int, str] = {}
        self.parts: list[Part] = []
        for runs in _alike(range(len(specs)), lambda run: (settings_key(specs[run]), specs[run].step_requirement)):
            self.parts += self._create_parts(runs, x)

    def step(self, context: StepContext) -> Tensor:
        self.last_step = context.t
        self.parts = [after for part in self.parts for after in self._advance(part, context)]
        if len(self.parts) == 1 and not self.errors:
            return self.parts[0].points
        points = context.x.clone()  # a run that has failed stays where it is
        for part in self.parts:
            points[:, torch.from_numpy(part.runs).to(points.device)] = part.points
        return points

    def failures(self) -> Mapping[int, str]:
        return self.errors

    def _advance(self, part: Part, context: StepContext) -> list[Part]:
        """Return the parts after a step; an object that raises is split into single runs, to find those that do."""
        if isinstance(part, PerRunLoop):
            after: list[Part] = [*part.step(context)]
            self.errors |= {run: str(error) for run, error in part.errors.items()}
            return after
        try:
            return [*part.step(context)]
        except InputError as error:
            if len(part.runs) == 1:
                self.errors[int(part.runs[0])] = str(error)
                return []
            return [after for single in part.singles() for after in self._advance(single, context)]

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        values = np.asarray(values, dtype=np.float64)
        if name not in self.settings:
            self.parts = [after for part in self.parts for after in self._split_for(part, name, values)]
        self.settings[name] = values  # (R,), or (d, R) with parameter groups
        for part in self.parts:
            part.set_hyperparameter(name, values)

    def reset(self, runs: Tensor, x: Tensor) -> None:
        mask = runs.cpu().numpy()
        parts: list[Part] = []
        for part in self.parts:
            own = mask[part.runs]
            if isinstance(part, PerRunLoop):
                parts += part.reset(mask, x, self.last_step)
            elif own.any():
                parts += [] if own.all() else [part.select(np.flatnonzero(~own))]
                specs = [part.specs[int(i)] for i in np.flatnonzero(own)]
                fresh = Vectorized(specs, x, part.runs[own], part.factory_mode)
                for name, values in self.settings.items():
                    fresh.set_hyperparameter(name, values)
                parts.append(fresh)
            else:
                parts.append(part)
        self.parts = parts

    def buffers(self) -> Mapping[str, Tensor]:
        found: dict[str, Tensor] = {"lr": self._learning_rates()}
        for part in self.parts:
            own = part.states()
            aliases = [alias for alias, names in ALIASES.items() if alias not in own and set(names) & set(own)]
            for name in (*own, *aliases):
                value = own[name if name in own else next(other for other in ALIASES[name] if other in own)]
                if value.ndim == 2 and len(value) != len(self.like):
                    continue
                if name not in found or found[name].ndim < value.ndim:
                    found[name] = torch.full_like(self.like if value.ndim == 2 else self.like[0], math.nan)
                found[name][..., torch.from_numpy(part.runs).to(value.device)] = value.to(self.like.dtype)
        return found

    def _learning_rates(self) -> Tensor:
        lrs = self.settings.get("lr", initial_lrs(self.specs, len(self.like)))
        return torch.as_tensor(lrs, dtype=self.like.dtype, device=self.like.device)

    def _create_parts(self, runs: list[int], x: Tensor) -> list[Part]:
        """Create the parts for runs with one settings key; runs share an object if that is exact and faster."""
        first = self.specs[runs[0]]
        if len(runs) < RUNS or first.step_requirement != "gradient" or first.parameter_groups:
            return [self._loop(runs, x)]
        if float_settings(first.hyper).keys() == {("lr",)}:
            values = {("lr",): np.array([self.specs[run].lr for run in runs])}
        else:
            values = stack_settings(first.hyper, (self.specs[run].hyper for run in runs))
        varied = frozenset(path for path, column in values.items() if (column != column[0]).any())
        report = vectorization_report([self.specs[run] for run in runs], varied, x)
        fixed = [column.tolist() for path, column in values.items() if path not in report.paths]
        groups = _alike(runs, dict(zip(runs, zip(*fixed, strict=True), strict=True)).__getitem__) if fixed else [runs]
        shared = [group for group in groups if len(group) >= report.min_runs]
        looped = sorted(run for group in groups if len(group) < report.min_runs for run in group)
        vectorized = [
            Vectorized(
                [self.specs[run] for run in group],
                x,
                np.array(group),
                report.factory_mode,
                {path: column[np.searchsorted(runs, group)] for path, column in values.items()},
            )
            for group in shared
        ]
        return [*vectorized, *([self._loop(looped, x)] if looped else [])]

    def _loop(self, runs: list[int], x: Tensor) -> PerRunLoop:
        streams = [self.streams[run] for run in runs]
        return PerRunLoop([self.specs[run] for run in runs], x, np.array(runs), streams, self.setup.seed)

    def _split_for(self, part: Part, name: str, values: NDArray[np.float64]) -> list[Part]:
        """Split a part by the values of a setting, unless its object can take one value per run."""
        if isinstance(part, PerRunLoop):
            return [part]
        own = values[..., part.runs].reshape(-1, len(part.runs))[0]  # without groups, all coordinates agree
        if (own == own[0]).all():
            return [part]
        settings = float_settings(part.specs[0].hyper)
        path = (name,) if (name,) in settings else None
        varied = frozenset(
            p for p, value in settings.items() if any(float_settings(spec.hyper)[p] != value for spec in part.specs)
        )
        if path is not None:
            spread = np.linspace(float(own.min()), float(own.max()), len(part.specs))
            others = [spec.with_settings({path: value}) for spec, value in zip(part.specs, spread, strict=True)]
            if path in vectorization_report(others, varied | {path}, self.like).paths:
                return [part]
        labels = np.unique(own, return_inverse=True)[1].reshape(-1)
        return [part.select(np.flatnonzero(labels == label)) for label in np.unique(labels)]


def _alike(runs: Sequence[int], key_of: Callable[[int], Hashable]) -> list[list[int]]:
    """Return the runs with equal keys, in the order in which the keys first appear."""
    first = key_of(runs[0])
    if all(key_of(run) == first for run in runs):  # faster than hashing thousands of keys
        return [[*runs]]
    groups: dict[Hashable, list[int]] = {}
    for run in runs:
        groups.setdefault(key_of(run), []).append(run)
    return [*groups.values()]
