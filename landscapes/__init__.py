"""Race optimizers over loss landscapes in one batch, and draw the result.

>>> import landscapes
>>> record = landscapes.race("booth", ["adam(lr=0.5)"], steps=3)
>>> len(record.trajectories)
1

Names are imported when they are first used. `import landscapes` loads neither torch nor matplotlib, and drawing a saved
record never loads torch.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from landscapes import analysis, diagnosis, functions, javascript, networks, optimizers, render, transforms
    from landscapes.analysis.tuning import TuneResult
    from landscapes.builders._formula import formula
    from landscapes.builders._from_jax import from_jax
    from landscapes.builders._from_module import from_module
    from landscapes.builders._from_numpy import from_numpy
    from landscapes.diagnosis._diagnose import diagnose
    from landscapes.engine.termination import Stop
    from landscapes.errors import InputError
    from landscapes.experiments._basins import basins
    from landscapes.experiments._compare import compare
    from landscapes.experiments._emit_race import emit_race
    from landscapes.experiments._emit_sweep import emit_sweep
    from landscapes.experiments._explore import explore
    from landscapes.experiments._playground import playground
    from landscapes.experiments._prescribe import prescribe
    from landscapes.experiments._project import project
    from landscapes.experiments._race import race
    from landscapes.experiments._summarize import summarize
    from landscapes.experiments._sweep import sweep
    from landscapes.experiments._tune import tune
    from landscapes.experiments.search_space import Range
    from landscapes.experiments.studies import Tuning
    from landscapes.live import Playground
    from landscapes.networks._line import line
    from landscapes.networks._plane import plane
    from landscapes.networks._train_race import train_race
    from landscapes.networks._watch import watch
    from landscapes.objectives.decorators import ANY, Dims, Function, function, least_squares
    from landscapes.record import Record, Surface, Trajectories
    from landscapes.summary import FunctionSummary

    __version__: str

_HOMES = {
    "ANY": "objectives.decorators",
    "Dims": "objectives.decorators",
    "Function": "objectives.decorators",
    "InputError": "errors",
    "Playground": "live",
    "FunctionSummary": "summary",
    "Range": "experiments.search_space",
    "Record": "record",
    "Stop": "engine.termination",
    "Surface": "record",
    "Trajectories": "record",
    "TuneResult": "analysis.tuning",
    "Tuning": "experiments.studies",
    "basins": "experiments._basins",
    "compare": "experiments._compare",
    "diagnose": "diagnosis._diagnose",
    "emit_race": "experiments._emit_race",
    "emit_sweep": "experiments._emit_sweep",
    "explore": "experiments._explore",
    "formula": "builders._formula",
    "from_jax": "builders._from_jax",
    "from_module": "builders._from_module",
    "from_numpy": "builders._from_numpy",
    "function": "objectives.decorators",
    "least_squares": "objectives.decorators",
    "line": "networks._line",
    "plane": "networks._plane",
    "summarize": "experiments._summarize",
    "playground": "experiments._playground",
    "prescribe": "experiments._prescribe",
    "project": "experiments._project",
    "race": "experiments._race",
    "sweep": "experiments._sweep",
    "train_race": "networks._train_race",
    "tune": "experiments._tune",
    "watch": "networks._watch",
}
"""The module of each name. No module may have the name of a function: importing it would replace the function."""

_FORMER = {
    "Portrait": "FunctionSummary",
    "Rule": "optimizers.Optimizer",
    "jobs": "experiments",
    "portray": "summarize",
    "reports": "analysis",
    "rules": "optimizers",
}
"""Former public names, and their names today."""

if os.path.isfile(os.path.join(__path__[0], "functions")):  # a checkout without symbolic links, as on Windows
    __path__.append(os.path.dirname(__path__[0]))  # has the folders that the links lead to

_FOLDERS = ("analysis", "diagnosis", "functions", "javascript", "networks", "optimizers", "render", "transforms")

__all__ = [
    "ANY",
    "Dims",
    "Function",
    "FunctionSummary",
    "InputError",
    "Playground",
    "Range",
    "Record",
    "Stop",
    "Surface",
    "Trajectories",
    "TuneResult",
    "Tuning",
    "__version__",
    "analysis",
    "basins",
    "compare",
    "diagnose",
    "diagnosis",
    "emit_race",
    "emit_sweep",
    "explore",
    "formula",
    "from_jax",
    "from_module",
    "from_numpy",
    "function",
    "functions",
    "javascript",
    "least_squares",
    "line",
    "networks",
    "optimizers",
    "plane",
    "playground",
    "prescribe",
    "project",
    "race",
    "render",
    "summarize",
    "sweep",
    "train_race",
    "transforms",
    "tune",
    "watch",
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
        from landscapes.errors import no_attribute

        raise no_attribute("landscapes", name, __all__, _FORMER)
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
