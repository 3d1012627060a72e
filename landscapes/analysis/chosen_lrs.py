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
    if ends := searched_ranges(record).get(optimizer, {}).get("lr"):
        low, high, _ = ends
        return np.asarray((rates <= EDGE * low) | (rates >= high / EDGE))
    grid = list(meta.get("lr_grid", ()))
    if not grid or (meta.get("chosen_for") is None and optimizer not in meta.get("tuned", ())):
        return np.zeros(np.shape(rates), dtype=bool)
    return np.asarray(np.isclose(rates, min(grid), atol=0.0) | np.isclose(rates, max(grid), atol=0.0))


def tuning_notes(record: Record) -> list[str]:
    """Return for which optimizers the learning rates were tuned from each function's own start, and among which."""
    meta = record.meta
    if (meta.get("chosen_for") is not None and not meta.get("tuning")) or not (tuned := meta.get("tuned")):
        return []
    grid = list(meta.get("lr_grid", ()))
    among = f" among {len(grid)} from {min(grid):.3g} to {max(grid):.3g}," if grid else ""
    return [f"Tuned per function,{among} from its own start: {', '.join(tuned)}."]


def lr_notes(record: Record) -> list[str]:
    """Return which learning rates are untuned; else how they were chosen, and where at the edge of the grid."""
    meta = record.meta
    chosen_for, grid = meta.get("chosen_for"), list(meta.get("lr_grid", ()))
    if meta.get("tuning"):
        return [*study_notes(record), *edge_notes(record)]
    if chosen_for is None:
        untuned = [name for name in meta.get("untuned", ()) if name in record.axes["optimizer"]]
        return [f"Untuned, with the default learning rate: {', '.join(untuned)}."] if untuned else []
    among = f" among {len(grid)} from {min(grid):.3g} to {max(grid):.3g}," if grid else ""
    notes = [f"Learning rates are chosen per function,{among} for {chosen_for:g}, on the other half of the starts."]
    return [*notes, *(edge_notes(record) if grid else [])]


def edge_notes(record: Record) -> list[str]:
    """Return on how many functions learning rates were chosen at the edge of what was tried."""
    edges = []
    for name in map(str, record.axes["optimizer"]):
        rates = lrs_by_function(record, name)
        count = int(at_edge(record, name, rates).any(1).sum())
        functions = f"{len(rates)} function{'' if len(rates) == 1 else 's'}"
        edges += [f"{name} on {count} of {functions}"] if count else []
    if not edges:
        return []
    what = "range" if record.meta.get("tuning") else "grid"
    return [f"At the edge of this {what}: {', '.join(edges)}; a wider {what} may be better."]


EDGE = 2.0
"""A rate within this factor of the end of a searched range lies at its edge."""


def searched_ranges(record: Record) -> dict[str, dict[str, tuple[float, float, str]]]:
    """Return what the studies of a comparison searched: label → name → (low, high, scale); {} without studies."""
    found = record.meta.get("tuning", {}).get("searched", {})
    return {label: {name: tuple(ends) for name, ends in own.items()} for label, own in found.items()}


def study_notes(record: Record) -> list[str]:
    """Return how the settings of a comparison with studies were searched, chosen and judged."""
    tuning, meta = record.meta["tuning"], record.meta
    ranges: dict[str, list[str]] = {}
    for label, own in searched_ranges(record).items():
        text = ", ".join(f"{name} from {low:.3g} to {high:.3g} ({scale})" for name, (low, high, scale) in own.items())
        ranges.setdefault(text, []).append(label)
    nothing = ranges.pop("", [])
    what = "; ".join(text if not ranges else f"{text} of {', '.join(labels)}" for text, labels in ranges.items())
    draws = "quasi-random" if tuning["design"] == "sobol" else "random"
    studies = f"{tuning['studies']} stud{'y' if tuning['studies'] == 1 else 'ies'}"
    notes = [
        f"Tuned in {studies} of {tuning['trials']} {draws} trials per function: {what}.",
        f"A study chooses its best trial for {meta.get('chosen_for'):g} from {tuning['starts']} "
        f"start{'' if tuning['starts'] == 1 else 's'} of its own, and is judged from others; costs are medians over "
        "studies.",
    ]
    return [*notes, f"Without anything to tune: {', '.join(nothing)}."] if nothing else notes
