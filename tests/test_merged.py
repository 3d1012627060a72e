"""Merged tests: every case runs, and all failures are reported."""

from __future__ import annotations

import pytest
from merged import merged, run_all


def check(x: int) -> None:
    if x == 3:
        pytest.fail("no three")
    if x == 4:
        pytest.skip("no four")
    assert x != 2


def run(*numbers: int) -> None:
    run_all(check, ("x",), [(f"case {x}", (x,)) for x in numbers])


def test_all_failures_are_reported():
    with pytest.raises(BaseExceptionGroup, match="2 of 5 cases failed: case 2, case 3") as caught:
        run(1, 2, 3, 4, 5)
    assert [error.__notes__ for error in caught.value.exceptions] == [["in case case 2"], ["in case case 3"]]
    run(1, 4, 5)
    with pytest.raises(pytest.skip.Exception, match="no four"):
        run(4)


def test_slow_cases_have_tests_of_their_own():
    values = [*range(150), pytest.param(200, marks=pytest.mark.slow, id="large")]
    (mark,) = merged("x", values)(check).pytestmark
    assert [chunk.id for chunk in mark.args[1]] == ["0..99", "100..149", "large..large"]
    assert [len(chunk.marks) for chunk in mark.args[1]] == [0, 0, 1]
