"""Writes STUDIES.md, the page of all studies, from the studies themselves: `python gallery/studies/page.py`.

Each script is run at its full size (about a minute each); its page entry is its own claim, its own verdict and its own picture.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
STUDIES = sorted(HERE.glob("[0-9][0-9]_*.py"))
VERDICTS = ("holds", "does not hold", "only when")

HEAD = """# Studies: what people say about optimizers, and what is true

Claims that go around, each taken at its word, run, and drawn. Every verdict is asserted by the script beside it, which runs in the
tests; this page is written by `python gallery/studies/page.py` from the scripts and from what they print.

| | claim | verdict |
|---|---|---|
"""


def told(study: Path) -> tuple[str, str, str, str]:
    """The title, the claim, the set-up and the sources that a study's docstring tells."""
    text = ast.get_docstring(ast.parse(study.read_text(encoding="utf-8"))) or ""
    title, _, body = text.partition("\n=")
    parts = [" ".join(part.split()) for part in body.lstrip("=").strip().split("\n\n")]
    claim = parts[0].removeprefix("**Claim.** ").strip('"')
    sources = next(part for part in parts if part.startswith("**Sources.**")).removeprefix("**Sources.** ")
    return title.strip(), claim, " ".join(part for part in parts[1:] if not part.startswith("**")), sources


def verdict(study: Path, *size: str) -> tuple[str, str]:
    """The verdict that a study prints, one of `VERDICTS`, and its figures."""
    run = subprocess.run([sys.executable, str(study), *size], capture_output=True, text=True, check=True)
    line = run.stdout.strip().splitlines()[-1]
    kind = next(kind for kind in VERDICTS if line.startswith(kind))
    return kind, line.removeprefix(kind).lstrip(": ")


def main() -> None:
    """Runs all studies and writes the page."""
    rows, entries = [], []
    for study in STUDIES:
        title, claim, setting, sources = told(study)
        kind, figures = verdict(study)
        anchor = re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-")
        number = int(study.name[:2])
        rows.append(f"| {number} | [{claim}](#{anchor}) | **{kind}** |")
        picture = next((HERE / "pictures").glob(f"{study.stem}.*")).relative_to(HERE.parent)
        entries.append(
            f"## {title}\n\n“{claim}” **{kind[0].upper()}{kind[1:]}**: {figures}.\n\n![{title}]({picture})\n\n{setting}\n\n"
            f"[{study.name}]({study.relative_to(HERE.parent)}) · {sources}\n"
        )
        print(f"{study.name}: {kind}", flush=True)
    page = HEAD + "\n".join(rows) + "\n\n" + "\n".join(entries)
    (HERE.parent / "STUDIES.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
