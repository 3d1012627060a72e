"""Records: saving and loading, metadata, missing entries, selection and export."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from merged import merged

from landscapes.errors import InputError
from landscapes.record import FORMAT, Record, Surface, Trajectories, archive, filled, step_or_none, steps_or_inf
from landscapes.record.metadata import CLASSES, RaceMeta, SweepMeta

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
    runs = {
        "label": np.array([label, "other"]),
        "lr": np.array([0.1, np.nan]),
        "lr_source": np.array(["given", "tuned"]),
        "status": np.array(["max_steps", "converged"]),
        "reached": np.array([-1, 2]),
        "stopped": np.array([-1, -1]),
    }
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


def rewritten(record: Record, path: Path, **changes: np.ndarray | None) -> Path:
    """Save a record with some arrays changed, or left out if None, and a valid list of members."""
    with np.load(record.save(path)) as file:
        arrays = {name: file[name] for name in file.files if name != "members"}
    with path.open("wb") as stream:
        archive.write(stream, {name: values for name, values in (arrays | changes).items() if values is not None})
    return path


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


@merged(
    ("changes", "message"),
    [
        ({"trajectories/x": np.zeros((3, 3, 2))}, "x must have shape (R, T, d), here 3×2×any; got (3, 3, 2)"),
        ({"trajectories/x": np.full((3, 2, 2), "a")}, "x must be real numbers, got text"),
        ({"trajectories/loss": None}, "its trajectories must hold x, loss, step; got step, x"),
        ({"trajectories/step": np.array([1, 0])}, "step must be >= 0 and ascending, got 1, 0"),
        ({"trajectories/step": np.array([0, 0])}, "step must be >= 0 and ascending, got 0, 0"),
        ({"trajectories/step": np.array([0.0, 1.0])}, "step must be integers, got numbers"),
        ({"surface/values": np.zeros((9, 8))}, "values of a surface must have shape (ny, nx), here 9×9; got (9, 8)"),
        ({"surface/values": np.zeros(9)}, "values of a surface must have shape (ny, nx), here 9×9; got (9,)"),
        ({"surface/x": np.arange(9.0)[::-1]}, "x of a surface must be finite and ascending, got 8, 7, 6, 5, …"),
        ({"surface/y": np.full(9, np.nan)}, "y of a surface must be finite and ascending, got nan"),
        ({"surface/minima": np.zeros(3)}, "minima of a surface must have shape (k, 2)"),
        ({"surface/minima": np.zeros((3, 1))}, "minima of a surface must have shape (k, 2)"),
        ({"surface/minimum": np.zeros(3)}, "minimum of a surface must be a number"),
        ({"surface/scale": np.array("logg")}, "unknown scale of a surface 'logg'. Did you mean log?"),
        ({"surface/scale": None}, "its surface must hold x, y, values, minima, minimum, scale; got"),
        ({"runs/status": np.array(["done"] * 3)}, "unknown status 'done'"),
        ({"runs/status": np.zeros(3)}, "column 'status' must be text, got numbers"),
        ({"runs/status": None}, "the record of a race needs the columns label, status"),
        ({"runs/label": np.array(["a", "b", "\ud800"])}, r"column 'label' must be valid Unicode text, got '\ud800'"),
        ({"runs/label": np.array(["a", "b"])}, "column 'label' must have 3 entries, one per run"),
        (
            {"runs/stopped": np.array([-1, 2, -1]), "runs/stopped.mask": None},
            "stopped must be at most 1, the last step; got 2",
        ),
        (
            {"runs/reached": np.array([99, 0, 0]), "runs/reached.mask": None},
            "reached must be at most 1, the last step; got 99",
        ),
        ({"runs/reached.mask": np.array([True])}, "the mask of column 'reached' does not fit it"),
        ({"metrics/lr": np.zeros((3, 1))}, "metric 'lr' must be numbers of shape (R, T) or (R, T, k)"),
        ({"meta": None}, "its metadata are missing"),
        ({"format": np.array("1")}, "its layout must be an integer"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_one_line(tmp_path, make_record, changes, message):
    path = rewritten(make_record([[1.0, 0.5]] * 3), tmp_path / "race.npz", **changes)
    with pytest.raises(InputError, match=f"is not a saved record: .*{re.escape(message)}") as caught:
        Record.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("listed", [True, False])
def test_arrays_that_declare_more_than_the_file_holds_are_not_read(tmp_path, make_record, monkeypatch, listed):
    monkeypatch.setattr(archive, "UNCHECKED_BYTES", 2**15)
    monkeypatch.setattr(archive, "MAX_RATIO", 5)
    large = {"metrics/huge": np.zeros((2000, 2, 2))} if listed else {}
    path = rewritten(make_record([[1.0, 0.5]]), tmp_path / "race.npz", **large)
    if listed:
        monkeypatch.setattr(np.lib.format, "read_array", read := Counting(np.lib.format.read_array))
        with pytest.raises(InputError, match=r"its arrays declare 0\.0 GB, the file has 0\.0 MB"):
            Record.load(path)
        assert read.calls <= 2, "the layout and the list of members"
    else:
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as more:
            more.writestr("notes.npy", bytes(2**20))
        assert len(Record.load(path).trajectories) == 1


class Counting:
    """Count the calls of a function."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.function(*args, **kwargs)


