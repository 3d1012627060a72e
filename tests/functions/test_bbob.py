"""Instances of the BBOB functions: values of COCO, minima, and gradients of the Weierstrass series."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import pytest
import torch
from merged import merged

from landscapes.errors import InputError
from landscapes.functions import get
from landscapes.functions.bbob import bbob
from landscapes.objectives import coco
from landscapes.objectives.derivatives import gradient

NUMBERS = range(1, 25)
ENTRIES = json.loads((Path(__file__).parents[1] / "data" / "bbob_instances.json").read_text(encoding="utf-8"))
"""One point of each function in 2, 3 and 10 dimensions, instances 2 to 5, by cocoex 2.8.2; some are outside the box."""


@merged("number", NUMBERS)
def test_values_equal_those_of_coco(number):
    entries = [entry for entry in ENTRIES if entry["number"] == number]
    assert len(entries) == 12
    for entry in entries:
        f = bbob(number, entry["dim"], entry["instance"])
        assert f.minimum == pytest.approx(entry["minimum"], rel=1e-12)
        value = float(f(entry["point"]))
        assert value == pytest.approx(entry["value"], rel=1e-9), entry


@pytest.mark.parametrize(("dim", "instance"), [(2, 2), (7, 1), (20, 3), (40, 71)])
@merged("number", NUMBERS)
def test_the_minimizer_of_every_instance_is_known(number, dim, instance):
    f = bbob(number, dim, instance)
    (at,) = torch.tensor(f.minima, dtype=torch.float64)
    assert float(f(at)) == pytest.approx(f.minimum, rel=1e-12, abs=1e-10)
    direction = torch.randn(200, dim, generator=torch.Generator().manual_seed(number)).double()
    around = at + torch.tensor([1e-6, 1e-3, 1.0])[:, None, None] * direction
    assert (f(around.clamp(-5, 5)) >= f.minimum - 1e-11).all()


def test_instance_1_is_in_the_catalogue():
    assert all(bbob(number).minima == get(f"bbob_f{number}").minima for number in NUMBERS)
    assert get("bbob_rotated_ellipsoid") is get("BBOB 10: ellipsoid")


def test_names_and_titles_state_the_instance():
    tenth = bbob(10, dim=3, instance=4)
    assert (tenth.name, tenth.title, tenth.dim) == ("bbob_f10_i4", "BBOB 10: ellipsoid, instance 4", 3)
    assert tenth.with_dim(5).minima == bbob(10, dim=5, instance=4).minima
    assert tenth.minima != bbob(10, dim=3).minima


@pytest.mark.slow
def test_instances_can_be_loaded_in_a_new_process(python, tmp_path):
    file = tmp_path / "instance.pkl"
    file.write_bytes(pickle.dumps(bbob(17, dim=4, instance=3).with_dim(5)))
    done = python("-c", f"import pickle; f = pickle.load(open({str(file)!r}, 'rb')); print(f.name, f.dim, f.minimum)")
    assert done.stdout.split() == ["bbob_f17_i3", "5", str(bbob(17, dim=5, instance=3).minimum)], done.stderr


def test_rotations_are_orthogonal_and_different():
    r, q = coco.rotation(10, 10003 + 1000000), coco.rotation(10, 10003)
    for matrix in (r, q):
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(10, dtype=torch.float64), rtol=0, atol=1e-13)
    assert not torch.allclose(r, q)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 2, 1), "number must be one of the BBOB functions 1 to 24, got 0"),
        ((25, 2, 1), "number must be one of the BBOB functions 1 to 24, got 25"),
        ((1, 2, 0), "instance must be an integer >= 1, got 0"),
        ((1, 2, 1.0), "instance must be an integer >= 1, got 1.0"),
        ((1, 1, 1), "supports these numbers of coordinates: any, at least 2, at most 40; got 1"),
        ((1, 41, 1), "supports these numbers of coordinates: any, at least 2, at most 40; got 41"),
    ],
)
def test_unknown_numbers_and_instances_are_refused(arguments, message):
    with pytest.raises(InputError, match=re.escape(message)):
        bbob(*arguments)


@pytest.mark.parametrize(
    ("name", "length", "near"), [("bbob_f16", 1e-5, 1e-6), ("bbob_f23", 1e-9, 1e-3), ("weierstrass", 1e-9, 1e-3)]
)
def test_gradients_of_the_weierstrass_series_integrate_to_the_values(name, length, near):
    """Along lines so short that the shortest waves are resolved."""
    f = get(name)
    direction = torch.tensor([0.6, -0.8], dtype=torch.float64)
    share = torch.linspace(0, 1, 40001, dtype=torch.float64)
    for start in ([0.3, 1.7], [-2.1, 3.3], [4.2, -0.4]):
        x = torch.tensor(start, dtype=torch.float64) + length * share[:, None] * direction
        values, slopes = f(x), gradient(f, x) @ direction * length
        integral = torch.cumulative_trapezoid(slopes, share)
        rise = values[1:] - values[0]
        assert float((integral - rise).abs().max()) < near * float(rise.abs().max())
