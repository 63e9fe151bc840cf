"""The reader of ``rosbags``, for mcap files that have no index, or damaged chunks, as well."""

import heapq
from collections.abc import Collection, Generator, Iterator, Mapping
from typing import Any, TypeAlias

from rosbags.rosbag2 import Reader
from rosbags.rosbag2.reader import DirectoryReader
from rosbags.rosbag2.storage_mcap import MAXSIZE, ChunkInfo, McapReader, Msg, msgsrc

Message: TypeAlias = tuple[Any, int, bytes]
"""Connection, time in ns, and data."""


class LenientMcapReader(McapReader):
    """Reads an mcap file in order of time if it has an index, else in its own.

    Recorders note when a message has arrived, and come to topic after topic: their files are not
    quite in the order of time, nor do all of them have an index to put that right. A chunk that
    cannot be read is left out.
    """

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
            if not wanted.keys().isdisjoint(chunk.channel_count)
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


class LenientDirectoryReader(DirectoryReader):
    """Reads the folder of a bag."""

    STORAGE_PLUGINS = {**DirectoryReader.STORAGE_PLUGINS, 'mcap': LenientMcapReader}


class BagReader(Reader):
    """Reads a bag, or one file of it."""

    STORAGE_PLUGINS = {
        **Reader.STORAGE_PLUGINS,
        'dir': LenientDirectoryReader,
        '.mcap': LenientMcapReader,
    }
