"""The demo's camera: publishes a drawn street, or the images of a source, as a driver would."""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from csrnet_ros.errors import DemoError, ImageError
from csrnet_ros.media.frames import FrameSource, open_frames
from csrnet_ros.node.child import (
    FRAMES_QOS,
    IMAGE_TOPIC,
    LABEL_TOPIC,
    TRUTH_TOPIC,
    Stamp,
    run,
    stamp_of,
    tell,
)
from csrnet_ros.node.messages import ImageBuffer
from csrnet_ros.training.datasets.street import draw_street

START_TIMEOUT_S = 180.0
"""The node may load its network for so long."""

RESEND_S = 5.0
"""A frame whose label is not back by then is sent again: cameras' topics may lose messages."""

LABEL_TIMEOUT_S = 30.0

PAUSE_S = 0.01
"""Two large messages at once are more than the shared memory between processes holds."""

Shot = tuple[np.ndarray, np.ndarray | None]
"""An image, RGB uint8 (H, W, 3), and its true labels, uint8 (H, W), where they are known."""


class DemoCamera(Node):
    """Publishes images, and their true labels where they are known, under one stamp."""

    def __init__(self) -> None:
        super().__init__('demo_camera')
        self._image = ImageBuffer('rgb8')
        self._truth = ImageBuffer('mono8')
        self._image_publisher = self.create_publisher(Image, IMAGE_TOPIC, FRAMES_QOS)
        self._truth_publisher = self.create_publisher(Image, TRUTH_TOPIC, FRAMES_QOS)
        self._labelled: Stamp | None = None
        self.create_subscription(Image, LABEL_TOPIC, self._receive, FRAMES_QOS)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)

    def wait_for_watchers(self) -> None:
        """Wait until the node and the viewer subscribe.

        :raises DemoError: if they do not in time
        """
        deadline_s = time.monotonic() + START_TIMEOUT_S
        expected = {self._image_publisher: 2, self._truth_publisher: 1}
        while any(publisher.get_subscription_count() < n for publisher, n in expected.items()):
            if time.monotonic() > deadline_s:
                raise DemoError(
                    f'after {START_TIMEOUT_S:.0f} s the node and the viewer do not both '
                    f'subscribe to {IMAGE_TOPIC}'
                )
            self._executor.spin_once(timeout_sec=0.1)

    def stream(self, shots: Iterable[Shot], *, rate_hz: float) -> None:
        """Send frames at a fixed rate, whether or not anyone keeps up."""
        due_s = time.monotonic()
        for shot in shots:
            time.sleep(max(0.0, due_s - time.monotonic()))
            self._send(shot)
            due_s += 1 / rate_hz
        self._flush()

    def converse(self, shots: Iterable[Shot]) -> None:
        """Send a frame, wait for its label, send the next.

        :raises DemoError: if a label does not come
        """
        for number, shot in enumerate(shots, start=1):
            message = self._send(shot)
            if not self._answered(message):
                raise DemoError(
                    f'frame {number} got no label within {LABEL_TIMEOUT_S:.0f} s; the log of the '
                    'node may say why'
                )
        self._flush()

    def _send(self, shot: Shot) -> Image:
        image, truth = shot
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id='camera_optical_frame')
        message = self._image.fill(image, header)
        self._image_publisher.publish(message)
        if truth is not None:
            time.sleep(PAUSE_S)
            self._truth_publisher.publish(self._truth.fill(truth, header))
        return message

    def _answered(self, message: Image) -> bool:
        """Wait for the label of ``message``; return whether it came."""
        begin_s = time.monotonic()
        resend_s = begin_s + RESEND_S
        while self._labelled != stamp_of(message):
            now_s = time.monotonic()
            if now_s > begin_s + LABEL_TIMEOUT_S:
                return False
            if now_s > resend_s:
                resend_s += RESEND_S
                self._image_publisher.publish(message)
            self._executor.spin_once(timeout_sec=0.1)
        return True

    def _receive(self, label: Image) -> None:
        self._labelled = stamp_of(label)

    def _flush(self) -> None:
        """Wait until the viewer has the last frames: they would vanish with this process."""
        for publisher in (self._image_publisher, self._truth_publisher):
            publisher.wait_for_all_acked(Duration(seconds=10))


def read_shots(source: FrameSource, *, most: int | None, min_side_px: int) -> Iterator[Shot]:
    """Yield the frames of a source.

    A file that cannot be read, and an image too small for the network, is reported and left out.

    :param most: how many frames are read; None for all
    """

    def report(error: ImageError) -> None:
        tell('skipped', why=str(error))

    for frame in islice(source.frames(unreadable=report), most):
        height_px, width_px = frame.image.shape[:2]
        if min(height_px, width_px) < min_side_px:
            size = f'an image of {height_px}x{width_px} pixels (height x width)'
            report(ImageError(f'{frame.origin}: {size}; each side needs at least {min_side_px}'))
        else:
            yield frame.image, None


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog='demo_camera', description=__doc__)
    parser.add_argument('source', nargs='?', help='image, folder, video or webcam number')
    parser.add_argument('--frames', type=int, required=True, help='how many, if there is no end')
    parser.add_argument('--rate-hz', type=float, required=True, help='of a source without end')
    parser.add_argument(
        '--min-side-px', type=int, required=True, help='smaller images are left out'
    )
    return parser.parse_args()


def work() -> None:
    """Publish what the command line asks for."""
    args = parse()
    camera = DemoCamera()
    if args.source is None:
        # Drawn beforehand, the street takes no time from the network.
        streets = [draw_street(frame) for frame in range(args.frames)]
        camera.wait_for_watchers()
        camera.stream(streets, rate_hz=args.rate_hz)
        return
    source = open_frames(args.source)
    most = args.frames if source.live else None
    shots = read_shots(source, most=most, min_side_px=args.min_side_px)
    camera.wait_for_watchers()
    if source.live:
        camera.stream(shots, rate_hz=args.rate_hz)
    else:
        camera.converse(shots)


if __name__ == '__main__':
    sys.exit(run(work))
