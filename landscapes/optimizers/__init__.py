"""The optimizers, one class each; `parse` finds them by name in text such as "adam(lr=0.05)".

Classes are imported when they are first used (see `_homes`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landscapes.errors import no_attribute
from landscapes.optimizers._homes import HOMES as _HOMES
from landscapes.optimizers._homes import load as _load
from landscapes.optimizers._parse import named as named
from landscapes.optimizers._parse import names as names
from landscapes.optimizers._parse import parse as parse

if TYPE_CHECKING:
    from landscapes.optimizers.adapters.optax_transform import Optax as Optax
    from landscapes.optimizers.adapters.scipy_minimize import Scipy as Scipy
    from landscapes.optimizers.adapters.torch_optim import Torch as Torch
    from landscapes.optimizers.base import Optimizer as Optimizer
    from landscapes.optimizers.derivative_free.cmaes import CMAES as CMAES
    from landscapes.optimizers.derivative_free.compass_search import Compass as Compass
    from landscapes.optimizers.derivative_free.nelder_mead import NelderMead as NelderMead
    from landscapes.optimizers.derivative_free.random_search import RandomSearch as RandomSearch
    from landscapes.optimizers.derivative_free.simulated_annealing import Annealing as Annealing
    from landscapes.optimizers.first_order.adabelief import AdaBelief as AdaBelief
    from landscapes.optimizers.first_order.adadelta import Adadelta as Adadelta
    from landscapes.optimizers.first_order.adafactor import Adafactor as Adafactor
    from landscapes.optimizers.first_order.adagrad import Adagrad as Adagrad
    from landscapes.optimizers.first_order.adam import Adam as Adam
    from landscapes.optimizers.first_order.adam import AdamW as AdamW
    from landscapes.optimizers.first_order.adamax import Adamax as Adamax
    from landscapes.optimizers.first_order.adan import Adan as Adan
    from landscapes.optimizers.first_order.ademamix import AdEMAMix as AdEMAMix
    from landscapes.optimizers.first_order.adopt import ADOPT as ADOPT
    from landscapes.optimizers.first_order.asgd import ASGD as ASGD
    from landscapes.optimizers.first_order.base import FirstOrder as FirstOrder
    from landscapes.optimizers.first_order.cautious import CautiousAdamW as CautiousAdamW
    from landscapes.optimizers.first_order.cautious import CautiousLion as CautiousLion
    from landscapes.optimizers.first_order.kron import Kron as Kron
    from landscapes.optimizers.first_order.lion import Lion as Lion
    from landscapes.optimizers.first_order.mars import MARS as MARS
    from landscapes.optimizers.first_order.muon import Muon as Muon
    from landscapes.optimizers.first_order.nadam import NAdam as NAdam
    from landscapes.optimizers.first_order.normuon import NorMuon as NorMuon
    from landscapes.optimizers.first_order.prodigy import Prodigy as Prodigy
    from landscapes.optimizers.first_order.radam import RAdam as RAdam
    from landscapes.optimizers.first_order.rmsprop import RMSprop as RMSprop
    from landscapes.optimizers.first_order.rprop import Rprop as Rprop
    from landscapes.optimizers.first_order.schedulefree import ScheduleFreeAdamW as ScheduleFreeAdamW
    from landscapes.optimizers.first_order.schedulefree import ScheduleFreeSGD as ScheduleFreeSGD
    from landscapes.optimizers.first_order.sgd import SGD as SGD
    from landscapes.optimizers.first_order.shampoo import Shampoo as Shampoo
    from landscapes.optimizers.first_order.soap import SOAP as SOAP
    from landscapes.optimizers.first_order.sophia import Sophia as Sophia
    from landscapes.optimizers.first_order.textbook import AveragedMomentum as AveragedMomentum
    from landscapes.optimizers.first_order.textbook import HeavyBall as HeavyBall
    from landscapes.optimizers.first_order.textbook import RMSpropInside as RMSpropInside
    from landscapes.optimizers.first_order.textbook import UncorrectedAdam as UncorrectedAdam
    from landscapes.optimizers.first_order.textbook import UncorrectedAdamW as UncorrectedAdamW
    from landscapes.optimizers.first_order.yogi import Yogi as Yogi
    from landscapes.optimizers.second_order.conjugate_gradient import ConjugateGradient as ConjugateGradient
    from landscapes.optimizers.second_order.lbfgs import BFGS as BFGS
    from landscapes.optimizers.second_order.lbfgs import LBFGS as LBFGS
    from landscapes.optimizers.second_order.levenberg_marquardt import LevenbergMarquardt as LevenbergMarquardt
    from landscapes.optimizers.second_order.newton import GaussNewton as GaussNewton
    from landscapes.optimizers.second_order.newton import Newton as Newton
    from landscapes.optimizers.second_order.trust_region import TrustRegion as TrustRegion
    from landscapes.optimizers.wrappers.base import Wrapper as Wrapper
    from landscapes.optimizers.wrappers.clip import Clip as Clip
    from landscapes.optimizers.wrappers.common_bugs import ForgotZeroGrad as ForgotZeroGrad
    from landscapes.optimizers.wrappers.common_bugs import Stale as Stale
    from landscapes.optimizers.wrappers.lookahead import Lookahead as Lookahead
    from landscapes.optimizers.wrappers.noise import Noise as Noise
    from landscapes.optimizers.wrappers.onecycle import OneCycle as OneCycle
    from landscapes.optimizers.wrappers.plateau import Plateau as Plateau
    from landscapes.optimizers.wrappers.projected import Projected as Projected
    from landscapes.optimizers.wrappers.reset import Reset as Reset
    from landscapes.optimizers.wrappers.sam import SAM as SAM
    from landscapes.optimizers.wrappers.schedules import Constant as Constant
    from landscapes.optimizers.wrappers.schedules import Cosine as Cosine
    from landscapes.optimizers.wrappers.schedules import Exponential as Exponential
    from landscapes.optimizers.wrappers.schedules import InverseTime as InverseTime
    from landscapes.optimizers.wrappers.schedules import Linear as Linear
    from landscapes.optimizers.wrappers.schedules import MultiStep as MultiStep
    from landscapes.optimizers.wrappers.schedules import Polynomial as Polynomial
    from landscapes.optimizers.wrappers.schedules import StepDecay as StepDecay
    from landscapes.optimizers.wrappers.schedules import WarmRestarts as WarmRestarts
    from landscapes.optimizers.wrappers.schedules import WarmUp as WarmUp
    from landscapes.optimizers.wrappers.torch_schedule import Schedule as Schedule
    from landscapes.optimizers.wrappers.weight_decay import Decay as Decay
else:

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise no_attribute(__name__, name, __dir__())
        return globals().setdefault(name, _load(name))


def __dir__() -> list[str]:
    return sorted({*_HOMES, *(known for known in globals() if not known.startswith("_"))})
