"""What a comparison found, as arrays: what each optimizer needed for each problem and target. Numpy only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis import profiles
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.record import Record, filled, steps_or_inf


@dataclass(frozen=True, eq=False)
class Costs:
    """What P problems cost each of S optimizers, for each of K targets.

    A problem is a function from one start with one seed.

    Attributes:
        values: shape (P, S, K), infinite where a target was not reached.
        spent: what each run used in all, shape (P, S).
        optimizers: their labels, length S.
        targets: shares of the first gap, length K.
        functions: the function of each problem, shape (P,).
        dims: how many coordinates it has, shape (P,).
    """

    values: NDArray[np.float64]
    spent: NDArray[np.float64]
    optimizers: list[str]
    targets: list[float]
    functions: NDArray[np.str_]
    dims: NDArray[np.int64]

    def at(self, target: float | None = None) -> NDArray[np.float64]:
        """The costs of one target, shape (P, S); by default of the last one.

        Raises `InputError` for a target that is none of the comparison's.
        """
        if target is None:
            return self.values[:, :, -1]
        close = np.flatnonzero(np.isclose(self.targets, target, rtol=1e-9, atol=0.0))
        if not len(close):
            known = ", ".join(f"{share:g}" for share in self.targets)
            raise InputError(f"the comparison has no target {target!r}; its targets are {known}")
        return self.values[:, :, close[0]]

    def running_times(self, target: float | None = None) -> NDArray[np.float64]:
        """The expected running time of each optimizer on each function, shape (F, S); see `profiles.expected_running_time`.

        The functions are in the order in which they first come.
        """
        costs, names = self.at(target), list(dict.fromkeys(self.functions.tolist()))
        rows = [self.functions == name for name in names]
        return np.stack([profiles.expected_running_time(costs[row].T, self.spent[row].T) for row in rows])

    def with_restarts(self, draws: int = 100, seed: int = 0) -> Costs:
        """The costs of optimizers that start anew until they reach a target, so many draws a function as its problems.

        What COCO's ECDFs are drawn of: `profiles.ecdf` of these tells the running times to come, where that of the costs
        themselves tells which of the runs have arrived. See `profiles.with_restarts`.
        """
        parts, names = [], list(dict.fromkeys(self.functions.tolist()))
        for name in names:
            rows = self.functions == name
            spent = self.spent[rows].T[:, None, :]
            parts.append(profiles.with_restarts(self.values[rows].transpose(1, 2, 0), spent, draws, seed))
        values = np.concatenate([part.transpose(2, 0, 1) for part in parts])
        dims = [int(self.dims[self.functions == name][0]) for name in names]
        return replace(
            self, values=values, spent=np.where(np.isfinite(values), values, 0.0).max(2),
            functions=np.repeat(np.array(names), draws), dims=np.repeat(np.array(dims, dtype=np.int64), draws),
        )  # fmt: skip

    def factors(self, count: int = 200) -> NDArray[np.float64]:
        """Factors from 1 to the largest finite ratio there is, evenly on a log scale: the axis of a performance profile."""
        found = [profiles.ratios(self.values[:, :, k]) for k in range(len(self.targets))]
        largest = max((float(one[np.isfinite(one)].max(initial=1.0)) for one in found), default=1.0)
        return np.geomspace(1.0, max(largest, 2.0), count)

    def budgets(self, count: int = 200) -> NDArray[np.float64]:
        """Costs per coordinate from the lowest to the largest there is, evenly on a log scale: the axis of an ECDF."""
        scaled = self.spent / self.dims[:, None]
        reached = (self.values / self.dims[:, None, None])[np.isfinite(self.values)]
        least = float(reached[reached > 0].min(initial=1.0))
        return np.geomspace(least, max(float(scaled.max(initial=1.0)), 2 * least), count)


@suggests_arguments
def costs(record: Record, cost: str = "evaluations") -> Costs:
    """What `compare` found, as arrays.

    Args:
        record: a comparison.
        cost: what is counted, "evaluations" or "steps".

    Raises:
        InputError: for another record, a comparison over learning rates (see `choosing`), or one that was ended before it was
            done.

    >>> from landscapes import compare
    >>> found = costs(compare("booth", ["adam", "sgd"], starts=4, steps=100, tolerances=[1e-1, 1e-4]))
    >>> found.values.shape, found.optimizers
    ((4, 2, 2), ['Adam', 'SGD'])
    >>> profiles.performance_profile(found.at(1e-1), [1, 1000]).shape
    (2, 2)
    """
    if record.meta.get("experiment") != "compare":
        raise InputError(
            f"profiles and tables are made of a comparison, not of a {record.meta.get('experiment', 'record')}"
        )
    if cost not in ("evaluations", "steps"):
        raise unknown("cost", cost, ("evaluations", "steps"))
    if not record.meta["complete"]:
        raise InputError(
            "the comparison was ended before all was run; run it again, with resume_dir= it goes on where it was"
        )
    check_chosen(record)
    axes, targets = record.axes, [float(share) for share in record.meta["tolerances"]]
    spent = filled(record.grid("evaluations")) if cost == "evaluations" else _steps(record)
    repeats = len(axes["start"]) * len(axes["seed"])
    dims = [record.meta["functions"][name]["dim"] for name in axes["function"]]
    return Costs(
        values=_by_problem(steps_or_inf(record.grid(f"{cost}_to"))),
        spent=_by_problem(spent[..., None]).astype(np.float64)[..., 0],
        optimizers=[str(name) for name in axes["optimizer"]],
        targets=targets,
        functions=np.repeat(np.array(axes["function"]), repeats),
        dims=np.repeat(np.array(dims, dtype=np.int64), repeats),
    )


def check_chosen(record: Record) -> None:
    """Raises `InputError` for a comparison with an optimizer at several learning rates, of which none is chosen yet."""
    if "lr" in record.axes:
        raise InputError(
            "the comparison ran each optimizer at several learning rates; choose first: choosing.at_best_lr(record), or "
            'choosing.only(record, "lr", 0.01)'
        )


def _by_problem(grid: NDArray[Any]) -> NDArray[Any]:
    """(function, optimizer, start, seed, K) as (P, S, K)."""
    return grid.transpose(0, 2, 3, 1, 4).reshape(-1, grid.shape[1], grid.shape[4])


def _steps(record: Record) -> NDArray[np.int64]:
    """The steps that each run took, in the shape of the axes."""
    return filled(record.grid("stopped"), int(record.meta["steps"]))
