"""Any torch optimizer as a rule: one object a run, as if each run were alone."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

import torch
from torch import Tensor
from torch.optim import Optimizer

from landscapes.errors import InputError
from landscapes.rules.base import Rule, check_number, short
from landscapes.rules.stepping import Job, Moment, Stepper

Settings = tuple[tuple[str, Any], ...]
Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]
"""The value, shape (), and the gradient (d,) at a point (d,)."""


@dataclass(frozen=True, init=False)
class Torch(Rule):
    """A subclass of `torch.optim.Optimizer`, one's own too, as a contender.

    Every run gets an optimizer object with one parameter of shape (d,), so that what looks at a whole
    parameter (its norm, a line search) sees one run; it costs as much as a plain loop would. An optimizer
    whose step needs a closure gets one. Torch's default precision is that of the run while the optimizer works.

    Args:
        cls: the class, not an object.
        label: the name a picture shows; by default the class's.
        settings: hyper-parameters whose names are taken here ("cls", "label", "settings"), as a dict.
        hyper: the other hyper-parameters.

    Raises `InputError` where cls is no optimizer class, refuses the hyper-parameters or cannot take a step.

    >>> Torch(torch.optim.LBFGS, lr=0.5).spec
    'Torch(LBFGS, lr=0.5)'
    """

    tunable: ClassVar[str] = "lr"

    cls: type[Optimizer] = Optimizer
    lr: float = math.nan
    label: str = ""  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
    settings: Settings = field(default=(), hash=False)
    needs_closure: bool = field(default=False, init=False, compare=False, repr=False)

    def __new__(cls, /, *values: Any, **settings: Any) -> Self:
        return object.__new__(cls)

    def __init__(
        self,
        cls: type[Optimizer],
        label: str | None = None,
        settings: Mapping[str, Any] | Settings = (),
        **hyper: Any,
    ) -> None:
        if not (isinstance(cls, type) and issubclass(cls, Optimizer)):
            raise InputError(
                f"Torch takes a subclass of torch.optim.Optimizer, not {short(cls)}; "
                "give the class itself, as in rules.Torch(MyOptimizer, lr=0.1)"
            )
        if label is not None and not isinstance(label, str):
            raise InputError(f"Torch: label is text, not {short(label)}")
        hyper = {**dict(settings), **hyper}
        lr = hyper.pop("lr", None)
        fields: dict[str, Any] = {
            "cls": cls,
            "label": label or cls.__name__,
            "settings": tuple(sorted(hyper.items())),
            "lr": math.nan if lr is None else lr,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        with torch.random.fork_rng(devices=[]):
            object.__setattr__(self, "lr", self._rate(lr))
            object.__setattr__(self, "needs_closure", self._takes_closure())

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
        """The rule as text. It names the class, so only code that has the class can give it back."""
        return f"Torch({', '.join([self.kind, *(f'{name}={short(value)}' for name, value in self.hyper.items())])})"

    @property
    def batch_key(self) -> Hashable:
        return type(self), self.cls

    @classmethod
    def stepper(cls, rules: Sequence[Rule], x: Tensor, job: Job) -> Stepper:
        return _Loop(cast(Sequence[Torch], rules), x)

    def _rate(self, given: Any) -> float:
        """The learning rate: the given one, else the class's default; NaN where none can be given."""
        defaults = _Alone(self, torch.zeros(2)).optimizer.defaults
        default = defaults.get("lr") if "lr" in inspect.signature(self.cls).parameters else None
        none_given = given is None or (isinstance(given, float) and math.isnan(given))
        if default is None and none_given:
            return math.nan
        return check_number(self.kind, "lr", default if given is None else given, {})

    def _takes_closure(self) -> bool:
        """Whether the step needs a closure: found by taking one on a slope."""
        try:
            _Alone(self, torch.ones(2)).step(torch.ones(2), torch.ones(2))
        except InputError as refusal:
            try:
                _Alone(self, torch.ones(2)).step(torch.ones(2), torch.ones(2), lambda x: (x.sum(), torch.ones(2)))
            except InputError as failure:
                raise failure if "closure" in str(refusal) else refusal from None
            return True
        return False


class _Alone:
    """One run: an optimizer and its parameter."""

    def __init__(self, rule: Torch, point: Tensor) -> None:
        self.rule = rule
        self.parameter = torch.nn.Parameter(point.detach().clone())
        with _working(f"{rule.spec} cannot be made", point.dtype):
            self.optimizer = rule.cls([self.parameter], **deepcopy(rule.hyper))

    def step(self, point: Tensor, gradient: Tensor, evaluate: Evaluate | None = None) -> None:
        """One step from the point (d,) with the gradient (d,) there, both left to the optimizer."""
        with torch.no_grad():
            self.parameter.copy_(point)
        self.parameter.grad = gradient

        def closure() -> Tensor:
            assert evaluate is not None
            value, self.parameter.grad = evaluate(self.parameter.detach().clone())
            return value

        with torch.enable_grad(), _working(f"{self.rule.spec} failed in its step", point.dtype):
            # torch types a closure as one of numbers; LBFGS itself takes tensors
            cast(Any, self.optimizer).step(*([] if evaluate is None else [closure]))


class _Loop(Stepper):
    """Runs of one class of optimizer, one after the other."""

    def __init__(self, rules: Sequence[Torch], x: Tensor) -> None:
        self.runs = [_Alone(rule, point) for rule, point in zip(rules, x.unbind(1), strict=True)]
        self.each = torch.eye(len(rules), dtype=torch.bool, device=x.device)

    def step(self, now: Moment) -> Tensor:
        # each run's gradient is a copy, since optimizers may change it in place
        slopes = now.gradient.detach().T.clone(memory_format=torch.contiguous_format)
        for run, point, slope, asking in zip(self.runs, now.x.unbind(1), slopes, self.each, strict=True):

            def evaluate(point: Tensor, asking: Tensor = asking) -> tuple[Tensor, Tensor]:
                value, slope = now.oracle.value_and_gradient(point[:, None], asking)
                return value[0], slope[:, 0]

            run.step(point, slope, evaluate if run.rule.needs_closure else None)
        return torch.stack([run.parameter.detach() for run in self.runs], 1)


@contextmanager
def _working(complaint: str, dtype: torch.dtype) -> Iterator[None]:
    """Someone else's code at work: in the run's precision (torch's NAdam keeps numbers in the default one),
    and whatever it raises told in one line."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{complaint}: {type(error).__name__}: {' '.join(str(error).split())}"[:300]) from error
    finally:
        torch.set_default_dtype(before)
