"""The optimizers of `train_race`: names with settings, torch classes, and functions that make optimizers."""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from landscapes.errors import InputError, unknown
from landscapes.networks.muon import Muon

SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "constant": lambda share: 1.0,
    "linear": lambda share: 1 - share,
    "cosine": lambda share: 0.5 * (1 + math.cos(math.pi * share)),
}
"""The factor of the learning rate after a share of the steps."""

PRESETS: Mapping[str, tuple[type[torch.optim.Optimizer], dict[str, Any]]] = {
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "muon": (Muon, {}),
}

TITLES = {"momentum": "Momentum", "nesterov": "Nesterov"}


def usual_name(optimizer: torch.optim.Optimizer) -> str:
    """Return the name of an optimizer in pictures: its class, or what SGD with momentum is called.

    >>> usual_name(torch.optim.SGD([torch.zeros(1)], lr=0.1, momentum=0.9))
    'Momentum'
    """
    first = optimizer.param_groups[0]
    if type(optimizer) is torch.optim.SGD and first["momentum"]:
        return TITLES["nesterov" if first["nesterov"] else "momentum"]
    return type(optimizer).__name__


@dataclass(frozen=True)
class TrainingOptimizer:
    """One optimizer of a training race.

    Attributes:
        label: its name in pictures.
        make: a class or a function that takes weights and returns an optimizer, or an optimizer and a schedule.
        settings: keyword arguments of `make`.
        lr: its learning rate; None if `make` chooses it or it is to be tuned.
        lr_open: whether the learning rate is to be tuned.
        clip: the norm to which gradients are clipped, or None.
        schedule: a name in `SCHEDULES`.
        text: how it was written.
    """

    label: str
    make: Callable[..., Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    lr: float | None = None
    lr_open: bool = False
    clip: float | None = None
    schedule: str = "constant"
    text: str = ""

    def with_lr(self, lr: float) -> TrainingOptimizer:
        """Return the optimizer with a learning rate."""
        return replace(self, lr=lr, lr_open=False)

    @property
    def spec(self) -> str:
        """The optimizer as text."""
        given = {**({} if self.lr is None else {"lr": self.lr}), **self.settings}
        given |= {} if self.clip is None else {"clip": self.clip}
        given |= {} if self.schedule == "constant" else {"schedule": self.schedule}
        inside = ", ".join(f"{name}={value!r}" for name, value in given.items())
        return f"{self.text}({inside})" if inside else self.text

    def build(self, model: nn.Module, steps: int) -> tuple[torch.optim.Optimizer, Any]:
        """Return the optimizer of a model's weights, and its schedule or None.

        Raises:
            InputError: if `make` raises, or returns something else.
        """
        weights = [p for p in model.parameters() if p.requires_grad]
        settings = {**self.settings, **({} if self.lr is None else {"lr": self.lr})}
        try:
            made = self.make(weights, **settings)
        except Exception as error:
            raise InputError(f"{self.label} cannot be made: {type(error).__name__}: {error}") from error
        optimizer, schedule = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise InputError(
                f"{self.label} must make a torch.optim.Optimizer from a list of weights, or a pair of it and a "
                f"schedule; got {made!r:.80}"
            )
        if schedule is None and self.schedule != "constant":
            shape = SCHEDULES[self.schedule]
            schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: shape(min(step / steps, 1.0)))
        return optimizer, schedule


def as_optimizers(given: Any, clip: float | None, schedule: str) -> list[TrainingOptimizer]:
    """Return the optimizers of a race, with different labels.

    Raises:
        InputError: for none, unknown names and settings, and two of one label.

    >>> [one.label for one in as_optimizers(["adam(lr=0.01)", "momentum", torch.optim.AdamW], None, "constant")]
    ['Adam', 'Momentum', 'AdamW']
    """
    check_schedule(schedule)
    check_clip(clip)
    if isinstance(given, str | type) or callable(given):
        given = [given]
    if not isinstance(given, Mapping):
        try:
            pairs: list[tuple[Any, Any]] = [(None, one) for one in given]
        except TypeError:
            raise InputError(f"optimizers must be a list or a mapping from labels, got {given!r:.80}") from None
    else:
        pairs = list(given.items())
    if not pairs:
        raise InputError('no optimizers to race; give at least one, such as ["adam", "sgd"]')
    found: list[TrainingOptimizer] = []
    for label, one in pairs:
        made = _optimizer(one)
        made = replace(made, clip=made.clip if made.clip is not None else clip)
        made = replace(made, schedule=made.schedule if made.schedule != "constant" else schedule)
        found.append(made if label is None else replace(made, label=str(label)))
    labels = [one.label for one in found]
    if len(set(labels)) < len(labels):  # two settings of one class
        found = [replace(one, label=one.spec) if labels.count(one.label) > 1 else one for one in found]
    labels = [one.label for one in found]
    for label in labels:
        if labels.count(label) > 1:
            raise InputError(f"two optimizers are called {label!r}; give a mapping from labels to optimizers")
    return found


