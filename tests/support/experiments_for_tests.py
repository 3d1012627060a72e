"""Plans and executors for the tests of execution; workers import this module, too."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from landscapes import Function, function, optimizers
from landscapes.engine.batch import BatchResult
from landscapes.engine.termination import Stop
from landscapes.execution.plan import Block, GridColumn, Plan, RunSettings, Task
from landscapes.execution.results import to_arrays

PARENT = os.environ.setdefault("TESTS_OF_EXPERIMENTS", str(os.getpid()))
"""The process that runs the tests; workers inherit it."""

BOX = np.array([[-6.0, 6.0]] * 2)


def mean_cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(outputs, targets)


@function((-3, 3), (-3, 3), minima=[(0, 0)], start=(2, 2))
def valid_bowl(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """A valid function."""
    return x * x + 3 * y * y


@function((-3, 3), (-3, 3))
def deadly_bowl(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Kill the worker that evaluates it."""
    if str(os.getpid()) != PARENT:
        os._exit(9)
    return x * x + y * y


def _broken_sample(t: int) -> Any:
    raise ArithmeticError("no data today")


@function((-3, 3), (-3, 3), sample=_broken_sample)
def dataless_bowl(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """A function whose samples raise."""
    return x * x + y * y


def grid(
    f: Function = valid_bowl,
    kinds: Sequence[optimizers.Optimizer] = (optimizers.Adam(),),
    *,
    side: int = 10,
    size: int | None = 16,
    **settings: Any,
) -> Plan:
    """Return a grid of starts (first axis) and learning rates (last axis): side² runs of each optimizer."""
    lengths = (side, side)
    coordinates = np.linspace(-2.5, 2.5, side)
    defaults: dict[str, Any] = {"steps": 25, "box": BOX, "target": 0.5, "stop": Stop(gtol=1e-3)}
    return Plan(
        [
            Task(
                f,
                optimizer,
                side * side,
                [GridColumn.along(coordinates, lengths, 0)] + [GridColumn(np.full(1, 1.25))] * (f.dim - 1),
                RunSettings(**{**defaults, **settings}),
                {"lr": GridColumn.along(np.geomspace(1e-3, 2.0, side), lengths, 1)},
                GridColumn(np.arange(7)),
            )
            for optimizer in kinds
        ],
        size,
    )


def same(one: BatchResult, other: BatchResult) -> bool:
    """Return whether two results are identical bit for bit."""
    first, second = to_arrays(one), to_arrays(other)
    return first.keys() == second.keys() and all(
        first[name].dtype == second[name].dtype and first[name].tobytes() == second[name].tobytes() for name in first
    )


class Plain:
    """An executor with only the required methods: `submit`, and `result` of its return values.

    Attributes:
        pending, most: how many results are pending, and the maximum so far.
    """

    def __init__(self, dies_after: int | None = None) -> None:
        self.submitted = self.pending = self.most = 0
        self.dies_after = dies_after

    def submit(self, task: Any, /, *arguments: Any) -> Any:
        self.submitted += 1
        if self.dies_after is not None and self.submitted > self.dies_after:
            raise RuntimeError("the cluster has gone home")
        self.pending += 1
        self.most = max(self.most, self.pending)
        return LazyFuture(self, task, arguments)


class LazyFuture:
    """The result of a call, which runs when it is requested, in a thread of its own."""

    def __init__(self, executor: Plain, task: Any, arguments: tuple[Any, ...]) -> None:
        self.executor, self.task, self.arguments = executor, task, arguments

    def result(self) -> Any:
        self.executor.pending -= 1
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(self.task(*self.arguments)))
        thread.start()
        thread.join()
        return found[0]


def counted(monkeypatch: Any) -> list[int]:
    """Return a list that receives the number of runs of each executed block."""
    ran: list[int] = []
    run = Block.run

    def counting(block: Block, progress: Any = None) -> BatchResult:
        found = run(block, progress)
        ran.append(len(block))
        return found

    monkeypatch.setattr(Block, "run", counting)
    return ran
