"""Functions with huge, tiny, equal, missing and infinite values, and views far from zero, in every plot."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from landscapes import basins, function, functions, race, render, sweep
from landscapes.errors import InputError
from landscapes.experiments.criterion import by_setting
from landscapes.record import Record
from landscapes.views import around, check_view, too_narrow

SMALL = (3.2, 2.4)
METRICS = ["gradient_norm", "momentum", "second_moment"]


def made(formula: Any, middle: float = 0.0, half: float = 2.9, **facts: Any) -> Any:
    formula.__name__ = "extreme"
    box = (middle - half, middle + half)
    start = (middle + 0.86 * half, middle + 0.86 * half)
    return function(box, box, start=start, **facts)(formula)


CASES: dict[str, tuple[Any, float]] = {
    "huge": (made(lambda x, y: 1e307 * (x * x + y * y)), 1e-308),
    "huge saddle": (made(lambda x, y: 1e307 * (x * x - y * y)), 1e-309),
    "tiny": (made(lambda x, y: 1e-300 * (x * x + y * y)), 1e299),
    "constant": (made(lambda x, y: x * 0 + 3.0), 0.1),
    "half missing": (made(lambda x, y: torch.where(x < -0.5, torch.full_like(x, torch.nan), x * x + y * y)), 0.1),
    "pole": (made(lambda x, y: 1 / ((x - 0.3) ** 2 + (y - 0.3) ** 2)), 1e-3),
    "minus infinity": (made(lambda x, y: torch.log(x * x + y * y)), 0.3),
    "far": (made(lambda x, y: (x - 1e9) ** 2 + (y - 1e9) ** 2, 1e9, 1e-3), 0.1),
}
"""Functions, and a learning rate that fits the slopes of each."""

PLOTS: dict[str, Any] = {
    "figure": lambda record: render.figure(
        record, figsize=(8.4, 3.6), dpi=40, inset=bool(len(record.surface.minima)), labels="direct"
    ),
    "gradient_field": lambda record: render.gradient_field(record, axes(), count=5),
    "loss": lambda record: render.history(record, "loss", axes()),
    "gradient_norm": lambda record: render.history(record, "gradient_norm", axes()),
    "step_length": lambda record: render.history(record, "step_length", axes()),
    "optimizer_state": lambda record: render.optimizer_state(record, render.trajectories(record, axes())),
    "figure_3d": lambda record: render.figure_3d(record, figsize=SMALL, camera=render.Camera()),
    "surface_3d": lambda record: render.surface_3d(
        record, Figure(SMALL).add_subplot(projection="3d", proj_type="ortho", elev=31)
    ),
    "explain_step": lambda record: render.explain_step(record, 1, run="Adam"),
}


def axes() -> Axes:
    return Figure(figsize=SMALL, dpi=50).subplots()


def drawn(picture: Any) -> Any:
    """Draw a figure or axes completely, and return it."""
    page = picture if isinstance(picture, Figure) else picture.get_figure(root=True)
    FigureCanvasAgg(page).draw()
    return picture


@pytest.mark.parametrize("name", CASES)
@pytest.mark.sample(1)
@pytest.mark.thin(1)
def test_every_plot_draws_it_without_a_warning(name, tmp_path):
    extreme, lr = CASES[name]
    optimizers = [f"sgd(lr={lr})", f"momentum(lr={lr})", "adam(lr=0.01)"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = race(extreme, optimizers, steps=8, metrics=METRICS, resolution=33)
        for plot in PLOTS.values():
            drawn(plot(record))
        render.save(record, tmp_path / "race.html")
        assert render.caption(record)
        assert render.table(record)
        if name == "far":
            return  # one view is enough
        rates = [lr / 10, lr / 3, lr]
        drawn(render.figure(sweep(extreme, ["sgd"], lr=rates, steps=4, starts=2), figsize=SMALL))
        drawn(render.figure(basins(extreme, f"sgd(lr={lr})", steps=4, resolution=5), figsize=SMALL))
        quantiles = render.loss_quantiles(sweep(extreme, [f"sgd(lr={lr})"], starts=4, steps=4, record_steps=1), axes())
        drawn(quantiles)


def raced(name: str) -> Record:
    extreme, lr = CASES[name]
    return race(extreme, [f"sgd(lr={lr})"], steps=8, resolution=33, metrics=["gradient_norm"])


@pytest.mark.slow
def test_the_losses_of_extreme_values_lie_within_the_axes():
    for name in ("huge", "tiny", "constant"):
        record = raced(name)
        for ax in (render.loss_curves(record, axes()), render.history(record, "loss", axes())):
            drawn(ax)
            low, high = ax.get_ylim()
            (curve,) = (line for line in ax.lines if line.get_label() == "SGD")
            values = np.asarray(curve.get_ydata())
            assert np.isfinite(values).all()
            assert low <= values.min() <= values.max() <= high
            shown = ax.transData.transform(np.column_stack([np.zeros(len(values)), values]))[:, 1]
            assert np.ptp(shown) > 10 or name == "constant"


def test_arrows_do_not_depend_on_the_unit_of_the_values():
    unit, huge, tiny = (
        render.gradient_field(made(lambda x, y, scale=scale: scale * (x * x + y * y)).surface(33), axes(), count=5)
        for scale in (1.0, 2.0**1020, 2.0**-1000)
    )
    arrows = [np.column_stack([ax.collections[0].U, ax.collections[0].V]) for ax in (unit, huge, tiny)]  # type: ignore[attr-defined]
    np.testing.assert_allclose(arrows[1], arrows[0], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(arrows[2], arrows[0], rtol=1e-12, atol=1e-15)


def test_means_over_starts_of_huge_losses_are_finite():
    assert by_setting(np.array([1.6e308, 1.6e308, 1.0, 3.0]), 2).tolist() == [1.6e308, 2.0]
    assert by_setting(np.array([np.inf, 1.0]), 1).tolist() == [np.inf]


def test_boxes_with_too_few_numbers_of_float64_are_refused():
    words = r"too narrow for float64: numbers there are .*0\.00012 apart"
    with pytest.raises(InputError, match=words):
        made(lambda x, y: x + y, 1e12, 1e-3)
    with pytest.raises(InputError, match=words):
        check_view([(1e12, 1e12 + 1e-3), (0, 1)])
    with pytest.raises(InputError, match=words):
        race("booth", ["sgd(lr=0.1)"], steps=2, view=[(1e12, 1e12 + 1e-3), (0, 1)])
    standing = np.array([[1e12, 1e12], [0.0, 0.0]])
    assert not too_narrow(around(standing, np.ones(2))).any()
    assert not too_narrow(np.array(functions.get("booth").view)).any()


def test_a_surface_without_a_finite_value_says_so():
    record = race(CASES["constant"][0], ["sgd"], steps=3)
    record = replace(record, surface=replace(record.surface, values=np.full_like(record.surface.values, np.nan)))
    threed = Figure(SMALL).add_subplot(projection="3d", proj_type="ortho")
    for ax in (
        render.figure(record, figsize=SMALL).axes[0],
        render.figure_3d(record, figsize=SMALL).axes[0],
        render.surface_3d(record, threed),
    ):
        assert "no value of the surface is finite" in [text.get_text() for text in ax.texts]


def test_runs_that_rest_on_a_constant_surface_keep_its_limits():
    """Without level lines matplotlib sees no data on the axes; the limits were 1e-9 around the start."""
    flat, rate = CASES["constant"]
    race_on_it = race(flat, [f"sgd(lr={rate})", f"adam(lr={rate})"], steps=4, resolution=9)
    ax = render.figure(race_on_it, theme="dark", figsize=SMALL).axes[0]
    assert ax.get_xlim() == ax.get_ylim() == (-2.9, 2.9)
    low, high = render.trajectories(race_on_it, Figure().subplots()).get_xlim()
    assert high - low > 0.05  # without the surface
