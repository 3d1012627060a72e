"""Check the parts of a record, whether a program made them or a file contains them. Numpy only.

Each message names the part, what it must be, and what was given. A record that passes can be drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown

if TYPE_CHECKING:
    from landscapes.record import Record, Surface, Trajectories

SCALES = ("linear", "log", "rank")
"""How the values of a surface become colours."""

STATUSES = ("converged", "max_steps", "terminated", "unbounded", "diverged", "non-finite", "failed", "not run")
"""How a run may have ended; see `Trajectories`."""

TEXTS = ("label", "optimizer", "lr_source", "status", "reason")
"""The columns of runs that are text."""

STEPS = ("stopped", "reached", "first_reached", "arrived")
"""The columns of runs that are steps, or missing."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "race": ("label", "status", "stopped", "reached", "lr", "lr_source"),
    "training": ("label", "status", "stopped", "reached", "lr", "lr_source"),
    "sweep": ("label", "status", "final", "reached"),
    "basins": ("status", "basin", "arrived"),
    "compare": ("status", "evaluations_to"),
    "tune": ("label", "status"),
}
"""The columns without which the record of an experiment cannot be drawn."""


def numbers(name: str, given: Any, shape: tuple[int | None, ...], layout: str) -> NDArray[np.float64]:
    """Return an array of numbers as float64, after checking its shape; None stands for any length.

    Raises `InputError` that calls the shape `layout`.
    """
    values = _array(name, given)
    if values.dtype.kind not in "fiu":
        raise InputError(f"{name} must be real numbers, got {_kind(values)}")
    _check_shape(name, values, shape, layout)
    return values.astype(np.float64, copy=False)


def check_steps(given: Any) -> NDArray[np.int64]:
    """Return recorded steps as int64. Raises `InputError` if they are not integers >= 0 in ascending order."""
    step = _array("step", given)
    if step.dtype.kind not in "iu":
        raise InputError(f"step must be integers, got {_kind(step)}")
    _check_shape("step", step, (None,), "(T,)")
    step = step.astype(np.int64, copy=False)
    if len(step) and (step[0] < 0 or (np.diff(step) <= 0).any()):
        raise InputError(f"step must be >= 0 and ascending, got {_listed(step)}")
    return step


def check_trajectories(runs: Trajectories) -> None:
    """Raise `InputError` if columns or metrics do not fit the runs."""
    count, recorded = runs.loss.shape
    for name, column in runs.runs.items():
        _check_column(name, column, count)
    for name, values in runs.metrics.items():
        if values.dtype.kind not in "fiu" or values.ndim not in (2, 3) or values.shape[:2] != (count, recorded):
            raise InputError(
                f"metric {name!r} must be numbers of shape (R, T) or (R, T, k), here {count}×{recorded}; "
                f"got {_kind(values)} of shape {values.shape}"
            )
    if "status" in runs.runs:
        for status in np.unique(runs.runs["status"]):
            if status not in STATUSES:
                raise unknown("status", str(status), STATUSES)


def check_surface(surface: Surface) -> None:
    """Raise `InputError` for axes that do not ascend, an unknown scale, or minimizers that are not points."""
    for name, axis in (("x", surface.x), ("y", surface.y)):
        if not np.isfinite(axis).all() or (np.diff(axis) <= 0).any():
            raise InputError(f"{name} of a surface must be finite and ascending, got {_listed(axis)}")
    if len(surface.x) < 2 or not len(surface.y):
        raise InputError(
            f"a surface has at least 2 × 2 points, or 2 × 1 for a curve; got {len(surface.x)} × {len(surface.y)}"
        )
    if not np.isfinite(surface.minima).all():
        raise InputError(f"minima of a surface must be finite, got {_listed(surface.minima.ravel())}")
    if surface.scale not in SCALES:
        raise unknown("scale of a surface", str(surface.scale), SCALES)


def _check_starts(meta: Any, runs: Trajectories, dim: int) -> None:
    """Raise `InputError` unless the column `start` refers to starts in the metadata, each with its target."""
    starts, index = meta.starts, runs.runs["start"]
    if not all(len(point) == dim and np.isfinite(point).all() for point in starts):
        raise InputError(f"starts in the metadata must be points of {dim} numbers, got {starts!r:.60}")
    if len(meta.targets) != len(starts):
        raise InputError(f"the metadata must have one target per start, got {len(meta.targets)} for {len(starts)}")
    if index.dtype.kind not in "iu" or ((index < 0) | (index >= len(starts))).any() or "name" not in runs.runs:
        raise InputError(f"the runs need the columns name and start, which refers to one of {len(starts)} starts")


