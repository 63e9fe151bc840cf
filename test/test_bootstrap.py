"""tools/bootstrap.py on a project small enough to be set up again and again, without a network."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[1] / 'tools' / 'bootstrap.py'

# Builds a wheel out of nothing. It counts its runs, and halts while there is a pipe to read.
BACKEND = """
import pathlib
import zipfile

PARTS = {
    'tiny.py': '',
    'tiny-1.dist-info/WHEEL': 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n',
    'tiny-1.dist-info/RECORD': '',
}


def build_editable(folder, config_settings=None, metadata_directory=None):
    with open('builds', 'a') as builds:
        builds.write('one more\\n')
    if pathlib.Path('gate').exists():
        pathlib.Path('gate').read_text()
    metadata = 'Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n' + open('requires').read()
    with zipfile.ZipFile(pathlib.Path(folder, 'tiny-1-py3-none-any.whl'), 'w') as wheel:
        for name, text in PARTS.items():
            wheel.writestr(name, text)
        wheel.writestr('tiny-1.dist-info/METADATA', metadata)
    return 'tiny-1-py3-none-any.whl'
"""
PYPROJECT = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose folder has a blank in its name, as folders can have."""
    folder = tmp_path / 'a project'
    folder.mkdir()
    (folder / 'setup.py').write_text('# what counts here is pyproject.toml\n')
    (folder / 'constraints.txt').write_text('nothing==1\n')
    for distribution in ('kilted', 'jazzy'):
        (folder / f'constraints-{distribution}.txt').write_text('-c constraints.txt\n')
    (folder / 'pyproject.toml').write_text(PYPROJECT)
    (folder / 'backend.py').write_text(BACKEND)
    (folder / 'requires').write_text('')
    (folder / 'builds').write_text('')
    return folder


def start(
    project: Path, *name: str, python: str = sys.executable, **environment: str
) -> subprocess.Popen:
    """Start the set-up of ``project``, as the leader of a group, like a shell does."""
    kept = {name: os.environ[name] for name in ('PATH', 'HOME') if name in os.environ}
    return subprocess.Popen(
        [python, BOOTSTRAP, project, *name],
        env={**kept, 'PIP_CONFIG_FILE': os.devnull, 'PIP_NO_INDEX': '1', **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen) -> tuple[int, str, str]:
    """Wait for a set-up, and return its exit status and what it said."""
    said, complained = process.communicate()
    return process.returncode, said, complained


def set_up(project: Path, name: str = '.venv') -> str:
    """Set ``project`` up, which must succeed, and return what was said about it."""
    status, said, complained = finish(start(project, name))
    assert status == 0, complained
    python = project / name / 'bin' / 'python'
    assert subprocess.run([python, '-c', 'import tiny']).returncode == 0
    return said


def builds(project: Path) -> int:
    return len((project / 'builds').read_text().splitlines())


def one_sentence(process: subprocess.Popen) -> str:
    """Return the only line that a set-up complained with when it failed."""
    status, _, complained = finish(process)
    assert status == 1
    assert complained.startswith('error: ')
    assert complained.count('\n') == 1
    return complained


def test_it_sets_up_once_and_again_when_the_versions_change(project: Path) -> None:
    assert 'Setting up' in set_up(project)
    assert builds(project) == 1
    assert set_up(project) == ''
    assert builds(project) == 1
    (project / 'constraints.txt').write_text('nothing==2\n')
    marker = project / '.venv' / 'was here before'
    marker.touch()
    assert 'Setting up' in set_up(project)
    assert builds(project) == 2
    assert marker.exists()
    assert set_up(project) == ''


def test_two_distributions_have_an_environment_each(project: Path) -> None:
    assert 'Setting up .venv:' in set_up(project)
    assert 'Setting up .venv-jazzy:' in set_up(project, '.venv-jazzy')
    (project / 'constraints-jazzy.txt').write_text('nothing==2\n')
    assert set_up(project) == ''
    assert 'Setting up .venv-jazzy:' in set_up(project, '.venv-jazzy')


def test_an_unknown_environment_is_answered_with_the_known_ones(project: Path) -> None:
    assert '.venv-jazzy' in one_sentence(start(project, '.venv-humble'))


def test_a_project_that_moved_gets_a_new_environment(project: Path) -> None:
    set_up(project)
    moved = project.rename(project.with_name('moved'))
    assert 'Setting up' in set_up(moved)


def test_an_interrupted_set_up_mends_itself(project: Path) -> None:
    os.mkfifo(project / 'gate')
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = start(project)
        with (project / 'gate').open('w'):  # opens when pip is in the middle of its work
            if number == signal.SIGTERM:
                process.send_signal(number)
            else:
                os.killpg(process.pid, number)
            status, _, complained = finish(process)
        assert status != 0
        assert 'Traceback' not in complained
    (project / 'gate').unlink()
    assert 'Setting up' in set_up(project)
    assert set_up(project) == ''


def test_a_second_set_up_waits_for_the_first(project: Path) -> None:
    os.mkfifo(project / 'gate')
    first = start(project)
    with (project / 'gate').open('w'):
        second = start(project)
        assert second.stdout is not None
        assert 'waiting' in second.stdout.readline()
    assert finish(first)[0] == finish(second)[0] == 0
    assert builds(project) == 1


def test_an_environment_made_by_somebody_else_is_kept(project: Path) -> None:
    (project / '.venv' / 'bin').mkdir(parents=True)
    (project / '.venv' / 'mine').touch()
    assert 'kept' in set_up(project)
    assert len(list(project.glob('.venv.*/mine'))) == 1


def test_a_failed_update_leaves_the_environment_for_the_next_run(project: Path) -> None:
    set_up(project)
    (project / 'setup.py').write_text('# changed\n')
    (project / 'requires').write_text('Requires-Dist: no-such-package\n')
    marker = project / '.venv' / 'was here before'
    marker.touch()
    one_sentence(start(project))
    (project / 'requires').write_text('')
    assert 'Setting up' in set_up(project)
    assert marker.exists()


def test_without_a_network_it_says_so(project: Path) -> None:
    (project / 'requires').write_text('Requires-Dist: no-such-package\n')
    with socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))  # bound, but nobody listens
        index = f'http://127.0.0.1:{closed.getsockname()[1]}/simple'
        process = start(project, PIP_NO_INDEX='0', PIP_INDEX_URL=index, PIP_RETRIES='0')
        assert 'check the network' in one_sentence(process)


