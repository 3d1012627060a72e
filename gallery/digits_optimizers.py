"""
Five optimizers on one network
==============================

A convolutional network for scikit-learn's digits is trained by SGD, momentum, Adam, AdamW and Muon, from the same
weights on the same batches. All runs are drawn in one plane of its loss. Needs scikit-learn:
``pip install '.[digits]'``.
"""

# %%
# The network, the loss and the data are yours: any module, any loss, tensors or a loader.

from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn

from landscapes import render, train_race

PICTURES = Path(__file__).parent / "pictures"

images, labels = (torch.tensor(part) for part in load_digits(return_X_y=True))
images = images.float().reshape(-1, 1, 8, 8) / 16
torch.manual_seed(0)
net = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(64, 10),
)  # fmt: skip

# %%
# Learning rates are those that ``train_race`` finds if they are left out, as in ``["sgd", "adam"]``: the ones with the
# lowest loss on the images that are held out. The note below the plane says how much of the movement it shows, how far
# the runs are from it, and how far its loss is from the true one.

record = train_race(
    net,
    nn.CrossEntropyLoss(),
    (images[:1400], labels[:1400]),
    ["sgd(lr=0.3)", "momentum(lr=0.1)", "adam(lr=0.01)", "adamw(lr=0.01, weight_decay=1.0)", "muon(lr=0.01)"],
    validation=(images[1400:], labels[1400:]),
    metrics="accuracy",
    steps=200,
    resolution=41,
    title="A CNN learns digits",
)
print(render.table(record))

# %%
# It is a race like any other: a film, a picture, a page.

render.save(record, PICTURES / "digits-optimizers.gif", seconds=8)
