"""Check a built site: `python docs/check_site.py site`.

Links and anchors lead somewhere, nothing is fetched from elsewhere, pictures have alternative texts and sizes, headings
do not skip levels, ids are unique, and the site and its first page are small. `--quick` allows a site without most
pictures.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGEST_SITE, LARGEST_PAGE = 40_000_000, 400_000
FETCHED = {"img": "src", "script": "src", "iframe": "src", "video": "src", "source": "srcset", "link": "href"}
"""The attribute by which an element fetches a file."""

VOID = {"icon", "stylesheet", "preload"}
"""The relations of links that fetch."""


class Page(HTMLParser):
    """What a page links to, fetches and defines, and what is wrong with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.first: list[str] = []
        self.ids: Counter[str] = Counter()
        self.faults: list[str] = []
        self._level = 0
        self._titled = self._language = False
        self.feed(text)
        if not self._language:
            self.faults.append("the page has no language")
        if not self._titled:
            self.faults.append("the page has no title")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = {name: value or "" for name, value in attrs}
        if identifier := given.get("id"):
            self.ids[identifier] += 1
        self._language |= tag == "html" and bool(given.get("lang"))
        self._titled |= tag == "title"
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in FETCHED and given.get(FETCHED[tag]) and (tag != "link" or given.get("rel", "") in VOID):
            self.fetched.append(given[FETCHED[tag]])
            if given.get("loading") != "lazy" and tag != "iframe":
                self.first.append(given[FETCHED[tag]])
        if tag == "img" and "alt" not in given:
            self.faults.append(f"a picture has no alternative text: {given.get('src')}")
        if tag in ("iframe", "video") and not (given.get("title") or given.get("aria-label")):
            self.faults.append(f"a frame or film has no title: {given.get('src')}")
        if tag[0] == "h" and tag[1:].isdigit():
            level = int(tag[1:])
            if level > self._level + 1:
                self.faults.append(f"a heading of level {level} follows one of level {self._level}")
            self._level = level


def check(site: Path, *, quick: bool = False) -> list[str]:
    """Return what is wrong with a site, one line each."""
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in sorted(site.glob("**/*.html"))}
    faults: list[str] = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        if name.name in ("live.html", "search.html", "genindex.html", "py-modindex.html"):
            page.faults = []
        faults += [f"{name}: {fault}" for fault in page.faults]
        twice = [identifier for identifier, count in page.ids.items() if count > 1]
        faults += [f"{name}: the id {identifier} occurs several times" for identifier in twice]
        faults += [f"{name}: {fault}" for link in page.links for fault in _link(path, link, pages)]
        for file in page.fetched:
            parts = urlsplit(file)
            if parts.scheme not in ("", "data") or parts.netloc:
                faults.append(f"{name}: fetches {file} from elsewhere")
            elif not parts.scheme and not (path.parent / unquote(parts.path)).exists():
                faults.append(f"{name}: {file} does not exist")
    size = sum(path.stat().st_size for path in site.glob("**/*") if path.is_file() and ".doctrees" not in path.parts)
    if size > LARGEST_SITE:
        faults.append(f"the site has {size / 1e6:.1f} MB, more than {LARGEST_SITE / 1e6:.0f} MB")
    first = _first_page(site, pages)
    if first > LARGEST_PAGE:
        faults.append(f"the first page has {first / 1e3:.0f} kB, more than {LARGEST_PAGE / 1e3:.0f} kB")
    count = len(list(site.glob("functions/*-light-contour.webp")))
    if not quick and count < 291:
        faults.append(f"{count} functions have a large picture; was the site built with -t quick?")
    print(f"{len(pages)} pages, {size / 1e6:.1f} MB; the first page has {first / 1e3:.0f} kB; {len(faults)} faults")
    return faults


def _link(page: Path, link: str, pages: dict[Path, Page]) -> list[str]:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return [] if parts.scheme in ("https", "mailto") else [f"the link {link} is neither ours nor https"]
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.exists():
        return [f"the link {link} leads nowhere"]
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].ids and "=" not in anchor:
        return [f"the link {link} leads to no place on its page"]
    return []


def _first_page(site: Path, pages: dict[Path, Page]) -> int:
    """Return the bytes that a reader fetches who opens the site in light mode."""
    index = (site / "index.html").resolve()
    files = {index} | {
        (site / unquote(urlsplit(file).path)).resolve()
        for file in pages[index].first
        if "dark" not in file and not file.startswith("data:") and "reduce" not in file and not file.endswith(".png")
    }
    return sum(file.stat().st_size for file in files if file.is_file())


def main() -> int:
    """Check the site that is named on the command line."""
    parser = argparse.ArgumentParser(description="Check a built site.")
    parser.add_argument("site", type=Path)
    parser.add_argument("--quick", action="store_true", help="allow a site without most pictures")
    options = parser.parse_args()
    faults = check(options.site, quick=options.quick)
    print("\n".join(faults[:100]), file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
