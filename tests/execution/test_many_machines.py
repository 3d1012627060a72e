"""The code on the page on executors and results directories runs, with stand-ins for the clusters."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import Any, ClassVar

import pytest
from experiments_for_tests import Plain

PAGE = Path(__file__).resolve().parents[2] / "gallery" / "many_machines.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


class Cluster(Plain):
    """A stand-in for the client or executor of a cluster's package."""

    made: ClassVar[list[Cluster]] = []

    def __init__(self, *place: str) -> None:
        super().__init__()
        self.made.append(self)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def get_executor(self, *, pure: bool) -> Cluster:
        assert not pure, "Dask would merge blocks with equal bytes"
        return self


def remote(task: Any) -> Any:
    """A stand-in for `ray.remote`: a function whose calls return references."""
    cluster = Cluster()
    return types.SimpleNamespace(remote=lambda *given: cluster.submit(task, *given))


STAND_INS = {
    "dask": {"dask": types.ModuleType("dask"), "dask.distributed": types.SimpleNamespace(Client=Cluster)},
    "mpi": {"mpi4py": types.ModuleType("mpi4py"), "mpi4py.futures": types.SimpleNamespace(MPIPoolExecutor=Cluster)},
    "ray": {"ray": types.SimpleNamespace(remote=remote, get=lambda reference: reference.result())},
}


@pytest.mark.parametrize(
    "number", [pytest.param(i, marks=[pytest.mark.slow] * ("spawn" in code)) for i, code in enumerate(BLOCKS)]
)
@pytest.mark.thin(1, 9)
def test_the_code_on_the_page_runs(number, monkeypatch, tmp_path):
    code = BLOCKS[number].replace("resolution=4096", "resolution=8, steps=30")
    known = re.match(r"# (\w+)\n", code)
    Cluster.made.clear()
    if known:
        for name, module in STAND_INS[known[1]].items():
            monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, f"block {number}", "exec", dont_inherit=True), {"__name__": "__main__"})
    assert sum(cluster.submitted for cluster in Cluster.made) > 1 or not known, "the executor ran the blocks"


def test_every_cluster_is_on_the_page():
    assert {known[1] for code in BLOCKS if (known := re.match(r"# (\w+)\n", code))} == set(STAND_INS)
