"""What a word of the command line may be: numbers, points, ranges. Each reads a text or raises argparse's own error."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING

from landscapes.errors import InputError

if TYPE_CHECKING:
    from landscapes.render import Camera
    from landscapes.views import View


def start(text: str) -> tuple[float, ...]:
    """A point, as in -1,2."""
    try:
        point = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"a start is numbers with commas, as in -1,2; not {text!r}") from None
    if not all(map(math.isfinite, point)):
        raise argparse.ArgumentTypeError(f"a start must be finite, not {text!r}")
    return point


def names(text: str) -> str | list[str]:
    """Names with commas, or "all"."""
    return text if text == "all" else [name.strip() for name in text.split(",")]


def bounds(text: str) -> tuple[tuple[float, float], ...]:
    """Intervals, two numbers each."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or len(numbers) % 2:
        raise argparse.ArgumentTypeError(
            f"a domain is a pair of numbers a coordinate, as in -4,4 or -4,4,0,6; not {text!r}"
        )
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def view(text: str) -> View:
    """What a picture shows: a name, or a box."""
    from landscapes.views import NAMES, check_view

    try:
        found: View = text if text in NAMES else _box(text)
        check_view(found)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except ValueError:
        raise argparse.ArgumentTypeError(f"a view is {', '.join(NAMES)} or X0,X1,Y0,Y1, not {text!r}") from None
    return found


def _box(text: str) -> tuple[tuple[float, float], ...]:
    x0, x1, y0, y1 = (float(part) for part in text.split(","))
    return (x0, x1), (y0, y1)


def camera(text: str) -> Camera:
    """Where a landscape is seen from: two angles in degrees, and a third one for a camera that goes around."""
    from landscapes.render import Camera

    try:
        azim, elev, *rotate = (float(part) for part in text.split(","))
        return Camera(azim, elev, *rotate)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(
            f"a camera is AZIMUTH,ELEVATION or AZIMUTH,ELEVATION,TURN in degrees, as in -60,42,90; not {text!r}"
        ) from None


def count(text: str) -> int:
    """A whole number, at least 1."""
    if not re.fullmatch(r"\+?\d+", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 1, not {text!r}")
    return int(text)


def whole(text: str) -> int:
    """A whole number, at least 0."""
    if not re.fullmatch(r"\+?\d+", text):
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 0, not {text!r}")
    return int(text)


def pixels(text: str) -> tuple[int, int]:
    """Width and height, as in 800x600."""
    size = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", text)
    if size is None:
        raise argparse.ArgumentTypeError(f"must be width x height in pixels, as in 800x600, not {text!r}")
    return int(size[1]), int(size[2])


def positive(text: str) -> float:
    """A number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value


def vary(text: str) -> tuple[str, tuple[float, ...] | tuple[float, float, int | None, str]]:
    """A hyper-parameter and what it is to be: values, or the ends of a range with how many and on which scale.

    >>> vary("beta1=0.5,0.9"), vary("lr=1e-4..1:30")
    (('beta1', (0.5, 0.9)), ('lr', (0.0001, 1.0, 30, '')))
    """
    name, equals, given = text.partition("=")
    ends = re.fullmatch(r"(?P<low>[^:]+?)\.\.(?P<high>[^:]+)(:(?P<count>\d+))?(:(?P<scale>[a-z]+))?", given.strip())
    try:
        if not equals or not name.strip() or not given.strip():
            raise ValueError
        if ends is None:
            return name.strip(), tuple(float(part) for part in given.split(","))
        count = None if ends["count"] is None else int(ends["count"])
        return name.strip(), (float(ends["low"]), float(ends["high"]), count, ends["scale"] or "")
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"write values or a range, as in lr=0.01,0.1 or lr=1e-4..1:30 (30 values) or lr=0..1:30:linear; not {text!r}"
        ) from None


def rates(text: str) -> tuple[float, ...] | tuple[float, float, int | None, str]:
    """Learning rates: values with commas, or a range with how many.

    >>> rates("0.001,0.1"), rates("1e-4..1:20")
    ((0.001, 0.1), (0.0001, 1.0, 20, ''))
    """
    try:
        return vary(f"lr={text}")[1]
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"write learning rates as values or a range, 0.001,0.1 or 1e-4..1:20 (20 of them); not {text!r}"
        ) from None


def shares(text: str) -> list[float]:
    """Targets with commas."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"targets are shares with commas, as in 1e-1,1e-4; not {text!r}") from None


def spread(text: str) -> str | float:
    """Where starts are drawn: a name, or so many sides of the view."""
    return text if text in ("view", "domain") else positive(text)


def area(text: str) -> str | tuple[tuple[float, float], ...]:
    """What to map: a name, or a box."""
    if text in ("view", "domain"):
        return text
    try:
        return _box(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a box is view, domain or X0,X1,Y0,Y1, not {text!r}") from None


def resolution(text: str) -> tuple[int, int]:
    """Pixels a side, or along x and along y."""
    return pixels(text) if re.search("[x×]", text) else (count(text), count(text))
