"""The modules of landscapes.optimizers import one another without circles, inside functions and for types too."""

from __future__ import annotations

import ast
import pkgutil
import sys
from graphlib import CycleError, TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

from landscapes import InputError, from_jax, optimizers
from landscapes.experiments.own_optimizers import parse_with_own

PACKAGE = optimizers.__name__


def imports(name: str, modules: set[str]) -> set[str]:
    """Return the modules of the package that a module imports anywhere in its source."""
    origin = find_spec(name).origin
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(origin).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & modules
            found |= submodules or {node.module}
    return found & modules - {name}


def test_there_are_no_import_circles():
    modules = {info.name for info in pkgutil.walk_packages(optimizers.__path__, f"{PACKAGE}.")} | {PACKAGE}
    graph = {name: imports(name, modules) for name in modules}
    assert f"{PACKAGE}.base" in graph[f"{PACKAGE}.first_order.adam"]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def test_without_jax_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    for what, call in (
        ("optimizers.Optax", lambda: optimizers.Optax(None)),
        ("optax:adam", lambda: parse_with_own("clip(optax:adam, norm=1)")),
        ("from_jax", lambda: from_jax(lambda x, y: x + y, [(-1, 1)] * 2)),
    ):
        with pytest.raises(InputError, match=rf'^{what} requires jax; pip install "torch-landscapes\[jax\]"$'):
            call()
