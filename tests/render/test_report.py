"""Reports of comparisons: complete, without requests, and honest about what is not known."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure

from landscapes import InputError, Record, Tuning, compare, function, race, render
from landscapes.analysis.pairs import pairs
from landscapes.analysis.table_formats import Table
from landscapes.analysis.tables import standings
from landscapes.render.artists.legible import contrast
from landscapes.render.report.content import contents
from landscapes.render.report.html import drawn
from landscapes.render.report.pdf import _Pages
from landscapes.render.theme import as_theme

BOWL = function((-2, 2), (-2, 2), start=(1.5, -1), minima=[(0, 0)], steps=40, name="bowl")(
    lambda x, y: x * x + 4 * y * y
)
SEARCH = Tuning(trials=3, studies=3, starts=2, vary={"lr": (1e-3, 1.0)})


@pytest.fixture(scope="module")
def studied() -> Record:
    given = ["sgd", "adam", "evil <b>&=nelder_mead"]
    optimizers = {"SGD": given[0], "Adam": given[1], "evil <b>&": "nelder_mead"}
    return compare([BOWL, "booth"], optimizers, starts=3, tuning=SEARCH, steps=40, tolerances=[0.5, 1e-2])


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("src", "href") and value]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_a_page_is_whole_and_asks_for_nothing(studied, tmp_path):
    text = render.save(studied, tmp_path / "report.html").read_text()
    tags = Tags(text)
    assert all(link.startswith(("#", "data:image/svg+xml;base64,")) for link in tags.links)
    assert "default-src 'none'" in text
    assert "<b>" not in text
    said = " ".join(tags.texts)
    for words in (
        "How many evaluations do SGD, Adam and evil <b>&, each with the best of 3 trials of tuning, need", "Standings",
        "Which optimizer needs less",
        "What this comparison cannot say", "Tuned in 3 studies of 3", "Evaluations spent on tuning: SGD ",
        "have 2 coordinates", "bowl",
    ):  # fmt: skip
        assert words in said
    data = json.loads(re.search(r'id="texts">(.*?)</script>', text)[1])
    assert data["standings"]["latex"] == standings(studied).latex()
    assert set(data) == {"standings", "pairs", "families", "rates", "times"}
    assert "prefers-color-scheme: dark" in text
    assert text == render.report(studied, tmp_path / "again.html").read_text()


def test_a_document_and_its_tables_are_written(studied, tmp_path):
    first = render.report(studied, tmp_path / "report.pdf", tables=tmp_path / "tables").read_bytes()
    assert first.startswith(b"%PDF")
    assert first.count(b"/Type /Page ") >= 3
    assert len(list((tmp_path / "tables").iterdir())) == 15
    assert (tmp_path / "tables" / "pairs.tex").read_text().startswith("\\begin{table}")


def test_a_wide_and_long_table_stays_on_its_pages_and_repeats_its_header(studied):
    row = ("Venter–Sobieszczanski-Sobieski", *["1.21e-06, 0.00161, 2.25e-06*"] * 6)
    made = _Pages(contents(studied), as_theme("print"))
    made.new_page()
    made.table(Table("caption", ("function", *(f"column {i}" for i in range(6))), [row] * 150))
    assert len(made.pages) > 2
    for page in made.pages:
        page.draw_without_rendering()
        assert sum(text.get_text() == "column 5" for text in page.texts) == 1
        assert sum("2.25e-06*" in text.get_text() for text in page.texts) % 6 == 0  # no cell is cut
        assert max(text.get_window_extent().x1 for text in page.texts) <= page.bbox.width - 50
        assert min(text.get_fontsize() for text in page.texts) >= 6.5


def test_a_table_with_many_columns_is_printed_in_parts(studied):
    header = ("function", *(f"column {i}" for i in range(20)))
    made = _Pages(contents(studied), as_theme("print"))
    made.new_page()
    made.table(Table("caption", header, [("Beale", *[f"cell{i:09}" for i in range(20)])]))
    (page,) = made.pages
    page.draw_without_rendering()
    texts = [text.get_text() for text in page.texts]
    assert [texts.count(f"cell{i:09}") for i in range(20)] == [1] * 20
    assert texts.count("Beale") == texts.count("function") > 1
    assert "caption Columns, part 1 of 3." in texts
    assert max(text.get_window_extent().x1 for text in page.texts) <= page.bbox.width - 50


def test_a_report_counts_what_it_was_asked_to_count(studied):
    parts = {part.title: part for part in contents(studied, cost="steps").parts}
    made = Figure()
    parts["Profiles"].draw(made, as_theme("light"))
    names = [" ".join(ax.get_xlabel().split()) for ax in made.axes]
    assert names == ["steps relative to the best optimizer", "steps per coordinate"]
    assert "fewest steps" in parts["Profiles"].text[0]
    limits = parts["What this comparison cannot say"]
    pages = _Pages(contents(studied), as_theme("print"))
    pages.new_page()
    pages.part(limits)
    assert sum(text.get_text() == "•" for page in pages.pages for text in page.texts) == len(limits.text)


def test_hardly_any_data_is_said_to_be_none(tmp_path):
    alone = compare(BOWL, ["sgd(lr=1e-9)", "adam(lr=1e-9)"], starts=1, steps=5, tolerances=[1e-2])
    said = " ".join(Tags(render.report(alone, tmp_path / "none.html").read_text()).texts)
    assert "No optimizer reaches 0.01 of the initial gap in any run" in said
    assert "One function is no sample of functions: there are no intervals." in said
    assert "The function was chosen, and has 2 coordinates; nothing follows" in said
    assert "intervals do not include its luck" in said
    assert "No optimizer arrives on Bowl" in said
    one = compare([BOWL, "booth"], "sgd(lr=0.1)", starts=2, steps=5, tolerances=[1e-2])
    render.report(one, tmp_path / "one.pdf")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda record, path: render.report(record, path / "r.docx"), "saved as .html or .pdf"),
        (lambda record, path: render.report(record, path / "no" / "r.html"), "no"),
        (lambda record, path: render.report(record, path / "r.pdf", theme=("light", "dark")), "a .pdf has one theme"),
        (lambda record, path: render.report(record, path / "r.html", title=3), "title must be text, got 3"),
        (lambda record, path: render.report(record, path / "r.html", tables=path / "no" / "t"), "cannot write to"),
        (lambda record, path: render.report(record, path / "r.html", tolerance=0.3), "no tolerance 0.3"),
        (lambda record, path: render.save(record, path / "r.html", dpi=90), "takes theme and title: leave out dpi"),
        (
            lambda record, path: render.report(race("booth", "adam(lr=0.1)", steps=1), path / "r.html"),
            "record of compare",
        ),
    ],
)
def test_reports_that_cannot_be_made_are_refused(studied, tmp_path, call, message):
    with pytest.raises(InputError, match=re.escape(message)):
        call(studied, tmp_path)
    assert not list(tmp_path.glob("*"))


# Plots


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_matrix_shows_the_numbers_of_the_pairs(studied, theme):
    look = render.THEMES[theme]
    made = Figure(figsize=(6, 6), facecolor=look.background)  # without the settings of the theme
    ax = render.improvement_matrix(studied, made.subplots(), theme=theme)
    assert all(contrast(label.get_color(), look.background) > 4.5 for label in [*ax.get_xticklabels(), ax.xaxis.label])
    assert "evaluations" in ax.get_xlabel()
    assert "steps" in render.improvement_matrix(studied, Figure().subplots(), cost="steps", theme=theme).get_xlabel()
    found = pairs(studied)
    texts = {text.get_position(): text for text in ax.texts}
    assert len(texts) == 6
    for i, j in np.argwhere(~np.eye(3, dtype=bool)):
        shown = texts[j, i]
        assert shown.get_text().startswith(f"{100 * found.improvement.value[i, j]:.0f}")
        assert (shown.get_fontweight() == "bold") == bool(found.p_values[i, j] < 0.05)


def test_a_small_matrix_on_slides_is_legible_and_its_label_is_on_the_page(studied):
    look = render.THEMES["slides"]
    with look.context():
        page = Figure(figsize=(4.8, 2.7), dpi=100, layout="constrained")
        ax = render.improvement_matrix(studied, page.subplots(1, 2)[0], theme=look)
        page.draw_without_rendering()
    label = ax.xaxis.label.get_window_extent()
    assert (label.x0 >= 0, label.y0 >= 0) == (True, True)
    assert min(text.get_fontsize() for text in ax.texts) >= 6


def test_long_names_leave_room_for_the_matrix():
    names = {f"a rather long name of an optimizer, lr={lr}, nesterov": f"sgd(lr={lr})" for lr in (0.1, 0.2)}
    record = compare([BOWL, "booth"], names, starts=1, steps=5)
    part = next(part for part in contents(record).parts if part.title == "Which optimizer needs less")
    made = drawn(part, as_theme("light"))
    made.draw_without_rendering()
    ax = made.axes[0]
    assert ax.get_window_extent().width > 0.35 * made.bbox.width
    shown = {tick.get_text() for tick in ax.get_yticklabels()}
    assert len(shown) == 2
    assert max(map(len, shown)) == 24


def test_the_diagram_has_the_ranks_and_the_trials_their_success(studied):
    for size in ((3.3, 2.2), (6.4, 4.8), (8.4, 3)):  # all texts are whole and apart without constrained layout
        page = Figure(figsize=size)
        ax = render.critical_difference(studied, page.subplots())
        assert sum("SGD" in text.get_text() for text in ax.texts) == 1
        page.draw_without_rendering()
        boxes = [text.get_window_extent() for text in [*ax.texts, *ax.get_xticklabels()]]
        assert all(ax.bbox.padded(1).contains(box.x0, box.y0) for box in boxes)
        assert all(ax.bbox.padded(1).contains(box.x1, box.y1) for box in boxes)
        assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
    ax = render.study_trials(studied, Figure().subplots())
    assert [line.get_label() for line in ax.lines] == ["SGD", "Adam"]
    with pytest.raises(InputError, match="did not search 'beta1'; they searched lr"):
        render.study_trials(studied, Figure().subplots(), name="beta1")
    with pytest.raises(InputError, match="expected a comparison with studies"):
        render.study_trials(compare(BOWL, "sgd(lr=0.1)", starts=1, steps=2), Figure().subplots())


def test_a_report_says_how_runs_multiply_and_whether_the_leader_depends_on_the_tolerance(studied):
    made = contents(studied)
    runs = dict(made.facts)["Runs"]
    total, _, factors = runs.partition(" = ")
    assert int(total.replace(",", "")) == len(studied.trajectories)
    assert np.prod([int(factor.split()[0]) for factor in factors.split(" × ")]) == len(studied.trajectories)
    said = " ".join(made.parts[-1].text)
    leaders = said.partition("The largest integrated profile has ")[2].partition(".  ")[0]
    assert ("The order depends on the tolerance" in said) == (";" in leaders.partition(". ")[0])
