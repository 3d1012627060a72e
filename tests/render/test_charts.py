"""Pictures of jobs of very many runs, from records made by hand."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from render_pixels import sized
from render_records import converging
from thinned import FEW_THEMES

from landscapes.errors import InputError
from landscapes.record import Record, Surface, Trajectories
from landscapes.render import THEMES, animate, basins, caption, figure, heatmap, performance_profile, save, sensitivity
from landscapes.render.plots._basins import basin_colors, basin_shares
from landscapes.render.plots._ensemble import RunPoints
from landscapes.render.plots._heatmap import _number, cell_edges
from landscapes.render.plots._loss_curves import Curve
from landscapes.render.plots.run_table import grid_values

LR = [1e-3, 1e-2, 1e-1, 1.0]
BETA = [0.0, 0.5, 0.9]


def sweep_record(gap: Callable[[float, float, int], float], optimizers: tuple[str, ...] = ("Adam",)) -> Record:
    """A sweep over lr × beta1 × three starts, with a final gap each; NaN for a run that failed."""
    cells = list(product(optimizers, LR, BETA, range(3)))
    final = np.array([gap(lr, beta, start) for _, lr, beta, start in cells])
    failed = np.isnan(final)
    runs = {
        "label": np.array([name for name, *_ in cells]),
        "lr": np.array([lr for _, lr, *_ in cells]),
        "beta1": np.array([beta for *_, beta, _ in cells]),
        "status": np.where(failed, "diverged", "max_steps"),
        "final": np.where(failed, 1e9, final),
        "reached": np.where(final < 1e-3, np.rint(0.01 / np.fmax(final, 1e-4)), -1).astype(int),
    }
    value = np.column_stack([np.full(len(cells), 10.0), runs["final"]])
    axes: dict[str, list[Any]] = {"lr": LR, "beta1": BETA, "start": [0, 1, 2]}
    if len(optimizers) > 1:
        axes = {"optimizer": list(optimizers), **axes}
    meta = {"experiment": "sweep", "title": "Bowl", "minimum": 0.0, "target": 1e-3, "axes": axes, "steps": 100}
    paths = np.zeros((len(cells), 2, 2))
    return Record(Trajectories(paths, value, np.array([0, 100]), runs), None, meta)


def valley(lr: float, beta: float, start: int) -> float:
    return float("nan") if lr == 1.0 else 1e-6 * (1 + start) * (1 + abs(np.log10(lr) + 2)) * (1 + abs(beta - 0.5))


def repeats(dim: int, steps: int) -> Record:
    """Three runs each of two optimizers, from three starts."""
    labels, final = np.repeat(["SGD", "Adam"], 3), np.ones(6)
    never, status = np.full(6, -1), np.array(["max_steps"] * 6)
    runs = {"label": labels, "status": status, "final": final, "stopped": never, "reached": never}
    axes = {"optimizer": ["SGD", "Adam"], "start": [0, 1, 2]}
    meta = {"experiment": "sweep", "title": "Bowl", "minimum": 0.0, "axes": axes, "steps": 4}
    paths = Trajectories(np.ones((6, steps, dim)), np.ones((6, steps)), np.linspace(0, 4, steps).astype(int), runs)
    return Record(paths, None, meta)


def map_record() -> Record:
    """A map of 6 × 4 starts: two minima, one column that diverges, one pixel that does not arrive."""
    minimum = np.tile(np.array([0, 0, 0, 1, 1, -1]), (4, 1))
    arrived = np.where(minimum >= 0, np.arange(24).reshape(4, 6), -1)
    arrived[0, 0] = minimum[0, 0] = -1
    status = np.where(minimum >= 0, "converged", "max_steps")
    status[:, 5] = "diverged"
    runs = {"basin": minimum.ravel(), "arrived": arrived.ravel(), "status": status.ravel()}
    axis = np.linspace(-2, 2, 9)
    surface = Surface(axis, axis, np.add.outer(axis**2, axis**2), np.zeros((1, 2)), 0.0, "log")
    meta = {
        "experiment": "basins",
        "title": "Two wells",
        "label": "SGD",
        "steps": 30,
        "minimum": 0.0,
        "box": [[-2, 2], [-2, 2]],
        "minima": [[-1.0, 0.0], [1.0, 0.0]],
        "axes": {"y": [0, 1, 2, 3], "x": [0, 1, 2, 3, 4, 5]},
    }
    return Record(Trajectories(np.zeros((24, 2, 2)), np.zeros((24, 2)), np.array([0, 30]), runs), surface, meta)


def comparison(evaluations: NDArray[np.int64]) -> Record:
    """Build a comparison; evaluations have shape (functions, optimizers, starts, targets), and f1 has d = 4."""
    functions, solvers, starts, targets = evaluations.shape
    runs = {
        "status": np.array(["max_steps"] * (functions * solvers * starts)),
        "evaluations_to": evaluations.reshape(-1, targets),
        "evaluations": np.full(functions * solvers * starts, 99),
    }
    names = ["SGD", "Adam", "L-BFGS"][:solvers]
    meta = {
        "experiment": "compare",
        "functions": {f"f{i}": {"title": f"F{i}", "dim": 2 + 2 * i} for i in range(functions)},
        "axes": {
            "function": [f"f{i}" for i in range(functions)],
            "optimizer": names,
            "start": list(range(starts)),
            "seed": [0],
        },
        "tolerances": [10.0**-k for k in range(1, targets + 1)],
        "steps": 9,
        "complete": True,
    }
    count = functions * solvers * starts
    return Record(Trajectories(np.zeros((count, 2, 4)), np.zeros((count, 2)), np.array([0, 9]), runs), None, meta)


def axes() -> Axes:
    return Figure(figsize=(5, 4)).add_subplot()


def test_a_table_has_the_median_over_starts_and_the_best_over_what_is_not_shown() -> None:
    record = sweep_record(valley)
    both = grid_values(record, "gap", ["beta1", "lr"])
    assert both.values.shape == (3, 4)
    assert both.values[1, 1] == pytest.approx(2e-6)  # the second of three starts
    assert np.isnan(both.values[:, 3]).all()
    assert both.best == (1, 1)
    assert both.edges == []
    alone = grid_values(record, "gap", ["lr"])
    np.testing.assert_allclose(alone.values[:3], both.values[1, :3])


def test_the_edge_of_the_grid_is_reported() -> None:
    record = sweep_record(lambda lr, beta, start: lr * (1 + beta))
    assert grid_values(record, "gap", ["lr", "beta1"]).edges == ["lr", "beta1"]
    ax = heatmap(record, axes())
    assert r"learning rate and $\beta_1$ at the edge of the grid" in ax.get_title(loc="left")


def test_a_setting_fails_where_most_of_its_runs_do() -> None:
    one = sweep_record(lambda lr, beta, start: float("nan") if start == 0 else 1.0)
    two = sweep_record(lambda lr, beta, start: float("nan") if start < 2 else 1.0)
    assert np.isfinite(grid_values(one, "gap", ["lr"]).values).all()
    assert np.isnan(grid_values(two, "gap", ["lr"]).values).all()


@pytest.mark.parametrize("measure", ["gap", "final", "steps", "success"])
@pytest.mark.parametrize("theme", FEW_THEMES)
def test_a_heatmap_marks_the_best_setting(measure: str, theme: str) -> None:
    record = sweep_record(valley)
    ax = heatmap(record, axes(), measure=measure, theme=theme)
    row, column = grid_values(record, measure, ["lr", "beta1"]).best
    rings = [line for line in ax.lines if line.get_marker() == "o"]
    assert rings
    assert all(line.get_xydata().tolist() == [[column + 0.5, row + 0.5]] for line in rings)  # type: ignore[union-attr]


def test_a_response_has_a_line_an_optimizer_that_ends_where_runs_fail() -> None:
    record = sweep_record(valley, ("SGD", "Adam"))
    ax = sensitivity(record, axes(), along="lr")
    lines = {line.get_label(): line for line in ax.lines if not str(line.get_label()).startswith("_")}
    assert set(lines) == {"SGD", "Adam"}
    y = np.asarray(lines["Adam"].get_ydata(), float)
    assert np.isnan(y[3])
    np.testing.assert_allclose(y[:3], grid_values(record, "gap", ["optimizer", "lr"]).values[1, :3])
    assert [line.get_label() for line in ax.lines].count("_end") == 2
    assert ax.get_xscale() == "log"
    assert sensitivity(record, axes(), along="beta1").get_xscale() == "linear"


def test_a_picture_says_over_which_settings_it_shows_the_best() -> None:
    record = sweep_record(valley, ("SGD", "Adam"))
    line = sensitivity(record, axes(), along="lr")
    assert line.get_title(loc="left") == r"best over $\beta_1$"
    ax = heatmap(record, axes(), along=["optimizer", "lr"])
    assert ax.get_title(loc="left").endswith(r"; best over $\beta_1$")
    assert "best over" not in heatmap(record.sel(optimizer="Adam"), axes(), along=["lr", "beta1"]).get_title(loc="left")
    made = figure(record, along="lr")
    assert r"best over $\beta_1$" in made.axes[0].get_title(loc="left")


def test_the_success_rate_on_a_line_is_the_best_over_the_other_settings() -> None:
    """Of two values of beta1, one always reaches the target and one never."""
    record = sweep_record(lambda lr, beta, start: 0.0 if beta == BETA[0] else 1.0)
    ax = sensitivity(record, axes(), along="lr", measure="success")
    assert np.asarray(ax.lines[0].get_ydata()).tolist() == [1.0] * len(LR)


def test_a_map_of_basins_states_minima_apart_and_what_fails() -> None:
    record = map_record()
    light = THEMES["light"]
    picture = basin_colors(record, light)
    assert picture.shape == (4, 6, 3)
    late, early = picture[3, 2], picture[0, 1]
    assert late.sum() < early.sum()  # the later, the stronger
    assert np.abs(picture[2, 1] - picture[2, 3]).max() > 0.1
    assert np.ptp(picture[1, 5]) < 0.1 > np.ptp(picture[0, 0])  # gray
    assert picture[1, 5].sum() < picture[0, 0].sum()
    assert sum(share for *_, share in basin_shares(record)) == pytest.approx(1.0)
    ax = basins(record, axes())
    assert ax.get_xlim() == (-2, 2)
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[-1.0, 0.0]], [[1.0, 0.0]]]  # type: ignore[union-attr]


@pytest.mark.slow
def test_minima_without_room_in_the_legend_are_counted_and_rounding_is_no_coordinate() -> None:
    record = map_record()
    many = np.arange(24) % 23
    minima = [[-1.0, 2.43e-16], *([1.0, 0.1 * k] for k in range(1, 23))]
    record.trajectories.runs.update(basin=many, arrived=many, status=np.array(["converged"] * 23 + ["diverged"]))
    made = figure(replace(record, meta={**record.meta, "minima": minima}), **sized(480, 270))
    texts = [text.get_text() for text in made.legends[0].get_texts()]
    assert texts[0].startswith("(−1, 0) ")
    assert re.fullmatch(rf"\+ {23 - len(texts[:-2])} more  \d+\.\d %", texts[-2])
    assert texts[-1].startswith("diverged")
    assert sum(float(text.split()[-2]) for text in texts) == pytest.approx(100, abs=0.5)


CHARTS = {
    "one": lambda: sweep_record(valley),
    "two": lambda: sweep_record(valley, ("SGD", "Adam")),
    "map": map_record,
    "comparison": lambda: comparison(np.ones((2, 2, 3, 2), int)),
}


@pytest.mark.parametrize(("kind", "theme"), list(zip(CHARTS, cycle(FEW_THEMES), strict=False)))
@pytest.mark.thin(1)
@pytest.mark.sample(2)
def test_a_chart_is_saved_with_the_same_bytes(tmp_path: Path, kind: str, theme: str) -> None:
    record = CHARTS[kind]()
    one, two = (save(record, tmp_path / name, theme=theme, **sized(480, 320)) for name in ("a.png", "b.png"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.slow
def test_one_hyper_parameter_makes_lines_and_two_make_maps() -> None:
    record = sweep_record(valley)
    assert figure(record, along=["lr"]).axes[0].get_ylabel() == "final gap to the minimum"
    assert figure(record).axes[0].get_ylabel() == "learning rate"


@pytest.mark.parametrize("kind", ["performance", "ecdf", "data"])
def test_profiles_are_flat_where_no_target_is_reached(kind: str) -> None:
    ax = performance_profile(comparison(np.full((1, 2, 2, 3), -1)), axes(), kind=kind)
    assert all(not np.asarray(line.get_ydata(), float).any() for line in ax.lines)
    assert np.isfinite(ax.get_xlim()).all()


def test_masked_evaluations_count_as_never() -> None:
    record = comparison(np.array([[[[5]], [[7]]]]))
    masked = np.ma.array(record.trajectories.runs["evaluations_to"], mask=[[False], [True]])
    runs = {**record.trajectories.runs, "evaluations_to": masked}
    hidden = replace(record, trajectories=replace(record.trajectories, runs=runs))
    ax = performance_profile(hidden, axes(), kind="ecdf")
    assert [np.asarray(line.get_ydata(), float)[-1] for line in ax.lines] == [1.0, 0.0]


def test_profiles_rise_where_problems_are_solved() -> None:
    never = -1
    evaluations = np.array([[[[5, 10]], [[10, 20]]], [[[8, never]], [[4, 8]]]])
    record = comparison(evaluations)
    ax = performance_profile(record, axes(), kind="performance")
    sgd, adam = (np.asarray(line.get_ydata(), float) for line in ax.lines)
    assert (sgd[0], sgd[-1], adam[0], adam[-1]) == (0.5, 0.5, 0.5, 1.0)
    ax = performance_profile(record, axes(), kind="performance", tolerance=0.1)
    assert [np.asarray(line.get_ydata(), float)[-1] for line in ax.lines] == [1.0, 1.0]
    ax = performance_profile(record, axes(), kind="ecdf")
    x, y = (np.asarray(part, float) for part in ax.lines[0].get_data())
    assert y[-1] == 0.75
    assert (np.diff(y) >= 0).all()
    assert y[np.searchsorted(x, 2.1)] == 0.25  # 8 evaluations in four coordinates come first
    assert [line.get_label() for line in ax.lines] == ["SGD", "Adam"]
    assert len(performance_profile(record, axes(), kind="data").lines) == 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: heatmap(map_record(), axes()), "sweep"),
        (lambda: heatmap(sweep_record(valley), axes(), measure="speed"), "unknown measure 'speed'"),
        (lambda: heatmap(sweep_record(valley), axes(), along=["lr"]), "needs 2 hyper-parameters"),
        (lambda: heatmap(sweep_record(valley), axes(), along=["lr", "rho"]), "axis of this record"),
        (lambda: performance_profile(map_record(), axes()), "as returned by compare"),
        (lambda: performance_profile(comparison(np.ones((1, 2, 1, 2), int)), axes(), kind="rank"), "kind of profile"),
        (
            lambda: performance_profile(comparison(np.ones((1, 2, 1, 2), int)), axes(), kind="data", cost="steps"),
            "a data profile counts simplex gradients",
        ),
        (
            lambda: performance_profile(comparison(np.ones((1, 2, 1, 2), int)), axes(), tolerance=0.5),
            "no tolerance 0.5; it has 0.1, 0.01",
        ),
        (lambda: basins(sweep_record(valley), axes()), "as returned by basins"),
        (
            lambda: figure(map_record(), inset=True),
            "inset is an option for a race; the figure of a map of basins has dpi, figsize, lang, text_scale, theme",
        ),
        (lambda: figure(sweep_record(valley), labels="direct"), "labels is an option for a race"),
        (lambda: figure("beale"), "expected a Record"),
        (
            lambda: save(map_record(), "map.gif"),
            r"a map of basins is saved as a picture, \.png, .*, not as 'map.gif'",
        ),
        (
            lambda: save(sweep_record(valley), "sweep.gif"),
            "or as a page, .html, not as 'sweep.gif'",
        ),
        (lambda: save(map_record(), "map.npz"), r"record.save writes the data as \.npz"),
        (lambda: animate(sweep_record(valley)), "a sweep cannot be animated, only a race"),
        (lambda: save(Figure(), "figure.mp4"), r"render.animate\(record, figure=figure\) animates it"),
        (lambda: save(Figure(), "figure.png", dpi=100), "a figure is saved as it is: leave out dpi"),
    ],
)
def test_bad_input_is_refused(call: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call()


@pytest.mark.parametrize(("best", "hollow"), [(0, True), (1, False), (2, False), (3, True)])
def test_the_dot_is_hollow_at_the_edge_of_the_grid(best: int, hollow: bool) -> None:
    record = sweep_record(lambda lr, beta, start: 1.0 + abs(LR.index(lr) - best))
    ax = sensitivity(record, axes(), along="lr")
    (dot,) = (line for line in ax.lines if line.get_marker() == "o")
    background = to_rgb(THEMES["light"].background)
    assert (to_rgb(dot.get_markerfacecolor()) == background) == hollow
    assert (to_rgb(dot.get_markeredgecolor()) == background) != hollow


def test_labels_of_a_small_profile_stay_on_the_page() -> None:
    page = Figure(figsize=(2.4, 1.8), dpi=100, layout="constrained")
    ax = performance_profile(comparison(np.full((2, 2, 2, 2), 7)), page.subplots())
    FigureCanvasAgg(page).draw()
    for label in (ax.xaxis.label, ax.yaxis.label):
        box = label.get_window_extent()
        assert page.bbox.padded(0.5).contains(box.x0, box.y0)
        assert page.bbox.padded(0.5).contains(box.x1, box.y1)


def test_texts_of_slides_leave_small_panels_room_and_labels_legible() -> None:
    made = figure(comparison(np.full((2, 2, 2, 2), 7)), theme="slides", figsize=(4.8, 2.7), dpi=100)
    made.draw_without_rendering()
    panels = [ax for ax in made.axes if ax.get_label() != "legend"]
    boxes = [ax.get_tightbbox() for ax in panels]
    assert len(boxes) == 2
    assert all(ax.bbox.height > 80 and ax.yaxis.label.get_fontsize() >= 7 for ax in panels)
    assert all(box is not None and box.x0 >= 0 and box.y0 >= 0 and box.y1 <= 270 for box in boxes)
    assert boxes[0].x1 <= boxes[1].x0  # type: ignore[union-attr]


def test_the_cross_at_the_end_of_a_line_is_seen_around_the_dot_of_the_best() -> None:
    record = sweep_record(lambda lr, beta, start: math.nan if LR.index(lr) == 3 else 4.0 - LR.index(lr))
    ax = sensitivity(record, axes(), along="lr")
    (end,) = (line for line in ax.lines if line.get_label() == "_end")
    (dot,) = (line for line in ax.lines if line.get_label() == "_2")
    np.testing.assert_array_equal(end.get_xydata(), dot.get_xydata())
    assert end.get_markersize() > 1.5 * dot.get_markersize()


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (np.geomspace(1.3e-4, 0.7, 17), ["$10^{-3}$", "$10^{-2}$", "$10^{-1}$"]),
        (
            np.geomspace(1.1e-12, 0.7, 40),
            ["$10^{-11}$", "$10^{-9}$", "$10^{-7}$", "$10^{-5}$", "$10^{-3}$", "$10^{-1}$"],
        ),
        (np.geomspace(0.15, 0.93, 9), ["0.2", "0.5"]),
        ([0.001, 0.003, 0.01, 0.03], ["0.001", "0.003", "0.01", "0.03"]),
        ([0.0, 0.5, 0.9], ["0", "0.5", "0.9"]),
        (["cosine", "step"], ["cosine", "step"]),
    ],
)
def test_cells_of_a_logarithmic_grid_have_ticks_at_powers_of_ten(values: Any, labels: list[str]) -> None:
    ax = Figure(figsize=(5, 4)).subplots()
    _number(ax, "x", cell_edges(list(values)), list(values), THEMES["light"])
    assert [label.get_text() for label in ax.get_xticklabels()] == labels
    if labels[0].startswith("$"):
        at = np.interp(ax.get_xticks(), np.arange(len(values)) + 0.5, np.log10(values))
        assert at == pytest.approx([int(label[5:-2]) for label in labels])


@pytest.mark.parametrize(("dim", "steps", "panels"), [(2, 5, 2), (2, 2, 1), (3, 5, 1)])
@pytest.mark.thin(1)
def test_a_sweep_of_starts_alone_shows_its_runs(dim: int, steps: int, panels: int) -> None:
    made = repeats(dim, steps)
    drawn = [ax for ax in figure(made).axes if ax.get_label() != "legend"]
    assert len(drawn) == panels
    assert sum(isinstance(artist, RunPoints) for artist in drawn[0].get_children()) == 2 * (dim == 2 and steps > 2)
    assert sum(isinstance(line, Curve) for line in drawn[-1].lines) == 2 * (steps > 2)
    assert caption(made).endswith(
        ": SGD and Adam; final gap to the minimum, the median of 3 runs: 1 for SGD and 1 for Adam."
    )


def test_a_sweep_of_starts_alone_with_nothing_to_draw_is_refused() -> None:
    with pytest.raises(InputError, match="holds only the ends of its runs"):
        figure(repeats(3, 2).sel(optimizer="SGD"))


@pytest.mark.parametrize(("plot", "count"), [(heatmap, "2 hyper-parameters"), (sensitivity, "1 hyper-parameter")])
def test_a_record_without_settings_is_refused(plot, count):
    with pytest.raises(InputError, match=rf"this plot needs {count} of a sweep, such as .*; this record has none$"):
        plot(converging(2))


@pytest.mark.parametrize(("measure", "title"), [("gap", "median and quartiles of 3 runs"), ("success", "")])
@pytest.mark.thin(1)
def test_a_figure_states_what_the_bands_of_a_sensitivity_are(measure, title):
    made = figure(sweep_record(valley), along="lr", measure=measure)
    assert made.axes[0].get_title("left") == "; ".join(filter(None, [title, r"best over $\beta_1$"]))


@pytest.mark.parametrize("measure", ["gap", "final", "success"])
@pytest.mark.parametrize("plot", [sensitivity, heatmap])
def test_a_sweep_of_failed_runs_has_a_picture(tmp_path, plot, measure):
    made = Figure()
    plot(sweep_record(lambda lr, beta, start: math.nan), made.subplots(), measure=measure)
    made.savefig(tmp_path / "failed.png")
    if plot is sensitivity and measure != "success":
        assert "every setting fails" in {text.get_text() for text in made.axes[0].texts}


@pytest.mark.parametrize("vary", [{"lr": [0.01, 0.1]}, {"lr": [0.01, 0.1], "momentum": [0.0, 0.5]}])
def test_a_sweep_of_unknown_minimum_shows_final_losses(vary):
    from landscapes import formula, sweep

    record = sweep(formula("x**2 - y**2 + 0*x", (-1, 1)), ["sgd"], steps=3, **vary)
    made = figure(record)
    assert any("loss" in text for ax in made.axes for text in (ax.get_ylabel(), ax.get_xlabel()))
