"""Versions of this package and its dependencies, which records contain."""

from __future__ import annotations

import platform
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
    """Return the versions of this package, torch, numpy and Python, by name."""
    own, python = own_version(), platform.python_version()
    return {"landscapes": own, "torch": torch.__version__, "numpy": np.__version__, "python": python}
