"""Measure what the pages of studies show that no browser computes: `python gallery/studies/measure.py [STUDY …]`.

These studies train networks, draw random batches or take hundreds of thousands of steps. Each is measured at several
positions of one slider, by the code of its script, and written to `measured/STUDY.json`: per position the curves, and
the sentence of the verdict, which is made of all seeds. `live.py` makes pages of these files.
All take ten minutes of processor time.
"""

from __future__ import annotations

import ast
import json
import math
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from landscapes import optimizers, sweep
from landscapes.files import replacing
from landscapes.functions import matrices

HERE = Path(__file__).parent
MEASURED = HERE / "measured"
MOST = 120
"""Points of a curve."""


def script(name: str, *replaced: tuple[str, str], until: str) -> dict[str, Any]:
    """Run the script of a study up to a line, without its assertions, and return its variables.

    Args:
        name: the study.
        replaced: pairs of a text of the script, which occurs once, and what is written in its place.
        until: how the first line that is not run begins.
    """
    path = HERE / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    for old, new in replaced:
        assert text.count(old) == 1, (name, old)
        text = text.replace(old, new)
    assert text.count(f"\n{until}") >= 1, (name, until)
    tree = ast.parse(text[: text.index(f"\n{until}")])
    tree.body = [part for part in tree.body if not isinstance(part, ast.Assert)]
    made: dict[str, Any] = {"__name__": name, "__file__": str(path)}
    arguments, sys.argv = sys.argv, [str(path)]
    try:
        exec(compile(tree, str(path), "exec"), made)
    finally:
        sys.argv = arguments
    return made


def curve(label: str, steps: Iterable[float], values: Iterable[float]) -> dict[str, Any]:
    """Return a curve of at most `MOST` points: the first, the last, and evenly between."""
    at, found = np.asarray(list(steps), float), np.asarray(list(values), float)
    kept = np.unique(np.linspace(0, len(at) - 1, MOST).round().astype(int))
    numbers = [float(f"{value:.4g}") if math.isfinite(value) else None for value in found[kept].tolist()]
    return {"label": label, "steps": [int(step) for step in at[kept]], "values": numbers}


def middle(values: Any, digits: int = 2) -> str:
    """Return the median and, in brackets, the range that holds 90 %."""
    low, mid, high = np.quantile(
        np.nan_to_num(np.asarray(values, float), nan=np.inf), (0.05, 0.5, 0.95), method="nearest"
    )
    return f"{mid:.{digits}g} [{low:.{digits}g}, {high:.{digits}g}]"


def begins(holds: bool) -> str:
    return "Holds here" if holds else "Does not hold here"


Positions = list[dict[str, Any]]


