"""Report the progress of work before an experiment, such as a first sweep of learning rates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from landscapes.engine.loop import Progress


class RunsInTurn:
    """The progress of runs one after another, of which more may follow, as one count.

    Args:
        progress: called with (steps done, steps in all); None: progress is not reported.
        expected: how many steps are expected in all.

    >>> runs = RunsInTurn(lambda done, total: print(done, total), expected=3)
    >>> runs.part(2)(1, 2)
    1 3
    >>> runs.part(4)(1, 4)
    3 6
    """

    def __init__(self, progress: Progress | None, expected: int) -> None:
        self.progress, self.total, self.begun = progress, expected, 0

    def part(self, steps: int) -> Progress | None:
        """Return the callback of the next run, of so many steps."""
        if self.progress is None:
            return None
        before, progress = self.begun, self.progress
        self.begun += steps
        self.total = max(self.total, self.begun)
        return lambda done, _: progress(before + done, self.total)


@contextmanager
def phase(progress: Progress | None, words: str) -> Iterator[Progress | None]:
    """Yield the callback for work before an experiment; None if it cannot distinguish that work from the experiment.

    A callback with a method `phase` can: it is called with words on what is being done, and with "" afterwards.

    >>> class Bar:
    ...     def phase(self, words):
    ...         print(repr(words))
    ...     def __call__(self, done, total):
    ...         print(done, total)
    >>> with phase(Bar(), "tuning") as report:
    ...     report(1, 2)
    'tuning'
    1 2
    ''
    """
    begin = getattr(progress, "phase", None)
    if begin is None:
        yield None
        return
    begin(words)
    try:
        yield progress
    finally:
        begin("")
