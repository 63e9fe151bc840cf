"""What an operator has in a process of its own: the node's diagnostics, and its life cycle.

A request is a line on standard input, the number of a transition: ``{"transition": 1}``. Once a
second it ticks, whether or not there is a node.
"""

import json
import sys
import threading

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.node import Node
from rclpy.task import Future

from csrnet_ros.node.child import DIAGNOSTICS_TOPIC, run, tell


class Monitor(Node):
    """Tells the diagnostics of each part of the node, and asks for transitions."""

    def __init__(self) -> None:
        super().__init__('monitor')
        self.create_subscription(DiagnosticArray, DIAGNOSTICS_TOPIC, self._diagnose, 10)
        self._client = self.create_client(ChangeState, '/csrnet/change_state')
        self.create_timer(1.0, lambda: tell('tick'))
        threading.Thread(target=self._listen, daemon=True).start()

    def _diagnose(self, array: DiagnosticArray) -> None:
        for status in array.status:
            tell(
                'diagnostics',
                part=status.name.split(' ')[-1],
                broken=status.level == DiagnosticStatus.ERROR,
                message=status.message,
                values={pair.key: pair.value for pair in status.values},
            )

    def _listen(self) -> None:
        for line in sys.stdin:
            transition = json.loads(line)['transition']
            request = ChangeState.Request(transition=Transition(id=transition))
            self._client.call_async(request).add_done_callback(self._changed)

    @staticmethod
    def _changed(future: Future) -> None:
        tell('changed', success=future.result().success)


if __name__ == '__main__':
    sys.exit(run(lambda: rclpy.spin(Monitor())))
