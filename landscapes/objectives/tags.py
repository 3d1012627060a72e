"""The tags of the catalogue. `landscapes.objectives.tag_checks` measures those that can be computed."""

from __future__ import annotations

CHECKED = {
    "smooth": "the gradient is continuous",
    "nonsmooth": "the function is continuous, its gradient is not",
    "discontinuous": "the function jumps somewhere in the domain",
    "convex": "every chord lies on or above the surface",
    "quadratic": "the Hessian is the same everywhere",
    "separable": "a sum of functions of one coordinate each",
    "unimodal": "one local minimum in the domain, counting a minimum on its border",
    "multimodal": "several local minima in the domain, counting minima on its border",
    "ill-conditioned": "condition number of the Hessian at a global minimum is 100 or more",
    "degenerate": "the Hessian is singular at a listed minimum or stationary point",
    "unbounded": "decreases without bound, inside or outside the domain",
    "infimum not attained": "has an infimum, but no point attains it",
    "any dimension": "defined for any number of coordinates, possibly with limits",
    "least squares": "a sum of squares whose residuals are available",
    "stochastic": "each step evaluates a different random sample",
}
"""Tags that a function has if, and only if, the statement holds."""

DESCRIPTIVE = {
    "basins": "a few wide basins; small changes of the start decide between them",
    "bowl": "one roughly round basin",
    "cliff": "a sudden drop or wall between regions of small gradient",
    "curved": "its valley or crease is curved",
    "deceptive": "the negative gradient leads away from the global minimum over most of the domain",
    "funnel": "many local minima on the slope of one large basin",
    "illustrative": "constructed to show one strength or weakness of optimizers",
    "needle": "the global minimum is narrow, with little or no gradient that leads to it",
    "oscillating": "waves over most of the domain, regular or irregular",
    "periodic": "repeats itself, at least along the axes",
    "plateau": "a large, nearly flat region",
    "ridge": "a sharp crest or crease that trajectories must cross or follow",
    "ring": "a valley that forms a closed curve",
    "rotated": "its principal axes are not the coordinate axes",
    "saddle": "a saddle point that slows trajectories down",
    "spiral": "a valley that winds inwards",
    "steep corners": "very large gradients in the corners of the domain",
    "valley": "long and narrow: steep across, nearly flat along",
}
"""Tags that describe the shape."""

TAGS = {**CHECKED, **DESCRIPTIVE}

SYNONYMS = {
    "canyon": "valley",
    "creased": "nonsmooth",
    "crest": "ridge",
    "double well": "basins",
    "flat": "plateau",
    "gully": "valley",
    "kinked": "nonsmooth",
    "no lowest point": "infimum not attained",
    "noisy": "stochastic",
    "non-differentiable": "nonsmooth",
    "non-smooth": "nonsmooth",
    "oscillatory": "oscillating",
    "ravine": "valley",
    "saddle point": "saddle",
    "scalable": "any dimension",
    "stepped": "discontinuous",
    "steps": "discontinuous",
    "toy": "illustrative",
    "wall": "cliff",
    "waves": "oscillating",
}
"""Other words that a search accepts for a tag."""
