"""Views of a race: they change the recorded surface, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from landscapes import InputError, Record, functions, race
from landscapes.cli import main


@pytest.mark.parametrize("view", ["domain", "race", ((-1, 2), (0.5, 3))])
def test_the_surface_of_another_view_is_recorded_and_the_race_stays_the_same(view):
    plain, other = (race("beale", ["sgd(lr=0.01)", "adam(lr=0.1)"], steps=30, view=v) for v in (None, view))
    assert plain.trajectories.x.tolist() == other.trajectories.x.tolist()
    assert plain.trajectories.runs["status"].tolist() == other.trajectories.runs["status"].tolist()
    assert plain.meta == other.meta
    surface = other.surface
    assert surface is not None
    box = ((surface.x[0], surface.x[-1]), (surface.y[0], surface.y[-1]))
    if view == "domain":
        assert box == functions.get("beale").domain == tuple(map(tuple, other.meta["domain"]))
    elif view == "race":
        points = other.trajectories.x.reshape(-1, 2)
        low, high = np.array(box).T
        assert (points > low).all()
        assert (points < high).all()
        assert np.ptp(box, axis=1).max() < 2.5 * np.ptp(points, axis=0).max()
    else:
        assert box == view
    assert surface.values[3, 5] == float(functions.get("beale")((surface.x[5], surface.y[3])))


def test_a_start_out_of_a_chosen_view_needs_no_word():
    surface = race("beale", ["sgd(lr=0.001)"], start=(4.4, 4.4), steps=3, view="domain").surface
    assert surface is not None
    assert surface.y[-1] == 4.5


@pytest.mark.parametrize("view", ["view", ((1, 0), (0, 1)), ((0, 1),), 5])
def test_a_view_that_is_none_is_refused(view):
    with pytest.raises(InputError, match="view"):
        race("beale", ["sgd(lr=0.01)"], steps=3, view=view)


@pytest.mark.slow
def test_the_command_line_records_the_view_that_it_shows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["race", "beale", "--optimizer", "sgd(lr=0.01)", "--steps", "9", "--view", "domain"]
    assert main.main([*words, "--record", "a.npz", "-o", "a.png"]) == 0
    surface = Record.load("a.npz").surface
    assert surface is not None
    assert (surface.x[0], surface.x[-1]) == (-4.5, 4.5)
    assert main.main(["replay", "a.npz", "--view", "domain", "-o", "b.png"]) == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    capsys.readouterr()
