"""What processes share that a command starts: their topics, and how they report and end."""

import json
import sys
from collections.abc import Callable

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from csrnet_ros.errors import CsrnetError

IMAGE_TOPIC = '/camera/image_raw'
TRUTH_TOPIC = '/camera/truth'
LABEL_TOPIC = '/csrnet/label'
OVERLAY_TOPIC = '/csrnet/overlay'
DIAGNOSTICS_TOPIC = '/csrnet/diagnostics'

# Deep enough that the viewer loses nothing while it writes a frame of the video.
FRAMES_QOS = QoSProfile(depth=50, reliability=ReliabilityPolicy.RELIABLE)

Stamp = tuple[int, int]


def stamp_of(message: Image) -> Stamp:
    """Return the stamp of a message, which tells its frame from all others."""
    return message.header.stamp.sec, message.header.stamp.nanosec


def tell(event: str, **facts: object) -> None:
    """Report to whoever started this process: one JSON object per line on stdout."""
    print(json.dumps({'event': event, **facts}), flush=True)


def run(work: Callable[[], None]) -> int:
    """Do ``work`` between start and end of ROS; return the exit status."""
    rclpy.init(args=[])
    try:
        work()
    except (CsrnetError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130
    finally:
        rclpy.try_shutdown()
    return 0
