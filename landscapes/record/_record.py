"""Store what an experiment leaves behind: trajectories, the surface beneath them, and metadata. Numpy only.

A `Record` is all that drawing needs, so a saved one is drawn where torch is not installed.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landscapes import files
from landscapes.errors import InputError, unknown
from landscapes.files import replacing
from landscapes.record import archive, validation
from landscapes.record._arrays import FAILED, Surface, Trajectories
from landscapes.record.checkpoints import trajectories_and_meta
from landscapes.record.metadata import ExperimentMeta, RaceMeta, meta_of

if TYPE_CHECKING:
    import pandas
    import xarray

FORMAT = 1
"""Version of the file layout. A reader refuses a newer one."""


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """The result of an experiment: trajectories, the surface beneath them, and metadata.

    Attributes:
        trajectories: the runs.
        surface: the function in its view, or None if there is no plane to draw.
        meta: what was run, a dataclass of `landscapes.record.metadata`. A mapping is converted by its key "experiment".
        curve: the function over its only coordinate, as a surface of one row (`y` is (0,)); else None.
        grids: further quantities on the grid of the surface or curve, by name, such as the accuracy of a network.
    """

    trajectories: Trajectories
    surface: Surface | None = None
    meta: ExperimentMeta = field(default_factory=RaceMeta)
    curve: Surface | None = None
    _best: Mapping[str, Any] | None = None
    grids: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.meta, ExperimentMeta):
            object.__setattr__(self, "meta", meta_of(self.meta))
        validation.check_record(self)

    def __repr__(self) -> str:
        runs, steps, dim = self.trajectories.x.shape
        title = self.meta.function or self.meta.title or ", ".join(self.meta.get("functions", {}))
        lines = [f"Record of {self.meta.experiment}" + (f" on {title:.80}" if title else "")]
        labels = list(dict.fromkeys(optimizer_labels(self))) if "label" in self.trajectories.runs else []
        if labels:
            lines.append(f"optimizers: {', '.join(labels[:6])}{', …' if len(labels) > 6 else ''}")
        lines.append(f"runs × recorded steps × dimensions: {runs} × {steps} × {dim}")
        if self.axes:
            lines.append(f"axes: {', '.join(f'{name} ({len(values)})' for name, values in self.axes.items())}")
        if "status" in self.trajectories.runs:
            counts = Counter(map(str, self.trajectories.runs["status"])).most_common()
            lines.append(f"status: {', '.join(f'{count} {status_words(status)}' for status, count in counts)}")
            if runs and {"label", "reached"} <= self.trajectories.runs.keys():
                best = self.order[0]
                lines.append(f"best: {labels_of(self)[best]}, final loss {self.trajectories.loss[best, -1]:.4g}")
        return "\n  ".join(lines)

    @property
    def order(self) -> list[int]:
        """Runs from best to worst: by the step that reaches the target, then by final loss; failed runs last.

        In a map of basins, the step at which a run arrives at a minimum takes the place of `reached`.
        """
        runs, final = self.trajectories.runs, self.trajectories.loss[:, -1]
        failed = np.isin(runs["status"], FAILED)
        reached = steps_or_inf(runs["reached"] if "reached" in runs else runs["arrived"])
        return [int(i) for i in np.lexsort((final, reached, failed))]

    @property
    def below_minimum(self) -> NDArray[np.bool_]:
        """Whether each run goes below the minimum in the metadata by more than rounding, shape (R,).

        False for runs that failed, and if the minimum is unknown or -inf.
        """
        runs, minimum = self.trajectories.runs, float(self.meta.minimum)
        if not np.isfinite(minimum) or not len(self.trajectories):
            return np.zeros(len(self.trajectories), dtype=bool)
        loss = self.trajectories.loss
        lowest = runs.get("lowest", np.min(loss, axis=1, where=np.isfinite(loss), initial=np.inf))
        below = lowest < minimum - rounding_slack(loss[:, 0], minimum, self.meta.dtype)
        return np.asarray(below & ~np.isin(runs["status"], FAILED))

    @property
    def gap_origin(self) -> float:
        """The minimum from which gaps are measured, NaN if losses are to be shown instead.

        They are if the minimum is unknown or -inf, if a lower value was seen, and for functions of which only a lower
        bound is declared, such as networks.
        """
        meta = self.meta
        measured = meta.minimum_is in ("known", "found") and np.isfinite(meta.minimum) and meta.lower_bound is None
        return float(meta.minimum) if measured and not self.below_minimum.any() else float("nan")

    @property
    def best(self) -> dict[str, Any]:
        """The best optimizer that `tune` found, per label.

        A loaded record builds them from their text, which needs torch.

        Raises:
            InputError: for the record of another experiment, or an optimizer that cannot be built from its text.
        """
        if self.meta.experiment != "tune":
            raise InputError(f"best optimizers are found by tune(), got the record of a {self.meta.experiment}")
        if self._best is not None:
            return dict(self._best)
        import landscapes

        return {label: landscapes.optimizers.parse(text)[0] for label, text in self.meta["optimizers"].items()}

    def _repr_html_(self) -> str | None:
        """Return what a notebook shows: a race as an interactive page; None (plain text) for other experiments."""
        import landscapes  # drawing stands above this layer: the lazy package loads it

        try:
            return landscapes.render._notebook_html(self) if self.meta.experiment == "race" else None
        except InputError:
            return None

    def show(self, name: str, scale: str = "linear") -> Record:
        """Return the record with another quantity of its grid as the surface, such as the accuracy of a network.

        The losses of runs stay, so the surface is not theirs.

        Args:
            name: one of `grids`.
            scale: "linear", "log" or "rank": how its values become colours.

        Raises:
            InputError: for an unknown quantity.

        >>> from landscapes import Surface
        >>> flat = Surface([0, 1], [0, 1], [[1, 2], [3, 4]], [[0, 0]], 1.0)
        >>> runs = Trajectories(np.zeros((0, 1, 2)), np.zeros((0, 1)), [0], {})
        >>> Record(runs, flat, {}, grids={"accuracy": flat.values / 4}).show("accuracy").surface.values.tolist()
        [[0.25, 0.5], [0.75, 1.0]]
        """
        shown = self.surface if self.surface is not None else self.curve
        if name not in self.grids or shown is None:
            raise unknown("quantity on the grid", str(name), self.grids)
        other = replace(shown, values=self.grids[name], scale=scale, minima=np.zeros((0, 2)), minimum=float("nan"))
        title = f"{self.meta.title}: {name}" if self.meta.title else name
        meta = self.meta.replace(title=title)
        if self.surface is not None:
            return replace(self, surface=other, meta=meta)
        return replace(self, curve=other, meta=meta)

    @property
    def axes(self) -> dict[str, list[Any]]:
        """The axes of a grid of runs, the last one running fastest; {} if the runs form no grid."""
        return dict(self.meta.axes)

    def grid(self, column: str | NDArray[Any]) -> NDArray[Any]:
        """Return a column of the runs, or values of shape (R, …), in the shape of the axes.

        Raises:
            InputError: if the runs form no grid, or there is no such column.

        >>> from landscapes import sweep
        >>> sweep("booth", "adam", lr=[0.1, 1.0], beta1=[0.5, 0.9, 0.99], steps=20).grid("final").shape
        (2, 3)
        """
        if not self.axes:
            raise InputError("the runs of this record form no grid; sweep, basins and compare make one")
        if isinstance(column, str) and column not in self.trajectories.runs:
            raise unknown("column", column, self.trajectories.runs)
        values = self.trajectories.runs[column] if isinstance(column, str) else column
        return np.asanyarray(values).reshape(*map(len, self.axes.values()), *np.shape(values)[1:])

    def sel(self, **facts: Any) -> Record:
        """Return the record of the runs for which all given facts hold.

        The `facts` are axes and columns of runs. `optimizer` matches labels, names and texts of optimizers, ignoring
        case. Numbers match within rounding. None matches missing entries. An axis with one entry left is dropped.
        Runs that no longer form a grid have no axes.

        Raises:
            InputError: for an unknown fact, or one that no run has.

        >>> from landscapes import sweep
        >>> record = sweep("booth", ["adam", "sgd"], lr=[0.01, 0.1], steps=20)
        >>> record.sel(optimizer="adam", lr=0.1).trajectories.runs["label"].tolist()
        ['Adam']
        >>> record.sel(lr=0.1).axes
        {'optimizer': ['Adam', 'SGD']}
        """
        from landscapes.record._selection import select

        return select(self, facts)

    def to_array(self, name: str) -> NDArray[Any]:
        """Return one quantity as an array, in the shape of the axes if there are any.

        Args:
            name: "x", "loss", "step", a metric, or a column of the runs. A metric hides a column of its name.

        Raises:
            InputError: for an unknown name.

        >>> from landscapes import race
        >>> race("booth", ["sgd", "adam(lr=0.5)"], steps=20).to_array("x").shape
        (2, 21, 2)
        """
        from landscapes.record._export import to_array

        return to_array(self, name)

    def to_pandas(self) -> pandas.DataFrame:
        """Return a data frame, which needs pandas.

        For a race: one row per run and recorded step, with label, optimizer, step, x1 … xd, loss and metrics.
        For other experiments: one row per run, with its axes and all columns of runs. Missing integers are `pandas.NA`.

        Raises:
            InputError: if pandas is not installed.

        >>> from landscapes import race
        >>> frame = race("booth", ["sgd", "adam(lr=0.5)"], steps=20).to_pandas()  # doctest: +SKIP
        >>> frame.pivot(index="step", columns="label", values="loss")  # doctest: +SKIP
        """
        from landscapes.record._export import to_pandas

        return to_pandas(self)

    def to_xarray(self) -> xarray.Dataset:
        """Return a dataset, which needs xarray. Missing integers are NaN.

        Its dimensions are the axes, or `run` without a grid; then `step` and `dim`. A recorded quantity with the name
        of an axis is called `…_recorded`, such as `lr_recorded`; a column with that name is left out.

        Raises:
            InputError: if xarray is not installed.

        >>> from landscapes import Range, sweep
        >>> grid = sweep("booth", "adam", lr=Range(0.01, 1.0, n=8), beta1=[0.5, 0.9], steps=20)
        >>> grid.to_xarray()["final"].sel(beta1=0.9)  # doctest: +SKIP
        """
        from landscapes.record._export import to_xarray

        return to_xarray(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the record as one `.npz` file without pickles, and return its path.

        Raises:
            InputError: for another suffix, or if the file cannot be made.

        >>> from landscapes import Record, race
        >>> import tempfile
        >>> record = race("booth", ["adam(lr=0.5)"], steps=20)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = record.save(f"{folder}/race.npz")
        ...     print(len(Record.load(path).trajectories))
        1
        """
        target = check_target(path)
        arrays: dict[str, Any] = {"format": np.array(FORMAT), "meta": np.array(json.dumps(dict(self.meta)))}
        arrays |= {f"trajectories/{name}": getattr(self.trajectories, name) for name in ("x", "loss", "step")}
        for name, column in self.trajectories.runs.items():
            arrays[f"runs/{name}"] = np.ma.getdata(column)
            if isinstance(column, np.ma.MaskedArray):
                arrays[f"runs/{name}.mask"] = np.ma.getmaskarray(column)
        arrays |= {f"metrics/{name}": values for name, values in self.trajectories.metrics.items()}
        for part, surface in (("surface", self.surface), ("curve", self.curve)):
            if surface is not None:
                arrays |= {f"{part}/{name}": np.asarray(value) for name, value in vars(surface).items()}
        arrays |= {f"grids/{name}": values for name, values in self.grids.items()}
        with replacing(target) as temporary, temporary.open("wb") as file:
            archive.write(file, arrays)
        return target

    @classmethod
    def from_checkpoints(
        cls,
        runs: Any,
        losses: Any,
        *,
        steps: Sequence[int] | None = None,
        target: float | None = None,
        title: str = "",
        function: str = "",
        surface: Surface | None = None,
    ) -> Record:
        """Return the record of one or several runs of your own training loop, as if `race` had made it.

        All plots take it. Points with more than two coordinates are drawn after `project`.

        Args:
            runs: the checkpoints of one run, or a mapping from labels to those of several runs. They are an array or
                tensor of shape (T, d), or a list of 1-D arrays, of 1-D tensors, or of `state_dict`s. Of a `state_dict`
                the weights count, in its order; the running statistics of BatchNorm are left out.
            losses: T losses of one run, a mapping from labels to those of several runs, or a function of one point
                (d,) that returns the loss.
            steps: the step of each checkpoint, ascending, of the longest run; by default 0, 1, 2, …
            target: the loss to reach, if there is one.
            title: title of pictures.
            function: name of the objective; `project` then takes no other function.
            surface: the function in its view, for points of two coordinates: `Function.surface()`.

        Returns:
            A record of the experiment "race". A shorter run stays at its last checkpoint and is "terminated". A run
            that meets NaN or infinity stays at its last finite checkpoint and is "non-finite".

        Raises:
            InputError: if labels, lengths or shapes do not match, or if a run begins at NaN or infinity.

        Warns:
            UserWarning: if `losses` is a network with frozen statistics of BatchNorm (`from_module`) that differ from
                those in the checkpoints.

        >>> points = {"mine": [[1.0, 0.0, 2.0], [0.5, 0.1, 1.0], [0.1, 0.0, 0.3]]}
        >>> record = Record.from_checkpoints(points, {"mine": [5.0, 1.3, 0.1]}, steps=[0, 100, 200])
        >>> record.trajectories.x.shape, record.trajectories.step.tolist()
        ((1, 3, 3), [0, 100, 200])
        """
        trajectories, meta = trajectories_and_meta(
            runs, losses, steps=steps, target=target, title=title, function=function
        )
        return cls(trajectories, surface, meta)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Record:
        """Read what `save` wrote.

        Args:
            path: of an `.npz` file; `save` has an example.

        Raises:
            InputError: if the file is missing, is not a record, or has a newer layout.
        """
        try:
            with Path(path).open("rb") as stream:
                if not zipfile.is_zipfile(stream):
                    raise InputError(_NOT_A_ZIP)
                reader = archive.Reader(stream)
                version = _version(reader)
                if version <= FORMAT:
                    return cls._from_arrays(reader.arrays())
        except FileNotFoundError:
            raise InputError(f"there is no file {str(path)!r}") from None
        except OSError as error:
            raise InputError(f"{str(path)!r} is not a saved record: {error.strerror or error}") from error
        except InputError as error:
            raise InputError(f"{str(path)!r} is not a saved record: {error}") from error
        raise InputError(f"{str(path)!r} has layout {version}, newer than this package reads ({FORMAT}); update it")

    @classmethod
    def _from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Record:
        def part(name: str) -> dict[str, Any]:
            return {key.removeprefix(f"{name}/"): value for key, value in arrays.items() if key.startswith(f"{name}/")}

        def surface(name: str) -> Surface | None:
            return Surface(**_exactly(name, part(name), _SURFACE)) if part(name) else None

        runs = part("runs")
        for name in [name for name in runs if name.endswith(".mask")]:
            mask, column = runs.pop(name), name.removesuffix(".mask")
            if column not in runs or mask.dtype != bool or mask.shape != runs[column].shape:
                raise InputError(f"the mask of column {column!r} does not fit it")
            runs[column] = np.ma.array(runs[column], mask=mask)
        own = _exactly("trajectories", part("trajectories"), ("x", "loss", "step"))
        return cls(
            Trajectories(**own, runs=runs, metrics=part("metrics")),
            surface("surface"),
            meta_of(_metadata(arrays)),
            surface("curve"),
            grids=part("grids"),
        )


