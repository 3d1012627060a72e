"""The figure that fits an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
from matplotlib.figure import Figure

from landscapes.diagnosis import Prescription
from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record
from landscapes.render.figures._figure_3d import figure_3d
from landscapes.render.figures.race import race_figure
from landscapes.render.figures.size import DPI, FIGSIZE
from landscapes.render.plot3d.camera import Camera
from landscapes.render.plots._crop import crop
from landscapes.render.plots._zoom_inset import check_magnification
from landscapes.render.theme import StyleLike, Theme
from landscapes.summary import FunctionSummary
from landscapes.views import View

COMMON = {"theme", "figsize", "dpi", "text_scale", "lang", "words"}
RACE = {"step", "view", "panel", "inset", "labels", "view3d", "standings", "norm_balls"}
OPTIONS = {
    "race": COMMON | RACE | {"title", "colors"},
    "sweep": COMMON | {"title", "measure", "along", "colors"},
    "basins": COMMON | {"title"},
    "compare": COMMON | {"title", "colors"},
    "tune": COMMON | {"title", "colors"},
    "training": COMMON | {"title"},
    "summary": COMMON,
    "prescription": COMMON,
}
"""The options of the figure of each experiment."""

NAMES = {
    "race": "a race", "sweep": "a sweep", "basins": "a map of basins", "compare": "a comparison", "tune": "a tuning",
    "training": "a training run", "summary": "a fact sheet", "prescription": "a prescription",
}  # fmt: skip


class FigureOptions(TypedDict, total=False):
    """The options of `render.figure`."""

    step: int | None
    theme: str | Theme
    figsize: tuple[float, float] | None
    dpi: float
    title: str | None
    view: View | None
    panel: bool | None
    inset: bool | float
    labels: str
    standings: bool
    norm_balls: bool
    view3d: bool | Camera
    measure: str
    along: str | Sequence[str] | None
    text_scale: float | None
    lang: str | None
    words: Mapping[str, str] | None
    colors: Mapping[str, StyleLike] | None


@suggests_arguments
def figure(
    record: Record | FunctionSummary | Prescription,
    *,
    step: int | None = None,
    theme: str | Theme = "light",
    figsize: tuple[float, float] | None = None,
    dpi: float = DPI,
    title: str | None = None,
    view: View | None = None,
    panel: bool | None = None,
    inset: bool | float = False,
    labels: str = "legend",
    standings: bool = True,
    norm_balls: bool = False,
    view3d: bool | Camera = False,
    measure: str = "gap",
    along: str | Sequence[str] | None = None,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> Figure:
    """Return the figure that fits an experiment; pyplot does not know it.

    | record | figure |
    |---|---|
    | race | contour plot (d = 1: graph; d > 2: none) with trajectories, loss curves, legend and step counter |
    | sweep | sensitivity to one hyper-parameter, heat maps of two, or points and losses of repeated runs |
    | basins | map of the basins of attraction, with the share of each |
    | compare | performance profile, and the share of targets reached against evaluations |
    | tune | the trials of each optimizer |
    | training | loss, gradient norm, step length, learning rate, cosine between steps, and the layers as a strip |
    | summary | fact sheet |
    | prescription | what helps a failing run: shares of cured seeds, and losses |

    A legend names as many runs as can be read, and a warning says so if more than 24 runs do not fit. For many runs of
    few optimizers, see `render.ensemble` and `render.loss_quantiles`.

    Args:
        record: what `race`, `sweep`, `basins`, `compare`, `tune`, `summarize` return, or the record of `watch`.
        step: the step to show; by default the last. For races.
        theme: a name in `render.THEMES` or a `Theme`.
        figsize: width and height in inches; by default (9.6, 5.4), for fact sheets (12, 7.6).
        dpi: dots per inch.
        title: by default the title of the function.
        view: a part of the surface, as in `render.crop`; by default all that was recorded. For races.
        panel: whether to draw the loss curves beside the function; by default if there is room. For races.
        inset: whether to magnify the minimum in a corner, or by how much (True: 6 times). For races.
        labels: "legend", or "direct" for names next to the current points. For races.
        standings: whether the legend is a leaderboard: place, name, learning rate, present gap (or loss), and the step
            from which a run stays at the target ("✓ 120") or at which it failed. Where there is no room, and with
            False, it is a plain legend. For races.
        norm_balls: whether to draw at each current point the ball of the optimizer's norm, on which the last step ends,
            as `render.norm_balls`. For races.
        view3d: whether to draw the surface in 3-D, as `render.figure_3d`, or the `Camera`. It has neither losses,
            inset, direct labels nor norm balls. For races.
        measure: what to show, as in `render.heatmap`. For sweeps.
        along: one or two hyper-parameters; by default the first ones. For sweeps.
        text_scale: the size of all texts, from 0.5 to 4 times the usual one; margins follow. A small figure takes the
            largest scale that leaves about half of its height to the panels.
        lang: language of texts and numbers: "de", "en", "es", "fr", "ja" or "zh", or a locale, such as "de_AT.UTF-8";
            by default the theme's, English. Names, titles and the facts of functions stay as they are.
        words: other texts, by our English ones, with the same placeholders: `{"step {step}": "Schritt {step}"}`. They
            take precedence over `lang`; `render.words()` has all of them.
        colors: styles of runs by label: a colour, or a mapping with "color", "marker" and "dashes":
            `{"Adam": "#d62728", "ours": {"color": "black", "dashes": (4, 1.5)}}`. Other runs have their usual colours.

    Raises:
        InputError: for another object, an option of another experiment, a size out of bounds, a step outside the race,
            a view that was not recorded, options that need a surface where there is none, an unknown language, and one
            whose letters no installed font has.

    >>> from landscapes import race
    >>> [round(float(side)) for side in figure(race("booth", ["adam"], steps=20), figsize=(4, 3)).get_size_inches()]
    [4, 3]
    >>> shown = figure(race("booth", ["adam"], steps=20), lang="de")
    >>> shown.axes[1].get_title(loc="left")
    'Abstand zum Minimalwert je Schritt'
    """
    experiment = experiment_of(record)
    given: dict[str, Any] = {
        "step": step, "view": view, "panel": panel, "inset": inset, "labels": labels, "view3d": view3d, "title": title,
        "measure": measure, "along": along, "colors": colors, "standings": standings,
        "norm_balls": norm_balls,
    }  # fmt: skip
    check_options(experiment, given)
    size: dict[str, Any] = {
        "theme": theme, "figsize": figsize, "dpi": dpi, "text_scale": text_scale, "lang": lang,
        "words": words,
    }  # fmt: skip
    if isinstance(record, FunctionSummary):
        from landscapes.render.figures._fact_sheet import PAGE, fact_sheet

        return fact_sheet(record, **(size | {"figsize": PAGE if figsize is None else figsize}))
    if figsize is None:
        size["figsize"] = FIGSIZE
    if isinstance(record, Prescription):
        from landscapes.render.figures._prescription import prescription

        return prescription(record, **size)
    size["colors"] = colors
    if experiment != "race":
        from landscapes.render.figures.charts import chart  # with plots that a race does not have

        return chart(record, title=title, measure=measure, along=along, **size)
    if view3d is not False:
        camera = view3d if isinstance(view3d, Camera) else None
        shown = record if view is None else crop(record, view)
        return figure_3d(shown, step=step, camera=camera, title=title, standings=standings, **size)
    return race_figure(
        record,
        step=step,
        title=title,
        view=view,
        panel=panel,
        inset=inset,
        labels=labels,
        standings=standings,
        norm_balls=norm_balls,
        **size,
    )


def experiment_of(record: Any) -> str:
    """Return the experiment of a record, or "summary". Raise `InputError` for any other object."""
    if isinstance(record, FunctionSummary):
        return "summary"
    if isinstance(record, Prescription):
        return "prescription"
    if isinstance(getattr(record, "record", None), Record):
        raise InputError(
            f"a watched run is drawn from its record: give {type(record).__name__}.record, got {record!r:.80}"
        )
    if not isinstance(record, Record):
        raise InputError(
            "expected a Record, as returned by race(), sweep(), basins(), compare() or tune(), or a FunctionSummary, "
            f"got {record!r:.80}"
        )
    experiment = str(record.meta.get("experiment", "race"))
    if experiment not in OPTIONS or experiment in ("summary", "prescription"):
        raise InputError(f"no figure is known for the experiment {experiment!r}")
    return experiment


def with_article(experiment: str) -> str:
    """Return an experiment as a noun.

    >>> with_article("basins")
    'a map of basins'
    """
    return NAMES.get(experiment, f"the experiment {experiment!r}")


KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "title": (str, "text"),
    "panel": ((bool, np.bool_), "True or False"),
    "labels": (str, "text"),
    "standings": ((bool, np.bool_), "True or False"),
    "norm_balls": ((bool, np.bool_), "True or False"),
    "measure": (str, "text"),
    "view3d": ((bool, np.bool_, Camera), "True, False or a Camera"),
    "lang": (str, "the code of a language"),
    "words": (Mapping, "a mapping of texts"),
    "colors": (Mapping, "a mapping of labels"),
}
"""The types of options that nothing else checks, in words."""

DEFAULTS: Mapping[str, Any] = {
    "inset": False, "labels": "legend", "standings": True, "norm_balls": False, "view3d": False, "measure": "gap",
}  # fmt: skip


def _is_default(option: Any, default: Any) -> bool:
    return option is default or (isinstance(option, type(default)) and bool(option == default))


def check_options(experiment: str, options: Mapping[str, Any]) -> None:
    """Raise `InputError` for options that belong to another experiment, and for ones that exclude each other."""
    for name, (kinds, words) in KINDS.items():
        if options.get(name) is not None and not isinstance(options[name], kinds):
            raise InputError(f"{name} must be {words}, got {options[name]!r:.80}")
    if not isinstance(options.get("inset", False), bool):
        check_magnification(options["inset"], "inset")
    given = {name for name, option in options.items() if not _is_default(option, DEFAULTS.get(name))}
    wrong = sorted(given - OPTIONS[experiment])
    if wrong:
        owner = next(name for name, known in OPTIONS.items() if wrong[0] in known)
        known = ", ".join(sorted(OPTIONS[experiment]))
        raise InputError(
            f"{wrong[0]} is an option for {with_article(owner)}; the figure of {with_article(experiment)} has {known}"
        )
    if "view3d" in given and ({"inset", "labels", "norm_balls"} & given or options.get("panel")):
        raise InputError(
            "a 3-D view has no inset, direct labels, losses or norm balls: leave out inset, labels, panel and "
            "norm_balls"
        )
