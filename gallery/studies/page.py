"""Write STUDIES.md from the studies: `python gallery/studies/page.py`.

The script runs the studies at full size, as many at a time as there are processors. On a busy machine, fourteen of them
took 640 CPU seconds, of which studies 15, 5 and 14 took 226, 146 and 79. An entry of the page consists
of the study's docstring, its verdict and its picture. With `--keep-pictures` the studies run in a temporary folder and
leave their pictures unchanged.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
STUDIES = sorted(HERE.glob("[0-9][0-9]_*.py"))
COMMAND = "python gallery/studies/live.py"
VERDICTS = ("holds", "does not hold", "only when")

HEAD = """# Studies: common claims about optimizers, tested

Each study states a common claim, runs the experiment and draws the result. The script of a study asserts its
verdict, and the tests run all scripts. `python gallery/studies/page.py` generates this page from the scripts and
their output.

## From a symptom to a change

The studies look at the loss that is minimized. None of them is about validation losses.

| symptom | study | change |
|---|---|---|
"""

CLAIMS = """## From a claim to a verdict

| | claim | verdict |
|---|---|---|
"""


ARRIVAL = """## How arrival is counted

A run reaches a target at the step from which it stays there to its end. Formerly its first touch counted, also of runs
that left again. This changes study 15, where brackets are 95 % bootstrap intervals:

| best rates | success: SGD | Momentum | Adam | SGD / Adam |
|---|---|---|---|---|
{rows}

Studies 10 and 16 have always judged by where runs stay and end.

"""

FIRST_TOUCH = (
    ("tolerance 0.1", "79 %", "79 %", "86 %", "1.3 [1.1, 2.1]"),
    ("tolerance 0.001", "59 %", "63 %", "73 %", "1.5 [1.1, 2.3]"),
    ("tolerance 1e-06", "42 %", "48 %", "60 %", "1.9 [1.3, 2.5]"),
)
"""Rows of the table of study 15 while the first touch counted."""


def arrival(table: str) -> str:
    """Return the section on arrival, from the table that study 15 prints."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "best," in line]
    now = {line[0].removeprefix("best, "): line for line in lines}
    rows = []
    for name, *before in FIRST_TOUCH:
        after = now[name]
        rows.append(f"| {name}, first touch | {' | '.join(before)} |")
        rows.append(f"| {name}, stays | {' | '.join([*after[1:4], after[5]])} |")
    return ARRIVAL.format(rows="\n".join(rows))


def load_live() -> ModuleType:
    """Return the module `live.py`."""
    spec = importlib.util.spec_from_file_location("live_studies", HERE / "live.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def live_line(study: Path, live: ModuleType) -> str:
    """Return how to get the live page of a study, or that of its measured runs."""
    if study.stem not in {**live.LIVE, **live.MEASURED}:
        return (
            f"Its page shows measured runs, which `python gallery/studies/measure.py {study.stem}` measures for long."
        )
    kind = "Live page" if study.stem in live.LIVE else "Page of measured runs"
    return f"{kind}, with a slider ({live.slider_of(study.stem)}): `{COMMAND} {study.stem}`"


def parse(study: Path) -> tuple[str, str, str, str]:
    """Return the title, the claim, the setup and the sources from a study's docstring."""
    text = ast.get_docstring(ast.parse(study.read_text(encoding="utf-8"))) or ""
    title, _, body = text.partition("\n=")
    paragraphs = [" ".join(part.split()) for part in body.lstrip("=").strip().split("\n\n")]
    claim = paragraphs[0].removeprefix("**Claim.** ").strip('"')
    setup = " ".join(part for part in paragraphs[1:] if not part.startswith("**"))
    sources = next(part for part in paragraphs if part.startswith("**Sources.**")).removeprefix("**Sources.** ")
    return title.strip(), claim, setup, sources


def advice(study: Path) -> list[tuple[str, str]]:
    """Return the symptoms that lead to a study, each with the change that it supports, from its docstring."""
    text = ast.get_docstring(ast.parse(study.read_text(encoding="utf-8"))) or ""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    symptoms, changes = (
        [part.removeprefix(name) for part in paragraphs if part.startswith(name)]
        for name in ("**Symptom.** ", "**Change.** ")
    )
    return list(zip(symptoms, changes, strict=True))


def index_rows(study: Path) -> str:
    """Return the rows of a study in the index of symptoms."""
    target = f"[{int(study.name[:2])}](#{anchor(parse(study)[0])})"
    return "\n".join(f"| {symptom} | {target} | {change} |" for symptom, change in advice(study))


def verdict(study: Path, *size: str) -> tuple[str, str, str]:
    """Run a study and return its verdict, one of `VERDICTS`, its findings, and all that it printed."""
    run = subprocess.run([sys.executable, str(study), *size], capture_output=True, text=True, check=True)
    return read_verdict(run.stdout)


def read_verdict(printed: str) -> tuple[str, str, str]:
    """Return the verdict, the findings, and all that a study printed."""
    line = printed.strip().splitlines()[-1]
    kind = next(kind for kind in VERDICTS if line.startswith(kind))
    return kind, line.removeprefix(kind).lstrip(": "), printed


def anchor(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-")


def entry(study: Path, kind: str, findings: str, live: ModuleType) -> tuple[str, str, str]:
    """Return a study's rows of the index, its row of the claims, and its section."""
    title, claim, setup, sources = parse(study)
    number = int(study.name[:2])
    row = f"| {number} | [{claim}](#{anchor(title)}) | **{kind}** |"
    picture = next((HERE / "pictures").glob(f"{study.stem}.*")).relative_to(HERE.parent)
    section = (
        f"## {title}\n\n"
        f"“{claim}” **{kind[0].upper()}{kind[1:]}**: {findings}.\n\n"
        f"![{title}]({picture})\n\n"
        f"{setup}\n\n"
        f"{live_line(study, live)}\n\n"
        f"[{study.name}]({study.relative_to(HERE.parent)}) · {sources}\n"
    )
    return index_rows(study), row, section


def main() -> None:
    """Run all studies and write the page."""
    keep_pictures = "--keep-pictures" in sys.argv[1:]
    entries, outputs, live = [], {}, load_live()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pictures").mkdir()
        scripts = [Path(shutil.copy(study, folder)) if keep_pictures else study for study in STUDIES]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for study, found in zip(STUDIES, pool.map(verdict, scripts), strict=True):
                kind, findings, outputs[study.name[:2]] = found
                entries.append(entry(study, kind, findings, live))
                print(f"{study.name}: {kind}", flush=True)
    (HERE.parent / "STUDIES.md").write_text(assemble(entries, outputs["15"]), encoding="utf-8")


def assemble(entries: Sequence[tuple[str, str, str]], table: str) -> str:
    """Return the page: the index, the claims, how arrival is counted, and the studies."""
    index, rows, sections = zip(*entries, strict=True)
    claims = CLAIMS + "\n".join(rows) + "\n\n" + arrival(table)
    return HEAD + "\n".join(index) + "\n\n" + claims + "\n".join(sections)


if __name__ == "__main__":
    main()
