"""Options that several commands share, in groups."""

from __future__ import annotations

import argparse

from landscapes.cli import types

FUNCTION_HELP = "name of a test function (see landscapes list), module:object or path/to/file.py:object"
TARGET_HELP = "loss that counts as reached (default: a gap of 1e-4 of the gap at the start)"


def add_function(group: argparse._ArgumentGroup, *, several: bool = False) -> None:
    """Add the positional argument that names the function, or several."""
    if several:
        group.add_argument("function", metavar="FUNCTION", nargs="+", help=f"{FUNCTION_HELP}; or several")
    else:
        group.add_argument("function", metavar="FUNCTION", help=FUNCTION_HELP)


def add_functions(group: argparse._ArgumentGroup) -> None:
    """Add the option that names functions and can be repeated."""
    group.add_argument(
        "-f",
        "--function",
        dest="functions",
        action="append",
        metavar="NAME",
        help=f"{FUNCTION_HELP}, repeat for several",
    )


def add_optimizers(group: argparse._ArgumentGroup, default: str = "") -> None:
    """Add the option that names optimizers and can be repeated."""
    group.add_argument(
        "-O",
        "--optimizer",
        dest="optimizers",
        action="append",
        metavar="NAME",
        help='optimizer, repeat for several: adam, "adam(lr=0.05)", "label=adam(lr=0.05)", "clip(adam, norm=1)" '
        f"or module:MyOptimizer; a learning rate is tuned if omitted{f' (default: {default})' if default else ''}",
    )


def add_dim(group: argparse._ArgumentGroup) -> None:
    """Add the option for the number of coordinates."""
    group.add_argument(
        "--dim",
        type=types.positive_int,
        metavar="N",
        help="number of coordinates (default: the function's usual number, 2 where it has a choice)",
    )


def add_start(group: argparse._ArgumentGroup) -> None:
    """Add the option for the start."""
    group.add_argument(
        "--start", type=types.point, metavar="X,Y", help="start of all runs (default: the function's own)"
    )


def add_steps(group: argparse._ArgumentGroup) -> None:
    """Add the option for the number of steps."""
    group.add_argument(
        "--steps", type=types.positive_int, metavar="N", help="steps per run (default: the function's own number)"
    )


def add_repeats(group: argparse._ArgumentGroup, starts: str, spread: str) -> None:
    """Add the options for the number of starts and seeds; `starts` and `spread` are the defaults shown."""
    group.add_argument(
        "--starts",
        type=types.positive_int,
        metavar="N",
        help=f"number of starts: the function's own and drawn ones (default: {starts})",
    )
    group.add_argument(
        "--spread",
        type=types.spread,
        metavar="S",
        help="where further starts are drawn: view, domain, or a box around the start of S times the view's sides "
        f"(default: {spread})",
    )
    group.add_argument(
        "--seeds",
        type=types.positive_int,
        metavar="N",
        help='runs per start, each with noise of its own, as in -O "noise(adam, sigma=0.5)" (default: 1)',
    )


def add_seed(group: argparse._ArgumentGroup) -> None:
    """Add the option for the seed of all random numbers."""
    group.add_argument(
        "--seed", type=types.non_negative_int, default=0, metavar="N", help="seed of all random numbers (default: 0)"
    )


def add_dtype(group: argparse._ArgumentGroup) -> None:
    """Add the option for the precision."""
    group.add_argument(
        "--dtype",
        type=types.dtype,
        default="float64",
        metavar="T",
        help="precision: float64 or float32 (default: float64)",
    )


def add_device(group: argparse._ArgumentGroup) -> None:
    """Add the option for the device."""
    group.add_argument("--device", default="cpu", metavar="D", help="cpu, cuda or cuda:1 (default: cpu)")


def add_execution(parser: argparse.ArgumentParser) -> None:
    """Add the group of options that say where and how the runs are computed."""
    group = parser.add_argument_group("execution")
    add_device(group)
    add_dtype(group)
    add_workers(group, "runs")
    group.add_argument(
        "--compiled",
        action="store_const",
        const=True,
        help="compile the steps even if it does not pay, and say why if they cannot be compiled (default: if it pays)",
    )
    add_seed(group)


def add_workers(group: argparse._ArgumentGroup, what: str) -> None:
    """Add the options for worker processes, and for a directory of finished blocks of runs or points."""
    group.add_argument(
        "--processes", type=types.positive_int, metavar="N", help="worker processes (default: none, one process)"
    )
    group.add_argument(
        "--resume-dir",
        metavar="DIR",
        help=f"directory for finished blocks of {what}: an interrupted experiment resumes there, and several machines "
        "can share the work",
    )


def add_record(group: argparse._ArgumentGroup) -> None:
    """Add the option that saves the record."""
    group.add_argument("--record", metavar="FILE.npz", help="save the record, for landscapes replay or Python")


