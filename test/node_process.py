"""The node in a process of its own, for tests that listen to what it says."""

import queue
import re
import sys
import threading
from collections.abc import Sequence

from forked import Program
from soak.record import memory_mib

NODE = (sys.executable, '-m', 'csrnet_ros.node.segmentation_node')
TIMEOUT_S = 120.0


class NodeProcess:
    """The node under test, with what it says.

    :param command: what starts it
    """

    def __init__(self, *ros_args: str, command: Sequence[str] = NODE) -> None:
        self._program = Program([*command, '--ros-args', *ros_args])
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, pattern: str) -> str:
        """Return the next line that matches ``pattern``."""
        while (line := self._lines.get(timeout=TIMEOUT_S)) is not None:
            if re.search(pattern, line):
                return line
        raise AssertionError(f'ended without a line like {pattern!r}:\n' + ''.join(self.said))

    def memory_mib(self) -> float:
        """Return the memory that is resident."""
        return memory_mib(self._program.pid)

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._program.send_signal(number)

    def end(self) -> int:
        """Wait for the end and return the exit status."""
        status = self._program.wait(TIMEOUT_S)
        self._reader.join(TIMEOUT_S)
        return status

    def kill(self) -> None:
        """End it by force, if it still runs."""
        self._program.kill()
        self.end()

    def _read(self) -> None:
        with self._program.said as lines:
            for line in lines:
                self.said.append(line)
                self._lines.put(line)
        self._lines.put(None)
