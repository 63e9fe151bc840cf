"""Compressed images in, and a compressed overlay out, through a node in a process of its own."""

import array
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CompressedImage

from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.media.encodings import RawImage

TOPIC = '/camera/image_raw/compressed'


@pytest.fixture(scope='module', autouse=True)
def _node(start_module_node: Callable) -> None:
    start_module_node('-p', 'transport:=compressed').wait_for(f'labelling {TOPIC}')


@pytest.fixture
def send(peer) -> Callable[[CompressedImage], None]:
    """Publish as the camera."""
    return peer.camera(TOPIC, CompressedImage)


def encoded(peer, image: np.ndarray, extension: str) -> CompressedImage:
    """Return RGB or gray uint8 (or 16 bits) as a message."""
    pixels = image[..., ::-1] if image.ndim == 3 else image
    done, data = cv2.imencode(extension, pixels)
    assert done
    message = CompressedImage(format=extension[1:], data=array.array('B', data.tobytes()))
    message.header.stamp = peer.stamp()
    message.header.frame_id = 'camera_optical_frame'
    return message


def test_png_loses_nothing_and_jpeg_is_labelled_as_decoded(
    peer, send, engine: SegmentationEngine, image: np.ndarray
) -> None:
    labels = peer.listen('/csrnet/label')
    for extension in ('.png', '.jpg'):
        message = encoded(peer, image, extension)
        answer = peer.ask(send, message, labels)
        seen = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        assert np.array_equal(seen, image) is (extension == '.png')
        expected = engine.segment(np.ascontiguousarray(seen)).labels
        np.testing.assert_array_equal(peer.pixels(answer), expected)
        assert answer.header == message.header


def test_size_and_format_may_change_with_every_image(peer, send, image: np.ndarray) -> None:
    labels = peer.listen('/csrnet/label')
    gray = image[:64, :80, 0]
    deep = gray.astype(np.uint16) * 257
    for part, extension in ((image, '.jpg'), (gray, '.png'), (deep, '.png'), (gray, '.jpg')):
        answer = peer.ask(send, encoded(peer, part, extension), labels)
        assert (answer.height, answer.width) == part.shape[:2]


def test_a_mosaic_in_a_png_is_labelled_in_its_colors(
    peer, send, engine: SegmentationEngine, image: np.ndarray
) -> None:
    cells = [[0, 1], [1, 2]]  # the colour that each pixel of an RGGB cell has
    height, width = image.shape[:2]
    rows, columns = np.indices((height, width))
    mosaic = image[rows, columns, np.tile(cells, (height // 2, width // 2))]
    message = encoded(peer, mosaic, '.png')
    message.format = 'bayer_rggb8; png compressed '
    answer = peer.ask(send, message, peer.listen('/csrnet/label'))
    raw = RawImage('bayer_rggb8', height, width, width, mosaic.tobytes())
    np.testing.assert_array_equal(peer.pixels(answer), engine.segment(raw.to_rgb()).labels)


def test_what_is_no_image_is_counted_and_the_next_one_answered(
    peer, send, image: np.ndarray
) -> None:
    labels = peer.listen('/csrnet/label')
    peer.ask(send, encoded(peer, image, '.jpg'), labels)
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    key = 'frames dropped: unreadable'
    before = int(peer.values_when(diagnostics, lambda now: key in now)[key])
    broken = encoded(peer, image, '.png')
    for number, data in enumerate((b'', b'not an image', broken.data[:60].tobytes()), start=1):
        broken.data = array.array('B', data)
        send(broken)
        peer.values_when(diagnostics, lambda now, n=number: int(now[key]) == before + n)
    peer.ask(send, encoded(peer, image, '.jpg'), labels)


def test_the_compressed_overlay_is_the_overlay(
    peer, send, engine: SegmentationEngine, image: np.ndarray
) -> None:
    smooth = cv2.GaussianBlur(image, (0, 0), 3)
    message = encoded(peer, smooth, '.png')
    overlays = peer.listen('/csrnet/overlay/compressed', CompressedImage)
    answer = peer.ask(send, message, overlays)
    assert (answer.header, answer.format) == (message.header, 'jpeg')
    got = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    expected = engine.segment(smooth, overlay=True).overlay
    assert len(answer.data) < expected.size / 3
    assert np.abs(got.astype(int) - expected).mean() < 8


def test_a_topic_that_is_remapped_keeps_its_suffix(
    peer, start_node: Callable, image: np.ndarray
) -> None:
    node = start_node(
        *('-r', '__ns:=/robot', '-r', 'camera/image_raw:=/mast', '-p', 'transport:=compressed')
    )
    node.wait_for('labelling /mast/compressed')
    send = peer.camera('/mast/compressed', CompressedImage)
    peer.ask(send, encoded(peer, image, '.png'), peer.listen('/robot/csrnet/label'))
    array = peer.listen('/robot/csrnet/diagnostics', DiagnosticArray).get(timeout=60)
    assert [one.name for one in array.status] == ['robot/csrnet: engine', 'robot/csrnet: camera']
