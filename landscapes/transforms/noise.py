"""Stochastic functions: gradient noise and mini-batches of residuals; their average is the original function."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.functions import as_function
from landscapes.objectives._function import Formula, Function, Sampler
from landscapes.objectives.provenance import recorded_call
from landscapes.objectives.samples import generator
from landscapes.objectives.tags import TAGS
from landscapes.transforms.base import ColumnFormula, FunctionOrName, derived


@recorded_call
def noisy(
    f: FunctionOrName, sigma: float, kind: Literal["additive", "multiplicative"] = "additive", seed: int = 0
) -> Function:
    """Return the function with gradient noise that is the same for all runs of one seed at one step.

    "additive" noise tilts the function, f_t(x) = f(x) + σ ξ·x, so that σ is the standard deviation of each coordinate
    of the gradient. "multiplicative" noise scales it, f_t(x) = (1 + σ ξ) f(x). The ξ are standard normal, drawn from
    `seed`, t and the seed of the run. Source of additive noise: F. Schneider et al., DeepOBS, 2019.

    Args:
        f: the function, or its name in the catalogue; it may be stochastic.
        sigma: σ >= 0.
        kind: "additive" or "multiplicative".
        seed: integer >= 0.

    Raises:
        InputError: for another sigma, kind or seed.

    >>> tilted = noisy("booth", 0.5)
    >>> tilted.at_step(3)([1.0, 1.0]) == tilted([1.0, 1.0]), tilted.minima
    (tensor(False), ((1.0, 3.0),))
    """
    f = as_function(f)
    if isinstance(sigma, bool) or not isinstance(sigma, int | float) or not 0 <= sigma < math.inf:
        raise InputError(f"sigma must be a finite number >= 0, got {sigma!r}")
    if kind not in ("additive", "multiplicative"):
        raise InputError(f"kind must be 'additive' or 'multiplicative', got {kind!r}")
    seed = _check_seed(seed)

    own = seed

    def sample(t: int, seed: int = 0) -> Formula:
        inner, rng = f.at_step(t, seed), generator(own, t, seed)
        if kind == "multiplicative":
            factor = 1 + sigma * float(rng.standard_normal())
            return ColumnFormula(lambda x: factor * inner.evaluate(x))
        tilt = (sigma * rng.standard_normal(f.dim)).tolist()

        def tilted(x: Tensor) -> Tensor:
            value = inner.evaluate(x)
            for slope, coordinate in zip(tilt, x, strict=True):
                value = value + slope * coordinate
            return value

        return ColumnFormula(tilted)

    return _stochastic(f, sample, "noisy", f"{kind} noise, σ = {sigma:g}")


@recorded_call
def minibatched(f: FunctionOrName, size: int = 1, seed: int = 0) -> Function:
    """Return a sum of squares with mini-batches: each step evaluates `size` random residuals of m.

    f_t(x) = m/size Σ r_i(x)² over the batch, which is drawn without replacement from `seed`, t and the seed of the run.

    Args:
        f: a function with residuals, or its name in the catalogue.
        size: residuals per step, from 1 to m.
        seed: integer >= 0.

    Raises:
        InputError: for a function without residuals or with samples of its own, and for another size or seed.

    >>> minibatched("booth", size=1).at_step(0)([1.0, 3.0])
    tensor(0., dtype=torch.float64)
    """
    f = as_function(f)
    if f.sample is not None:
        raise InputError(f"{f.name} already is stochastic: it has samples of its own")
    seed = _check_seed(seed)
    count = len(f.evaluate_residuals(torch.tensor(f.start, dtype=torch.float64)))
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= count:
        raise InputError(f"size must be an integer from 1 to {count}, the residuals of {f.name}, got {size!r}")

    own = seed

    def sample(t: int, seed: int = 0) -> Formula:
        picked = sorted(generator(own, t, seed).choice(count, size, replace=False).tolist())

        def batch(x: Tensor) -> Tensor:
            r = f.evaluate_residuals(x)
            value = r[picked[0]] * r[picked[0]]
            for i in picked[1:]:
                value = value + r[i] * r[i]
            return count / size * value

        return ColumnFormula(batch)

    return _stochastic(f, sample, "minibatched", f"{size} of {count} residuals per step")


def _stochastic(f: Function, sample: Sampler, suffix: str, words: str) -> Function:
    """Return the function with other samples and otherwise unchanged facts."""
    tags = sorted({*f.tags, "stochastic"} - {"any dimension"}, key=[*TAGS, *f.tags].index)
    return derived(
        f,
        lambda inner: inner.evaluate,
        suffix=suffix,
        words=words,
        kept_tags=(),
        sample=sample,
        tags=tuple(tags),
        latex=f.latex,
        residuals=f.residuals and (lambda *x: f.evaluate_residuals(torch.stack(x))),
    )


def _check_seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed must be an integer >= 0, got {seed!r}")
    return int(seed)
