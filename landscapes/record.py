"""What a job leaves behind: trajectories, the surface beneath them, and what was run. Numpy only.

A `Record` is all that drawing needs, so a saved one is drawn where torch is not installed.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes import files
from landscapes.errors import InputError, unknown
from landscapes.files import replacing

FORMAT = 1
"""Version of the file layout; a reader refuses a newer one."""

MASKED = ("stopped", "reached", "basin", "arrived", "steps_to", "evaluations_to", "evaluations")
"""The integer columns of runs that may lack entries: they are masked arrays (`numpy.ma`)."""

FAILED = ("diverged", "non-finite")
"""The statuses of runs that were stopped; see `Trajectories` for all of them."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A function's values on a grid, and how to colour them.

    Attributes:
        x: first coordinate of the grid, shape (nx,), ascending.
        y: second coordinate, shape (ny,), ascending.
        values: shape (ny, nx); may hold NaN and inf, which are drawn as holes.
        minima: known minimisers to mark with a star, shape (k, 2).
        minimum: the lowest value there is (-inf where the function has none, NaN where unknown).
        scale: "linear", "log" (of the gap to the lowest value) or "rank": how values become colours.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    values: NDArray[np.float64]
    minima: NDArray[np.float64]
    minimum: float
    scale: str = "log"


@dataclass(frozen=True, eq=False)
class Trajectories:
    """The paths of R runs in d dimensions, T kept steps each.

    Attributes:
        x: points, shape (R, T, d). A run that was stopped stays at its last good point.
        loss: the function's value there, shape (R, T).
        step: which steps were kept, shape (T,), ascending from 0.
        runs: one column a fact, each of length R: `label`, `optimizer` (with its hyper-parameters, as
            it can be given again), `lr`, `status`, `stopped` (the step whose point was rejected, masked if the run
            went on), `reached` (the first step at or below the target, masked if there is none), `reason` (why it was stopped, "" where it
            was not), and how often it evaluated the function: `values`, `gradients`, `products` (Hessian times
            vector), `hessians`.
        observed: what else was recorded, by name: shape (R, T) or (R, T, d), NaN where a run has no such thing.

    A run's `status` is `converged` (ends at or below the target), `escaped` (went down a slope that
    has no bottom, past the target), `budget` (out of steps before), `diverged` (left the region where
    anything can be seen), `non-finite` (met NaN or infinity) or `finished` (its method ended by itself, short of the target).
    """

    x: NDArray[np.float64]
    loss: NDArray[np.float64]
    step: NDArray[np.int64]
    runs: Mapping[str, NDArray[Any]]
    metrics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (*self.loss.shape, self.x.shape[-1])
        if self.x.shape != shape or self.step.shape != shape[1:2]:
            raise InputError(
                f"trajectories do not fit together: x {self.x.shape}, loss {self.loss.shape}, "
                f"step {self.step.shape}; expected (R, T, d), (R, T) and (T,)"
            )
        object.__setattr__(self, "runs", {name: _with_mask(name, column) for name, column in self.runs.items()})
        for name, column in self.runs.items():
            if len(column) != len(self.x):
                raise InputError(f"column {name!r} has {len(column)} entries for {len(self.x)} runs")

        for name, values in self.metrics.items():
            if values.shape[:2] != self.loss.shape:
                raise InputError(
                    f"observed {name!r} has shape {values.shape} for {self.loss.shape[0]} runs of {self.loss.shape[1]} steps"
                )

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Record:
    """Trajectories, the surface beneath them, and the facts of the job.

    Attributes:
        trajectories: the paths.
        surface: the landscape in its view, or None where there is no plane to show.
        curve: the landscape over its one coordinate, as a surface of one row (`y` being (0,)); else None.
        meta: plain data (as JSON knows it): `job` ("race", "sweep", "basins" or "compare"), `function`, `title`,
            `minimum`, `target`, `steps`, `start`, `versions`, `device`, `dtype` and more. Where the runs are a grid,
            `axes` names its axes and what stands along each, in the order in which the runs are laid out.
    """

    trajectories: Trajectories
    surface: Surface | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    curve: Surface | None = None

    @property
    def order(self) -> list[int]:
        """Runs from best to worst: those that reached the target by how soon, then by final value."""
        runs, final = self.trajectories.runs, self.trajectories.loss[:, -1]
        lost = np.isin(runs["status"], FAILED)
        reached = steps_or_inf(runs["reached"])
        return [int(i) for i in np.lexsort((final, reached, lost))]

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the race as a page in a frame; nothing but the plain text for other jobs."""
        import landscapes

        try:
            return landscapes.render.framed(self) if self.meta.get("experiment", "race") == "race" else None
        except InputError:
            return None

    @property
    def axes(self) -> dict[str, list[Any]]:
        """The axes of a grid of runs, the last one running fastest; empty where the runs are no grid."""
        return dict(self.meta.get("axes", {}))

    def grid(self, column: str | NDArray[Any]) -> NDArray[Any]:
        """A column of the runs, or values of shape (R, …), in the shape of the axes.

        Raises `InputError` where the runs are no grid, or there is no such column.
        """
        if not self.axes:
            raise InputError("the runs of this record are no grid; sweep, basins and compare make one")
        if isinstance(column, str) and column not in self.trajectories.runs:
            raise unknown("column", column, self.trajectories.runs)
        values = self.trajectories.runs[column] if isinstance(column, str) else column
        return np.asanyarray(values).reshape(*map(len, self.axes.values()), *np.shape(values)[1:])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the record as one `.npz` file without pickles, and returns its path.

        Raises `InputError` for another suffix, or where the file cannot be made.
        """
        target = check_target(path)
        arrays: dict[str, Any] = {"format": np.array(FORMAT), "meta": np.array(json.dumps(dict(self.meta)))}
        arrays |= {f"trajectories/{name}": getattr(self.trajectories, name) for name in ("x", "loss", "step")}
        for name, column in self.trajectories.runs.items():
            arrays[f"runs/{name}"] = np.ma.getdata(column)
            if isinstance(column, np.ma.MaskedArray):
                arrays[f"runs/{name}.mask"] = np.ma.getmaskarray(column)
        arrays |= {f"metrics/{name}": values for name, values in self.trajectories.metrics.items()}
        for part, ground in (("surface", self.surface), ("curve", self.curve)):
            if ground is not None:
                arrays |= {f"{part}/{name}": np.asarray(value) for name, value in vars(ground).items()}
        with replacing(target) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Record:
        """Reads what `save` wrote. Raises `InputError` where the file is missing or something else."""
        try:
            with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            version = int(arrays["format"])
            if version <= FORMAT:
                return cls._assembled(arrays)
        except FileNotFoundError:
            raise InputError(f"there is no file {str(path)!r}") from None
        except _NOT_A_RECORD as error:
            raise InputError(f"{str(path)!r} is not a saved record: {error}") from error
        raise InputError(f"{str(path)!r} has layout {version}, newer than this package reads ({FORMAT}); update it")

    @classmethod
    def _assembled(cls, arrays: Mapping[str, NDArray[Any]]) -> Record:
        def part(name: str) -> dict[str, Any]:
            return {key.removeprefix(f"{name}/"): value for key, value in arrays.items() if key.startswith(f"{name}/")}

        def ground(name: str) -> Surface | None:
            facts = part(name)
            if not facts:
                return None
            return Surface(**facts | {"minimum": float(facts["minimum"]), "scale": str(facts["scale"])})

        runs = part("runs")
        masks = {name: runs.pop(name) for name in [name for name in runs if name.endswith(".mask")]}
        for name, mask in masks.items():
            column = name.removesuffix(".mask")
            runs[column] = np.ma.array(runs[column], mask=mask)
        trajectories = Trajectories(**part("trajectories"), runs=runs, metrics=part("metrics"))
        return cls(trajectories, ground("surface"), json.loads(str(arrays["meta"])), ground("curve"))


