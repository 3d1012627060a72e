"""What the records of all jobs of many runs have in common: their facts, and what became of the runs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError
from landscapes.execution.results import NOT_RUN, Results, concatenate
from landscapes.experiments.outcomes import statuses, target_between
from landscapes.objectives.decorators import Function
from landscapes.versions import versions


def goal(function: Function, first: float, target: float | None) -> float | None:
    """The value to reach: the given one, else the usual share of the first gap; None where no minimum is known.

    Raises `InputError` for a target that is no number below the first value.
    """
    if target is None:
        return target_between(first, function.minimum) if math.isfinite(function.minimum) else None
    number = isinstance(target, int | float | np.number) and not isinstance(target, bool)
    if not number or not math.isfinite(target) or target >= first:
        raise InputError(f"target is a value below the start's, {first:.6g}; not {target!r}")
    return float(target)


def outcome(paths: BatchResult, target: float | NDArray[np.float64] | None, minimum: float) -> dict[str, NDArray[Any]]:
    """The columns of a record that tell what became of R runs; those that were not run have that as their status."""
    final = paths.loss[:, -1]
    became = statuses(final, paths.reason, math.nan if target is None else target, minimum)
    became[paths.reason == NOT_RUN] = NOT_RUN
    return {
        "status": became,
        "final": final,
        "lowest": paths.lowest,
        "reached": paths.reached,
        "stopped": paths.stopped,
        "reason": paths.reason,
        **paths.evaluations,
    }


def whole(results: Results) -> BatchResult:
    """The paths of all runs. What was observed is NaN for a task that a job which ended early has not come to."""
    parts = [results.task(i) for i in range(len(results.plan.tasks))]
    like = {name: values for part in parts for name, values in part.metrics.items()}
    return concatenate([
        replace(part, metrics={
            name: part.metrics.get(name, np.full((len(part.loss), *values.shape[1:]), np.nan))
            for name, values in like.items()
        })
        for part in parts
    ])  # fmt: skip


def facts(function: Function, results: Results) -> dict[str, Any]:
    """What the meta data of a job's record tell of the landscape, the terms and the machine."""
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
    """The precision as plain text.

    >>> dtype_name(torch.float64)
    'float64'
    """
    return str(dtype).removeprefix("torch.")
