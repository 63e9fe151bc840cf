"""The reader of ``rosbags``, for bags that are damaged, have no index, or are packed, as well."""

from typing import Any

from rosbags.rosbag2 import Reader
from rosbags.rosbag2.reader import DirectoryReader

from csrnet_ros.media.bags.packed_reader import FILE_READERS, PackedReader


class LenientDirectoryReader(DirectoryReader):
    """Reads the folder of a bag."""

    STORAGE_PLUGINS = {'mcap': FILE_READERS['.mcap'], 'sqlite3': FILE_READERS['.db3']}

    def open(self) -> None:
        """Open the bag; messages stay packed if they are."""
        super().open()
        if self.metadata.compression_mode == 'message':
            self.metadata = self.metadata._replace(compression_mode=None)

    @property
    def losses(self) -> list[str]:
        """What of its files is known to be missing, in words."""
        storages: list[Any] = [*self.storages]
        return [loss for storage in storages for loss in storage.losses]


class BagReader(Reader):
    """Reads a bag, or one file of it; messages that are packed one by one stay so."""

    STORAGE_PLUGINS = {
        **FILE_READERS,
        'dir': LenientDirectoryReader,
        '.zstd': PackedReader,
    }

    @property
    def losses(self) -> list[str]:
        """What is known to be missing, in words."""
        return self.storage.losses  # type: ignore[attr-defined]  # of the kinds above
