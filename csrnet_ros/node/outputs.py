"""What the node publishes for one camera: label, color, overlay and confidence images."""

from collections.abc import Callable

import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from csrnet_ros.inference import Segmentation
from csrnet_ros.inference.outputs import OUTPUTS
from csrnet_ros.node.messages import ImageBuffer, compressed_message

# Reliable serves reliable and best-effort subscribers. A large image takes a while to leave: with
# depth 1 the next one would push it out before everyone has it.
IMAGE_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)

COMPRESSED = ('overlay/compressed',)
"""What is published as JPEG besides, named as image_transport names it."""


def output_of(topic: str) -> str:
    """Return which of ``OUTPUTS`` a topic carries."""
    return topic.split('/')[0]


class Outputs:
    """The publishers of one camera's images.

    :param prefix: what stands before the topic names, for instance ``~/``
    """

    def __init__(self, node: LifecycleNode, *, prefix: str) -> None:
        self._node = node
        self._publishers = {
            topic: node.create_lifecycle_publisher(
                CompressedImage if topic in COMPRESSED else Image,
                prefix + topic,
                IMAGE_QOS,
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
            for topic in (*OUTPUTS, *COMPRESSED)
        }
        self._messages: dict[str, Callable[[np.ndarray, Header], Image | CompressedImage]] = {
            name: ImageBuffer(encoding).fill for name, (_, encoding) in OUTPUTS.items()
        } | dict.fromkeys(COMPRESSED, compressed_message)

    def wanted(self) -> frozenset[str]:
        """Return the topics, without the prefix, that someone subscribes to at this moment."""
        return frozenset(
            topic
            for topic, publisher in self._publishers.items()
            if publisher.get_subscription_count() > 0
        )

    def publish(
        self, segmentation: Segmentation, header: Header, *, wanted: frozenset[str]
    ) -> None:
        """Publish ``segmentation`` on the ``wanted`` topics under ``header``, unchanged."""
        for topic in sorted(wanted):
            image = getattr(segmentation, OUTPUTS[output_of(topic)][0])
            self._publishers[topic].publish(self._messages[topic](image, header))

    def close(self) -> None:
        """Destroy the publishers."""
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
