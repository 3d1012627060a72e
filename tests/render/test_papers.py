"""Pictures, tables and captions in papers: styles of conferences and journals hold, and LaTeX takes all of it in."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image
from render_pixels import sized
from render_records import diverging
from test_charts import map_record, sweep_record, valley
from test_tables import SPLIT, comparison

from landscapes import render
from landscapes.render.theme import THEMES, styles

SCRIPT = Path(__file__).resolve().parents[2] / "gallery" / "neurips_figure.py"

SCIENCE = [["science", "no-latex"], ["science", "ieee", "no-latex"], ["science", "nature", "no-latex"]]
CONFERENCES = ["neurips2024", "icml2024", "iclr2024", "aistats2025", "cvpr2024", "jmlr2001", "tmlr2023"]

tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")


def chosen(styles: list[Any]) -> list[Any]:
    """The first style always, the others in long test runs."""
    return [pytest.param(style, marks=[pytest.mark.slow] * (i > 0)) for i, style in enumerate(styles)]


def panels() -> Figure:
    """A map with trails, losses and their legend, as a user's own script makes them."""
    race = diverging()
    made, (left, right) = plt.subplots(1, 2)
    render.contour(race, left)
    render.trajectories(race, left)
    render.loss_curves(race, right)
    right.set(xlabel="step", ylabel="$f - f^*$")
    right.legend()
    return made


PLAIN = comparison([[[10, 20], [40, 50]], [[8, -1], [6, 6]]], labels=("SGD", "Adam"))
"""A comparison of names that LaTeX takes as they are."""


def others() -> list[Figure]:
    """The other pictures of a paper on axes of a user's own, and the figures that are ready."""
    sweep = sweep_record(valley, ("SGD", "Adam"))
    made, axes = plt.subplots(2, 2, figsize=(6.75, 5))
    axes = axes.ravel()
    render.heatmap(sweep_record(valley), axes[0])
    render.sensitivity(sweep, axes[1])
    render.basins(map_record(), axes[2])
    render.performance_profile(PLAIN, axes[3])
    return [made, render.figure(diverging()), render.figure(sweep), render.figure(PLAIN), render.figure(map_record())]


def check(tmp_path: Path) -> Figure:
    """Draws everything within a context, which keeps its settings and its say in sizes."""
    before = dict(mpl.rcParams)
    made = panels()
    for number, one in enumerate([made, *others()]):
        one.savefig(tmp_path / f"{number}.pdf")
        assert (tmp_path / f"{number}.pdf").stat().st_size > 2_000
    assert dict(mpl.rcParams) == before
    assert made.get_size_inches().tolist() == before["figure.figsize"]
    for ax in made.axes:
        sizes = {label.get_fontsize() for label in ax.get_xticklabels()}
        assert sizes == {mpl.font_manager.FontProperties(size=before["xtick.labelsize"]).get_size_in_points()}
        assert ax.spines["left"].get_linewidth() == before["axes.linewidth"]
    curves = [line for line in made.axes[1].get_lines() if line.get_label() in ("SGD", "Momentum", "Nesterov")]
    expected = [style.color for style in styles([str(line.get_label()) for line in curves], THEMES["light"])]
    assert [to_rgb(line.get_color()) for line in curves] == expected  # ours, whatever the style's cycle of colours is
    assert len(curves) == 3
    return made


@pytest.mark.parametrize("conference", chosen(CONFERENCES))
def test_tueplots_rules_over_sizes_and_fonts(conference, tmp_path):
    bundles = pytest.importorskip("tueplots.bundles", reason="needs tueplots")
    make = getattr(bundles, conference)
    settings = make(usetex=False) if "usetex" in inspect.signature(make).parameters else make()
    bundle = settings | {"text.usetex": False, "font.serif": "STIXGeneral", "font.sans-serif": "DejaVu Sans"}
    with plt.rc_context(bundle):
        made = check(tmp_path)
        assert made.get_constrained_layout() == bundle["figure.constrained_layout.use"]
        plt.close("all")


