"""Image messages to arrays and back."""

import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from csrnet_ros.errors import ImageError
from csrnet_ros.node.messages import ENCODINGS, ImageBuffer, image_from_message

# Where red, green and blue stand in a pixel of each encoding; mono8 has one value for all.
RGB_PLACES = {
    'rgb8': (0, 1, 2),
    'bgr8': (2, 1, 0),
    'rgba8': (0, 1, 2),
    'bgra8': (2, 1, 0),
    'mono8': (0, 0, 0),
}

sides = st.integers(1, 9)


def make(encoding: str, height: int, width: int, *, padding: int = 0, surplus: int = 0) -> Image:
    """Return a message of noise."""
    step = width * ENCODINGS[encoding].pixel_bytes + padding
    noise = np.random.default_rng(height * width).integers(0, 256, height * step + surplus)
    return Image(
        height=height,
        width=width,
        encoding=encoding,
        step=step,
        data=array.array('B', noise.astype(np.uint8).tobytes()),
    )


@given(st.sampled_from(sorted(ENCODINGS)), sides, sides, st.integers(0, 7), st.integers(0, 5))
def test_every_pixel_is_read_from_its_own_place(
    encoding: str, height: int, width: int, padding: int, surplus: int
) -> None:
    message = make(encoding, height, width, padding=padding, surplus=surplus)
    image = image_from_message(message)
    assert (image.shape, image.dtype) == ((height, width, 3), np.uint8)
    assert image.flags.c_contiguous
    for row, column in np.ndindex(height, width):
        first = row * message.step + column * ENCODINGS[encoding].pixel_bytes
        expected = [message.data[first + place] for place in RGB_PLACES[encoding]]
        assert image[row, column].tolist() == expected


def test_packed_rgb_is_not_copied() -> None:
    message = make('rgb8', 4, 5)
    assert np.shares_memory(image_from_message(message), np.frombuffer(message.data, np.uint8))


@given(st.sampled_from(sorted(ENCODINGS)), sides, sides, st.data())
def test_too_little_data_is_an_error_with_both_numbers(
    encoding: str, height: int, width: int, data: st.DataObject
) -> None:
    message = make(encoding, height, width)
    needed = len(message.data)
    kept = data.draw(st.integers(0, needed - 1))
    message.data = message.data[:kept]
    with pytest.raises(ImageError, match=rf'{kept} bytes.* = {needed}\b'):
        image_from_message(message)


def test_a_step_shorter_than_a_row_is_an_error_with_both_numbers() -> None:
    message = make('bgr8', 4, 5)
    message.step = 14
    with pytest.raises(ImageError, match=r'step is 14 bytes.*takes 15'):
        image_from_message(message)


@pytest.mark.parametrize(('height', 'width'), [(0, 5), (5, 0), (0, 0)])
def test_an_image_without_pixels_is_an_error(height: int, width: int) -> None:
    with pytest.raises(ImageError, match=f'{width}x{height} pixels'):
        image_from_message(make('rgb8', height, width))


def test_an_encoding_that_nobody_knows_is_named_together_with_cv_bridge() -> None:
    message = make('rgb8', 4, 5)
    message.encoding = 'plaid7'
    with pytest.raises(ImageError, match=r"'plaid7'.*rgb8.*cv_bridge"):
        image_from_message(message)


@pytest.mark.parametrize(('encoding', 'channels'), [('mono8', ()), ('rgb8', (3,))])
def test_a_buffer_holds_the_image_packed_under_the_header_given(
    encoding: str, channels: tuple[int, ...]
) -> None:
    buffer, random = ImageBuffer(encoding), np.random.default_rng(5)
    header = Header(frame_id='front')
    for size in [(4, 6), (4, 6), (6, 4), (3, 8)]:
        image = random.integers(0, 256, size + channels).astype(np.uint8)
        message = buffer.fill(image, header)
        assert bytes(message.data) == image.tobytes()
        assert (message.height, message.width, message.encoding) == (*size, encoding)
        assert message.step == size[1] * (3 if channels else 1)
        assert message.header is header


def test_a_buffer_is_refilled_in_place() -> None:
    buffer = ImageBuffer('mono8')
    first = buffer.fill(np.zeros((4, 6), np.uint8), Header()).data
    assert buffer.fill(np.ones((4, 6), np.uint8), Header()).data is first