def check_record(record: Record) -> None:
    """Raise `InputError` if trajectories, surface and metadata do not fit each other."""
    runs, meta = record.trajectories, record.meta
    count, _, dim = runs.x.shape
    kind = meta.experiment
    missing = [name for name in COLUMNS[kind] if name not in runs.runs] if count else []
    if missing:
        raise InputError(
            f"the record of a {kind} needs the columns {', '.join(COLUMNS[kind])}; missing: {', '.join(missing)}. "
            "Record.from_checkpoints makes a record of your own trajectories"
        )
    if record.surface is not None and (dim != 2 or len(record.surface.y) < 2):
        raise InputError(
            "a surface needs runs of 2 coordinates and at least 2 × 2 points; got "
            f"{dim} coordinate{'s' * (dim != 1)} and {len(record.surface.x)} × {len(record.surface.y)} points"
        )
    if record.curve is not None and (dim != 1 or len(record.curve.y) != 1):
        raise InputError(f"a curve needs runs of 1 coordinate and one row; got {dim} and {len(record.curve.y)}")
    if kind == "race" and "start" in runs.runs:
        _check_starts(meta, runs, dim)
    shown = record.surface if record.surface is not None else record.curve
    for name, values in record.grids.items():
        if shown is None or np.shape(values) != shown.values.shape:
            raise InputError(
                f"quantity {name!r} must be on the grid of the surface"
                f"{'' if shown is None else f', shape {shown.values.shape}'}; got shape {np.shape(values)}"
            )
    last = max([meta.steps, *runs.step[-1:].tolist()])
    for name in STEPS:
        if name in runs.runs and (np.ma.filled(runs.runs[name], -1) > last).any():
            raise InputError(f"{name} must be at most {last}, the last step; got {np.ma.max(runs.runs[name])}")
    _check_axes(meta.axes, count)
    if kind == "race":
        for name in ("start", "domain"):
            if len(meta.get(name, ())) not in (0, dim):
                raise InputError(
                    f"{name} in the metadata must have {dim} coordinate{'s' * (dim != 1)}, got {len(meta[name])}"
                )
    if kind == "basins":
        _check_basins(record)
    if kind == "compare":
        _check_compare(record)


def check_text(name: str, text: str) -> None:
    """Raise `InputError` for text with lone surrogates, which no file can hold as UTF-8.

    >>> check_text("label", "a\\ud800")
    Traceback (most recent call last):
    ...
    landscapes.errors.InputError: label must be valid Unicode text, got 'a\\ud800'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{name} must be valid Unicode text, got {text!a:.60}") from None


def _check_column(name: str, column: NDArray[Any], count: int) -> None:
    if column.ndim not in (1, 2) or len(column) != count:
        raise InputError(
            f"column {name!r} must have {count} entries, one per run; got an array of shape {column.shape}"
        )
    if column.dtype.kind not in ("U" if name in TEXTS else "fiubU"):
        raise InputError(
            f"column {name!r} must be {'text' if name in TEXTS else 'numbers or text'}, got {_kind(column)}"
        )
    if column.ndim == 2 and name not in ("steps_to", "evaluations_to"):
        raise InputError(f"column {name!r} must have one entry per run, got shape {column.shape}")
    if name in STEPS and column.dtype.kind not in "iu":
        raise InputError(f"column {name!r} must be integers, masked where a run has none; got {_kind(column)}")
    if column.dtype.kind == "U":
        for text in np.unique(np.ma.getdata(column)):
            check_text(f"column {name!r}", str(text))


def _check_axes(axes: Mapping[str, Any], runs: int) -> None:
    for name, entries in axes.items():
        texts = [isinstance(entry, str) for entry in entries]
        finite = (isinstance(entry, int | float) and math.isfinite(entry) for entry in entries)
        if not entries or not (all(texts) or all(finite)):
            raise InputError(f"axis {name!r} must be texts or finite numbers, at least one; got {entries!r:.60}")
        for entry in entries if texts[0] else ():
            check_text(f"axis {name!r}", entry)
    lengths = [len(entries) for entries in axes.values()]
    if axes and math.prod(lengths) != runs:
        raise InputError(f"axes of {' × '.join(map(str, lengths))} entries do not hold {runs} runs")


def _check_basins(record: Record) -> None:
    minima = numbers("minima in the metadata", record.meta["minima"] or np.zeros((0, 2)), (None, 2), "(k, 2)")
    for name in ("minima_values", "minima_are"):
        if name in record.meta and len(record.meta[name]) != len(minima):
            raise InputError(f"{name} must have {len(minima)} entries, one per minimum; got {len(record.meta[name])}")
    if (np.ma.filled(record.trajectories.runs["basin"], -1) >= len(minima)).any():
        raise InputError(
            f"column 'basin' must be below {len(minima)}, the number of minima; "
            f"got {np.ma.max(record.trajectories.runs['basin'])}"
        )


def _check_compare(record: Record) -> None:
    tolerances = len(record.meta["tolerances"])
    for name in ("steps_to", "evaluations_to"):
        if name not in record.trajectories.runs:
            continue
        shape = record.trajectories.runs[name].shape
        if shape[1:] != (tolerances,) or not tolerances:
            raise InputError(
                f"column {name!r} must have one entry per run and tolerance; got shape {shape} and {tolerances} "
                f"tolerance{'s' * (tolerances != 1)}"
            )
    for name in record.axes.get("function", ()):
        facts = record.meta["functions"].get(name)
        if facts is None or not isinstance(facts.get("dim"), int):
            raise InputError(f"functions in the metadata must give the dim of {name!r}, got {facts!r:.60}")


def _array(name: str, given: Any) -> NDArray[Any]:
    try:
        return np.asarray(given)
    except (ValueError, TypeError) as error:
        raise InputError(f"{name} must be an array: {error}") from None


def _check_shape(name: str, values: NDArray[Any], shape: tuple[int | None, ...], layout: str) -> None:
    fits = values.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, values.shape, strict=True)
    )
    if not fits:
        lengths = "×".join("any" if length is None else str(length) for length in shape)
        raise InputError(f"{name} must have shape {layout}, here {lengths}; got {values.shape}")


def _kind(values: NDArray[Any]) -> str:
    names = {"U": "text", "S": "bytes", "O": "Python objects", "b": "booleans", "c": "complex numbers", "f": "numbers"}
    return names.get(values.dtype.kind, str(values.dtype))


def _listed(values: NDArray[Any]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:4].tolist())
    return f"{shown}{', …' if len(values) > 4 else ''}" or "nothing"
