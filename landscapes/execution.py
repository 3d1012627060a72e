"""Runs the blocks of a plan, here or wherever an executor takes them."""

from __future__ import annotations

from landscapes.blocks import Plan
from landscapes.engine import Progress
from landscapes.results import Memory, Results


def execute(plan: Plan, *, progress: Progress | None = None) -> Results:
    """Runs all blocks of a plan.

    Args:
        plan: what to run.
        progress: told of (runs done, runs in all).

    Returns:
        The results, in the order of the plan's runs.

    Raises:
        InputError: as `engine.run` does.
    """
    store = Memory(plan)
    done = 0
    for i in range(len(plan)):
        block = plan[i]
        store.put(i, block.run())
        done += len(block)
        if progress is not None:
            progress(done, plan.runs)
    return Results(plan, store)
