"""What the commands say while they work: a progress bar, and sizes of files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class EndedEarly(KeyboardInterrupt):
    """Ctrl-C, after which there is something to show all the same.

    Attributes:
        text: what to print.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


@contextmanager
def bar(title: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, as a function of (done, total), with units a second and the time left.

    Silent unless stderr is a terminal.
    """
    from tqdm import tqdm

    with tqdm(desc=title, unit=unit, leave=False, disable=None, file=sys.stderr, unit_scale=unit == "run") as shown:

        def progress(done: int, total: int) -> None:
            shown.total = total
            shown.update(done - shown.n)

        yield progress


def size(path: Path) -> str:
    """The size of a file in words."""
    count = path.stat().st_size
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
