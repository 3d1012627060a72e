"""Versions of this package and its dependencies, which records contain."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import torch


def own_version() -> str:
    """Return the version of this package."""
    try:
        return version("torch-landscapes")
    except PackageNotFoundError:  # a checkout that is not installed
        return "unknown"


def versions() -> dict[str, str]:
    """Return the versions of this package, torch, numpy and Python, and of JAX and optax if loaded, by name."""
    own, python = own_version(), platform.python_version()
    loaded: dict[str, str] = {name: version(name) for name in ("jax", "optax") if name in sys.modules}
    return {"landscapes": own, "torch": torch.__version__, "numpy": np.__version__, "python": python, **loaded}
