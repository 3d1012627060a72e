"""Write files that are complete or absent: under a temporary name, which is then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from landscapes.errors import InputError


def check_target(path: str | os.PathLike[str]) -> Path:
    """Return the path as a `Path`, after checking that a file can be written there.

    Raises `InputError` if the path is a directory, or if its directory is missing or read-only.
    """
    target = Path(path)
    if target.is_dir():
        raise InputError(f"cannot write {str(target)!r}: it is a folder; give a file name in it")
    if not target.parent.is_dir():
        raise InputError(
            f"cannot write {str(target)!r}: the folder {str(target.parent)!r} does not exist; make it first"
        )
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {str(target)!r}: no permission to write in {str(target.parent)!r}")
    return target


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path next to `path`, and rename it to `path` when the block succeeds.

    After an exception, Ctrl-C included, the temporary file is removed and an existing file at `path` is unchanged. The
    suffix is the same, because writers choose a format by it.

    Raises `InputError` if `path` cannot be written.
    """
    target = Path(os.path.realpath(check_target(path)))  # a link stays one, and its file is replaced
    try:
        handle, name = tempfile.mkstemp(prefix=_prefix(target), suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise _write_error(target, error) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _set_mode(temporary, target)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replacing_all(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the name of `path` in a temporary directory; move all files out of it when the block succeeds.

    For outputs of several files, such as numbered frames. After an exception no file appears.

    Raises `InputError` if `path` cannot be written.
    """
    target = check_target(path)
    try:
        directory = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    except OSError as error:
        raise _write_error(target, error) from error
    try:
        yield directory / target.name
        for file in sorted(directory.iterdir()):
            _set_mode(file, target.parent / file.name)
            os.replace(file, target.parent / file.name)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _prefix(target: Path) -> str:
    """Return the prefix of temporary files: hidden, and named after the target."""
    return f".{target.stem[:80]}-"


def _write_error(target: Path, error: OSError) -> InputError:
    return InputError(f"cannot write {str(target)!r}: {error.strerror or error}")


def _set_mode(path: Path, target: Path) -> None:
    """Give a temporary file the mode of the file that it replaces, else that of any new file.

    `mkstemp` makes files that only the owner may read. The umask is seen on a new file, because asking for it changes
    it for all threads for a moment.
    """
    try:
        mode = target.stat().st_mode & 0o7777
    except FileNotFoundError:
        probe = path.with_name(f"{path.name}.mode")
        os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        mode = probe.stat().st_mode & 0o7777
        probe.unlink()
    path.chmod(mode)
