"""Landscapes made of landscapes: moved, turned, bent, revalued, seen through noise, cut, added.

>>> from landscapes import transforms
>>> turned = transforms.rotated("booth", 30)
>>> float(turned(turned.minima[0]).round(decimals=9))
0.0

Every transform takes a landscape or a name of the catalogue and returns a landscape. Minima, boxes, start and
points without slope move along; what is no longer known is left out, and never kept wrong.
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