def add_figure_output(parser: argparse.ArgumentParser, also: str = "") -> argparse._ArgumentGroup:
    """Add the group of output files of a sweep, a map of basins or a comparison, and return it."""
    group = parser.add_argument_group("output")
    group.add_argument("--csv", metavar="FILE.csv", help="save one row per run as comma-separated values")
    group.add_argument("-o", "--output", metavar="FILE", help="save a figure: {stills}" + also)
    add_record(group)
    return group


def add_appearance(parser: argparse.ArgumentParser, size: str = "960x540") -> argparse._ArgumentGroup:
    """Add the group of options for theme and size of any figure, and return it."""
    group = parser.add_argument_group("appearance")
    _add_size(group, size)
    add_texts(group)
    add_theme(group)
    return group


def add_texts(group: argparse._ArgumentGroup) -> None:
    """Add the options for size and language of the texts of a figure."""
    group.add_argument(
        "--text-scale",
        type=types.positive_float,
        metavar="F",
        help="size of all texts, from 0.5 to 4 times the usual one (default: 1)",
    )
    group.add_argument(
        "--lang",
        type=types.language,
        metavar="CODE",
        help="language of texts and numbers: de, en, es, fr, ja or zh, or a locale such as de_AT (default: en)",
    )
    group.add_argument(
        "--words",
        type=types.words,
        metavar="FILE.json",
        help='other texts, as in {"learning rate": "Lernrate"}; render.words() in Python lists them',
    )


def add_title(group: argparse._ArgumentGroup) -> None:
    """Add the option for the title of a figure."""
    group.add_argument("--title", metavar="TEXT", help="title of the picture (default: that of the function)")


def _add_size(group: argparse._ArgumentGroup, default: str) -> None:
    group.add_argument(
        "--size", type=types.image_size, metavar="WxH", help=f"width and height in pixels (default: {default})"
    )


def add_theme(group: argparse._ArgumentGroup, default: str = "light", files: bool = True) -> None:
    """Add the option for the theme, of files or of a window."""
    auto = ", minimal, or auto: an .svg or .html that follows the system's dark mode" if files else " or minimal"
    group.add_argument("--theme", metavar="T", help=f"light, dark, ember, print, slides{auto} (default: {default})")


def add_race_figure(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add the groups of options for the picture of a race, and return the one of output files."""
    output = parser.add_argument_group("output")
    output.add_argument(
        "-o",
        "--output",
        default="race.gif",
        metavar="FILE",
        help="animation ({animations}, or another video format such as .mov), figure of one step ({stills}) or "
        "interactive page (.html) (default: race.gif)",
    )
    look = parser.add_argument_group("appearance")
    look.add_argument("--3d", dest="view3d", action="store_true", help="draw a 3-D surface")
    look.add_argument(
        "--camera",
        type=types.camera,
        metavar="AZIM,ELEV[,ROTATE]",
        help="draw a 3-D surface from this azimuth and elevation, rotating by ROTATE during the race; in degrees, as "
        "in -60,42,90",
    )
    look.add_argument("--fps", type=types.positive_int, default=25, metavar="N", help="frames per second (default: 25)")
    look.add_argument("--inset", action="store_true", help="magnify the minimum in an inset")
    look.add_argument(
        "--labels",
        default="legend",
        metavar="L",
        help="legend, or direct to label each run at its current point (default: legend)",
    )
    look.add_argument(
        "--live",
        action="store_true",
        help="of .html: a reader moves the start and changes the hyper-parameters, and the page takes the steps",
    )
    look.add_argument(
        "--no-standings",
        dest="standings",
        action="store_false",
        help="a plain legend in place of the leaderboard: place, gap or loss, and the step that reaches the target",
    )
    look.add_argument(
        "--norm-balls",
        action="store_true",
        help="draw at each current point the ball of the optimizer's norm, on which its last step ends",
    )
    look.add_argument(
        "--pace",
        default="auto",
        metavar="P",
        help="linear, log to show early steps slowly and late steps fast, movement to give steps the more time the "
        "more they move, or auto: movement where all would stand still for half of the animation (default: auto)",
    )
    look.add_argument(
        "--pause",
        type=types.pause,
        action="append",
        metavar="STEP=TEXT",
        help='stop an animation at a step and show a sentence, as in 10="momentum overshoots", or stop for some '
        "seconds, as in 10=1.5; repeat for several",
    )
    look.add_argument(
        "--seconds",
        type=types.positive_float,
        metavar="S",
        help="length of the whole animation in seconds, in which each --pause and those at both ends are contained "
        "(default: 10, and each --pause)",
    )
    _add_size(look, "960x540")
    look.add_argument(
        "--step", type=types.non_negative_int, metavar="N", help="the step that a figure shows (default: the last)"
    )
    add_texts(look)
    add_title(look)
    add_theme(look, "light; of .html: auto")
    look.add_argument(
        "--view",
        type=types.view,
        metavar="V",
        help="part of the plane: domain, race (the box of all runs) or X0,X1,Y0,Y1 (default: the function's own view)",
    )
    return output
