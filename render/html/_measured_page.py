"""Measured runs at the positions of one slider as an interactive page, for studies that no browser computes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landscapes.files import replacing
from landscapes.render.artists.heads import Head
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.html._page import MOST, SYSTEM_THEMES, ThemeChoice, assembled, check_page, chosen_themes
from landscapes.render.html.encoding import IntegerBlock
from landscapes.render.html.payload import describe_look, outline
from landscapes.render.locking import drawing
from landscapes.render.theme import styles

MEASURED = ("places", "legend", "measured")
"""The scripts of the page, besides those of every page."""

NOTE = "The runs were measured; their values have four digits."

MARGIN = 0.05
"""Share of the panel above and below the curves."""


@drawing
def measured_page(
    study: Mapping[str, Any],
    path: str | os.PathLike[str],
    *,
    title: str,
    claim: str,
    theme: ThemeChoice = SYSTEM_THEMES,
    lang: str | None = None,
) -> Path:
    """Save measured runs as one .html file with a slider, which chooses among them.

    Args:
        study: plain data: `slider`, its label; `usual`, the position shown first; `heading` of the panel, `quantity` of
            its values, and whether it is `log`, with `low` and `top` if it has limits; `measured`, how it was measured;
            and `positions`, each with its `value`, a sentence, `verdict`, and `runs`: {label, steps, values}.
        path: a name ending in .html or .htm; the file appears when it is complete.
        title, claim: texts.
        theme, lang: as in `render.save`.

    Returns:
        The path.

    Raises:
        InputError: for another suffix or a folder that cannot be written.

    >>> runs = [{"label": "Adam", "steps": [0, 10], "values": [1.0, 0.1]}]
    >>> study = {"slider": "rate", "usual": 0, "heading": "loss, by step", "measured": "One seed.",
    ...          "positions": [{"value": 0.1, "verdict": "Holds here.", "runs": runs}]}
    >>> measured_page(study, "study.html", title="A study", claim="It holds.").name
    'study.html'
    """
    target = check_page(path)
    labels = [str(run["label"]) for run in study["positions"][0]["runs"]]
    chosen = chosen_themes(theme, labels, None, None, None, lang)
    run_styles = [styles(labels, one) for one in chosen]
    markers = sorted({"*", *(style.marker for row in run_styles for style in row)})
    data = {
        "title": clean_text(title, math=False),
        "caption": clean_text(f"{title}. {claim}", math=False, most=MOST),
        "last": max(run["steps"][-1] for run in study["positions"][study["usual"]]["runs"]),
        "seconds": {"first": 0.5, "moving": 6.0, "last": 1.0},
        "looks": [describe_look(one, row, 1) for one, row in zip(chosen, run_styles, strict=True)],
        "text_scale": chosen[0].text_scale,
        "lang": chosen[0].lang,
        "shapes": {shape: outline(Head.shape(shape)) for shape in markers},
        "surface": None,
        "loss_panel": _panel(study),
        "runs": [{"label": label} for label in labels],
        "live": None,
        "study": {"quantity": "loss", **study, "claim": claim},
        "standings": False,
        "numbers": IntegerBlock().text,
    }
    text = assembled(data, chosen, MEASURED, ("page", "measured"), "", NOTE)
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return target


def _panel(study: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits of the panel, the same at all positions, so that they can be compared."""
    log = bool(study.get("log"))
    found = [value for one in study["positions"] for run in one["runs"] for value in run["values"] if value is not None]
    if log:
        found = [math.log10(value) for value in found if value > 0]
    low, high = (pick(found) if found else float(pick is max) for pick in (min, max))
    if "low" in study:
        low = max(low, math.log10(study["low"]) if log else study["low"])
    if "top" in study:
        high = min(high, math.log10(study["top"]) if log else study["top"])
    margin = MARGIN * ((high - low) or 1.0)
    low, high = low - margin, high + margin
    return {
        "name": "loss", "heading": study["heading"], "log": log, "low": 10**low if log else low,
        "high": 10**high if log else high, "target": None,
    }  # fmt: skip
