"""Measure how often the intervals of comparisons hold the truth: `analysis.sampling` on simulated experiments.

    python benchmarks/coverage.py [--replications 1000] > benchmarks/coverage.md

A simulated experiment compares three optimizers. The logarithm of the cost of an optimizer in one run is the sum of
normal terms: the difficulty of the function (0.8), what the optimizer makes of this function (1.0, with means 0, 0.3
and 0.6), the start (0.5), the start for this optimizer (0.4), the tuning of this study (0.6), and the rest (0.3). Above
a limit the run does not succeed. Costs are medians over studies. Functions are new in each replication where intervals
are over functions; where they are over starts and studies, the same functions are run again. The truth is the mean over
20,000 functions, or over 1,000 repetitions. The second table has other worlds: other terms, limits and optimizers.

The row of one study is where intervals fail: over its starts, they cannot know the luck of its tuning.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis import profiles, sampling
from landscapes.analysis.costs import Costs
from landscapes.analysis.sampling import Sample, Statistic

STATISTICS: Mapping[str, Statistic] = {
    "success rate": sampling.solved(None),
    "profile at 1": sampling.profile(None, np.array([1.0])),
    "profile at 2": sampling.profile(None, np.array([2.0])),
    "profile at 4": sampling.profile(None, np.array([4.0])),
    "integrated": sampling.integrated(None, 4.0),
    "improvement": sampling.wins(None),
    "mean rank": sampling.scaled_ranks(None),
}


class World(NamedTuple):
    """Standard deviations of the terms of a cost, the means of the optimizers, and the limit of costs.

    With `tails`, what functions add has Student's distribution of so many degrees of freedom. With `grid`, the
    logarithm of a cost is rounded up to a multiple of it, so that costs are tied.
    """

    hard: float = 0.8
    skill: float = 1.0
    start: float = 0.5
    own_start: float = 0.4
    tuning: float = 0.6
    rest: float = 0.3
    means: tuple[float, ...] = (0.0, 0.3, 0.6)
    limit: float = 1.5
    tails: float = 0.0
    grid: float = 0.0


WORLDS = {
    "as above": World(),
    "heavy tails": World(tails=3.0),
    "functions alike": World(hard=0.3, skill=0.3, start=0.3, own_start=0.2, tuning=0.3, rest=0.2, limit=0.7),
    "functions apart": World(hard=1.5, skill=2.0),
    "2 optimizers": World(means=(0.0, 0.5)),
    "6 optimizers": World(means=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
    "many ties": World(grid=0.7),
    "nearly all solved": World(limit=4.0),
    "few solved": World(limit=-1.0),
    "one far ahead": World(means=(0.0, 1.5, 2.0)),
}


class Design(NamedTuple):
    """How many functions, starts and studies an experiment has, and what its intervals are over."""

    functions: int
    starts: int
    studies: int
    over: sampling.Over = "functions"

    @property
    def failing(self) -> bool:
        """Whether the luck of tuning is left out."""
        return self.over == "runs" and self.studies == 1

    def __str__(self) -> str:
        over = "functions" if self.over == "functions" else "starts" if self.failing else "starts and studies"
        mark = ", one study" if self.failing else ""
        return f"{self.functions} × {self.starts} × {self.studies}{mark} | {over}"


DESIGNS = [
    (Design(5, 10, 5), "as above"),
    (Design(10, 10, 5), "as above"),
    (Design(20, 5, 5), "as above"),
    (Design(40, 10, 1), "as above"),
    (Design(160, 4, 5), "as above"),
    (Design(10, 10, 5), "nearly all solved"),
    (Design(1, 10, 5, "runs"), "as above"),
    (Design(1, 10, 3, "runs"), "as above"),
    (Design(10, 5, 3, "runs"), "as above"),
    (Design(1, 20, 1, "runs"), "as above"),
]
"""The designs of the first table, with their worlds."""

OTHERS = [Design(5, 10, 5), Design(10, 10, 5), Design(1, 10, 5, "runs")]
"""The designs of the second table, in each other world."""


class Functions(NamedTuple):
    """Functions: how hard they are, shape (F,), and what each optimizer makes of them, shape (F, S)."""

    hard: NDArray[np.float64]
    skill: NDArray[np.float64]


def drawn(world: World, count: int, random: np.random.Generator) -> Functions:
    """Return new functions."""

    def term(*shape: int) -> NDArray[np.float64]:
        if not world.tails:
            return random.normal(size=shape)
        return random.standard_t(world.tails, shape) / np.sqrt(world.tails / (world.tails - 2))

    skill = world.skill * term(count, len(world.means)) + np.array(world.means)
    return Functions(world.hard * term(count), skill)


def experiment(of: Functions, world: World, design: Design, random: np.random.Generator) -> Costs:
    """Return the costs of an experiment on these functions."""
    (count, optimizers), starts, studies = of.skill.shape, design.starts, design.studies
    cost = (
        of.hard[:, None, None, None]
        + of.skill[:, None, :, None]
        + random.normal(0, world.start, (count, starts, 1, 1))
        + random.normal(0, world.own_start, (count, starts, optimizers, 1))
        + random.normal(0, world.tuning, (count, 1, optimizers, studies))
        + random.normal(0, world.rest, (count, starts, optimizers, studies))
    )
    if world.grid:
        cost = np.ceil(cost / world.grid) * world.grid
    each = np.where(cost < world.limit, np.exp(cost + 3), np.inf).reshape(-1, optimizers, 1, studies)
    problems = count * starts
    return Costs(
        np.median(each, -1), np.full((problems, optimizers), 1e4), list("abcdef"[:optimizers]), [0.1],
        np.repeat([f"f{i}" for i in range(count)], starts), np.full(problems, 2),
        starts=np.tile(np.arange(starts), count), by_study=each,
    )  # fmt: skip


def percentile(sample: Sample, statistic: Statistic, draws: int = 200) -> profiles.Estimate:
    """Return the interval of a percentile bootstrap over functions, for comparison."""
    each = sample.means(statistic(sample.costs))
    found = profiles.bootstrap(each.reshape(len(each), -1), draws=draws)
    return profiles.Estimate(*(part.reshape(each.shape[1:]) for part in found))


def coverage(
    design: Design, world: World, replications: int, seed: int = 0, *, compared: bool = True
) -> dict[str, tuple[float, float]]:
    """Return the share of intervals that hold the truth, by statistic: ours, and of a percentile bootstrap, or NaN."""
    random = np.random.default_rng([seed, *map(int, design[:3])])
    fixed = design.over == "runs"
    places = [drawn(world, design.functions, random) for _ in range(20)]

    def run(of: Functions) -> Costs:
        return experiment(of, world, design, random)

    if fixed:
        truths = [truth(lambda one=one: run(one), 1000) for one in places]
    else:
        truths = [truth(lambda: run(drawn(world, 1000, random)), 20)]
    inside: dict[str, list[tuple[float, float]]] = {name: [] for name in STATISTICS}
    for k in range(replications):
        own = places[k % len(places)] if fixed else drawn(world, design.functions, random)
        sample = Sample.of(run(own), design.over, draws=100, seed=k)
        for name, statistic in STATISTICS.items():
            true = truths[k % len(truths)][name]
            other = not fixed and compared and k < replications // 4
            second = held(percentile(sample, statistic), true) if other else np.nan
            inside[name].append((held(sample.share(statistic), true), second))
    both = {name: np.array(rows) for name, rows in inside.items()}
    return {
        name: (float(rows[:, 0].mean()), np.nan if fixed or not compared else float(np.nanmean(rows[:, 1])))
        for name, rows in both.items()
    }


def truth(run: Callable[[], Costs], repetitions: int) -> dict[str, NDArray[np.float64]]:
    """Return the mean of each statistic over experiments."""
    found = [run() for _ in range(repetitions)]
    return {name: np.mean([of(one).mean(0) for one in found], 0) for name, of in STATISTICS.items()}


def held(found: profiles.Estimate, true: NDArray[np.float64]) -> float:
    """Return the share of an estimate's intervals that hold the truth; of a matrix, of those above the diagonal."""
    inside = (found.low <= true + 1e-12) & (true <= found.high + 1e-12)
    square = inside.ndim == 2 and inside.shape[0] == inside.shape[1]
    return float(inside[np.triu_indices(len(inside), 1)].mean() if square else inside.mean())


