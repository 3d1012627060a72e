"""Save any record, summary or figure in the format that the file's suffix names."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Unpack, overload

import matplotlib as mpl
from matplotlib.figure import Figure

from landscapes.diagnosis import Prescription
from landscapes.errors import InputError, suggests_arguments, unknown
from landscapes.files import check_target
from landscapes.live import Playground
from landscapes.record import Record
from landscapes.render.animation._animate import animate, describe
from landscapes.render.animation.pacing import check_recorded
from landscapes.render.figures._figure import FigureOptions, check_options, experiment_of, figure, with_article
from landscapes.render.figures.stills import STILLS, check_still, still
from landscapes.render.file_objects import save_as
from landscapes.render.html._page import SYSTEM_THEMES, LiveScript, is_page, page
from landscapes.render.plots.inputs import check_step
from landscapes.render.report._report import check_report, report
from landscapes.render.text._caption import caption
from landscapes.render.theme import Theme, as_theme
from landscapes.render.writers import WRITERS, writer_for
from landscapes.render.writers.timeline import Pause, timeline
from landscapes.summary import FunctionSummary

TIME = ("seconds", "fps", "frames", "pace", "pause", "hold", "loop")
"""The options of an animation's timeline."""

STEPWISE = {"fps": 25.0, "frames": None, "pace": "auto", "pause": None, "hold": None, "loop": True}
"""The options of animations alone, with their defaults."""

TIMED = {"seconds": None, **STEPWISE}
"""The options that a picture of one step has no use for, with their defaults."""

PAGE = ("title", "view", "seconds", "standings", "live", "text_scale", "lang", "words", "colors")
"""The options of the page of a race, besides its themes."""

SWEEP_PAGE = ("title", "measure", "along", "live", "text_scale", "lang", "words", "colors")
"""The options of the page of a sweep, besides its themes."""

REPORT = {"theme", "title"}
"""The options of the report of a comparison."""

AUTO = "auto"
"""Two themes in one file: for systems in light and in dark mode."""

RECORDED = ("experiment", "function", "optimizer", "optimizers", "start", "steps", "seed", "target", "tol")
"""The facts of an experiment that the metadata of a picture hold."""


LAST = 2**31
"""A step that no race reaches, where the last one is not known yet."""

RENAMED = {
    "size": "figsize in inches, with dpi",
    "aside": "view3d",
    "width": "figsize",
    "camera": "view3d=Camera(azim, elev)",
    "pauses": "pause",
}
"""Words that a reader may try, and the options."""


class SaveOptions(FigureOptions, total=False):
    """The options of `render.save`: those of `render.figure` and of the timeline in `render.animate`."""

    seconds: float | None
    fps: float
    frames: int | None
    pace: str
    pause: Mapping[int, Pause] | None
    hold: tuple[float, float] | None
    loop: bool
    live: bool | LiveScript


@overload
def save(
    record: Record | FunctionSummary | Prescription | Playground | Figure,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Unpack[SaveOptions],
) -> Path: ...


@overload
def save(
    record: Record | FunctionSummary | Prescription | Playground | Figure,
    path: IO[bytes],
    *,
    format: str,
    progress: Callable[[int, int], None] | None = None,
    **options: Unpack[SaveOptions],
) -> None: ...


