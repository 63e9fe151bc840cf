"""Raw images as cameras send them, brought to RGB, without a copy where the bytes allow it.

The encodings are those of ROS's ``sensor_msgs/image_encodings``, and nv12, which drivers send
besides. YUV is read as OpenCV reads it: ITU-R BT.601, limited range.
"""

import array
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from csrnet_ros.errors import ImageError


@dataclass(frozen=True, slots=True)
class Encoding:
    """How an encoding is read.

    :param to_rgb: from rows of bytes, uint8 (rows, step), to packed RGB (H, W, 3), given W
    :param row_bytes: bytes of a row of W pixels, padding apart, over W
    :param rows: rows of bytes over H; more than 1 where planes of colour follow
    :param multiple_of: what height and width must be multiples of
    :param wide: samples have 16 bits; ``to_rgb`` gets the high byte of each
    """

    to_rgb: Callable[[np.ndarray, int], np.ndarray]
    row_bytes: int
    rows: float = 1
    multiple_of: tuple[int, int] = (1, 1)
    wide: bool = False


def _packed(
    channels: int,
    code: int | None,
    *,
    multiple_of: tuple[int, int] = (1, 1),
    wide: bool = False,
) -> Encoding:
    """Return an encoding whose pixels stand one after the other; None for RGB itself."""

    def to_rgb(rows: np.ndarray, width: int) -> np.ndarray:
        pixels = rows[:, : channels * width].reshape(len(rows), width, channels)
        return np.ascontiguousarray(pixels) if code is None else cv2.cvtColor(pixels, code)

    row_bytes = 2 * channels if wide else channels
    return Encoding(to_rgb, row_bytes, multiple_of=multiple_of, wide=wide)


def _half_planar(code: int) -> Encoding:
    """Return an encoding with a plane of brightness and one of colour at half its size."""
    return Encoding(
        lambda rows, width: cv2.cvtColor(rows[:, :width], code),
        row_bytes=1,
        rows=1.5,
        multiple_of=(2, 2),
    )


# R, G and B from Y, U and V (ITU-R BT.601: Y from 16 to 235, U and V about 128, 16 to 240).
_FROM_YUV = np.array(
    [[255 / 219, 0, 1.402], [255 / 219, -0.344136, -0.714136], [255 / 219, 1.772, 0]]
)
_FROM_YUV[:, 1:] *= 255 / 224
_FROM_YUV = np.hstack([_FROM_YUV, -_FROM_YUV @ [[16], [128], [128]]])


def _nv24_to_rgb(rows: np.ndarray, width: int) -> np.ndarray:
    """Read a plane of Y and one of U and V in turn, whose rows are twice as long."""
    height, step = len(rows) // 3, rows.shape[1]
    yuv = np.empty((height, width, 3), np.uint8)
    yuv[..., 0] = np.maximum(rows[:height, :width], 16)  # black, as in the other encodings
    yuv[..., 1:] = (
        rows[height:].reshape(height, 2 * step)[:, : 2 * width].reshape(height, width, 2)
    )
    return cv2.transform(yuv, _FROM_YUV)


