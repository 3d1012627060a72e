"""The reference of the API: every public name, with its docstring."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import landscapes
from landscapes_docs.docstrings import escaped
from landscapes_docs.pages import Site

PAGES = {
    "experiments": ("Experiments", "landscapes"),
    "functions": ("Functions", "landscapes.functions"),
    "transforms": ("Transforms", "landscapes.transforms"),
    "optimizers": ("Optimizers", "landscapes.optimizers"),
    "networks": ("Networks", "landscapes.networks"),
    "render": ("Drawing", "landscapes.render"),
    "analysis": ("Analysis", "landscapes.analysis"),
    "diagnosis": ("Diagnosis", "landscapes.diagnosis"),
    "javascript": ("JavaScript", "landscapes.javascript"),
}
"""A page per public module."""


def write(site: Site) -> None:
    """Write a page per module."""
    for name, (title, module) in PAGES.items():
        site.page(f"reference/generated/{name}.md", _page(title, importlib.import_module(module)))


def public_names(module: ModuleType) -> list[str]:
    """Return the public names of a module that are documented on its page."""
    listed = getattr(module, "__all__", None)
    names = listed if listed is not None else [name for name in dir(module) if not name.startswith("_")]
    found = [name for name in names if name != "__version__"]
    if listed is None:  # a module without a list also holds what it imports for itself
        found = [name for name in found if _is_defined_in(module, getattr(module, name))]
    return sorted(found, key=str.lower)


def _is_defined_in(module: ModuleType, thing: Any) -> bool:
    named = inspect.isclass(thing) or inspect.isroutine(thing)
    return named and str(thing.__module__).startswith(module.__name__)


def _page(title: str, module: ModuleType) -> Iterator[str]:
    yield from [f"# {title}", "", "```{eval-rst}", f".. automodule:: {module.__name__}", "   :no-members:", "```", ""]
    for name in public_names(module):
        thing = getattr(module, name)
        if inspect.ismodule(thing):
            if thing.__name__ not in {home for _, home in PAGES.values()}:
                yield from _module(thing)
        else:
            yield from _entry(f"{module.__name__}.{name}", name, thing)


def _module(module: ModuleType) -> Iterator[str]:
    yield from [f"## {module.__name__}", "", "```{eval-rst}", f".. automodule:: {module.__name__}", "   :members:"]
    yield from ["```", ""]


def _entry(path: str, name: str, thing: Any) -> Iterator[str]:
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        yield from [
            f"## {name}",
            "",
            "```{eval-rst}",
            f".. py:data:: {path}",
            "",
            f"   {_said_of(name, thing)}",
            "```",
            "",
        ]
        return
    kind = "class" if inspect.isclass(thing) else "function"
    yield from [f"## {name}", "", "```{eval-rst}", f".. auto{kind}:: {path}"]
    if kind == "class":
        yield "   :members:"
        if issubclass(thing, landscapes.Function):
            yield "   :inherited-members: object"
    yield from ["```", ""]


def _said_of(name: str, thing: Any) -> str:
    """Return the string below the assignment of a constant, in the module that defines it."""
    for module in [module for key, module in sys.modules.items() if key.startswith("landscapes.")]:
        if vars(module).get(name) is thing and (path := inspect.getsourcefile(module)):
            body = ast.parse(Path(path).read_text(encoding="utf-8")).body
            for statement, below in pairwise(body):
                target = statement.target if isinstance(statement, ast.AnnAssign) else None
                if isinstance(statement, ast.Assign):
                    target = statement.targets[0]
                if isinstance(target, ast.Name) and target.id == name and isinstance(below, ast.Expr):
                    return " ".join(escaped(str(ast.literal_eval(below.value)).split("\n"))).strip()
    return f"Of type {type(thing).__name__}."
