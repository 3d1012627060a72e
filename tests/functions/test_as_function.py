"""Functions and names of the catalogue as arguments."""

from __future__ import annotations

import pytest
from torch import nn

from landscapes.errors import InputError
from landscapes.functions import as_function, get
from landscapes.objectives.decorators import function


def test_a_function_is_returned_as_it_is_and_a_name_is_looked_up():
    made = function((-3, 3), (-3, 3))(lambda x, y: x * y)
    assert as_function(made) is made
    assert as_function("Camel-3") is get("three_hump_camel")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda x, y: x, r"has no bounds; decorate it: @function\(\(-3, 3\), \(-3, 3\)\), one \(low, high\) per"),
        (nn.Linear(2, 1), "has no bounds"),
        ("beal", "unknown function 'beal'. Did you mean beale?"),
        (3, r"a function must be a name of the catalogue or made with @landscapes.function\(.*\), got 3"),
        (None, "got None"),
    ],
)
def test_anything_else_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        as_function(given)