@suggests_arguments
def save(
    record: Record | FunctionSummary | Prescription | Playground | Figure,
    path: str | os.PathLike[str] | IO[bytes],
    *,
    format: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Unpack[SaveOptions],
) -> Path | None:
    """Save a record, a summary or a figure in the format that the suffix or `format` names.

    | suffix | file | of |
    |---|---|---|
    | .png .pdf .svg .jpg .eps .pgf | picture, of the last step or of `step=` | everything |
    | .gif .mp4 .webm .webp .apng, frames-%04d.png, formats of imageio | animation | races |
    | .html | interactive page; report | races, sweeps, playgrounds; comparisons |

    Args:
        record: what `race`, `sweep`, `basins`, `compare`, `tune`, `prescribe`, `summarize` or `playground` return, or a
            figure.
        path: the file, which appears when it is complete; or a binary file object, such as io.BytesIO(), with `format`.
            `record.save` writes the data themselves.
        format: the suffix of the format, such as "png"; by default that of the path. Formats of several files
            (.pgf, numbered frames) need a path.
        progress: called with (frame, frames) after each frame of an animation.
        options: as in `render.figure`; for animations alone also `seconds`, `fps`, `frames`, `pace`, `pause`, `hold`
            and `loop` as in `render.animate`. A page takes `theme`, `title`, `view`, `seconds`, `standings`, `live`,
            `text_scale`, `lang`, `words` and `colors`; with live=True a reader can move the start and change
            hyper-parameters. The page of a sweep has the map of its settings, and the run of any cell, computed in the
            page. It takes `theme`, `title`, `measure`, `along`, `text_scale`, `lang`, `words`, `colors`, and `live`:
            for functions of your own, what `landscapes.emit_sweep` returns. In .svg and .html files, theme="auto"
            follows the reader's system, as does a pair of themes for light and for dark mode; "auto" is the default of
            pages.

    Returns:
        The path; None for a file object.

    Raises:
        InputError: for a suffix that does not fit, the time of an animation for a picture of one step, a file object
            for text or without `format`, a writer that is not installed, a folder that cannot be written, and for
            whatever `render.figure` or `render.animate` refuse.

    >>> from landscapes import race
    >>> save(race("booth", ["adam(lr=0.5)"], steps=60), "race.png", figsize=(4, 3)).name
    'race.png'
    >>> import io
    >>> save(race("booth", ["adam(lr=0.5)"], steps=60), picture := io.BytesIO(), format="jpg", figsize=(4, 3))
    >>> picture.getvalue()[:2].hex()
    'ffd8'
    """
    if progress is not None and not callable(progress):
        raise InputError(f"progress must be a function of (frame, frames), got {progress!r:.80}")
    if format is not None or not isinstance(path, str | os.PathLike):
        return save_as(path, format, lambda file: save(record, file, progress=progress, **options))
    if isinstance(record, Figure):
        target = _check_figure(path, options)
        still(record, target, "landscapes")
        return target
    given: dict[str, Any] = dict(options)
    if isinstance(record, Playground):
        if not is_page(path):
            raise InputError(f"a playground is saved as a page, .html, not as {Path(path).name!r}")
        given.setdefault("live", True)
        if given["live"] is not True:
            raise InputError(f"a playground is always live: leave out live, got {given['live']!r:.80}")
    experiment = "race" if isinstance(record, Playground) else experiment_of(record)
    if experiment == "compare" and is_page(Path(path)):
        assert isinstance(record, Record)
        target = check_output(path, experiment, **given)
        return report(record, target, theme=check_themes(given.get("theme", AUTO), target), title=given.get("title"))
    for name in ("theme", "seconds"):
        if given.get(name, ...) is None:
            del given[name]
    target = check_output(path, experiment, **given)
    looks = check_themes(given.pop("theme", AUTO if is_page(target) else "light"), target)
    if is_page(target):
        assert isinstance(record, Record | Playground)
        if experiment == "sweep":
            from landscapes.render.html._sweep_page import sweep_page

            assert isinstance(record, Record)
            return sweep_page(
                record, target, theme=looks, **{name: given[name] for name in SWEEP_PAGE if name in given}
            )
        return page(record, target, theme=looks, **{name: given[name] for name in PAGE if name in given})
    time = {name: given.pop(name) for name in TIME if name in given}
    if isinstance(record, Record) and is_animation(target):
        timeline(check_step(record, None), **time)  # raises before the figure is drawn
        check_recorded(record, time.get("pause") or ())
    assert not isinstance(record, Playground)
    made, *dark = (figure(record, theme=look, **given) for look in looks)
    if isinstance(record, FunctionSummary | Prescription):
        still(made, target, f"landscapes: {record.title}", record.title, *dark)
    elif is_animation(target):
        animate(record, figure=made, **time).save(target, progress_callback=progress)
    elif experiment == "race":
        still(made, target, describe(record), caption(record), *dark)
    else:
        words = caption(record) if record.meta.get("complete", True) else ""
        still(made, target, _description(record), words, *dark)
    return target


def check_themes(theme: Any, path: str | os.PathLike[str] | None = None) -> tuple[str | Theme, ...]:
    """Return the themes of a file: one, or two for systems in light and in dark mode ("auto", or a pair).

    Raises `InputError` for an unknown theme, and for two where the path names a format that has one.

    >>> check_themes("dark", "race.png"), check_themes("auto", "race.svg")
    (('dark',), ('light', 'dark'))
    """
    suffix = "" if path is None else Path(path).suffix.lower()
    pair = SYSTEM_THEMES if isinstance(theme, str) and theme == AUTO else theme
    if isinstance(pair, str | Theme):
        as_theme(pair)
        return (pair,)
    if not isinstance(pair, Sequence) or not 1 <= len(pair) <= 2:
        raise InputError(f"theme must be one theme, or two for light and dark systems, got {theme!r:.80}")
    if len(pair) == 2 and suffix not in (".svg", ".html", ".htm"):
        stem, suffix = ("race", ".png") if path is None or not suffix else (Path(path).stem, suffix)
        raise InputError(
            f"theme {theme!r:.80} is for .svg and .html; a {suffix} file has one theme: save {stem}-light{suffix} and "
            f"{stem}-dark{suffix}, and let <picture> choose, as in gallery/EMBEDDING.md"
        )
    for one in pair:
        as_theme(one)
    return tuple(pair)


