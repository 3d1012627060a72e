"""Write the live pages of the studies: `python gallery/studies/live.py 01_saddle saddle.html`.

A page has one slider. Its runs and its verdict are computed in the page, from the setting of the slider. A study is a
row of `LIVE`: its functions, its optimizers and its start at each position of the slider. Its sentence is a function in
`verdicts.js`. Of the studies in `MEASURED`, which no browser computes, the page has measured runs and sentences at each
position, from `measured/`, which `measure.py` writes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from landscapes import Function, function, functions, optimizers, race, render, transforms
from landscapes.experiments.function_code import code_of
from landscapes.experiments.page_scripts import emit_optimizers, function_facts, joined
from landscapes.javascript import emit_function, unwrapped
from landscapes.live import Playground, RaceScript
from landscapes.render.html._measured_page import measured_page

HERE = Path(__file__).parent
Points = np.ndarray
Optimizers = Mapping[str, optimizers.Optimizer]

MEASURED = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("measured/*.json"))}
"""The measured studies, by the name of their script."""


def slider_of(name: str) -> str:
    """Return what the slider of a study changes."""
    return LIVE[name].slider if name in LIVE else str(MEASURED[name]["slider"])


@dataclass(frozen=True)
class LiveStudy:
    """A study with one slider.

    Attributes:
        slider: what the slider changes.
        values: its positions.
        usual: the value that the page shows first.
        function, optimizers, start: at a value; optimizers differ in hyper-parameters only.
        steps: the number of steps.
        differs: how the page differs from the study, "" if it does not.
    """

    slider: str
    values: Sequence[float]
    usual: float
    function: Callable[[float], Function]
    optimizers: Callable[[float], Optimizers]
    start: Callable[[float], Sequence[float]]
    steps: int
    differs: str = ""


@function(
    (-2, 2), (-40, 40), view=[(-2, 2), (-5, 5)], start=(1.0, 1.0), minima=[], minimum=-np.inf, outside="unbounded"
)
def ridge(x, y):
    """A saddle: down along y, up along x."""
    return x * x - y * y


def line_fit(
    points: np.ndarray, values: np.ndarray, view: Sequence[Sequence[float]], name: str, title: str
) -> Function:
    """Return the mean squared error of a line over weight and bias."""
    best = np.linalg.lstsq(np.stack([points, np.ones_like(points)], 1), values, rcond=None)[0]
    square, mean, cross = float((points**2).mean()), float(points.mean()), float((points * values).mean())
    level, offset = float(values.mean()), float((values**2).mean())

    @function(*view, start=(-0.8, 1.2), minima=[tuple(best.tolist())], name=name, title=title)
    def fit(w, b):  # Σ(wu + b − v)²/n, from the moments of the data
        return square * w * w + 2 * mean * w * b + b * b - 2 * cross * w - 2 * level * b + offset

    return fit


@cache
def points_fit() -> Function:
    """Return the fit to the points of one seed of the study."""
    generator = torch.Generator().manual_seed(2)
    x, noise = torch.randn(2, 100, generator=generator, dtype=torch.float64).numpy()
    return line_fit(x, 2 * x + 1 + 0.1 * noise, [(-2, 5), (-2, 4)], "points", "Line through 100 points")


RAW = np.array([1000.0, 1.0, 2.0, 3000.0])
SCALED = {0.0: (RAW - RAW.mean()) / RAW.std(), **{float(top): RAW / RAW.max() * top for top in (3000, 300, 30, 3)}}


@cache
def scaled_fit(top: float) -> Function:
    """Return the fit to data with this largest value; 0 for standardized data."""
    name = f"largest value {top:g}" if top else "standardized data"
    return line_fit(SCALED[top], SCALED[top], [(-2, 4), (-1.9, 1.9)], re.sub(r"\W", "_", name), f"Line fit, {name}")


@cache
def chain(depth: float) -> Function:
    """Return the loss of a linear chain of so many layers, of which all but the first share a weight."""

    @function((-3, 3), (-3, 3), view=[(-2, 2), (-2, 2)], start=(1.0, 0.7), name=f"chain_{depth:g}", minima=[(1, 1)])
    def loss(a, v):
        product = a
        for _ in range(int(depth) - 1):
            product = product * v
        return (product - 1) * (product - 1)

    return loss


def curvature(top: float) -> float:
    """Return the largest curvature of the fit to data with this largest value."""
    x = SCALED[top]
    return float(np.linalg.eigvalsh(2 / len(x) * np.array([[x @ x, x.sum()], [x.sum(), len(x)]]))[-1])


@cache
def turned(angle: float) -> Function:
    """Return a ravine with condition number 1000, rotated by an angle."""
    name, title = f"ravine_{angle:g}", f"Ravine, {angle:g}°"
    decorate = function((-1.2, 1.2), (-1.2, 1.2), minima=[(0, 0)], name=name, title=title)
    aligned = decorate(lambda x, y: (x * x / 1000 + y * y) / 2)
    return transforms.rotated(aligned, angle).with_view([(-1.2, 1.2)] * 2) if angle else aligned


def on_circle(angle: float) -> tuple[float, float]:
    """Return the start of the ravine, which rotates with it."""
    at = np.deg2rad(angle + 60)
    return float(np.cos(at)), float(np.sin(at))


@cache
def catalogued(name: str) -> Function:
    """Return a function of the catalogue, always the same object."""
    return functions.get(name)


def geometric(low: float, high: float, count: int) -> list[float]:
    """Return numbers spaced evenly on a log scale, of three digits."""
    return [float(f"{value:.3g}") for value in np.geomspace(low, high, count)]


SHIFTED = functions.get("ravine").shifted((4, -3)).with_view(((2.7, 4.5), (-3.9, -2.5)))

LIVE: Mapping[str, LiveStudy] = {
    "01_saddle": LiveStudy(
        "distance of the start from the ridge, y", [0.0, *geometric(1e-12, 1, 13)], 1e-3, lambda y: ridge,
        lambda y: {"Adam": optimizers.Adam(lr=0.1), "SGD": optimizers.SGD(lr=0.1)}, lambda y: (1.0, y), 200,
        "There is no gradient noise; a start off the ridge stands for it.",
    ),
    "03_rate_too_high": LiveStudy(
        "learning rate", geometric(0.01, 1.6, 23), 1.01, lambda lr: points_fit(),
        lambda lr: {"Adam": optimizers.Adam(lr=lr), "SGD": optimizers.SGD(lr=lr)}, lambda lr: (-0.5, 0.3), 300,
        "Each step uses all 100 points of one seed, not a batch of ten.",
    ),
    "08_data_scaling": LiveStudy(
        "largest value of the data (0: standardized)", [3000.0, 300.0, 30.0, 3.0, 0.0], 3000.0, scaled_fit,
        lambda top: {
            "SGD": optimizers.SGD(lr=0.01), "SGD, lr 0.1/λ": optimizers.SGD(lr=0.1 / curvature(top)),
            "Adam": optimizers.Adam(lr=0.01),
        }, lambda top: (-0.8, 1.2), 100,
        "Double precision, one start.",
    ),
    "10_ravine": LiveStudy(
        "angle of the ravine, in degrees", [float(angle) for angle in range(0, 91, 15)], 0.0, turned,
        lambda angle: {
            "SGD": optimizers.SGD(lr=1.9), "RMSprop": optimizers.RMSprop(lr=0.01, alpha=0.9),
            "Momentum": optimizers.SGD(lr=0.5, momentum=0.9), "Adam": optimizers.Adam(lr=0.1),
        }, on_circle, 800, "Condition number 1000, fixed rates, one start.",
    ),
    "11_plateau_and_cliff": LiveStudy(
        "ε of Adam", geometric(1e-30, 1e-2, 29), 1e-8, lambda eps: catalogued("welsch"),
        lambda eps: {
            "SGD": optimizers.SGD(lr=1.0), "Momentum": optimizers.SGD(lr=1.0, momentum=0.9),
            "Adam": optimizers.Adam(lr=0.1, eps=eps),
        }, lambda eps: (2.2, 2.0), 300, "One start, fixed rates.",
    ),
    "12_bias_correction": LiveStudy(
        "β₂", [0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999, 0.99995, 0.99999], 0.999,
        lambda value: catalogued("beale"),
        lambda beta2: {
            "Adam": optimizers.Adam(lr=0.02, beta2=beta2),
            "Adam, uncorrected": optimizers.UncorrectedAdam(lr=0.02, beta2=beta2),
        }, lambda beta2: (0.6, 1.4), 60,
    ),
    "13_two_momenta": LiveStudy(
        "decay of the momentum, μ", [0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.95, 0.97], 0.9,
        lambda mu: catalogued("ravine"),
        lambda mu: {
            "Momentum": optimizers.SGD(lr=0.002, momentum=mu),
            "Heavy ball": optimizers.HeavyBall(lr=0.002, momentum=mu),
            "Averaged": optimizers.AveragedMomentum(lr=0.02, momentum=mu),
        }, lambda mu: functions.get("ravine").start, 100, "Constant rates, no noise.",
    ),
    "14_weight_decay": LiveStudy(
        "weight decay, λ", [0.0, *geometric(1e-5, 1, 16)], 0.1, lambda decay: SHIFTED,
        lambda decay: {
            "Adam with L2": optimizers.Adam(lr=0.01, weight_decay=decay),
            "AdamW": optimizers.AdamW(lr=0.01, weight_decay=decay),
        }, lambda decay: (4.0, -3.0), 2000, "Without noise, at a constant rate.",
    ),
    "15_unfair_races": LiveStudy(
        "learning rate of both", geometric(1e-4, 1, 25), 0.001, lambda value: catalogued("beale"),
        lambda lr: {"SGD": optimizers.SGD(lr=lr), "Adam": optimizers.Adam(lr=lr)}, lambda lr: (0.6, 1.4), 500,
        "One function, Beale's, and one start.",
    ),
    "16_betas": LiveStudy(
        "β₁", [0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.93, 0.95, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.997, 0.999], 0.9,
        lambda value: catalogued("beale"), lambda beta1: {"Adam": optimizers.Adam(lr=0.1, beta1=beta1)},
        lambda beta1: (0.6, 1.4), 500, "β₂ is 0.999.",
    ),
    "17_zero_grad": LiveStudy(
        "momentum (1: zero_grad is forgotten)", [0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0], 1.0,
        lambda momentum: catalogued("sphere"),
        lambda momentum: {"SGD": optimizers.SGD(lr=0.01, momentum=momentum)}, lambda momentum: (-3.5, 2.5), 400,
        "Accumulated gradients are momentum with a coefficient of 1, bit for bit.",
    ),
    "18_vanishing_gradients": LiveStudy(
        "layers of the chain", [2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0], 10.0, chain,
        lambda depth: {
            "SGD": optimizers.SGD(lr=0.1), "SGD, clipped": optimizers.Clip(optimizers.SGD(lr=0.1), norm=1.0),
            "Adam": optimizers.Adam(lr=0.1),
        }, lambda depth: (1.0, 0.5), 500, "The linear chain at lr 0.1, from one start.",
    ),
}  # fmt: skip
"""The live studies, by the name of their script."""


def playground(name: str) -> Playground:
    """Return the functions and optimizers of a study, with the positions of its slider."""
    study = LIVE[name]
    chosen = list(dict.fromkeys(study.function(value) for value in study.values))
    first, labels = study.optimizers(study.usual), list(study.optimizers(study.usual))
    written = [emit_function(one) for one in chosen]
    emitted = emit_optimizers(list(first.values()), labels, [one.spec for one in first.values()])
    starts = {id(study.function(value)): study.start(value) for value in study.values}
    records = [race(one, first, start=starts[id(one)], steps=study.steps, resolution=129) for one in chosen]
    facts = [
        function_facts(record, one, script, code_of(one), list(first.values()), emitted)
        for record, one, script in zip(records, chosen, written, strict=True)
    ]
    made = joined(written, facts, emitted, 0)
    positions = [
        {
            "value": value,
            "function": chosen.index(study.function(value)),
            "start": list(map(float, study.start(value))),
            "values": [
                [unwrapped(one).optimizer.hyperparameters()[name] for name in known["names"]]
                for one, known in zip(study.optimizers(value).values(), emitted.facts, strict=True)
            ],
        }
        for value in study.values
    ]
    slider = {"label": study.slider, "positions": positions, "usual": list(study.values).index(study.usual)}
    source = f"{made.source}\nconst verdict={verdict_source(name)};"
    return Playground(tuple(records), RaceScript(source, {**made.facts, "study": slider}))


def verdict_source(name: str) -> str:
    """Return the function of a study in `verdicts.js`."""
    text = (HERE / "verdicts.js").read_text(encoding="utf-8")
    found = re.search(rf'^  "{name}"\(runs, value, number\) \{{\n(.*?)^  \}},\n', text, re.M | re.S)
    assert found is not None, f"verdicts.js has no function for {name}"
    return f"(runs,value,number)=>{{\n{found[1]}}}"


def write(name: str, path: Path, title: str, claim: str) -> Path:
    """Write the live page of a study whose docstring has this title and claim."""
    if name in MEASURED:
        return measured_page(MEASURED[name], path, title=title, claim=claim)
    made = playground(name)
    study = {**made.script.facts["study"], "claim": claim, "differs": LIVE[name].differs}
    script = RaceScript(made.script.source, {**made.script.facts, "study": study})
    return render.save(Playground(made.records, script), path, title=title)


def main(name: str = "", path: str = "") -> None:
    """Write the page that the command line names."""
    from page import parse  # beside this script

    if name not in {**LIVE, **MEASURED}:
        sys.exit(f"usage: python live.py STUDY [FILE], where STUDY is one of {', '.join(sorted({**LIVE, **MEASURED}))}")
    title, claim, _, _ = parse(HERE / f"{name}.py")
    print(write(name, Path(path or f"{name}.html"), title, claim))


if __name__ == "__main__":
    main(*sys.argv[1:3])
