"""Which way of running a foreign optimizer is right, and which of these is fastest: found out by trying."""

from __future__ import annotations

import math
import random
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives.decorators import function
from landscapes.optimizers.adapters.batched_tensor import LIFTS, Lift
from landscapes.optimizers.adapters.per_run import PerRun, PerRunLoop, kept_generators, silenced
from landscapes.optimizers.adapters.settings import Place, form, numbers
from landscapes.optimizers.adapters.vectorized import Vectorized
from landscapes.optimizers.stepper import StepContext
from landscapes.oracle import Oracle

if TYPE_CHECKING:
    from landscapes.optimizers.adapters.torch_optim import Torch

RUNS = 4
"""How many runs a trial takes; fewer than these are never worth one."""

STEPS = 24
"""How many steps a trial takes."""


@dataclass(frozen=True)
class VectorizationReport:
    """How runs of one kind of optimizer may share an object.

    Attributes:
        places: the numbers in which the runs of one object may differ.
        lift: what that object's tensors must be taken for, see `foreign_runs.Lifting`.
        worth: from how many runs on sharing is faster; infinite where it is wrong.
        why: why it is wrong.
    """

    places: frozenset[Place] = frozenset()
    lift: Lift = "none"
    worth: float = math.inf
    why: str = ""

    @property
    def fits(self) -> bool:
        return self.worth < math.inf


_verdicts: dict[Hashable, VectorizationReport] = {}


def verdict(optimizers: Sequence[Torch], varied: frozenset[Place], x: Tensor) -> VectorizationReport:
    """How optimizers of one form may share an object, where these numbers differ from run to run.

    A few steps of a few runs are taken alone and together. Only what agrees bit for bit is let through: so a run's
    numbers never depend on its company. Found out once for each kind of optimizer.
    """
    optimizer = optimizers[0]
    key = (
        optimizer.cls,
        form(optimizer.hyper),
        optimizer.shape,
        form(dict(optimizer.group)),
        varied,
        len(x),
        x.dtype,
        x.device.type,
    )
    if key not in _verdicts:
        with silenced():
            _verdicts[key] = _found(optimizers, varied, x)
    return _verdicts[key]


def _found(optimizers: Sequence[Torch], varied: frozenset[Place], x: Tensor) -> VectorizationReport:
    """With all that varies, else with what can vary by itself, else with numbers that are the same for all."""
    whole = _tried(optimizers, varied, x)
    if whole.fits or not varied:
        return whole
    fit = [place for place in sorted(varied, key=str) if len(varied) > 1 and _tried(optimizers, {place}, x).fits]
    smaller = (
        _tried(optimizers, places, x) for places in ([fit] if fit else []) + [[place] for place in fit[:1]] + [[]]
    )
    return next((found for found in smaller if found.fits), whole)


def _tried(optimizers: Sequence[Torch], places: Iterable[Place], x: Tensor) -> VectorizationReport:
    places = frozenset(places)
    some, found = _spread(optimizers, places), VectorizationReport()
    for lift in LIFTS:
        found = _trial(some, x, lift, places)
        if found.fits:
            break
    return found


def _spread(optimizers: Sequence[Torch], places: frozenset[Place]) -> list[Torch]:
    """A few optimizers that differ in these numbers only, as much as those given do."""
    first = optimizers[0]
    every = [numbers(optimizer.hyper) for optimizer in optimizers[:: max(1, len(optimizers) // 64)]]
    columns = {place: sorted({own[place] for own in every}) for place in places}
    spread = []
    for i in range(RUNS):
        values = {place: column[(i * (len(column) - 1)) // (RUNS - 1)] for place, column in columns.items()}
        spread.append(first.varied(values))
    return spread


def _trial(optimizers: Sequence[Torch], x: Tensor, lift: Lift, places: frozenset[Place]) -> VectorizationReport:
    """Whether a few runs together are as they are alone, and how many runs alone take as long."""
    if optimizers[0].way != "gradient":
        return VectorizationReport(
            why="needs a closure" if optimizers[0].way == "closure" else "needs a gradient of another kind"
        )
    points = torch.linspace(-1.1, 1.3, x.shape[0] * RUNS, dtype=x.dtype, device=x.device).reshape(RUNS, -1).T
    spent: tuple[list[float], list[float]] = [], []
    before = _dice()
    try:
        alone = [PerRun(optimizer, point) for optimizer, point in zip(optimizers, points.unbind(1), strict=True)]
        parts = [Vectorized(optimizers, points, np.arange(RUNS), lift)]
        for t in range(STEPS):
            gradient = _gradient(points, t)
            start = perf_counter()
            for one, point, slope in zip(
                alone, points.unbind(1), gradient.T.clone(memory_format=torch.contiguous_format), strict=True
            ):
                one.step(point, slope, "gradient")
            middle = perf_counter()
            parts = [after for part in parts for after in part.advance(points, gradient)]
            spent[0].append(middle - start)
            spent[1].append(perf_counter() - middle)
            points, together = torch.stack([one.point for one in alone], 1), torch.empty_like(points)
            for part in parts:
                together[:, torch.from_numpy(part.runs)] = part.points
            if len(parts) == RUNS or any(part.scattered for part in parts):
                return VectorizationReport(why="every run goes its own way")
            if not _same_dice(before):
                return VectorizationReport(why="draws random numbers")
            if not _same(points, together):
                return VectorizationReport(why=f"other numbers at step {t + 1}")
    except Exception as error:
        return VectorizationReport(why=" ".join(str(error).split()))
    return VectorizationReport(places, lift, max(2.0, RUNS * median(spent[1]) / median(spent[0])))


def _gradient(x: Tensor, t: int) -> Tensor:
    """Slopes for a trial, one run each: smooth, large with changing signs, tiny, and zero now and then."""
    place = torch.arange(len(x), dtype=x.dtype, device=x.device)
    gradient = x + torch.sin(0.9 * t + 2 * place)[:, None]
    scale = torch.tensor([1.0, 1e3 * (-1) ** t, 1e-6, float(t % 5 != 2)], dtype=x.dtype, device=x.device)
    return gradient * scale


def _same(a: Tensor, b: Tensor) -> bool:
    return bool(((a == b) | (a.isnan() & b.isnan())).all())


def _dice() -> tuple[Tensor, object, object]:
    return torch.default_generator.get_state(), random.getstate(), cast(Any, np.random.get_state())[2]  # noqa: NPY002


def _same_dice(before: tuple[Tensor, object, object]) -> bool:
    context = _dice()
    return torch.equal(context[0], before[0]) and context[1:] == before[1:]


def bowl(dim: int) -> Oracle:
    """A bowl for first steps."""

    def formula(*x: Tensor) -> Tensor:
        total = x[0] * x[0] / 2
        for a in x[1:]:
            total = total + a * a / 2
        return total

    return Oracle(function(*[(-2.0, 2.0)] * dim, name="bowl")(formula))


def first_step(optimizer: Torch, dim: int) -> InputError | None:
    """What an optimizer's optimizer has to say against a step, in the way the optimizer has."""
    x = torch.ones(dim, 1)
    context = StepContext(1, x, x[0], x.clone(), bowl(dim), x[0] > 0)
    try:
        with silenced(), kept_generators():
            PerRunLoop([optimizer], x, np.arange(1), [0], 0).step(context)
    except InputError as refusal:
        return refusal
    return None
