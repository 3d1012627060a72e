"""Write comparisons in the formats of COCO and of IOHanalyzer. Standard library and numpy only.

Both take the evaluations at which a run reaches each tolerance. Values are shares of the gap at the start, so that
tolerances are targets: 1e-4 means that the gap is 1e-4 of what it was. A run counts from the evaluation at which it
reaches a tolerance for good, as everywhere in this package. Instances number studies, starts and seeds from 1.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landscapes import files
from landscapes.analysis.costs import check_one_lr
from landscapes.errors import InputError, suggests_arguments
from landscapes.record import Record, filled, steps_or_inf

HEADER = (
    "% function evaluation | noise-free fitness - Fopt (0.000000000000e+00) | best noise-free fitness - Fopt | "
    "measured fitness | best measured fitness\n"
)

LONGEST = 100
"""Characters of a name of an optimizer or a function in the name of a folder or file, at most."""


@dataclass(frozen=True, eq=False)
class _Runs:
    """The runs of one optimizer on one function: for each, the evaluations and the shares of the gap then."""

    number: int
    function: str
    dim: int
    optimizer: str
    paths: list[list[tuple[int, float]]]


@suggests_arguments
def to_coco(record: Record, folder: str | os.PathLike[str]) -> list[Path]:
    """Write a comparison as COCO's data, one folder per optimizer, and return these folders; `cocopp` reads them.

    Functions are numbered as `bbob_f1` … `bbob_f24` if all are of that suite, else from 1 in their order. COCO's
    post-processing groups the 24 functions of bbob; of others, load the data by `cocopp.load(folder)`.

    Args:
        record: what `compare` returns.
        folder: where; it is created if it is new.

    Raises:
        InputError: for another record, an interrupted comparison, several learning rates per optimizer, a folder that
            cannot be written, or one with the data of other functions.

    Source: N. Hansen et al., COCO: a platform for comparing continuous optimizers in a black-box setting, 2021.

    >>> from landscapes import compare
    >>> record = compare(["booth", "beale"], ["sgd(lr=0.01)", "bfgs"], starts=3, steps=60)
    >>> [path.name for path in to_coco(record, "coco")]
    ['SGD', 'BFGS']
    """
    return _written(record, folder, _coco, _info_name)


@suggests_arguments
def to_ioh(record: Record, folder: str | os.PathLike[str]) -> list[Path]:
    """Write a comparison as IOHanalyzer's data, one folder per optimizer, and return these folders.

    `iohinspector` and IOHanalyzer read them. Arguments and errors are those of `to_coco`.

    Source: H. Wang et al., IOHanalyzer: detailed performance analyses for iterative optimization heuristics, 2022.

    >>> from landscapes import compare
    >>> record = compare(["booth", "beale"], ["sgd(lr=0.01)", "bfgs"], starts=3, steps=60)
    >>> [path.name for path in to_ioh(record, "ioh")]
    ['SGD', 'BFGS']
    """
    return _written(record, folder, _ioh, _json_name)


def _written(
    record: Record,
    folder: str | os.PathLike[str],
    write: Callable[[Path, _Runs, float], None],
    facts_name: Callable[[_Runs], str],
) -> list[Path]:
    if not isinstance(record, Record) or record.meta.experiment != "compare":
        raise InputError("COCO's and IOHanalyzer's formats hold the record of compare()")
    if not record.meta.complete:
        raise InputError("the comparison was interrupted; run it again (with resume_dir= it continues)")
    check_one_lr(record)
    place = files.check_folder(folder)
    made = [files.check_folder(place / name) for name in _folder_names(map(str, record.axes["optimizer"]))]
    smallest = float(min(record.meta["tolerances"]))
    runs = list(_runs(record))
    _check_alone(made, {facts_name(one) for _, one in runs})
    for i, one in runs:
        write(made[i], one, smallest)
    return made


def _folder_names(labels: Iterable[str]) -> list[str]:
    """Return one name of a folder per label, different also where upper and lower case are the same.

    >>> _folder_names(["a b", "A_B", "a_b_1", "../.."])
    ['a_b', 'A_B_1', 'a_b_1_1', 'optimizer']
    """
    names: list[str] = []
    for label in labels:
        name = re.sub(r"[^\w.+-]+", "_", label)[:LONGEST].strip("_.") or "optimizer"
        taken = {one.casefold() for one in names}
        numbered = (f"{name}_{i}" if i else name for i in itertools.count())
        names.append(next(one for one in numbered if one.casefold() not in taken))
    return names


def _check_alone(folders: Sequence[Path], written: Collection[str]) -> None:
    """Raise `InputError` if a folder describes other functions, which would be read as part of the comparison."""
    prefix, suffix = next(iter(written)).split("_f")[0], Path(next(iter(written))).suffix
    for folder in folders:
        others = sorted({path.name for path in folder.glob(f"{prefix}_f*{suffix}")} - set(written))
        if others:
            raise InputError(f"{str(folder)!r} has data of another function, {others[0]}; choose a new folder")


def _runs(record: Record) -> Iterator[tuple[int, _Runs]]:
    """Yield the runs of each optimizer on each function, with the place of the optimizer."""
    functions, labels = list(map(str, record.axes["function"])), list(map(str, record.axes["optimizer"]))
    tolerances = np.array(record.meta["tolerances"], dtype=np.float64)
    to, spent = steps_or_inf(record.grid("evaluations_to")), filled(record.grid("evaluations"))
    suite = [re.fullmatch(r"bbob_f(\d+)", name) for name in functions]
    numbers = [int(found[1]) for found in suite if found] if all(suite) else list(range(1, len(functions) + 1))
    for f, name in enumerate(functions):
        dim = int(record.meta["functions"][name]["dim"])
        for i, label in enumerate(labels):
            each = zip(to[f, i].reshape(-1, len(tolerances)), spent[f, i].ravel().tolist(), strict=True)
            yield i, _Runs(numbers[f], name, dim, label, [_path(hits, tolerances, total) for hits, total in each])


def _path(hits: NDArray[np.float64], tolerances: NDArray[np.float64], total: int) -> list[tuple[int, float]]:
    """Return the evaluations of a run at which its share of the gap is known, and the share: 1 at the first.

    >>> _path(np.array([5.0, 9.0, np.inf]), np.array([0.1, 0.01, 0.001]), 40)
    [(1, 1.0), (5, 0.1), (9, 0.01), (40, 0.01)]
    """
    found = {1: 1.0}
    for count, share in zip(hits.tolist(), tolerances.tolist(), strict=True):
        if np.isfinite(count):
            found[max(int(count), 1)] = share
    last = max(found)
    if total > last:
        found[int(total)] = found[last]
    return list(found.items())


def _coco(folder: Path, runs: _Runs, smallest: float) -> None:
    """Write the runs of one function: an .info file, and data by target (.dat) and by evaluation (.tdat).

    As COCO's runs do, they end where they reach the last target.
    """
    data = f"data_f{runs.number}/bbobexp_f{runs.number}_DIM{runs.dim}"
    files.check_folder(folder / f"data_f{runs.number}")
    paths = [[row for row in path if row[0] <= _first(path) or path[-1][1] > smallest] for path in runs.paths]
    rows = "".join(
        HEADER + "".join(f"{count} {share:.12e} {share:.12e} {share:.12e} {share:.12e}\n" for count, share in path)
        for path in paths
    )
    ends = ", ".join(f"{number}:{path[-1][0]}|{path[-1][1]:.1e}" for number, path in enumerate(paths, 1))
    label = runs.optimizer.replace("'", "’").replace("\n", " ")
    head = f"funcId = {runs.number}, DIM = {runs.dim}, Precision = {smallest:.3e}, algId = '{label}'"
    info = f"{head}\n% {runs.function}: shares of the gap at the start\n{data}.dat, {ends}\n"
    for path, text in (
        (folder / f"{data}.dat", rows),
        (folder / f"{data}.tdat", rows),
        (folder / _info_name(runs), info),
    ):
        _write(path, text)


def _ioh(folder: Path, runs: _Runs, smallest: float) -> None:
    """Write the runs of one function: a .json file with the facts, and a .dat file with the runs."""
    name = _plain(runs.function)
    data = f"data_f{runs.number}_{name}/IOHprofiler_f{runs.number}_DIM{runs.dim}.dat"
    files.check_folder(folder / f"data_f{runs.number}_{name}")
    rows = "".join(
        "evaluations raw_y\n" + "".join(f"{count} {share:.10f}\n" for count, share in path) for path in runs.paths
    )
    facts = {
        "version": "0.3.18",
        "suite": "landscapes",
        "function_id": runs.number,
        "function_name": runs.function,
        "maximization": False,
        "algorithm": {"name": runs.optimizer, "info": "shares of the gap at the start"},
        "attributes": ["evaluations", "raw_y"],
        "scenarios": [
            {
                "dimension": runs.dim,
                "path": data,
                "runs": [
                    {
                        "instance": number,
                        "evals": path[-1][0],
                        "best": {"evals": _first(path), "y": path[-1][1], "x": []},
                    }
                    for number, path in enumerate(runs.paths, 1)
                ],
            }
        ],
    }
    _write(folder / data, rows)
    _write(folder / _json_name(runs), json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


def _info_name(runs: _Runs) -> str:
    return f"bbobexp_f{runs.number}.info"


def _json_name(runs: _Runs) -> str:
    return f"IOHprofiler_f{runs.number}_{_plain(runs.function)}.json"


def _plain(function: str) -> str:
    """Return the name of a function as a part of file names."""
    return re.sub(r"[^\w+-]+", "_", function)[:LONGEST].strip("_")


def _first(path: list[tuple[int, float]]) -> int:
    """Return the evaluation at which a run first has its last share."""
    return next(count for count, share in path if share == path[-1][1])


def _write(path: Path, text: str) -> None:
    with files.replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
