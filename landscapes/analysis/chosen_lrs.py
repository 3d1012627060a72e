"""The learning rates of a comparison: which were used on each function, how they were chosen. Numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landscapes.record import Record


def lrs_by_function(record: Record, optimizer: str) -> NDArray[np.float64]:
    """Return the learning rates of an optimizer's runs on each function, shape (F, n); NaN if it has none."""
    if "lr" not in record.trajectories.runs:
        return np.full((len(record.axes["function"]), 1), np.nan)
    rates = record.grid("lr")[:, list(record.axes["optimizer"]).index(optimizer)]
    return np.asarray(rates.reshape(len(rates), -1), dtype=np.float64)


def lrs_used(record: Record, optimizer: str) -> str:
    """Return the learning rate of an optimizer, or the range of its rates over functions."""
    rates = lrs_by_function(record, optimizer)
    if np.isnan(rates).all():
        return "–"
    low, high = f"{np.nanmin(rates):.3g}", f"{np.nanmax(rates):.3g}"
    return low if low == high else f"{low} to {high}"


def at_edge(record: Record, optimizer: str, rates: float | NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rates of an optimizer lie at the edge of the grid among which they were chosen, if they were."""
    meta = record.meta
    grid = list(meta.get("lr_grid", ()))
    if not grid or (meta.get("chosen_for") is None and optimizer not in meta.get("tuned", ())):
        return np.zeros(np.shape(rates), dtype=bool)
    return np.asarray(np.isclose(rates, min(grid), atol=0.0) | np.isclose(rates, max(grid), atol=0.0))


def tuning_notes(record: Record) -> list[str]:
    """Return for which optimizers the learning rates were tuned from each function's own start, and among which."""
    meta = record.meta
    if meta.get("chosen_for") is not None or not (tuned := meta.get("tuned")):
        return []
    grid = list(meta.get("lr_grid", ()))
    among = f" among {len(grid)} from {min(grid):.3g} to {max(grid):.3g}," if grid else ""
    return [f"Tuned per function,{among} from its own start: {', '.join(tuned)}."]


def lr_notes(record: Record) -> list[str]:
    """Return which learning rates are untuned; else how they were chosen, and where at the edge of the grid."""
    meta = record.meta
    chosen_for, grid = meta.get("chosen_for"), list(meta.get("lr_grid", ()))
    if chosen_for is None:
        untuned = [name for name in meta.get("untuned", ()) if name in record.axes["optimizer"]]
        return [f"Untuned, with the default learning rate: {', '.join(untuned)}."] if untuned else []
    among = f" among {len(grid)} from {min(grid):.3g} to {max(grid):.3g}," if grid else ""
    notes = [f"Learning rates are chosen per function,{among} for {chosen_for:g}, on the other half of the starts."]
    edges = []
    for name in map(str, record.axes["optimizer"] if grid else ()):
        rates = lrs_by_function(record, name)
        count = int(at_edge(record, name, rates).any(1).sum())
        functions = f"{len(rates)} function{'' if len(rates) == 1 else 's'}"
        edges += [f"{name} on {count} of {functions}"] if count else []
    return [*notes, f"At the edge of this grid: {', '.join(edges)}; a wider grid may be better."] if edges else notes
