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

MAX_SECONDS = 14_400
"""Longest animation in seconds: four hours, so that every format can store its delays."""

MAX_FPS = 120
"""Highest frame rate of any format; some formats allow less."""

SECONDS = 10.4
"""Default length of an animation or a playback in seconds."""

HOLD = (0.4, 2.0)
"""How much longer the first and the last frame are shown by default, in seconds."""

HELD = 0.4
"""The default holds shrink in proportion to take at most this share of the length."""

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
    seconds: float | None = None,
    fps: float = 25.0,
    frames: int | None = None,
    pace: str = "linear",
    pauses: Mapping[int, float] | None = None,
    hold: tuple[float, float] | None = None,
    loop: bool = True,
) -> Timeline:
    """Distribute the steps 0 … last over frames.

    Args:
        last: the last step of the race.
        seconds: length of the whole animation in seconds, with pauses and holds; default 10.4.
        fps: frames per second, > 0 and <= 120.
        frames: number of frames, instead of `seconds`; pauses and holds are added to frames / fps.
        pace: "linear" gives every step equal time; "log" shows early steps slowly and late steps fast.
        pauses: extra seconds by step.
        hold: extra seconds for the first and for the last frame; by default 0.4 and 2, less in a short animation.
        loop: whether the animation repeats.

    Raises:
        InputError: if a number is out of range, the pace is unknown, a pause lies outside 0 … last, or pauses, holds
            and two frames do not fit into `seconds`.

    >>> timeline(100, seconds=1, fps=5, hold=(0, 0)).steps.tolist()
    [0, 25, 50, 75, 100]
    >>> timeline(100, seconds=1, fps=5, hold=(0, 0), pace="log").steps.tolist()
    [0, 2, 9, 31, 100]
    >>> plan = timeline(100, seconds=1, fps=20)
    >>> len(plan.steps), round(plan.seconds, 9)
    (12, 1.0)
    """
    fps, stops = check_fps(fps), _check_pauses(pauses, last)
    if not isinstance(pace, str) or pace not in PACES:
        raise unknown("pace", str(pace), PACES)
    if not isinstance(loop, bool | np.bool_):
        raise InputError(f"loop must be True or False, got {loop!r:.80}")
    holds = HOLD if hold is None else _check_hold(hold)
    if frames is None:
        length = check_seconds(SECONDS if seconds is None else seconds)
        count, holds = _split(length, fps, sum(stops.values()), holds, shrink=hold is None)
        if count > MAX_FRAMES:
            raise InputError(f"an animation has at most {MAX_FRAMES} frames, got {count}: lower seconds or fps")
    elif seconds is not None:
        raise InputError("give seconds or frames, not both: frames / fps is the length without pauses and holds")
    else:
        count = frames
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 1 <= count <= MAX_FRAMES:
        raise InputError(f"frames must be an integer from 1 to {MAX_FRAMES}, got {count!r}")
    share = np.linspace(0, 1, count) if count > 1 else np.ones(1)
    steps = last * share if pace == "linear" else np.expm1(share * np.log1p(last))
    shown = np.rint(steps).astype(np.int64)
    extra_seconds = {0: holds[0]}
    extra_seconds[count - 1] = extra_seconds.get(count - 1, 0.0) * (count == 1) + holds[1]
    shown = _include_steps(shown, list(stops))
    for step, extra in stops.items():
        frame = int(np.argmin(abs(shown - step)))
        extra_seconds[frame] = extra_seconds.get(frame, 0.0) + extra
    plan = Timeline(shown, fps, extra_seconds, loop)
    if plan.seconds > MAX_SECONDS:
        raise InputError(f"an animation lasts at most {MAX_SECONDS} s, got {plan.seconds:g} s: change frames or fps")
    return plan


def split_seconds(seconds: float) -> tuple[float, float, float]:
    """Return how long a playback of a length holds its start, moves, and holds its end, in seconds.

    >>> split_seconds(10.4), split_seconds(3.0)
    ((0.4, 8.0, 2.0), (0.2, 1.8, 1.0))
    """
    share = min(1.0, HELD * seconds / sum(HOLD))
    first, final = (round(share * extra, 6) for extra in HOLD)
    return first, round(seconds - first - final, 6), final


def _split(
    seconds: float, fps: float, paused: float, holds: tuple[float, float], shrink: bool
) -> tuple[int, tuple[float, float]]:
    """Return the number of frames, and the holds, so that all takes `seconds`.

    Args:
        seconds: length of the whole animation.
        fps: frames per second.
        paused: the sum of all pauses, in seconds.
        holds: how much longer the first and the last frame are shown, in seconds.
        shrink: whether the holds may change. If not, the length is off by up to half a frame.
    """
    held = 0.0 if shrink else sum(holds)
    least = 2 / fps + paused + held
    if seconds < least * (1 - 1e-9):
        parts = [f"two frames at {fps:g} fps"]
        parts += [f"{extra:g} s of {name}" for name, extra in (("pauses", paused), ("holds", held)) if extra]
        raise InputError(f"seconds must be at least {least:g} for {' and '.join(parts)}, got {seconds:g}")
    if shrink:
        held = min(sum(holds), HELD * (seconds - paused))
    count = max(round((seconds - paused - held) * fps), 2)
    if shrink:
        share = max(round(seconds - paused - count / fps, 9), 0.0) / sum(holds)
        holds = holds[0] * share, holds[1] * share
    return count, holds


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
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 < value < float("inf"):
        raise InputError(f"{name} must be a finite number > 0, got {value!r}")
    return float(value)


def check_seconds(seconds: float) -> float:
    """Return the length as a float. Raise `InputError` unless it is > 0 and at most four hours."""
    if check_positive("seconds", seconds) > MAX_SECONDS:
        raise InputError(f"seconds must be <= {MAX_SECONDS} (four hours), got {seconds!r}")
    return float(seconds)


def check_fps(fps: float) -> float:
    """Return the frame rate as a float. Raise `InputError` unless it is > 0 and <= 120."""
    if isinstance(fps, bool) or not isinstance(fps, numbers.Real) or not 0 < fps <= MAX_FPS:
        raise InputError(f"fps must be > 0 and <= {MAX_FPS}, got {fps!r}")
    return float(fps)


def _check_pauses(pauses: Mapping[int, float] | None, last: int) -> dict[int, float]:
    """Return the seconds of each pause by step."""
    if pauses is not None and not isinstance(pauses, Mapping):
        raise InputError(f"pauses must be seconds by step, as in {{10: 1.5}}, got {pauses!r:.80}")
    for step in pauses or {}:
        if not isinstance(step, int | np.integer) or not 0 <= step <= last:
            raise InputError(f"pauses must be at steps from 0 to {last}, got {step!r}")
    return {step: _check_extra("a pause", extra) for step, extra in (pauses or {}).items()}


def _check_hold(hold: tuple[float, float]) -> tuple[float, float]:
    """Return the seconds added to the first and to the last frame."""
    try:
        first, final = (_check_extra("hold", extra) for extra in hold)
    except (TypeError, ValueError):
        raise InputError(
            f"hold must be two numbers of seconds from 0 to 600 (first frame, last frame), got {hold!r:.80}"
        ) from None
    return first, final


def _check_extra(name: str, value: float) -> float:
    if not isinstance(value, numbers.Real) or not 0 <= value <= 600:
        raise InputError(f"{name} must be a number of seconds from 0 to 600, got {value!r}")
    return float(value)
