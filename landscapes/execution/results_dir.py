"""A folder of results: one file a block, written as it finishes, so that a killed job goes on where it was.

The folder holds `manifest.json`, which tells of the job, and `block-0000000.npz` and so on, each whole or not there. A
block that is there is never run again. Several processes may work on one folder, on one machine or on many that
share it: a block is claimed before it is run, by a lock on one byte of `.claims`, which the system lets go of when
the process ends, however it ends; who finds nothing left to claim waits, and runs what others drop. Where a file
system has no locks two may run one block; both write the same bits to the same file, so nothing is ever doubled.

Machines that share nothing run a `Shard` each, into folders of their own, which `merge` puts together:

    sweep(..., resume_dir=Shard("part0", 0, 2))      # on one machine
    sweep(..., resume_dir=Shard("part1", 1, 2))      # on another
    merge("whole", ["part0", "part1"])
    sweep(..., resume_dir="whole")                   # runs nothing: all is there
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from landscapes.engine.batch import BatchResult
from landscapes.errors import InputError
from landscapes.execution.fingerprints import digest, fingerprint
from landscapes.execution.locks import Locks
from landscapes.execution.plan import Plan
from landscapes.execution.results import Arrays, arrays, missing, paths, rows, stacked
from landscapes.files import replacing
from landscapes.versions import versions

FORMAT = 1
"""Version of the folder's layout."""

MANIFEST, CLAIMS = "manifest.json", ".claims"
WHOLE = 2**40
"""The lock of the folder itself; those below are its blocks'."""

DAMAGED = (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error)
"""What numpy raises, depending on where a file stops being one of ours."""


@dataclass(frozen=True)
class Shard(os.PathLike[str]):
    """A folder for a part of a job: every nth block of it, from block i = 0 … n − 1 on. Other runs are missing there.

    >>> Shard("part0", 0, 2)
    Shard(folder='part0', index=0, count=2)

    Raises `InputError` for an index that is none of 0 … n − 1.
    """

    folder: str | os.PathLike[str]
    index: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise InputError(f"a shard is the ith of n, i from 0 to n - 1; not {self.index} of {self.count}")

    def __fspath__(self) -> str:
        return os.fspath(self.folder)

    def blocks(self, count: int) -> range:
        """Which of so many blocks are of this shard."""
        return range(self.index, count, self.count)


class ResultsDir:
    """The results of a plan in a folder; a `landscapes.execution.results.Store`."""

    def __init__(self, plan: Plan, out: str | os.PathLike[str]) -> None:
        """Opens the folder for a plan, and begins it where it is new or empty.

        Raises:
            InputError: where the folder cannot be made, holds something else, or was begun for another job or with
                another version of this package or of torch.
        """
        self.path = Path(out)
        self._plan = plan
        manifest = _manifest(plan)
        self._job = digest(manifest)
        self._last: tuple[int, Arrays] | None = None
        self._locks = _opened(self.path)
        with self._locks.held(WHOLE):
            _begin(self.path, manifest)
            self._tidy()

    def _tidy(self) -> None:
        """Removes what killed processes were writing: files of blocks that nobody has claimed."""
        for left in self.path.glob(".block-*-*.npz"):
            block = int(left.name.split("-")[1])
            if self._locks.take(block):
                left.unlink(missing_ok=True)
                self._locks.free(block)

    def has(self, block: int) -> bool:
        """Whether a block is done."""
        return self._file(block).is_file()

    def claim(self, block: int) -> bool:
        """Takes a block to run; False where another process has it, or it is done by now."""
        if not self._locks.take(block):
            return False
        if self.has(block):
            self._locks.free(block)
            return False
        return True

    def put(self, block: int, paths: BatchResult) -> None:
        """Writes the results of a block. Raises `OSError` where that cannot be."""
        whole = io.BytesIO()
        np.savez(whole, experiment=np.array(self._job), **arrays(paths))  # type: ignore[arg-type]
        _write(self._file(block), whole.getbuffer())
        self._locks.free(block)

    def rows(self, task: int, begin: int, end: int) -> BatchResult:
        """Runs begin:end of a task, read from the disk; those not run are NaN.

        Raises `InputError` for a file that is damaged, or of another job.
        """
        parts: list[Arrays | int] = []
        for block in self._plan.blocks_of(task, begin, end):
            _, first, last = self._plan.place(block)
            low, high = max(begin, first) - first, min(end, last) - first
            parts.append(rows(self._read(block), low, high) if self.has(block) else high - low)
        like = next((part for part in parts if not isinstance(part, int)), None)
        filled = [missing(self._plan, task, part, like) if isinstance(part, int) else part for part in parts]
        return paths(stacked(filled or [missing(self._plan, task, 0)]))

    def room(self) -> tuple[int | None, str]:
        """How many bytes are free, and where."""
        return shutil.disk_usage(self.path).free, f"on the disk of {str(self.path)!r}"

    def close(self) -> None:
        """Lets go of all claims."""
        self._locks.close()

    def _file(self, block: int) -> Path:
        return self.path / f"block-{block:07d}.npz"

    def _read(self, block: int) -> Arrays:
        if self._last is None or self._last[0] != block:  # slices often lie in one block
            self._last = block, _read(self._file(block), self._job)
        return self._last[1]


