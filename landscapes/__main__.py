"""Run the command line: `python -m landscapes`."""

from __future__ import annotations

import atexit
import gc
import sys
from typing import Any

from landscapes.cli.main import main

YOUNG_OBJECTS = 5_000
"""From this many new objects on, unreachable cycles are searched for; Python's default is 700 to 2,000.

Few enough that cycles which hold large arrays are found soon."""


class ImportsStay:
    """A callback of `gc` that exempts from the search what was made while modules were imported."""

    def __init__(self) -> None:
        self.modules = 0

    def __call__(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start" and len(sys.modules) > self.modules:
            self.modules = len(sys.modules)
            gc.freeze()


def program() -> int:
    """Run the command line as the whole of a process, and return its exit code.

    Imports make half a million objects that stay, which the search for unreachable cycles would visit repeatedly. At
    the end they are left to the system, after all other functions of `atexit`.
    """
    gc.set_threshold(YOUNG_OBJECTS)
    gc.callbacks.append(ImportsStay())
    atexit.register(gc.freeze)
    return main()


if __name__ == "__main__":
    sys.exit(program())
