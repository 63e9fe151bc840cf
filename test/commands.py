"""The package's commands, each run as a process of its own."""

import sys
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

from forked import Program


class Running:
    """A command of ``csrnet_ros.cli``, or a script of the tests, at work.

    :param command: the command's name, or the script's path
    :param arguments: its arguments
    :ivar pid: its process
    :ivar stderr: what it says there, to be read while it runs
    """

    def __init__(self, command: str | Path, *arguments: object) -> None:
        what = [str(command)] if isinstance(command, Path) else ['-m', f'csrnet_ros.cli.{command}']
        self._command = [sys.executable, *what, *map(str, arguments)]
        self._folder = TemporaryDirectory()
        self._stdout = Path(self._folder.name) / 'stdout'
        self._stdout.touch()  # a command may be killed before it has come to that
        self._program = Program(self._command, stdout=self._stdout)
        self.pid, self.stderr = self._program.pid, self._program.said

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        self._program.send_signal(number)

    def end(self) -> CompletedProcess[str]:
        """Wait for the end; return what is left on stderr, with all that was said on stdout."""
        try:
            with self.stderr:
                said = self.stderr.read()
            status = self._program.wait()
        finally:
            self._program.kill()  # as the test's time is up; else it has ended
        with self._folder:
            stdout = self._stdout.read_text()
        return CompletedProcess(self._command, status, stdout, said)


def run(command: str | Path, *arguments: object) -> CompletedProcess[str]:
    """Run a command to its end."""
    return Running(command, *arguments).end()
