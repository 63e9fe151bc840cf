"""The names of the classes: there with vision_msgs, and the node whole without it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from std_srvs.srv import Trigger

from csrnet_ros.labels import CAMVID

VISION_MSGS = Path(__file__).with_name('vision_msgs')
ECHO = """
import json
import rclpy
from rclpy.qos import DurabilityPolicy, QoSProfile
from vision_msgs.msg import LabelInfo
rclpy.init()
node = rclpy.create_node('echo')
def show(message):
    names = {entry.class_id: entry.class_name for entry in message.class_map}
    print(json.dumps([names, message.threshold]), flush=True)
latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
node.create_subscription(LabelInfo, '/csrnet/label_info', show, latched)
rclpy.spin(node)
"""


def test_who_comes_late_learns_the_names_of_the_classes_and_of_those_that_replace_them(
    peer, start_node: Callable, with_messages: Callable, other_weights: Path
) -> None:
    with_messages(VISION_MSGS)
    start_node().wait_for('labelling')
    echo = subprocess.Popen([sys.executable, '-c', ECHO], stdout=subprocess.PIPE, text=True)
    try:
        # Fast DDS may complain on the same stream.
        said = (json.loads(line) for line in echo.stdout if line[:2] == '[{')
        names, threshold = next(said)
        assert peer.set_string('weights', str(other_weights))
        assert peer.call(Trigger, '/csrnet/reload_weights', tries=1).success
        others, _ = next(said)
    finally:
        echo.kill()
        echo.wait()
    assert names == {str(number): name for number, name in enumerate(CAMVID.classes)}
    assert threshold == 0.0
    assert others == {'0': 'ground', '1': 'rest'}


def test_without_the_messages_only_their_topic_is_missing(peer, start_node: Callable) -> None:
    node = start_node('-r', '__ns:=/plain')
    node.wait_for('no ~/label_info: vision_msgs is not installed')
    node.wait_for('labelling')
    assert peer.node.count_publishers('/plain/csrnet/label_info') == 0
