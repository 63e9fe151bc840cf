"""Images from and to serialised ROS messages, without ROS."""

from functools import cached_property
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_typestore

from csrnet_ros.errors import ImageError
from csrnet_ros.media.compressed import decode_compressed
from csrnet_ros.media.encodings import ENCODINGS, RawImage

RAW, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
IMAGE_TYPES = frozenset((RAW, COMPRESSED))


class ImageCodec:
    """Images from and to the bytes of ROS messages."""

    @cached_property
    def types(self) -> Any:
        """The definitions of ROS's own messages."""
        return get_typestore(Stores.ROS2_JAZZY)

    def decode(self, data: bytes, type_: str) -> tuple[Any, np.ndarray]:
        """Return the header and the image, RGB uint8 (H, W, 3), of an image message.

        :param type_: one of ``IMAGE_TYPES``
        :raises ImageError: if it cannot be read
        """
        try:
            found = self.types.deserialize_cdr(data, type_)
        except Exception as error:  # damaged bytes fail in any way that they spell
            raise ImageError(f'its bytes are no image message ({error!r})') from error
        if type_ == COMPRESSED:
            return found.header, decode_compressed(found.data, declared=found.format)
        if found.encoding not in ENCODINGS:
            raise ImageError(f'encoding {found.encoding!r} is not one of {", ".join(ENCODINGS)}')
        image = RawImage(
            found.encoding,
            height=found.height,
            width=found.width,
            step=found.step,
            data=found.data,
            big_endian=bool(found.is_bigendian),
        )
        return found.header, image.to_rgb()

    def encode(self, image: np.ndarray, header: Any, *, encoding: str) -> memoryview:
        """Return the bytes of a message with ``image``, uint8 (H, W) or (H, W, C)."""
        message = self.types.types[RAW](
            header=header,
            height=image.shape[0],
            width=image.shape[1],
            encoding=encoding,
            is_bigendian=0,
            step=image.nbytes // image.shape[0],
            data=image.reshape(-1),
        )
        return self.types.serialize_cdr(message, RAW)
