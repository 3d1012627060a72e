"""`landscapes plane`: draw the loss of your own network in a plane of its weights."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from landscapes.cli import batch, console, drawing, jobs, types
from landscapes.cli import options as shared
from landscapes.cli.parser import Commands, add_command
from landscapes.errors import InputError

if TYPE_CHECKING:
    from landscapes.record import Record

SUMMARY = "draw the loss of your own network in a plane of its weights"

EXAMPLES = [
    ("landscapes plane training.py:make -o surface.png", "make() returns the model, the loss and the data"),
    (
        "landscapes plane training.py:make --path checkpoints.pt -o path.gif",
        "a film of the training path, in its principal plane; the file has a list of state_dicts",
    ),
    (
        "landscapes plane mypackage.job:make --directions hessian --3d -o sharp.png",
        "a 3-D surface along the two eigenvectors of largest curvature",
    ),
    (
        "landscapes plane training:make --resolution 201 --processes 8 --resume-dir grid -o fine.png",
        "a fine grid by eight processes; a second call resumes it",
    ),
]


def add(commands: Commands) -> None:
    """Add the parser of `landscapes plane`."""
    parser = add_command(commands, "plane", "FACTORY", SUMMARY, EXAMPLES)
    group = parser.add_argument_group("network")
    jobs.add_job(group, "FACTORY", "plane")
    group.add_argument(
        "--path",
        metavar="FILE.pt",
        help="checkpoints of training: a list of state_dicts, or label: list, by torch.save",
    )
    group.add_argument(
        "--layers", type=types.names, metavar="NAMES", help="weights that move, as in head.*,conv1 (default: all)"
    )
    group.add_argument("--freeze", type=types.names, metavar="NAMES", help="weights that do not move")
    group.add_argument(
        "--batchnorm",
        metavar="B",
        help="frozen, batch or recalibrate: the statistics of BatchNorm "
        "(default: recalibrate towards other models and on paths that change them, else frozen)",
    )
    plane = parser.add_argument_group("plane")
    plane.add_argument(
        "--directions", metavar="D", help="random, pca, hessian or gradient (default: random, with --path: pca)"
    )
    plane.add_argument("--span", type=types.positive_float, metavar="S", help="half the width of the plane")
    plane.add_argument("--resolution", type=types.positive_int, metavar="N", help="points per side (default: 51)")
    plane.add_argument(
        "--metric", metavar="M", help="draw this metric in place of the loss: accuracy, or one of the factory's"
    )
    execution = parser.add_argument_group("execution")
    shared.add_workers(execution, "points")
    shared.add_seed(execution)
    shared.add_record(shared.add_race_figure(parser))
    parser.set_defaults(output="surface.png")


def run(options: argparse.Namespace) -> str:
    """Evaluate the plane, draw it, and return the files and how far the plane can be trusted."""
    output = drawing.check_figure(options)
    if options.record is not None:
        from landscapes.record import check_target

        check_target(options.record)
    given = _arguments(options)
    from landscapes.networks import plane

    with (
        batch.executor(options, imports=options.factory) as executor,
        console.progress_bar("evaluating", "point") as progress,
    ):
        record: Record = plane(**{"executor": executor, **given}, progress=progress)
    if options.record is not None:
        record.save(options.record)
    shown = record if options.metric is None else record.show(options.metric)
    drawing.check_step(options, int(record.trajectories.step[-1]))
    written = drawing.draw(shown, output, options)[-1]
    return "\n".join([_summary(record), *([console.file_line(options.record)] if options.record else []), written])


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of `plane`: those of the factory, and those of the command line above them."""
    given = jobs.load_job(options.factory, "plane")
    names = ("layers", "freeze", "batchnorm", "directions", "span", "resolution", "seed", "resume_dir")
    given |= {name: value for name in names if (value := getattr(options, name)) is not None}
    if options.metric is not None and "metrics" not in given:
        given["metrics"] = options.metric
    if options.path is not None:
        given["path"] = _checkpoints(options.path)
    return given


def _checkpoints(path: str) -> Any:
    """Return the checkpoints in a file, without running code from it."""
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"there is no file {path!r}") from None
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"--path {path}: must be a file by torch.save with a list of state_dicts; it cannot be read: {reason}"
        ) from error


def _summary(record: Record) -> str:
    """Return what was drawn, and how far it can be trusted."""
    facts = record.meta.plane or {}
    lines = [
        f"{record.meta.title}, {facts['rows']:,} rows, loss {facts['loss']:.6g}",
        f"directions: {', '.join(facts['along'])}; cosine {facts['cosine'] + 0.0:.3f}",
    ]
    if "plane_error" in facts:
        lines += [
            f"{100 * facts['explained']:.1f} % of the movement in this plane",
            f"path at most {facts['off_plane']:.4g} off it, of {facts['path_length']:.4g}",
            f"loss in the plane at most {facts['plane_error']:.4g} from the true loss of checkpoints",
        ]
    return "\n".join(lines)