def check_schedule(schedule: Any) -> None:
    """Raise `InputError` for an unknown schedule."""
    if schedule not in SCHEDULES:
        raise unknown("schedule", str(schedule), SCHEDULES)


def check_clip(clip: Any) -> None:
    """Raise `InputError` for a clipping norm that is not positive."""
    if clip is not None and (isinstance(clip, bool) or not isinstance(clip, int | float) or not 0 < clip < math.inf):
        raise InputError(f"clip must be a norm > 0, got {clip!r}")


def _optimizer(given: Any) -> TrainingOptimizer:
    if isinstance(given, str):
        return _from_text(given)
    if isinstance(given, torch.optim.Optimizer):
        raise InputError(
            f"optimizers must be classes or functions, which make one for each run; got the object {given!r:.60}; "
            "write lambda weights: torch.optim.SGD(weights, lr=0.1)"
        )
    if isinstance(given, type) and issubclass(given, torch.optim.Optimizer):
        return TrainingOptimizer(given.__name__, given, lr_open=True, text=given.__name__.lower())
    if isinstance(given, functools.partial) and isinstance(given.func, type):
        name = given.func.__name__
        settings = dict(given.keywords)
        lr = settings.pop("lr", None)
        return TrainingOptimizer(name, given.func, settings, lr, lr is None, text=name.lower())
    if callable(given):
        name = getattr(given, "__name__", type(given).__name__)
        return TrainingOptimizer("own" if name == "<lambda>" else name, given, text=name.strip("<>"))
    raise InputError(
        'an optimizer must be text such as "adam(lr=0.01)", a class of torch.optim, or a function that makes one from '
        f"a list of weights; got {given!r:.80}"
    )


def _names() -> dict[str, tuple[type[torch.optim.Optimizer], dict[str, Any]]]:
    classes = [cls for cls in vars(torch.optim).values() if isinstance(cls, type)]
    table: dict[str, tuple[type[torch.optim.Optimizer], dict[str, Any]]] = {
        cls.__name__.lower(): (cls, {})
        for cls in classes
        if issubclass(cls, torch.optim.Optimizer) and cls is not torch.optim.Optimizer
    }
    return {**table, **PRESETS}


def _from_text(text: str) -> TrainingOptimizer:
    """Return the optimizer that a text describes; it is parsed, never evaluated."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        call = tree if isinstance(tree, ast.Call) else ast.Call(func=tree, args=[], keywords=[])
        if not isinstance(call.func, ast.Name) or call.args:
            raise ValueError
        settings = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise InputError(
            f"cannot parse the optimizer {text!r:.80}; write a name with its settings, as in adam or "
            "sgd(lr=0.05, momentum=0.9, clip=1.0, schedule='cosine')"
        ) from None
    name, known = call.func.id.lower(), _names()
    if name not in known:
        raise unknown("optimizer", call.func.id, known)
    cls, preset = known[name]
    clip, schedule, lr = settings.pop("clip", None), settings.pop("schedule", "constant"), settings.pop("lr", None)
    check_clip(clip)
    check_schedule(schedule)
    if lr is not None and (isinstance(lr, bool) or not isinstance(lr, int | float) or not 0 < lr < math.inf):
        raise InputError(f"lr must be > 0, got {lr!r}")
    label = TITLES.get(name, cls.__name__)
    return TrainingOptimizer(label, cls, {**preset, **settings}, lr, lr is None, clip, schedule, name)
