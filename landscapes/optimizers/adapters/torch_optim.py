"""Any subclass of `torch.optim.Optimizer` as an optimizer."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
from collections.abc import Hashable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.caching import Cache
from landscapes.errors import InputError, unknown
from landscapes.objectives.decorators import Function
from landscapes.optimizers.adapters.isolation import preserve_rng_state, silenced
from landscapes.optimizers.adapters.per_run import PerRun
from landscapes.optimizers.adapters.settings import SettingPath, float_settings, replace_settings
from landscapes.optimizers.adapters.torch_signature import check_shape, check_signature, float_defaults, parameters_of
from landscapes.optimizers.adapters.torch_spec import STEP_REQUIREMENTS, StepRequirement
from landscapes.optimizers.adapters.torch_stepper import TorchStepper
from landscapes.optimizers.adapters.vectorization_probe import settings_key, try_first_step
from landscapes.optimizers.base import Optimizer, check_hyperparameter, short
from landscapes.optimizers.parameter_groups import ParameterGroups, naming_group
from landscapes.optimizers.stepper import RunSetup, Stepper
from landscapes.optimizers.torch_arguments import ELEMENTS, EXECUTION, canonical

Settings = tuple[tuple[str, Any], ...]

NAMES_OF_ELEMENTS: Mapping[SettingPath, str] = {
    (element.partition("[")[0], int(element[-2])): own for element, own in ELEMENTS.items()
}
"""Names of hyper-parameters that are elements of pairs, by their place in the settings."""

_requirements: Cache[Hashable, StepRequirement] = Cache(capacity=4096)
"""What a step requires, by `settings_key`."""


@dataclass(frozen=True, init=False)
class Torch(Optimizer):
    """A subclass of `torch.optim.Optimizer`, from torch or from third-party code.

    Each run behaves as if it had its own optimizer object with one parameter of shape (d,). So whatever uses a whole
    parameter (a norm, a line search) sees one run. Runs share an object if a probe shows that no bit changes, even if
    their learning rates and other numbers differ. Thousands of runs then cost little more than one. Other runs are
    stepped in a loop. If a step requires a closure, a sparse gradient or a differentiable one, it gets it. Torch's
    default dtype is that of the run while the optimizer works. A class with the modes `train()` and `eval()`, such as a
    schedule-free one, takes gradients at the point of its training mode; its trajectory shows the point of its
    evaluation mode. The global random generators are seeded by seed, stream and step.

    Args:
        cls: the class, not an object.
        label: name in figures and tables; the name of the class by default.
        shape: shape of the parameter for optimizers of matrices, such as (rows, columns); (d,) by default.
        group: options that the class reads from a parameter group and does not take as arguments, as a dict.
        groups: settings by coordinate, such as [{"coordinates": [0], "lr": 0.01}]; default none. They become
            `param_groups`, each with one parameter; coordinates in no group are one more. All other settings are
            inherited, also when a sweep changes them; a schedule acts on the learning rate of each group. Such runs
            have one object each, so thousands of them are slow.
        settings: settings whose names clash with this signature ("cls", "label", "shape", …), as a dict.
        hyper: all other settings, such as lr, with the defaults of the class. `race` and the other experiments tune
            an lr that is omitted. A class that wraps an optimizer object takes it as a `Torch`:
            `Torch(Lookahead, optimizer=Torch(torch.optim.Adam, lr=0.1), k=5)`.

    Raises:
        InputError: if cls is not an optimizer class, rejects the settings or cannot take a step.

    >>> Torch(torch.optim.LBFGS, lr=0.5).spec
    'Torch(LBFGS, lr=0.5)'
    """

    tunable: ClassVar[str] = "lr"

    cls: type[torch.optim.Optimizer] = torch.optim.Optimizer
    lr: float = math.nan
    label: str = ""  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
    shape: tuple[int, ...] = ()
    group: Settings = field(default=(), hash=False)
    groups: Sequence[Any] = field(default=(), hash=False)
    settings: Settings = field(default=(), hash=False)
    step_requirement: StepRequirement = field(default="gradient", init=False, compare=False, repr=False)
    lr_omitted: bool = field(default=False, init=False, compare=False, repr=False)

    def __new__(cls, /, *values: Any, **settings: Any) -> Self:
        return object.__new__(cls)

    def __init__(
        self,
        cls: type[torch.optim.Optimizer],
        label: str | None = None,
        settings: Mapping[str, Any] | Settings = (),
        shape: Sequence[int] = (),
        group: Mapping[str, Any] | Settings = (),
        groups: Sequence[Any] = (),
        **hyper: Any,
    ) -> None:
        if not (isinstance(cls, type) and issubclass(cls, torch.optim.Optimizer)):
            raise InputError(
                f"Torch: cls must be a subclass of torch.optim.Optimizer, got {short(cls)}; "
                "pass the class itself, as in optimizers.Torch(MyOptimizer, lr=0.1)"
            )
        if label is not None and not isinstance(label, str):
            raise InputError(f"Torch: label must be a string, got {short(label)}")
        if shape and groups:
            raise InputError(f"{cls.__name__}: give shape or groups, not both")
        hyper = {**dict(settings), **hyper}
        found = ParameterGroups.of(cls.__name__, groups, dict)
        lr = hyper.pop("lr", None)
        fields: dict[str, Any] = {
            "cls": cls,
            "label": label or (f"{cls.__name__} · {found.label}" if found else cls.__name__),
            "shape": check_shape(shape),
            "group": tuple(sorted(dict(group).items())),
            "groups": found,
            "settings": tuple(sorted(hyper.items())),
            "lr": math.nan if lr is None else lr,
            "lr_omitted": lr is None and "lr" not in dict(group),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        check_signature(cls, self.hyper, any(isinstance(value, Torch) for value in self.hyper.values()))
        with preserve_rng_state() if settings_key(self) in _requirements else silenced():
            try:
                object.__setattr__(self, "lr", self._check_lr(lr))
                requirement = _requirements.get_or_make(settings_key(self), lambda: _find_requirement(self))
                object.__setattr__(self, "step_requirement", requirement)
            except InputError as error:
                raise self._with_advice(error) from error.__cause__

    @property
    def kind(self) -> str:
        return self.cls.__name__

    @property
    def hyper(self) -> dict[str, Any]:
        """Keyword arguments of the class. A learning rate of NaN means that it takes none."""
        no_lr = isinstance(self.lr, float) and math.isnan(self.lr)
        return ({} if no_lr else {"lr": self.lr}) | dict(self.settings)

    @property
    def spec(self) -> str:
        """The optimizer as text. It names the class, so only code that has the class can read it back."""
        shape = [f"shape={self.shape}"] if self.shape else []
        shape += [f"group={short(dict(self.group))}"] if self.group else []
        shape += [f"groups={short(self.groups)}"] if self.groups else []
        settings = [f"{name}={_text(value)}" for name, value in self.hyper.items()]
        return f"Torch({', '.join([self.kind, *shape, *settings])})"

    def hyperparameters(self) -> dict[str, float]:
        """Return the numeric settings by name, given or default; those in pairs by their own names, such as beta1."""
        found = float_settings({**float_defaults(self.cls), **self.hyper})
        return {NAMES_OF_ELEMENTS.get(path, path[0]): x for path, x in found.items() if _has_name(path)}

    def known_settings(self) -> dict[str, Any]:
        defaults = {name: one.default for name, one in parameters_of(cast(Any, self.cls)).items()}
        return {**defaults, **self.hyper, **self.hyperparameters()}

    def choice_settings(self) -> dict[str, bool | str]:
        """Return the flags of the class by name, given or default, but for those that select how a step is computed."""
        flags = {name: value for name, value in self.known_settings().items() if isinstance(value, bool)}
        return {name: value for name, value in flags.items() if name not in EXECUTION}

    def with_hyperparameters(self, values: Mapping[str, Any]) -> Self:
        known = {**float_defaults(self.cls), **self.hyper}
        named = {_path(name, known): value for name, value in values.items()}
        own = replace_settings(known, named)
        given = {name: value for name, value in own.items() if name in self.hyper or any(p[0] == name for p in named)}
        given |= {path[0]: value for path, value in named.items() if len(path) == 1}
        lr = given.pop("lr", self.lr)
        return dataclasses.replace(self, lr=lr, settings=tuple(sorted(given.items())))

    @property
    def needs_gradient(self) -> bool:
        return self.step_requirement != "modes"  # it takes gradients elsewhere than where it is shown

    @property
    def parameter_groups(self) -> ParameterGroups:
        """The groups, checked; of a class that wraps an optimizer, they become those of the wrapped one."""
        return cast(ParameterGroups, self.groups)

    def lr_by_coordinate(self, dim: int) -> NDArray[np.float64] | None:
        return self.parameter_groups.by_coordinate("lr", self.lr, dim) if self.groups else None

    @property
    def batch_key(self) -> Hashable:
        return type(self), self.cls, self.step_requirement != "modes"  # as `needs_gradient`, for thousands of runs

    def check(self, function: Function) -> None:
        if self.shape and math.prod(self.shape) != function.dim:
            raise InputError(
                f"{self.kind}: shape={self.shape} has {math.prod(self.shape)} elements, "
                f"but {function.name} has {function.dim} coordinates; pass a shape with {function.dim} elements"
            )

    def with_settings(self, values: Mapping[SettingPath, float]) -> Torch:
        """Return the optimizer with other numbers at some paths, without checks or a trial step."""
        twin = object.__new__(type(self))
        hyper = replace_settings(self.hyper, values)
        for name in (own.name for own in dataclasses.fields(self)):
            object.__setattr__(twin, name, getattr(self, name))
        object.__setattr__(twin, "lr", hyper.pop("lr", math.nan))
        object.__setattr__(twin, "settings", tuple(sorted(hyper.items())))
        return twin

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        if not x.is_floating_point():
            raise InputError(f"torch optimizers require floating-point starts, got {x.dtype}")
        return TorchStepper(cast(Sequence[Torch], optimizers), x, setup)

    def create(self, parameters: Sequence[Tensor], hyper: Mapping[str, Any]) -> torch.optim.Optimizer:
        """Return an optimizer object of one parameter, or of one per parameter group."""
        first = next(iter(parameters_of(cast(Any, self.cls))), "")
        inner = hyper.get(first)
        if isinstance(inner, Torch):
            optimizer = self.cls(**{**hyper, first: inner.create(parameters, deepcopy(inner.hyper))})
        elif self.group or self.groups:
            own = [dict(group.settings) for group in self.parameter_groups] + [{}]
            pairs = zip(parameters, own, strict=False)  # there may be no parameter for coordinates in no group
            optimizer = self.cls([{"params": [p], **dict(self.group), **settings} for p, settings in pairs], **hyper)
        else:
            optimizer = self.cls(list(parameters), **hyper)
        if _has_training_mode(optimizer):
            cast(Any, optimizer).train()
        return optimizer

    def _check_lr(self, given: Any) -> float:
        """Return the given learning rate, else the default of the class; NaN if the class takes none."""
        if given is not None and not isinstance(given, float):
            check_hyperparameter(self.kind, "lr", given, {})
        created = PerRun(self, torch.zeros(self._trial_dim)).torch_optimizer
        self._check_groups(created)
        default = getattr(created, "defaults", {}).get("lr") if "lr" in parameters_of(cast(Any, self.cls)) else None
        none_given = given is None or (isinstance(given, float) and math.isnan(given))
        if none_given and not isinstance(default, int | float | Tensor):
            return math.nan
        return check_hyperparameter(self.kind, "lr", default if given is None else given, {})

    def _missing_option(self) -> str:
        """Return the option without which the class refuses a parameter group; "" if it does not."""
        if self.group or any(isinstance(value, Torch) for value in self.hyper.values()):
            return ""
        try:
            self.cls([{"params": [torch.zeros(2, 2, requires_grad=True)]}], **deepcopy(self.hyper))
        except Exception as error:
            quoted = re.fullmatch(r"""\W*[`'"](\w+)[`'"]( must be set| is required)?\W*""", str(error))
            return quoted[1] if quoted else ""
        return ""

    @property
    def _trial_dim(self) -> int:
        """Return a number of coordinates on which the optimizer can work."""
        if self.groups:
            return 2 + max(group.coordinates[-1] for group in self.parameter_groups)
        return math.prod(self.shape) if self.shape else 2

    def _check_groups(self, created: torch.optim.Optimizer) -> None:
        """Raise `InputError` for a setting in a group that the class does not know."""
        known = {*parameters_of(cast(Any, self.cls)), *getattr(created, "defaults", {}), *dict(self.group)}
        for i, group in enumerate(self.parameter_groups):
            for name, value in group.settings:
                with naming_group(i):
                    if name not in known:
                        raise unknown(f"setting of {self.kind}", name, known)
                    if name == "lr":
                        check_hyperparameter(self.kind, name, value, {})

    def _with_advice(self, error: InputError) -> InputError:
        """Return the error; if the class reads options from its groups or works with a matrix, add how to pass them."""
        unknown_key = re.search(r"KeyError: '(\w+)'$", str(error))
        missing = unknown_key[1] if unknown_key else self._missing_option()
        if missing:
            return InputError(
                f"{error}; if it reads {missing} from its parameter groups, pass it in group=, "
                f'as in optimizers.Torch({self.kind}, group={{"{missing}": True}})'
            )
        if self.shape or self.groups or not str(error).startswith("Torch("):
            return error
        twin = self.with_settings({})
        object.__setattr__(twin, "shape", (1, 2))
        try:
            PerRun(twin, torch.zeros(2))
            _find_requirement(twin)
        except InputError:
            return error
        return InputError(f"{error}; it takes matrices: add shape=(rows, columns), such as shape=(1, 2)")


def _find_requirement(optimizer: Torch) -> StepRequirement:
    """Return what a step of the optimizer requires, by trying one; leave it in the optimizer, too."""
    dim = optimizer._trial_dim
    errors: dict[StepRequirement, InputError] = {}
    for requirement in STEP_REQUIREMENTS:
        object.__setattr__(optimizer, "step_requirement", requirement)
        error = try_first_step(optimizer, dim)
        if error is None and requirement == "gradient":
            created = PerRun(optimizer, torch.zeros(dim)).torch_optimizer
            return "modes" if _has_training_mode(created) else requirement
        if error is None:
            return requirement
        errors[requirement] = error
    mentions_closure = "closure" in str(errors["gradient"])
    raise errors["closure" if mentions_closure else "gradient"]


def _has_training_mode(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether the optimizer has `train()` and `eval()`, as networks and schedule-free optimizers do."""
    modes = (getattr(optimizer, name, None) for name in ("train", "eval"))
    return all(
        callable(mode) and all(a.default is not a.empty for a in inspect.signature(mode).parameters.values())
        for mode in modes
    )


def _has_name(path: SettingPath) -> bool:
    return len(path) == 1 or path in NAMES_OF_ELEMENTS


def _path(name: str, known: Mapping[str, Any]) -> SettingPath:
    """Return where a hyper-parameter is in the settings: beta1 at ("betas", 0) unless it is a setting itself."""
    name = canonical(name)
    paths = (path for path, own in NAMES_OF_ELEMENTS.items() if own == name and path[0] in known)
    return (name,) if name in known else next(paths, (name,))


def _text(value: Any) -> str:
    return value.spec if isinstance(value, Torch) else value.__name__ if isinstance(value, type) else short(value)