def noisy_gradients() -> dict[str, Any]:
    made = script("02_noisy_gradients", ("else (20, 100)", "else (10, 100)"), until="with theme.context")
    data, best, errors, generator = (made[name] for name in ("data", "best", "errors", "generator"))
    seeds, points, steps = made["SEEDS"], made["POINTS"], 2000
    positions: Positions = []
    for size in (4, 8, 16, 32, 100, 250, 1000):
        batches: list[torch.Tensor] = []
        while len(batches) < steps:
            order = torch.rand(seeds, points, 1, generator=generator).argsort(1)
            batches += [data] if size == points else data.take_along_dim(order, 1).split(size, 1)
        del batches[steps:]
        weights = torch.from_numpy(made["race_with"](batches, 1).x[0, :-1])
        batch = torch.stack([errors(w, one) for w, one in zip(weights, batches, strict=True)]).numpy()
        fixed = torch.stack([errors(best, one) for one in batches]).numpy()
        kept = np.unique(np.linspace(0, steps - 1, MOST).round().astype(int))
        full = np.stack([errors(weights[t], data).numpy() for t in kept])
        swing, still = batch[steps // 2 :].std(0), fixed[steps // 2 :].std(0)
        gap = full[-1] - errors(best, data).numpy()
        positions.append(
            {
                "value": size,
                "verdict": f"{begins(float(np.median(swing)) > 0.05)}: with batches of {size} the printed loss varies "
                f"by ±{middle(swing)} in the second half, and by ±{middle(still)} with the weights fixed at their "
                f"optimum. The loss of all points ends {middle(gap)} above its minimum.",
                "runs": [
                    curve("loss of the batch, one seed", kept, batch[kept, 0]),
                    curve("loss of all points, the same seed", kept, full[:, 0]),
                ],
            }
        )
    return {
        "slider": "batch size", "usual": 0, "heading": "loss, by step",
        "measured": f"Adam at lr 0.01, {steps} steps. The sentence is of {seeds} seeds: median [90 % of them].",
        "positions": positions,
    }  # fmt: skip


def late_instability() -> dict[str, Any]:
    made = script(
        "04_late_instability", ("if SMALL else (20, 4000)", "if SMALL else (5, 4000)"), until="candidates = {"
    )
    seeds, steps, dim = made["SEEDS"], made["STEPS"], made["DIM"]
    features, targets = made["X"].double().numpy(), made["Y"][..., 0].numpy()
    positions: Positions = []
    for eps in (1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1):
        runs = made["run"]([optimizers.Adam(eps=eps)], seeds, steps)
        points = runs.x.reshape(-1, seeds, dim)
        residuals = np.einsum("snd,tsd->tsn", features, points, optimize=True) - targets
        loss = (residuals * residuals).sum(-1)
        late = loss[made["SETTLED"] :]
        lowest, highest = late.min(0), late.max(0)
        rises = bool((highest > 1e-8).all())
        positions.append(
            {
                "value": eps,
                "verdict": f"{begins(rises)}: with ε = {eps:g}, Adam's loss falls to {middle(lowest, 1)}, and in the "
                f"second half of the run its largest value is {middle(highest, 1)}.",
                "runs": [curve(f"Adam, seed {seed}", runs.step, loss[:, seed]) for seed in range(3)],
            }
        )
    return {
        "slider": "ε of Adam", "usual": 0, "heading": "loss, by step", "log": True,
        "measured": f"Linear(1000, 1) in float32, lr 1e-3. The sentence is of {seeds} seeds: median [90 % of them].",
        "positions": positions,
    }  # fmt: skip


def haywire() -> dict[str, Any]:
    made = script(
        "05_haywire", ("if SMALL else (10, 200_000)", "if SMALL else (5, 200_000)"), until="# What moves first"
    )
    after, late, before, names, onset = (made[name] for name in ("after", "late", "before", "names", "ONSET"))
    at_grid, step, loss = made["at_grid"], made["step"], made["loss"]
    cured, failed = made["cured"], made["failed"]
    positions: Positions = []
    last = at_grid & (step >= onset)
    labels = ("network", "Rosenbrock"), ("shard", "drift")
    for i in range(-1, len(names)):
        name, change = ("nothing", "without a change") if i < 0 else (names[i], f"with {names[i]} alone")
        path, at = (loss[last], step[last] - onset) if i < 0 else (after[i], late)
        runs = [
            curve(f"{labels[0][p]}, {labels[1][k]}", at, np.median(path[:, p, k] / before[p, k], -1))
            for k in range(2)
            for p in range(2)
        ]
        counts = [
            (int(failed[:, k].sum()), int((failed[:, k] if i < 0 else failed[:, k] & ~cured[i, :, k]).sum()))
            for k in range(2)
        ]
        best = i >= 0 and counts[0][1] == 0 and counts[1][1] == 0
        (shards, bad), (drifts, worse) = counts
        said = (
            f"{shards - bad} of {shards} runs with the corrupted shard recover, and {drifts - worse} of {drifts} with "
            "the drift"
        )
        one = i >= 0 and (counts[0][1] <= 0.2 * counts[0][0]) != (counts[1][1] <= 0.2 * counts[1][0])
        word = "Holds here" if best else "Only when the change fits the cause" if one else "Does not hold here"
        positions.append({"value": name, "verdict": f"{word}: {change}, {said}.", "runs": runs})
    return {
        "slider": "the one change after step 180,000", "usual": 0, "log": True,
        "heading": "loss / calm loss, by step after 180,000", "quantity": "ratio",
        "measured": f"Adam at lr 1e-3, 200,000 steps. Curves are medians over {made['SEEDS']} seeds.",
        "positions": positions,
    }  # fmt: skip


def plateau_schedules() -> dict[str, Any]:
    made = script("06_plateau_schedules", until="# %%\n# Above, the gap")
    gaps, scores, left, seeds = (made[name] for name in ("gaps", "scores", "left", "SEEDS"))
    positions: Positions = []
    for cause, curves in gaps.items():
        runs = [curve(name, range(part.shape[1]), np.median(part, 0)) for name, part in curves.items()]
        if cause == made["FLAT"]:
            verdict = (
                f"{begins(left['StepLR'] > left['constant'])}: {left['constant']} of {seeds} runs leave the flat part "
                f"at the constant rate, {left['patience 3']} with ReduceLROnPlateau (patience 3), {left['cosine']} "
                f"with a cosine and {left['StepLR']} with StepLR."
            )
        else:
            helps = np.median(scores[cause]["patience 3"]) < 0.8
            shown = {"patience 3": "ReduceLROnPlateau (patience 3)", "cosine": "a cosine", "StepLR": "StepLR(30, 0.1)"}
            said = [f"at {middle(scores[cause][name])} with {word}" for name, word in shown.items()]
            verdict = (
                f"{begins(bool(helps))}: relative to the constant rate, the gap ends {said[0]}, {said[1]} and "
                f"{said[2]}; below 1 is closer to the minimum."
            )
        positions.append({"value": cause, "verdict": verdict, "runs": runs})
    return {
        "slider": "why the curve is flat", "usual": 0, "heading": "gap to the minimum, by step", "log": True,
        "low": 1e-3,
        "measured": f"600 steps. Curves are medians over {seeds} seeds; brackets hold 90 % of them.",
        "positions": positions,
    }  # fmt: skip


def wrong_loss() -> dict[str, Any]:
    positions: Positions = []
    for lr in (0.003, 0.01, 0.03, 0.1, 0.3):
        made = script(
            "07_wrong_loss",
            ("else (50, 400)", "else (30, 400)"),
            ("optimizers.SGD(lr=0.1)], steps=STEPS", f"optimizers.SGD(lr={lr})], steps=STEPS"),
            until="# %%\n# The plane",
        )
        last, losses, curves = made["last"], list(made["LOSSES"]), made["curves"]
        worst = float(np.median(made["spread"][losses[1]])) > float(np.median(made["spread"][losses[0]]))
        steps = np.arange(0, made["STEPS"] + 1, made["THINNED"])
        fall = [float(np.median(curves[losses[1]][t])) for t in (0, -1)]
        positions.append(
            {
                "value": lr,
                "verdict": f"{begins(worst)}: at the start, the gradients of the squared error on indices vary "
                f"{'more' if worst else 'less'} over batches than those of cross-entropy. At lr {lr:g} its loss goes "
                f"from {fall[0]:.2g} to {fall[1]:.2g}, and its accuracy ends at {middle(last[losses[1]], 3)} %, with "
                f"cross-entropy at {middle(last[losses[0]], 3)} %, and with the squared error on one-hot "
                f"targets at {middle(last[losses[2]], 3)} %.",
                "runs": [curve(name, steps, 100 * np.median(made["accuracies"][name], 1)) for name in losses],
            }
        )
    return {
        "slider": "learning rate", "usual": 3, "quantity": "accuracy",
        "heading": "accuracy on further points, %, by step",
        "measured": "Linear(10, 2), SGD, batches of 8. Curves are medians over 30 seeds; brackets hold 90 % of them.",
        "positions": positions,
    }  # fmt: skip


def clipping() -> dict[str, Any]:
    positions: Positions = []
    for norm in (0.01, 0.1, 1.0, 10.0, 100.0, 1e3, 1e6):
        made = script(
            "09_clipping", ("EVERY, FACTOR, NORM = 1000, 50, 1e4, 1.0", f"EVERY, FACTOR, NORM = 1000, 50, 1e4, {norm}"),
            ('"data as they are": (1.0, 1.0), "loss × 10⁴": (FACTOR, 1.0), ', ""),
            ("for lr in (0.1, 0.01)}", "for lr in (0.1,)}"), until="plain, large, spiky",
        )  # fmt: skip
        found, exploded, ended = (made[name]["with spikes"] for name in ("found", "exploded", "ended"))
        names, seeds = made["names"], made["SEEDS"]
        shown = (names.index("SGD, lr 0.1, clipped"), names.index("Adam, lr 0.1, clipped"))
        counts = [int(exploded[:, i].sum()) for i in shown]
        positions.append(
            {
                "value": norm,
                "verdict": f"{begins(max(counts) <= 0.2 * seeds)}: with the norm limited to {norm:g}, SGD explodes "
                f"with {counts[0]} of {seeds} seeds, and Adam with {counts[1]}; they end at "
                f"{middle(ended[:, shown[0]])} and {middle(ended[:, shown[1]])}.",
                "runs": [
                    curve(names[i], range(found.shape[-1]), np.median(np.nan_to_num(found[:, i], nan=np.inf), 0))
                    for i in (shown[0], names.index("SGD, lr 0.1"), shown[1], names.index("Adam, lr 0.1"))
                ],
            }
        )
    return {
        "slider": "the largest norm of a gradient", "usual": 2, "heading": "loss of all points, by step", "log": True,
        "top": 1e5,
        "measured": "A network 10-100-1 at lr 0.1; one batch in 50 has targets 1000 times too large. Curves are "
        "medians over 10 seeds.",
        "positions": positions,
    }  # fmt: skip


def adam_fails(values: Sequence[float] = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 0.99)) -> dict[str, Any]:
    positions: Positions = []
    for beta2 in values:
        made = script(
            "19_adam_fails", ("else (40, 10_000)", "else (20, 3000)"),
            ("optimizers.Adam(0.5, beta1=0, beta2=0.1),", f"optimizers.Adam(0.5, beta1=0, beta2={beta2}),"),
            ("beta2=0.1, amsgrad=True", f"beta2={beta2}, amsgrad=True"), until="ranges = ",
        )  # fmt: skip
        x, step, ends = made["x"], made["step"], made["ends"]
        worst = ends["Adam"][0] > 0.8 and float(np.median(ends["Adam"][1:])) > 0.8
        positions.append(
            {
                "value": beta2,
                "verdict": f"{begins(bool(worst))}: at β₂ = {beta2:g}, Adam ends at x = {ends['Adam'][0]:.2f} on the "
                f"cycle and at {middle(ends['Adam'][1:])} with random losses; AMSGrad at {ends['AMSGrad'][0]:.2f} and "
                f"SGD at {ends['SGD'][0]:.2f} on the cycle. The best point is −1, the worst is 1.",
                "runs": [curve(name, step, part[:, 0]) for name, part in zip(made["candidates"], x, strict=True)],
            }
        )
    return {
        "slider": "β₂ of Adam and AMSGrad", "usual": 2, "quantity": "x",
        "heading": "x on the cycle 3x, −x, −x (best −1, worst 1), by step",
        "measured": "3000 steps; ends are means over the last tenth. With random losses, 20 seeds: median [90 %].",
        "positions": positions,
    }  # fmt: skip


