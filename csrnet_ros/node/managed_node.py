"""ROS's managed (lifecycle) node, which survives every transition and value asked of it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import rclpy
from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from csrnet_ros.errors import CsrnetError

SUCCESS = TransitionCallbackReturn.SUCCESS


class ManagedNode(LifecycleNode):
    """A lifecycle node that refuses a transition that its state does not have.

    Up to Jazzy, rclpy raises there, which ends the node and leaves the question unanswered. So it
    does at a parameter's value of a type that ROS does not have, which is refused as well.

    :param options: of rclpy's node
    """

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self._change_state = self._service_change_state.callback
        self._service_change_state.callback = self._answer
        for service in self.services:
            if service.srv_type in (SetParameters, SetParametersAtomically):
                service.callback = partial(self._set, service.callback)

    def destroy_node(self) -> None:
        """Take leave of other processes."""
        super().destroy_node()
        # rclpy forgets it: the participant, with the services of the life cycle, would stay.
        self._state_machine.destroy_when_not_in_use()

    def _answer(self, request: Any, response: Any) -> Any:
        """Answer the service ``~/change_state``."""
        try:
            return self._change_state(request, response)
        except RuntimeError:  # an RCLError; rcl has already logged which transition was meant
            response.success = False
            return response

    @staticmethod
    def _set(change: Callable[[Any, Any], Any], request: Any, response: Any) -> Any:
        """Answer the services ``~/set_parameters`` and ``~/set_parameters_atomically``."""
        try:
            return change(request, response)
        except ValueError as error:
            refused = SetParametersResult(successful=False, reason=str(error))
        if isinstance(request, SetParametersAtomically.Request):
            response.result = refused
        else:  # those before it were set, and those behind it were not tried
            left = len(request.parameters) - len(response.results)
            response.results = [*response.results, *[refused] * left]
        return response

    def attempt(
        self, verb: str, action: Callable[[], None], undo: Callable[[], None] | None = None
    ) -> TransitionCallbackReturn:
        """Do ``action``; if that fails, say why, undo what was done and report the failure."""
        try:
            action()
            return SUCCESS
        except Exception as error:  # rclpy would swallow it without a word
            foreseen = isinstance(error, (CsrnetError, ValueError))
            why = str(error) if foreseen else f'{type(error).__name__}: {error}'
            if rclpy.ok():  # else it is the end of the process that got in the way
                self.get_logger().error(f'cannot {verb}: {why}')
        if undo is not None:
            undo()
        return TransitionCallbackReturn.FAILURE
