"""Measure the first race of a process, and a cold command, in CPU seconds of fresh processes.

    python benchmarks/cold.py            # print the tables
    python benchmarks/cold.py --rounds 9

The processes alternate, and each figure is a median. Compiled modules are kept in a temporary folder, as an installed
package has them; a first round that is not counted writes them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

RACE = """
from time import process_time
import torch
import engine

eight = [engine.parse(name)[0] for name in engine.OPTIMIZERS]
begin = torch.tensor([-0.5, 0.7], dtype=torch.float64)[:, None].repeat(1, 8)

def plain():
    for optimizer in engine.TORCH_OPTIMIZERS:
        engine.plain(engine.valley, *optimizer, 500)

def race():
    engine.loop.run(engine.ROSENBROCK, eight, begin, 500, box=engine.WIDE)

for _ in range(2):
    before = process_time()
    CASE()
    print(process_time() - before)
"""
"""Prints the CPU seconds of the first and of the second call, without imports of torch and of this package."""

COMMANDS = {
    "import torch, matplotlib.pyplot": ["-c", "import torch, matplotlib.pyplot"],
    "landscapes race beale -o race.gif": ["-m", "landscapes", "race", "beale", "-o", "race.gif"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    here = Path(__file__).resolve().parent
    loops: dict[str, list[list[float]]] = {"plain": [], "race": []}
    commands: dict[str, list[float]] = {name: [] for name in COMMANDS}
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {
            "PYTHONPATH": os.pathsep.join([str(here.parent), str(here)]),
            "PYTHONPYCACHEPREFIX": os.path.join(folder, "compiled"),
        }

        def python(*words: str) -> str:
            return subprocess.run(
                [sys.executable, *words], cwd=folder, env=environment, check=True, capture_output=True, text=True
            ).stdout

        for number in range(rounds + 1):
            for name, calls in loops.items():
                seconds = [float(line) for line in python("-c", RACE.replace("CASE", name)).split()]
                calls += [seconds] if number else []
            for name, words in COMMANDS.items():
                before = getrusage(RUSAGE_CHILDREN)
                python(*words)
                after = getrusage(RUSAGE_CHILDREN)
                used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                commands[name] += [used] if number else []
    print(f"load {load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end\n")
    print("| call in its process | plain loop, s | small race, s | ratio |\n|---|---|---|---|")
    for place, word in enumerate(("first", "second")):
        plain, race = (median(calls[place] for calls in loops[name]) for name in loops)
        print(f"| {word} | {plain:.2f} | {race:.2f} | {plain / race:.2f} |")
    base, whole = (median(seconds) for seconds in commands.values())
    print("\n| fresh process | CPU seconds |\n|---|---|")
    for name, seconds in commands.items():
        print(f"| `{name}` | {median(seconds):.2f} |")
    print(f"\nThe command takes {whole / base:.2f} times the imports.")


if __name__ == "__main__":
    main()