def plane_and_truth() -> dict[str, Any]:
    positions: Positions = []
    for lr in (0.001, 0.003, 0.01, 0.03, 0.1):
        made = script(
            "20_plane_and_truth",
            ("x.prod(1, keepdim=True), 0.01", f"x.prod(1, keepdim=True), {lr}"),
            until="EXPLAINED, OFF",
        )
        curves, factors, shares = [], {"principal": [], "random": []}, {"principal": [], "random": []}
        for seed in range(5):
            net, data, path = made["train"](made["mlp"], seed)
            for kind, directions in made["DIRECTIONS"].items():
                record, shown, true = made["compare"](net, data, path, directions)
                shares[kind].append(100 * record.meta.plane["explained"])
                factors[kind].append((np.maximum(shown, true) / np.minimum(shown, true))[:-1].max())
                if seed == 0:
                    steps = range(0, made["STEPS"] + 1, made["EVERY"])
                    curves += [curve("true loss", steps, true)] if not curves else []
                    curves.append(curve(f"loss in the plane, {kind} directions", steps, shown))
        positions.append(
            {
                "value": lr,
                "verdict": f"{begins(float(np.median(factors['principal'])) < 1.5)}: at lr {lr:g} the principal "
                f"directions have {middle(shares['principal'], 3)} % of the movement, and the loss in their plane is "
                f"wrong by factors of up to {middle(factors['principal'])}; random directions have "
                f"{middle(shares['random'])} %, and it is wrong by up to {middle(factors['random'])}.",
                "runs": curves,
            }
        )
    return {
        "slider": "learning rate", "usual": 2, "heading": "loss of the MLP, by step", "log": True,
        "measured": "The MLP 2-16-16-1, Adam, 400 steps; curves of one seed. The sentence is of 5: median [90 %].",
        "positions": positions,
    }  # fmt: skip


