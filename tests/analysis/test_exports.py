"""COCO's and IOHanalyzer's formats: the evaluations to each tolerance, as cocopp and iohinspector read them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from test_tables import NEVER, comparison

from landscapes import InputError, race
from landscapes.analysis.costs import costs
from landscapes.analysis.exports import to_coco, to_ioh

RECORD = comparison([[[10, 20, 30], [40, 50, NEVER]], [[8, NEVER, NEVER], [6, 6, 6]]])
"""Two functions, two optimizers, three starts; tolerances 0.1 and 1e-4."""

COCO = """
import json, sys, warnings
warnings.simplefilter("ignore")
import cocopp
cocopp.genericsettings.verbose = False
sets = cocopp.load(sys.argv[1])
found = {one.funcId: [[None if e != e else e for e in row] for row in one.detEvals([0.1, 1e-4])] for one in sets}
json.dump([found, sets[0].algId, [float(x) for x in sets[0].maxevals]], open(sys.argv[2], "w"))
"""

IOH = """
import json, sys, warnings
warnings.simplefilter("ignore")
import iohinspector
manager = iohinspector.DataManager()
manager.add_folder(sys.argv[1])
table = manager.load(monotonic=True, include_meta_data=True)
rows = table.select("function_name", "algorithm_name", "run_id", "evaluations", "raw_y").rows()
json.dump(rows, open(sys.argv[2], "w"))
"""


def expected(function: int, optimizer: int) -> list[list[float | None]]:
    values = costs(RECORD).values.reshape(2, 3, 2, 2)[function, :, optimizer].T
    return [[None if np.isinf(value) else value for value in row] for row in values.tolist()]


def test_files_hold_the_evaluations_of_each_run(tmp_path):
    first, second = to_coco(RECORD, tmp_path / "coco")
    assert (first.name, second.name) == ("A_1", "B_C")
    info = (second / "bbobexp_f1.info").read_text()
    assert "funcId = 1, DIM = 2, Precision = 1.000e-04, algId = 'B & C'" in info
    assert info.endswith("1:40|1.0e-04, 2:50|1.0e-04, 3:100|1.0e+00\n")
    rows = (second / "data_f1/bbobexp_f1_DIM2.dat").read_text().split("%")[1].splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["1", "20", "40"]
    folder = to_ioh(RECORD, tmp_path / "ioh")[1]
    facts = json.loads((folder / "IOHprofiler_f1_f0.json").read_text())
    assert facts["scenarios"][0]["runs"][1] == {"instance": 2, "evals": 100, "best": {"evals": 50, "y": 1e-4, "x": []}}
    assert (folder / facts["scenarios"][0]["path"]).read_text().count("evaluations raw_y") == 3


def test_functions_of_bbob_keep_their_numbers(tmp_path):
    record = comparison([[[1], [2]]] * 2)
    meta = record.meta.replace(
        functions={"bbob_f8": {"dim": 2}, "bbob_f3": {"dim": 2}},
        axes={**record.axes, "function": ["bbob_f8", "bbob_f3"]},
    )
    folder = to_coco(record.__class__(record.trajectories, None, meta), tmp_path / "coco")[0]
    assert sorted(path.name for path in folder.glob("*.info")) == ["bbobexp_f3.info", "bbobexp_f8.info"]


def test_other_records_and_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="hold the record of compare"):
        to_coco(race("booth", "adam(lr=0.1)", steps=1), tmp_path / "coco")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write to the folder"):
        to_ioh(RECORD, tmp_path / "file")
    for write in (to_coco, to_ioh):
        write(RECORD, tmp_path / "out")
        write(RECORD, tmp_path / "out")
        with pytest.raises(InputError, match=r"has data of another function, .*_f2.*choose a new folder"):
            write(comparison([[[10, 20, 30], [40, 50, NEVER]]]), tmp_path / "out")


def test_no_two_optimizers_share_a_folder(tmp_path):
    labels = ("a b", "A_B", "a_b_1", "../..", "x" * 300)
    folders = to_coco(comparison([[[10], [20], [30], [40], [50]]], labels=labels), tmp_path)
    assert len({str(folder).casefold() for folder in folders}) == len(labels)
    assert all(folder.parent == tmp_path for folder in folders)


@pytest.mark.peers
@pytest.mark.skipif(find_spec("cocopp") is None, reason="needs cocopp")
def test_cocopp_reads_the_same_evaluations(tmp_path):
    for place, folder in enumerate(to_coco(RECORD, tmp_path / "coco")):
        subprocess.run([sys.executable, "-c", COCO, str(folder), str(tmp_path / "read.json")], check=True, cwd=tmp_path)
        found, label, _ = json.loads((tmp_path / "read.json").read_text())
        assert label == ("A_1", "B_C")[place]  # cocopp replaces other signs
        assert found == {str(f + 1): expected(f, place) for f in range(2)}


@pytest.mark.peers
@pytest.mark.skipif(find_spec("iohinspector") is None, reason="needs iohinspector")
def test_iohinspector_reads_the_same_evaluations(tmp_path):
    to_ioh(RECORD, tmp_path / "ioh")
    script = [sys.executable, "-c", IOH, str(tmp_path / "ioh"), str(tmp_path / "read.json")]
    subprocess.run(script, check=True, cwd=tmp_path)
    rows = json.loads((tmp_path / "read.json").read_text())
    for f in range(2):
        for place, label in enumerate(RECORD.axes["optimizer"]):
            mine = [row for row in rows if row[:2] == [f"f{f}", label]]
            for k, share in enumerate((0.1, 1e-4)):
                hits = [next((row[3] for row in mine if row[2] == run and row[4] <= share), None) for run in (1, 2, 3)]
                assert hits == expected(f, place)[k]
