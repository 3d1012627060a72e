"""Fingerprint a plan: two plans with the same fingerprint have the same results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.engine import loop
from landscapes.engine.recording import recorded_steps
from landscapes.execution.block_dir import digest
from landscapes.execution.plan import GridColumn, Plan, Task
from landscapes.objectives._function import Function

PROBES, SLOPES = 32, 8
"""The numbers of points at which values and gradients tell a function from others of the same name."""

STEPS, RUNS = 12, 2
"""How many steps of how many runs tell an optimizer from others of the same text."""

DIGITS = 7
"""The digits that count of noise, gradients and steps; a machine's rounding leaves them unchanged."""


def fingerprint(plan: Plan) -> dict[str, str]:
    """Return what the results of a plan depend on, by name; long values are replaced by digests.

    A function is identified by its values at some points, to six digits. An edited formula then counts as another
    function, and the rounding of another machine does not. Its gradients and samples count as well, since a backward
    pass or a noise may be edited alone. An optimizer is identified by its text and by its first steps.

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
        "random numbers": [_streams(task) for task in tasks],
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
    entries["gradients of the functions"] = [_gradients(task.function) for task in tasks]
    entries["noise of the functions"] = [_noise(task.function) for task in tasks]
    entries["first steps of the optimizers"] = _first_steps(tasks)  # last: most of the others change them
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


def _streams(task: Task) -> str:
    """Return the streams of random numbers, and those of samples that depend on the run."""
    columns = [task.streams, *([task.sample_streams] if task.function.sample_takes_seed else [])]
    return ", ".join(map(_column, columns))


def _values(function: Function) -> str:
    """Return a digest of the values at points across the view; for stochastic functions also of the first samples."""
    points = _points(function, PROBES)
    functions = [function, *(function.at_step(t) for t in (0, 1) if function.sample is not None)]
    with torch.no_grad():
        values = [value for f in functions for value in f.evaluate(points).double().tolist()]
    return digest([f"{value:.6g}" for value in values])


def _points(function: Function, count: int) -> torch.Tensor:
    """Return points across the view, shape (d, count)."""
    low, high = torch.tensor(function.view, dtype=torch.float64).unbind(1)
    roots = torch.arange(2, function.dim + 2, dtype=torch.float64).sqrt()
    return low[:, None] + (high - low)[:, None] * (roots[:, None] * torch.arange(1, count + 1) % 1)


def _gradients(function: Function) -> str:
    """Return a digest of gradients, also of the first sample of a stochastic function."""
    points = _points(function, SLOPES)
    functions = [function, *([function.at_step(0)] if function.sample is not None else [])]
    return digest([_rounded(_gradient(f, points).numpy()) for f in functions])


def _gradient(function: Function, points: torch.Tensor) -> torch.Tensor:
    x = points.clone().requires_grad_()
    with torch.enable_grad():
        values = function.evaluate(x)
        (slopes,) = torch.autograd.grad(values.sum(), x, allow_unused=True) if values.requires_grad else (None,)
    return torch.zeros_like(x) if slopes is None else slopes


def _noise(function: Function) -> str:
    """Return a digest of what the first samples add to the function; "" for a deterministic one."""
    if function.sample is None:
        return ""
    points = _points(function, SLOPES)
    with torch.no_grad():
        mean = function.evaluate(points)
        return digest([_rounded((function.at_step(t).evaluate(points) - mean).numpy()) for t in (0, 1)])


def _first_steps(tasks: Sequence[Task]) -> list[str]:
    """Return a digest of the first steps of each task's optimizer; tasks with equal texts are stepped once."""
    found: dict[str, str] = {}
    for task in tasks:
        if task.optimizer.spec not in found:
            found[task.optimizer.spec] = _steps_of(task)
    return [found[task.optimizer.spec] for task in tasks]


def _steps_of(task: Task) -> str:
    block = task.block(0, min(RUNS, task.size))
    paths = loop.run(
        block.function,
        block.batch,
        torch.from_numpy(np.ascontiguousarray(block.starts.T)),
        min(STEPS, task.settings.steps),
        box=block.boxes(),
        streams=torch.from_numpy(block.streams),
        seed=task.settings.seed,
    )
    return digest(_rounded(paths.x))


def _rounded(values: NDArray[np.float64]) -> list[str]:
    """Return numbers as text, rounded relative to the largest finite one."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0)) or 1.0
    relative = np.round(values.ravel() / largest, DIGITS) + 0.0  # no negative zero
    return [f"{largest:.{DIGITS}g}", *(f"{value:.{DIGITS}f}" for value in relative.tolist())]


def _minima(function: Function) -> str:
    """Return a digest of the minimum and the minimizers to six places, because searches differ in the last bits."""
    known = [function.minimum, *(coordinate for point in function.minima for coordinate in point)]
    return digest([repr(round(value, 6) + 0.0) for value in known])
