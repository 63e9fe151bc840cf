"""The signals that end the node: noted until it has started, and then a matter of ROS."""

import signal
from types import FrameType, TracebackType

from rclpy.signals import SignalHandlerOptions, install_signal_handlers


class EndSignals:
    """SIGINT and SIGTERM, of which none is lost, whenever it comes.

    Python would raise KeyboardInterrupt wherever in rclpy the main thread happens to be. Here they
    are only noted, also while ROS has them.

    :ivar came: whether there was one
    """

    def __init__(self) -> None:
        self.came = False

    def __enter__(self) -> 'EndSignals':
        numbers = signal.SIGINT, signal.SIGTERM
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def end_ros(self) -> None:
        """Let them end ROS from now on, until it has ended."""
        install_signal_handlers(SignalHandlerOptions.ALL)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True