def muon() -> dict[str, Any]:
    made = script("21_muon_in_two_dimensions", ("else ((5, 4), 10_000)", "else ((5, 4), 1000)"), until="rng = ")
    kappa, rates, near = made["KAPPA"], made["RATES"], made["RADIUS"]
    positions: Positions = []
    for angle in range(0, 91, 15):
        plane = np.array(matrices.singular_plane(angle, -20))
        runs, taken = [], {}
        for name, (rule, steps, decays) in made["OPTIMIZERS"].items():
            chosen = {f"{by}": optimizers.Exponential(rule, gamma=by) if by < 1 else rule for by in decays}
            start = (plane[0] + 0.8 * plane[1]).tolist()
            found = sweep(
                matrices.matrix_ravine(kappa, angle), chosen, lr=rates, start=start, steps=steps, record_steps=1
            ).trajectories
            outside = ~(np.linalg.norm(found.x, axis=-1) <= near)
            arrival = np.append(found.step, np.inf)[outside.shape[1] - outside[:, ::-1].argmax(1)]
            best = int(arrival.argmin())
            taken[name] = float(arrival[best])
            runs.append(curve(name, found.step, found.loss[best]))
        said = [
            f"{name} {'more than ' * math.isinf(n)}{min(n, runs[i]['steps'][-1]):.0f}"
            for i, (name, n) in enumerate(taken.items())
        ]
        holds = taken["Muon, exact"] >= min(taken[name] for name in ("SGD", "Momentum", "Adam"))
        positions.append(
            {
                "value": angle,
                "verdict": f"{begins(holds)}: turned by {angle}°, each at its best rate, the steps to a distance of "
                f"{near:g} are {', '.join(said)}.",
                "runs": runs,
            }
        )
    return {
        "slider": "angle by which the matrix is turned, in degrees", "usual": 2, "heading": "loss, by step",
        "log": True, "low": 1e-6,
        "measured": f"Condition number {kappa}; per angle each has the best of {len(rates)} rates and of its decays.",
        "positions": positions,
    }  # fmt: skip


