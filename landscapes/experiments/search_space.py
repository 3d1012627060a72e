"""Define search ranges: an interval and a scale per hyper-parameter."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from landscapes.errors import InputError, suggests_arguments
from landscapes.experiments.checks import MAX_SEEDS
from landscapes.optimizers.base import Optimizer

Scale = Literal["log", "linear", "decay"]

GRID_SIZE = 16
"""How many values of a range a grid takes if `n` is not given."""


@suggests_arguments
@dataclass(frozen=True)
class Range:
    """A range of one hyper-parameter, and the scale on which it is sampled evenly.

    `sweep` and `compare` take `n` values from a range: a grid with both ends, evenly spaced on the scale.
    Without `n` they take 16. Designs that sample the whole range (`tune`, and `sweep` with `design="random"` or
    `"sobol"`) have their own number of settings, so they refuse a range with `n`.

    Attributes:
        low, high: the bounds, low < high.
        scale: "log" (default); "linear"; or "decay", for values just below 1: 1 − value on a log scale.
        least, most: the limits to which `tune` may widen the range.
        whole: whether values are integers.
        n: how many values a grid takes, >= 1; 16 by default. Keyword only.

    Raises:
        InputError: if the bounds do not fit the scale, or there are fewer than `n` distinct values.

    >>> Range(1e-4, 1.0, n=5).values()
    [0.0001, 0.001, 0.01, 0.1, 1.0]
    >>> Range(0.0, 0.999, "decay", n=4).values()
    [0.0, 0.9, 0.99, 0.999]
    >>> Range(1e-4, 1.0).at(0.5)
    0.01
    """

    low: float
    high: float
    scale: Scale = "log"
    least: float = -math.inf
    most: float = math.inf
    whole: bool = False
    n: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        numbers = (self.low, self.high)
        if not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers) or not self.low < self.high:
            raise InputError(f"a range is (low, high), finite numbers with low < high, got {numbers}")
        if self.scale not in ("log", "linear", "decay"):
            raise InputError(f"scale must be 'log', 'linear' or 'decay', got {self.scale!r}")
        if (self.scale == "log" and self.low <= 0) or (self.scale == "decay" and self.high >= 1):
            limit = "> 0" if self.scale == "log" else "< 1"
            raise InputError(f"bounds on the {self.scale} scale must be {limit}, got {numbers}")
        if self.n is not None:
            if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 1:
                raise InputError(f"n must be an integer >= 1, got {self.n!r}")
            if self.n > MAX_SEEDS:
                raise InputError(f"n must be <= {MAX_SEEDS:,}, got {self.n:,}")
            self.values()

    def at(self, share: float) -> float:
        """Return the value at a share of the way from low to high, rounded to three digits of value or 1 − value."""
        a, b = self._to_unit(self.low), self._to_unit(self.high)
        value = self._from_unit(a + share * (b - a))
        return float(min(max(round(value) if self.whole else value, self.least), self.most))

    def values(self) -> list[float]:
        """Return `n` values (16 if not given), evenly spaced on the scale, both ends included.

        Raises `InputError` if an integer range has fewer values.
        """
        count = GRID_SIZE if self.n is None else self.n
        a, b = self._to_unit(self.low), self._to_unit(self.high)
        units = [a + i * (b - a) / max(count - 1, 1) for i in range(1, count - 1)]
        inner = [unit if self.scale == "linear" else 10 ** (unit if self.scale == "log" else -unit) for unit in units]
        values = [float(f"{1 - value if self.scale == 'decay' else value:.12g}") for value in inner]
        values = [self.low, *values, self.high][:count]
        values = [float(round(value)) for value in values] if self.whole else [float(value) for value in values]
        if len(set(values)) < count:
            raise InputError(f"there are fewer than {count} distinct values between {self.low:g} and {self.high:g}")
        return values

    def share(self, value: float) -> float:
        """Return how far along the range a value lies: 0 at low, 1 at high."""
        a, b = self._to_unit(self.low), self._to_unit(self.high)
        return (self._to_unit(value) - a) / (b - a)

    def around(self, value: float, width: float) -> Range:
        """Return the range centred at `value`, `width` times as wide, clipped to `least` and `most`."""
        a, b, middle = self._to_unit(self.low), self._to_unit(self.high), self._to_unit(value)
        half = abs(b - a) * width / 2
        ends = sorted((self._from_unit(middle - half), self._from_unit(middle + half)))
        low, high = max(ends[0], self._least_on_scale()), min(ends[1], self._most_on_scale())
        return replace(self, low=low, high=high) if low < high else self

    def nearer_end_is_limit(self, value: float) -> bool:
        """Return whether the end nearer to `value` is already at its limit."""
        return self.low <= self._least_on_scale() if self.share(value) < 0.5 else self.high >= self._most_on_scale()

    def _least_on_scale(self) -> float:
        return max(self.least, 1e-300) if self.scale == "log" else self.least

    def _most_on_scale(self) -> float:
        return min(self.most, 1 - 1e-9) if self.scale == "decay" else self.most

    def _to_unit(self, value: float) -> float:
        if self.scale == "log":
            return math.log10(max(value, 1e-300))
        return -math.log10(max(1 - value, 1e-300)) if self.scale == "decay" else value

    def _from_unit(self, unit: float) -> float:
        if self.scale == "linear":
            return float(f"{unit:.4g}")
        power = float(f"{10 ** (unit if self.scale == 'log' else -unit):.3g}")
        return power if self.scale == "log" else float(f"{1 - power:.12g}")


DECAY = Range(0.0, 0.9999, "decay", least=0.0)
COMMON: Mapping[str, Range] = {
    "lr": Range(1e-6, 1e2, least=1e-12, most=1e6),
    "eps": Range(1e-12, 1e-1, least=1e-300, most=1e3),
    "weight_decay": Range(1e-8, 1e-1, least=1e-12, most=10.0),
    **dict.fromkeys(("momentum", "beta1", "beta2", "beta3", "alpha", "rho"), DECAY),
}
"""Ranges of hyper-parameters that many optimizers share, by name."""

FACTOR = 100.0
"""A hyper-parameter without a range of its own is searched within this factor of its default, both ways."""


def search_space(optimizer: Optimizer) -> dict[str, Range]:
    """Return the range of each hyper-parameter that can be varied, by name.

    The first of these that exists, clipped to what the optimizer allows: the field's own range (`search` in its
    metadata); the range of its name in `COMMON`; a factor of 100 around the default ([0, 1] if the default is 0).
    """
    found: dict[str, Range] = {}
    limits = {field.name: field for field in dataclasses.fields(optimizer)}
    for name, value in optimizer.hyperparameters().items():
        metadata: Mapping[str, Any] = limits[name].metadata if name in limits else {}
        if "search" in metadata:
            found[name] = metadata["search"]
        elif not metadata.get("structural"):
            found[name] = _clipped(COMMON.get(name) or _around_default(value), metadata)
    return found


def wrapper_space(optimizer: Optimizer) -> dict[str, Range | None]:
    """Return the range of each number of the wrappers around an optimizer, such as "clip.norm", by name.

    It is a factor of 100 around the number's own value, of 10 for an integer, clipped to what the wrapper allows. None
    for a number without a usual range: a limit that is not set, and 0, which often means "the whole run".

    >>> from landscapes.optimizers import parse
    >>> found = wrapper_space(parse("clip(warm_up(sgd, steps=20), norm=1)")[0])
    >>> found["clip.norm"].low, found["warm_up.steps"].low, found["clip.value"]
    (0.01, 2.0, None)
    """
    found: dict[str, Range | None] = {}
    inside = optimizer.hyperparameters()
    for name, value in optimizer.numeric_settings().items():
        one = optimizer.field_of(name)
        metadata: Mapping[str, Any] = {} if one is None else one.metadata
        if name in inside or metadata.get("structural"):
            continue
        if not value or not math.isfinite(value):
            found[name] = None
        elif metadata.get("integer"):
            found[name] = _clipped(Range(max(1.0, value // 10), 10 * value), metadata)
        else:
            found[name] = _clipped(_around_default(value), metadata)
    return found


def _around_default(value: float) -> Range:
    if value == 0:
        return Range(0.0, 1.0, "linear", least=0.0)
    low, high = sorted((value / FACTOR, value * FACTOR))
    return Range(low, high) if value > 0 else Range(low, high, "linear")


def _clipped(given: Range, metadata: Mapping[str, Any]) -> Range:
    """Return the part of a range that the optimizer allows."""
    least = max(given.least, metadata.get("low", -math.inf))
    most = min(given.most, metadata.get("high", math.inf))
    if metadata.get("open_high") and given.scale != "decay":  # the decay scale never reaches 1
        most = math.nextafter(most, -math.inf)
    if metadata.get("open_low"):
        least = math.nextafter(least, math.inf)
    low, high = max(given.low, least), min(given.high, most)
    if not low < high:
        low, high = least, most
    whole = bool(metadata.get("integer"))
    return replace(given, low=low, high=high, least=least, most=most, whole=whole)
