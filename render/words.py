"""The texts of pictures and pages, so that they can be drawn in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from landscapes.errors import InputError, nearest_names
from landscapes.render.mathtext import UNDRAWABLE, is_formula

WORDS: Mapping[str, str] = {
    # races
    "step {step}": "the step counter, the titles of a filmstrip, tooltips",
    "lr {lr}": "the legend",
    "lr": "the leaderboard, above the learning rates",
    "gap": "the leaderboard, above the gaps to the minimum",
    "by gap": "the leaderboard, what decides the places",
    "by loss": "the leaderboard, what decides the places",
    "first to hold target, then gap": "the leaderboard, what decides the places",
    "first to hold target, then loss": "the leaderboard, what decides the places",
    "earliest first, then gap": "the leaderboard, what decides the places",
    "earliest first, then loss": "the leaderboard, what decides the places",
    "most arrivals, then gap": "the leaderboard, what decides the places",
    "most arrivals, then loss": "the leaderboard, what decides the places",
    "1 step per frame": "animations, if the pace changes",
    "{count} steps per frame": "animations, if the pace changes",
    "{count} frames per step": "animations, if the pace changes",
    "diverged at step {step}": "the legend",
    "non-finite at step {step}": "the legend",
    "unbounded at step {step}": "the legend",
    "out of view from step {step}": "the legend",
    "+ {count} more": "the legend, where it has no room for all runs",
    "gap to the minimum, by step": "the title of the losses",
    "loss, by step": "the title of the losses",
    "{title}, 1 coordinate": "titles",
    "{title}, {count} coordinates": "titles",
    "target": "the loss curves",
    "heights on a log scale": "3-D surfaces",
    "no value of the surface is finite": "contour plots and 3-D surfaces",
    # planes of networks
    "{share} % of the movement in this plane; path at most {distance} off it, losses at most {error} off": (
        "planes of networks"
    ),
    "median of {count} random directions, 10–90 %": "planes of networks",
    "eigenvector of the largest curvature, as long": "planes of networks",
    "cosine of the directions: {cosine}": "planes of networks",
    "gradient": "planes of networks",
    "random direction {number}": "planes of networks",
    "given direction {number}": "planes of networks",
    "principal direction {number}": "planes of networks",
    "eigenvector {number}": "planes of networks",
    # one step
    "{label}, step {step}": "explain_step",
    "momentum": "explain_step",
    "bias correction:": "explain_step",
    "scaled by 1/√v": "explain_step",
    "step": "explain_step, pages",
    # axes
    "loss": "axes",
    "gap to the minimum": "axes",
    "gradient norm": "axes",
    "distance to the minimum": "axes",
    "step length": "axes",
    "cosine between steps": "axes",
    "learning rate": "axes, tooltips",
    "weight decay": "axes",
    "steps": "axes",
    "evaluations": "axes",
    "processor time [ms]": "axes",
    "processor time [s]": "axes",
    "final gap to the minimum": "axes and colour bars of sweeps",
    "share of the initial gap that remains": "axes and colour bars of sweeps over functions",
    "final loss": "axes and colour bars of sweeps",
    "lowest loss": "axes and colour bars of sweeps",
    "steps to the target": "axes and colour bars of sweeps",
    "gradient evaluations": "axes and colour bars of sweeps",
    "success rate": "axes and colour bars of sweeps",
    # training runs
    "sharpness": "the edge of stability",
    "bound {value}": "the edge of stability",
    "central flow": "the edge of stability",
    "accuracy": "training races",
    "validation accuracy": "training races",
    "{metric}, by step": "training races",
    "before clipping": "training runs",
    "after clipping": "training runs",
    "update / weights, per layer": "training runs",
    "not logged": "training runs",
    "not measured": "training runs",
    # sweeps, basins, comparisons, tunings
    "best {value} at {setting}": "heat maps",
    "every setting fails": "heat maps",
    "{names} at the edge of the grid": "heat maps",
    "best over {names}": "sweeps with more settings than a picture shows",
    "and": "heat maps",
    "most runs fail": "heat maps",
    "target not reached": "heat maps",
    "never": "cells of heat maps",
    "fails": "cells of heat maps",
    "on": "cells of heat maps",
    "off": "cells of heat maps",
    "optimizer": "axes of heat maps",
    "at the edge of the grid": "lr_sweep",
    "beyond the grid": "lr_sweep",
    "{label}, {steps} steps; stronger colour: more steps to arrive": "maps of basins",
    "basin, share of starts": "maps of basins",
    "not arrived": "maps of basins",
    "diverged": "maps of basins",
    "median and quartiles of {count} runs": "sensitivity to a hyper-parameter",
    "Comparison": "comparisons",
    "1 function, tolerance {tolerance}": "comparisons",
    "{count} functions, tolerance {tolerance}": "comparisons",
    "{count} targets per problem": "comparisons",
    "evaluations relative to the best optimizer": "performance_profile",
    "evaluations per coordinate": "performance_profile",
    "evaluations, in simplex gradients": "performance_profile",
    "steps relative to the best optimizer": "performance_profile",
    "steps per coordinate": "performance_profile",
    "share of targets reached": "performance_profile",
    "share of problems solved": "performance_profile",
    "row needs fewer evaluations than column, %": "improvement_matrix",
    "row needs fewer steps than column, %": "improvement_matrix",
    "critical difference {value}": "critical_difference",
    "effort: share of steps to the target (> 1: not reached, {failed}: failed)": "tuning_trials",
    "1 setting, {evaluations} evaluations": "tuning_trials",
    "{count} settings, {evaluations} evaluations": "tuning_trials",
    "{low} to {high}": "tuning_trials",
    # fact sheets
    "contours": "fact sheets",
    "surface": "fact sheets",
    "surface, on a log scale": "fact sheets",
    "negative gradient": "fact sheets, explain_step",
    "value": "fact sheets",
    "derivative": "fact sheets",
    "start": "fact sheets",
    "global minimum": "fact sheets",
    "local minimum": "fact sheets",
    "saddle": "fact sheets",
    "maximum": "fact sheets",
    "{count} starts": "fact sheets",
    "{count} global minima": "fact sheets",
    "{count} local minima": "fact sheets",
    "{count} saddles": "fact sheets",
    "{count} maxima": "fact sheets",
    "from the minimum to the start": "fact sheets",
    "across": "fact sheets",
    "coordinates": "fact sheets",
    "domain": "fact sheets",
    "minima": "fact sheets",
    "minimum": "fact sheets",
    "outside": "fact sheets",
    "nonsmooth": "fact sheets",
    "tags": "fact sheets",
    "reference": "fact sheets",
    # diagnoses
    "{kind}, probability {share}": "diagnosis",
    "converged": "diagnosis",
    "still falling": "diagnosis",
    "crawling": "diagnosis",
    "plateau": "diagnosis",
    "oscillating": "diagnosis",
    "cycling": "diagnosis",
    "noise floor": "diagnosis",
    "spike": "diagnosis",
    "late instability": "diagnosis",
    "non-finite": "diagnosis",
    "zero gradient": "diagnosis",
    "clipped": "diagnosis",
    "schedule ended": "diagnosis",
    "left domain": "diagnosis",
    "unclear": "diagnosis",
    "unchanged": "prescriptions, runs without a change",
    "share of cured seeds": "prescriptions",
    "falling": "diagnosis",
    "before": "diagnosis",
    "after": "diagnosis",
    "recovered": "diagnosis",
    # pages
    "step {step} of {last}": "pages, for screen readers",
    "loss {loss}": "pages",
    "gap {gap}": "pages",
    "learning rate {lr}": "pages",
    "zoom": "pages",
    "zoom in": "pages",
    "zoom out": "pages",
    "reset the view": "pages",
    "playback": "pages",
    "play": "pages",
    "pause": "pages",
    "play or pause (space)": "pages",
    "speed": "pages",
    "optimizers": "pages",
    "not finite": "pages",
    # live pages
    "target at step {step}": "live pages",
    "drag the start, or move it by arrow keys": "live pages",
    "start ({x}, {y}): arrow keys move it": "live pages",
    "hyper-parameters of {label}": "live pages",
    "{name}: {bounds}": "live pages, for numbers out of range",
    "a number": "live pages",
    "an integer": "live pages",
    "reset to the published race": "live pages",
    "copy as Python": "live pages",
    "the race as Python": "live pages, for screen readers",
    "copied": "live pages",
    "copy the selected text": "live pages",
    "close": "live pages",
    "computing": "live pages, for screen readers",
    "ignored in the address: {parts}": "live pages",
    "function": "axes of heat maps; live pages, for screen readers",
    "your own formula": "live pages",
    "formula of x and y": "live pages, for screen readers",
    "from": "live pages, for screen readers",
    "to": "live pages, for screen readers",
    "add an optimizer": "live pages",
    "add a copy": "live pages",
    "remove": "live pages",
    "noise": "live pages",
    "clipping": "live pages",
    "schedule": "live pages",
    "seed": "live pages",
    "none": "live pages",
    "save as PNG": "live pages",
    "no picture: the window is too large": "live pages",
    # pages of sweeps
    "loss {loss} after {steps} steps": "pages of sweeps",
    "median of {count} starts: loss {loss}": "pages of sweeps",
    "{count} of {all} starts are drawn": "pages of sweeps",
    "above {formula} = {lr}: steps near the minimum grow": "pages of sweeps",
    "below {formula} = {lr}: steps near the minimum shrink": "pages of sweeps",
    "map of {measure}: arrow keys choose a cell": "pages of sweeps",
    "map": "pages of sweeps",
    "dashed: largest stable learning rate; λ = {curvature}: largest curvature at the minimum ({x}, {y})": (
        "pages of sweeps"
    ),
    # live pages: explained steps
    "explain the steps": "live pages, explained steps",
    "one step back": "live pages, explained steps",
    "one step on": "live pages, explained steps",
    "this step has no formula here: gradient and step are shown": "live pages, explained steps",
    "the arrows of gradient and momentum share one scale": "live pages, explained steps",
    "the cross shows the scaling of each coordinate": "live pages, explained steps",
    "the step is true to scale": "live pages, explained steps",
    "the step is drawn {factor} times longer": "live pages, explained steps",
    "who is who?": "live pages, explained steps",
    "reveal the names": "live pages, explained steps",
    "lowest value": "formulas typed on live pages",
    "gap to the lowest value, by step": "formulas typed on live pages",
    "given": "formulas typed on live pages",
    "given; a run went lower: no target": "formulas typed on live pages",
    "found at ({x}, {y}), not proven": "formulas typed on live pages",
    "found at the border, ({x}, {y}): no target": "formulas typed on live pages",
    "a run went lower outside the view: no target": "formulas typed on live pages",
    "character {place}: {problem}": "formulas typed on live pages",
    "{one} or {other}": "formulas typed on live pages",
    "the formula is empty; write one, as in x**2 + 3*sin(y)": "formulas typed on live pages",
    "the formula has {count} characters, more than {most}": "formulas typed on live pages",
    "the formula is incomplete": "formulas typed on live pages",
    "^ is not a power here; write {other}": "formulas typed on live pages",
    "// is not supported; write {other}": "formulas typed on live pages",
    "% is not supported; write {other}": "formulas typed on live pages",
    "attributes are not supported; write sin(x) for np.sin(x)": "formulas typed on live pages",
    "an operator is missing here; write * for a product: 2*x": "formulas typed on live pages",
    "a comma may only separate the arguments of a function; the decimal separator is a dot": (
        "formulas typed on live pages"
    ),
    "a comparison is allowed only as the condition of where(x > 0, a, b)": "formulas typed on live pages",
    "'{word}' is not expected here": "formulas typed on live pages",
    "more than {most} operations are nested": "formulas typed on live pages",
    "this is {number}, not a finite number": "formulas typed on live pages",
    "exponents must be at most {most} in absolute value": "formulas typed on live pages",
    "the first argument of where must be a comparison: where(x > 0, a, b), with <, <=, >, >=, and, or": (
        "formulas typed on live pages"
    ),
    "{name} is not a function; write * for a product: {name}*(…)": "formulas typed on live pages",
    "{name} takes one argument, got {count}": "formulas typed on live pages",
    "{name} takes {least} arguments, got {count}": "formulas typed on live pages",
    "{name} takes {least} arguments or more, got {count}": "formulas typed on live pages",
    "this number exceeds the largest floating-point number, 1.8e308": "formulas typed on live pages",
    "this page draws functions of two coordinates, x and y": "formulas typed on live pages",
    "{name} is a function and needs an argument: {name}(x)": "formulas typed on live pages",
    "write x[0] and x[1], or x and y": "formulas typed on live pages",
    "coordinates are x, y or x1, x2 or x[0], x[1], not both": "formulas typed on live pages",
    "a formula needs a coordinate: x or y": "formulas typed on live pages",
    "the formula needs both coordinates; add 0*y": "formulas typed on live pages",
    "'{letter}' is not supported; write {other}": "formulas typed on live pages",
    "'{letter}' is not supported": "formulas typed on live pages",
    "unknown function '{name}'. Did you mean {names}?": "formulas typed on live pages",
    "unknown function '{name}'. Known: {names}": "formulas typed on live pages",
    "unknown name '{name}'. Did you mean {names}?": "formulas typed on live pages",
    "unknown name '{name}'. Known: {names}": "formulas typed on live pages",
    "other wrappers": "live pages",
}
"""Where each text is shown; those with placeholders are templates of `str.format`. A new one is also added to each
table in `languages/`."""

MOST = 300
"""The largest number of characters of a text."""


def words() -> dict[str, str]:
    """Return all texts of pictures and pages, and where each is shown.

    The keys are what `words=` of `render.figure`, `render.save` and the other figures takes; the values of `words=` are
    the texts to show instead, with the same placeholders in braces. For some languages, `lang=` has all texts.

    >>> words()["step {step}"]
    'the step counter, the titles of a filmstrip, tooltips'
    >>> from landscapes import race
    >>> from landscapes.render import figure
    >>> shown = figure(race("booth", ["adam"], steps=20), words={"step {step}": "Schritt {step}"})
    >>> [text.get_text() for text in shown.texts]
    []
    """
    return dict(WORDS)


def check_words(given: Mapping[str, str]) -> None:
    """Raise `InputError` unless all keys are texts of pictures, and all values have their keys' placeholders."""
    if not isinstance(given, Mapping):
        raise InputError(f"words must be a mapping from the texts in render.words() to others, got {given!r:.80}")
    for text, other in given.items():
        if text not in WORDS:
            near = nearest_names(str(text), WORDS)
            hint = f"did you mean {near[0]!r}?" if near else "render.words() lists all texts"
            raise InputError(f"unknown text in words: {text!r:.80}; {hint}")
        if not isinstance(other, str):
            raise InputError(f"words[{text!r}] must be a text, got {other!r:.80}")
        if len(other) > MOST or UNDRAWABLE.search(other) or ("$" in other and not is_formula(other)):
            raise InputError(
                f"words[{text!r}] must have at most {MOST} characters, none of control, and dollar signs only around a "
                f"formula that matplotlib can draw, got {other!r:.80}"
            )
        try:
            same = placeholders(other) == placeholders(text)
        except ValueError:
            same = False
        if not same:
            needed = ", ".join(f"{{{name}}}" for name in sorted(placeholders(text))) or "no braces"
            raise InputError(f"words[{text!r}] must have {needed}, got {other!r:.80}")


def placeholders(text: str) -> set[str]:
    """Return the names in braces of a template; raise `ValueError` for one that is malformed.

    >>> sorted(placeholders("{count} settings, {evaluations} evaluations"))
    ['count', 'evaluations']
    """
    parts = list(Formatter().parse(text))
    if any(name is not None and (form or change) for _, name, form, change in parts):
        raise ValueError("no formats in templates")
    return {name for _, name, _, _ in parts if name is not None}
