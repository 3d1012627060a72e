"""Write the report of a comparison as a page or a document."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landscapes.analysis.costs import check_one_lr
from landscapes.errors import InputError, suggests_arguments
from landscapes.files import as_path, check_folder, check_target, replacing
from landscapes.record import Record
from landscapes.render.html._page import SYSTEM_THEMES, ThemeChoice, chosen_themes
from landscapes.render.locking import drawing

if TYPE_CHECKING:
    from landscapes.render.report.content import Report

SUFFIXES = (".html", ".htm", ".pdf")

TABLE_FILES = {"latex": ".tex", "markdown": ".md", "csv": ".csv"}
"""The files of a table, by format."""


@suggests_arguments
def report(
    record: Record,
    path: str | os.PathLike[str],
    *,
    tolerance: float | None = None,
    cost: str = "evaluations",
    theme: ThemeChoice | None = None,
    title: str | None = None,
    tables: str | os.PathLike[str] | None = None,
) -> Path:
    """Write the report of a comparison as .html or .pdf, and return the path.

    It has the question in words, the answer, standings, profiles and ECDFs with bands, probabilities of improvement,
    the order without families of functions, mean ranks with their critical difference, what was tuned and how, the
    running times on each function, and what the comparison cannot say. A page is one file that needs no network; its
    tables can be copied as LaTeX, Markdown and CSV. Texts are in English.

    Args:
        record: what `compare` returns; with `lr_grid`, what `analysis.selection.at_best_lr` makes of it.
        path: a name ending in .html, .htm or .pdf; the file appears when it is complete.
        tolerance: one of its tolerances; by default that for which learning rates were chosen, else the smallest.
        cost: what is counted, "evaluations" or "steps".
        theme: a theme by name or as a `Theme`; of a page also a pair for systems in light and in dark mode. By default
            ("light", "dark") of a page, "print" of a document.
        title: by default made of the number of optimizers.
        tables: a folder for all tables, each as .tex, .md and .csv; it is created if it is new.

    Raises:
        InputError: for another record, an interrupted comparison, several learning rates per optimizer, another suffix,
            a place that cannot be written, an unknown theme, or a tolerance that the comparison does not have.

    >>> from landscapes import compare
    >>> record = compare(["booth", "beale"], ["sgd(lr=0.01)", "bfgs"], starts=3, steps=60)
    >>> report(record, "report.html").name
    'report.html'
    """
    target = check_report(path)
    if not isinstance(record, Record) or record.meta.experiment != "compare":
        raise InputError("a report needs the record of compare()")
    if title is not None and not isinstance(title, str):
        raise InputError(f"title must be text, got {title!r:.80}")
    check_one_lr(record)
    usual = "print" if is_document(target) else SYSTEM_THEMES
    labels = [str(label) for label in record.axes.get("optimizer", ())]
    looks = chosen_themes(usual if theme is None else theme, labels, None, None, None, None)
    if is_document(target) and len(looks) > 1:
        raise InputError("a .pdf has one theme; give one, or save .html")
    from landscapes.render.report.content import contents  # with plots and statistics of comparisons alone

    made = contents(record, tolerance, cost=cost, title=title)
    if tables is not None:  # first, so that nothing is drawn if there is no place for them
        save_tables(made, tables)
    _write(made, looks, target)
    return target


@drawing
def _write(made: Report, looks: list[Any], target: Path) -> None:
    with replacing(target) as temporary:
        if is_document(target):
            from landscapes.render.report import pdf

            pdf.write(made, looks[0], temporary)
        else:
            from landscapes.render.report import html

            temporary.write_text(html.document(made, looks), encoding="utf-8", newline="\n")


def save_tables(made: Report, folder: str | os.PathLike[str]) -> list[Path]:
    """Write all tables of a report, each as .tex, .md and .csv, and return the files."""
    place = check_folder(folder)
    written = []
    for name, table in made.tables:
        for kind, suffix in TABLE_FILES.items():
            path = place / f"{name}{suffix}"
            with replacing(path) as temporary:
                temporary.write_text(table.render(kind).rstrip("\n") + "\n", encoding="utf-8", newline="\n")
            written.append(path)
    return written


def is_document(path: Path) -> bool:
    """Return whether a report is a .pdf."""
    return path.suffix.lower() == ".pdf"


def check_report(path: str | os.PathLike[str]) -> Path:
    """Return the path as a `Path`; raise `InputError` if no report can be written there."""
    target = as_path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(f"a report is saved as .html or .pdf, got {target.name!r}")
    return check_target(target)
