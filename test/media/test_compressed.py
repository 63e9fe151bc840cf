"""Compressed images as RGB: as they lie, only whole, and mosaics in their colours."""

import io
import struct
from zlib import compress, crc32

import cv2
import numpy as np
import pytest
from PIL import Image

from csrnet_ros.errors import ImageError
from csrnet_ros.media.compressed import decode_compressed
from csrnet_ros.media.encodings import ENCODINGS, RawImage


def jpeg_turned(pixels, orientation):
    """Return a JPEG whose EXIF data say how a viewer shall turn it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, 'JPEG', quality=100, exif=exif)
    return file.getvalue()


def test_a_compressed_image_lies_as_the_cameras_pixels_do():
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8] = 255
    found = decode_compressed(jpeg_turned(pixels, orientation=6))
    assert found.shape == pixels.shape
    assert np.abs(found.astype(int) - pixels).max() < 10


def noisy_jpeg(*, thumbnail=b''):
    """Return a JPEG with restart markers, and a thumbnail where cameras have it."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, 'JPEG', restart_marker_rows=1)
    segment = b'\xff\xe1' + struct.pack('>H', 2 + len(thumbnail)) + thumbnail
    return file.getvalue()[:2] + segment + file.getvalue()[2:]


@pytest.mark.parametrize('thumbnail', [b'', noisy_jpeg()], ids=['plain', 'with a thumbnail'])
@pytest.mark.parametrize('padding', [0, 500])
@pytest.mark.parametrize('cut', [1, 2, 100, 3000])
def test_a_jpeg_is_read_with_what_drivers_put_behind_it_but_only_whole(thumbnail, padding, cut):
    whole = noisy_jpeg(thumbnail=thumbnail)
    assert decode_compressed(whole + bytes(padding)).shape == (64, 96, 3)
    with pytest.raises(ImageError, match='no whole JPEG'):
        decode_compressed(whole[:-cut] + bytes(padding))


def huge_png():
    """Return a PNG of a few bytes that says it has 60000x60000 pixels."""

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', crc32(kind + data))

    header = struct.pack('>IIBBBBB', 60000, 60000, 8, 2, 0, 0, 0)
    chunks = chunk(b'IHDR', header) + chunk(b'IDAT', compress(bytes(100))) + chunk(b'IEND', b'')
    return b'\x89PNG\r\n\x1a\n' + chunks


@pytest.mark.parametrize('data', [b'', b'no image', huge_png()], ids=['empty', 'other', 'huge'])
def test_what_cannot_be_decoded_is_an_error_with_its_length(data):
    with pytest.raises(ImageError, match=f'{len(data)} bytes that are no whole JPEG or PNG'):
        decode_compressed(data)


def mosaic(encoding, height=8, width=10):
    """Return a mosaic of noise, and the PNG that image_transport makes of it."""
    depth = np.uint16 if ENCODINGS[encoding].wide else np.uint8
    pixels = np.random.default_rng(0).integers(0, 256 ** depth().itemsize, (height, width), depth)
    raw = RawImage(encoding, height, width, pixels.strides[0], pixels.tobytes())
    return raw, cv2.imencode('.png', pixels)[1].tobytes()


@pytest.mark.parametrize('encoding', [name for name in ENCODINGS if name.startswith('bayer_')])
def test_a_mosaic_in_a_png_has_its_colors(encoding):
    raw, png = mosaic(encoding)
    found = decode_compressed(png, declared=f'{encoding}; png compressed ')
    np.testing.assert_array_equal(found, raw.to_rgb())


@pytest.mark.parametrize(
    'declared',
    ['png', 'mono8; png compressed ', 'bayer_rggb8; jpeg compressed mono8', 'bayer_x; png'],
)
def test_what_is_not_declared_a_mosaic_in_a_png_is_gray(declared):
    raw, png = mosaic('bayer_rggb8')
    gray = np.frombuffer(raw.data, np.uint8).reshape(8, 10, 1).repeat(3, axis=2)
    np.testing.assert_array_equal(decode_compressed(png, declared=declared), gray)


def test_a_png_of_colors_is_no_mosaic_whatever_is_declared():
    bgr = np.random.default_rng(0).integers(0, 256, (8, 10, 3), np.uint8)
    png = cv2.imencode('.png', bgr)[1].tobytes()
    found = decode_compressed(png, declared='bayer_rggb8; png compressed bgr8')
    np.testing.assert_array_equal(found, bgr[..., ::-1])


def test_a_mosaic_of_half_a_cell_is_an_error():
    _, png = mosaic('bayer_rggb8', height=7)
    with pytest.raises(ImageError, match='10x7 pixels.*multiples of'):
        decode_compressed(png, declared='bayer_rggb8; png compressed ')


@pytest.mark.parametrize('length', [0, 60])
def test_a_mosaic_that_cannot_be_decoded_is_an_error_with_its_length(length):
    _, png = mosaic('bayer_rggb8')
    with pytest.raises(ImageError, match=f'{length} bytes that are no whole JPEG or PNG'):
        decode_compressed(png[:length], declared='bayer_rggb8; png compressed ')
