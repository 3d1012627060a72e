"""Tests of `load_log` and of `landscapes diagnose`: formats, names of columns, resumed runs, exit codes, bad files."""

from __future__ import annotations

import csv
import json
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from landscapes import InputError, diagnose, race
from landscapes.cli.main import main
from landscapes.diagnosis import load_log, load_logs

T = 1000
FALL = np.exp(-np.arange(T) / 40)
FAILED = np.where(np.arange(T) < 700, FALL, np.nan)


def write_csv(path, **columns):
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(columns)
        out.writerows(zip(*columns.values(), strict=True))
    return path


def test_decimal_commas(tmp_path):
    """Spreadsheets of many countries separate columns by semicolons."""
    path = tmp_path / "log.csv"
    path.write_text("epoch;Loss;note\n0;1;a,b\n1;0,5;\n2;2,5e-1;\n3;nan;\n")
    assert load_log(path).series["loss"].tolist()[:3] == [1, 0.5, 0.25]


def test_small_losses_show_in_the_line_of_bars(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    path = write_csv(tmp_path / "log.csv", loss=50 * FALL**4 + 1e-12 * np.exp(np.maximum(np.arange(T) - 600, 0) / 20))
    assert main(["diagnose", str(path)]) == 1
    bars = capsys.readouterr().out.splitlines()[2]
    assert bars.endswith(" log")
    assert 10 < bars.index("▁") < bars.rindex("▁") < bars.index("▅", 40)


def test_trainer_state(tmp_path):
    """Hugging Face logs training and evaluation in separate entries."""
    path = tmp_path / "trainer_state.json"
    history = [
        {"epoch": i / 10, "step": i, "loss": 1 / (i + 1), "grad_norm": 2.0, "learning_rate": 1e-3} for i in range(9)
    ]
    history.insert(4, {"epoch": 0.4, "step": 3, "eval_loss": 0.5})
    path.write_text(json.dumps({"best_metric": None, "log_history": history}))
    log = load_log(path)
    assert log.columns == {"step": "step", "loss": "loss", "gradient_norm": "grad_norm", "lr": "learning_rate"}
    assert log.series["loss"].tolist() == [1 / (i + 1) for i in range(9)]
    assert log.notes == ("1 row without a loss left out",)


def test_lightning(tmp_path):
    """Lightning's metrics.csv: rows of training and validation, each with empty cells."""
    path = tmp_path / "metrics.csv"
    path.write_text(
        "epoch,lr-Adam,step,train_loss_step,val_loss\n0,,0,2.0,\n0,0.1,0,,\n0,,1,1.0,\n0,,1,,1.5\n1,,2,nan,\n"
    )
    log = load_log(path)
    assert log.columns == {"step": "step", "loss": "train_loss_step", "lr": "lr-Adam"}
    np.testing.assert_array_equal(log.series["loss"], [2, 1, np.nan])
    assert log.series["step"].tolist() == [0, 1, 2]


def test_json_lines_of_a_resumed_run(tmp_path):
    path = tmp_path / "log.jsonl"
    rows = [{"iteration": i, "train/loss": 5 - i, "noise": "text"} for i in (0, 1, 2, 3, 2, 3, 4)]
    path.write_text("\n".join(map(json.dumps, rows)) + '\n{"iteration": 5, "tr')
    log = load_log(path)
    assert log.series["step"].tolist() == [0, 1, 2, 3, 4]
    assert log.notes[0] == "1 line left out that is no JSON, or cut off"
    assert "goes back: 2 rows" in log.notes[1]


def test_rows_in_another_order_are_sorted_by_step(tmp_path):
    """Newest first, or in no order: no row is lost. A run that goes back once was resumed."""
    order = np.random.default_rng(0).permutation(T)
    for name, rows in (("newest", np.arange(T)[::-1]), ("shuffled", order)):
        log = load_log(write_csv(tmp_path / f"{name}.csv", step=rows, loss=np.asarray(FALL)[rows]))
        np.testing.assert_array_equal(log.series["loss"], FALL)
        assert log.notes == ("rows in no order of their steps, or newest first: sorted",)


def test_logs_and_paths_are_diagnosed_with_all_their_series(tmp_path):
    """What `load_log` returns, a path and the series give one verdict; series beside a log are refused."""
    path = write_csv(tmp_path / "log.csv", step=range(0, 2 * T, 2), loss=FALL, grad_norm=FALL, lr=[0.1] * T)
    log = load_log(path)
    given = {name: log.series[name] for name in ("step", "gradient_norm", "lr")}
    expected = str(diagnose(log.series["loss"], **given))
    assert expected != str(diagnose(log.series["loss"]))
    assert str(diagnose(log)) == str(diagnose(path)) == str(diagnose(str(path))) == expected
    write_csv(tmp_path / "other.csv", loss=FALL)
    assert [Path(verdict.label).name for verdict in diagnose(tmp_path)] == ["log.csv", "other.csv"]
    with pytest.raises(InputError, match="lr is read from the log"):
        diagnose(log, lr=[0.1] * T)
    with pytest.raises(InputError, match=r"there is no file 'lg.csv'; diagnose takes"):
        diagnose("lg.csv")


def test_columns_of_choice(tmp_path):
    path = write_csv(tmp_path / "log.csv", k=[0, 1], val_loss=[1, 2], cost=[3, 4])
    with pytest.raises(InputError, match=r"no column of losses.*Columns: k, val_loss, cost"):
        load_log(path)
    assert load_log(path, columns={"loss": "cost"}).series["loss"].tolist() == [3, 4]
    with pytest.raises(InputError, match="unknown column"):
        load_log(path, columns={"loss": "costs"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x00\x01\xff\xfe", "is not text"),
        (b"1,2\n3,4\n", "begins with numbers: write the names of its columns"),
        (b"step,loss,loss\n0,2,2\n", "has more than one column 'loss'"),
        (b"step,loss\n", "has a header, but no rows"),
        (b'{"a": 1}', "no column of losses"),
        (b"step,loss\n0,high\n", "'loss' has no number in row 1: 'high'"),
        (b"step,loss\n0,\n1,\n", "is empty"),
        (b"[" * 100_000, "neither CSV"),
        (b"loss,text\n1," + b"a" * 150_000, "neither CSV"),
        (b'{"loss": [1, 2]}\n{"loss": [3, 4]}', "no number in row 1"),
        (b'{"loss": 1%s}' % (b"0" * 400), "no number in row 1: 1000"),
    ],
)
def test_bad_files(tmp_path, capsys, content, message):
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_log(path)
    assert main(["diagnose", str(path)]) == 2
    assert message.split("'")[-1] in capsys.readouterr().err
    assert main(["diagnose", str(tmp_path)]) == 2
    assert "has no logs" in (err := capsys.readouterr().err)
    assert "1 other files, such as" in err
    assert main(["diagnose", str(tmp_path / "none.csv")]) == 2, "1 is the code of a failed run"
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        b"step,loss\r0,2\r1,1\r",
        b'{"loss": [2, 1], "step": [0, 1]}',
        "step,loss\r\n0,2\r\n1,1\r\n".encode("utf-16"),
        b"# of net A\n# step loss\n0.0e+00 2.0e+00\n1.0e+00 1.0e+00\n",
        b"# of net A\nstep;loss\n0;2,0\n1;1,0\n",
        b"step   loss\n  0  2.0\n  1  1.0\n",
        b"training loss\n2\n1\n",
        b"2.0e+00\n1.0e+00\n",
    ],
    ids=["cr", "keras", "utf-16", "savetxt", "comment", "blanks", "one-column", "numbers"],
)
def test_forms_of_tables(tmp_path, content):
    path = tmp_path / "log"
    path.write_bytes(content)
    assert load_log(path).series["loss"].tolist() == [2, 1]


