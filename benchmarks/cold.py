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

IMPORTS = "import torch, matplotlib.pyplot"

COMMANDS = {
    IMPORTS: ["-c", IMPORTS],
    "landscapes race beale -o race.gif": ["-m", "landscapes", "race", "beale", "-o", "race.gif"],
}

FASTER, LONGER = 6.0, 1.8
"""Required: how much faster the first small race is than a plain loop, and how much longer the command takes than the
imports."""


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
    print("| call in its process | plain loop, s | small race, s | ratio | required |\n|---|---|---|---|---|")
    for place, (word, required) in enumerate((("first", f"≥ {FASTER:g}"), ("second", ""))):
        plain, race = (median(calls[place] for calls in loops[name]) for name in loops)
        print(f"| {word} | {plain:.2f} | {race:.2f} | {plain / race:.2f} | {required} |")
    base = median(commands[IMPORTS])
    print("\n| fresh process | CPU seconds | ratio | required |\n|---|---|---|---|")
    for name, seconds in commands.items():
        required = "" if name == IMPORTS else f"≤ {LONGER:g}"
        print(f"| `{name}` | {median(seconds):.2f} | {median(seconds) / base:.2f} | {required} |")


if __name__ == "__main__":
    main()
