"""Write files that are complete or absent: under a temporary name, which is then renamed."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from landscapes.errors import InputError
from landscapes.leftovers import remove_leftovers, temporary_path

LONGEST_NAME = 255
"""The longest file name in bytes where the system states no limit."""

OWN_STREAM = re.compile(r"/dev/(?:(?P<name>stdout|stderr)|fd/(?P<fd>\d+))|/proc/self/fd/(?P<proc>\d+)")
"""The names of this process's open files."""


def as_path(path: str | os.PathLike[str]) -> Path:
    """Return the path as a `Path`. Raise `InputError` for another object."""
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"expected a path, got {path!r:.80}; render.save takes file objects, too, with format=")
    return Path(path)


def check_folder(folder: str | os.PathLike[str]) -> Path:
    """Return the folder as a `Path`; it is created if it is new. Raises `InputError` if it cannot be."""
    place = as_path(folder)
    try:
        place.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to the folder {str(place)!r}: {error.strerror or error}") from None
    return place


def check_target(path: str | os.PathLike[str]) -> Path:
    """Return the path as a `Path`, after checking that a file can be written there.

    Raises `InputError` for another object, if the path is a directory, if its name is too long, or if its directory is
    missing or read-only.
    """
    target = as_path(path)
    most = _longest_name(target.parent)
    if len(os.fsencode(target.name)) > most:
        raise InputError(f"cannot write {str(target)!r:.80}…: a file name has at most {most} bytes; shorten it")
    try:
        if target.is_dir():
            raise InputError(f"cannot write {str(target)!r}: it is a folder; give a file name in it")
        if target.is_socket():
            raise InputError(f"cannot write {str(target)!r}: it is a socket; give a file name")
        if is_stream(target):
            if not os.access(target, os.W_OK):
                raise InputError(f"cannot write {str(target)!r}: no permission")
            return target
        real = Path(os.path.realpath(target))  # a link stays one, and its file is replaced
        folder = target.parent if real.parent == Path(os.path.realpath(target.parent)) else real.parent
        if not folder.is_dir():
            raise InputError(f"cannot write {str(target)!r}: the folder {str(folder)!r} does not exist; make it first")
    except InputError:  # which is a ValueError
        raise
    except (OSError, ValueError) as error:
        raise _write_error(target, error) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {str(target)!r}: no permission to write in {str(folder)!r}")
    return target


def is_stream(path: Path) -> bool:
    """Return whether a path names a pipe, a device or an open file, which are written to and not replaced.

    >>> is_stream(Path("race.png"))
    False
    """
    if OWN_STREAM.fullmatch(os.path.abspath(path)):
        return True
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


@contextmanager
def replacing(path: str | os.PathLike[str], *, clean: bool = True) -> Iterator[Path]:
    """Yield a temporary path next to `path`, and rename it to `path` when the block succeeds.

    After an exception, Ctrl-C included, the temporary file is removed and an existing file at `path` is unchanged. The
    suffix is the same, because writers choose a format by it. A replaced file keeps its mode, and a link its target.
    The content is on the disk before the file is renamed. What killed processes left of writing `path` is removed.
    A pipe, a device, or /dev/stdout is written to when the block succeeds.

    Args:
        path: the file to write.
        clean: whether to look for what killed processes left; the folder is listed for that.

    Raises:
        InputError: if `path` cannot be written.
    """
    given = check_target(path)
    if is_stream(given):
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / given.name
            _send(Path(folder) / given.name, given)
        return
    target = Path(os.path.realpath(given))
    if clean:
        remove_leftovers(target.parent, target)
    mode = _mode_of(target)
    temporary = temporary_path(target)
    try:  # the system applies the umask to a new file; others must not read the content of one that replaces theirs
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666 if mode is None else 0o600))
    except OSError as error:
        raise _write_error(target, error) from error
    try:
        yield temporary
        _flush(temporary)
        if mode is not None:
            temporary.chmod(mode)
        _rename(temporary, target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        _name(error, given)
        raise


@contextmanager
def replacing_all(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the name of `path` in a temporary directory; move all files out of it when the block succeeds.

    For outputs of several files, such as numbered frames. After an exception no file appears. Each file replaces an
    older one as `replacing` does.

    Raises `InputError` if `path` cannot be written.
    """
    target = check_target(path)
    remove_leftovers(target.parent, target)
    directory = temporary_path(target, folder=True)
    try:
        directory.mkdir()
    except OSError as error:
        raise _write_error(target, error) from error
    try:
        yield directory / target.name
        made = sorted(directory.iterdir())
        for file in made:
            check_target(target.parent / file.name)
        for file in made:
            _move(file, target.parent / file.name)
    except OSError as error:
        _name(error, target)
        raise
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _name(error: BaseException, target: Path) -> None:
    """Add the name of the file to an error of the system that lacks it, as that of a full disk does."""
    if isinstance(error, OSError) and error.errno is not None and error.filename is None:
        error.filename = str(target)


def _move(file: Path, target: Path) -> None:
    """Move a complete file to a target in the same file system, unless the target is a link or a stream."""
    if target.is_symlink() or is_stream(target):
        with replacing(target, clean=False) as temporary:
            shutil.copyfile(file, temporary)
        return
    mode = _mode_of(target)
    _flush(file)
    if mode is not None:
        file.chmod(mode)
    _rename(file, target)


def _rename(file: Path, target: Path) -> None:
    try:
        os.replace(file, target)
    except OSError as error:
        raise _write_error(target, error) from error


def _send(file: Path, target: Path) -> None:
    """Write the content of a file to a pipe, a device or an open file."""
    try:
        with file.open("rb") as source, _opened(target) as stream:
            shutil.copyfileobj(source, stream)
    except OSError as error:
        raise _write_error(target, error) from error


def _opened(target: Path) -> BinaryIO:
    """Return a stream to write to; this process's own files are continued where they stand."""
    own = OWN_STREAM.fullmatch(os.path.abspath(target))
    if own is None:
        return target.open("wb")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    number = {"stdout": 1, "stderr": 2}.get(own["name"]) or int(own["fd"] or own["proc"])
    return os.fdopen(os.dup(number), "wb")


def _mode_of(target: Path) -> int | None:
    """Return the permissions of a file, or None if it does not exist."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return None


def _flush(path: Path) -> None:
    """Write a file to the disk, so that after a power failure the name has the old content or the new one."""
    with path.open("rb+") as file:
        try:
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems have nothing to flush
                raise


def _longest_name(folder: Path) -> int:
    """Return how many bytes a file name may have in a folder."""
    try:
        return os.pathconf(folder, "PC_NAME_MAX") if hasattr(os, "pathconf") else LONGEST_NAME
    except (OSError, ValueError):
        return LONGEST_NAME


def _write_error(target: Path, error: OSError | ValueError) -> InputError:
    return InputError(f"cannot write {str(target)!r:.200}: {getattr(error, 'strerror', None) or error}")
