"""The words of the command line: options, what they may be, and the help."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from landscapes.cli import words
from landscapes.errors import InputError

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
  landscapes replay race.npz -o race.mp4 --camera=-60,42,90      in relief, seen by a camera that goes around
  landscapes explore beale                               a window to play in: drag the start, turn learning rates
  landscapes tune beale --with adam --with sgd           the best hyper-parameters of each, under one budget
  landscapes sweep beale --with adam --vary lr=1e-4..1:30 --vary beta1=0.5,0.9,0.99 -o sweep.png
  landscapes basins himmelblau --with "sgd(lr=0.01)" --resolution 512 -o basins.png
  landscapes compare --on beale --on rosenbrock --with adam --with sgd --table markdown -o profiles.pdf
  landscapes race rosenbrock --dim 10                    ten coordinates: the losses alone
  landscapes list                                        functions, optimizers and themes
  landscapes list --tag valley --tag curved --dim 10     functions that are all of this
  landscapes show beale -o beale.pdf                     the facts of one function, in words and on a page
"""

NEGATIVE = ("--start", "--view", "--domain", "--box", "--camera")
"""Options whose value may begin with a minus sign."""


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
        type=words.bounds,
        metavar="X0,X1,Y0,Y1",
        help="the box of a formula; two numbers hold for all coordinates (default: -5,5)",
    )
    run.add_argument(
        "--with",
        dest="optimizers",
        action="append",
        metavar="RULE",
        help='an optimizer, again for each: adam, "adam(lr=0.05)", "label=adam(lr=0.05)" or module:MyOptimizer; '
        "a learning rate left open is found by a sweep",
    )
    _add_dim(run)
    run.add_argument("--start", type=words.start, metavar="X,Y", help="where all begin (default: the function's own)")
    run.add_argument("--steps", type=words.count, metavar="N", help="how many steps (default: the function's own)")
    run.add_argument("--device", default="cpu", metavar="D", help="cpu, cuda or cuda:1 (default: cpu)")
    run.add_argument("--save", metavar="FILE.npz", help="keep the race itself too, to draw it again")
    _add_look(run)

    replay = commands.add_parser("replay", help="draw a saved race again, without running it", **shared)
    replay.add_argument("record", metavar="FILE.npz", help="what race --save wrote")
    _add_look(replay)

    window = commands.add_parser("explore", help="a window to play in: drag the start, turn learning rates", **shared)
    window.add_argument(
        "functions", nargs="+", metavar="FUNCTION", help="a name of the list, or module:object; several to choose from"
    )
    _add_with(window)
    window.add_argument("--steps", type=words.count, metavar="N", help="how many steps (default: the function's own)")
    window.add_argument("--theme", metavar="T", help="light, dark or print (default: light)")

    tune = commands.add_parser("tune", help="find the best hyper-parameters of optimizers", **shared)
    tune.add_argument("function", metavar="FUNCTION", help="a name of the list, or module:object, or file.py:object")
    tune.add_argument(
        "--with",
        dest="optimizers",
        action="append",
        metavar="RULE",
        help="an optimizer, again for each, as race takes it",
    )
    tune.add_argument(
        "--vary",
        type=words.names,
        default="all",
        metavar="A,B",
        help="which hyper-parameters, as in lr,beta1 (default: all)",
    )
    tune.add_argument("--start", type=words.start, metavar="X,Y", help="where all begin (default: the function's own)")
    tune.add_argument("--steps", type=words.count, metavar="N", help="how many steps (default: the function's own)")
    tune.add_argument("--starts", type=words.count, default=4, metavar="N", help="starts close by (default: 4)")
    tune.add_argument(
        "--seeds", type=words.count, default=1, metavar="N", help="runs with noise of their own (default: 1)"
    )
    tune.add_argument("--target", type=float, metavar="F", help="the value to reach (default: 1e-4 of the gap left)")
    tune.add_argument("--seed", type=words.whole, default=0, metavar="N", help="of all random numbers (default: 0)")

    _add_sweep(commands.add_parser("sweep", help="run optimizers with many settings", **shared))
    _add_basins(commands.add_parser("basins", help="map which minimum an optimizer finds from where", **shared))
    _add_compare(commands.add_parser("compare", help="tell what it takes optimizers to reach targets", **shared))

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


def _add_sweep(parser: argparse.ArgumentParser) -> None:
    """The words of `landscapes sweep`."""
    parser.add_argument("function", metavar="FUNCTION", help="a name of the list, or module:object, or file.py:object")
    _add_with(parser)
    parser.add_argument(
        "--vary",
        type=words.vary,
        action="append",
        default=[],
        metavar="NAME=V",
        help="a hyper-parameter, again for each: lr=0.01,0.1 (values), lr=1e-4..1:30 (30 of a range), lr=0..1:30:linear",
    )
    parser.add_argument(
        "--design",
        default="grid",
        metavar="D",
        help="grid, random or sobol: settings drawn from the ranges (default: grid)",
    )
    parser.add_argument("--count", type=words.count, metavar="N", help="how many settings are drawn")
    parser.add_argument(
        "--start", type=words.start, metavar="X,Y", help="where all begin (default: the function's own)"
    )
    _add_runs(parser)
    parser.add_argument("--target", type=float, metavar="F", help="the value to reach (default: 1e-4 of the gap left)")
    _add_dim(parser)
    _add_job(parser)


