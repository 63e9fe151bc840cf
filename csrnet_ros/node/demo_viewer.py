"""The demo's viewer: joins images and labels by stamp, writes a video and a picture, scores."""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from csrnet_ros.errors import DemoError
from csrnet_ros.labels import CAMVID, LabelSet
from csrnet_ros.media.legend import Triptych
from csrnet_ros.media.saving import VideoFile, save_image
from csrnet_ros.node.child import (
    DIAGNOSTICS_TOPIC,
    FRAMES_QOS,
    IMAGE_TOPIC,
    LABEL_TOPIC,
    OVERLAY_TOPIC,
    TRUTH_TOPIC,
    Stamp,
    run,
    stamp_of,
    tell,
)
from csrnet_ros.node.messages import image_from_message
from csrnet_ros.training.metrics import ConfusionMatrix

VIDEO_PANEL_PX = 480
PICTURE_PANEL_PX = 640

LAST_FRAMES_S = 20.0
"""So long after the camera's end the node may still be at work on its last frames."""


class Album:
    """Keeps what is seen: every frame in a video, the richest one as a picture, and the score.

    :param scored: whether to compare the labels with the truth
    """

    def __init__(self, labels: LabelSet, video: VideoFile, *, scored: bool) -> None:
        self.matrix = ConfusionMatrix(len(labels)) if scored else None
        self._labels = labels
        self._video = video
        self._sheet: Triptych | None = None
        self._richness = -1.0
        self._richest: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def add(self, parts: dict[str, np.ndarray]) -> None:
        """Take a frame by its topics: image, label, overlay, and truth if there is a score."""
        image, label, overlay = (parts[t] for t in (IMAGE_TOPIC, LABEL_TOPIC, OVERLAY_TOPIC))
        if self._sheet is None:
            self._sheet = self._sheet_for(image, VIDEO_PANEL_PX)
        self._video.write(self._sheet.compose(image, label, overlay))
        if self.matrix is not None:
            self.matrix.update(parts[TRUTH_TOPIC], label)
        if (richness := _entropy(label)) > self._richness:
            self._richness, self._richest = richness, (image, label, overlay)

    def save_picture(self, path: Path) -> None:
        """Write the frame whose pixels spread most evenly over the classes.

        :raises DemoError: if there was no frame
        """
        if self._richest is None:
            raise DemoError('no frame was labelled; the log of the node may say why')
        sheet = self._sheet_for(self._richest[0], PICTURE_PANEL_PX)
        save_image(path, sheet.compose(*self._richest))

    def _sheet_for(self, image: np.ndarray, panel_width_px: int) -> Triptych:
        panel_height_px = round(panel_width_px * image.shape[0] / image.shape[1])
        return Triptych(
            self._labels, panel_height_px=panel_height_px, panel_width_px=panel_width_px
        )


def _entropy(label: np.ndarray) -> float:
    """Return how evenly the pixels spread over the classes: 0 if there is only one class."""
    counts = np.bincount(label.ravel())
    shares = counts[counts > 0] / label.size
    return float(-(shares * np.log(shares)).sum())


