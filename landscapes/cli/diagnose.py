"""`landscapes diagnose`: say why runs ended as they did, from a record or a training log."""

from __future__ import annotations

import argparse
import itertools
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from landscapes.cli import console, drawing
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from landscapes.diagnosis import LogFile, Verdict

Inputs: TypeAlias = dict[str, Any]
"""What `diagnose` and `render.diagnosis` take."""

SUMMARY = "say why a run failed, from a record or a training log"

EXAMPLES = [
    ("landscapes diagnose race.npz", "a verdict on each run of a record"),
    ("landscapes diagnose log.csv", "a training log, or a folder of logs: CSV, JSON lines, TensorBoard, …"),
    ("landscapes diagnose log.csv -o why.png", "the same as a picture: curves with their phases in colour"),
    ("landscapes diagnose log.csv --column loss=train_loss --json", "with a column of your choice, for programs"),
]

QUANTITIES = ("step", "loss", "gradient_norm", "step_length", "lr")

BARS = "▁▂▃▄▅▆▇█"
"""Heights of a sparkline."""

LOG = " log"
"""Follows bars that are logarithmic."""

NAMED = 3
"""The most files that are no logs and are named with the reason."""

DECADES = 3
"""Losses that span more powers of ten than this are drawn logarithmically."""


def add(commands: Commands) -> None:
    """Add the parser of `landscapes diagnose`."""
    parser = add_command(commands, "diagnose", "FILE", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("log")
    group.add_argument(
        "file", metavar="FILE", help="record (.npz), CSV, JSON lines, trainer_state.json, TensorBoard, or a folder"
    )
    group.add_argument(
        "--column",
        dest="columns",
        action="append",
        default=[],
        metavar="Q=NAME",
        help=f"column of a quantity: {', '.join(QUANTITIES)}; repeat for several (default: guessed from names)",
    )
    group.add_argument("--clip-norm", type=float, metavar="C", help="the norm to which gradients were clipped")
    output = parser.add_argument_group("output")
    output.add_argument("-o", "--output", metavar="FILE", help="save a figure: {stills}")
    output.add_argument(
        "--run", metavar="LABEL", help="draw one run, by label or index (default: all; one of several logs)"
    )
    output.add_argument(
        "--json", action="store_true", help="print JSON. Exit codes: 0 healthy or unclear, 1 a failure, 2 unreadable"
    )
    shared.add_appearance(parser)


def run(options: argparse.Namespace) -> console.Report:
    """Return the verdicts; the exit code is 1 if a run is not healthy."""
    target = None if options.output is None else _check_picture(options)
    if options.run is not None and target is None:
        raise InputError("--run chooses the run of a picture: add -o FILE")
    columns = _columns(options.columns)
    is_record = options.file.lower().endswith(".npz")
    if is_record and columns:
        raise InputError("--column is for logs: a record has no columns to choose")
    try:
        verdicts, text, source, inputs = (
            _of_record(options.file, options.clip_norm)
            if is_record
            else _of_log(options.file, columns, options.clip_norm)
        )
    except OSError as error:  # the exit code 1 is for failed runs
        raise InputError(f"cannot read {options.file}: {error.strerror or error}") from None
    code = int(any(verdict.healthy is False for verdict in verdicts))
    if options.json:
        source["verdicts"] = [verdict.to_dict() for verdict in verdicts]
        text = json.dumps(source, ensure_ascii=False, indent=2, allow_nan=False)
    if target is not None:
        if "logs" in inputs:
            logs = inputs["logs"]
            if options.run not in logs:
                raise InputError(f"a picture shows one log: choose it with --run: {', '.join(logs):.300}")
            inputs = logs[options.run]
            verdicts = [verdict for verdict in verdicts if verdict.label == options.run]
            options.run = None
        with console.results_first(text):
            _draw(target, inputs, verdicts, options)
        text += "" if options.json else f"\n\n{console.file_line(target)}"
    return console.Report(text, code)


def _check_picture(options: argparse.Namespace) -> Path:
    """Return the path of the picture, or raise `InputError` if it or its appearance is invalid."""
    from landscapes.files import check_target
    from landscapes.render._save import is_animation
    from landscapes.render.figures.stills import STILLS, check_still

    target = Path(options.output)
    if is_animation(target):
        raise InputError(f"a diagnosis is saved as a picture, {', '.join(STILLS)}, not as {target.name!r}")
    check_still(target)
    drawing.appearance(options)
    return check_target(target)


def _draw(target: Path, inputs: Inputs, verdicts: list[Verdict], options: argparse.Namespace) -> None:
    """Draw the diagnosis, with the verdicts as the text for screen readers."""
    from landscapes.render import diagnosis
    from landscapes.render._save import check_themes
    from landscapes.render.figures.stills import still

    look = drawing.appearance(options)
    labels = [verdict.label for verdict in verdicts]
    run = options.run
    if run is not None and run not in labels and run.isdecimal():
        run = int(run)
    made, *dark = (
        diagnosis(**inputs, run=run, **look | {"theme": theme})
        for theme in check_themes(look.get("theme", "light"), target)
    )
    shown = verdicts if run is None else [verdicts[labels.index(run) if isinstance(run, str) else run]]
    words = ". ".join(f"{one.label}: {one.kind}, {one.summary}".removeprefix(": ") for one in shown)
    still(made, target, f"landscapes diagnose: {options.file}", words, *dark)


def _columns(given: list[str]) -> dict[str, str]:
    """Return the columns of `--column`, by quantity."""
    found = {}
    for words in given:
        quantity, equals, name = words.partition("=")
        if not equals or quantity not in QUANTITIES or not name:
            raise InputError(f"--column must be one of {', '.join(QUANTITIES)}, = and a name, got {words!r}")
        found[quantity] = name
    return found


def _of_record(file: str, clip_norm: float | None) -> tuple[list[Verdict], str, dict[str, Any], Inputs]:
    from landscapes.diagnosis._diagnose import diagnose
    from landscapes.record import Record

    record = Record.load(file)
    inputs: Inputs = {"x": record, "clip_norm": clip_norm}
    verdicts = list(diagnose(**inputs))
    t = record.trajectories
    parts = [f"{_strip(t.loss[i], t.step, one)}\n{one}" for i, one in enumerate(verdicts)]
    return verdicts, "\n\n".join(parts), {"file": file}, inputs


def _of_log(
    file: str, columns: dict[str, str], clip_norm: float | None
) -> tuple[list[Verdict], str, dict[str, Any], Inputs]:
    from landscapes.diagnosis._log_file import read_logs

    logs, left_out = read_logs(file, columns)
    source = {"file": file, "left_out": left_out} if Path(file).is_dir() else {"file": file}
    more = f"\n{_left_out(left_out)}" if left_out else ""
    if len(logs) > 1:
        verdicts, text, inputs = _of_logs(file, logs, clip_norm)
        return verdicts, text + more, source, inputs
    verdict, text, inputs = _judged(file, logs[0], clip_norm)
    text += "\nA log shows few of the silent bugs: wrong labels or leaking data leave no trace in it."
    return [verdict], text + more, {**source, "columns": dict(logs[0].columns), "notes": list(logs[0].notes)}, inputs


def _left_out(reasons: list[str]) -> str:
    """Return which files of a folder are no logs, the first of them with the reason."""
    count = len(reasons)
    return f"left out: {count} file{'s' * (count > 1)} that {'are' if count > 1 else 'is'} no log: " + "; ".join(
        [*reasons[:NAMED], *(["…"] if count > NAMED else [])]
    )


def _of_logs(file: str, logs: list[LogFile], clip_norm: float | None) -> tuple[list[Verdict], str, Inputs]:
    """Return the verdicts on several logs; runs that fail come last, where a terminal shows them."""
    found = []
    for log in logs:
        place = str(log.path.relative_to(file)) if Path(file).is_dir() else ""
        label = ", ".join(part for part in (place, log.label) if part)
        verdict, text, inputs = _judged(label, log, clip_norm)
        found.append((replace(verdict, label=label), text, inputs))
    found.sort(key=lambda one: one[0].healthy is False)
    verdicts = [one[0] for one in found]
    failed = sum(verdict.healthy is False for verdict in verdicts)
    width = max(len(verdict.label) for verdict in verdicts)
    rows = [f"{verdict.label.ljust(width)}  {verdict.kind}" for verdict in verdicts]
    text = "\n\n".join([*(one[1] for one in found), "\n".join([f"{failed} of {len(found)} runs fail", *rows])])
    return verdicts, text, {"logs": {one[0].label: one[2] for one in found}}


def _judged(file: str, log: LogFile, clip_norm: float | None) -> tuple[Verdict, str, Inputs]:
    """Return the verdict on a log, how it reads, and what `diagnose` took."""
    from landscapes.diagnosis._diagnose import diagnose

    series = {name: values for name, values in log.series.items() if name != "loss"}
    inputs: Inputs = {"x": log.series["loss"], "clip_norm": clip_norm, **series}
    verdict = diagnose(**inputs)[0]
    read = ", ".join(f"{quantity} from {name!r}" for quantity, name in log.columns.items())
    rows = len(log.series["loss"])
    lines = [f"{file}: {rows} row{'s' * (rows != 1)}; {read}", *log.notes]
    lines += [_strip(log.series["loss"], log.series["step"], verdict), str(verdict)]
    return verdict, "\n".join(lines), inputs


def _strip(loss: NDArray[np.float64], step: NDArray[Any], verdict: Verdict) -> str:
    """Return the losses as a line of bars, with the steps of the verdict underlined.

    If the losses are positive and span more than `DECADES` powers of ten, bars are logarithmic, and "log" follows them.
    """
    import numpy as np

    width = min(console.width() - 2 - len(LOG), len(loss))
    if not width:
        return ""
    edges = np.linspace(0, len(loss), width + 1).astype(int)
    unit = ""
    with np.errstate(all="ignore"):
        finite = loss[np.isfinite(loss)]
        high = float(finite.max()) if len(finite) else 0.0
        tops = [_top(loss[a:b]) for a, b in itertools.pairwise(edges)]
        shown = [top for top in tops if top is not None]
        if shown and 0 < min(shown) < 10.0**-DECADES * high:
            tops = [None if top is None else math.log10(top) for top in tops]
            high, unit = math.log10(high), LOG
        low = min((top for top in tops if top is not None), default=0.0)
        scale = max(high - low, 1e-300)
    bars = ["!" if top is None else BARS[min(7, int(8 * (top - low) / scale))] for top in tops]
    first, last = verdict.steps
    marked = [bool(((step[a:b] >= first) & (step[a:b] <= last)).any()) for a, b in itertools.pairwise(edges)]
    line = "".join("^" if mark else " " for mark in marked).rstrip()
    return f"{''.join(bars)}{unit}\n{line}"


def _top(part: NDArray[np.float64]) -> float | None:
    """Return the largest finite loss of a part, None if it has a loss that is not finite."""
    import numpy as np

    return float(part.max()) if np.isfinite(part).all() else None
