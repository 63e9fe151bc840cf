"""The node's services: labelling on and off, and other weights without a gap."""

import threading
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future
from std_srvs.srv import SetBool, Trigger

ENABLE = '~/enable'
RELOAD_WEIGHTS = '~/reload_weights'


class Services:
    """Serves ``~/enable`` and ``~/reload_weights`` as long as the node lives.

    :param reload: called on a thread of its own; returns what to answer
    :param reloaded: called by the executor after ``reload`` succeeded
    """

    def __init__(
        self, node: Node, *, reload: Callable[[], str], reloaded: Callable[[], None]
    ) -> None:
        self._node = node
        self._reload = reload
        self._reloaded = reloaded
        node.create_service(SetBool, ENABLE, self._on_enable)
        # In a group of its own: while it waits, images, diagnostics and parameters are served.
        node.create_service(
            Trigger,
            RELOAD_WEIGHTS,
            self._on_reload,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        (result,) = self._node.set_parameters([Parameter('enable', value=request.data)])
        response.success = result.successful
        response.message = result.reason or (
            'frames are labelled' if request.data else 'frames are dropped'
        )
        return response

    async def _on_reload(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        done: Future[Any] = Future()
        thread = threading.Thread(target=self._try, args=(response, done), name='csrnet-reload')
        thread.start()
        await done
        if response.success:
            self._reloaded()
        return response

    def _try(self, response: Trigger.Response, done: 'Future[Any]') -> None:
        try:
            response.message = self._reload()
            response.success = True
        except Exception as error:
            response.message = f'no other weights are in use: {error}'
            if rclpy.ok():  # else it is the end of the process that got in the way
                self._node.get_logger().error(response.message)
        done.set_result(None)
        if self._node.executor is not None:
            self._node.executor.wake()  # it waits for messages, not for this future
