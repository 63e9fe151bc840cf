"""Make a project's virtual environment and keep it up to date.

``python3 tools/bootstrap.py [PROJECT [NAME]]`` installs PROJECT, by default the one that holds
this file, into its environment NAME, by default .venv, with its extras and in the versions of its
constraints. It does nothing when that is done already. It uses the standard library only, and even
a Python 3.6 can read it, so that whoever has a Python too old is told so in a sentence.
"""

import contextlib
import functools
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Iterator, List, Tuple

OLDEST, NEWEST = (3, 10), (3, 13)  # the Pythons that PyPI has ROS 2 wheels for
EXTRAS = 'fast,int8,bench,dev,docs'
ROS = {  # by environment: the extras of its ROS 2, and its constraints
    '.venv': ('ros,msgs', 'constraints-kilted.txt'),
    '.venv-jazzy': ('ros-jazzy,msgs-jazzy', 'constraints-jazzy.txt'),
}
STAMP = 'set-up'  # in the environment: the folder it was made for, and what is installed in it
UNFINISHED = 'unfinished'
NO_STAMP = ('', '')

say = functools.partial(print, flush=True)  # in order with what pip itself prints

NO_NETWORK = (
    'the package index cannot be reached; check the network (and HTTPS_PROXY or PIP_INDEX_URL, '
    'where you use them) and run the command again'
)
NO_ROOM = (
    'the disk is full: the environment takes 7 GB, and pip meanwhile 3 GB in the temporary folder '
    '(TMPDIR can name another one); make room and run the command again'
)


class SetupError(Exception):
    """The environment cannot be made; the message says why and what to do."""


def main(project: str, name: str = '.venv') -> None:
    """Make the environment ``name`` of ``project`` if it is missing, unfinished or outdated."""
    if name not in ROS:
        raise SetupError(f'there is no environment {name!r}; name one of: {", ".join(ROS)}')
    environment = os.path.join(os.path.realpath(project), name)
    if is_ready(environment):
        return
    if not can_be_updated(environment):
        check_python(sys.version_info[:2])
        check_platform(platform.system(), platform.machine(), platform.libc_ver()[0])
        check_venv()
    with locked(environment):
        if is_ready(environment):  # by another set-up, just now
            return
        if not can_be_updated(environment):
            make_venv(environment)
        install(environment)


def is_ready(environment: str) -> bool:
    """Whether ``environment`` holds what its project asks for now."""
    wanted = os.path.dirname(environment), fingerprint(environment)
    return read_stamp(environment) == wanted and os.path.exists(python_of(environment))


def can_be_updated(environment: str) -> bool:
    """Whether ``environment`` is whole and in its place, so that pip can bring it up to date."""
    place, content = read_stamp(environment)
    if place != os.path.dirname(environment) or content == UNFINISHED:
        return False
    pip, quiet = [python_of(environment), '-m', 'pip', '--version'], subprocess.DEVNULL
    return os.path.exists(pip[0]) and subprocess.call(pip, stdout=quiet, stderr=quiet) == 0


def check_python(version: Tuple[int, int]) -> None:
    """Raise SetupError unless there are wheels for this (major, minor) ``version``."""
    if OLDEST <= version <= NEWEST:
        return
    name, fault = '{}.{}'.format(*version), 'old' if version < OLDEST else 'new'
    raise SetupError(
        f'Python {name} is too {fault}: 3.10 to 3.13 are possible; install one of these and name '
        'it, for instance: make test PYTHON=python3.12'
    )


def check_platform(system: str, machine: str, libc: str) -> None:
    """Raise SetupError unless PyPI has ROS 2 wheels for this platform."""
    if (system, machine, libc) == ('Linux', 'x86_64', 'glibc'):
        return
    raise SetupError(
        'PyPI has the ROS 2 wheels only for Linux on x86-64 with glibc, and this is '
        f'{system} on {machine} with {libc or "another C library"}; install ROS 2 and build the '
        'package in a workspace, as README.md shows'
    )


