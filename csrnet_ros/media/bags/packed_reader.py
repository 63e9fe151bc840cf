"""Bags that are packed with Zstandard: file by file, or message by message."""

from collections.abc import Collection, Generator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rosbags.rosbag2 import ReaderError
from rosbags.rosbag2.reader import zstd

from csrnet_ros.media.bags.mcap_reader import LenientMcapReader, Message
from csrnet_ros.media.bags.sqlite_reader import LenientSqlite3Reader

MAGIC = b'\x28\xb5\x2f\xfd'
"""How packed data begin; what ROS serialises begins with a zero."""

BLOCK_BYTES = 1 << 20

FILE_READERS: dict[str, Any] = {'.mcap': LenientMcapReader, '.db3': LenientSqlite3Reader}
"""Of files that are not packed, by what their names end with."""


def unpacked(data: bytes) -> bytes:
    """Return the data of a message, unpacked if they are packed.

    :raises ZstdError: if they are damaged
    """
    return zstd.decompress(data) if data[: len(MAGIC)] == MAGIC else data


class PackedReader:
    """Reads a file that is packed as a whole, by way of a folder that is there until it is closed.

    :ivar losses: what of the file is known to be missing, in words
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.losses: list[str] = []

    def open(self) -> None:
        """Unpack the file, as far as that goes, and open it."""
        self._folder = TemporaryDirectory()
        file = Path(self._folder.name, self.path.stem)
        try:
            self._unpack(file)
            self._reader = FILE_READERS[file.suffix](file)
            self._reader.open()
        except Exception as error:  # what is damaged fails in any way that its bytes spell
            self._folder.cleanup()
            raise ReaderError(str(error).replace(str(file), str(self.path))) from error
        found = self._reader.losses
        self.losses += [loss.replace(str(file), str(self.path)) for loss in found]
        self.connections = self._reader.connections
        self.metadata = self._reader.metadata

    def _unpack(self, file: Path) -> None:
        with zstd.open(self.path) as packed, file.open('wb') as unpacked:
            try:
                while block := packed.read(BLOCK_BYTES):
                    unpacked.write(block)
            except (zstd.ZstdError, EOFError) as error:
                self.losses.append(f'{self.path} can be unpacked but in part: {error}')

    def close(self) -> None:
        """Close the file, and remove what was unpacked."""
        self._reader.close()
        self._folder.cleanup()

    def messages(
        self, connections: Collection[Any], start: int | None = None, stop: int | None = None
    ) -> Generator[Message, None, None]:
        """Yield the messages of ``connections``, from the time ``start`` to before ``stop``."""
        yield from self._reader.messages(connections, start, stop)
