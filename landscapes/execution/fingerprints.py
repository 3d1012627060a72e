"""Fingerprint a plan: two plans with the same fingerprint have the same results."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import torch

from landscapes.engine.recording import recorded_steps
from landscapes.execution.plan import GridColumn, Plan
from landscapes.objectives._function import Function

PROBES = 32
"""The number of points at which a function is evaluated, to distinguish it from others of the same name."""


def fingerprint(plan: Plan) -> dict[str, str]:
    """Return what the results of a plan depend on, by name; long values are replaced by digests.

    A function is identified by its values at some points, to six digits. An edited formula then counts as another
    function, and the rounding of another machine does not.

    >>> from landscapes import functions, optimizers
    >>> from landscapes.execution.plan import RunSettings, Task
    >>> settings = RunSettings(steps=10, box=np.array([[-9.0, 9.0]] * 2))
    >>> task = Task(functions.get("booth"), optimizers.Adam(lr=0.1), 5, [GridColumn(np.ones(1))] * 2, settings)
    >>> fingerprint(Plan([task]))["optimizers"], fingerprint(Plan([task]))["steps"]
    ('adam(lr=0.1)', '10')
    """
    tasks = plan.tasks
    entries: dict[str, list[Any]] = {
        "functions": [task.function.name for task in tasks],
        "values of the functions": [_values(task.function) for task in tasks],
        "minima": [_minima(task.function) for task in tasks],
        "optimizers": [task.optimizer.spec for task in tasks],
        "runs": [task.size for task in tasks],
        "hyper-parameters": [
            {name: _column(column) for name, column in task.hyperparameters.items()} for task in tasks
        ],
        "starts": [[_column(column) for column in task.starts] for task in tasks],
        "random numbers": [_column(task.streams) for task in tasks],
        "steps": [task.settings.steps for task in tasks],
        "recorded steps": [
            digest(recorded_steps(task.settings.record_steps, task.settings.steps).tolist()) for task in tasks
        ],
        "box": [task.settings.box.tolist() for task in tasks],
        "blocks": [plan.block_size(k) for k in range(len(tasks))],
    }
    for name in ("stop", "metrics", "target", "seed", "dtype", "device"):
        entries[name] = [str(getattr(task.settings, name)) for task in tasks]
    entries["compiled"] = [str(task.compiled) for task in tasks]
    return {name: _summary(values) for name, values in entries.items()}


def _summary(values: list[Any]) -> str:
    """Return one value if all are equal, all values if they are short, else a beginning and a digest."""
    texts = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    if len(set(texts)) == 1:
        texts = texts[:1]
    text = "; ".join(texts)
    return text if len(text) <= 200 else f"{text[:100]}… {digest(texts)}"


def _column(column: GridColumn) -> str:
    values = np.ascontiguousarray(column.values)
    return f"{len(values)}×{column.repeat} {digest(values.dtype.str.encode() + values.tobytes())}"


def _values(function: Function) -> str:
    """Return a digest of the values at points across the view; for stochastic functions also of the first samples."""
    low, high = torch.tensor(function.view, dtype=torch.float64).unbind(1)
    roots = torch.arange(2, function.dim + 2, dtype=torch.float64).sqrt()
    points = low[:, None] + (high - low)[:, None] * (roots[:, None] * torch.arange(1, PROBES + 1) % 1)
    functions = [function, *(function.at_step(t) for t in (0, 1) if function.sample is not None)]
    with torch.no_grad():
        values = [value for f in functions for value in f.evaluate(points).double().tolist()]
    return digest([f"{value:.6g}" for value in values])


def _minima(function: Function) -> str:
    """Return a digest of the minimum and the minimizers to six places, because searches differ in the last bits."""
    known = [function.minimum, *(coordinate for point in function.minima for coordinate in point)]
    return digest([repr(round(value, 6) + 0.0) for value in known])


def digest(data: Any) -> str:
    """Return sixteen hexadecimal digits of the SHA-256 digest of bytes, or of JSON-compatible data."""
    return hashlib.sha256(data if isinstance(data, bytes) else json.dumps(data).encode()).hexdigest()[:16]
