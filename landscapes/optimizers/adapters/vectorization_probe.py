"""Probe whether runs of a third-party optimizer may share one object, and from how many runs on this is faster."""

from __future__ import annotations

import math
import random
from collections.abc import Hashable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from landscapes.caching import Cache
from landscapes.errors import InputError
from landscapes.objectives.decorators import function
from landscapes.optimizers.adapters.batched_factories import FACTORY_MODES, FactoryMode
from landscapes.optimizers.adapters.isolation import preserve_rng_state, silenced
from landscapes.optimizers.adapters.per_run import PerRun, PerRunLoop
from landscapes.optimizers.adapters.rounding import RoundingWatch
from landscapes.optimizers.adapters.settings import SettingPath, float_settings, structure
from landscapes.optimizers.adapters.torch_spec import TorchSpec
from landscapes.optimizers.adapters.vectorized import Vectorized
from landscapes.optimizers.stepper import StepContext
from landscapes.oracle import Oracle

RUNS = 4
"""Number of runs in a probe; fewer runs never share an object."""

STEPS = 24
"""Number of steps in a probe."""


@dataclass(frozen=True)
class VectorizationReport:
    """How runs of one kind of optimizer may share an object.

    Attributes:
        paths: settings in which the runs of one object may differ.
        factory_mode: which tensors that the optimizer creates get a copy per run.
        min_runs: number of runs from which sharing is faster; infinite if it changes results.
        reason: why it changes results; "" if it does not.
    """

    paths: frozenset[SettingPath] = frozenset()
    factory_mode: FactoryMode = "none"
    min_runs: float = math.inf
    reason: str = ""

    @property
    def exact(self) -> bool:
        """Whether sharing reproduces the bits of one object per run."""
        return self.min_runs < math.inf


_reports: Cache[Hashable, VectorizationReport] = Cache(capacity=1024)
"""Reports by class, structure of the settings, shape, varied settings, dimension, dtype and type of device."""


def settings_key(spec: TorchSpec) -> Hashable:
    """Return what specs must agree on to be probed as one: class, shape and settings, except for nonzero floats."""
    known: Hashable = vars(spec).get("_known_settings_key")
    if known is None:
        known = spec.cls, structure(spec.hyper), spec.shape, structure(dict(spec.group)), spec.parameter_groups
        object.__setattr__(spec, "_known_settings_key", known)  # thousands of runs are grouped by it
    return known


def vectorization_report(specs: Sequence[TorchSpec], varied: frozenset[SettingPath], x: Tensor) -> VectorizationReport:
    """Report how optimizers with one settings key may share an object if the settings in `varied` differ between runs.

    A few steps of a few runs are taken in separate objects and in a shared one. Sharing is allowed only if all bits
    agree, so the numbers of a run never depend on the other runs. The result is cached.
    """

    def probe() -> VectorizationReport:
        with silenced():
            return _best_report(specs, varied, x)

    return _reports.get_or_make((*cast(Any, settings_key(specs[0])), varied, len(x), x.dtype, x.device.type), probe)


def _best_report(specs: Sequence[TorchSpec], varied: frozenset[SettingPath], x: Tensor) -> VectorizationReport:
    """Try all varied settings, then those that can vary alone, then one of these, then none."""
    full = _try_modes(specs, varied, x)
    if full.exact or not varied:
        return full
    fit = [path for path in sorted(varied, key=str) if len(varied) > 1 and _try_modes(specs, {path}, x).exact]
    smaller = (_try_modes(specs, paths, x) for paths in ([fit] if fit else []) + [[path] for path in fit[:1]] + [[]])
    return next((report for report in smaller if report.exact), full)


def _try_modes(specs: Sequence[TorchSpec], paths: Iterable[SettingPath], x: Tensor) -> VectorizationReport:
    paths = frozenset(paths)
    some, report = _sample_specs(specs, paths), VectorizationReport()
    for factory_mode in FACTORY_MODES:
        report = _probe(some, x, factory_mode, paths)
        if report.exact:
            break
    return report