def within(shares: Sequence[float]) -> str:
    """Return how many shares are between 93 and 97 %, how many are outside, and the range of all, in words."""
    inside, low, high = (sum(93 <= s <= 97 for s in shares), sum(s < 93 for s in shares), sum(s > 97 for s in shares))
    ends = f"the lowest is {min(shares):.1f}, the highest {max(shares):.1f} %"
    return f"{inside} of {len(shares)} shares are between 93 and 97 %, {low} below, {high} above; {ends}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--designs", type=int, default=len(DESIGNS), help="how many designs, from the first")
    parser.add_argument("--worlds", type=int, default=len(WORLDS) - 1, help="how many other worlds, from the first")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print("# Coverage of intervals\n")
    print(f"Share of 95 % intervals that hold the truth, in percent, over {given.replications:,} replications of each")
    print("design; in parentheses that of a percentile bootstrap over functions, over a quarter as many. The standard")
    print(f"error of the simulation is at most {100 * np.sqrt(0.95 * 0.05 / given.replications):.1f}.\n")
    header = " | ".join(STATISTICS) + " |\n"
    print(f"| functions × starts × studies | intervals over | {header}| --- | --- |" + " ---: |" * len(STATISTICS))
    many: list[float] = []
    for design, name in DESIGNS[: given.designs]:
        found = coverage(design, WORLDS[name], given.replications, given.seed)
        many += [] if design.failing else [round(100 * ours, 1) for ours, _ in found.values()]
        cells = [f"{100 * a:.1f}" + ("" if np.isnan(b) else f" ({100 * b:.1f})") for a, b in found.values()]
        first, over = str(design).split(" | ")
        mark = "" if name == "as above" else f", {name}"
        print(f"| {first}{mark} | {over} | {' | '.join(cells)} |", flush=True)
    print(f"\nWithout the row of one study, {within(many)}.\n")
    print("Over the starts of one study intervals fail, because they cannot know the luck of its tuning;")
    print("`Tuning(studies=3)` or more repeats it.")
    if not given.worlds:
        return
    print("\n## Other worlds\n")
    print(f"| world | functions × starts × studies | intervals over | {header}", end="")
    print("| --- | --- | --- |" + " ---: |" * len(STATISTICS))
    shares: dict[str, list[float]] = {}
    for name, world in list(WORLDS.items())[1 : given.worlds + 1]:
        for design in OTHERS:
            found = coverage(design, world, given.replications, given.seed, compared=False)
            values = [round(100 * ours, 1) for ours, _ in found.values()]
            kind = "over functions" if design.over == "functions" else "over starts and studies"
            shares.setdefault(f"{kind}, {design.functions} × {design.starts} × {design.studies}", []).extend(values)
            print(f"| {name} | {design} | {' | '.join(f'{value:.1f}' for value in values)} |", flush=True)
    print("\nOf all other worlds together:\n")
    for design_name, values in shares.items():
        print(f"- {design_name}: {within(values)}.")


if __name__ == "__main__":
    main()
