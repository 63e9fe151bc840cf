"""Where the time of each frame went, on a topic that can be plotted, if csrnet_msgs is there."""

from collections.abc import Mapping

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Header

try:
    from csrnet_msgs.msg import FrameTiming
except ImportError:  # an interface package has to be built, which not everyone does
    FrameTiming = None

TOPIC = 'frame_timing'
STAGES = ('convert', 'preprocess', 'network', 'postprocess', 'publish', 'stamp to publish')
TIMING_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


class FrameTimings:
    """Publishes the times of one camera's frames while someone subscribes to them.

    Without csrnet_msgs it does nothing, after one line in the log.

    :param camera: the camera's name; empty for the only one
    :param prefix: what stands before the topic's name, for instance ``~/``
    """

    def __init__(self, node: LifecycleNode, *, camera: str, prefix: str) -> None:
        self._node = node
        self._camera = camera
        self._publisher = None
        if FrameTiming is None:
            node.get_logger().info(f'no {prefix}{TOPIC}: csrnet_msgs is not installed')
            return
        self._publisher = node.create_lifecycle_publisher(
            FrameTiming,
            prefix + TOPIC,
            TIMING_QOS,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def publish(
        self, header: Header, times_ms: Mapping[str, float], *, received: int, published: int
    ) -> None:
        """Publish the milliseconds of a frame's stages under the frame's ``header``."""
        if self._publisher is None or not self._publisher.get_subscription_count():
            return
        message = FrameTiming(header=header, camera=self._camera)
        message.received, message.published = received, published
        for stage in STAGES:
            setattr(message, f'{stage.replace(" ", "_")}_ms', times_ms.get(stage, 0.0))
        self._publisher.publish(message)

    def close(self) -> None:
        """Destroy the publisher."""
        if self._publisher is not None:
            self._node.destroy_lifecycle_publisher(self._publisher)
