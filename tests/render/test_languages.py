"""Tests of `lang=`: tables of texts, numbers, fonts, and what is refused."""

from __future__ import annotations

import re

import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from render_pixels import full_draw
from render_records import converging, diverging
from test_charts import sweep_record, valley
from test_html import Reader, reported

from landscapes import render
from landscapes.cli import main
from landscapes.errors import InputError
from landscapes.render import fonts
from landscapes.render.artists.localization import localize
from landscapes.render.artists.text_fit import Ruler
from landscapes.render.html._page import document
from landscapes.render.languages.base import ENGLISH, language, language_code, languages
from landscapes.render.theme import with_letters
from landscapes.render.words import WORDS, check_words

TABLES = [code for code in languages() if code != ENGLISH]

SAME = {
    "de": {
        "gradient",
        "{name}: {bounds}",
        "momentum",
        "weight decay",
        "maximum",
        "minima",
        "minimum",
        "zoom",
        "{count} maxima",
    },
    "fr": {"gradient", "momentum", "surface", "maximum", "minima", "minimum", "zoom", "{count} maxima"},
    "es": {"zoom", "{name}: {bounds}"},
}
"""The texts that are the same in English."""

RACE = diverging()


@pytest.mark.parametrize("code", TABLES)
def test_a_table_has_all_texts_with_their_placeholders(code):
    texts = language(code).texts
    assert set(texts) == set(WORDS)
    check_words(texts)
    same = {text for text, other in texts.items() if other.casefold() == text.casefold()}
    assert same == SAME.get(code, set())
    assert language(code).code == code


@pytest.mark.parametrize("code", ["de", "es", "fr"])
def test_every_letter_is_in_the_font_of_matplotlib(code):
    known = font_manager.get_font(font_manager.findfont("DejaVu Sans")).get_charmap()
    letters = "".join(language(code).texts.values()) + language(code).group
    assert {letter for letter in letters if ord(letter) not in known} == set()


LIGHT = render.THEMES["light"]

PICTURES = {
    "race": (
        lambda: render.figure(RACE, lang="de_AT.UTF-8", words={"step {step}": "Nr. {step}"}, standings=False),
        {"Nr. 40", "Abstand zum Minimalwert je Schritt", "divergiert in Schritt 12"},
    ),
    "strip": (lambda: render.filmstrip(RACE, lang="es"), {"paso 40"}),
    "heat map": (lambda: render.figure(sweep_record(valley), lang="fr"), {"taux d’apprentissage"}),
    "axes": (
        lambda: render.loss_curves(RACE, Figure().subplots(), theme=LIGHT | {"lang": "fr"}).figure,
        {"pas", "écart à la valeur minimale"},
    ),
}


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.slow
@pytest.mark.sample(2)
def test_texts_and_ticks_are_in_the_language(kind):
    make, expected = PICTURES[kind]
    made = make()
    made.draw_without_rendering()  # creates the tick labels
    found = [text.get_text() for text in made.findobj(Text) if text.get_visible()]
    assert expected <= set(found)
    numbers = [text for text in found if re.fullmatch(r"[−\d.,]+", text)]
    assert numbers
    assert not [text for text in numbers if "." in text]


def test_labels_that_were_given_keep_their_numbers():
    made = Figure().subplots()
    made.set_yticks([0.0, 1.0], ["Adam lr=0.1", "2.5"])
    localize(made, LIGHT | {"lang": "de"})
    localize(made, LIGHT | {"lang": "de"})  # twice changes nothing
    assert [label.get_text() for label in made.get_yticklabels()] == ["Adam lr=0.1", "2.5"]
    assert [made.xaxis.get_major_formatter().format_ticks([0.0, 0.5])] == [["0,0", "0,5"]]


def test_a_page_is_in_the_language():
    text = document(RACE, lang="de", words={"speed": "Takt"})
    elements = dict(Reader(text).elements)
    assert elements["html"] == {"lang": "de"}
    assert "Takt" in text
    assert "Leertaste" in text
    data = reported(text)
    assert data["lang"] == "de"
    assert data["words"]["not finite"] == "nicht endlich"
    assert data["runs"][0]["lr_text"].startswith("Lernrate 0,")
    assert dict(Reader(document(RACE)).elements)["html"] == {"lang": "en"}
    assert set(re.findall(r'say\("([^"]*)"', text)) <= set(data["words"])


@pytest.mark.parametrize(
    ("lang", "message"),
    [
        ("german", "unknown language 'german'; did you mean 'de'? available: de (Deutsch), en (English)"),
        ("pt-BR", "unknown language 'pt-BR'; available: de (Deutsch)"),
        ("", "unknown language ''"),
        ("base", "unknown language 'base'"),
        (5, "lang must be the code of a language, got 5"),
        (None, "lang must be the code of a language, got None"),
    ],
)
def test_unknown_languages_are_refused(lang, message):
    with pytest.raises(InputError, match=re.escape(message)):
        LIGHT | {"lang": lang}


