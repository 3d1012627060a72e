"""What a text on the command line names: a landscape or an optimizer, of ours or of one's own.

`module:object` is looked up in a module, which may lie in the current folder; `path/to/file.py:object`
in a file. Settings may follow an optimizer, as in `module:MyOptimizer(lr=0.05)`; they are read, never
evaluated. Wrappers may stand around: `clip(module:MyOptimizer(lr=0.05), norm=1)`.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from landscapes import functions, optimizers
from landscapes.errors import InputError, unknown
from landscapes.objectives.decorators import Function

INSIDE = "_inside"
"""What stands for an optimizer of one's own while the wrappers around it are read."""


def find_function(text: str) -> Function:
    """The landscape a text names: one of the catalogue, or `module:object`."""
    if ":" not in text:
        return functions.get(text)
    found = _object(text)
    if not isinstance(found, Function):
        raise InputError(
            f"{text!r} is {_kind(found)}, not a landscape; make one with @landscapes.function((-3, 3), (-3, 3))"
        )
    return found


def find_optimizers(texts: Sequence[str]) -> list[str | optimizers.Optimizer] | dict[str, str | optimizers.Optimizer]:
    """The optimizers that texts name, as `race` takes them; with `label=optimizer` a label can be given.

    >>> find_optimizers(["adam", "slow=adam(lr=0.001)"])
    {'Adam': 'adam', 'slow': 'adam(lr=0.001)'}
    """
    pairs = [_labelled(text) for text in texts]
    entries = [_optimizer(text) for _, text in pairs]
    if not any(label for label, _ in pairs):
        return entries
    named: dict[str, str | optimizers.Optimizer] = {}
    for (label, text), entry in zip(pairs, entries, strict=True):
        label = label or (optimizers.parse(entry)[0] if isinstance(entry, str) else entry).label
        if label in named:
            raise InputError(f"two optimizers are called {label!r}; tell them apart: --with 'other={text}'")
        named[label] = entry
    return named


def _labelled(text: str) -> tuple[str, str]:
    """The label, empty where there is none, and the optimizer. An = within brackets belongs to the optimizer."""
    match = re.fullmatch(r"\s*([^=(]+?)\s*=\s*(.*)", text, re.DOTALL)
    return (match[1], match[2]) if match else ("", text)


def _optimizer(text: str) -> str | optimizers.Optimizer:
    head, bracket, _ = text.partition("(")
    wrapped = re.match(r"(?P<around>(?:\s*\w+\s*\()+)\s*(?P<own>[^\s(),=]+:[\w.]+)", text)
    if wrapped is not None:
        end = _end(text, wrapped.end("own"))
        own = _optimizer(text[wrapped.start("own") : end])
        assert isinstance(own, optimizers.Optimizer)
        return optimizers.parse(f"{wrapped['around']}{INSIDE}{text[end:]}", {INSIDE: own})[0]
    if ":" not in head:
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
            raise InputError(f"cannot make {text!r}: {error}") from None
    if isinstance(found, optimizers.Optimizer):
        raise InputError(f"{head!r} is an optimizer that has its settings; leave out the brackets, or name its class")
    raise InputError(
        f"{head!r} is {_kind(found)}, not an optimizer; name a torch.optim.Optimizer class or an optimizer"
    )


def _end(text: str, start: int) -> int:
    """Where the settings end that may begin at a place of the text: after the bracket that closes them."""
    settings = re.match(r"\s*\(", text[start:])
    if settings is None:
        return start
    depth = 0
    for place in range(start + settings.end() - 1, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if depth == 0:
            return place + 1
    return len(text)


def _settings(text: str) -> dict[str, Any]:
    """The settings in the brackets of `module:Class(name=value, ...)`."""
    inner = text[text.index("(") :]
    try:
        call = ast.parse(f"f{inner}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or any(keyword.arg is None for keyword in call.keywords):
            raise ValueError
        return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError):
        raise InputError(
            f"cannot read the settings of {text!r}: write name=value pairs, as in {text[: text.index('(')]}(lr=0.05)"
        ) from None


def _object(text: str) -> Any:
    """What `module:object` names; dots reach into objects."""
    place, _, name = text.rpartition(":")
    if not place or not name:
        raise InputError(f"cannot read {text!r}: write module:object or path/to/file.py:object")
    is_file = place.endswith(".py") or "/" in place or os.sep in place
    found: Any = _file(Path(place)) if is_file else _module(place)
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise unknown(f"object of {place}", part, [n for n in dir(found) if not n.startswith("_")]) from None
    return found


def _module(name: str) -> ModuleType:
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise _broken(name, error) from error
        raise InputError(
            f"there is no module {name!r}, neither in this folder nor installed; a file is named by path/to/file.py:object"
        ) from None
    except Exception as error:
        raise _broken(name, error) from error


def _file(path: Path) -> ModuleType:
    """A file as a module. It bears its path as its name, so it hides nothing that is called like it."""
    if not path.is_file():
        raise InputError(f"there is no file {str(path)!r}")
    name = str(path.resolve())
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, name)
    if spec is None or spec.loader is None:
        raise InputError(f"{str(path)!r} is no Python file; its name must end with .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while it is being made
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # for what lies beside it
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise _broken(str(path), error) from error
    return module


def _broken(name: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split())
    return InputError(f"cannot import {name!r}: {type(error).__name__}: {reason}")


def _kind(found: Any) -> str:
    name = type(found).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
