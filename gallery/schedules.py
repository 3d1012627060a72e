"""
Schedules and clipping
======================

Ten contenders from three optimizers: each bare, under schedules, and with its gradients clipped. What is put
around an optimizer is named behind it.
"""

# %%
# A wrapper stands around an optimizer, or around another wrapper: ``clip(cosine(adam(lr=0.3)), norm=1)``. The
# rates are those of ``torch.optim.lr_scheduler``, and any scheduler of that kind can be had by ``schedule``.

from pathlib import Path

from landscapes import functions, race, render
from landscapes.analysis.race_table import table, verdict

pictures = Path(__file__).parent / "pictures"

beale = functions.get("beale").with_view([(-0.3, 4.4), (-2.2, 2)])
record = race(
    beale,
    [
        "sgd(lr=0.01)",
        "cosine(sgd(lr=0.01))",
        "clip(sgd(lr=0.1), norm=0.5)",
        "momentum(lr=0.004)",
        "step_decay(momentum(lr=0.004), every=50, gamma=0.3)",
        "clip(one_cycle(momentum(lr=0.04)), norm=1)",
        "adam(lr=0.15)",
        "warm_restarts(adam(lr=0.15), period=50)",
        "clip(cosine(adam(lr=0.3)), norm=1)",
        "schedule(adam(lr=0.15), scheduler='LinearLR', total_iters=40)",
    ],
    start=(1, 1.5),
    steps=200,
)
print(table(record))
print(verdict(record))

# %%
# What to look at: the first gradients are a hundred times the later ones. Clipped, a rate ten times as large
# survives them, but SGD then jitters about the valley for ever; where the rate falls as well (one cycle, cosine)
# the path comes to rest on the star. SGD under a cosine stops short: its rate falls before it has arrived.

render.animate(record, size=(960, 600)).save(pictures / "schedules.gif")
