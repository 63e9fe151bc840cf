"""The records of an mcap file, found one by one: each has its length (https://mcap.dev/spec).

A length that is damaged leads astray. The row goes on where several records follow each other.
"""

import re
import struct
from typing import BinaryIO, NamedTuple

MAGIC = b'\x89MCAP0\r\n'
HEAD = struct.Struct('<BQ')
"""Of a record: its opcode, and how many bytes follow."""

HEADER, FOOTER, DATA_END = 0x01, 0x02, 0x0F
IN_CHUNKS = SCHEMA, CHANNEL, MESSAGE = 0x03, 0x04, 0x05
CHUNK, MESSAGE_INDEX, ATTACHMENT, METADATA = 0x06, 0x07, 0x09, 0x0C
LEAST = {MESSAGE: 22, CHUNK: 40}
"""Bytes that a record of a kind holds at the least; 4 where nothing is said."""

MAYBE_HEAD = re.compile(rb'(?s)(?=[\x03-\x0f].{4}\0{4})')
ROW = 3
"""So many records one after the other are no accident."""

BLOCK_BYTES = 1 << 20


class Record(NamedTuple):
    """A record: its kind, and its place in the file from ``start`` to before ``stop``."""

    opcode: int
    start: int
    stop: int


class Records:
    """Finds the records of a file.

    :param size: bytes of the file
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self.size = file, size

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` to before ``stop``, fewer at the end of the file."""
        self._file.seek(start)
        return self._file.read(stop - start)

    def at(self, place: int) -> Record | None:
        """Return the record that begins at ``place``, or None if none is whole there."""
        head = self.read(place, place + HEAD.size)
        if len(head) < HEAD.size:
            return None
        opcode, length = HEAD.unpack(head)
        stop = place + HEAD.size + length
        if not HEADER <= opcode <= DATA_END or length < LEAST.get(opcode, 4) or stop > self.size:
            return None
        return Record(opcode, place, stop)

    def is_end_of_data(self, record: Record | None) -> bool:
        """Whether it is the record after which there is but an index."""
        return (
            record is not None
            and record.opcode == DATA_END
            and record.stop == record.start + HEAD.size + 4
            and self.at(record.stop) is not None
        )

    def next_row(self, place: int) -> int | None:
        """Return where, from ``place`` on, records follow each other; None if nowhere."""
        while place < self.size:
            block = self.read(place, place + BLOCK_BYTES + HEAD.size - 1)
            for found in MAYBE_HEAD.finditer(block):
                if self._is_row(place + found.start()):
                    return place + found.start()
            place += BLOCK_BYTES
        return None

    def _is_row(self, place: int) -> bool:
        for _ in range(ROW):
            record = self.at(place)
            if record is None:
                return False
            place = record.stop
            if place == self.size - len(MAGIC):
                break
        return True
