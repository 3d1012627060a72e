"""Parameter groups: settings of their own for some coordinates, as the `param_groups` of torch.optim."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.objectives.dimensions import MAX_DIM
from landscapes.optimizers.base import short

MAX_LABEL = 24
"""Characters up to which a label lists the settings of groups."""


@dataclass(frozen=True)
class ParameterGroup:
    """Some coordinates with settings of their own.

    Attributes:
        coordinates: their indices, ascending.
        settings: pairs of a name and a value.
    """

    coordinates: tuple[int, ...]
    settings: tuple[tuple[str, Any], ...]

    def __repr__(self) -> str:
        return repr({"coordinates": list(self.coordinates), **dict(self.settings)})

    @property
    def label(self) -> str:
        settings = [
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in self.settings
        ]
        return " ".join([f"[{','.join(map(str, self.coordinates))}]", *settings])


class ParameterGroups(tuple[ParameterGroup, ...]):
    """Groups of disjoint coordinates. Coordinates in none of them have the optimizer's own settings."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self))}]"

    @classmethod
    def of(cls, kind: str, given: Any, translated: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> ParameterGroups:
        """Return checked groups.

        Args:
            kind: the optimizer in messages.
            given: a sequence of dicts with "coordinates" and settings, or of groups.
            translated: maps the settings of a group to the names of the optimizer.

        Raises:
            InputError: for groups of another form, and for a coordinate in two groups.

        >>> groups = ParameterGroups.of("Adam", [{"coordinates": 1, "lr": 0.5}], dict)
        >>> groups, groups.split(3)
        ([{'coordinates': [1], 'lr': 0.5}], [array([1]), array([0, 2])])
        """
        if isinstance(given, str | Mapping) or not hasattr(given, "__iter__"):
            raise _malformed(kind, given)
        found, taken = [], set[int]()
        for i, one in enumerate(given):
            fields = {"coordinates": one.coordinates, **dict(one.settings)} if isinstance(one, ParameterGroup) else one
            if (
                not isinstance(fields, Mapping)
                or "coordinates" not in fields
                or not all(type(n) is str for n in fields)
            ):
                raise _malformed(kind, one)
            with naming_group(i):
                coordinates = _coordinates(kind, fields["coordinates"])
                if taken & set(coordinates):
                    raise InputError(f"{kind}: coordinate {min(taken & set(coordinates))} is in two groups")
                taken |= set(coordinates)
                plain = {name: _plain(kind, name, x) for name, x in fields.items() if name != "coordinates"}
                settings = translated(plain)
            if "groups" in settings:
                raise InputError(f"{kind}: a group must not have groups of its own")
            found.append(ParameterGroup(coordinates, tuple(settings.items())))
        return cls(found)

    @property
    def label(self) -> str:
        """The groups in a label, such as "[0] lr=0.01"; their number if that is too long."""
        text = ", ".join(group.label for group in self)
        return text if len(text) <= MAX_LABEL else f"{len(self)} group{'s' if len(self) > 1 else ''}"

    def split(self, dim: int) -> list[NDArray[np.int64]]:
        """Return the coordinates of each group, and then the others, which may be none.

        Raises `InputError` for a coordinate that does not exist in `dim` dimensions.
        """
        rest = np.ones(dim, dtype=bool)
        parts = []
        for i, group in enumerate(self):
            if group.coordinates[-1] >= dim:
                raise InputError(
                    f"groups[{i}]: coordinates must be from 0 to {dim - 1} on a function of {dim} "
                    f"coordinates, got {group.coordinates[-1]}"
                )
            part = np.array(group.coordinates)
            rest[part] = False
            parts.append(part)
        return [*parts, np.flatnonzero(rest)]

    def by_coordinate(self, name: str, value: float, dim: int) -> NDArray[np.float64]:
        """Return a setting per coordinate, shape (dim,); `value` where a group does not name it."""
        column = np.full(dim, value)
        for group, part in zip(self, self.split(dim), strict=False):
            column[part] = dict(group.settings).get(name, value)
        return column


class HasLearningRate(Protocol):
    """An optimizer, as far as its learning rates go."""

    @property
    def learning_rate(self) -> float: ...

    def lr_by_coordinate(self, dim: int) -> NDArray[np.float64] | None: ...


def initial_lrs(optimizers: Sequence[HasLearningRate], dim: int) -> NDArray[np.float64]:
    """Return the learning rates of R optimizers, shape (R,), or (dim, R) if one has parameter groups."""
    columns = [optimizer.lr_by_coordinate(dim) for optimizer in optimizers]
    plain = [optimizer.learning_rate for optimizer in optimizers]
    if all(column is None for column in columns):
        return np.array(plain)
    return np.stack([np.full(dim, lr) if c is None else c for c, lr in zip(columns, plain, strict=True)], 1)


@contextmanager
def naming_group(i: int) -> Iterator[None]:
    """Add the number of a group to the message of an `InputError`."""
    try:
        yield
    except InputError as error:
        raise InputError(f"groups[{i}]: {error}") from None


def _coordinates(kind: str, given: Any) -> tuple[int, ...]:
    listed = list(given) if hasattr(given, "__iter__") else [given]
    try:
        every = [operator.index(c) for c in listed]
    except TypeError:
        every = []
    flags = any(isinstance(c, bool) for c in listed)
    if not every or flags or min(every) < 0 or max(every) >= MAX_DIM or len(set(every)) < len(every):
        raise InputError(
            f"{kind}: coordinates must be distinct integers from 0 to {MAX_DIM - 1}, such as [0, 2], got {short(given)}"
        )
    return tuple(sorted(every))


def _plain(kind: str, name: str, value: Any) -> Any:
    """Return a setting as plain numbers, which can be compared and written as text, and lists as tuples."""
    if isinstance(value, list | tuple):
        return tuple(_plain(kind, name, part) for part in value)
    if isinstance(value, np.generic | np.ndarray | torch.Tensor):
        if value.ndim:
            raise InputError(f"{kind}: {name} must be one number per group, got {short(value)}")
        return value.item()
    try:
        hash(value)
    except TypeError:
        raise InputError(f"{kind}: {name} must be a number or a list of numbers, got {short(value)}") from None
    return value


def _malformed(kind: str, given: Any) -> InputError:
    return InputError(
        f"{kind}: groups must be a list of dicts with coordinates and settings, "
        f'such as [{{"coordinates": [0], "lr": 0.01}}], got {short(given)}'
    )
