"""Live pages that share their scripts: each is stored as its differences from one page, and the browser joins them.

`render.save(..., live=True)` writes pages of 60 to 90 kB that agree in nine lines of ten. A site has hundreds of them.
"""

from __future__ import annotations

import base64
import difflib
import json
import re
import tempfile
import zlib
from pathlib import Path

from landscapes import InputError, race, render
from landscapes.files import replacing
from landscapes_docs import fingerprints
from landscapes_docs.pages import write_if_changed

LOADER = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Live race</title></head><body><script>
// Puts a live page together: live.html?beale. The scripts name their template, whose lines they repeat.
const name = decodeURIComponent(location.search.slice(1).split("&")[0]);
const load = (file, then) => {
  const script = document.createElement("script");
  script.onload = then;
  script.onerror = () => { document.body.textContent = `There is no live page of "${name}".`; };
  script.src = file;
  document.head.append(script);
};
if (!/^\\w+$/.test(name)) document.body.textContent = "Open a live page as live.html?beale";
else load(`live/${name}.js`, () => load(`live/${window.livePage.template}`, async () => {
  const packed = Uint8Array.from(atob(window.livePage.parts), c => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const lines = window.liveTemplate, parts = await new Response(stream).json();
  const text = parts.flatMap(p => typeof p === "string" ? [p] : lines.slice(p[0], p[1])).join("\\n");
  document.open();
  document.write(text);
  document.close();
}));
</script></body></html>
"""
"""The page that loads the others."""


LIKE = ("booth", "wood")
"""A live page and a replay: every other page has most of its lines from one of them."""


def template_name() -> str:
    """Return the file name of the template, which changes with the code."""
    return f"template-{fingerprints.of_code()[:12]}.js"


def prepare(folder: Path) -> None:
    """Write the loader and the template, unless they exist."""
    write_if_changed(folder.parent / "live.html", LOADER)
    target = folder / template_name()
    if not target.exists():
        lines = [line for name in LIKE for line in _page(name).split("\n")]
        write_if_changed(target, f"window.liveTemplate = {json.dumps(lines)};\n")


def write(name: str, folder: Path) -> None:
    """Write the live page of a function, as its differences from the template."""
    lines = json.loads((folder / template_name()).read_text(encoding="utf-8").split("=", 1)[1].rstrip(";\n"))
    page = _page(name).split("\n")
    parts: list[str | list[int]] = []
    for kind, begin, end, start, stop in difflib.SequenceMatcher(None, lines, page, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append([begin, end])
        elif stop > start:
            parts.append("\n".join(page[start:stop]))
    text = json.dumps({"template": template_name(), "parts": _packed(parts)}, separators=(",", ":"))
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / f"{name}.js") as temporary:
        temporary.write_text(f"window.livePage = {text};\n", encoding="utf-8")


def clean(folder: Path) -> None:
    """Remove templates that no page names, and pages without their template: those of earlier builds."""
    named = {template_name()}
    for page in folder.glob("*.js"):
        found = re.search(r"template-\w+\.js", page.read_text(encoding="utf-8")[:200])
        if found and not page.name.startswith("template-"):
            named.add(found[0])
            if not (folder / found[0]).exists():
                page.unlink(missing_ok=True)
    for path in folder.glob("template-*.js"):
        if path.name not in named:
            path.unlink(missing_ok=True)


def assembled(name: str, folder: Path) -> str:
    """Return the page as the loader puts it together."""
    stored = json.loads((folder / f"{name}.js").read_text(encoding="utf-8").split("=", 1)[1].rstrip(";\n"))
    lines = json.loads((folder / stored["template"]).read_text(encoding="utf-8").split("=", 1)[1].rstrip(";\n"))
    parts = json.loads(zlib.decompress(base64.b64decode(stored["parts"])))
    return "\n".join(line for part in parts for line in ([part] if isinstance(part, str) else lines[slice(*part)]))


def _packed(parts: list[str | list[int]]) -> str:
    """Return the parts of a page as compressed JSON, a third of its size."""
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _page(name: str) -> str:
    """Return the live page of a function; a replay, if its runs cannot be JavaScript."""
    record = race(name, resolution=129)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        try:
            render.save(record, path, live=True)
        except InputError:
            render.save(record, path)
        return path.read_text(encoding="utf-8")
