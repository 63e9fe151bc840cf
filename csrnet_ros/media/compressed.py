"""Compressed images, JPEG and PNG, as cameras and files have them, brought to RGB."""

import re
import sys

import cv2
import numpy as np

from csrnet_ros.errors import ImageError
from csrnet_ros.media.encodings import ENCODINGS, Buffer, RawImage


def decode_compressed(data: Buffer, *, declared: str = '') -> np.ndarray:
    """Return the JPEG or PNG image in ``data`` as RGB uint8 (H, W, 3).

    It is not turned as its EXIF data may say: labels have to lie as the camera's pixels do.

    :param declared: the field ``format`` of the message that it came in
    :raises ImageError: if it is damaged, larger than OpenCV reads, or neither of the two
    """
    encoded = np.frombuffer(data, np.uint8)
    try:
        if mosaic := _mosaic(encoded, declared):
            return mosaic.to_rgb()
        image = decode(encoded, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:  # it says that it has too many pixels
        image = None
    if image is None:
        raise ImageError(
            f'{len(encoded)} bytes that are no whole JPEG or PNG image: the camera driver fills '
            'the message wrongly'
        )
    return image


def _mosaic(encoded: np.ndarray, declared: str) -> RawImage | None:
    """Return the Bayer mosaic in a PNG; None if there is none.

    image_transport sends a mosaic as it is, in a PNG that looks gray, and declares the camera's
    encoding before a semicolon: ``bayer_rggb8; png compressed``. For JPEG it makes gray of it.
    """
    encoding, _, compression = declared.partition(';')
    if not (encoding.startswith('bayer_') and encoding in ENCODINGS and 'png' in compression):
        return None
    pixels = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED) if encoded.size else None
    if pixels is None or pixels[0, 0].nbytes != ENCODINGS[encoding].row_bytes:
        return None
    height, width = pixels.shape
    step, big_endian = pixels.strides[0], sys.byteorder == 'big'
    return RawImage(encoding, height, width, step, pixels, big_endian)


def decode(encoded: np.ndarray, flags: int) -> np.ndarray | None:
    """Return the image in the bytes of a file, uint8, as RGB uint8 (H, W, 3).

    :param flags: those of ``cv2.imdecode``
    :return: None if it is no whole image of a kind that OpenCV knows
    :raises cv2.error: if it is larger than OpenCV reads
    """
    if not encoded.size or _is_cut_jpeg(encoded.data):
        return None
    image = cv2.imdecode(encoded, flags)
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


# FF 00 is data, FF D0 to FF D7 stand within it, and FF FF only fills.
_JPEG_MARKER = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]')


def _is_cut_jpeg(encoded: memoryview) -> bool:
    """Return whether this is a JPEG without its end: until 4.10, OpenCV makes up the rest of it.

    The end marker has to be this image's, not that of a thumbnail in it; what follows, zeros for
    one, does not count.
    """
    if encoded[:2] != b'\xff\xd8':
        return False
    at = 2
    while marker := _JPEG_MARKER.search(encoded, at):
        at = marker.end()
        if encoded[at - 1] == 0xD9:
            return False
        at += int.from_bytes(encoded[at : at + 2], 'big')  # how long what it begins is
    return True
