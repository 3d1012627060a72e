"""The arrays of a record: `Trajectories` and the `Surface` beneath them. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.record import validation

MASKED = ("stopped", "reached", "first_reached", "basin", "arrived", "steps_to", "evaluations_to", "evaluations")
"""The integer columns of runs that may lack entries: they are masked arrays (`numpy.ma`)."""

FAILED = ("diverged", "non-finite", "failed")
"""The statuses of runs that failed; see `Trajectories` for all statuses."""


@dataclass(frozen=True, eq=False, repr=False)
class Surface:
    """A function's values on a grid, and how to colour them.

    Attributes:
        x: first coordinate of the grid, shape (nx,), ascending.
        y: second coordinate, shape (ny,), ascending.
        values: shape (ny, nx); may hold NaN and inf, which are drawn as holes.
        minima: known minimizers to mark with a star, shape (k, 2).
        minimum: the infimum (-inf if unbounded below, NaN if unknown).
        scale: how values become colours: "linear", "log" (of the gap to the lowest value) or "rank".
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    values: NDArray[np.float64]
    minima: NDArray[np.float64]
    minimum: float
    scale: str = "log"

    def __post_init__(self) -> None:
        x, y = (validation.numbers(f"{name} of a surface", getattr(self, name), (None,), "(n,)") for name in "xy")
        values = validation.numbers("values of a surface", self.values, (len(y), len(x)), "(ny, nx)")
        minima = validation.numbers("minima of a surface", self.minima, (None, 2), "(k, 2)")
        if isinstance(self.minimum, bool) or not isinstance(self.minimum, int | float):
            raise InputError(f"minimum of a surface must be a number, got {self.minimum!r:.40}")
        for name, value in (("x", x), ("y", y), ("values", values), ("minima", minima)):
            object.__setattr__(self, name, value)
        validation.check_surface(self)

    def __repr__(self) -> str:
        return f"Surface({len(self.x)} × {len(self.y)} points, minimum {self.minimum:.6g}, scale {self.scale!r})"


@dataclass(frozen=True, eq=False, repr=False)
class Trajectories:
    """The trajectories of R runs in d dimensions at T recorded steps.

    Attributes:
        x: points, shape (R, T, d). A run that was stopped stays at its last accepted point.
        loss: the function's values there, shape (R, T).
        step: the recorded steps, shape (T,), ascending from 0.
        runs: one column per fact, each of length R:

            - `label`; `optimizer` (with its hyper-parameters, as `optimizers.parse` reads it); `lr`
            - `name`, `start`: in a race from several starts the label of the optimizer, and the index of the start
            - `lr_source`: "given", "default" (of the class of an optimizer object), "tuned" or "tuned, calm"
            - `status`: see below; `reason`: why the run was stopped, "" if it was not
            - `stopped`: the step whose point was rejected, masked if there is none
            - `reached`: the first step from which the loss stays at or below the target until the run ends, masked if
              there is none or the run failed; `first_reached`: the first step at or below the target. Of a function
              that is unbounded below: the same for the level from which a run is "unbounded"
            - `n_values`, `n_gradients`, `n_hvps` (Hessian-vector products), `n_hessians`: evaluations

        metrics: other recorded quantities by name, shape (R, T) or (R, T, d); NaN for runs that lack them.

    A run's `status` is one of:

        - `converged`: ends at or below the target
        - `max_steps`: has used all steps before that
        - `terminated`: its method ended by itself before that
        - `unbounded`: ends below a level of a function that is unbounded below (see `race`)
        - `diverged`: leaves the region where anything can be drawn
        - `non-finite`: meets NaN or infinity
        - `failed`: its optimizer raised an error

    Raises:
        InputError: if the shapes do not match.
    """

    x: NDArray[np.float64]
    loss: NDArray[np.float64]
    step: NDArray[np.int64]
    runs: Mapping[str, NDArray[Any]]
    metrics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        loss = validation.numbers("loss", self.loss, (None, None), "(R, T)")
        x = validation.numbers("x", self.x, (*loss.shape, None), "(R, T, d)")
        step = validation.check_steps(self.step)
        if len(step) != loss.shape[1]:
            raise InputError(f"step must have one entry per recorded step, here {loss.shape[1]}; got {len(step)}")
        runs = {name: _with_mask(name, np.asanyarray(column)) for name, column in self.runs.items()}
        metrics = {name: np.asarray(values) for name, values in self.metrics.items()}
        for name, value in (("x", x), ("loss", loss), ("step", step), ("runs", runs), ("metrics", metrics)):
            object.__setattr__(self, name, value)
        validation.check_trajectories(self)

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        runs, steps, dim = self.x.shape
        return f"Trajectories({runs} runs × {steps} recorded steps × {dim} dimensions)"


def _with_mask(name: str, column: NDArray[Any]) -> NDArray[Any]:
    """Return a column that may lack entries as a masked array. In a plain one, negative entries are missing."""
    if name not in MASKED or isinstance(column, np.ma.MaskedArray):
        return column
    return np.ma.array(column, mask=np.asarray(column) < 0)
