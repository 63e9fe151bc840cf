"""An mcap file without its end, as a recorder leaves it that was killed or lost power.

Such a file is a row of records, each with its length (https://mcap.dev/spec). Those that are whole
and sound can be read as soon as an end follows them that promises no index.
"""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rosbags.rosbag2.storage_mcap import decompress

MAGIC = b'\x89MCAP0\r\n'
HEAD = struct.Struct('<BQ')
"""Of a record: its opcode, and how many bytes follow."""

CHUNK_HEAD = struct.Struct('<16xQII')
"""After the head of a chunk: its size and checksum unpacked, and how long the name of its
compression is, which follows, and eight bytes more of what is not asked for here."""

NOTHING, FOOTER, CHUNK, DATA_END = 0x00, 0x02, 0x06, 0x0F
IN_CHUNKS = SCHEMA, CHANNEL, MESSAGE = 0x03, 0x04, 0x05
MESSAGE_HEAD_SIZE = 22
END = HEAD.pack(FOOTER, 20) + bytes(20) + MAGIC


class CutMcap:
    """The sound records of a file, and an end: a path, as far as ``rosbags`` asks for one.

    :ivar left_out: bytes after the last whole record
    :ivar damaged: how many chunks before it are left out
    """

    suffix = '.mcap'

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts = [range(len(MAGIC))]
        self.damaged = 0
        end = len(MAGIC)
        with path.open('rb') as file:
            for opcode, record in _whole_records(file, path.stat().st_size):
                end = record.stop
                if opcode == CHUNK and not _is_sound(_read(file, record)):
                    self.damaged += 1
                elif self._parts[-1].stop == record.start:
                    self._parts[-1] = range(self._parts[-1].start, record.stop)
                else:
                    self._parts.append(record)
        self.left_out = path.stat().st_size - end

    def __str__(self) -> str:
        return str(self._path)

    def exists(self) -> bool:
        """Return whether the file is there."""
        return self._path.exists()

    def is_dir(self) -> bool:
        """Return False: it is a file."""
        return False

    def open(self, _mode: str = 'rb') -> BinaryIO:
        """Return a reader of what was recorded and of the end."""
        return io.BufferedReader(_Ended(self._path.open('rb', buffering=0), self._parts))


class _Ended(io.RawIOBase):
    """Parts of a file, one after the other, and then ``END``."""

    def __init__(self, file: io.FileIO, parts: list[range]) -> None:
        self._file, self._parts, self._place = file, parts, 0
        self._size = sum(map(len, parts))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size + len(END)}
        self._place = origins[whence] + offset
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = self._read(buffer, self._place)
        self._place += count
        return count

    def _read(self, buffer: memoryview, place: int) -> int:
        for part in self._parts:
            if place < len(part):
                self._file.seek(part[place])
                return self._file.readinto(buffer[: len(part) - place])
            place -= len(part)
        rest = END[place:][: len(buffer)]
        buffer[: len(rest)] = rest
        return len(rest)

    def close(self) -> None:
        self._file.close()
        super().close()


def _whole_records(file: BinaryIO, size: int) -> Iterator[tuple[int, range]]:
    """Yield the opcode and the place of each record, head included, as far as they are whole."""
    start = len(MAGIC)
    while len(head := _read(file, range(start, start + HEAD.size))) == HEAD.size:
        opcode, length = HEAD.unpack(head)
        # A disk without power leaves zeros; what follows the data is but their index.
        end = start + HEAD.size + length
        if opcode in (NOTHING, DATA_END) or end > size:
            break
        yield opcode, range(start, end)
        start = end


def _read(file: BinaryIO, place: range) -> bytes:
    file.seek(place.start)
    return file.read(len(place))


def _is_sound(chunk: bytes) -> bool:
    """Whether what a chunk holds is a row of records that belong there."""
    try:
        size, checksum, length = CHUNK_HEAD.unpack_from(chunk, HEAD.size)
        name = HEAD.size + CHUNK_HEAD.size
        compression = chunk[name : name + length].decode()
        records = decompress(chunk[name + length + 8 :], compression, size, checksum)
        place = 0
        while place < size:
            opcode, length = HEAD.unpack_from(records, place)
            least = MESSAGE_HEAD_SIZE if opcode == MESSAGE else 0
            if opcode not in IN_CHUNKS or length < least:
                return False
            place += HEAD.size + length
    except Exception:  # what is damaged fails in any way that its bytes spell
        return False
    return place == size