def test_a_lost_or_swapped_member_is_noticed(tmp_path, make_record):
    path = make_record([[1.0, 0.5]]).save(tmp_path / "race.npz")
    whole = path.read_bytes()
    for name, other, message in (
        (b"runs/stopped.npy", b"runs/stoppex.npy", "its member 'runs/stopped' is missing"),
        (b"trajectories/x.npy", b"trajectories/s.npy", "its member 'trajectories/x' is missing"),
        (b"members.npy", b"memberz.npy", "it has no list of its members"),
    ):
        path.write_bytes(whole.replace(name, other))
        with pytest.raises(InputError, match=message):
            Record.load(path)


@pytest.mark.parametrize("count", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_a_damaged_file_is_refused_or_read_as_it_was(tmp_path, make_record, count):
    record = make_record([[1.0, 0.5]] * 2, label=["SGD", "Adam"])
    whole = record.save(tmp_path / "whole.npz").read_bytes()
    path, random = tmp_path / "damaged.npz", np.random.default_rng(count)
    messages: list[str] = []
    for i in range(count):
        damaged = bytearray(whole)
        if i % 5:
            bit = int(random.integers(8 * len(whole)))
            damaged[bit // 8] ^= 1 << bit % 8
        else:
            del damaged[random.integers(len(whole)) :]
        path.write_bytes(damaged)
        try:
            loaded = Record.load(path)
        except InputError as error:
            messages.append(str(error))
        else:
            same(record, loaded)
    assert all("is not a saved record" in text and "pickle" not in text for text in messages)
    assert len(messages) > 0.5 * count


def test_a_table_is_not_a_record(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n0,1.0\n")
    with pytest.raises(InputError, match=r"log.csv' is not a saved record: a record is what Record.save writes"):
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

    def half(file, *_, **__):
        file.write(b"half")
        raise stop

    monkeypatch.setattr(np.lib.format, "write_array", half)
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
        with pytest.raises(InputError, match=r"must have (shape|one entry|2 entries)"):
            Trajectories(**(fitting | change))


def test_order_puts_the_first_at_the_target_first_and_the_lost_last(make_record):
    record = make_record(
        [[1, 0.5, 0.4], [1, 1e-4, 1e-4], [1, 0.5, 1e-4], [1, 1e-9, 1e-9], [1, 0.3, 0.3]],
        status=["max_steps", "converged", "converged", "diverged", "max_steps"],
    )
    assert record.order == [1, 2, 4, 0, 3]


# Metadata


@pytest.mark.parametrize("kind", CLASSES)
def test_metadata_keep_their_class_and_their_keys_in_a_file(tmp_path, make_record, kind):
    given = {"experiment": kind, "function": "bowl", "steps": 2, "target": None}
    values = {"minima": [[0.0, 0.0]], "tolerances": [0.5]}
    given |= {name: values.get(name, {}) for name in CLASSES[kind].required}
    columns = {"final": [0.5], "basin": [0], "arrived": [1], "evaluations_to": [[1]]}
    record = replace(make_record([[1.0, 0.5]], **columns), meta=given)
    again = Record.load(record.save(tmp_path / "record.npz"))
    assert type(record.meta) is type(again.meta) is CLASSES[kind]
    assert dict(again.meta) == given
    assert again.meta == record.meta
    assert (again.meta.function, again.meta.steps, again.meta.target, again.meta.device) == ("bowl", 2, None, "cpu")


def test_metadata_are_a_read_only_mapping_over_what_was_given():
    meta = RaceMeta(function="bowl", minimum=1.5)
    assert dict(meta) == {"experiment": "race", "function": "bowl", "minimum": 1.5}
    assert meta["minimum"] == meta.minimum == 1.5
    assert "steps" not in meta
    assert meta.get("steps", 7) == 7
    with pytest.raises(KeyError, match="steps"):
        meta["steps"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        meta.steps = 3
    changed = meta.replace(steps=3)
    assert (changed.steps, changed.function, meta.steps) == (3, "bowl", 0)
    assert pickle.loads(pickle.dumps(changed)) == copy.deepcopy(changed) == changed


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"experiment": "sweeps"}, "unknown experiment 'sweeps'. Did you mean sweep?"),
        ({"minimun": 0.0}, "unknown key in the metadata of a race 'minimun'. Did you mean minimum"),
        ({"experiment": "sweep"}, "the metadata of a sweep lack the key 'axes'"),
        ({"experiment": "compare", "axes": {}, "tolerances": []}, "the metadata of a compare lack the key 'functions'"),
    ],
)
def test_unknown_and_missing_keys_are_refused_in_one_line(make_record, given, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        replace(make_record([[1.0]]), meta=given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("null", "its metadata must be a JSON object, got None"),
        ("[1]", "its metadata must be a JSON object, got [1]"),
        ("{", "its metadata are not valid JSON"),
        ('{"steps": "many"}', "steps in the metadata of a race must be an integer, got 'many'"),
        ('{"start": [1, 2, 3]}', "start in the metadata must have 2 coordinates, got 3"),
        (
            '{"experiment": "sweep", "axes": null}',
            "axes in the metadata of a sweep must be a mapping",
        ),
        ('{"experiment": "sweep", "axes": {"lr": 3}}', "must be a mapping of lists of values, got {'lr': 3}"),
        ('{"experiment": "sweep", "axes": {"lr": [0.1, 0.2, 0.3]}}', "axes of 3 entries do not hold 2 runs"),
        ('{"experiment": "sweep", "axes": {"lr": [0.1, NaN]}}', "axis 'lr' must be texts or finite numbers"),
        (
            '{"experiment": "compare", "axes": {}, "tolerances": [], "functions": {}}',
            "column 'evaluations_to' must have one entry per run and tolerance; got shape (2, 1) and 0 tolerances",
        ),
        ('{"experiment": "basins", "axes": {}, "minima": []}', "column 'basin' must be below 0, the number of minima"),
        (
            '{"experiment": "basins", "axes": {}, "minima": [[0, 0, 0]]}',
            "the metadata must have shape (k, 2)",
        ),
    ],
)
def test_metadata_that_do_not_fit_are_refused_in_one_line(tmp_path, make_record, text, message):
    columns = {"final": [0.5] * 2, "basin": [0] * 2, "arrived": [1] * 2, "evaluations_to": [[1]] * 2}
    path = rewritten(make_record([[1.0, 0.5]] * 2, **columns), tmp_path / "race.npz", meta=np.array(text))
    with pytest.raises(InputError, match=f"is not a saved record: .*{re.escape(message)}") as caught:
        Record.load(path)
    assert "\n" not in str(caught.value)


