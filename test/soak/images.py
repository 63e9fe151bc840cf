"""Image messages as cameras send them, and as broken drivers do."""

import array
from collections.abc import Callable

import numpy as np
from sensor_msgs.msg import Image

PLAIN_PX = (320, 480)
"""Height and width of most images."""

MOST = 2**32 - 1
"""The largest number that a size field holds."""


def draw(height_px: int, width_px: int) -> np.ndarray:
    """Return blocks of colour, RGB uint8 (H, W, 3), in which a network finds several classes."""
    shape = (-(-height_px // 16), -(-width_px // 16), 3)
    blocks = np.random.default_rng(height_px * width_px).integers(0, 256, shape)
    return blocks.repeat(16, 0).repeat(16, 1)[:height_px, :width_px].astype(np.uint8)


def _chroma(image: np.ndarray, every: tuple[int, int]) -> np.ndarray:
    """Return something in the place of U and V, one pair for so many pixels."""
    return image[:: every[0], :: every[1], :2]


ENCODED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    'rgb8': lambda image: image,
    'bgr8': lambda image: image[..., ::-1],
    'bgra8': lambda image: np.dstack([image[..., ::-1], image[..., :1]]),
    'mono8': lambda image: image[..., 0],
    'mono16': lambda image: np.dstack([image[..., 1], image[..., 0]]),
    'bayer_rggb8': lambda image: image[..., 1],
    'yuyv': lambda image: np.dstack([image[..., 0], image[..., 1]]),
    'nv12': lambda image: np.vstack(
        [image[..., 0], _chroma(image, (2, 2)).reshape(len(image) // 2, -1)]
    ),
}
"""For each encoding, the bytes of an image with even sides, uint8 (rows, ...)."""


def message(height_px: int, width_px: int, encoding: str = 'rgb8') -> Image:
    """Return a drawn image as a message, without a stamp."""
    pixels = ENCODED[encoding](draw(height_px, width_px))
    rows = pixels.reshape(len(pixels), -1)
    found = Image(height=height_px, width=width_px, encoding=encoding, step=rows.shape[1])
    found.data = array.array('B', rows.tobytes())
    found.header.frame_id = 'camera_optical_frame'
    return found


def _spoilt(sent: str = 'rgb8', *, kept: int | None = None, **fields: object) -> Image:
    """Return a message with some fields wrong.

    :param sent: the encoding of the data
    :param kept: so many bytes of its data are left, or all but so many if negative
    """
    found = message(72, 96, sent)
    found.data = found.data[:kept]
    for name, value in fields.items():
        setattr(found, name, value)
    return found


MALFORMED: dict[str, Callable[[], Image]] = {
    'nothing set': Image,
    'no width': lambda: _spoilt(width=0),
    'no height': lambda: _spoilt(height=0, kept=0),
    'no data': lambda: _spoilt(kept=0),
    'one byte missing': lambda: _spoilt(kept=-1),
    'step shorter than a row': lambda: _spoilt(step=96),
    'no step and the largest height': lambda: _spoilt(step=0, height=MOST),
    'largest height, width and step': lambda: _spoilt(height=MOST, width=MOST, step=MOST),
    '16 bits promised, 8 sent': lambda: _spoilt('mono8', encoding='mono16'),
    'unknown encoding': lambda: _spoilt(encoding='plaid7'),
    'mosaic of odd width': lambda: _spoilt('bayer_rggb8', width=95),
    'yuyv of odd width': lambda: _spoilt('yuyv', width=95),
    'nv12 of odd height': lambda: _spoilt('nv12', height=71),
    'nv12 without its colours': lambda: _spoilt('nv12', kept=72 * 96),
    'too small for the network': lambda: _spoilt(height=32, width=32),
}
"""What no node can label, by what is wrong with it."""
