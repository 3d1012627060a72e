"""One step, part by part."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, FancyArrowPatch
from matplotlib.text import Annotation
from numpy.typing import NDArray
from render_pixels import full_draw
from render_records import GOAL, VIEW, converging, diverging, leaving, record
from test_optimizer_state import remembering
from thinned import FEW_THEMES

from landscapes import race
from landscapes.errors import InputError
from landscapes.optimizers import parse
from landscapes.record import Record
from landscapes.render import explain_step
from landscapes.render.figures._explain_step import LONG
from landscapes.render.plots.step_formulas import DEFAULTS


def arcs(ax: Axes, label: str = "_way") -> list[NDArray[np.float64]]:
    """The arrows on a panel, each once: halos lie beneath."""
    found = [
        np.subtract(text.xy, text.xyann)
        for text in ax.texts
        if isinstance(text, Annotation)
        and isinstance(text.arrow_patch, FancyArrowPatch)
        and text.arrow_patch.get_label() == label
    ]
    return found[1::2] if label == "_way" else found


def panel(made: Figure, part: str) -> Axes:
    return next(ax for ax in made.axes if ax.get_label() == part)


def complete() -> Record:
    """A run that keeps both moments."""
    made = converging(1)
    x = made.trajectories.x
    metrics = {"momentum": -np.gradient(x, axis=1), "second_moment": np.broadcast_to([4.0, 1.0], x.shape).copy()}
    return replace(made, trajectories=replace(made.trajectories, metrics=metrics))


@pytest.fixture(scope="module")
def raced() -> Record:
    return race(
        "beale",
        ["sgd(lr=0.01)", "momentum(lr=0.01)", "nesterov(lr=0.004)", "adam(lr=0.1)", "adamw(lr=0.1, beta1=0.8)",
         "rmsprop(lr=0.01)", "adagrad(lr=0.5)", "nadam(lr=0.05)"],
        steps=4, metrics=["momentum", "second_moment"],
    )  # fmt: skip


UPDATES = {
    "SGD": r"$\Delta x = -\eta\,g$",
    "Momentum": r"$\Delta x = -\eta\,m$",
    "Nesterov": r"$\Delta x = -\eta\,(g + 0.9\,m)$",
    "Adam": r"$\Delta x = -\eta\,\hat m/(\sqrt{\hat v}+\epsilon)$",
    "AdamW": r"$\Delta x = -\eta\,(\hat m/(\sqrt{\hat v}+\epsilon) + \lambda x)$",
    "RMSprop": r"$\Delta x = -\eta\,g/(\sqrt{v}+\epsilon)$",
    "Adagrad": r"$\Delta x = -\eta\,g/(\sqrt{v}+\epsilon)$",
}


@pytest.mark.parametrize("run", UPDATES)
def test_formulas_give_the_step_that_the_optimizer_took(raced, run):
    """A formula is shown only where its step is the recorded one."""
    for number in (1, 3):
        texts = [text.get_text() for text in explain_step(raced, number, run=run).texts]
        assert UPDATES[run] in texts
        index = raced.trajectories.runs["label"].tolist().index(run)
        move = raced.trajectories.x[index, number] - raced.trajectories.x[index, number - 1]
        assert f"= ({move[0]:.3g}, {move[1]:.3g})".replace("-", "\N{MINUS SIGN}") in texts
        assert ("bias correction:" in texts) == (run in ("Adam", "AdamW"))


def test_bias_corrections_have_their_numbers(raced):
    texts = [text.get_text() for text in explain_step(raced, 3, run="AdamW").texts]
    kept = raced.trajectories.metrics
    for name, decay, formula in (
        ("momentum", 0.8, r"$\hat m = m/(1-0.8^{3})$"),
        ("second_moment", 0.999, r"$\hat v = v/(1-0.999^{3})$"),
    ):
        x, y = kept[name][4, 3] / (1 - decay**3)
        assert texts[texts.index(formula) + 1] == f"= ({x:.3g}, {y:.3g})"


def test_an_optimizer_without_a_formula_has_its_numbers(raced):
    texts = [text.get_text() for text in explain_step(raced, 3, run="NAdam").texts]
    assert sum(text.startswith(("$m$ = (", "$v$ = (", r"$\Delta x$ = (")) for text in texts) == 3


def test_defaults_of_formulas_are_those_of_the_optimizers():
    for name, defaults in DEFAULTS.items():
        optimizer, _ = parse(name)
        assert {key: float(getattr(optimizer, key)) for key in defaults} == defaults


@pytest.mark.slow
def test_consecutive_steps_stand_below_each_other_in_colours_of_parts(raced):
    made = explain_step(raced, 2, steps=3, run="Adam")
    titles = [text.get_text() for text in made.texts if text.get_weight() == "bold"]
    assert titles == [f"Adam, step {number}" for number in (2, 3, 4)]
    tops = [ax.get_position().y1 for ax in made.axes]
    assert len(made.axes) == 12
    assert tops[0] > tops[4] > tops[8]
    keys = {
        line.get_label(): to_hex(line.get_color()) for line in made.findobj(Line2D) if "key" in str(line.get_label())
    }
    assert len(set(keys.values())) == 4
    colors = np.array([to_rgb(color) for color in keys.values()])
    for vision in ("protanomaly", "deuteranomaly"):
        space = {"name": "sRGB1+CVD", "cvd_type": vision, "severity": 100}
        seen = np.clip(cspace_convert(colors, space, "sRGB1"), 0, 1)
        assert min(deltaE(a, b) for a, b in combinations(seen, 2)) > 12
    for ax in made.axes:
        wanted = keys[f"_key_{ax.get_label()}"]
        heads = [text.arrow_patch for text in ax.texts if isinstance(text, Annotation)]
        assert wanted in [to_hex(patch.get_edgecolor()) for patch in heads if patch is not None]


@pytest.mark.parametrize("figsize", [(4.8, 2.7), (9.6, 5.4), (2.4, 3.6)])
@pytest.mark.parametrize("text_scale", [1, 2])
@pytest.mark.thin(2)
@pytest.mark.sample(3)
def test_no_texts_of_a_step_touch(raced, figsize, text_scale):
    made = explain_step(raced, 3, run="AdamW", figsize=figsize, text_scale=text_scale)
    full_draw(made)
    boxes = [text.get_window_extent() for text in made.texts if text.get_text()]
    panels = [ax.bbox for ax in made.axes]
    page = made.bbox.padded(0.5)
    for place, box in enumerate(boxes):
        assert page.contains(box.x0, box.y0)
        assert page.contains(box.x1, box.y1)
        inner = box.padded(-1.0)
        assert not any(inner.overlaps(other.padded(-1.0)) for other in boxes[:place])
        assert not any(inner.overlaps(panel) for panel in panels)


def test_there_is_one_panel_per_recorded_part():
    def parts(made: Figure) -> list[object]:
        return [ax.get_label() for ax in made.axes]

    assert parts(explain_step(complete(), 5)) == ["gradient", "momentum", "scaling", "step"]
    kept = remembering()
    assert parts(explain_step(kept, 5, run="SGD")) == ["gradient", "momentum", "step"]
    assert parts(explain_step(kept, 5, run="Momentum")) == ["gradient", "scaling", "step"]
    assert parts(explain_step(kept, 5, run="Nesterov")) == ["gradient", "step"]


def test_arrows_are_the_slope_the_momentum_its_scaling_and_the_step():
    runs = complete()
    made = explain_step(runs, 5)
    x, kept = runs.trajectories.x[0], runs.trajectories.metrics
    slope = np.array([2.0, 8.0]) * (x[4] - GOAL)
    for part, wanted in {
        "gradient": -slope,
        "momentum": -kept["momentum"][0, 5],
        "scaling": -kept["momentum"][0, 5] * [0.5, 1.0],
    }.items():
        (arc,) = arcs(panel(made, part))
        np.testing.assert_allclose(arc / np.hypot(*arc), wanted / np.hypot(*wanted), atol=0.02)
        sides = np.ptp([panel(made, part).get_xlim(), panel(made, part).get_ylim()], axis=1)
        assert np.hypot(*(arc / sides)) == pytest.approx(LONG)
    np.testing.assert_allclose(arcs(panel(made, "step"))[0], x[5] - x[4])
    assert len(arcs(panel(made, "step"), "_faint")) == 3
    (ellipse,) = (patch for patch in panel(made, "scaling").patches if isinstance(patch, Ellipse))
    assert ellipse.get_width() / ellipse.get_height() == pytest.approx(0.5)


@settings(max_examples=15, deadline=None)
@given(*[st.floats(low + 0.01, high - 0.01) for low, high in (*VIEW, *VIEW)])
@pytest.mark.slow
def test_a_panel_is_a_piece_of_the_view_that_holds_the_step(a: float, b: float, c: float, d: float) -> None:
    assume(np.hypot(a - c, b - d) > 1e-6)
    at, to = np.array([a, b]), np.array([c, d])
    made = explain_step(record([np.array([at, to])]), 1)
    for ax in made.axes:
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        assert VIEW[0][0] <= left < right <= VIEW[0][1]
        assert VIEW[1][0] <= bottom < top <= VIEW[1][1]
        for x, y in (at, to):
            assert left <= x <= right
            assert bottom <= y <= top


@pytest.mark.parametrize("theme", FEW_THEMES)
@pytest.mark.thin(1)
def test_it_is_drawn_in_every_theme(theme):
    made = explain_step(complete(), 3, theme=theme, figsize=(4.0, 2.5), dpi=150)
    picture = full_draw(made)
    assert picture.shape[:2] == (375, 600)
    assert len(np.unique(picture.reshape(-1, 4), axis=0)) > 100


def test_a_run_that_rests_has_no_arrow():
    still = record([np.array([GOAL] * 4)])
    assert arcs(panel(explain_step(still, 2), "step")) == []


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: explain_step(converging(), 0), "from 1 on"),
        (lambda: explain_step(converging(), 41), "from 0 to 40"),
        (lambda: explain_step(converging(), 3, run="Lion"), "unknown run 'Lion'"),
        (lambda: explain_step(converging(), 3, figsize=(0.5, 0.5)), "at least 160 × 120"),
        (lambda: explain_step(converging(), 3, steps=12, figsize=(3, 2)), "do not fit into 3.0 × 2.0 inches"),
        (lambda: explain_step(converging(), 3, steps=0), "steps must be an integer from 1 to 12, got 0"),
        (lambda: explain_step(converging(), 39, steps=3), "from 0 to 40, got 41"),
        (lambda: explain_step(converging(), 3, theme="neon"), "unknown theme"),
        (lambda: explain_step(diverging(), 12, run="Nesterov"), "was stopped before the end of step 12"),
        (lambda: explain_step(leaving(), 30, run="Momentum"), "out of view"),
        (lambda: explain_step(record([np.zeros((5, 3))], values=np.ones((1, 5))), 1), "no surface"),
        (lambda: explain_step("race", 1), "expected a Record"),  # type: ignore[arg-type]
        (lambda: explain_step(thin(), 3), "recorded together with the one before, got 3"),
        (lambda: explain_step(hollow(), 1), "has a hole"),
    ],
)
def test_records_that_cannot_be_drawn_are_reported(call, match):
    with pytest.raises(InputError, match=match):
        call()


def thin() -> Record:
    """A race of which every second step was kept."""
    made = converging()
    kept = made.trajectories
    return replace(made, trajectories=replace(kept, x=kept.x[:, ::2], loss=kept.loss[:, ::2], step=kept.step[::2]))


def hollow() -> Record:
    """A race on a surface without values on its left."""
    made = converging()
    assert made.surface is not None
    values = np.where(made.surface.x < 0, np.nan, made.surface.values)
    return replace(made, surface=replace(made.surface, values=values))
