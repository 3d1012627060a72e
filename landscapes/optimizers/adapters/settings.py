"""Settings of third-party optimizers: the floats in them, by path, and their structure apart from these floats."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

SettingPath = tuple[Any, ...]
"""Where a float is in the settings: ("lr",), ("betas", 0)."""


def float_settings(hyper: Mapping[str, Any]) -> dict[SettingPath, float]:
    """Return every float in the settings by its path, including those in tuples, lists and dicts.

    >>> float_settings({"lr": 0.1, "betas": (0.9, 0.99), "steps": 5})
    {('lr',): 0.1, ('betas', 0): 0.9, ('betas', 1): 0.99}
    """
    found: dict[SettingPath, float] = {}

    def collect(value: float, path: SettingPath) -> float:
        found[path] = value
        return value

    _map_floats(dict(hyper), collect)
    return found


def stack_settings(
    first: Mapping[str, Any], every: Iterable[Mapping[str, Any]]
) -> dict[SettingPath, NDArray[np.float64]]:
    """Return the floats of many settings that share the structure of the first: one array per path.

    >>> stack_settings({"betas": (0.9, 0.99)}, [{"betas": (0.9, 0.99)}, {"betas": (0.8, 0.99)}])
    {('betas', 0): array([0.9, 0.8]), ('betas', 1): array([0.99, 0.99])}
    """
    found: dict[SettingPath, list[float]] = {path: [] for path in float_settings(first)}
    for hyper in every:  # only the numbers are kept: thousands of dicts would trigger the garbage collector
        for path, column in found.items():
            value: Any = hyper
            for key in path:
                value = value[key]
            column.append(value)
    return {path: np.array(column) for path, column in found.items()}


def structure(value: Any) -> Hashable:
    """Return everything but the floats, and which floats are zero; settings of one structure differ in floats alone."""
    if isinstance(value, float):
        return "number", value == 0
    if isinstance(value, dict | Mapping):  # dict first: its isinstance check is faster
        items = sorted(value.items(), key=lambda pair: str(pair[0])) if len(value) > 1 else value.items()
        return dict, tuple([(key, structure(item)) for key, item in items])
    if isinstance(value, tuple | list):
        return type(value), tuple(structure(item) for item in value)
    try:
        hash(value)
    except TypeError:
        return type(value), id(value)
    return type(value), value


def replace_settings(hyper: Mapping[str, Any], values: Mapping[SettingPath, Any]) -> dict[str, Any]:
    """Return a deep copy of the settings with other values at some paths."""
    settings: dict[str, Any] = _map_floats(deepcopy(dict(hyper)), lambda value, path: values.get(path, value))
    return settings


def _map_floats(value: Any, function: Callable[[float, SettingPath], Any], path: SettingPath = ()) -> Any:
    if isinstance(value, float):
        return function(value, path)
    if isinstance(value, dict):
        return {key: _map_floats(item, function, (*path, key)) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_map_floats(item, function, (*path, i)) for i, item in enumerate(value))
    return value
