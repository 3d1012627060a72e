"""Kill the processes of an experiment at random times, and resume it until it completes.

    python benchmarks/resume.py [--kills 20] [--workers 2] [--seed 0]

Several processes share one directory. Each receives SIGKILL at a random time, while it starts or up to eight blocks
later. After each kill the log lists the blocks. Existing blocks must not be written again, and the final results
must equal those of an uninterrupted experiment bitwise. If an experiment completes before enough processes were
killed, another one starts in a new directory. The exit status is 1 if a block was lost, computed twice or
different.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import torch

from landscapes.execution import execute
from landscapes.execution.plan import GridColumn, Plan, RunSettings, Task
from landscapes.execution.results import to_arrays
from landscapes.functions import get
from landscapes.optimizers import Adam

SIDE, STEPS, SIZE = 100, 60, 100
EARLY, LATEST = 0.2, 8.0
"""The share of processes killed while they start, and the latest time of other kills, in blocks after the first."""


def plan() -> Plan:
    """Return SIDE² starts on the noisy Beale function, each with its own random numbers, in blocks of SIZE."""
    lengths, ticks = (SIDE, SIDE), np.linspace(-4.0, 4.0, SIDE)
    starts = [GridColumn.along(ticks, lengths, axis) for axis in (0, 1)]
    settings = RunSettings(STEPS, np.array([[-9.0, 9.0]] * 2))
    return Plan(
        [Task(get("noisy_beale"), Adam(lr=0.05), SIDE**2, starts, settings, streams=GridColumn(np.arange(7)))], SIZE
    )


def work(folder: Path) -> None:
    """Run the experiment in a process that may be killed."""
    torch.set_num_threads(1)
    execute(plan(), resume_dir=folder)


def blocks(folder: Path) -> dict[str, int]:
    """Return the names of the existing blocks and their modification times."""
    return {file.name: file.stat().st_mtime_ns for file in folder.glob("block-*.npz")}


def until(process: BaseProcess, folder: Path, seen: int, wait: float) -> None:
    """Wait until there are more blocks than seen, and then some seconds, or until the process ends."""
    while process.is_alive() and len(blocks(folder)) <= seen:
        time.sleep(0.002)
    process.join(wait)


def main(kills: int, workers: int, seed: int) -> int:
    """Kill processes and return the exit status: 0 if no block was lost, computed twice or different."""
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["landscapes.execution._execute", "landscapes.functions.stochastic"])
    begin = time.perf_counter()
    undisturbed, count = to_arrays(execute(plan())[:]), len(plan())
    pace = (time.perf_counter() - begin) / count
    print(f"uninterrupted: {count} blocks, {pace:.3f} s each")
    killed = faults = experiments = 0
    with tempfile.TemporaryDirectory() as place:
        while killed < kills:
            experiments += 1
            folder = Path(place) / f"experiment{experiments}"
            begin, seen = time.perf_counter(), dict[str, int]()
            while len(seen) < count:
                running = [context.Process(target=work, args=(folder,)) for _ in range(workers)]
                for process in running:
                    process.start()
                for process in running:
                    started, wait = time.perf_counter(), pace * random.uniform(0, LATEST)
                    if killed >= kills:
                        process.join()
                    elif random.random() < EARLY:
                        process.join(wait)
                    else:
                        until(process, folder, len(seen), wait)
                    if process.is_alive():
                        process.kill()
                        process.join()
                        killed += 1
                        said = f"kill {killed:2} after {time.perf_counter() - started:4.2f} s"
                    else:
                        said = "process completed    "
                    there, half = blocks(folder), len(list(folder.glob(".block-*")))
                    print(
                        f"experiment {experiments}, {said}: {len(there):3} of {count} blocks exist, "
                        f"{len(there.keys() - seen.keys()):2} new; {half} incomplete",
                        flush=True,
                    )
                    for name in [name for name in seen if there.get(name) != seen[name]]:
                        print(f"    {name} was {'written again' if name in there else 'lost'}")
                        faults += 1
                    seen = there
            found = to_arrays(execute(plan(), resume_dir=folder)[:])
            same = all(found[name].tobytes() == values.tobytes() for name, values in undisturbed.items())
            faults += not same
            took, bits = (
                time.perf_counter() - begin,
                "bitwise equal to the uninterrupted run" if same else "DIFFERENT RESULTS",
            )
            print(
                f"experiment {experiments} completed after {took:.1f} s: {len(blocks(folder))} blocks, {bits}",
                flush=True,
            )
    print(f"{killed} kills, {experiments} experiments; blocks lost, computed twice or different: {faults}")
    return int(faults > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sys.exit(main(options.kills, options.workers, options.seed))
