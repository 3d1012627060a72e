"""Directories of finished blocks: one file per block, written when it finishes, from which work is resumed.

A directory contains `manifest.json`, which describes the experiment, and `block-0000000.npz` and so on. Each
file is complete or absent. A finished block is never run again. Several processes may share one directory, on one
machine or on several. A process claims a block before it runs it, by a lock on one byte of `.claims`; the system
releases the lock when the process ends, for whatever reason. A process that finds no unclaimed block waits, and takes
over the blocks of processes that died. On a file system without locks two processes may run the same block; both write
the same bytes to the same file.

Machines that share no file system run one `Shard` each, into directories of their own, which `merge` combines:

    sweep(..., resume_dir=Shard("part0", 0, 2))  # on one machine
    sweep(..., resume_dir=Shard("part1", 1, 2))  # on another
    merge("whole", ["part0", "part1"])
    sweep(..., resume_dir="whole")  # runs nothing: all blocks are done
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError
from landscapes.execution.locks import Locks
from landscapes.execution.transport import one_line
from landscapes.files import as_path, replacing
from landscapes.leftovers import remove_leftovers
from landscapes.versions import versions

FlatArrays = dict[str, NDArray[Any]]
"""The result of a block: arrays by name."""

FORMAT = 1
"""Version of the layout of a directory."""

MANIFEST, CLAIMS = "manifest.json", ".claims"

DIRECTORY_LOCK = 2**40
"""The number of the lock of the directory itself; lower numbers are the locks of blocks."""


@dataclass(frozen=True)
class Shard(os.PathLike[str]):
    """A results directory for a part of an experiment: every `count`-th block, beginning with block `index`.

    Runs of other blocks are missing in the results.

    Attributes:
        path: the directory.
        index: 0 … count − 1.
        count: the number of shards.

    Raises `InputError` for an index outside 0 … count − 1.

    >>> Shard("part0", 0, 2)
    Shard(path='part0', index=0, count=2)
    """

    path: str | os.PathLike[str]
    index: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise InputError(f"index of a shard must be >= 0 and < {self.count}, got {self.index}")

    def __fspath__(self) -> str:
        return os.fspath(self.path)

    def blocks(self, count: int) -> range:
        """Return which of `count` blocks belong to this shard."""
        return range(self.index, count, self.count)


class BlockDir:
    """The results of blocks in a directory, as arrays by name."""

    def __init__(self, path: str | os.PathLike[str], experiment: Mapping[str, str]) -> None:
        """Open the directory of an experiment; create it if it is new or empty.

        Args:
            path: the directory.
            experiment: what the results depend on, by name.

        Raises:
            InputError: if the directory cannot be created, is not a results directory, or belongs to another
                experiment or to another version of this package or of torch.
        """
        self.path = as_path(path)
        used = {name: versions()[name] for name in ("landscapes", "torch")}
        manifest = {"format": FORMAT, "versions": used, "experiment": dict(experiment)}
        self._experiment = digest(manifest)
        self._locks = _open_locks(self.path)
        with self._locks.locked(DIRECTORY_LOCK):
            _check_or_create(self.path, manifest)
            remove_leftovers(self.path)

    def has(self, block: int) -> bool:
        """Return whether a block is done."""
        return self.file(block).is_file()

    def claim(self, block: int) -> bool:
        """Claim a block to run; return False if another process has it, or has finished it meanwhile."""
        if not self._locks.acquire(block):
            return False
        if self.has(block):
            self._locks.release(block)
            return False
        return True

    def put_arrays(self, block: int, arrays: FlatArrays) -> None:
        """Write the result of a block. Raises `OSError` if that fails."""
        buffer = io.BytesIO()
        own = {"experiment": self._experiment, "block": block, "digest": digest_of(arrays)}
        np.savez(buffer, **{name: np.array(value) for name, value in own.items()}, **arrays)  # type: ignore[arg-type]
        _write(self.file(block), buffer.getbuffer())
        self._locks.release(block)

    def arrays(self, block: int) -> FlatArrays:
        """Return the result of a block. Raises `InputError` for a file that is damaged or of another experiment."""
        return _read(self.file(block), self._experiment, block)

    def free_space(self) -> tuple[int | None, str]:
        """Return the free bytes, and where they are."""
        return shutil.disk_usage(self.path).free, f"on the disk of {str(self.path)!r}"

    def close(self) -> None:
        """Release all claims."""
        self._locks.close()

    def file(self, block: int) -> Path:
        """Return the file of a block."""
        return self.path / f"block-{block:07d}.npz"


def merge(path: str | os.PathLike[str], shards: Sequence[str | os.PathLike[str]]) -> Path:
    """Combine the results of shards of one experiment, and return the directory.

    Args:
        path: the directory to write to; it may be new, or one of the shards.
        shards: the directories of the shards.

    Raises:
        InputError: if a directory is missing or damaged, if the shards differ in experiment or version, or if two
            have different results of one block.
    """
    manifests = [_read_manifest(Path(shard)) for shard in shards]
    if not manifests:
        raise InputError("nothing to merge: give the directories of the shards")
    target = Path(path)
    locks = _open_locks(target)
    try:
        with locks.locked(DIRECTORY_LOCK):
            _check_or_create(target, manifests[0])
        for shard, manifest in zip(map(Path, shards), manifests, strict=True):
            _check_same(shard, manifest, manifests[0])
            for file in sorted(shard.glob("block-*.npz")):
                block, experiment = _number(file), digest(manifest)
                found = digest_of(_read(file, experiment, block))  # raises for a damaged file
                if (target / file.name).exists():
                    if digest_of(_read(target / file.name, experiment, block)) != found:
                        raise InputError(
                            f"{str(file)!r} and {str(target / file.name)!r} have different results of one block; "
                            "find out which machine is wrong, and delete its file"
                        )
                else:
                    _write(target / file.name, file.read_bytes())
    finally:
        locks.close()
    return target


def _open_locks(path: Path) -> Locks:
    """Open the locks of a directory, which is created if it is new."""
    try:
        path.mkdir(exist_ok=True)
        return Locks(path / CLAIMS)
    except OSError as error:
        raise InputError(
            f"cannot write results to {str(path)!r}: {error.strerror or error}; choose a writable directory"
        ) from None


def _check_or_create(path: Path, manifest: Mapping[str, Any]) -> None:
    """Check that a directory belongs to an experiment; write the manifest if the directory is empty."""
    if (path / MANIFEST).exists():
        _check_same(path, _read_manifest(path), manifest)
    elif any(not entry.name.startswith(".") for entry in path.iterdir()):
        raise InputError(f"{str(path)!r} is not a results directory, and not empty; choose a new directory")
    else:
        _write(path / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode())


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        if "format" in found and all(isinstance(found[name], dict) for name in ("versions", "experiment")):
            return found
    except FileNotFoundError:
        raise InputError(f"{str(path)!r} is not a results directory: it contains no {MANIFEST}") from None
    except (OSError, ValueError, TypeError, LookupError):
        pass
    raise InputError(f"{str(path / MANIFEST)!r} is not a valid manifest; choose a new directory")


def _check_same(path: Path, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Raise `InputError` if a directory has another layout, version or experiment than expected."""
    if found["format"] != expected["format"]:
        raise InputError(
            f"{str(path)!r} has layout {found['format']}, this package writes {expected['format']}; choose a new "
            "directory"
        )
    for name, here in expected["versions"].items():
        there = found["versions"].get(name)
        if there != here:
            raise InputError(
                f"{str(path)!r} was created with {name} {there}, this is {here}, and results may differ; choose a new "
                "directory, or use that version"
            )
    was, now = found["experiment"], expected["experiment"]
    names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    if names:
        others = f", and {', '.join(names[1:])} differ, too" if names[1:] else ""
        raise InputError(
            f"{str(path)!r} belongs to another experiment: {names[0]} was {was.get(names[0])} and is "
            f"{now.get(names[0])}{others}; choose a new directory, or repeat the same experiment"
        )


