"""Comparison with other packages: equal values for equal definitions, and a list of their errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from catalogue_peers import BBOB, HOMES, SAME, evaluate_peer, is_missing, peer_function
from numpy.typing import NDArray

from landscapes.functions import catalogue, get
from landscapes.functions.bbob import bbob
from landscapes.objectives.decorators import Function

pytestmark = pytest.mark.peers

Points = NDArray[np.float64]

PAIRS = [(name, peer, None) for name, peers in SAME.items() for peer in peers] + [
    (name, peer, 5)
    for name, peer in (
        ("ackley", "botorch:Ackley"),
        ("ackley", "pymoo:Ackley"),
        ("griewank", "botorch:Griewank"),
        ("levy", "botorch:Levy"),
        ("michalewicz", "botorch:Michalewicz"),
        ("rastrigin", "pymoo:Rastrigin"),
        ("rosenbrock", "botorch:Rosenbrock"),
        ("styblinski_tang", "botorch:StyblinskiTang"),
        ("zakharov", "pymoo:Zakharov"),
    )
]


def ours(name: str, x: Points) -> Points:
    return get(name, dim=x.shape[1])(torch.from_numpy(x)).numpy()


def points(name: str, dim: int | None = None) -> Points:
    return view_and_domain_points(get(name, dim=dim))


def view_and_domain_points(f: Function, count: int = 12) -> Points:
    """Return random points of the view and of the domain."""
    rng = np.random.default_rng(len(f.name))
    boxes = [np.array(box) for box in (f.view, f.domain)]
    low, high = np.repeat(boxes, count // 2, axis=0).transpose(2, 0, 1)
    x = low + (high - low) * rng.random(low.shape)
    return np.clip(x, *boxes[1].T)


def require(peer: str) -> None:
    if is_missing(peer):
        pytest.skip(f"{peer} is not installed: pip install 'torch-landscapes[peers]'")


@pytest.mark.parametrize(("name", "peer", "dim"), PAIRS)
def test_values_are_equal(name, peer, dim):
    require(peer)
    x = points(name, dim)
    expected = evaluate_peer(peer, x)
    np.testing.assert_allclose(ours(name, x), expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("package", BBOB)
@pytest.mark.parametrize("number", range(1, 25))
def test_bbob_instances_are_equal(number, package):
    """Inside and outside the box, and at the minimizer."""
    peer = f"{package}:{number}"
    require(peer)
    for dim in (2, 3, 10, 40):
        for instance in (1, 2, 5, 71):
            f = bbob(number, dim, instance)
            x = np.concatenate([view_and_domain_points(f, 4), 1.2 * view_and_domain_points(f, 4), f.minima])
            expected = evaluate_peer(peer, x, instance)
            given = f(torch.from_numpy(x)).numpy()
            np.testing.assert_allclose(given, expected, rtol=1e-9, atol=1e-11, err_msg=f"{dim=}, {instance=}")
            assert expected[-1] == pytest.approx(f.minimum, rel=1e-12, abs=1e-11)


def test_all_listed_functions_are_in_the_catalogue():
    assert set(SAME) <= set(catalogue())
    assert {peer.partition(":")[0] for peers in SAME.values() for peer in peers} == set(HOMES)


def test_all_listed_peers_exist():
    for peers in SAME.values():
        for peer in peers:
            if not is_missing(peer):
                assert peer_function(peer, 2) is not None


# Errors of other packages: the test computes what the peer does; it is skipped once the peer is corrected

EXACT = 418.982887272433706
ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = json.loads((ROOT / "tests" / "data" / "errors_elsewhere.json").read_text(encoding="utf-8"))
WHY = {entry["peer"]: entry["error"] for entry in ELSEWHERE if "peer" in entry}
"""What each of them does wrong; the pages of the catalogue say so as well."""

THEIRS: dict[str, tuple[str, Callable[[Points], Points]]] = {
    "benchmarkfcns:alpinen1": ("alpine_n1", lambda x: np.abs((x * np.sin(x) + 0.1 * x).sum(1))),
    "benchmarkfcns:cosinemixture": ("cosine_mixture", lambda x: ours("cosine_mixture", x) - 2 * (x * x).sum(1)),
    "opfunu:CosineMixture": ("cosine_mixture", lambda x: ours("cosine_mixture", x) - 2 * (x * x).sum(1)),
    "benchmarkfcns:schwefel": ("schwefel", lambda x: ours("schwefel", x) + (418.9829 - EXACT) * x.shape[1]),
    "pymoo:Schwefel": ("schwefel", lambda x: ours("schwefel", x) + (418.9829 - EXACT) * x.shape[1]),
    "opfunu:Keane": ("keane", lambda x: -ours("keane", x)),
    "opfunu:Mishra11": (
        "mishra_n11",
        lambda x: (np.abs(x).mean(1) - np.abs(x).prod(1) / x.shape[1]) ** 2,
    ),
    "opfunu:Leon": ("leon", lambda x: ours("rosenbrock", x)),
}
"""Our function, and the values of theirs."""


@pytest.mark.parametrize("peer", THEIRS)
def test_errors_of_other_packages(peer):
    require(peer)
    (name, theirs), why = THEIRS[peer], WHY[peer]
    x = points(name, 2)
    given = evaluate_peer(peer, x)
    if np.allclose(given, ours(name, x), rtol=1e-9, atol=1e-9):
        pytest.skip(f"{peer} is corrected (it was: {why}); move it to SAME")
    np.testing.assert_allclose(given, theirs(x), rtol=1e-9, atol=1e-9, err_msg=f"{peer} has another error than: {why}")


def test_opfunu_defines_the_limit_of_damavandi_wrongly():
    """The limit at (2, 2), where 0 is divided by 0, is the minimum, 0; opfunu gives 77."""
    require("opfunu:Damavandi")
    given = evaluate_peer("opfunu:Damavandi", np.array([[2.0, 2.0]]))[0]
    assert float(get("damavandi")([2.0, 2.0])) == 0.0
    if given == 0:
        pytest.skip("opfunu:Damavandi is corrected; remove this test")
    assert given == pytest.approx(77.0)


@pytest.mark.parametrize(("name", "dim"), [("hartmann_n3", 3), ("hartmann_n6", 6)])
def test_botorch_rounds_the_constants_of_hartmann(name, dim):
    """They are in single precision, 1.2 as 1.2000000477, and one lacks a digit: 0.0381 for 0.03815."""
    require("botorch:Hartmann")
    x = points(name)
    theirs = type(peer_function("botorch:Hartmann", dim))(dim=dim)
    given = theirs._evaluate_true(torch.from_numpy(x)).numpy()
    if np.allclose(given, ours(name, x), rtol=1e-9, atol=1e-12):
        pytest.skip(f"botorch:Hartmann is corrected in {dim} dimensions; move it to SAME")
    theirs.ALPHA, theirs.A = (numbers.double().round(decimals=2) for numbers in (theirs.ALPHA, theirs.A))
    if dim == 3:
        theirs.P[3, 0] = 381.5
    given = theirs._evaluate_true(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(given, ours(name, x), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("peer", "name"),
    [("opfunu:Branin02", "branin_n2"), ("opfunu:EggHolder", "eggholder"), ("opfunu:Michalewicz", "michalewicz")],
)
def test_wrong_minima_of_opfunu(peer, name):
    """Their minimizer or minimum is wrong: their own function is lower at our minimizer."""
    require(peer)
    theirs = peer_function(peer, 2)
    f = get(name, dim=2)
    at_theirs = float(theirs.evaluate(np.asarray(theirs.x_global, dtype=float)))
    if abs(theirs.f_global - f.minimum) < 1e-6 and abs(at_theirs - f.minimum) < 1e-6:
        pytest.skip(f"{peer} is corrected; remove it from this test")
    best = evaluate_peer(peer, np.array(f.minima))
    np.testing.assert_allclose(best, f.minimum, rtol=1e-9, atol=1e-9)
    assert best.min() < at_theirs - 1e-6 or abs(best.min() - theirs.f_global) > 1e-6


def test_botorch_refuses_points_outside_the_bounds():
    """A trajectory may leave the bounds; functions of the catalogue are defined there."""
    require("botorch:SixHumpCamel")
    outside = torch.tensor([[4.0, 0.0]], dtype=torch.float64)
    assert get("six_hump_camel")(outside).isfinite().all()
    try:
        peer_function("botorch:SixHumpCamel", 2)(outside)
    except ValueError:
        return
    pytest.skip("botorch evaluates points outside the bounds; remove this test")
