"""List the settings of a sweep: every combination of values, or draws from ranges."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown
from landscapes.experiments.checks import check_count
from landscapes.experiments.search_space import Range, search_space
from landscapes.experiments.starts import MOST, sobol
from landscapes.optimizers import Optimizer
from landscapes.optimizers.base import short

Design = Literal["grid", "random", "sobol"]
Values = float | str | Sequence[float] | Sequence[str] | NDArray[Any] | Range


@dataclass(frozen=True, eq=False)
class Settings:
    """The settings that a sweep runs of every optimizer.

    Attributes:
        axes: the values along each axis: of flags and names, then of numbers, or the numbers of "trial".
        columns: for each number that varies, its axis among those of numbers and its values there.
        scales: the scale of each of these, "log", "linear" or "decay".
        choices: the flags and names among the axes.
    """

    axes: Mapping[str, list[Any]]
    columns: Mapping[str, tuple[int, NDArray[np.float64]]]
    scales: Mapping[str, str]
    choices: tuple[str, ...] = ()

    @property
    def combinations(self) -> list[dict[str, Any]]:
        """Every combination of flags and names, the last one varying fastest; one without any."""
        return settings_of({name: self.axes[name] for name in self.choices})


def sweep_settings(
    optimizers: Sequence[Optimizer], given: Mapping[str, Values], design: Design, count: int | None, seed: int
) -> Settings:
    """Return the settings to run.

    Args:
        optimizers: the optimizers; each must have every hyper-parameter.
        given: values or a range of each number that varies; a range is `n` values of a grid (16 by default). And values
            of flags and names, which are always a grid.
        design: "grid" for every combination; "random" or "sobol" for `count` joint draws, independent or from a
            scrambled Sobol sequence, which covers ranges more evenly. Draws refuse a range with `n`.
        count: how many draws.
        seed: of the draws.

    Raises:
        InputError: for a hyper-parameter that an optimizer lacks, or values that it refuses.
    """
    if design not in ("grid", "random", "sobol"):
        raise unknown("design", str(design), ("grid", "random", "sobol"))
    if (design == "grid") != (count is None):
        raise InputError(
            'design="random" and "sobol" need count=…, the number of settings to draw'
            if count is None
            else f'count needs design="random" or "sobol"; a grid runs all combinations, got count={count!r}'
        )
    if count is not None:
        check_count("count", count)
    flags = {name: values for name, values in given.items() if is_choice(values)}
    chosen = choice_axes(optimizers, flags)
    given = {name: values for name, values in given.items() if name not in flags}
    for optimizer in optimizers:
        if given:
            optimizer.check_varies()
        for name in given:
            if name in optimizer.choice_settings():
                raise InputError(
                    f"{name} of {optimizer.label} is not a number: give values such as "
                    f"{optimizer.choice_settings()[name]!r}, got {short(given[name])}"
                )
            if name not in optimizer.numeric_settings():
                raise unknown_setting(optimizer, name)
    given = {name: _whole(optimizers, name, values) for name, values in given.items()}
    scales = {name: _scale(optimizers[0], name, values) for name, values in given.items()}
    if design == "grid":
        listed = {name: _listed(name, values) for name, values in given.items()}
        columns = {name: (axis, values) for axis, (name, values) in enumerate(listed.items())}
        axes = {name: values.tolist() for name, values in listed.items()}
    else:
        assert count is not None
        if not given:
            raise InputError(f'design="{design}" needs hyper-parameters to draw, such as lr=Range(1e-4, 1.0)')
        shares = _shares(design, len(given), count, seed)
        drawn = {name: _at(name, values, share) for (name, values), share in zip(given.items(), shares.T, strict=True)}
        columns = {name: (0, values) for name, values in drawn.items()}
        axes = {"trial": list(range(count))}
    made = Settings({**chosen, **axes}, columns, scales, tuple(chosen))
    for optimizer, setting in itertools.product(optimizers, made.combinations):
        combined = optimizer.with_hyperparameters(setting) if setting else optimizer
        _check(combined, {name: values for name, (_, values) in columns.items()}, together=design != "grid")
    return made


def unknown_setting(optimizer: Optimizer, name: str) -> InputError:
    """Return the error for a setting that an optimizer lacks; raise that of one whose settings cannot vary."""
    optimizer.check_varies()
    known = [*optimizer.numeric_settings(), *optimizer.choice_settings()]
    return unknown(f"hyper-parameter of {optimizer.label}", name, known)


def is_choice(values: Any) -> bool:
    """Return whether values are those of a flag, or names."""
    listed = [values] if isinstance(values, bool | np.bool_ | str) else values
    if not isinstance(listed, Sequence | np.ndarray):
        return False
    return len(listed) > 0 and all(isinstance(value, bool | np.bool_ | str) for value in listed)


def choice_axes(optimizers: Sequence[Optimizer], given: Mapping[str, Any]) -> dict[str, list[bool | str]]:
    """Return the values of flags and names, in order.

    Raises `InputError` for a setting that an optimizer lacks or that is a number, for one that is given twice, and for
    combinations that an optimizer refuses.
    """
    axes: dict[str, list[bool | str]] = {}
    for name, values in given.items():
        for optimizer in optimizers:
            if name in optimizer.numeric_settings():
                _numbers(name, values)  # refuses them
            if name not in optimizer.choice_settings():
                raise unknown_setting(optimizer, name)
        axes[name] = [value if isinstance(value, str) else bool(value) for value in values]
        if len(set(axes[name])) < len(axes[name]):
            raise InputError(f"{name} has a value twice: {axes[name]}; give each value once")
    for optimizer in optimizers:
        for setting in settings_of(axes):
            optimizer.with_hyperparameters(setting)
    return axes


def settings_of(axes: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return every combination of the values along some axes, the last one varying fastest.

    >>> settings_of({"nesterov": [False, True]})
    [{'nesterov': False}, {'nesterov': True}]
    """
    return [dict(zip(axes, row, strict=True)) for row in itertools.product(*axes.values())]


