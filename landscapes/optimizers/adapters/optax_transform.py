"""Any optax transformation as an optimizer."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

from torch import Tensor

from landscapes.caching import Cache
from landscapes.errors import InputError, unknown
from landscapes.jax_blocks import loaded, reason_of
from landscapes.objectives.decorators import Function
from landscapes.optimizers.adapters.optax_kernel import Kernel
from landscapes.optimizers.adapters.optax_stepper import COMMON_NAMES, OPTAX_NAMES, OptaxStepper
from landscapes.optimizers.adapters.torch_signature import NAMED, check_shape
from landscapes.optimizers.base import Optimizer, check_hyperparameter, short
from landscapes.optimizers.stepper import RunSetup, Stepper
from landscapes.silence import ignored_warnings

Settings = tuple[tuple[str, Any], ...]

LR = "learning_rate"
"""Optax's name of the learning rate; sweeps and records call it lr, as that of any optimizer."""

PLACEHOLDER = 1e-3
"""The learning rate of a factory that has no default, until an experiment has tuned it."""

_kernels: Cache[Hashable, Kernel] = Cache(capacity=256)
"""Compiled steps, by transformation, fixed settings, names of the other numbers, and shape."""

_traced: Cache[Hashable, tuple[tuple[str, ...], bool, Settings]] = Cache(capacity=1024)
"""Names of the numbers that may be traced, and whether a step evaluates the function itself.

Key: transformation, other settings, names of numbers, and shape.

The other settings are kept as well, because the key may contain their ids.
"""