# Missing entries


def test_missing_steps_are_masked_and_stay_so_in_a_file(tmp_path, make_record):
    record = make_record([[1.0, 0.5], [1.0, 1e-4]])
    for each in (record, Record.load(record.save(tmp_path / "race.npz"))):
        reached = each.trajectories.runs["reached"]
        assert reached.tolist() == [None, 1]
        assert steps_or_inf(reached).tolist() == [np.inf, 1.0]
        assert (step_or_none(reached, 0), step_or_none(reached, 1)) == (None, 1)
        assert filled(reached).tolist() == [-1, 1]
        assert filled(reached, 9).tolist() == [9, 1]


# Text


def test_the_representation_is_short(make_record):
    lines = repr(make_record([[1.0, 0.5], [1.0, 1e-4]], label=["SGD", "Adam"])).splitlines()
    assert lines == [
        "Record of race on bowl",
        "  optimizers: SGD, Adam",
        "  runs × recorded steps × dimensions: 2 × 2 × 2",
        "  status: 1 out of steps, 1 converged",
        "  best: Adam, final loss 0.0001",
    ]
    many = grid_record()
    assert len(repr(many).splitlines()) <= 8
    assert "axes: optimizer (2), lr (3)" in repr(many)
    assert (
        len(repr(many.trajectories).splitlines())
        == len(repr(Surface(np.arange(3), np.arange(3), np.zeros((3, 3)), np.zeros((0, 2)), 0.0)).splitlines())
        == 1
    )


