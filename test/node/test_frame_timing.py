"""The typed times of a frame: there with csrnet_msgs, and the node whole without it."""

import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

MESSAGES = Path(__file__).resolve().parents[2] / 'msg'
ECHO = """
import rclpy
from csrnet_msgs.msg import FrameTiming
rclpy.init()
node = rclpy.create_node('echo')
def show(message):
    if not message.header.frame_id:  # a frame that only made the processes known to each other
        return
    stages = ('convert', 'preprocess', 'network', 'postprocess', 'publish', 'stamp_to_publish')
    times = [getattr(message, stage + '_ms') for stage in stages]
    print(message.header.frame_id, message.camera, message.received,
          message.published, *times, flush=True)
node.create_subscription(FrameTiming, '/csrnet/mast/frame_timing', show, 10)
rclpy.spin(node)
"""


@pytest.fixture
def echo(with_messages: Callable) -> Iterator[subprocess.Popen]:
    """A process that prints the times it receives, a line for each frame."""
    with_messages(MESSAGES)
    process = subprocess.Popen([sys.executable, '-c', ECHO], stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait()


def test_every_labelled_frame_tells_its_times(
    peer, start_node: Callable, image: np.ndarray, echo: subprocess.Popen
) -> None:
    start_node('-p', 'cameras:=[mast]').wait_for('labelling')
    send = peer.camera('/mast/image_raw')
    peer.ask(send, peer.message(image), peer.listen('/csrnet/mast/label'))
    assert echo.stdout is not None
    for _ in range(240):  # until node and echo know each other
        send(peer.message(image))
        if select.select([echo.stdout], [], [], 0.25)[0]:
            break
    frame_id, camera, received, published, *times_ms = echo.stdout.readline().split()
    assert (frame_id, camera) == ('camera_optical_frame', 'mast')
    assert int(received) >= int(published) > 1
    assert all(float(time_ms) > 0 for time_ms in times_ms)
    assert float(times_ms[-1]) > float(times_ms[2])


def test_without_the_messages_only_their_topic_is_missing(
    peer, start_node: Callable, image: np.ndarray
) -> None:
    node = start_node('-r', '__ns:=/plain')
    node.wait_for('no ~/frame_timing: csrnet_msgs is not installed')
    node.wait_for('labelling')
    send = peer.camera('/plain/camera/image_raw')
    peer.ask(send, peer.message(image), peer.listen('/plain/csrnet/label'))
    assert peer.node.count_publishers('/plain/csrnet/frame_timing') == 0
