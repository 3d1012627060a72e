"""What a report says in words: the question, the answer, and what the comparison cannot say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from landscapes.analysis import tables
from landscapes.analysis.bands import integrated_profiles
from landscapes.analysis.costs import costs
from landscapes.analysis.families import families
from landscapes.analysis.pairs import pairs
from landscapes.analysis.race_table import listed
from landscapes.analysis.reach import reach_notes
from landscapes.record import Record
from landscapes.render.plots._pairs import SURE

MOST_NAMES = 12
"""The largest number of functions or pairs that are named in a sentence."""


def question(record: Record, share: float, cost: str) -> str:
    """Return the question that a comparison asks, in one sentence."""
    titles = list(tables.function_titles(record).values())
    where = listed(titles) if len(titles) <= 3 else f"{len(titles)} functions"
    repeats = count_of(len(record.axes["start"]), "start")
    if len(record.axes["seed"]) > 1:
        repeats += f" with {len(record.axes['seed'])} seeds each"
    names, tuning = listed([str(name) for name in record.axes["optimizer"]]), record.meta.get("tuning")
    tuned = f", each with the best of {count_of(tuning['trials'], 'trial')} of tuning," if tuning else ""
    return (
        f"How many {cost} do {names}{tuned} need to bring the gap to the minimum of {where} to {share:g} of the gap at "
        f"the start, from {repeats}, and how often do they arrive within {count_of(record.meta.steps, 'step')}?"
    )


def answer(record: Record, tolerance: float | None, cost: str) -> list[str]:
    """Return the answer, one sentence per point."""
    labels = [str(name) for name in record.axes["optimizer"]]
    found = integrated_profiles(record, tolerance, cost=cost)
    order = np.argsort(-found.value, kind="stable")
    scores = [
        f"{labels[i]} {found.value[i]:.2f}"
        + (f" [{found.low[i]:.2f}, {found.high[i]:.2f}]" if math.isfinite(found.low[i]) else "")
        for i in order
    ]
    said = [f"Integrated performance profile (1 at best), with 95 % intervals: {listed(scores)}."]
    if not np.isfinite(costs(record, cost).at(tolerance)).any():
        return ["Nothing is compared.", *reach_notes(record, tolerance)]
    said += reach_notes(record, tolerance)
    if len(labels) > 1:
        each = pairs(record, tolerance, cost=cost)
        couples = list(combinations(range(len(labels)), 2))
        open_ones = [
            f"{each.optimizers[i]} and {each.optimizers[j]}" for i, j in couples if not each.p_values[i, j] < SURE
        ]
        if np.isnan(each.p_values).all():
            said.append("One start of one function is no sample: no pair is tested.")
        elif not open_ones:
            all_of = f"All {len(couples)} pairs of optimizers" if len(couples) > 1 else "They"
            said.append(f"{all_of} differ (Holm-corrected p < 0.05).")
        else:
            some = "; ".join([*open_ones[:MOST_NAMES], *(["others"] if len(open_ones) > MOST_NAMES else [])])
            differ = len(couples) - len(open_ones)
            said.append(
                f"{differ} of {count_of(len(couples), 'pair')} differ (Holm-corrected p < 0.05); not distinguished: "
                f"{some}."
            )
        said.append(families(record, tolerance, cost=cost).sentence)
    return said


def limits(record: Record, tolerance: float | None, cost: str) -> list[str]:
    """Return what the comparison does not show, as far as the record knows."""
    facts, meta = record.meta["functions"], record.meta
    dims = sorted({fact["dim"] for fact in facts.values()})
    coordinates = f"{dims[0]}" if len(dims) == 1 else f"{dims[0]} to {dims[-1]}"
    other = "nothing follows for functions of another kind, such as the losses of networks."
    said = [
        f"The function was chosen, and has {count_of(dims[0], 'coordinate')}; {other}"
        if len(facts) == 1
        else f"The functions were chosen, and have {coordinates} coordinates. Intervals over functions treat them as a "
        f"sample of others like them; {other}",
        f"A run that arrives after {count_of(meta.steps, 'step')} counts as one that does not arrive.",
        f"Costs are {cost}"
        + (
            ", in which a gradient counts as much as a value, and a Hessian as one gradient per coordinate"
            if cost == "evaluations"
            else ""
        )
        + ". Time and memory were not measured.",
    ]
    found = costs(record, cost)
    best: dict[str, list[str]] = {}
    for one in found.tolerances:
        value = integrated_profiles(record, one, cost=cost, draws=2).value
        if value.max() > 0:
            top = [found.optimizers[i] for i in np.flatnonzero(value >= value.max() - 1e-9)]
            best.setdefault(listed(top), []).append(f"{one:g}")
    if len(found.optimizers) > 1 and best:
        words = [f"{name} at {listed(tolerances)}" for name, tolerances in best.items()]
        said.append(
            f"The order depends on the tolerance. The largest integrated profile has {'; '.join(words)}."
            if len(best) > 1
            else f"Another tolerance may give another order, though the largest integrated profile has {words[0]}."
        )
    tuning = meta.get("tuning")
    if not tuning:
        said.append("Tuning was done once at most: intervals do not include its luck. Tuning(studies=5) repeats it.")
    elif tuning["studies"] < 3:
        said.append(
            f"With {'one study' if tuning['studies'] == 1 else '2 studies'}, the luck of tuning is hardly known."
        )
    if len(facts) == 1:
        said.append(f"One function is no sample of functions: {_over_runs(len(record.axes['start']), tuning)}")
    elif len(facts) < 10:
        said.append(
            f"{len(facts)} functions are few, and hardly show how much functions differ. In simulations with 5 "
            "functions, 95 % intervals held the truth in 94 to 98 % of cases."
        )
    if len(facts) == 1 and len(record.axes["start"]) > 1:
        said.append(
            "Starts are spread more evenly than independent draws, so that intervals over starts are rather too wide."
        )
    unknown = [
        fact.get("title", name) for name, fact in facts.items() if fact.get("minimum_is") == "the lowest value seen"
    ]
    if unknown:
        said.append(
            f"The minima of {listed(unknown[:MOST_NAMES])} are unknown; gaps are measured from the lowest loss of any "
            "run."
        )
    solved = np.asarray(np.isfinite(found.at(tolerance)).reshape(len(facts), -1).any(1))
    if not solved.all():
        named = [tables.function_titles(record)[name] for name, ok in zip(facts, solved, strict=True) if not ok]
        some = listed(named[:MOST_NAMES]) + (f" and {len(named) - MOST_NAMES} more" if len(named) > MOST_NAMES else "")
        said.append(f"No optimizer arrives on {some}; there, nothing distinguishes them.")
    return said


def _over_runs(starts: int, tuning: Mapping[str, Any] | None) -> str:
    """Return what intervals of one function are over, and how often they hold; shares are those of simulations."""
    studies = tuning["studies"] if tuning else 1
    varying = [noun for noun, count in (("starts", starts), ("studies", studies)) if count > 1]
    if not varying:
        return "there are no intervals."
    over = f"intervals are over {listed(varying)} of this one"
    if tuning and studies == 1:
        return (
            f"{over}, and leave out the luck of tuning: in simulations, 95 % intervals held the truth in 69 to 81 % "
            "of cases."
        )
    if tuning:
        return f"{over}. In simulations, 95 % intervals held the truth in 95 to 99 % of cases."
    return f"{over}."


def count_of(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
