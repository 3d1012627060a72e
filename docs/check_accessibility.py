"""Check pages of a built site with axe-core in headless Chromium: `python docs/check_accessibility.py site`.

A page of each kind is opened at the width of a phone and of a desktop, in light and dark. Findings that axe-core calls
serious or critical are faults. axe-core comes with `pip install --no-deps axe-playwright-python`; `--axe` takes another
copy of `axe.min.js`.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from browser import CHROMIUM, Browser

PAGES = (
    "index.html", "tutorials/index.html", "tutorials/first-race.html", "how-to/pictures.html",
    "explanation/colours.html", "functions/index.html", "functions/beale.html", "functions/live.html?absolute",
    "optimizers/index.html", "optimizers/adam.html", "gallery/index.html", "reference/generated/themes.html",
    "reference/generated/cli.html", "search.html",
)  # fmt: skip
"""A page of each kind."""

WIDTHS, MODES = (390, 1280), ("light", "dark")

RUN = """axe.run(document, {resultTypes: ["violations"]}).then(result => result.violations.map(
    ({id, impact, help, nodes}) => ({id, impact, help, where: nodes.map(node => node.target.join(" "))})))"""


def findings(browser: Browser, url: str, axe: str, width: int, mode: str) -> list[dict[str, Any]]:
    """Return what axe-core finds on a page in a window of `width` CSS pixels."""
    browser.resize(width, 900)
    browser.like(dark=mode == "dark")
    browser.ask("Page.navigate", url=url)
    browser.wait(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(url)})")
    browser.wait("!location.search || !!document.querySelector('canvas')")  # a live page loads itself
    browser.frames()
    browser.run(axe)
    found: list[dict[str, Any]] = browser.run(RUN)
    return found


def check(site: Path, axe: str) -> list[str]:
    """Return the serious findings, one line each; print the others."""
    files = {name: site.resolve() / name.partition("?")[0] for name in PAGES}
    faults = [f"{file} does not exist" for file in files.values() if not file.exists()]
    with tempfile.TemporaryDirectory() as folder, Browser(Path(folder)) as browser:
        for (page, file), width, mode in itertools.product(files.items(), WIDTHS, MODES):
            if not file.exists():
                continue
            url = file.as_uri() + page.removeprefix(page.partition("?")[0])
            for found in findings(browser, url, axe, width, mode):
                where = ", ".join(found["where"][:3])
                line = f"{page} ({width} px, {mode}): {found['impact']}: {found['help']}: {where}"
                if found["impact"] in ("serious", "critical"):
                    faults.append(line)
                else:
                    print(line)
    print(f"{len(files)} pages at {len(WIDTHS)} widths in {len(MODES)} modes; {len(faults)} serious faults")
    return faults


def axe_core() -> Path | None:
    """Return the copy of axe-core that the package `axe-playwright-python` brings."""
    spec = importlib.util.find_spec("axe_playwright_python")
    return Path(spec.origin).parent / "axe.min.js" if spec and spec.origin else None


def main() -> int:
    """Run the check and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("--axe", type=Path, default=axe_core(), help="a copy of axe.min.js")
    arguments = parser.parse_args()
    if arguments.axe is None or not arguments.axe.is_file():
        print("axe-core is missing: pip install --no-deps axe-playwright-python, or give --axe", file=sys.stderr)
        return 2
    if CHROMIUM is None:
        print("Chromium is missing, so nothing was checked", file=sys.stderr)
        return 0
    faults = check(arguments.site, arguments.axe.read_text(encoding="utf-8"))
    print(*faults, sep="\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
