"""Objects of the user's own modules by name: `module:object`, or `path/to/file.py:object`."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from landscapes.errors import InputError, Terminated, ended_by, unknown


def load_object(text: str) -> Any:
    """Return the object that `module:object` or `path/to/file.py:object` names; dots reach into objects.

    The module is imported, so its code runs; it may be in the current folder.

    Raises:
        InputError: for text of another form, an unknown module, file or object, and a module that cannot be imported.

    >>> load_object("math:inf")
    inf
    """
    source, _, name = text.rpartition(":")
    if not source or not name:
        raise InputError(f"cannot parse {text!r}: write module:object or path/to/file.py:object")
    is_file = source.endswith(".py") or "/" in source or os.sep in source
    found: Any = _file(Path(source)) if is_file else _module(source)
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise unknown(f"object of {source}", part, [n for n in dir(found) if not n.startswith("_")]) from None
    return found


def _module(name: str) -> ModuleType:
    """Import a module, also from the current folder."""
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        with _without_arguments(name):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise _import_error(name, error) from error
        raise InputError(
            f"no module named {name!r} in this folder or installed; name a file by path/to/file.py:object"
        ) from None
    except (KeyboardInterrupt, Terminated):
        raise
    except BaseException as error:
        raise _import_error(name, error) from error


def _file(path: Path) -> ModuleType:
    """Import a file. Its path is its module name, so that it shadows no other module."""
    if not path.is_file():
        raise InputError(f"no such file: {str(path)!r}")
    name = str(path.resolve()).replace(".", "%2E")  # pickle would look for a package before a dot
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise InputError(f"{str(path)!r} is not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module while it is imported
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # for modules in the same folder
    try:
        with _without_arguments(str(path.resolve())):
            spec.loader.exec_module(module)
    except BaseException as error:
        sys.modules.pop(name, None)
        if isinstance(error, KeyboardInterrupt | Terminated):
            raise
        raise _import_error(str(path), error) from error
    return module


@contextmanager
def _without_arguments(name: str) -> Iterator[None]:
    """Hide the arguments of this program from a module that reads its own, by argparse, while it is imported."""
    arguments, sys.argv = sys.argv, [name]
    try:
        yield
    finally:
        sys.argv = arguments


def _import_error(name: str, error: BaseException) -> InputError:
    if not isinstance(error, Exception):
        return InputError(
            f'cannot import {name!r}: {ended_by(error)}; move what runs as a program below if __name__ == "__main__":'
        )
    return InputError(f"cannot import {name!r}: {type(error).__name__}: {' '.join(str(error).split())}")


def kind_of(found: Any) -> str:
    """Return the type of an object, with its article."""
    name = type(found).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
