"""Results directories: no block is lost or run twice, however many processes write and however they end."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from experiments_for_tests import counted, grid, same, valid_bowl

from landscapes import InputError, function, optimizers, transforms
from landscapes.engine.termination import Stop
from landscapes.execution import UnfinishedError, block_dir, execute, results, results_dir
from landscapes.execution.locks import Locks
from landscapes.execution.results_dir import Shard, merge
from landscapes.files import replacing
from landscapes.leftovers import temporary_path

posix = pytest.mark.skipif(sys.platform == "win32", reason="locks, limits and signals of POSIX")


def interrupt(at: int):
    """Return a progress callback that raises Ctrl-C once `at` runs are done."""

    def progress(done: int, total: int) -> None:
        if done >= at:
            raise KeyboardInterrupt

    return progress


def test_results_are_in_the_directory_and_sliced(tmp_path):
    found = execute(grid(record_steps=5, metrics=("gradient_norm",)), resume_dir=tmp_path / "out")
    whole = execute(grid(record_steps=5, metrics=("gradient_norm",)))[:]
    assert found.complete
    assert found.on_disk
    assert same(found[:], whole)
    assert found[30:50].x.tobytes() == whole.x[30:50].tobytes()
    assert found[97:].metrics["gradient_norm"].tobytes() == whole.metrics["gradient_norm"][97:].tobytes()
    assert found[4:4].x.shape == (0, 6, 2)
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == [".claims", *(f"block-{i:07d}.npz" for i in range(7)), "manifest.json"]


def test_a_slice_reads_only_its_blocks(tmp_path, monkeypatch):
    found = execute(grid(), resume_dir=tmp_path / "out")
    read: list[str] = []
    original = block_dir._read
    monkeypatch.setattr(block_dir, "_read", lambda file, *more: read.append(file.name) or original(file, *more))
    for begin in range(16, 40, 4):
        found[begin : begin + 4]
    assert read == ["block-0000001.npz", "block-0000002.npz"]


def test_results_larger_than_memory_are_read_by_slices(tmp_path, monkeypatch):
    found = execute(grid(), resume_dir=tmp_path / "out")
    monkeypatch.setattr(results, "available", lambda: 5000)
    with pytest.raises(
        InputError, match=r"100 runs require 15 kB of memory, 5 kB are free; read fewer at a time: results\[0:16\]"
    ):
        found[:]
    parts = [found[begin : begin + 16] for begin in range(0, 100, 16)]
    monkeypatch.undo()
    assert same(results.concatenate(parts), found[:])


def test_finished_blocks_are_not_run_again(tmp_path, monkeypatch):
    ran = counted(monkeypatch)
    with pytest.warns(UserWarning, match="3 of 7 blocks are done; repeat the call to resume"):
        part = execute(grid(), resume_dir=tmp_path / "out", progress=interrupt(48))
    assert part.done.tolist() == [True] * 3 + [False] * 4
    assert np.isnan(part[48:].loss).all()
    assert len(ran) == 3
    reported: list[tuple[int, int]] = []
    found = execute(grid(), resume_dir=tmp_path / "out", progress=lambda *now: reported.append(now))
    assert reported[0] == (16, 100)
    assert len(ran) == 7
    assert same(found[:], execute(grid())[:])
    ran.clear()
    assert execute(grid(), resume_dir=tmp_path / "out").complete
    assert ran == []


CHANGES = {
    "steps was 25 and is 30, and recorded steps differ, too": {"steps": 30},
    "seed was 0 and is 5": {"seed": 5},
    "target was 0.5 and is 0.25": {"target": 0.25},
    r"optimizers was adam\(lr=0.001\) and is lion\(": {"kinds": [optimizers.Lion()]},
    "functions was valid_bowl and is booth": {"f": None},
    r"stop was Stop\(gtol=0.001, .* and is Stop\(gtol=0.01": {"stop": Stop(gtol=1e-2)},
    "blocks was 16 and is 8": {"size": 8},
}


@pytest.mark.parametrize("said", CHANGES)
@pytest.mark.thin(1)
def test_another_experiment_is_rejected_and_the_change_named(tmp_path, said):
    from landscapes.functions import get

    execute(grid(), resume_dir=tmp_path / "out")
    before = sorted((file.name, file.stat().st_mtime_ns) for file in (tmp_path / "out").iterdir())
    change = {"f": get("booth")} if "f" in CHANGES[said] else CHANGES[said]
    with pytest.raises(InputError, match=f"belongs to another experiment: {said}.*; choose a new directory") as caught:
        execute(grid(**change), resume_dir=tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert before == sorted((file.name, file.stat().st_mtime_ns) for file in (tmp_path / "out").iterdir())


def edited(folder: Path, **changes: object) -> None:
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "has layout 2, this package writes 1; choose a new directory"),
        (
            {"versions": {"landscapes": "0.0.1", "torch": "2.0"}},
            "was created with landscapes 0.0.1, this is .*, and results may differ",
        ),
        ({"experiment": [1]}, "is not a valid manifest; choose a new directory"),
    ],
)
def test_a_directory_of_another_version_is_rejected(tmp_path, changes, said):
    execute(grid(), resume_dir=tmp_path / "out")
    edited(tmp_path / "out", **changes)
    with pytest.raises(InputError, match=said):
        execute(grid(), resume_dir=tmp_path / "out")


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"format": 1}'])
def test_an_invalid_manifest_is_rejected(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match="is not a valid manifest; choose a new directory"):
        execute(grid(), resume_dir=tmp_path)


def test_unusable_directories_are_rejected(tmp_path, monkeypatch):
    ran = counted(monkeypatch)
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(InputError, match="is not a results directory, and not empty"):
        execute(grid(), resume_dir=tmp_path)
    with pytest.raises(InputError, match="File exists; choose a writable directory"):
        execute(grid(), resume_dir=tmp_path / "holiday.jpg")
    with pytest.raises(InputError, match="No such file or directory; choose a writable directory"):
        execute(grid(), resume_dir=tmp_path / "no" / "where")
    with pytest.raises(InputError, match="expected a path, got 3"):
        execute(grid(), resume_dir=3)
    assert not ran


def test_a_damaged_block_is_reported_of(tmp_path):
    found = execute(grid(), resume_dir=tmp_path / "out")
    block = tmp_path / "out" / "block-0000003.npz"
    whole = block.read_bytes()
    for damage in (b"", whole[:-20], whole[:100] + bytes(100) + whole[200:]):
        block.write_bytes(damage)
        with pytest.raises(
            InputError, match=r"block-0000003.npz' is damaged .*; delete it and run the experiment again"
        ):
            execute(grid(), resume_dir=tmp_path / "out")[:]
    block.unlink()
    assert not found.complete
    assert same(execute(grid(), resume_dir=tmp_path / "out")[:], execute(grid())[:])


def test_a_block_of_another_experiment_is_rejected(tmp_path):
    execute(grid(), resume_dir=tmp_path / "out")
    execute(grid(seed=1), resume_dir=tmp_path / "other")
    os.replace(tmp_path / "other" / "block-0000002.npz", tmp_path / "out" / "block-0000002.npz")
    with pytest.raises(InputError, match=r"block-0000002.npz' belongs to another experiment"):
        execute(grid(), resume_dir=tmp_path / "out")[:]


@pytest.mark.parametrize("swap", [True, False])
def test_a_block_under_the_name_of_another_is_rejected(tmp_path, swap):
    execute(grid(), resume_dir=tmp_path / "out")
    one, other = (tmp_path / "out" / f"block-000000{i}.npz" for i in (1, 2))
    held = other.read_bytes()
    other.write_bytes(one.read_bytes())
    if swap:
        one.write_bytes(held)
    with pytest.raises(
        InputError, match=r"block-000000[12].npz' holds block [12]: it was renamed or copied; delete it"
    ):
        execute(grid(), resume_dir=tmp_path / "out")[:]


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("loss", np.zeros((16, 2)), "its digest is wrong"),
        ("extra", np.zeros(16), "its digest is wrong"),
        ("loss", np.zeros((16, 3)), r"loss has shape \(16, 3\) and type float64; expected \(16, 2\)"),
        ("x", np.zeros((16, 2, 2)), "its start points differ"),
        ("step", np.array([0, 7]), "its recorded steps differ"),
        ("y", np.zeros(16), "results have the arrays "),
    ],
)
def test_an_edited_block_is_rejected(tmp_path, name, values, said):
    execute(grid(), resume_dir=tmp_path / "out")
    file = tmp_path / "out" / "block-0000003.npz"
    with np.load(file) as opened:
        arrays = {key: opened[key] for key in opened.files} | {name: values}
    if "digest" not in said:
        own = ("experiment", "block", "digest")
        arrays["digest"] = np.array(block_dir.digest_of({k: v for k, v in arrays.items() if k not in own}))
    np.savez(file, **arrays)
    with pytest.raises(InputError, match=rf"block-0000003.npz' is damaged: {said}.*; delete it and run"):
        execute(grid(), resume_dir=tmp_path / "out")[:]


@pytest.mark.slow
def test_any_flipped_bit_of_a_block_is_noticed_or_harmless(tmp_path):
    whole = execute(grid(), resume_dir=tmp_path / "out")[:]
    file = tmp_path / "out" / "block-0000003.npz"
    data, random = file.read_bytes(), np.random.default_rng(0)
    refused = 0
    for bit in random.integers(8 * len(data), size=60):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        file.write_bytes(damaged)
        try:
            found = results_dir.ResultsDir(grid(), tmp_path / "out").rows(0, 0, 100)
        except InputError:
            refused += 1
        else:
            assert same(found, whole)
    assert refused > 30


class Shrinking(torch.optim.Optimizer):
    """Shrink each point."""

    factor = 0.9

    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(self.factor)


class Slope(torch.autograd.Function):
    """x² with a backward pass that can be edited."""

    factor = 2.0

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, slope):
        return Slope.factor * ctx.saved_tensors[0] * slope


@pytest.mark.parametrize(
    ("plan", "change", "said"),
    [
        (
            lambda: grid(kinds=[optimizers.Torch(Shrinking, lr=0.1)]),
            (Shrinking, "factor", 0.9001),
            "first steps of the optimizers was",
        ),
        (
            lambda: grid(function((-3, 3), (-3, 3), name="own")(lambda x, y: Slope.apply(x) + y * y)),
            (Slope, "factor", 2.00001),
            "gradients of the functions was",
        ),
    ],
)
def test_edited_code_is_another_experiment(tmp_path, monkeypatch, plan, change, said):
    monkeypatch.setattr(Slope, "factor", Slope.factor)
    execute(plan(), resume_dir=tmp_path / "out")
    monkeypatch.setattr(*change)
    with pytest.raises(InputError, match=f"belongs to another experiment: {said}"):
        execute(plan(), resume_dir=tmp_path / "out")


def test_another_noise_is_another_experiment(tmp_path):
    def plan(sigma: float):
        return grid(transforms.noisy(valid_bowl, sigma))

    execute(plan(0.1), resume_dir=tmp_path / "out")
    with pytest.raises(InputError, match=r"belongs to another experiment: .*noise of the functions"):
        execute(plan(0.1000001), resume_dir=tmp_path / "out")


# Shards of several machines


def test_shards_are_merged(tmp_path, monkeypatch):
    ran = counted(monkeypatch)
    folders = [tmp_path / f"part{i}" for i in range(3)]
    for i, folder in enumerate(folders):
        part = execute(grid(), resume_dir=Shard(folder, i, 3))
        assert part.done.tolist() == [k % 3 == i for k in range(7)]
    assert len(ran) == 7
    merge(tmp_path / "whole", folders)
    merge(tmp_path / "whole", folders)
    ran.clear()
    assert same(execute(grid(), resume_dir=tmp_path / "whole")[:], execute(grid())[:])
    assert len(ran) == 7, "only those of the comparison"


def test_shards_that_disagree_are_not_merged(tmp_path):
    execute(grid(), resume_dir=tmp_path / "one")
    execute(grid(), resume_dir=tmp_path / "two")
    file = tmp_path / "two" / "block-0000003.npz"
    with np.load(file) as opened:
        arrays = {name: opened[name] for name in opened.files}
    found = {k: v for k, v in arrays.items() if k not in ("experiment", "block", "digest")} | {"lowest": np.zeros(16)}
    np.savez(file, **arrays | found | {"digest": np.array(block_dir.digest_of(found))})
    with pytest.raises(InputError, match=r"two.block-0000003.npz' and .* have different results of one block"):
        merge(tmp_path / "whole", [tmp_path / "one", tmp_path / "two"])


def test_shards_of_different_experiments_are_not_merged(tmp_path):
    execute(grid(), resume_dir=Shard(tmp_path / "one", 0, 2))
    execute(grid(seed=1), resume_dir=Shard(tmp_path / "two", 1, 2))
    with pytest.raises(InputError, match="two' belongs to another experiment: seed was 1 and is 0"):
        merge(tmp_path / "whole", [tmp_path / "one", tmp_path / "two"])
    with pytest.raises(InputError, match=r"three' is not a results directory: it contains no manifest.json"):
        merge(tmp_path / "whole", [tmp_path / "three"])
    with pytest.raises(InputError, match="nothing to merge"):
        merge(tmp_path / "whole", [])
    with pytest.raises(InputError, match="index of a shard must be >= 0 and < 2, got 2"):
        Shard(tmp_path / "two", 2, 2)


# Several processes on one directory

WORKER = """
import sys, time, zlib
from experiments_for_tests import grid
from landscapes.execution.plan import Block
from landscapes.execution import execute

