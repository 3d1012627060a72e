"""The optimizers: one class a rule, found by name in strings such as "adam(lr=0.05)"."""

from __future__ import annotations

from landscapes.rules.adabelief import AdaBelief as AdaBelief
from landscapes.rules.adadelta import Adadelta as Adadelta
from landscapes.rules.adafactor import Adafactor as Adafactor
from landscapes.rules.adagrad import Adagrad as Adagrad
from landscapes.rules.adam import Adam as Adam
from landscapes.rules.adam import AdamW as AdamW
from landscapes.rules.adamax import Adamax as Adamax
from landscapes.rules.adan import Adan as Adan
from landscapes.rules.asgd import ASGD as ASGD
from landscapes.rules.base import Rule as Rule
from landscapes.rules.firstorder import FirstOrder as FirstOrder
from landscapes.rules.foreign import Torch as Torch
from landscapes.rules.lion import Lion as Lion
from landscapes.rules.muon import Muon as Muon
from landscapes.rules.nadam import NAdam as NAdam
from landscapes.rules.parse import names as names
from landscapes.rules.parse import parse as parse
from landscapes.rules.radam import RAdam as RAdam
from landscapes.rules.rmsprop import RMSprop as RMSprop
from landscapes.rules.rprop import Rprop as Rprop
from landscapes.rules.schedulefree import ScheduleFreeAdamW as ScheduleFreeAdamW
from landscapes.rules.schedulefree import ScheduleFreeSGD as ScheduleFreeSGD
from landscapes.rules.sgd import SGD as SGD
from landscapes.rules.sophia import Sophia as Sophia
from landscapes.rules.wrapper import Wrapper as Wrapper
from landscapes.rules.yogi import Yogi as Yogi
