"""Read and write named arrays as one `.npz` file that lists its members with their checksums. Numpy only.

The zip format has no checksum of its directory: a flipped bit there loses a member, and numpy does not notice. The
array `members` lists each array with its CRC-32, so that a file is read as it was written, or refused.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from landscapes.errors import InputError

LIST = "members"
"""The name of the list, a JSON object as text."""

LARGEST_TEXT = 2**24
"""The largest size of the list of members in bytes."""

UNCHECKED_BYTES, MAX_RATIO = 2**28, 200
"""Larger contents are refused if they are this many times larger than the file, because no record shrinks so far."""


def write(file: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as a compressed `.npz` file with a list of its members; equal arrays give equal bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(values), allow_pickle=False)
        listed = {info.filename.removesuffix(".npy"): info.CRC for info in archive.infolist()}
        with archive.open(f"{LIST}.npy", "w") as member:
            np.lib.format.write_array(member, np.array(json.dumps(listed)))


class Reader:
    """The arrays of a file that `write` made, read on demand."""

    def __init__(self, file: IO[bytes]) -> None:
        """Open a file. Raises `InputError` if it is not a zip file."""
        try:
            self._archive = zipfile.ZipFile(file)
            self._members = {info.filename: info for info in self._archive.infolist()}
        except Exception as error:  # zipfile raises many kinds for damaged bytes
            raise InputError(f"it is not a readable zip file ({_reason(error)})") from error
        file.seek(0, io.SEEK_END)
        self._file_bytes = file.tell()

    def __contains__(self, name: str) -> bool:
        return f"{name}.npy" in self._members

    def array(self, name: str) -> NDArray[Any]:
        """Return one array. Raises `InputError` if it is missing or damaged."""
        self._check_size([name])
        return self._read(name)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all listed arrays by name; other members are ignored.

        Raises `InputError` if a member is missing, damaged or too large, before any large array is allocated.
        """
        listed = self._listed()
        for name, crc in listed.items():
            if name not in self:
                raise InputError(f"its member {name!r} is missing: the file is damaged")
            if crc != self._members[f"{name}.npy"].CRC:
                raise InputError(f"its member {name!r} is not the one that was saved: checksums differ")
        self._check_size(listed)
        return {name: self._read(name) for name in listed}

    def _listed(self) -> dict[str, int]:
        if LIST not in self:
            raise InputError("it has no list of its members, as Record.save writes it")
        if (size := self._members[f"{LIST}.npy"].file_size) > LARGEST_TEXT:
            raise InputError(f"its list of members declares {size:,} bytes")
        try:
            listed = json.loads(str(self._read(LIST)))
        except InputError:
            raise
        except (ValueError, RecursionError) as error:
            raise InputError("its list of members is not valid JSON") from error
        if not isinstance(listed, dict) or not all(isinstance(crc, int) for crc in listed.values()):
            raise InputError("its list of members is not valid")
        return listed

    def _check_size(self, names: Any) -> None:
        """Raise `InputError` if members declare far more bytes than the file can hold."""
        total = sum(self._members[f"{name}.npy"].file_size for name in names if name in self)
        if total > UNCHECKED_BYTES and total > MAX_RATIO * self._file_bytes:
            raise InputError(f"its arrays declare {total / 1e9:.1f} GB, the file has {self._file_bytes / 1e6:.1f} MB")

    def _read(self, name: str) -> NDArray[Any]:
        info = self._members.get(f"{name}.npy")
        if info is None:
            raise InputError(f"its member {name!r} is missing")
        try:
            with self._archive.open(info) as member:
                shape, dtype = _header(member)
                header = member.tell()
                if dtype.kind not in "fiubU":
                    raise InputError(f"its member {name!r} holds {dtype}, not numbers or text")
                if header + math.prod(shape) * dtype.itemsize != info.file_size:
                    raise InputError(f"its member {name!r} declares another size than it has")
                member.seek(0)
                values: NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
                member.read(1)  # at the end, zipfile compares the checksum
                return values
        except InputError:
            raise
        except MemoryError as error:
            raise InputError(f"its member {name!r} needs {info.file_size / 1e9:.1f} GB of memory") from error
        except Exception as error:
            raise InputError(f"its member {name!r} is damaged ({_reason(error)})") from error


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and the type that the header of an array declares."""
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)
    return shape, dtype


def _reason(error: Exception) -> str:
    """Return a short reason in plain words."""
    text = " ".join(str(error).split())
    if "CRC" in text:
        return "its checksum is wrong"
    return text[:120] or type(error).__name__
