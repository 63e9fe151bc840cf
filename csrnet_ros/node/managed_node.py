"""ROS's managed (lifecycle) node, which survives every transition asked of it."""

from typing import Any

from rclpy.lifecycle import LifecycleNode


class ManagedNode(LifecycleNode):
    """A lifecycle node that refuses a transition that its state does not have.

    Up to Jazzy, rclpy raises there, which ends the node and leaves the question unanswered.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._change_state = self._service_change_state.callback
        self._service_change_state.callback = self._answer

    def _answer(self, request: Any, response: Any) -> Any:
        """Answer the service ``~/change_state``."""
        try:
            return self._change_state(request, response)
        except RuntimeError:  # an RCLError; rcl has already logged which transition was meant
            response.success = False
            return response