AGAIN = "delete it and run the experiment again"


def _number(file: Path) -> int:
    """Return the number in the name of a block's file. Raises `InputError` if there is none."""
    number = file.stem.removeprefix("block-")
    if not number.isdecimal():
        raise InputError(f"{str(file)!r} is not the file of a block; delete or rename it")
    return int(number)


def _read(file: Path, experiment: str, block: int) -> FlatArrays:
    """Return the arrays of a block.

    Raises `InputError` for a file that is damaged, or belongs to another experiment or block.
    """
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as opened:
            found = {name: opened[name] for name in opened.files}
        its_experiment, its_block, its_digest = (str(found.pop(name)) for name in ("experiment", "block", "digest"))
    except MemoryError as error:
        raise InputError(f"{str(file)!r} does not fit into memory, or is damaged; {AGAIN}") from error
    except Exception as error:  # zipfile and numpy raise many kinds for damaged bytes
        raise InputError(f"{str(file)!r} is damaged ({one_line(error)}); {AGAIN}") from error
    if its_experiment != experiment:
        raise InputError(f"{str(file)!r} belongs to another experiment; {AGAIN}")
    if its_block != str(block):
        raise InputError(f"{str(file)!r} holds block {its_block}: it was renamed or copied; {AGAIN}")
    if its_digest != digest_of(found):
        raise InputError(f"{str(file)!r} is damaged: its digest is wrong; {AGAIN}")
    return found


def _write(target: Path, data: bytes | memoryview) -> None:
    """Write a file that is complete or absent, even after a power failure."""
    with replacing(target, clean=False) as temporary:
        temporary.write_bytes(data)
    if os.name == "posix":  # make the new name durable, too
        directory = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def digest(data: Any) -> str:
    """Return sixteen hexadecimal digits of the SHA-256 digest of bytes, or of JSON-compatible data."""
    return hashlib.sha256(data if isinstance(data, bytes) else json.dumps(data).encode()).hexdigest()[:16]


def digest_of(given: FlatArrays) -> str:
    """Return sixteen hexadecimal digits of the SHA-256 digest of arrays and their names."""
    made = hashlib.sha256()
    for name in sorted(given):
        made.update(f"{name} {given[name].dtype.str} {given[name].shape}".encode())
        made.update(np.ascontiguousarray(given[name]).tobytes())
    return made.hexdigest()[:16]