def test_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    healthy = write_csv(tmp_path / "log.csv", step=range(0, 10 * T, 10), loss=FALL)
    assert main(["diagnose", str(healthy)]) == 0
    out = capsys.readouterr().out
    assert "1000 rows; step from 'step', loss from 'loss'" in out
    assert "converged (" in out
    bars = out.splitlines()[1]
    assert len(bars) == 78
    assert bars.startswith("█")
    assert bars.endswith("▁▁▁ log")
    failed = write_csv(tmp_path / "nan.csv", loss=FAILED)
    assert main(["diagnose", str(failed)]) == 1
    out = capsys.readouterr().out
    assert "the loss is not finite from step 700 on" in out
    assert "!!!" in out
    assert main(["diagnose", str(failed), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["columns"] == {"loss": "loss"}
    assert found["verdicts"][0]["kind"] == "non-finite"
    clipped = write_csv(tmp_path / "clip.csv", loss=2 - 0.001 * np.arange(T), grad_norm=np.full(T, 7.0))
    assert main(["diagnose", str(clipped), "--clip-norm", "1"]) == 1
    assert "100% of the gradients are clipped" in capsys.readouterr().out
    assert main(["diagnose", str(clipped), "--column", "cost=loss"]) == 2
    assert "--column must be one of" in capsys.readouterr().err


def test_command_with_a_record(tmp_path, capsys):
    race("booth", ["sgd(lr=0.05)", "sgd(lr=0.2)"], steps=200).save(tmp_path / "race.npz")
    assert main(["diagnose", str(tmp_path / "race.npz")]) == 1
    out = capsys.readouterr().out
    assert "SGD lr=0.05: converged" in out
    assert "SGD lr=0.2: diverged" in out


@pytest.mark.slow
def test_long_logs_are_read_in_a_second(tmp_path, capsys):
    steps = np.arange(100_000)
    path = write_csv(tmp_path / "log.csv", step=steps, loss=np.exp(-steps / 9000), lr=np.full(100_000, 0.1))
    began = time.process_time()
    assert main(["diagnose", str(path)]) == 0
    assert time.process_time() - began < 2  # 0.4 s on an idle core


def message(number: int, data: bytes) -> bytes:
    """Return a field of a message of protocol buffers; lengths are below 128."""
    return bytes([number << 3 | 2, len(data)]) + data


def events(*rows: tuple[int, str, float], tensor: bool = False) -> bytes:
    """Return an event file of TensorBoard, with checksums that are not checked."""
    out = b""
    for step, tag, value in rows:
        packed = struct.pack("<f", value)
        number = message(8, b"\x08\x01" + message(4, packed)) if tensor else b"\x15" + packed
        event = b"\x09" + bytes(8) + b"\x10" + bytes([step]) + message(5, message(1, message(1, tag.encode()) + number))
        out += struct.pack("<QI", len(event), 0) + event + bytes(4)
    return out


@pytest.mark.parametrize("tensor", [False, True], ids=["simple value", "tensor"])
def test_event_files_of_tensorboard(tmp_path, tensor):
    rows = [(k, tag, value) for k in range(9) for tag, value in (("Loss/train", 9.0 - k), ("lr", 0.5))]
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(events(*rows, (9, "Loss/val", 3.0), tensor=tensor) + b"\x40\0\0")
    log = load_log(path)
    assert log.columns == {"step": "step", "loss": "Loss/train", "lr": "lr"}
    assert log.series["loss"].tolist() == [9.0 - k for k in range(9)]
    assert log.series["lr"].tolist() == [0.5] * 9
    (tmp_path / "events.out.tfevents.2.host").write_bytes(events((7, "Loss/train", 1.0), tensor=tensor))
    assert load_log(tmp_path).series["loss"].tolist() == [9, 8, 7, 6, 5, 4, 3, 1], "a run that was resumed"
    path.write_bytes(b"no event file")
    with pytest.raises(InputError, match="not an event file"):
        load_log(path)


def test_exports_of_wandb(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("Step,a - loss,a - loss__MIN,a - loss__MAX,b - loss\n0,3,2,4,\n1,2,1,3,7\n2,1,0,2,6\n")
    first, second = load_logs(path)
    assert (first.label, first.series["loss"].tolist()) == ("a", [3, 2, 1])
    assert (second.label, second.series["step"].tolist()) == ("b", [1, 2])
    with pytest.raises(InputError, match="holds 2 runs, a, b: read them with load_logs"):
        load_log(path)


def test_a_folder_of_logs(tmp_path, capsys):
    (tmp_path / "runs" / "one").mkdir(parents=True)
    write_csv(tmp_path / "runs" / "one" / "log.csv", loss=FALL)
    write_csv(tmp_path / "runs" / "two.csv", loss=FAILED)
    (tmp_path / "runs" / "config.json").write_text('{"lr": 0.1}')
    (tmp_path / "runs" / "weights.pt").write_bytes(bytes(50))
    assert main(["diagnose", str(tmp_path / "runs")]) == 1
    out = capsys.readouterr().out
    assert "1 of 2 runs fail" in out
    assert "\none/log.csv  converged\ntwo.csv      non-finite\nleft out: 1 file that is no log: " in out
    assert "config.json has no column of losses" in out.splitlines()[-1]
    assert main(["diagnose", str(tmp_path / "runs"), "--json"]) == 1
    assert "config.json" in json.loads(capsys.readouterr().out)["left_out"][0]
    assert main(["diagnose", str(tmp_path / "runs"), "-o", str(tmp_path / "why.png")]) == 2
    assert "choose it with --run" in capsys.readouterr().err
    assert main(["diagnose", str(tmp_path / "runs"), "--run", "two.csv", "-o", str(tmp_path / "why.png")]) == 1
    assert (tmp_path / "why.png").stat().st_size > 5000
    (tmp_path / "empty").mkdir()
    assert main(["diagnose", str(tmp_path / "empty")]) == 2
    assert "has no logs" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "step,loss,lr\n" + "".join(f"{i},{1 / (i + 1)},0.1\n" for i in range(8)),
        "step,loss,note\n0,1.0,a\n1,,b\n2,nan,\n\n3,0.25,c\n4\n5,inf,d\n",
        'step,loss,note\n0,1.0,a\n1,0.5,"two\nlines"\n2,0.25,b\n3,0.2,"c, d"\n',
        "\ufeffstep;loss\r\n0;1,5\r\n1;0,75\r\n2;0,5\r\n3;0,1\r\n",
        "step,loss\n" + "".join(f"{i},{9 - i}\n" for i in (0, 1, 2, 3, 2, 3, 4, 5)),
        "step,loss\n0,1\n1,2\n2,3\n\n\n\n3,4\n",
        '"a\nnote",step,loss\nx,0,1\ny,1,2\n',
    ],
    ids=["plain", "gaps", "quotes", "decimal commas", "resumed", "empty lines", "quoted header"],
)
def test_large_files_are_read_in_blocks_to_the_same_series(text, tmp_path, monkeypatch):
    path = tmp_path / "log.csv"
    path.write_bytes(text.encode())
    whole = load_log(path)
    monkeypatch.setattr("landscapes.diagnosis._log_file.LARGE", 1)
    monkeypatch.setattr("landscapes.diagnosis._large_csv.ROWS", 3)
    blocks = load_log(path)
    assert (blocks.columns, blocks.notes) == (whole.columns, whole.notes)
    for name, values in whole.series.items():
        np.testing.assert_array_equal(blocks.series[name], values)


def test_large_files_are_refused_as_small_ones_are(tmp_path, monkeypatch):
    monkeypatch.setattr("landscapes.diagnosis._log_file.LARGE", 1)
    monkeypatch.setattr("landscapes.diagnosis._large_csv.ROWS", 3)
    for content, message in (
        (b"step,loss\n0,1\n1,2\n2,3\n3,4\n4,high\n", "'loss' has no number in row 5: 'high'"),
        (b"step,loss\n0,1\n\n1,2\n2,high\n", "'loss' has no number in row 3: 'high'"),
        (b"step,loss\n", "no rows"),
        (b"step,loss\n0,\xff\xfe\n", "is not text"),
        (b"step,value\n0,1\n", "no column of losses"),
    ):
        (tmp_path / "log.csv").write_bytes(content)
        with pytest.raises(InputError, match=message):
            load_log(tmp_path / "log.csv")
