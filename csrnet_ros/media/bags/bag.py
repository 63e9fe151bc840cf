"""A recorded bag to read."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rosbags.rosbag2 import StoragePlugin

from csrnet_ros.errors import BagError
from csrnet_ros.media.bags.image_codec import IMAGE_TYPES
from csrnet_ros.media.bags.packed_reader import unpacked
from csrnet_ros.media.bags.reader import BagReader

FILES = ('*.db3', '*.mcap', '*.db3.zstd', '*.mcap.zstd')
"""Names of the files of a bag."""


@dataclass(frozen=True, slots=True)
class BagMessage:
    """A message as it stands in a bag.

    :param connection: its topic and type, as ``rosbags`` has them
    :param time_ns: when it was recorded
    :param data: its bytes, serialised as CDR
    """

    connection: Any
    time_ns: int
    data: bytes

    @property
    def topic(self) -> str:
        """The topic that it was recorded from."""
        return self.connection.topic


class Bag:
    """A bag to read, in whatever state it is: what is damaged is left out, and ``losses`` say so.

    :param path: the folder of a bag, or one .db3 or .mcap file of it, packed or not
    :raises BagError: if there is nothing at all to read
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.losses: list[str] = []
        self._readers: list[BagReader] = []

    def __enter__(self) -> 'Bag':
        if not self.path.exists():
            raise BagError(f'{self.path}: no such bag')
        if self.path.is_file() or (self.path / 'metadata.yaml').exists():
            self._open(self.path)
        else:
            self.losses.append(f'{self.path} has no metadata.yaml; its recording did not end well')
        if not self._readers:
            self._open_files()
        if not self._readers:
            raise BagError(f'{self.path}: not a bag that can be read ({"; ".join(self.losses)})')
        return self

    def __exit__(self, *_: object) -> None:
        while self._readers:
            self._readers.pop().close()

    def _open(self, path: Path) -> None:
        """Open a bag, or a single file of one, if that can be done."""
        try:
            reader = BagReader(path)
            reader.open()
        except Exception as error:  # what is damaged fails in any way that its bytes spell
            self.losses.append(f'{path} cannot be opened: {error}')
        else:
            self.losses += reader.losses
            self._readers.append(reader)

    def _open_files(self) -> None:
        """Open each file of a bag that cannot be opened as a whole."""
        found = {path for kind in FILES for path in self.path.glob(kind)}
        # A recorder removes a file when it is packed, which may not have come to its end.
        files = sorted(path for path in found if path.with_suffix('') not in found)
        if self.path.is_dir() and not files:
            self.losses.append('it holds neither .db3 nor .mcap files')
        for path in files:
            self._open(path)

    @property
    def connections(self) -> list[Any]:
        """Topics with their types, as ``rosbags`` has them."""
        return [connection for reader in self._readers for connection in reader.connections]

    @property
    def image_topics(self) -> list[str]:
        """The topics that hold images, in alphabetical order."""
        return sorted({c.topic for c in self.connections if c.msgtype in IMAGE_TYPES})

    @property
    def storage(self) -> StoragePlugin:
        """How the bag is stored."""
        files = [self.path, *self.path.glob('*')]
        mcap = any('.mcap' in file.suffixes for file in files)
        return StoragePlugin.MCAP if mcap else StoragePlugin.SQLITE3

    def count(self, topics: Collection[str]) -> int:
        """Return how many messages of ``topics`` the bag says that it holds."""
        return sum(c.msgcount for c in self.connections if c.topic in topics)

    def messages(self, topics: Collection[str]) -> Iterator[BagMessage]:
        """Yield the messages of ``topics``, as far as they go.

        They come in the order of their times; where a file has no index, in its own.
        """
        for reader in self._readers:
            wanted = [c for c in reader.connections if c.topic in topics]
            if wanted:
                yield from self._messages_of(reader, wanted)

    def _messages_of(self, reader: BagReader, connections: list[Any]) -> Iterator[BagMessage]:
        found, count, why = reader.messages(connections), 0, ''
        while True:
            try:
                connection, time_ns, data = next(found)
            except StopIteration:
                break
            except Exception as error:  # as above
                why = f' ({error})'
                break
            try:
                message = BagMessage(connection, time_ns, unpacked(data))
            except Exception:  # as above
                continue
            count += 1
            yield message
        promised = sum(c.msgcount for c in connections)
        if why or count < promised:
            self.losses.append(
                f'{reader.path} is damaged: {count} of {promised} messages could be read{why}'
            )

    @property
    def custom_data(self) -> dict[str, str]:
        """What ``BagWriter`` was told to note in the bag."""
        return {
            key: value
            for reader in self._readers
            for key, value in (reader.storage.metadata.custom or {}).items()
        }
