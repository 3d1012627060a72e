"""The timeline of an animation: which step each frame shows, and for how long."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError, unknown, warn

MAX_FRAMES = 100_000
"""Upper limit of the number of frames: more than an hour of animation."""

MAX_SECONDS = 14_400
"""Longest animation in seconds: four hours, so that every format can store its delays."""

MAX_FPS = 120
"""Highest frame rate of any format; some formats allow less."""

SECONDS = 10.0
"""Default length of an animation without pauses, or of a playback, in seconds."""

HOLD = (0.5, 1.5)
"""How much longer the first and the last frame are shown by default, in seconds."""

HELD = 0.4
"""The default holds shrink in proportion to take at most this share of the length."""

PACES = ("auto", "linear", "log", "movement")

STEADY = 0.25
"""The share of an animation that is spread evenly over the steps at the pace "movement"; the rest follows the heads."""

READING = (1.5, 1.0, 15.0)
"""The time of a sentence: the least in seconds, seconds to find it, and letters read per second."""

MUCH = 0.6
"""Pauses that take a larger share of a given length cause a warning."""

LONGEST_NOTE = 300
"""The largest number of letters of a sentence."""

SLOW = 2 / 3
"""Where a frame takes fewer steps, heads are shown on their way."""

STILL = 0.002
"""The smallest movement that is seen, in shares of the view."""

Pause = float | str | tuple[str, float]
"""Seconds, a sentence, or both."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """The frames of an animation.

    Attributes:
        steps: the step shown by each frame, shape (frames,), non-decreasing. Where a step takes several frames it has
            fractions: heads are on their way to the next step.
        fps: frames per second.
        extra_seconds: how much longer than 1 / fps a frame is shown, in seconds, by frame index.
        loop: whether the animation repeats.
        notes: sentences by the step at which they are shown.
        even: whether every step has equal time.
    """

    steps: NDArray[Any]
    fps: float
    extra_seconds: Mapping[int, float] = field(default_factory=dict)
    loop: bool = True
    notes: Mapping[int, str] = field(default_factory=dict)
    even: bool = True

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
    pace: str = "auto",
    pause: Mapping[int, Pause] | None = None,
    hold: tuple[float, float] | None = None,
    loop: bool = True,
    travel: NDArray[np.float64] | None = None,
) -> Timeline:
    """Distribute the steps 0 … last over frames.

    Args:
        last: the last step of the race.
        seconds: length of the whole animation in seconds, with pauses and holds; default 10 and the pauses.
        fps: frames per second, > 0 and <= 120.
        frames: number of frames, instead of `seconds`; pauses and holds are added to frames / fps.
        pace: "linear" gives every step equal time; "log" shows early steps slowly and late steps fast; "movement" gives
            a quarter of the time to all steps alike, and the rest in proportion to `travel`. "auto" is "movement" where
            the heads would stand still for more than half of the animation, else "linear".
        pause: by step, extra seconds, or a sentence to show there, or both; a sentence alone takes the time to read it.
        hold: extra seconds for the first and for the last frame; by default 0.5 and 1.5, less in a short animation.
        loop: whether the animation repeats.
        travel: how far the heads move with each step, in shares of the view, shape (last,); unknown by default.

    Raises:
        InputError: if a number is out of range, the pace is unknown, a pause lies outside 0 … last, pauses, holds and
            two frames do not fit into `seconds`, or no frame is left for a step with a sentence.

    >>> timeline(100, seconds=1, fps=5, hold=(0, 0)).steps.tolist()
    [0, 25, 50, 75, 100]
    >>> timeline(100, seconds=1, fps=5, hold=(0, 0), pace="log").steps.tolist()
    [0, 2, 9, 31, 100]
    >>> plan = timeline(100, seconds=1, fps=20)
    >>> len(plan.steps), round(plan.seconds, 9)
    (12, 1.0)
    >>> plan = timeline(100, seconds=4, fps=5, pause={10: "momentum overshoots"})
    >>> plan.notes, round(sum(plan.extra_seconds.values()), 2), round(plan.seconds, 9)
    ({10: 'momentum overshoots'}, 3.0, 4.0)
    """
    fps, (stops, notes) = check_fps(fps), _check_pause(pause, last)
    if not isinstance(pace, str) or pace not in PACES:
        raise unknown("pace", str(pace), PACES)
    if not isinstance(loop, bool | np.bool_):
        raise InputError(f"loop must be True or False, got {loop!r:.80}")
    holds = HOLD if hold is None else _check_hold(hold)
    if frames is None:
        paused = sum(stops.values())
        length = check_seconds(SECONDS + paused if seconds is None else seconds)
        count, holds = _split(length, fps, paused, holds, shrink=hold is None)
        if seconds is not None and paused > MUCH * length:
            warn(
                f"pauses take {paused:.3g} of {length:.3g} seconds, the race itself {count / fps:.2g}: "
                'give more seconds, or shorter pauses, as in {10: ("text", 1.5)}'
            )
        if count > MAX_FRAMES:
            raise InputError(f"an animation has at most {MAX_FRAMES} frames, got {count}: lower seconds or fps")
    elif seconds is not None:
        raise InputError("give seconds or frames, not both: frames / fps is the length without pauses and holds")
    else:
        count = frames
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 1 <= count <= MAX_FRAMES:
        raise InputError(f"frames must be an integer from 1 to {MAX_FRAMES}, got {count!r}")
    if pace == "auto":
        pace = "movement" if travel is not None and stands_still(travel) > 0.5 else "linear"
    share = np.linspace(0, 1, count) if count > 1 else np.ones(1)
    shown = _whole_if_fast(_steps_at(share, last, pace, travel))
    extra_seconds = {0: holds[0]}
    extra_seconds[count - 1] = extra_seconds.get(count - 1, 0.0) * (count == 1) + holds[1]
    shown = _include_steps(shown, list(stops))
    for step, extra in stops.items():
        frame = int(np.argmin(abs(shown - step)))
        extra_seconds[frame] = extra_seconds.get(frame, 0.0) + extra
    for step in notes:
        if step not in shown:
            near = int(shown[np.argmin(abs(shown - step))])
            raise InputError(
                f"pause at step {step}: none of the {count} frames is left for it, the nearest one shows step {near}; "
                "give more seconds or frames, or fewer pauses"
            )
    plan = Timeline(shown, fps, extra_seconds, loop, notes, even=pace == "linear")
    if plan.seconds > MAX_SECONDS:
        raise InputError(f"an animation lasts at most {MAX_SECONDS} s, got {plan.seconds:g} s: change frames or fps")
    return plan


def _whole_if_fast(steps: NDArray[np.float64]) -> NDArray[Any]:
    """Return steps with fractions where they advance by less than two thirds from frame to frame, else whole ones.

    >>> _whole_if_fast(np.array([0, 0.4, 0.8, 1.2, 4.4, 8])).tolist(), _whole_if_fast(np.array([0, 1.2, 2])).tolist()
    ([0.0, 0.4, 0.8, 1.2, 4.0, 8.0], [0, 1, 2])
    """
    whole = np.rint(steps)
    ahead = np.diff(steps, prepend=steps[:1] - 1)
    ahead = np.minimum(ahead, np.append(ahead[1:], np.inf))
    mixed = np.maximum.accumulate(np.where(ahead < SLOW, steps.round(6), whole))
    mixed[[0, -1]] = whole[[0, -1]]
    mixed = np.minimum(mixed, whole[-1])
    return mixed if (mixed % 1).any() else whole.astype(np.int64)


def _steps_at(
    share: NDArray[np.float64], last: int, pace: str, travel: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return the step at each share of the time.

    >>> _steps_at(np.array([0, 0.5, 1]), 4, "movement", np.array([1.0, 1, 0, 0])).round(2).tolist()
    [0.0, 1.14, 4.0]
    """
    if pace == "log":
        return np.asarray(np.expm1(share * np.log1p(last)))
    total = 0.0 if travel is None else float(travel.sum())
    if pace == "linear" or travel is None or total <= 0:
        return np.asarray(last * share)
    done = np.concatenate([[0.0], np.cumsum((1 - STEADY) * travel / total + STEADY / len(travel))])
    return np.asarray(np.interp(share * done[-1], done, np.linspace(0, last, len(done))))


