"""The errors in circulation that the catalogue lists: each contradicts the formula."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from landscapes.functions import get

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = json.loads((ROOT / "tests" / "data" / "errors_elsewhere.json").read_text(encoding="utf-8"))


def test_claims_contradict_the_formula():
    """A minimum is another one; a minimizer is outside the domain, or has a higher value than ours."""
    for entry in ENTRIES:
        f = get(entry["function"])
        assert set(entry) <= {"function", "where", "peer", "error", "minimum", "at"}
        assert {"error", "minimum", "at"} & set(entry), entry
        if "minimum" in entry:
            assert abs(entry["minimum"] - f.minimum) > 1e-6 * max(abs(f.minimum), 1), entry
        if "at" in entry:
            inside = all(low <= c <= high for c, (low, high) in zip(entry["at"], f.domain, strict=True))
            assert not inside or float(f(entry["at"])) > f.minimum + 1e-9, entry


@pytest.mark.parametrize("peer", sorted(entry["peer"] for entry in ENTRIES if "peer" in entry))
def test_errors_of_formulas_are_computed_by_a_test(peer):
    text = (ROOT / "tests" / "functions" / "test_catalogue_peers.py").read_text(encoding="utf-8")
    assert f'"{peer}": (' in text
