"""Turn a comparison into arrays: what each optimizer needed for each problem and tolerance. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis import profiles
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record, filled, steps_or_inf


@dataclass(frozen=True, eq=False)
class Costs:
    """The costs of P problems for each of S optimizers and K tolerances.

    A problem is a function from one start with one seed. A tolerance τ is reached where f ≤ f* + τ (f(x₀) − f*).
    Where tuning was repeated, costs are medians over the studies, as in AlgoPerf (Dahl et al., 2023): a problem is
    solved if it is in most of them.

    Attributes:
        values: shape (P, S, K), infinite where a tolerance was not reached.
        spent: what each run used in all, shape (P, S).
        optimizers: their labels, length S.
        tolerances: shares of the initial gap, length K.
        functions: the function of each problem, shape (P,).
        dims: its number of coordinates, shape (P,).
        judged: the tolerance that counts by default; None for the last.
        starts: the number of the start of each problem, shape (P,).
        by_study: the costs of each study, shape (P, S, K, T); T = 1 without studies.
    """

    values: NDArray[np.float64]
    spent: NDArray[np.float64]
    optimizers: list[str]
    tolerances: list[float]
    functions: NDArray[np.str_]
    dims: NDArray[np.int64]
    judged: float | None = None
    starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    by_study: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0, 0, 0)))

    def at(self, tolerance: float | None = None) -> NDArray[np.float64]:
        """Return the costs of one tolerance, shape (P, S); by default of `judged`, else of the last.

        Raises `InputError` for a tolerance that the comparison does not have.
        """
        return self.values[:, :, find_tolerance(self.tolerances, self.judged if tolerance is None else tolerance)]

    def running_times(self, tolerance: float | None = None) -> NDArray[np.float64]:
        """Return the expected running time of each optimizer on each function, shape (F, S).

        Functions are in the order in which they first occur. See `profiles.expected_running_time`.
        """
        costs, names = self.at(tolerance), list(dict.fromkeys(self.functions.tolist()))
        rows = [self.functions == name for name in names]
        return np.stack([profiles.expected_running_time(costs[row].T, self.spent[row].T) for row in rows])

    def with_restarts(self, draws: int = 100, seed: int = 0) -> Costs:
        """Return costs with simulated restarts: an optimizer starts anew until it reaches the tolerance.

        There are `draws` problems per function. COCO draws its ECDFs of these. See `profiles.with_restarts`.
        """
        parts, names = [], list(dict.fromkeys(self.functions.tolist()))
        for name in names:
            rows = self.functions == name
            spent = self.spent[rows].T[:, None, :]
            parts.append(profiles.with_restarts(self.values[rows].transpose(1, 2, 0), spent, draws, seed))
        values = np.concatenate([part.transpose(2, 0, 1) for part in parts])
        dims = [int(self.dims[self.functions == name][0]) for name in names]
        return replace(
            self,
            values=values,
            spent=np.where(np.isfinite(values), values, 0.0).max(2),
            functions=np.repeat(np.array(names), draws),
            dims=np.repeat(np.array(dims, dtype=np.int64), draws),
            starts=np.tile(np.arange(draws), len(names)),
            by_study=values[..., None],
        )

    def factors(self, count: int = 200) -> NDArray[np.float64]:
        """Return the axis of a performance profile: 1 to the largest finite ratio, evenly on a log scale."""
        found = [profiles.ratios(self.values[:, :, k]) for k in range(len(self.tolerances))]
        largest = max((float(one[np.isfinite(one)].max(initial=1.0)) for one in found), default=1.0)
        return np.geomspace(1.0, max(largest, 2.0), count)

    def budgets(self, count: int = 200) -> NDArray[np.float64]:
        """Return the axis of an ECDF: costs per coordinate from the lowest to the largest, evenly on a log scale."""
        scaled = self.spent / self.dims[:, None]
        reached = (self.values / self.dims[:, None, None])[np.isfinite(self.values)]
        least = float(reached[reached > 0].min(initial=1.0))
        return np.geomspace(least, max(float(scaled.max(initial=1.0)), 2 * least), count)


@suggests_arguments
def costs(record: Record, cost: str = "evaluations") -> Costs:
    """Return what `compare` found, as arrays.

    Args:
        record: a comparison.
        cost: what is counted, "evaluations" or "steps".

    Raises:
        InputError: for another record, one that was interrupted, or one with several learning rates per optimizer
            (choose them first, by `selection.at_best_lr`).

    >>> from landscapes import compare
    >>> found = costs(compare("booth", ["adam", "sgd"], starts=4, steps=100, tolerances=[1e-1, 1e-4]))
    >>> found.values.shape, found.optimizers
    ((4, 2, 2), ['Adam', 'SGD'])
    >>> profiles.performance_profile(found.at(1e-1), [1, 1000]).shape
    (2, 2)
    """
    if not isinstance(record, Record):
        raise InputError(f"profiles and tables need the record of compare(), got {record!r:.80}")
    if record.meta.experiment != "compare":
        raise InputError(f"profiles and tables need the record of compare(), got that of a {record.meta.experiment}")
    if cost not in ("evaluations", "steps"):
        raise unknown("cost", cost, ("evaluations", "steps"))
    if not record.meta.complete:
        raise InputError("the comparison was interrupted; run it again (with resume_dir= it continues)")
    check_one_lr(record)
    if missing := [name for name in ("function", "optimizer", "start", "seed") if name not in record.axes]:
        raise InputError(
            f"the selection has one {missing[0]} alone, so that its axis is dropped; give the whole comparison, or "
            "compare less"
        )
    axes, tolerances = record.axes, [float(share) for share in record.meta["tolerances"]]
    spent = filled(record.grid("evaluations")) if cost == "evaluations" else _steps(record)
    repeats = len(axes["start"]) * len(axes["seed"])
    by_study = by_problem(record, steps_or_inf(record.grid(f"{cost}_to")))
    dims = [record.meta["functions"][name]["dim"] for name in axes["function"]]
    return Costs(
        values=np.median(by_study, axis=-1),
        spent=np.median(by_problem(record, spent).astype(np.float64), axis=-1),
        optimizers=[str(name) for name in axes["optimizer"]],
        tolerances=tolerances,
        functions=np.repeat(np.array(axes["function"]), repeats),
        dims=np.repeat(np.array(dims, dtype=np.int64), repeats),
        judged=judged_tolerance(record.meta),
        starts=np.tile(np.repeat(np.arange(len(axes["start"])), len(axes["seed"])), len(axes["function"])),
        by_study=by_study,
    )


def judged_tolerance(meta: Mapping[str, Any]) -> float:
    """Return the tolerance by which a comparison is judged: that of its chosen learning rates, else the smallest."""
    chosen = meta.get("chosen_for")
    return float(min(meta["tolerances"]) if chosen is None else chosen)


def check_one_lr(record: Record) -> None:
    """Raise `InputError` for a comparison that ran each optimizer at several learning rates."""
    if "lr" in record.axes:
        raise InputError(
            "the comparison has several learning rates per optimizer; choose first: "
            "landscapes.analysis.selection.at_best_lr(record), or "
            "record.sel(lr=0.01)"
        )


def find_tolerance(tolerances: list[float], tolerance: float | None) -> int:
    """Return the place of a tolerance, of the last one for None. Raises `InputError` if it is not there."""
    if tolerance is None:
        return len(tolerances) - 1
    number = tolerance if isinstance(tolerance, int | float | np.number) else np.nan
    close = np.flatnonzero(np.isclose(tolerances, number, rtol=1e-9, atol=0.0))
    if not len(close):
        known = ", ".join(f"{share:g}" for share in tolerances)
        raise InputError(f"the comparison has no tolerance {tolerance!r}; it has {known}")
    return int(close[0])


def by_problem(record: Record, grid: NDArray[Any]) -> NDArray[Any]:
    """Return values in the shape of the axes, with or without K more, as (P, S, K, T) or (P, S, T); T are studies."""
    if "study" not in record.axes:
        grid = np.expand_dims(grid, 2)
    moved = np.moveaxis(grid, (1, 2), (-2, -1))  # (function, start, seed, K…, optimizer, study)
    if moved.ndim == 6:
        moved = np.moveaxis(moved, 3, 4)
    return moved.reshape(-1, *moved.shape[3:])


def _steps(record: Record) -> NDArray[np.int64]:
    """Return the steps that each run took, in the shape of the axes."""
    return filled(record.grid("stopped"), record.meta.steps)
