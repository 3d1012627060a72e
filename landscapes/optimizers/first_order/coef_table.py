"""Step coefficients as a table: the part that depends on the step, apart from the part that depends on the run."""

from __future__ import annotations

import functools
from collections.abc import Sequence
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

SAMPLES = np.array([0.5, 0.3, 0.7])
"""Sample values of a hyper-parameter that show how coefficients depend on it; fixed for reproducibility."""


@dataclass(frozen=True, eq=False)
class CoefTable:
    """The n coefficients of T steps.

    Attributes:
        kinds: kind of each coefficient.
        constants: value of each coefficient at step 1; it holds for all steps if the kind is "constant".
        factors: the part of each coefficient that depends on the step, shape (T, n).
    """

    kinds: tuple[CoefKind, ...]
    constants: tuple[float, ...]
    factors: NDArray[np.float64]


@functools.lru_cache(maxsize=64)
def coef_table(optimizer: FirstOrder, names: tuple[str, ...], steps: int) -> CoefTable:
    """Return the coefficients of steps 1 to T, where the hyper-parameters in `names` differ between runs."""
    one = with_arrays(optimizer, dict.fromkeys(names, 0.5))
    some = with_arrays(optimizer, {name: SAMPLES if i == 0 else np.roll(SAMPLES, i) for i, name in enumerate(names)})
    probes = sorted({t for t in (1, 2, 3, 5, 9, 17, 65, steps) if t <= steps})
    with np.errstate(all="ignore"):
        single = np.array([one.coef(t) for t in range(1, steps + 1)], dtype=np.float64).reshape(steps, -1)
        sampled: list[Sequence[Any]] = [some.coef(t) for t in probes]
    kinds: list[CoefKind] = []
    for j in range(single.shape[1]):
        by_step = np.array([np.broadcast_to(coefs[j], SAMPLES.shape) for coefs in sampled])
        if not any(isinstance(coefs[j], np.ndarray) for coefs in sampled):
            kinds.append("constant" if (single[:, j] == single[0, j]).all() else "table")
            continue
        with np.errstate(all="ignore"):
            product = np.allclose(by_step, by_step[-1] * (by_step[:, :1] / by_step[-1, 0]), rtol=1e-14, atol=0)
        kinds.append("each step" if not product else "column" if (by_step == by_step[-1]).all() else "scaled")
    with np.errstate(all="ignore"):
        factors = np.where([kind == "scaled" for kind in kinds], single / single[-1], single)
    return CoefTable(tuple(kinds), tuple(single[0].tolist()), factors)
