"""Which step each frame shows, and how long it stays."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown

MOST_FRAMES = 100_000
"""More than an hour; whoever asks for more has mistyped."""

PACES = ("linear", "log")


@dataclass(frozen=True, eq=False)
class Timeline:
    """The frames of an animation.

    Attributes:
        steps: the step that each frame shows, shape (frames,), never descending.
        fps: frames a second.
        stays: how much longer than 1 / fps a frame stays, in seconds, by the frame's number.
        loop: whether the animation begins again.
    """

    steps: NDArray[np.int64]
    fps: float
    stays: Mapping[int, float] = field(default_factory=dict)
    loop: bool = True

    @property
    def seconds(self) -> float:
        """How long it plays, once."""
        return len(self.steps) / self.fps + sum(self.stays.values())


def timeline(
    last: int,
    *,
    seconds: float = 8.0,
    fps: float = 25.0,
    frames: int | None = None,
    pace: str = "linear",
    pauses: Mapping[int, float] | None = None,
    hold: tuple[float, float] = (0.4, 2.0),
    loop: bool = True,
) -> Timeline:
    """Maps the steps 0 … last to frames.

    Args:
        last: the race's last step.
        seconds: how long the race takes, without pauses and holds.
        fps: frames a second, above 0 and at most 50.
        frames: how many; by default seconds × fps.
        pace: "linear", or "log" to show the beginning slowly and the end fast.
        pauses: how many seconds to stay at which steps.
        hold: how many seconds the first and the last frame stay.
        loop: whether it begins again.

    Raises:
        InputError: for numbers out of range, an unknown pace, a pause at a step that there is not.

    >>> timeline(100, seconds=1, fps=5).steps.tolist()
    [0, 25, 50, 75, 100]
    >>> timeline(100, seconds=1, fps=5, pace="log").steps.tolist()
    [0, 2, 9, 31, 100]
    """
    seconds, fps = positive("seconds", seconds), speed(fps)
    count = max(round(min(seconds * fps, MOST_FRAMES + 1)), 2) if frames is None else frames
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 1 <= count <= MOST_FRAMES:
        raise InputError(f"frames must be a whole number from 1 to {MOST_FRAMES}, not {count!r}")
    if pace not in PACES:
        raise unknown("pace", str(pace), PACES)
    share = np.linspace(0, 1, count) if count > 1 else np.ones(1)
    steps = last * share if pace == "linear" else np.expm1(share * np.log1p(last))
    shown = np.rint(steps).astype(np.int64)
    try:
        first, final = (_stay("hold", stay) for stay in hold)
    except (TypeError, ValueError):
        raise InputError(
            f"hold is a number of seconds from 0 to 600 for the first and one for the last frame, not {hold!r}"
        ) from None
    stays = {0: first}
    stays[count - 1] = stays.get(count - 1, 0.0) * (count == 1) + final
    stops = pauses or {}
    for step in stops:
        if not isinstance(step, int | np.integer) or not 0 <= step <= last:
            raise InputError(f"a pause is at a step from 0 to {last}, not at {step!r}")
    shown = _visiting(shown, list(stops))
    for step, stay in stops.items():
        place = int(np.argmin(abs(shown - step)))
        stays[place] = stays.get(place, 0.0) + _stay("a pause", stay)
    return Timeline(shown, fps, stays, loop)


def _visiting(shown: NDArray[np.int64], stops: list[int]) -> NDArray[np.int64]:
    """The steps shown, as many, with those nearest to stops moved there; the first and the last one stay.

    >>> _visiting(np.array([0, 25, 50, 75, 100]), [30, 50, 98]).tolist()
    [0, 30, 50, 98, 100]
    """
    steps = shown.copy()
    free = [place for place in range(1, len(steps) - 1) if steps[place] not in stops]
    for stop in stops:
        if free and stop not in steps:
            place = min(free, key=lambda place: abs(int(steps[place]) - stop))
            free.remove(place)
            steps[place] = stop
    return np.sort(steps)


def positive(name: str, value: float) -> float:
    """The value, once it is sure to be a positive number."""
    if not isinstance(value, numbers.Real) or not 0 < value < float("inf"):
        raise InputError(f"{name} must be a positive number, not {value!r}")
    return float(value)


def speed(fps: float) -> float:
    """Frames a second, once they are sure to play everywhere."""
    if not isinstance(fps, numbers.Real) or not 0 < fps <= 50:
        raise InputError(f"fps must be above 0 and at most 50 (viewers slow faster GIFs down), not {fps!r}")
    return float(fps)


def _stay(name: str, value: float) -> float:
    if not isinstance(value, numbers.Real) or not 0 <= value <= 600:
        raise InputError(f"{name} is a number of seconds from 0 to 600, not {value!r}")
    return float(value)
