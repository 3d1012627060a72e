"""The tags of the catalogue. What can be computed is computed: see `landscapes.objectives.survey`."""

from __future__ import annotations

CHECKED = {
    "smooth": "the gradient is continuous",
    "kinked": "the values are continuous, the gradient is not",
    "stepped": "the values jump somewhere",
    "convex": "no chord of the domain passes below the surface",
    "quadratic": "the curvature is the same everywhere",
    "separable": "a sum of functions of one coordinate each",
    "unimodal": "one local minimum within the domain, its border included where the lowest point lies there",
    "multimodal": "several local minima, counted in the same way",
    "ill-conditioned": "curvatures at a global minimum differ by a factor of 100 or more",
    "degenerate": "at a listed minimum or stationary point the curvature vanishes along some direction",
    "unbounded": "falls without end, within its domain or beyond",
    "no lowest point": "the minimum is approached and never reached",
    "any dimension": "takes any number of coordinates, perhaps with limits",
    "least squares": "a sum of squares whose residuals are known",
    "stochastic": "every step sees a sample of its own",
}
"""Tags that a landscape has if, and only if, what they say is so."""

DESCRIPTIVE = {
    "basins": "a few wide hollows; small changes of the start decide for one",
    "bowl": "one hollow, more or less round",
    "cliff": "a sudden drop or wall between gentle parts",
    "curved": "its valley or edge is bent",
    "deceptive": "the slope of most of the domain leads away from the lowest point",
    "funnel": "many hollows that lie on the slope of a large one",
    "needle": "the lowest point is narrow and gives no sign of itself from afar",
    "oscillating": "waves all over, regular or not",
    "periodic": "repeats itself, along the axes at least",
    "plateau": "wide and nearly level ground",
    "ridge": "a sharp crest or crease that paths must follow or cross",
    "ring": "a valley that closes upon itself",
    "rotated": "its axes are not the axes of the coordinates",
    "saddle": "a saddle on the way that holds paths up",
    "spiral": "a valley that winds inwards",
    "steep corners": "gradients in the corners of the domain are huge",
    "toy": "made up to show one weakness or strength of optimizers",
    "valley": "long and narrow, easy to enter and slow to follow",
}
"""Tags that say what the eye sees."""

TAGS = {**CHECKED, **DESCRIPTIVE}

SYNONYMS = {
    "canyon": "valley",
    "crest": "ridge",
    "flat": "plateau",
    "gully": "valley",
    "noisy": "stochastic",
    "non-smooth": "kinked",
    "ravine": "valley",
    "saddle point": "saddle",
    "wall": "cliff",
    "waves": "oscillating",
}
"""Other words that a search takes for a tag."""
