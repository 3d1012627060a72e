"""Convert a record for numpy, pandas and xarray: `Record.to_array`, `to_pandas`, `to_xarray`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown

if TYPE_CHECKING:
    import pandas
    import xarray

    from landscapes.record import Record


def to_array(record: Record, name: str) -> NDArray[Any]:
    """Return one quantity as an array; see `Record.to_array`."""
    paths = record.trajectories
    known = {"x": paths.x, "loss": paths.loss, **paths.runs, **paths.metrics}
    if name == "step":
        return paths.step
    if name not in known:
        raise unknown("quantity of this record", name, [*known, "step"])
    return record.grid(known[name]) if record.axes else known[name]


def to_pandas(record: Record) -> pandas.DataFrame:
    """Return a data frame; see `Record.to_pandas`."""
    pd = _imported("pandas")
    if record.meta.experiment in ("race", "training"):
        return pd.DataFrame(_rows_per_step(record))
    columns = run_columns(record)
    return pd.DataFrame({name: _nullable(pd, column) for name, column in columns.items()})


def to_xarray(record: Record) -> xarray.Dataset:
    """Return a dataset; see `Record.to_xarray`."""
    xr = _imported("xarray")
    paths, axes = record.trajectories, record.axes
    names = list(axes) or ["run"]
    coords: dict[str, Any] = {**axes} if axes else {"run": _run_names(record)}
    coords |= {"step": paths.step, "dim": [f"x{i + 1}" for i in range(paths.x.shape[-1])]}
    given = {"x": paths.x, "loss": paths.loss, **paths.metrics}
    data: dict[str, Any] = {
        f"{name}_recorded" if name in coords else name: (
            [*names, "step", "dim"][: len(names) + values.ndim - 1],
            _shaped(record, values),
        )
        for name, values in given.items()
    }
    for name, column in paths.runs.items():
        if name in coords or name in data:
            continue
        values = np.ma.filled(column.astype(np.float64), np.nan) if np.ma.isMaskedArray(column) else column
        if values.ndim > 1:
            coords["tolerance"] = record.meta.get("tolerances", list(range(values.shape[1])))
        data[name] = ([*names, *["tolerance"] * (values.ndim - 1)], _shaped(record, values))
    attrs = {"experiment": record.meta.experiment, "function": record.meta.function}
    dataset: xarray.Dataset = xr.Dataset(data, coords, attrs)
    return dataset


def run_columns(record: Record) -> dict[str, NDArray[Any]]:
    """Return one array of length R per axis and column of runs, in this order.

    A column with one entry per tolerance becomes one array for each, such as "steps_to 0.01".
    """
    axes, count = record.axes, len(record.trajectories)
    places: Any = np.indices(tuple(map(len, axes.values()))).reshape(len(axes), count) if axes else ()
    columns = {name: np.array(values)[place] for (name, values), place in zip(axes.items(), places, strict=True)}
    for name, values in record.trajectories.runs.items():
        if values.ndim == 1:
            columns.setdefault(name, values)
        else:
            ends = record.meta.get("tolerances", range(values.shape[1]))
            columns |= {f"{name} {end:g}": values[:, i] for i, end in enumerate(ends)}
    return columns


def _rows_per_step(record: Record) -> dict[str, NDArray[Any]]:
    """Return columns with one row per run and recorded step."""
    paths = record.trajectories
    runs, steps, dim = paths.x.shape
    columns = {name: np.repeat(paths.runs[name], steps) for name in ("label", "optimizer") if name in paths.runs}
    columns["step"] = np.tile(paths.step, runs)
    columns |= {f"x{i + 1}": paths.x[..., i].reshape(-1) for i in range(dim)}
    columns["loss"] = paths.loss.reshape(-1)
    for name, values in paths.metrics.items():
        if values.ndim == 2:
            columns[name] = values.reshape(-1)
        else:
            columns |= {f"{name}{i + 1}": values[..., i].reshape(-1) for i in range(values.shape[2])}
    return columns


def _run_names(record: Record) -> list[Any]:
    """Return the label of each run, or its number if runs have no labels, as in a map of basins."""
    runs = record.trajectories.runs
    return [str(label) for label in runs["label"]] if "label" in runs else list(range(len(record.trajectories)))


def _shaped(record: Record, values: NDArray[Any]) -> NDArray[Any]:
    return record.grid(values) if record.axes else values


def _nullable(pd: Any, column: NDArray[Any]) -> Any:
    """Return a masked column of integers as pandas' nullable ones, any other as it is."""
    if not isinstance(column, np.ma.MaskedArray):
        return column
    return pd.arrays.IntegerArray(column.filled(0).astype(np.int64), np.ma.getmaskarray(column).copy())


def _imported(name: str) -> Any:
    """Return an optional package. Raises `InputError` if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise InputError(f"{name} is not installed; pip install {name}") from None
