"""The timeline of an animation: which step each frame shows, and for how long."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown

MAX_FRAMES = 100_000
"""Upper limit of the number of frames: more than an hour of animation."""

PACES = ("linear", "log")


@dataclass(frozen=True, eq=False)
class Timeline:
    """The frames of an animation.

    Attributes:
        steps: the step shown by each frame, shape (frames,), non-decreasing.
        fps: frames per second.
        extra_seconds: how much longer than 1 / fps a frame is shown, in seconds, by frame index.
        loop: whether the animation repeats.
    """

    steps: NDArray[np.int64]
    fps: float
    extra_seconds: Mapping[int, float] = field(default_factory=dict)
    loop: bool = True

    @property
    def seconds(self) -> float:
        """Duration of one playback in seconds."""
        return len(self.steps) / self.fps + sum(self.extra_seconds.values())


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
    """Distribute the steps 0 … last over frames.

    Args:
        last: the last step of the race.
        seconds: duration in seconds, without pauses and holds.
        fps: frames per second, > 0 and <= 50.
        frames: number of frames; by default seconds × fps.
        pace: "linear" gives every step equal time; "log" shows early steps slowly and late steps fast.
        pauses: extra seconds by step.
        hold: extra seconds for the first and for the last frame.
        loop: whether the animation repeats.

    Raises:
        InputError: if a number is out of range, the pace is unknown, or a pause lies outside 0 … last.

    >>> timeline(100, seconds=1, fps=5).steps.tolist()
    [0, 25, 50, 75, 100]
    >>> timeline(100, seconds=1, fps=5, pace="log").steps.tolist()
    [0, 2, 9, 31, 100]
    """
    seconds, fps = check_positive("seconds", seconds), check_fps(fps)
    count = max(round(min(seconds * fps, MAX_FRAMES + 1)), 2) if frames is None else frames
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 1 <= count <= MAX_FRAMES:
        raise InputError(f"frames must be an integer from 1 to {MAX_FRAMES}, got {count!r}")
    if pace not in PACES:
        raise unknown("pace", str(pace), PACES)
    share = np.linspace(0, 1, count) if count > 1 else np.ones(1)
    steps = last * share if pace == "linear" else np.expm1(share * np.log1p(last))
    shown = np.rint(steps).astype(np.int64)
    try:
        first, final = (_check_extra("hold", extra) for extra in hold)
    except (TypeError, ValueError):
        raise InputError(
            f"hold must be two numbers of seconds from 0 to 600 (first frame, last frame), got {hold!r}"
        ) from None
    extra_seconds = {0: first}
    extra_seconds[count - 1] = extra_seconds.get(count - 1, 0.0) * (count == 1) + final
    stops = pauses or {}
    for step in stops:
        if not isinstance(step, int | np.integer) or not 0 <= step <= last:
            raise InputError(f"pauses must be at steps from 0 to {last}, got {step!r}")
    shown = _include_steps(shown, list(stops))
    for step, extra in stops.items():
        frame = int(np.argmin(abs(shown - step)))
        extra_seconds[frame] = extra_seconds.get(frame, 0.0) + _check_extra("a pause", extra)
    return Timeline(shown, fps, extra_seconds, loop)


def _include_steps(shown: NDArray[np.int64], stops: list[int]) -> NDArray[np.int64]:
    """Return the shown steps with the nearest inner ones replaced by `stops`; the first and last are unchanged.

    >>> _include_steps(np.array([0, 25, 50, 75, 100]), [30, 50, 98]).tolist()
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


def check_positive(name: str, value: float) -> float:
    """Return the value as a float. Raise `InputError` unless it is finite and > 0."""
    if not isinstance(value, numbers.Real) or not 0 < value < float("inf"):
        raise InputError(f"{name} must be a finite number > 0, got {value!r}")
    return float(value)


def check_fps(fps: float) -> float:
    """Return the frame rate as a float. Raise `InputError` unless it is > 0 and <= 50."""
    if not isinstance(fps, numbers.Real) or not 0 < fps <= 50:
        raise InputError(f"fps must be > 0 and <= 50 (viewers slow down faster GIFs), got {fps!r}")
    return float(fps)


def _check_extra(name: str, value: float) -> float:
    if not isinstance(value, numbers.Real) or not 0 <= value <= 600:
        raise InputError(f"{name} must be a number of seconds from 0 to 600, got {value!r}")
    return float(value)
