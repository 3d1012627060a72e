"""The optimizers of torch.optim and of pytorch_optimizer, and the settings that some of them require."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import torch
from torch import optim

from landscapes.errors import InputError
from landscapes.optimizers import Torch
from landscapes.optimizers.adapters import torch_stepper
from landscapes.optimizers.adapters.batched_tensor import BatchedTensor
from landscapes.optimizers.adapters.rounding import RoundingWatch
from landscapes.optimizers.adapters.vectorization_probe import vectorization_report

ADAM = Torch(optim.Adam, lr=0.05)
MATRIX: Mapping[str, Any] = {"shape": (1, 2)}
MUON: Mapping[str, Any] = {"group": {"use_muon": True}, "shape": (1, 2)}

WRAPPERS = ("Lookahead", "Magma", "OrthoGrad", "PCGrad", "SafeFP16Optimizer", "ScheduleFreeWrapper", "TRAC")
"""Classes that wrap an optimizer object."""

REQUIRED: Mapping[str, Mapping[str, Any]] = {
    "torch.Muon": MATRIX,
    "SpectralSphere": MATRIX,
    **dict.fromkeys(("AdaGO", "AdaMuon", "DistributedMuon", "Muon", "MuonClip", "NorMuon"), MUON),
    **{name: {"base_optimizer": optim.SGD, "lr": 1e-3} for name in ("SAM", "LookSAM", "FriendlySAM")},
    **{name: {"optimizer": ADAM} for name in WRAPPERS},
    "Ranger21": {"num_iterations": 100},
    "BSAM": {"num_data": 10},
}
"""Settings without which a class cannot race."""


def libraries() -> dict[str, Any]:
    """Return the installed modules by name."""
    found = {"torch.optim": optim}
    with warnings.catch_warnings(action="ignore"):
        try:
            found["pytorch_optimizer"] = import_module("pytorch_optimizer")
        except ImportError:
            return found
    return found


def classes() -> dict[str, type[optim.Optimizer]]:
    """Return every optimizer class by name; the names of torch's classes begin with "torch."."""
    found: dict[str, type[optim.Optimizer]] = {}
    for module in libraries().values():
        for name in sorted(dir(module)):
            cls = getattr(module, name)
            known = cls in found.values() if isinstance(cls, type) else True
            if not known and issubclass(cls, optim.Optimizer) and cls is not optim.Optimizer:
                found[f"torch.{name}" if cls.__module__.startswith("torch.") else name] = cls
    return found


def optimizer_of(name: str, cls: type[optim.Optimizer]) -> Torch:
    """Return the class as an optimizer; raise `InputError` if it cannot race."""
    return Torch(cls, **REQUIRED.get(name, {}))


def with_learning_rates(optimizer: Torch, runs: int) -> list[Torch]:
    """Return the optimizer with a different learning rate per run, if it has one."""
    if math.isnan(optimizer.learning_rate):
        return [optimizer] * runs
    return [optimizer.with_settings({("lr",): optimizer.learning_rate * (0.5 + 0.25 * i)}) for i in range(runs)]


REASONS = {
    "gradient": "",
    "closure": ", by closures",
    "graph": ", by gradients that can be differentiated again",
    "sparse": ", by sparse gradients",
    "modes": ", by gradients at the point of its training mode",
}


def outcome(name: str, cls: type[optim.Optimizer]) -> tuple[str, str]:
    """Return how the runs of a class are stepped, and why not better."""
    try:
        optimizer = optimizer_of(name, cls)
    except InputError as error:
        return "not at all", str(error)
    x = torch.zeros(2, 8, dtype=torch.float64)
    varied = frozenset() if math.isnan(optimizer.learning_rate) else frozenset({("lr",)})
    report = vectorization_report(with_learning_rates(optimizer, 8), varied, x)
    if not report.exact:
        reason = report.reason.rpartition("UnbatchableError: ")[2]
        return f"one by one{REASONS[optimizer.step_requirement]}", reason
    kind = "as one" if report.paths == varied else "as one per learning rate"
    return kind, f"faster from {report.min_runs:.0f} runs on"


def always_vectorize(monkeypatch: Any) -> None:
    """Share an object wherever that is exact, however few the runs; whether it is faster depends on the machine."""

    def report(*given: Any) -> Any:
        own = vectorization_report(*given)
        return dataclasses.replace(own, min_runs=1.0) if own.exact else own

    monkeypatch.setattr(torch_stepper, "vectorization_report", report)


def can_share() -> bool:
    """Return whether torch makes subclasses while operations are watched; torch 2.4 refuses, and runs are looped."""
    try:
        with RoundingWatch():
            torch.ones(2).mul(2).as_subclass(BatchedTensor)
    except RuntimeError:
        return False
    return True
