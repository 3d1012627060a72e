"""Networks as landscapes: planes and lines through their weights, training paths on them, and curvature.

>>> import landscapes.networks
>>> sorted(landscapes.networks.__all__)[:3]
['Curve', 'Density', 'Eigenpairs']
"""

from landscapes.networks._central_flow import central_flow
from landscapes.networks._curvature_map import curvature_map
from landscapes.networks._line import line
from landscapes.networks._logged_path import load_path
from landscapes.networks._plane import plane
from landscapes.networks._sharpness import sharpness
from landscapes.networks._slices import slices
from landscapes.networks._stability import stability, stability_bound
from landscapes.networks._train_race import train_race
from landscapes.networks._watch import watch
from landscapes.networks._watched import Watch
from landscapes.networks.connectivity import Curve, connect, match_units
from landscapes.networks.curvature import Density, Eigenpairs, Estimate, eigenvalues, spectral_density, trace
from landscapes.networks.losses import accuracy
from landscapes.networks.muon import Muon
from landscapes.networks.result import NetworkRecord

__all__ = [
    "Curve",
    "Density",
    "Eigenpairs",
    "Estimate",
    "Muon",
    "NetworkRecord",
    "Watch",
    "accuracy",
    "central_flow",
    "connect",
    "curvature_map",
    "eigenvalues",
    "line",
    "load_path",
    "match_units",
    "plane",
    "sharpness",
    "slices",
    "spectral_density",
    "stability",
    "stability_bound",
    "trace",
    "train_race",
    "watch",
]
