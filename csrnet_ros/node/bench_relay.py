"""The benchmark's floor: a node that answers every image with one of labels, without a network.

It converts and publishes as the segmentation node does, in its place on the topics, and says the
same of itself. What it takes, any node takes that is written in Python.
"""

import sys

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from csrnet_ros.inference.timing import CpuClock
from csrnet_ros.node.child import DIAGNOSTICS_TOPIC, IMAGE_TOPIC, LABEL_TOPIC, run, stamp_of
from csrnet_ros.node.diagnostics import PERIOD_S, camera_values, make_status
from csrnet_ros.node.messages import ImageBuffer, image_from_message
from csrnet_ros.node.outputs import IMAGE_QOS
from csrnet_ros.node.statistics import CameraStatistics

NEWEST_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class BenchRelay(Node):
    """Publishes labels that are all the same for every image."""

    def __init__(self) -> None:
        super().__init__('bench_relay')
        self._label = ImageBuffer('mono8')
        self._labels = np.zeros((0, 0), np.uint8)
        self._statistics = CameraStatistics()
        self._publisher = self.create_publisher(Image, LABEL_TOPIC, IMAGE_QOS)
        self._diagnostics = self.create_publisher(DiagnosticArray, DIAGNOSTICS_TOPIC, 1)
        self.create_subscription(Image, IMAGE_TOPIC, self._forward, NEWEST_QOS)
        self.create_timer(PERIOD_S, self._report)

    def _forward(self, frame: Image) -> None:
        clock = CpuClock()
        with clock.stage('convert'):
            image = image_from_message(frame)
        if image.shape[:2] != self._labels.shape:
            self._labels = np.zeros(image.shape[:2], np.uint8)
        with clock.stage('publish'):
            self._publisher.publish(self._label.fill(self._labels, frame.header))
        seconds, nanoseconds = stamp_of(frame)
        age_ms = 1e3 * (self._now_s() - seconds - 1e-9 * nanoseconds)
        times_ms = {'stamp to publish': age_ms, 'beside the engine': age_ms}
        self._statistics.publish(self._now_s(), clock.times_ms() | times_ms)

    def _report(self) -> None:
        values = camera_values(self._statistics.report(self._now_s()))
        status = make_status('relay', DiagnosticStatus.OK, '', values, hardware_id=IMAGE_TOPIC)
        self._diagnostics.publish(DiagnosticArray(status=[status]))

    def _now_s(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9


def work() -> None:
    """Forward until a signal ends it."""
    rclpy.spin(BenchRelay())


if __name__ == '__main__':
    sys.exit(run(work))
