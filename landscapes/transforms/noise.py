"""Landscapes seen through noise: every step has its own, and the average is the landscape itself."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from landscapes.errors import InputError
from landscapes.objectives._function import Formula, Function, Sampler
from landscapes.objectives.provenance import recorded_call
from landscapes.objectives.tags import TAGS
from landscapes.transforms.base import Composed, Landscape, landscape, remade

Kind = Literal["additive", "multiplicative"]


@recorded_call
def noisy(f: Landscape, sigma: float, kind: Kind = "additive", seed: int = 0) -> Function:
    """The landscape with noise in its gradients, the same for all runs at one step.

    At step t "additive" noise leans it to a side, f_t(x) = f(x) + σ ξ·x, so that σ is the standard deviation of
    each gradient coordinate; "multiplicative" noise makes it steeper or flatter, f_t(x) = (1 + σ ξ) f(x). The ξ
    are standard normal, drawn from `seed` and t. Source of the first: F. Schneider et al., DeepOBS, 2019.

    Args:
        f: the landscape, or its name in the catalogue; it may be stochastic itself.
        sigma: the strength, at least 0.
        kind: "additive" or "multiplicative".
        seed: a whole number, at least 0.

    Raises:
        InputError: for another strength, kind or seed.

    >>> leaning = noisy("booth", 0.5)
    >>> leaning.at_step(3)([1.0, 1.0]) == leaning([1.0, 1.0]), leaning.minima
    (tensor(False), ((1.0, 3.0),))
    """
    f = landscape(f, "noisy")
    if isinstance(sigma, bool) or not isinstance(sigma, int | float) or not 0 <= sigma < math.inf:
        raise InputError(f"the strength of noise is a number, at least 0, not {sigma!r}")
    if kind not in ("additive", "multiplicative"):
        raise InputError(f"noise is 'additive' or 'multiplicative', not {kind!r}")
    seed = _check_seed(seed)

    def sample(t: int) -> Formula:
        inner, draw = f.at_step(t), _generator(seed, t)
        if kind == "multiplicative":
            factor = 1 + sigma * float(draw.standard_normal())
            return Composed(lambda x: factor * inner.evaluate(x))
        lean = (sigma * draw.standard_normal(f.dim)).tolist()

        def leaning(x: Tensor) -> Tensor:
            value = inner.evaluate(x)
            for slope, coordinate in zip(lean, x, strict=True):
                value = value + slope * coordinate
            return value

        return Composed(leaning)

    return _stochastic(f, sample, "noisy", f"{kind} noise, σ = {sigma:g}")


@recorded_call
def minibatched(f: Landscape, size: int = 1, seed: int = 0) -> Function:
    """The sum of squares seen through mini-batches: step t has `size` of the m residuals, drawn anew.

    f_t(x) = m/size Σ r_i(x)² over the batch, drawn without repetition from `seed` and t.

    Args:
        f: a landscape with residuals, or its name in the catalogue.
        size: how many residuals a step sees, from 1 to m.
        seed: a whole number, at least 0.

    Raises:
        InputError: for a landscape without residuals or with samples of its own, and for another size or seed.

    >>> minibatched("booth", size=1).at_step(0)([1.0, 3.0])
    tensor(0., dtype=torch.float64)
    """
    f = landscape(f, "minibatched")
    if f.sample is not None:
        raise InputError(f"{f.name} has samples of its own")
    seed = _check_seed(seed)
    count = len(f.evaluate_residuals(torch.tensor(f.start, dtype=torch.float64)))
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= count:
        raise InputError(
            f"the size of a batch is a whole number from 1 to {count}, the residuals of {f.name}; not {size!r}"
        )

    def sample(t: int) -> Formula:
        picked = sorted(_generator(seed, t).choice(count, size, replace=False).tolist())

        def batch(x: Tensor) -> Tensor:
            r = f.evaluate_residuals(x)
            value = r[picked[0]] * r[picked[0]]
            for i in picked[1:]:
                value = value + r[i] * r[i]
            return count / size * value

        return Composed(batch)

    return _stochastic(f, sample, "minibatched", f"{size} of {count} residuals a step")


def _stochastic(f: Function, sample: Sampler, suffix: str, words: str) -> Function:
    """The landscape with other samples, and all its facts."""
    tags = sorted({*f.tags, "stochastic"} - {"any dimension"}, key=[*TAGS, *f.tags].index)
    return remade(
        f,
        lambda inner: inner.evaluate,
        suffix=suffix,
        words=words,
        kept=(),
        sample=sample,
        tags=tuple(tags),
        latex=f.latex,
        residuals=f.residuals and (lambda *x: f.evaluate_residuals(torch.stack(x))),
    )


def _generator(seed: int, t: int) -> np.random.Generator:
    """The random numbers of a step, unlike those of any other step or seed."""
    return np.random.default_rng([seed, t])


def _check_seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"a seed is a whole number, at least 0, not {seed!r}")
    return int(seed)
