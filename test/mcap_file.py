"""Mcap files that the tests record, and change as other recorders and accidents do."""

import struct

import numpy as np
from rosbags.rosbag2 import StoragePlugin

from recorded_bag import IMAGE, pictures, raw, record

SCHEMA, CHANNEL, CHUNK, CHUNK_INDEX, STATISTICS, DATA_END = 3, 4, 6, 8, 11, 15


def record_chunks(path, **more):
    """Record an mcap file of four chunks with five frames each; return its bag and itself."""
    large = np.tile(pictures(1)[0], (4, 4, 1))
    messages = [('/front', IMAGE, raw(n, large)) for n in range(20)]
    bag = record(path, messages, storage=StoragePlugin.MCAP, **more)
    return bag, next(bag.glob('*.mcap'))


def records(file):
    """Return (opcode, start, end) of each record of an mcap file."""
    data, found, place = file.read_bytes(), [], 8
    while place < len(data) - 8:
        opcode, length = struct.unpack_from('<BQ', data, place)
        found.append((opcode, place, place + 9 + length))
        place += 9 + length
    return found


def chunks(file):
    """Return (opcode, start, end) of each chunk."""
    return [one for one in records(file) if one[0] == CHUNK]


def without_index(file):
    """Write a file anew as a recorder does that saves itself chunks and their index."""
    data, found = file.read_bytes(), records(file)
    (_, _, end), *_ = found  # of the header
    inside = [data[start + 49 : end] for opcode, start, end in found if opcode == CHUNK]
    parts = [data[:end], *inside, struct.pack('<BQI', DATA_END, 4, 0)]
    file.write_bytes(_ended(b''.join(parts), b''))


def with_summary(file, kinds, *, message_index=True):
    """Write a file anew whose summary holds but records of some kinds.

    :param message_index: whether the index of chunks knows where that of their messages is
    """
    data, found = file.read_bytes(), records(file)
    (end,) = (end for opcode, _, end in found if opcode == DATA_END)
    kept = [data[a:b] for opcode, a, b in found if a >= end and opcode in kinds]
    if not message_index:
        kept = [_without_offsets(one) if one[0] == CHUNK_INDEX else one for one in kept]
    file.write_bytes(_ended(data[:end], b''.join(kept)))


def _without_offsets(index):
    (size,) = struct.unpack_from('<I', index, 41)
    body = index[9:41] + bytes(4) + index[45 + size :]
    return struct.pack('<BQ', CHUNK_INDEX, len(body)) + body


def _ended(data, summary):
    footer = struct.pack('<BQQQI', 2, 20, len(data) if summary else 0, 0, 0)
    return data + summary + footer + data[:8]


def damage(file, place, *, bit=4):
    """Turn one bit of the byte at ``place``."""
    data = bytearray(file.read_bytes())
    data[place] ^= 1 << bit
    file.write_bytes(data)
