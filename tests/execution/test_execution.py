"""Execution: results do not depend on the executor, and failures keep the results so far."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import types
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from experiments_for_tests import Plain, counted, dataless_bowl, deadly_bowl, grid, same, valid_bowl

from landscapes import InputError, formula, function, optimizers, transforms
from landscapes.execution import UnfinishedError, execute, results
from landscapes.execution.results import NOT_RUN
from landscapes.functions import get


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Two new processes."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


SENT = {
    "own": lambda: valid_bowl,
    "catalogue": lambda: get("noisy_beale"),
    "formula": lambda: formula("x**2 + 3*sin(y)", domain=(-3, 3)),
    "transform": lambda: transforms.noisy(transforms.rotated(valid_bowl, 20), 0.1),
}


@pytest.mark.parametrize("name", SENT)
@pytest.mark.thin(1)
def test_processes_give_identical_results(pool, name):
    kinds = [optimizers.Adam(), optimizers.Lion()]
    assert same(execute(grid(SENT[name](), kinds), executor=pool)[:], execute(grid(SENT[name](), kinds))[:])


def test_workers_use_one_thread(pool):
    execute(grid(), executor=pool)
    assert {pool.submit(torch.get_num_threads).result() for _ in range(8)} == {1}


def test_threads_run_what_cannot_be_pickled():
    bowl = function((-3, 3), (-3, 3))(lambda x, y: x * x + y * y)
    with ThreadPoolExecutor(2) as executor:
        assert same(execute(grid(bowl), executor=executor)[:], execute(grid(bowl))[:])


@pytest.mark.slow
def test_submit_and_result_suffice_and_pending_blocks_are_bounded(monkeypatch):
    executor = Plain()
    assert same(execute(grid(size=4), executor=executor)[:], execute(grid())[:])
    assert executor.submitted == 26, "25 blocks, and one check that the workers can load them"
    assert executor.most == 25
    monkeypatch.setattr("landscapes.execution.running.MAX_PENDING_BYTES", 10 * 4 * grid().tasks[0].result_bytes)
    execute(grid(size=4), executor=(bounded := Plain()))
    assert bounded.most == 10


def test_progress_counts_runs(pool):
    for executor in (None, pool):
        reported: list[tuple[int, int]] = []
        execute(grid(), executor=executor, progress=lambda *now, reported=reported: reported.append(now))
        done = [now for now, _ in reported]
        assert done == sorted(done)
        assert reported[-1] == (100, 100)
        assert {total for _, total in reported} == {100}
        assert len(set(done)) >= 7


# What cannot be pickled


@dataclass(frozen=True)
class Unsendable(optimizers.SGD):
    """An optimizer that cannot be pickled."""

    names: ClassVar[tuple[str, ...]] = ()

    def __reduce__(self) -> Any:
        raise TypeError("not me")


def test_what_cannot_be_pickled_is_rejected_before_any_work():
    bowl = function((-3, 3), (-3, 3), name="mine")(lambda x, y: x * x + y * y)
    executor = Plain()
    with pytest.raises(InputError, match=r"the function 'mine' cannot be sent to other processes .*module"):
        execute(grid(bowl), executor=executor)
    with pytest.raises(InputError, match=r"the optimizer SGD cannot be sent .*: not me.*module"):
        execute(grid(kinds=[optimizers.Adam(), Unsendable()]), executor=executor)
    assert executor.submitted == 0


def test_what_the_workers_cannot_load_is_rejected_before_any_work(pool, monkeypatch):
    home = types.ModuleType("only_here")
    source = "def bowl(x, y):\n    return x * x + y * y\n"
    exec(compile(source, "only_here", "exec"), vars(home))
    home.bowl = function((-3, 3), (-3, 3))(home.bowl)
    monkeypatch.setitem(sys.modules, "only_here", home)
    with pytest.raises(InputError, match=r"the workers cannot load .*No module named 'only_here'.*install"):
        execute(grid(home.bowl), executor=pool)
    assert execute(grid(), executor=pool).complete, "no worker died"


# Failures


def test_exceptions_of_blocks_are_raised(pool):
    plan = grid(dataless_bowl)
    for executor in (None, pool, Plain()):
        with pytest.raises(InputError, match="its sample of step 0 raises ArithmeticError: no data today"):
            execute(plan, executor=executor)


def test_an_invalid_executor_is_rejected():
    with pytest.raises(
        InputError, match=r"^executor must have a method submit, got int; give a concurrent.futures.ProcessPoolExecutor"
    ):
        execute(grid(), executor=4)


class Answering(Plain):
    """An executor whose futures return something else than the result of the call."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def submit(self, task, /, *arguments):
        future = super().submit(task, *arguments)
        answer = future.result() if self.submitted > 1 else None
        self.pending += 1
        return types.SimpleNamespace(result=(lambda: self.change(answer)) if answer else future.result)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda answer: None, "the executor returned NoneType for block 0; its futures must return"),
        (lambda answer: answer[1], "the executor returned BatchResult for block 0"),
        (lambda answer: (5, answer[1]), "the executor returned the result of block 5 for block 0"),
        (lambda answer: (0, "done"), "the executor returned str for block 0"),
        (
            lambda answer: (0, dataclasses.replace(answer[1], loss=answer[1].loss[:3])),
            r"other results than those of block 0: loss has shape \(3, 2\)",
        ),
        (lambda answer: (0, dataclasses.replace(answer[1], x=answer[1].x + 1)), "its start points differ"),
    ],
)
def test_another_result_of_an_executor_is_rejected(change, said):
    with pytest.raises(InputError, match=said) as caught:
        execute(grid(), executor=Answering(change))
    assert "\n" not in str(caught.value)


