"""Read the scalars of TensorBoard's event files without TensorBoard.

A file is a sequence of TFRecords: length (8 bytes), its checksum (4), the data, their checksum (4). The data are an
`Event` of protocol buffers (tensorflow/core/util/event.proto): step 2, summary 5; a summary has values 1 with tag 1 and
simple_value 2 or tensor 8; a tensor has its type 1, tensor_content 4, float_val 5 or double_val 6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from landscapes.errors import InputError

PREFIX = "events.out.tfevents"
"""Names of event files contain this."""

FLOAT, DOUBLE = 1, 2
"""The types of tensors that are read."""


def is_event_file(path: Path) -> bool:
    """Return whether a file has the name of an event file.

    >>> is_event_file(Path("runs/a/events.out.tfevents.1700000000.host.1.0"))
    True
    """
    return PREFIX in path.name


def scalars(paths: Sequence[Path]) -> dict[str, list[Any]]:
    """Return the scalars of the event files of one run as columns: "step", and one per tag; None where there is none.

    Files follow each other in the order given. The last record may be cut off, as while the run goes on.

    Raises:
        InputError: for a file that is no event file.
    """
    rows: list[tuple[int, str, float]] = []
    for path in paths:
        rows += _rows(path)
    tags = dict.fromkeys(tag for _, tag, _ in rows)
    columns: dict[str, list[Any]] = {"step": [], **{tag: [] for tag in tags}}
    filled: set[str] = set()
    for step, tag, value in rows:
        if not columns["step"] or columns["step"][-1] != step or tag in filled:
            for column in columns.values():
                column.append(None)
            columns["step"][-1] = step
            filled = set()
        columns[tag][-1] = value
        filled.add(tag)
    return columns


def _rows(path: Path) -> Iterator[tuple[int, str, float]]:
    data = path.read_bytes()
    place = 0
    while place + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        end = place + 12 + length
        if end + 4 > len(data):
            if place == 0:
                raise InputError(f"{path} is not an event file of TensorBoard")
            return
        try:
            yield from _event(data[place + 12 : end])
        except (IndexError, struct.error, UnicodeDecodeError, ValueError):
            raise InputError(f"{path} is damaged: the record at byte {place} is no event of TensorBoard") from None
        place = end + 4


def _event(data: bytes) -> Iterator[tuple[int, str, float]]:
    fields = dict(_fields(data))
    step = _signed(fields.get(2, 0))
    for number, summary in _fields(data):
        if number != 5:
            continue
        for kind, value in _fields(summary):
            if kind == 1:
                parts = dict(_fields(value))
                number_of = _scalar(parts)
                if 1 in parts and number_of is not None:
                    yield step, parts[1].decode(), number_of


def _scalar(parts: dict[int, Any]) -> float | None:
    """Return the number of a value of a summary, None if it holds something else, such as an image."""
    if 2 in parts:
        return float(struct.unpack("<f", parts[2])[0])
    if 8 not in parts:
        return None
    tensor = dict(_fields(parts[8]))
    kind = tensor.get(1, 0)
    if kind not in (FLOAT, DOUBLE):
        return None
    layout, place = ("<f", 5) if kind == FLOAT else ("<d", 6)
    content = tensor.get(4) or tensor.get(place)
    if content is None or len(content) != struct.calcsize(layout):
        return 0.0 if content is None else None
    return float(struct.unpack(layout, content)[0])


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield number and content of the fields of a message: integers, or bytes."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield number, value
            continue
        if wire == 2:
            size, place = _varint(data, place)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(wire)
        if place + size > len(data):
            raise IndexError
        yield number, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError(shift)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
