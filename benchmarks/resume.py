"""Kills the processes of a job at random times, again and again, and lets the job go on until it is done.

    python benchmarks/resume.py [--kills 20] [--workers 2] [--seed 0]

Some processes work on one folder, and each gets SIGKILL at a time of its own, drawn with the seed, while it begins or up to
eight blocks later. After each kill the log says which blocks are there. Those that were there before must not have been written again, and in the end the
results must be those of a job that nobody disturbed, bit for bit. A job that is done before so many were
killed is begun anew in another folder. Exits with 1 where anything was lost or doubled.
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

from landscapes.execution._execute import execute
from landscapes.execution.plan import Column, Plan, Task, Terms
from landscapes.execution.results import arrays
from landscapes.functions import get
from landscapes.optimizers import Adam

SIDE, STEPS, SIZE = 100, 60, 100
EARLY, LATEST = 0.2, 8.0
"""This share of the processes is killed while they begin, the others up to so many blocks after their first one."""


def job() -> Plan:
    """A map of the noisy Beale: SIDE² starts, each with random numbers of its own, in blocks of SIZE."""
    lengths, ways = (SIDE, SIDE), np.linspace(-4.0, 4.0, SIDE)
    starts = [Column.along(ways, lengths, axis) for axis in (0, 1)]
    terms = Terms(STEPS, np.array([[-9.0, 9.0]] * 2))
    return Plan([Task(get("noisy_beale"), Adam(lr=0.05), SIDE**2, starts, terms, streams=Column(np.arange(7)))], SIZE)


def work(folder: Path) -> None:
    """What a process does that may be killed."""
    torch.set_num_threads(1)
    execute(job(), out=folder)


def blocks(folder: Path) -> dict[str, int]:
    """The blocks that are there, and when each was written."""
    return {file.name: file.stat().st_mtime_ns for file in folder.glob("block-*.npz")}


def until(process: BaseProcess, folder: Path, seen: int, wait: float) -> None:
    """Returns so many seconds after there are more blocks than were seen, or once the process has ended."""
    while process.is_alive() and len(blocks(folder)) <= seen:
        time.sleep(0.002)
    process.join(wait)


def main(kills: int, workers: int, seed: int) -> int:
    """Kills so many processes; 0 where nothing was lost or doubled."""
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["landscapes.execution._execute", "landscapes.functions.stochastic"])
    begin = time.perf_counter()
    undisturbed, count = arrays(execute(job())[:]), len(job())
    pace = (time.perf_counter() - begin) / count
    print(f"undisturbed: {count} blocks, {pace:.3f} s each")
    killed = faults = jobs = 0
    with tempfile.TemporaryDirectory() as place:
        while killed < kills:
            jobs += 1
            folder = Path(place) / f"job{jobs}"
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
                        said = "a process ended      "
                    there, half = blocks(folder), len(list(folder.glob(".block-*")))
                    print(
                        f"job {jobs}, {said}: {len(there):3} of {count} blocks are there, "
                        f"{len(there.keys() - seen.keys()):2} new; {half} half written",
                        flush=True,
                    )
                    for name in [name for name in seen if there.get(name) != seen[name]]:
                        print(f"    {name} was there and is {'written again' if name in there else 'lost'}")
                        faults += 1
                    seen = there
            found = arrays(execute(job(), out=folder)[:])
            same = all(found[name].tobytes() == values.tobytes() for name, values in undisturbed.items())
            faults += not same
            took, bits = time.perf_counter() - begin, "the same bits as undisturbed" if same else "OTHER RESULTS"
            print(f"job {jobs} is done after {took:.1f} s: {len(blocks(folder))} blocks, {bits}", flush=True)
    print(f"{killed} kills, {jobs} jobs; lost, doubled or different: {faults}")
    return int(faults > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sys.exit(main(options.kills, options.workers, options.seed))
