"""The styles of runs: colours, markers and dashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.colors import is_color_like, to_rgb

from landscapes.errors import InputError, unknown

OPTIMIZERS = (
    "SGD", "Momentum", "Nesterov", "Adagrad", "RMSprop", "Adam", "Adadelta", "AdamW", "Lion", "NAdam",
    "AMSGrad", "Adamax", "RAdam", "Rprop", "ASGD",
)  # fmt: skip
"""The optimizers with fixed colours: the index in this list is the index in `Theme.colors`."""

MARKERS = ("o", "s", "^", "D", "v", "p", "<", "h", ">", "d", "8", "H")
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (4, 1.5),
    (1.2, 1.2),
    (6, 1.5, 1.2, 1.5),
    (2.5, 2.2),
    (5, 1.2, 1, 1.2, 1, 1.2),
)

StyleLike = Any
"""A colour of matplotlib, or a mapping with "color", "marker" and "dashes"."""


@dataclass(frozen=True)
class Style:
    """The style of a run, the same in every panel and legend."""

    color: tuple[float, float, float]
    marker: str = "o"
    dashes: tuple[float, ...] = ()


def restyled(style: Style, wanted: StyleLike | None) -> Style:
    """Return a style with the parts that a theme sets for a label."""
    if wanted is None:
        return style
    changes: dict[str, Any] = dict(wanted) if isinstance(wanted, Mapping) else {"color": wanted}
    if "color" in changes:
        changes["color"] = to_rgb(changes["color"])
    if "dashes" in changes:
        changes["dashes"] = tuple(float(dash) for dash in changes["dashes"])
    return replace(style, **changes)


def check_style(label: str, style: Any) -> None:
    """Raise `InputError` unless a style of a label is a colour, or a mapping with a colour, a marker or dashes."""
    facts = style if isinstance(style, Mapping) else {"color": style}
    for name, value in facts.items():
        if name not in ("color", "marker", "dashes"):
            raise unknown(f"part of the style of {label!r}", str(name), ("color", "marker", "dashes"))
        if name == "color" and not is_color_like(value):
            raise InputError(f"invalid colour of {label!r}: {value!r}; use one such as '#1f77b4'")
        if name == "marker" and value not in MARKERS:
            raise InputError(f"invalid marker of {label!r}: {value!r}; available: {', '.join(MARKERS)}")
        if name == "dashes" and not _is_dashes(value):
            raise InputError(
                f"dashes of {label!r} must be an even number of lengths > 0 in line widths, as in (4, 1.5), or (), "
                f"got {value!r}"
            )


def _is_dashes(value: Any) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) % 2:
        return False
    return all(isinstance(dash, int | float) and not isinstance(dash, bool) and 0 < dash < 1000 for dash in value)


def place_of(label: str) -> int | None:
    """Return the index of the optimizer whose name begins the label, or None."""
    hits = [name for name in OPTIMIZERS if label == name or label.startswith(name + " ")]
    return OPTIMIZERS.index(max(hits, key=len)) if hits else None
