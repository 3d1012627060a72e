"""Measure how often the intervals of comparisons hold the truth: `analysis.sampling` on simulated experiments.

    python benchmarks/coverage.py [--replications 1000] > benchmarks/coverage.md

A simulated experiment compares three optimizers. The logarithm of the cost of an optimizer in one run is the sum of
normal terms: the difficulty of the function (0.8), what the optimizer makes of this function (1.0, with means 0, 0.3
and 0.6), the start (0.5), the start for this optimizer (0.4), the tuning of this study (0.6), and the rest (0.3). Above
a limit the run does not succeed. Costs are medians over studies. Functions are new in each replication where intervals
are over functions; where they are over starts and studies, the same functions are run again. The truth is the mean over
4,000 functions, or over 400 repetitions.

With five functions the intervals are wider than they need be. The last row is where they fail: of one study, an
interval over starts cannot know the luck of its tuning.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis import profiles, sampling
from landscapes.analysis.costs import Costs
from landscapes.analysis.sampling import Sample, Statistic

FAILURES = """Over five functions, intervals are wider than they need be. Over the starts and studies of one function
they are somewhat too short. Over the starts of one study they fail, because they cannot know the luck of its tuning;
`Tuning(studies=3)` or more repeats it."""
"""The designs in which coverage is not nominal."""

OPTIMIZERS = 3

STATISTICS: Mapping[str, Statistic] = {
    "success rate": sampling.solved(None),
    "profile at 1": sampling.profile(None, np.array([1.0])),
    "profile at 2": sampling.profile(None, np.array([2.0])),
    "profile at 4": sampling.profile(None, np.array([4.0])),
    "integrated": sampling.integrated(None, 4.0),
    "improvement": sampling.wins(None),
    "mean rank": sampling.scaled_ranks(None),
}


class Design(NamedTuple):
    """How many functions, starts and studies an experiment has, what its intervals are over, and the limit of costs."""

    functions: int
    starts: int
    studies: int
    over: sampling.Over = "functions"
    limit: float = 1.5


DESIGNS = [
    Design(5, 10, 5),
    Design(10, 10, 5),
    Design(20, 5, 5),
    Design(40, 10, 1),
    Design(160, 4, 5),
    Design(10, 10, 5, limit=4.0),
    Design(1, 10, 5, "runs"),
    Design(10, 5, 3, "runs"),
    Design(1, 20, 1, "runs"),
]


class World(NamedTuple):
    """Functions: how hard they are, shape (F,), and what each optimizer makes of them, shape (F, S)."""

    hard: NDArray[np.float64]
    skill: NDArray[np.float64]


def world(functions: int, random: np.random.Generator) -> World:
    """Return new functions."""
    skill = random.normal(0, 1, (functions, OPTIMIZERS)) + np.array([0.0, 0.3, 0.6])
    return World(random.normal(0, 0.8, functions), skill)


def experiment(of: World, design: Design, random: np.random.Generator) -> Costs:
    """Return the costs of an experiment on these functions."""
    count, starts, studies = len(of.hard), design.starts, design.studies
    cost = (
        of.hard[:, None, None, None]
        + of.skill[:, None, :, None]
        + random.normal(0, 0.5, (count, starts, 1, 1))
        + random.normal(0, 0.4, (count, starts, OPTIMIZERS, 1))
        + random.normal(0, 0.6, (count, 1, OPTIMIZERS, studies))
        + random.normal(0, 0.3, (count, starts, OPTIMIZERS, studies))
    )
    each = np.where(cost < design.limit, np.exp(cost + 3), np.inf).reshape(-1, OPTIMIZERS, 1, studies)
    problems = count * starts
    return Costs(
        np.median(each, -1), np.full((problems, OPTIMIZERS), 1e4), list("abc"), [0.1],
        np.repeat([f"f{i}" for i in range(count)], starts), np.full(problems, 2),
        starts=np.tile(np.arange(starts), count), by_study=each,
    )  # fmt: skip


def percentile(sample: Sample, statistic: Statistic, draws: int = 300) -> profiles.Estimate:
    """Return the interval of a percentile bootstrap over functions, for comparison."""
    each = sample.means(statistic(sample.costs))
    found = profiles.bootstrap(each.reshape(len(each), -1), draws=draws)
    return profiles.Estimate(*(part.reshape(each.shape[1:]) for part in found))


def coverage(design: Design, replications: int, seed: int) -> dict[str, tuple[float, float]]:
    """Return the share of intervals that hold the truth, by statistic: ours, and of a percentile bootstrap."""
    random = np.random.default_rng([seed, *map(int, design[:3])])
    fixed = design.over == "runs"
    worlds = [world(design.functions, random) for _ in range(10)]
    if fixed:
        truths = [truth(lambda one=one: experiment(one, design, random), 400) for one in worlds]
    else:
        many = world(4000, random)
        truths = [truth(lambda: experiment(many, design, random), 1)]
    inside: dict[str, list[tuple[float, float]]] = {name: [] for name in STATISTICS}
    for k in range(replications):
        own = worlds[k % len(worlds)] if fixed else world(design.functions, random)
        sample = Sample.of(experiment(own, design, random), design.over, draws=100, seed=k)
        for name, statistic in STATISTICS.items():
            true = truths[k % len(truths)][name]
            found = sample.share(statistic)
            other = percentile(sample, statistic, 200) if not fixed and k < replications // 4 else None
            inside[name].append((held(found, true), np.nan if other is None else held(other, true)))
    both = {name: np.array(rows) for name, rows in inside.items()}
    return {
        name: (float(rows[:, 0].mean()), np.nan if fixed else float(np.nanmean(rows[:, 1])))
        for name, rows in both.items()
    }


def truth(run: Callable[[], Costs], repetitions: int) -> dict[str, NDArray[np.float64]]:
    """Return the mean of each statistic over experiments."""
    found = [run() for _ in range(repetitions)]
    return {name: np.mean([of(one).mean(0) for one in found], 0) for name, of in STATISTICS.items()}


def held(found: profiles.Estimate, true: NDArray[np.float64]) -> float:
    """Return the share of an estimate's intervals that hold the truth; of a matrix, of those above the diagonal."""
    inside = (found.low <= true + 1e-12) & (true <= found.high + 1e-12)
    square = inside.shape == (OPTIMIZERS, OPTIMIZERS)
    return float(inside[np.triu_indices(OPTIMIZERS, 1)].mean() if square else inside.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--designs", type=int, default=len(DESIGNS), help="how many of the designs, from the first")
    given = parser.parse_args()
    begin = time.process_time()
    print("# Coverage of intervals\n")
    print(f"Share of 95 % intervals that hold the truth, in percent, over {given.replications:,} replications of each")
    print("design; in parentheses that of a percentile bootstrap over functions, over a quarter as many.\n")
    print("| functions × starts × studies | intervals over | " + " | ".join(STATISTICS) + " |")
    print("| --- | --- |" + " ---: |" * len(STATISTICS))
    many: list[float] = []
    for design in DESIGNS[: given.designs]:
        found = coverage(design, given.replications, 0)
        many += [100 * a for a, _ in found.values() if design.over == "functions" and design.functions >= 10]
        cells = [f"{100 * a:.1f}" + ("" if np.isnan(b) else f" ({100 * b:.1f})") for a, b in found.values()]
        few = design.over == "runs" and design.studies == 1
        mark = ", nearly all solved" if design.limit > 2 else ", one study" if few else ""
        over = "functions" if design.over == "functions" else "starts" if few else "starts and studies"
        size = f"{design.functions} × {design.starts} × {design.studies}{mark}"
        print(f"| {size} | {over} | {' | '.join(cells)} |", flush=True)
    if many:
        within = sum(93 <= share <= 97 for share in many)
        print(f"\nOver ten functions or more, {within} of {len(many)} shares are between 93 and 97 %, and all between")
        print(f"{min(many):.1f} and {max(many):.1f} %; {sum(share > 97 for share in many)} are above 97 %. {FAILURES}")
    print(f"\nMeasured in {time.process_time() - begin:.0f} s of CPU time by `benchmarks/coverage.py`.")


if __name__ == "__main__":
    main()
