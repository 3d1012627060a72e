"""Any torch optimizer as an optimizer: many runs at once where that is exact, else as if each run were alone."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Hashable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from itertools import repeat
from typing import Any, ClassVar, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError, unknown
from landscapes.objectives.decorators import Function
from landscapes.optimizers.adapters.per_run import (
    STEP_REQUIREMENTS,
    PerRun,
    PerRunLoop,
    StepRequirement,
    kept_generators,
    silenced,
)
from landscapes.optimizers.adapters.settings import Place, columns, filled, form, numbers
from landscapes.optimizers.adapters.vectorization_probe import RUNS, first_step, verdict
from landscapes.optimizers.adapters.vectorized import Vectorized
from landscapes.optimizers.base import Optimizer, check_hyperparameter, short
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper

Settings = tuple[tuple[str, Any], ...]

ALIASES: Mapping[str, tuple[str, ...]] = {
    "momentum": ("exp_avg", "momentum_buffer", "momentum", "m"),
    "second_moment": ("exp_avg_sq", "square_avg", "sum", "v", "exp_inf"),
}
"""What torch's optimizers call the things they keep."""


@dataclass(frozen=True, init=False)
class Torch(Optimizer):
    """A subclass of `torch.optim.Optimizer`, one's own too, as a contender.

    Every run comes out as if it had an optimizer object to itself, with one parameter of shape (d,), so that what
    looks at a whole parameter (its norm, a line search) sees one run. Runs share an object where a trial shows that
    this changes no bit, whatever their learning rates and other numbers; thousands of runs then cost little more
    than one. Others are looped over. An optimizer whose step needs a closure, a sparse gradient or one that can be
    differentiated again gets it. Torch's default precision is that of the run while the optimizer works, and
    random numbers from the global generators are keyed by seed, stream and step.

    Args:
        cls: the class, not an object.
        label: the name a picture shows; by default the class's.
        shape: how an optimizer of matrices sees the d coordinates, such as (rows, columns); by default (d,).
        group: options that the class looks for in a parameter group and not among its arguments, as a dict.
        settings: hyper-parameters whose names are taken here ("cls", "label", "shape", "group", "settings"), as a dict.
        hyper: the other hyper-parameters. A class that is put around an optimizer object takes it as an optimizer:
            `Torch(Lookahead, optimizer=Torch(torch.optim.Adam, lr=0.1), k=5)`.

    Raises `InputError` where cls is no optimizer class, refuses the hyper-parameters or cannot take a step.

    >>> Torch(torch.optim.LBFGS, lr=0.5).spec
    'Torch(LBFGS, lr=0.5)'
    """

    tunable: ClassVar[str] = "lr"

    cls: type[torch.optim.Optimizer] = torch.optim.Optimizer
    lr: float = math.nan
    label: str = ""  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
    shape: tuple[int, ...] = ()
    group: Settings = field(default=(), hash=False)
    settings: Settings = field(default=(), hash=False)
    way: StepRequirement = field(default="gradient", init=False, compare=False, repr=False)

    def __new__(cls, /, *values: Any, **settings: Any) -> Self:
        return object.__new__(cls)

    def __init__(
        self,
        cls: type[torch.optim.Optimizer],
        label: str | None = None,
        settings: Mapping[str, Any] | Settings = (),
        shape: Sequence[int] = (),
        group: Mapping[str, Any] | Settings = (),
        **hyper: Any,
    ) -> None:
        if not (isinstance(cls, type) and issubclass(cls, torch.optim.Optimizer)):
            raise InputError(
                f"Torch takes a subclass of torch.optim.Optimizer, not {short(cls)}; "
                "give the class itself, as in optimizers.Torch(MyOptimizer, lr=0.1)"
            )
        if label is not None and not isinstance(label, str):
            raise InputError(f"Torch: label is text, not {short(label)}")
        hyper = {**dict(settings), **hyper}
        lr = hyper.pop("lr", None)
        fields: dict[str, Any] = {
            "cls": cls,
            "label": label or cls.__name__,
            "shape": _check_shape(shape),
            "group": tuple(sorted(dict(group).items())),
            "settings": tuple(sorted(hyper.items())),
            "lr": math.nan if lr is None else lr,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        _check_signature(cls, self.hyper)
        with kept_generators() if _known(self) else silenced():
            try:
                object.__setattr__(self, "lr", self._rate(lr))
                object.__setattr__(self, "way", _way(self))
            except InputError as refusal:
                raise self._advised(refusal) from refusal.__cause__

    @property
    def kind(self) -> str:
        return self.cls.__name__

    @property
    def hyper(self) -> dict[str, Any]:
        """What the class is called with. A learning rate of NaN says that it takes none."""
        silent = isinstance(self.lr, float) and math.isnan(self.lr)
        return ({} if silent else {"lr": self.lr}) | dict(self.settings)

    @property
    def spec(self) -> str:
        """The optimizer as text. It names the class, so only code that has the class can give it back."""
        shape = [f"shape={self.shape}"] if self.shape else []
        shape += [f"group={short(dict(self.group))}"] if self.group else []
        settings = [f"{name}={_text(value)}" for name, value in self.hyper.items()]
        return f"Torch({', '.join([self.kind, *shape, *settings])})"

    def hyperparameters(self) -> dict[str, float]:
        """The hyper-parameters that are floats, by name; what stands in tuples is left as it is."""
        return {place[0]: value for place, value in numbers(self.hyper).items() if len(place) == 1}

    def with_hyperparameters(self, values: Mapping[str, float]) -> Self:
        others = {name: value for name, value in values.items() if name != "lr"}
        own = tuple(sorted({**dict(self.settings), **others}.items()))
        return dataclasses.replace(self, lr=values.get("lr", self.lr), settings=own)

    @property
    def batch_key(self) -> Hashable:
        return type(self), self.cls

    def check(self, function: Function) -> None:
        if self.shape and math.prod(self.shape) != function.dim:
            raise InputError(
                f"{self.kind}: shape={self.shape} holds {math.prod(self.shape)} numbers, "
                f"but {function.name} has {function.dim} coordinates; give a shape of as many"
            )

    def varied(self, values: Mapping[Place, float]) -> Torch:
        """The same optimizer with other numbers at some places, unchecked."""
        twin = object.__new__(type(self))
        hyper = filled(self.hyper, values)
        for name in (own.name for own in dataclasses.fields(self)):
            object.__setattr__(twin, name, getattr(self, name))
        object.__setattr__(twin, "lr", hyper.pop("lr", math.nan))
        object.__setattr__(twin, "settings", tuple(sorted(hyper.items())))
        return twin

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        if not x.is_floating_point():
            raise InputError(f"torch's optimizers move points of floating-point numbers, not of {x.dtype}")
        return _Foreign(cast(Sequence[Torch], optimizers), x, setup)

    def made(self, parameter: Tensor, hyper: Mapping[str, Any]) -> torch.optim.Optimizer:
        """An optimizer of one parameter."""
        inner = hyper.get("optimizer")
        if isinstance(inner, Torch):
            optimizer = self.cls(**{**hyper, "optimizer": inner.made(parameter, deepcopy(inner.hyper))})
        else:
            optimizer = self.cls([{"params": [parameter], **dict(self.group)}] if self.group else [parameter], **hyper)
        if callable(training := getattr(optimizer, "train", None)):
            training()  # schedule-free ones have a mode for it, as networks do
        return optimizer

    def _rate(self, given: Any) -> float:
        """The learning rate: the given one, else the class's default; NaN where none can be given."""
        if given is not None and not isinstance(given, float):
            check_hyperparameter(self.kind, "lr", given, {})
        made = PerRun(self, torch.zeros(math.prod(self.shape) if self.shape else 2)).torch_optimizer
        default = getattr(made, "defaults", {}).get("lr") if "lr" in _parameters(cast(Any, self.cls)) else None
        none_given = given is None or (isinstance(given, float) and math.isnan(given))
        if none_given and not isinstance(default, int | float | Tensor):
            return math.nan
        return check_hyperparameter(self.kind, "lr", default if given is None else given, {})

    def _advised(self, refusal: InputError) -> InputError:
        """A refusal, with a word where a matrix would be taken."""
        if self.shape or not str(refusal).startswith("Torch("):
            return refusal
        twin = self.varied({})
        object.__setattr__(twin, "shape", (1, 2))
        try:
            PerRun(twin, torch.zeros(2))
            _way(twin)
        except InputError:
            return refusal
        return InputError(f"{refusal}; it takes matrices: add shape=(rows, columns), such as shape=(1, 2)")


_ways: dict[Hashable, StepRequirement] = {}


def _known(optimizer: Torch) -> bool:
    return _key(optimizer) in _ways


def _key(optimizer: Torch) -> Hashable:
    return optimizer.cls, form(optimizer.hyper), optimizer.shape, form(dict(optimizer.group))


@cache
def _parameters(function: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


def _way(optimizer: Torch) -> StepRequirement:
    """What the optimizer's step needs: found by taking one on a slope, once for each kind."""
    key = _key(optimizer)
    if key in _ways:
        return _ways[key]
    dim = math.prod(optimizer.shape) if optimizer.shape else 2
    refusals: dict[StepRequirement, InputError] = {}
    for way in STEP_REQUIREMENTS:
        object.__setattr__(optimizer, "way", way)
        refusal = first_step(optimizer, dim)
        if refusal is None:
            _ways[key] = way
            return way
        refusals[way] = refusal
    told_of_closure = "closure" in str(refusals["gradient"])
    raise refusals["closure" if told_of_closure else "gradient"]


NAMED = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY


def _check_shape(shape: Any) -> tuple[int, ...]:
    try:
        sizes = tuple(shape)
    except TypeError:
        sizes = (None,)
    if not all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in sizes):
        raise InputError(f"Torch: shape is whole numbers such as (rows, columns), at least 1 each, not {short(shape)}")
    return sizes


def _check_signature(cls: type[torch.optim.Optimizer], hyper: Mapping[str, Any]) -> None:
    """An `InputError` for settings that the class does not have, and for what it needs and was not given."""
    every = list(_parameters(cast(Any, cls)).values())
    accepts_extra_settings = any(parameter.kind is parameter.VAR_KEYWORD for parameter in every)
    named = [parameter for parameter in every if parameter.kind in NAMED]
    if not named:
        return
    first, known = named[0], {parameter.name: parameter for parameter in named}
    if first.name == "optimizer" and not isinstance(hyper.get("optimizer"), Torch):
        raise InputError(
            f"{cls.__name__} is put around another optimizer; give that as an optimizer, "
            f"as in optimizers.Torch({cls.__name__}, optimizer=optimizers.Torch(torch.optim.Adam, lr=0.1))"
        )
    if first.name == "model":
        raise InputError(f"{cls.__name__} is made for a network, not for parameters; a race has no network to give it")
    if first.name != "optimizer":
        del known[first.name]
    for name in hyper:
        if name not in known and not accepts_extra_settings:
            raise unknown(f"setting of {cls.__name__}", name, known)
    missing = [name for name, parameter in known.items() if parameter.default is parameter.empty and name not in hyper]
    if missing:
        raise InputError(
            f"{cls.__name__} needs {' and '.join(missing)}; give {'it' if len(missing) == 1 else 'them'} too, "
            f"as in optimizers.Torch({cls.__name__}, {', '.join(f'{name}=...' for name in missing)})"
        )
    step = list(_parameters(cls.step).values())[1:]
    extra = [parameter.name for parameter in step if parameter.default is parameter.empty and parameter.kind in NAMED]
    extra = [name for i, name in enumerate(extra) if not (i == 0 and "closure" in name)]
    if extra:
        raise InputError(
            f"{cls.__name__}.step takes {' and '.join(extra)}, which a race has not; "
            "race a subclass whose step(self, closure=None) finds them itself"
        )


def _text(value: Any) -> str:
    return value.spec if isinstance(value, Torch) else value.__name__ if isinstance(value, type) else short(value)


Piece = Vectorized | PerRunLoop


class _Foreign(Stepper):
    """Runs of one class of optimizer, in as few pieces as they can be."""

    def __init__(self, optimizers: Sequence[Torch], x: Tensor, setup: RunSetup) -> None:
        self.optimizers, self.setup, self.like, self.taken = optimizers, setup, x, 0
        self.streams = setup.streams.tolist()
        self.settings: dict[str, NDArray[np.float64]] = {}
        self.pieces: list[Piece] = []
        kinds: dict[Hashable, list[int]] = {}
        for run, optimizer in enumerate(optimizers):
            kinds.setdefault((_key(optimizer), optimizer.way), []).append(run)
        for runs in kinds.values():
            self.pieces += self._pieces(runs, x)

    def step(self, context: StepContext) -> Tensor:
        self.taken = context.t
        self.pieces = [after for piece in self.pieces for after in piece.step(context)]
        if len(self.pieces) == 1:
            return self.pieces[0].points
        moved = torch.empty_like(context.x)
        for piece in self.pieces:
            moved[:, torch.from_numpy(piece.runs).to(moved.device)] = piece.points
        return moved

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        values = np.asarray(values, dtype=np.float64)
        if name not in self.settings:
            self.pieces = [after for piece in self.pieces for after in self._parted(piece, name, values)]
        self.settings[name] = values
        for piece in self.pieces:
            piece.set_hyperparameter(name, values)

    def reset(self, runs: Tensor, x: Tensor) -> None:
        mask = runs.cpu().numpy()
        pieces: list[Piece] = []
        for piece in self.pieces:
            own = mask[piece.runs]
            if isinstance(piece, PerRunLoop):
                pieces += piece.reset(mask, x, self.taken)
            elif own.any():
                pieces += [] if own.all() else [piece.part(np.flatnonzero(~own))]
                fresh = Vectorized(
                    [piece.optimizers[int(i)] for i in np.flatnonzero(own)], x, piece.runs[own], piece.lift
                )
                for name, values in self.settings.items():
                    fresh.set_hyperparameter(name, values)
                pieces.append(fresh)
            else:
                pieces.append(piece)
        self.pieces = pieces

    def buffers(self) -> Mapping[str, Tensor]:
        found: dict[str, Tensor] = {"lr": self._rates()}
        for piece in self.pieces:
            own = piece.states()
            for name in (
                *own,
                *(alias for alias, names in ALIASES.items() if alias not in own and set(names) & set(own)),
            ):
                value = own[name if name in own else next(other for other in ALIASES[name] if other in own)]
                if value.ndim == 2 and len(value) != len(self.like):
                    continue
                if name not in found or found[name].ndim < value.ndim:
                    found[name] = torch.full_like(self.like if value.ndim == 2 else self.like[0], math.nan)
                found[name][..., torch.from_numpy(piece.runs).to(value.device)] = value.to(self.like.dtype)
        return found

    def _rates(self) -> Tensor:
        rates = self.settings.get("lr", np.array([optimizer.lr for optimizer in self.optimizers]))
        return torch.as_tensor(rates, dtype=self.like.dtype, device=self.like.device)

    def _pieces(self, runs: list[int], x: Tensor) -> list[Piece]:
        """Runs of one form: those that may share an object do."""
        if len(runs) < RUNS or self.optimizers[runs[0]].way != "gradient":
            return [self._looped(runs, x)]
        values = columns(self.optimizers[runs[0]].hyper, (self.optimizers[run].hyper for run in runs))
        varied = frozenset(place for place, column in values.items() if (column != column[0]).any())
        found = verdict([self.optimizers[run] for run in runs], varied, x)
        parts: dict[Hashable, list[int]] = {}
        apart = [column.tolist() for place, column in values.items() if place not in found.places]
        for run, own in zip(runs, zip(*apart, strict=True) if apart else repeat(()), strict=False):
            parts.setdefault(own, []).append(run)
        together = [part for part in parts.values() if len(part) >= found.worth]
        alone = sorted(run for part in parts.values() if len(part) < found.worth for run in part)
        shared = [
            Vectorized([self.optimizers[run] for run in part], x, np.array(part), found.lift) for part in together
        ]
        return [*shared, *([self._looped(alone, x)] if alone else [])]

    def _looped(self, runs: list[int], x: Tensor) -> PerRunLoop:
        streams = [self.streams[run] for run in runs]
        return PerRunLoop([self.optimizers[run] for run in runs], x, np.array(runs), streams, self.setup.seed)

    def _parted(self, piece: Piece, name: str, values: NDArray[np.float64]) -> list[Piece]:
        """A piece, in parts of one value each where its optimizer cannot take a number a run by this name."""
        own = values[piece.runs]
        if isinstance(piece, PerRunLoop) or (own == own[0]).all():
            return [piece]
        optimizer = piece.optimizers[0]
        place = next((p for p in numbers(optimizer.hyper) if p == (name,)), None)
        mixed = frozenset(
            p for p, v in numbers(optimizer.hyper).items() if any(numbers(r.hyper)[p] != v for r in piece.optimizers)
        )
        if place is not None:
            low, high = float(own.min()), float(own.max())
            others = [
                r.varied({place: v})
                for r, v in zip(piece.optimizers, np.linspace(low, high, len(piece.optimizers)), strict=True)
            ]
            if place in verdict(others, mixed | {place}, self.like).places:
                return [piece]
        labels = np.unique(own, return_inverse=True)[1].reshape(-1)
        return [piece.part(np.flatnonzero(labels == label)) for label in np.unique(labels)]
