"""
Schedules and clipping
======================

Three optimizers in ten variants: alone, with learning-rate schedules, and with clipped gradients. The label of
a run names its wrappers after the optimizer.
"""

# %%
# A wrapper takes an optimizer or another wrapper: ``clip(cosine(adam(lr=0.3)), norm=1)``. The schedules match
# ``torch.optim.lr_scheduler``, and ``schedule`` wraps any scheduler of that module.

from pathlib import Path

from landscapes import functions, race, render

PICTURES = Path(__file__).parent / "pictures"
OPTIMIZERS = [
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
]

beale = functions.get("beale").with_view([(-0.3, 4.4), (-2.2, 2)])
record = race(beale, OPTIMIZERS, start=(1, 1.5), steps=200)
print(render.table(record))

# %%
# The first gradients are a hundred times larger than the later ones. With clipping, a learning rate ten times
# as large stays stable, but SGD then fluctuates in the valley forever. With a decaying rate as well (one
# cycle, cosine), the run converges to the minimum. SGD with a cosine schedule stops short: its rate decays
# before it arrives.

render.animate(record, figsize=(9.6, 6.0)).save(PICTURES / "schedules.gif")
