"""Functions and optimizers by name, from the catalogue or from the user's own code.

`module:object` names an object of a module, which may be in the current folder; `path/to/file.py:object` one of a
file. Settings may follow an optimizer, as in `module:MyOptimizer(lr=0.05)`; they are parsed, never evaluated.
Wrappers may enclose it: `clip(module:MyOptimizer(lr=0.05), norm=1)`.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from landscapes import functions, optimizers
from landscapes.cli import console
from landscapes.errors import InputError, ended_by, unknown
from landscapes.objectives.decorators import Function

INSIDE = "_inside"
"""Placeholder for the user's optimizer while the wrappers around it are parsed."""


def find_function(text: str, dim: int | None = None) -> Function:
    """Return the function that a text names: one of the catalogue, or `module:object`.

    Args:
        text: a name, or `module:object`.
        dim: number of coordinates; by default the function's usual number.
    """
    if ":" not in text:
        if not is_function(text) and is_optimizer(text):
            raise InputError(f"{text!r} is an optimizer, not a function; landscapes list functions shows the functions")
        return functions.get(text, dim)
    found = _object(text)
    if not isinstance(found, Function):
        raise InputError(
            f"{text!r} is {_kind(found)}, not a function; make one with @landscapes.function((-3, 3), (-3, 3))"
        )
    return found if dim is None else found.with_dim(dim)


def find_named(text: str, dim: int | None = None) -> tuple[Function | None, str]:
    """Return the function and the name of the optimizer that a text names; None and "" for what it does not name.

    A few names, such as "plateau", name both.
    """
    name = text.strip().lower()
    optimizer = name if name in optimizers.names() else ""
    if ":" in text or is_function(text):
        return find_function(text, dim), optimizer
    if not optimizer:
        raise unknown("function or optimizer", text, [*functions.catalogue(), *optimizers.names()])
    return None, optimizer


def is_function(text: str) -> bool:
    """Return whether a text is the name of a function of the catalogue."""
    try:
        functions.get(text)
    except InputError:
        return False
    return True


def is_optimizer(text: str) -> bool:
    """Return whether a text begins with the name of an optimizer or a wrapper, as "adam(lr=0.05)" does."""
    return text.partition("(")[0].strip().lower() in optimizers.names()


def find_optimizers(texts: Sequence[str]) -> list[str | optimizers.Optimizer] | dict[str, str | optimizers.Optimizer]:
    """Return the optimizers that texts name, as `race` takes them; `label=optimizer` gives a label.

    >>> find_optimizers(["adam", "slow=adam(lr=0.001)"])
    {'Adam': 'adam', 'slow': 'adam(lr=0.001)'}
    """
    pairs = [_split_label(text) for text in texts]
    entries = [_optimizer(text) for _, text in pairs]
    if not any(label for label, _ in pairs):
        return entries
    named: dict[str, str | optimizers.Optimizer] = {}
    for (label, text), entry in zip(pairs, entries, strict=True):
        label = label or (optimizers.parse(entry)[0] if isinstance(entry, str) else entry).label
        if label in named:
            raise InputError(f"two optimizers have the label {label!r}; rename one: --optimizer 'other={text}'")
        named[label] = entry
    return named


def _split_label(text: str) -> tuple[str, str]:
    """Return the label, or "", and the optimizer. An = in parentheses belongs to the optimizer."""
    match = re.fullmatch(r"\s*([^=(]+?)\s*=\s*(.*)", text, re.DOTALL)
    return (match[1], match[2]) if match else ("", text)


def _optimizer(text: str) -> str | optimizers.Optimizer:
    """Return a name that `race` understands, or the user's optimizer."""
    head, bracket, _ = text.partition("(")
    wrapped = re.match(r"(?P<wrappers>(?:\s*\w+\s*\()+)\s*(?P<own>[^\s(),=]+:[\w.]+)", text)
    if wrapped is not None:
        end = _end(text, wrapped.end("own"))
        own = _optimizer(text[wrapped.start("own") : end])
        assert isinstance(own, optimizers.Optimizer)
        return optimizers.parse(f"{wrapped['wrappers']}{INSIDE}{text[end:]}", {INSIDE: own})[0]
    if ":" not in head:
        if not is_optimizer(text) and is_function(head):
            raise InputError(
                f"{head.strip()!r} is a function, not an optimizer; landscapes list optimizers shows the optimizers"
            )
        optimizers.parse(text)
        return text
    found = _object(head.strip())
    settings = _settings(text) if bracket else {}
    if isinstance(found, optimizers.Optimizer) and not bracket:
        return found
    if isinstance(found, type) and issubclass(found, torch.optim.Optimizer):
        return optimizers.Torch(found, **settings)
    if isinstance(found, type) and issubclass(found, optimizers.Optimizer):
        try:
            return found(**settings)
        except TypeError as error:
            raise InputError(f"cannot create {text!r}: {error}") from None
    if isinstance(found, optimizers.Optimizer):
        raise InputError(f"{head!r} already has its settings; remove the parentheses, or name its class")
    raise InputError(
        f"{head!r} is {_kind(found)}, not an optimizer; name a torch.optim.Optimizer class or an Optimizer"
    )


def _end(text: str, start: int) -> int:
    """Return where the settings that may begin at `start` end: after their closing parenthesis."""
    settings = re.match(r"\s*\(", text[start:])
    if settings is None:
        return start
    depth = 0
    for i in range(start + settings.end() - 1, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i + 1
    return len(text)


def _settings(text: str) -> dict[str, Any]:
    """Return the settings in the parentheses of `module:Class(name=value, ...)`."""
    inner = text[text.index("(") :]
    try:
        call = ast.parse(f"f{inner}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or any(keyword.arg is None for keyword in call.keywords):
            raise ValueError
        return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError):
        raise InputError(
            f"cannot parse the settings of {text!r}: write name=value pairs, as in {text[: text.index('(')]}(lr=0.05)"
        ) from None


def _object(text: str) -> Any:
    """Return the object that `module:object` names; dots reach into objects."""
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
    except (KeyboardInterrupt, console.Terminated):
        raise
    except BaseException as error:
        raise _import_error(name, error) from error


def _file(path: Path) -> ModuleType:
    """Import a file. Its path is its module name, so that it shadows no other module."""
    if not path.is_file():
        raise InputError(f"no such file: {str(path)!r}")
    name = str(path.resolve())
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, name)
    if spec is None or spec.loader is None:
        raise InputError(f"{str(path)!r} is not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module while it is imported
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # for modules in the same folder
    try:
        with _without_arguments(name):
            spec.loader.exec_module(module)
    except BaseException as error:
        sys.modules.pop(name, None)
        if isinstance(error, KeyboardInterrupt | console.Terminated):
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
    return InputError(f"cannot import {name!r}: {type(error).__name__}: {console.one_line(error)}")


def _kind(found: Any) -> str:
    """Return the type of an object, with its article."""
    name = type(found).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
