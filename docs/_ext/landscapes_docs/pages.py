"""Write generated pages: only what changed, completely or not at all, so that two builds may run at once."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from landscapes.files import replacing
from landscapes_docs import fingerprints

QUALITY = 88
"""Of pictures with small text."""

GENERATED = ("functions", "optimizers", "gallery", "reference/generated")
"""The folders that hold generated pages only."""


@dataclass
class Site:
    """The folder of the sources, and what was generated in it.

    Attributes:
        docs: the folder `docs`.
        quick: whether most pictures are left out.
        written: the pages written so far.
    """

    docs: Path
    quick: bool = False
    written: set[Path] = field(default_factory=set)

    @property
    def root(self) -> Path:
        """The checkout."""
        return self.docs.parent

    @property
    def extra(self) -> Path:
        """The folder whose files are copied to the site as they are."""
        return self.docs / "_extra"

    def page(self, name: str, lines: Iterable[str]) -> None:
        """Write a page, such as "functions/beale.md", if its text changed."""
        target = self.docs / name
        write_if_changed(target, "\n".join(lines).rstrip("\n") + "\n")
        self.written.add(target)

    def copy(self, source: Path, name: str) -> None:
        """Copy a file into the site under a name, if it changed."""
        target = self.extra / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as temporary:
                shutil.copyfile(source, temporary)

    def picture(self, source: Path, name: str) -> None:
        """Copy a picture into the site under `shown_as(name)`; a PNG becomes a WebP, a third of its size."""
        if source.suffix != ".png":
            self.copy(source, name)
            return
        name = shown_as(name)
        target, stamp = self.extra / name, self.docs / "_stamps" / f"{name}.sha256"
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        if not fingerprints.is_current(stamp, digest, [target]):
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as temporary, Image.open(source) as image:
                image.save(temporary, "WEBP", quality=QUALITY, method=4)
            write_if_changed(stamp, digest)

    def has(self, name: str) -> bool:
        """Return whether a file of the site was drawn."""
        return (self.extra / name).exists()

    def finish(self) -> None:
        """Remove pages of earlier builds that are no longer generated."""
        for folder in GENERATED:
            for page in (self.docs / folder).glob("*.md"):
                if page not in self.written:
                    page.unlink(missing_ok=True)


def shown_as(name: str) -> str:
    """Return the name that a picture of the gallery has in the site.

    >>> shown_as("basins.png"), shown_as("race.gif")
    ('basins.webp', 'race.gif')
    """
    return name.removesuffix(".png") + ".webp" if name.endswith(".png") else name


def write_if_changed(path: Path, text: str) -> None:
    """Write a text file unless it holds the same already."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table in Markdown.

    >>> table(["a", "b"], [["1", "x | y"]])
    ['| a | b |', '| --- | --- |', '| 1 | x \\\\| y |', '']
    """
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    lines = [" | ".join(row) for row in [list(header), ["---"] * len(header), *cells]]
    return [*(f"| {line} |" for line in lines), ""]


def both_themes(name: str, alt: str, size: tuple[int, int], *, kind: str = "") -> str:
    """Return two pictures as HTML, of which the reader's mode shows one; `{theme}` in the name is the mode."""
    wide, high = size
    return "".join(
        f'<img class="only-{theme}{f" {kind}" if kind else ""}" src="{name.format(theme=theme)}" alt="{alt}" '
        f'width="{wide}" height="{high}" loading="lazy" decoding="async">'
        for theme in ("light", "dark")
    )
