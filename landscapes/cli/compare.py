"""`landscapes compare`: benchmark optimizers on several functions."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from landscapes.cli import batch, console, types
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError, unknown

if TYPE_CHECKING:
    from landscapes.experiments.studies import Tuning
    from landscapes.record import Record

SUMMARY = "benchmark optimizers on several functions"

EXAMPLES = [
    (
        "landscapes compare -f beale -f rosenbrock -f himmelblau -O momentum -O adam -O bfgs -o profiles.png",
        "success rates, ranks and performance profiles on three functions from ten starts each",
    ),
    (
        "landscapes compare -f rosenbrock -f dixon_price -f zakharov --dim 4 -O adam -O bfgs --table markdown",
        "functions of four coordinates, as Markdown",
    ),
    (
        "landscapes compare -f beale -f booth -O sgd -O adam --lr-grid 1e-4..1:20 --starts 6 --csv runs.csv",
        "each optimizer at its best of 20 learning rates, chosen and judged on different starts",
    ),
    (
        "landscapes compare -f beale -f booth -O momentum -O adam --studies 5 --vary lr=1e-4..1 -o report.html",
        "a report: the search for a learning rate repeated five times, each best of five trials judged on other starts",
    ),
]

COSTS = ("evaluations", "steps")
SHOWN = ("standings", "times", "rates", "pairs", "families")


def add(commands: Commands) -> None:
    """Add the parser of `landscapes compare`."""
    parser = add_command(commands, "compare", "-f NAME -O NAME", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("functions and optimizers")
    shared.add_functions(group)
    shared.add_optimizers(group)
    shared.add_dim(group)
    group.add_argument(
        "--lr-grid",
        type=types.lr_grid,
        metavar="V",
        help="run every optimizer at each of these learning rates, as in 1e-4..1:20, and judge each at its best on "
        "other starts (needs at least 2 starts)",
    )
    group.add_argument(
        "--untuned", action="store_true", help="use default learning rates where omitted, instead of tuned ones"
    )
    studies = parser.add_argument_group("tuning, repeated (--studies or --trials)")
    studies.add_argument(
        "--studies",
        type=types.positive_int,
        metavar="N",
        help="how often the search for good hyper-parameters is repeated; costs are medians over studies (default: 5)",
    )
    studies.add_argument(
        "--trials", type=types.positive_int, metavar="N", help="settings per study; the best is judged (default: 5)"
    )
    studies.add_argument(
        "--vary",
        type=types.search_ranges,
        action="append",
        metavar="NAMES",
        help="hyper-parameters to search, as in lr,beta1 or with ranges, as in lr=1e-4..1,momentum=0..0.99:decay; "
        "clip.norm=0.1..10 is a wrapper's own, all means all of the optimizer's (default: lr)",
    )
    studies.add_argument(
        "--tuning-starts",
        type=types.positive_int,
        metavar="N",
        help="starts per study that choose the best trial; --starts others judge it (default: 5)",
    )
    studies.add_argument(
        "--budget",
        type=types.positive_float,
        metavar="N",
        help="largest number of steps of all runs together; studies beyond it are refused (default: 1e10)",
    )
    runs = parser.add_argument_group("runs")
    shared.add_repeats(runs, starts="10", spread="view")
    shared.add_steps(runs)
    runs.add_argument(
        "--tolerances",
        type=types.tolerances,
        metavar="A,B",
        help="relative gaps (f - f*) / (f0 - f*) that runs are to reach; all are recorded (default: 1e-1 to 1e-8)",
    )
    output = shared.add_figure_output(parser)
    output.add_argument(
        "--cost", default="evaluations", metavar="C", help="cost in tables: evaluations or steps (default: evaluations)"
    )
    output.add_argument(
        "--table", default="text", metavar="T", help="text, markdown, latex, latex-wide or csv (default: text)"
    )
    output.add_argument(
        "--show",
        type=types.names,
        default=["standings", "times"],
        metavar="NAMES",
        help="tables to print: standings, times (expected running times), rates (learning rates per function), pairs, "
        "families or all (default: standings,times)",
    )
    output.add_argument(
        "--tolerance", type=float, metavar="A", help="the one of --tolerances that tables show (default: the smallest)"
    )
    output.add_argument(
        "--report",
        metavar="FILE",
        help="save a report with intervals, pairs, what was tuned, and what the comparison cannot say: .html or .pdf "
        "(-o FILE.html is the same)",
    )
    output.add_argument(
        "--table-dir", metavar="DIR", help="save all tables of the report there, each as .tex, .md and .csv"
    )
    output.add_argument(
        "--coco", metavar="DIR", help="save the data in COCO's format, one folder per optimizer, for cocopp"
    )
    output.add_argument(
        "--ioh", metavar="DIR", help="save the data in IOHanalyzer's format, one folder per optimizer, for iohinspector"
    )
    shared.add_title(shared.add_appearance(parser))
    shared.add_execution(parser)


def run(options: argparse.Namespace) -> str:
    """Run the comparison, and return the tables of standings and of expected running times."""
    batch.check_files(options)
    _check_report(options)
    from landscapes.analysis import tables
    from landscapes.analysis.selection import at_best_lr
    from landscapes.cli import lookup
    from landscapes.experiments._compare import compare
    from landscapes.render.text._table import table

    if options.table not in tables.KINDS:
        raise unknown("kind of table", options.table, tables.KINDS)
    shown = SHOWN if options.show == "all" else options.show
    for name in shown:
        if name not in SHOWN:
            raise unknown("table", name, SHOWN)
    if options.cost not in COSTS:
        raise unknown("cost", options.cost, COSTS)
    if not options.functions:
        raise InputError("no functions given; for example: --function beale")
    if not options.optimizers:
        raise InputError("no optimizers given; for example: --optimizer adam")
    functions = [lookup.find_function(name, options.dim) for name in options.functions]
    settings = batch.given(options, "starts", "spread", "seeds", "steps", "tolerances", "seed", "device", "compiled")
    _check_tolerance(options)
    if options.lr_grid is not None:
        if options.starts == 1:
            raise InputError(
                "--lr-grid needs --starts 2 or more: learning rates are chosen on some starts and judged on the others"
            )
        settings["lr_grid"] = batch.values("lr", options.lr_grid)
    if (tuning := _tuning(options)) is not None:
        settings["tuning"] = tuning
    with batch.executor(options) as executor, console.progress_bar("comparing", "run") as progress:
        record = compare(
            functions,
            lookup.find_optimizers(options.optimizers),
            tuned=not options.untuned,
            **settings,
            dtype=lookup.precision(options.dtype),
            executor=executor,
            resume_dir=options.resume_dir,
            progress=progress,
        )
    if not record.meta["complete"]:
        return batch.report(record, options, "")
    if options.lr_grid is not None:
        record = at_best_lr(record, options.tolerance)
    text = "\n\n".join(
        table(record, options.table, show=name, tolerance=options.tolerance, cost=options.cost).rstrip("\n")
        for name in shown
    )
    return _with_report(record, options, "\n".join([batch.report(record, options, text), *_exported(record, options)]))


def _exported(record: Record, options: argparse.Namespace) -> list[str]:
    """Write the data in the formats that were asked for, and return the names of the folders."""
    from landscapes.analysis.exports import to_coco, to_ioh

    asked = ((options.coco, to_coco), (options.ioh, to_ioh))
    return [f"{folder}  {len(write(record, folder))} folders" for folder, write in asked if folder is not None]


def _check_report(options: argparse.Namespace) -> None:
    """Raise `InputError` for a report that cannot be written, before any work."""
    from landscapes.files import check_folder
    from landscapes.render.html._page import is_page
    from landscapes.render.report._report import check_report

    for folder in (options.coco, options.ioh):
        if folder is not None:
            check_folder(folder)
    if options.report is not None:
        check_report(options.report)
    elif options.output is not None and is_page(options.output):
        options.report, options.output = options.output, None
    elif options.table_dir is not None:
        raise InputError("--table-dir goes with --report, as in --report report.html --table-dir tables")
    if options.table_dir is not None:
        check_folder(options.table_dir)


def _with_report(record: Record, options: argparse.Namespace, text: str) -> str:
    """Write the report that was asked for, and return the text with the lines of its files."""
    if options.report is None:
        return text
    from landscapes.render.report._report import report

    look = {name: value for name in ("theme", "title") if (value := getattr(options, name)) is not None}
    with console.results_first(text):
        report(record, options.report, tolerance=options.tolerance, cost=options.cost, tables=options.table_dir, **look)
    lines = [text, console.file_line(options.report)]
    if options.table_dir is not None:
        lines.append(console.file_line(options.table_dir))
    return "\n".join(lines)


def _tuning(options: argparse.Namespace) -> Tuning | None:
    """Return the search that is repeated, None if it was not asked for."""
    from landscapes.experiments.studies import Tuning

    names = {"studies": "studies", "trials": "trials", "tuning_starts": "starts", "budget": "budget"}
    given: dict[str, Any] = {
        name: value for option, name in names.items() if (value := getattr(options, option)) is not None
    }
    if options.vary is not None:
        given["vary"] = batch.vary(options.vary)
    if not given:
        return None
    if options.studies is None and options.trials is None:
        raise InputError("--vary, --tuning-starts and --budget go with --studies or --trials")
    if options.lr_grid is not None:
        raise InputError("give either --lr-grid or --studies")
    return Tuning(**given, tolerance=options.tolerance)


def _check_tolerance(options: argparse.Namespace) -> None:
    """Raise `InputError` for a tolerance that is not one of those to reach, before any work."""
    from landscapes.experiments._compare import TOLERANCES

    known = TOLERANCES if options.tolerances is None else options.tolerances
    chosen = options.tolerance
    if chosen is not None and not any(abs(chosen - tolerance) <= 1e-9 * tolerance for tolerance in known):
        listed = ", ".join(f"{tolerance:g}" for tolerance in known)
        raise InputError(f"--tolerance must be one of --tolerances, {listed}, got {chosen:g}")
