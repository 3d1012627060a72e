"""The results of a plan in a directory of finished blocks, from which an experiment is resumed; see `block_dir`."""

from __future__ import annotations

import os

from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError
from landscapes.execution.block_dir import AGAIN, BlockDir, FlatArrays, Shard, merge
from landscapes.execution.fingerprints import fingerprint
from landscapes.execution.plan import Plan
from landscapes.execution.results import check_block, concatenate_arrays, from_arrays, not_run, take_runs, to_arrays

__all__ = ["ResultsDir", "Shard", "merge"]


class ResultsDir(BlockDir):
    """The results of a plan in a directory; a `results.Store`."""

    def __init__(self, plan: Plan, path: str | os.PathLike[str]) -> None:
        """Open the directory for a plan; create it if it is new or empty. Raises `InputError` as `BlockDir` does."""
        super().__init__(path, fingerprint(plan))
        self._plan = plan
        self._last: tuple[int, FlatArrays] | None = None

    def put(self, block: int, result: BatchResult) -> None:
        """Write the result of a block. Raises `OSError` if that fails."""
        self.put_arrays(block, to_arrays(result))

    def rows(self, task: int, begin: int, end: int) -> BatchResult:
        """Return runs begin:end of a task, read from disk; runs that were not executed are NaN.

        Raises `InputError` for a file that is damaged or belongs to another experiment.
        """
        parts: list[FlatArrays | int] = []
        for block in self._plan.blocks_of(task, begin, end):
            _, first, last = self._plan.locate(block)
            low, high = max(begin, first) - first, min(end, last) - first
            parts.append(take_runs(self._read(block), low, high) if self.has(block) else high - low)
        like = next((part for part in parts if not isinstance(part, int)), None)
        filled = [not_run(self._plan, task, part, like) if isinstance(part, int) else part for part in parts]
        return from_arrays(concatenate_arrays(filled or [not_run(self._plan, task, 0)]))

    def _read(self, block: int) -> FlatArrays:
        if self._last is None or self._last[0] != block:  # consecutive slices are often in one block
            found = self.arrays(block)
            try:
                check_block(self._plan, block, found)
            except InputError as error:
                raise InputError(f"{str(self.file(block))!r} is damaged: {error}; {AGAIN}") from None
            self._last = block, found
        return self._last[1]
