"""`landscapes plane`: the user's network in a plane."""

from __future__ import annotations

import pytest
from PIL import Image

from landscapes import Record

JOB = """
import copy
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 2))
x = torch.randn(40, 2)
data = x, (x[:, 0] > 0).long()
path = [copy.deepcopy(net.state_dict())]
optimizer = torch.optim.SGD(net.parameters(), 0.5)
for _ in range(3):
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(x), data[1]).backward()
    optimizer.step()
    path.append(copy.deepcopy(net.state_dict()))

def make():
    return net, nn.CrossEntropyLoss(), data

def named():
    return {"model": net, "loss": nn.CrossEntropyLoss(), "data": data, "path": path}

def pair():
    return net, data

def wants(seed):
    return net
"""


@pytest.fixture(autouse=True)
def job(tmp_path):
    (tmp_path / "job.py").write_text(JOB)


def test_a_surface_and_a_path(cli, tmp_path):
    size = ("--size", "300x200", "--resolution", "7")
    code, out, err = cli("plane", "job.py:make", "-o", "s.png", "--record", "s.npz", "--metric", "accuracy", *size)
    assert (code, err) == (0, "")
    assert out.splitlines()[1].startswith("directions: random direction 1, random direction 2; cosine ")
    with Image.open(tmp_path / "s.png") as image:
        assert image.size == (300, 200)
    saved = Record.load(tmp_path / "s.npz")
    assert saved.surface.values.shape == (7, 7)
    assert 0 <= saved.grids["accuracy"].min() <= saved.grids["accuracy"].max() <= 1
    code, out, err = cli("plane", "job.py:named", "-o", "p.gif", "--seconds", "2", "--fps", "5", *size)
    assert (code, err) == (0, "")
    assert " % of the movement in this plane" in out
    with Image.open(tmp_path / "p.gif") as image:
        assert image.n_frames > 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["job.py:pair"], "job.py:pair must return (model, loss, data)"),
        (["job.py:wants"], "must be a function without arguments"),
        (["job.py:data"], "must be a function without arguments, got a tuple"),
        (["job.py:none"], "unknown object of job.py 'none'"),
        (["job.py:make", "--directions", "pcaa"], "unknown kind of directions 'pcaa'"),
        (["job.py:make", "--path", "no.pt"], "there is no file 'no.pt'"),
        (["job.py:make", "--path", "job.py"], "must be a file by torch.save with a list of state_dicts"),
        (["job.py:make", "-o", "surface.txt"], "unknown suffix '.txt'"),
    ],
)
def test_invalid_input(cli, tmp_path, arguments, message):
    code, out, err = cli("plane", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.glob("surface*"))


@pytest.mark.slow
def test_processes_and_a_directory(cli, tmp_path):
    """The factory is in a file, whose module workers cannot import by its name."""
    text = (
        JOB.replace("nn.CrossEntropyLoss(), data", "loss, data")
        + """
def loss(outputs, targets):
    return nn.functional.cross_entropy(outputs, targets)
"""
    )
    (tmp_path / "job.py").write_text(text)
    size = ("--size", "300x200", "--resolution", "13", "-o", "s.png")
    code, _, err = cli("plane", "job.py:make", *size, "--processes", "1", "--resume-dir", "grid", "--record", "a.npz")
    assert (code, err) == (0, "")
    assert len(list((tmp_path / "grid").glob("block-*.npz"))) == 2
    code, _, err = cli("plane", "job.py:make", *size, "--seed", "1", "--resume-dir", "grid")
    assert code == 2
    assert "belongs to another experiment" in err
    code, _, err = cli("plane", "job.py:make", *size, "--resume-dir", "grid", "--record", "b.npz")
    assert (code, err) == (0, "")
    a, b = (Record.load(tmp_path / name).surface.values for name in ("a.npz", "b.npz"))
    assert a.tolist() == b.tolist()
