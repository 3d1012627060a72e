"""With what a job was run: a record says so."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import torch


def own_version() -> str:
    """The version of this package."""
    try:
        return version("torch-landscapes")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"


def versions() -> dict[str, str]:
    """The versions of this package and of what it computes with, by name."""
    own, python = own_version(), platform.python_version()
    return {"landscapes": own, "torch": torch.__version__, "numpy": np.__version__, "python": python}
