"""The optimizers of torch.optim and of pytorch_optimizer, and what some of them cannot do without."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import torch
from torch import optim

from landscapes.errors import InputError
from landscapes.optimizers import Torch
from landscapes.optimizers.adapters import torch_optim

ADAM = Torch(optim.Adam, lr=0.05)
MATRIX: Mapping[str, Any] = {"shape": (1, 2)}
MUON: Mapping[str, Any] = {"group": {"use_muon": True}, "shape": (1, 2)}

AROUND = ("Lookahead", "Magma", "OrthoGrad", "PCGrad", "SafeFP16Optimizer", "ScheduleFreeWrapper", "TRAC")
"""What is put around an optimizer object."""

NEEDS: Mapping[str, Mapping[str, Any]] = {
    "torch.Muon": MATRIX,
    "SpectralSphere": MATRIX,
    **dict.fromkeys(("AdaGO", "AdaMuon", "DistributedMuon", "Muon", "MuonClip", "NorMuon"), MUON),
    **{name: {"base_optimizer": optim.SGD, "lr": 1e-3} for name in ("SAM", "LookSAM", "FriendlySAM")},
    **{name: {"optimizer": ADAM} for name in AROUND},
    "Ranger21": {"num_iterations": 100},
    "BSAM": {"num_data": 10},
}
"""What must be given beside the class."""


def libraries() -> dict[str, Any]:
    """The modules that are installed, by the name their optimizers are given here."""
    found = {"torch.optim": optim}
    with warnings.catch_warnings(action="ignore"):
        try:
            found["pytorch_optimizer"] = import_module("pytorch_optimizer")
        except ImportError:
            return found
    return found


def classes() -> dict[str, type[optim.Optimizer]]:
    """Every optimizer class; those of torch are called torch.…"""
    found: dict[str, type[optim.Optimizer]] = {}
    for module in libraries().values():
        for name in sorted(dir(module)):
            cls = getattr(module, name)
            known = cls in found.values() if isinstance(cls, type) else True
            if not known and issubclass(cls, optim.Optimizer) and cls is not optim.Optimizer:
                found[f"torch.{name}" if cls.__module__.startswith("torch.") else name] = cls
    return found


def optimizer_of(name: str, cls: type[optim.Optimizer]) -> Torch:
    """The class as a contender; raises `InputError` where it cannot be one."""
    return Torch(cls, **NEEDS.get(name, {}))


def spread(optimizer: Torch, runs: int) -> list[Torch]:
    """The optimizer with several learning rates, if it has one."""
    if optimizer.learning_rate != optimizer.learning_rate:
        return [optimizer] * runs
    return [optimizer.varied({("lr",): optimizer.learning_rate * (0.5 + 0.25 * i)}) for i in range(runs)]


STEP_REQUIREMENTS = {
    "gradient": "",
    "closure": ", by closures",
    "graph": ", by gradients that can be differentiated again",
    "sparse": ", by sparse gradients",
}


def outcome(name: str, cls: type[optim.Optimizer]) -> tuple[str, str]:
    """How the runs of a class are stepped, and why not better."""
    try:
        optimizer = optimizer_of(name, cls)
    except InputError as refusal:
        return "not at all", str(refusal)
    contenders = spread(optimizer, 8)
    x = torch.zeros(2, 8, dtype=torch.float64)
    varied = frozenset({("lr",)}) if optimizer.learning_rate == optimizer.learning_rate else frozenset()
    found = torch_optim.verdict(contenders, varied, x)
    if not found.fits:
        return f"one by one{STEP_REQUIREMENTS[optimizer.way]}", found.why.rpartition("UnbatchableError: ")[2]
    kind = "as one" if found.places == varied else "as one for each rate"
    return kind, f"faster from {found.worth:.0f} runs on"


def eager(monkeypatch: Any) -> None:
    """Sharing wherever it is right, however few the runs are: whether it is faster depends on the machine."""
    found = torch_optim.verdict

    def verdict(*given: Any) -> Any:
        own = found(*given)
        return dataclasses.replace(own, worth=1.0) if own.fits else own

    monkeypatch.setattr(torch_optim, "verdict", verdict)