@pytest.mark.parametrize("names", chosen(SCIENCE))
def test_scienceplots_rules_over_ticks_and_lines(names, tmp_path):
    pytest.importorskip("scienceplots", reason="needs SciencePlots")
    with plt.style.context([*names, {"font.serif": "STIXGeneral", "font.sans-serif": "DejaVu Sans"}]):
        made = check(tmp_path)
        assert mpl.rcParams["savefig.bbox"] == "tight"
        with Image.open(render.save(diverging(), tmp_path / "race.png", **sized(240, 180))) as picture:
            assert picture.size == (240, 180)
        assert made.axes[0].xaxis.get_major_ticks()[0].get_tickdir() == "in"
        plt.close("all")


@pytest.mark.slow
def test_text_is_set_by_latex_if_a_style_asks_for_it(tmp_path):
    needs = ["type1ec.sty", "type1cm.sty"]
    found = shutil.which("latex") and subprocess.run(["kpsewhich", *needs], capture_output=True).stdout.split()
    if not found or len(found) < len(needs):
        pytest.skip("needs latex with cm-super and type1cm, as matplotlib does")
    with plt.rc_context({"text.usetex": True, "font.family": "serif"}):
        for number, made in enumerate([panels(), *others()]):
            made.savefig(tmp_path / f"{number}.pdf")
            names = fonts(tmp_path / f"{number}.pdf")
            assert any(name.startswith("CM") for name in names), names
        plt.close("all")


def test_the_figure_for_neurips_is_five_lines_as_wide_as_its_page():
    block = SCRIPT.read_text(encoding="utf-8").partition("with plt.rc_context(NEURIPS):\n")[2].partition("\n\n")[0]
    assert len(block.splitlines()) == 5
    data = (SCRIPT.parent / "pictures" / "neurips_figure.pdf").read_bytes()  # test_gallery runs the script
    width, height = (float(side) for side in re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", data).groups())  # type: ignore[union-attr]
    assert width == pytest.approx(5.5 * 72)
    assert height < 2 * 72
    assert b"/Type3" not in data


PAGE = r"""\documentclass{article}
\pdfobjcompresslevel=0
\usepackage{graphicx,pgf,booktabs}
\begin{document}
Words.
%s
\end{document}
"""


def compiled(folder: Path, body: str) -> Path:
    (folder / "page.tex").write_text(PAGE % body, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:].decode(errors="replace")
    return folder / "page.pdf"


def fonts(page: Path) -> set[str]:
    """The fonts that a PDF holds, without the letters before them that say it is a part."""
    data = page.read_bytes()
    assert not re.search(rb"/Subtype ?/Type3", data)
    return {name.decode() for name in re.findall(rb"/BaseFont ?/(?:[A-Z]{6}\+)?([\w-]+)", data)}


@tex
@pytest.mark.slow
def test_a_picture_in_pgf_has_the_fonts_of_its_page(tmp_path):
    render.save(diverging(), tmp_path / "race.pgf", theme="print")
    page = compiled(tmp_path, r"\resizebox{\textwidth}{!}{\input{race.pgf}}")
    found = fonts(page)
    assert "CMR10" in found
    assert all(re.match(r"CM|SFRM|SFTT|SFBX|MSBM", name) for name in found), found


@tex
@pytest.mark.slow
def test_pictures_tables_and_captions_make_a_page(tmp_path):
    race = diverging()
    render.save(race, tmp_path / "race.pdf", theme="print")
    for name, job in {"sweep": sweep_record(valley), "map": map_record(), "comparison": SPLIT}.items():
        render.save(job, tmp_path / f"{name}.pdf", theme="print")
    pictures = [rf"\includegraphics[width=\textwidth]{{{name}.pdf}}" for name in ("race", "sweep", "map", "comparison")]
    tables = [render.table(SPLIT, "latex", show=show) for show in ("standings", "times")] + [
        render.table(race, "latex")
    ]
    page = compiled(tmp_path, "\n\n".join([*pictures, *tables]))
    found = fonts(page)
    assert {"CMR10", "DejaVuSans"} <= found
    assert len(re.findall(rb"/Subtype ?/Form", page.read_bytes())) >= 4
