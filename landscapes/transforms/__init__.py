"""Transforms that make functions of functions: move, rotate, bend, change values, add noise, restrict, combine.

>>> from landscapes import transforms
>>> rotated = transforms.rotated("booth", 30)
>>> float(rotated(rotated.minima[0]).round(decimals=9))
0.0

Every transform takes a function or the name of one in the catalogue and returns a function. Minima, boxes, start and
stationary points are transformed too. Facts that may no longer hold are dropped.
"""

from landscapes.transforms.arithmetic import added, multiplied
from landscapes.transforms.coordinates import mapped, random_rotation, rotated, scaled, shifted
from landscapes.transforms.noise import minibatched, noisy
from landscapes.transforms.planes import restricted
from landscapes.transforms.values import log_values, negated, value_transformed
from landscapes.transforms.warping import asymmetric, asymmetry, oscillated, oscillation

__all__ = [
    "added",
    "asymmetric",
    "asymmetry",
    "log_values",
    "mapped",
    "minibatched",
    "multiplied",
    "negated",
    "noisy",
    "oscillated",
    "oscillation",
    "random_rotation",
    "restricted",
    "rotated",
    "scaled",
    "shifted",
    "value_transformed",
]
