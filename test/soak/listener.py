"""A subscriber in a process of its own: tells when which frame arrives on each of its topics."""

import sys
import time
from functools import partial

import rclpy
from rclpy.node import Node
from sensor_msgs.msg import Image

from csrnet_ros.node.child import FRAMES_QOS, run, stamp_of, tell


class Listener(Node):
    """Subscribes reliably to images."""

    def __init__(self, topics: list[str]) -> None:
        super().__init__('listener')
        for topic in topics:
            self.create_subscription(Image, topic, partial(self._receive, topic), FRAMES_QOS)

    def _receive(self, topic: str, image: Image) -> None:
        received_ns = time.time_ns()
        seconds, nanoseconds = stamp_of(image)
        tell('image', topic=topic, stamp_ns=10**9 * seconds + nanoseconds, received_ns=received_ns)


if __name__ == '__main__':
    sys.exit(run(lambda: rclpy.spin(Listener(sys.argv[1:]))))