def noise_and_saddles() -> dict[str, Any]:
    made = script("22_noise_and_saddles", until="full = {")
    plain, noisy, steps, seeds = made["PLAIN"], made["noisy"], made["STEPS"], made["SEEDS"]
    pairs = {
        "SGD, noise": ("SGD", True),
        "Adam, full gradient": ("Adam", False),
        "SGD, full gradient": ("SGD", False),
        "Adam, noise": ("Adam", True),
    }
    positions: Positions = []
    for distance in made["DISTANCES"]:
        times, runs = {}, []
        for label, (name, noise) in pairs.items():
            record = sweep(
                made["ridge"], noisy(plain[name]) if noise else plain[name], start=(1, distance),
                seeds=seeds if noise else 1, steps=steps, record_steps="all",
            )  # fmt: skip
            step, loss = record.trajectories.step, record.trajectories.loss
            above = ~(loss <= -0.2)
            times[label] = float(np.median(np.append(step, np.inf)[above.shape[1] - above[:, ::-1].argmax(1)]))
            runs.append(curve(label, step, np.median(loss, 0)))
        said = {}
        for label, n in times.items():
            end = "never escapes" if math.isinf(n) else f"escapes after {n:.0f} steps"
            said[label] = f"{label.replace(', full', ' with the full').replace(',', ' with')} {end}"
        shown, other, *same = said.values()
        seems = times["Adam, full gradient"] < times["SGD, noise"]
        positions.append(
            {
                "value": distance,
                "verdict": f"{'It seems to hold here' if seems else 'Does not hold here'}: {shown}, {other}. But the "
                f"two differ in their gradients, too: {'; '.join(same)}.",
                "runs": runs,
            }
        )
    return {
        "slider": "distance of the start from the ridge", "usual": 3, "heading": "loss, by step",
        "measured": f"Both at lr 0.01, noise 0.1. With noise, curves and steps are medians over {seeds} seeds.",
        "positions": positions,
    }  # fmt: skip


STUDIES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "02_noisy_gradients": noisy_gradients,
    "04_late_instability": late_instability,
    "05_haywire": haywire,
    "06_plateau_schedules": plateau_schedules,
    "07_wrong_loss": wrong_loss,
    "09_clipping": clipping,
    "19_adam_fails": adam_fails,
    "20_plane_and_truth": plane_and_truth,
    "21_muon_in_two_dimensions": muon,
    "22_noise_and_saddles": noise_and_saddles,
}
"""What measures each study."""


def main(names: Sequence[str]) -> None:
    """Measure the studies of these names, or all."""
    unknown = [name for name in names if name not in STUDIES]
    if unknown:
        sys.exit(f"usage: python measure.py [STUDY …], where STUDY is one of {', '.join(STUDIES)}, got {unknown[0]}")
    MEASURED.mkdir(exist_ok=True)
    for name in names or STUDIES:
        begin = time.process_time()
        made = STUDIES[name]()
        for position in made["positions"]:
            position["verdict"] = re.sub(r"(?<![\w.])-(?=\d)|(?<=\de)-(?=\d)", "−", position["verdict"])
        text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
        lines = text.replace('{"value"', '\n{"value"').replace('{"label"', '\n{"label"')
        with replacing(MEASURED / f"{name}.json") as temporary:
            temporary.write_text(f"{lines}\n", encoding="utf-8")
        print(f"{name}: {time.process_time() - begin:.0f} s of processor time, {len(lines) // 1000} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
