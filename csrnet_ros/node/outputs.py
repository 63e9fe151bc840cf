"""What the node publishes for one camera: label, color, overlay and confidence images."""

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from csrnet_ros.inference import Segmentation
from csrnet_ros.inference.outputs import OUTPUTS
from csrnet_ros.node.messages import ImageBuffer

# Reliable serves reliable and best-effort subscribers. A large image takes a while to leave: with
# depth 1 the next one would push it out before everyone has it.
IMAGE_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


class Outputs:
    """The publishers of one camera's images.

    :param prefix: what stands before the topic names, for instance ``~/``
    """

    def __init__(self, node: LifecycleNode, *, prefix: str) -> None:
        self._node = node
        self._publishers = {
            name: node.create_lifecycle_publisher(
                Image,
                prefix + name,
                IMAGE_QOS,
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
            for name in OUTPUTS
        }
        self._buffers = {name: ImageBuffer(encoding) for name, (_, encoding) in OUTPUTS.items()}

    def wanted(self) -> frozenset[str]:
        """Return the outputs that someone subscribes to at this moment."""
        return frozenset(
            name
            for name, publisher in self._publishers.items()
            if publisher.get_subscription_count() > 0
        )

    def publish(
        self, segmentation: Segmentation, header: Header, *, wanted: frozenset[str]
    ) -> None:
        """Publish the ``wanted`` images of ``segmentation`` under ``header``, unchanged."""
        for name in sorted(wanted):
            image = getattr(segmentation, OUTPUTS[name][0])
            self._publishers[name].publish(self._buffers[name].fill(image, header))

    def close(self) -> None:
        """Destroy the publishers."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