def stands_still(travel: NDArray[np.float64], frames: int = 200) -> float:
    """Return the share of a linear animation in which no head moves by 1/500 of the view from frame to frame.

    >>> stands_still(np.array([0.1] * 50 + [1e-6] * 150))
    0.75
    """
    return float(np.mean(travel * len(travel) / frames < STILL)) if len(travel) else 0.0


def split_seconds(seconds: float) -> tuple[float, float, float]:
    """Return how long a playback of a length holds its start, moves, and holds its end, in seconds.

    >>> split_seconds(10.0), split_seconds(3.0)
    ((0.5, 8.0, 1.5), (0.3, 1.8, 0.9))
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


def _include_steps(shown: NDArray[Any], stops: list[int]) -> NDArray[Any]:
    """Return the shown steps with the nearest inner ones replaced by `stops`; the first and last are unchanged.

    >>> _include_steps(np.array([0, 25, 50, 75, 100]), [30, 50, 98]).tolist()
    [0, 30, 50, 98, 100]
    """
    steps = shown.copy()
    free = [place for place in range(1, len(steps) - 1) if steps[place] not in stops]
    for stop in stops:
        if free and stop not in steps:
            place = min(free, key=lambda place: abs(float(steps[place]) - stop))
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


def _check_pause(pause: Mapping[int, Pause] | None, last: int) -> tuple[dict[int, float], dict[int, str]]:
    """Return the seconds of each pause, and the sentences, by step."""
    if pause is not None and not isinstance(pause, Mapping):
        raise InputError(
            "pause must be seconds or a sentence by step, as in {10: 1.5} or {10: 'it overshoots'}, "
            f"got {pause!r:.80}"
        )
    seconds, notes = {}, {}
    for step, given in (pause or {}).items():
        if isinstance(step, bool) or not isinstance(step, int | np.integer) or not 0 <= step <= last:
            raise InputError(f"pause must be at steps from 0 to {last}, got {step!r:.80}")
        note, extra = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
        if isinstance(note, str):
            if not note.strip() or len(note) > LONGEST_NOTE:
                raise InputError(f"the sentence at step {step} must have 1 to {LONGEST_NOTE} letters, got {note!r:.80}")
            notes[int(step)] = note.strip()
            seconds[int(step)] = reading_time(note) if extra is None else _check_extra("a pause", extra)
        elif extra is None:
            seconds[int(step)] = _check_extra("a pause", note)
        else:
            raise InputError(f"a pause must be seconds, a sentence, or (sentence, seconds), got {given!r:.80}")
    return seconds, notes


def reading_time(note: str) -> float:
    """Return how long a sentence is shown, in seconds; a Chinese or Japanese letter counts as three.

    >>> reading_time("too fast"), reading_time("momentum carries it past the minimum")
    (1.53, 3.4)
    """
    least, begin, speed = READING
    letters = sum(3 if letter > "\u2e80" else 1 for letter in note)
    return max(least, round(begin + letters / speed, 2))


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