def test_what_it_cannot_explain_it_shows(project: Path) -> None:
    (project / 'backend.py').write_text("raise RuntimeError('the builder is on strike')\n")
    with zipfile.ZipFile(project / 'pip-99-py3-none-any.whl', 'w') as wheel:  # an index of one
        wheel.writestr('pip-99.dist-info/WHEEL', 'Wheel-Version: 1.0\nTag: py3-none-any\n')
        wheel.writestr(
            'pip-99.dist-info/METADATA', 'Metadata-Version: 2.1\nName: pip\nVersion: 99\n'
        )
    status, said, complained = finish(start(project, PIP_FIND_LINKS=project.as_uri()))
    assert status == 1
    assert 'on strike' in said
    assert complained.count('\n') == 1


def test_without_a_venv_module_it_names_the_package(project: Path, tmp_path: Path) -> None:
    (tmp_path / 'ensurepip.py').write_text("raise ImportError('not installed')\n")
    process = start(project, PYTHONPATH=str(tmp_path))
    assert 'apt install python3-venv' in one_sentence(process)


def old_python() -> str | None:
    """Return a Python that is too old, if this machine has one."""
    names = [f'python3.{minor}' for minor in (6, 7, 8, 9)]
    pyenv = Path(os.environ.get('PYENV_ROOT', Path.home() / '.pyenv')) / 'versions'
    found = [str(path) for name in names for path in pyenv.glob(f'*/bin/{name}')]
    candidates = [*filter(None, map(shutil.which, names)), *found]
    return next((path for path in candidates if _runs(path)), None)


def _runs(path: str) -> bool:
    return subprocess.run([path, '-c', ''], capture_output=True).returncode == 0


def test_a_real_old_python_is_told_so(project: Path) -> None:
    python = old_python()
    if python is None:
        pytest.skip('this machine has no Python older than 3.10')
    assert 'too old' in one_sentence(start(project, python=python))
