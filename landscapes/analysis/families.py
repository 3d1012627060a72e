"""Leave families of functions out of a comparison: how many must go before the order of optimizers changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from landscapes.analysis import sampling
from landscapes.analysis.costs import costs
from landscapes.analysis.race_table import listed
from landscapes.analysis.sampling import Sample, check_r_max
from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record

R_MAX = 4.0
"""The largest ratio of an integrated profile, as in AlgoPerf (Dahl et al., 2023)."""

LEVEL = 1e-9
"""Sums of integrated profiles that differ by less are level."""


def in_words(family: str) -> str:
    """Return the name of a family as a table shows it.

    >>> in_words("bbob_multimodal")
    'BBOB multimodal'
    """
    return " ".join(word.upper() if word == "bbob" else word for word in family.split("_"))


@dataclass(frozen=True, eq=False)
class Swap:
    """What turns the order of two optimizers.

    Attributes:
        ahead, behind: their labels.
        families: the fewest families without which `behind` is ahead, or level; () if there are none.
        level: whether they are level over all functions.
    """

    ahead: str
    behind: str
    families: tuple[str, ...]
    level: bool = False


@dataclass(frozen=True, eq=False)
class FamilyOrder:
    """The order of optimizers by integrated profile, and how it depends on families of functions.

    Attributes:
        optimizers: their labels, best first.
        families: the families, in order of their first function.
        scores: the integrated profile of each optimizer over the functions of each family, shape (families, S).
        without: the integrated profile over all functions but those of each family, shape (families, S); NaN if
            nothing is left.
        sizes: the number of functions of each family.
        swaps: for each pair of neighbours in the order, what turns it.
    """

    optimizers: list[str]
    families: list[str]
    scores: NDArray[np.float64]
    without: NDArray[np.float64]
    sizes: NDArray[np.int64]
    swaps: list[Swap]

    @property
    def least(self) -> Swap | None:
        """The swap of neighbours that needs the fewest families; None if no order can be turned."""
        found = [swap for swap in self.swaps if swap.families]
        return min(found, key=lambda swap: len(swap.families)) if found else None

    @property
    def sentence(self) -> str:
        """One sentence on how many families must go before the order changes."""
        count = f"{len(self.families)} famil{'y' if len(self.families) == 1 else 'ies'}"
        if len(self.families) < 2:
            return f"All functions are of one family ({self.families[0]}), so that none can be left out."
        if level := self._level():
            groups = ", and so are ".join([f"{listed(level[0])} are level", *map(listed, level[1:])])
            return f"Over all functions, {groups}, so that any family decides."
        if self.least is None:
            return f"No choice among the {count} of functions changes the order."
        gone = self.least.families
        turned = f"{self.least.behind} is no longer behind {self.least.ahead}"
        names = listed([in_words(name) for name in gone])
        return f"Without {len(gone)} of {count} of functions ({names}) {turned}."

    def _level(self) -> list[list[str]]:
        """Return the groups of optimizers that are level over all functions."""
        groups: list[list[str]] = []
        for before, swap in zip([None, *self.swaps], self.swaps, strict=False):
            if not swap.level:
                continue
            if before is None or not before.level:
                groups.append([swap.ahead])
            groups[-1].append(swap.behind)
        return groups


@suggests_arguments
def families(
    record: Record,
    tolerance: float | None = None,
    *,
    cost: str = "evaluations",
    by: str | Sequence[str] | Mapping[str, str] = "module",
    r_max: float = R_MAX,
) -> FamilyOrder:
    """Return the order of optimizers by integrated profile, and how many families must go before it changes.

    The order of two optimizers is that of the sums of their integrated profiles over functions. The families that
    speak most for the one ahead are left out until it is no longer ahead, which gives the smallest number.

    Args:
        record: a comparison.
        tolerance: one of its tolerances; by default that for which learning rates were chosen, else the last.
        cost: what is counted, "evaluations" or "steps".
        by: "module" for the modules of the catalogue, which group functions by shape, where a function of one's own is
            a family of its own; tags, of which the first that a function has is its family ("others" without any); or a
            dict from functions to families.
        r_max: the largest ratio that counts.

    Raises:
        InputError: for another record, r_max <= 1, or a dict that lacks a function.

    >>> from landscapes import compare
    >>> record = compare(["booth", "beale"], ["sgd(lr=1e-5)", "bfgs"], starts=2, steps=60)
    >>> families(record).sentence
    'No choice among the 2 families of functions changes the order.'
    """
    found = costs(record, cost)
    check_r_max(r_max)
    sample = Sample.of(found)
    each = sample.means(sampling.integrated(tolerance, r_max)(found))  # (F, S)
    named = _families(record, sample.names, by)
    names = list(dict.fromkeys(named))
    member = np.array(named)[None, :] == np.array(names)[:, None]  # (families, F)
    sizes = member.sum(1)
    sums = member.astype(np.float64) @ each
    left = len(each) - sizes
    with np.errstate(invalid="ignore", divide="ignore"):
        without = (each.sum(0) - sums) / np.where(left > 0, left, np.nan)[:, None]
    order = [int(i) for i in np.argsort(-each.sum(0).round(12), kind="stable")]
    labels = [found.optimizers[i] for i in order]
    swaps = []
    for i, j in pairwise(order):
        ahead = sums[:, i] - sums[:, j]
        level = bool(ahead.sum() <= LEVEL)
        gone = () if level else tuple(names[k] for k in _fewest(ahead))
        swaps.append(Swap(found.optimizers[i], found.optimizers[j], gone, level))
    return FamilyOrder(labels, names, (sums / sizes[:, None])[:, order], without[:, order], sizes, swaps)


def _fewest(contributions: NDArray[np.float64]) -> list[int]:
    """Return the fewest contributions without which the sum of the others is not positive; [] if there are none.

    At least one must stay.

    >>> _fewest(np.array([3.0, -1.0, 1.0])), _fewest(np.array([1.0, 2.0]))
    ([0], [])
    """
    order = np.argsort(-contributions, kind="stable")
    rest = contributions.sum() - np.cumsum(contributions[order])
    enough = np.flatnonzero(rest[:-1] <= LEVEL)
    return [int(i) for i in order[: enough[0] + 1]] if len(enough) else []


def _families(record: Record, functions: Sequence[str], by: str | Sequence[str] | Mapping[str, str]) -> list[str]:
    """Return the family of each function."""
    facts = record.meta["functions"]
    if isinstance(by, Mapping):
        missing = [name for name in functions if name not in by]
        if missing:
            raise InputError(f"by: no family for {', '.join(missing[:3])}; give one for each function")
        return [str(by[name]) for name in functions]
    if by == "module":
        return [str(facts[name].get("family") or name) for name in functions]
    tags = [by] if isinstance(by, str) else list(by)
    if not tags or not all(isinstance(tag, str) for tag in tags):
        raise InputError(f'by must be "module", tags such as ["convex", "multimodal"], or a dict; got {by!r:.80}')
    return [next((tag for tag in tags if tag in facts[name].get("tags", ())), "others") for name in functions]
