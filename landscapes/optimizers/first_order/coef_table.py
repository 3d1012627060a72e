"""Step coefficients as a table: the part that depends on the step, apart from the part that depends on the run."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from landscapes.optimizers.first_order.base import FirstOrder
from landscapes.optimizers.first_order.run_coefs import with_arrays

CoefKind = Literal["constant", "table", "column", "scaled", "each step"]
"""What a coefficient depends on.

"constant": nothing; "table": the step; "column": the run; "scaled": a factor per step times a factor per run; "each
step": step and run in another way.
"""

SMALL_SAMPLES = (0.5, 0.3, 0.7, 0.99)
LARGE_SAMPLE = 40.0
"""Sample values of a hyper-parameter that show how coefficients depend on it; fixed for reproducibility.

0.99 is a decay that is slow enough to rectify RAdam; 40 is a number of steps. Only one hyper-parameter at a time is as
large, because powers would overflow.
"""


@dataclass(frozen=True)
class Split:
    """How a coefficient of the kind "each step" depends on the hyper-parameters that differ between runs.

    Attributes:
        joint: the names on which it depends jointly with the step.
        scaling: the names that multiply it by a factor that is the same at all steps.
    """

    joint: tuple[str, ...]
    scaling: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class CoefTable:
    """The n coefficients of T steps.

    Attributes:
        kinds: kind of each coefficient.
        constants: value of each coefficient at step 1; it holds for all steps if the kind is "constant".
        factors: the part of each coefficient that depends on the step, shape (T, n).
        splits: the split of each coefficient of the kind "each step", by its number.
    """

    kinds: tuple[CoefKind, ...]
    constants: tuple[float, ...]
    factors: NDArray[np.float64]
    splits: dict[int, Split]


@functools.lru_cache(maxsize=64)
def coef_table(optimizer: FirstOrder, names: tuple[str, ...], steps: int) -> CoefTable:
    """Return the coefficients of steps 1 to T, where the hyper-parameters in `names` differ between runs."""
    one = with_arrays(optimizer, dict.fromkeys(names, 0.5))
    probes = sorted({t for t in (1, 2, 3, 5, 9, 17, 65, steps) if t <= steps})
    with np.errstate(all="ignore"):
        single = np.array([one.coef(t) for t in range(1, steps + 1)], dtype=np.float64).reshape(steps, -1)
        sampled = {name: _sample(optimizer, names, name, probes) for name in names}
    kinds: list[CoefKind] = []
    splits: dict[int, Split] = {}
    for j in range(single.shape[1]):
        columns = {name: values for name, by_number in sampled.items() if (values := by_number[j]) is not None}
        scaling = {name for name, values in columns.items() if _is_scaling(values)}
        if not (np.isfinite(single[-1, j]) and single[-1, j]):  # nothing to relate the factors to
            scaling.clear()
        kinds.append(_kind(single[:, j], columns, scaling))
        if kinds[-1] == "each step":
            splits[j] = Split(
                tuple(name for name in columns if name not in scaling),
                tuple(name for name in columns if name in scaling),
            )
    with np.errstate(all="ignore"):
        factors = np.where([kind == "scaled" for kind in kinds], single / single[-1], single)
    return CoefTable(tuple(kinds), tuple(single[0].tolist()), factors, splits)


def _sample(
    optimizer: FirstOrder, names: tuple[str, ...], name: str, probes: Sequence[int]
) -> list[NDArray[np.float64] | None]:
    """Return samples of each coefficient; None for one that does not depend on the hyper-parameter `name`.

    Their shape is (V, P, S): V choices of the other hyper-parameters in `names`, P steps, S values of `name`.
    """
    own = np.array([*SMALL_SAMPLES, LARGE_SAMPLE])
    half: dict[str, Any] = dict.fromkeys(names, 0.5)
    others: list[dict[str, Any]] = [dict.fromkeys(names, value) for value in SMALL_SAMPLES]
    others += [{**half, other: LARGE_SAMPLE} for other in names if other != name]
    varied = [with_arrays(optimizer, {**values, name: own}) for values in others]
    rows: list[list[Sequence[Any]]] = [[one.coef(t) for t in probes] for one in varied]
    return [
        np.array([[np.broadcast_to(coefs[j], own.shape) for coefs in steps] for steps in rows])
        if any(isinstance(coefs[j], np.ndarray) for steps in rows for coefs in steps)
        else None
        for j in range(len(rows[0][0]))
    ]


def _kind(single: NDArray[np.float64], samples: Mapping[str, NDArray[np.float64]], scaling: set[str]) -> CoefKind:
    """Return the kind of a coefficient, given its values (T,) for one run, samples by name, and the scaling names."""
    if not samples:
        return "constant" if (single == single[0]).all() else "table"
    if all(np.array_equal(values[:, 1:], values[:, :-1], equal_nan=True) for values in samples.values()):
        return "column"
    return "scaled" if scaling == samples.keys() else "each step"


def _is_scaling(values: NDArray[np.float64]) -> bool:
    """Return whether the ratios between values (V, P, S) are the same at all steps and for all other hyper-parameters.

    Rows of zeros, and of overflows, carry no information.
    """
    rows = values.reshape(-1, values.shape[-1])
    rows = rows[(rows != 0).any(1) & np.isfinite(rows).any(1)]
    with np.errstate(all="ignore"):
        ratios = rows / rows[:, :1]
        return len(rows) > 0 and np.allclose(ratios, ratios[0], rtol=1e-14, atol=0)
