"""Images that cannot be labelled, on a real topic and, in all their variety, as messages."""

import array
import queue
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

from csrnet_ros.errors import ImageError
from csrnet_ros.media.encodings import ENCODINGS
from csrnet_ros.node.messages import image_from_message
from soak.images import MALFORMED, MOST, message

TIMEOUT_S = 60.0
CAMERAS = ('left', 'middle', 'right')
"""So many images are tried at a time."""


@pytest.fixture(scope='module', autouse=True)
def _node(start_module_node: Callable) -> None:
    given = [f'cameras:=[{", ".join(CAMERAS)}]']
    for name in CAMERAS:
        given.append(f'qos_overrides./{name}/image_raw.subscription.reliability:=reliable')
    start_module_node(*(part for value in given for part in ('-p', value))).wait_for(
        f'labelling /{CAMERAS[-1]}'
    )


def connected(peer, name: str) -> tuple[Callable, queue.Queue]:
    """Return what sends images of a camera, and its labels, when both are known to the node."""
    send, labels = peer.camera(f'/{name}/image_raw'), peer.listen(f'/csrnet/{name}/label')
    peer.connect(send, message(72, 96), labels)
    return send, labels


def answered(peer, send: Callable, labels: queue.Queue) -> None:
    """Send a good image and wait for its labels."""
    good = message(72, 96)
    good.header.stamp = peer.stamp()
    send(good)
    while labels.get(timeout=TIMEOUT_S).header.stamp != good.header.stamp:
        pass


def test_each_malformed_image_is_counted_and_the_next_good_one_answered(peer) -> None:
    ways = [connected(peer, name) for name in CAMERAS]
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    kinds = list(MALFORMED.values())
    assert len(kinds) % len(CAMERAS) == 0
    for count in range(1, 1 + len(kinds) // len(CAMERAS)):
        for send, _ in ways:
            send(kinds.pop()())
        # Alone on its way: a good one behind it could take its place.
        while unreadable(diagnostics) != [count] * len(CAMERAS):
            pass
        for send, labels in ways:
            answered(peer, send, labels)


def test_bytes_that_are_no_image_message_are_survived(peer) -> None:
    send, labels = connected(peer, CAMERAS[0])
    whole = bytes(serialize_message(message(72, 96)))
    no_text = whole.replace(b'rgb8', b'\xff\xfe\xfd8')
    for damaged in (whole[:100], whole[:6], no_text):
        send(damaged)
        answered(peer, send, labels)


def unreadable(diagnostics: queue.Queue) -> list[int]:
    """Return the count of each camera in the next diagnostics."""
    _, *cameras = diagnostics.get(timeout=TIMEOUT_S).status
    values = ({pair.key: pair.value for pair in camera.values} for camera in cameras)
    return [int(one['frames dropped: unreadable']) for one in values]


ENCODING_NAMES = st.sampled_from(sorted(ENCODINGS)) | st.text(max_size=12)
SIDES = st.integers(0, 70) | st.integers(0, MOST)


@st.composite
def messages(draw: Callable) -> Image:
    """Draw a message that is right, nearly right, or wrong altogether."""
    found = Image(encoding=draw(ENCODING_NAMES), height=draw(SIDES), width=draw(SIDES))
    found.is_bigendian = draw(st.integers(0, 255))
    encoding = ENCODINGS.get(found.encoding, ENCODINGS['rgb8'])
    near = st.integers(-2, 2)
    step = found.width * encoding.row_bytes + draw(near)
    found.step = min(max(step, 0), MOST) if draw(st.booleans()) else draw(SIDES)
    needed = int(found.height * encoding.rows) * found.step + draw(near)
    length = needed if 0 <= needed < 100_000 else draw(st.integers(0, 1000))
    found.data = array.array('B', bytes(length))
    return found


def most_bytes(found: Image) -> int:
    """Read a message and return the most memory that was taken meanwhile."""
    tracemalloc.start()
    try:
        image = image_from_message(found)
        assert (image.dtype, image.shape) == (np.uint8, (found.height, found.width, 3))
    except ImageError:
        pass
    finally:
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most_bytes


@settings(max_examples=400, deadline=None)
@given(messages())
def test_any_message_is_an_image_or_an_image_error(found: Image) -> None:
    # The lesser of two: what another thread of the tests receives may fall into one of them.
    assert min(most_bytes(found), most_bytes(found)) < 20 * len(found.data) + 2**20
