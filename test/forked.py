"""Python programs in processes of their own that need not load PyTorch first.

Loading it takes seconds, most of what a short program takes. One process has loaded it, with the
compiler that training loads too, and a program is a fork of that one. Its arguments, environment
and files, what it says, the signals that it gets and its exit status are as ever.
"""

import ctypes
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

CONTEXT = get_context('forkserver')
CONTEXT.set_forkserver_preload(['torch', 'torch._dynamo'])

MODULES = 'PYTHONPATH'
"""What Python reads when it begins, and never again."""

MODULES_OF_THE_TESTS = os.environ.get(MODULES)


class Program:
    """A program at work.

    :param command: this Python with ``-m`` and a module, ``-c`` and code, or the path of a script,
        and then arguments; any other command is executed as it is
    :param stdout: the file for what it prints; None: that goes where it complains
    :ivar pid: its process
    :ivar said: what it says on stderr, to be read while it runs
    """

    def __init__(self, command: Sequence[str], *, stdout: Path | None = None) -> None:
        reader, writer = CONTEXT.Pipe(duplex=False)
        # A fork has the modules of the tests; what others are for is to begin anew.
        fork = command[0] == sys.executable and os.environ.get(MODULES) == MODULES_OF_THE_TESTS
        self._process = CONTEXT.Process(
            target=_become, args=(list(command), dict(os.environ), stdout, writer, fork)
        )
        self._process.start()
        assert self._process.pid is not None, 'it has been started'
        self.pid = self._process.pid
        writer.close()
        self.said = os.fdopen(os.dup(reader.fileno()), errors='replace')

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for the end and return the exit status, or minus the number of a signal."""
        self._process.join(timeout_s)
        assert self._process.exitcode is not None, 'it goes on and on'
        return self._process.exitcode

    def kill(self) -> None:
        """End it by force, if it still runs."""
        self._process.kill()


def _become(
    command: list[str],
    environment: Mapping[str, str],
    stdout: Path | None,
    stderr: Connection,
    fork: bool,
) -> None:
    os.dup2(stderr.fileno(), sys.stdout.fileno())
    os.dup2(stderr.fileno(), sys.stderr.fileno())
    stderr.close()
    if stdout is not None:
        with stdout.open('wb') as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
    os.environ.clear()
    os.environ.update(environment)
    if not fork:
        os.execvp(command[0], command)
    try:
        _run(command)
    except SystemExit as end:
        if 'rclpy' in sys.modules:
            # ROS takes leave of other processes when Python ends, which is left out otherwise.
            ctypes.pythonapi.Py_Exit(end.code)
        raise


def _run(command: list[str]) -> None:
    sys.orig_argv = command  # by which a run says how to continue it
    match command[1:]:
        case ['-m', module, *_]:
            sys.argv = command[2:]
            runpy.run_module(module, run_name='__main__', alter_sys=True)
        case ['-c', code, *arguments]:
            sys.argv = ['-c', *arguments]
            exec(code, {'__name__': '__main__'})
        case [script, *_]:
            sys.argv = command[1:]
            runpy.run_path(script, run_name='__main__')
