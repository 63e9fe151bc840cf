"""The package's commands, each in a process of its own that need not load PyTorch first.

Loading it takes seconds, most of what a short command takes. One process has loaded it, with the
compiler that training loads too, and a command is a fork of that one; its arguments and files,
what it says and its exit status are as ever.
"""

import os
import runpy
import sys
from multiprocessing import get_context
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

CONTEXT = get_context('forkserver')
CONTEXT.set_forkserver_preload(['torch', 'torch._dynamo'])


def run(command: str | Path, *arguments: object) -> CompletedProcess[str]:
    """Run a command of ``csrnet_ros.cli``, or a script of the tests, to its end."""
    argv = [str(command), *map(str, arguments)]
    with TemporaryDirectory() as folder:
        stdout, stderr = (Path(folder) / stream for stream in ('stdout', 'stderr'))
        process = CONTEXT.Process(target=_become, args=(command, argv, stdout, stderr))
        process.start()
        try:
            process.join()
        finally:
            process.kill()  # as the test's time is up; else it has ended
        assert process.exitcode is not None, 'it has ended'
        return CompletedProcess(argv, process.exitcode, stdout.read_text(), stderr.read_text())


def _become(command: str | Path, argv: list[str], stdout: Path, stderr: Path) -> None:
    for path, number in ((stdout, sys.stdout.fileno()), (stderr, sys.stderr.fileno())):
        with path.open('wb') as file:
            os.dup2(file.fileno(), number)
    sys.argv = argv
    if isinstance(command, Path):
        runpy.run_path(str(command), run_name='__main__')
    else:
        runpy.run_module(f'csrnet_ros.cli.{command}', run_name='__main__', alter_sys=True)
