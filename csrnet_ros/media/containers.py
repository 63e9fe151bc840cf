"""Whether a video file is whole.

The number of frames that a file tells is no measure of that: often it is reckoned from its sound,
or counts frames that are not to be shown. But the parts of a file tell their own sizes, and must
follow one another without a gap.
"""

import mmap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

EBML = b'\x1a\x45\xdf\xa3'
SEGMENT, CLUSTER = b'\x18\x53\x80\x67', b'\x1f\x43\xb6\x75'

HEADER_BYTES = 8
"""No part is as short as this, and some recorders count too many bytes by it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file.

    :param content: the byte at which its content begins
    :param end: the byte behind it
    :param nested: whether its content is made of parts again that are worth a look
    """

    content: int
    end: int
    nested: bool = False


def broken_at(path: Path) -> int | None:
    """Return the byte at which a video file is damaged or cut off; None if it seems whole.

    MP4 and MOV, AVI, Matroska and WebM are known; any other file seems whole.
    """
    with path.open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[4:8] == b'ftyp':
            return _break(data, _iso_part)
        if data[:4] == b'RIFF':
            return _break(data, _riff_part)
        if data[:4] == EBML:
            return _break(data, _ebml_part)
    return None


def _break(data: mmap.mmap, part_at: Callable[[mmap.mmap, int], Part | None]) -> int | None:
    """Go from part to part; return where one is no part or ends behind the file."""
    at = known = 0
    while at < len(data):
        part = part_at(data, at)
        if part is None:
            return None if at >= known else at  # cameras pad their files behind the last part
        if not part.nested and part.end > len(data):
            return at
        known = max(known, part.end)
        at = part.content if part.nested else part.end
    return at if known > len(data) + HEADER_BYTES else None


def _iso_part(data: mmap.mmap, at: int) -> Part | None:
    size, kind = int.from_bytes(data[at : at + 4], 'big'), data[at + 4 : at + 8]
    if not _is_text(kind):
        return None
    if size == 0:
        return Part(at + 8, len(data))
    if size == 1:
        return Part(at + 16, at + max(16, int.from_bytes(data[at + 8 : at + 16], 'big')))
    return Part(at + 8, at + max(8, size))


def _riff_part(data: mmap.mmap, at: int) -> Part | None:
    kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], 'little')
    if not _is_text(kind):
        return None
    end = at + 8 + size
    if kind == b'RIFF' or (kind == b'LIST' and data[at + 8 : at + 12] in (b'movi', b'rec ')):
        return Part(at + 12, len(data) if size == 0xFFFFFFFF else end, nested=True)
    # The byte that makes a size even may be missing at the end.
    return Part(at + 8, end if end >= len(data) else end + size % 2)


def _ebml_part(data: mmap.mmap, at: int) -> Part | None:
    size_at = at + _width(data, at)
    content = size_at + _width(data, size_at)
    if size_at - at > 4 or content - size_at > 8:
        return None
    ones = (1 << 7 * (content - size_at)) - 1
    size = int.from_bytes(data[size_at:content], 'big') & ones
    if data[at:size_at] in (SEGMENT, CLUSTER):
        # All ones, as in AVI: the recorder never learned the length.
        return Part(content, len(data) if size == ones else content + size, nested=True)
    return Part(content, content + size)


def _width(data: mmap.mmap, at: int) -> int:
    """Return how many bytes an EBML number has, which the zeros before its first bit tell."""
    return 9 - int.from_bytes(data[at : at + 1], 'big').bit_length()


def _is_text(kind: bytes) -> bool:
    return len(kind) == 4 and all(32 <= byte < 127 for byte in kind)