_SURFACE = ("x", "y", "values", "minima", "minimum", "scale")

_NOT_A_ZIP = "a record is what Record.save writes, a .npz file"


def _version(reader: archive.Reader) -> int:
    """Return the layout of a file. Raises `InputError` if it does not say one."""
    if "format" not in reader:
        raise InputError(f"it has no layout; {_NOT_A_ZIP}")
    version = reader.array("format")
    if version.shape or version.dtype.kind not in "iu":
        raise InputError(f"its layout must be an integer, got {version!r:.40}")
    return int(version)


def _metadata(arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Return the metadata among the arrays of a file. Raises `InputError` if they are not a JSON object."""
    if "meta" not in arrays:
        raise InputError("its metadata are missing")
    try:
        given = json.loads(str(arrays["meta"]))
    except (ValueError, RecursionError) as error:
        raise InputError(f"its metadata are not valid JSON: {error}") from error
    if not isinstance(given, dict):
        raise InputError(f"its metadata must be a JSON object, got {given!r:.40}")
    return given


def _exactly(part: str, given: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the arrays of a part, single entries as Python values. Raises `InputError` if their names differ."""
    if given.keys() != set(names):
        raise InputError(f"its {part} must hold {', '.join(names)}; got {', '.join(sorted(given)) or 'nothing'}")
    return {name: value.item() if value.ndim == 0 else value for name, value in given.items()}


def rounding_slack(first: NDArray[np.float64], minimum: float, dtype: str) -> NDArray[np.float64]:
    """Return by how much losses may lie below a minimum because of rounding, given the losses at the start."""
    rounding = float(np.finfo(dtype).eps)
    return np.asarray(rounding**0.5 * np.abs(first - minimum) + 10 * rounding * abs(minimum))


STATUS_WORDS = {"max_steps": "out of steps"}
"""How a status is shown where the word differs from the stored one."""


def status_words(status: object) -> str:
    """Return the words for a status, the same in all tables, captions and legends.

    >>> status_words("max_steps"), status_words("diverged")
    ('out of steps', 'diverged')
    """
    return STATUS_WORDS.get(str(status), str(status))


def status_step(record: Record, run: int) -> int | None:
    """Return the step at which a run came to its status, None if there is none.

    It is the step from which a run is unbounded, and the step at which another run was stopped.
    """
    runs = record.trajectories.runs
    if str(runs["status"][run]) == "unbounded" and "reached" in runs:
        return step_or_none(runs["reached"], run)
    return step_or_none(runs["stopped"], run)


def optimizer_labels(record: Record) -> list[str]:
    """Return the label of the optimizer of each run; runs from several starts share it."""
    runs = record.trajectories.runs
    return [str(label) for label in (runs["name"] if "name" in runs else runs["label"])]


def by_start(record: Record) -> list[Record]:
    """Return the races from each start; the record itself if there is one start."""
    runs, meta = record.trajectories.runs, record.meta
    if not isinstance(meta, RaceMeta) or "start" not in runs:
        return [record]
    from landscapes.record._selection import taken

    found = []
    for start in np.unique(np.ma.getdata(runs["start"])).tolist():
        part = taken(record, np.flatnonzero(runs["start"] == start), record.axes)
        columns = {name: column for name, column in part.trajectories.runs.items() if name not in ("name", "start")}
        trajectories = replace(part.trajectories, runs=columns | {"label": part.trajectories.runs["name"]})
        alone = meta.replace(start=meta.starts[start], starts=[], target=meta.targets[start], targets=[])
        found.append(replace(part, trajectories=trajectories, meta=alone))
    return found


def labels_of(record: Record) -> list[str]:
    """Return the label of each run."""
    return [str(label) for label in record.trajectories.runs["label"]]


def steps_or_inf(column: NDArray[Any]) -> NDArray[np.float64]:
    """Return a masked column of steps as floats, infinite where the entry is missing.

    >>> steps_or_inf(np.ma.array([3, 0], mask=[False, True]))
    array([ 3., inf])
    """
    return np.ma.filled(np.ma.asarray(column).astype(np.float64), np.inf)


def step_or_none(column: NDArray[Any], run: int) -> int | None:
    """Return one entry of a masked column, None if it is missing."""
    return None if np.ma.getmaskarray(column)[run] else int(np.ma.getdata(column)[run])


def filled(column: NDArray[Any], value: int = -1) -> NDArray[np.int64]:
    """Return a masked column as a plain array, with `value` where an entry is missing."""
    return np.asarray(np.ma.filled(column, value))


def check_target(path: str | os.PathLike[str]) -> Path:
    """Return the path as a `Path`. Raises `InputError` if a record cannot be saved there."""
    if files.as_path(path).suffix != ".npz":
        raise InputError(f"a record is saved as .npz, got {Path(path).name!r}")
    return files.check_target(path)
