"""Where each class of optimizers is defined: a class is imported when it is first used.

To make a hundred dataclasses takes a tenth of a cold race, which uses four of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

HOMES: Mapping[str, str] = {
    "ADOPT": "first_order.adopt",
    "ASGD": "first_order.asgd",
    "AdEMAMix": "first_order.ademamix",
    "AdaBelief": "first_order.adabelief",
    "Adadelta": "first_order.adadelta",
    "Adafactor": "first_order.adafactor",
    "Adagrad": "first_order.adagrad",
    "Adam": "first_order.adam",
    "AdamW": "first_order.adam",
    "Adamax": "first_order.adamax",
    "Adan": "first_order.adan",
    "Annealing": "derivative_free.simulated_annealing",
    "AveragedMomentum": "first_order.textbook",
    "BFGS": "second_order.lbfgs",
    "CMAES": "derivative_free.cmaes",
    "CautiousAdamW": "first_order.cautious",
    "CautiousLion": "first_order.cautious",
    "Clip": "wrappers.clip",
    "Compass": "derivative_free.compass_search",
    "ConjugateGradient": "second_order.conjugate_gradient",
    "Constant": "wrappers.schedules",
    "Cosine": "wrappers.schedules",
    "Decay": "wrappers.weight_decay",
    "Exponential": "wrappers.schedules",
    "FirstOrder": "first_order.base",
    "ForgotZeroGrad": "wrappers.common_bugs",
    "GaussNewton": "second_order.newton",
    "HeavyBall": "first_order.textbook",
    "InverseTime": "wrappers.schedules",
    "Kron": "first_order.kron",
    "LBFGS": "second_order.lbfgs",
    "LevenbergMarquardt": "second_order.levenberg_marquardt",
    "Linear": "wrappers.schedules",
    "Lion": "first_order.lion",
    "Lookahead": "wrappers.lookahead",
    "MARS": "first_order.mars",
    "MultiStep": "wrappers.schedules",
    "Muon": "first_order.muon",
    "NAdam": "first_order.nadam",
    "NelderMead": "derivative_free.nelder_mead",
    "Newton": "second_order.newton",
    "Noise": "wrappers.noise",
    "NorMuon": "first_order.normuon",
    "OneCycle": "wrappers.onecycle",
    "Optax": "adapters.optax_transform",
    "Optimizer": "base",
    "Plateau": "wrappers.plateau",
    "Polynomial": "wrappers.schedules",
    "Prodigy": "first_order.prodigy",
    "Projected": "wrappers.projected",
    "RAdam": "first_order.radam",
    "RMSprop": "first_order.rmsprop",
    "RMSpropInside": "first_order.textbook",
    "RandomSearch": "derivative_free.random_search",
    "Reset": "wrappers.reset",
    "Rprop": "first_order.rprop",
    "SAM": "wrappers.sam",
    "SGD": "first_order.sgd",
    "SOAP": "first_order.soap",
    "Schedule": "wrappers.torch_schedule",
    "ScheduleFreeAdamW": "first_order.schedulefree",
    "ScheduleFreeSGD": "first_order.schedulefree",
    "Scipy": "adapters.scipy_minimize",
    "Shampoo": "first_order.shampoo",
    "Sophia": "first_order.sophia",
    "Stale": "wrappers.common_bugs",
    "StepDecay": "wrappers.schedules",
    "Torch": "adapters.torch_optim",
    "TrustRegion": "second_order.trust_region",
    "UncorrectedAdam": "first_order.textbook",
    "UncorrectedAdamW": "first_order.textbook",
    "WarmRestarts": "wrappers.schedules",
    "WarmUp": "wrappers.schedules",
    "Wrapper": "wrappers.base",
    "Yogi": "first_order.yogi",
}
"""The module of each class."""

USUAL = ("Adagrad", "Adam", "RMSprop", "SGD")
"""The classes of an ordinary race."""


def load(name: str) -> Any:
    """Import the class of a name, and return it."""
    return getattr(import_module(f"landscapes.optimizers.{HOMES[name]}"), name)
