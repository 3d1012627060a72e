"""Experiments compute alike under every mode of torch: no_grad, inference_mode, a default device, anomaly detection."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, ParamSpec, TypeVar, cast

import torch

P = ParamSpec("P")
R = TypeVar("R")

_lock = threading.Lock()
_anomaly: dict[str, Any] = {"running": 0, "restore": None}


def in_usual_modes(experiment: Callable[P, R]) -> Callable[P, R]:
    """Run an experiment with gradients enabled, on the CPU by default and without anomaly detection.

    Gradients and the default device belong to the thread. Anomaly detection belongs to the process, and stays off until
    the last of several simultaneous experiments ends.

    >>> @in_usual_modes
    ... def enabled():
    ...     return torch.is_grad_enabled()
    >>> with torch.no_grad():
    ...     enabled()
    True
    """

    @functools.wraps(experiment)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with ExitStack() as modes:
            if torch.is_inference_mode_enabled():
                modes.enter_context(torch.inference_mode(False))
            modes.enter_context(torch.enable_grad())
            if torch.get_default_device().type != "cpu":
                modes.enter_context(torch.device("cpu"))
            modes.enter_context(_without_anomaly_detection())
            return experiment(*args, **kwargs)

    return run


@contextmanager
def _without_anomaly_detection() -> Iterator[None]:
    with _lock:
        if not _anomaly["running"]:
            _anomaly["restore"] = None
        if torch.is_anomaly_enabled():
            _anomaly["restore"] = torch.is_anomaly_check_nan_enabled()
            _set_anomaly(False, True)
        _anomaly["running"] += 1
    try:
        yield
    finally:
        with _lock:
            _anomaly["running"] -= 1
            if not _anomaly["running"] and _anomaly["restore"] is not None:
                _set_anomaly(True, _anomaly["restore"])


def _set_anomaly(enabled: bool, check_nan: bool) -> None:
    cast(Any, torch).set_anomaly_enabled(enabled, check_nan)
