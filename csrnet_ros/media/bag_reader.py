"""The reader of ``rosbags``, for bags that are damaged, have no index, or are packed, as well."""

from rosbags.rosbag2 import Reader
from rosbags.rosbag2.reader import DirectoryReader

from csrnet_ros.media.packed_reader import FILE_READERS, PackedReader


class LenientDirectoryReader(DirectoryReader):
    """Reads the folder of a bag."""

    STORAGE_PLUGINS = {**DirectoryReader.STORAGE_PLUGINS, 'mcap': FILE_READERS['.mcap']}

    def open(self) -> None:
        """Open the bag; messages stay packed if they are."""
        super().open()
        if self.metadata.compression_mode == 'message':
            self.metadata = self.metadata._replace(compression_mode=None)

    @property
    def losses(self) -> list[str]:
        """What of its files is known to be missing, in words."""
        return [loss for storage in self.storages for loss in getattr(storage, 'losses', ())]


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
        return list(getattr(self.storage, 'losses', ()))
