"""Step scalars as a table: what depends on the step alone, apart from what depends on the run."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from landscapes.optimizers.first_order.base import FirstOrder
from landscapes.optimizers.first_order.scalars import varied

Sort = Literal["constant", "table", "column", "scaled", "each step"]
"""How a scalar depends on step and run: on neither, on the step, on the run, on both as a product, or otherwise."""

SAMPLES = np.array([0.5, 0.3, 0.7])
"""Numbers that tell how scalars depend on those that differ; the same for every block, and so are the bits."""


@dataclass(frozen=True, eq=False)
class Table:
    """The step scalars of T steps.

    Attributes:
        sorts: of each scalar.
        constants: of each scalar, where it is one.
        factors: what depends on the step alone, shape (T, n).
    """

    sorts: tuple[Sort, ...]
    constants: tuple[float, ...]
    factors: NDArray[np.float64]


@functools.lru_cache(maxsize=64)
def table(optimizer: FirstOrder, names: tuple[str, ...], steps: int) -> Table:
    """The scalars of an optimizer for steps 1 to T, where numbers of these names differ from run to run."""
    one = varied(optimizer, dict.fromkeys(names, 0.5))
    some = varied(optimizer, {name: SAMPLES if i == 0 else np.roll(SAMPLES, i) for i, name in enumerate(names)})
    probes = sorted({t for t in (1, 2, 3, 5, 9, 17, 65, steps) if t <= steps})
    with np.errstate(all="ignore"):
        alone = np.array([one.coef(t) for t in range(1, steps + 1)], dtype=np.float64).reshape(steps, -1)
        known: list[Sequence[Any]] = [some.coef(t) for t in probes]
    sorts: list[Sort] = []
    for j in range(alone.shape[1]):
        by_step = np.array([np.broadcast_to(scalars[j], SAMPLES.shape) for scalars in known])
        if not any(isinstance(scalars[j], np.ndarray) for scalars in known):
            sorts.append("constant" if (alone[:, j] == alone[0, j]).all() else "table")
            continue
        with np.errstate(all="ignore"):
            product = np.allclose(by_step, by_step[-1] * (by_step[:, :1] / by_step[-1, 0]), rtol=1e-14, atol=0)
        sorts.append("each step" if not product else "column" if (by_step == by_step[-1]).all() else "scaled")
    with np.errstate(all="ignore"):
        factors = np.where([sort == "scaled" for sort in sorts], alone / alone[-1], alone)
    return Table(tuple(sorts), tuple(alone[0].tolist()), factors)
