"""Public docstrings: they name every argument, say what is returned and raised, and hold an example."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from types import FunctionType
from typing import Any

import pytest
from merged import merged

import landscapes
from landscapes import optimizers, render, transforms

CLASSES = (landscapes.Function, landscapes.Record, landscapes.Surface)


def public() -> Iterator[Any]:
    for module in (landscapes, render, transforms):
        for name in sorted(set(dir(module))):
            thing = getattr(module, name)
            if not name.startswith("_") and isinstance(thing, FunctionType):
                yield pytest.param(thing, id=f"{module.__name__.removeprefix('landscapes.')}.{name}")
    for kind in CLASSES:
        for name, thing in vars(kind).items():
            plain = thing.__func__ if isinstance(thing, classmethod | staticmethod) else thing
            if not name.startswith("_") and isinstance(plain, FunctionType):
                yield pytest.param(plain, id=f"{kind.__name__}.{name}")


@merged("thing", list(public()))
def test_public_functions_are_documented_in_full(thing):
    text = inspect.getdoc(thing) or ""
    summary = text.split("\n")[0]
    assert summary.endswith((".", ":")), "the first line is one sentence"
    parameters = [name for name in inspect.signature(thing).parameters if name not in ("self", "cls", "settings")]
    missing = [name for name in parameters if not re.search(rf"\b{name}\b", text)]
    assert not missing, f"arguments that the docstring does not name: {missing}"
    assert ">>>" in text or "has an example" in text, "an example is missing"


@merged("kind", sorted({kind for kind, _ in optimizers.names().values()}, key=lambda kind: kind.__name__))
def test_optimizers_name_their_settings(kind):
    text = inspect.getdoc(kind) or ""
    settings = [field.name for field in fields(kind) if field.init and not field.name.startswith("_")]
    missing = [name for name in settings if not re.search(rf"\b{name}\b", text)]
    assert not missing, f"settings that the docstring does not name: {missing}"
    assert ">>>" in text, "an example is missing"