def test_an_experiment_in_a_worker_of_its_own_executor_is_rejected():
    with ThreadPoolExecutor(1) as executor:
        inner = executor.submit(lambda: execute(grid(), executor=executor))
        with pytest.raises(InputError, match="runs in a worker of the executor that it is given"):
            inner.result(timeout=20)


def test_a_closed_executor_is_reported(tmp_path):
    with ProcessPoolExecutor(1) as closed:
        pass
    with pytest.raises(
        UnfinishedError, match=r"before the work began .*shutdown.*0 of 7 blocks are done; repeat the call to resume"
    ):
        execute(grid(), executor=closed, resume_dir=tmp_path / "out")
    whole = execute(grid(), resume_dir=tmp_path / "out")
    assert same(execute(grid(), executor=closed, resume_dir=tmp_path / "out")[:], whole[:]), "all blocks were done"


def test_an_executor_that_dies_keeps_the_results_so_far(monkeypatch):
    monkeypatch.setattr("landscapes.execution.running.MAX_PENDING_BYTES", 0)
    with pytest.raises(
        UnfinishedError,
        match=r"the cluster has gone home.*possibly out of memory; 14 of 25 blocks are done; with resume_dir=",
    ) as caught:
        execute(grid(size=4), executor=Plain(dies_after=22))
    kept = caught.value.results
    assert same(kept[:56], execute(grid())[:56])
    assert not kept.complete


@pytest.mark.slow
def test_a_dead_worker_is_reported(tmp_path):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        with pytest.raises(
            UnfinishedError, match=r"BrokenProcessPool.*0 of 7 blocks are done; repeat the call to resume"
        ):
            execute(grid(deadly_bowl), executor=executor, resume_dir=tmp_path / "out")
        with pytest.raises(UnfinishedError, match=r"failed before the work began .*BrokenProcessPool"):
            execute(grid(), executor=executor)
    assert same(execute(grid(deadly_bowl), resume_dir=tmp_path / "out")[:], execute(grid(deadly_bowl))[:])


def interrupt(at: int) -> Any:
    """Return a progress callback that raises Ctrl-C once `at` runs are done."""

    def progress(done: int, total: int) -> None:
        if done >= at:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("kind", ["here", "plain", "threads"])
@pytest.mark.thin(1)
def test_ctrl_c_returns_the_results_so_far(kind):
    executor = {"here": lambda: None, "plain": Plain, "threads": lambda: ThreadPoolExecutor(2)}[kind]()
    with pytest.warns(UserWarning, match=r"interrupted: \d of 7 blocks are done; with resume_dir="):
        found = execute(grid(), executor=executor, progress=interrupt(40))
    whole = execute(grid())
    assert found.interrupted
    assert not found.complete or kind == "threads"  # which may end the other blocks before they are cancelled
    assert not whole.interrupted
    blocks = found.done
    assert blocks[:2].all()
    ran = np.repeat(blocks, 16)[:100]
    result = found[:]
    assert (result.reason == NOT_RUN).tolist() == (~ran).tolist()
    assert np.isnan(result.x[~ran]).all()
    assert (result.n_gradients[~ran] == -1).all()
    assert result.x[ran].tobytes() == whole[:].x[ran].tobytes()
    assert same(found[5:30], whole[5:30])
    assert same(whole.all_runs(), whole[:])
    with pytest.raises(KeyboardInterrupt):
        found.all_runs()


