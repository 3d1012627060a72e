"""With what a job was run: a record says so."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import torch


def versions() -> dict[str, str]:
    """The versions of this package and of what it computes with, by name."""
    try:
        own = version("torch-landscapes")
    except PackageNotFoundError:  # run from a checkout that was never installed
        own = "unknown"
    return {"landscapes": own, "torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
