"""A launch in a process of its own, for tests that listen to what it says."""

import os
import signal
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
LAUNCH_FILE = REPOSITORY / 'launch' / 'segment.launch.py'
TIMEOUT_S = 60.0

RUN = f"""
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

source = PythonLaunchDescriptionSource('{LAUNCH_FILE}')
arguments = [argument.split(':=') for argument in sys.argv[1:]]
service = LaunchService()
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=arguments)])
)
sys.exit(service.run())
"""


class Launch:
    """``ros2 launch``, on the launch file unless another program is given."""

    def __init__(self, *arguments: str, program: str = RUN) -> None:
        self._process = subprocess.Popen(
            [sys.executable, '-c', program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=REPOSITORY,
            start_new_session=True,
        )
        self.said: list[str] = []

    def wait_for(self, words: str) -> None:
        """Read until a line has ``words`` in it."""
        for line in self._process.stdout:
            self.said.append(line)
            if words in line:
                return
        raise AssertionError(f'ended without {words!r}:\n' + ''.join(self.said))

    def process_of(self, words: str) -> int:
        """Return the process of this launch that has ``words`` in its command."""
        command = ['pgrep', '--session', str(self._process.pid), '--full', words]
        return int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)

    def interrupt(self) -> None:
        """Do as Ctrl-C in a terminal does: a signal to every process of the group."""
        os.killpg(self._process.pid, signal.SIGINT)

    def end(self) -> int:
        """Wait for the end and return the exit status."""
        self.said += self._process.stdout
        return self._process.wait(TIMEOUT_S)

    def kill(self) -> None:
        """End all of it by force, if it still runs."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self.end()
