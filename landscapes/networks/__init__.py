"""Networks as landscapes: planes and lines through their weights, training paths on them, and curvature.

>>> import landscapes.networks
>>> sorted(landscapes.networks.__all__)[:3]
['Density', 'Eigenpairs', 'Estimate']
"""

from landscapes.networks._line import line
from landscapes.networks._plane import plane
from landscapes.networks._watch import Watch, load_path, watch
from landscapes.networks.curvature import Density, Eigenpairs, Estimate, eigenvalues, spectral_density, trace
from landscapes.networks.losses import accuracy
from landscapes.networks.result import NetworkRecord

__all__ = [
    "Density",
    "Eigenpairs",
    "Estimate",
    "NetworkRecord",
    "Watch",
    "accuracy",
    "eigenvalues",
    "line",
    "load_path",
    "plane",
    "spectral_density",
    "trace",
    "watch",
]
