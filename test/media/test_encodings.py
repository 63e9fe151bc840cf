"""Every encoding against a conversion of its own, written from the encoding's definition."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csrnet_ros.errors import ImageError
from csrnet_ros.media import encodings
from csrnet_ros.media.encodings import ENCODINGS, RawImage

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
    f'bayer_{pattern}{bits}': pattern
    for pattern in ('rggb', 'bggr', 'gbrg', 'grbg')
    for bits in (8, 16)
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
    color = {'r': 200, 'g': 90, 'b': 30}
    cell = np.array([color[letter] for letter in BAYER[encoding]]).reshape(2, 2)
    if wide := ENCODINGS[encoding].wide:
        cell = 256 * cell + 77
    data = np.tile(cell, (4, 5)).astype('>u2' if wide else np.uint8)
    found = rgb(RawImage(encoding, 8, 10, data.strides[0], data.tobytes(), big_endian=True))
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
