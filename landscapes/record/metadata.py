"""Describe what a record holds: one frozen dataclass of metadata per experiment. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from types import UnionType
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints

from landscapes.errors import InputError, unknown


@dataclass(frozen=True, kw_only=True, eq=False)
class ExperimentMeta(Mapping[str, Any]):
    """What all experiments say of themselves. Values are plain data, as JSON knows it.

    Fields are attributes. The object is also a read-only mapping over the fields that were given.

    Attributes:
        experiment: "race", "training", "sweep", "basins", "compare" or "tune"; fixed by the class.
        function: name of the function.
        title: its title for people.
        latex: its formula in TeX.
        domain: its domain, one [low, high] per coordinate.
        view: the view, one [low, high] per coordinate.
        start: the start point, one number per coordinate.
        steps: the largest number of steps of a run.
        seed: the seed of all random numbers.
        minimum: the lowest value of the function; -inf if unbounded below, NaN if unknown.
        lower_bound: a bound that the losses cannot pass, such as 0 for a network; None if there is none.
        minimum_is: "known", "found" by a search, "unknown", or "contradicted": declared, but lower values were seen.
        target: the loss to reach, None if there is none.
        complete: False if the experiment was interrupted.
        axes: the axes of the grid of runs, in order, the last one running fastest; {} if the runs form no grid.
        device: where it ran, such as "cpu".
        dtype: "float64" or "float32".
        versions: the versions of the packages it ran with.
        plane: origin, directions and explained share of the plane onto which `project` put the runs, if it did.
    """

    required: ClassVar[tuple[str, ...]] = ()

    experiment: str = ""
    function: str = ""
    title: str = ""
    latex: str = ""
    domain: list[list[float]] = field(default_factory=list)
    view: list[list[float]] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    steps: int = 0
    seed: int = 0
    minimum: float = math.nan
    lower_bound: float | None = None
    minimum_is: str = "known"
    target: float | None = None
    complete: bool = True
    axes: dict[str, list[Any]] = field(default_factory=dict)
    device: str = "cpu"
    dtype: str = "float64"
    versions: dict[str, str] = field(default_factory=dict)
    plane: dict[str, Any] | None = None

    def __new__(cls, **given: Any) -> Self:
        self = object.__new__(cls)
        object.__setattr__(self, "_given", ("experiment", *(name for name in given if name != "experiment")))
        return self

    def __post_init__(self) -> None:
        expected = type(self).__dataclass_fields__["experiment"].default
        if self.experiment != expected:
            raise InputError(f"experiment of {type(self).__name__} must be {expected!r}, got {self.experiment!r}")
        for name, hint in _hints(type(self)).items():
            if not _conforms(getattr(self, name), hint):
                raise InputError(
                    f"{name} in the metadata of a {expected} must be {_wording(hint)}, got {getattr(self, name)!r:.60}"
                )

    def __getitem__(self, name: str) -> Any:
        if name not in self._given:  # type: ignore[attr-defined]
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self._given)  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        """Return whether all entries are equal; NaN, as of an unknown minimum, equals NaN."""
        return _equal(dict(self), dict(other)) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = (f"{name}={value!r:.40}" for name, value in self.items() if name in ("function", "title", "steps"))
        return f"{type(self).__name__}({', '.join(shown)}, …)"

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed. Raises `InputError` for an unknown field."""
        return type(self).from_mapping({**self, **changes})

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> Self:
        """Return the metadata in a mapping. Raises `InputError` for unknown and missing keys."""
        known = [one.name for one in fields(cls)]
        kind = cls.__dataclass_fields__["experiment"].default
        for name in given:
            if name not in known:
                raise unknown(f"key in the metadata of a {kind}", str(name), known)
        for name in cls.required:
            if name not in given:
                raise InputError(f"the metadata of a {kind} lack the key {name!r}")
        return cls(**given)


@cache
def _hints(kind: type[ExperimentMeta]) -> dict[str, Any]:
    """Return the type of each field."""
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind)}


def _equal(one: Any, other: Any) -> bool:
    """Return whether two values of metadata are equal, where NaN equals NaN."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other or (one != one and other != other))


def _conforms(value: Any, hint: Any) -> bool:
    """Return whether a value is of a type of plain data; an integer also is a float, and a tuple a list."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return any(_conforms(value, one) for one in inner)
    if origin is list:
        return isinstance(value, list | tuple) and all(_conforms(entry, inner[0]) for entry in value)
    if origin is dict:
        return isinstance(value, Mapping) and all(
            _conforms(key, inner[0]) and _conforms(entry, inner[1]) for key, entry in value.items()
        )
    if hint is Any:
        return True
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, int | float if hint is float else hint)