def check_output(path: str | os.PathLike[str], experiment: str = "race", **options: Any) -> Path:
    """Return the path if the figure of an experiment can be saved there with these options; nothing is computed yet.

    Raises `InputError` for an unknown suffix, a writer that is not installed, a folder that is missing or not writable,
    and a format that cannot hold what is asked for.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    known = (*WRITERS, *STILLS, ".html")
    if not suffix:
        raise InputError(f"{os.fspath(path)!r} needs a suffix that names the format: {', '.join(known)}")
    if experiment == "compare" and is_page(target):
        if wrong := sorted(set(options) - REPORT):
            raise InputError(
                f"the report of a comparison takes {' and '.join(sorted(REPORT))}: leave out {', '.join(wrong)}"
            )
        return check_report(target)
    if suffix == ".npz":
        raise InputError("render.save writes pictures; record.save writes the data as .npz")
    if experiment != "race" and (is_animation(target) and not (experiment == "sweep" and is_page(target))):
        raise InputError(
            f"{with_article(experiment)} is saved as a picture, {', '.join(STILLS)}"
            f"{', or as a page, .html' * (experiment == 'sweep')}, not as {target.name!r}; "
            f"only a race can be animated{'' if experiment == 'sweep' else ', only races and sweeps saved as pages'}"
            + ("; plane(model, loss, data, path=watched) is one" if experiment == "training" else "")
        )
    for name in options:
        if name not in SaveOptions.__annotations__ and name not in FigureOptions.__annotations__:
            if name in RENAMED:
                raise InputError(f"unknown option {name!r}. Did you mean {RENAMED[name]}?")
            raise unknown("option", name, [*FigureOptions.__annotations__, *TIME])
    drawn = {name: option for name, option in options.items() if name not in (*TIME, "live", "theme", "figsize", "dpi")}
    check_options(experiment, drawn)
    if options.get("live", False) is not False and not is_page(target):
        raise InputError(f"live is for pages, .html, got {target.name!r}: leave out live, or save a page")
    if options.get("view3d", False) is not False and is_page(target):
        raise InputError("a page has no 3-D view: leave out view3d, or save a picture or an animation")
    if not is_animation(target):
        check_still(target)
    elif options.get("step") is not None:
        raise InputError(f"{target.name!r} is an animation of every step; for one step choose {', '.join(STILLS)}")
    elif is_page(target):
        if (
            options.get("inset", False) is not False
            or options.get("labels", "legend") != "legend"
            or options.get("panel") is False
            or options.get("norm_balls", False) is not False
        ):
            raise InputError(
                "a page always has losses and a legend, can be zoomed, and has no norm balls: leave out inset, labels, "
                "panel and norm_balls, or save a picture or an animation"
            )
        if options.get("figsize") is not None or "dpi" in options:
            raise InputError(
                "a page is as large as its window: leave out figsize and dpi, or save a picture or an animation"
            )
    elif (writer := writer_for(target)) is None:
        error = unknown("suffix", suffix, known)
        raise InputError(f"{error} All: {', '.join(known)}" if "mean" in str(error) else str(error))
    else:
        writer.check_fps(target, options.get("fps", 25.0))
    timeline(LAST, **{name: options[name] for name in TIME if name in options})
    if options.get("theme") is not None:
        check_themes(options["theme"], target)
    if is_page(target) and experiment == "sweep" and options.get("seconds") is not None:
        raise InputError("the page of a sweep has no duration: leave out seconds")
    if is_page(target) and (wrong := _changed(STEPWISE, options)):
        raise InputError(
            f"{', '.join(wrong)}: for animations ({', '.join(WRITERS)}); a page plays in `seconds`, and loops"
        )
    if not is_animation(target) and (wrong := _changed(TIMED, options)):
        raise InputError(
            f"{', '.join(wrong)}: for animations ({', '.join(WRITERS)}), and {target.name!r} is a picture of one step: "
            f"leave out {', '.join(wrong)}, or save an animation"
        )
    return check_target(target)


def _changed(defaults: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    """Return the names of options that differ from their defaults."""
    return [name for name, usual in defaults.items() if options.get(name, usual) != usual]


def is_animation(path: str | os.PathLike[str]) -> bool:
    """Return whether a file of this name holds more than one step: all but pictures do.

    >>> is_animation("race.gif"), is_animation("race.png"), is_animation("race-%04d.png")
    (True, False, True)
    """
    target = Path(path)
    return target.suffix.lower() not in STILLS or (target.suffix.lower() == ".png" and "%" in target.name)


def _check_figure(path: str | os.PathLike[str], options: Mapping[str, Any]) -> Path:
    """Return the path if a figure can be saved there."""
    target = Path(path)
    if options:
        raise InputError(f"a figure is saved as it is: leave out {', '.join(options)}")
    if is_animation(target):
        raise InputError(
            f"a figure is saved as a picture, {', '.join(STILLS)}, not as {target.name!r}; "
            "render.animate(record, figure=figure) animates it"
        )
    check_still(target)
    return check_target(target)


def _description(record: Record) -> str:
    """Return what made a chart as one line of JSON, for the file's metadata."""
    facts = {name: record.meta[name] for name in RECORDED if name in record.meta}
    grid = {name: [len(along), *along[:1], *along[-1:]] for name, along in record.axes.items()}
    versions = {**record.meta.get("versions", {}), "matplotlib": mpl.__version__}
    return json.dumps({**facts, "axes: count, first, last": grid, "versions": versions})