def steps_or_inf(column: NDArray[Any]) -> NDArray[np.float64]:
    """Return a masked column of steps as floats, infinite where the entry is missing.

    >>> steps_or_inf(np.ma.array([3, 0], mask=[False, True]))
    array([ 3., inf])
    """
    return np.ma.filled(np.ma.asarray(column).astype(np.float64), np.inf)


def step_or_none(column: NDArray[Any], run: int) -> int | None:
    """Return one entry of a masked column, None where it is missing."""
    return None if np.ma.getmaskarray(column)[run] else int(np.ma.getdata(column)[run])


def filled(column: NDArray[Any], value: int = -1) -> NDArray[np.int64]:
    """Return a masked column as a plain array, with `value` where an entry is missing."""
    return np.asarray(np.ma.filled(column, value))


def _with_mask(name: str, column: NDArray[Any]) -> NDArray[Any]:
    """Return a column that may lack entries as a masked array; in a plain one, negative entries are missing."""
    if name not in MASKED or isinstance(column, np.ma.MaskedArray):
        return column
    return np.ma.array(column, mask=np.asarray(column) < 0)


_NOT_A_RECORD = (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error)
"""What numpy and we raise, depending on where a file stops being a record."""


def check_target(path: str | os.PathLike[str]) -> Path:
    """The path as a `Path`, once it is sure that a record can be saved there; else an `InputError`."""
    if Path(path).suffix != ".npz":
        raise InputError(f"a record is saved as .npz, not as {Path(path).name!r}")
    return files.check_target(path)
