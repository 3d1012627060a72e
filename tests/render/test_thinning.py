"""Pictures of very many points: thinned by pixels, without a visible change."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from render_pixels import full_draw
from render_records import arc, record

from landscapes import optimizers, race, render
from landscapes.render.artists.legend import fit_legend, legend_entries
from landscapes.render.artists.text_fit import Ruler
from landscapes.render.artists.trails import Trail
from landscapes.render.plots import _loss_curves, _trajectories
from landscapes.render.plots._label_runs import RunLabels
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.theme import THEMES


@pytest.fixture(scope="module")
def ringing():
    """Runs that converge, ring and leave the view, with 12,000 points."""
    runs = [optimizers.SGD(lr=lr, momentum=beta) for lr, beta in ((1e-4, 0.9), (1.5e-3, 0), (4e-4, 0.98), (3e-3, 0.99))]
    return race("rosenbrock", [optimizers.Adam(lr=0.1), *runs], steps=2400)


def pictures(monkeypatch, record, draw):
    """Return the points and the pixels of a picture, with all points and thinned."""
    made = []
    for many in (10**9, 1):
        for module in (_trajectories, _loss_curves):
            monkeypatch.setattr(module, "MANY", many)
        figure = draw(record)
        lines = figure.findobj(Trail) + figure.findobj(Curve)
        picture = full_draw(figure).astype(float)
        made.append((sum(len(line.polyline.kept) for line in lines if line.polyline.count > 1), picture))
    return made


@pytest.mark.slow
def test_a_thinned_picture_looks_the_same(monkeypatch, ringing):
    (many, whole), (few, thin) = pictures(monkeypatch, ringing, lambda record: render.figure(record, step=777))
    assert few < 0.4 * many
    assert 10 * np.log10(255**2 / ((whole - thin) ** 2).mean()) > 45


def test_ends_are_exact_and_ordinary_races_are_not_thinned(monkeypatch, ringing):
    for many in (10**9, 1):
        monkeypatch.setattr(_trajectories, "MANY", many)
        trails = render.trajectories(ringing, Figure().subplots(), step=2400).findobj(Trail)
        for trail, x in zip(trails, ringing.trajectories.x, strict=True):
            shown = trail.polyline.data
            np.testing.assert_array_equal(shown[[0, -1]], x[[0, -1]])
            assert len(shown) == 2401 if many > 1 else len(shown) < 2401


@pytest.mark.slow
def test_many_runs_have_few_labels_and_no_gaps():
    made = record([arc(12, 0.01 * run) for run in range(120)])
    ax = render.label_runs(made, render.trajectories(made, Figure().subplots()))
    assert not any(depth for trail in ax.findobj(Trail) for *_, depth in trail.parts)
    (labels,) = ax.findobj(RunLabels)
    assert len(labels.places(1.0)) <= 60
    shown = fit_legend(legend_entries(made, THEMES["light"]), 300, 100, Ruler(100), THEMES["light"]).entries
    assert shown[-1].name == f"+ {120 - len(shown) + 1} more"


def test_a_trail_that_ends_in_a_cycle_looks_as_if_it_took_it_once():
    theme = THEMES["light"] | {"fade": 0.0, "taper": 0.0}
    approach, cycle = arc(200), np.array([(0.4, 0.9), (-0.3, -0.9), (0.8, -0.2)])
    pictures, counts = [], []
    for rounds in (1000, 2):
        ax = Figure().subplots()
        made = record([np.concatenate([approach, np.tile(cycle, (rounds, 1))])])
        (trail,) = render.trajectories(made, ax, theme=theme).findobj(Trail)
        pictures.append(full_draw(ax.figure).astype(int))
        counts.append(sum(len(mark.path.vertices) for mark in trail.marks(FigureCanvasAgg(ax.figure).get_renderer())))
    assert np.abs(pictures[0] - pictures[1]).max() <= 2
    assert counts[0] < counts[1] + 10
