"""Samples of a stochastic function for many runs, each with the seed of its run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from landscapes.objectives._function import Function

STREAM_BITS = 32
"""A run's seed has its stream in these bits, and the seed of the experiment above them."""


def run_seeds(seed: int, streams: Tensor) -> list[int]:
    """Return the seed with which each run draws the samples of its function: its stream, in an experiment of seed 0.

    >>> run_seeds(0, torch.arange(3)), run_seeds(1, torch.arange(2))
    ([0, 1, 2], [4294967296, 4294967297])
    """
    return [(seed << STREAM_BITS) + stream for stream in streams.tolist()]


def generator(seed: int, t: int, run: int) -> np.random.Generator:
    """Return the random generator of a step, independent for other steps, seeds of functions and seeds of runs."""
    return np.random.default_rng([seed, t, run] if run else [seed, t])


class RunSamples:
    """The samples that R runs see.

    Args:
        function: the function.
        seeds: the seed of each run; empty if all have the seed 0.
        device: of the runs.

    >>> from landscapes.functions import get
    >>> seen = RunSamples(get("booth").noisy(sigma=1.0), [0, 1, 0]).at_step(5)
    >>> values = seen.evaluate(torch.ones(2, 3, dtype=torch.float64))
    >>> bool(values[0] == values[2]), bool(values[0] == values[1])
    (True, False)
    """

    def __init__(self, function: Function, seeds: Sequence[int] = (), device: torch.device | str = "cpu") -> None:
        self.function = function
        self.distinct = list(dict.fromkeys(seeds)) if seeds and function.sample_takes_seed else [*seeds[:1]] or [0]
        place = {seed: i for i, seed in enumerate(self.distinct)}
        self.which = torch.tensor([place[seed] for seed in seeds] if len(place) > 1 else [], device=device).long()

    def at_step(self, t: int) -> Function:
        """Return the function of step t = 0, 1, …, as the runs see it: one function if all have one seed."""
        each = [self.function.at_step(t, seed) for seed in self.distinct]
        return each[0] if len(each) == 1 else SampledFunction.of(self.function, each, self.which)


class SampledFunction(Function):
    """A stochastic function at one step, of which run i sees the sample `each[which[i]]`.

    It takes points of shape (d, R) or (d, k, R), one column per run.
    """

    each: Sequence[Function]
    which: Tensor

    @classmethod
    def of(cls, function: Function, each: Sequence[Function], which: Tensor) -> SampledFunction:
        """Return the function of runs that see these samples."""
        made = object.__new__(cls)
        order = which.argsort(stable=True)
        parts = {"each": each, "which": which, "_order": order, "_back": order.argsort()}
        counts = {"_counts": torch.bincount(which, minlength=len(each)).tolist()}
        facts = {key: value for key, value in vars(each[0]).items() if key != "formula"}
        vars(made).update({**facts, "formula": function.formula, **parts, **counts})
        return made

    def select(self, runs: slice | Tensor) -> Function:
        """Return the function as some of the runs see it."""
        which = self.which[runs]
        seen = list(set(which.tolist()))
        return self.each[seen[0]] if len(seen) == 1 else SampledFunction.of(self, self.each, which)

    def evaluate(self, x: Tensor) -> Tensor:
        own = cast(Any, self)
        parts = torch.split_with_sizes(x[..., own._order], own._counts, -1)
        values = [one.evaluate(part) for one, part in zip(self.each, parts, strict=True) if part.shape[-1]]
        return torch.cat(values, -1)[..., own._back]


def seen_by(function: Function, runs: slice | Tensor) -> Function:
    """Return the function as some of the runs see it: itself, unless it is a `SampledFunction`."""
    return function.select(runs) if isinstance(function, SampledFunction) else function
