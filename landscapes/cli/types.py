"""Types of arguments: each function converts a text, or raises argparse's error with what is allowed."""

from __future__ import annotations

import argparse
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from landscapes.errors import InputError

if TYPE_CHECKING:
    from landscapes.render import Camera
    from landscapes.views import View

Box = tuple[tuple[float, float], ...]


class Interval(NamedTuple):
    """A range as it is written on the command line: `low..high[:n][:scale]`."""

    low: float
    high: float
    n: int | None
    scale: str


def point(text: str) -> tuple[float, ...]:
    """Convert the coordinates of a point, separated by commas.

    >>> point("-1,2")
    (-1.0, 2.0)
    """
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be numbers separated by commas, as in -1,2, got {text!r}") from None
    if not all(map(math.isfinite, numbers)):
        raise argparse.ArgumentTypeError(f"must be finite numbers, got {text!r}")
    return numbers


def pause(text: str) -> tuple[int, float | str]:
    """Convert a step, and a sentence or seconds.

    >>> pause("10=momentum overshoots"), pause("20=1.5")
    ((10, 'momentum overshoots'), (20, 1.5))
    """
    step, sign, what = text.partition("=")
    if not sign or not step.strip().isdecimal() or not what.strip():
        raise argparse.ArgumentTypeError(f'must be STEP=TEXT or STEP=SECONDS, as in 10="it overshoots", got {text!r}')
    try:
        return int(step), float(what)
    except ValueError:
        return int(step), what.strip()


def names(text: str) -> str | list[str]:
    """Convert names separated by commas, or "all"."""
    return text if text == "all" else [name.strip() for name in text.split(",")]


def domain(text: str) -> Box:
    """Convert one interval per coordinate, or one for all of them.

    >>> domain("-4,4,0,6")
    ((-4.0, 4.0), (0.0, 6.0))
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or len(numbers) % 2:
        raise argparse.ArgumentTypeError(f"must be two numbers per coordinate, as in -4,4 or -4,4,0,6, got {text!r}")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def view(text: str) -> View:
    """Convert the part of the plane to draw: a name or a box."""
    from landscapes.views import NAMES, check_view

    try:
        found: View = text if text in NAMES else _box(text)
        check_view(found)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be {', '.join(NAMES)} or X0,X1,Y0,Y1, got {text!r}") from None
    return found


def _box(text: str) -> Box:
    x0, x1, y0, y1 = (float(part) for part in text.split(","))
    return (x0, x1), (y0, y1)


def camera(text: str) -> Camera:
    """Convert the azimuth and elevation of a camera, and optionally its rotation, in degrees."""
    from landscapes.render import Camera

    try:
        azim, elev, *rotate = (float(part) for part in text.split(","))
        return Camera(azim, elev, *rotate)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(
            f"must be AZIM,ELEV or AZIM,ELEV,ROTATE in degrees, as in -60,42,90, got {text!r}"
        ) from None


def dtype(text: str) -> str:
    """Check the name of a precision; torch is loaded later."""
    if text not in ("float64", "float32"):
        raise argparse.ArgumentTypeError(f"must be float64 or float32, got {text!r}")
    return text


def language(text: str) -> str:
    """Convert a language or a locale to the code of a language."""
    from landscapes.render.languages.base import language_code

    try:
        return language_code(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def words(text: str) -> dict[str, str]:
    """Read texts of pictures from a JSON file."""
    from landscapes.render.words import check_words

    try:
        given = json.loads(Path(text).read_text(encoding="utf-8-sig"))
        check_words(given)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:  # of JSON and UTF-8, and InputError
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
    return dict(given)


def positive_int(text: str) -> int:
    """Convert an integer >= 1."""
    if not re.fullmatch(r"\+?\d+", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer >= 1, got {text!r}")
    return int(text)


def non_negative_int(text: str) -> int:
    """Convert an integer >= 0."""
    if not re.fullmatch(r"\+?\d+", text):
        raise argparse.ArgumentTypeError(f"must be an integer >= 0, got {text!r}")
    return int(text)


def image_size(text: str) -> tuple[int, int]:
    """Convert a width and a height in pixels.

    >>> image_size("800x600")
    (800, 600)
    """
    size = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", text)
    if size is None:
        raise argparse.ArgumentTypeError(f"must be WIDTHxHEIGHT in pixels, as in 800x600, got {text!r}")
    return int(size[1]), int(size[2])


def positive_float(text: str) -> float:
    """Convert a finite number > 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a finite number > 0, got {text!r}")
    return value


