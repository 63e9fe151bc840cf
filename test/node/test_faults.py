"""What happens around a node on a robot: processes die, hang and come back."""

import array
import os
import queue
import signal
import time
from collections.abc import Callable

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Header

from csrnet_ros.cli.children import Children
from csrnet_ros.node.messages import compressed_message

TIMEOUT_S = 60.0
LOST = 'frames lost on the way'


def wait_for_label(labels: queue.Queue, *, since_s: float) -> None:
    """Wait for the label of a frame that was taken after a moment, in seconds since 1970."""
    while labels.get(timeout=TIMEOUT_S).header.stamp.sec <= since_s:
        pass


def test_a_camera_that_dies_is_missed_and_taken_up_again_when_it_returns(
    peer, start_node: Callable, children: Children
) -> None:
    start_node('-r', '__ns:=/lonely').wait_for('labelling')
    labels = peer.listen('/lonely/csrnet/label')
    diagnostics = peer.listen('/lonely/csrnet/diagnostics', DiagnosticArray)

    def wait_for(*, broken: bool) -> str:
        while True:
            status = diagnostics.get(timeout=TIMEOUT_S).status[-1]
            if (status.level == DiagnosticStatus.ERROR) is broken:
                return status.message

    for again in (True, False):
        since_s = time.time()
        camera = children.start('camera', 'soak.camera', '/lonely/camera/image_raw')
        camera.ask(rate_hz=5, menu='plain')
        wait_for_label(labels, since_s=since_s)
        wait_for(broken=False)
        if not again:
            break
        os.kill(camera.pid, signal.SIGKILL)
        assert 'no image on /lonely/camera/image_raw' in wait_for(broken=True)


def test_large_images_that_get_lost_on_the_way_are_counted_and_told(
    peer, start_node: Callable, image: np.ndarray
) -> None:
    node = start_node('-r', '__ns:=/far')
    node.wait_for('labelling')
    send = peer.camera('/far/camera/image_raw')
    peer.connect(send, peer.message(image), peer.listen('/far/csrnet/label'))
    diagnostics = peer.listen('/far/csrnet/diagnostics', DiagnosticArray)
    peer.values_when(diagnostics, lambda now: now[LOST] == '0')
    # While the node stands still nothing takes the pieces of an image, and no buffer holds it all.
    node.signal(signal.SIGSTOP)
    large = peer.message(np.zeros((2160, 3840, 3), np.uint8))
    for _ in range(3):
        send(large)
    node.signal(signal.SIGCONT)
    lost = 0
    while lost < 3:
        send(peer.message(image))
        status = diagnostics.get(timeout=TIMEOUT_S).status[-1]
        lost = int({pair.key: pair.value for pair in status.values}[LOST])
    assert status.level == DiagnosticStatus.WARN
    assert '% of the frames lost on the way' in status.message


def test_no_more_images_are_lost_than_were_sent_though_their_sizes_differ_much(
    peer, start_node: Callable, image: np.ndarray
) -> None:
    start_node('-r', '__ns:=/mixed', '-p', 'transport:=compressed').wait_for('labelling')
    send = peer.camera('/mixed/camera/image_raw/compressed', CompressedImage)
    small = compressed_message(image, Header(stamp=peer.stamp()))
    peer.connect(send, small, peer.listen('/mixed/csrnet/label'))
    diagnostics = peer.listen('/mixed/csrnet/diagnostics', DiagnosticArray)
    before = peer.values_when(diagnostics, lambda now: LOST in now)
    large = CompressedImage(data=array.array('B', bytes(2_000_000)))
    sent = 0
    for _ in range(5):
        for message in (small, large, small, small, large, large):
            send(message)
            sent += 1
        after = peer.values_when(diagnostics, lambda now: LOST in now)
    assert int(after[LOST]) - int(before[LOST]) <= sent


def test_a_node_that_is_killed_at_work_labels_again_after_a_restart(
    peer, start_node: Callable, children: Children
) -> None:
    labels = peer.listen('/again/csrnet/label')
    camera = children.start('camera', 'soak.camera', '/again/camera/image_raw')
    camera.ask(rate_hz=30, menu='plain')
    for _ in range(2):
        since_s = time.time()
        node = start_node('-r', '__ns:=/again')
        wait_for_label(labels, since_s=since_s)
        node.signal(signal.SIGKILL)
        assert node.end() == -signal.SIGKILL
