"""The benchmark's listener: tells when labels arrive, and what the node says of itself."""

import sys
import time

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import Image

from csrnet_ros.node.child import DIAGNOSTICS_TOPIC, FRAMES_QOS, LABEL_TOPIC, run, stamp_of, tell


class BenchListener(Node):
    """Subscribes to labels and diagnostics."""

    def __init__(self) -> None:
        super().__init__('bench_listener')
        self.create_subscription(Image, LABEL_TOPIC, self._receive, FRAMES_QOS)
        self.create_subscription(DiagnosticArray, DIAGNOSTICS_TOPIC, self._diagnose, FRAMES_QOS)

    def _receive(self, label: Image) -> None:
        received_ns = time.time_ns()
        seconds, nanoseconds = stamp_of(label)
        tell('label', stamp_ns=10**9 * seconds + nanoseconds, received_ns=received_ns)

    def _diagnose(self, array: DiagnosticArray) -> None:
        values = {pair.key: pair.value for status in array.status for pair in status.values}
        tell('diagnostics', values=values)


def work() -> None:
    """Listen until a signal ends it."""
    rclpy.spin(BenchListener())


if __name__ == '__main__':
    sys.exit(run(work))
