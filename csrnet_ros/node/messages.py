"""Image messages to arrays and back, without a copy where the bytes allow it."""

import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from csrnet_ros.errors import ImageError
from csrnet_ros.media.compressed import decode_compressed
from csrnet_ros.media.encodings import ENCODINGS, RawImage

JPEG_QUALITY = 80
"""Of 100: a third of the bytes that 95 takes, and no fault that a person watching would see."""


def image_from_message(message: Image) -> np.ndarray:
    """Return the image of ``message`` as RGB uint8 (H, W, 3), rows packed.

    An rgb8 message without row padding is not copied: the array is a view of its data.

    :raises ImageError: if the size is impossible, the data too short, or the encoding unknown
    """
    if message.encoding not in ENCODINGS:
        return _image_from_cv_bridge(message)
    return _raw(message).to_rgb()


def raw_from_message(message: Image) -> np.ndarray | RawImage:
    """Return the image of ``message`` as it came, if it is known how to read it.

    :raises ImageError: if the encoding is unknown, as ``image_from_message``
    """
    if message.encoding not in ENCODINGS:
        return _image_from_cv_bridge(message)
    return _raw(message)


def _raw(message: Image) -> RawImage:
    return RawImage(
        message.encoding,
        height=message.height,
        width=message.width,
        step=message.step,
        data=message.data,
        big_endian=bool(message.is_bigendian),
    )


def _image_from_cv_bridge(message: Image) -> np.ndarray:
    try:
        from cv_bridge import CvBridge

        return np.ascontiguousarray(CvBridge().imgmsg_to_cv2(message, 'rgb8'))
    except Exception as error:  # cv_bridge fails in many ways, on NumPy 2 while it is imported
        raise ImageError(
            f'encoding {message.encoding!r} is not one of {", ".join(ENCODINGS)}, and cv_bridge '
            f'cannot convert it ({error}): choose another encoding in the camera driver, or '
            'install a cv_bridge that works'
        ) from error


def image_from_compressed(message: CompressedImage) -> np.ndarray:
    """Return the JPEG or PNG image of ``message`` as RGB uint8 (H, W, 3).

    :raises ImageError: if it is damaged, or neither of the two
    """
    return decode_compressed(message.data, declared=message.format)


@dataclass(frozen=True, slots=True)
class Transport:
    """How a camera's images come.

    :param message_type: of the topic
    :param suffix: what follows the name of the image topic, as image_transport has it
    :param read: returns a message's image as RGB uint8 (H, W, 3), or raises ImageError
    :param read_raw: the same, but leaves it to the device to make RGB of the bytes
    """

    message_type: Any
    suffix: str
    read: Callable[[Any], np.ndarray]
    read_raw: Callable[[Any], np.ndarray | RawImage]


TRANSPORTS = {
    'raw': Transport(Image, '', image_from_message, raw_from_message),
    'compressed': Transport(
        CompressedImage, '/compressed', image_from_compressed, image_from_compressed
    ),
}
"""By the value of the parameter ``transport``."""


def compressed_message(image: np.ndarray, header: Header) -> CompressedImage:
    """Return RGB uint8 (H, W, 3) as a JPEG message under ``header``."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    _, encoded = cv2.imencode('.jpg', cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    data = array.array('B', encoded.tobytes())
    return CompressedImage(header=header, format='jpeg', data=data)


class ImageBuffer:
    """An outgoing image message that is filled anew for every frame.

    Assigning an array to ``data`` copies element by element, hundreds of milliseconds for a
    large image; so the message keeps one buffer, which is overwritten in place. Whoever keeps
    the message longer than until the next ``fill`` must copy it.
    """

    def __init__(self, encoding: str) -> None:
        self._message = Image(encoding=encoding)
        self._pixels = np.empty(0, np.uint8)

    def fill(self, image: np.ndarray, header: Header) -> Image:
        """Return the message with ``image``, uint8 (H, W) or (H, W, C), under ``header``."""
        if image.shape != self._pixels.shape:
            self._resize(image.shape)
        np.copyto(self._pixels, image)
        self._message.header = header
        return self._message

    def _resize(self, shape: tuple[int, ...]) -> None:
        self._message.data = array.array('B', bytes(int(np.prod(shape))))
        data = self._message.data  # the message's own copy
        self._message.height, self._message.width = shape[:2]
        self._message.step = len(data) // shape[0]
        self._pixels = np.frombuffer(data, np.uint8).reshape(shape)
