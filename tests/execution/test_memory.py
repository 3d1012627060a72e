"""Available memory: the minimum over the machine and its containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from landscapes.execution import memory


@pytest.fixture
def system(tmp_path, monkeypatch) -> Path:
    """A system with 8 GB of available memory and no limits."""
    (tmp_path / "self").mkdir()
    (tmp_path / "meminfo").write_text("MemTotal: 16000000 kB\nMemFree: 10 kB\nMemAvailable:    8000000 kB\n")
    monkeypatch.setattr(memory, "PROCESS", tmp_path)
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "cgroup")
    return tmp_path


def group(folder: Path, limit: str, used: int, cached: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon {used - cached}\ninactive_file {cached}\n")


def test_the_machine(system):
    assert memory.available() == 8_000_000 * 1024


def test_the_tightest_container(system):
    (system / "self" / "cgroup").write_text("1:name=old:/x\n0::/outer/inner\n")
    group(system / "cgroup", "max", 10**12, 0)
    group(system / "cgroup" / "outer", "3000000000", 2_500_000_000, 500_000_000)
    group(system / "cgroup" / "outer" / "inner", "max", 1_000_000, 0)
    assert memory.available() == 1_000_000_000
    group(system / "cgroup" / "outer", "3000000000", 3_500_000_000, 0)
    assert memory.available() == 0
    group(system / "cgroup" / "outer", "max", 3_500_000_000, 0)
    assert memory.available() == 8_000_000 * 1024


def test_unknown_memory_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "PROCESS", tmp_path)

    def unknown(name: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(memory.os, "sysconf", unknown)
    assert memory.available() is None


def test_memory_of_this_machine():
    found = memory.available()
    assert found is None or 10**6 < found < 10**15