# Selecting


def grid_record() -> Record:
    """Two optimizers at three learning rates."""
    runs = {
        "label": np.repeat(["Adam", "SGD"], 3),
        "lr": np.tile([0.1, 0.2, 0.3], 2),
        "status": np.array(["converged", "max_steps", "max_steps"] * 2),
        "reached": np.array([1, -1, -1, 2, -1, -1]),
        "final": np.arange(6.0),
    }
    meta = {
        "experiment": "sweep",
        "function": "bowl",
        "axes": {"optimizer": ["Adam", "SGD"], "lr": [0.1, 0.2, 0.3]},
        "optimizers": {"Adam": "adam(lr=0.1)", "SGD": "sgd(lr=0.1)"},
    }
    x, loss = np.arange(24.0).reshape(6, 2, 2), np.arange(12.0).reshape(6, 2)
    return Record(Trajectories(x, loss, np.array([0, 5]), runs, {"lr": loss * 2}), None, meta)


@pytest.mark.parametrize(
    ("wanted", "runs", "axes"),
    [
        ({"optimizer": "adam"}, [0, 1, 2], {"lr": [0.1, 0.2, 0.3]}),
        ({"optimizer": "SGD"}, [3, 4, 5], {"lr": [0.1, 0.2, 0.3]}),
        ({"optimizer": "sgd(lr=0.1)"}, [3, 4, 5], {"lr": [0.1, 0.2, 0.3]}),
        ({"lr": 0.1 + 0.2}, [2, 5], {"optimizer": ["Adam", "SGD"]}),
        ({"optimizer": "adam", "lr": 0.2}, [1], {}),
        ({"status": "max_steps"}, [1, 2, 4, 5], {"optimizer": ["Adam", "SGD"], "lr": [0.2, 0.3]}),
        ({"reached": 2}, [3], {"optimizer": ["SGD"], "lr": [0.1]}),
        ({"label": "adam"}, [0, 1, 2], {"optimizer": ["Adam"], "lr": [0.1, 0.2, 0.3]}),
    ],
)
def test_runs_are_selected_by_axes_and_columns(wanted, runs, axes):
    record = grid_record()
    part = record.sel(**wanted)
    assert part.trajectories.runs["final"].tolist() == runs
    assert part.axes == axes
    assert type(part.meta) is SweepMeta
    np.testing.assert_array_equal(part.trajectories.x, record.trajectories.x[runs])
    np.testing.assert_array_equal(part.trajectories.metrics["lr"], record.trajectories.metrics["lr"][runs])


