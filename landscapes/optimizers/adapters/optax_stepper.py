"""Step the runs of one optax transformation in blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from landscapes.errors import InputError
from landscapes.jax_blocks import blocks_of, loaded, local_settings, padded, reason_of
from landscapes.optimizers.adapters.optax_kernel import Kernel
from landscapes.optimizers.adapters.optax_search import answering
from landscapes.optimizers.parameter_groups import initial_lrs
from landscapes.optimizers.stepper import StepContext, Stepper

ALIASES: Mapping[str, tuple[str, ...]] = {
    "momentum": ("mu", "trace", "momentum"),
    "second_moment": ("nu", "sum_of_squares", "e_g"),
}
"""Names of the usual buffers in the states of optax."""


COMMON_NAMES: Mapping[str, str] = {"learning_rate": "lr", "b1": "beta1", "b2": "beta2", "b3": "beta3"}
"""Names of hyper-parameters here for those of optax, so that a sweep varies them together with other optimizers'."""

OPTAX_NAMES: Mapping[str, str] = {own: name for name, own in COMMON_NAMES.items()}


class OptaxSpec(Protocol):
    """What the stepper needs to know of an optimizer; `Optax` provides it."""

    @property
    def spec(self) -> str: ...

    @property
    def learning_rate(self) -> float: ...

    @property
    def kernel(self) -> Kernel: ...

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers that may differ between runs, by optax's name."""

    def lr_by_coordinate(self, dim: int) -> NDArray[np.float64] | None: ...


class OptaxStepper(Stepper):
    """Runs of one transformation, which differ in numbers.

    Attributes:
        numbers: the numbers that may differ, shape (R,) each.
    """

    def __init__(self, specs: Sequence[OptaxSpec], x: Tensor) -> None:
        self.specs, self.kernel, self.dtype = specs, specs[0].kernel, x.dtype
        self.like = x
        self.lrs = initial_lrs(specs, len(x))
        listed = [spec.numbers for spec in specs]
        self.numbers = {name: np.array([one[name] for one in listed]) for name in listed[0]}
        alone = [(slice(run, run + 1), 1) for run in range(len(specs))]
        self.blocks = alone if self.kernel.searches else blocks_of(len(specs))
        self.padded_numbers = self._padded_numbers()
        with _jax_of(self.specs[0], self.dtype):
            points = _to_numpy(x)
            self.states = [
                self.kernel.init(padded(points[:, part], size), numbers)
                for (part, size), numbers in zip(self.blocks, self.padded_numbers, strict=True)
            ]

    def step(self, context: StepContext) -> Tensor:
        given = [_to_numpy(values) for values in (context.x, context.gradient, context.value)]
        moved = given[0].copy()
        with _jax_of(self.specs[0], self.dtype):
            for i, (part, size) in enumerate(self.blocks):
                arrays = [padded(values[..., part], size) for values in given]
                own = *arrays, self.states[i], self.padded_numbers[i]
                if not self.kernel.searches:
                    points, self.states[i] = self.kernel.step(*own)
                elif context.active[i]:
                    with answering(context, i) as number:
                        points, self.states[i] = self.kernel.search(*own, number)
                        points = np.asarray(points)  # waits until nothing is asked any more
                else:
                    continue
                moved[:, part] = np.asarray(points)[:, : part.stop - part.start]
        return torch.from_numpy(moved).to(context.x.device)

    def set_hyperparameter(self, name: str, values: NDArray[np.float64]) -> None:
        own = OPTAX_NAMES.get(name, name)
        if own not in self.numbers or np.ndim(values) != 1:
            raise NotImplementedError(f"{self.specs[0].spec}: {name} cannot change between steps")
        self.numbers[own] = np.asarray(values, dtype=np.float64)
        self.padded_numbers = self._padded_numbers()
        if name == "lr":
            self.lrs = self.numbers[own]

    def reset(self, runs: Tensor, x: Tensor) -> None:
        mask, points = runs.cpu().numpy(), _to_numpy(x)
        with _jax_of(self.specs[0], self.dtype):
            for i, (part, size) in enumerate(self.blocks):
                if mask[part].any():
                    given = padded(mask[part], size), padded(points[:, part], size)
                    self.states[i] = self.kernel.reset(*given, self.states[i], self.padded_numbers[i])

    def buffers(self) -> Mapping[str, Tensor]:
        found = {"lr": self._as_tensor(self.lrs)}
        counts = [part.stop - part.start for part, _ in self.blocks]
        parts = [self._leaves(state, count) for state, count in zip(self.states, counts, strict=True)]
        for name in parts[0]:
            found.setdefault(name, self._as_tensor(np.concatenate([own[name] for own in parts], -1)))
        for alias, names in ALIASES.items():
            own = next((name for name in names if name in found), None)
            if own is not None and alias not in found:
                found[alias] = found[own]
        return found

    def _leaves(self, state: Any, count: int) -> dict[str, NDArray[Any]]:
        """Return the leaves of a state that have one number per run, or one per run and coordinate, by name."""
        tree = loaded("optimizers.Optax", "jax")[0].tree_util
        found: dict[str, NDArray[Any]] = {}
        for path, leaf in tree.tree_flatten_with_path(state)[0]:
            names = [part.name for part in path if isinstance(part, tree.GetAttrKey)]
            shape = leaf.shape[:-1]
            numeric = getattr(leaf.dtype, "kind", "") in "fiu"
            if names and numeric and (not shape or math.prod(shape) == len(self.like)):
                rows = np.asarray(leaf)[..., :count]
                found.setdefault(names[-1], rows.reshape(len(self.like), count) if shape else rows)
        return found

    def _as_tensor(self, values: NDArray[Any]) -> Tensor:
        return torch.as_tensor(np.array(values), dtype=self.dtype, device=self.like.device)

    def _padded_numbers(self) -> list[dict[str, NDArray[Any]]]:
        """Return the numbers of each block, in the precision of the runs."""
        kind = np.float64 if self.dtype == torch.float64 else np.float32
        return [
            {name: padded(column[part].astype(kind), size) for name, column in self.numbers.items()}
            for part, size in self.blocks
        ]


@contextmanager
def _jax_of(spec: OptaxSpec, dtype: torch.dtype) -> Iterator[None]:
    """Set JAX to the precision of the runs, and report an error of it by the optimizer that caused it."""
    with local_settings(dtype):
        try:
            yield
        except InputError:
            raise
        except Exception as error:
            raise InputError(f"{spec.spec} failed in its step: {reason_of(error)}") from error


def _to_numpy(values: Tensor) -> NDArray[Any]:
    own: NDArray[Any] = values.detach().cpu().numpy()
    return own
