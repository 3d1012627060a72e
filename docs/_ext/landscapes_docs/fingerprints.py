"""What a picture depends on, as a short text: it is drawn again when this changes."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from landscapes import __file__ as package
from landscapes.objectives.decorators import Function

PARTS = ("render", "landscapes")
"""Folders whose code may change any picture. A definition of a function changes its own pictures."""

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
    """Return the fingerprint of a function's pictures: of all code, and of its definition with what that uses."""
    formula = inspect.unwrap(function.formula)
    module = inspect.getsourcefile(formula)
    text = "\n".join(_used_by(formula.__name__, Path(module).read_text(encoding="utf-8"))) if module else ""
    return _digest([of_code().encode(), text.encode(), function.name.encode()])


def _used_by(name: str, text: str) -> list[str]:
    """Return the parts of a module that a function uses: itself, all but functions, and the functions that these name.

    >>> _used_by("f", "K = 2\\ndef f(x): return g(x)\\ndef g(x): return K * x\\ndef other(x): return x")
    ['K = 2', 'def f(x): return g(x)', 'def g(x): return K * x']
    """
    parts = _parsed(text)
    functions = {part.name: part for part in parts if isinstance(part, ast.FunctionDef)}
    left = [part for part in parts if not isinstance(part, ast.FunctionDef) or part.name == name]
    if name not in functions:
        return [text]
    used: dict[int, ast.stmt] = {}
    while left:
        part = left.pop()
        if part.lineno not in used:
            used[part.lineno] = part
            names = {node.id for node in ast.walk(part) if isinstance(node, ast.Name)}
            left += [functions[each] for each in sorted(names & functions.keys())]
    lines = text.splitlines()
    return ["\n".join(lines[_first_line(used[line]) - 1 : used[line].end_lineno]) for line in sorted(used)]


@cache
def _parsed(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def _first_line(part: ast.stmt) -> int:
    return min([part.lineno, *(each.lineno for each in getattr(part, "decorator_list", []))])


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
