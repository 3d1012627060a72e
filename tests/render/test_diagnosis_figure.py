"""Tests of `render.diagnosis`: verdict and phases of each kind, texts that lie apart at every size, files."""

from __future__ import annotations

import colorsys
import re

import numpy as np
import pytest
from test_text_layout import assert_readable, drawn_texts
from test_words import OTHER, english

from landscapes import InputError, race, render
from landscapes.cli.main import main
from landscapes.render.plots.phase_curves import RED, _nearest

K = np.arange(300.0)
NOISE = np.random.default_rng(0).normal(size=300)
FALL = np.exp(-K / 15)
GRADIENT = {"gradient_norm": np.exp(-K / 30), "step_length": 0.1 * np.exp(-K / 30), "lr": 1 / (1 + K)}


def spiked(height):
    loss = FALL + 0.001 * NOISE
    loss[150:153] += height
    return loss


RUNS = {
    "converged": (FALL, ["falling", "converged"]),
    "oscillating": (np.exp(-K / 600) * (1.2 + np.cos(K / 4)), ["", "oscillating"]),
    "diverged": (1.02**K, ["diverged"]),
    "non-finite": (np.where(K < 200, FALL, np.nan), ["falling", "non-finite"]),
    "spike": (spiked(0.8), ["falling", "spike", "recovered"]),
    "overflow": (spiked(np.inf), ["falling", "spike", "recovered"]),
    "never": (np.full(300, np.nan), ["non-finite"]),
    "unclear": (np.array([1.0]), ["unclear"]),
    "huge": (np.exp(np.minimum(2.37 * K, 709)), None),
}


def test_failures_are_of_a_vivid_red_in_every_theme():
    for look in render.THEMES.values():
        hue, strong, bright = colorsys.rgb_to_hsv(*_nearest(look, RED))
        assert min(hue, 1 - hue) < 0.06
        assert strong * bright > 0.5


LOOKS = [("light", (4.8, 3.6), 1), ("dark", (9.6, 5.4), 2), ("print", (12.8, 7.2), 1), ("dark", (4.8, 3.6), 2)]


@pytest.mark.parametrize(("name", "look"), [(name, k % 4) for k, name in enumerate([*RUNS, "spike"])])
@pytest.mark.thin(3)
@pytest.mark.sample(5)
def test_texts_lie_on_the_page_and_apart(name, look):
    loss, phases = RUNS[name]
    theme, size, scale = LOOKS[look]
    given = GRADIENT if name in ("spike", "converged") else {}
    made = render.diagnosis(loss, theme=theme, figsize=size, text_scale=scale, **given)
    assert_readable(made)
    if phases and scale == 1:
        texts = {re.sub(r" [\d–]+$", "", text) for text, _ in drawn_texts(made)}
        assert {phase for phase in phases if phase} <= texts


@pytest.mark.slow
def test_panels_below_show_what_is_known():
    made = render.diagnosis(spiked(0.8), figsize=(5, 6), **GRADIENT)
    assert [ax.get_ylabel() for ax in made.axes] == ["loss", "gradient norm", "step length", "learning rate"]
    constant = render.diagnosis(spiked(0.8), figsize=(4, 3), lr=np.ones(300))
    assert [ax.get_ylabel() for ax in constant.axes] == ["loss"]


@pytest.fixture(scope="module")
def raced():
    return race("booth", ["sgd(lr=0.05)", "sgd(lr=0.2)", "sgd(lr=1e-6)"], steps=200, metrics=["gradient_norm"])


@pytest.mark.slow
def test_runs_of_a_record(raced):
    made = render.diagnosis(raced, text_scale=2)
    assert len(made.axes) == 3
    assert_readable(made)
    one = render.diagnosis(raced, run="SGD lr=0.2", figsize=(4, 3))
    assert one.texts[0].get_text().startswith("SGD lr=0.2: diverged, probability")
    for wrong in ("SGD", 3, True):
        with pytest.raises(InputError, match="run"):
            render.diagnosis(raced, run=wrong)


def test_of_many_runs_those_that_failed_come_first(monkeypatch):
    monkeypatch.setattr("landscapes.render.figures._diagnosis.MOST", 2)
    made = render.diagnosis(np.stack([FALL] * 6 + [1.02**K]), figsize=(4, 3))
    assert len(made.axes) == 2
    texts = [text for text, _ in drawn_texts(made)]
    assert "diverged" in texts
    assert "+ 5 more" in texts


@pytest.mark.slow
def test_words_translate_a_diagnosis():
    made = render.diagnosis(spiked(0.8), words=OTHER, lr=1 / (1 + K))
    assert english([text for text, _ in drawn_texts(made)]) == set()


@pytest.mark.slow
def test_command(tmp_path, capsys, raced):
    log, picture = tmp_path / "log.csv", tmp_path / "why.svg"
    log.write_text("loss\n" + "\n".join(map(str, spiked(0.8))))
    assert main(["diagnose", str(log), "-o", str(picture), "--theme", "auto", "--size", "480x360"]) == 1
    assert str(picture) in capsys.readouterr().out
    assert "prefers-color-scheme" in picture.read_text()
    raced.save(tmp_path / "race.npz")
    drawn = ["-o", str(tmp_path / "why.png"), "--run", "1", "--lang", "de"]
    assert main(["diagnose", str(tmp_path / "race.npz"), *drawn]) == 1
    assert (tmp_path / "why.png").stat().st_size > 5000
    assert main(["diagnose", str(log), "-o", str(tmp_path / "why.gif")]) == 2
    assert "picture" in capsys.readouterr().err
