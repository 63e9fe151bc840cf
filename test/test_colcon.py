"""The package in a workspace: built by colcon, installed, found and run from there."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from csrnet_ros.cli.domain import own_domain

REPOSITORY = Path(__file__).resolve().parents[1]
COMMANDS = {point.name for point in distribution('csrnet_ros').entry_points}
NODE = 'install/csrnet_ros/lib/csrnet_ros/segment_node --ros-args'
LEFT_OUT = shutil.ignore_patterns(
    '.*', '*.egg-info', 'build', 'install', 'log', 'out', 'runs', '__pycache__'
)


def clean_environment() -> dict[str, str]:
    """Return an environment that knows of no workspace but has the Python of this test first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']])
    return {'PATH': path, 'HOME': os.environ['HOME'], **own_domain()}


@pytest.fixture(scope='module', params=[(), ('--symlink-install',)], ids=['copied', 'linked'])
def workspace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the package in it, built."""
    root = tmp_path_factory.mktemp('workspace')
    shutil.copytree(REPOSITORY, root / 'src' / 'csrnet_ros', ignore=LEFT_OUT)
    built = subprocess.run(
        [sys.executable, '-m', 'colcon', 'build', *request.param],
        cwd=root,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return root


def in_workspace(workspace: Path, command: str) -> str:
    """Return what ``command`` prints in a shell that has sourced the workspace."""
    done = subprocess.run(
        ['bash', '-c', f'source install/setup.bash && {command}'],
        cwd=workspace,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_only_the_package_itself_is_built(workspace: Path) -> None:
    built = {path.name for path in (workspace / 'build').iterdir() if path.is_dir()}
    assert built == {'csrnet_ros'}


def test_everything_that_is_not_python_is_installed(workspace: Path) -> None:
    share = workspace / 'install' / 'csrnet_ros' / 'share'
    assert (share / 'ament_index/resource_index/packages/csrnet_ros').is_file()
    installed = share / 'csrnet_ros'
    assert (installed / 'package.xml').is_file()
    for folder, pattern in [('launch', '*.launch.py'), ('config', '*'), ('models', '*')]:
        sources = {path.name for path in (REPOSITORY / folder).glob(pattern)}
        assert sources, f'{folder}/ has nothing to install'
        assert {path.name for path in (installed / folder).iterdir()} == sources


def test_ros2_run_finds_the_node(workspace: Path) -> None:
    folder = workspace / 'install' / 'csrnet_ros' / 'lib' / 'csrnet_ros'
    assert {path.name for path in folder.iterdir() if os.access(path, os.X_OK)} == COMMANDS


def test_the_commands_are_on_the_path(workspace: Path) -> None:
    found = in_workspace(workspace, f'command -v {" ".join(sorted(COMMANDS))}').splitlines()
    folder = workspace / 'install' / 'csrnet_ros' / 'lib' / 'csrnet_ros'
    assert found == [str(folder / name) for name in sorted(COMMANDS)]


def test_the_package_is_found_by_its_name(workspace: Path) -> None:
    code = (
        'from ament_index_python.packages import get_package_share_directory as share\n'
        'print(share("csrnet_ros"))'
    )
    answer = in_workspace(workspace, f"python -c '{code}'").strip()
    assert answer == str(workspace / 'install' / 'csrnet_ros' / 'share' / 'csrnet_ros')


def test_what_runs_is_what_was_installed(workspace: Path) -> None:
    answer = in_workspace(workspace, "python -c 'import csrnet_ros; print(csrnet_ros.__file__)'")
    assert Path(answer.strip()).is_relative_to(workspace)


def test_what_the_code_reads_is_installed_beside_it(workspace: Path) -> None:
    code = 'import csrnet_ros; print(csrnet_ros.__file__)'
    installed = Path(in_workspace(workspace, f"python -c '{code}'").strip()).parent
    package = REPOSITORY / 'csrnet_ros'
    others = [path for path in package.rglob('*.*') if path.suffix not in ('.py', '.pyc')]
    assert others
    for path in others:
        assert (installed / path.relative_to(package)).is_file(), path


@pytest.mark.parametrize('command', ['csrnet-train', 'csrnet-eval', 'csrnet-segment'])
def test_an_installed_command_explains_itself(workspace: Path, command: str) -> None:
    assert f'usage: {command}' in in_workspace(workspace, f'{command} --help')


def test_the_installed_node_runs(workspace: Path) -> None:
    missing = workspace / 'missing.safetensors'
    answer = in_workspace(workspace, f'{NODE} -p weights:={missing} 2>&1 || echo status $?')
    assert str(missing) in answer
    assert answer.endswith('status 1\n')
