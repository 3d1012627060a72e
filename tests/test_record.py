"""Records: saved and loaded without loss, and nothing else is taken for one."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from landscapes.errors import InputError
from landscapes.record import FORMAT, Record, Surface, Trajectories

anything = st.floats(allow_nan=True, allow_infinity=True, width=64)


def same(a: Record, b: Record) -> None:
    for name in ("x", "loss", "step"):
        left, right = getattr(a.trajectories, name), getattr(b.trajectories, name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)
    assert a.trajectories.runs.keys() == b.trajectories.runs.keys()
    for name, column in a.trajectories.runs.items():
        np.testing.assert_array_equal(column, b.trajectories.runs[name])
    assert (a.surface is None) == (b.surface is None)
    if a.surface is not None and b.surface is not None:
        for name, value in vars(a.surface).items():
            np.testing.assert_array_equal(value, getattr(b.surface, name))
            assert isinstance(getattr(b.surface, name), type(value))
    assert repr(dict(a.meta)) == repr(dict(b.meta))  # repr, since NaN is not equal to itself


@given(
    x=arrays(np.float64, (2, 3, 2), elements=anything),
    loss=arrays(np.float64, (2, 3), elements=anything),
    label=st.text(max_size=20).filter(lambda text: not text.endswith("\0")),  # numpy's text drops trailing NULs
    minimum=anything,
    with_surface=st.booleans(),
)
def test_round_trip_is_exact(tmp_path_factory, x, loss, label, minimum, with_surface):
    runs = {"label": np.array([label, "other"]), "lr": np.array([0.1, np.nan]), "reached": np.array([-1, 2])}
    surface = Surface(np.arange(2.0), np.arange(3.0), loss[:, :2].T[[0, 1, 0]], np.zeros((0, 2)), minimum, "rank")
    meta = {"title": label, "minimum": minimum, "start": [0.1, -2.0], "versions": {"numpy": np.__version__}}
    record = Record(Trajectories(x, loss, np.array([0, 5, 9]), runs), surface if with_surface else None, meta)
    path = tmp_path_factory.mktemp("round") / "race.npz"
    assert record.save(path) == path
    same(record, Record.load(path))


def test_the_same_record_gives_the_same_bytes(tmp_path, make_record):
    record = make_record([[1.0, 0.5], [1.0, 0.25]])
    first, second = record.save(tmp_path / "a.npz"), record.save(tmp_path / "b.npz")
    assert first.read_bytes() == second.read_bytes()
    assert Record.load(first).save(tmp_path / "c.npz").read_bytes() == first.read_bytes()


def test_no_pickle_is_written(tmp_path, make_record):
    path = make_record([[1.0, 0.5]]).save(tmp_path / "race.npz")
    with np.load(path, allow_pickle=False) as file:
        assert all(file[name].dtype.kind in "fiUb" for name in file.files)


@pytest.mark.parametrize("name", ["race", "race.npy", "race.gif", "race.npz.txt"])
def test_another_suffix_is_refused(tmp_path, make_record, name):
    with pytest.raises(InputError, match=r"saved as \.npz"):
        make_record([[1.0]]).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def _write_truncated(path: Path, whole: bytes) -> None:
    path.write_bytes(whole[: len(whole) // 2])


def _write_damaged(path: Path, whole: bytes) -> None:
    middle = len(whole) // 3
    path.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])


def _write_array(path: Path, _: bytes) -> None:
    with path.open("wb") as file:
        np.save(file, np.arange(3))


def _write_other_arrays(path: Path, _: bytes) -> None:
    np.savez(path, a=np.arange(3))


def _write_half_a_record(path: Path, _: bytes) -> None:
    np.savez(path, format=np.array(FORMAT), meta=np.array("{}"))


def _write_objects(path: Path, _: bytes) -> None:
    np.savez(path, format=np.array({"a": 1}, dtype=object))


WRITERS = {
    "truncated": _write_truncated,
    "damaged": _write_damaged,
    "one array": _write_array,
    "other arrays": _write_other_arrays,
    "half a record": _write_half_a_record,
    "objects": _write_objects,
    "a pickle": lambda path, _: path.write_bytes(pickle.dumps({"x": 1})),
    "text": lambda path, _: path.write_text("hello"),
    "nothing": lambda path, _: path.write_bytes(b""),
    "a folder": lambda path, _: path.mkdir(),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_what_is_not_a_record_is_refused(tmp_path, make_record, kind):
    whole = make_record([[1.0, 0.5]] * 3).save(tmp_path / "whole.npz").read_bytes()
    path = tmp_path / "other.npz"
    WRITERS[kind](path, whole)
    with pytest.raises(InputError, match="is not a saved record"):
        Record.load(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        Record.load(tmp_path / "none.npz")


def test_a_newer_layout_is_refused(tmp_path):
    path = tmp_path / "new.npz"
    np.savez(path, format=np.array(FORMAT + 1), what=np.array("the future holds"))
    with pytest.raises(InputError, match=f"layout {FORMAT + 1}, newer"):
        Record.load(path)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(28, "No space left on device"), SystemExit])
def test_an_interrupted_save_leaves_the_old_file(tmp_path, make_record, monkeypatch, stop):
    path = make_record([[1.0, 0.5]]).save(tmp_path / "race.npz")
    old = path.read_bytes()

    def half(file, **arrays):
        file.write(b"half")
        raise stop

    monkeypatch.setattr(np, "savez_compressed", half)
    with pytest.raises(type(stop) if isinstance(stop, Exception) else stop):
        make_record([[2.0, 0.1]]).save(path)
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["race.npz"]


def test_a_saved_file_has_the_usual_mode(tmp_path, make_record):
    beside = tmp_path / "plain"
    beside.touch()
    assert make_record([[1.0]]).save(tmp_path / "race.npz").stat().st_mode == beside.stat().st_mode


def test_pieces_that_do_not_fit_are_refused():
    fitting = {"x": np.zeros((2, 3, 2)), "loss": np.zeros((2, 3)), "step": np.arange(3), "runs": {}}
    Trajectories(**fitting)
    for change in (
        {"x": np.zeros((2, 4, 2))},
        {"loss": np.zeros((1, 3))},
        {"step": np.arange(4)},
        {"runs": {"label": np.array(["a"])}},
    ):
        with pytest.raises(InputError, match=r"do not fit|entries for"):
            Trajectories(**(fitting | change))


def test_order_puts_the_first_at_the_target_first_and_the_lost_last(make_record):
    record = make_record(
        [[1, 0.5, 0.4], [1, 1e-4, 1e-4], [1, 0.5, 1e-4], [1, 1e-9, 1e-9], [1, 0.3, 0.3]],
        status=["max_steps", "converged", "converged", "diverged", "max_steps"],
    )
    assert record.order == [1, 2, 4, 0, 3]