class DemoViewer(Node):
    """Joins the messages of each frame and gives the complete ones to the album.

    It subscribes to the camera last, when the node already knows that its labels are wanted:
    the camera waits for that, so no frame is lost at the start.

    :param with_truth: whether the camera publishes the true labels as well
    """

    def __init__(self, album: Album, *, with_truth: bool) -> None:
        super().__init__('demo_viewer')
        self.received = self.labelled = 0
        self.diagnostics: dict[str, str] = {}
        self._album = album
        self._wanted = {IMAGE_TOPIC, LABEL_TOPIC, OVERLAY_TOPIC}
        if with_truth:
            self._wanted.add(TRUTH_TOPIC)
        self._parts: dict[Stamp, dict[str, np.ndarray]] = {}
        self._seen: Counter[str] = Counter()
        self._newest = self._done = (0, 0)
        self._informed = self._watching = False
        self._watch(LABEL_TOPIC, OVERLAY_TOPIC)
        self.create_subscription(DiagnosticArray, DIAGNOSTICS_TOPIC, self._diagnose, FRAMES_QOS)

    def watch(self) -> None:
        """Return when the camera is gone and the node has dealt with its last frame."""
        executor = SingleThreadedExecutor()
        executor.add_node(self)
        gone_s = None
        while gone_s is None or time.monotonic() < gone_s + LAST_FRAMES_S:
            executor.spin_once(timeout_sec=0.2)
            if self.diagnostics and not self._watching and self.count_publishers(IMAGE_TOPIC):
                self._watching = True
                self._watch(TRUTH_TOPIC, IMAGE_TOPIC)
            if gone_s is None and self._watching and not self.count_publishers(IMAGE_TOPIC):
                gone_s = time.monotonic()
                self._informed = False  # what the node said until now may be out of date
            if gone_s is not None and self._informed and self._settled():
                return

    def _settled(self) -> bool:
        received, published, dropped = (
            int(self.diagnostics[f'frames {fate}'])
            for fate in ('received', 'published', 'dropped')
        )
        seen = self._seen[LABEL_TOPIC], self._seen[OVERLAY_TOPIC]
        return received == published + dropped and seen == (published, published)

    def _watch(self, *topics: str) -> None:
        for topic in topics:

            def receive(message: Image, topic: str = topic) -> None:
                self._receive(message, topic)

            self.create_subscription(Image, topic, receive, FRAMES_QOS)

    def _receive(self, message: Image, topic: str) -> None:
        self._seen[topic] += 1
        stamp = stamp_of(message)
        if stamp <= self._done:
            return  # the camera sent it again, but it was labelled after all
        if topic == IMAGE_TOPIC and stamp > self._newest:
            self._newest = stamp
            self.received += 1
        image = image_from_message(message)
        mono = message.encoding == 'mono8'
        parts = self._parts.setdefault(stamp, {})
        parts[topic] = image[..., 0] if mono else image
        if parts.keys() == self._wanted:
            self._finish(stamp)

    def _finish(self, stamp: Stamp) -> None:
        """Give the frame to the album; older ones that are still incomplete were dropped."""
        self._album.add(self._parts[stamp])
        self._done = stamp
        self._parts = {other: parts for other, parts in self._parts.items() if other > stamp}
        self.labelled += 1
        tell('labelled')

    def _diagnose(self, array: DiagnosticArray) -> None:
        # The times of stages are missing after a silence: those from before it are kept.
        self.diagnostics |= {pair.key: pair.value for each in array.status for pair in each.values}
        self._informed = True


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog='demo_viewer', description=__doc__)
    parser.add_argument('--out', type=Path, required=True, help='folder for demo.mp4, demo.png')
    parser.add_argument('--labels', required=True, help='the classes, a LabelSet as JSON')
    parser.add_argument('--rate-hz', type=float, required=True, help='of the video')
    parser.add_argument('--truth', action='store_true', help='true labels come as well')
    return parser.parse_args()


def _label_set(text: str) -> LabelSet:
    fields = json.loads(text)
    return LabelSet(fields['name'], tuple(fields['classes']), tuple(map(tuple, fields['colors'])))


def work() -> None:
    """Watch until the end, write the files, report."""
    args = parse()
    labels = _label_set(args.labels)
    with VideoFile(args.out / 'demo.mp4', rate_hz=args.rate_hz) as video:
        scored = args.truth and labels.classes == CAMVID.classes
        album = Album(labels, video, scored=scored)
        viewer = DemoViewer(album, with_truth=args.truth)
        viewer.watch()
        album.save_picture(args.out / 'demo.png')
    tell(
        'report',
        received=viewer.received,
        labelled=viewer.labelled,
        diagnostics=viewer.diagnostics,
        counts=None if album.matrix is None else album.matrix.counts.tolist(),
    )


if __name__ == '__main__':
    sys.exit(run(work))
