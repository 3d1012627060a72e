"""The jobs of many runs on the command line: `landscapes sweep`, `basins` and `compare`."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landscapes.cli import console
from landscapes.errors import InputError, unknown

if TYPE_CHECKING:
    from landscapes.experiments.search_space import Range
    from landscapes.objectives.decorators import Function
    from landscapes.record import Record

BEST = 10
"""How many settings of a sweep are shown."""


def sweep(options: argparse.Namespace) -> str:
    """`landscapes sweep`: what was tried, and the best of it."""
    _check_files(options)
    from landscapes.cli import locate
    from landscapes.experiments._sweep import sweep as run

    function = _landscape(options.function, options.dim)
    if not options.optimizers:
        raise InputError("say which optimizers to sweep, --with adam, and again for each")
    vary: dict[str, Any] = {}
    settings = inspect.signature(run).parameters
    for name, given in options.vary:
        if name in vary:
            raise InputError(f"--vary {name} is given twice; put its values into one, {name}=A,B")
        if name in settings:
            raise InputError(f"--vary {name}: that is no hyper-parameter but a setting of the sweep")
        vary[name] = _values(name, given)
    asked = _asked(
        options, "start", "starts", "spread", "seeds", "steps", "target", "design", "count", "seed", "device"
    )
    with _workers(options) as executor, console.bar("sweeping", "run") as progress:
        record = run(
            function, locate.find_optimizers(options.optimizers), **asked, **vary, executor=executor, resume_dir=options.out,
            progress=progress,
        )  # fmt: skip
    return _told(record, options, _best(record))


def basins(options: argparse.Namespace) -> str:
    """`landscapes basins`: how much of the box each minimum gets, and how soon."""
    _check_files(options)
    from landscapes.cli import locate
    from landscapes.experiments._basins import basins as run

    asked = _asked(options, "resolution", "box", "steps", "seed", "device")
    if options.within is not None:
        asked["tol"] = options.within
    (optimizer,) = _one(locate.find_optimizers([options.optimizer]))
    with _workers(options) as executor, console.bar("mapping", "run") as progress:
        record = run(
            locate.find_function(options.function),
            optimizer,
            **asked,
            executor=executor,
            resume_dir=options.out,
            progress=progress,
        )
    return _told(record, options, _shares(record))


def compare(options: argparse.Namespace) -> str:
    """`landscapes compare`: the standings, and the running times function by function."""
    _check_files(options)
    from landscapes.analysis import tables
    from landscapes.analysis.selection import at_best_lr
    from landscapes.cli import locate
    from landscapes.experiments._compare import compare as run

    if options.table not in tables.KINDS:
        raise unknown("kind of table", options.table, tables.KINDS)
    if options.by not in ("evaluations", "steps"):
        raise unknown("cost", options.by, ("evaluations", "steps"))
    if not options.optimizers:
        raise InputError("say which optimizers to compare, --with adam, and again for each")
    functions = [_landscape(name, options.dim) for name in options.functions]
    asked = _asked(options, "starts", "spread", "seeds", "steps", "seed", "device")
    if options.targets is not None:
        asked["tolerances"] = options.targets
    _check_target(options)
    if options.rates is not None:
        if options.starts == 1:
            raise InputError(
                "--rates judges each optimizer on other starts than those that chose its rate: --starts 2 at least"
            )
        asked["lr_grid"] = _values("lr", options.rates)
    with _workers(options) as executor, console.bar("comparing", "run") as progress:
        record = run(
            functions, locate.find_optimizers(options.optimizers), tuned=not options.untuned, **asked, executor=executor,
            resume_dir=options.out, progress=progress,
        )  # fmt: skip
    if not record.meta["complete"]:
        return _told(record, options, "")
    if options.rates is not None:
        record = at_best_lr(record, options.target)
    shown = (
        tables.standings(record, options.target, cost=options.by),
        tables.running_times(record, options.target, cost=options.by),
    )
    return _told(record, options, "\n\n".join(table.render(options.table).rstrip("\n") for table in shown))


def _landscape(name: str, dim: int | None) -> Function:
    from landscapes.cli import locate

    function = locate.find_function(name)
    return function if dim is None else function.with_dim(dim)


def _one(optimizers: Any) -> list[Any]:
    return list(optimizers.values() if isinstance(optimizers, Mapping) else optimizers)


def _asked(options: argparse.Namespace, *names: str) -> dict[str, Any]:
    """The options that were given, by name; for others the job has its own defaults."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _values(name: str, given: tuple[Any, ...]) -> list[float] | Range:
    """Values, or a range on the scale that is usual for the name."""
    from landscapes.experiments.search_space import COMMON, Range

    if len(given) != 4 or not isinstance(given[3], str):
        return list(given)
    low, high, count, scale = given
    usual = COMMON[name].scale if name in COMMON else "log"
    if (usual == "log" and low <= 0) or (usual == "decay" and high >= 1):
        usual = "linear"
    return Range(low, high, scale or usual, n=count)


def _check_target(options: argparse.Namespace) -> None:
    """Refuses a target that the tables could not tell of, before any work."""
    from landscapes.experiments._compare import TOLERANCES

    known = TOLERANCES if options.targets is None else options.targets
    if options.target is not None and not any(abs(options.target - share) <= 1e-9 * share for share in known):
        raise InputError(
            f"--target is one of the targets, {', '.join(f'{share:g}' for share in known)}; not {options.target:g}"
        )