def test_ctrl_c_before_the_first_block():
    with pytest.warns(UserWarning, match="0 of 7 blocks"):
        found = execute(grid(record_steps=5), progress=interrupt(0))
    result = found[:]
    assert result.x.shape == (100, 6, 2)
    assert (result.reason == NOT_RUN).all()


SCRIPT = """
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from experiments_for_tests import grid
from landscapes.execution import execute

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background process of a shell would ignore it
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        say = lambda done, total: print(done, flush=True)
        found = execute(grid(steps=1500, stop=None), executor=executor, progress=say)
        print("left", found.interrupted, found.done.sum() > 0, found.complete, flush=True)
"""


@pytest.fixture
def running(tmp_path, environment_here, root) -> Iterator[subprocess.Popen[str]]:
    """Yield an experiment that runs in processes of its own."""
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = environment_here | {"PYTHONPATH": f"{environment_here['PYTHONPATH']}:{root / 'tests' / 'support'}"}
    with subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield process
        process.kill()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_in_a_terminal(running):
    assert running.stdout.readline() == "16\n"
    running.send_signal(signal.SIGINT)
    said, errors = running.communicate(timeout=100)
    assert said.splitlines()[-1] == "left True True False", errors
    assert "interrupted: " in errors


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_killed_experiment_leaves_no_workers(running):
    assert running.stdout.readline() == "16\n"
    running.kill()
    running.communicate(timeout=30)  # returns when no process holds the pipe any more


# Space


def test_results_that_exceed_memory_are_rejected(monkeypatch):
    ran = counted(monkeypatch)
    monkeypatch.setattr(results, "available", lambda: 100_000)
    with pytest.raises(
        InputError,
        match=r"100 runs require 240 kB, 100 kB are free in memory; record fewer steps "
        r"\(record_steps='ends' requires 15 kB\), "
        "or give resume_dir= to write them to disk",
    ):
        execute(grid(record_steps="all", steps=95))
    assert not ran
    assert execute(grid()).complete


def test_the_predicted_size_is_right():
    plan = grid(record_steps="all", steps=95)
    taken = sum(values.nbytes for values in results.to_arrays(execute(plan)[:]).values())
    assert 0.9 < taken / (100 * plan.tasks[0].result_bytes) < 1.1


# Results


def test_results_are_sliced():
    found = execute(grid(kinds=[optimizers.Adam(), optimizers.SGD()]))
    whole = found[:]
    assert len(found) == 200
    assert found[90:110].x.tobytes() == whole.x[90:110].tobytes()
    assert found[-5:].loss.tobytes() == whole.loss[-5:].tobytes()
    assert found[7:7].x.shape == (0, 2, 2)
    assert same(found.task(1), found[100:])
    assert np.shares_memory(found[10:20].x, found[30:100].x) is False
    assert found[10:20].x.base is not None, "no copy"
    with pytest.raises(InputError, match=r"results must be sliced as results\[begin:end\], got stride 2"):
        found[::2]


def test_tasks_of_different_shapes_are_read_one_by_one():
    from landscapes.execution.plan import Plan

    plan = Plan([*grid(steps=10, record_steps="all").tasks, *grid(steps=12, record_steps="all").tasks])
    found = execute(plan)
    with pytest.raises(InputError, match=r"do not fit one array; read them by results.task\(0\)"):
        found[:]
    assert found.task(1).x.shape == (100, 13, 2)
    assert found[120:130].x.shape == (10, 13, 2)


@pytest.mark.slow
def test_dask_gives_identical_results():
    """`pip install torch-landscapes[cluster]`."""
    distributed = pytest.importorskip("distributed", reason="needs dask.distributed: the extra cluster")
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        executor = client.get_executor(pure=False)
        for f in (valid_bowl, get("noisy_beale")):
            assert same(execute(grid(f), executor=executor)[:], execute(grid(f))[:])
        bowl = function((-3, 3), (-3, 3), name="mine")(lambda x, y: x * x + y * y)
        with pytest.raises(InputError, match="the function 'mine' cannot be sent"):
            execute(grid(bowl), executor=executor)