run, slow = Block.run, float(sys.argv[2])

def telling(block, progress=None):
    print("begins", flush=True)
    found = run(block, progress)
    time.sleep(slow)
    print("ran", block.streams[0], flush=True)
    return found

Block.run = telling
found = execute(grid(), resume_dir=sys.argv[1])
print("complete", found.complete, zlib.crc32(found[:].loss.tobytes()), flush=True)
"""


def worker(folder: Path, slow: float, environment: dict[str, str], root: Path) -> subprocess.Popen[str]:
    paths = os.pathsep.join([environment["PYTHONPATH"], str(root / "tests" / "support")])
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), str(slow)],
        env=environment | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@posix
def test_two_processes_share_the_work(tmp_path, environment_here, root):
    both = [worker(tmp_path / "out", 0.2, environment_here, root) for _ in range(2)]
    said = [process.communicate(timeout=100)[0].splitlines() for process in both]
    total = zlib.crc32(execute(grid())[:].loss.tobytes())
    assert [lines[-1] for lines in said] == [f"complete True {total}"] * 2
    blocks = [line for lines in said for line in lines if line.startswith("ran")]
    assert len(blocks) == 7, "each block once"


@pytest.mark.slow
@posix
def test_blocks_of_a_killed_process_are_run_by_others(tmp_path, environment_here, root, monkeypatch):
    ran = counted(monkeypatch)
    dying = worker(tmp_path / "out", 60.0, environment_here, root)
    assert dying.stdout is not None
    assert dying.stdout.readline() == "begins\n"
    claims = Locks(tmp_path / "out" / ".claims")
    assert not claims.acquire(0)
    claims.close()
    left = temporary_path(tmp_path / "out" / "block-0000000.npz").name.split("-")
    left[2:4] = str(dying.pid), "1"
    (tmp_path / "out" / "-".join(left)).write_bytes(b"an incomplete file")
    begin = time.monotonic()

    def progress(done: int, total: int) -> None:
        if done == 84 and dying.poll() is None:
            dying.kill()
            dying.wait()

    found = execute(grid(), resume_dir=tmp_path / "out", progress=progress)
    assert dying.returncode == -9
    assert time.monotonic() - begin < 30
    assert ran[-1] == 16, "the block of the killed process came last"
    assert same(found[:], execute(grid())[:])
    dying.stdout.close()
    execute(grid(), resume_dir=tmp_path / "out")
    assert not list((tmp_path / "out").glob(".block-*"))


def test_a_file_that_another_thread_writes_stays(tmp_path):
    execute(grid(), resume_dir=tmp_path / "out")
    with replacing(tmp_path / "out" / "block-0000000.npz") as temporary:
        temporary.write_bytes((tmp_path / "out" / "block-0000000.npz").read_bytes())
        execute(grid(), resume_dir=tmp_path / "out")
        assert temporary.exists()


# Full disks


def test_a_full_disk_loses_no_block(tmp_path, monkeypatch):
    write, written = block_dir._write, []

    def full(target: Path, data: bytes) -> None:
        if len(written) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(target)
        write(target, data)

    monkeypatch.setattr(block_dir, "_write", full)
    with pytest.raises(
        UnfinishedError,
        match=r"block 3 could not be written \(No space left on device\): free some space; "
        "3 of 7 blocks are done; repeat the call to resume",
    ):
        execute(grid(), resume_dir=tmp_path / "out")
    monkeypatch.undo()
    assert same(execute(grid(), resume_dir=tmp_path / "out")[:], execute(grid())[:])


LIMITED = """
import resource, sys
from experiments_for_tests import grid
from landscapes.execution import UnfinishedError, execute

resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
try:
    execute(grid(record_steps="all"), resume_dir=sys.argv[1])
except UnfinishedError as error:
    print(error)
"""


@pytest.mark.slow
@posix
def test_a_file_size_limit_is_reported(tmp_path, python, root, environment_here):
    paths = os.pathsep.join([environment_here["PYTHONPATH"], str(root / "tests" / "support")])
    done = python("-c", LIMITED, str(tmp_path / "out"), env=environment_here | {"PYTHONPATH": paths})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "block 0 could not be written (File too large): free some space; 0 of 7 blocks are done"
    )
    assert done.stderr == ""
    assert not list((tmp_path / "out").glob("*block-*"))


def test_a_disk_without_space_is_reported_before_any_work(tmp_path, monkeypatch):
    ran = counted(monkeypatch)
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(block_dir.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(InputError, match=r"require 15 kB, 1 kB are free on the disk of '.*out'; run fewer at once"):
        execute(grid(), resume_dir=tmp_path / "out")
    assert not ran
    monkeypatch.undo()
    execute(grid(), resume_dir=tmp_path / "out")
    monkeypatch.setattr(block_dir.shutil, "disk_usage", lambda path: usage)
    assert execute(grid(), resume_dir=tmp_path / "out").complete, "finished blocks need no space"


@pytest.mark.slow
@posix
def test_killed_twice(root, environment_here):
    """Two processes on one directory are killed at random times; no block is lost or run twice."""
    script = str(root / "benchmarks" / "resume.py")
    done = subprocess.run(
        [sys.executable, script, "--kills", "2"], env=environment_here, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert sum(", kill " in line for line in lines) == 2
    assert lines[-1].startswith("2 kills, ")
    assert lines[-1].endswith("blocks lost, computed twice or different: 0")
    assert "bitwise equal to the uninterrupted run" in lines[-2]
