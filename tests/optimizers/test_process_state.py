"""Third-party optimizers leave the state of the process alone, also in threads and under any mode of torch."""

from __future__ import annotations

import io
import random
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout

import numpy as np
import pytest
import torch

import landscapes
from landscapes import optimizers
from landscapes.optimizers.adapters.isolation import silenced


class Noisy(torch.optim.Optimizer):
    """Draws from all global generators, prints, warns, and stores numbers in the default dtype."""

    def __init__(self, params, lr=0.01):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                noise = torch.randn(p.shape) + random.random() + np.random.random()  # noqa: NPY002
                p.sub_(group["lr"] * (p.grad + 0.01 * noise))


def state_of_process():
    return (
        torch.get_default_dtype(), torch.default_generator.get_state().tolist(), random.getstate(),
        np.random.get_state()[2], sys.stdout, sys.stderr, list(warnings.filters),  # noqa: NPY002
    )  # fmt: skip


def race(seed):
    own = {"ours": optimizers.Torch(Noisy, lr=0.01), "nadam": optimizers.Torch(torch.optim.NAdam, lr=0.1)}
    return landscapes.race("booth", own, steps=12, seed=seed).trajectories.x


@pytest.mark.filterwarnings("default")
@pytest.mark.slow
def test_threads_of_races_equal_serial_ones():
    race(0)  # imports change warnings.filters
    before, serial = state_of_process(), [race(seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        threaded = list(pool.map(race, range(8)))
    assert all(np.array_equal(a, b) for a, b in zip(serial, threaded, strict=True))
    assert state_of_process() == before


@pytest.mark.slow
def test_threads_of_an_experiment_equal_the_serial_one():
    def run(executor):
        given = [optimizers.Torch(Noisy, lr=0.01)]
        return landscapes.compare(["booth", "beale"], given, steps=20, seeds=4, executor=executor).trajectories.loss

    with ThreadPoolExecutor(4) as pool:
        assert np.array_equal(run(None), run(pool), equal_nan=True)


def test_silence_is_of_one_thread():
    said, inside, done = io.StringIO(), threading.Event(), threading.Event()

    def other():
        inside.wait(5)
        print("heard")
        with pytest.warns(UserWarning, match="heard"):
            warnings.warn("heard", stacklevel=1)
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    before = list(warnings.filters)
    with redirect_stdout(said):
        with silenced():
            print("silent")
            warnings.warn("silent", stacklevel=1)
            inside.set()
            done.wait(5)
        thread.join()
    assert said.getvalue() == "heard\n"
    assert warnings.filters == before


MODES = {
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
    "anomaly": lambda: torch.autograd.set_detect_anomaly(True, check_nan=True),
    "device": lambda: torch.device("meta"),
    "float16": lambda: default(torch.float16),
    "float64": lambda: default(torch.float64),
}


class default:  # noqa: N801
    """Set torch's default dtype within a block."""

    def __init__(self, dtype):
        self.dtype = dtype

    def __enter__(self):
        self.before = torch.get_default_dtype()
        torch.set_default_dtype(self.dtype)

    def __exit__(self, *_):
        torch.set_default_dtype(self.before)


EXPERIMENTS = {
    "race": lambda: landscapes.race("beale", ["sgd", "adam(lr=0.1)", "newton", optimizers.Torch(Noisy)], steps=8),
    "stochastic": lambda: landscapes.race("noisy_quadratic", "adam(lr=0.1)", steps=8),
    "sweep": lambda: landscapes.sweep("beale", "adam", lr=[0.1, 0.2], steps=8),
    "many": lambda: landscapes.sweep("beale", "adam", lr=landscapes.Range(1e-3, 1, n=100), steps=8),
    "basins": lambda: landscapes.basins("himmelblau", "adam(lr=0.1)", steps=8, resolution=4),
    "compare": lambda: landscapes.compare(["booth"], ["adam(lr=0.1)"], steps=8),
    "tune": lambda: landscapes.tune("booth", "sgd", steps=8, starts=1),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("experiment", EXPERIMENTS)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.thin(3)
@pytest.mark.sample(6)
def test_modes_of_torch_change_no_number(experiment, mode):
    plain = EXPERIMENTS[experiment]().trajectories
    with MODES[mode]():
        under = EXPERIMENTS[experiment]().trajectories
    assert np.array_equal(plain.x, under.x, equal_nan=True)
    assert np.array_equal(plain.loss, under.loss, equal_nan=True)