def merge(out: str | os.PathLike[str], folders: Sequence[str | os.PathLike[str]]) -> Path:
    """Puts the results of shards of one job together, and returns the folder.

    Args:
        out: the folder to put them in; it may be new, or one of them.
        folders: where the shards were written.

    Raises:
        InputError: where a folder is missing or damaged, or they are not of one job and version.
    """
    manifests = [_read_manifest(Path(folder)) for folder in folders]
    if not manifests:
        raise InputError("there is nothing to merge: give the folders of the shards")
    target = Path(out)
    locks = _opened(target)
    try:
        with locks.held(WHOLE):
            _begin(target, manifests[0])
        for folder, manifest in zip(map(Path, folders), manifests, strict=True):
            _check_same(folder, manifest, manifests[0])
            for file in sorted(folder.glob("block-*.npz")):
                if not (target / file.name).exists():
                    _read(file, digest(manifest))  # a damaged one stays where it is
                    _write(target / file.name, file.read_bytes())
    finally:
        locks.close()
    return target


def _opened(folder: Path) -> Locks:
    """The locks of a folder, which is made where there is none."""
    try:
        folder.mkdir(exist_ok=True)
        return Locks(folder / CLAIMS)
    except OSError as error:
        raise InputError(
            f"cannot keep results in {str(folder)!r}: {error.strerror or error}; give a folder that can be written to"
        ) from None


def _begin(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Makes sure that a folder is of this job: a new one becomes so."""
    if (folder / MANIFEST).exists():
        _check_same(folder, _read_manifest(folder), manifest)
    elif any(not entry.name.startswith(".") for entry in folder.iterdir()):
        raise InputError(f"the folder {str(folder)!r} holds something else than results; give a new one")
    else:
        _write(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode())


def _manifest(plan: Plan) -> dict[str, Any]:
    made_with = {name: versions()[name] for name in ("landscapes", "torch")}
    return {"format": FORMAT, "versions": made_with, "experiment": fingerprint(plan)}


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if "format" in found and all(isinstance(found[name], dict) for name in ("versions", "experiment")):
            return found
    except FileNotFoundError:
        raise InputError(f"the folder {str(folder)!r} holds no results: there is no {MANIFEST} in it") from None
    except (OSError, ValueError, TypeError, LookupError):
        pass
    raise InputError(f"{str(folder / MANIFEST)!r} cannot be read as what tells of a job; give a new folder")


def _check_same(folder: Path, found: Mapping[str, Any], mine: Mapping[str, Any]) -> None:
    """Refuses a folder of another layout, version or job, and says what is different."""
    if found["format"] != mine["format"]:
        raise InputError(
            f"the folder {str(folder)!r} has layout {found['format']}, this package writes {mine['format']}; give a new one"
        )
    for name, here in mine["versions"].items():
        there = found["versions"].get(name)
        if there != here:
            raise InputError(
                f"the folder {str(folder)!r} was begun with {name} {there}, and this is {here}: results may differ; give a "
                "new one, or go on with that version"
            )
    names = [
        name
        for name in {**found["experiment"], **mine["experiment"]}
        if found["experiment"].get(name) != mine["experiment"].get(name)
    ]
    if names:
        was, now = found["experiment"].get(names[0]), mine["experiment"].get(names[0])
        others = f", and {', '.join(names[1:])} differ too" if names[1:] else ""
        raise InputError(
            f"the folder {str(folder)!r} is of another job: {names[0]} was {was} and is {now}{others}; give a new folder, or "
            "the same job again"
        )


def _read(file: Path, job: str) -> Arrays:
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as opened:
            found = {name: opened[name] for name in opened.files}
        its_job = str(found.pop("experiment"))
    except DAMAGED as error:
        raise InputError(f"{str(file)!r} is damaged ({error}); delete it and run the job again") from error
    if its_job != job:
        raise InputError(f"{str(file)!r} is of another job; delete it and run the job again")
    return found


def _write(target: Path, data: bytes | memoryview) -> None:
    """Writes a file that is whole or not there, even where the power fails."""
    with replacing(target) as temporary, temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if os.name == "posix":  # the name, too
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
