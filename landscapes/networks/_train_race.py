"""Race optimizers on the training of one network: `train_race`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from landscapes.errors import InputError, suggests_arguments, warn
from landscapes.networks._plane import plane
from landscapes.networks.losses import Loss, Metrics
from landscapes.networks.preparation import network_loss
from landscapes.networks.result import NetworkRecord
from landscapes.networks.together import train_all
from landscapes.networks.training import (
    TrainingJob,
    TrainingRun,
    as_seeds,
    evenly_spaced,
    model_of,
    padded,
    train,
)
from landscapes.networks.training_optimizers import TrainingOptimizer, as_optimizers
from landscapes.record import Record
from landscapes.silence import ignored_warnings
from landscapes.versions import versions

LR_GRID = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)
"""Learning rates that are tried where none is given."""

MOST_WIDENED = 4
"""A grid is extended at most so many times beyond the edge at which the best rate was."""

Progress = Callable[[int, int], None]


@suggests_arguments
def train_race(
    model: nn.Module | Callable[[], nn.Module],
    loss: Loss,
    data: Any,
    optimizers: Any,
    *,
    steps: int = 300,
    batch_size: int = 64,
    record_steps: int = 60,
    seeds: int | Sequence[int] = 1,
    clip: float | None = None,
    schedule: str = "constant",
    lr_grid: Sequence[float] = LR_GRID,
    validation: Any = None,
    metrics: Metrics = None,
    directions: Any = "pca",
    through: str | None = None,
    span: float | None = None,
    view: Sequence[Sequence[float]] | None = None,
    resolution: int = 51,
    batchnorm: str = "recalibrate",
    plane_seed: int = 0,
    together: bool | None = None,
    executor: Any = None,
    title: str | None = None,
    progress: Progress | None = None,
) -> NetworkRecord:
    """Train one network by several optimizers, from the same weights on the same batches, and put all in one plane.

    The module itself is not changed. Losses are those of the whole data, in evaluation mode, at `record_steps` steps.
    A learning rate that is left open is tuned: each of `lr_grid` is trained with the first seed, and the one with the
    lowest final loss (on `validation`, if given) is taken; the grid is extended if that is at its edge.

    Args:
        model: a module with its initial weights, or a function without arguments that makes one; it is called once per
            seed, after torch was seeded, so that seeds have different initial weights.
        loss: as in `plane`: `loss(outputs, targets)`, or `loss(model, batch)`.
        data: as in `plane`. Of tensors, each step takes `batch_size` random rows; of a loader or a list, one batch.
        optimizers: text such as "adam", "sgd(lr=0.1, momentum=0.9, clip=1.0, schedule='cosine')", "momentum",
            "muon", for the classes of `torch.optim` and `networks.Muon`; classes; functions that take a list of weights
            and return an optimizer, or an optimizer and a schedule of torch. A list, or a mapping from labels.
        steps: steps of each run.
        batch_size: rows per step.
        record_steps: the number of steps at which weights and losses are recorded, evenly spaced.
        seeds: how many, or which. A seed sets the order of the batches and the random numbers of dropout. With several,
            runs are called "Adam, seed 0", and `render.loss_quantiles` draws their bands.
        clip: the norm to which gradients are clipped, for optimizers that have no own `clip`.
        schedule: "constant", "linear" or "cosine", to 0 at the last step, for optimizers that have no own.
        lr_grid: learning rates to try.
        validation: other data, whose loss and metrics are recorded as "validation_loss", ….
        metrics: as in `plane`; "accuracy" for classifiers.
        directions: "pca", the two directions in which all runs move most; or any that `plane` takes, such as "random"
            (filter-normalized).
        through: the label of the run whose end is the centre of the plane; by default the run with the lowest loss.
        span, view, resolution, batchnorm: as in `plane`. The statistics of BatchNorm are those of all data at each
            point, because the running ones of one run do not fit the others.
        plane_seed: seed of random directions.
        together: whether runs are trained together, their gradients by one `torch.func.vmap` per step. By default they
            are if the first steps show that this gives the same bits in less time: of small networks without
            convolutions, BatchNorm and dropout, about 4 or more at a time. True allows other rounding as well.
        executor: an object with `submit`, such as a `ProcessPoolExecutor`, that trains the runs; by default they are
            trained one after another. The results are the same.
        title: title of pictures.
        progress: called with (runs done, runs known so far).

    Returns:
        The record of a race in two coordinates, with the surface. Metrics: "batch_loss", the mean over the steps since
        the recorded one before, and those asked for. The column "trained" of runs says
        "together", or "alone" and why. Runs that meet NaN or infinity are "non-finite"; they do not
        affect the plane. `meta.plane` says how far it can be trusted, as in `plane`.

    Raises:
        InputError: for invalid input, and if no run stays finite.

    Warns:
        UserWarning: if a tuned learning rate is at the edge of the extended grid.

    >>> import torch
    >>> net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    >>> x = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    >>> record = train_race(net, nn.MSELoss(), (x, x.prod(1, keepdim=True)), ["sgd(lr=0.1)", "adam(lr=0.01)"],
    ...     steps=20, resolution=11)
    >>> record.trajectories.x.shape, record.trajectories.runs["label"].tolist()
    ((2, 21, 2), ['SGD', 'Adam'])
    """
    steps, batch_size = _count("steps", steps), _count("batch_size", batch_size)
    recorded = evenly_spaced(steps, _count("record_steps", record_steps, 2))
    chosen = as_optimizers(optimizers, clip, schedule)
    which = as_seeds(seeds)
    rates = _rates(lr_grid)
    labels = [_label(one, seed, which) for one in chosen for seed in which]
    if through is not None and through not in labels:
        raise InputError(f"through must be the label of a run, {', '.join(labels)}; got {through!r}")
    if together is not None and not isinstance(together, bool):
        raise InputError(f"together must be True, False or None, got {together!r}")
    if executor is not None and not hasattr(executor, "submit"):
        raise InputError(f"executor must have submit(), as a ProcessPoolExecutor has, got {executor!r:.60}")
    models = {seed: model_of(model, seed) for seed in which}
    first = models[which[0]]
    network_loss(first, loss, data, metrics=metrics)  # raises before anything is trained
    if validation is not None:
        network_loss(first, loss, validation, metrics=metrics)

    def job(one: TrainingOptimizer, seed: int, keep: bool = True) -> TrainingJob:
        at = recorded if keep else (0, steps)
        return TrainingJob(models[seed], loss, data, validation, metrics, one, seed, steps, at, batch_size, keep=keep)

    runner = _Runner(executor, together, progress, len(chosen) * len(which))
    tuned = _tuned(chosen, rates, lambda one: job(one, which[0], keep=False), runner)
    runs = runner([job(one, seed) for one in tuned for seed in which])
    return _record(
        tuned, which, labels, runs, recorded,
        reference=first, loss=loss, data=data, through=through, title=title,
        options={
            "metrics": metrics, "directions": directions, "span": span, "view": view, "resolution": resolution,
            "batchnorm": batchnorm, "seed": plane_seed,
        },
        open_rates={one.label for one in chosen if one.lr_open},
    )  # fmt: skip


class _Runner:
    """Trains jobs, here or on an executor, and reports progress."""

    def __init__(self, executor: Any, together: bool | None, progress: Progress | None, total: int) -> None:
        self.executor, self.together, self.progress, self.done, self.total = executor, together, progress, 0, total

    def __call__(self, jobs: Sequence[TrainingJob]) -> list[TrainingRun]:
        """Return the runs in the order of the jobs."""
        if self.executor is None:
            with ignored_warnings():  # of the loss and the data, given before
                return train_all(jobs, self.together, self._report)
        found = []
        for future in [self.executor.submit(train, one) for one in jobs]:
            found.append(self._result(future))
            found[-1].trained = "executor"
            self._report()
        return found

    def _report(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, max(self.total, self.done))

    @staticmethod
    def _result(future: Any) -> TrainingRun:
        try:
            return future.result()  # type: ignore[no-any-return]
        except InputError:
            raise
        except (TypeError, AttributeError) as error:
            if "pickle" not in str(error).lower():
                raise
            raise InputError(
                "the model, the loss, the data and functions that make optimizers are sent to other processes, so they "
                f"must be defined at the top of a module, not as a lambda: {error}"
            ) from error
        except Exception as error:
            if type(error).__name__ != "PicklingError":
                raise
            raise InputError(
                "the model, the loss, the data and functions that make optimizers are sent to other processes, so they "
                f"must be defined at the top of a module, not as a lambda: {error}"
            ) from error


def _tuned(
    optimizers: Sequence[TrainingOptimizer],
    rates: Sequence[float],
    job: Callable[[TrainingOptimizer], TrainingJob],
    runner: _Runner,
) -> list[TrainingOptimizer]:
    """Return the optimizers with learning rates: those given, or the best of a grid.

    The trials of all optimizers are given to the runner at once, which may train them together.
    """
    tried: dict[int, dict[float, float]] = {i: {} for i, one in enumerate(optimizers) if one.lr_open}
    wanted = [(i, lr) for i in tried for lr in rates]
    for round_ in range(1 + MOST_WIDENED):
        runner.total += len(wanted)
        runs = runner([job(optimizers[i].with_lr(lr)) for i, lr in wanted]) if wanted else []
        for (i, lr), run in zip(wanted, runs, strict=True):
            tried[i][lr] = run.final
        asked = tried if not round_ else dict.fromkeys(i for i, _ in wanted)
        wanted = [(i, beyond) for i in asked if (beyond := _beyond(tried[i])) is not None]
    return [one if i not in tried else one.with_lr(_best(one, tried[i])) for i, one in enumerate(optimizers)]


def _beyond(tried: Mapping[float, float]) -> float | None:
    """Return the next rate beyond an edge of those tried, if the best one is there."""
    best, low, high = min(tried, key=lambda lr: tried[lr]), min(tried), max(tried)
    if len(tried) < 2 or best not in (low, high) or not math.isfinite(tried[best]):
        return None
    return float(f"{best / 3.162 if best == low else best * 3.162:.2g}")


def _best(one: TrainingOptimizer, tried: Mapping[float, float]) -> float:
    """Return the best rate. Raises `InputError` if all runs failed."""
    best = min(tried, key=lambda lr: tried[lr])
    if not math.isfinite(tried[best]):
        raise InputError(
            f"{one.label} meets NaN or infinity with every learning rate from {min(tried):g} to {max(tried):g}; "
            "pass a smaller lr_grid, or clip="
        )
    if len(tried) > 1 and best in (min(tried), max(tried)):
        warn(f"the best learning rate of {one.label}, {best:g}, is at the edge of those tried; pass another lr_grid")
    return best


def _record(
    optimizers: Sequence[TrainingOptimizer],
    seeds: Sequence[int],
    labels: Sequence[str],
    runs: Sequence[TrainingRun],
    recorded: Sequence[int],
    *,
    reference: nn.Module,
    loss: Loss,
    data: Any,
    through: str | None,
    title: str | None,
    options: dict[str, Any],
    open_rates: set[str],
) -> NetworkRecord:
    """Return the record of all runs in a plane through the end of one."""
    by_label = dict(zip(labels, runs, strict=True))
    sound = {label: run for label, run in by_label.items() if run.failed_at is None and math.isfinite(run.loss[-1])}
    if not sound:
        raise InputError(
            "no run stays finite: "
            + ", ".join(f"{label} fails at step {run.failed_at}" for label, run in by_label.items())
        )
    centre = through if through is not None else min(sound, key=lambda label: sound[label].loss[-1])
    if centre not in sound:
        raise InputError(f"the run {centre!r} meets NaN or infinity, so no plane goes through its end")
    end = copy.deepcopy(reference)
    end.load_state_dict(sound[centre].states[-1])
    made = plane(
        end,
        loss,
        data,
        path={label: run.states for label, run in sound.items()},
        losses={label: run.loss for label, run in sound.items()},
        steps=recorded,
        title=title,
        **options,
    )
    assert made.space is not None
    assert made.objective is not None
    weights, length = made.objective.weights, len(recorded)
    places: dict[str, Any] = {}
    losses: dict[str, Any] = {}
    for label, run in by_label.items():
        points = [made.space.project(weights.vector_of(state, label))[0] for state in run.states]
        missing = length - len(points)
        known = run.failed_at is not None and missing > 0
        places[label] = np.array(points + [[math.nan, math.nan]] * known)
        losses[label] = np.array([*run.loss, *[math.nan] * known])
    whole = Record.from_checkpoints(places, losses, steps=recorded, title=made.meta.title, surface=made.surface)
    t = whole.trajectories
    order = [(one, seed) for one in optimizers for seed in seeds]
    columns = {
        **t.runs,
        "name": np.array([one.label for one, _ in order]),
        "optimizer": np.array([one.spec for one, _ in order]),
        "lr": np.array([run.lr for run in runs]),
        "lr_source": np.array(["tuned" if one.label in open_rates else "given" for one, _ in order]),
        "seed": np.array([seed for _, seed in order]),
        "trained": np.array([run.trained for run in runs]),
        "stopped": np.ma.array(
            [0 if run.failed_at is None else run.failed_at for run in runs],
            mask=[run.failed_at is None for run in runs],
        ),
    }
    names = dict.fromkeys(name for run in runs for name in run.metrics)
    metrics = {name: np.array([padded(run.metrics, name, length) for run in runs]) for name in names}
    dtype = str(next(reference.parameters()).dtype).removeprefix("torch.")
    meta = made.meta.replace(
        steps=recorded[-1],
        seed=seeds[0],
        start=whole.meta.start,
        dtype=dtype if dtype == "float64" else "float32",
        versions=versions(),
    )
    return replace(made, trajectories=replace(t, runs=columns, metrics=metrics), meta=meta)


def _label(one: TrainingOptimizer, seed: int, seeds: Sequence[int]) -> str:
    return one.label if len(seeds) == 1 else f"{one.label}, seed {seed}"


def _count(name: str, given: Any, least: int = 1) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise InputError(f"{name} must be an integer >= {least}, got {given!r}")
    return given


def _rates(given: Any) -> list[float]:
    try:
        rates = sorted({float(lr) for lr in given})
    except (TypeError, ValueError):
        rates = []
    if not rates or not all(0 < lr < math.inf for lr in rates):
        raise InputError(f"lr_grid must be learning rates > 0, got {given!r:.60}")
    return rates
