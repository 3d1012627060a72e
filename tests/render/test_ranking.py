"""Tests of the ranking of a sweep's optimizers."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from landscapes import render, sweep
from landscapes.errors import InputError


def test_a_sweep_of_optimizers_alone_is_a_ranking():
    tried = sweep("beale", ["sgd(lr=9)", "adam(lr=0.5)", "rmsprop(lr=0.05)"], steps=40)
    figure = render.figure(tried, figsize=(4.8, 2.7))
    (ax,) = figure.axes
    final = tried.trajectories.runs["final"]  # the first diverges
    order = sorted((1, 2), key=lambda run: final[run])
    names = ["SGD, lr 9", "Adam, lr 0.5", "RMSprop, lr 0.05"]
    assert [label.get_text() for label in ax.get_yticklabels()] == [*(names[run] for run in order), names[0]]
    dots = sorted(line.get_xdata()[0] for line in ax.lines if line.get_marker() != "None")
    assert dots == pytest.approx(sorted(final[1:]))
    words = [text for text in ax.texts if text.get_visible()]
    assert words[-1].get_text() == "fails"
    assert len(words) == 3
    assert all(text.get_window_extent().x1 <= figure.bbox.x1 for text in words)


def test_a_ranking_counts_runs_that_miss_the_target():
    tried = sweep("beale", ["sgd(lr=0.01)", "adam(lr=0.5)"], steps=120, starts=5, spread=0.3, target=0.1)
    assert (tried.grid(tried.trajectories.runs["reached"]) >= 0).sum(1).tolist() == [2, 3]
    ax = render.ranking(tried, Figure().subplots(), measure="steps")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Adam, lr 0.5", "SGD, lr 0.01"]
    assert float(ax.texts[0].get_text()) > 0
    assert ax.texts[1].get_text() == "2/5"
    with pytest.raises(InputError, match="a ranking needs several"):
        render.ranking(sweep("beale", "adam(lr=0.5)", steps=5, starts=2), Figure().subplots())
