"""Every encoding against a conversion of its own, written from the encoding's definition."""

import io
import re
import struct
from pathlib import Path
from zlib import compress, crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from csrnet_ros.errors import ImageError
from csrnet_ros.media import encodings
from csrnet_ros.media.encodings import ENCODINGS, RawImage, decode_compressed

# Where red, green and blue stand in a pixel; mono has one value for all.
PLACES = {
    'rgb8': (3, (0, 1, 2)),
    'bgr8': (3, (2, 1, 0)),
    'rgba8': (4, (0, 1, 2)),
    'bgra8': (4, (2, 1, 0)),
    'mono8': (1, (0, 0, 0)),
}
WIDE = {name.replace('8', '16'): layout for name, layout in PLACES.items()}
BAYER = {
    'bayer_rggb8': 'RGGB',
    'bayer_bggr8': 'BGGR',
    'bayer_gbrg8': 'GBRG',
    'bayer_grbg8': 'GRBG',
}

# Where Y, U and V of the pixel (row, column) stand, in bytes; s is the step, h the height.
YUV = {
    'uyvy': lambda r, c, s, h: (r * s + 2 * c + 1, r * s + c // 2 * 4, r * s + c // 2 * 4 + 2),
    'yuyv': lambda r, c, s, h: (r * s + 2 * c, r * s + c // 2 * 4 + 1, r * s + c // 2 * 4 + 3),
    'nv12': lambda r, c, s, h: (
        r * s + c,
        (h + r // 2) * s + c // 2 * 2,
        (h + r // 2) * s + c // 2 * 2 + 1,
    ),
    'nv21': lambda r, c, s, h: (
        r * s + c,
        (h + r // 2) * s + c // 2 * 2 + 1,
        (h + r // 2) * s + c // 2 * 2,
    ),
    'nv24': lambda r, c, s, h: (
        r * s + c,
        h * s + r * 2 * s + 2 * c,
        h * s + r * 2 * s + 2 * c + 1,
    ),
}
YUV['yuv422'], YUV['yuv422_yuy2'] = YUV['uyvy'], YUV['yuyv']

halves = st.integers(1, 5)
paddings = st.integers(0, 7)


def noise(encoding, height, width, *, padding=0, surplus=0, big_endian=False):
    """Return an image of random bytes."""
    layout = ENCODINGS[encoding]
    step = width * layout.row_bytes + padding
    random = np.random.default_rng(height * width)
    data = random.integers(0, 256, int(height * layout.rows) * step + surplus)
    return RawImage(encoding, height, width, step, data.astype(np.uint8).tobytes(), big_endian)


def rgb(image):
    found = image.to_rgb()
    assert (found.shape, found.dtype) == ((image.height, image.width, 3), np.uint8)
    assert found.flags.c_contiguous
    return found


def test_all_encodings_are_tested_here():
    assert set(ENCODINGS) == {*PLACES, *WIDE, *BAYER, *YUV}


@settings(deadline=None)
@given(st.sampled_from(sorted(PLACES)), halves, halves, paddings, paddings)
def test_pixels_of_bytes(encoding, height, width, padding, surplus):
    image = noise(encoding, height, width, padding=padding, surplus=surplus)
    channels, places = PLACES[encoding]
    found = rgb(image)
    for row, column in np.ndindex(height, width):
        first = row * image.step + column * channels
        assert found[row, column].tolist() == [image.data[first + place] for place in places]


@settings(deadline=None)
@given(st.sampled_from(sorted(WIDE)), halves, halves, paddings, st.booleans())
def test_pixels_of_two_bytes(encoding, height, width, padding, big_endian):
    image = noise(encoding, height, width, padding=padding, big_endian=big_endian)
    channels, places = WIDE[encoding]
    found = rgb(image)
    for row, column in np.ndindex(height, width):
        for channel, place in enumerate(places):
            at = row * image.step + 2 * (column * channels + place)
            value = int.from_bytes(image.data[at : at + 2], 'big' if big_endian else 'little')
            assert abs(found[row, column, channel] - value * 255 / 65535) < 1


@settings(deadline=None)
@given(st.sampled_from(sorted(YUV)), halves, halves, paddings)
def test_yuv(encoding, half_height, half_width, padding):
    image = noise(encoding, 2 * half_height, 2 * half_width, padding=padding)
    found = rgb(image)
    for row, column in np.ndindex(image.height, image.width):
        places = YUV[encoding](row, column, image.step, image.height)
        expected = from_yuv(*(image.data[place] for place in places))
        assert np.abs(found[row, column] - expected).max() <= 2


def from_yuv(y, u, v):
    """Return RGB by ITU-R BT.601, limited range: Y from 16 to 235, U and V from 16 to 240."""
    # Below 16, Y is black.
    bright, blue, red = max(y - 16, 0) / 219, (u - 128) / 224, (v - 128) / 224
    r, b = bright + 1.402 * red, bright + 1.772 * blue
    g = (bright - 0.299 * r - 0.114 * b) / 0.587
    return (255 * np.array([r, g, b])).clip(0, 255)


@pytest.mark.parametrize('encoding', sorted(BAYER))
def test_a_mosaic_of_one_color_is_that_color(encoding):
    color = {'R': 200, 'G': 90, 'B': 30}
    cell = np.array([color[letter] for letter in BAYER[encoding]], np.uint8).reshape(2, 2)
    data = np.tile(cell, (4, 5)).tobytes()
    found = rgb(RawImage(encoding, 8, 10, 10, data))
    np.testing.assert_array_equal(found, np.broadcast_to([*color.values()], (8, 10, 3)))


def test_packed_rgb_is_not_copied():
    image = noise('rgb8', 4, 5)
    assert np.shares_memory(image.to_rgb(), np.frombuffer(image.data, np.uint8))


@settings(deadline=None)
@given(st.sampled_from(sorted(ENCODINGS)), halves, halves, st.data())
def test_too_little_data_is_an_error_with_both_numbers(encoding, half_height, half_width, draw):
    image = noise(encoding, 2 * half_height, 2 * half_width)
    needed = len(image.data)
    kept = draw.draw(st.integers(0, needed - 1))
    short = RawImage(encoding, image.height, image.width, image.step, image.data[:kept])
    with pytest.raises(ImageError, match=rf'holds {kept} bytes.* take {needed}\b'):
        short.to_rgb()


def test_a_step_shorter_than_a_row_is_an_error_with_both_numbers():
    with pytest.raises(ImageError, match=r'step is 14 bytes.*takes 15'):
        RawImage('bgr8', 4, 5, 14, bytes(60)).to_rgb()


@pytest.mark.parametrize(('height', 'width'), [(0, 5), (5, 0), (0, 0)])
def test_an_image_without_pixels_is_an_error(height, width):
    with pytest.raises(ImageError, match=f'{width}x{height} pixels'):
        RawImage('rgb8', height, width, 15, bytes(100)).to_rgb()


@pytest.mark.parametrize(('encoding', 'height', 'width'), [('uyvy', 4, 5), ('nv12', 5, 4)])
def test_half_a_pair_of_colors_is_an_error(encoding, height, width):
    with pytest.raises(ImageError, match=f'{width}x{height} pixels.*multiples of'):
        RawImage(encoding, height, width, 16, bytes(200)).to_rgb()


def test_no_name_is_used_that_the_opencv_of_ubuntu_22_lacks():
    source = Path(encodings.__file__).read_text()
    assert not re.findall('COLOR_Bayer(?:RGGB|BGGR|GBRG|GRBG)', source), 'since OpenCV 4.5.5'


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
