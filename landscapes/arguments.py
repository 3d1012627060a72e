"""The words of the command line: options, what they may be, and the help."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from landscapes.errors import InputError

if TYPE_CHECKING:
    from landscapes.views import View

EXAMPLES = """\
examples:
  landscapes race beale                                  six optimizers on Beale's function: race.gif
  landscapes race rosenbrock --with adam --with "sgd(lr=0.001)" -o duel.mp4
  landscapes race ackley --start=-20,15 --steps 500 --theme dark -o ackley.gif
  landscapes race himmelblau --theme print -o figure.pdf the last step, for a paper
  landscapes race --formula "x**2 + 3*sin(y)" --domain -4,4 --start 3,1
  landscapes race my.py:bowl --with "my.py:MyOptimizer(lr=0.05)" --with adam
  landscapes race beale --with "clip(cosine(adam), norm=1)" --with adam      schedules, clipping, noise, SAM …
  landscapes race beale --save race.npz                  keep the race, and draw it again without running:
  landscapes replay race.npz -o dark.mp4 --theme dark --size 1280x720
  landscapes replay race.npz -o race.html                a page to play with: scrub, zoom, switch runs, ask for losses
  landscapes tune beale --with adam --with sgd           the best hyper-parameters of each, under one budget
  landscapes race rosenbrock --dim 10                    ten coordinates: the losses alone
  landscapes list                                        functions, optimizers and themes
  landscapes list --tag valley --tag curved --dim 10     functions that are all of this
  landscapes show beale -o beale.pdf                     the facts of one function, in words and on a page
"""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options in the words of a command line. Raises `InputError` for words it does not understand."""
    return _parser().parse_args(_with_negative_numbers(argv))


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as every other part of the package does: by an `InputError`."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    from landscapes import __version__

    parser = _Parser(
        prog="landscapes",
        description="Race optimizers over loss landscapes, and get a picture worth publishing.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", required=True)
    shared: dict[str, Any] = {"allow_abbrev": False, "formatter_class": argparse.RawDescriptionHelpFormatter}

    run = commands.add_parser("race", help="race optimizers and draw it", epilog=EXAMPLES, **shared)
    run.add_argument(
        "function", nargs="?", metavar="FUNCTION", help="a name of the list, or module:object, or file.py:object"
    )
    run.add_argument("--formula", metavar="F", help='a formula instead, such as "x**2 + 3*sin(y)"')
    run.add_argument(
        "--domain",
        type=_bounds,
        metavar="X0,X1,Y0,Y1",
        help="the box of a formula; two numbers hold for all coordinates (default: -5,5)",
    )
    run.add_argument(
        "--with",
        dest="rules",
        action="append",
        metavar="RULE",
        help='an optimizer, again for each: adam, "adam(lr=0.05)", "label=adam(lr=0.05)" or module:MyOptimizer; '
        "a learning rate left open is found by a sweep",
    )
    _add_dim(run)
    run.add_argument("--start", type=_start, metavar="X,Y", help="where all begin (default: the function's own)")
    run.add_argument("--steps", type=_count, metavar="N", help="how many steps (default: the function's own)")
    run.add_argument("--device", default="cpu", metavar="D", help="cpu, cuda or cuda:1 (default: cpu)")
    run.add_argument("--save", metavar="FILE.npz", help="keep the race itself too, to draw it again")
    _add_look(run)

    replay = commands.add_parser("replay", help="draw a saved race again, without running it", **shared)
    replay.add_argument("record", metavar="FILE.npz", help="what race --save wrote")
    _add_look(replay)

    tune = commands.add_parser("tune", help="find the best hyper-parameters of optimizers", **shared)
    tune.add_argument("function", metavar="FUNCTION", help="a name of the list, or module:object, or file.py:object")
    tune.add_argument(
        "--with", dest="rules", action="append", metavar="RULE", help="an optimizer, again for each, as race takes it"
    )
    tune.add_argument(
        "--vary",
        type=_names,
        default="all",
        metavar="A,B",
        help="which hyper-parameters, as in lr,beta1 (default: all)",
    )
    tune.add_argument("--start", type=_start, metavar="X,Y", help="where all begin (default: the function's own)")
    tune.add_argument("--steps", type=_count, metavar="N", help="how many steps (default: the function's own)")
    tune.add_argument("--starts", type=_count, default=4, metavar="N", help="starts close by (default: 4)")
    tune.add_argument("--seeds", type=_count, default=1, metavar="N", help="runs with noise of their own (default: 1)")
    tune.add_argument("--target", type=float, metavar="F", help="the value to reach (default: 1e-4 of the gap left)")
    tune.add_argument("--seed", type=_whole, default=0, metavar="N", help="of all random numbers (default: 0)")

    listed = commands.add_parser("list", help="functions, optimizers and themes", **shared)
    listed.add_argument(
        "--tag", dest="tags", action="append", metavar="T", help="functions that have this tag, again for more of them"
    )
    _add_dim(listed)
    listed.add_argument("--any-dim", action="store_true", help="functions that take several numbers of coordinates")
    show = commands.add_parser("show", help="the facts of one function", **shared)
    show.add_argument("function", metavar="FUNCTION", help="a name of the list, or module:object")
    _add_dim(show)
    show.add_argument("-o", "--output", metavar="FILE", help="draw it on a page as well: .png, .pdf, .svg or .pgf")
    _add_page(show)
    return parser


