"""The documentation site: its code runs, its pages are complete. `python -m sphinx -W docs site` builds it."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import re
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import landscapes
from landscapes import functions, optimizers
from landscapes.cli import main

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    page.relative_to(DOCS).as_posix()
    for folder in (".", "tutorials", "how-to", "explanation", "reference")
    for page in sorted((DOCS / folder).glob("*.md"))
]
FENCED = re.compile(r"^```([\w{} -]*)\n(.*?)^```", re.M | re.S)
NEEDS_JAX = re.compile(r"^import (jax|optax)\b", re.M)
SLOW = (
    "tutorials/fair-comparison.md",
    "tutorials/network.md",
    "tutorials/training-race.md",
    "how-to/pictures.md",
    "how-to/documents.md",
    "how-to/experiments.md",
    "how-to/networks.md",
)


@pytest.fixture(scope="module", autouse=True)
def extension():
    """Make the site's own extension importable."""
    sys.path.insert(0, str(DOCS / "_ext"))
    yield
    sys.path.remove(str(DOCS / "_ext"))


def generator(name: str):
    """Return a module that generates pages."""
    return importlib.import_module(f"landscapes_docs.{name}")


def blocks(page: str, *languages: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return [code for language, code in FENCED.findall(text) if language in languages]


def python(page: str, *, jax: bool = False) -> list[str]:
    """Return the blocks of Python that are run: those that import JAX or optax, or the others."""
    return [code for code in blocks(page, "python") if bool(NEEDS_JAX.search(code)) == jax]


def run(codes: list[str], name: str) -> None:
    """Run blocks in order, in one namespace."""
    space = {"__name__": "__main__"}
    for number, code in enumerate(codes, 1):
        exec(compile(code, f"{name}, block {number}", "exec", dont_inherit=True), space)
    if plt := sys.modules.get("matplotlib.pyplot"):
        plt.close("all")


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] * (page in SLOW)) for page in PAGES if blocks(page, "python")]
)
def test_code_runs_in_order(page, monkeypatch, tmp_path, few_frames):
    monkeypatch.chdir(tmp_path)
    run(python(page), page)


