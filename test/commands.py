"""The package's commands, each in a process of its own that need not load PyTorch first.

Loading it takes seconds, most of what a short command takes. One process has loaded it, with the
compiler that training loads too, and a command is a fork of that one; its arguments and files,
what it says and its exit status are as ever.
"""

import os
import runpy
import sys
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

CONTEXT = get_context('forkserver')
CONTEXT.set_forkserver_preload(['torch', 'torch._dynamo'])


class Running:
    """A command of ``csrnet_ros.cli``, or a script of the tests, at work.

    :param command: the command's name, or the script's path
    :param arguments: its arguments
    :ivar pid: its process
    :ivar stderr: what it says there, to be read while it runs
    """

    def __init__(self, command: str | Path, *arguments: object) -> None:
        self._argv = [str(command), *map(str, arguments)]
        self._folder = TemporaryDirectory()
        self._stdout = Path(self._folder.name) / 'stdout'
        self._stdout.touch()  # a command may be killed before it has come to that
        reader, writer = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(
            target=_become, args=(command, self._argv, self._stdout, writer)
        )
        self._process.start()
        assert self._process.pid is not None, 'it has been started'
        self.pid = self._process.pid
        writer.close()
        self.stderr = os.fdopen(os.dup(reader.fileno()))

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def end(self) -> CompletedProcess[str]:
        """Wait for the end; return what is left on stderr, with all that was said on stdout."""
        try:
            with self.stderr:
                said = self.stderr.read()
            self._process.join()
        finally:
            self._process.kill()  # as the test's time is up; else it has ended
        assert self._process.exitcode is not None, 'it has ended'
        with self._folder:
            stdout = self._stdout.read_text()
        return CompletedProcess(self._argv, self._process.exitcode, stdout, said)


def run(command: str | Path, *arguments: object) -> CompletedProcess[str]:
    """Run a command to its end."""
    return Running(command, *arguments).end()


def _become(command: str | Path, argv: list[str], stdout: Path, stderr: Connection) -> None:
    with stdout.open('wb') as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
    os.dup2(stderr.fileno(), sys.stderr.fileno())
    stderr.close()
    sys.argv = argv
    if isinstance(command, Path):
        sys.orig_argv = [sys.executable, *argv]  # by which a run says how to continue it
        runpy.run_path(str(command), run_name='__main__')
    else:
        runpy.run_module(f'csrnet_ros.cli.{command}', run_name='__main__', alter_sys=True)
