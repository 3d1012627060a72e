"""Analyse records: costs, profiles, tables, learning rates and tuning. Numpy and scipy only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landscapes.analysis import (
    bands,
    costs,
    exports,
    families,
    intervals,
    pairs,
    profiles,
    sampling,
    selection,
    tables,
    tuning,
)
from landscapes.errors import no_attribute

__all__ = [
    "bands",
    "costs",
    "exports",
    "families",
    "intervals",
    "pairs",
    "profiles",
    "sampling",
    "selection",
    "tables",
    "tuning",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        raise no_attribute(__name__, name, __all__)
