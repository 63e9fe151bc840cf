"""Image messages to arrays and back, without a copy where the bytes allow it."""

import array
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from csrnet_ros.errors import ImageError


def _converter(code: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda pixels: cv2.cvtColor(pixels, code)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How an encoding of ``sensor_msgs/image_encodings`` is read.

    :param pixel_bytes: bytes of one pixel
    :param to_rgb: from uint8 (H, W, pixel_bytes), rows perhaps apart, to packed RGB (H, W, 3)
    """

    pixel_bytes: int
    to_rgb: Callable[[np.ndarray], np.ndarray]


ENCODINGS: dict[str, Encoding] = {
    'rgb8': Encoding(3, np.ascontiguousarray),
    'bgr8': Encoding(3, _converter(cv2.COLOR_BGR2RGB)),
    'rgba8': Encoding(4, _converter(cv2.COLOR_RGBA2RGB)),
    'bgra8': Encoding(4, _converter(cv2.COLOR_BGRA2RGB)),
    'mono8': Encoding(1, _converter(cv2.COLOR_GRAY2RGB)),
}


def image_from_message(message: Image) -> np.ndarray:
    """Return the image of ``message`` as RGB uint8 (H, W, 3), rows packed.

    An rgb8 message without row padding is not copied: the array is a view of its data.

    :raises ImageError: if the size is impossible, the data too short, or the encoding unknown
    """
    encoding = ENCODINGS.get(message.encoding)
    if encoding is None:
        return _image_from_cv_bridge(message)
    return encoding.to_rgb(_pixels(message, encoding.pixel_bytes))


def _pixels(message: Image, pixel_bytes: int) -> np.ndarray:
    height, width, step = message.height, message.width, message.step
    if height == 0 or width == 0:
        raise ImageError(f'the image is {width}x{height} pixels: it has no pixels to label')
    if step < width * pixel_bytes:
        raise ImageError(
            f'step is {step} bytes, but a row of {width} {message.encoding} pixels takes '
            f'{width * pixel_bytes}: the camera driver fills the message wrongly'
        )
    if len(message.data) < height * step:
        raise ImageError(
            f'data holds {len(message.data)} bytes, but height x step is {height} x {step} = '
            f'{height * step}: the camera driver fills the message wrongly'
        )
    rows = np.frombuffer(message.data, np.uint8, height * step).reshape(height, step)
    return rows[:, : width * pixel_bytes].reshape(height, width, pixel_bytes)


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
