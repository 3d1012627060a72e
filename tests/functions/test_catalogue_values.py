"""Every function of the catalogue has the values that other sources give.

`tests/data/values/` has one file for each module of `functions/`: entries with a function, d, points, values and the
sources that agree on them to 1e-9. `tests/data/sources.json` lists the version of each source.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from function_cases import CATALOGUE
from merged import merged

from landscapes.functions import get

DATA = Path(__file__).parents[1] / "data"
VALUES = [
    {"file": file.stem, **entry}
    for file in sorted((DATA / "values").glob("*.json"))
    for entry in json.loads(file.read_text(encoding="utf-8"))
]
VERSIONS = json.loads((DATA / "sources.json").read_text(encoding="utf-8"))


def test_every_function_is_compared_with_another_source():
    assert {item.name for item in CATALOGUE} - {entry["function"] for entry in VALUES} == set()


def test_every_source_has_a_version():
    named = {source.split(":")[0].split(" ")[0] for entry in VALUES for source in entry["sources"]}
    assert named - set(VERSIONS) == set()
    assert all(entry["sources"] for entry in VALUES)


@merged("entry", VALUES, ids=lambda entry: f"{entry['function']}-{entry['dim']}")
def test_values_are_those_of_other_sources(entry):
    f = get(entry["function"], dim=entry["dim"])
    assert f.formula.__module__ == f"landscapes.functions.{entry['file']}"
    values = f(torch.tensor(entry["points"], dtype=torch.float64))
    expected = torch.tensor(entry["values"], dtype=torch.float64)
    torch.testing.assert_close(values, expected, rtol=1e-9, atol=1e-13 * float(expected.abs().max()))


def test_the_files_are_small():
    assert sum(file.stat().st_size for file in DATA.rglob("*.json")) < 500_000
