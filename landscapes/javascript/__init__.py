"""Functions and optimizers as JavaScript, with the numbers that torch gives, for pages without Python."""

from landscapes.javascript._adjustable import AdjustableScript as AdjustableScript
from landscapes.javascript._adjustable import emit_adjustable as emit_adjustable
from landscapes.javascript._functions import emit_function as emit_function
from landscapes.javascript._module import emit_module as emit_module
from landscapes.javascript._optimizers import OptimizerScript as OptimizerScript
from landscapes.javascript._optimizers import emit_optimizer as emit_optimizer
from landscapes.javascript._wrapped import unwrapped as unwrapped
from landscapes.javascript._wrapped import wrappers_library as wrappers_library
from landscapes.javascript.printing import Script as Script
from landscapes.javascript.printing import library as library
