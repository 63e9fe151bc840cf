"""Bags written without ROS by ``rosbags``."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from rosbags.rosbag2 import StoragePlugin, Writer

from csrnet_ros.errors import BagError
from csrnet_ros.media.bags.bag import BagMessage
from csrnet_ros.media.bags.image_codec import RAW, ImageCodec

VERSION: Literal[8] = 8
"""Of the bags written: the newest that ROS 2 Humble reads as well."""


class BagWriter:
    """A new bag, complete when it is closed; never, if any of its writing failed.

    :param path: the folder to make; it must not exist
    :param codec: knows the definition of image messages
    :raises BagError: here and in all methods, if it cannot be written
    """

    def __init__(self, path: Path, *, storage: StoragePlugin, codec: ImageCodec) -> None:
        self._writer = Writer(path, version=VERSION, storage_plugin=storage)
        self._codec = codec
        self._connections: dict[tuple[str, str], Any] = {}
        with self._writing():
            self._writer.open()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            with suppress(Exception):
                self._writer.abort()
            if isinstance(error, OSError | sqlite3.Error):
                raise BagError(f'{self._writer.path} cannot be written: {error}') from error
            raise

    def close(self) -> None:
        """Complete the bag."""
        with self._writing():
            self._writer.close()

    def note(self, key: str, value: str) -> None:
        """Keep a value in the bag's metadata."""
        self._writer.set_custom_data(key, value)

    def write_image(self, topic: str, time_ns: int, data: bytes | memoryview) -> None:
        """Write an image message's bytes."""
        key = topic, RAW
        with self._writing():
            if key not in self._connections:
                self._connections[key] = self._writer.add_connection(
                    *key, typestore=self._codec.types
                )
            self._writer.write(self._connections[key], time_ns, data)

    def copy(self, message: BagMessage) -> None:
        """Write a message of another bag as it is, on its topic."""
        source = message.connection
        key = source.topic, source.msgtype
        with self._writing():
            if key not in self._connections:
                self._connections[key] = self._writer.add_connection(
                    *key,
                    msgdef=source.msgdef.data,
                    rihs01=source.digest or 'unknown',
                    serialization_format=source.ext.serialization_format,
                    offered_qos_profiles=source.ext.offered_qos_profiles,
                )
            self._writer.write(self._connections[key], message.time_ns, message.data)
