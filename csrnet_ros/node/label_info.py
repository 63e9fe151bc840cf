"""The names of the classes on a topic, as Nav2's semantic segmentation layer reads them."""

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from csrnet_ros.labels import LabelSet

try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:  # not part of a ROS base installation
    LabelInfo = VisionClass = None

TOPIC = '~/label_info'

# Who subscribes later gets it as well.
LATCHED_QOS = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


class LabelInfoPublisher:
    """Tells which number in a label image stands for which class.

    Without vision_msgs it does nothing, after one line in the log.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._publisher = None
        if LabelInfo is None:
            node.get_logger().info(f'no {TOPIC}: vision_msgs is not installed')
            return
        self._publisher = node.create_publisher(
            LabelInfo,
            TOPIC,
            LATCHED_QOS,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def publish(self, labels: LabelSet) -> None:
        """Publish the names of ``labels``, for those who subscribe now or later."""
        if self._publisher is None:
            return
        message = LabelInfo()
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.class_map = [
            VisionClass(class_id=number, class_name=name)
            for number, name in enumerate(labels.classes)
        ]
        self._publisher.publish(message)

    def close(self) -> None:
        """Destroy the publisher."""
        if self._publisher is not None:
            self._node.destroy_publisher(self._publisher)
