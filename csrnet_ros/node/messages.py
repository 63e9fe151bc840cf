"""Image messages to arrays and back, without a copy where the bytes allow it."""

import array

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from csrnet_ros.errors import ImageError
from csrnet_ros.media.encodings import ENCODINGS, RawImage


def image_from_message(message: Image) -> np.ndarray:
    """Return the image of ``message`` as RGB uint8 (H, W, 3), rows packed.

    An rgb8 message without row padding is not copied: the array is a view of its data.

    :raises ImageError: if the size is impossible, the data too short, or the encoding unknown
    """
    if message.encoding not in ENCODINGS:
        return _image_from_cv_bridge(message)
    return RawImage(
        message.encoding,
        height=message.height,
        width=message.width,
        step=message.step,
        data=message.data,
        big_endian=bool(message.is_bigendian),
    ).to_rgb()


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
