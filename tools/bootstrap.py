"""Make a project's virtual environment, .venv, and keep it up to date.

``python3 tools/bootstrap.py [PROJECT]`` installs PROJECT (by default the one that holds this
file) with its extras, in the versions of its constraints.txt, and does nothing when that is done
already. It uses the standard library only, and even a Python 3.6 can read it, so that whoever
has a Python too old is told so in a sentence.
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
EXTRAS = 'ros,msgs,fast,int8,bench,dev,docs'
CONSTRAINTS = 'constraints.txt'
STAMP = 'set-up'  # in .venv: the folder it was made for, and what is installed in it
UNFINISHED = 'unfinished'
NO_STAMP = ('', '')

say = functools.partial(print, flush=True)  # in order with what pip itself prints

NO_NETWORK = (
    'the package index cannot be reached; check the network (and HTTPS_PROXY or PIP_INDEX_URL, '
    'where you use them) and run the command again'
)
NO_ROOM = (
    'the disk is full: .venv takes 6 GB, and pip meanwhile 3 GB in the temporary folder (TMPDIR '
    'can name another one); make room and run the command again'
)


class SetupError(Exception):
    """The environment cannot be made; the message says why and what to do."""


def main(project: str) -> None:
    """Make ``.venv`` in the folder ``project`` if it is missing, unfinished or outdated."""
    project = os.path.realpath(project)
    if is_ready(project):
        return
    if not can_be_updated(project):
        check_python(sys.version_info[:2])
        check_platform(platform.system(), platform.machine(), platform.libc_ver()[0])
        check_venv()
    with locked(project):
        if is_ready(project):  # by another set-up, just now
            return
        if not can_be_updated(project):
            make_venv(project)
        install(project)


def is_ready(project: str) -> bool:
    """Whether ``.venv`` holds what ``project`` asks for now."""
    if read_stamp(project) != (project, fingerprint(project)):
        return False
    return os.path.exists(python_of(project))


def can_be_updated(project: str) -> bool:
    """Whether ``.venv`` is whole and in its place, so that pip can bring it up to date."""
    place, content = read_stamp(project)
    if place != project or content == UNFINISHED or not os.path.exists(python_of(project)):
        return False
    pip = [python_of(project), '-m', 'pip', '--version']
    return subprocess.call(pip, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


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


def make_venv(project: str) -> None:
    """Make an empty ``.venv``, out of the way of whatever has that name."""
    environment = os.path.join(project, '.venv')
    clear_away(project)
    # The folder appears with its stamp in it, so a set-up that ends here is known as unfinished.
    new = environment + '.new'
    shutil.rmtree(new, ignore_errors=True)
    os.mkdir(new)
    write_stamp(new, project, UNFINISHED)
    os.rename(new, environment)
    failed, complaints = run([sys.executable, '-m', 'venv', environment], project)
    if failed:
        raise SetupError(explain(complaints))


def clear_away(project: str) -> None:
    """Remove an unfinished ``.venv``; one that somebody else made is only renamed."""
    environment = os.path.join(project, '.venv')
    old = environment + '.old'
    shutil.rmtree(old, ignore_errors=True)
    if not os.path.lexists(environment):
        return
    if read_stamp(project) == NO_STAMP:
        kept = environment + time.strftime('.%Y%m%d-%H%M%S')
        os.rename(environment, kept)
        say(f'.venv was not made by this set-up; it is kept as {os.path.basename(kept)}')
        return
    os.rename(environment, old)
    shutil.rmtree(old)


def install(project: str) -> None:
    """Let pip install the project into ``.venv``, and stamp it when all of it is there."""
    wanted = fingerprint(project)
    before = read_stamp(project)[1]
    environment = os.path.join(project, '.venv')
    say('Setting up .venv: some minutes, 3 GB to download, 6 GB on the disk; later runs skip it.')
    write_stamp(environment, project, UNFINISHED)
    pip = [python_of(project), '-m', 'pip', '--disable-pip-version-check']
    request = ['install', '-c', CONSTRAINTS, '-e', f'.[{EXTRAS}]']
    failed, complaints = run(pip + request, project)
    if failed:
        write_stamp(environment, project, before)  # pip has undone what it began
        raise SetupError(explain(complaints) if reaches_index(pip, project) else NO_NETWORK)
    write_stamp(environment, project, wanted)
    say('.venv is ready.')


def run(command: List[str], project: str) -> Tuple[int, str]:
    """Run ``command`` in the project's folder; return its status and what it complained about."""
    # Building a package is constrained too: old and new pip have a name each for that.
    environment = dict(os.environ, PIP_CONSTRAINT=CONSTRAINTS, PIP_BUILD_CONSTRAINT=CONSTRAINTS)
    environment.pop('PYTHONPATH', None)  # the packages of a ROS installation are not .venv's
    done = subprocess.run(
        command,
        cwd=project,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        close_fds=False,  # if this process is killed, the child keeps the lock while it lives
    )
    return done.returncode, done.stderr


def reaches_index(pip: List[str], project: str) -> bool:
    """Whether pip can get the smallest of things from where it gets its packages."""
    with tempfile.TemporaryDirectory() as folder:
        request = ['download', '--quiet', '--retries', '0', '--no-deps', '--dest', folder, 'pip']
        return run(pip + request, project)[0] == 0


def explain(complaints: str) -> str:
    """Return one sentence on a failure; what it does not explain, it shows."""
    if 'No space left on device' in complaints:
        return NO_ROOM
    say('\n'.join(complaints.splitlines()[-20:]))
    return 'the set-up failed for the reason above; mend it and run the command again'


@contextlib.contextmanager
def locked(project: str) -> Iterator[None]:
    """Let one set-up of a project run at a time; another one waits."""
    import fcntl  # not at the top: a system without it is told so by a sentence

    with open(os.path.join(project, '.venv.lock'), 'w') as lock:
        os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say('Another set-up is at work on .venv; waiting for it to end.')
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint(project: str) -> str:
    """Return a digest of the files that say what belongs into ``.venv``."""
    digest = hashlib.sha256()
    for name in ('setup.py', CONSTRAINTS):
        with open(os.path.join(project, name), 'rb') as file:
            digest.update(file.read())
    return digest.hexdigest()


def python_of(project: str) -> str:
    """Return the path of the Python in ``.venv``."""
    return os.path.join(project, '.venv', 'bin', 'python')


def read_stamp(project: str) -> Tuple[str, str]:
    """Return the folder that ``.venv`` was made for, and what is in it; NO_STAMP without one."""
    try:
        with open(os.path.join(project, '.venv', STAMP)) as file:
            place, content = file.read().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return NO_STAMP
    return place, content


def write_stamp(environment: str, project: str, content: str) -> None:
    """Stamp the folder ``environment``, in one step."""
    path = os.path.join(environment, STAMP)
    with open(path + '.new', 'w') as file:
        file.write(f'{project}\n{content}\n')
    os.replace(path + '.new', path)


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        main(sys.argv[1] if len(sys.argv) > 1 else here)
    except (SetupError, OSError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit('interrupted; the next run starts .venv afresh')
