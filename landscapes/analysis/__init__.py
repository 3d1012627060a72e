"""Analyse records: costs, profiles, tables, learning rates and tuning. Numpy and scipy only."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from landscapes.errors import no_attribute

if TYPE_CHECKING:
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
        if name in __all__:
            return import_module(f"{__name__}.{name}")  # which is an attribute from then on
        raise no_attribute(__name__, name, __all__)