@pytest.mark.peers
@pytest.mark.skipif(importlib.util.find_spec("optax") is None, reason="pip install 'torch-landscapes[jax]'")
@pytest.mark.parametrize("page", [page for page in PAGES if python(page, jax=True)])
def test_code_with_jax_runs_in_order(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    run(python(page, jax=True), page)


def test_code_that_is_not_run_compiles_and_commands_parse():
    for page in PAGES:
        for code in blocks(page, "py"):
            compile(code, page, "exec")
        for code in blocks(page, "sh"):
            for line in code.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words[:1] == ["landscapes"]:
                    main.parse(words[1:])


def test_there_are_enough_recipes_tutorials_and_explanations():
    recipes = [line for page in PAGES if page.startswith("how-to") for line in headings(page)]
    assert len(recipes) >= 25
    assert len({line.lower() for line in recipes}) == len(recipes)
    for folder, least in (("tutorials", 7), ("explanation", 5)):
        assert len([page for page in PAGES if page.startswith(folder) and not page.endswith("index.md")]) >= least


def headings(page: str) -> list[str]:
    text = FENCED.sub("", (DOCS / page).read_text(encoding="utf-8"))
    return re.findall(r"^## (.+)$", text, re.M)


def test_reference_has_every_public_name():
    """A name is missing if its module has no page, or its page no entry."""
    api = generator("api")
    homes = {module for _, module in api.PAGES.values()}
    assert homes == {"landscapes", *(f"landscapes.{name}" for name in landscapes._FOLDERS)}
    for title, home in api.PAGES.values():
        module = importlib.import_module(home)
        text = "\n".join(api._page(title, module))
        for name in getattr(module, "__all__", []):
            thing = getattr(module, name)
            known = f"landscapes.{name}" in homes if home == "landscapes" else False
            assert known or name == "__version__" or re.search(rf":: {re.escape(home)}\.{name}$", text, re.M), name
            assert thing is not None
    text = "\n".join(api._page("Optimizers", optimizers))
    for cls, _ in optimizers.names().values():
        assert f".. autoclass:: landscapes.optimizers.{cls.__name__}\n" in text
    text = "\n".join(api._page("Functions", functions))
    assert all(f".. autofunction:: landscapes.functions.{name}\n" in text for name in ("get", "search", "catalogue"))


def test_reference_has_every_command_and_option():
    text = "\n".join(generator("command_line")._page())
    _, commands = main._parsers()
    for name, parser in commands.items():
        assert f"## landscapes {name}\n" in text
        for action in parser._actions:
            assert not action.option_strings or "--help" in action.option_strings or action.option_strings[-1] in text


@pytest.mark.parametrize("name", ["eggholder", "forrester", "bbob_f10"])
def test_page_of_a_function(name, tmp_path, monkeypatch, capsys, few_frames):
    """Its code runs, its neighbours share a tag, and errors in circulation are said with numbers."""
    pages, catalogue = generator("pages"), generator("functions")
    f, root = functions.get(name), ROOT
    site = pages.Site(tmp_path / "docs")
    text = "\n".join(catalogue._page(site, f, ["a source"], catalogue._errors(root).get(name, [])))
    assert f"# {f.title}" in text
    assert f.latex in text
    monkeypatch.chdir(tmp_path)
    code = [block for language, block in FENCED.findall(text) if language == "python"]
    run([code[0].replace("race(f)", "race(f, ['sgd(lr=1e-9)'], steps=60, resolution=33)"), code[1]], name)
    assert capsys.readouterr().out.count("tensor(") == 1
    assert (tmp_path / f"{name}.gif").exists()
    assert all(set(other.tags) & set(f.tags) for other in catalogue._neighbours(f))
    if name == "eggholder":
        assert "outside the domain. The minimum in it is -959.64066272" in text
        assert "which is wrong. The value there is -25.46" in text


def test_every_function_and_optimizer_has_a_card_or_a_row():
    catalogue, rows = generator("functions"), generator("optimizers")
    text = "\n".join(catalogue._index(list(functions.catalogue().values())))
    assert all(f'href="{name}.html"' in text for name in functions.catalogue())
    text = "\n".join(rows._index(None))
    assert all(f"`{name}`" in text for name in optimizers.names())


def test_first_steps_have_the_shape_of_the_norm():
    import numpy as np

    steps = generator("optimizer_pictures").first_steps
    assert np.allclose(np.hypot(*steps("sgd").T), 1)
    assert np.allclose(np.abs(steps("lion")).max(1), 1)


def test_balls_touch_the_level_line_where_the_step_ends():
    import numpy as np

    from landscapes.render.plots._norm_balls import norm_of

    pictures = generator("optimizer_pictures")
    assert [pictures.kinds(name)[-1] for name in ("sgd", "muon", "adagrad")] == ["ball", "ball", "steps"]
    around = np.stack([f(np.linspace(0, 2 * np.pi, 361)) for f in (np.cos, np.sin)], 1)
    for name in ("sgd", "muon", "yogi"):
        record = pictures.first_ball(name)
        move, norm = np.diff(record.trajectories.x[0], axis=0)[0], norm_of(record, 0)
        gradient = np.array([pictures.KAPPA * 1.0, 0.8])
        border = around * norm(move[None], 1) / norm(around, 1)[:, None]
        assert np.isclose(np.hypot(*move), pictures.BALL_STEP, rtol=1e-3)
        assert np.isclose((border @ gradient).min(), move @ gradient, rtol=1e-3)


@pytest.mark.parametrize("name", ["docstrings", "fingerprints", "pages", "tutorials", "slim", "mathml"])
def test_examples_of_the_extension(name):
    if name in ("slim", "mathml"):
        pytest.importorskip("sphinx", reason="pip install '.[docs]'")
    outcome = doctest.testmod(generator(name))
    assert outcome.attempted
    assert not outcome.failed


def test_tutorials_show_what_their_blocks_print_and_draw(tmp_path, monkeypatch):
    tutorials, noted = generator("tutorials"), []
    code = 'from PIL import Image\nImage.new("RGB", (9, 6)).save("dot.png")\nprint("drawn")\n'
    page = tmp_path / "tutorials" / "one.md"
    page.parent.mkdir()
    page.write_text(f"# One\n\n```python\n{code}```\n\n```python\nx = 1\n```\n", encoding="utf-8")
    tutorials.draw("one", tmp_path / "_extra" / "tutorials", full=True)
    app = SimpleNamespace(srcdir=tmp_path, env=SimpleNamespace(note_dependency=noted.append))
    source = [page.read_text(encoding="utf-8")]
    tutorials.add_results(app, "tutorials/one", source)
    assert f"{code}```\n\n````{{code-block}} text\n:class: output\n\ndrawn\n````\n" in source[0]
    assert source[0].count('<img src="one-1-dot.webp" alt="One"') == source[0].count("output") == 1
    assert (tmp_path / "_extra" / "tutorials" / "one-1-dot.webp").exists()
    page.write_text(page.read_text(encoding="utf-8").replace("drawn", "other"), encoding="utf-8")
    source = [page.read_text(encoding="utf-8")]
    tutorials.add_results(app, "tutorials/one", source)
    assert "output" not in source[0], "of another block"
    assert len(noted) == 2


@pytest.mark.slow
def test_live_pages_are_put_together_as_they_were_written(tmp_path):
    live = generator("live_pages")
    live.prepare(tmp_path / "live")
    for name in ("beale", "wood"):
        live.write(name, tmp_path / "live")
        assert live.assembled(name, tmp_path / "live") == live._page(name)
        assert (tmp_path / "live" / f"{name}.js").stat().st_size < 12_000


def test_known_limits_are_found():
    found = generator("limits").known_limits(ROOT / "tests")
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("**/test_*.py"))
    assert len(found) == len(re.findall(r"^@pytest\.mark\.xfail\(", text, re.M))
    assert all(reason for reason, _ in found)


