"""What happens around a node on a robot: processes die, hang and come back."""

import os
import queue
import signal
import time
from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from csrnet_ros.cli.children import Children

TIMEOUT_S = 60.0


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