def _wording(hint: Any) -> str:
    """Return a type in words.

    >>> _wording(dict[str, list[float]]), _wording(float | None)
    ('a mapping of lists of numbers', 'a number or None')
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return " or ".join(map(_wording, inner))
    if origin in (list, dict):
        return f"{'a list' if origin is list else 'a mapping'} of {_plural(inner[-1])}"
    names = {float: "a number", int: "an integer", str: "text", bool: "True or False", type(None): "None"}
    return names[hint]


def _plural(hint: Any) -> str:
    if get_origin(hint) in (list, dict):
        return _wording(hint).removeprefix("a ").replace(" of", "s of", 1)
    return {float: "numbers", int: "integers", str: "texts"}.get(hint, "values")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RaceMeta(ExperimentMeta):
    """Metadata of `race`.

    Attributes:
        unlisted_minima: where runs end at the minimum, away from all listed minimizers, if the list was declared
            complete: points of d numbers.
        starts: the starts of a race from several, to which the column `start` of the runs refers; else [].
        targets: the loss to reach from each of them; `target` is the common one, if there is one.
        stop: the tolerances at which runs stopped, by name as in `Stop`; {} if they used all steps.
    """

    experiment: str = "race"
    unlisted_minima: list[list[float]] = field(default_factory=list)
    starts: list[list[float]] = field(default_factory=list)
    targets: list[float | None] = field(default_factory=list)
    stop: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TrainingMeta(ExperimentMeta):
    """Metadata of `watch`.

    Attributes:
        layers: the names of the layers, to which the metrics "layer_…" refer.
        every: every so many steps, and the one after, were measured.
        weights: the number of weights.
    """

    experiment: str = "training"
    layers: list[str] = field(default_factory=list)
    every: int = 1
    weights: int = 0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SweepMeta(ExperimentMeta):
    """Metadata of `sweep`.

    Attributes:
        scales: the scale of each hyper-parameter: "log", "linear" or "decay"; "categorical" of flags and names.
        optimizers: label → optimizer as text.
        functions: of a sweep over several, label → title, dim, minimum, starts and target of each; else {}.
        starts: the start points, shape (S, d); [] of several functions.
        stop: the tolerances at which runs stopped, by name as in `Stop`; {} if they used all steps.
    """

    required: ClassVar[tuple[str, ...]] = ("axes",)

    experiment: str = "sweep"
    scales: dict[str, str] = field(default_factory=dict)
    optimizers: dict[str, str] = field(default_factory=dict)
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    starts: list[list[float]] = field(default_factory=list)
    stop: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BasinsMeta(ExperimentMeta):
    """Metadata of `basins`.

    Attributes:
        box: what is mapped, ((x low, x high), (y low, y high)).
        tol: the distance to a minimum within which a run has arrived.
        label: the label of the optimizer.
        optimizer: the optimizer as text.
        minima: the minima, shape (k, 2); the column `basin` indexes them.
        minima_values: the function's values there, length k.
        minima_are: of each "global", "local" or "found", length k.
    """

    required: ClassVar[tuple[str, ...]] = ("axes", "minima")

    experiment: str = "basins"
    box: list[list[float]] = field(default_factory=list)
    tol: float = math.nan
    label: str = ""
    optimizer: str = ""
    minima: list[list[float]] = field(default_factory=list)
    minima_values: list[float] = field(default_factory=list)
    minima_are: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CompareMeta(ExperimentMeta):
    """Metadata of `compare`.

    Attributes:
        functions: label → title, dim, minimum, minimum_is, starts and optimizers of each function.
        optimizers: label → optimizer as text.
        tolerances: the shares of the initial gap that count as reached, descending.
        chosen_for: the tolerance for which `analysis.selection.at_best_lr` chose learning rates, if it did.
        lr_grid: the learning rates among which it chose; else those among which the rates of `tuned` were.
        tuned: the labels whose learning rate was tuned for each function.
        untuned: the labels whose learning rate is the default of their class.
        tuning: of studies: their number, `trials`, `starts` and `design`; what they `searched`, label → name → [low,
            high, scale]; and what they `found`, function → label → settings, score (expected steps, None for never),
            reached, chosen and evaluations. {} without studies.
    """

    required: ClassVar[tuple[str, ...]] = ("axes", "tolerances", "functions")

    experiment: str = "compare"
    functions: dict[str, dict[str, Any]] = field(default_factory=dict)
    optimizers: dict[str, str] = field(default_factory=dict)
    tolerances: list[float] = field(default_factory=list)
    chosen_for: float | None = None
    lr_grid: list[float] = field(default_factory=list)
    tuned: list[str] = field(default_factory=list)
    untuned: list[str] = field(default_factory=list)
    tuning: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TuneMeta(ExperimentMeta):
    """Metadata of `tune`.

    Attributes:
        optimizers: label → best optimizer as text.
        effort: label → its effort in the last rung.
        edges: label → the hyper-parameters chosen at an edge of their range: "edge", or "limit" if it cannot widen.
        spent: label → evaluations that its trials used.
        hyperparameters: the columns that are hyper-parameters.
        varied: label → the hyper-parameters that were tuned.
    """

    required: ClassVar[tuple[str, ...]] = ("optimizers",)

    experiment: str = "tune"
    optimizers: dict[str, str] = field(default_factory=dict)
    effort: dict[str, float] = field(default_factory=dict)
    edges: dict[str, dict[str, str]] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)
    hyperparameters: list[str] = field(default_factory=list)
    varied: dict[str, list[str]] = field(default_factory=dict)


CLASSES: Mapping[str, type[ExperimentMeta]] = {
    "race": RaceMeta,
    "training": TrainingMeta,
    "sweep": SweepMeta,
    "basins": BasinsMeta,
    "compare": CompareMeta,
    "tune": TuneMeta,
}
"""The class of each experiment's metadata, by its name."""


def meta_of(given: Mapping[str, Any]) -> ExperimentMeta:
    """Return the metadata in a mapping, of the class that its key "experiment" names ("race" if there is none).

    Raises `InputError` for an unknown experiment, and for unknown and missing keys.

    >>> meta_of({"experiment": "sweep", "function": "booth", "axes": {"lr": [0.1]}}).axes
    {'lr': [0.1]}
    """
    kind = str(given.get("experiment", "race"))
    if kind not in CLASSES:
        raise unknown("experiment", kind, CLASSES)
    return CLASSES[kind].from_mapping(given)
