"""The mcap reader of ``rosbags``, for files that have no index, or are damaged, as well."""

import heapq
from collections.abc import Collection, Generator, Iterator, Mapping
from typing import Any, TypeAlias

from rosbags.rosbag2.storage_mcap import MAXSIZE, ChunkInfo, McapReader, Msg, msgsrc

from csrnet_ros.media.bags.mcap_records import MAGIC
from csrnet_ros.media.bags.sound_mcap import SoundMcap

Message: TypeAlias = tuple[Any, int, bytes]
"""Connection, time in ns, and data."""


class LenientMcapReader(McapReader):
    """Reads an mcap file in order of time if it has an index, else in its own.

    Recorders note when a message has arrived, and come to topic after topic: their files are not
    quite in the order of time, nor do all of them have an index to put that right, nor one that
    says what the file holds. A chunk that cannot be read is left out.

    :ivar losses: what of the file is known to be missing, in words
    """

    def __init__(self, path: Any) -> None:
        super().__init__(path)
        self.losses: list[str] = []
        self._sound: SoundMcap | None = None

    def open(self) -> None:
        """Open the file, if need be without its end."""
        name = str(self.path)
        try:
            super().open()
        except Exception as error:  # what is damaged fails in any way that its bytes spell
            self.path = self._sound = SoundMcap(self.path)  # type: ignore[assignment,arg-type]
            super().open()
            if not self._sound.losses:
                self.losses.append(f'{name} is read without its index: {error}')
        if self._sound is not None:
            self.losses += [f'{name} {loss}' for loss in self._sound.losses]
        strangers = self.metadata.message_count - sum(c.msgcount for c in self.connections)
        if strangers > 0:
            self.losses.append(f'{name} has messages of topics that it does not name: {strangers}')

    def read_index(self) -> None:
        """Read the index, and go through the file if that does not say all."""
        super().read_index()
        counts = [chunk.channel_count for chunk in self.chunks]
        if self.statistics is not None:
            counts.append(self.statistics.channel_message_counts)
        used, known = set().union(*counts), {c.id for c in self.connections}
        if not (self.chunks and self.schemas and used and used <= known):
            self.meta_scan()

    def meta_scan(self) -> None:
        """Go through the sound records; they are all that is read where there is no index."""
        if self._sound is None:
            self._sound = SoundMcap(self.path)  # type: ignore[arg-type]
        known, promised = self.connections[:], self.statistics
        self.connections.clear()
        file, self.bio = self.bio, self._sound.open()
        assert file is not None, 'it is open'
        self.data_start, self.data_end = len(MAGIC), self._sound.size
        super().meta_scan()
        found = {connection.id for connection in self.connections}
        self.connections += [one for one in known if one.id not in found]
        if promised is not None and promised.message_count:
            self.statistics = promised
        if self.chunks:  # whose places are those in the file itself
            file, self.bio = self.bio, file
        file.close()

    def messages(
        self, connections: Collection[Any], start: int | None = None, stop: int | None = None
    ) -> Generator[Message, None, None]:
        """Yield the messages of ``connections``, from the time ``start`` to before ``stop``."""
        if not self.chunks:
            yield from self.messages_scan(connections, start, stop)
            return
        wanted = {connection.id: connection for connection in connections}
        times = (start or 0, MAXSIZE if stop is None else stop)
        chunks = [
            self._messages_of(chunk, wanted, times)
            for chunk in self.chunks
            if not (chunk.channel_count and wanted.keys().isdisjoint(chunk.channel_count))
        ]
        for message in heapq.merge(*chunks, key=lambda one: one.timestamp):
            if message.data is not None:
                yield message.connection, message.timestamp, message.data

    def _messages_of(
        self, chunk: ChunkInfo, wanted: Mapping[int, Any], times: tuple[int, int]
    ) -> Iterator[Msg]:
        """Yield when a chunk begins, a message without data, and then its messages."""
        assert self.bio is not None, 'it is open'
        try:
            yield from msgsrc(chunk, dict(wanted), *times, self.bio)
        except Exception:  # what is damaged fails in any way that its bytes spell
            return  # whoever reads knows how many messages there should be
