"""Tests of EMBEDDING.md: every tool accepts its snippet, and sphinx-gallery builds the gallery."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from landscapes import race, render
from landscapes.render.figures import stills
from landscapes.render.html._page import framed

GALLERY = Path(__file__).resolve().parents[2] / "gallery"
PAGE = (GALLERY / "EMBEDDING.md").read_text(encoding="utf-8")
EXECUTED = ("neurips_figure", "custom", "paper_figure")

HAS_TEX = any(map(shutil.which, stills.TEX))


def snippet(heading: str, language: str) -> str:
    """Return the first code block of a language below a heading."""
    below = PAGE.partition(f"# {heading}\n")[2]
    found = re.search(rf"^```{language}\n(.*?)^```", below, re.M | re.S)
    assert found, heading
    return found[1]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that the first snippet of the page writes."""
    folder = tmp_path_factory.mktemp("drawn")
    code = snippet("Embedding pictures in documents", "python") + snippet("Light and dark mode", "python")
    code = code if HAS_TEX else code.replace('"pgf", ', "")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(code, "EMBEDDING.md", "exec", dont_inherit=True), found := {})
    (folder / "results.tex").write_text(render.table(found["record"], "latex"), encoding="utf-8")
    plt.close("all")
    return folder


class EmbeddedFiles(HTMLParser):
    """Collects the files that an HTML page embeds, and their alternative texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.files: dict[str, str] = {}
        self.dark = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "source":
            self.dark = given["srcset"]
        if tag in ("img", "iframe", "object"):
            text = given.get("alt") or given.get("title") or given.get("aria-label") or ""
            self.files[given.get("src") or given["data"]] = text


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.mark.slow
def test_all_files_exist_and_have_alternative_texts(drawn):
    found = EmbeddedFiles(snippet("HTML", "html")).files
    assert set(found) == {"race.gif", "race.svg", "race.html"}
    assert all("Beale" in text for text in found.values())
    modes = EmbeddedFiles(snippet("Light and dark mode", "html"))
    assert set(modes.files) == {"race-light.gif", "race-auto.svg"}
    assert modes.dark == "race-dark.gif"
    assert "prefers-color-scheme: dark" in (drawn / "race-auto.svg").read_text(encoding="utf-8")
    named = set(re.findall(r"\brace(?:-\w+)?\.(?:gif|html|svg|pdf|pgf|png)", PAGE))
    made = {path.name for path in drawn.iterdir()}
    assert named - made <= ({"race.pgf"} if not HAS_TEX else set())


@pytest.mark.slow
def test_notebook_snippet_displays_the_race():
    *lines, last = snippet("Notebooks", "python").strip().splitlines()
    exec("\n".join(lines), found := {})
    shown = eval(last, found)._repr_html_()
    assert shown == framed(race("beale", ["momentum", "adam"], steps=60))


@pytest.mark.slow
def test_executed_notebook_displays_the_interactive_page():
    nbformat = pytest.importorskip("nbformat", reason="needs nbformat")
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient")
    pytest.importorskip("ipykernel", reason="needs ipykernel")
    cells = [nbformat.v4.new_code_cell(snippet("Notebooks", "python"))]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=200, kernel_name="python3").execute()
    (shown,) = [output for output in notebook.cells[0].outputs if output.output_type == "execute_result"]
    text = shown["data"]["text/html"]
    assert text.startswith("<iframe srcdoc=")
    inner = text.partition('srcdoc="')[2].partition('"')[0]
    assert "requestAnimationFrame" in inner
    assert "Beale" in inner


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
@pytest.mark.slow
def test_latex_snippet(drawn, tmp_path):
    folder = Path(shutil.copytree(drawn, tmp_path / "paper"))
    (folder / "page.tex").write_text(snippet("LaTeX", "latex"), encoding="utf-8")
    output = run(folder, "pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex")
    assert "undefined" not in output
    assert (folder / "page.pdf").stat().st_size > 20_000


@pytest.mark.slow
def test_sphinx_snippet(drawn, tmp_path):
    pytest.importorskip("sphinx", reason="needs sphinx")
    shutil.copytree(drawn, tmp_path / "_static")
    shutil.copy(drawn / "race.gif", tmp_path)
    (tmp_path / "conf.py").write_text('html_static_path = ["_static"]\n')
    both = snippet("Sphinx", "rst") + "\n" + snippet("Light and dark mode", "rst")
    (tmp_path / "index.rst").write_text("Races\n=====\n\n" + both, encoding="utf-8")
    run(tmp_path, sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", ".", "out")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    found = EmbeddedFiles(page)
    for file in ("_images/race.gif", "_static/race.html", "_static/race-light.gif"):
        assert "Beale" in found.files[file]
        assert (tmp_path / "out" / file).is_file()
    assert (tmp_path / "out" / found.dark).is_file()


@pytest.mark.slow
def test_mkdocs_snippet(drawn, tmp_path):
    pytest.importorskip("mkdocs", reason="needs mkdocs")
    shutil.copytree(drawn, tmp_path / "docs")
    (tmp_path / "mkdocs.yml").write_text(snippet("MkDocs", "yaml"), encoding="utf-8")
    both = snippet("MkDocs", "md") + "\n" + snippet("Light and dark mode", "html")
    (tmp_path / "docs" / "index.md").write_text(both, encoding="utf-8")
    run(tmp_path, sys.executable, "-m", "mkdocs", "build", "-q", "-d", "out")
    page = EmbeddedFiles((tmp_path / "out" / "index.html").read_text(encoding="utf-8"))
    assert (tmp_path / "out" / page.dark).is_file()
    for file in ("race.gif", "race.html", "race-light.gif", "race-auto.svg"):
        assert "Beale" in page.files[file]
        assert (tmp_path / "out" / file).is_file()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("quarto"), reason="needs quarto")
def test_quarto_snippet(drawn, tmp_path):
    folder = Path(shutil.copytree(drawn, tmp_path / "page"))
    text = snippet("Quarto", "md").partition("\n")[2]  # without the first line, the name of the file
    (folder / "race.qmd").write_text(text, encoding="utf-8")
    run(folder, "quarto", "render", "race.qmd", "--to", "html")
    assert "data:image/gif" in (folder / "race.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_sphinx_gallery_builds_the_gallery(tmp_path):
    """All scripts become pages. The fast ones are executed, and their pictures are included."""
    pytest.importorskip("sphinx_gallery", reason="needs sphinx-gallery")
    scripts = [*GALLERY.glob("*.py"), GALLERY / "GALLERY_HEADER.rst"]
    (tmp_path / "gallery" / "pictures").mkdir(parents=True)
    for script in scripts:
        shutil.copy(script, tmp_path / "gallery")
    conf = snippet("sphinx-gallery", "python")
    assert r'"filename_pattern": r"\.py"' in conf
    conf = conf.replace(r'r"\.py"', rf'r"({"|".join(EXECUTED)})\.py"')
    (tmp_path / "conf.py").write_text(conf, encoding="utf-8")
    (tmp_path / "index.rst").write_text("Races\n=====\n\n.. toctree::\n\n   examples/index\n", encoding="utf-8")
    run(tmp_path, sys.executable, "-m", "sphinx", "-q", "-b", "html", ".", "out")
    pages = {path.stem for path in (tmp_path / "out" / "examples").glob("*.html")}
    assert {script.stem for script in scripts if script.suffix == ".py"} <= pages
    for name in EXECUTED:
        text = (tmp_path / "out" / "examples" / f"{name}.html").read_text(encoding="utf-8")
        pictures = [file for file in EmbeddedFiles(text).files if f"sphx_glr_{name}_001." in file]
        assert pictures, name
        suffix = ".gif" if name == "custom" else ".png"
        assert pictures[0].endswith(suffix)
        assert (tmp_path / "out" / "_images" / Path(pictures[0]).name).stat().st_size > 10_000