def _add_dim(parser: argparse.ArgumentParser) -> None:
    """The option that says how many coordinates a function has."""
    parser.add_argument(
        "--dim", type=_count, metavar="N", help="the number of coordinates (default: two, or what comes nearest)"
    )


def _add_look(parser: argparse.ArgumentParser) -> None:
    """The options that say how a race is drawn."""
    _add_page(parser)
    parser.add_argument(
        "--view",
        type=_view,
        metavar="V",
        help="what to show: domain, race (what holds all runs) or X0,X1,Y0,Y1 (default: the function's own view)",
    )
    parser.add_argument(
        "--inset", action="store_true", help="magnify the minimum in a corner that the race leaves free"
    )
    parser.add_argument(
        "--labels",
        default="legend",
        metavar="L",
        help="legend, or heads to name each run beside its head (default: legend)",
    )
    parser.add_argument("--step", type=_whole, metavar="N", help="the step that a picture shows (default: the last)")
    parser.add_argument(
        "--seconds", type=_positive, default=8.0, metavar="S", help="length of the animation (default: 8)"
    )
    parser.add_argument("--fps", type=_count, default=25, metavar="N", help="frames a second (default: 25)")
    parser.add_argument(
        "-o",
        "--output",
        default="race.gif",
        metavar="FILE",
        help="the picture: .gif, .mp4, .webm, .webp, .apng, frames-%%04d.png, .mov and more move; "
        ".png, .pdf, .svg and .pgf show one step; .html is a page to play with (default: race.gif)",
    )


def _add_page(parser: argparse.ArgumentParser) -> None:
    """The options that say how any picture looks."""
    parser.add_argument(
        "--theme", metavar="T", help="light, dark or print (default: light; a page follows its reader's system)"
    )
    parser.add_argument("--size", type=_pixels, metavar="WxH", help="width and height in pixels, as in 800x600")


def _with_negative_numbers(argv: Sequence[str]) -> list[str]:
    """Joins `--start -1,2` into one word; argparse takes -1,2 for an option."""
    words = list(argv)
    for place in range(len(words) - 1, 0, -1):
        if words[place - 1] in ("--start", "--view", "--domain") and re.match(r"-[\d.in]", words[place]):
            words[place - 1 : place + 1] = [f"{words[place - 1]}={words[place]}"]
    return words


def _start(text: str) -> tuple[float, ...]:
    try:
        point = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"a start is numbers with commas, as in -1,2; not {text!r}") from None
    if not all(map(math.isfinite, point)):
        raise argparse.ArgumentTypeError(f"a start must be finite, not {text!r}")
    return point


def _names(text: str) -> str | list[str]:
    return text if text == "all" else [name.strip() for name in text.split(",")]


def _bounds(text: str) -> tuple[tuple[float, float], ...]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or len(numbers) % 2:
        raise argparse.ArgumentTypeError(
            f"a domain is a pair of numbers a coordinate, as in -4,4 or -4,4,0,6; not {text!r}"
        )
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _view(text: str) -> View:
    from landscapes.views import NAMES, check_view

    try:
        view: View = text if text in NAMES else _box(text)
        check_view(view)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except ValueError:
        raise argparse.ArgumentTypeError(f"a view is {', '.join(NAMES)} or X0,X1,Y0,Y1, not {text!r}") from None
    return view


def _box(text: str) -> tuple[tuple[float, float], ...]:
    x0, x1, y0, y1 = (float(part) for part in text.split(","))
    return (x0, x1), (y0, y1)


def _count(text: str) -> int:
    if not re.fullmatch(r"\+?\d+", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 1, not {text!r}")
    return int(text)


def _whole(text: str) -> int:
    if not re.fullmatch(r"\+?\d+", text):
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 0, not {text!r}")
    return int(text)


def _pixels(text: str) -> tuple[int, int]:
    size = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", text)
    if size is None:
        raise argparse.ArgumentTypeError(f"must be width x height in pixels, as in 800x600, not {text!r}")
    return int(size[1]), int(size[2])


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text!r}")
    return value
