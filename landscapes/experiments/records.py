"""Build what the records of sweep, basins and compare share: targets, columns of runs, and metadata."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError, warn
from landscapes.execution.results import NOT_RUN, Results, concatenate
from landscapes.experiments.outcomes import statuses, target_loss
from landscapes.objectives.decorators import Function
from landscapes.versions import versions


def resolve_target(function: Function, first: float, target: float | None) -> float | None:
    """Return the loss to reach: the given one, else the usual share of the initial gap; None for an unknown minimum.

    Raises `InputError` for a target that is not a number below the first loss.
    """
    if target is None:
        return target_loss(first, function.minimum) if math.isfinite(function.minimum) else None
    number = isinstance(target, int | float | np.number) and not isinstance(target, bool)
    if not number or not math.isfinite(target) or target >= first:
        raise InputError(f"target must be below the loss at the start, {first:.6g}; got {target!r}")
    return float(target)


def run_columns(
    paths: BatchResult, target: float | NDArray[np.float64] | None, minimum: float | NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    """Return the columns on how R runs ended. Runs that did not happen have the status "not run"."""
    final = paths.loss[:, -1]
    status = statuses(final, paths.reason, math.nan if target is None else target, minimum)
    status[paths.reason == NOT_RUN] = NOT_RUN
    return {
        "status": status,
        "final": final,
        "lowest": paths.lowest,
        "reached": paths.reached,
        "first_reached": paths.first_reached,
        "stopped": paths.stopped,
        "reason": paths.reason,
        **paths.evaluations,
    }


def warn_of_equal_seeds(final: NDArray[np.float64], seeds: int) -> None:
    """Warn if all seeds gave equal runs: they would pass for independent ones, and make intervals too narrow.

    Args:
        final: final losses (R,), with seeds the last running fastest.
        seeds: runs per setting and start.
    """
    each = final.reshape(-1, seeds)
    if seeds > 1 and np.isfinite(each).any() and np.array_equal(each, each[:, :1].repeat(seeds, 1), equal_nan=True):
        warn(
            f"the {seeds} seeds gave equal runs, because nothing in them depends on the seed. Wrap the optimizers for "
            "noise: noise(adam, sigma=0.5); or write the samples of a function as sample(t, seed), with random numbers "
            "of the seed"
        )


def all_results(results: Results) -> BatchResult:
    """Return the results of all runs; points are padded with NaN to the largest number of coordinates.

    Metrics are NaN for a task that an interrupted experiment did not reach.
    """
    parts = [results.task(i) for i in range(len(results.plan.tasks))]
    widest = max(part.x.shape[2] for part in parts)
    parts = [part if part.x.shape[2] == widest else _padded(part, widest) for part in parts]
    like = {name: values for part in parts for name, values in part.metrics.items()}
    return concatenate(
        [
            replace(
                part,
                metrics={
                    name: part.metrics.get(name, np.full((len(part.loss), *values.shape[1:]), np.nan))
                    for name, values in like.items()
                },
            )
            for part in parts
        ]
    )


def _padded(part: BatchResult, widest: int) -> BatchResult:
    """Return a result with points, and metrics of each coordinate, padded with NaN to so many coordinates."""

    def pad(values: NDArray[np.float64]) -> NDArray[np.float64]:
        missing = ((0, 0), (0, 0), (0, widest - values.shape[2]))
        return np.pad(values, missing, constant_values=np.nan)

    own = part.x.shape[2]
    metrics = {
        name: pad(v) if name != "evaluations" and v.shape[2:] == (own,) else v for name, v in part.metrics.items()
    }
    return replace(part, x=pad(part.x), metrics=metrics)


def common_meta(function: Function, results: Results) -> dict[str, Any]:
    """Return the metadata on the function, the settings and the machine."""
    terms = results.plan.tasks[0].settings
    return {
        "function": function.name,
        "title": function.title,
        "latex": function.latex,
        "domain": [list(side) for side in function.domain],
        "view": [list(side) for side in function.view],
        "steps": terms.steps,
        "seed": terms.seed,
        "minimum": function.minimum,
        "complete": results.complete,
        "device": terms.device,
        "dtype": terms.dtype,
        "versions": versions(),
    }


def dtype_name(dtype: torch.dtype) -> str:
    """Return the precision as text.

    >>> dtype_name(torch.float64)
    'float64'
    """
    return str(dtype).removeprefix("torch.")
