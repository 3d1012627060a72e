"""Write STUDIES.md from the studies: `python gallery/studies/page.py`.

The script runs each study at full size, about a minute each. An entry of the page consists of the study's
docstring, its verdict and its picture. With `--keep-pictures` the studies run in a temporary folder and leave their
pictures unchanged.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
STUDIES = sorted(HERE.glob("[0-9][0-9]_*.py"))
VERDICTS = ("holds", "does not hold", "only when")

HEAD = """# Studies: common claims about optimizers, tested

Each study states a common claim, runs the experiment and draws the result. The script of a study asserts its
verdict, and the tests run all scripts. `python gallery/studies/page.py` generates this page from the scripts and
their output.

| | claim | verdict |
|---|---|---|
"""


def parse(study: Path) -> tuple[str, str, str, str]:
    """Return the title, the claim, the setup and the sources from a study's docstring."""
    text = ast.get_docstring(ast.parse(study.read_text(encoding="utf-8"))) or ""
    title, _, body = text.partition("\n=")
    paragraphs = [" ".join(part.split()) for part in body.lstrip("=").strip().split("\n\n")]
    claim = paragraphs[0].removeprefix("**Claim.** ").strip('"')
    setup = " ".join(part for part in paragraphs[1:] if not part.startswith("**"))
    sources = next(part for part in paragraphs if part.startswith("**Sources.**")).removeprefix("**Sources.** ")
    return title.strip(), claim, setup, sources


def verdict(study: Path, *size: str) -> tuple[str, str]:
    """Run a study and return its verdict, one of `VERDICTS`, and its findings."""
    run = subprocess.run([sys.executable, str(study), *size], capture_output=True, text=True, check=True)
    line = run.stdout.strip().splitlines()[-1]
    kind = next(kind for kind in VERDICTS if line.startswith(kind))
    return kind, line.removeprefix(kind).lstrip(": ")


def anchor(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-")


def entry(study: Path, kind: str, findings: str) -> tuple[str, str]:
    """Return a study's row of the table and its section."""
    title, claim, setup, sources = parse(study)
    row = f"| {int(study.name[:2])} | [{claim}](#{anchor(title)}) | **{kind}** |"
    picture = next((HERE / "pictures").glob(f"{study.stem}.*")).relative_to(HERE.parent)
    section = (
        f"## {title}\n\n"
        f"“{claim}” **{kind[0].upper()}{kind[1:]}**: {findings}.\n\n"
        f"![{title}]({picture})\n\n"
        f"{setup}\n\n"
        f"[{study.name}]({study.relative_to(HERE.parent)}) · {sources}\n"
    )
    return row, section


def main() -> None:
    """Run all studies and write the page."""
    keep_pictures = "--keep-pictures" in sys.argv[1:]
    entries = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pictures").mkdir()
        for study in STUDIES:
            script = Path(shutil.copy(study, folder)) if keep_pictures else study
            kind, findings = verdict(script)
            entries.append(entry(study, kind, findings))
            print(f"{study.name}: {kind}", flush=True)
    rows, sections = zip(*entries, strict=True)
    page = HEAD + "\n".join(rows) + "\n\n" + "\n".join(sections)
    (HERE.parent / "STUDIES.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
