"""A bag in the making: complete parts on the disk, so that an interrupted job can go on."""

import heapq
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from csrnet_ros.errors import BagError
from csrnet_ros.media.bags import Bag, BagMessage, BagWriter, ImageCodec
from csrnet_ros.whole_file import write_whole

PART_FRAMES = 25
"""Frames of a part: what an interruption costs at most."""

COUNTS = 'frames', 'skipped'
"""What is noted in a part."""


class PartFolder:
    """Holds the parts of a bag beside it, until ``join`` makes them one.

    Each part is a small bag of its own, which gets its name when it is complete. One that an error
    cuts short never is.

    :param out: the bag to become
    :param job: what it is made of; parts of another job are refused
    :param storage: how bags are stored
    :ivar frames: those of all complete parts
    :ivar skipped: those among them that could not be read
    :raises BagError: if there are parts of another job
    """

    def __init__(self, out: Path, *, job: dict[str, Any], storage: Any) -> None:
        self.codec = ImageCodec()
        self._out, self._storage = out, storage
        self._folder = out.with_name(out.name + '.partial')
        self._job = job
        self._writer: BagWriter | None = None
        self._parts: list[Path] = []
        self.frames = self.skipped = 0
        self._part_frames = self._part_skipped = 0
        self._begin()

    def _begin(self) -> None:
        note = self._folder / 'job.json'
        if not note.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._remove_parts(0)  # of a job that has ended, but not its clearing up
            write_whole(note, f'{json.dumps(self._job, indent=2)}\n'.encode())
        found = json.loads(note.read_text())
        names = [name for name in self._job if found.get(name) != self._job[name]]
        if names:
            raise BagError(
                f'{self._folder} holds another job, with other {", ".join(names)}; remove it to '
                'start anew, or name another bag to write'
            )
        for name in ('unfinished', 'joined'):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        self._find_parts()

    def _find_parts(self) -> None:
        """Count the parts up to the first that is not whole; make that and all others anew."""
        while (part := self._next_part).exists():
            counts = _counts_of(part)
            if counts is None:
                print(f'{part} is damaged; it is made anew, and all after it', file=sys.stderr)
                break
            self._add(part, *counts)
        self._remove_parts(len(self._parts))

    @property
    def _next_part(self) -> Path:
        return self._folder / f'part-{len(self._parts):06}'

    def _add(self, part: Path, frames: int, skipped: int) -> None:
        self._parts.append(part)
        self.frames += frames
        self.skipped += skipped

    def _remove_parts(self, first: int) -> None:
        """Remove all parts from the one numbered ``first`` on."""
        for part in sorted(self._folder.glob('part-*'))[first:]:
            shutil.rmtree(part)

    def __enter__(self) -> 'PartFolder':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self._writer is not None:
            self._complete_part()

    def write(self, images: Iterable[tuple[str, int, memoryview]]) -> None:
        """Write what was made of one frame: topic, time in ns and bytes of each image.

        :raises BagError: if it cannot be written, for a full disk say
        """
        writer = self._open_part()
        for topic, time_ns, data in images:
            writer.write_image(topic, time_ns, data)
        self._count_frame()

    def skip(self) -> None:
        """Note that a frame could not be read."""
        self._open_part()
        self._part_skipped += 1
        self._count_frame()

    def join(self, others: Iterable[BagMessage]) -> None:
        """Make one bag of all parts and of the messages ``others``, both in order of time.

        :raises BagError: if it cannot be written, or a part cannot be read: that one is removed
        """
        joined = self._folder / 'joined' / self._out.name  # rosbags names files by the folder
        writer = BagWriter(joined, storage=self._storage, codec=self.codec)
        for message in heapq.merge(self._messages(), others, key=lambda m: m.time_ns):
            writer.copy(message)
        writer.close()
        joined.rename(self._out)
        (self._folder / 'job.json').unlink()  # first: without it, what is left is no job
        shutil.rmtree(self._folder)

    def _messages(self) -> Iterator[BagMessage]:
        for number, part in enumerate(self._parts):
            with Bag(part) as bag:
                yield from bag.messages({c.topic for c in bag.connections})
                if bag.losses:
                    self._remove_parts(number)
                    raise BagError(f'{bag.losses[0]}; the same command makes anew what is lost')

    def _open_part(self) -> BagWriter:
        if self._writer is None:
            path = self._folder / 'unfinished'
            self._writer = BagWriter(path, storage=self._storage, codec=self.codec)
        return self._writer

    def _count_frame(self) -> None:
        self._part_frames += 1
        if self._part_frames == PART_FRAMES:
            self._complete_part()

    def _complete_part(self) -> None:
        assert self._writer is not None, 'there is a part to complete'
        counts = self._part_frames, self._part_skipped
        for key, count in zip(COUNTS, counts, strict=True):
            self._writer.note(key, str(count))
        self._writer.close()
        part = (self._folder / 'unfinished').rename(self._next_part)
        self._add(part, *counts)
        self._writer, self._part_frames, self._part_skipped = None, 0, 0


def _counts_of(part: Path) -> tuple[int, int] | None:
    """Return how many frames a part holds, and how many were skipped; None if it is damaged."""
    try:
        with Bag(part) as bag:
            frames, skipped = (int(bag.custom_data[key]) for key in COUNTS)
            return None if bag.losses else (frames, skipped)
    except (BagError, KeyError, ValueError):
        return None
