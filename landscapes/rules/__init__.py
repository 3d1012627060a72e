"""The optimizers: one class a rule, found by name in strings such as "adam(lr=0.05)"."""

from __future__ import annotations

from landscapes.rules.adadelta import Adadelta as Adadelta
from landscapes.rules.adagrad import Adagrad as Adagrad
from landscapes.rules.adam import Adam as Adam
from landscapes.rules.adam import AdamW as AdamW
from landscapes.rules.adamax import Adamax as Adamax
from landscapes.rules.asgd import ASGD as ASGD
from landscapes.rules.base import Rule as Rule
from landscapes.rules.firstorder import FirstOrder as FirstOrder
from landscapes.rules.foreign import Torch as Torch
from landscapes.rules.lion import Lion as Lion
from landscapes.rules.nadam import NAdam as NAdam
from landscapes.rules.parse import names as names
from landscapes.rules.parse import parse as parse
from landscapes.rules.radam import RAdam as RAdam
from landscapes.rules.rmsprop import RMSprop as RMSprop
from landscapes.rules.rprop import Rprop as Rprop
from landscapes.rules.sgd import SGD as SGD
from landscapes.rules.wrapper import Wrapper as Wrapper