def _whole(optimizers: Sequence[Optimizer], name: str, values: Values) -> Values:
    """Return a range of integers for a setting that is one."""
    fields = [optimizer.field_of(name) for optimizer in optimizers]
    whole = any(one is not None and one.metadata.get("integer") for one in fields)
    return replace(values, whole=True) if whole and isinstance(values, Range) else values


def _listed(name: str, values: Values) -> NDArray[np.float64]:
    """Return the values of a grid along one axis. Raises `InputError` for a repeated one."""
    if isinstance(values, Range):
        return np.array(values.values())
    found = _numbers(name, values)
    if len(np.unique(found)) < len(found):
        twice = next(value for value in found.tolist() if (found == value).sum() > 1)
        raise InputError(f"{name} has the value {twice:g} twice; give each value once")
    return found


def _numbers(name: str, values: Any) -> NDArray[np.float64]:
    try:
        listed: Any = values
        found = np.array([float(value) for value in listed if not isinstance(value, str | bool)])
        same = len(found) == len(listed)
    except (TypeError, ValueError):
        found, same = np.empty(0), False
    if not same:
        raise InputError(f"{name} must be numbers, such as [0.1, 0.2], or a Range(low, high); got {short(values)}")
    if not len(found):
        raise InputError(f"{name} has no values; give at least one")
    return found


def _shares(design: Design, dim: int, count: int, seed: int) -> NDArray[np.float64]:
    """Return points of the unit cube, shape (count, dim)."""
    if count > MOST:
        raise InputError(f"at most {MOST:,} settings can be drawn, got {count:,}")
    if design == "random":
        return np.random.default_rng(seed).random((count, dim))
    points: NDArray[np.float64] = sobol(dim, count, seed).numpy()
    return points


def _at(name: str, values: Values, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values at the shares of a range, or of a list of values."""
    if isinstance(values, Range):
        if values.n is not None:
            raise InputError(
                f"{name}: n is for a grid; this design draws count values from the whole range, leave n out"
            )
        return np.array([values.at(share) for share in shares.tolist()])
    found = _numbers(name, values)
    return np.asarray(found[np.minimum((shares * len(found)).astype(int), len(found) - 1)])


def _scale(optimizer: Optimizer, name: str, values: Values) -> str:
    if isinstance(values, Range):
        return values.scale
    known = search_space(optimizer)
    return known[name].scale if name in known else "linear"


def _check(optimizer: Optimizer, columns: Mapping[str, NDArray[np.float64]], *, together: bool) -> None:
    """Raises the optimizer's own `InputError` for settings that it does not take, before any work.

    Of a grid values are settings with the first and with the last of the others; of draws, draws. Of very many values,
    these are the first thousand, the lowest and the highest.
    """
    if together and columns:
        table = np.stack(list(columns.values()), 1)
        for row in table[_some(table)].tolist():
            optimizer.with_hyperparameters(dict(zip(columns, row, strict=True)))
        return
    for end in (0, -1):
        others = {name: float(values[end]) for name, values in columns.items()}
        for name, values in columns.items():
            for value in values[_some(values[:, None])].tolist():
                optimizer.with_hyperparameters(others | {name: value})


def _some(table: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the rows of a table (n, k) to check: the first ones, and those with the extremes of a column."""
    return np.unique(np.concatenate([np.arange(min(len(table), 1000)), table.argmin(0), table.argmax(0)]))
