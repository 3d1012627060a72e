"""`project`: races in many coordinates, on a plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from landscapes import project, race
from landscapes.errors import InputError
from landscapes.functions import get
from landscapes.record import Record

FUNCTION = get("rosenbrock").with_dim(5)


@pytest.fixture(scope="module")
def record() -> Record:
    return race(FUNCTION, ["adam(lr=0.05)", "sgd(lr=0.0005)", "sgd(lr=10)"], steps=60)


def test_the_surface_is_the_function_in_the_plane(record: Record) -> None:
    flat = project(record, FUNCTION, resolution=9)
    plane = flat.meta["plane"]
    surface = flat.surface
    assert surface is not None
    arcs, origin = np.array(plane["directions"]), np.array(plane["origin"])
    np.testing.assert_allclose(arcs @ arcs.T, np.eye(2), atol=1e-12)
    points = origin + np.stack(np.meshgrid(surface.x, surface.y), -1) @ arcs
    np.testing.assert_allclose(surface.values, FUNCTION(torch.from_numpy(points)).numpy(), rtol=1e-10)


def test_points_are_projected_at_right_angles_and_values_stay_true(record: Record) -> None:
    flat = project(record, FUNCTION, resolution=9)
    arcs, origin = np.array(flat.meta["plane"]["directions"]), np.array(flat.meta["plane"]["origin"])
    off = record.trajectories.x[:2] - (origin + flat.trajectories.x[:2] @ arcs)
    np.testing.assert_allclose(off @ arcs.T, 0, atol=1e-10)
    np.testing.assert_array_equal(flat.trajectories.loss, record.trajectories.loss)
    np.testing.assert_allclose(flat.trajectories.x[record.order[0], -1], 0, atol=1e-12)


def test_no_two_directions_hold_more_of_the_movement_than_the_principal_ones(record: Record) -> None:
    best = project(record, FUNCTION, resolution=9).meta["plane"]["explained"]
    others = [project(record, FUNCTION, along=pair, resolution=9) for pair in ((0, 1), (1, 3), (4, 0))]
    assert all(other.meta["plane"]["explained"] <= best <= 1 for other in others)
    assert others[2].meta["plane"]["directions"] == [[0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]


def test_a_run_that_diverged_does_not_choose_the_plane(record: Record) -> None:
    assert record.trajectories.runs["status"][2] == "diverged"
    finite = race(FUNCTION, ["adam(lr=0.05)", "sgd(lr=0.0005)"], steps=60)
    one, two = (project(each, FUNCTION, resolution=9).meta["plane"]["directions"] for each in (record, finite))
    np.testing.assert_allclose(one, two, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda record: project("race", FUNCTION), "takes the Record of race"),
        (lambda record: project(race("beale", "sgd(lr=0.01)", steps=2), "beale"), "2 coordinates already"),
        (lambda record: project(record, "sphere"), "is of rosenbrock"),
        (lambda record: project(record, FUNCTION, along="tsne"), '"pca" or the numbers'),
        (lambda record: project(record, FUNCTION, along=(0, 7)), "from 0 to 4"),
        (lambda record: project(record, FUNCTION, along=(1, 1)), "two different coordinates"),
    ],
)
def test_bad_input_is_refused(record: Record, call: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call(record)
