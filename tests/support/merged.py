"""Checks of many cases in few tests: pytest spends more time on a test than such a check takes.

A merged test runs its check for every case, and fails with a list of all cases that failed. `--case TEXT` runs only the
cases whose name contains the text:

    pytest tests/functions --case rosenbrock
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
import torch

MOST = 100
"""How many cases a test has."""

SHOWN = 5
"""How many failures are shown with their tracebacks; the others are listed."""

Case = tuple[str, tuple[Any, ...]]


def merged(
    names: str | tuple[str, ...], values: Iterable[Any], ids: Callable[[Any], Any] | Sequence[Any] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Do what `pytest.mark.parametrize` does, with up to `MOST` cases in a test, which share their other fixtures.

    Cases may be marked as slow; these have tests of their own. Before each case torch is seeded.
    """
    parameters = (names,) if isinstance(names, str) else names
    groups: dict[bool, list[Case]] = {False: [], True: []}
    for place, value in enumerate(values):
        is_marked = isinstance(value, type(pytest.param()))
        given, marks, name = value if is_marked else (value, (), None)
        arguments = (given,) if len(parameters) == 1 and not is_marked else tuple(given)
        assert all(mark.name == "slow" for mark in marks), marks
        if ids and not callable(ids):
            name = str(ids[place])
        name = name or "-".join(
            str((callable(ids) and ids(part)) or _id(part) or f"{parameter}{place}")
            for parameter, part in zip(parameters, arguments, strict=True)
        )
        groups[bool(marks)].append((name, arguments))
    chunks = [
        pytest.param(part, id=f"{part[0][0]}..{part[-1][0]}", marks=[pytest.mark.slow] * slow)
        for slow, cases in groups.items()
        for part in (cases[i : i + MOST] for i in range(0, len(cases), MOST))
    ]

    def merge(check: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(check)
        def test(merged_cases: list[Case], request: pytest.FixtureRequest, **fixtures: Any) -> None:
            only = request.config.getoption("--case")
            chosen = [case for case in merged_cases if only is None or only in case[0]]
            request.node.user_properties.append(("cases", len(chosen)))
            shared = {name: fixtures[name] for name in fixtures if name in asked}
            run_all(check, parameters, chosen, request=request, **shared)

        others = [p for p in inspect.signature(check).parameters.values() if p.name not in parameters]
        asked = {parameter.name for parameter in others} - {"request"}
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        own = [inspect.Parameter(name, kind) for name in ("merged_cases", "request")]
        test.__signature__ = inspect.Signature([*own, *(p for p in others if p.name in asked)])  # type: ignore[attr-defined]
        return pytest.mark.parametrize("merged_cases", chunks)(test)

    return merge


def run_all(
    check: Callable[..., None],
    parameters: tuple[str, ...],
    cases: list[Case],
    request: pytest.FixtureRequest | None = None,
    **fixtures: Any,
) -> None:
    """Run a check for all cases; raise a group of those that failed, or skip if every case was skipped."""
    if "request" in inspect.signature(check).parameters:
        fixtures["request"] = request
    failed: dict[str, BaseException] = {}
    skipped: list[str] = []
    for name, arguments in cases:
        torch.default_generator.manual_seed(0)
        try:
            check(**dict(zip(parameters, arguments, strict=True)), **fixtures)
        except pytest.skip.Exception as reason:
            skipped.append(str(reason))
        except (Exception, pytest.fail.Exception) as error:
            error.add_note(f"in case {name}")
            failed[name] = error
    if failed:
        text = f"{len(failed)} of {len(cases)} cases failed: {', '.join(failed)}"
        raise BaseExceptionGroup(text, list(failed.values())[:SHOWN])
    if len(skipped) == len(cases):
        pytest.skip(skipped[0] if skipped else "no case of this name")


def _id(value: Any) -> str | None:
    """Return what pytest would name a case after, or None."""
    if isinstance(value, str):
        return value.encode("unicode_escape").decode("ascii")
    if value is None or isinstance(value, (int, float, bool)):
        return str(value)
    return getattr(value, "__name__", None)  # of a class or a function
