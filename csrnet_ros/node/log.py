"""What the package logs, in the node's log."""

import logging

from rclpy.impl.rcutils_logger import RcutilsLogger

PACKAGE = logging.getLogger('csrnet_ros')


def forward_log(logger: RcutilsLogger) -> None:
    """Send what the package logs from now on, info and above, to a node's logger, and only there.

    Any thread may log: rclpy's loggers allow it.
    """
    for handler in list(PACKAGE.handlers):
        PACKAGE.removeHandler(handler)
    PACKAGE.addHandler(RosHandler(logger))
    PACKAGE.setLevel(logging.INFO)
    PACKAGE.propagate = False


class RosHandler(logging.Handler):
    """Hands records of Python's logging to a logger of ROS."""

    def __init__(self, logger: RcutilsLogger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record with its severity."""
        text = self.format(record)
        # A line each: rclpy ties every place in the code to one severity.
        if record.levelno >= logging.ERROR:
            self._logger.error(text)
        elif record.levelno >= logging.WARNING:
            self._logger.warning(text)
        else:
            self._logger.info(text)