def test_docstrings_are_escaped_outside_of_code():
    escaped = generator("docstrings").escaped
    lines = ["Return |x|.", "", "    x ← x − lr·|g|", "", "Args:", "    a_: a * b in `c * d`.", "", ">>> 2 * 3"]
    assert escaped(lines) == [
        "Return \\|x\\|.", "", ".. code-block:: text", "", "    x ← x − lr·|g|", "", "Args:",
        "    a\\_: a \\* b in `c * d`.", "", ">>> 2 * 3",
    ]  # fmt: skip


def test_pictures_of_the_gallery_keep_apart():
    """A script may write a film and a picture of one name; the film's still took the place of the picture."""
    pages = generator("pages")
    for folder in (ROOT / "gallery" / "pictures", ROOT / "gallery" / "studies" / "pictures"):
        shown = [
            name for file in folder.iterdir() if file.suffix in pages.PICTURES for name in pages.shown_as(file.name)
        ]
        assert shown
        assert len(set(shown)) == len(shown)


def test_only_what_is_no_longer_generated_is_removed(tmp_path):
    site = generator("pages").Site(tmp_path)
    names = ["gallery/.still.1.webp", "gallery/still.webp", "gallery/old.webp", "gallery/old.html"]
    files = [tmp_path / "_extra" / name for name in names] + [tmp_path / "functions" / ".beale.1.md"]
    for file in files:  # a build at the same time has temporary files
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    site.copied.add(files[1])
    (tmp_path / "functions" / "old.md").write_text("", encoding="utf-8")
    site.page("functions/beale.md", ["# Beale"])
    site.finish()
    found = {path for path in tmp_path.glob("**/*") if path.is_file()}
    assert found == {*files, tmp_path / "functions" / "beale.md"} - {files[2]}