def _add_basins(parser: argparse.ArgumentParser) -> None:
    """The words of `landscapes basins`."""
    parser.add_argument("function", metavar="FUNCTION", help="a name of the list, or module:object, or file.py:object")
    parser.add_argument(
        "--with", dest="optimizer", required=True, metavar="RULE", help="the optimizer, as race takes it"
    )
    parser.add_argument(
        "--resolution",
        type=words.resolution,
        default=(256, 256),
        metavar="N",
        help="pixels a side, or NXxNY (default: 256)",
    )
    parser.add_argument(
        "--box", type=words.area, default="view", metavar="B", help="view, domain or X0,X1,Y0,Y1 (default: view)"
    )
    parser.add_argument("--steps", type=words.count, metavar="N", help="how many steps (default: the function's own)")
    parser.add_argument(
        "--within",
        type=words.positive,
        metavar="D",
        help="how near a minimum is there (default: 1/1000 of the shorter side)",
    )
    _add_job(parser)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    """The words of `landscapes compare`."""
    parser.add_argument(
        "--on", dest="functions", action="append", required=True, metavar="FUNCTION", help="a function, again for each"
    )
    _add_with(parser)
    _add_runs(parser)
    parser.add_argument(
        "--targets", type=words.shares, metavar="A,B", help="shares of the first gap to reach (default: 1e-1 … 1e-8)"
    )
    parser.add_argument(
        "--target", type=float, metavar="A", help="which of them the tables tell of (default: the smallest)"
    )
    parser.add_argument("--by", default="evaluations", metavar="C", help="what costs, evaluations or steps")
    parser.add_argument("--untuned", action="store_true", help="leave learning rates at their defaults")
    parser.add_argument(
        "--rates",
        type=words.rates,
        metavar="V",
        help="run all at these learning rates, 1e-4..1:20, and judge each at its best on other starts (at least 2 starts)",
    )
    parser.add_argument("--table", default="text", metavar="T", help="text, markdown, latex or csv (default: text)")
    _add_dim(parser)
    _add_job(parser)


def _add_with(parser: argparse.ArgumentParser) -> None:
    """The option that names optimizers."""
    parser.add_argument(
        "--with",
        dest="optimizers",
        action="append",
        metavar="RULE",
        help="an optimizer, again for each, as race takes it",
    )


def _add_runs(parser: argparse.ArgumentParser) -> None:
    """The options that say how often a setting is run."""
    parser.add_argument(
        "--starts", type=words.count, metavar="N", help="how many starts: the function's own, and others"
    )
    parser.add_argument(
        "--spread",
        type=words.spread,
        metavar="S",
        help="where these are drawn: view, domain, or so many sides of the view",
    )
    parser.add_argument("--seeds", type=words.count, metavar="N", help="runs of each with noise of their own")
    parser.add_argument("--steps", type=words.count, metavar="N", help="how many steps (default: the functions' own)")


def _add_job(parser: argparse.ArgumentParser) -> None:
    """The options of all jobs of many runs."""
    parser.add_argument("--seed", type=words.whole, default=0, metavar="N", help="of all random numbers (default: 0)")
    parser.add_argument("--device", default="cpu", metavar="D", help="cpu, cuda or cuda:1 (default: cpu)")
    parser.add_argument("--processes", type=words.count, metavar="N", help="share the work among so many processes")
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        help="keep what is done there: a job that was ended goes on, and machines share the work",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="draw it as well: .png, .pdf, .svg or .pgf")
    _add_page(parser)
    parser.add_argument("--save", metavar="FILE.npz", help="keep the record")
    parser.add_argument("--csv", metavar="FILE.csv", help="all runs as comma-separated values")


def _add_dim(parser: argparse.ArgumentParser) -> None:
    """The option that says how many coordinates a function has."""
    parser.add_argument(
        "--dim", type=words.count, metavar="N", help="the number of coordinates (default: two, or what comes nearest)"
    )


def _add_look(parser: argparse.ArgumentParser) -> None:
    """The options that say how a race is drawn."""
    _add_page(parser)
    parser.add_argument(
        "--view",
        type=words.view,
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
        help="legend, or direct to name each run next to its current point (default: legend)",
    )
    parser.add_argument(
        "--aside", action="store_true", help="see the landscape in relief, from where most of the race shows"
    )
    parser.add_argument(
        "--camera",
        type=words.camera,
        metavar="A,E[,T]",
        help="the same from azimuth A and elevation E, going around by T during the race, in degrees, as in -60,42,90",
    )
    parser.add_argument(
        "--step", type=words.whole, metavar="N", help="the step that a picture shows (default: the last)"
    )
    parser.add_argument(
        "--seconds", type=words.positive, default=8.0, metavar="S", help="length of the animation (default: 8)"
    )
    parser.add_argument("--fps", type=words.count, default=25, metavar="N", help="frames a second (default: 25)")
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
    parser.add_argument("--size", type=words.pixels, metavar="WxH", help="width and height in pixels, as in 800x600")


def _with_negative_numbers(argv: Sequence[str]) -> list[str]:
    """Joins `--start -1,2` into one word; argparse takes -1,2 for an option."""
    given = list(argv)
    for place in range(len(given) - 1, 0, -1):
        if given[place - 1] in NEGATIVE and re.match(r"-[\d.in]", given[place]):
            given[place - 1 : place + 1] = [f"{given[place - 1]}={given[place]}"]
    return given