def _check_files(options: argparse.Namespace) -> None:
    """Refuses files that cannot be written, before any work."""
    from landscapes.analysis.tables import check_csv
    from landscapes.record import check_target

    if options.save is not None:
        check_target(options.save)
    if options.csv is not None:
        check_csv(options.csv)
    if options.output is not None:
        from landscapes.render._save import check_output
        from landscapes.render.figures.size import from_pixels
        from landscapes.render.theme import as_theme

        check_output(options.output, options.command)
        as_theme("light" if options.theme is None else options.theme)
        if options.size is not None:
            from_pixels(options.size)


@contextmanager
def _workers(options: argparse.Namespace) -> Iterator[Any]:
    """Processes that share the work, or None."""
    if options.processes is None:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as executor:
        yield executor


def _told(record: Record, options: argparse.Namespace, told: str) -> str:
    """Keeps what is to be kept, and returns what there is to say. Raises `EndedEarly` for a job that Ctrl-C ended."""
    from landscapes.analysis.tables import runs_csv, save_csv

    lines = [told] if told else []
    if options.save is not None:
        record.save(options.save)
        lines.append(f"{options.save}  {console.size(Path(options.save))}")
    if options.csv is not None:
        save_csv(runs_csv(record), options.csv)
        lines.append(f"{options.csv}  {console.size(Path(options.csv))}")
    if record.meta["complete"]:
        if options.output is not None:
            lines.append(_drawn(record, options))
        return "\n".join(lines)
    missing = int((record.trajectories.runs["status"] == "not run").sum())
    lines.append(f"{len(record.trajectories) - missing} of {len(record.trajectories)} runs are done")
    raise console.EndedEarly("\n".join(lines))


def _drawn(record: Record, options: argparse.Namespace) -> str:
    """Draws the record, and says where."""
    from landscapes import render
    from landscapes.render.figures.size import from_pixels

    look: dict[str, Any] = {} if options.theme is None else {"theme": options.theme}
    if options.size is not None:
        look |= from_pixels(options.size)
    render.save(record, options.output, **look)
    return f"{options.output}  {console.size(Path(options.output))}"


def _best(record: Record) -> str:
    """The best settings of a sweep, and what became of all."""
    import numpy as np

    from landscapes.analysis.race_table import aligned, place
    from landscapes.record import FAILED, step_or_none, steps_or_inf

    runs, meta = record.trajectories.runs, record.meta
    settings = [name for name in meta["scales"] if name != "lr"]
    places = np.indices([len(axis) for axis in record.axes.values()])
    where = {name: places[i].reshape(-1) for i, name in enumerate(record.axes) if name in ("start", "seed")}
    reaches = np.where(runs["status"] == "converged", steps_or_inf(runs["reached"]), np.inf)
    order = np.lexsort((runs["final"], reaches, np.isin(runs["status"], FAILED)))
    rows = [("optimizer", "lr", *settings, *where, "final loss", "steps to target", "status")]
    for run in order[:BEST].tolist():
        reached = step_or_none(runs["reached"], run)
        rows.append((
            str(runs["label"][run]),
            f"{runs['lr'][run]:.4g}",
            *(f"{runs[name][run]:.4g}" for name in settings),
            *(str(numbers[run]) for numbers in where.values()),
            f"{runs['final'][run]:.4g}",
            "–" if reached is None else str(reached),
            str(runs["status"][run]),
        ))  # fmt: skip
    kinds, counts = np.unique(runs["status"], return_counts=True)
    became = ", ".join(f"{count} {kind}" for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True))
    heading = f"{meta['title']}: {len(record.trajectories)} runs of {meta['steps']} steps from {place(meta['start'])}"
    return f"{heading}\n\n{aligned(rows)}\n\n{became}"


def _shares(record: Record) -> str:
    """How much of a map each minimum gets, the largest first."""
    import numpy as np

    from landscapes.analysis.race_table import aligned, place
    from landscapes.record import filled

    runs, meta = record.trajectories.runs, record.meta
    basin, arrived_at = filled(runs["basin"]), filled(runs["arrived"])
    count = len(record.trajectories)
    rows = [("minimum", "value", "kind", "share", "median steps")]
    sizes = np.bincount(basin[basin >= 0], minlength=len(meta["minima"]))
    for number in np.argsort(-sizes, kind="stable").tolist():
        arrived = arrived_at[(basin == number) & (arrived_at >= 0)]
        rows.append((
            place(meta["minima"][number], 4),
            f"{meta['minima_values'][number]:.4g}",
            meta["minima_are"][number],
            f"{100 * sizes[number] / count:.1f} %",
            f"{np.median(arrived):.0f}" if len(arrived) else "–",
        ))  # fmt: skip
    nowhere = basin < 0
    kinds, counts = np.unique(runs["status"][nowhere], return_counts=True)
    rest = ", ".join(f"{kind} {100 * n / count:.1f} %" for kind, n in zip(kinds.tolist(), counts.tolist(), strict=True))
    ny, nx = (len(axis) for axis in record.axes.values())
    heading = f"{meta['title']}, {meta['label']}: {nx} × {ny} starts, {meta['steps']} steps"
    return f"{heading}\n\n{aligned(rows)}\n\nat no minimum: {rest or 'none'}"