def setting(text: str) -> tuple[str, list[float] | list[bool | str] | Interval]:
    """Convert a hyper-parameter with its values or its range.

    >>> setting("beta1=0.5,0.9")
    ('beta1', [0.5, 0.9])
    >>> setting("lr=1e-4..1:30")
    ('lr', Interval(low=0.0001, high=1.0, n=30, scale=''))
    >>> setting("nesterov=false,true"), setting("noise.kind=normal,student")
    (('nesterov', [False, True]), ('noise.kind', ['normal', 'student']))
    """
    name, equals, values = text.partition("=")
    try:
        if not equals or not name.strip():
            raise ValueError
        return name.strip(), _choices(values) or _values(values)
    except ValueError:
        raise argparse.ArgumentTypeError(
            "must be NAME=VALUES or NAME=RANGE, as in lr=0.01,0.1 or lr=1e-4..1:30 (30 values) or lr=0..1:30:linear "
            "or nesterov=false,true, "
            f"got {text!r}"
        ) from None


def lr_grid(text: str) -> list[float] | Interval:
    """Convert learning rates: values, or a range with their number.

    >>> lr_grid("0.001,0.1"), lr_grid("1e-4..1:20")
    ([0.001, 0.1], Interval(low=0.0001, high=1.0, n=20, scale=''))
    """
    try:
        return _values(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be values or a range, as in 0.001,0.1 or 1e-4..1:20 (20 values), got {text!r}"
        ) from None


def search_ranges(text: str) -> list[tuple[str, Interval | None]]:
    """Convert hyper-parameters to search, separated by commas, each with or without its range.

    >>> search_ranges("lr=1e-4..1"), search_ranges("lr, beta1")
    ([('lr', Interval(low=0.0001, high=1.0, n=None, scale=''))], [('lr', None), ('beta1', None)])
    """
    try:
        return [_search_range(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            "must be NAME or NAME=LOW..HIGH[:SCALE], separated by commas, as in lr=1e-4..1,momentum=0..0.99:decay, "
            f"got {text!r}"
        ) from None


def _search_range(text: str) -> tuple[str, Interval | None]:
    name, equals, values = text.partition("=")
    found = _values(values) if equals else None
    if not name.strip() or not isinstance(found, Interval | None):
        raise ValueError
    return name.strip(), found


def _choices(text: str) -> list[bool | str]:
    """Convert flags and names, as in "false,true" or "normal,student"; return [] for anything else."""
    words = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[A-Za-z][A-Za-z_]*", word) for word in words) or {"nan", "inf"} & set(words):
        return []
    flags = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
    return [flags.get(word.lower(), word) for word in words]


def _values(text: str) -> list[float] | Interval:
    """Convert values separated by commas, or a range. Raises `ValueError` for anything else."""
    ends = re.fullmatch(r"(?P<low>[^:]+?)\.\.(?P<high>[^:]+)(:(?P<n>\d+))?(:(?P<scale>[a-z]+))?", text.strip())
    if ends is None:
        return [float(part) for part in text.split(",")]
    n = None if ends["n"] is None else int(ends["n"])
    return Interval(float(ends["low"]), float(ends["high"]), n, ends["scale"] or "")


def tolerances(text: str) -> list[float]:
    """Convert numbers separated by commas."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be numbers separated by commas, as in 1e-1,1e-4, got {text!r}"
        ) from None


def spread(text: str) -> str | float:
    """Convert where starts are drawn: "view", "domain", or a multiple of the view's sides."""
    return text if text in ("view", "domain") else positive_float(text)


def map_box(text: str) -> str | Box:
    """Convert the part of the plane to map: "view", "domain" or a box."""
    if text in ("view", "domain"):
        return text
    try:
        return _box(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be view, domain or X0,X1,Y0,Y1, got {text!r}") from None


def resolution(text: str) -> tuple[int, int]:
    """Convert pixels per side, or along x and along y."""
    return image_size(text) if re.search("[x×]", text) else (positive_int(text), positive_int(text))
