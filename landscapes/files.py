"""Files that are whole or not there: written under a temporary name and moved into place."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from landscapes.errors import InputError


def check_target(path: str | os.PathLike[str]) -> Path:
    """The path as a `Path`, once it is sure that a file can be made there.

    Raises `InputError` where the folder is missing or cannot be written, or the path is a folder.
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
    """Yields a temporary path beside `path`, which takes its place when the block ends well.

    When the block is left by an exception (Ctrl-C too), the temporary file goes and an older file
    at `path` stays as it was. The suffix is kept, since writers choose by it.
    """
    target = check_target(path)
    try:
        handle, name = tempfile.mkstemp(prefix=_prefix(target), suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise _refused(target, error) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _give_usual_mode(temporary)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replacing_all(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields `path`'s name in a temporary folder beside it; every file written there moves out when the block ends well.

    For what takes several files: numbered frames, a drawing with its images. When the block is left by an
    exception nothing of it appears.
    """
    target = check_target(path)
    try:
        folder = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    except OSError as error:
        raise _refused(target, error) from error
    try:
        yield folder / target.name
        for file in sorted(folder.iterdir()):
            _give_usual_mode(file)
            os.replace(file, target.parent / file.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prefix(target: Path) -> str:
    """How temporary files are called: hidden, and after what they become."""
    return f".{target.stem[:80]}-"


def _refused(target: Path, error: OSError) -> InputError:
    return InputError(f"cannot write {str(target)!r}: {error.strerror or error}")


def _give_usual_mode(path: Path) -> None:
    """`mkstemp` makes files for the owner only; what a user saves follows the umask as usual."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
