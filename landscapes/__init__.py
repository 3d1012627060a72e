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
    from landscapes import functions, render, reports, rules, transforms
    from landscapes.custom.formulas import formula
    from landscapes.custom.networks import from_module
    from landscapes.custom.numeric import from_numpy
    from landscapes.engine.stopping import Stop
    from landscapes.errors import InputError
    from landscapes.jobs.comparing import compare
    from landscapes.jobs.exploring import explore
    from landscapes.jobs.mapping import basins
    from landscapes.jobs.portraying import portray
    from landscapes.jobs.projecting import project
    from landscapes.jobs.racing import race
    from landscapes.jobs.spaces import Range
    from landscapes.jobs.sweeping import sweep
    from landscapes.jobs.tuning import Tuning, tune
    from landscapes.objectives.objective import ANY, Dims, Function, function, least_squares
    from landscapes.portraits import Portrait
    from landscapes.record import Record, Surface, Trajectories

    __version__: str

_HOMES = {
    "ANY": "objectives.objective",
    "Dims": "objectives.objective",
    "Function": "objectives.objective",
    "InputError": "errors",
    "Portrait": "portraits",
    "Range": "jobs.spaces",
    "Record": "record",
    "Stop": "engine.stopping",
    "Surface": "record",
    "Trajectories": "record",
    "Tuning": "jobs.tuning",
    "basins": "jobs.mapping",
    "compare": "jobs.comparing",
    "explore": "jobs.exploring",
    "formula": "custom.formulas",
    "from_module": "custom.networks",
    "from_numpy": "custom.numeric",
    "function": "objectives.objective",
    "least_squares": "objectives.objective",
    "portray": "jobs.portraying",
    "project": "jobs.projecting",
    "race": "jobs.racing",
    "sweep": "jobs.sweeping",
    "tune": "jobs.tuning",
}
"""Which module a name lives in. No module may be called like a name: importing it would replace the name."""

_FOLDERS = ("functions", "render", "reports", "rules", "transforms")

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
    "reports",
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
