"""Image messages to arrays and back."""

import array

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from csrnet_ros.errors import ImageError
from csrnet_ros.media.encodings import ENCODINGS
from csrnet_ros.node.messages import ImageBuffer, image_from_message


def make(encoding: str, height: int, width: int) -> Image:
    """Return a message of noise, its rows packed."""
    step = width * ENCODINGS[encoding].row_bytes
    noise = np.random.default_rng(height * width).integers(0, 256, height * step)
    return Image(
        height=height,
        width=width,
        encoding=encoding,
        step=step,
        data=array.array('B', noise.astype(np.uint8).tobytes()),
    )


def test_every_field_of_the_message_counts() -> None:
    message = make('mono16', 4, 6)
    pixels = np.frombuffer(message.data, np.uint8).reshape(4, 6, 2)
    for big_endian in (0, 1):
        message.is_bigendian = big_endian
        expected = pixels[..., 0 if big_endian else 1]
        np.testing.assert_array_equal(image_from_message(message)[..., 0], expected)
    message.width, message.step = 5, 12
    np.testing.assert_array_equal(image_from_message(message)[..., 0], expected[:, :5])


def test_packed_rgb_is_not_copied() -> None:
    message = make('rgb8', 4, 5)
    assert np.shares_memory(image_from_message(message), np.frombuffer(message.data, np.uint8))


def test_a_message_that_cannot_be_is_an_error() -> None:
    message = make('rgb8', 4, 5)
    message.data = message.data[:59]
    with pytest.raises(ImageError, match='59 bytes.* 60'):
        image_from_message(message)


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
