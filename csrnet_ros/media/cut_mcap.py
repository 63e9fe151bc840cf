"""An mcap file without its end, as a recorder leaves it that was killed or lost power.

Such a file is a row of records, each with its length (https://mcap.dev/spec). The whole ones can
be read as soon as an end follows them that promises no index.
"""

import io
import struct
from pathlib import Path
from typing import BinaryIO

MAGIC = b'\x89MCAP0\r\n'
HEAD = struct.Struct('<BQ')
"""Of a record: its opcode, and how many bytes follow."""

NOTHING, FOOTER, DATA_END = 0x00, 0x02, 0x0F
END = HEAD.pack(FOOTER, 20) + bytes(20) + MAGIC


class CutMcap:
    """The whole records of a file, and an end: a path, as far as ``rosbags`` asks for one.

    :ivar left_out: bytes after the last whole record
    """

    suffix = '.mcap'

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = _size_of_whole_records(path)
        self.left_out = path.stat().st_size - self._size

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
        return io.BufferedReader(_Ended(self._path.open('rb', buffering=0), self._size))


class _Ended(io.RawIOBase):
    """The first ``size`` bytes of a file, and then ``END``."""

    def __init__(self, file: io.FileIO, size: int) -> None:
        self._file, self._size, self._place = file, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size + len(END)}
        self._place = origins[whence] + offset
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._place < self._size:
            self._file.seek(self._place)
            count = self._file.readinto(buffer[: self._size - self._place])
        else:
            rest = END[self._place - self._size :][: len(buffer)]
            buffer[: len(rest)] = rest
            count = len(rest)
        self._place += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def _size_of_whole_records(path: Path) -> int:
    size = path.stat().st_size
    with path.open('rb') as file:
        end = file.seek(len(MAGIC))
        while len(head := file.read(HEAD.size)) == HEAD.size:
            opcode, length = HEAD.unpack(head)
            # A disk without power leaves zeros; what follows the data is but their index.
            after = end + HEAD.size + length
            if opcode in (NOTHING, DATA_END) or after > size:
                break
            end = file.seek(after)
    return end
