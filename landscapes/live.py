"""Hold races as JavaScript, and a playground of several functions, for pages. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from landscapes.record import Record


@dataclass(frozen=True)
class RaceScript:
    """Functions and optimizers of a page as JavaScript; made by `landscapes.emit_race` and `landscapes.playground`.

    Attributes:
        source: statements that define `emitted`: {functions, kinds}, the functions and the distinct optimizers.
        facts: plain data: `functions`, how runs on each begin and end; `optimizers`, their hyper-parameters with
            ranges; `racing`, how many of these race at first; `seed`.
    """

    source: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Playground:
    """Functions and optimizers among which the reader of a page chooses; made by `landscapes.playground`.

    `render.save(playground, "play.html")` writes the page.

    Attributes:
        records: one race per function, of all optimizers.
        script: the functions and the optimizers as JavaScript.
    """

    records: tuple[Record, ...]
    script: RaceScript

    @property
    def functions(self) -> list[str]:
        """The titles of the functions."""
        return [str(record.meta.title) for record in self.records]

    @property
    def optimizers(self) -> list[str]:
        """The labels of the optimizers."""
        return [str(one["label"]) for one in self.script.facts["optimizers"]]
