"""A bag in the making: complete parts on the disk, so that an interrupted job can go on."""

import heapq
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from csrnet_ros.errors import BagError
from csrnet_ros.media.bags import Bag, BagMessage, BagWriter
from csrnet_ros.media.image_codec import ImageCodec

PART_FRAMES = 25
"""Frames of a part: what an interruption costs at most."""


class PartFolder:
    """Holds the parts of a bag beside it, until ``join`` makes them one.

    Each part is a small bag of its own, which gets its name when it is complete.

    :param out: the bag to become
    :param job: what it is made of; parts of another job are refused
    :param storage: how bags are stored
    :raises BagError: if there are parts of another job
    """

    def __init__(self, out: Path, *, job: dict[str, Any], storage: Any) -> None:
        self.codec = ImageCodec()
        self._out, self._storage = out, storage
        self._folder = out.with_name(out.name + '.partial')
        self._job = job
        self._writer: BagWriter | None = None
        self._frames = self._skipped = 0
        self._begin()

    def _begin(self) -> None:
        note = self._folder / 'job.json'
        if not note.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            note.write_text(json.dumps(self._job, indent=2) + '\n')
        found = json.loads(note.read_text())
        names = [name for name in self._job if found.get(name) != self._job[name]]
        if names:
            raise BagError(
                f'{self._folder} holds another job, with other {", ".join(names)}; remove it to '
                'start anew, or name another bag to write'
            )
        shutil.rmtree(self._folder / 'unfinished', ignore_errors=True)

    @property
    def parts(self) -> list[Path]:
        """The complete parts, in their order."""
        return sorted(self._folder.glob('part-*'))

    def total(self, key: str) -> int:
        """Return the ``frames``, or those ``skipped`` among them, of all complete parts."""
        count = 0
        for part in self.parts:
            with Bag(part) as bag:
                count += int(bag.custom_data[key])
        return count

    def __enter__(self) -> 'PartFolder':
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._complete_part()

    def write(self, images: Iterable[tuple[str, int, memoryview]]) -> None:
        """Write what was made of one frame: topic, time in ns and bytes of each image."""
        writer = self._open_part()
        for topic, time_ns, data in images:
            writer.write_image(topic, time_ns, data)
        self._count_frame()

    def skip(self) -> None:
        """Note that a frame could not be read."""
        self._open_part()
        self._skipped += 1
        self._count_frame()

    def join(self, others: Iterable[BagMessage]) -> None:
        """Make one bag of all parts and of the messages ``others``, both in order of time."""
        joined = self._folder / 'joined' / self._out.name  # rosbags names files by the folder
        shutil.rmtree(joined.parent, ignore_errors=True)
        writer = BagWriter(joined, storage=self._storage, codec=self.codec)
        for message in heapq.merge(self._messages(), others, key=lambda m: m.time_ns):
            writer.copy(message)
        writer.close()
        joined.rename(self._out)
        shutil.rmtree(self._folder)

    def _messages(self) -> Iterator[BagMessage]:
        for part in self.parts:
            with Bag(part) as bag:
                yield from bag.messages({c.topic for c in bag.connections})

    def _open_part(self) -> BagWriter:
        if self._writer is None:
            path = self._folder / 'unfinished'
            self._writer = BagWriter(path, storage=self._storage, codec=self.codec)
        return self._writer

    def _count_frame(self) -> None:
        self._frames += 1
        if self._frames == PART_FRAMES:
            self._complete_part()

    def _complete_part(self) -> None:
        assert self._writer is not None, 'there is a part to complete'
        self._writer.note('frames', str(self._frames))
        self._writer.note('skipped', str(self._skipped))
        self._writer.close()
        self._writer, self._frames, self._skipped = None, 0, 0
        number = len(self.parts)
        (self._folder / 'unfinished').rename(self._folder / f'part-{number:06}')
