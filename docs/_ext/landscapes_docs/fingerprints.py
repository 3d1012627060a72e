"""What a picture depends on, as a short text: it is drawn again when this changes."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from landscapes import __file__ as package
from landscapes.objectives.decorators import Function

PARTS = ("render", "landscapes")
"""Folders whose code may change any picture. A module of functions changes the pictures of its functions."""

SUFFIXES = (".py", ".js", ".css", ".html", ".json")


@cache
def of_code() -> str:
    """Return the fingerprint of the code that races and draws, and of this extension."""
    root = Path(package).resolve().parents[1]
    found = {path.resolve() for part in PARTS for path in (root / part).glob("**/*") if path.suffix in SUFFIXES}
    found = {path for path in found if "functions" not in path.relative_to(root).parts}
    own = Path(__file__).parent.glob("*pictures.py")
    return _digest(path.read_bytes() for path in sorted([*found, *own]))


def of_function(function: Function) -> str:
    """Return the fingerprint of a function's pictures: of all code, and of the module that defines it."""
    module = inspect.getsourcefile(inspect.unwrap(function.formula))
    return _digest([of_code().encode(), Path(module).read_bytes() if module else b"", function.name.encode()])


def of_text(text: str) -> str:
    """Return the fingerprint of what a text with code gives: of all code, and of the text."""
    return _digest([of_code().encode(), text.encode()])


def is_current(stamp: Path, fingerprint: str, files: Iterable[Path]) -> bool:
    """Return whether files were drawn with this fingerprint."""
    try:
        return stamp.read_text(encoding="utf-8") == fingerprint and all(file.exists() for file in files)
    except FileNotFoundError:
        return False


def _digest(parts: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()[:24]
