"""The benchmark's camera: publishes an image at the rates that it is asked for.

A request is a line on standard input, for instance ``{"frames": 10, "rate_hz": 2.5}``.
"""

import argparse
import json
import sys
import time

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from csrnet_ros.errors import BenchmarkError
from csrnet_ros.node.child import FRAMES_QOS, IMAGE_TOPIC, run, tell
from csrnet_ros.node.messages import ImageBuffer

START_TIMEOUT_S = 180.0


class BenchCamera(Node):
    """Publishes an image of a size in pixels; its stamp is the moment before it is published."""

    def __init__(self, *, height_px: int, width_px: int) -> None:
        super().__init__('bench_camera')
        # What the image shows costs nothing, so it need not be drawn.
        image = np.random.RandomState(0).randint(0, 256, (height_px, width_px, 3), np.uint8)
        self._message = ImageBuffer('rgb8').fill(image, Header(frame_id='camera_optical_frame'))
        self._publisher = self.create_publisher(Image, IMAGE_TOPIC, FRAMES_QOS)

    def wait_for_subscriber(self) -> None:
        """Wait until somebody subscribes.

        :raises BenchmarkError: if nobody does in time
        """
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not self._publisher.get_subscription_count():
            if time.monotonic() > deadline_s:
                raise BenchmarkError(
                    f'after {START_TIMEOUT_S:.0f} s nobody subscribes to {IMAGE_TOPIC}'
                )
            time.sleep(0.05)

    def stream(self, *, frames: int, rate_hz: float) -> None:
        """Send frames at a fixed rate, whether or not anyone keeps up.

        It tells when it begins, and the stamps when all are sent.
        """
        tell('streaming')
        begin_s = time.monotonic()
        stamps_ns = []
        for number in range(frames):
            time.sleep(max(0.0, begin_s + number / rate_hz - time.monotonic()))
            now = self.get_clock().now()
            self._message.header.stamp = now.to_msg()
            self._publisher.publish(self._message)
            stamps_ns.append(now.nanoseconds)
        tell('sent', stamps_ns=stamps_ns)


def work() -> None:
    """Publish what is asked for, until nobody asks any more."""
    parser = argparse.ArgumentParser(prog='bench_camera', description=__doc__)
    parser.add_argument('--height-px', type=int, required=True)
    parser.add_argument('--width-px', type=int, required=True)
    args = parser.parse_args()
    camera = BenchCamera(height_px=args.height_px, width_px=args.width_px)
    camera.wait_for_subscriber()
    for line in sys.stdin:
        camera.stream(**json.loads(line))


if __name__ == '__main__':
    sys.exit(run(work))
