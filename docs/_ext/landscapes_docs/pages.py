"""Write generated pages: only what changed, completely or not at all, so that two builds may run at once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe, read_frames
from PIL import Image

from landscapes.files import replacing
from landscapes_docs import fingerprints

PICTURES = (".gif", ".png", ".webp", ".mp4")

QUALITY = 74
"""Of pictures with small text."""

QUIET = ("-loglevel", "error", "-y")
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "29", "-threads", "1", "-movflags", "+faststart", "-f", "mp4")
"""Options of ffmpeg: a film that every browser plays."""

FILM = [".mp4", "-still.webp"]
"""The ends of the names of a film and its still, which are apart from those of a picture of the same name."""

GENERATED = ("functions", "optimizers", "gallery", "reference/generated")
"""The folders that hold generated pages only."""


@dataclass
class Site:
    """The folder of the sources, and what was generated in it.

    Attributes:
        docs: the folder `docs`.
        quick: whether most pictures are left out.
        written: the pages written so far.
        copied: the pictures of the gallery copied so far.
    """

    docs: Path
    quick: bool = False
    written: set[Path] = field(default_factory=set)
    copied: set[Path] = field(default_factory=set)

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
        """Copy a picture of the gallery into the site under the names of `shown_as`, if it changed.

        A PNG becomes a WebP. A GIF or a film becomes a smaller film and a still of its end.
        """
        files = [self.extra / file for file in shown_as(name)]
        self.copied.update(files)
        if files == [self.extra / name]:
            self.copy(source, name)
            return
        stamp = self.docs / "_stamps" / f"{name}.sha256"
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        if fingerprints.is_current(stamp, digest, files):
            return
        convert(source, files)
        write_if_changed(stamp, digest)

    def has(self, name: str) -> bool:
        """Return whether a file of the site was drawn."""
        return (self.extra / name).exists()

    def finish(self) -> None:
        """Remove pages and pictures of earlier builds that are no longer generated.

        Names that start with a dot are temporary: another build may be about to move them into place.
        """
        pictures = [file for file in (self.extra / "gallery").glob("**/*") if file.suffix in PICTURES]
        pages = [page for folder in GENERATED for page in (self.docs / folder).glob("*.md")]
        for file in {*pictures, *pages} - self.copied - self.written:
            if not file.name.startswith("."):
                file.unlink(missing_ok=True)


def shown_as(name: str) -> list[str]:
    """Return the names that a picture of the gallery has in the site: a film comes before its still.

    >>> shown_as("basins.png"), shown_as("race.gif"), shown_as("view.mp4")
    (['basins.webp'], ['race.mp4', 'race-still.webp'], ['view.mp4', 'view-still.webp'])
    """
    stem, _, suffix = name.rpartition(".")
    ends = {"png": [".webp"], "gif": FILM, "mp4": FILM}.get(suffix, [f".{suffix}"])
    return [stem + end for end in ends]


def convert(source: Path, files: Sequence[Path]) -> None:
    """Write a picture as a smaller one, or a film as a smaller one and a still, to the files of `shown_as`."""
    files[0].parent.mkdir(parents=True, exist_ok=True)
    with replacing(files[-1]) as temporary:
        _last_frame(source).save(temporary, "WEBP", quality=QUALITY, method=4)
    if len(files) > 1:
        with replacing(files[0]) as temporary:
            subprocess.run([get_ffmpeg_exe(), *QUIET, "-i", source, *H264, temporary], check=True)


def _last_frame(source: Path) -> Image.Image:
    """Return a picture, or the end of a film."""
    if source.suffix == ".mp4":
        frames = read_frames(source)
        size = next(frames)["size"]
        *_, last = frames
        return Image.frombytes("RGB", size, last)
    with Image.open(source) as image:
        image.seek(getattr(image, "n_frames", 1) - 1)
        return image.convert("RGB")


def shown(source: Path, name: str, alt: str) -> str:
    """Return a picture of the gallery as HTML. Films play while they are in view, unless the reader wants no motion."""
    film, *still = shown_as(name)
    if not still:
        return f'<img src="{film}" alt="{alt}" loading="lazy">'
    wide, high = _size(source)
    return (
        f'<video src="{film}" poster="{still[0]}" width="{wide}" height="{high}" aria-label="{alt}" '
        'preload="none" controls loop muted playsinline></video>'
    )


def _size(film: Path) -> tuple[int, int]:
    """Return the width and height of a film or GIF, from its header."""
    if film.suffix == ".mp4":
        frames = read_frames(film)
        wide, high = next(frames)["size"]
        frames.close()
        return wide, high
    with Image.open(film) as image:
        return image.size


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
