"""What is sound of an mcap file that is damaged, or has no end, since its recorder was killed.

The records that are whole and sound can be read as soon as an end follows them that promises no
index.
"""

import io
import struct
from pathlib import Path
from typing import BinaryIO

from rosbags.rosbag2.storage_mcap import McapReader, decompress

from csrnet_ros.media.bags.mcap_records import (
    ATTACHMENT,
    CHANNEL,
    CHUNK,
    FOOTER,
    HEAD,
    HEADER,
    IN_CHUNKS,
    LEAST,
    MAGIC,
    MESSAGE,
    MESSAGE_INDEX,
    METADATA,
    SCHEMA,
    Record,
    Records,
)

CHUNK_HEAD = struct.Struct('<16xQII')
"""After the head of a chunk: its size and checksum unpacked, and how long the name of its
compression is, which follows, and in eight bytes how many are left of the chunk."""

END = HEAD.pack(FOOTER, 20) + bytes(20) + MAGIC


class SoundMcap:
    """The sound records of a file, and an end: a path, as far as ``rosbags`` asks for one.

    :ivar size: bytes before the end
    :ivar losses: what is left out, in words
    """

    suffix = '.mcap'

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts = [range(len(MAGIC))]
        self._judge = McapReader(path)
        self.losses: list[str] = []
        with path.open('rb') as file:
            self._go_through(Records(file, path.stat().st_size))
        self.size = sum(map(len, self._parts))

    def _go_through(self, records: Records) -> None:
        place = len(MAGIC)
        damaged = strange = 0
        while not records.is_end_of_data(record := records.at(place)):
            sound = record is not None and self._is_sound(record, records)
            after = _end_of(record, records, place, sound=sound)
            if after is None:
                self.losses.append(
                    'has no proper end: read up to its last whole record, '
                    f'{records.size - place} bytes before the end of the file'
                )
                break
            if record is None or after != record.stop:
                strange += after - place
            elif sound:
                self._keep(record)
            elif record.opcode == CHUNK:
                damaged += 1
            else:
                strange += after - place
            place = after
        if damaged:
            self.losses.append(f'has damaged chunks, which are left out: {damaged}')
        if strange:
            self.losses.append(f'has bytes that are no sound records, left out: {strange}')

    def _keep(self, record: Record) -> None:
        last = self._parts[-1]
        if last.stop == record.start:
            self._parts[-1] = range(last.start, record.stop)
        else:
            self._parts.append(range(record.start, record.stop))

    def _is_sound(self, record: Record, records: Records) -> bool:
        """Whether a record can be read, as far as it says what is in the file."""
        if record.opcode == HEADER:
            return record.start == len(MAGIC)
        if record.opcode == MESSAGE_INDEX:
            size = int.from_bytes(records.read(record.start + 11, record.start + 15), 'little')
            return record.start + 15 + size == record.stop
        if record.opcode not in (SCHEMA, CHANNEL, CHUNK):
            return record.opcode in (MESSAGE, ATTACHMENT, METADATA)
        try:
            data = records.read(record.start, record.stop)
            if record.opcode == CHUNK:
                data = _unpack(data)
            self._judge.bio, self._judge.data_end = io.BytesIO(data), len(data)
            self._judge.meta_scan()
        except Exception:  # what is damaged fails in any way that its bytes spell
            return False
        return True

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


def _end_of(record: Record | None, records: Records, place: int, *, sound: bool) -> int | None:
    """Return where to go on after a record, or after what is none; None if nowhere.

    A record whose length is wrong ends amid others, or in none.
    """
    if record is not None and (
        (sound and record.opcode == CHUNK) or records.at(record.stop) is not None
    ):
        return record.stop
    row = records.next_row(place + 1)
    if record is not None and (row is None or row >= record.stop):
        return record.stop
    return row


def _unpack(chunk: bytes) -> bytes:
    """Return what a chunk holds.

    :raises ValueError: if that is not a row of records that belong there; other errors, too, of
        what is damaged
    """
    size, checksum, length = CHUNK_HEAD.unpack_from(chunk, HEAD.size)
    name = HEAD.size + CHUNK_HEAD.size
    start = name + length + 8
    if int.from_bytes(chunk[name + length : start], 'little') != len(chunk) - start:
        raise ValueError('its two lengths are at odds')
    data = decompress(chunk[start:], chunk[name : name + length].decode(), size, checksum)
    place = 0
    while place < size:
        opcode, length = HEAD.unpack_from(data, place)
        if opcode not in IN_CHUNKS or length < LEAST.get(opcode, 4):
            raise ValueError(f'a record of the kind {opcode} with {length} bytes in a chunk')
        place += HEAD.size + length
    if place > size:
        raise ValueError('its last record is not whole')
    return data
