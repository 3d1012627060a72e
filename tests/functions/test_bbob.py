"""The instances of BBOB: COCO's own values, what is drawn for each, and the two functions that are all waves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

from landscapes.errors import InputError
from landscapes.functions import get
from landscapes.functions.bbob import bbob
from landscapes.objectives import coco
from landscapes.objectives.derivatives import gradient

NUMBERS = range(1, 25)
ENTRIES = json.loads((Path(__file__).parents[1] / "data" / "bbob_instances.json").read_text(encoding="utf-8"))
"""One point of each function in 2, 3 and 10 dimensions, instances 2 to 5, from cocoex 2.8.2; some lie outside the box."""


@pytest.mark.parametrize("number", NUMBERS)
def test_instances_are_those_of_coco(number):
    entries = [entry for entry in ENTRIES if entry["number"] == number]
    assert len(entries) == 12
    for entry in entries:
        landscape = bbob(number, entry["dim"], entry["instance"])
        assert landscape.minimum == pytest.approx(entry["minimum"], rel=1e-12)
        value = float(landscape(entry["point"]))
        assert value == pytest.approx(entry["value"], rel=1e-9), entry


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("dim", "instance"), [(2, 2), (7, 1), (20, 3), (40, 71)])
def test_the_lowest_point_of_every_instance_is_known(number, dim, instance):
    landscape = bbob(number, dim, instance)
    (at,) = torch.tensor(landscape.minima, dtype=torch.float64)
    assert float(landscape(at)) == pytest.approx(landscape.minimum, rel=1e-12, abs=1e-10)
    way = torch.randn(200, dim, generator=torch.Generator().manual_seed(number)).double()
    around = at + torch.tensor([1e-6, 1e-3, 1.0])[:, None, None] * way
    assert (landscape(around.clamp(-5, 5)) >= landscape.minimum - 1e-11).all()


def test_one_instance_is_the_catalogues():
    assert all(bbob(number).minima == get(f"bbob_f{number}").minima for number in NUMBERS)
    assert get("bbob_rotated_ellipsoid") is get("BBOB 10: ellipsoid")


def test_an_instance_says_which_it_is():
    tenth = bbob(10, dim=3, instance=4)
    assert (tenth.name, tenth.title, tenth.dim) == ("bbob_f10_i4", "BBOB 10: ellipsoid, instance 4", 3)
    assert tenth.with_dim(5).minima == bbob(10, dim=5, instance=4).minima
    assert tenth.minima != bbob(10, dim=3).minima


def test_rotations_are_orthogonal_and_another_for_each():
    r, q = coco.rotation(10, 10003 + 1000000), coco.rotation(10, 10003)
    for matrix in (r, q):
        torch.testing.assert_close(matrix @ matrix.T, torch.eye(10, dtype=torch.float64), rtol=0, atol=1e-13)
    assert not torch.allclose(r, q)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((0, 2, 1), "BBOB has functions 1 to 24, not 0"),
        ((25, 2, 1), "BBOB has functions 1 to 24, not 25"),
        ((1, 2, 0), "an instance of BBOB is a whole number, at least 1, not 0"),
        ((1, 2, 1.0), "an instance of BBOB is a whole number, at least 1, not 1.0"),
        ((1, 1, 1), "takes this number of coordinates: any, at least 2, at most 40; not 1"),
        ((1, 41, 1), "takes this number of coordinates: any, at least 2, at most 40; not 41"),
    ],
)
def test_what_is_not_there_is_refused(asked, message):
    with pytest.raises(InputError, match=re.escape(message)):
        bbob(*asked)


@pytest.mark.parametrize(
    ("name", "length", "near"), [("bbob_f16", 1e-5, 1e-6), ("bbob_f23", 1e-9, 1e-3), ("weierstrass", 1e-9, 1e-3)]
)
def test_slopes_of_waves_within_waves_add_up_to_the_values(name, length, near):
    """Along short lines, finely cut, at which the shortest waves are long."""
    landscape = get(name)
    way = torch.tensor([0.6, -0.8], dtype=torch.float64)
    share = torch.linspace(0, 1, 40001, dtype=torch.float64)
    for start in ([0.3, 1.7], [-2.1, 3.3], [4.2, -0.4]):
        x = torch.tensor(start, dtype=torch.float64) + length * share[:, None] * way
        values, slopes = landscape(x), gradient(landscape, x) @ way * length
        climbed = torch.cumulative_trapezoid(slopes, share)
        rise = values[1:] - values[0]
        assert float((climbed - rise).abs().max()) < near * float(rise.abs().max())
