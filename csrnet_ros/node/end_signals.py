"""The signals that end the node: in good order if that is soon done, and if not, without."""

import os
import signal
import socket
import threading
import time
from contextlib import suppress
from types import FrameType, TracebackType

from rclpy.exceptions import InvalidHandle
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

GRACE_S = 3.0
"""So long after a signal the process ends, whatever it is at. launch sends the next after 5 s."""


class EndSignals:
    """SIGINT and SIGTERM, of which none is lost, whenever it comes.

    Python would raise KeyboardInterrupt wherever in rclpy the main thread happens to be, and ROS
    would end in the middle of what is under way, which then complains. Here they are only noted,
    and ROS lives on until the node is released.

    Nothing interrupts an engine that is being built, mostly by code that is not Python's. If that
    takes too long the process ends without more ado: this code must not outlive Python's order.

    :ivar came: whether there was one
    :ivar node: what then takes leave of other processes; to be set as soon as it is there
    """

    def __init__(self) -> None:
        self.came = False
        self.node: Node | None = None
        self._wake = lambda: None

    def __enter__(self) -> 'EndSignals':
        # Python's own handlers wait for the main thread, which may be in such code. The socket is
        # written to at once.
        self._inbox, self._outbox = socket.socketpair()
        self._outbox.setblocking(False)
        self._fd_before = signal.set_wakeup_fd(self._outbox.fileno())
        numbers = signal.SIGINT, signal.SIGTERM
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        threading.Thread(target=self._watch, name='csrnet-end', daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.came:  # the next must not disturb the end
            return
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        self._outbox.close()

    def spin(self, node: Node) -> None:
        """Execute the callbacks of ``node`` until one comes; what they raise is raised."""
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        # To be woken is not enough for the executor: it returns when there is something to do.
        self._wake = node.create_guard_condition(lambda: None).trigger
        try:
            while not self.came:
                executor.spin_once()
        finally:
            executor.shutdown()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True

    def _watch(self) -> None:
        with self._inbox:
            if not self._inbox.recv(1):
                return
        self.came = True
        with suppress(InvalidHandle):  # the node has just been destroyed
            self._wake()
        time.sleep(GRACE_S)
        try:
            if self.node is not None:
                self.node.destroy_node()
        finally:
            os._exit(0)