def _sample_specs(specs: Sequence[TorchSpec], paths: frozenset[SettingPath]) -> list[TorchSpec]:
    """Return `RUNS` specs that differ in these settings only, over the same range as those given."""
    every = [float_settings(spec.hyper) for spec in specs[:: max(1, len(specs) // 64)]]
    columns = {path: sorted({own[path] for own in every}) for path in paths}
    return [
        specs[0].with_settings(
            {path: column[(i * (len(column) - 1)) // (RUNS - 1)] for path, column in columns.items()}
        )
        for i in range(RUNS)
    ]


def _probe(
    specs: Sequence[TorchSpec], x: Tensor, factory_mode: FactoryMode, paths: frozenset[SettingPath]
) -> VectorizationReport:
    """Compare a few runs in one object with one object each, in bits and in time."""
    requirement = specs[0].step_requirement
    if requirement != "gradient":
        reason = "needs a closure" if requirement == "closure" else "needs a gradient of another kind"
        return VectorizationReport(reason=reason)
    points = torch.linspace(-1.1, 1.3, x.shape[0] * RUNS, dtype=x.dtype, device=x.device).reshape(RUNS, -1).T
    separate_time: list[float] = []
    shared_time: list[float] = []
    before, watch = _rng_state(), RoundingWatch()
    try:
        separate = [PerRun(spec, point) for spec, point in zip(specs, points.unbind(1), strict=True)]
        parts = [Vectorized(specs, points, np.arange(RUNS), factory_mode)]
        for t in range(STEPS):
            gradient = _probe_gradient(points, t)
            start = perf_counter()
            rows = gradient.T.clone(memory_format=torch.contiguous_format)
            for one, point, own in zip(separate, points.unbind(1), rows, strict=True):
                one.step(point, own, "gradient")
            middle = perf_counter()
            with watch if t % 2 == 0 else nullcontext():
                parts = [after for part in parts for after in part.advance(points, gradient)]
            if t % 2:  # watching takes time
                separate_time.append(middle - start)
                shared_time.append(perf_counter() - middle)
            points, shared = torch.stack([one.point for one in separate], 1), torch.empty_like(points)
            for part in parts:
                shared[:, torch.from_numpy(part.runs)] = part.points
            if len(parts) == RUNS or any(part.split_by_number for part in parts):
                return VectorizationReport(reason="the runs split up")
            if not _same_rng_state(before):
                return VectorizationReport(reason="draws random numbers")
            if watch.found:
                return VectorizationReport(reason=f"torch rounds {min(watch.found)} otherwise for many runs")
            if not _same(points, shared):
                return VectorizationReport(reason=f"other numbers at step {t + 1}")
    except Exception as error:
        return VectorizationReport(reason=" ".join(str(error).split()))
    return VectorizationReport(paths, factory_mode, max(2.0, RUNS * median(shared_time) / median(separate_time)))


def _probe_gradient(x: Tensor, t: int) -> Tensor:
    """Return one kind of gradient per run: smooth, large with alternating signs, tiny, and sometimes zero."""
    place = torch.arange(len(x), dtype=x.dtype, device=x.device)
    gradient = x + torch.sin(0.9 * t + 2 * place)[:, None]
    scale = torch.tensor([1.0, 1e3 * (-1) ** t, 1e-6, float(t % 5 != 2)], dtype=x.dtype, device=x.device)
    return gradient * scale


def _same(a: Tensor, b: Tensor) -> bool:
    return bool(((a == b) | (a.isnan() & b.isnan())).all())


def _rng_state() -> tuple[Tensor, object, object]:
    return torch.default_generator.get_state(), random.getstate(), cast(Any, np.random.get_state())[2]  # noqa: NPY002


def _same_rng_state(before: tuple[Tensor, object, object]) -> bool:
    after = _rng_state()
    return torch.equal(after[0], before[0]) and after[1:] == before[1:]


def try_first_step(spec: TorchSpec, dim: int) -> InputError | None:
    """Take a first step on a quadratic with what the spec says a step requires; return the error, if any."""
    x = torch.ones(dim, 1)
    context = StepContext(1, x, x[0], x.clone(), _quadratic(dim), x[0] > 0)
    try:
        with silenced(), preserve_rng_state():
            loop = PerRunLoop([spec], x, np.arange(1), [0], 0)
            loop.step(context)
    except InputError as error:
        return error
    return loop.errors.get(0)


def _quadratic(dim: int) -> Oracle:
    def formula(*x: Tensor) -> Tensor:
        total = x[0] * x[0] / 2
        for a in x[1:]:
            total = total + a * a / 2
        return total

    return Oracle(function(*[(-2.0, 2.0)] * dim, name="bowl")(formula))