ENCODINGS: dict[str, Encoding] = {
    'rgb8': _packed(3, None),
    'bgr8': _packed(3, cv2.COLOR_BGR2RGB),
    'rgba8': _packed(4, cv2.COLOR_RGBA2RGB),
    'bgra8': _packed(4, cv2.COLOR_BGRA2RGB),
    'mono8': _packed(1, cv2.COLOR_GRAY2RGB),
    'rgb16': _packed(3, None, wide=True),
    'bgr16': _packed(3, cv2.COLOR_BGR2RGB, wide=True),
    'rgba16': _packed(4, cv2.COLOR_RGBA2RGB, wide=True),
    'bgra16': _packed(4, cv2.COLOR_BGRA2RGB, wide=True),
    'mono16': _packed(1, cv2.COLOR_GRAY2RGB, wide=True),
    # OpenCV's first names for mosaics, by the second row; Ubuntu 22.04 has no others.
    'bayer_rggb8': _packed(1, cv2.COLOR_BayerBG2RGB, multiple_of=(2, 2)),
    'bayer_bggr8': _packed(1, cv2.COLOR_BayerRG2RGB, multiple_of=(2, 2)),
    'bayer_gbrg8': _packed(1, cv2.COLOR_BayerGR2RGB, multiple_of=(2, 2)),
    'bayer_grbg8': _packed(1, cv2.COLOR_BayerGB2RGB, multiple_of=(2, 2)),
    'bayer_rggb16': _packed(1, cv2.COLOR_BayerBG2RGB, multiple_of=(2, 2), wide=True),
    'bayer_bggr16': _packed(1, cv2.COLOR_BayerRG2RGB, multiple_of=(2, 2), wide=True),
    'bayer_gbrg16': _packed(1, cv2.COLOR_BayerGR2RGB, multiple_of=(2, 2), wide=True),
    'bayer_grbg16': _packed(1, cv2.COLOR_BayerGB2RGB, multiple_of=(2, 2), wide=True),
    'uyvy': _packed(2, cv2.COLOR_YUV2RGB_UYVY, multiple_of=(1, 2)),
    'yuyv': _packed(2, cv2.COLOR_YUV2RGB_YUY2, multiple_of=(1, 2)),
    'nv12': _half_planar(cv2.COLOR_YUV2RGB_NV12),
    'nv21': _half_planar(cv2.COLOR_YUV2RGB_NV21),
    'nv24': Encoding(_nv24_to_rgb, row_bytes=1, rows=3),
}
ENCODINGS['yuv422'] = ENCODINGS['uyvy']
ENCODINGS['yuv422_yuy2'] = ENCODINGS['yuyv']


Buffer = bytes | bytearray | memoryview | array.array | np.ndarray


@dataclass(frozen=True, slots=True)
class RawImage:
    """An image as it came.

    :param encoding: one of ``ENCODINGS``
    :param data: its bytes
    :param step: bytes from one row to the next
    :param big_endian: the high byte of a 16-bit sample comes first
    """

    encoding: str
    height: int
    width: int
    step: int
    data: Buffer
    big_endian: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and 3, as of the RGB image that it holds."""
        return self.height, self.width, 3

    def to_rgb(self) -> np.ndarray:
        """Return the image as RGB uint8 (H, W, 3), rows packed.

        rgb8 without row padding is not copied: the array is a view of the data. Of 16 bits the
        upper 8 count.

        :raises ImageError: if the size is impossible, or the data too short
        """
        return ENCODINGS[self.encoding].to_rgb(self.rows()[:, self.samples], self.width)

    @property
    def samples(self) -> slice:
        """Which bytes of a row are samples, the upper half of each where they have 16 bits."""
        if not ENCODINGS[self.encoding].wide:
            return slice(None)
        return slice(0 if self.big_endian else 1, None, 2)

    def rows(self) -> np.ndarray:
        """Return the bytes, uint8 (rows, step), without a copy.

        :raises ImageError: if the size is impossible, or they are fewer than they must be
        """
        encoding = ENCODINGS[self.encoding]
        self._check_size(encoding)
        count = int(self.height * encoding.rows)
        needed = count * self.step
        data = np.frombuffer(self.data, np.uint8)
        if len(data) < needed:
            raise ImageError(
                f'data holds {len(data)} bytes, but {self.height} rows of {self.encoding} with '
                f'step {self.step} take {needed}: the camera driver fills the message wrongly'
            )
        return data[:needed].reshape(count, self.step)

    def _check_size(self, encoding: Encoding) -> None:
        size = f'{self.width}x{self.height}'
        if self.height == 0 or self.width == 0:
            raise ImageError(f'the image is {size} pixels: it has no pixels to label')
        by_height, by_width = encoding.multiple_of
        if self.height % by_height or self.width % by_width:
            raise ImageError(
                f'the image is {size} pixels, but width and height of {self.encoding} are '
                f'multiples of {by_width} and {by_height}: the camera driver fills the message '
                'wrongly'
            )
        if self.step < self.width * encoding.row_bytes:
            raise ImageError(
                f'step is {self.step} bytes, but a row of {self.width} {self.encoding} pixels '
                f'takes {self.width * encoding.row_bytes}: the camera driver fills the message '
                'wrongly'
            )
