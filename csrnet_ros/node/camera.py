"""One camera of the node: where its frames arrive, wait, are counted and go out again."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from csrnet_ros.node.frame_timing import FrameTimings
from csrnet_ros.node.messages import TRANSPORTS
from csrnet_ros.node.outputs import Outputs
from csrnet_ros.node.parameters import CameraSettings
from csrnet_ros.node.statistics import CameraStatistics

try:
    from rclpy.event_handler import QoSMessageLostInfo, SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import QoSMessageLostInfo, SubscriptionEventCallbacks

Frame: TypeAlias = Image | CompressedImage


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame, and when it arrived, in seconds of the node's clock."""

    frame: Frame
    at_s: float


LOST_TRACK = 2**31 - 1
"""What the middleware reports as lost when it has lost count itself, as Fast DDS does where images
of very different sizes mix."""

# What cameras offer, and of that only the newest frame.
CAMERA_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


class CameraSlot:
    """Holds the newest frame of one camera until the worker takes it.

    :param arrived: notified when a frame arrives; the slots of all cameras share it
    """

    def __init__(self, arrived: threading.Condition) -> None:
        self._arrived = arrived
        self._waiting: Arrival | None = None

    def put(self, arrival: Arrival) -> bool:
        """Leave a frame; return whether an older one was waiting, which is now lost."""
        with self._arrived:
            overwritten = self._waiting is not None
            self._waiting = arrival
            self._arrived.notify()
        return overwritten

    def take(self) -> Arrival | None:
        """Return the waiting frame, if there is one, and leave the slot empty."""
        with self._arrived:
            arrival, self._waiting = self._waiting, None
        return arrival


SLACK = 0.1
"""Share of its period that a frame may come early: no camera ticks evenly, and one that runs at
the limit itself loses nothing."""


class RateLimiter:
    """Lets at most so many frames per second of the node's clock through, evenly."""

    def __init__(self) -> None:
        self._due_s = -math.inf

    def admits(self, now_s: float, *, limit_hz: float) -> bool:
        """Return whether a frame that arrives at ``now_s`` may pass; 0 Hz lets all pass."""
        if limit_hz == 0:
            return True
        period_s = 1 / limit_hz
        early_s = self._due_s - now_s
        slack_s = SLACK * period_s
        if slack_s < early_s <= period_s + slack_s:
            return False
        # Counting on from the time due keeps the mean rate although frames arrive a little
        # late; after a pause, or when the clock jumps back, the count starts anew.
        in_step = -period_s < early_s <= slack_s
        self._due_s = (self._due_s if in_step else now_s) + period_s
        return True


class Camera:
    """One camera: its subscription, slot, outputs and statistics.

    :param name: may be empty; else part of its output topics, ``~/<name>/label``
    :param settings: its parameters; those that are live may be set anew at any time
    :param arrived: notified when a frame arrives
    :param now_s: the node's clock, in seconds
    :ivar topic: what is subscribed to, by its whole name
    """

    def __init__(
        self,
        node: LifecycleNode,
        *,
        name: str,
        settings: CameraSettings,
        arrived: threading.Condition,
        now_s: Callable[[], float],
    ) -> None:
        self.name = name
        self.settings = settings
        self.transport = TRANSPORTS[settings.transport]
        # image_topic is remapped before a suffix is added, as image_transport does it. The name
        # asked for is remapped by ROS when it is subscribed to, and must not be before.
        suffix, base = self.transport.suffix, settings.image_topic
        self._asked = node.resolve_topic_name(base) + suffix if suffix else base
        self.topic = node.resolve_topic_name(self._asked)
        self.logger = node.get_logger().get_child(name) if name else node.get_logger()
        self.enabled = True
        self._limiter = RateLimiter()
        self.slot = CameraSlot(arrived)
        self.statistics = CameraStatistics()
        prefix = f'~/{name}/' if name else '~/'
        self.outputs = Outputs(node, prefix=prefix)
        self.timings = FrameTimings(node, camera=name, prefix=prefix)
        self._node = node
        self._now_s = now_s
        self._subscription: Subscription[Any] | None = None

    def subscribe(self) -> None:
        """Begin to receive frames."""
        self.statistics.start(self._now_s())
        self._subscription = self._node.create_subscription(
            self.transport.message_type,
            self._asked,
            self.receive,
            CAMERA_QOS,
            event_callbacks=SubscriptionEventCallbacks(message_lost=self._lose),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def unsubscribe(self) -> None:
        """Receive no more frames, and drop the one that waits."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None
        if self.slot.take() is not None:
            self.statistics.drop(self._now_s(), 'disabled')

    @property
    def subscribed(self) -> bool:
        """Whether frames are received."""
        return self._subscription is not None

    def receive(self, frame: Frame) -> None:
        """Count ``frame`` and leave it for the worker, if it may be labelled at all."""
        now_s = self._now_s()
        self.statistics.receive(now_s)
        if not self.enabled:
            self.statistics.drop(now_s, 'disabled')
        elif not self._limiter.admits(now_s, limit_hz=self.settings.rate_limit_hz):
            self.statistics.drop(now_s, 'limited')
        elif self.slot.put(Arrival(frame, now_s)):
            self.statistics.drop(now_s, 'overwritten')

    def _lose(self, loss: QoSMessageLostInfo) -> None:
        if loss.total_count_change < LOST_TRACK:
            self.statistics.lose(self._now_s(), loss.total_count_change)

    def close(self) -> None:
        """Destroy the subscription and the publishers."""
        self.unsubscribe()
        self.outputs.close()
        self.timings.close()
