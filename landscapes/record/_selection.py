"""Select runs of a record by their facts: `Record.sel`. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown

if TYPE_CHECKING:
    from landscapes.record import Record

MOST_NAMED = 12
"""How many known values an error names at most."""


def select(record: Record, wanted: Mapping[str, Any]) -> Record:
    """Return the record of the runs for which all wanted facts hold; see `Record.sel`."""
    keep = np.ones(len(record.trajectories), dtype=bool)
    for name, value in wanted.items():
        keep &= _matches(record, name, value)
    if not keep.any():
        facts = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
        raise InputError(f"no run has {facts} together; select fewer facts")
    part = taken(record, np.flatnonzero(keep), _axes_left(record, keep, wanted))
    return _of_one_function(part) if "function" in wanted and record.meta.get("functions") else part


def taken(record: Record, runs: NDArray[np.int64], axes: Mapping[str, list[Any]]) -> Record:
    """Return the record of these runs, in this order, with these axes."""
    all_runs = record.trajectories
    part = replace(
        all_runs,
        x=all_runs.x[runs],
        loss=all_runs.loss[runs],
        runs={name: column[runs] for name, column in all_runs.runs.items()},
        metrics={name: values[runs] for name, values in all_runs.metrics.items()},
    )
    meta = record.meta.replace(axes=dict(axes)) if record.axes else record.meta
    return replace(record, trajectories=part, meta=meta)


def _of_one_function(record: Record) -> Record:
    """Return a sweep over several functions, of which one is left, with the facts of that function."""
    runs = record.trajectories.runs
    names = list(dict.fromkeys(np.asarray(runs["function"]).tolist()))
    if record.meta.experiment != "sweep" or len(names) > 1:
        return record
    facts = record.meta["functions"][names[0]]
    columns = {name: column for name, column in runs.items() if name not in ("function", "target", "minimum")}
    trajectories = replace(record.trajectories, x=record.trajectories.x[..., : facts["dim"]], runs=columns)
    meta = record.meta.replace(
        function=names[0],
        start=facts["starts"][0],
        axes=record.axes or {"optimizer": [str(columns["label"][0])]},
        functions={},
        **{name: facts[name] for name in ("title", "minimum", "starts", "target")},
    )
    return replace(record, trajectories=trajectories, meta=meta)


def _matches(record: Record, name: str, value: Any) -> NDArray[np.bool_]:
    """Return which runs have the fact, shape (R,). Raises `InputError` if none has."""
    runs = record.trajectories.runs
    facts = {**{axis: _along(record, axis) for axis in record.axes}, **runs} | (
        {"optimizer": runs["label"]} if name == "optimizer" and "label" in runs else {}
    )
    facts = {key: column for key, column in facts.items() if np.ndim(column) == 1}
    if name not in facts:
        raise unknown("axis or column of runs", name, facts)
    column = facts[name]
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if value is None:
        found: NDArray[np.bool_] = np.ma.getmaskarray(column)
        if not found.any():
            raise InputError(f"no run has {name}=None: no entry of this column is missing")
    elif number and np.issubdtype(column.dtype, np.number):
        found = np.ma.filled(np.isclose(column, value, rtol=1e-9, atol=0.0, equal_nan=True), False)
    elif name == "optimizer":
        found = np.array([str(value).lower() in names for names in _optimizer_names(record)])
    elif isinstance(value, str) or column.dtype.kind in "US":
        found = np.array([str(entry).lower() == str(value).lower() for entry in column.tolist()])
    else:
        found = np.asarray(np.ma.filled(column == value, False), dtype=bool)
    if not found.any():
        known = list(dict.fromkeys(entry for entry in column.tolist() if entry is not None))
        if isinstance(value, str):
            raise unknown(name, value, map(str, known))
        named = ", ".join(f"{entry:g}" if isinstance(entry, float) else str(entry) for entry in known[:MOST_NAMED])
        raise InputError(
            f"no run has {name}={value!r}; known: {named or 'none'}{', …' if len(known) > MOST_NAMED else ''}"
        )
    return np.asarray(found)


def _along(record: Record, axis: str) -> NDArray[Any]:
    """Return the entry of each run on an axis, shape (R,)."""
    places = np.indices(tuple(map(len, record.axes.values()))).reshape(len(record.axes), -1)
    return np.asarray(np.array(record.axes[axis])[places[list(record.axes).index(axis)]])


def _optimizer_names(record: Record) -> list[set[str]]:
    """Return what each run's optimizer may be called: its label, its text and its name, in lower case."""
    runs = record.trajectories.runs
    if "optimizer" in runs:
        texts = [str(text) for text in runs["optimizer"]]
    else:
        by_label = record.meta.get("optimizers") or {record.meta.get("label", ""): record.meta.get("optimizer", "")}
        texts = [by_label.get(str(label), "") for label in runs["label"]]
    return [
        {str(label).lower(), text.lower(), text.partition("(")[0].lower()}
        for label, text in zip(runs["label"], texts, strict=True)
    ]


def _axes_left(record: Record, keep: NDArray[np.bool_], wanted: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the axes of the kept runs; none if these form no grid."""
    if not record.axes:
        return {}
    grid = record.grid(keep)
    kept = [np.flatnonzero(np.moveaxis(grid, i, 0).reshape(grid.shape[i], -1).any(1)) for i in range(grid.ndim)]
    if not grid[np.ix_(*kept)].all():
        return {}
    return {
        name: [values[i] for i in entries]
        for (name, values), entries in zip(record.axes.items(), kept, strict=True)
        if not (name in wanted and len(entries) == 1)
    }