def test_runs_that_form_no_grid_have_no_axes():
    record = grid_record()
    runs = {**record.trajectories.runs, "status": np.array(["converged"] + ["max_steps"] * 5)}
    part = replace(record, trajectories=replace(record.trajectories, runs=runs)).sel(status="max_steps")
    assert len(part.trajectories) == 5
    assert part.axes == {}


def test_a_race_is_selected_by_its_columns(make_record):
    record = make_record([[1.0, 0.5], [1.0, 1e-4]], label=["SGD", "Adam"], optimizer=["sgd(lr=1)", "adam(lr=2)"])
    assert record.sel(optimizer="adam").trajectories.runs["label"].tolist() == ["Adam"]
    assert record.sel(status="converged").trajectories.runs["label"].tolist() == ["Adam"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"optimizr": "adam"}, "unknown axis or column of runs 'optimizr'. Did you mean optimizer?"),
        ({"optimizer": "adm"}, "unknown optimizer 'adm'. Did you mean Adam?"),
        ({"lr": 0.4}, "no run has lr=0.4; known: 0.1, 0.2, 0.3"),
        ({"reached": 7}, "no run has reached=7; known: 1, 2"),
        ({"lr": 0.1, "status": "max_steps"}, "no run has lr=0.1, status='max_steps' together"),
    ],
)
def test_what_no_run_has_is_refused_in_one_line(wanted, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        grid_record().sel(**wanted)
    assert "\n" not in str(caught.value)


def test_none_selects_missing_entries(make_record):
    assert grid_record().sel(reached=None).trajectories.runs["final"].tolist() == [1, 2, 4, 5]
    with pytest.raises(InputError, match=r"^no run has reached=None: no entry of this column is missing$"):
        make_record([[1.0, 1e-4]]).sel(reached=None)
    with pytest.raises(InputError, match=r"^no run has reached=3; known: none$"):
        make_record([[1.0, 0.5]]).sel(reached=3)


# Converting


def test_arrays_have_the_shape_of_the_axes(make_record):
    record = grid_record()
    assert record.to_array("x").shape == (2, 3, 2, 2)
    assert record.to_array("loss").shape == (2, 3, 2)
    assert record.to_array("final").tolist() == [[0, 1, 2], [3, 4, 5]]
    assert record.to_array("reached").tolist() == [[1, None, None], [2, None, None]]
    assert record.to_array("step").tolist() == [0, 5]
    assert make_record([[1.0, 0.5]]).to_array("loss").tolist() == [[1.0, 0.5]]
    with pytest.raises(InputError, match=r"unknown quantity of this record 'los'\. Did you mean loss"):
        record.to_array("los")


def test_a_data_frame_of_a_race_has_a_row_per_run_and_step(make_record):
    pytest.importorskip("pandas")
    record = make_record([[1.0, 0.25], [1.0, 1e-4]], label=["SGD", "Adam"])
    metrics = {"gradient_norm": np.arange(4.0).reshape(2, 2), "momentum": np.arange(8.0).reshape(2, 2, 2)}
    frame = replace(record, trajectories=replace(record.trajectories, metrics=metrics)).to_pandas()
    assert list(frame.columns) == [
        "label",
        "optimizer",
        "step",
        "x1",
        "x2",
        "loss",
        "gradient_norm",
        "momentum1",
        "momentum2",
    ]
    assert frame["label"].tolist() == ["SGD", "SGD", "Adam", "Adam"]
    assert frame["step"].tolist() == [0, 1, 0, 1]
    assert frame["x1"].tolist() == [1.0, 0.5, 1.0, 0.01]
    assert frame["gradient_norm"].tolist() == [0, 1, 2, 3]
    assert frame["momentum2"].tolist() == [1, 3, 5, 7]


def test_a_data_frame_of_a_grid_has_a_row_per_run():
    pandas = pytest.importorskip("pandas")
    frame = grid_record().to_pandas()
    assert list(frame.columns) == ["optimizer", "lr", "label", "status", "reached", "final"]
    assert frame.loc[frame["lr"] == 0.1, "optimizer"].tolist() == ["Adam", "SGD"]
    assert frame["reached"].dtype == pandas.Int64Dtype()
    assert frame["reached"].isna().tolist() == [False, True, True, False, True, True]


def test_a_dataset_has_the_axes_as_dimensions(make_record):
    pytest.importorskip("xarray")
    record = grid_record()
    data = record.to_xarray()
    assert dict(data.sizes) == {"optimizer": 2, "lr": 3, "step": 2, "dim": 2}
    assert float(data["final"].sel(optimizer="SGD", lr=0.2)) == 4
    assert data["lr_recorded"].dims == ("optimizer", "lr", "step")
    assert data["x"].dims == ("optimizer", "lr", "step", "dim")
    np.testing.assert_array_equal(data["loss"], record.to_array("loss"))
    np.testing.assert_array_equal(data["reached"].sel(optimizer="Adam"), [1, np.nan, np.nan])
    race = make_record([[1.0, 0.25], [1.0, 1e-4]], label=["SGD", "Adam"]).to_xarray()
    assert dict(race.sizes) == {"run": 2, "step": 2, "dim": 2}
    assert race["status"].sel(run="Adam").item() == "converged"
    assert race.attrs == {"experiment": "race", "function": "bowl"}


@pytest.mark.parametrize("name", ["pandas", "xarray"])
def test_an_optional_package_that_is_missing_is_named(monkeypatch, make_record, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=f"^{name} is not installed; pip install {name}$"):
        getattr(make_record([[1.0]]), f"to_{name}")()


def basins_record() -> Record:
    """Return three starts on a line, without labels; the last two arrive."""
    runs = {
        "status": np.array(["max_steps", "converged", "converged"]),
        "arrived": np.array([-1, 9, 4]),
        "basin": np.zeros(3, int),
    }
    meta = {"experiment": "basins", "axes": {"x": [0.0, 1.0, 2.0]}, "minima": [[0.0, 0.0]]}
    return Record(Trajectories(np.zeros((3, 2, 2)), np.zeros((3, 2)), np.array([0, 9]), runs), None, meta)


def test_a_map_of_basins_has_an_order():
    assert basins_record().order == [2, 1, 0]


def test_runs_without_labels_are_numbered_in_a_dataset():
    pytest.importorskip("xarray")
    record = replace(basins_record(), meta={"experiment": "basins", "axes": {}, "minima": [[0.0, 0.0]]})
    assert record.to_xarray()["run"].values.tolist() == [0, 1, 2]


def test_a_grid_with_its_axes_gone_still_has_a_row_per_run():
    pytest.importorskip("pandas")
    frame = grid_record().sel(optimizer="adam", lr=0.2).to_pandas()
    assert frame["final"].tolist() == [1]
    assert "step" not in frame


def test_a_metric_hides_the_column_of_its_name():
    record = grid_record()
    np.testing.assert_array_equal(record.to_array("lr"), record.grid(record.trajectories.metrics["lr"]))


def test_a_label_that_cannot_be_saved_is_refused_before_the_race():
    from landscapes import race

    with pytest.raises(InputError, match=r"^label must be valid Unicode text, got 'a\\udc80'$"):
        race("booth", {"a\udc80": "sgd"})


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
def test_a_replaced_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path, make_record):
    path = make_record([[1.0]]).save(tmp_path / "race.npz")
    path.chmod(0o600)
    (tmp_path / "link.npz").symlink_to(path)
    make_record([[2.0]]).save(tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    assert Record.load(path).trajectories.loss.tolist() == [[2.0]]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.npz", "race.npz"]


def test_metadata_with_an_unknown_minimum_equal_what_was_saved():
    meta = RaceMeta(function="bowl", minimum=float("nan"), targets=[float("nan"), 1.0])
    assert meta == RaceMeta(function="bowl", minimum=float("nan"), targets=[float("nan"), 1.0])
    assert meta != RaceMeta(function="bowl", minimum=float("nan"), targets=[float("nan"), 2.0])
    assert meta != RaceMeta(function="bowl", minimum=0.0, targets=[float("nan"), 1.0])
    assert meta != SweepMeta(function="bowl")
    assert meta != 3