@dataclass(frozen=True, init=False)
class Optax(Optimizer):
    """An optax transformation (Babuschkin et al., The DeepMind JAX Ecosystem, 2020), stepped for all runs at once.

        u, s ← update(∇f(x), s, x)
        x ← x + u

    The gradient comes from the function, as for any optimizer; the step is compiled by JAX once per transformation and
    mapped over the runs. A norm, as in `optax.clip_by_global_norm`, is that of one run. A run has the same bits in any
    batch. They are those of a loop over `jax.jit` of the update for most transformations; `benchmarks/foreign.md` says
    how near the others are. The update also gets `value` and `grad`, as `optax.polyak_sgd` requires, and `value_fn` if
    it asks for it, as the line search of `optax.lbfgs` does. Such runs are stepped one by one. Each evaluation counts,
    also that of the gradient at the point where a search has ended.

    Given as the function that makes it, a transformation has numbers that experiments can vary: `Optax(optax.adam,
    learning_rate=0.1)`. A ready-made one, such as `Optax(optax.adam(0.1))` or a chain, keeps its numbers.

    JAX works in the precision of the race, set for this thread alone. Points on a GPU are stepped on the CPU.

    Args:
        transformation: a function that returns an optax transformation, such as `optax.adam`, or a transformation.
        label: name in figures and tables; by default that of the function, as in "adam (optax)".
        settings: settings of the function whose names clash with this signature ("label", "shape"), as a dict.
        shape: shape of the parameter for transformations of matrices, such as (rows, columns); (d,) by default.
        hyper: all other settings, by optax's names, with its defaults. `race` and the other experiments tune a
            learning_rate that is omitted.

    Raises:
        InputError: if JAX or optax is not installed, for unknown settings, for numbers given with a ready-made
            transformation, and for what is not a transformation or cannot take a step.

    `docs/how-to/functions-and-optimizers.md` has an example.
    """

    tunable: ClassVar[str] = "lr"

    transformation: Any = None
    lr: float = math.nan
    label: str = ""  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
    shape: tuple[int, ...] = ()
    settings: Settings = field(default=(), hash=False)
    lr_omitted: bool = field(default=False, init=False, compare=False, repr=False)
    fixed: Settings = field(default=(), init=False, compare=False, repr=False)
    numbers: dict[str, float] = field(default_factory=dict, init=False, compare=False, repr=False)
    searches: bool = field(default=False, init=False, compare=False, repr=False)
    key: Hashable = field(default=(), init=False, compare=False, repr=False)

    def __new__(cls, *values: Any, **settings: Any) -> Self:
        return object.__new__(cls)

    def __init__(
        self,
        transformation: Any,
        label: str | None = None,
        settings: Mapping[str, Any] | Settings = (),
        shape: Sequence[int] = (),
        **hyper: Any,
    ) -> None:
        loaded("optimizers.Optax", "jax", "optax")
        kept = {OPTAX_NAMES.get(name, name): value for name, value in dict(settings).items()}
        if LR in kept and _is_nan(hyper.get("lr")):
            del hyper["lr"]  # of a copy: the learning rate is a schedule
        twice = [name for name, own in COMMON_NAMES.items() if name in hyper and own in hyper]
        if twice:
            raise InputError(f"Optax: {twice[0]} and {COMMON_NAMES[twice[0]]} are one setting; give one of them")
        hyper = {**kept, **{OPTAX_NAMES.get(name, name): value for name, value in hyper.items()}}
        ready = is_transformation(transformation)
        if not (ready or callable(transformation)):
            raise InputError(
                "Optax: transformation must be an optax transformation or the function that makes it, "
                f"got {short(transformation)}; write optimizers.Optax(optax.adam, learning_rate=0.1)"
            )
        if label is not None and not isinstance(label, str):
            raise InputError(f"Optax: label must be a string, got {short(label)}")
        has_lr = LR in hyper
        lr = hyper.pop(LR, math.nan)
        if ready and (hyper or not _is_nan(lr)):
            raise InputError(f"Optax: {_advice()}; got {' and '.join([*hyper] if _is_nan(lr) else [LR, *hyper])}")
        known = {} if ready else _parameters_of(transformation)
        if not ready:
            _check_names(transformation, known, hyper)
        omitted = not has_lr and LR in known
        if omitted:
            default = known[LR].default
            lr = PLACEHOLDER if default is inspect.Parameter.empty else default
        if lr is None or callable(lr):  # a schedule
            hyper, lr, omitted = {**hyper, LR: lr}, math.nan, False
        fields: dict[str, Any] = {
            "transformation": transformation,
            "label": label or _label(transformation, ready),
            "shape": check_shape(shape, "Optax"),
            "settings": tuple(sorted(hyper.items())),
            "lr_omitted": omitted,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        absent = _is_nan(lr) and (LR in hyper or LR not in known)
        object.__setattr__(self, "lr", lr if absent else check_hyperparameter(self.kind, LR, lr, {"low": 0.0}))
        self._sort_settings(known)

    @property
    def kind(self) -> str:
        return _name(self.transformation)

    @property
    def spec(self) -> str:
        """The optimizer as text. It names the function, so only code that has it can read it back."""
        shape = [f"shape={self.shape}"] if self.shape else []
        lr = [] if _is_nan(self.lr) else [f"lr={self.lr!r}"]
        settings = [f"{COMMON_NAMES.get(name, name)}={_text(value)}" for name, value in self.settings]
        return f"Optax({', '.join([self.kind, *shape, *lr, *settings])})"

    @property
    def has_fixed_numbers(self) -> bool:
        return is_transformation(self.transformation)

    def hyperparameters(self) -> dict[str, float]:
        """Return the numeric settings by name, given or default; b1 and b2 are beta1 and beta2."""
        if self.has_fixed_numbers:
            return {}
        known = _parameters_of(self.transformation)
        defaults = {name: one.default for name, one in known.items() if isinstance(one.default, float) and name != LR}
        given = {name: float(value) for name, value in self.settings if _may_vary(value, known.get(name))}
        others = [name for name, _ in self.settings if name not in given]
        own = {**({} if _is_nan(self.lr) else {LR: self.lr}), **defaults, **given}
        return {COMMON_NAMES.get(name, name): value for name, value in own.items() if name not in others}

    def known_settings(self) -> dict[str, Any]:
        if self.has_fixed_numbers:
            return {}
        defaults = {name: one.default for name, one in _parameters_of(self.transformation).items()}
        return {**defaults, **dict(self.settings), **self.hyperparameters()}

    def choice_settings(self) -> dict[str, bool | str]:
        """Return the flags of the function by name, given or default, such as `nesterov` of `optax.sgd`."""
        return {name: value for name, value in self.known_settings().items() if isinstance(value, bool)}

    def with_hyperparameters(self, values: Mapping[str, Any]) -> Self:
        own = {OPTAX_NAMES.get(name, name): value for name, value in type(self).translated(values).items()}
        lr = own.pop(LR, self.lr)
        if own:
            self.check_varies()
        return dataclasses.replace(self, lr=lr, settings=tuple(sorted({**dict(self.settings), **own}.items())))

    def check_varies(self) -> None:
        if self.has_fixed_numbers:
            raise InputError(f"{self.label}: {_advice()}")

    def with_learning_rate(self, lr: float) -> Self:
        return self if _is_nan(self.lr) else super().with_learning_rate(lr)

    @property
    def batch_key(self) -> Hashable:
        return self.key

    @property
    def kernel(self) -> Kernel:
        """The compiled step, shared by all optimizers that differ in `numbers` alone."""
        return _kernels.get_or_make(self.batch_key, lambda: self._kernel(self.fixed, self.searches))

    def check(self, function: Function) -> None:
        if self.shape and math.prod(self.shape) != function.dim:
            raise InputError(
                f"{self.kind}: shape={self.shape} has {math.prod(self.shape)} elements, "
                f"but {function.name} has {function.dim} coordinates; pass a shape with {function.dim} elements"
            )
        kernel = self.kernel
        if function.dim not in kernel.tried:
            self._try(kernel, function.dim, self.numbers)

    @classmethod
    def stepper(cls, optimizers: Sequence[Optimizer], x: Tensor, setup: RunSetup) -> Stepper:
        return OptaxStepper(cast(Sequence[Optax], optimizers), x)

    def _kernel(self, fixed: Settings, searches: bool) -> Kernel:
        transformation, own = self.transformation, dict(fixed)
        if self.has_fixed_numbers:
            return Kernel(lambda numbers: transformation, self.shape, searches)

        def make(numbers: Mapping[str, Any]) -> Any:
            made = transformation(**own, **numbers)
            if is_transformation(made):
                return made
            raise InputError(
                f"Optax: {self.kind} must return an optax transformation, got {short(made)}; "
                "write optimizers.Optax(optax.adam, learning_rate=0.1)"
            )

        return Kernel(make, self.shape, searches)

    def _sort_settings(self, known: Mapping[str, inspect.Parameter]) -> None:
        """Set `numbers` to the given numbers that JAX can trace, so that runs may differ in them, `fixed` to the rest.

        A number on whose value the function branches, as in `if momentum > 0`, is fixed.
        """
        given = {} if _is_nan(self.lr) else {LR: self.lr}
        given |= {name: float(value) for name, value in self.settings if _may_vary(value, known.get(name))}
        others = tuple((name, value) for name, value in self.settings if name not in given)
        frozen = tuple((name, _frozen(value)) for name, value in others)
        key = self.transformation, frozen, tuple(given), self.shape
        traced, searches, _ = _traced.get_or_make(key, lambda: (*self._traceable(given, others), others))
        object.__setattr__(self, "searches", searches)
        object.__setattr__(self, "numbers", {name: given[name] for name in traced})
        rest = tuple((name, value) for name, value in given.items() if name not in traced)
        object.__setattr__(self, "fixed", (*others, *rest))
        fixed = tuple((name, _frozen(value)) for name, value in self.fixed)
        object.__setattr__(self, "key", (type(self), self.transformation, fixed, traced, self.shape))

    def _traceable(self, given: Mapping[str, float], others: Settings) -> tuple[tuple[str, ...], bool]:
        """Return the names of the numbers that may be tracers, and whether a step evaluates the function itself.

        Raises `InputError` if no step can be taken at all.
        """
        try:
            return self._traceable_names(given, others, searches=False), False
        except InputError as error:
            if "value_fn" not in str(error):
                raise
            return self._traceable_names(given, others, searches=True), True

    def _traceable_names(self, given: Mapping[str, float], others: Settings, *, searches: bool) -> tuple[str, ...]:
        dim = math.prod(self.shape) if self.shape else 2

        def fails(names: Collection[str]) -> InputError | None:
            fixed = (*others, *((name, value) for name, value in given.items() if name not in names))
            try:
                self._try(self._kernel(fixed, searches), dim, names)
            except InputError as error:
                return error
            return None

        if fails(given) is None:
            return tuple(given)
        if (error := fails(())) is not None:
            raise error
        alone = tuple(name for name in given if fails((name,)) is None)
        return alone if fails(alone) is None else ()

    def _try(self, kernel: Kernel, dim: int, names: Collection[str]) -> None:
        """Trace a step. Raises `InputError` for whatever it raises."""
        try:
            with ignored_warnings():
                kernel.try_step(dim, tuple(names))
        except InputError:
            raise
        except Exception as error:
            raise InputError(f"{self.spec} cannot take a step on {dim} coordinates: {reason_of(error)}") from error


def is_transformation(given: Any) -> bool:
    """Return whether an object has the two functions of a transformation, `init` and `update`."""
    return not isinstance(given, type) and all(callable(getattr(given, name, None)) for name in ("init", "update"))


def _parameters_of(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function by name; none for one that does not say."""
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def _check_names(function: Any, known: Mapping[str, inspect.Parameter], given: Collection[str]) -> None:
    """Raise `InputError` for unknown and for missing settings; a learning rate may be missing."""
    name = _name(function)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values()) or not known:
        return
    for setting in given:
        if setting not in known:
            raise unknown(f"setting of {name}", setting, known)
    required = [one for one in known.values() if one.default is one.empty and one.kind in NAMED]
    missing = [one.name for one in required if one.name not in given and one.name != LR]
    if missing:
        raise InputError(
            f"{name} requires {' and '.join(missing)}; pass {'it' if len(missing) == 1 else 'them'}, "
            f"as in optimizers.Optax({name}, {', '.join(f'{one}=...' for one in missing)})"
        )


def _advice() -> str:
    """Return why the numbers of a ready-made transformation cannot be set, and what to do."""
    return (
        "a ready-made transformation has fixed numbers; pass the function that makes it, "
        "as in optimizers.Optax(optax.adam, learning_rate=0.1)"
    )


def _name(transformation: Any) -> str:
    while isinstance(transformation, functools.partial):
        transformation = transformation.func
    name = str(getattr(transformation, "__name__", "transformation"))
    return "transformation" if name == "<lambda>" else name


def _label(transformation: Any, ready: bool) -> str:
    while isinstance(transformation, functools.partial):
        transformation = transformation.func
    ours = str(getattr(transformation, "__module__", "")).partition(".")[0] == "optax"
    return "optax" if ready else f"{_name(transformation)} (optax)" if ours else _name(transformation)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _may_vary(value: Any, parameter: inspect.Parameter | None) -> bool:
    """Return whether a setting is a number that may differ between runs: a float, or an integer in its place."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or (parameter is not None and isinstance(parameter.default, float))


def _frozen(value: Any) -> Hashable:
    try:
        hash(value)
    except TypeError:
        return type(value), id(value)
    return type(value), value


def _text(value: Any) -> str:
    return str(value.__name__) if callable(value) and hasattr(value, "__name__") else short(value)
