"""Where hyper-parameters are looked for: a range and a scale for each."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from landscapes.errors import InputError
from landscapes.optimizers.base import Optimizer

Scale = Literal["log", "linear", "decay"]


@dataclass(frozen=True)
class Range:
    """A range of one hyper-parameter, on the scale on which it is spread evenly.

    Attributes:
        low, high: the bounds, low below high.
        scale: "log"; "linear"; or "decay", for numbers just below 1: 1 − value on a log scale.
        least, most: how far the range may be widened.
        whole: whether values are whole numbers.

    >>> Range(1e-4, 1.0).at(0.5)
    0.01
    >>> Range(0.0, 0.999, "decay").at(2 / 3)
    0.99
    """

    low: float
    high: float
    scale: Scale = "log"
    least: float = -math.inf
    most: float = math.inf
    whole: bool = False

    def __post_init__(self) -> None:
        numbers = (self.low, self.high)
        if not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers) or not self.low < self.high:
            raise InputError(f"a range is (low, high), finite numbers, low below high; not {numbers}")
        if self.scale not in ("log", "linear", "decay"):
            raise InputError(f"a range's scale is 'log', 'linear' or 'decay', not {self.scale!r}")
        if (self.scale == "log" and self.low <= 0) or (self.scale == "decay" and self.high >= 1):
            side = "above 0" if self.scale == "log" else "below 1"
            raise InputError(f"a range on the {self.scale} scale lies {side}, which {numbers} does not")

    def at(self, share: float) -> float:
        """The value at a share of the way from low to high: two digits of 1 − value or of value are enough."""
        a, b = self._unit(self.low), self._unit(self.high)
        value = self._value(a + share * (b - a))
        return float(min(max(round(value) if self.whole else value, self.least), self.most))

    def spaced(self, count: int) -> list[float]:
        """So many values, evenly spaced on the scale, both ends among them.

        Raises `InputError` for a count that is no whole number, or below 1, and where the range has too few whole numbers.

        >>> Range(1e-4, 1.0).spaced(5)
        [0.0001, 0.001, 0.01, 0.1, 1.0]
        """
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise InputError(f"a range has at least one value, not {count!r}")
        a, b = self._unit(self.low), self._unit(self.high)
        units = [a + i * (b - a) / max(count - 1, 1) for i in range(1, count - 1)]
        inner = [unit if self.scale == "linear" else 10 ** (unit if self.scale == "log" else -unit) for unit in units]
        values = [float(f"{1 - value if self.scale == 'decay' else value:.12g}") for value in inner]
        values = [self.low, *values, self.high][:count]
        values = [float(round(value)) for value in values] if self.whole else [float(value) for value in values]
        if len(set(values)) < count:
            raise InputError(f"between {self.low:g} and {self.high:g} there are no {count} values to tell apart")
        return values

    def share(self, value: float) -> float:
        """How far along a value lies: 0 at low, 1 at high."""
        a, b = self._unit(self.low), self._unit(self.high)
        return (self._unit(value) - a) / (b - a)

    def around(self, value: float, width: float) -> Range:
        """The range with its middle at the value and its width times a factor, within what is allowed."""
        a, b, middle = self._unit(self.low), self._unit(self.high), self._unit(value)
        half = abs(b - a) * width / 2
        ends = sorted((self._value(middle - half), self._value(middle + half)))
        low, high = max(ends[0], self._floor()), min(ends[1], self._ceiling())
        return replace(self, low=low, high=high) if low < high else self

    def ends_for_good(self, value: float) -> bool:
        """Whether the end that the value is closer to is as far out as may be."""
        return self.low <= self._floor() if self.share(value) < 0.5 else self.high >= self._ceiling()

    def _floor(self) -> float:
        return max(self.least, 1e-300) if self.scale == "log" else self.least

    def _ceiling(self) -> float:
        return min(self.most, 1 - 1e-9) if self.scale == "decay" else self.most

    def _unit(self, value: float) -> float:
        if self.scale == "log":
            return math.log10(max(value, 1e-300))
        return -math.log10(max(1 - value, 1e-300)) if self.scale == "decay" else value

    def _value(self, unit: float) -> float:
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
"""How far from its default a hyper-parameter without a range of its own is looked for, both ways."""


def space(optimizer: Optimizer) -> dict[str, Range]:
    """The range of each hyper-parameter that can be varied, by name.

    An optimizer's own field may give one in its metadata, as `search`; else there is the common one of its name, else what lies
    within a factor of a hundred of its default (between 0 and 1 where the default is 0), within what the optimizer allows.
    """
    found: dict[str, Range] = {}
    limits = {field.name: field for field in dataclasses.fields(optimizer)}
    for name, value in optimizer.numbers().items():
        metadata: Mapping[str, Any] = limits[name].metadata if name in limits else {}
        if "search" in metadata:
            found[name] = metadata["search"]
        elif not metadata.get("structural"):
            found[name] = _within(COMMON.get(name) or _about(value), metadata)
    return found


def _about(value: float) -> Range:
    if value == 0:
        return Range(0.0, 1.0, "linear")
    low, high = sorted((value / FACTOR, value * FACTOR))
    return Range(low, high) if value > 0 else Range(low, high, "linear")


def _within(given: Range, metadata: Mapping[str, Any]) -> Range:
    """The range inside what the optimizer allows."""
    least = max(given.least, metadata.get("low", -math.inf))
    most = min(given.most, metadata.get("high", math.inf))
    if metadata.get("open_high") and given.scale != "decay":  # which never reaches 1
        most = math.nextafter(most, -math.inf)
    if metadata.get("open_low"):
        least = math.nextafter(least, math.inf)
    low, high = max(given.low, least), min(given.high, most)
    if not low < high:
        low, high = least, most
    whole = bool(metadata.get("whole"))
    return replace(given, low=low, high=high, least=least, most=most, whole=whole)
