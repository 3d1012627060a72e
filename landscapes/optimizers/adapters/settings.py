"""Hyper-parameters of foreign optimizers, whatever they are: which numbers stand in them, and what else."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

Place = tuple[Any, ...]
"""Where a number stands among the hyper-parameters: ("lr",), ("betas", 0)."""


def numbers(hyper: Mapping[str, Any]) -> dict[Place, float]:
    """Every float in the hyper-parameters, those in tuples, lists and dicts too, by its place.

    >>> numbers({"lr": 0.1, "betas": (0.9, 0.99), "steps": 5})
    {('lr',): 0.1, ('betas', 0): 0.9, ('betas', 1): 0.99}
    """
    found: dict[Place, float] = {}

    def look(value: float, place: Place) -> float:
        found[place] = value
        return value

    _visited(dict(hyper), look)
    return found


def columns(first: Mapping[str, Any], every: Iterable[Mapping[str, Any]]) -> dict[Place, NDArray[np.float64]]:
    """The floats of many hyper-parameters, all of the form of the first: an array for each place.

    >>> columns({"betas": (0.9, 0.99)}, [{"betas": (0.9, 0.99)}, {"betas": (0.8, 0.99)}])
    {('betas', 0): array([0.9, 0.8]), ('betas', 1): array([0.99, 0.99])}
    """
    found: dict[Place, list[float]] = {place: [] for place in numbers(first)}
    for hyper in every:  # nothing is kept of each but numbers: thousands of dicts would wake the garbage collector
        for place, column in found.items():
            value: Any = hyper
            for key in place:
                value = value[key]
            column.append(value)
    return {place: np.array(column) for place, column in found.items()}


def form(value: Any) -> Hashable:
    """All but the numbers, and which of these are zero: runs of one form may differ in numbers alone."""
    if isinstance(value, float):
        return "number", value == 0
    if isinstance(value, dict | Mapping):  # a dict answers sooner than what is like one
        items = sorted(value.items(), key=lambda pair: str(pair[0])) if len(value) > 1 else value.items()
        return dict, tuple([(key, form(item)) for key, item in items])
    if isinstance(value, tuple | list):
        return type(value), tuple(form(item) for item in value)
    try:
        hash(value)
    except TypeError:
        return type(value), id(value)
    return type(value), value


def filled(hyper: Mapping[str, Any], values: Mapping[Place, Any]) -> dict[str, Any]:
    """A copy of the hyper-parameters with other numbers at some places."""
    settings: dict[str, Any] = _visited(deepcopy(dict(hyper)), lambda value, place: values.get(place, value))
    return settings


def _visited(value: Any, visit: Callable[[float, Place], Any], place: Place = ()) -> Any:
    if isinstance(value, float):
        return visit(value, place)
    if isinstance(value, dict):
        return {key: _visited(item, visit, (*place, key)) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_visited(item, visit, (*place, i)) for i, item in enumerate(value))
    return value
