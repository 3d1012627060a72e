"""Every optimizer, for tests that are products over them."""

from __future__ import annotations

import dataclasses
from typing import Any

from landscapes.optimizers import Optimizer, names, parse
from landscapes.optimizers.wrappers.base import Wrapper

NEEDED: dict[str, str] = {
    "clip": "norm=1.0",
    "multi_step": "at=(10, 20)",
    "reset": "every=20",
    "schedule": "scheduler='StepLR', step_size=10",
}
"""Required settings by name, as text."""

ALL = sorted(names())
WRAPPERS = [name for name in ALL if issubclass(names()[name][0], Wrapper)]
OPTIMIZERS = [name for name in ALL if name not in WRAPPERS]
WITH_RATE = [name for name in OPTIMIZERS if names()[name][0].tunable]
CLASSES = list({cls.__name__: cls for cls, _ in names().values()}.values())


def text_of(name: str, **settings: Any) -> str:
    """Return the optimizer with a name as text; wrappers wrap Adam."""
    own = [f"{key}={value!r}" for key, value in settings.items()]
    inside = [f"adam({', '.join(own)})"] if name in WRAPPERS else own
    needed = [NEEDED[name]] if name in NEEDED else []
    return f"{name}({', '.join([*inside, *needed])})"


def optimizer_of(name: str, **settings: Any) -> Optimizer:
    """Return the optimizer with a name; settings go to the innermost optimizer."""
    return parse(text_of(name, **settings))[0]


def fields_of(cls: type[Optimizer]) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(cls) if field.init]
