"""A camera in a process of its own, which sends whatever it is asked to.

A request is a line on standard input: ``{"rate_hz": 30, "menu": "mixed"}``; a rate of 0 makes it
pause and tell how many frames it has sent since it started, and the stamp of the last.
"""

import itertools
import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from csrnet_ros.node.child import run, tell
from soak.images import ENCODED, MALFORMED, PLAIN_PX, message

MIXED_PX = ((96, 128), (240, 320), PLAIN_PX)

MALFORMED_EVERY = 7
"""So many good frames of the mixed menu come before a bad one."""

# Reliable and deep: what is lost on the way is not the node's doing, and nothing shall be.
CAMERA_QOS = QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE)


def _plain() -> Iterator[Image]:
    return itertools.repeat(message(*PLAIN_PX))


def _mixed() -> Iterator[Image]:
    good = itertools.cycle(
        [message(*size_px, encoding) for encoding in ENCODED for size_px in MIXED_PX]
    )
    bad = itertools.cycle([spoil() for spoil in MALFORMED.values()])
    while True:
        yield from itertools.islice(good, MALFORMED_EVERY)
        yield next(bad)


MENUS: dict[str, Callable[[], Iterator[Image]]] = {'plain': _plain, 'mixed': _mixed}


class Camera(Node):
    """Publishes the messages of a menu in turn; the stamp is the moment before each leaves."""

    def __init__(self, topic: str) -> None:
        super().__init__('camera')
        self._publisher = self.create_publisher(Image, topic, CAMERA_QOS)
        self._requests: queue.SimpleQueue[dict | None] = queue.SimpleQueue()
        self._sent = self._stamp_ns = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def work(self) -> None:
        """Do what is asked, one request until the next, until nobody asks any more.

        Nothing is sent before somebody subscribes.
        """
        while not self._publisher.get_subscription_count():
            time.sleep(0.05)  # rclpy tells nobody
        request = self._requests.get()
        while request is not None:
            if not request['rate_hz']:
                tell('paused', sent=self._sent, stamp_ns=self._stamp_ns)
                request = self._requests.get()
            else:
                request = self._stream(**request)

    def _listen(self) -> None:
        for line in sys.stdin:
            self._requests.put(json.loads(line))
        self._requests.put(None)

    def _stream(self, *, rate_hz: float, menu: str) -> dict | None:
        """Publish at a rate, whether or not anyone keeps up; return the next request."""
        begin_s = time.monotonic()
        for number, frame in enumerate(MENUS[menu]()):
            wait_s = max(0.0, begin_s + number / rate_hz - time.monotonic())
            try:
                return self._requests.get(timeout=wait_s)
            except queue.Empty:
                now = self.get_clock().now()
                frame.header.stamp = now.to_msg()
                self._publisher.publish(frame)
                self._sent, self._stamp_ns = self._sent + 1, now.nanoseconds
        raise AssertionError('a menu never ends')


if __name__ == '__main__':
    sys.exit(run(lambda: Camera(sys.argv[1]).work()))
