"""Race optimizers over loss landscapes in one batch, and get a picture worth publishing.

>>> import landscapes
>>> record = landscapes.race("booth", ["adam(lr=0.5)"], steps=3)
>>> len(record.trajectories)
1

Names are imported when they are first used: `import landscapes` loads neither torch nor matplotlib,
and what draws a saved record never loads torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from landscapes import functions, render, rules, transforms
    from landscapes.comparing import compare
    from landscapes.errors import InputError
    from landscapes.exploring import explore
    from landscapes.formulas import formula
    from landscapes.mapping import basins
    from landscapes.networks import from_module
    from landscapes.numeric import from_numpy
    from landscapes.objective import ANY, Dims, Function, function, least_squares
    from landscapes.portraits import Portrait
    from landscapes.portraying import portray
    from landscapes.projecting import project
    from landscapes.racing import race
    from landscapes.record import Record, Surface, Trajectories
    from landscapes.spaces import Range
    from landscapes.stopping import Stop
    from landscapes.sweeping import sweep
    from landscapes.tuning import Tuning, tune

    __version__: str

_HOMES = {
    "ANY": "objective",
    "Dims": "objective",
    "Function": "objective",
    "InputError": "errors",
    "Portrait": "portraits",
    "Range": "spaces",
    "Record": "record",
    "Stop": "stopping",
    "Surface": "record",
    "Trajectories": "record",
    "Tuning": "tuning",
    "basins": "mapping",
    "compare": "comparing",
    "explore": "exploring",
    "formula": "formulas",
    "from_module": "networks",
    "from_numpy": "numeric",
    "function": "objective",
    "least_squares": "objective",
    "portray": "portraying",
    "project": "projecting",
    "race": "racing",
    "sweep": "sweeping",
    "tune": "tuning",
}
"""Which module a name lives in. No module may be called like a name: importing it would replace the name."""

_FOLDERS = ("functions", "render", "rules", "transforms")

__all__ = [
    "ANY",
    "Dims",
    "Function",
    "InputError",
    "Portrait",
    "Range",
    "Record",
    "Stop",
    "Surface",
    "Trajectories",
    "Tuning",
    "__version__",
    "basins",
    "compare",
    "explore",
    "formula",
    "from_module",
    "from_numpy",
    "function",
    "functions",
    "least_squares",
    "portray",
    "project",
    "race",
    "render",
    "rules",
    "sweep",
    "transforms",
    "tune",
]


def __getattr__(name: str) -> Any:
    value: Any
    if name in _HOMES:
        value = getattr(importlib.import_module(f"landscapes.{_HOMES[name]}"), name)
    elif name in _FOLDERS:
        value = importlib.import_module(f"landscapes.{name}")
    elif name == "__version__":
        value = _version()
    else:
        raise AttributeError(f"module 'landscapes' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("torch-landscapes")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"
