"""Fixtures that run commands and write a user's module."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from landscapes.cli import main

USER_MODULE = '''
import torch
from landscapes import function, optimizers


@function((-2, 2), (-2, 2), start=(1.5, 1.0), minima=[(0, 0)], steps=30)
def bowl(x, y):
    """Round."""
    return x * x + y * y


@function((-1, 1), (-1, 1))
def pair(x, y):
    return torch.stack([x, y])


@function((-1, 1), (-1, 1))
def detached(x, y):
    return (x * y).detach()


@function((-1, 1), (-1, 1))
def raising(x, y):
    raise ValueError("no such\\nplace")


@function((-2, 2), (-2, 2), start=(1.5, 1.0), steps=30)
def single(x):
    return (x * x).sum()


class Mine(torch.optim.SGD):
    pass


class Broken(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    def step(self, closure=None):
        raise RuntimeError("out of\\norder")


calm = optimizers.Adam(lr=0.1)
number = 3
'''


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Run a command in an empty folder, and return its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])  # a command may add the folder

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main.main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def user_module(tmp_path, monkeypatch) -> str:
    """Write a module with functions and optimizers into the current folder, and return its name."""
    name = "landscapes_test_mine"
    (tmp_path / f"{name}.py").write_text(USER_MODULE, encoding="utf-8")
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


@pytest.fixture
def window(monkeypatch):
    """Let `explore` open its window on a backend without a screen."""
    import matplotlib as mpl
    from matplotlib import pyplot

    monkeypatch.setattr(mpl, "get_backend", lambda: "qtagg")
    monkeypatch.setattr(pyplot, "show", lambda: None)
    yield
    pyplot.close("all")