@pytest.mark.slow
def test_the_command_line_takes_languages(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    RACE.save("race.npz")
    assert main.main(["replay", "race.npz", "-o", "race.svg", "--lang", "de_DE.UTF-8"]) == 0
    assert "Schritt 40" in (tmp_path / "race.svg").read_text(encoding="utf-8")
    assert main.main(["replay", "race.npz", "-o", "race.html", "--lang", "ja"]) == 0  # a reader has the fonts
    assert '<html lang="ja">' in (tmp_path / "race.html").read_text(encoding="utf-8")
    assert main.main(["replay", "race.npz", "-o", "race.png", "--lang", "dee"]) == 2
    assert "--lang" in (said := capsys.readouterr().err)
    assert "did you mean 'de'" in said


@pytest.fixture
def only_matplotlibs_fonts(monkeypatch):
    """No other fonts than those that matplotlib brings, as on a bare machine."""
    bundled = [font for font in font_manager.fontManager.ttflist if "mpl-data" in str(font.fname)]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", bundled)
    monkeypatch.setattr(font_manager, "findSystemFonts", list)


@pytest.mark.parametrize(("lang", "font"), [("zh", "Noto Sans CJK SC"), ("ja", "Noto Sans CJK JP")])
def test_a_font_without_the_letters_is_refused(only_matplotlibs_fonts, tmp_path, lang, font):
    with pytest.raises(InputError, match=rf"no installed font has the letters .*: install {font}"):
        render.save(RACE, tmp_path / "race.png", lang=lang)
    assert not list(tmp_path.iterdir())
    (LIGHT | {"lang": lang}).say("step")  # a theme needs no font


def test_the_font_with_the_letters_comes_first():
    """Cyrillic letters, which this font lacks, stand for Chinese ones, which no font of matplotlib has."""
    assert fonts.families_for(["шаг"], "cmr10", ["cmss10", "STIXGeneral"]) == ["STIXGeneral", "cmr10"]
    assert fonts.families_for(["шаг"], ["sans-serif"]) == ["sans-serif"]
    assert fonts.families_for(["étape √"], "cmr10") == ["cmr10"]


@pytest.mark.parametrize("lang", ["zh", "ja"])
def test_pictures_have_no_boxes(lang):
    try:
        made = render.figure(RACE, lang=lang, labels="direct", figsize=(6, 4))
    except InputError:
        pytest.skip("no font with these letters is installed")
    full_draw(made)  # matplotlib warns of missing letters, which fails a test


class CellRuler(Ruler):
    """A ruler for which all letters have the width 1, whatever fonts there are."""

    def width(self, text, *args, **kwargs):
        return float(len(text))


def test_texts_without_spaces_are_wrapped():
    assert CellRuler(100.0).wrap("目標値、までの steps 数", 5, 9, 9) == ["目標値、ま", "での", "steps", "数"]


def test_locales_stand_for_their_language():
    assert [language_code(text) for text in ("DE", "fr-CA", "zh_TW.UTF-8", "es@euro", "C", "POSIX")] == [
        "de", "fr", "zh", "es", "en", "en"
    ]  # fmt: skip


def test_labels_and_titles_get_a_font_with_their_letters(monkeypatch):
    """Without one, a warning says so. Cyrillic letters, which the theme's font lacks, stand for Chinese ones."""
    thin = LIGHT | {"rc": {"font.family": "cmr10"}}
    assert with_letters(thin, ["Adam β"]).families[0] == "cmr10", "the rest of the picture keeps its font"
    (last,) = with_letters(thin, ["шаг"]).families[1:]
    assert "ш" in fonts._letters(font_manager.findfont(last))
    assert with_letters(LIGHT, ["шаг", "Übung"]) is LIGHT
    monkeypatch.setattr(fonts, "_family", lambda *_: None)
    with pytest.warns(UserWarning, match=r"no installed font has the letters 最 適 .*drawn as boxes"):
        assert with_letters(LIGHT, ["最適"]) is LIGHT


@pytest.mark.parametrize("name", ["filmstrip", "small_multiples", "side_by_side", "diagnosis"])
def test_other_figures_search_for_letters_too(name):
    """Cyrillic letters, which this font lacks, stand for Chinese ones; a missing letter fails the test by a warning."""
    thin = LIGHT | {"rc": {"font.family": "cmr10", "axes.formatter.use_mathtext": True, "axes.unicode_minus": False}}
    race = converging(2, labels=["шаг", "Adam"])
    made = {
        "filmstrip": lambda: render.filmstrip(race, theme=thin),
        "small_multiples": lambda: render.small_multiples({"поле": race}, theme=thin),
        "side_by_side": lambda: render.side_by_side(race, race, titles=["поле", "b"], theme=thin),
        "diagnosis": lambda: render.diagnosis(race, theme=thin),
    }[name]()
    full_draw(made)
    assert any("шаг" in text.get_text() for text in made.findobj(Text))