def check_venv() -> None:
    """Raise SetupError unless this Python can make virtual environments with pip in them."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise SetupError(
            f'the Python {sys.executable} has no venv module; install it (on Debian and Ubuntu: '
            'sudo apt install python3-venv) and run the command again'
        ) from None


def make_venv(environment: str) -> None:
    """Make an empty ``environment``, out of the way of whatever has that name."""
    clear_away(environment)
    # The folder appears with its stamp in it, so a set-up that ends here is known as unfinished.
    new = environment + '.new'
    shutil.rmtree(new, ignore_errors=True)
    os.mkdir(new)
    write_stamp(new, UNFINISHED)
    os.rename(new, environment)
    failed, complaints = run([sys.executable, '-m', 'venv', environment], environment)
    if failed:
        raise SetupError(explain(complaints))


def clear_away(environment: str) -> None:
    """Remove an unfinished ``environment``; one that somebody else made is only renamed."""
    old = environment + '.old'
    shutil.rmtree(old, ignore_errors=True)
    if not os.path.lexists(environment):
        return
    if read_stamp(environment) == NO_STAMP:
        kept = environment + time.strftime('.%Y%m%d-%H%M%S')
        os.rename(environment, kept)
        say(f'what this set-up did not make is kept as {os.path.basename(kept)}')
        return
    os.rename(environment, old)
    shutil.rmtree(old)


def install(environment: str) -> None:
    """Let pip install the project into ``environment``, and stamp it when all of it is there."""
    before, wanted = read_stamp(environment)[1], fingerprint(environment)
    name = os.path.basename(environment)
    say(f'Setting up {name}: some minutes, 3 GB to download, 7 GB on disk; later runs skip it.')
    write_stamp(environment, UNFINISHED)
    pip = [python_of(environment), '-m', 'pip', '--disable-pip-version-check']
    request = ['install', '-e', f'.[{ROS[name][0]},{EXTRAS}]']
    failed, complaints = run(pip + request, environment)
    if failed:
        write_stamp(environment, before)  # pip has undone what it began
        raise SetupError(explain(complaints) if reaches_index(pip, environment) else NO_NETWORK)
    write_stamp(environment, wanted)
    say(f'{name} is ready.')


def run(command: List[str], environment: str) -> Tuple[int, str]:
    """Run ``command`` in the project's folder; return its status and what it complained about."""
    # Building a package is constrained too: old and new pip have a name each for that.
    constraints = ROS[os.path.basename(environment)][1]
    variables = dict(os.environ, PIP_CONSTRAINT=constraints, PIP_BUILD_CONSTRAINT=constraints)
    variables.pop('PYTHONPATH', None)  # the packages of a ROS installation are not for it
    done = subprocess.run(
        command,
        cwd=os.path.dirname(environment),
        env=variables,
        stderr=subprocess.PIPE,
        text=True,
        close_fds=False,  # if this process is killed, the child keeps the lock while it lives
    )
    return done.returncode, done.stderr


def reaches_index(pip: List[str], environment: str) -> bool:
    """Whether pip can get the smallest of things from where it gets its packages."""
    with tempfile.TemporaryDirectory() as folder:
        request = ['download', '--quiet', '--retries', '0', '--no-deps', '--dest', folder, 'pip']
        return run(pip + request, environment)[0] == 0


def explain(complaints: str) -> str:
    """Return one sentence on a failure; what it does not explain, it shows."""
    if 'No space left on device' in complaints:
        return NO_ROOM
    say('\n'.join(complaints.splitlines()[-20:]))
    return 'the set-up failed for the reason above; mend it and run the command again'


@contextlib.contextmanager
def locked(environment: str) -> Iterator[None]:
    """Let one set-up of an environment run at a time; another one waits."""
    import fcntl  # not at the top: a system without it is told so by a sentence

    with open(environment + '.lock', 'w') as lock:
        os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say('Another set-up is at work on the same; waiting for it to end.')
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint(environment: str) -> str:
    """Return a digest of the files that say what belongs into ``environment``."""
    project, name = os.path.split(environment)
    digest = hashlib.sha256()
    for source in ('setup.py', 'constraints.txt', ROS[name][1]):
        with open(os.path.join(project, source), 'rb') as file:
            digest.update(file.read())
    return digest.hexdigest()


def python_of(environment: str) -> str:
    """Return the path of the Python in ``environment``."""
    return os.path.join(environment, 'bin', 'python')


def read_stamp(environment: str) -> Tuple[str, str]:
    """Return the folder ``environment`` was made for, and what is in it; NO_STAMP without one."""
    try:
        with open(os.path.join(environment, STAMP)) as file:
            place, content = file.read().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return NO_STAMP
    return place, content


def write_stamp(folder: str, content: str) -> None:
    """Stamp the ``folder`` of an environment where it is, in one step."""
    path = os.path.join(folder, STAMP)
    with open(path + '.new', 'w') as file:
        file.write(f'{os.path.dirname(folder)}\n{content}\n')
    os.replace(path + '.new', path)


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        main(*(sys.argv[1:] or [here]))
    except (SetupError, OSError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit('interrupted; the next run starts afresh')
